//! An address in one line: `10.77.0.100/24 dev eth0 scope global set`.
//!
//! Programs take the first word for the address and the third for the interface.

use super::text::{Text, push_number};
use crate::model::{Family, IfName};
use crate::vrrp::config::AddressConfig;

/// The interface of addresses that name none.
#[derive(Clone, Copy, Debug)]
pub struct Device<'a> {
    /// Its name.
    pub name: &'a IfName,
    /// The interface below, if it is a virtual one of ours.
    pub base: Option<&'a IfName>,
}

impl<'a> From<&'a IfName> for Device<'a> {
    fn from(name: &'a IfName) -> Self {
        Self { name, base: None }
    }
}

/// Append the line of an address; `default` is the interface of one that names
/// none, `is_set` whether the kernel has it by our doing.
pub fn push(out: &mut String, address: &AddressConfig, default: Option<Device<'_>>, is_set: bool) {
    push_display(out, address.net.value.addr);
    let net = address.net.value;
    if net.prefix != net.family().host_prefix() {
        out.push('/');
        push_number(out, u64::from(net.prefix));
    }
    if let Some(broadcast) = address.broadcast {
        out.push_str(" brd ");
        push_display(out, broadcast);
    }
    let own = address.dev.as_ref().map(|dev| Device::from(&dev.value));
    if let Some(device) = own.or(default) {
        out.push_str(" dev ");
        out.push_str(device.name.as_str());
        if let Some(base) = device.base {
            out.push('@');
            out.push_str(base.as_str());
        }
    }
    out.push_str(" scope ");
    push_scope(out, address.scope);
    if let Some(peer) = address.peer {
        out.push_str(" peer ");
        push_display(out, peer);
    }
    if let Some(label) = &address.label {
        out.push_str(" label ");
        out.push_str(label);
    }
    push_options(out, address);
    if is_set {
        out.push_str(" set");
    }
}

/// The addresses of a list, one per line.
pub fn list<'a>(
    out: &mut Text,
    addresses: impl Iterator<Item = (&'a AddressConfig, bool)>,
    default: Option<Device<'_>>,
) {
    for (address, is_set) in addresses {
        out.item(|out| push(out.buffer(), address, default, is_set));
    }
}

fn push_options(out: &mut String, address: &AddressConfig) {
    let v6 = address.net.value.family() == Family::V6;
    let words = [
        (v6 && !address.nodad, " -nodad"),
        (address.home, " home"),
        (address.mngtmpaddr, " mngtmpaddr"),
        (address.noprefixroute, " noprefixroute"),
        (address.autojoin, " autojoin"),
        (!address.track, " no_track"),
    ];
    for (_, word) in words.iter().filter(|(is_set, _)| *is_set) {
        out.push_str(word);
    }
    if let Some(group) = &address.track_group {
        out.push_str(" track_group ");
        out.push_str(&group.value);
    }
    match address.preferred_lft {
        None => {}
        Some(0) => out.push_str(" deprecated"),
        Some(u32::MAX) => out.push_str(" preferred_lft forever"),
        Some(seconds) => {
            out.push_str(" preferred_lft ");
            push_number(out, u64::from(seconds));
        }
    }
}

fn push_scope(out: &mut String, number: u8) {
    match number {
        0 => out.push_str("global"),
        200 => out.push_str("site"),
        253 => out.push_str("link"),
        254 => out.push_str("host"),
        255 => out.push_str("nowhere"),
        other => push_number(out, u64::from(other)),
    }
}

fn push_display(out: &mut String, value: impl std::fmt::Display) {
    use std::fmt::Write as _;
    // Writing to a string cannot fail.
    let _ = write!(out, "{value}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control_plane::source::Span;
    use crate::control_plane::value::Spanned;
    use crate::model::IpNet;

    fn address(text: &str, prefix: u8) -> AddressConfig {
        let addr = text.parse().expect("an address");
        AddressConfig::new(IpNet { addr, prefix }, Span::default())
    }

    fn line(address: &AddressConfig, is_set: bool) -> String {
        let mut out = String::new();
        let device = IfName::new("eth0").expect("a name");
        push(&mut out, address, Some(Device::from(&device)), is_set);
        out
    }

    #[test]
    fn the_lines_of_the_c_daemon() {
        let plain = address("10.77.0.100", 24);
        assert_eq!(
            line(&plain, true),
            "10.77.0.100/24 dev eth0 scope global set"
        );
        let host = address("10.77.0.101", 32);
        assert_eq!(line(&host, false), "10.77.0.101 dev eth0 scope global");
        let mut full = plain.clone();
        full.broadcast = Some([10, 77, 0, 255].into());
        full.label = Some("eth0:x".to_owned());
        full.scope = 253;
        let expected = "10.77.0.100/24 brd 10.77.0.255 dev eth0 scope link label eth0:x set";
        assert_eq!(line(&full, true), expected);
        let mut silent = address("10.77.0.103", 24);
        silent.noprefixroute = true;
        silent.track = false;
        let expected = "10.77.0.103/24 dev eth0 scope global noprefixroute no_track set";
        assert_eq!(line(&silent, true), expected);
    }

    #[test]
    fn lifetimes_of_ipv6() {
        let host = address("fd77::110", 128);
        let expected = "fd77::110 dev eth0 scope global deprecated set";
        assert_eq!(line(&host, true), expected);
        let mut net = address("fd77::112", 64);
        net.nodad = false;
        let expected = "fd77::112/64 dev eth0 scope global -nodad preferred_lft forever";
        assert_eq!(line(&net, false), expected);
        let mut other = address("fd77::113", 64);
        other.preferred_lft = Some(30);
        other.dev = IfName::new("eth1").map(|name| Spanned::new(name, Span::default()));
        let expected = "fd77::113/64 dev eth1 scope global preferred_lft 30";
        assert_eq!(line(&other, false), expected);
    }
}
