//! What instances take from the global settings.

use std::time::Duration;

use super::Resolver;
use crate::global::VrrpDefaults;
use crate::vrrp::config::{GarpGiven, GarpSettings, InstanceConfig};

impl Resolver<'_> {
    /// Each setting: that of the instance, else the global one.
    pub(super) fn inherited(&mut self, instance: &mut InstanceConfig) {
        let global: &VrrpDefaults = &self.global.vrrp;
        let given = &instance.given;
        instance.down_timer_adverts = given
            .down_timer_adverts
            .unwrap_or(global.down_timer_adverts);
        instance.check_unicast_src =
            given.check_unicast_src.unwrap_or(global.check_unicast_src) || given.peer_ttl;
        instance.v3_checksum_as_v2 = given.v3_checksum_as_v2.unwrap_or(global.v3_checksum_as_v2);
        instance.skip_check_adv_addr = given
            .skip_check_adv_addr
            .unwrap_or(global.skip_check_adv_addr);
        instance.lower_prio_no_advert = given
            .lower_prio_no_advert
            .or(global.lower_prio_no_advert)
            .unwrap_or(instance.strict);
        instance.higher_prio_send_advert = given
            .higher_prio_send_advert
            .map_or(global.higher_prio_send_advert, |send| send.value);
        let accept_by_default = !instance.strict || instance.priority.is_owner();
        instance.accept = given
            .accept
            .map_or(accept_by_default, |accept| accept.value);
        instance.garp = garp(&given.garp, global);
        let repeats = ["garp_master_repeat", "garp_master_refresh_repeat"];
        for keyword in given.garp.zero_repeats(repeats) {
            self.error(instance.name.span, format!("{keyword} 0: 1 is used"));
        }
        self.owner(instance);
    }

    fn owner(&mut self, instance: &mut InstanceConfig) {
        let given = instance.given.owner_ignore_adverts;
        let owner = instance.priority.is_owner();
        let wanted = given
            .map(|given| given.value)
            .or(self.global.vrrp.owner_ignore_adverts);
        instance.owner_ignore_adverts = owner && wanted.unwrap_or(instance.strict);
        match given {
            Some(given) if owner && !given.value => {
                let text = "owner_ignore_adverts off with priority 255: the owner ignores adverts";
                self.error(given.span, text);
                instance.owner_ignore_adverts = true;
            }
            Some(given) if !owner && given.value => {
                let text = "owner_ignore_adverts is for priority 255: ignored";
                self.diags.note(given.span, text);
            }
            Some(_) | None => (),
        }
    }
}

/// Those of the instance, else the global ones, else the daemon's own.
fn garp(given: &GarpGiven, global: &VrrpDefaults) -> GarpSettings {
    let built_in = if global.min_garp {
        GarpSettings {
            delay: Duration::ZERO,
            repeat: 1,
            ..GarpSettings::default()
        }
    } else {
        GarpSettings::default()
    };
    let all = &global.garp;
    let delay = given.delay.or(all.delay).unwrap_or(built_in.delay);
    let repeat = given
        .repeat
        .or(all.repeat)
        .unwrap_or(built_in.repeat)
        .max(1);
    GarpSettings {
        delay,
        repeat,
        refresh: given.refresh.or(all.refresh).unwrap_or(built_in.refresh),
        refresh_repeat: given
            .refresh_repeat
            .or(all.refresh_repeat)
            .unwrap_or(built_in.refresh_repeat)
            .max(1),
        lower_prio_delay: given
            .lower_prio_delay
            .or(all.lower_prio_delay)
            .unwrap_or(delay),
        lower_prio_repeat: given
            .lower_prio_repeat
            .or(all.lower_prio_repeat)
            .unwrap_or(repeat),
        extra: given.extra.or(all.extra).unwrap_or_default(),
    }
}
