//! The whole of VRRP: static addresses, instances, sockets.

use std::net::IpAddr;

use super::fact::Value;
use super::instance::{self, InstanceView};
use super::json::Json;
use super::stats;
use super::text::Text;
use super::{address, command, interface, tracker};
use crate::model::{Family, Vrid};
use crate::vrrp::config::routes::{route_text, rule_text};
use crate::vrrp::config::{SyncGroup, VrrpConfig};
use crate::vrrp::fsm::State;

/// What an instance takes, about, with one address: so that a text rarely grows.
const OCTETS: usize = 3072;

/// A socket of the pool.
#[derive(Clone, Debug)]
pub struct SocketView<'a> {
    /// Its descriptor.
    pub fd: i32,
    /// Its interface.
    pub interface: &'a str,
    /// Its family.
    pub family: Family,
    /// `VRRP`, or `AH` for VRRP in authentication headers.
    pub protocol: &'static str,
    /// The address it is bound to, if it is one of unicast instances.
    pub unicast: Option<IpAddr>,
    /// Who hears and speaks through it.
    pub users: Vec<(&'a str, Vrid)>,
}

/// A sync group.
#[derive(Clone, Debug)]
pub struct GroupView<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its state.
    pub state: State,
    /// Its members, their states, and whether they have faults of their own.
    pub members: Vec<(&'a str, State, bool)>,
    /// What is configured of it.
    pub config: Option<&'a SyncGroup>,
}

/// An empty text with room for this many instances.
#[must_use]
pub fn room(instances: usize) -> Text {
    Text::with_capacity((instances + 1) * OCTETS)
}

/// `------< Static Track groups >------`: what static addresses, routes and rules concern.
pub fn track_groups(config: &VrrpConfig, out: &mut Text) {
    if config.track_groups.is_empty() {
        return;
    }
    out.title("Static Track groups");
    for group in &config.track_groups {
        out.object("Static Track Group", &group.name.value);
        out.line("VRRP member instances :");
        for member in &group.members {
            out.item(|out| out.push(&member.value));
        }
    }
}

/// `------< Static Addresses >------`; `is_set` by position.
pub fn static_addresses(config: &VrrpConfig, is_set: impl Fn(u32) -> bool, out: &mut Text) {
    if config.static_addresses.is_empty() {
        return;
    }
    out.title("Static Addresses");
    let addresses = (0..).zip(&config.static_addresses);
    let addresses = addresses.map(|(place, address)| (address, is_set(place)));
    address::list(out, addresses, None);
}

/// `------< Static Routes >------` and `------< Static Rules >------`
pub fn static_routes(config: &VrrpConfig, out: &mut Text) {
    titled(
        "Static Routes",
        config.static_routes.iter().map(route_text),
        out,
    );
    titled(
        "Static Rules",
        config.static_rules.iter().map(rule_text),
        out,
    );
}

fn titled(title: &str, lines: impl ExactSizeIterator<Item = String>, out: &mut Text) {
    if lines.len() > 0 {
        out.title(title);
    }
    for line in lines {
        out.item(|out| out.push(&line));
    }
}

/// `------< VRRP Topology >------`
pub fn topology(instances: &[InstanceView<'_>], out: &mut Text) {
    if instances.is_empty() {
        return;
    }
    out.title("VRRP Topology");
    for view in instances {
        instance::text(view, out);
    }
}

/// `------< VRRP Sockpool >------`
pub fn sockets<'a>(sockets: impl Iterator<Item = SocketView<'a>>, out: &mut Text) {
    let mut sockets = sockets.peekable();
    if sockets.peek().is_none() {
        return;
    }
    out.title("VRRP Sockpool");
    for socket in sockets {
        out.show(format_args!(" fd_in {0} fd_out = {0}\n", socket.fd));
        out.property("Interface", Value::Word(socket.interface));
        let family = match socket.family {
            Family::V4 => "IPv4",
            Family::V6 => "IPv6",
        };
        out.property("Family", Value::Word(family));
        out.property("Protocol", Value::Word(socket.protocol));
        let kind = if socket.unicast.is_some() {
            "Unicast"
        } else {
            "Multicast"
        };
        out.property("Type", Value::Word(kind));
        let address = socket.unicast.map_or(Value::Absent, Value::Address);
        out.property("Address", address);
        out.line("VRRP instances");
        for (name, vrid) in &socket.users {
            out.item(|out| out.show(format_args!("{name} vrid {vrid}")));
        }
    }
}

/// `------< VRRP Sync groups >------`
pub fn sync_groups<'a>(
    vrrp: &VrrpConfig,
    groups: impl Iterator<Item = GroupView<'a>>,
    out: &mut Text,
) {
    let mut groups = groups.peekable();
    if groups.peek().is_some() {
        out.title("VRRP Sync groups");
    }
    for group in groups {
        let name = format!("{}, {}", group.name, group.state.as_str());
        out.object("VRRP Sync Group", &name);
        let members = group.members.iter();
        let fault = members.clone().filter(|(_, _, is_faulty)| *is_faulty);
        let init = members.filter(|(_, state, _)| *state == State::Init);
        let (fault, init) = (fault.count(), init.count());
        out.line(&format!("Num member fault {fault}, num member init {init}"));
        out.line("VRRP member instances :");
        for (name, ..) in &group.members {
            out.item(|out| out.push(name));
        }
        if let Some(config) = group.config {
            settings(vrrp, config, out);
        }
    }
}

/// What is configured of a group beside its members.
fn settings(vrrp: &VrrpConfig, group: &SyncGroup, out: &mut Text) {
    if group.tracking_weight {
        out.line("sync group tracking weight set");
    }
    let alert = if group.notify.alert { "yes" } else { "no" };
    out.property("Using smtp notification", Value::Word(alert));
    interface::list(&group.interfaces, out);
    tracker::used_by_group(vrrp, &group.tracked, out);
    command::scripts(&group.notify, out);
}

/// `------< Gratuitous ARP delays >------`: the groups of interfaces that share a pace.
pub fn announcement_groups(config: &VrrpConfig, out: &mut Text) {
    if config.garp_groups.is_empty() {
        return;
    }
    out.title("Gratuitous ARP delays");
    for (group, number) in config.garp_groups.iter().zip(1..) {
        out.title(&format!("GARP delay group {number}"));
        for (label, interval) in [
            ("GARP interval", group.garp_interval),
            ("GNA interval", group.gna_interval),
        ] {
            if let Some(interval) = interval.filter(|interval| !interval.is_zero()) {
                out.setting(label, Value::seconds(interval));
            }
        }
        out.push(" Interfaces\n");
        for interface in &group.interfaces {
            out.show(format_args!("  {}\n", interface.value));
        }
    }
}

/// The statistics file.
#[must_use]
pub fn statistics(instances: &[InstanceView<'_>]) -> String {
    let mut out = String::with_capacity(instances.len() * 512);
    for view in instances {
        stats::text(&view.config.name.value, view.stats, &mut out);
    }
    out
}

/// The JSON file of `json_version` 1, an array, or 2, an object, for which
/// `trackers` writes the tracked processes.
#[must_use]
pub fn json(
    version: u8,
    instances: &[InstanceView<'_>],
    trackers: impl FnOnce(&mut Json),
) -> String {
    let mut out = Json::with_capacity(instances.len() * OCTETS);
    let array = |out: &mut Json| {
        out.array(|out| {
            for view in instances {
                instance::json(view, out);
            }
        });
    };
    if version == 2 {
        out.object(|out| {
            out.key("vrrp");
            array(out);
            out.key("track_process");
            out.array(trackers);
        });
    } else {
        array(&mut out);
    }
    out.finish()
}
