//! Everything VRRP decides, for all instances: inputs in, effects out.
//!
//! The router feeds each instance's machine and keeps the agenda of their
//! deadlines, so that neither an advert nor a tick looks at instances it does
//! not concern. It is what simulations drive, and the process shell is a loop
//! around [`Router::on`]:
//!
//! 1. [`Router::add`] for each instance in configuration order;
//! 2. [`Input::Interface`] and [`Input::Source`] with what is known, then
//!    [`Input::Start`];
//! 3. what happens, as it happens. Adverts already in a socket go in before
//!    [`Input::Tick`], so that a delayed loop makes no false takeover;
//! 4. [`Input::Stop`].
//!
//! After each input the effects are carried out in order, and
//! [`Router::deadline`] says when [`Input::Tick`] is due.
#![forbid(unsafe_code)]

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use scheduler::Instant;

use super::agenda::Agenda;
use super::fsm::{
    Effects, Event, FaultKind, FaultSet, Heard, Instance, InstanceId, InterfaceKey, Peer, Policy,
    State,
};
use crate::model::Priority;

/// Adverts due within this of each other leave together: one wake-up and one
/// system call. At most a hundredth of their interval, and never cumulative.
const COALESCE: Duration = Duration::from_micros(500);

/// What the router is told.
#[derive(Clone, Copy, Debug)]
pub enum Input {
    /// All instances take part; timers count from the end of the delay.
    Start {
        /// `vrrp_startup_delay`; zero is none.
        delay: Duration,
    },
    /// An interface is up and running, or not (any more). Unknown interfaces
    /// count as down.
    Interface {
        /// Which.
        key: InterfaceKey,
        /// Whether it is up and running.
        up: bool,
    },
    /// The address an instance sends from, or that it has none (any more). The
    /// effects of a loss still say goodbye, best from the address just lost.
    Source {
        /// Which instance.
        id: InstanceId,
        /// Its address.
        address: Option<IpAddr>,
    },
    /// A fault that others find began or ended.
    Fault {
        /// Which instance.
        id: InstanceId,
        /// Which fault.
        kind: FaultKind,
        /// Whether it holds.
        on: bool,
    },
    /// An advert that passed the receive checks.
    Advert {
        /// For which instance.
        id: InstanceId,
        /// What it says.
        advert: Heard,
    },
    /// Somebody deleted a virtual address of a master.
    AddressLost {
        /// Which instance.
        id: InstanceId,
    },
    /// The deadline may have passed.
    Tick,
    /// All instances leave in order.
    Stop,
}

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
    interfaces: BTreeMap<InterfaceKey, Interface>,
    agenda: Agenda,
}

/// A tracked interface and who tracks it.
#[derive(Debug, Default)]
struct Interface {
    up: bool,
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
        let id = InstanceId(u32::try_from(self.instances.len()).unwrap_or(u32::MAX));
        for (track, entry) in policy.tracks.iter().enumerate() {
            let interface = self.interfaces.entry(entry.interface).or_default();
            interface.trackers.push(Tracker { id, track });
        }
        self.instances.push(Instance::new(id, policy));
        self.agenda.grow();
        id
    }

    /// Take in one input.
    pub fn on(&mut self, now: Instant, input: Input, out: &mut Effects) {
        match input {
            Input::Start { delay } => self.all(now, Event::Start { at: now + delay }, out),
            Input::Stop => self.all(now, Event::Stop, out),
            Input::Interface { key, up } => self.interface(now, key, up, out),
            Input::Source { id, address } => self.feed(now, id, Event::Source(address), out),
            Input::Fault { id, kind, on } => self.feed(now, id, Event::Fault { kind, on }, out),
            Input::Advert { id, advert } => self.feed(now, id, Event::Advert(advert), out),
            Input::AddressLost { id } => self.feed(now, id, Event::AddressLost, out),
            Input::Tick => self.tick(now, out),
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
        let first = self.instances.iter().filter_map(Instance::deadline).min();
        debug_assert_eq!(self.deadline(), first, "the agenda is out of date");
    }

    /// One instance takes in an event; the agenda follows its deadline.
    fn feed(&mut self, now: Instant, id: InstanceId, event: Event, out: &mut Effects) {
        if let Some(instance) = self.instances.get_mut(id.index()) {
            instance.on(now, event, out);
            self.agenda.set(id.0, instance.deadline());
        }
    }

    fn all(&mut self, now: Instant, event: Event, out: &mut Effects) {
        for instance in &mut self.instances {
            instance.on(now, event, out);
            self.agenda.set(instance.id().0, instance.deadline());
        }
    }

    fn interface(&mut self, now: Instant, key: InterfaceKey, up: bool, out: &mut Effects) {
        let Some(interface) = self.interfaces.get_mut(&key) else {
            return;
        };
        if interface.up == up {
            return;
        }
        interface.up = up;
        for &Tracker { id, track } in &interface.trackers {
            if let Some(instance) = self.instances.get_mut(id.index()) {
                instance.on(now, Event::Interface { track, up }, out);
                self.agenda.set(id.0, instance.deadline());
            }
        }
    }

    /// All that is due, and the adverts that are due in a moment.
    fn tick(&mut self, now: Instant, out: &mut Effects) {
        while let Some((at, index)) = self.agenda.first() {
            let Some(instance) = self.instances.get_mut(index as usize) else {
                return;
            };
            if at <= now {
                instance.on(now, Event::Tick, out);
            } else if instance.may_advertise_by(now, COALESCE) {
                instance.advertise_early(now, out);
            } else {
                return;
            }
            self.agenda.set(index, instance.deadline());
        }
    }
}
