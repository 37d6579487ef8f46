//! One virtual router: the machine of RFC 9568 section 6.4 (and 5798, 3768
//! where they differ), with a FAULT state for an instance that may not run.
//!
//! `Instance::on` takes the time and an [`Event`] and appends [`Effect`]s; it
//! has no clock, socket or log. [`Instance::deadline`] says when it wants
//! [`Event::Tick`]. The files:
//!
//! * `policy`: what the configuration says; `event`: what is heard, and causes
//! * `effect`: what is to be done; `faults`: why an instance may not run
//! * `track`: the rule of all trackers; `tracking`: how faults, the source address
//!   and weights act
//! * `group`: what a sync group tells its members
//! * `timers`: skew and master-down arithmetic
//! * `init`: how an instance begins to work, and how it stops
//! * `backup`, `master`: the two working states, one function per rule
//! * `reload`: another policy for an instance that goes on
//! * this file: the dispatch, and the only place that changes `state` for others to
//!   be told
//!
//! An instance has one timer at a time: the master-down timer as backup, the
//! advert timer as master, none in INIT and FAULT. A conflict of two owners
//! adds a second one for its duration.
#![forbid(unsafe_code)]

mod backup;
mod effect;
mod event;
mod faults;
mod group;
mod init;
mod master;
mod policy;
mod reload;
pub mod timers;
mod track;
mod tracking;

use std::net::IpAddr;
use std::time::Duration;

use scheduler::Instant;

pub use effect::{Burst, Effect, Effects, Presence};
pub use event::{Cause, Event, Heard, Note, Peer, State};
pub use faults::{FaultKind, FaultSet};
pub use policy::{AnnouncePolicy, GroupId, InstanceId, InterfaceKey, Policy};
pub use reload::Origin;
pub use track::{Known, Status, Track, TrackSource, TrackerKey};

pub use crate::wire::vrrp::Version;

use crate::model::Priority;
use backup::Waiting;
use group::Membership;
pub use group::{GroupOrder, Member};
use master::{LosingBurst, Rivalry, Silence};

/// The priority an owner falls back to when another owner does not yield.
const LOWERED_OWNER: Priority = Priority(254);

/// The machine of one instance.
#[derive(Debug)]
pub struct Instance {
    id: InstanceId,
    policy: Policy,
    /// The policy is another one than the configuration has.
    is_amended: bool,
    state: State,
    /// The state that others were told of last: not the one in which an owner
    /// waits for the first moment it may be master.
    told: State,
    /// Nothing is heard or sent before this: `vrrp_startup_delay`.
    active_from: Instant,
    /// Master-down timer in BACKUP, advert timer in MASTER.
    timer: Option<Instant>,
    /// What is known of `policy.tracks`, by position.
    statuses: Vec<Known>,
    faults: FaultSet,
    /// How many trackers without weight have said nothing yet.
    awaited: usize,
    /// [`Event::Start`] has come.
    is_started: bool,
    membership: Membership,
    /// Sum of the tracked weights.
    weights: i32,
    source: Option<IpAddr>,
    /// The interval attributed to the master (`Master_Adver_Interval`).
    master_interval: Duration,
    /// The master a backup listens to.
    master: Option<Peer>,
    waiting: Waiting,
    /// When a worse master may be deposed (`preempt_delay`).
    preempt_at: Option<Instant>,
    /// The silence that made this router master.
    silence: Option<Silence>,
    /// When the last advert went out as master.
    advertised: Instant,
    rivalry: Option<Rivalry>,
    losing_burst: Option<LosingBurst>,
    /// An owner that another owner made lower itself.
    lowered: bool,
}

impl Instance {
    /// An instance in INIT. All its tracked interfaces count as down and it has
    /// no source address until told otherwise.
    #[must_use]
    pub fn new(id: InstanceId, policy: Policy) -> Self {
        let mut instance = Self {
            id,
            is_amended: false,
            state: State::Init,
            told: State::Init,
            active_from: Instant::ZERO,
            timer: None,
            statuses: policy
                .tracks
                .iter()
                .map(|track| Known::of(*track, track.source.initial()))
                .collect(),
            awaited: 0,
            is_started: false,
            membership: Membership::default(),
            faults: FaultSet::default(),
            weights: 0,
            source: None,
            master_interval: policy.advert_interval,
            master: None,
            waiting: Waiting::since(Instant::ZERO),
            preempt_at: None,
            silence: None,
            advertised: Instant::ZERO,
            rivalry: None,
            losing_burst: None,
            lowered: false,
            policy,
        };
        instance.faults.set(FaultKind::Source, true);
        instance.count_trackers(1);
        instance
    }

    /// Take in one event.
    pub fn on(&mut self, now: Instant, event: Event, out: &mut Effects) {
        match event {
            Event::Start { at } => self.on_start(now, at, out),
            Event::Advert(heard) => self.on_advert(now, heard, out),
            Event::Track { track, status } => self.on_track(now, track, status, out),
            Event::Group(order) => self.on_group(now, order, out),
            Event::Source(address) => self.on_source(now, address, out),
            Event::Fault { kind, on } => {
                self.faults.set(kind, on);
                let cause = if on {
                    Cause::Fault(kind)
                } else {
                    Cause::FaultCleared(kind)
                };
                self.settle_faults(now, cause, out);
            }
            Event::AddressLost => self.on_address_lost(now, out),
            Event::Tick => self.on_tick(now, out),
            Event::Stop => self.on_stop(Cause::Shutdown, out),
            Event::Removed => self.on_stop(Cause::Removed, out),
        }
    }

    /// When [`Event::Tick`] is wanted.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let rivalry = self.rivalry.map(|rivalry| rivalry.until);
        match (self.timer, rivalry) {
            (Some(timer), Some(rivalry)) => Some(timer.min(rivalry)),
            (timer, rivalry) => timer.or(rivalry),
        }
    }

    /// It stands at another place of the configuration from now on.
    pub const fn renumber(&mut self, id: InstanceId) {
        self.id = id;
    }

    /// Its index.
    #[must_use]
    pub const fn id(&self) -> InstanceId {
        self.id
    }

    /// The present state.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// The policy it was made with.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The faults it has.
    #[must_use]
    pub const fn faults(&self) -> FaultSet {
        self.faults
    }

    /// How many trackers without weight have said nothing yet.
    #[must_use]
    pub const fn awaited(&self) -> usize {
        self.awaited
    }

    /// Whether it would be master if the others of its group were.
    #[must_use]
    pub const fn wishes_to_lead(&self) -> bool {
        self.membership.wish.is_some()
    }

    /// The address that adverts are sent from.
    #[must_use]
    pub const fn source(&self) -> Option<IpAddr> {
        self.source
    }

    /// The master a backup listens to.
    #[must_use]
    pub const fn master(&self) -> Option<Peer> {
        self.master
    }

    /// The interval attributed to the master.
    #[must_use]
    pub const fn master_interval(&self) -> Duration {
        self.master_interval
    }

    /// How long a master may be silent before this backup takes over.
    #[must_use]
    pub fn master_down_interval(&self) -> Duration {
        self.down_interval()
    }

    /// Whether the earliest deadline is an advert that may be sent up to
    /// `slack` early, together with those of other instances.
    pub(super) fn may_advertise_by(&self, now: Instant, slack: Duration) -> bool {
        let slack = slack.min(self.policy.advert_interval / 100);
        self.state == State::Master
            && self.rivalry.is_none()
            && self.timer.is_some_and(|timer| timer <= now + slack)
    }

    fn on_advert(&mut self, now: Instant, heard: Heard, out: &mut Effects) {
        if now < self.active_from {
            return;
        }
        match self.state {
            State::Init | State::Fault => {}
            State::Backup => self.backup_hears(now, heard, out),
            State::Master => self.master_hears(now, heard, out),
        }
    }

    fn on_tick(&mut self, now: Instant, out: &mut Effects) {
        if self.rivalry.is_some_and(|rivalry| rivalry.until <= now) {
            self.end_rivalry(out);
        }
        let Some(due) = self.timer.filter(|due| *due <= now) else {
            return;
        };
        match self.state {
            State::Init | State::Fault => self.timer = None,
            State::Backup => self.master_down(now, out),
            State::Master => self.advert_due(now, due, out),
        }
    }

    /// Send the advert now although it is due a moment later.
    pub(super) fn advertise_early(&mut self, now: Instant, out: &mut Effects) {
        if let Some(due) = self.timer {
            self.advert_due(now, due, out);
        }
    }

    fn enter_backup(&mut self, cause: Cause, out: &mut Effects) {
        self.preempt_at = None;
        self.master = None;
        self.membership.wish = None;
        self.go(State::Backup, cause, out);
    }

    /// The only place that writes `state`. Timers of the state left are void.
    fn go(&mut self, to: State, cause: Cause, out: &mut Effects) {
        self.state = to;
        self.timer = None;
        self.rivalry = None;
        self.tell(cause, out);
    }

    /// Tell of the present state.
    fn tell(&mut self, cause: Cause, out: &mut Effects) {
        if self.told == State::Init && self.state != State::Init {
            // Trackers may have moved it before anything was told.
            self.tell_priority(self.policy.priority, out);
        }
        let from = std::mem::replace(&mut self.told, self.state);
        out.push(Effect::Went {
            id: self.id,
            from,
            to: self.state,
            cause,
        });
    }

    fn down_interval(&self) -> Duration {
        self.down_interval_at(self.effective_priority())
    }

    fn down_interval_at(&self, priority: Priority) -> Duration {
        timers::master_down(
            self.policy.version,
            self.timer_priority(priority),
            self.master_interval,
            self.policy.down_timer_adverts,
        )
    }

    fn skew(&self) -> Duration {
        let priority = self.timer_priority(self.effective_priority());
        timers::skew(self.policy.version, priority, self.master_interval)
    }

    /// An owner skews as an owner even while lowered.
    const fn timer_priority(&self, effective: Priority) -> Priority {
        if self.policy.priority.is_owner() {
            Priority::OWNER
        } else {
            effective
        }
    }

    fn advertise(&self, priority: Priority, out: &mut Effects) {
        out.push(Effect::Advertise {
            id: self.id,
            priority,
        });
    }

    fn note(&self, note: Note, out: &mut Effects) {
        out.push(Effect::Noted { id: self.id, note });
    }

    /// Whatever must hold after every event; panics in debug builds if not.
    pub fn check_invariants(&self, now: Instant) {
        let Self { state, timer, .. } = self;
        let name = &self.policy.name;
        match state {
            State::Init => debug_assert!(timer.is_none(), "{name}: a timer in INIT"),
            State::Fault => {
                debug_assert!(timer.is_none(), "{name}: a timer in FAULT");
                debug_assert!(!self.faults.is_empty(), "{name}: FAULT without a fault");
            }
            State::Backup | State::Master => {
                debug_assert!(timer.is_some(), "{name}: {state:?} without a timer");
                debug_assert!(self.faults.is_empty(), "{name}: {state:?} with a fault");
            }
        }
        debug_assert!(
            self.rivalry.is_none() || *state == State::Master,
            "{name}: a conflict of owners in {state:?}"
        );
        let effective = self.effective_priority().0;
        debug_assert!(effective != 0, "{name}: priority 0 means giving up");
        debug_assert!(
            effective < 255 || self.policy.priority.is_owner(),
            "{name}: weights made an owner"
        );
        debug_assert!(
            now < self.active_from || *state != State::Init || timer.is_none(),
            "{name}"
        );
    }
}
