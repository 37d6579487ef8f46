//! Static addresses, and what is set for interfaces rather than for instances.

use std::collections::HashSet;
use std::time::Duration;

use super::Resolver;
use crate::control_plane::arg::seconds_text;
use crate::control_plane::diag::{Code, Fix};
use crate::control_plane::value::Spanned;
use crate::model::IfName;
use crate::vrrp::config::{
    InstanceConfig, LinkbeatInterface, Names, VrrpConfig, default_interface,
};

impl Resolver<'_> {
    pub(super) fn static_addresses(&mut self, vrrp: &mut VrrpConfig, names: &Names) {
        for address in &mut vrrp.static_addresses {
            let span = address.net.span;
            if address.dev.is_none() {
                let usual = default_interface(self.global);
                address.dev = usual.map(|name| Spanned::new(name, span));
            }
            if let Some(dev) = &address.dev {
                self.interface(Code::General, dev, dev.span);
            }
            if let Some(group) = &address.track_group {
                let defined = names
                    .track_groups
                    .iter()
                    .find(|name| name.value == group.value);
                if defined.is_none_or(|name| name.span.lo > group.span.lo) {
                    let text = format!("track_group `{}` is not defined before", group.value);
                    self.error(group.span, text);
                    address.track_group = None;
                }
            }
        }
    }

    pub(super) fn garp_groups(&mut self, vrrp: &mut VrrpConfig) {
        let mut grouped: HashSet<IfName> = HashSet::new();
        for group in &mut vrrp.garp_groups {
            group.interfaces.retain(|name| {
                let new = grouped.insert(name.value.clone());
                if !new {
                    let text = format!("interface `{}` is already in a garp_group", name.value);
                    self.error(name.span, text);
                }
                new && self.interface(Code::BadInterface, name, name.span)
            });
        }
        vrrp.garp_groups.retain(|group| {
            let zero = |interval: Option<Duration>| interval.is_none_or(|time| time.is_zero());
            let idle = zero(group.garp_interval) && zero(group.gna_interval);
            if group.garp_interval.or(group.gna_interval).is_none() {
                let text = "the garp_group sets no interval";
                self.error(group.place.span, text);
            } else if group.interfaces.is_empty() {
                self.error(group.place.span, "the garp_group has no interfaces");
            }
            !idle && !group.interfaces.is_empty()
        });
    }

    /// `linkbeat_use_polling` of an instance means its interface.
    pub(super) fn linkbeat(&mut self, vrrp: &mut VrrpConfig) {
        let list = &mut vrrp.linkbeat.interfaces;
        for asked in &*list {
            self.interface(Code::BadInterface, &asked.name, asked.name.span);
        }
        for instance in &vrrp.instances {
            let wanted = instance.given.linkbeat.is_some_and(|flag| flag.value);
            let Some(name) = instance.interface.as_ref().filter(|_| wanted) else {
                continue;
            };
            if !list.iter().any(|asked| asked.name == *name) {
                list.push(LinkbeatInterface {
                    name: name.clone(),
                    way: None,
                });
                let newer = format!("linkbeat_interfaces {{\n    {}\n}}\n\n", name.value);
                let help = format!("name {} in `linkbeat_interfaces`", name.value);
                let above = Fix::above(instance.name.span, newer);
                let word = instance.given.linkbeat.map(|word| word.span);
                self.diags.amend(word.unwrap_or_default(), help, above);
            }
        }
    }

    /// A delay must end before the other routers take over.
    pub(super) fn up_down_delays(&mut self, vrrp: &mut VrrpConfig) {
        let VrrpConfig {
            instances,
            up_down_delays,
            ..
        } = vrrp;
        let mut seen: HashSet<IfName> = HashSet::new();
        up_down_delays.retain_mut(|delay| {
            let span = delay.name.span;
            if !seen.insert(delay.name.value.clone()) {
                let text = format!("interface `{}` has delays already", delay.name.value);
                self.error(span, text);
                return false;
            }
            if !self.interface(Code::BadInterface, &delay.name, span) {
                return false;
            }
            let on_it = instances
                .iter()
                .filter(|instance| instance.interface.as_ref() == Some(&delay.name));
            if let Some(most) = on_it.map(|shared| longest_delay(shared)).min()
                && (delay.down > most || delay.up > most)
            {
                let text = format!("delays are limited to {} seconds", seconds_text(most));
                self.diags.note(span, text);
                delay.down = delay.down.min(most);
                delay.up = delay.up.min(most);
            }
            true
        });
    }
}

/// `(down_timer_adverts - 1) * interval - interval / 256` in whole microseconds,
/// and nothing with a single advert.
fn longest_delay(instance: &InstanceConfig) -> Duration {
    let interval = instance.advert_interval;
    let adverts = u32::from(instance.down_timer_adverts.saturating_sub(1));
    let most = (interval * adverts).saturating_sub(interval / 256);
    Duration::from_micros(u64::try_from(most.as_micros()).unwrap_or(u64::MAX))
}
