//! `------< Interfaces >------`: the links as the daemon sees them.

use std::net::IpAddr;

use super::fact::Value;
use super::text::Text;
use crate::model::{Family, MacAddr};
use crate::netlink::Mirror;
use crate::netlink::link::LinkFlags;
use crate::netlink::mirror::Link;

/// `ARPHRD_ETHER`, `ARPHRD_INFINIBAND`, `ARPHRD_LOOPBACK`
const ETHERNET: u16 = 1;
const INFINIBAND: u16 = 32;
const LOOPBACK: u16 = 772;

/// An instance that tracks a link.
#[derive(Clone, Copy, Debug)]
pub struct TrackerView<'a> {
    /// Its name.
    pub instance: &'a str,
    /// The weight; 0: a link that is down is a fault.
    pub weight: i16,
    /// Whether up counts as down, and down as up.
    pub is_reversed: bool,
}

/// All links; `trackers` gives those who track one.
pub fn interfaces<'a>(
    mirror: &Mirror,
    mut trackers: impl FnMut(&Link) -> Vec<TrackerView<'a>>,
    out: &mut Text,
) {
    out.title("Interfaces");
    for link in mirror.links() {
        interface(mirror, link, out);
        let trackers = trackers(link);
        if trackers.is_empty() {
            continue;
        }
        out.line("Tracking VRRP instances :");
        for tracker in trackers {
            let reverse = if tracker.is_reversed { " reverse" } else { "" };
            let TrackerView {
                instance, weight, ..
            } = tracker;
            out.item(|out| out.show(format_args!("{instance}, weight {weight}{reverse}")));
        }
    }
}

fn interface(mirror: &Mirror, link: &Link, out: &mut Text) {
    out.object("Name", link.name.as_str());
    out.property("index", Value::Number(link.index.0.into()));
    for (label, family) in [("IPv4 address", Family::V4), ("IPv6 address", Family::V6)] {
        let address = first_address(mirror, link, family);
        out.property(label, address.map_or(Value::Word("(none)"), Value::Address));
    }
    if let Some(mac) = link.mac.filter(|mac| *mac != MacAddr::default()) {
        out.property("MAC", Value::Text(mac.to_string().into()));
    }
    out.property("State", Value::Text(state(link).into()));
    out.property("MTU", Value::Number(link.mtu.into()));
    let hardware = match link.hardware {
        ETHERNET => "ETHERNET",
        INFINIBAND => "INFINIBAND",
        LOOPBACK => "LOOPBACK",
        _ => "UNKNOWN",
    };
    out.property("HW Type", Value::Word(hardware));
    if let Some(kind) = &link.kind {
        out.property("Driver", Value::Word(kind));
    }
}

/// IPv6 is used with link-local addresses only.
fn first_address(mirror: &Mirror, link: &Link, family: Family) -> Option<IpAddr> {
    let addresses = mirror.addresses_of(link.index);
    let suits = |addr: &IpAddr| match addr {
        IpAddr::V4(_) => family == Family::V4,
        IpAddr::V6(addr) => family == Family::V6 && addr.is_unicast_link_local(),
    };
    addresses.map(|address| address.net.addr).find(suits)
}

/// `UP, RUNNING, no broadcast, loopback`
fn state(link: &Link) -> String {
    let words = [
        (true, if link.is_up() { "UP" } else { "DOWN" }),
        (link.flags.has(LinkFlags::RUNNING), "RUNNING"),
        (!link.flags.has(LinkFlags::RUNNING), "not RUNNING"),
        (link.is_loopback(), "loopback"),
        (link.has_no_arp(), "no arp"),
        (!link.can_multicast(), "no multicast"),
    ];
    let words = words.iter().filter(|(holds, _)| *holds);
    let words: Vec<&str> = words.map(|(_, word)| *word).collect();
    words.join(", ")
}
