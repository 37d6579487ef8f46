//! What keeps an instance from running, and what moves its priority.

use std::net::IpAddr;

use scheduler::Instant;

use super::{
    Cause, Effects, FaultKind, Instance, Known, LOWERED_OWNER, Note, State, Status, TrackSource,
};
use crate::model::Priority;

impl Instance {
    /// The priority it advertises: configured plus weights, within 1 to 254; an
    /// owner has 255 whatever the weights, or 254 after losing to another owner.
    #[must_use]
    pub fn effective_priority(&self) -> Priority {
        if self.policy.priority.is_owner() {
            return if self.lowered {
                LOWERED_OWNER
            } else {
                Priority::OWNER
            };
        }
        u8::try_from(self.total_priority().clamp(1, 254)).map_or(LOWERED_OWNER, Priority)
    }

    /// The configured priority and the weights, without limits.
    #[must_use]
    pub fn total_priority(&self) -> i32 {
        i32::from(self.policy.priority.0) + self.weights
    }

    pub(super) fn on_track(
        &mut self,
        now: Instant,
        track: usize,
        status: Status,
        out: &mut Effects,
    ) {
        let (Some(known), Some(policy)) = (
            self.statuses.get_mut(track),
            self.policy.tracks.get(track).copied(),
        ) else {
            return;
        };
        let (old, held) = (known.status, known.adds);
        let bad = policy.is_fault(status);
        *known = Known::of(policy, status);
        if bad {
            // A fault says more than a priority, which stays for those who ask.
            known.adds = held;
        }
        let adds = known.adds;
        let before = self.effective_priority();
        self.weights += adds - held;
        if policy.is_fault(old) {
            self.log_priority(before, out);
        } else {
            self.priority_moved(now, before, out);
        }
        if bad != policy.is_fault(old) {
            self.faults.count_tracker(bad);
            self.settle_faults(now, cause_of(policy.source, bad), out);
        }
        if policy.is_awaited(old) && !policy.is_awaited(status) {
            self.awaited = self.awaited.saturating_sub(1);
            self.leave_init(now, out);
        }
    }

    /// What is known of each tracker of the policy, in its order.
    #[must_use]
    pub fn statuses(&self) -> &[Known] {
        &self.statuses
    }

    pub(super) fn on_source(&mut self, now: Instant, address: Option<IpAddr>, out: &mut Effects) {
        self.faults.set(FaultKind::Source, address.is_none());
        let cause = address.map_or(Cause::SourceLost, Cause::SourceFound);
        self.source = address;
        self.settle_faults(now, cause, out);
    }

    /// Let the state follow the set of faults.
    pub(super) fn settle_faults(&mut self, now: Instant, cause: Cause, out: &mut Effects) {
        match (self.state, self.faults.is_empty()) {
            (State::Init, _) | (State::Backup | State::Master, true) | (State::Fault, false) => {}
            (State::Fault, true) => self.begin(now, cause, out),
            (State::Backup, false) => self.go(State::Fault, cause, out),
            (State::Master, false) => {
                self.advertise(Priority::GIVE_UP, out);
                if self.faults.is_own() {
                    // Twice, for nobody confirms it and a lost one costs the
                    // others a whole master-down time.
                    self.advertise(Priority::GIVE_UP, out);
                }
                self.withdraw(out);
                self.go(State::Fault, cause, out);
            }
        }
    }

    /// Weights or lowering changed the priority: tell, and move a running
    /// master-down timer by the difference it makes.
    pub(super) fn priority_moved(&mut self, now: Instant, before: Priority, out: &mut Effects) {
        let after = self.effective_priority();
        if before == after {
            return;
        }
        let old = self.down_interval_at(before);
        let new = self.down_interval_at(after);
        if let (State::Backup, Some(timer)) = (self.state, self.timer) {
            self.timer = Some((timer + new - old).max(now));
        }
        self.tell_priority(before, out);
    }

    /// Tell of a priority that is not what it was.
    pub(super) fn tell_priority(&self, from: Priority, out: &mut Effects) {
        let to = self.effective_priority();
        if from != to && self.state != State::Init {
            self.note(Note::PriorityChanged { from, to }, out);
        }
    }

    /// As [`Self::tell_priority`], when what it comes with is told in other words.
    pub(super) fn log_priority(&self, from: Priority, out: &mut Effects) {
        let to = self.effective_priority();
        if from != to && self.state != State::Init {
            self.note(Note::PrioritySet { from, to }, out);
        }
    }

    /// Why it may not run, the most telling reason first.
    pub(super) fn cause_of_fault(&self) -> Cause {
        let mut tracks = self.policy.tracks.iter().zip(&self.statuses);
        if let Some((track, _)) = tracks.find(|(track, known)| track.is_fault(known.status)) {
            return cause_of(track.source, true);
        }
        match self.faults.first() {
            Some(FaultKind::Source) | None => Cause::SourceLost,
            Some(kind) => Cause::Fault(kind),
        }
    }
}

const fn cause_of(source: TrackSource, is_bad: bool) -> Cause {
    match (source, is_bad) {
        (TrackSource::Interface(key), true) => Cause::InterfaceDown(key),
        (TrackSource::Interface(key), false) => Cause::InterfaceUp(key),
        (TrackSource::Tracker(key), true) => Cause::TrackerBad(key),
        (TrackSource::Tracker(key), false) => Cause::TrackerGood(key),
    }
}
