use super::*;
use Action::{Finished, Gone, Kill, Permanent, Respawning, Spawn, Stopping, Terminate};

const KILLED: End = End::Killed(9);

fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn at(n: u64) -> Instant {
    Instant::ZERO + secs(n)
}

fn step(watch: &mut Watch, second: u64, event: Event) -> Vec<Action> {
    let mut out = Vec::new();
    watch.on(at(second), event, &mut out);
    out
}

fn started(roles: &[Role]) -> Watch {
    let mut watch = Watch::new(roles, true, secs(5));
    let out = step(&mut watch, 0, Event::Start);
    assert_eq!(out, roles.iter().map(|&r| Spawn(r)).collect::<Vec<_>>());
    watch
}

#[test]
fn a_killed_child_comes_back_at_once_the_first_time() {
    let mut watch = started(&[Role::Vrrp]);
    let out = step(&mut watch, 3, Event::Died(Role::Vrrp, KILLED));
    assert_eq!(out, [Respawning(Role::Vrrp, secs(0)), Spawn(Role::Vrrp)]);
    assert_eq!(watch.deadline(), None);
}

#[test]
fn short_lives_double_the_pause_up_to_a_minute() {
    let mut watch = started(&[Role::Vrrp]);
    let mut now = 0;
    let mut pauses = Vec::new();
    for _ in 0..9 {
        let out = step(&mut watch, now, Event::Died(Role::Vrrp, KILLED));
        let [Respawning(_, pause), ..] = out[..] else {
            panic!("{out:?}");
        };
        pauses.push(pause.as_secs());
        if let Some(due) = watch.deadline() {
            assert_eq!(due, at(now) + pause);
            now += pause.as_secs();
            assert_eq!(step(&mut watch, now, Event::Tick), [Spawn(Role::Vrrp)]);
        }
    }
    assert_eq!(pauses, [0, 1, 2, 4, 8, 16, 32, 60, 60]);
    let out = step(&mut watch, now + 60, Event::Died(Role::Vrrp, KILLED));
    assert_eq!(out, [Respawning(Role::Vrrp, secs(0)), Spawn(Role::Vrrp)]);
}

#[test]
fn a_tick_too_early_does_nothing() {
    let mut watch = started(&[Role::Vrrp]);
    step(&mut watch, 1, Event::Died(Role::Vrrp, KILLED));
    step(&mut watch, 2, Event::Died(Role::Vrrp, KILLED));
    assert_eq!(step(&mut watch, 2, Event::Tick), []);
    assert_eq!(step(&mut watch, 3, Event::Tick), [Spawn(Role::Vrrp)]);
}

#[test]
fn a_permanent_error_ends_everything_with_its_status() {
    for status in [1, 2, 4] {
        let mut watch = started(&[Role::Vrrp, Role::Check]);
        let out = step(&mut watch, 1, Event::Died(Role::Vrrp, End::Exited(status)));
        let expected = [
            Permanent(Role::Vrrp, status),
            Stopping,
            Terminate(Role::Check),
        ];
        assert_eq!(out, expected);
        let out = step(&mut watch, 1, Event::Died(Role::Check, End::Exited(0)));
        assert_eq!(out, [Finished(u8::try_from(status).unwrap())]);
    }
}

#[test]
fn other_exits_are_respawned() {
    for status in [0, 3, 70, 204] {
        let mut watch = started(&[Role::Bfd]);
        let out = step(&mut watch, 1, Event::Died(Role::Bfd, End::Exited(status)));
        assert_eq!(out.last(), Some(&Spawn(Role::Bfd)), "{status}");
    }
}

#[test]
fn without_respawn_a_death_ends_everything() {
    let mut watch = Watch::new(&[Role::Vrrp, Role::Bfd], false, secs(5));
    step(&mut watch, 0, Event::Start);
    let out = step(&mut watch, 1, Event::Died(Role::Bfd, KILLED));
    assert_eq!(out, [Stopping, Terminate(Role::Vrrp)]);
    let out = step(&mut watch, 1, Event::Died(Role::Vrrp, End::Exited(0)));
    assert_eq!(out, [Finished(1)]);
}

#[test]
fn stop_asks_then_forces() {
    let mut watch = started(&[Role::Vrrp, Role::Check]);
    let out = step(&mut watch, 10, Event::Stop(0));
    let expected = [Stopping, Terminate(Role::Vrrp), Terminate(Role::Check)];
    assert_eq!(out, expected);
    assert_eq!(step(&mut watch, 11, Event::Stop(0)), [], "told once");
    assert_eq!(
        step(&mut watch, 12, Event::Died(Role::Check, End::Exited(0))),
        []
    );
    assert_eq!(watch.deadline(), Some(at(15)));
    assert_eq!(step(&mut watch, 15, Event::Tick), [Kill(Role::Vrrp)]);
    assert_eq!(watch.deadline(), None);
    let out = step(&mut watch, 15, Event::Died(Role::Vrrp, KILLED));
    assert_eq!(out, [Finished(0)]);
}

#[test]
fn stop_does_not_wait_for_a_resting_child() {
    let mut watch = started(&[Role::Vrrp]);
    step(&mut watch, 1, Event::Died(Role::Vrrp, KILLED));
    step(&mut watch, 1, Event::Died(Role::Vrrp, KILLED));
    let out = step(&mut watch, 1, Event::Stop(0));
    assert_eq!(out, [Stopping, Finished(0)]);
}

#[test]
fn a_failed_fork_is_tried_again_later() {
    let mut watch = started(&[Role::Vrrp]);
    let out = step(&mut watch, 0, Event::SpawnFailed(Role::Vrrp));
    assert_eq!(out.first(), Some(&Respawning(Role::Vrrp, secs(0))));
    step(&mut watch, 0, Event::SpawnFailed(Role::Vrrp));
    assert_eq!(watch.deadline(), Some(at(1)));
}

#[test]
fn nothing_to_run_still_stops() {
    let mut watch = started(&[]);
    assert_eq!(step(&mut watch, 1, Event::Stop(0)), [Stopping, Finished(0)]);
}

fn want(watch: &mut Watch, second: u64, roles: &[Role]) -> Vec<Action> {
    let mut out = Vec::new();
    watch.want(at(second), roles, &mut out);
    out
}

#[test]
fn other_children_start_and_those_not_wanted_end() {
    let mut watch = started(&[Role::Vrrp]);
    let out = want(&mut watch, 1, &[Role::Check]);
    assert_eq!(out, [Spawn(Role::Check), Terminate(Role::Vrrp)]);
    assert_eq!(watch.deadline(), Some(at(6)));
    assert_eq!(step(&mut watch, 6, Event::Tick), [Kill(Role::Vrrp)]);
    let out = step(&mut watch, 6, Event::Died(Role::Vrrp, KILLED));
    assert_eq!(out, [Gone(Role::Vrrp)]);
    assert_eq!(want(&mut watch, 7, &[Role::Check]), []);
    assert_eq!(watch.deadline(), None);
}

#[test]
fn a_child_wanted_again_starts_when_it_has_ended() {
    let mut watch = started(&[Role::Vrrp]);
    assert_eq!(want(&mut watch, 1, &[]), [Terminate(Role::Vrrp)]);
    assert_eq!(want(&mut watch, 2, &[Role::Vrrp]), []);
    let out = step(&mut watch, 3, Event::Died(Role::Vrrp, End::Exited(0)));
    assert_eq!(out, [Spawn(Role::Vrrp)]);
    let out = step(&mut watch, 4, Event::Died(Role::Vrrp, KILLED));
    assert_eq!(out, [Respawning(Role::Vrrp, secs(0)), Spawn(Role::Vrrp)]);
}

#[test]
fn a_resting_child_that_nobody_wants_is_gone() {
    let mut watch = started(&[Role::Vrrp]);
    step(&mut watch, 1, Event::Died(Role::Vrrp, KILLED));
    step(&mut watch, 1, Event::Died(Role::Vrrp, KILLED));
    assert_eq!(want(&mut watch, 1, &[]), [Gone(Role::Vrrp)]);
    assert_eq!(watch.deadline(), None);
    assert_eq!(step(&mut watch, 2, Event::Stop(0)), [Stopping, Finished(0)]);
}
