//! Simulated LANs whose configuration changes while they run: at random moments,
//! in the middle of elections, on machines whose loops are late and whose clocks
//! jump. Whatever happened, once all have the same configuration there is exactly
//! one master of each virtual router, and groups are together.
//!
//! `SEED=n cargo test --test sim_reload` replays one seed; `SEEDS=n` runs more.

mod support;

use std::net::IpAddr;
use std::time::Duration;

use keepalived::model::{Family, Priority, Vrid};
use keepalived::vrrp::fsm::{
    InstanceId, Policy, State, Status, Track, TrackSource, TrackerKey, Version,
};
use scheduler::Instant;
use support::lan::plan::Plan;
use support::lan::{ETH0, Lan, Weather};
use support::rng::Rng;
use support::seeds::each_seed;

/// How long there are reloads and other troubles.
const STORM: Duration = Duration::from_secs(40);
/// How long it may take to settle.
const CALM: Duration = Duration::from_secs(40);
/// How long the result has to last.
const STABLE: Duration = Duration::from_secs(10);
/// Virtual routers that a configuration may have.
const ROUTERS: u32 = 4;
/// Scripts that it may have.
const SCRIPTS: u32 = 3;

#[test]
fn reloads_at_random_moments_leave_one_master() {
    each_seed(150, |seed| {
        let mut rng = Rng::new(seed);
        let mut lan = lan(&mut rng);
        while lan.now < Instant::ZERO + STORM {
            trouble(&mut lan, &mut rng);
            let pause = rng.time(Duration::from_secs(2));
            lan.run_until(lan.now + pause, |_| {});
        }
        let grouped = rng.percent(50);
        heal(&mut lan, &mut rng, grouped);
        lan.run_until(lan.now + CALM, |_| {});
        let all = || (0..ROUTERS).map(InstanceId);
        let masters: Vec<_> = all().map(|id| lan.in_state(id, State::Master)).collect();
        for masters in &masters {
            assert_eq!(masters.len(), 1, "{masters:?}\n{lan:?}");
        }
        if grouped {
            assert_eq!(masters[0], masters[1], "a group torn apart\n{lan:?}");
        }
        lan.run_until(lan.now + STABLE, |lan| {
            for (id, masters) in all().zip(&masters) {
                assert_eq!(&lan.in_state(id, State::Master), masters, "{lan:?}");
            }
        });
    });
}

/// What a node has already changes nothing, whatever it is doing at that moment:
/// no state, no deadline, no address.
#[test]
fn a_reload_without_a_change_is_not_noticed() {
    each_seed(100, |seed| {
        let mut rng = Rng::new(seed);
        let mut lan = lan(&mut rng);
        for _ in 0..30 {
            let pause = rng.time(Duration::from_secs(1));
            lan.run_until(lan.now + pause, |_| {});
            let node = usize::try_from(rng.below(lan.nodes.len() as u64)).expect("an index");
            let this = &lan.nodes[node];
            // The order in the file is no change.
            let mut instances: Vec<(u32, Policy)> = this
                .places
                .iter()
                .copied()
                .zip(this.policies.clone())
                .collect();
            let first = usize::try_from(rng.below(instances.len() as u64)).expect("an index");
            instances.rotate_left(first);
            let same = Plan {
                instances,
                scripts: this.scripts.clone(),
                group: this.group.clone(),
            };
            let before = facts(&lan, node);
            lan.reload(node, &same);
            assert_eq!(facts(&lan, node), before, "{lan:?}");
        }
    });
}

/// State, deadline and addresses of each virtual router of a node.
fn facts(lan: &Lan, node: usize) -> Vec<(State, Option<Instant>, bool)> {
    let this = &lan.nodes[node];
    let locals = (0..ROUTERS).filter_map(|number| lan.local(node, number));
    let fact = |id: InstanceId| {
        let instance = this.router.instance(id).expect("it is there");
        (
            instance.state(),
            instance.deadline(),
            this.present[id.index()],
        )
    };
    locals.map(fact).collect()
}

fn lan(rng: &mut Rng) -> Lan {
    let mut lan = Lan::new(rng.clone());
    for number in 1..=2 + u8::try_from(rng.below(2)).expect("small") {
        lan.add(IpAddr::from([10, 0, 0, number * 7]), Vec::new());
        let plan = plan(rng, None);
        lan.reload(lan.nodes.len() - 1, &plan);
        // A start with it.
        lan.restart(lan.nodes.len() - 1);
    }
    lan
}

/// Some virtual routers in some order, or all of them if it is said which group
/// there is.
fn plan(rng: &mut Rng, grouped: Option<bool>) -> Plan {
    let scripts = some(rng, SCRIPTS, grouped.is_some());
    let numbers = some(rng, ROUTERS, grouped.is_some());
    let group = match grouped {
        Some(grouped) => grouped,
        None => rng.percent(50),
    };
    let members: Vec<u32> = (0..2)
        .filter(|number| group && numbers.contains(number))
        .collect();
    let policy = |number: &u32| {
        let mut policy = policy(rng, *number, scripts.len());
        policy.grouped = members.contains(number);
        (*number, policy)
    };
    let instances: Vec<_> = numbers.iter().map(policy).collect();
    let status = |name: &u32| {
        (
            *name,
            if grouped.is_some() {
                Status::Good
            } else {
                known(rng)
            },
        )
    };
    Plan {
        instances,
        scripts: scripts.iter().map(status).collect(),
        group: (!members.is_empty()).then_some(members),
    }
}

fn known(rng: &mut Rng) -> Status {
    Status::good(rng.percent(60))
}

/// Some of the numbers below `count`, in any order.
fn some(rng: &mut Rng, count: u32, all: bool) -> Vec<u32> {
    let mut numbers: Vec<u32> = (0..count).filter(|_| all || rng.percent(75)).collect();
    for place in (1..numbers.len()).rev() {
        let other = usize::try_from(rng.below(place as u64 + 1)).expect("an index");
        numbers.swap(place, other);
    }
    if numbers.is_empty() {
        numbers.push(0);
    }
    numbers
}

/// Interval and form of a virtual router are everywhere the same: with others the
/// routers would not hear each other.
fn policy(rng: &mut Rng, number: u32, scripts: usize) -> Policy {
    let number = u8::try_from(number).expect("small");
    let version = if number == 3 {
        Version::V2
    } else {
        Version::V3
    };
    let mut policy = Policy::new("VI", Vrid(51 + number), Family::V4, version);
    policy.priority = Priority(rng.pick(&[1, 50, 100, 100, 150, 200, 254]));
    if version == Version::V3 {
        policy.advert_interval = Duration::from_millis(rng.pick(&[100, 330, 1000]));
    }
    match rng.below(4) {
        0 => policy.nopreempt = true,
        1 => policy.preempt_delay = rng.time(Duration::from_secs(8)),
        _ => {}
    }
    policy.down_timer_adverts = rng.pick(&[2, 3, 5]);
    policy.addresses = 1;
    policy.tracks = vec![Track::interface(ETH0)];
    for _ in 0..rng.below(3) {
        let place = u32::try_from(rng.below(scripts as u64)).expect("small");
        policy.tracks.push(Track {
            source: TrackSource::Tracker(TrackerKey::Script(place)),
            weight: rng.pick(&[-50, -20, 0, 20, 50]),
            reverse: false,
        });
    }
    policy
}

fn trouble(lan: &mut Lan, rng: &mut Rng) {
    let node = usize::try_from(rng.below(lan.nodes.len() as u64)).expect("an index");
    match rng.below(12) {
        0..5 => {
            let plan = plan(rng, None);
            lan.reload(node, &plan);
        }
        5 => {
            for node in &mut lan.nodes {
                node.side = rng.below(2);
            }
        }
        6 => lan.set_link(node, rng.percent(50)),
        7 => lan.stall(node, rng.time(Duration::from_secs(6))),
        8 => {
            let most = rng.pick(&[1, 10, 100_000]);
            lan.jump(node, rng.time(Duration::from_secs(most)));
        }
        9 => lan.restart(node),
        10 => {
            let place = usize::try_from(rng.below(3)).expect("small");
            let status = known(rng);
            lan.set_script(node, place, status);
        }
        _ => {
            lan.weather = Weather {
                loss: rng.pick(&[0, 5, 60]),
                duplication: rng.pick(&[0, 20]),
                delay: rng.pick(&[1, 20, 300]) * Duration::from_millis(1),
            };
        }
    }
}

/// One network again, and all have all virtual routers.
fn heal(lan: &mut Lan, rng: &mut Rng, grouped: bool) {
    lan.weather = Weather::CALM;
    for node in 0..lan.nodes.len() {
        lan.mend(node);
        let mut plan = plan(rng, Some(grouped));
        // A group leads where its best member does: they have to agree.
        let first = plan.instances.first().map(|(_, policy)| policy.priority);
        for (_, policy) in plan.instances.iter_mut().filter(|(_, p)| p.grouped) {
            policy.priority = first.unwrap_or(policy.priority);
            policy.tracks.truncate(1);
            policy.nopreempt = false;
        }
        lan.reload(node, &plan);
    }
    lan.see_off_storm();
}
