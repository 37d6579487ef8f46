//! Packets that virtual routers keep away: those for addresses of others
//! (`no_accept`, RFC 9568 section 8.3.1), and reports of group membership that
//! would show the virtual MAC address at a router that is not the master.
//!
//! The rules name addresses and interfaces, whoever is master, so nothing has to
//! be changed at a transition: an address that is not here is not delivered here.

use std::net::IpAddr;

use crate::model::{Family, IfName};

/// What the rules are about.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Firewall {
    /// Addresses that nobody may reach.
    pub closed: Vec<IpAddr>,
    /// Interfaces with a virtual MAC address that speak IPv4.
    pub virtual_links: Vec<IfName>,
}

impl Firewall {
    /// Whether there is nothing to keep away.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.closed.is_empty() && self.virtual_links.is_empty()
    }

    /// The closed addresses of a family, as octets, each once.
    #[must_use]
    pub fn closed_of(&self, family: Family) -> Vec<Vec<u8>> {
        let of_family = self
            .closed
            .iter()
            .filter(|address| Family::of(address) == family);
        let mut octets: Vec<Vec<u8>> = of_family
            .map(|address| match address {
                IpAddr::V4(address) => address.octets().to_vec(),
                IpAddr::V6(address) => address.octets().to_vec(),
            })
            .collect();
        octets.sort();
        octets.dedup();
        octets
    }

    /// The names of the virtual interfaces as octets with zeros behind them.
    #[must_use]
    pub fn names(&self) -> Vec<Vec<u8>> {
        let padded = |name: &IfName| {
            let mut octets = name.as_str().as_bytes().to_vec();
            octets.resize(IfName::MAX + 1, 0);
            octets
        };
        self.virtual_links.iter().map(padded).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_octets_of_one_family_and_single() {
        let firewall = Firewall {
            closed: vec![
                [10, 0, 0, 2].into(),
                "fe80::1".parse().unwrap(),
                [10, 0, 0, 1].into(),
                [10, 0, 0, 2].into(),
            ],
            virtual_links: vec![IfName::new("vrrp.7").unwrap()],
        };
        let expected = [vec![10, 0, 0, 1], vec![10, 0, 0, 2]];
        assert_eq!(firewall.closed_of(Family::V4), expected);
        assert_eq!(firewall.closed_of(Family::V6).len(), 1);
        assert_eq!(firewall.names(), [b"vrrp.7\0\0\0\0\0\0\0\0\0\0".to_vec()]);
    }
}
