//! Strict mode: what the RFC does not have.

use std::time::Duration;

use super::Resolver;
use crate::control_plane::diag::Code;
use crate::vrrp::authentication::Authentication;
use crate::vrrp::config::{InitialState, InstanceConfig};
use crate::wire::vrrp::Version;

impl Resolver<'_> {
    /// What `strict_mode` overrules.
    pub(super) fn strict(&mut self, instance: &mut InstanceConfig) {
        let name = instance.name.span;
        if instance.is_unicast() {
            let span = instance.given.unicast.map_or(name, |word| word.span);
            self.refuse(Code::General, span, "strict mode has no unicast");
        }
        if instance.authentication != Authentication::None {
            let span = instance.given.auth_type.map_or(name, |kind| kind.span);
            self.error(span, "strict mode has no authentication: ignored");
            self.diags.lint("strict-forbids");
            instance.authentication = Authentication::None;
        }
        if let Some(state) = instance.given.state
            && (state.value == InitialState::Master) != instance.priority.is_owner()
        {
            self.error(
                state.span,
                "strict mode: state MASTER is for priority 255 only, and the other way round",
            );
            self.diags.lint("strict-forbids");
            instance.initial_state = if instance.priority.is_owner() {
                InitialState::Master
            } else {
                InitialState::Backup
            };
        }
        if let Some(accept) = instance.given.accept
            && accept.value
            && instance.version == Version::V2
            && !instance.priority.is_owner()
        {
            self.error(accept.span, "strict mode: version 2 has no accept");
            self.diags.lint("strict-forbids");
            instance.accept = false;
        }
        self.strict_values(instance);
    }

    fn strict_values(&mut self, instance: &mut InstanceConfig) {
        if let Some(delay) = instance.given.preempt_delay
            && !delay.is_zero()
        {
            self.error(delay.span, "strict mode has no preempt_delay: ignored");
            self.diags.lint("strict-forbids");
        }
        if let Some(send) = instance.given.higher_prio_send_advert
            && send.value
        {
            self.error(
                send.span,
                "strict mode has no higher_prio_send_advert: ignored",
            );
            self.diags.lint("strict-forbids");
        }
        instance.preempt_delay = Duration::ZERO;
        instance.higher_prio_send_advert = false;
        instance.lower_prio_no_advert = true;
        instance.down_timer_adverts = 3;
        instance.garp.lower_prio_delay = Duration::ZERO;
        instance.garp.lower_prio_repeat = 0;
    }
}
