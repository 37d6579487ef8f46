//! The virtual addresses of an instance: twins, room in adverts, their interfaces.

use std::net::{IpAddr, Ipv6Addr};

use super::Resolver;
use crate::control_plane::diag::Code;
use crate::model::{Family, FastSet};
use crate::vrrp::authentication::Authentication;
use crate::vrrp::config::{AddressConfig, InstanceConfig};
use crate::wire::vrrp::Version;
use crate::wire::vrrp_hmac::TRAILER_LEN;

/// The most addresses the count of an advert holds (RFC 9568 section 5.2.5).
const ADDRESSES_MAX: usize = 255;
/// The MTU of an interface that says nothing else.
const MTU: usize = 1500;

impl Resolver<'_> {
    pub(super) fn addresses(&mut self, instance: &mut InstanceConfig) {
        self.without_twins(&mut instance.vips);
        self.without_twins(&mut instance.excluded_vips);
        if let (Family::V6, false, Some(first)) = (
            instance.family,
            instance.is_unicast(),
            instance.vips.first(),
        ) && !is_link_local(first.addr())
        {
            let text = "the first IPv6 address should be a link-local one (RFC 9568 section 5.2.9)";
            if instance.strict {
                self.error(first.net.span, text);
            } else {
                self.diags.note(first.net.span, text);
            }
        }
        let room = self.room(instance);
        if instance.vips.len() > room {
            let surplus = instance.vips.split_off(room);
            if let Some(first) = surplus.first() {
                let text = format!(
                    "an advert has room for {room} addresses: {} are not in it",
                    surplus.len()
                );
                self.warn(first.net.span, text);
                self.diags.lint("too-many-addresses");
            }
            instance.excluded_vips.splice(0..0, surplus);
        }
        self.no_addresses(instance);
        for address in instance.vips.iter().chain(&instance.excluded_vips) {
            if let Some(dev) = &address.dev {
                self.interface(Code::General, dev, dev.span);
            }
        }
    }

    fn without_twins(&mut self, addresses: &mut Vec<AddressConfig>) {
        if addresses.len() < 2 {
            return;
        }
        let mut seen = FastSet::default();
        addresses.retain(|address| {
            let dev = address.dev.as_ref().map(|dev| dev.value.clone());
            let new = seen.insert((address.net.value, dev));
            if !new {
                let text = format!("{} is listed twice", address.net.addr);
                self.warn(address.net.span, text);
            }
            new
        });
    }

    fn no_addresses(&mut self, instance: &InstanceConfig) {
        if !instance.vips.is_empty() {
            return;
        }
        let meant = instance.given.no_virtual_ipaddress;
        let text = format!(
            "vrrp_instance `{}` has no virtual_ipaddress",
            instance.name.value
        );
        let span = instance.name.span;
        if instance.strict || (instance.version == Version::V3 && !meant) {
            self.refuse(Code::General, span, text);
        } else if !meant {
            self.warn(span, text);
        }
    }

    /// How many addresses an advert has room for: its count is an octet, and it
    /// must not be fragmented.
    fn room(&self, instance: &InstanceConfig) -> usize {
        let name = instance.interface.as_ref().map(|name| name.value.as_str());
        let mtu = name.and_then(|name| self.machine.interface_mtu(name));
        let mtu = mtu.map_or(MTU, |mtu| usize::try_from(mtu).unwrap_or(MTU));
        let around = match instance.family {
            Family::V4 => 20,
            Family::V6 => 40,
        };
        let authentication = match (instance.version, &instance.authentication) {
            (Version::V3, _) => 0,
            (Version::V2, Authentication::Ah(_)) => 8 + 24,
            (Version::V2, Authentication::None | Authentication::Pass(_)) => 8,
        };
        let signature = instance.auth_hmac.as_ref().map_or(0, |_| TRAILER_LEN);
        const LINK_AND_ADVERT: usize = 14 + 8;
        let left = mtu.saturating_sub(LINK_AND_ADVERT + around + authentication + signature);
        (left / instance.family.address_len()).min(ADDRESSES_MAX)
    }
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => false,
        IpAddr::V6(address) => Ipv6Addr::is_unicast_link_local(&address),
    }
}
