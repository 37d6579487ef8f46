//! Which session a packet is for (RFC 5880 section 6.8.6, RFC 5881 section 3 and 5).

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;

use crate::model::IfIndex;
use crate::wire::bfd::Control;

/// The way a packet came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Arrival {
    /// The sender.
    pub source: IpAddr,
    /// The own address it was sent to.
    pub destination: IpAddr,
    /// It came to the port for several hops.
    pub multihop: bool,
    /// TTL or hop limit; nothing if the kernel did not tell.
    pub ttl: Option<u8>,
    /// The interface of a packet of IPv6.
    pub interface: Option<IfIndex>,
}

/// What tells a session before the neighbour knows our number of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ends {
    /// The neighbour.
    pub neighbour: IpAddr,
    /// The interface of a link-local neighbour, as far as it is known.
    pub interface: Option<IfIndex>,
    /// The own address, if configured.
    pub source: Option<IpAddr>,
    /// Several hops.
    pub multihop: bool,
    /// Packets with a lower TTL or hop limit are not accepted.
    pub least_ttl: u8,
}

/// Why a packet is for no session.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Stray {
    /// No session has that number.
    UnknownDiscriminator,
    /// No session is with that neighbour.
    UnknownNeighbour,
    /// It came too far.
    Ttl,
}

impl fmt::Display for Stray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownDiscriminator => "no session has its discriminator",
            Self::UnknownNeighbour => "no session with this neighbour",
            Self::Ttl => "its TTL is too low",
        })
    }
}

/// All sessions, by the numbers the process gives them.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    by_discriminator: HashMap<u32, usize>,
    by_neighbour: HashMap<(IpAddr, bool), Vec<usize>>,
    ends: Vec<Option<Ends>>,
}

impl Directory {
    /// Add a session. Sessions with a source are found before those without.
    pub fn add(&mut self, number: usize, discriminator: u32, ends: Ends) {
        self.by_discriminator.insert(discriminator, number);
        let key = (ends.neighbour, ends.multihop);
        let same = self.by_neighbour.entry(key).or_default();
        if ends.source.is_some() {
            same.insert(0, number);
        } else {
            same.push(number);
        }
        if self.ends.len() <= number {
            self.ends.resize(number + 1, None);
        }
        if let Some(place) = self.ends.get_mut(number) {
            *place = Some(ends);
        }
    }

    /// A link-local neighbour is on this interface now.
    pub fn set_interface(&mut self, number: usize, interface: IfIndex) {
        if let Some(Some(ends)) = self.ends.get_mut(number) {
            ends.interface = Some(interface);
        }
    }

    /// Whether a number is taken.
    #[must_use]
    pub fn has(&self, discriminator: u32) -> bool {
        self.by_discriminator.contains_key(&discriminator)
    }

    /// The session of a packet: by our number if the neighbour knows it, else by the
    /// addresses.
    ///
    /// # Errors
    /// Why there is none.
    pub fn find(&self, packet: &Control, arrival: &Arrival) -> Result<usize, Stray> {
        let number = if packet.your_discriminator == 0 {
            self.by_addresses(arrival).ok_or(Stray::UnknownNeighbour)?
        } else {
            let known = self.by_discriminator.get(&packet.your_discriminator);
            *known.ok_or(Stray::UnknownDiscriminator)?
        };
        let ends = self.ends.get(number).copied().flatten();
        let ends = ends.ok_or(Stray::UnknownNeighbour)?;
        if ends.multihop != arrival.multihop {
            return Err(Stray::UnknownNeighbour);
        }
        if arrival.ttl.is_some_and(|ttl| ttl < ends.least_ttl) {
            return Err(Stray::Ttl);
        }
        Ok(number)
    }

    fn by_addresses(&self, arrival: &Arrival) -> Option<usize> {
        let same = self.by_neighbour.get(&(arrival.source, arrival.multihop))?;
        let fits = |number: &&usize| {
            let Some(ends) = self.ends.get(**number).copied().flatten() else {
                return false;
            };
            let is_source = ends.source.is_none_or(|own| own == arrival.destination);
            is_source && (ends.interface.is_none() || ends.interface == arrival.interface)
        };
        same.iter().find(fits).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::bfd::State;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn ends(neighbour: &str, source: Option<&str>, multihop: bool) -> Ends {
        Ends {
            neighbour: ip(neighbour),
            interface: None,
            source: source.map(ip),
            multihop,
            least_ttl: 255,
        }
    }

    fn arrival(source: &str, destination: &str) -> Arrival {
        Arrival {
            source: ip(source),
            destination: ip(destination),
            multihop: false,
            ttl: Some(255),
            interface: None,
        }
    }

    fn directory() -> Directory {
        let mut directory = Directory::default();
        directory.add(0, 10, ends("10.0.0.2", None, false));
        directory.add(1, 11, ends("10.0.0.2", Some("10.0.0.1"), false));
        directory.add(2, 12, ends("10.0.0.2", None, true));
        directory
    }

    fn packet(your_discriminator: u32) -> Control {
        Control {
            state: State::Down,
            my_discriminator: 1,
            your_discriminator,
            multiplier: 3,
            ..Control::default()
        }
    }

    #[test]
    fn our_number_goes_before_the_addresses() {
        let arrival = arrival("10.0.0.2", "10.0.0.1");
        assert_eq!(directory().find(&packet(10), &arrival), Ok(0));
        assert_eq!(directory().find(&packet(11), &arrival), Ok(1));
        let stray = directory().find(&packet(99), &arrival);
        assert_eq!(stray, Err(Stray::UnknownDiscriminator));
    }

    #[test]
    fn without_number_the_addresses_and_the_port_decide() {
        let find = |arrival: Arrival| directory().find(&packet(0), &arrival);
        assert_eq!(find(arrival("10.0.0.2", "10.0.0.1")), Ok(1));
        assert_eq!(find(arrival("10.0.0.2", "10.0.0.9")), Ok(0));
        let other = find(arrival("10.0.0.3", "10.0.0.1"));
        assert_eq!(other, Err(Stray::UnknownNeighbour));
        let far = Arrival {
            multihop: true,
            ..arrival("10.0.0.2", "10.0.0.1")
        };
        assert_eq!(find(far), Ok(2));
    }

    #[test]
    fn the_same_link_local_address_on_two_interfaces_is_two_neighbours() {
        let mut directory = Directory::default();
        for number in [0, 1] {
            directory.add(number, 10, ends("fe80::1", None, false));
        }
        directory.set_interface(0, IfIndex(3));
        directory.set_interface(1, IfIndex(4));
        let find = |index| {
            let arrival = Arrival {
                interface: Some(IfIndex(index)),
                ..arrival("fe80::1", "fe80::9")
            };
            directory.find(&packet(0), &arrival)
        };
        assert_eq!((find(3), find(4)), (Ok(0), Ok(1)));
        assert_eq!(find(5), Err(Stray::UnknownNeighbour));
    }

    #[test]
    fn a_session_of_one_hop_takes_nothing_from_the_other_port() {
        let far = Arrival {
            multihop: true,
            ..arrival("10.0.0.2", "10.0.0.1")
        };
        let stray = directory().find(&packet(10), &far);
        assert_eq!(stray, Err(Stray::UnknownNeighbour));
    }

    #[test]
    fn what_came_too_far_is_not_taken_and_an_unknown_ttl_is() {
        let find = |ttl| {
            let arrival = Arrival {
                ttl,
                ..arrival("10.0.0.2", "10.0.0.1")
            };
            directory().find(&packet(10), &arrival)
        };
        assert_eq!(find(Some(254)), Err(Stray::Ttl));
        assert_eq!(find(None), Ok(0));
    }
}
