//! One instance: every default filled in, every rule of its own checked.

use std::net::IpAddr;
use std::time::Duration;

use super::Resolver;
use crate::control_plane::arg::seconds_text;
use crate::control_plane::diag::Code;
use crate::model::{Family, Priority};
use crate::vrrp::authentication::Authentication;
use crate::vrrp::config::{AuthType, InitialState, InstanceConfig};
use crate::wire::vrrp::Version;

impl Resolver<'_> {
    pub(super) fn instance(&mut self, instance: &mut InstanceConfig) {
        self.identity(instance);
        self.family(instance);
        self.version(instance);
        self.state(instance);
        self.preemption(instance);
        self.advert_interval(instance);
        self.own_interface(instance);
        self.transport(instance);
        self.vrf(instance);
        self.authentication(instance);
        self.auth_hmac(instance);
        self.addresses(instance);
        self.tracked_interfaces(instance);
        self.inherited(instance);
        if instance.strict {
            self.strict(instance);
        }
    }

    fn identity(&mut self, instance: &mut InstanceConfig) {
        instance.strict = instance
            .given
            .strict
            .map_or(self.global.vrrp.strict, |strict| strict.value);
        match instance.given.vrid {
            Some(vrid) => instance.vrid = vrid.value,
            None => {
                let text = format!(
                    "vrrp_instance `{}` has no virtual_router_id",
                    instance.name.value
                );
                self.refuse(Code::General, instance.name.span, text);
            }
        }
    }

    /// That of the first address, else what the instance says of itself.
    fn family(&mut self, instance: &mut InstanceConfig) {
        let first = instance.vips.first().map(|vip| vip.net.family());
        let native = instance.given.native_ipv6.map(|_| Family::V6);
        let peer = instance
            .unicast_peers
            .first()
            .map(|peer| Family::of(&peer.address));
        let source = instance.source.map(|source| Family::of(&source));
        let found = native.or(first).or(peer).or(source);
        instance.family = found.unwrap_or(Family::V4);
        if let (Some(native), Some(Family::V4)) = (instance.given.native_ipv6, first) {
            self.error(native.span, "native_ipv6 contradicts the IPv4 addresses");
            instance.family = Family::V4;
        }
        let family = instance.family;
        instance.vips.retain(|vip| {
            let same = vip.net.family() == family;
            if !same {
                let text = format!("{} is of another family than the instance", vip.net.addr);
                self.error(vip.net.span, text);
            }
            same
        });
    }

    fn version(&mut self, instance: &mut InstanceConfig) {
        let given = instance.given.version;
        instance.version = match instance.family {
            Family::V4 => given.map_or(self.global.vrrp.version, |version| version.value),
            Family::V6 => Version::V3,
        };
        if let (Family::V6, Some(version)) = (instance.family, given)
            && version.value == Version::V2
        {
            self.warn(version.span, "IPv6 needs version 3, which is used");
            self.diags.lint("ipv6-version");
        }
        if let Some(other) = instance.given.other_version {
            let text = "the instance has another version already: ignored";
            self.error(other.span, text);
        }
    }

    /// `state` and `priority` give each other their defaults.
    fn state(&mut self, instance: &mut InstanceConfig) {
        let state = instance.given.state;
        if let Some(other) = instance.given.other_state {
            let text = "the state of the instance is MASTER already: ignored";
            self.error(other.span, text);
        }
        let wanted = state.map(|state| state.value);
        instance.priority = match (instance.given.priority, wanted) {
            (Some(priority), _) => priority.value,
            (None, Some(InitialState::Master)) => Priority::OWNER,
            (None, Some(InitialState::Backup) | None) => Priority::DEFAULT,
        };
        let owner = instance.priority.is_owner();
        instance.initial_state = match wanted {
            _ if owner => InitialState::Master,
            Some(state) => state,
            None => InitialState::Backup,
        };
        if let (true, Some(state)) = (owner, state)
            && state.value == InitialState::Backup
        {
            let text = "priority 255 means the owner of the addresses, who is master at once: \
                        state BACKUP is ignored";
            self.warn(state.span, text);
            self.diags.lint("backup-owner");
        }
    }

    /// Whoever starts as master preempts.
    fn preemption(&mut self, instance: &mut InstanceConfig) {
        let why = if instance.priority.is_owner() {
            Some("priority 255")
        } else if instance.initial_state == InitialState::Master {
            Some("state MASTER")
        } else {
            None
        };
        instance.nopreempt = instance.given.nopreempt.is_some_and(|flag| flag.value);
        if let (Some(flag), Some(why)) = (instance.given.nopreempt, why) {
            self.error(
                flag.span,
                format!("nopreempt does not go with {why}: ignored"),
            );
            self.diags.lint("nopreempt-with-master");
            instance.nopreempt = false;
        }
        let delay = instance.given.preempt_delay;
        instance.preempt_delay = delay.map_or(Duration::ZERO, |delay| delay.value);
        let why = why.or_else(|| instance.nopreempt.then_some("nopreempt"));
        if let (Some(delay), Some(why)) = (delay, why)
            && !delay.is_zero()
        {
            self.error(
                delay.span,
                format!("preempt_delay does not go with {why}: ignored"),
            );
            instance.preempt_delay = Duration::ZERO;
        }
        let timer = instance.given.timer_expired_backup;
        instance.timer_expired_backup = timer.map(|timer| timer.value);
        if let (Some(timer), false) = (timer, instance.nopreempt) {
            self.error(timer.span, "timer_expired_backup needs nopreempt: ignored");
            instance.timer_expired_backup = None;
        }
    }

    /// What the advert's field can hold: whole seconds, or hundredths in 12 bits.
    fn advert_interval(&mut self, instance: &mut InstanceConfig) {
        let Some(given) = instance.given.advert_int else {
            return;
        };
        let (step, most) = match instance.version {
            Version::V2 => (Duration::from_secs(1), Duration::from_secs(255)),
            Version::V3 => (Duration::from_millis(10), Duration::from_millis(40_950)),
        };
        let steps = (given.value + step / 2).as_nanos() / step.as_nanos();
        let steps = u32::try_from(steps).unwrap_or(u32::MAX).max(1);
        instance.advert_interval = (step * steps).min(most);
        if instance.advert_interval != given.value {
            let text = format!(
                "advert_int {}: version {} has steps of {} up to {} seconds; {} is used",
                seconds_text(given.value),
                instance.version.number(),
                seconds_text(step),
                seconds_text(most),
                seconds_text(instance.advert_interval),
            );
            self.error(given.span, text);
        }
    }

    fn own_interface(&mut self, instance: &InstanceConfig) {
        match &instance.interface {
            None if instance.is_unicast() && instance.source.is_some() => (),
            None => {
                let text = format!("vrrp_instance `{}` has no interface", instance.name.value);
                self.refuse(Code::General, instance.name.span, text);
            }
            Some(name) if self.machine.interface_is_loopback(name.as_str()) => {
                let text = format!("`{}` is the loopback interface", name.value);
                self.refuse(Code::General, name.span, text);
            }
            Some(name) => {
                self.interface(Code::General, name, name.span);
            }
        }
    }

    /// Where there is an interface, that belongs to a VRF or does not.
    fn vrf(&mut self, instance: &mut InstanceConfig) {
        let Some(vrf) = instance.vrf.clone() else {
            return;
        };
        if instance.interface.is_some() || !instance.is_unicast() {
            let text = "vrf is for unicast instances without interface: ignored";
            self.error(vrf.span, text);
            instance.vrf = None;
        } else {
            self.interface(Code::General, &vrf, vrf.span);
        }
    }

    fn transport(&mut self, instance: &mut InstanceConfig) {
        let family = instance.family;
        if let Some(source) = instance.source
            && Family::of(&source) != family
        {
            self.error(
                source.span,
                "the source address is of another family than the instance",
            );
            instance.source = None;
        }
        instance.unicast_peers.retain(|peer| {
            let same = Family::of(&peer.address) == family;
            if !same {
                self.error(
                    peer.address.span,
                    "the peer is of another family than the instance",
                );
            }
            same
        });
        self.multicast_group(instance);
        let unicast = instance.is_unicast();
        instance.fault_without_peer = !unicast && instance.given.unicast_fault_no_peer;
        if let (Some(word), false, false) =
            (instance.given.unicast, unicast, instance.fault_without_peer)
        {
            let text = "unicast without a peer: multicast is used";
            self.diags.warn(Code::Deprecated, word.span, text);
            self.diags.lint("unicast-without-peer");
        }
        instance.unicast_ttl = instance.given.unicast_ttl.map(|ttl| ttl.value);
        if let (Some(ttl), false) = (instance.given.unicast_ttl, unicast) {
            self.error(ttl.span, "unicast_ttl without a unicast_peer: ignored");
            instance.unicast_ttl = None;
        }
        if let (Some(source), true) = (instance.source, unicast)
            && instance
                .unicast_peers
                .iter()
                .any(|peer| peer.address == source)
        {
            self.warn(source.span, "the own address is one of the peers");
            self.diags.lint("own-address-as-peer");
        }
    }

    fn multicast_group(&mut self, instance: &mut InstanceConfig) {
        let defaults = &self.global.vrrp;
        instance.multicast_group = match instance.family {
            Family::V4 => defaults.multicast_group4.value.into(),
            Family::V6 => defaults.multicast_group6.value.into(),
        };
        let Some(group) = instance.given.mcast_dst_ip else {
            return;
        };
        let fits = Family::of(&group) == instance.family
            && match group.value {
                IpAddr::V4(group) => group.is_multicast(),
                IpAddr::V6(group) => group.is_multicast() && group.octets()[1] & 0x0f == 2,
            };
        if fits {
            instance.multicast_group = group.value;
        } else {
            let text = "mcast_dst_ip: no multicast group of the family and of link-local scope";
            self.error(group.span, text);
        }
    }

    /// Only version 2 has authentication (RFC 9568 section 9).
    fn authentication(&mut self, instance: &mut InstanceConfig) {
        let (kind, password) = (instance.given.auth_type, instance.given.auth_pass);
        let Some(kind) = kind else {
            if let Some(password) = password {
                self.warn(
                    password.span,
                    "auth_pass without auth_type: no authentication is done",
                );
                self.diags.lint("auth-pass-without-type");
            }
            return;
        };
        let ignored = |why: &str| format!("authentication is ignored: {why}");
        let Some(password) = password else {
            return self.error(kind.span, ignored("there is no auth_pass"));
        };
        if instance.version == Version::V3 {
            return self.error(kind.span, ignored("version 3 has none"));
        }
        instance.authentication = match (kind.value, instance.family) {
            (AuthType::Pass, _) => Authentication::Pass(password.value),
            (AuthType::Ah, Family::V4) => Authentication::Ah(password.value),
            (AuthType::Ah, Family::V6) => {
                return self.error(kind.span, ignored("AH needs IPv4"));
            }
        };
        if kind.value == AuthType::Ah && !instance.priority.is_owner() {
            instance.initial_state = InitialState::Backup;
        }
    }

    /// Kubernetes' kube-keepalived-vip tracks the own interface, which is so anyway: while
    /// it is down, nothing can be sent, whatever the weight.
    fn tracked_interfaces(&mut self, instance: &mut InstanceConfig) {
        let own = instance.interface.as_ref().map(|name| name.value.clone());
        let excused = instance.dont_track_primary;
        instance.track_interfaces = instance.given.interfaces.clone();
        instance.track_interfaces.retain(|tracked| {
            let counts = tracked.weight != 0 && excused;
            let twice = !counts && own.as_ref() == Some(&tracked.name.value);
            if twice {
                let text = if tracked.weight == 0 {
                    "the own interface is tracked anyway"
                } else {
                    "the own interface is tracked anyway: its weight counts with \
                     dont_track_primary only"
                };
                self.warn(tracked.name.span, text);
                self.diags.lint("own-interface-tracked");
            }
            !twice
        });
        for tracked in &instance.track_interfaces {
            self.interface(Code::General, &tracked.name, tracked.name.span);
        }
    }
}
