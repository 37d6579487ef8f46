use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn policy() -> Policy {
    Policy {
        interval: 10 * SECOND,
        interval_down: 10 * SECOND,
        retry: 2,
        pause: SECOND,
        warmup: Warmup::Within(8 * SECOND),
        from_begin: false,
        retries_first: false,
        alpha: false,
    }
}

fn start() -> Instant {
    Instant::ZERO + 100 * SECOND
}

fn run(schedule: &mut Schedule, attempt: Attempt) -> (Step, Duration) {
    let now = schedule.deadline().unwrap();
    schedule.begin(now);
    assert_eq!(schedule.deadline(), None);
    let end = now + SECOND / 4;
    let step = schedule.attempt(end, attempt);
    (step, schedule.deadline().unwrap().since(end))
}

#[test]
fn the_first_check_comes_somewhere_in_the_warm_up() {
    let at = |share| {
        let schedule = Schedule::new(policy(), start(), share, SECOND);
        schedule.deadline().unwrap().since(start())
    };
    assert_eq!(at(0), SECOND);
    assert_eq!(at(1 << 31), 5 * SECOND);
    assert!(at(u32::MAX) < 9 * SECOND);
    let policy = Policy {
        warmup: Warmup::Within(Duration::ZERO),
        ..policy()
    };
    let schedule = Schedule::new(policy, start(), u32::MAX, SECOND);
    assert_eq!(schedule.deadline(), Some(start() + SECOND));
}

#[test]
fn who_is_down_until_then_is_checked_soon() {
    let policy = Policy {
        warmup: Warmup::Soon,
        ..policy()
    };
    let at = |share, room| {
        let schedule = Schedule::new(policy, start(), share, room);
        schedule.deadline().unwrap().since(start())
    };
    assert_eq!(at(0, SECOND), Duration::ZERO);
    assert_eq!(at(1 << 31, SECOND), SECOND / 2);
    assert_eq!(at(1 << 31, 100 * SECOND), 5 * SECOND);
}

#[test]
fn an_up_check_is_retried_and_a_down_one_is_not() {
    let mut check = Schedule::new(policy(), start(), 0, SECOND);
    let up = Step::Up { was_down: false };
    assert_eq!(run(&mut check, Attempt::Passed), (up, 10 * SECOND));
    assert_eq!(run(&mut check, Attempt::Passed), (Step::Same, 10 * SECOND));
    assert_eq!(run(&mut check, Attempt::Failed), (Step::Retry(1), SECOND));
    assert_eq!(run(&mut check, Attempt::Failed), (Step::Retry(0), SECOND));
    assert_eq!(run(&mut check, Attempt::Failed), (Step::Down, 10 * SECOND));
    assert_eq!(run(&mut check, Attempt::Failed), (Step::Same, 10 * SECOND));
    let up = Step::Up { was_down: true };
    assert_eq!(run(&mut check, Attempt::Passed), (up, 10 * SECOND));
    assert_eq!(run(&mut check, Attempt::Failed), (Step::Retry(1), SECOND));
    assert_eq!(run(&mut check, Attempt::Passed), (Step::Same, 10 * SECOND));
    assert_eq!(run(&mut check, Attempt::Failed), (Step::Retry(1), SECOND));
}

#[test]
fn before_the_first_success_there_are_no_retries() {
    let mut check = Schedule::new(policy(), start(), 0, SECOND);
    assert_eq!(run(&mut check, Attempt::Failed).0, Step::Down);
    let patient = Policy {
        retries_first: true,
        ..policy()
    };
    let mut check = Schedule::new(patient, start(), 0, SECOND);
    let all = [Step::Retry(1), Step::Retry(0), Step::Down];
    for step in all {
        assert_eq!(run(&mut check, Attempt::Failed).0, step);
    }
    let again = [Step::Retry(1), Step::Retry(0), Step::Same];
    for step in again {
        assert_eq!(run(&mut check, Attempt::Failed).0, step);
    }
}

#[test]
fn alpha_is_down_until_the_first_success() {
    let alpha = Policy {
        alpha: true,
        ..policy()
    };
    let mut check = Schedule::new(alpha, start(), 0, SECOND);
    assert!(!check.is_up());
    assert_eq!(run(&mut check, Attempt::Failed).0, Step::DownFirst);
    assert_eq!(run(&mut check, Attempt::Failed).0, Step::Same);
    let up = Step::Up { was_down: true };
    assert_eq!(run(&mut check, Attempt::Passed).0, up);
}

#[test]
fn who_cannot_be_asked_keeps_the_state() {
    let mut check = Schedule::new(policy(), start(), 0, SECOND);
    let same = (Step::Same, 10 * SECOND);
    assert_eq!(run(&mut check, Attempt::Unable), same);
    assert!(check.is_up() && !check.has_run());
    let at_once = Attempt::Proceed { at_once: true };
    assert_eq!(run(&mut check, at_once), (Step::Same, Duration::ZERO));
    let later = Attempt::Proceed { at_once: false };
    assert_eq!(run(&mut check, later), same);
}

#[test]
fn scripts_keep_their_rhythm() {
    let script = Policy {
        from_begin: true,
        ..policy()
    };
    let mut check = Schedule::new(script, start(), 0, SECOND);
    let (_, rest) = run(&mut check, Attempt::Passed);
    assert_eq!(rest, 10 * SECOND - SECOND / 4);
    let now = check.deadline().unwrap();
    check.begin(now);
    // One that ran longer than its interval is due at once.
    check.attempt(now + 30 * SECOND, Attempt::Passed);
    assert_eq!(check.deadline(), Some(now + 30 * SECOND));
}

#[test]
fn suspended_checks_wait_and_keep_their_state() {
    let mut check = Schedule::new(policy(), start(), 0, SECOND);
    run(&mut check, Attempt::Failed);
    check.begin(check.deadline().unwrap());
    check.suspend();
    assert_eq!(check.deadline(), None);
    let later = start() + 1000 * SECOND;
    assert!(!check.is_overdue(later));
    check.resume(later, 1 << 31);
    assert_eq!(check.deadline(), Some(later + SECOND / 2));
    assert!(!check.is_up());
    assert!(check.is_overdue(later + 31 * SECOND));
}

#[test]
fn a_reload_keeps_what_is_known() {
    let mut check = Schedule::new(policy(), start(), 0, SECOND);
    run(&mut check, Attempt::Passed);
    run(&mut check, Attempt::Failed);
    let due = check.deadline().unwrap();
    let slower = Policy {
        interval: 60 * SECOND,
        ..policy()
    };
    let now = due - SECOND / 2;
    let carried = Schedule::carried(slower, &check, now);
    assert_eq!(carried.deadline(), Some(due));
    assert_eq!((carried.is_up(), carried.retries_left()), (true, 1));
    let faster = Policy {
        interval: SECOND / 10,
        ..policy()
    };
    let carried = Schedule::carried(faster, &check, now);
    assert_eq!(carried.deadline(), Some(now + SECOND / 10));
}

#[test]
fn a_check_that_a_reload_brings_leaves_a_server_alive() {
    let alpha = Policy {
        alpha: true,
        ..policy()
    };
    let mut check = Schedule::new(alpha, start(), 0, SECOND);
    check.stay_up();
    let mut other = check.clone();
    let (passed, _) = run(&mut check, Attempt::Passed);
    assert_eq!(passed, Step::Up { was_down: false });
    let (failed, _) = run(&mut other, Attempt::Failed);
    assert_eq!(failed, Step::Down);
}

#[test]
fn what_is_found_down_has_not_gone_down() {
    let policy = Policy {
        retry: 0,
        warmup: Warmup::Within(Duration::ZERO),
        ..policy()
    };
    let mut schedule = Schedule::new(policy, Instant::ZERO, 0, Duration::ZERO);
    schedule.found_down();
    assert!(!schedule.is_up() && schedule.has_run());
    assert_eq!(schedule.attempt(Instant::ZERO, Attempt::Failed), Step::Same);
    let up = schedule.attempt(Instant::ZERO, Attempt::Passed);
    assert_eq!(up, Step::Up { was_down: true });
}
