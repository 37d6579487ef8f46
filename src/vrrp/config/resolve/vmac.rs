//! `use_vmac` and `use_ipvlan` of all instances: names, addresses, contradictions.

use std::collections::HashSet;

use super::Resolver;
use crate::control_plane::diag::Code;
use crate::control_plane::value::{Shared, Spanned};
use crate::model::{Family, IfName, MacAddr};
use crate::vrrp::config::InstanceConfig;
use crate::vrrp::config::vmac::{
    AddressLink, IpvlanGiven, VirtualLink, VirtualLinkKind, VmacGiven, virtual_mac,
};

/// The beginning of generated names unless `vmac_prefix` says another.
const PREFIX: &str = "vrrp";
/// How many names are tried.
const NAMES: u32 = 256;

impl Resolver<'_> {
    /// Fill in [`InstanceConfig::virtual_link`] of all instances.
    pub(super) fn virtual_links(&mut self, instances: &mut [Shared<InstanceConfig>]) {
        let named = |instance: &InstanceConfig| {
            let vmac = instance.given.use_vmac.as_ref();
            let ipvlan = instance.given.use_ipvlan.as_ref();
            vmac.and_then(|given| given.name.clone())
                .or_else(|| ipvlan.and_then(|given| given.name.clone()))
        };
        let mut taken: HashSet<IfName> = HashSet::new();
        for instance in &*instances {
            if let Some(name) = named(instance)
                && !taken.insert(name.clone())
            {
                let text = format!("two instances have the virtual interface `{name}`");
                self.refuse(Code::General, instance.name.span, text);
            }
        }
        for instance in instances {
            self.virtual_link(instance, &mut taken);
            self.address_links(instance, &mut taken);
        }
    }

    /// Interfaces for addresses that are elsewhere, or of the other family.
    fn address_links(&mut self, instance: &mut InstanceConfig, taken: &mut HashSet<IfName>) {
        let mut links: Vec<AddressLink> = Vec::new();
        for address in instance.vips.iter().chain(&instance.excluded_vips) {
            let Some((below, family)) = instance.wants_link(address) else {
                continue;
            };
            if links
                .iter()
                .any(|l| l.below == *below && l.family == family)
            {
                continue;
            }
            let global = self.global;
            let prefix = global.vmac_addr_prefix.as_ref();
            let prefix = prefix.or(global.vmac_prefix.as_ref());
            let prefix = prefix.map_or(PREFIX, String::as_str);
            let mac = virtual_mac(family, instance.vrid);
            let fits = |name: &IfName| self.machine.vmac_fits(name.as_str(), below.as_str(), mac);
            let Some(name) = free_name(prefix, family, instance, taken, fits) else {
                self.error(address.net.span, "use_vmac: all names are taken");
                continue;
            };
            links.push(AddressLink {
                below: below.clone(),
                family,
                link: VirtualLink {
                    name,
                    is_generated: true,
                    kind: VirtualLinkKind::Macvlan(mac),
                    xmit_base: false,
                    group: None,
                },
            });
        }
        instance.address_links = links;
    }

    fn virtual_link(&mut self, instance: &mut InstanceConfig, taken: &mut HashSet<IfName>) {
        let vmac = instance.given.use_vmac.clone();
        let ipvlan = instance.given.use_ipvlan.clone();
        if let (Some(vmac), Some(_)) = (&vmac, &ipvlan) {
            let text = "use_vmac and use_ipvlan exclude each other: use_ipvlan is ignored";
            self.error(vmac.span, text);
            self.diags.lint("vmac-and-ipvlan");
        }
        let link = match (vmac, ipvlan) {
            (Some(given), _) => self.macvlan(instance, &given, taken),
            (None, Some(given)) => self.ipvlan(instance, &given, taken),
            (None, None) => None,
        };
        let xmit_base = instance.given.vmac_xmit_base.filter(|flag| flag.value);
        if let (Some(flag), None) = (xmit_base, &link) {
            self.error(flag.span, "vmac_xmit_base without use_vmac: ignored");
        }
        if let (Some(flag), true, Some(_)) = (xmit_base, instance.strict, &link) {
            self.error(flag.span, "strict mode has no vmac_xmit_base: ignored");
        }
        if let (Some(vmac), Some(_), true) = (
            &instance.given.use_vmac,
            &link,
            instance.promote_secondaries,
        ) {
            let text = "promote_secondaries is set on a virtual interface anyway: ignored";
            self.error(vmac.span, text);
            instance.promote_secondaries = false;
        }
        if let (Some(vmac), Some(_), None, true) = (
            &instance.given.use_vmac,
            &link,
            xmit_base,
            instance.is_unicast(),
        ) {
            let text = "use_vmac with unicast_peer: vmac_xmit_base is used";
            self.error(vmac.span, text);
        }
        instance.virtual_link = link;
    }

    /// Whether adverts go through the interface below. Those of unicast do, since
    /// peers are reached by routes.
    fn xmit_base(instance: &InstanceConfig) -> bool {
        let wanted = instance.given.vmac_xmit_base;
        instance.is_unicast() || (wanted.is_some_and(|flag| flag.value) && !instance.strict)
    }

    fn macvlan(
        &mut self,
        instance: &InstanceConfig,
        given: &Spanned<VmacGiven>,
        taken: &mut HashSet<IfName>,
    ) -> Option<VirtualLink> {
        let Some(parent) = &instance.interface else {
            self.error(given.span, "use_vmac without interface: ignored");
            return None;
        };
        let mac = self.mac(instance, given);
        let fits = |name: &IfName| {
            self.machine
                .vmac_fits(name.as_str(), parent.value.as_str(), mac)
        };
        let name = given.name.clone();
        let is_generated = name.is_none();
        let prefix = self.global.vmac_prefix.as_deref().unwrap_or(PREFIX);
        let name = name.or_else(|| free_name(prefix, instance.family, instance, taken, fits));
        let Some(name) = name else {
            self.error(given.span, "use_vmac: all names are taken");
            return None;
        };
        Some(VirtualLink {
            name,
            is_generated,
            kind: VirtualLinkKind::Macvlan(mac),
            xmit_base: Self::xmit_base(instance),
            group: given.group,
        })
    }

    /// The address given, unless it is one that cannot be, or strict mode.
    fn mac(&mut self, instance: &InstanceConfig, given: &VmacGiven) -> MacAddr {
        let own = virtual_mac(instance.family, instance.vrid);
        let Some(mac) = &given.mac else { return own };
        let [a, b, c, d, e] = mac.first;
        let wanted = MacAddr([a, b, c, d, e, mac.last.unwrap_or(instance.vrid.0)]);
        let why = match wanted.0 {
            _ if instance.strict => "strict mode has only the address of the RFC",
            [first, ..] if first & 1 != 0 => "it is that of a group",
            [0, 0, 0x5e, 0, 1 | 2, _] if wanted != own => "it is that of another virtual router",
            _ => return wanted,
        };
        self.error(mac.span, format!("use_vmac: {wanted} is ignored: {why}"));
        own
    }

    fn ipvlan(
        &mut self,
        instance: &InstanceConfig,
        given: &Spanned<IpvlanGiven>,
        taken: &mut HashSet<IfName>,
    ) -> Option<VirtualLink> {
        let wrong = match (&instance.interface, given.address) {
            (None, _) => Some("use_ipvlan without interface: ignored"),
            (_, None) if instance.family == Family::V4 => {
                Some("use_ipvlan needs an address for IPv4: ignored")
            }
            (_, Some(address)) if address.family() != instance.family => {
                Some("use_ipvlan: the address is of another family: ignored")
            }
            _ => None,
        };
        if let Some(text) = wrong {
            self.error(given.span, text);
            return None;
        }
        let name = given.name.clone();
        let is_generated = name.is_none();
        let prefix = self.global.vmac_prefix.as_deref().unwrap_or(PREFIX);
        let name =
            name.or_else(|| free_name(prefix, instance.family, instance, taken, |_| true))?;
        Some(VirtualLink {
            name,
            is_generated,
            kind: VirtualLinkKind::Ipvlan {
                mode: given.mode,
                address: given.address,
            },
            xmit_base: Self::xmit_base(instance),
            group: given.group,
        })
    }
}

/// `vrrp.VRID` for IPv4, `vrrp6.VRID` for IPv6, else `vrrp1.VRID` and so on.
fn free_name(
    prefix: &str,
    family: Family,
    instance: &InstanceConfig,
    taken: &mut HashSet<IfName>,
    fits: impl Fn(&IfName) -> bool,
) -> Option<IfName> {
    let vrid = instance.vrid;
    let first = match family {
        Family::V4 => format!("{prefix}.{vrid}"),
        Family::V6 => format!("{prefix}6.{vrid}"),
    };
    let others = (1..NAMES).map(|number| format!("{prefix}{number}.{vrid}"));
    let name = std::iter::once(first)
        .chain(others)
        .filter_map(|name| IfName::new(&name))
        .find(|name| !taken.contains(name) && fits(name))?;
    taken.insert(name.clone());
    Some(name)
}
