//! The order within a round, and how the loop ends.

use std::io::Write;
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use nix::sys::signal::Signal;
use scheduler::{BUDGET, Drain, Exit, Instant, Interest, IoId, Key, Ready, Stop};

use super::{
    Loop, Program, manual, millis, on_child, on_read_all, on_soon, on_timer, shell_reading, system,
};

#[test]
fn readiness_comes_before_timers_and_soon_last() {
    fn on_ready(p: &mut Program, s: &mut Loop, _: IoId<Program>, ready: Ready) -> Drain {
        s.soon("flush", 7, on_soon);
        p.read(ready, 1)
    }
    let (clock, mut s, mut p) = manual();
    let mut peer = p.open(&mut s, on_ready);
    s.at("second", millis(6), 2, on_timer);
    s.at("first", millis(5), 1, on_timer);
    s.at("third", millis(6), 3, on_timer);
    s.at("later", millis(11), 4, on_timer);
    peer.write_all(b"xy").unwrap();
    clock.set(millis(10));
    s.turn(&mut p).unwrap();
    assert_eq!(
        p.log,
        [
            "read 0 1", "timer 1", "timer 2", "timer 3", "read 0 1", "soon 7", "soon 7"
        ]
    );
}

#[test]
fn an_advert_that_cancels_an_expired_timer_wins() {
    fn on_advert(p: &mut Program, s: &mut Loop, _: IoId<Program>, ready: Ready) -> Drain {
        assert!(s.cancel(p.timers[0]));
        p.read(ready, 10)
    }
    let (clock, mut s, mut p) = manual();
    let mut peer = p.open(&mut s, on_advert);
    let down = s.at("down timer", millis(5), 0, on_timer);
    p.timers.push(down);
    peer.write_all(b"x").unwrap();
    clock.set(millis(50));
    s.turn(&mut p).unwrap();
    assert_eq!(p.log, ["read 0 1"]);
}

#[test]
fn a_timer_can_cancel_another_that_is_due_in_the_same_round() {
    fn on_first(p: &mut Program, s: &mut Loop, key: Key) {
        on_timer(p, s, key);
        let second = p.timers[0];
        assert!(s.cancel(second));
        assert!(!s.cancel(second));
    }
    let (clock, mut s, mut p) = manual();
    s.at("first", millis(1), 1, on_first);
    let second = s.at("second", millis(1), 2, on_timer);
    p.timers.push(second);
    clock.set(millis(2));
    assert!(s.is_pending(second));
    s.turn(&mut p).unwrap();
    assert!(!s.is_pending(second));
    assert_eq!(p.log, ["timer 1"]);
}

#[test]
fn a_source_closed_in_the_same_round_is_not_called() {
    fn on_close_all(p: &mut Program, s: &mut Loop, id: IoId<Program>, ready: Ready) -> Drain {
        for other in p.sources.drain(..).filter(|&other| other != id) {
            assert!(s.unwatch(other).is_some());
            assert!(s.unwatch(other).is_none());
        }
        // The place of the closed one is taken again at once.
        let mut peer = p.open(s, on_read_all);
        peer.write_all(b"new").unwrap();
        p.read(ready, 10)
    }
    let (_, mut s, mut p) = manual();
    let mut first = p.open(&mut s, on_close_all);
    let mut second = p.open(&mut s, on_close_all);
    first.write_all(b"a").unwrap();
    second.write_all(b"b").unwrap();
    s.turn(&mut p).unwrap();
    assert_eq!(p.log.len(), 1, "{:?}", p.log);
    s.turn(&mut p).unwrap();
    assert_eq!(p.log[1], "read 2 3");
}

#[test]
fn a_busy_source_leaves_the_others_their_turn() {
    fn on_budget(p: &mut Program, _: &mut Loop, _: IoId<Program>, ready: Ready) -> Drain {
        p.read(ready, BUDGET)
    }
    let (clock, mut s, mut p) = manual();
    let mut busy = p.open(&mut s, on_budget);
    busy.write_all(&[0; BUDGET * 5]).unwrap();
    s.turn(&mut p).unwrap();
    let mut calm = p.open(&mut s, on_read_all);
    calm.write_all(b"x").unwrap();
    s.at("timer", millis(1), 1, on_timer);
    clock.set(millis(1));
    s.turn(&mut p).unwrap();
    let full = format!("read 0 {BUDGET}");
    let expected = [&full, &full, &full, "read 1 1", "timer 1", &full];
    assert_eq!(p.log, expected);
    s.turn(&mut p).unwrap();
    assert_eq!(p.log[6..], [&full, "empty 0"]);
    p.log.clear();
    s.turn(&mut p).unwrap();
    assert!(p.log.is_empty());
}

#[test]
fn what_a_handler_asks_for_now_comes_in_the_next_round() {
    fn on_again(p: &mut Program, s: &mut Loop, key: Key) {
        on_timer(p, s, key);
        s.at("again", Instant::ZERO, key + 1, on_again);
        s.soon("soon", key, on_soon_again);
    }
    fn on_soon_again(p: &mut Program, s: &mut Loop, key: Key) {
        on_soon(p, s, key);
        s.soon("soon", key + 10, on_soon);
    }
    let (_, mut s, mut p) = manual();
    s.at("again", Instant::ZERO, 1, on_again);
    s.turn(&mut p).unwrap();
    assert_eq!(p.log, ["timer 1", "soon 1"]);
    s.turn(&mut p).unwrap();
    assert_eq!(p.log[2..], ["timer 2", "soon 11", "soon 2"]);
}

#[test]
fn closing_and_interest_and_requeue() {
    fn on_write(p: &mut Program, s: &mut Loop, id: IoId<Program>, ready: Ready) -> Drain {
        p.note(format!("{} {}", ready.is_readable(), ready.is_writable()));
        s.rewatch(id, Interest::Read).unwrap();
        Drain::Drained
    }
    let (_, mut s, mut p) = manual();
    let peer = p.open(&mut s, on_write);
    let id = p.sources[0];
    s.turn(&mut p).unwrap();
    s.rewatch(id, Interest::Both).unwrap();
    s.turn(&mut p).unwrap();
    s.turn(&mut p).unwrap();
    assert_eq!(p.log, ["false true"]);
    s.requeue(id);
    s.turn(&mut p).unwrap();
    assert_eq!(p.log, ["false true", "true false"]);
    drop(peer);
    assert_eq!(s.unwatch(id), Some(0));
    assert!(s.rewatch(id, Interest::Read).is_err());
    p.log.clear();
    // Not by closing it: a child of another test may hold a copy for a moment.
    let peer = p.open(&mut s, on_read_all);
    peer.shutdown(Shutdown::Both).unwrap();
    s.turn(&mut p).unwrap();
    s.turn(&mut p).unwrap();
    assert_eq!(p.log, ["end 1"]);
    assert_eq!(s.unwatch(p.sources[1]), None);
}

#[test]
fn stop_now_ends_the_round_and_sets_the_exit_value() {
    fn on_stop(p: &mut Program, s: &mut Loop, key: Key) {
        on_timer(p, s, key);
        s.soon("soon", 1, on_soon);
        s.exit_with(Exit(3));
        s.stop(Stop::Now);
        s.stop(Stop::Graceful);
    }
    let (_, mut s, mut p) = manual();
    s.at("stop", Instant::ZERO, 1, on_stop);
    s.at("other", Instant::ZERO, 2, on_timer);
    assert_eq!(s.run(&mut p).unwrap(), Exit(3));
    assert_eq!(p.log, ["timer 1"]);
}

#[test]
fn the_graceful_phase_serves_only_what_belongs_to_it() {
    fn on_begin(p: &mut Program, s: &mut Loop, key: Key) {
        on_timer(p, s, key);
        s.stop(Stop::Graceful);
        s.soon("soon", 1, on_soon);
        s.at_shutdown("last", s.now() + Duration::from_millis(3), 8, on_last);
    }
    fn on_last(p: &mut Program, s: &mut Loop, key: Key) {
        on_timer(p, s, key);
        s.soon("farewell", 9, on_soon);
    }
    let (mut s, mut p) = system();
    let start = s.refresh();
    let mut ignored = p.open(&mut s, on_read_all);
    let mut served = p.open(&mut s, on_read_all);
    s.serve_at_shutdown(p.sources[1]);
    s.at("begin", start, 0, on_begin);
    s.at(
        "not any more",
        start + Duration::from_millis(1),
        1,
        on_timer,
    );
    s.at(
        "still pending",
        start + Duration::from_secs(3600),
        2,
        on_timer,
    );
    s.turn(&mut p).unwrap();
    assert!(!s.is_finished());
    ignored.write_all(b"x").unwrap();
    served.write_all(b"xyz").unwrap();
    assert_eq!(s.run(&mut p).unwrap(), Exit(0));
    assert_eq!(
        p.log,
        ["timer 0", "soon 1", "read 1 3", "timer 8", "soon 9"]
    );
}

#[test]
fn the_thread_dump_says_who_waits_for_what() {
    let (clock, mut s, mut p) = manual();
    let _peer = p.open(&mut s, on_read_all);
    s.at("down timer", millis(3_600), 0xbeef, on_timer);
    s.at("advert timer", millis(1), 0xcafe, on_timer);
    s.at_shutdown("farewell", millis(9_000), 3, on_timer);
    let (input, theirs) = UnixStream::pair().unwrap();
    let pid = shell_reading("read line", OwnedFd::from(theirs));
    s.child("script", pid, Some(millis(5_000)), 1, on_child)
        .unwrap();
    s.signals(&[Signal::SIGWINCH], |_, _, _| {}).unwrap();
    clock.set(millis(2));
    s.turn(&mut p).unwrap();
    s.soon("flush", 1, on_soon);
    let dump = s.thread_dump();
    println!("{dump}");
    for expected in [
        "Thread dump at 0.002000000s, 1 rounds, latest timer 1ms late",
        "Descriptors:",
        "stream",
        "in 3.598s key 0xbeef",
        "key 0x3 at shutdown, too",
        &format!("pid {pid} limit in 4.998s"),
        "Signals: SIGWINCH",
        "Soon: flush",
    ] {
        assert!(dump.contains(expected), "no {expected:?}");
    }
    assert!(!dump.contains("0xcafe"), "it has fired");
    let advert = s.accounts().iter().find(|a| a.name == "advert timer");
    assert_eq!(advert.unwrap().calls, 1);
    drop(input);
    while !s.is_finished() {
        s.turn(&mut p).unwrap();
    }
    assert_eq!(p.log, ["timer 51966", "soon 1", "child 1 Exited(1)"]);
}

#[test]
fn a_flood_gathers_and_timers_are_not_kept_waiting() {
    let mut s = Loop::new().unwrap();
    let mut program = Program::default();
    let mut theirs = program.open(&mut s, |p, _, _, ready| p.read(ready, 64));
    theirs.write_all(b"first").unwrap();
    let start = s.refresh();
    let pause = Duration::from_millis(20);
    s.gather(pause);
    s.turn(&mut program).unwrap();
    assert!(s.now().since(start) >= pause, "looked before the pause");
    assert_eq!(program.log, ["read 0 5"]);
    // Once only, and not where it would make a timer late.
    s.at("timer", s.now() + Duration::from_millis(5), 0, |p, _, _| {
        p.note("timer");
    });
    s.gather(Duration::from_secs(3600));
    s.turn(&mut program).unwrap();
    assert_eq!(program.log, ["read 0 5", "timer"]);
}
