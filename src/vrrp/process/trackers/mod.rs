//! What instances track beside interfaces, and the sync groups.
//!
//! * `scripts`: run at intervals; their results
//! * `files`: followed by inotify; their numbers
//! * `processes`, `process_events`: found in `/proc`, followed by the kernel's events
//! * `sessions`: BFD sessions, of which the BFD process tells

mod files;
mod process_events;
mod processes;
mod scripts;
mod sessions;

use std::collections::BTreeSet;
use std::rc::Rc;

use scheduler::{Instant, Scheduler};

use super::VrrpProcess;
use super::book::{self, Item};
use crate::track::files::Files;
use crate::vrrp::config::{TrackerKind, TrackerUse, VrrpConfig};
use crate::vrrp::fsm::{GroupId, InstanceId, State, Status, Track, TrackSource, TrackerKey};
use crate::vrrp::plan::TrackerPlan;
use crate::vrrp::router::Input;
use crate::vrrp::sync::SyncGroup;

/// All trackers of the process.
#[derive(Debug, Default)]
pub(super) struct Trackers {
    pub(super) scripts: scripts::Scripts,
    pub(super) files: Files<VrrpProcess>,
    pub(super) processes: processes::Processes,
    pub(super) sessions: sessions::Sessions,
}

/// What the machines call a tracker of the configuration.
fn key(tracker: &TrackerUse) -> TrackerKey {
    let index = u32::try_from(tracker.index).unwrap_or(u32::MAX);
    match tracker.kind {
        TrackerKind::Script => TrackerKey::Script(index),
        TrackerKind::File => TrackerKey::File(index),
        TrackerKind::Process => TrackerKey::Process(index),
        TrackerKind::Bfd => TrackerKey::Bfd(index),
    }
}

/// How an instance tracks it.
pub(super) fn track(tracker: &TrackerUse) -> Track {
    Track {
        source: TrackSource::Tracker(key(tracker)),
        weight: tracker.weight.value,
        reverse: tracker.weight.reverse,
    }
}

/// Trackers of a new configuration that are known: the new key and the old one.
pub(super) fn carried(config: &VrrpConfig, plan: &TrackerPlan) -> Vec<(TrackerKey, TrackerKey)> {
    let instances = config.instances.iter();
    let used = instances.flat_map(|instance| &instance.trackers);
    let pair = |new: &TrackerUse| {
        let index = plan.from(new.kind, new.index)?;
        Some((key(new), key(&TrackerUse { index, ..*new })))
    };
    let pairs: BTreeSet<_> = used.filter_map(pair).collect();
    pairs.into_iter().collect()
}

/// The sync groups as the machines know them.
pub(super) fn groups(config: &VrrpConfig) -> Vec<SyncGroup> {
    let id = |index: &usize| InstanceId(u32::try_from(*index).unwrap_or(u32::MAX));
    let group = |group: &crate::vrrp::config::SyncGroup| {
        SyncGroup::new(&group.name, group.instances.iter().map(id).collect())
    };
    config.sync_groups.iter().map(group).collect()
}

/// The name a tracker has in the configuration.
pub(super) fn name(config: &VrrpConfig, key: TrackerKey) -> String {
    let at = |index: u32| usize::try_from(index).unwrap_or(usize::MAX);
    let found = match key {
        TrackerKey::Script(index) => config.scripts.get(at(index)).map(|s| ("script", &s.name)),
        TrackerKey::File(index) => config.files.get(at(index)).map(|f| ("file", &f.name)),
        TrackerKey::Process(index) => config
            .processes
            .get(at(index))
            .map(|p| ("process", &p.name)),
        TrackerKey::Bfd(index) => config.sessions.get(at(index)).map(|b| ("BFD", &b.name)),
    };
    found.map_or_else(
        || "a tracker".to_owned(),
        |(kind, name)| format!("{kind} {}", name.value),
    )
}

impl VrrpProcess {
    /// Whether any instance tracks it.
    fn is_tracked(&self, key: TrackerKey) -> bool {
        self.router.status(TrackSource::Tracker(key)).is_some()
    }

    /// Before the instances start: the groups, and what is known at once.
    pub(super) fn set_up_trackers(&mut self, s: &mut Scheduler<Self>) {
        let config = Rc::clone(&self.config);
        for group in groups(&config.vrrp) {
            self.router.add_group(group);
        }
        self.set_up_files(s);
        self.set_up_processes(s);
        self.set_up_scripts(s);
        self.set_up_sessions(s);
    }

    /// After a reload, when the router knows who tracks what.
    pub(super) fn carry_trackers(&mut self, s: &mut Scheduler<Self>, plan: &TrackerPlan) {
        self.carry_files(s, plan);
        self.carry_processes(s, plan);
        self.carry_scripts(s, plan);
        self.ask_for_sessions(s);
    }

    /// One line for a transition of a group.
    pub(super) fn group_went(&self, group: GroupId, to: State, member: InstanceId) {
        let groups = &self.config.vrrp.sync_groups;
        let name = groups
            .get(group.index())
            .map_or("?", |group| group.name.as_str());
        let instances = &self.config.vrrp.instances;
        let member = instances
            .get(member.index())
            .map_or("?", |own| own.name.as_str());
        match to {
            State::Init => log::info!("VRRP_Group({name}) stopped"),
            State::Backup | State::Master | State::Fault => log::info!(
                "VRRP_Group({name}) Syncing instances to {} state ({member})",
                to.as_str()
            ),
        }
    }

    /// Somebody deleted a static item with a `track_group`: its masters give up
    /// and come back, as for an address of their own.
    pub(super) fn static_item_missed(&mut self, now: Instant, position: u32) {
        let config = Rc::clone(&self.config);
        let item = book::configured(&config.vrrp, self.book.statics(), position);
        let Some(group) = item.and_then(Item::track_group) else {
            return;
        };
        let groups = &config.vrrp.track_groups;
        let Some(group) = groups.iter().find(|other| other.name.value == group) else {
            return;
        };
        for index in &group.instances {
            let id = InstanceId(u32::try_from(*index).unwrap_or(u32::MAX));
            self.router
                .on(now, Input::AddressLost { id }, &mut self.effects);
        }
    }

    /// What is known of a tracker; the effects are carried out by the caller.
    fn tracked(&mut self, s: &Scheduler<Self>, key: TrackerKey, status: Status) {
        let input = Input::Tracker { key, status };
        self.router.on(s.now(), input, &mut self.effects);
    }
}
