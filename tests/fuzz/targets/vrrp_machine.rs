//! A router with a handful of instances, tracked things and groups, to which anything
//! happens in any order: its invariants hold, and no tick is without effect.
#![no_main]

use std::net::IpAddr;
use std::time::Duration;

use keepalived::model::{Family, Priority, Vrid};
use keepalived::vrrp::fsm::{
    FaultKind, Heard, InstanceId, InterfaceKey, Policy, Status, Track, TrackSource, TrackerKey,
    Version,
};
use keepalived::vrrp::router::{Input, Router};
use keepalived::vrrp::sync::SyncGroup;
use keepalived_fuzz::{Choices, now};
use libfuzzer_sys::fuzz_target;

/// Inputs of one story.
const STEPS: usize = 400;

fuzz_target!(|octets: &[u8]| {
    let mut choices = Choices::new(octets);
    let mut router = router(&mut choices);
    let (mut now, mut effects) = (now(), Vec::new());
    for _ in 0..STEPS {
        if choices.is_over() {
            return;
        }
        let waits = choices.truth();
        now += match router.deadline().filter(|_| waits) {
            Some(at) => at.since(now),
            None => choices.time(),
        };
        effects.clear();
        router.on(now, input(&mut choices), &mut effects);
        router.check_invariants(now);
        assert!(effects.len() < 1000, "{} effects", effects.len());
        if router.deadline().is_some_and(|at| at < now) {
            router.on(now, Input::Tick, &mut effects);
            assert!(
                router.deadline().is_none_or(|at| at > now),
                "a tick that does not help"
            );
        }
    }
});

fn router(choices: &mut Choices<'_>) -> Router {
    let mut router = Router::new();
    let mut groups = [Vec::new(), Vec::new()];
    for _ in 0..=choices.below(4) {
        let policy = policy(choices);
        let grouped = policy.grouped;
        let id = router.add(policy);
        if grouped {
            groups[choices.below(2)].push(id);
        }
    }
    for members in groups {
        router.add_group(SyncGroup::new("G", members));
    }
    router
}

fn policy(choices: &mut Choices<'_>) -> Policy {
    let version = choices.pick(&[Version::V2, Version::V3]);
    let mut policy = Policy::new("VI", Vrid(51), Family::V4, version);
    policy.priority = Priority(choices.octet().max(1));
    if version == Version::V3 {
        let millis = choices.pick(&[10, 100, 1000, 40_950]);
        policy.advert_interval = Duration::from_millis(millis);
    }
    let flags = choices.octet();
    let flag = |bit: u8| flags >> bit & 1 == 1;
    if !policy.priority.is_owner() {
        policy.nopreempt = flag(0);
        if flag(1) && !flag(0) {
            policy.preempt_delay = choices.time();
        }
    }
    policy.lower_prio_no_advert = flag(2);
    policy.higher_prio_send_advert = flag(3);
    policy.timer_expired_backup = flag(4).then_some(Priority(254));
    policy.grouped = flag(5);
    policy.addresses = u32::from(flag(6));
    policy.down_timer_adverts = choices.pick(&[1, 3, 100]);
    for _ in 0..choices.below(4) {
        policy.tracks.push(Track {
            source: source(choices),
            weight: choices.pick(&[-253, -20, 0, 20, 253]),
            reverse: choices.truth(),
        });
    }
    policy
}

fn source(choices: &mut Choices<'_>) -> TrackSource {
    let number = choices.octet() % 4;
    match number {
        0 | 1 => TrackSource::Interface(InterfaceKey(number.into())),
        2 => TrackSource::Tracker(TrackerKey::Script(0)),
        _ => TrackSource::Tracker(TrackerKey::File(0)),
    }
}

fn input(choices: &mut Choices<'_>) -> Input {
    let id = InstanceId(u32::from(choices.octet() % 5));
    match choices.below(13) {
        0 => Input::Start {
            delay: choices.time(),
        },
        1 => Input::Interface {
            key: InterfaceKey(u32::from(choices.octet() % 3)),
            up: choices.truth(),
        },
        2 => Input::Source {
            id,
            address: choices.truth().then(|| address(choices)),
        },
        3 => Input::Fault {
            id,
            kind: choices.pick(&FaultKind::ALL),
            on: choices.truth(),
        },
        4 => Input::Tracker {
            key: choices.pick(&[
                TrackerKey::Script(0),
                TrackerKey::File(0),
                TrackerKey::Bfd(7),
            ]),
            status: match choices.below(3) {
                0 => Status::Good,
                1 => Status::Bad,
                _ => Status::Value(choices.word().cast_signed()),
            },
        },
        5 => Input::AddressLost { id },
        6 => Input::Stop,
        7 => Input::Join { id },
        8 => Input::Leave { id },
        9 => Input::Tick,
        _ => Input::Advert {
            id,
            advert: Heard {
                source: address(choices),
                priority: Priority(choices.octet()),
                interval: choices.pick(&[0, 10, 1000, 40_950]) * Duration::from_millis(1),
                age: choices.time(),
            },
        },
    }
}

fn address(choices: &mut Choices<'_>) -> IpAddr {
    match choices.octet() {
        0 => IpAddr::from([0; 16]),
        host => IpAddr::from([10, 0, 0, host]),
    }
}
