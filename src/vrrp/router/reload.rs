//! Another configuration for a running router.

use std::collections::BTreeMap;

use scheduler::Instant;

use super::{Router, Source};
use crate::vrrp::agenda::Agenda;
use crate::vrrp::fsm::{
    Effects, Event, Instance, InstanceId, Origin, Policy, Status, TrackSource, TrackerKey,
};
use crate::vrrp::sync::SyncGroup;

/// An instance of the new configuration.
#[derive(Clone, Debug)]
pub enum Successor {
    /// It is new, and goes by this.
    New(Policy),
    /// It is the running one of this id, and goes by this from now on.
    Changed(InstanceId, Policy),
    /// It is the running one of this id, and goes by what it went by.
    Kept(InstanceId),
}

impl Successor {
    /// The running instance that it is.
    #[must_use]
    pub const fn from(&self) -> Option<InstanceId> {
        match self {
            Self::New(_) => None,
            Self::Changed(from, _) | Self::Kept(from) => Some(*from),
        }
    }
}

/// The new configuration.
#[derive(Clone, Debug, Default)]
pub struct Successors {
    /// All instances in order.
    pub instances: Vec<Successor>,
    /// The sync groups, with new ids of their members.
    pub groups: Vec<SyncGroup>,
    /// Trackers that are the same as before: the new key, and the old one.
    /// Nothing is known of the others yet, whatever their keys meant before.
    pub trackers: Vec<(TrackerKey, TrackerKey)>,
}

impl Router {
    /// Go by another configuration: ids are positions in it from now on. Running
    /// instances keep state and timers; new ones are in INIT until they join.
    /// Those that are nobody's predecessor are forgotten, so let them leave
    /// before, and carry out all effects first: they have the old ids.
    ///
    /// States of interfaces that the new list tracks have to be told before.
    pub fn replace(&mut self, now: Instant, new: Successors, out: &mut Effects) {
        let old = std::mem::take(&mut self.instances);
        let mut old: Vec<Option<Instance>> = old.into_iter().map(Some).collect();
        self.instances.reserve_exact(new.instances.len());
        let old_groups = std::mem::take(&mut self.groups);
        self.agenda = Agenda::default();
        self.carry_statuses(&new.trackers);
        let moved: BTreeMap<TrackerKey, TrackerKey> =
            new.trackers.iter().map(|(new, old)| (*old, *new)).collect();
        let mut led = Vec::with_capacity(new.instances.len());
        for successor in new.instances {
            let from = successor.from();
            let group = from.and_then(|from| old_groups.get(old_groups.of(from)?));
            led.push(group.is_some_and(SyncGroup::leads));
            let found = from.and_then(|from| old.get_mut(from.index())?.take());
            let policy = match successor {
                Successor::New(policy) | Successor::Changed(_, policy) => Some(policy),
                Successor::Kept(_) => None,
            };
            match (found, policy) {
                (Some(mut instance), policy) => {
                    instance.move_trackers(&moved);
                    self.carry_over(now, instance, policy, out);
                }
                (None, Some(policy)) => self.add_informed(now, policy, out),
                // Nobody is kept twice.
                (None, None) => {}
            }
        }
        self.forget_untracked();
        for group in new.groups {
            self.resume_group(now, group, &old_groups, &led, out);
        }
        self.release_from_groups(now, out);
    }

    /// Change what one instance goes by, as a reload would that changes nothing else; the
    /// next one says again what it goes by.
    pub fn amend(
        &mut self,
        now: Instant,
        id: InstanceId,
        change: impl FnOnce(&mut Policy),
        out: &mut Effects,
    ) {
        let sources = &self.sources;
        let Some(instance) = self.instances.get_mut(id.index()) else {
            return;
        };
        let mut policy = instance.policy().clone();
        change(&mut policy);
        let status = |source: TrackSource| known_status(sources, source);
        instance.reconfigure(now, policy, Origin::Operator, &status, out);
        self.agenda.set(id.0, instance.deadline());
    }

    /// Interfaces keep their keys, trackers have new ones.
    fn carry_statuses(&mut self, trackers: &[(TrackerKey, TrackerKey)]) {
        let old = std::mem::take(&mut self.sources);
        let same = trackers.iter().filter_map(|(new, old_key)| {
            let known = old.get(&TrackSource::Tracker(*old_key))?;
            Some((TrackSource::Tracker(*new), known.status))
        });
        let interfaces = old.iter().filter_map(|(source, known)| {
            let is_interface = matches!(source, TrackSource::Interface(_));
            is_interface.then_some((*source, known.status))
        });
        let fresh = |(source, status)| {
            let trackers = Vec::new();
            (source, Source { status, trackers })
        };
        let all: BTreeMap<_, _> = same.chain(interfaces).map(fresh).collect();
        self.sources = all;
    }

    fn forget_untracked(&mut self) {
        self.sources.retain(|source, known| {
            matches!(source, TrackSource::Interface(_)) || !known.trackers.is_empty()
        });
    }

    fn carry_over(
        &mut self,
        now: Instant,
        mut instance: Instance,
        policy: Option<Policy>,
        out: &mut Effects,
    ) {
        let id = self.next_id();
        self.track(id, policy.as_ref().unwrap_or_else(|| instance.policy()));
        instance.renumber(id);
        let sources = &self.sources;
        let status = |source: TrackSource| known_status(sources, source);
        match policy {
            Some(policy) => instance.reconfigure(now, policy, Origin::Files, &status, out),
            None => instance.restate(now, &status, out),
        }
        self.agenda.grow();
        self.agenda.set(id.0, instance.deadline());
        self.instances.push(instance);
    }

    /// A new instance, and what is known of its trackers already.
    fn add_informed(&mut self, now: Instant, policy: Policy, out: &mut Effects) {
        let sources: Vec<TrackSource> = policy.tracks.iter().map(|track| track.source).collect();
        let id = self.add(policy);
        for (track, source) in sources.into_iter().enumerate() {
            let status = self.status(source).unwrap_or_else(|| source.initial());
            self.feed_one(now, id, Event::Track { track, status }, out);
        }
    }
}

/// What is known of something tracked.
fn known_status(sources: &BTreeMap<TrackSource, Source>, source: TrackSource) -> Status {
    let known = sources.get(&source);
    known.map_or_else(|| source.initial(), |known| known.status)
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::Duration;

    use super::*;
    use crate::model::{Family, Priority, Vrid};
    use crate::vrrp::fsm::{Effect, InterfaceKey, State, Track, Version};
    use crate::vrrp::router::Input;

    const ETH0: InterfaceKey = InterfaceKey(0);
    const COUNT: u32 = 20;

    fn policy(number: u32) -> Policy {
        let vrid = Vrid(u8::try_from(number).expect("few instances") + 1);
        let name = format!("VI_{number}");
        let mut policy = Policy::new(&name, vrid, Family::V4, Version::V3);
        policy.priority = Priority(vrid.0 + 50);
        policy.tracks.push(Track::interface(ETH0));
        policy
    }

    fn of(instances: Vec<Successor>) -> Successors {
        Successors {
            instances,
            ..Successors::default()
        }
    }

    fn feed(router: &mut Router, now: Instant, input: Input) -> Effects {
        let mut out = Effects::new();
        router.on(now, input, &mut out);
        router.check_invariants(now);
        out
    }

    /// Half of the instances are masters.
    fn running(now: Instant) -> Router {
        let mut router = Router::new();
        for number in 0..COUNT {
            let id = router.add(policy(number));
            let address = Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
            feed(&mut router, Instant::ZERO, Input::Source { id, address });
        }
        let up = Input::Interface {
            key: ETH0,
            up: true,
        };
        feed(&mut router, Instant::ZERO, up);
        let delay = Duration::ZERO;
        feed(&mut router, Instant::ZERO, Input::Start { delay });
        while router.deadline().is_some_and(|at| at <= now) {
            let at = router.deadline().unwrap_or(now);
            feed(&mut router, at, Input::Tick);
        }
        router
    }

    #[test]
    fn one_instance_goes_by_another_priority() {
        let now = Instant::from_millis(10_000);
        let mut router = running(now);
        let before: Vec<_> = (0..COUNT).map(|id| known(&router, id)).collect();
        let master = (0..COUNT).find(|&id| router.state(InstanceId(id)) == State::Master);
        let master = InstanceId(master.expect("there is one"));
        let mut out = Effects::new();
        let change = |policy: &mut Policy| policy.priority = Priority(7);
        let is_amended = |router: &Router| router.instance(master).map(Instance::is_amended);
        assert_eq!(is_amended(&router), Some(false));
        router.amend(now, master, change, &mut out);
        router.check_invariants(now);
        assert_eq!(is_amended(&router), Some(true));
        let priority = Priority(7);
        assert_eq!(router.effective_priority(master), Some(priority));
        assert!(
            out.contains(&Effect::Advertise {
                id: master,
                priority
            }),
            "{out:?}"
        );
        for id in (0..COUNT).filter(|&id| id != master.0) {
            assert_eq!(Some(&known(&router, id)), before.get(id as usize));
        }
        let all = (0..COUNT).map(|id| Successor::Changed(InstanceId(id), policy(id)));
        router.replace(now, of(all.collect()), &mut out);
        let configured = policy(master.0).priority;
        assert_eq!(router.effective_priority(master), Some(configured));
        assert_eq!(is_amended(&router), Some(false));
    }

    fn known(router: &Router, id: u32) -> (State, Option<Instant>) {
        let instance = router.instance(InstanceId(id)).expect("it exists");
        (instance.state(), instance.deadline())
    }

    #[test]
    fn instances_keep_state_and_deadlines_at_other_places() {
        let now = Instant::from_millis(3_765);
        let mut router = running(now);
        let states: Vec<State> = (0..COUNT).map(|id| known(&router, id).0).collect();
        assert!(states.contains(&State::Master) && states.contains(&State::Backup));
        let before: Vec<_> = (0..COUNT).map(|id| known(&router, id)).collect();
        feed(&mut router, now, Input::Leave { id: InstanceId(3) });
        let kept = (0..COUNT).rev().filter(|id| *id != 3);
        // Half of them without being told that it is the same policy.
        let successors = kept.clone().map(|id| match id % 2 {
            0 => Successor::Kept(InstanceId(id)),
            _ => Successor::Changed(InstanceId(id), policy(id)),
        });
        let mut out = Effects::new();
        router.replace(now, of(successors.collect()), &mut out);
        assert_eq!(out, [], "nothing happens to unchanged instances");
        router.check_invariants(now);
        for (new, old) in (0..).zip(kept) {
            assert_eq!(known(&router, new), before[old as usize], "instance {old}");
        }
    }

    #[test]
    fn who_leaves_says_so_and_who_joins_knows_the_interfaces() {
        let now = Instant::from_millis(5_000);
        let mut router = running(now);
        let id = InstanceId(COUNT - 1);
        let out = feed(&mut router, now, Input::Leave { id });
        let farewell = Effect::Advertise {
            id,
            priority: Priority::GIVE_UP,
        };
        assert_eq!(out.first(), Some(&farewell));
        let new = Successor::New(policy(100));
        let id = InstanceId(0);
        router.replace(now, of(vec![new]), &mut Effects::new());
        assert_eq!((router.len(), router.deadline()), (1, None));
        let address = Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
        feed(&mut router, now, Input::Source { id, address });
        feed(&mut router, now, Input::Join { id });
        assert_eq!(router.state(id), State::Backup);
    }

    #[test]
    fn a_tracker_at_another_place_is_still_the_same() {
        let now = Instant::from_millis(5_000);
        let (old, new) = (TrackerKey::File(0), TrackerKey::File(1));
        let tracking = |key, weight| {
            let mut policy = policy(1);
            policy.tracks.push(Track {
                source: TrackSource::Tracker(key),
                weight,
                reverse: false,
            });
            policy
        };
        let mut router = Router::new();
        let id = router.add(tracking(old, -10));
        let successor = |policy| Successor::Changed(id, policy);
        feed(
            &mut router,
            now,
            Input::Start {
                delay: Duration::ZERO,
            },
        );
        let status = Status::Value(3);
        feed(&mut router, now, Input::Tracker { key: old, status });
        let before = router.effective_priority(id);
        let moved = Successors {
            trackers: vec![(new, old)],
            ..of(vec![successor(tracking(new, -10))])
        };
        let mut out = Effects::new();
        router.replace(now, moved, &mut out);
        assert_eq!(out, [], "its policy is the same");
        assert_eq!(router.effective_priority(id), before);
        // Another tracker at the same place: nothing is known of it.
        router.replace(now, of(vec![successor(tracking(new, -10))]), &mut out);
        assert_eq!(router.effective_priority(id), Some(Priority(52)));
        assert_eq!(router.status(TrackSource::Tracker(old)), None);
    }

    #[test]
    fn a_group_that_leads_takes_a_new_member_along() {
        let now = Instant::from_millis(5_000);
        let grouped = |number| {
            let mut policy = policy(number);
            policy.grouped = true;
            policy
        };
        let mut router = Router::new();
        let successors = |count: u32, old: u32| {
            let instances = (0..count).map(|number| match number < old {
                true => Successor::Changed(InstanceId(number), grouped(number)),
                false => Successor::New(grouped(number)),
            });
            Successors {
                instances: instances.collect(),
                groups: vec![SyncGroup::new("G", (0..count).map(InstanceId).collect())],
                ..Successors::default()
            }
        };
        let address = Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
        router.replace(Instant::ZERO, successors(2, 0), &mut Effects::new());
        let up = Input::Interface {
            key: ETH0,
            up: true,
        };
        feed(&mut router, Instant::ZERO, up);
        for id in [0, 1].map(InstanceId) {
            feed(&mut router, Instant::ZERO, Input::Source { id, address });
            feed(&mut router, Instant::ZERO, Input::Join { id });
        }
        while let Some(at) = router.deadline().filter(|at| *at <= now) {
            feed(&mut router, at, Input::Tick);
        }
        assert_eq!(known(&router, 0).0, State::Master);
        let before = [0, 1].map(|id| known(&router, id));
        let mut out = Effects::new();
        router.replace(now, successors(3, 2), &mut out);
        assert_eq!([0, 1].map(|id| known(&router, id)), before, "{out:?}");
        let id = InstanceId(2);
        out.extend(feed(&mut router, now, Input::Source { id, address }));
        out.extend(feed(&mut router, now, Input::Join { id }));
        assert_eq!([0, 1].map(|id| known(&router, id)), before);
        assert_eq!(router.state(id), State::Master);
        // It leaves again. The group was master all the time, so nothing is told of it.
        out.extend(feed(&mut router, now, Input::Leave { id }));
        router.replace(now, successors(2, 2), &mut out);
        assert_eq!([0, 1].map(|id| known(&router, id)), before);
        let is_of_group = |effect: &Effect| matches!(effect, Effect::GroupWent { .. });
        assert!(!out.iter().any(is_of_group), "{out:?}");
    }
}
