//! One thing in the kernel, and its line:
//!
//! ```text
//! address eth0 192.0.2.1/24
//! address ppp0 192.0.2.1/32 peer 192.0.2.2/32
//! route prepend 198.51.100.0/24 via inet 192.0.2.254 dev eth0 protocol 18
//! rule from 192.0.2.0/24 priority 500 tos 0x0 protocol 18 lookup 100
//! table keepalived
//! marks keepalived_ipvs
//! marks keepalived_ipvs in balancers
//! sync vrrp eth0 51
//! sync checkers eth0 51 in balancers
//! ```
//!
//! *In* is the network namespace, if it is not that of the daemon (`net_namespace_ipvs`).
//! Routes and rules are lines of the configuration, with numbers for names.

use std::fmt;

use crate::control_plane::read;
use crate::model::{IfName, IpNet, OtherNamespace};
use crate::vrrp::config::routes::{parse_route, parse_rule, route_statement, rule_statement};
use crate::vrrp::config::{RouteConfig, RuleConfig};

/// The longest name of a table (`NFT_NAME_MAXLEN` with its final zero).
const TABLE_NAME: usize = 255;
/// The words for parties.
const VRRP: &str = "vrrp";
const CHECKERS: &str = "checkers";

/// A thing in the kernel.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// An address on an interface.
    Address(Address),
    /// A route.
    Route(Box<RouteConfig>),
    /// A rule.
    Rule(Box<RuleConfig>),
    /// The table of nftables that guards virtual routers.
    Table(String),
    /// The table of nftables that gives packets for virtual servers their marks.
    Marks(Marks),
    /// Connection synchronisation of IPVS, in whatever role.
    Sync(Sync),
}

/// A table of nftables with marks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Marks {
    /// Its name.
    pub table: String,
    /// Its network namespace, if it is not that of the daemon.
    pub namespace: Option<OtherNamespace>,
}

/// Daemons of the kernel that synchronise connections.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sync {
    /// The process that has them run.
    pub party: Party,
    /// The name of the interface.
    pub interface: IfName,
    /// Which daemons belong together.
    pub id: u8,
    /// Their network namespace, if it is not that of the daemon.
    pub namespace: Option<OtherNamespace>,
}

/// An address, as far as the kernel tells addresses apart.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Address {
    /// The name of the interface.
    pub interface: IfName,
    /// The own address.
    pub net: IpNet,
    /// The other end; its prefix length counts then.
    pub peer: Option<IpNet>,
}

/// The kinds of things, in the order in which they are removed.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// Rules lead to tables of routes.
    Rule,
    /// Routes may need addresses.
    Route,
    /// Addresses.
    Address,
    /// Tables of nftables.
    Table,
    /// Connection synchronisation of IPVS.
    Sync,
}

/// Whose concern a thing is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Party {
    /// The VRRP process.
    Vrrp,
    /// The checker process.
    Check,
}

impl Item {
    /// The thing that a line names, if it is exactly such a line.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let (kind, rest) = line.split_once(' ')?;
        let item = match kind {
            "address" => Self::Address(Address::parse(rest)?),
            "route" => Self::Route(Box::new(parse_route(rest)?)),
            "rule" => Self::Rule(Box::new(parse_rule(rest)?)),
            "table" => Self::Table(table(rest)?),
            "marks" => Self::Marks(Marks::parse(rest)?),
            "sync" => Self::Sync(Sync::parse(rest)?),
            _ => return None,
        };
        // What was understood otherwise than it was meant is not understood.
        (item.to_string() == line).then_some(item)
    }

    /// What kind of thing it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Address(_) => Kind::Address,
            Self::Route(_) => Kind::Route,
            Self::Rule(_) => Kind::Rule,
            Self::Table(_) | Self::Marks(_) => Kind::Table,
            Self::Sync(_) => Kind::Sync,
        }
    }

    /// Whose concern it is.
    #[must_use]
    pub const fn party(&self) -> Party {
        match self {
            Self::Address(_) | Self::Route(_) | Self::Rule(_) | Self::Table(_) => Party::Vrrp,
            Self::Marks(_) => Party::Check,
            Self::Sync(sync) => sync.party,
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(f, "address {address}"),
            Self::Route(route) => write!(f, "route {}", route_statement(route)),
            Self::Rule(rule) => write!(f, "rule {}", rule_statement(rule)),
            Self::Table(name) => write!(f, "table {name}"),
            Self::Marks(marks) => write!(f, "marks {marks}"),
            Self::Sync(sync) => write!(f, "sync {sync}"),
        }
    }
}

impl Address {
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let interface = IfName::new(words.next()?)?;
        let net = read::network(words.next()?).ok()?;
        let peer = match words.next() {
            None => None,
            Some("peer") => Some(read::network(words.next()?).ok()?),
            Some(_) => return None,
        };
        words.next().is_none().then_some(Self {
            interface,
            net,
            peer,
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.interface, self.net)?;
        match self.peer {
            Some(peer) => write!(f, " peer {peer}"),
            None => Ok(()),
        }
    }
}

impl Marks {
    fn parse(text: &str) -> Option<Self> {
        let (text, namespace) = OtherNamespace::split_end(text)?;
        Some(Self {
            table: table(text)?,
            namespace,
        })
    }
}

impl fmt::Display for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.table)?;
        write_end(self.namespace.as_ref(), f)
    }
}

impl Sync {
    fn parse(text: &str) -> Option<Self> {
        let (text, namespace) = OtherNamespace::split_end(text)?;
        let mut words = text.split(' ');
        let party = match words.next()? {
            VRRP => Party::Vrrp,
            CHECKERS => Party::Check,
            _ => return None,
        };
        let interface = IfName::new(words.next()?)?;
        let id = words.next()?.parse().ok()?;
        words.next().is_none().then_some(Self {
            party,
            interface,
            id,
            namespace,
        })
    }
}

impl fmt::Display for Sync {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let party = match self.party {
            Party::Vrrp => VRRP,
            Party::Check => CHECKERS,
        };
        write!(f, "{party} {} {}", self.interface, self.id)?;
        write_end(self.namespace.as_ref(), f)
    }
}

impl Kind {
    /// In messages.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Rule => "rules",
            Self::Route => "routes",
            Self::Address => "addresses",
            Self::Table => "tables of nftables",
            Self::Sync => "synchronisation daemons of IPVS",
        }
    }
}

fn table(name: &str) -> Option<String> {
    let fits = is_one_word(name) && name.len() <= TABLE_NAME;
    fits.then(|| name.to_owned())
}

fn is_one_word(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control())
}

fn write_end(namespace: Option<&OtherNamespace>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match namespace {
        Some(namespace) => write!(f, " {namespace}"),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: [&str; 16] = [
        "address eth0 192.0.2.1/24",
        "address vrrp.51 2001:db8::1/128",
        "address ppp0 192.0.2.1/32 peer 192.0.2.2/30",
        "route prepend 192.0.2.0/24 via inet 10.77.0.254 dev eth0 protocol 18",
        "route prepend ::/0 via inet6 fd77::fe dev eth0 table 1234 protocol 18 metric 7",
        "route add blackhole 192.0.2.7 protocol 18",
        "route prepend 10.85.0.0/24 protocol 18 nexthop via inet 10.77.0.2 dev eth0 weight 3 \
         realms 3 nexthop via inet 10.77.0.3 weight 5 onlink",
        "route prepend 10.80.0.0/24 encap ip id 5 dst 10.77.0.9 dev eth0 protocol 18 track_group g",
        "rule from 192.0.2.0/24 priority 500 tos 0x0 protocol 18 lookup 100",
        "rule not from ::/0 to fd00::/8 priority 16384 tos 0x0 fwmark 0x7/0xff iif eth0 \
         protocol 18 sport 1-5 goto 17000",
        "table keepalived",
        "marks keepalived_ipvs",
        "marks keepalived_ipvs in balancers",
        "sync vrrp eth0 51",
        "sync checkers eth1 7 in /proc/1/ns/net",
        "sync checkers eth1 0",
    ];

    #[test]
    fn a_line_is_read_as_it_was_written() {
        for line in LINES {
            let item = Item::parse(line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(item.to_string(), line);
            assert_eq!(Item::parse(&item.to_string()), Some(item));
        }
    }

    #[test]
    fn half_a_line_is_none() {
        let bad = [
            "",
            "address",
            "address eth0",
            "address eth0 192.0.2.1",
            "address eth0 192.0.2.1/33",
            "address eth0 192.0.2.1/24 ",
            "address eth0 192.0.2.1/24 peer",
            "address eth0 192.0.2.1/24 dev eth1",
            "address a/b 192.0.2.1/24",
            "address an-interface-too-long 192.0.2.1/24",
            "route",
            "route 192.0.2.0/24 dev eth0",
            "route prepend 192.0.2.0/24 via inet 10.77.0.254 dev eth0",
            "route prepend 192.0.2.0/24 whatever",
            "rule ",
            "rule from 192.0.2.0/24",
            "rule priority 500 lookup 100",
            "table ",
            "table a b",
            "marks a b",
            "marks a in ",
            "marks in b",
            "sync eth0 51",
            "sync vrrp eth0 in a",
            "sync vrrp eth0 256",
            "sync vrrp eth0 051",
            "sync bfd eth0 5",
            "link eth0",
            "Address eth0 192.0.2.1/24",
        ];
        for line in bad {
            assert_eq!(Item::parse(line), None, "{line}");
        }
    }

    #[test]
    fn rules_go_first_and_tables_last() {
        let mut kinds = [Kind::Address, Kind::Table, Kind::Rule, Kind::Route];
        kinds.sort_unstable();
        let order = [Kind::Rule, Kind::Route, Kind::Address, Kind::Table];
        assert_eq!(kinds, order);
    }
}
