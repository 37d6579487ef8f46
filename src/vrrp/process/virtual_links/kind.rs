//! The two kinds, as the kernel has them, and the decision about a name that exists.

use crate::model::MacAddr;
use crate::netlink::link::{IPVLAN_L2, MACVLAN_PRIVATE, ipvlan_data, macvlan_data};
use crate::netlink::mirror::Link;
use crate::vrrp::config::{IpvlanMode, VirtualLink, VirtualLinkKind};
use crate::vrrp::virtual_link::{Existing, Plan, WantedMacvlan, plan_ipvlan, plan_macvlan};

/// What is to be done so that `wanted` is there, above `parent`.
pub(super) fn plan(
    wanted: &VirtualLink,
    parent: &Link,
    existing: Option<&Link>,
    is_ours: bool,
) -> Plan {
    let existing = existing.map(|link| Existing {
        kind: link.kind.as_deref(),
        parent: link.parent,
        mac: link.mac,
        mode: link.macvlan_mode,
    });
    match wanted.kind {
        VirtualLinkKind::Ipvlan { .. } => plan_ipvlan(parent.index, existing.as_ref(), is_ours),
        VirtualLinkKind::Macvlan(mac) => {
            let wanted = WantedMacvlan {
                parent: parent.index,
                mac,
                mode: MACVLAN_PRIVATE,
            };
            plan_macvlan(&wanted, existing.as_ref())
        }
    }
}

/// The address it is to have; an ipvlan has that of the interface below.
pub(super) const fn mac_of(kind: VirtualLinkKind) -> Option<MacAddr> {
    match kind {
        VirtualLinkKind::Macvlan(mac) => Some(mac),
        VirtualLinkKind::Ipvlan { .. } => None,
    }
}

/// The name of its driver.
pub(super) const fn name_of(kind: VirtualLinkKind) -> &'static str {
    match kind {
        VirtualLinkKind::Macvlan(_) => "macvlan",
        VirtualLinkKind::Ipvlan { .. } => "ipvlan",
    }
}

/// The driver's attributes.
pub(super) fn data_of(kind: VirtualLinkKind) -> Vec<u8> {
    match kind {
        VirtualLinkKind::Macvlan(_) => macvlan_data(MACVLAN_PRIVATE),
        VirtualLinkKind::Ipvlan { mode, .. } => {
            let flags = match mode {
                IpvlanMode::Bridge => 0,
                IpvlanMode::Private => 1,
                IpvlanMode::Vepa => 2,
            };
            ipvlan_data(IPVLAN_L2, flags)
        }
    }
}
