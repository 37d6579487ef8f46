use super::*;
use crate::model::{Family, Vrid};
use crate::vrrp::fsm::{Effect, Heard, InterfaceKey, Version};

const ETH0: InterfaceKey = InterfaceKey(7);

fn micros(micros: u64) -> Instant {
    Instant::from_nanos(micros * 1000)
}

fn policy(priority: u8, interval: Duration) -> Policy {
    let mut policy = Policy::new("VI", Vrid(51), Family::V4, Version::V3);
    policy.priority = Priority(priority);
    policy.advert_interval = interval;
    policy
}

fn router(policies: impl IntoIterator<Item = Policy>) -> Router {
    let mut router = Router::new();
    let mut out = Effects::new();
    for policy in policies {
        let id = router.add(policy);
        let address = Some(IpAddr::from([10, 0, 0, 1]));
        router.on(Instant::ZERO, Input::Source { id, address }, &mut out);
    }
    router
}

fn on(router: &mut Router, now: Instant, input: Input) -> Effects {
    let mut out = Effects::new();
    router.on(now, input, &mut out);
    router.check_invariants(now);
    out
}

fn start(router: &mut Router, delay: Duration) {
    on(router, Instant::ZERO, Input::Start { delay });
}

fn senders(effects: &[Effect]) -> Vec<u32> {
    let sender = |effect: &Effect| match effect {
        Effect::Advertise { id, .. } => Some(id.0),
        Effect::Addresses { .. }
        | Effect::Announce { .. }
        | Effect::Silence { .. }
        | Effect::GroupWent { .. }
        | Effect::Went { .. }
        | Effect::Noted { .. } => None,
    };
    effects.iter().filter_map(sender).collect()
}

#[test]
fn adverts_due_together_come_in_one_tick_without_drift() {
    let interval = Duration::from_millis(100);
    let mut router = router((0..1000).map(|_| policy(255, interval)));
    // Instances begin 0.1 ms apart, as their interfaces come up one by one.
    for id in 0..1000 {
        let id = InstanceId(id);
        on(&mut router, micros(0), fault(id, true));
    }
    start(&mut router, Duration::ZERO);
    for id in 0..1000 {
        on(
            &mut router,
            micros(u64::from(id) * 100),
            fault(InstanceId(id), false),
        );
    }
    let (mut ticks, mut sent) = (0, vec![Vec::new(); 1000]);
    while let Some(now) = router
        .deadline()
        .filter(|at| *at < Instant::from_millis(2100))
    {
        ticks += 1;
        for id in senders(&on(&mut router, now, Input::Tick)) {
            sent[id as usize].push(now);
        }
    }
    assert!(ticks <= 21 * 170, "{ticks} wake-ups for 21,000 adverts");
    for (id, times) in (0_u64..).zip(sent) {
        assert!(times.len() >= 20, "instance {id}");
        // The second advert begins the cadence. Each lot of 256 has its own place in the
        // interval: the whole of it later, a half, three quarters, a quarter.
        let second = times[0];
        let place = [100_000, 50_000, 75_000, 25_000][usize::try_from(id / 256).expect("few")];
        let due = micros(id * 100 + place);
        let is_there = second <= due && due.since(second) <= COALESCE;
        assert!(is_there, "instance {id}: {second:?} for {due:?}");
        for (number, at) in (0..).zip(times) {
            let due = second + number * Duration::from_millis(100);
            let off = at.since(due).max(due.since(at));
            assert!(off <= COALESCE, "{at:?} for {due:?}");
        }
    }
}

const fn fault(id: InstanceId, on: bool) -> Input {
    Input::Fault {
        id,
        kind: FaultKind::Configuration,
        on,
    }
}

#[test]
fn a_takeover_is_never_early() {
    let second = Duration::from_secs(1);
    // The owner's advert is due 0.3 ms before the other's down timer.
    let mut router = router([policy(255, second), policy(100, second)]);
    start(&mut router, Duration::ZERO);
    on(&mut router, micros(0), Input::Tick);
    let advert = Heard {
        source: IpAddr::from([10, 0, 0, 9]),
        priority: Priority(200),
        interval: second,
        age: Duration::ZERO,
    };
    let id = InstanceId(1);
    on(&mut router, micros(390_925), Input::Advert { id, advert });
    for due in [1_000_000, 2_000_000, 3_000_000, 4_000_000] {
        assert_eq!(router.deadline(), Some(micros(due)));
        assert_eq!(senders(&on(&mut router, micros(due), Input::Tick)), [0]);
    }
    assert_eq!(router.deadline(), Some(micros(4_000_300)));
    assert_eq!(
        senders(&on(&mut router, micros(4_000_300), Input::Tick)),
        [1]
    );
    assert_eq!(router.state(id), State::Master);
}

#[test]
fn the_down_timer_runs_from_when_the_advert_came_in() {
    let second = Duration::from_secs(1);
    let mut router = router([policy(100, second)]);
    start(&mut router, Duration::ZERO);
    let id = InstanceId(0);
    let mut hear = |priority, age| {
        let advert = Heard {
            source: IpAddr::from([10, 0, 0, 9]),
            priority: Priority(priority),
            interval: second,
            age,
        };
        on(&mut router, micros(500_000), Input::Advert { id, advert });
        router.deadline()
    };
    let down = micros(500_000) + (3 * second + second * 156 / 256);
    assert_eq!(hear(200, Duration::ZERO), Some(down));
    let late = Duration::from_micros(300);
    assert_eq!(hear(200, late), Some(down - late));
    // The wall clock was set forward by an hour.
    let limit = Duration::from_millis(1);
    assert_eq!(hear(200, Duration::from_secs(3600)), Some(down - limit));
    // Giving up counts from there, too.
    let skew = micros(500_000) + second * 156 / 256;
    assert_eq!(hear(0, late), Some(skew - late));
}

#[test]
fn an_interface_acts_on_those_that_track_it() {
    let mut tracking = policy(100, Duration::from_secs(1));
    tracking
        .tracks
        .push(crate::vrrp::fsm::Track::interface(ETH0));
    let mut router = router([tracking, policy(100, Duration::from_secs(1))]);
    on(
        &mut router,
        micros(0),
        Input::Interface {
            key: ETH0,
            up: true,
        },
    );
    start(&mut router, Duration::ZERO);
    assert_eq!(
        on(
            &mut router,
            micros(1),
            Input::Interface {
                key: ETH0,
                up: true
            }
        ),
        []
    );
    on(
        &mut router,
        micros(2),
        Input::Interface {
            key: ETH0,
            up: false,
        },
    );
    let states = [0, 1].map(|id| router.state(InstanceId(id)));
    assert_eq!(states, [State::Fault, State::Backup]);
    let other = Input::Interface {
        key: InterfaceKey(8),
        up: false,
    };
    assert_eq!(on(&mut router, micros(3), other), []);
}

#[test]
fn what_is_unknown_is_ignored() {
    let mut router = router([]);
    start(&mut router, Duration::ZERO);
    assert_eq!(on(&mut router, micros(1), fault(InstanceId(0), true)), []);
    assert_eq!(on(&mut router, micros(1), Input::Tick), []);
    assert_eq!(
        (router.deadline(), router.view(InstanceId(3))),
        (None, None)
    );
    assert_eq!(router.state(InstanceId(3)), State::Init);
}

#[test]
fn nothing_happens_after_stop() {
    let mut router = router([policy(255, Duration::from_secs(1))]);
    start(&mut router, Duration::ZERO);
    on(&mut router, micros(0), Input::Tick);
    assert_eq!(senders(&on(&mut router, micros(1), Input::Stop)), [0]);
    assert_eq!(router.deadline(), None);
    assert_eq!(on(&mut router, micros(2), Input::Stop), []);
    assert_eq!(on(&mut router, micros(2), fault(InstanceId(0), true)), []);
}

/// Two members of a group of owners, before their timers fire.
fn owners() -> Router {
    let second = Duration::from_secs(1);
    let grouped = || {
        let mut policy = policy(255, second);
        policy.grouped = true;
        policy
    };
    let mut router = router([grouped(), grouped()]);
    router.add_group(SyncGroup::new("G", vec![InstanceId(0), InstanceId(1)]));
    start(&mut router, Duration::ZERO);
    router
}

fn told(effects: &[Effect]) -> Vec<(Option<u32>, State)> {
    let told = |effect: &Effect| match *effect {
        Effect::Went { id, to, .. } => Some((Some(id.0), to)),
        Effect::GroupWent { to, .. } => Some((None, to)),
        Effect::Advertise { .. }
        | Effect::Addresses { .. }
        | Effect::Announce { .. }
        | Effect::Silence { .. }
        | Effect::Noted { .. } => None,
    };
    effects.iter().filter_map(told).collect()
}

#[test]
fn owners_that_start_together_are_never_told_to_be_backups() {
    let mut router = owners();
    let out = on(&mut router, Instant::ZERO, Input::Tick);
    let masters = [Some(0), Some(1), None].map(|who| (who, State::Master));
    assert_eq!(told(&out), masters);
}

#[test]
fn an_owner_that_has_to_wait_after_all_is_told_to_be_backup() {
    let mut router = owners();
    let advert = Heard {
        source: IpAddr::from([10, 0, 0, 9]),
        priority: Priority(255),
        interval: Duration::from_secs(1),
        age: Duration::ZERO,
    };
    let id = InstanceId(1);
    let out = on(&mut router, Instant::ZERO, Input::Advert { id, advert });
    assert_eq!(told(&out), [(Some(1), State::Backup)]);
    // The other one is ready, and waits for it; after a while it says so.
    on(&mut router, Instant::ZERO, Input::Tick);
    on(&mut router, micros(2_000_000), Input::Advert { id, advert });
    let mut seen = Vec::new();
    while let Some(now) = router.deadline().filter(|at| *at < micros(3_500_000)) {
        seen.extend(told(&on(&mut router, now, Input::Tick)));
    }
    assert_eq!(seen, [(Some(0), State::Backup), (None, State::Backup)]);
}
