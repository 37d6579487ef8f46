//! From what the text says to what the daemon runs: defaults that depend on
//! others, checks across blocks, and what only the machine knows.
//!
//! A mistake that leaves an instance usable is reported and put right. The others
//! refuse the whole VRRP configuration, as in the C daemon, since half of the
//! routers of a site would be worse than a daemon that says why it stops.
//!
//! * `instance`: one instance, rule by rule; `inherited`: what it takes from the global
//!   settings; `strict`: what `strict_mode` forbids
//! * `addresses`, `routes`, `vmac`, `hmac`, `interfaces`: its parts
//! * `groups`, `trackers`, `scripts`, `notify`, `sync_daemon`: what refers to other blocks,
//!   or to the machine

mod addresses;
mod groups;
mod hmac;
mod inherited;
mod instance;
mod interfaces;
mod notify;
mod routes;
mod scripts;
mod strict;
mod sync_daemon;
#[cfg(test)]
mod tests;
mod trackers;
mod vmac;

use std::net::IpAddr;

use crate::bfd::config::{self as bfd, SessionConfig};
use crate::check::config as check;
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::load::{Config, Machine, Presence};
use crate::control_plane::source::Span;
use crate::control_plane::value::Shared;
use crate::global::draft::Draft;
use crate::global::{DynamicInterfaces, GlobalConfig};
use crate::model::{Family, FastMap, IfName, Vrid};
use crate::vrrp::config::{InstanceConfig, Names, TrackedSession, VrrpConfig};

/// Complete a configuration. `None` when nothing can run with it.
pub fn resolve(draft: Draft, machine: &dyn Machine, diags: &mut Diags) -> Option<Config> {
    let Draft {
        mut global,
        mut vrrp,
        bfd,
        mut names,
        check,
        static_routes,
        static_rules,
        ..
    } = draft;
    global.use_pid_dir |= global.instance.is_some() || global.net_namespace.is_some();
    global.without_missing_processors(machine.processors(), diags);
    let mut notify = std::mem::take(&mut global.notify);
    let mut sync_daemon = global.lvs.sync_daemon.take();
    let mut resolver = Resolver {
        global: &global,
        machine,
        diags,
        refused: false,
        runs_as_root: None,
    };
    let bfd = bfd::resolve(bfd, resolver.diags);
    resolver.script_user();
    resolver.complete_instances(&mut vrrp.instances, &names);
    resolver.static_addresses(&mut vrrp, &names);
    resolver.routes(&mut vrrp, [&static_routes, &static_rules], &names);
    vrrp.sessions = bfd.iter().map(tracked_session).collect();
    resolver.groups_and_trackers(&mut vrrp, &mut names);
    resolver.notifications(&mut notify, &mut vrrp);
    let sessions: Vec<_> = bfd.iter().map(|session| session.name.clone()).collect();
    let around = check::Surroundings {
        lvs: &global.lvs,
        smtp_alert: notify.mail.alert,
        files: &vrrp.files,
        sessions: &sessions,
    };
    let check = check::resolve(check, &around, &mut resolver);
    resolver.sync_daemon(&mut sync_daemon, &vrrp.instances);
    resolver.script_security();
    let refused = resolver.refused;
    global.notify = notify;
    global.lvs.sync_daemon = sync_daemon;
    let presence = Presence {
        vrrp: vrrp.has_work(),
        checkers: !check.services.is_empty(),
        bfd: !bfd.is_empty(),
        dbus: global.dbus.is_enabled && vrrp.has_work(),
    };
    (!refused).then_some(Config {
        global,
        vrrp,
        check,
        bfd,
        presence,
    })
}

/// Give back the room that lists kept to grow.
fn tighten(instance: &mut InstanceConfig) {
    instance.vips.shrink_to_fit();
    instance.excluded_vips.shrink_to_fit();
    instance.track_interfaces.shrink_to_fit();
    instance.given.interfaces.shrink_to_fit();
    instance.unicast_peers.shrink_to_fit();
}

/// What those that track a session know of it.
fn tracked_session(session: &SessionConfig) -> TrackedSession {
    TrackedSession {
        name: session.name.clone(),
        weight: session.weight,
    }
}

/// What a resolution needs.
struct Resolver<'a> {
    global: &'a GlobalConfig,
    machine: &'a dyn Machine,
    diags: &'a mut Diags,
    /// Whether something was found that nothing can run with.
    refused: bool,
    /// The first script that root runs.
    runs_as_root: Option<Span>,
}

impl Resolver<'_> {
    fn error(&mut self, span: Span, text: impl Into<String>) {
        self.diags.error(Code::General, span, text);
    }

    fn warn(&mut self, span: Span, text: impl Into<String>) {
        self.diags.warn(Code::Warning, span, text);
    }

    /// An error that leaves nothing to run.
    fn refuse(&mut self, code: Code, span: Span, text: impl Into<String>) {
        self.refused = true;
        self.diags.error(code, span, text);
    }

    /// Report an interface that is not there, unless that is allowed. `code` is
    /// [`Code::General`] for what belongs to an instance, as with the C daemon.
    fn interface(&mut self, code: Code, name: &IfName, span: Span) -> bool {
        let known = self.global.dynamic_interfaces != DynamicInterfaces::No
            || self.machine.interface_exists(name.as_str());
        if !known {
            let text = format!("there is no interface `{name}`");
            self.refuse(code, span, text);
        }
        known
    }

    fn complete_instances(&mut self, instances: &mut Vec<Shared<InstanceConfig>>, names: &Names) {
        for instance in &mut *instances {
            self.instance(instance);
            tighten(instance);
            names.check(&instance.given.tracked, self.diags);
        }
        self.virtual_links(instances);
        instances.shrink_to_fit();
        self.duplicates(instances);
    }

    /// What several instances share: groups, and what they track.
    fn groups_and_trackers(&mut self, vrrp: &mut VrrpConfig, names: &mut Names) {
        self.garp_groups(vrrp);
        self.up_down_delays(vrrp);
        self.linkbeat(vrrp);
        self.trackers(vrrp);
        let mut groups = std::mem::take(&mut names.sync_groups);
        self.sync_groups(names, &mut groups, vrrp);
        self.track_groups(vrrp);
        self.tracking(vrrp, &groups);
        vrrp.sync_groups = groups;
    }

    /// The same virtual router twice on a network.
    fn duplicates(&mut self, instances: &[Shared<InstanceConfig>]) {
        type Key<'k> = (Option<&'k IfName>, Family, Vrid, Option<IpAddr>, bool);
        let mut seen: FastMap<Key<'_>, &str> = FastMap::default();
        for instance in instances.iter().filter(|instance| instance.vrid != Vrid(0)) {
            let unicast = instance.is_unicast();
            let multicast = Some(instance.multicast_group);
            let source = instance.source.as_ref().map(|source| source.value);
            let interface = instance.interface.as_ref().map(|name| &name.value);
            let own = if unicast { source } else { multicast };
            let key = (interface, instance.family, instance.vrid, own, unicast);
            if let Some(other) = seen.insert(key, &instance.name) {
                let text = format!(
                    "virtual_router_id {} is that of vrrp_instance `{other}` on the same network",
                    instance.vrid
                );
                let span = instance
                    .given
                    .vrid
                    .map_or(instance.name.span, |vrid| vrid.span);
                self.refuse(Code::General, span, text);
            }
        }
    }
}
