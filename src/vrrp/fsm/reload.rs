//! A new configuration for an instance that goes on running.
//!
//! State, timers, the known master and its interval stay. Timers that depend on
//! what was changed move by the difference it makes, and no more.

use std::collections::BTreeMap;
use std::time::Duration;

use scheduler::Instant;

use super::{
    Cause, Effects, Instance, Known, Policy, State, Status, TrackSource, TrackerKey, Version,
};

/// Where another policy comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// A reload: who reads the files knows their priority.
    Files,
    /// Somebody has changed it from outside (SNMP).
    Operator,
}

impl Instance {
    /// Whether it goes by what nobody has configured.
    #[must_use]
    pub const fn is_amended(&self) -> bool {
        self.is_amended
    }

    /// Go by another policy from now on. `status` knows all that is tracked.
    ///
    /// A policy that does not differ changes nothing. A master whose policy
    /// differs sends its next advert at once, so that the others hear what is new.
    pub fn reconfigure(
        &mut self,
        now: Instant,
        policy: Policy,
        origin: Origin,
        status: &dyn Fn(TrackSource) -> Status,
        out: &mut Effects,
    ) {
        self.is_amended = origin == Origin::Operator;
        if self.policy == policy {
            self.restate(now, status, out);
            return;
        }
        let before = self.effective_priority();
        let down_before = self.down_interval();
        let old = self.take_policy(policy, status);
        self.lowered &= self.policy.priority.is_owner();
        self.reset_interval(&old);
        match origin {
            Origin::Files => self.log_priority(before, out),
            Origin::Operator => self.tell_priority(before, out),
        }
        match self.state {
            State::Backup => self.move_backup_timers(now, &old, down_before),
            State::Master => self.move_advert_timer(now),
            State::Init | State::Fault => {}
        }
        let cause = if self.faults.is_empty() {
            Cause::Reloaded
        } else {
            self.cause_of_fault()
        };
        self.settle_faults(now, cause, out);
        self.leave_init(now, out);
        if self.state == State::Master && self.active_from <= now {
            self.advertise_now(now, out);
        }
    }

    /// Trackers have other keys from now on: from the first of a pair to the second.
    pub(in crate::vrrp) fn move_trackers(&mut self, keys: &BTreeMap<TrackerKey, TrackerKey>) {
        for track in &mut self.policy.tracks {
            if let TrackSource::Tracker(key) = &mut track.source
                && let Some(new) = keys.get(key)
            {
                *key = *new;
            }
        }
    }

    /// What is known of a tracker may be another thing than before: its key is a
    /// place in the configuration.
    pub(in crate::vrrp) fn restate(
        &mut self,
        now: Instant,
        status: &dyn Fn(TrackSource) -> Status,
        out: &mut Effects,
    ) {
        for track in 0..self.policy.tracks.len() {
            if let Some(tracked) = self.policy.tracks.get(track).copied() {
                self.on_track(now, track, status(tracked.source), out);
            }
        }
    }

    /// Replace the policy, and with it what its trackers contribute.
    fn take_policy(&mut self, policy: Policy, status: &dyn Fn(TrackSource) -> Status) -> Policy {
        self.count_trackers(-1);
        let old = std::mem::replace(&mut self.policy, policy);
        let tracks = self.policy.tracks.iter();
        let known = tracks.map(|track| Known::of(*track, status(track.source)));
        self.statuses = known.collect();
        self.count_trackers(1);
        old
    }

    /// Add (1) or take back (-1) weights and faults of all trackers.
    pub(super) fn count_trackers(&mut self, sign: i32) {
        self.awaited = 0;
        for (track, known) in self.policy.tracks.iter().zip(&self.statuses) {
            self.weights += sign * known.adds;
            self.awaited += usize::from(track.is_awaited(known.status));
            if track.is_fault(known.status) {
                self.faults.count_tracker(sign > 0);
            }
        }
    }

    /// An interval learned from a version 3 master stays; the own one is replaced.
    fn reset_interval(&mut self, old: &Policy) {
        let speaks = self.policy.version == Version::V3 && old.version == Version::V3;
        let is_learned = self.state == State::Backup && self.master.is_some() && speaks;
        if !is_learned {
            self.master_interval = self.policy.advert_interval;
        }
    }

    fn move_backup_timers(&mut self, now: Instant, old: &Policy, down_before: Duration) {
        let down = self.down_interval();
        let moved = |at: Instant, from: Duration, to: Duration| {
            if to < from {
                at - (from - to)
            } else {
                at + (to - from)
            }
        };
        self.timer = self.timer.map(|at| moved(at, down_before, down).max(now));
        let delay = self.policy.preempt_delay;
        self.preempt_at = self
            .preempt_at
            .filter(|_| !delay.is_zero())
            .map(|at| moved(at, old.preempt_delay, delay));
    }

    /// An advert that a shorter interval makes due earlier.
    fn move_advert_timer(&mut self, now: Instant) {
        let due = self.advertised + self.policy.advert_interval;
        self.timer = self.timer.map(|at| at.min(due).max(now));
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::model::{Family, Priority, Vrid};
    use crate::vrrp::fsm::{Effect, Event, Heard, InstanceId, InterfaceKey, Track};

    const OWN: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));
    const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const ETH0: InterfaceKey = InterfaceKey(0);
    const ETH1: InterfaceKey = InterfaceKey(1);

    fn policy() -> Policy {
        let mut policy = Policy::new("VI_1", Vrid(51), Family::V4, Version::V3);
        policy.tracks.push(Track::interface(ETH0));
        policy
    }

    fn backup(policy: Policy) -> Instance {
        let mut out = Effects::new();
        let mut instance = Instance::new(InstanceId(0), policy);
        let at = Instant::from_millis(0);
        let (track, status) = (0, Status::Good);
        instance.on(at, Event::Track { track, status }, &mut out);
        instance.on(at, Event::Source(Some(OWN)), &mut out);
        instance.on(at, Event::Start { at }, &mut out);
        assert_eq!(instance.state(), State::Backup);
        instance
    }

    fn master(policy: Policy) -> Instance {
        let mut instance = backup(policy);
        let at = instance.deadline().expect("a backup waits");
        instance.on(at, Event::Tick, &mut Effects::new());
        assert_eq!(instance.state(), State::Master);
        instance
    }

    fn reload(instance: &mut Instance, millis: u64, policy: Policy) -> Effects {
        let mut out = Effects::new();
        let now = Instant::from_millis(millis);
        let status = |source| Status::good(source == TrackSource::Interface(ETH0));
        instance.reconfigure(now, policy, Origin::Files, &status, &mut out);
        instance.check_invariants(now);
        out
    }

    #[test]
    fn the_same_policy_moves_no_deadline() {
        for mut instance in [backup(policy()), master(policy())] {
            let before = (instance.state(), instance.deadline());
            assert_eq!(reload(&mut instance, 3_700, policy()), []);
            assert_eq!((instance.state(), instance.deadline()), before);
        }
    }

    #[test]
    fn a_master_sends_its_new_priority_at_once_and_stays() {
        let mut instance = master(policy());
        let mut new = policy();
        new.priority = Priority(140);
        let out = reload(&mut instance, 3_700, new);
        let advert = Effect::Advertise {
            id: InstanceId(0),
            priority: Priority(140),
        };
        assert!(out.contains(&advert), "{out:?}");
        assert!(!out.iter().any(|e| matches!(e, Effect::Went { .. })));
        assert_eq!(instance.deadline(), Some(Instant::from_millis(4_700)));
    }

    #[test]
    fn a_backup_moves_its_timer_by_the_difference() {
        let mut instance = backup(policy());
        let before = instance.deadline().expect("a backup waits");
        let mut new = policy();
        new.down_timer_adverts = 5;
        reload(&mut instance, 1_000, new);
        assert_eq!(instance.deadline(), Some(before + Duration::from_secs(2)));
    }

    #[test]
    fn what_was_learned_of_the_master_stays() {
        let mut instance = backup(policy());
        let heard = Heard {
            source: OTHER,
            priority: Priority(200),
            interval: Duration::from_secs(3),
            age: Duration::ZERO,
        };
        let now = Instant::from_millis(500);
        instance.on(now, Event::Advert(heard), &mut Effects::new());
        let before = instance.deadline();
        let mut new = policy();
        new.advert_interval = Duration::from_secs(2);
        reload(&mut instance, 1_000, new);
        assert_eq!(instance.master_interval(), Duration::from_secs(3));
        assert_eq!(instance.master().map(|peer| peer.address), Some(OTHER));
        assert_eq!(instance.deadline(), before);
    }

    #[test]
    fn a_new_tracked_interface_that_is_down_is_a_fault() {
        let mut instance = master(policy());
        let mut new = policy();
        new.tracks.push(Track::interface(ETH1));
        reload(&mut instance, 4_000, new);
        assert_eq!(instance.state(), State::Fault);
        reload(&mut instance, 5_000, policy());
        assert_eq!(instance.state(), State::Backup);
        assert!(instance.faults().is_empty());
    }

    #[test]
    fn weights_follow_the_list_of_tracked_interfaces() {
        let mut instance = master(policy());
        let mut new = policy();
        new.tracks.push(Track {
            weight: -30,
            ..Track::interface(ETH1)
        });
        reload(&mut instance, 4_000, new);
        assert_eq!(instance.effective_priority(), Priority(70));
        reload(&mut instance, 5_000, policy());
        assert_eq!(instance.effective_priority(), Priority::DEFAULT);
    }
}
