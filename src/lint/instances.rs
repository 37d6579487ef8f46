//! Lints of virtual routers and their scripts.

use std::net::IpAddr;

use super::{Findings, Subject};
use crate::control_plane::arg::seconds_text;
use crate::control_plane::source::Span;
use crate::control_plane::value::Shared;
use crate::model::{Family, FastMap, IfName, Vrid};
use crate::vrrp::config::{InitialState, InstanceConfig, VirtualLinkKind};

/// `equal-priorities`
pub(super) fn equal_priorities(subject: &Subject<'_>, out: &mut Findings<'_>) {
    let instances = &subject.config.vrrp.instances;
    for instance in instances {
        if instance.given.priority.is_none() && !instance.priority.is_owner() {
            // The first of equals stays master: that is what nopreempt is for.
            if !instance.nopreempt {
                let text = format!(
                    "vrrp_instance `{}` has no priority: it is {}, as that of any other router \
                     that names none",
                    instance.name.value, instance.priority
                );
                out.tell(instance.name.span, text);
            }
        }
    }
    mirrored(instances, out);
}

/// A pair with each router the backup of the other has an instance of either kind on
/// an interface; equal priorities in this file are equal priorities of the pair.
fn mirrored(instances: &[Shared<InstanceConfig>], out: &mut Findings<'_>) {
    let mut masters: FastMap<(&IfName, u8), &InstanceConfig> = FastMap::default();
    let wants = |instance: &&Shared<InstanceConfig>, state| {
        instance.given.state.is_some_and(|s| s.value == state) && !instance.nopreempt
    };
    for master in instances
        .iter()
        .filter(|instance| wants(instance, InitialState::Master))
    {
        if let Some(interface) = &master.interface {
            masters.insert((&interface.value, master.priority.0), master);
        }
    }
    for backup in instances
        .iter()
        .filter(|instance| wants(instance, InitialState::Backup))
    {
        let master = backup.interface.as_ref().and_then(|interface| {
            let key = (&interface.value, backup.priority.0);
            masters.get(&key)
        });
        if let (Some(master), Some(given)) = (master, backup.given.priority) {
            let text = format!(
                "priority {} is also that of vrrp_instance `{}`, which is to be MASTER while this \
                 one is to be BACKUP: with the same two numbers on the other router, both have \
                 equal priorities",
                backup.priority, master.name.value
            );
            out.tell(given.span, text);
        }
    }
}

/// `vrid-clash`: the compiler refuses what is the same in all respects. What differs in
/// its multicast group may be told apart by it, but not by a virtual MAC address.
pub(super) fn vrid_clash(subject: &Subject<'_>, out: &mut Findings<'_>) {
    type Key<'k> = (&'k IfName, Family, Vrid);
    let mut seen: FastMap<Key<'_>, &InstanceConfig> = FastMap::default();
    for instance in &subject.config.vrrp.instances {
        let virtual_mac = instance.virtual_link.as_ref().map(|link| link.kind);
        let (Some(interface), Some(VirtualLinkKind::Macvlan(_))) =
            (&instance.interface, virtual_mac)
        else {
            continue;
        };
        let key = (&interface.value, instance.family, instance.vrid);
        if let Some(other) = seen.insert(key, instance) {
            let text = format!(
                "virtual_router_id {} is that of vrrp_instance `{}` on {} as well: both have the \
                 same virtual MAC address",
                instance.vrid, other.name.value, interface.value
            );
            out.tell(vrid_place(instance), text);
        }
    }
}

fn vrid_place(instance: &InstanceConfig) -> Span {
    let given = instance.given.vrid;
    given.map_or(instance.name.span, |vrid| vrid.span)
}

/// `address-twice`
pub(super) fn address_twice(subject: &Subject<'_>, out: &mut Findings<'_>) {
    let mut seen: FastMap<(Option<&IfName>, IpAddr), &InstanceConfig> = FastMap::default();
    for instance in &subject.config.vrrp.instances {
        for vip in instance.vips.iter().chain(&instance.excluded_vips) {
            let key = (instance.interface_of(vip), vip.addr());
            if let Some(other) = seen.insert(key, instance)
                && !std::ptr::eq(other, &**instance)
            {
                let text = format!(
                    "{} is an address of vrrp_instance `{}`, too",
                    vip.addr(),
                    other.name.value
                );
                out.tell(vip.net.span, text);
            }
        }
    }
}

/// `strict-drops-traffic`
pub(super) fn strict_drops(subject: &Subject<'_>, out: &mut Findings<'_>) {
    for instance in &subject.config.vrrp.instances {
        let said = instance.given.accept.is_some();
        if instance.strict && !instance.accept && !said && !instance.vips.is_empty() {
            let strict = instance.given.strict.map(|strict| strict.span);
            let text = format!(
                "strict mode: a master that is not the owner drops what is sent to the addresses \
                 of vrrp_instance `{}`, pings included",
                instance.name.value
            );
            out.tell(strict.unwrap_or(instance.name.span), text);
        }
    }
}

/// `script-longer-than-interval`
pub(super) fn slow_scripts(subject: &Subject<'_>, out: &mut Findings<'_>) {
    for script in &subject.config.vrrp.scripts {
        if let Some(timeout) = script.timeout
            && timeout > script.interval
        {
            let text = format!(
                "vrrp_script `{}` may run for {} s and is to be run every {} s",
                script.name.value,
                seconds_text(timeout),
                seconds_text(script.interval)
            );
            out.tell(script.name.span, text);
        }
    }
}
