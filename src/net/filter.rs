//! Which packets a receiving socket gets: a classic filter program.
//!
//! On a raw IPv4 socket a filter sees the packet from the IP header on, on IPv6
//! from the payload on. A load beyond the end of the packet drops it.

use crate::model::{Family, Vrid};
use crate::sys::bpf::Instruction;

use super::vrrp_socket::Protocol;

/// A multicast packet that the sending host sees itself (`PACKET_LOOPBACK`).
const PACKET_LOOPBACK: u32 = 5;
/// IP protocol number of VRRP.
const VRRP: u32 = 112;
/// Octets of version and type: versions 2 and 3, type 1 (RFC 9568 section 5.2.1).
const VERSION_2: u32 = 0x21;
const VERSION_3: u32 = 0x31;

/// A set of virtual router identifiers.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct VridSet([u32; 8]);

impl VridSet {
    /// None.
    pub const EMPTY: Self = Self([0; 8]);
    /// All, even the invalid 0: for `log_unknown_vrids`.
    pub const ALL: Self = Self([u32::MAX; 8]);

    /// Add one; false if it was in already.
    pub fn insert(&mut self, vrid: Vrid) -> bool {
        let had = self.contains(vrid);
        if let Some(word) = self.0.get_mut(usize::from(vrid.0 >> 5)) {
            *word |= 1 << (vrid.0 & 31);
        }
        !had
    }

    /// Take one out; false if it was not in.
    pub fn remove(&mut self, vrid: Vrid) -> bool {
        let had = self.contains(vrid);
        if let Some(word) = self.0.get_mut(usize::from(vrid.0 >> 5)) {
            *word &= !(1 << (vrid.0 & 31));
        }
        had
    }

    /// Whether one is in.
    #[must_use]
    pub fn contains(&self, vrid: Vrid) -> bool {
        self.0
            .get(usize::from(vrid.0 >> 5))
            .is_some_and(|word| word & (1 << (vrid.0 & 31)) != 0)
    }
}

impl FromIterator<Vrid> for VridSet {
    fn from_iter<T: IntoIterator<Item = Vrid>>(vrids: T) -> Self {
        let mut set = Self::EMPTY;
        for vrid in vrids {
            set.insert(vrid);
        }
        set
    }
}

/// Which versions and types pass, beside the right virtual router.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Versions {
    /// Advertisements of version 2 or 3 only.
    Known,
    /// Any: a packet for our virtual router with another version or type is
    /// counted by the receive checks, so it has to come through.
    Any,
}

/// The program for a receiving socket.
pub(super) fn program(
    family: Family,
    protocol: Protocol,
    vrids: &VridSet,
    versions: Versions,
) -> Vec<Instruction> {
    let mut code = vec![
        Instruction::load_packet_type(),
        Instruction::if_equal(PACKET_LOOPBACK, 0, 1),
        Instruction::reject(),
    ];
    find_vrrp_header(family, protocol, &mut code);
    if versions == Versions::Known {
        code.extend([
            Instruction::load_octet_indexed(0),
            Instruction::if_equal(VERSION_2, 2, 0),
            Instruction::if_equal(VERSION_3, 1, 0),
            Instruction::reject(),
        ]);
    }
    if *vrids == VridSet::ALL {
        code.push(Instruction::accept());
    } else {
        test_vrid(vrids, &mut code);
    }
    code
}

/// X = where the VRRP header begins.
fn find_vrrp_header(family: Family, protocol: Protocol, code: &mut Vec<Instruction>) {
    match family {
        Family::V4 => code.push(Instruction::load_header_length(0)),
        Family::V6 => code.extend([Instruction::load(0), Instruction::to_index()]),
    }
    if protocol == Protocol::Ah {
        // RFC 2402 section 2: next header, then the length in words minus 2.
        code.extend([
            Instruction::load_octet_indexed(0),
            Instruction::if_equal(VRRP, 1, 0),
            Instruction::reject(),
            Instruction::load_octet_indexed(1),
            Instruction::add(2),
            Instruction::shift_left(2),
            Instruction::add_index(),
            Instruction::to_index(),
        ]);
    }
}

/// The octet after version and type is the identifier. Its high three bits
/// choose a word of the set, its low five bits the bit within.
fn test_vrid(vrids: &VridSet, code: &mut Vec<Instruction>) {
    code.extend([
        Instruction::load_octet_indexed(1),
        Instruction::store(0),
        Instruction::and(31),
        Instruction::to_index(),
        Instruction::recall(0),
        Instruction::shift_right(5),
    ]);
    let words = (0_u32..).zip(vrids.0).filter(|&(_, word)| word != 0);
    for (place, word) in words {
        code.extend([
            Instruction::if_equal(place, 0, 5),
            Instruction::load(word),
            Instruction::shift_right_index(),
            Instruction::and(1),
            Instruction::if_equal(0, 1, 0),
            Instruction::accept(),
        ]);
    }
    code.push(Instruction::reject());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in() {
        let mut set = VridSet::EMPTY;
        for vrid in [0, 1, 31, 32, 255] {
            assert!(set.insert(Vrid(vrid)));
            assert!(!set.insert(Vrid(vrid)), "{vrid} is in already");
        }
        let held: Vec<u8> = (0..=255).filter(|&v| set.contains(Vrid(v))).collect();
        assert_eq!(held, [0, 1, 31, 32, 255]);
        assert!(set.remove(Vrid(31)) && !set.remove(Vrid(31)));
        assert!(!set.contains(Vrid(31)) && set.contains(Vrid(32)));
        assert_eq!((0..=255).map(Vrid).collect::<VridSet>(), VridSet::ALL);
    }

    #[test]
    fn the_largest_program_is_far_below_the_limit() {
        let set: VridSet = (0..=254).map(Vrid).collect();
        let code = program(Family::V4, Protocol::Ah, &set, Versions::Known);
        assert!(code.len() < 100, "{} instructions", code.len());
    }
}
