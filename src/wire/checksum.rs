//! The Internet checksum: the one's complement of the one's complement sum of
//! 16-bit words (RFC 1071).

use std::net::{Ipv4Addr, Ipv6Addr};

/// A running one's complement sum.
///
/// Parts may be covered in any order; each part begins on a word border, so only
/// the last one may have an odd length.
#[derive(Clone, Copy, Debug, Default)]
pub struct Checksum(u64);

impl Checksum {
    /// The sum of nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self(0)
    }

    /// The pseudo header of IPv4 (RFC 9293 section 3.1; VRRP: RFC 9568 section 5.2.8).
    ///
    /// ```text
    /// +--------+--------+--------+--------+
    /// |           source address          |
    /// +--------+--------+--------+--------+
    /// |         destination address       |
    /// +--------+--------+--------+--------+
    /// |  zero  |protocol|      length     |
    /// +--------+--------+--------+--------+
    /// ```
    #[must_use]
    pub fn pseudo_v4(src: Ipv4Addr, dst: Ipv4Addr, protocol: u8, length: u16) -> Self {
        Self::new()
            .cover(&src.octets())
            .cover(&dst.octets())
            .cover_word(u16::from(protocol))
            .cover_word(length)
    }

    /// The pseudo header of IPv6 (RFC 8200 section 8.1): source, destination,
    /// 32-bit length, three zero octets, next header.
    #[must_use]
    pub fn pseudo_v6(src: Ipv6Addr, dst: Ipv6Addr, next_header: u8, length: u32) -> Self {
        Self::new()
            .cover(&src.octets())
            .cover(&dst.octets())
            .cover(&length.to_be_bytes())
            .cover_word(u16::from(next_header))
    }

    /// Covers octets, too; a last odd octet counts as if a zero followed.
    #[must_use]
    pub fn cover(self, bytes: &[u8]) -> Self {
        let (quads, rest) = bytes.as_chunks::<4>();
        let sum: u64 = quads
            .iter()
            .map(|&quad| u64::from(u32::from_be_bytes(quad)))
            .sum();
        let mut tail = [0; 4];
        for (to, from) in tail.iter_mut().zip(rest) {
            *to = *from;
        }
        // The 32-bit sums fold to the same 16-bit sum because 2^16 = 1 in this arithmetic.
        Self(self.0 + fold32(sum) + u64::from(u32::from_be_bytes(tail)))
    }

    /// Covers one more word.
    #[must_use]
    pub const fn cover_word(self, word: u16) -> Self {
        Self(self.0 + word as u64)
    }

    /// The checksum to put into a packet whose checksum field was covered as zero.
    #[must_use]
    pub fn finish(self) -> u16 {
        !fold16(self.0)
    }

    /// Whether a packet that was covered with its checksum field is intact.
    #[must_use]
    pub fn is_valid(self) -> bool {
        self.finish() == 0
    }
}

/// The checksum of one piece of octets whose checksum field is zero.
#[must_use]
pub fn of(bytes: &[u8]) -> u16 {
    Checksum::new().cover(bytes).finish()
}

/// The checksum after one word of the packet changed from `old` to `new`:
/// `HC' = ~(~HC + ~m + m')` (RFC 1624 section 3, equation 3).
///
/// Equal to computing it anew for every packet that has a word other than zero.
#[must_use]
pub fn update(checksum: u16, old: u16, new: u16) -> u16 {
    Checksum::new()
        .cover_word(!checksum)
        .cover_word(!old)
        .cover_word(new)
        .finish()
}

/// [`update`] for a whole number of words that changed from `old` to `new`.
#[must_use]
pub fn update_octets(checksum: u16, old: &[u8], new: &[u8]) -> u16 {
    let (words, _) = old.as_chunks::<2>();
    let without_old = words
        .iter()
        .fold(Checksum::new().cover_word(!checksum), |sum, &word| {
            sum.cover_word(!u16::from_be_bytes(word))
        });
    without_old.cover(new).finish()
}

const fn fold32(sum: u64) -> u64 {
    (sum & 0xffff_ffff) + (sum >> 32)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "folded until it fits into 16 bits"
)]
const fn fold16(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition of RFC 1071 word by word.
    fn plain(bytes: &[u8]) -> u16 {
        let mut sum = 0_u32;
        for pair in bytes.chunks(2) {
            let low = pair.get(1).copied().unwrap_or(0);
            sum += u32::from(u16::from_be_bytes([pair[0], low]));
        }
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        u16::try_from(!sum & 0xffff).unwrap()
    }

    #[test]
    fn example_of_rfc_1071() {
        let bytes = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(of(&bytes), !0xddf2);
    }

    #[test]
    fn example_of_rfc_1624() {
        // Section 4: HC 0xdd2f, 0x5555 becomes 0x3285; the wrong formula gives 0xffff.
        assert_eq!(update(0xdd2f, 0x5555, 0x3285), 0x0000);
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(of(&bytes), plain(&bytes));
        }

        #[test]
        fn incremental_equals_whole(
            mut bytes in prop::collection::vec(any::<u8>(), 2..20),
            at in 0_usize..20,
            new in any::<u16>(),
        ) {
            bytes.push(0x21);
            if bytes.len() % 2 == 1 {
                bytes.push(0);
            }
            let at = (at * 2) % (bytes.len() - 2);
            let at = at - at % 2;
            let before = of(&bytes);
            let old = u16::from_be_bytes([bytes[at], bytes[at + 1]]);
            bytes[at..at + 2].copy_from_slice(&new.to_be_bytes());
            prop_assert_eq!(update(before, old, new), of(&bytes));
        }
    }
}
