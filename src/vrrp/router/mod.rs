//! Everything VRRP decides, for all instances: inputs in, effects out.
//!
//! The router feeds each instance's machine and keeps the agenda of their
//! deadlines, so that neither an advert nor a tick looks at instances it does
//! not concern. It is what simulations drive, and the process shell is a loop
//! around [`Router::on`]:
//!
//! 1. [`Router::add`] for each instance in configuration order, then
//!    [`Router::add_group`];
//! 2. [`Input::Interface`] and [`Input::Source`] with what is known, then
//!    [`Input::Start`];
//! 3. what happens, as it happens. Adverts already in a socket go in before
//!    [`Input::Tick`], so that a delayed loop makes no false takeover;
//! 4. for another configuration [`Input::Leave`] for what it does not have,
//!    [`Router::replace`], and [`Input::Join`] for what is new;
//! 5. [`Input::Stop`].
//!
//! After each input the effects are carried out in order, and
//! [`Router::deadline`] says when [`Input::Tick`] is due.
//!
//! * `input`: what may happen
//! * `groups`: members of a sync group follow each other
//! * `reload`: another configuration for a running router
#![forbid(unsafe_code)]

mod groups;
mod input;
mod reload;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use scheduler::Instant;

pub use input::Input;
pub use reload::{Successor, Successors};

use super::agenda::Agenda;
use super::fsm::{
    Effects, Event, FaultKind, FaultSet, GroupId, Instance, InstanceId, Member, Peer, Policy,
    State, Status, TrackSource,
};
use super::sync::{SyncGroup, SyncGroups};
use crate::model::Priority;

/// Adverts due within this of each other leave together: one wake-up and one
/// system call. At most a hundredth of their interval, and never cumulative.
const COALESCE: Duration = Duration::from_micros(500);

/// What the receive checks and dumps need to know of an instance.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct View {
    /// Its state.
    pub state: State,
    /// The priority it advertises.
    pub priority: Priority,
    /// The master it listens to, as backup.
    pub master: Option<Peer>,
    /// The interval attributed to the master.
    pub master_interval: Duration,
    /// The address it sends from.
    pub source: Option<IpAddr>,
    /// What keeps it from running.
    pub faults: FaultSet,
}

/// All instances.
#[derive(Debug, Default)]
pub struct Router {
    instances: Vec<Instance>,
    sources: BTreeMap<TrackSource, Source>,
    groups: SyncGroups,
    agenda: Agenda,
    /// Reused for what a group looks at.
    members: Vec<(InstanceId, Member)>,
}

/// Something tracked and who tracks it.
#[derive(Debug)]
struct Source {
    status: Status,
    trackers: Vec<Tracker>,
}

#[derive(Clone, Copy, Debug)]
struct Tracker {
    id: InstanceId,
    track: usize,
}

impl Router {
    /// A router without instances.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Add an instance in INIT; ids count up from zero.
    pub fn add(&mut self, policy: Policy) -> InstanceId {
        let id = self.next_id();
        self.track(id, &policy);
        self.instances.push(Instance::new(id, policy));
        self.agenda.grow();
        id
    }

    fn next_id(&self) -> InstanceId {
        InstanceId(u32::try_from(self.instances.len()).unwrap_or(u32::MAX))
    }

    fn track(&mut self, id: InstanceId, policy: &Policy) {
        for (track, entry) in policy.tracks.iter().enumerate() {
            let source = self.sources.entry(entry.source).or_insert_with(|| Source {
                status: entry.source.initial(),
                trackers: Vec::new(),
            });
            source.trackers.push(Tracker { id, track });
        }
    }

    /// Have instances change together; those with [`Policy::grouped`], which must
    /// exist. Ids count up from zero.
    pub fn add_group(&mut self, group: SyncGroup) -> GroupId {
        self.groups.add(group)
    }

    /// The sync groups.
    #[must_use]
    pub const fn groups(&self) -> &SyncGroups {
        &self.groups
    }

    /// What is known of something tracked; `None` if nobody tracks it.
    #[must_use]
    pub fn status(&self, source: TrackSource) -> Option<Status> {
        self.sources.get(&source).map(|source| source.status)
    }

    /// Take in one input.
    pub fn on(&mut self, now: Instant, input: Input, out: &mut Effects) {
        match input {
            Input::Start { delay } => self.start(now, now + delay, out),
            Input::Stop => self.stop(now, out),
            Input::Interface { key, up } => {
                self.source(now, TrackSource::Interface(key), Status::good(up), out);
            }
            Input::Tracker { key, status } => {
                self.source(now, TrackSource::Tracker(key), status, out);
            }
            Input::Source { id, address } => self.feed(now, id, Event::Source(address), out),
            // That one is the group's own business.
            Input::Fault {
                kind: FaultKind::Group,
                ..
            } => {}
            Input::Fault { id, kind, on } => self.feed(now, id, Event::Fault { kind, on }, out),
            Input::Advert { id, advert } => self.feed(now, id, Event::Advert(advert), out),
            Input::AddressLost { id } => self.feed(now, id, Event::AddressLost, out),
            Input::Tick => self.tick(now, out),
            Input::Join { id } => self.feed(now, id, Event::Start { at: now }, out),
            Input::Leave { id } => self.leave(now, id, out),
        }
    }

    /// When [`Input::Tick`] is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.agenda.first().map(|(at, _)| at)
    }

    /// How many instances there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.instances.len()
    }

    /// Whether there are no instances.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.instances.is_empty()
    }

    /// An instance's machine, to look at.
    #[must_use]
    pub fn instance(&self, id: InstanceId) -> Option<&Instance> {
        self.instances.get(id.index())
    }

    /// The state of an instance; INIT for one that does not exist.
    #[must_use]
    pub fn state(&self, id: InstanceId) -> State {
        self.instance(id).map_or(State::Init, Instance::state)
    }

    /// The priority an instance advertises.
    #[must_use]
    pub fn effective_priority(&self, id: InstanceId) -> Option<Priority> {
        self.instance(id).map(Instance::effective_priority)
    }

    /// What the receive checks and dumps need.
    #[must_use]
    pub fn view(&self, id: InstanceId) -> Option<View> {
        self.instance(id).map(|instance| View {
            state: instance.state(),
            priority: instance.effective_priority(),
            master: instance.master(),
            master_interval: instance.master_interval(),
            source: instance.source(),
            faults: instance.faults(),
        })
    }

    /// Whatever must hold after every input; panics in debug builds if not.
    pub fn check_invariants(&self, now: Instant) {
        for instance in &self.instances {
            instance.check_invariants(now);
        }
        for (_, group) in self.groups.iter() {
            self.check_group(group);
        }
        let first = self.instances.iter().filter_map(Instance::deadline).min();
        debug_assert_eq!(self.deadline(), first, "the agenda is out of date");
    }

    /// One instance takes in an event, and its group follows.
    fn feed(&mut self, now: Instant, id: InstanceId, event: Event, out: &mut Effects) {
        let was_init = self.state(id) == State::Init;
        self.feed_one(now, id, event, out);
        if let Some(group) = self.groups.of(id) {
            if was_init {
                self.catch_up(now, group, id, out);
            }
            self.settle_group(now, group, Some(id), out);
            self.tell_group(group, id, out);
        }
    }

    /// One instance leaves, and its group goes on without it.
    fn leave(&mut self, now: Instant, id: InstanceId, out: &mut Effects) {
        self.feed_one(now, id, Event::Removed, out);
        if let Some(group) = self.groups.of(id) {
            if let Some(known) = self.groups.get_mut(group) {
                known.dismiss(id);
            }
            self.settle_group(now, group, None, out);
            self.tell_group_itself(group, out);
        }
    }

    /// One instance takes in an event; the agenda follows its deadline.
    fn feed_one(&mut self, now: Instant, id: InstanceId, event: Event, out: &mut Effects) {
        if let Some(instance) = self.instances.get_mut(id.index()) {
            instance.on(now, event, out);
            self.agenda.set(id.0, instance.deadline());
        }
    }

    /// Members that start with a fault of the group do not work for a moment. A group
    /// that starts as backup is told of before its members, as the C daemon does.
    fn start(&mut self, now: Instant, at: Instant, out: &mut Effects) {
        let groups: Vec<GroupId> = self.groups.iter().map(|(id, _)| id).collect();
        for &group in &groups {
            self.settle_group(now, group, None, out);
            self.prepare_group(group, out);
        }
        self.all(now, Event::Start { at }, out);
        for &group in &groups {
            self.settle_group(now, group, None, out);
            self.tell_group_itself(group, out);
        }
    }

    /// Each instance leaves by itself, then the groups have left.
    fn stop(&mut self, now: Instant, out: &mut Effects) {
        self.all(now, Event::Stop, out);
        self.stop_groups(out);
    }

    fn all(&mut self, now: Instant, event: Event, out: &mut Effects) {
        for instance in &mut self.instances {
            instance.on(now, event, out);
            self.agenda.set(instance.id().0, instance.deadline());
        }
    }

    fn source(&mut self, now: Instant, source: TrackSource, status: Status, out: &mut Effects) {
        // One that nobody tracks may be tracked after a reload.
        let known = self.sources.entry(source).or_insert_with(|| Source {
            status: source.initial(),
            trackers: Vec::new(),
        });
        if known.status == status {
            return;
        }
        known.status = status;
        let trackers = std::mem::take(&mut known.trackers);
        for &Tracker { id, track } in &trackers {
            self.feed(now, id, Event::Track { track, status }, out);
        }
        if let Some(known) = self.sources.get_mut(&source) {
            known.trackers = trackers;
        }
    }

    /// All that is due, and the adverts that are due in a moment.
    fn tick(&mut self, now: Instant, out: &mut Effects) {
        while let Some((at, index)) = self.agenda.first() {
            let Some(instance) = self.instances.get_mut(index as usize) else {
                return;
            };
            if at <= now {
                self.feed(now, InstanceId(index), Event::Tick, out);
            } else if instance.may_advertise_by(now, COALESCE) {
                instance.advertise_early(now, out);
                self.agenda.set(index, instance.deadline());
            } else {
                return;
            }
        }
    }
}
