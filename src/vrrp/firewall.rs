//! Packets that virtual routers keep away: those for addresses of others
//! (`no_accept`, RFC 9568 section 8.3.1), and reports of group membership that
//! would show the virtual MAC address at a router that is not the master.
//!
//! The rules name addresses and interfaces, whoever is master, so nothing has to
//! be changed at a transition: an address that is not here is not delivered here.

use std::net::{IpAddr, Ipv6Addr};

use crate::model::{Family, IfIndex, IfName};
use crate::vrrp::config::{InstanceConfig, LinkUse, VirtualLinkKind, VrrpConfig};

/// The name of the table unless `nftables` says another.
const TABLE: &str = "keepalived";

/// The name of the table; `configured` is that of `nftables`.
#[must_use]
pub fn table(configured: Option<&str>) -> &str {
    configured.unwrap_or(TABLE)
}

/// Whether packets for the addresses of an instance are kept away from this machine.
#[must_use]
pub fn closes(instance: &InstanceConfig) -> bool {
    !instance.accept && !instance.priority.is_owner()
}

/// Whether a virtual interface has a virtual MAC address.
#[must_use]
pub const fn has_mac(link: &LinkUse<'_>) -> bool {
    matches!(link.link.kind, VirtualLinkKind::Macvlan(_))
}

/// Whether a configuration needs the table.
#[must_use]
pub fn is_needed(config: &VrrpConfig) -> bool {
    config.instances.iter().any(|instance| {
        let has_addresses = !(instance.vips.is_empty() && instance.excluded_vips.is_empty());
        (closes(instance) && has_addresses) || instance.links().any(|link| has_mac(&link))
    })
}

/// What the rules are about.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Firewall {
    /// Addresses that nobody may reach.
    pub closed: Vec<IpAddr>,
    /// The same of link-local ones, which mean something on one link only.
    pub closed_on_link: Vec<(Ipv6Addr, Place)>,
    /// Interfaces with a virtual MAC address, whether they are there or not.
    pub virtual_links: Vec<IfName>,
    /// From the numbers of those that are there to those of the ones below.
    pub below: Vec<(IfIndex, IfIndex)>,
}

/// An interface as a set of the rules knows it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Place {
    /// `nftables_ifindex`: by its number.
    Index(IfIndex),
    /// By its name.
    Name(IfName),
}

impl Firewall {
    /// Whether there is nothing to keep away.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.closed.is_empty() && self.closed_on_link.is_empty() && self.virtual_links.is_empty()
    }

    /// The closed addresses of a family, as octets, each once.
    #[must_use]
    pub fn closed_of(&self, family: Family) -> Vec<Vec<u8>> {
        let of_family = self
            .closed
            .iter()
            .filter(|address| Family::of(address) == family);
        let octets = of_family.map(|address| match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        });
        distinct(octets.collect())
    }

    /// The closed link-local addresses with their interfaces, as octets, each once.
    #[must_use]
    pub fn closed_on_link(&self) -> Vec<Vec<u8>> {
        let octets = self.closed_on_link.iter().map(|(address, place)| {
            let mut octets = address.octets().to_vec();
            match place {
                Place::Index(index) => octets.extend(index.0.to_ne_bytes()),
                Place::Name(name) => octets.extend(padded(name)),
            }
            octets
        });
        distinct(octets.collect())
    }

    /// The names of the virtual interfaces as octets with zeros behind them.
    #[must_use]
    pub fn names(&self) -> Vec<Vec<u8>> {
        self.virtual_links.iter().map(padded).collect()
    }
}

fn distinct(mut elements: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    elements.sort();
    elements.dedup();
    elements
}

fn padded(name: &IfName) -> Vec<u8> {
    let mut octets = name.as_str().as_bytes().to_vec();
    octets.resize(IfName::MAX + 1, 0);
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_octets_of_one_family_and_single() {
        let name = IfName::new("vrrp.7").unwrap();
        let link_local: Ipv6Addr = "fe80::1".parse().unwrap();
        let firewall = Firewall {
            closed: vec![
                [10, 0, 0, 2].into(),
                "2001:db8::1".parse().unwrap(),
                [10, 0, 0, 1].into(),
                [10, 0, 0, 2].into(),
            ],
            closed_on_link: vec![
                (link_local, Place::Name(name.clone())),
                (link_local, Place::Index(IfIndex(7))),
            ],
            virtual_links: vec![name],
            below: vec![(IfIndex(9), IfIndex(2))],
        };
        let expected = [vec![10, 0, 0, 1], vec![10, 0, 0, 2]];
        assert_eq!(firewall.closed_of(Family::V4), expected);
        assert_eq!(firewall.closed_of(Family::V6).len(), 1);
        assert_eq!(firewall.names(), [b"vrrp.7\0\0\0\0\0\0\0\0\0\0".to_vec()]);
        let on_link: Vec<usize> = firewall.closed_on_link().iter().map(Vec::len).collect();
        assert_eq!(on_link, [20, 32]);
    }
}
