//! Marks for groups (`nftables_ipvs`): packets for the addresses of a group get one mark,
//! and the kernel has one service for it instead of one for each address and port.
//!
//! A group has a mark for each protocol and family that its virtual servers serve. A
//! mark once given stays with its group through reloads, so that the kernel's service
//! and its connections stay.

pub mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::config::group::{GroupEntry, ServiceGroup};
use super::config::service::{CheckConfig, ServiceAddress, ServiceConfig};
use crate::ipvs::{Protocol, ServiceKey};
use crate::model::Family;

/// The name of the table unless `nftables_ipvs` says another.
const TABLE: &str = "keepalived_ipvs";

/// The name of the table; `configured` is that of `nftables_ipvs`.
#[must_use]
pub fn table(configured: Option<&str>) -> &str {
    configured.unwrap_or(TABLE)
}

/// What has a mark: a group by its name, for a protocol and a family.
type Marked = (String, Protocol, Family);

/// An address and a port, and the mark of packets that go there.
pub type Target = (IpAddr, u16, u32);

/// Who has which mark.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Marks {
    given: BTreeMap<Marked, u32>,
}

impl Marks {
    /// The marks of a configuration: those that are given already stay, new ones are
    /// the lowest free ones from `first` on. Marks that virtual servers name are not free.
    pub fn follow(&mut self, config: &CheckConfig, first: u32) {
        let wanted: Vec<Marked> = config
            .services
            .iter()
            .flat_map(|of| marked(config, of))
            .collect();
        let known: BTreeSet<&Marked> = wanted.iter().collect();
        let named = named(config);
        // Another group gets no mark of one that ends now: its packets would go to the
        // servers of that one until the kernel's service is changed.
        let mut taken: BTreeSet<u32> = self.given.values().copied().collect();
        self.given
            .retain(|of, mark| known.contains(of) && *mark >= first && !named.contains(mark));
        taken.extend(named);
        let mut free = (first..=u32::MAX).filter(|mark| !taken.contains(mark));
        for of in wanted {
            if !self.given.contains_key(&of)
                && let Some(mark) = free.next()
            {
                self.given.insert(of, mark);
            }
        }
    }

    /// No marks at all.
    pub fn clear(&mut self) {
        self.given.clear();
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.given.is_empty()
    }

    /// What the kernel knows a service by: marks of its group, and what has none.
    #[must_use]
    pub fn keys(&self, config: &CheckConfig, service: &ServiceConfig) -> Vec<ServiceKey> {
        let Some(group) = config.group(service).filter(|_| !self.is_empty()) else {
            return config.keys(service);
        };
        let mut keys = Vec::new();
        for entry in &group.entries {
            let of = |family| (group.name.value.clone(), service.protocol, family);
            let mark = marked_family(entry).and_then(|family| {
                let mark = *self.given.get(&of(family))?;
                Some(ServiceKey::Mark { family, mark })
            });
            match mark {
                Some(key) if keys.contains(&key) => {}
                Some(key) => keys.push(key),
                None => keys.extend(entry.keys(service.protocol, service.family)),
            }
        }
        keys
    }

    /// What gets a mark, of one protocol and family.
    #[must_use]
    pub fn targets(&self, config: &CheckConfig, protocol: Protocol, family: Family) -> Vec<Target> {
        let mut seen = BTreeSet::new();
        let mut targets = Vec::new();
        for group in &config.groups {
            let of = (group.name.value.clone(), protocol, family);
            let Some(&mark) = self.given.get(&of) else {
                continue;
            };
            let found = addresses(group, family);
            // An address in two groups is the first one's.
            let found = found.filter(|target| seen.insert(*target));
            targets.extend(found.map(|(address, port)| (address, port, mark)));
        }
        targets
    }
}

/// The family of an entry that can have a mark: one with addresses and a port.
fn marked_family(entry: &GroupEntry) -> Option<Family> {
    match entry {
        GroupEntry::Range { port: 0, .. } | GroupEntry::Mark { .. } => None,
        GroupEntry::Range { range, .. } => Some(Family::of(&range.first())),
    }
}

fn marked(config: &CheckConfig, service: &ServiceConfig) -> Vec<Marked> {
    let group = config.group(service);
    let entries = group.into_iter().flat_map(|group| &group.entries);
    let families: BTreeSet<Family> = entries.filter_map(marked_family).collect();
    let name = group
        .map(|group| group.name.value.clone())
        .unwrap_or_default();
    let families = families.into_iter();
    families
        .map(|family| (name.clone(), service.protocol, family))
        .collect()
}

fn addresses(group: &ServiceGroup, family: Family) -> impl Iterator<Item = (IpAddr, u16)> {
    let entries = group.entries.iter();
    let entries = entries.filter(move |entry| marked_family(entry) == Some(family));
    entries
        .flat_map(|entry| match *entry {
            GroupEntry::Range { range, port } => Some((range, port)),
            GroupEntry::Mark { .. } => None,
        })
        .flat_map(|(range, port)| range.addresses().map(move |address| (address, port)))
}

/// Marks that the configuration names.
fn named(config: &CheckConfig) -> BTreeSet<u32> {
    let services = config
        .services
        .iter()
        .filter_map(|service| match service.address {
            ServiceAddress::Mark(mark) => Some(mark),
            ServiceAddress::Address(_) | ServiceAddress::Group(_) => None,
        });
    let entries = config.groups.iter().flat_map(|group| &group.entries);
    let entries = entries.filter_map(|entry| match entry {
        GroupEntry::Mark { mark, .. } => Some(*mark),
        GroupEntry::Range { .. } => None,
    });
    services.chain(entries).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control_plane::files::Memory;
    use crate::control_plane::{AnyMachine, LoadOptions, load};

    fn compiled(text: &str) -> CheckConfig {
        let root = std::path::Path::new("/etc/test.conf");
        let files = Memory::with("/etc/test.conf", text);
        let machine = AnyMachine::default();
        let loaded = load(&files, root, &LoadOptions::default(), &machine);
        loaded.config.expect("it can be used").check.clone()
    }

    const GROUPS: &str = "
virtual_server_group A {
 10.0.0.1-3 80
 10.0.0.9 443
 10.0.0.9
 fwmark 1000
}
virtual_server_group B {
 10.1.0.1 80
 2001:db8::1 80
}
";
    const SERVICES: &str = "
virtual_server group A {
 protocol TCP
 real_server 192.0.2.1 80 {
 }
}
virtual_server group A {
 protocol UDP
 real_server 192.0.2.1 80 {
 }
}
virtual_server 10.0.0.50 80 {
 protocol TCP
 real_server 192.0.2.1 80 {
 }
}
";

    fn names(keys: &[ServiceKey]) -> Vec<String> {
        keys.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_group_has_a_mark_for_each_protocol() {
        let config = compiled(&format!("{GROUPS}{SERVICES}"));
        let mut marks = Marks::default();
        let keys = |marks: &Marks| -> Vec<Vec<String>> {
            let services = config.services.iter();
            services.map(|of| names(&marks.keys(&config, of))).collect()
        };
        assert_eq!(keys(&marks)[0].len(), 6, "by address without marks");
        marks.follow(&config, 1000);
        let of_tcp = ["FWM 1001", "[10.0.0.9]:tcp:0", "FWM 1000"];
        let of_udp = ["FWM 1002", "[10.0.0.9]:udp:0", "FWM 1000"];
        assert_eq!(
            keys(&marks),
            [of_tcp.to_vec(), of_udp.to_vec(), vec!["[10.0.0.50]:tcp:80"]]
        );
        let targets = marks.targets(&config, Protocol::Tcp, Family::V4);
        let text: Vec<String> = targets
            .iter()
            .map(|(a, p, m)| format!("{a} {p} {m}"))
            .collect();
        assert_eq!(
            text,
            [
                "10.0.0.1 80 1001",
                "10.0.0.2 80 1001",
                "10.0.0.3 80 1001",
                "10.0.0.9 443 1001"
            ]
        );
        assert!(
            marks
                .targets(&config, Protocol::Sctp, Family::V4)
                .is_empty()
        );
    }

    #[test]
    fn a_mark_stays_with_its_group() {
        let server = "real_server 192.0.2.1 80 {\n}\n";
        let service =
            |group: &str| format!("virtual_server group {group} {{\nlvs_method TUN\n{server}}}\n");
        let (a, b) = (service("A"), service("B"));
        let mut marks = Marks::default();
        marks.follow(&compiled(&format!("{GROUPS}{b}")), 7);
        let both = compiled(&format!("{GROUPS}{a}{b}"));
        marks.follow(&both, 7);
        let of_b = |marks: &Marks, config: &CheckConfig| {
            let service = config.services.last().expect("there is one");
            names(&marks.keys(config, service))
        };
        let before = of_b(&marks, &both);
        assert_eq!(before[0], "FWM 7");
        let alone = compiled(&format!("{GROUPS}{a}"));
        marks.follow(&alone, 7);
        assert_eq!(of_b(&marks, &alone)[0], "FWM 9");
        marks.follow(&both, 7);
        assert_eq!(of_b(&marks, &both)[0], "FWM 7", "the lowest free one");
        let text = GROUPS.replace(
            "group B {",
            "group C {\n10.2.0.1 80\n}\nvirtual_server_group B {",
        );
        let other = compiled(&format!("{text}{}", service("C")));
        marks.follow(&other, 7);
        let of_c = of_b(&marks, &other);
        assert_eq!(of_c, ["FWM 10"], "none of those that end now");
        marks.follow(&compiled(GROUPS), 7);
        marks.follow(&both, 100);
        assert_eq!(of_b(&marks, &both)[0], "FWM 101", "all are given anew");
    }
}
