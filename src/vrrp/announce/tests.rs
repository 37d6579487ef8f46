use super::*;

const A: InstanceId = InstanceId(0);
const B: InstanceId = InstanceId(1);

fn at(seconds: f64) -> Instant {
    Instant::ZERO + Duration::from_secs_f64(seconds)
}

fn policy(repeat: u32, delay: u64) -> AnnouncePolicy {
    AnnouncePolicy {
        repeat,
        delay: Duration::from_secs(delay),
        refresh: Duration::ZERO,
        refresh_repeat: 1,
        lower_prio_repeat: repeat,
        lower_prio_delay: Duration::ZERO,
        extra: Duration::ZERO,
    }
}

fn all(announcer: &mut Announcer, now: Instant) -> Vec<(u32, u32)> {
    let mut out = Vec::new();
    announcer.take(now, 1000, &mut out);
    out.into_iter()
        .map(|(id, address)| (id.0, address))
        .collect()
}

/// One instance with two addresses, master and installed at zero.
fn master(policy: AnnouncePolicy) -> Announcer {
    let mut announcer = Announcer::new();
    announcer.add(policy, &[PacerId::NONE; 2]);
    announcer.begin(Instant::ZERO, A, Burst::Master);
    announcer.installed(Instant::ZERO, A, 2);
    announcer
}

#[test]
fn a_burst_is_rounds_over_all_addresses() {
    let mut announcer = master(policy(3, 0));
    let round = [(0, 0), (0, 1)];
    assert_eq!(announcer.deadline(), Some(at(0.0)));
    assert_eq!(all(&mut announcer, at(0.0)), [round; 3].concat());
    assert_eq!(announcer.deadline(), None);
}

#[test]
fn interfaces_without_adverts_are_announced_now_and_then() {
    let mut announcer = Announcer::new();
    let extra = Duration::from_secs(2);
    announcer.add(
        AnnouncePolicy {
            extra,
            ..policy(1, 0)
        },
        &[PacerId::NONE; 3],
    );
    announcer.set_extras(A, vec![1, 2]);
    assert_eq!(announcer.deadline(), None, "only a master announces");
    announcer.begin(at(0.0), A, Burst::Master);
    announcer.installed(at(0.0), A, 2);
    assert_eq!(all(&mut announcer, at(0.0)), [(0, 0), (0, 1)]);
    assert_eq!(announcer.deadline(), Some(at(2.0)));
    assert_eq!(
        all(&mut announcer, at(2.0)),
        [(0, 1)],
        "the other one is not there"
    );
    assert_eq!(announcer.deadline(), Some(at(4.0)));
    announcer.silence(A);
    assert_eq!(announcer.deadline(), None);
}

#[test]
fn the_second_burst_and_refreshes_follow() {
    let mut announcer = master(AnnouncePolicy {
        refresh: Duration::from_secs(10),
        refresh_repeat: 2,
        ..policy(1, 5)
    });
    assert_eq!(all(&mut announcer, at(0.0)).len(), 2);
    assert_eq!(announcer.deadline(), Some(at(5.0)));
    assert_eq!(all(&mut announcer, at(4.9)).len(), 0);
    assert_eq!(all(&mut announcer, at(5.0)).len(), 2);
    assert_eq!(announcer.deadline(), Some(at(15.0)));
    assert_eq!(all(&mut announcer, at(15.1)).len(), 4);
    assert_eq!(announcer.deadline(), Some(at(25.0)), "no drift");
    assert_eq!(
        all(&mut announcer, at(99.0)).len(),
        4,
        "missed ones are not made up"
    );
    assert_eq!(announcer.deadline(), Some(at(109.0)));
}

#[test]
fn addresses_are_announced_as_they_are_installed() {
    let mut announcer = Announcer::new();
    announcer.add(policy(2, 0), &[PacerId::NONE; 4]);
    announcer.begin(Instant::ZERO, A, Burst::Master);
    assert_eq!(announcer.deadline(), None);
    announcer.installed(at(0.1), A, 3);
    assert_eq!(all(&mut announcer, at(0.1)), [(0, 0), (0, 1), (0, 2)]);
    assert_eq!(announcer.deadline(), None);
    announcer.installed(at(0.2), A, 4);
    assert_eq!(
        all(&mut announcer, at(0.2)),
        [(0, 3), (0, 0), (0, 1), (0, 2), (0, 3)]
    );
    announcer.installed(at(0.3), A, 4);
    assert_eq!(announcer.deadline(), None);
}

#[test]
fn a_round_on_request_is_one_and_nothing_follows() {
    let mut announcer = master(policy(3, 0));
    all(&mut announcer, at(0.0));
    announcer.begin(at(1.0), A, Burst::Requested);
    assert_eq!(all(&mut announcer, at(1.0)), [(0, 0), (0, 1)]);
    assert_eq!(announcer.deadline(), None);
}

#[test]
fn work_comes_in_portions_and_instances_take_turns() {
    let mut announcer = Announcer::new();
    for id in [A, B] {
        announcer.add(policy(1, 0), &[PacerId::NONE; 5]);
        announcer.begin(Instant::ZERO, id, Burst::Master);
        announcer.installed(Instant::ZERO, id, 5);
    }
    let mut order = Vec::new();
    for portion in [3, 3, 3, 1] {
        let mut out = Vec::new();
        announcer.take(at(0.0), 3, &mut out);
        assert_eq!(out.len(), portion);
        order.extend(out.iter().map(|(id, _)| id.0));
    }
    assert_eq!(order, [0, 0, 0, 1, 1, 1, 0, 0, 1, 1]);
    assert_eq!(announcer.deadline(), None);
}

#[test]
fn silence_empties_the_queue_and_cancels_what_follows() {
    let mut announcer = master(policy(3, 5));
    announcer.silence(A);
    assert_eq!(all(&mut announcer, at(0.0)), []);
    assert_eq!(all(&mut announcer, at(6.0)), []);
    assert_eq!(announcer.deadline(), None);
    announcer.begin(at(7.0), A, Burst::Master);
    assert_eq!(all(&mut announcer, at(7.0)), [], "not installed again");
    announcer.installed(at(7.0), A, 2);
    assert_eq!(all(&mut announcer, at(7.0)).len(), 6);
}

#[test]
fn a_losing_advert_causes_a_burst_and_a_second_one() {
    let mut announcer = master(AnnouncePolicy {
        lower_prio_repeat: 2,
        lower_prio_delay: Duration::from_secs(3),
        ..policy(1, 0)
    });
    assert_eq!(all(&mut announcer, at(0.0)).len(), 2);
    announcer.begin(at(1.0), A, Burst::LowerPriority);
    assert_eq!(all(&mut announcer, at(1.0)).len(), 4);
    assert_eq!(all(&mut announcer, at(4.0)).len(), 4);
    assert_eq!(announcer.deadline(), None);
}

#[test]
fn bursts_that_meet_merge() {
    let mut announcer = master(policy(3, 0));
    let mut out = Vec::new();
    announcer.take(at(0.0), 1, &mut out);
    for _ in 0..100 {
        announcer.begin(at(0.0), A, Burst::LowerPriority);
    }
    assert_eq!(
        all(&mut announcer, at(0.0)).len(),
        7,
        "the begun round and three more"
    );
}

#[test]
fn a_pacer_spaces_frames_of_all_its_instances() {
    let mut announcer = Announcer::new();
    let pacer = announcer.add_pacer(Duration::from_millis(100));
    for id in [A, B] {
        announcer.add(policy(2, 0), &[pacer]);
        announcer.begin(Instant::ZERO, id, Burst::Master);
        announcer.installed(Instant::ZERO, id, 1);
    }
    let mut frames = Vec::new();
    while let Some(now) = announcer.deadline() {
        let sent = all(&mut announcer, now);
        assert_eq!(sent.len(), 1);
        frames.push((now, sent[0].0));
    }
    assert_eq!(
        frames,
        [(at(0.0), 0), (at(0.1), 1), (at(0.2), 0), (at(0.3), 1)]
    );
}

#[test]
fn a_paced_interface_holds_up_no_other() {
    let mut announcer = Announcer::new();
    let pacer = announcer.add_pacer(Duration::from_secs(1));
    announcer.add(policy(2, 0), &[pacer, PacerId::NONE, pacer, PacerId::NONE]);
    announcer.begin(Instant::ZERO, A, Burst::Master);
    announcer.installed(Instant::ZERO, A, 4);
    assert_eq!(
        all(&mut announcer, at(0.0)),
        [(0, 1), (0, 3), (0, 1), (0, 3), (0, 0)]
    );
    assert_eq!(announcer.deadline(), Some(at(1.0)));
    assert_eq!(all(&mut announcer, at(1.0)), [(0, 2)]);
    assert_eq!(all(&mut announcer, at(2.5)), [(0, 0)]);
    assert_eq!(
        announcer.deadline(),
        Some(at(3.5)),
        "never closer than the interval"
    );
}

/// Whatever happens: only what is installed, never faster than the pacer, and
/// in the end every address of a master as often as asked.
#[test]
fn random_inputs_keep_the_rules() {
    let mut seed = 1_u64;
    let mut below = |bound: u64| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % bound
    };
    for _ in 0..50 {
        let mut announcer = Announcer::new();
        let spaced = announcer.add_pacer(Duration::from_millis(10));
        let mut installed = [0; 4];
        for _ in 0..4 {
            let pacers: Vec<_> = (0..9)
                .map(|_| [PacerId::NONE, spaced][usize::from(below(2) == 0)])
                .collect();
            announcer.add(policy(2, 1), &pacers);
        }
        let mut now = Instant::ZERO;
        for _ in 0..300 {
            now += Duration::from_millis(below(30));
            let number = u32::try_from(below(4)).expect("small");
            let (id, slot) = (InstanceId(number), &mut installed[number as usize]);
            match below(6) {
                0 => {
                    announcer.begin(now, id, Burst::Master);
                    *slot = 0;
                }
                1 => announcer.begin(now, id, Burst::LowerPriority),
                2 => {
                    announcer.silence(id);
                    *slot = 0;
                }
                3 => {
                    *slot = u32::try_from(below(10)).expect("small").max(*slot);
                    announcer.installed(now, id, *slot);
                }
                _ => {
                    let mut out = Vec::new();
                    announcer.take(now, 7, &mut out);
                    assert!(out.len() <= 7);
                    for (id, address) in out {
                        assert!(address < installed[id.index()], "not installed");
                    }
                }
            }
        }
        everything_is_announced(&mut announcer, now);
    }
}

/// Four masters with nine addresses each, from now on undisturbed.
fn everything_is_announced(announcer: &mut Announcer, mut now: Instant) {
    for id in (0..4).map(InstanceId) {
        announcer.silence(id);
        announcer.begin(now, id, Burst::Master);
        announcer.installed(now, id, 9);
    }
    let mut counts = [[0; 9]; 4];
    while let Some(at) = announcer.deadline() {
        now = now.max(at);
        for (id, address) in all(announcer, now) {
            counts[id as usize][address as usize] += 1;
        }
    }
    assert_eq!(counts, [[4; 9]; 4], "two bursts of two rounds");
}
