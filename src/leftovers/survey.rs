//! What a configuration may put into the kernel: the one place that knows.
//!
//! An instance that is not the master has put nothing there yet, and may at any moment.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::item::{Address, Item, Marks, Party, Sync};
use crate::check::marks;
use crate::control_plane::Config;
use crate::ipvs::sync_daemon::Parameters;
use crate::model::OtherNamespace;
use crate::vrrp::config::{
    AddressConfig, InstanceConfig, RouteConfig, RuleConfig, VrrpConfig, default_interface, place_of,
};
use crate::vrrp::firewall;

/// Octets that the line of an IPv4 address fits into.
const LINE: usize = 48;

/// The lines of all things that processes of these parties may put there.
#[must_use]
pub fn lines(config: &Config, parties: &[Party]) -> BTreeSet<String> {
    let mut lines = Vec::new();
    if parties.contains(&Party::Vrrp) {
        of_vrrp(config, &mut lines);
    }
    let marking = &config.global.lvs.marking;
    if parties.contains(&Party::Check) && marking.is_wanted {
        let marks = Marks {
            table: marks::table(marking.table.as_deref()).to_owned(),
            namespace: config.global.lvs.namespace.place().map(OtherNamespace::of),
        };
        enter(&Item::Marks(marks), &mut lines);
    }
    if let Some(sync) = sync(config).filter(|sync| parties.contains(&sync.party)) {
        enter(&Item::Sync(sync), &mut lines);
    }
    lines.into_iter().collect()
}

/// Connection synchronisation, which is VRRP's if it follows an instance.
fn sync(config: &Config) -> Option<Sync> {
    let lvs = &config.global.lvs;
    let daemon = lvs.sync_daemon.as_ref()?;
    let party = match &daemon.instance {
        Some(_) => Party::Vrrp,
        None => Party::Check,
    };
    let Parameters { interface, id, .. } = &daemon.parameters;
    Some(Sync {
        party,
        interface: interface.clone(),
        id: *id,
        namespace: lvs.namespace.place().map(OtherNamespace::of),
    })
}

fn of_vrrp(config: &Config, lines: &mut Vec<String>) {
    let vrrp: &VrrpConfig = &config.vrrp;
    let default = default_interface(&config.global);
    let mut address = |address: &AddressConfig, instance: Option<&InstanceConfig>| {
        if let Some(interface) = place_of(address, instance, default.as_ref()) {
            let address = Address {
                interface: interface.clone(),
                net: address.net.value,
                peer: address.peer,
            };
            lines.push(line_of(&Item::Address(address)));
        }
    };
    for instance in &vrrp.instances {
        let all = instance.vips.iter().chain(&instance.excluded_vips);
        all.for_each(|one| address(one, Some(instance)));
    }
    vrrp.static_addresses
        .iter()
        .for_each(|one| address(one, None));
    paths(&vrrp.static_routes, &vrrp.static_rules, lines);
    for instance in &vrrp.instances {
        paths(&instance.routes, &instance.rules, lines);
    }
    if firewall::is_needed(vrrp) {
        let name = firewall::table(config.global.nftables.table.as_deref());
        enter(&Item::Table(name.to_owned()), lines);
    }
}

fn paths(routes: &[RouteConfig], rules: &[RuleConfig], lines: &mut Vec<String>) {
    for route in routes {
        enter(&Item::Route(Box::new(route.clone())), lines);
    }
    for rule in rules {
        enter(&Item::Rule(Box::new(rule.clone())), lines);
    }
}

/// A line that could not be read again would make the whole record worthless.
fn enter(item: &Item, lines: &mut Vec<String>) {
    let line = item.to_string();
    if Item::parse(&line).is_some() {
        lines.push(line);
    }
}

/// In room that needs not grow on the way.
fn line_of(item: &Item) -> String {
    let mut line = String::with_capacity(LINE);
    // Writing to a string cannot fail.
    let _ = write!(line, "{item}");
    line
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::control_plane::files::Memory;
    use crate::control_plane::{AnyMachine, LoadOptions, load};

    fn survey(text: &str, parties: &[Party]) -> Vec<String> {
        let files = Memory::with("/etc/test.conf", text);
        let machine = AnyMachine::default();
        let root = Path::new("/etc/test.conf");
        let loaded = load(&files, root, &LoadOptions::default(), &machine);
        let config = loaded.config.expect("it can be used");
        lines(&config, parties).into_iter().collect()
    }

    const TEXT: &str = "
global_defs {
 lvs_sync_daemon eth1 inst A id 7
}
static_ipaddress {
 10.98.0.1/24 dev eth1
}
static_routes {
 198.51.100.0/24 via 10.98.0.253 dev eth1
}
vrrp_instance A {
 interface eth0
 virtual_router_id 51
 virtual_ipaddress {
  10.77.0.100/24
  10.78.0.100 dev eth1
 }
 virtual_ipaddress_excluded {
  2001:db8::1/64
 }
 virtual_rules {
  from 10.77.0.100 table 100 priority 500
 }
}
vrrp_instance B {
 interface eth0
 virtual_router_id 52
 use_vmac
 virtual_ipaddress {
  10.77.0.101/24
 }
}
";

    #[test]
    fn everything_of_all_instances_is_in_it() {
        let expected = [
            "address eth0 10.77.0.100/24",
            "address eth0 2001:db8::1/64",
            "address eth1 10.78.0.100/32",
            "address eth1 10.98.0.1/24",
            "address vrrp.52 10.77.0.101/24",
            "route prepend 198.51.100.0/24 via inet 10.98.0.253 dev eth1 protocol 18",
            "rule from 10.77.0.100 priority 500 tos 0x0 protocol 18 lookup 100",
            "sync vrrp eth1 7",
            "table keepalived",
        ];
        assert_eq!(survey(TEXT, &[Party::Vrrp, Party::Check]), expected);
        assert!(survey(TEXT, &[Party::Check]).is_empty());
    }

    #[test]
    fn every_line_names_a_thing() {
        for line in survey(TEXT, &[Party::Vrrp]) {
            assert!(Item::parse(&line).is_some(), "{line}");
        }
    }
}
