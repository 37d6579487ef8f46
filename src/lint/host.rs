//! What lints ask about this machine, and those that do.

use std::fmt::Debug;
use std::net::IpAddr;

use super::{Findings, Subject};
use crate::model::{Family, FastMap, FastSet, IfName, IpNet};
use crate::vrrp::config::{AddressConfig, InstanceConfig};

/// What this machine has; only asked, never waited for.
pub trait Host: Debug {
    /// The addresses of an interface with their prefixes; nothing if there is no such
    /// interface.
    fn networks(&self, interface: &IfName) -> Option<Vec<IpNet>>;
    /// Whether any interface has this address; nothing if that is not known.
    fn has_address(&self, address: IpAddr) -> Option<bool>;
    /// Whether there is a network namespace of this name.
    fn has_namespace(&self, name: &str) -> bool;
}

/// A machine of which nothing is known, for looking at a text alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unknown;

impl Host for Unknown {
    fn networks(&self, _: &IfName) -> Option<Vec<IpNet>> {
        None
    }

    fn has_address(&self, _: IpAddr) -> Option<bool> {
        None
    }

    fn has_namespace(&self, _: &str) -> bool {
        true
    }
}

/// `namespace-missing`
pub(super) fn namespace(subject: &Subject<'_>, out: &mut Findings<'_>) {
    if let Some(name) = &subject.config.global.net_namespace
        && !subject.host.has_namespace(&name.value)
    {
        let text = format!(
            "there is no network namespace `{}`: the daemon does not start",
            name.value
        );
        out.fail(name.span, text);
    }
}

/// `source-address-missing`
pub(super) fn source(subject: &Subject<'_>, out: &mut Findings<'_>) {
    for instance in &subject.config.vrrp.instances {
        let Some(source) = &instance.source else {
            continue;
        };
        // With track_src_ip its absence is expected.
        if subject.host.has_address(source.value) == Some(false) && !instance.track_source {
            let text = format!("no interface has the source address {}", source.value);
            out.tell(source.span, text);
        }
    }
}

/// `vip-outside-networks`
pub(super) fn outside(subject: &Subject<'_>, out: &mut Findings<'_>) {
    let instances = &subject.config.vrrp.instances;
    // Those that are there because the daemon has put them there count for nothing.
    let virtual_ones: FastSet<IpAddr> = instances
        .iter()
        .flat_map(|instance| instance.vips.iter().chain(&instance.excluded_vips))
        .map(AddressConfig::addr)
        .collect();
    let mut known: FastMap<&IfName, Vec<IpNet>> = FastMap::default();
    for instance in instances {
        for vip in &instance.vips {
            let Some(interface) = below(instance, vip) else {
                continue;
            };
            let networks = known.entry(interface).or_insert_with(|| {
                let all = subject.host.networks(interface).unwrap_or_default();
                let own = all
                    .into_iter()
                    .filter(|net| !virtual_ones.contains(&net.addr));
                distinct(own)
            });
            if is_outside(vip, networks) {
                let text = format!("{} is in no network of {interface}", vip.addr());
                out.tell(vip.net.span, text);
            }
        }
    }
}

/// The interface whose network an address is in. An own macvlan has none.
fn below<'a>(instance: &'a InstanceConfig, vip: &'a AddressConfig) -> Option<&'a IfName> {
    let named = vip.dev.as_ref().or(instance.interface.as_ref());
    named.map(|name| &name.value)
}

fn distinct(nets: impl Iterator<Item = IpNet>) -> Vec<IpNet> {
    let mut seen = FastSet::default();
    nets.filter(|net| seen.insert((network(net.addr, net.prefix), net.prefix)))
        .collect()
}

/// An interface without addresses of the family has none to be outside of.
fn is_outside(vip: &AddressConfig, networks: &[IpNet]) -> bool {
    let address = vip.addr();
    let is_local = match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    let is_global = |net: &&IpNet| match net.addr {
        IpAddr::V4(_) => true,
        IpAddr::V6(addr) => !addr.is_unicast_link_local(),
    };
    let family = Family::of(&address);
    let mut same = networks
        .iter()
        .filter(|net| net.family() == family)
        .filter(is_global)
        .peekable();
    !is_local
        && vip.peer.is_none()
        && same.peek().is_some()
        && !same.any(|net| network(net.addr, net.prefix) == network(address, net.prefix))
}

/// The bits of an address that a prefix covers.
fn network(address: IpAddr, prefix: u8) -> u128 {
    let (bits, width) = match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    let rest = u32::from(u8::saturating_sub(width, prefix));
    bits.checked_shr(rest).unwrap_or(0)
}
