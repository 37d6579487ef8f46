//! Simulated LANs: whatever happened, once it is over there is exactly one
//! master, the right one, and the addresses are there and nowhere else.
//!
//! `SEED=n cargo test --test sim_vrrp` replays one seed; `SEEDS=n` runs more.

mod support;

use std::net::IpAddr;
use std::time::Duration;

use keepalived::model::{Family, Priority, Vrid};
use keepalived::vrrp::fsm::{
    FaultKind, Heard, InstanceId, InterfaceKey, Policy, State, Status, Track, TrackSource,
    TrackerKey, Version,
};
use keepalived::vrrp::router::{Input, Router};
use keepalived::vrrp::sync::SyncGroup;
use scheduler::Instant;
use support::lan::{ETH0, Lan, Weather};
use support::rng::Rng;
use support::seeds::each_seed;

const V2: InstanceId = InstanceId(0);
const V3: InstanceId = InstanceId(1);

/// How long the weather is bad.
const STORM: Duration = Duration::from_secs(45);
/// How long it may take to settle: the longest preempt delay, and twice the
/// longest master-down time on top.
const CALM: Duration = Duration::from_secs(30);
/// How long the result has to last.
const STABLE: Duration = Duration::from_secs(10);

#[test]
fn one_right_master_after_healing() {
    each_seed(256, storm_and_calm);
}

/// The neighbours on the other side have learned the other router. Whoever
/// speaks first when the split heals, the better master announces again: also
/// when the two have never heard each other before.
#[test]
fn the_better_master_announces_after_a_healed_split() {
    each_seed(100, |seed| {
        let mut rng = Rng::new(seed);
        let mut lan = Lan::new(rng.clone());
        for (number, priority) in [(1, 150), (2, 100)] {
            let mut policy = Policy::new("VI", Vrid(51), Family::V4, Version::V3);
            policy.priority = Priority(priority);
            policy.tracks = vec![Track::interface(ETH0)];
            lan.add(IpAddr::from([10, 0, 0, number]), vec![policy]);
        }
        let is_apart_from_the_start = rng.below(2) == 0;
        lan.nodes[1].side = u64::from(is_apart_from_the_start);
        lan.run_until(Instant::ZERO + Duration::from_secs(10), |_| {});
        if !is_apart_from_the_start {
            assert_eq!(lan.in_state(V2, State::Master), [0]);
        }
        lan.nodes[1].side = 1;
        let pause = Duration::from_secs(10) + rng.time(Duration::from_secs(2));
        lan.run_until(lan.now + pause, |_| {});
        assert_eq!(lan.in_state(V2, State::Master), [0, 1]);
        let healed = lan.now;
        lan.nodes[1].side = 0;
        lan.run_until(healed + Duration::from_secs(2), |_| {});
        assert_eq!(lan.in_state(V2, State::Master), [0]);
        assert!(
            lan.nodes[0].announced >= healed,
            "stale neighbours\n{lan:?}"
        );
    });
}

/// Two instances of a group: a node has both or none at any time, and when the
/// storm is over one node has both.
#[test]
fn a_group_stays_together() {
    each_seed(128, |seed| {
        let mut rng = Rng::new(seed);
        let mut lan = Lan::new(rng.clone());
        lan.grouped = true;
        for number in 1..=2 + u8::try_from(rng.below(3)).expect("small") {
            let priority = rng.pick(&[50, 100, 100, 150, 254, 255]);
            let policies = [51, 52].map(|vrid| {
                let mut policy = Policy::new("VI", Vrid(vrid), Family::V4, Version::V3);
                policy.priority = Priority(priority);
                policy.grouped = true;
                policy.tracks = vec![Track::interface(ETH0)];
                policy.advert_interval = Duration::from_millis(rng.pick(&[50, 1000]));
                policy
            });
            lan.add(IpAddr::from([10, 0, 0, number * 7]), policies.into());
        }
        while lan.now < Instant::ZERO + STORM {
            trouble(&mut lan, &mut rng);
            let pause = rng.time(Duration::from_secs(3));
            lan.run_until(lan.now + pause, |_| {});
        }
        heal(&mut lan);
        lan.run_until(lan.now + CALM, |_| {});
        let masters = [V2, V3].map(|id| lan.in_state(id, State::Master));
        assert_eq!(masters[0].len(), 1, "{masters:?}\n{lan:?}");
        assert_eq!(masters[0], masters[1], "a group torn apart\n{lan:?}");
        lan.run_until(lan.now + STABLE, |lan| {
            assert_eq!(
                lan.in_state(V2, State::Master),
                masters[0],
                "no peace\n{lan:?}"
            );
        });
    });
}

#[test]
fn random_inputs_never_panic() {
    each_seed(300, |seed| {
        let mut rng = Rng::new(seed);
        let mut router = random_router(&mut rng);
        let (mut now, mut effects) = (Instant::ZERO, Vec::new());
        for _ in 0..400 {
            now += match rng.below(4) {
                0 => Duration::ZERO,
                1 => rng.time(Duration::from_millis(20)),
                2 => rng.time(Duration::from_secs(3)),
                _ => router.deadline().map_or(Duration::ZERO, |at| at.since(now)),
            };
            effects.clear();
            router.on(now, random_input(&mut rng), &mut effects);
            router.check_invariants(now);
            if router.deadline().is_some_and(|at| at < now) {
                router.on(now, Input::Tick, &mut effects);
                assert!(
                    router.deadline().is_none_or(|at| at > now),
                    "a tick that does not help"
                );
            }
        }
    });
}

fn storm_and_calm(seed: u64) {
    let mut rng = Rng::new(seed);
    let mut lan = Lan::new(rng.clone());
    for number in 1..=2 + u8::try_from(rng.below(4)).expect("small") {
        let address = IpAddr::from([10, 0, 0, number * 7]);
        lan.add(
            address,
            vec![policy(&mut rng, Version::V2), policy(&mut rng, Version::V3)],
        );
    }
    while lan.now < Instant::ZERO + STORM {
        trouble(&mut lan, &mut rng);
        let pause = rng.time(Duration::from_secs(3));
        lan.run_until(lan.now + pause, |_| {});
    }
    heal(&mut lan);
    let at_healing = [V2, V3].map(|id| best_priority(&lan, id));
    lan.run_until(lan.now + CALM, |_| {});
    let masters = [V2, V3].map(|id| lan.in_state(id, State::Master));
    for (id, masters, best) in [
        (V2, &masters[0], at_healing[0]),
        (V3, &masters[1], at_healing[1]),
    ] {
        assert_eq!(masters.len(), 1, "masters of {id:?}: {masters:?}\n{lan:?}");
        check_is_right(&lan, id, masters[0], best);
    }
    lan.run_until(lan.now + STABLE, |lan| {
        for (id, masters) in [(V2, &masters[0]), (V3, &masters[1])] {
            assert_eq!(
                &lan.in_state(id, State::Master),
                masters,
                "no peace\n{lan:?}"
            );
        }
    });
}

/// All nodes have the same versions by instance; version 2 needs the same
/// interval everywhere.
fn policy(rng: &mut Rng, version: Version) -> Policy {
    let mut policy = Policy::new("VI", Vrid(51), Family::V4, version);
    policy.priority = Priority(rng.pick(&[1, 50, 100, 100, 101, 150, 200, 253, 254, 255]));
    if version == Version::V3 {
        let millis = rng.pick(&[10, 50, 100, 330, 1000, 2500]);
        policy.advert_interval = Duration::from_millis(millis);
    }
    if !policy.priority.is_owner() {
        match rng.below(4) {
            0 => policy.nopreempt = true,
            1 => policy.preempt_delay = rng.time(Duration::from_secs(8)),
            _ => {}
        }
    }
    policy.lower_prio_no_advert = rng.percent(20);
    policy.higher_prio_send_advert = rng.percent(20);
    policy.addresses = 1;
    policy.tracks = vec![Track::interface(ETH0)];
    policy
}

fn trouble(lan: &mut Lan, rng: &mut Rng) {
    let node = usize::try_from(rng.below(lan.nodes.len() as u64)).expect("an index");
    match rng.below(8) {
        0 => {
            for node in &mut lan.nodes {
                node.side = rng.below(3);
            }
        }
        1 => lan.nodes.iter_mut().for_each(|node| node.side = 0),
        2 => lan.set_link(node, rng.percent(50)),
        3 => lan.stall(node, rng.time(Duration::from_secs(6))),
        4 => lan.stall(node, rng.time(Duration::from_millis(200))),
        5 => lan.lose_address(node, rng.pick(&[V2, V3])),
        6 => lan.restart(node),
        _ => {
            lan.weather = Weather {
                loss: rng.pick(&[0, 5, 30, 80]),
                duplication: rng.pick(&[0, 10, 50]),
                delay: rng.pick(&[1, 20, 500]) * Duration::from_millis(1),
            };
        }
    }
}

fn heal(lan: &mut Lan) {
    lan.weather = Weather::CALM;
    for node in 0..lan.nodes.len() {
        lan.mend(node);
    }
    lan.see_off_storm();
}

fn priority(lan: &Lan, node: usize, id: InstanceId) -> Priority {
    lan.nodes[node]
        .router
        .effective_priority(id)
        .expect("an instance")
}

fn best_priority(lan: &Lan, id: InstanceId) -> Option<Priority> {
    let masters = lan.in_state(id, State::Master).into_iter();
    masters.map(|node| priority(lan, node, id)).max()
}

/// Nobody better has a reason to take over, no master was deposed by a worse
/// one, and everybody knows who is master.
fn check_is_right(lan: &Lan, id: InstanceId, master: usize, best: Option<Priority>) {
    let own = priority(lan, master, id);
    assert!(
        best.is_none_or(|best| own >= best.min(Priority(254))),
        "a worse master\n{lan:?}"
    );
    for (number, node) in lan.nodes.iter().enumerate() {
        let policy = &node.policies[id.index()];
        let better = policy.priority > lan.nodes[master].policies[id.index()].priority;
        assert!(
            !better || policy.nopreempt,
            "{} should lead\n{lan:?}",
            node.address
        );
        if number != master {
            let view = node.router.view(id).expect("an instance");
            assert_eq!(view.state, State::Backup);
            let known = view.master.map(|peer| peer.address);
            assert_eq!(known, Some(lan.nodes[master].address), "{lan:?}");
        }
    }
}

fn random_router(rng: &mut Rng) -> Router {
    let mut router = Router::new();
    let mut groups = [Vec::new(), Vec::new()];
    for _ in 0..1 + rng.below(6) {
        let version = rng.pick(&[Version::V2, Version::V3]);
        let mut policy = policy(rng, version);
        policy.timer_expired_backup = rng.percent(20).then_some(Priority(254));
        policy.down_timer_adverts = rng.pick(&[1, 3, 100]);
        for _ in 0..rng.below(4) {
            policy.tracks.push(Track {
                source: random_source(rng),
                weight: rng.pick(&[-253, -20, 0, 20, 253]),
                reverse: rng.percent(30),
            });
        }
        policy.grouped = rng.percent(40);
        let grouped = policy.grouped;
        let id = router.add(policy);
        if grouped {
            groups[usize::from(rng.percent(50))].push(id);
        }
    }
    for members in groups {
        router.add_group(SyncGroup::new("G", members));
    }
    router
}

fn random_source(rng: &mut Rng) -> TrackSource {
    let number = u32::try_from(rng.below(4)).expect("small");
    match rng.below(3) {
        0 => TrackSource::Interface(InterfaceKey(number)),
        1 => TrackSource::Tracker(TrackerKey::Script(number)),
        _ => TrackSource::Tracker(TrackerKey::File(number)),
    }
}

fn random_status(rng: &mut Rng) -> Status {
    match rng.below(3) {
        0 => Status::Good,
        1 => Status::Bad,
        _ => Status::Value(rng.pick(&[i32::MIN, -254, -10, 0, 0, 1, 10, i32::MAX])),
    }
}

fn random_input(rng: &mut Rng) -> Input {
    let id = InstanceId(u32::try_from(rng.below(6)).expect("small"));
    let address = IpAddr::from([10, 0, 0, rng.pick(&[1, 2, 3])]);
    match rng.below(20) {
        0 => Input::Start {
            delay: rng.time(Duration::from_secs(2)),
        },
        1..3 => Input::Interface {
            key: InterfaceKey(u32::try_from(rng.below(5)).expect("small")),
            up: rng.percent(70),
        },
        3..5 => Input::Source {
            id,
            address: rng.percent(80).then_some(address),
        },
        5 => Input::Fault {
            id,
            kind: rng.pick(&FaultKind::ALL),
            on: rng.percent(30),
        },
        6 if rng.percent(50) => Input::Tracker {
            key: match random_source(rng) {
                TrackSource::Tracker(key) => key,
                TrackSource::Interface(_) => TrackerKey::Bfd(0),
            },
            status: random_status(rng),
        },
        6 => Input::AddressLost { id },
        7 if rng.percent(10) => Input::Stop,
        8..14 => Input::Advert {
            id,
            advert: Heard {
                source: if rng.percent(10) {
                    IpAddr::from([0; 16])
                } else {
                    address
                },
                priority: Priority(rng.pick(&[0, 1, 100, 150, 254, 255])),
                interval: rng.pick(&[0, 10, 1000, 40_950]) * Duration::from_millis(1),
                age: rng.pick(&[0, 1, 3_600_000]) * Duration::from_millis(1),
            },
        },
        _ => Input::Tick,
    }
}
