//! KEEPALIVED-MIB of the VRRP process: what it asks, what is set by it, and what is told.

use scheduler::Instant;

use super::VrrpProcess;
use crate::control_plane::Config;
use crate::model::Priority;
use crate::notify::event::What;
use crate::snmp::Mib;
use crate::snmp::keepalived::traps::{self, Told};
use crate::snmp::keepalived::{GlobalFacts, GlobalMib, VrrpFacts, VrrpMib};
use crate::sys::host;
use crate::vrrp::fsm::{GroupId, InstanceId, Policy, State, TrackerKey};
use crate::watchdog::launch::Plumbing;
use crate::watchdog::launch::role::Role;

/// What of it is served.
pub(super) fn mibs(config: &Config, plumbing: &Plumbing) -> Vec<&'static Mib<VrrpProcess>> {
    if !serves(config, plumbing) {
        return Vec::new();
    }
    let mut mibs: Vec<&'static Mib<VrrpProcess>> = vec![&VrrpMib::<VrrpProcess>::MIB];
    if !checker_serves(config, plumbing) {
        mibs.push(&GlobalMib::<VrrpProcess>::MIB);
    }
    mibs
}

fn serves(config: &Config, plumbing: &Plumbing) -> bool {
    plumbing.settings.snmp || config.global.snmp.vrrp
}

/// Whether the checker process runs, and serves what concerns all of it.
fn checker_serves(config: &Config, plumbing: &Plumbing) -> bool {
    let settings = &plumbing.settings;
    let is_asked_for = settings.snmp || config.global.snmp.checker;
    let is_there = config.presence.checkers || settings.all_roles;
    is_asked_for && is_there && settings.roles.contains(&Role::Check)
}

impl VrrpProcess {
    /// An instance has changed its state, or is told of for the last time.
    pub(super) fn trap_instance(&mut self, id: InstanceId, what: What) {
        let told = match what {
            What::Master => Told::Running(State::Master),
            What::Backup => Told::Running(State::Backup),
            What::Fault => Told::Running(State::Fault),
            What::Stop => Told::Stopped,
            What::Deleted => Told::Deleted,
            What::MasterRxLowerPri
            | What::MasterPriority
            | What::BackupPriority
            | What::Up
            | What::Down => return,
        };
        let config = self.config.vrrp.instance(id.index());
        if let (true, Some(config)) = (self.tells_own(), config) {
            let notification = traps::instance_changed(config, told, &self.router_id());
            self.trap(Some(notification));
        }
    }

    /// A sync group has changed its state.
    pub(super) fn trap_group(&mut self, group: GroupId, to: State) {
        let told = match to {
            State::Init => Told::Stopped,
            State::Backup | State::Master | State::Fault => Told::Running(to),
        };
        let config = self.config.vrrp.sync_groups.get(group.index());
        if let (true, Some(config)) = (self.tells_own(), config) {
            let notification = traps::group_changed(&config.name, told, &self.router_id());
            self.trap(Some(notification));
        }
    }

    fn tells_own(&self) -> bool {
        self.tells_traps() && serves(&self.config, &self.plumbing)
    }
}

impl GlobalFacts for VrrpProcess {
    fn router_id(&self) -> String {
        let given = self.config.global.router_id.clone();
        given.unwrap_or_else(host::name)
    }
}

impl VrrpFacts for VrrpProcess {
    fn processes(&self, tracker: u32) -> Option<u32> {
        let counted = self
            .trackers
            .processes
            .counted(TrackerKey::Process(tracker))?;
        Some(counted.count())
    }

    fn set_base_priority(&mut self, now: Instant, id: InstanceId, priority: Priority) {
        let change = |policy: &mut Policy| policy.priority = priority;
        self.router.amend(now, id, change, &mut self.effects);
        if let Some(own) = self.routers.get(id.index()) {
            log::info!(
                "({}) SNMP has set the base priority to {priority}",
                own.name
            );
        }
    }

    fn set_preempts(&mut self, now: Instant, id: InstanceId, preempts: bool) {
        let change = |policy: &mut Policy| policy.nopreempt = !preempts;
        self.router.amend(now, id, change, &mut self.effects);
        if let Some(own) = self.routers.get(id.index()) {
            let word = if preempts { "on" } else { "off" };
            log::info!("({}) SNMP has switched preemption {word}", own.name);
        }
    }
}
