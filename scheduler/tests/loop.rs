//! The loop as a program sees it: real descriptors, children and signals.

#![expect(
    clippy::unwrap_used,
    reason = "a failing system call fails the test, also in its helpers"
)]

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, raise};
use scheduler::{
    Alarm, BUDGET, Cadence, ChildEvent, Drain, Exit, Instant, Interest, IoId, Key, ManualClock,
    Pid, Ready, Scheduler, Stop, TimerId,
};

/// A program that writes down what happens to it.
struct Program {
    log: Vec<String>,
    ticks: u32,
    cadence: Cadence,
    streams: Vec<UnixStream>,
    sources: Vec<IoId<Self>>,
    timers: Vec<TimerId<Self>>,
    alarm: Option<Alarm<Self>>,
}

type Loop = Scheduler<Program>;

impl Default for Program {
    fn default() -> Self {
        Self {
            log: Vec::new(),
            ticks: 0,
            cadence: Cadence::new(Instant::ZERO, Duration::ZERO),
            streams: Vec::new(),
            sources: Vec::new(),
            timers: Vec::new(),
            alarm: None,
        }
    }
}

impl Program {
    fn note(&mut self, what: impl Into<String>) {
        self.log.push(what.into());
    }

    /// A watched stream with the number `key`; the other end is returned.
    fn open(&mut self, s: &mut Loop, call: scheduler::OnReady<Self>) -> UnixStream {
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        theirs.set_nonblocking(true).unwrap();
        let key = self.streams.len() as Key;
        let id = s
            .watch("stream", ours.as_fd(), Interest::Read, key, call)
            .unwrap();
        self.streams.push(ours);
        self.sources.push(id);
        theirs
    }

    fn read(&mut self, ready: Ready, most: usize) -> Drain {
        let number = usize::try_from(ready.key()).unwrap();
        let mut buffer = vec![0; most];
        match self.streams[number].read(&mut buffer) {
            Ok(0) => {
                self.note(format!("end {number}"));
                Drain::Close
            }
            Ok(length) => {
                self.note(format!("read {number} {length}"));
                if length == most {
                    Drain::More
                } else {
                    Drain::Drained
                }
            }
            Err(_) => {
                self.note(format!("empty {number}"));
                Drain::Drained
            }
        }
    }
}

fn manual() -> (ManualClock, Loop, Program) {
    let clock = ManualClock::default();
    let scheduler = Loop::with_clock(Box::new(clock.clone())).unwrap();
    (clock, scheduler, Program::default())
}

fn system() -> (Loop, Program) {
    (Loop::new().unwrap(), Program::default())
}

fn on_read_all(p: &mut Program, _: &mut Loop, _: IoId<Program>, ready: Ready) -> Drain {
    p.read(ready, 4096)
}

fn on_timer(p: &mut Program, _: &mut Loop, key: Key) {
    p.note(format!("timer {key}"));
}

fn on_timer_then_stop(p: &mut Program, s: &mut Loop, key: Key) {
    on_timer(p, s, key);
    s.stop(Stop::Now);
}

fn on_soon(p: &mut Program, _: &mut Loop, key: Key) {
    p.note(format!("soon {key}"));
}

fn on_child(p: &mut Program, s: &mut Loop, key: Key, event: ChildEvent) {
    p.note(format!("child {key} {event:?}"));
    if event != ChildEvent::Late {
        s.stop(Stop::Now);
    }
}

fn millis(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

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
fn an_alarm_follows_its_machine() {
    let (clock, mut s, mut p) = manual();
    let mut alarm = Alarm::new("alarm", 5, on_timer);
    alarm.follow(&mut s, Some(millis(10)));
    alarm.follow(&mut s, Some(millis(10)));
    alarm.follow(&mut s, Some(millis(20)));
    clock.set(millis(15));
    s.turn(&mut p).unwrap();
    assert!(p.log.is_empty());
    alarm.follow(&mut s, Some(millis(16)));
    clock.set(millis(20));
    s.turn(&mut p).unwrap();
    assert_eq!(p.log, ["timer 5"]);
    // It has fired: the same deadline is a new one.
    alarm.follow(&mut s, Some(millis(16)));
    s.turn(&mut p).unwrap();
    assert_eq!(p.log, ["timer 5", "timer 5"]);
    alarm.follow(&mut s, Some(millis(30)));
    alarm.follow(&mut s, None);
    assert_eq!(alarm.deadline(), None);
    clock.set(millis(40));
    s.turn(&mut p).unwrap();
    assert_eq!(p.log.len(), 2);
}

#[test]
fn a_cadence_does_not_drift() {
    let mut cadence = Cadence::new(millis(0), Duration::from_millis(10));
    assert_eq!(cadence.deadline(), millis(10));
    assert_eq!(cadence.advance(millis(9)), 0);
    assert_eq!(cadence.advance(millis(13)), 1);
    assert_eq!(cadence.deadline(), millis(20));
    assert_eq!(cadence.advance(millis(55)), 4);
    assert_eq!(cadence.deadline(), millis(60));
    assert_eq!(
        cadence.advance(Instant::MAX - Duration::from_nanos(1)),
        1_844_674_407_365
    );
}

#[test]
fn the_lateness_hook_is_told_the_worst() {
    fn on_late(p: &mut Program, _: &mut Loop, late: Duration) {
        p.note(format!("late {late:?}"));
    }
    let (clock, mut s, mut p) = manual();
    s.on_late(Duration::from_millis(3), on_late);
    s.at("timer", millis(10), 1, on_timer);
    s.at("timer", millis(11), 2, on_timer);
    s.at("timer", millis(20), 3, on_timer);
    clock.set(millis(15));
    s.turn(&mut p).unwrap();
    assert_eq!(p.log, ["timer 1", "timer 2", "late 5ms"]);
    clock.set(millis(22));
    s.turn(&mut p).unwrap();
    assert_eq!(p.log[3..], ["timer 3"]);
    assert_eq!(s.worst_lateness(), Duration::from_millis(5));
    // A deadline in the past is due at once, but nobody has been late for it.
    s.at("timer", Instant::ZERO, 4, on_timer);
    s.turn(&mut p).unwrap();
    assert_eq!(p.log[4..], ["timer 4"]);
}

#[test]
fn the_system_clock_wakes_exactly() {
    let (mut s, mut p) = system();
    let start = s.refresh();
    let when = start + Duration::from_micros(1_500);
    s.at("stop", when, 2, on_timer_then_stop);
    s.at("before", start + Duration::from_micros(700), 1, on_timer);
    // An earlier one that is taken back must leave the others in place.
    let id = s.at("never", start + Duration::from_micros(100), 0, on_timer);
    assert!(s.cancel(id));
    assert_eq!(s.run(&mut p).unwrap(), Exit(0));
    assert_eq!(p.log, ["timer 1", "timer 2"]);
    assert!(s.now() >= when);
    assert!(s.rounds() < 10, "{} rounds", s.rounds());
}

#[test]
fn a_deadline_put_off_does_not_fire_early_nor_get_lost() {
    let (mut s, mut p) = system();
    let start = s.refresh();
    let mut alarm = Alarm::new("down timer", 1, on_timer_then_stop);
    alarm.follow(&mut s, Some(start + Duration::from_millis(2)));
    s.at("first round", start, 0, on_put_off);
    p.alarm = Some(alarm);
    s.run(&mut p).unwrap();
    assert_eq!(p.log, ["timer 0", "timer 1"]);
    assert!(s.now() >= start + Duration::from_millis(6));

    fn on_put_off(p: &mut Program, s: &mut Loop, key: Key) {
        on_timer(p, s, key);
        let mut alarm = p.alarm.take().unwrap();
        let later = alarm.deadline().unwrap() + Duration::from_millis(4);
        alarm.follow(s, Some(later));
        p.alarm = Some(alarm);
    }
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

/// Start a shell; the process is the scheduler's to wait for.
fn shell(command: &str) -> Pid {
    shell_reading(command, Stdio::null())
}

#[expect(
    clippy::zombie_processes,
    reason = "the scheduler waits for it by its process id"
)]
fn shell_reading(command: &str, input: impl Into<Stdio>) -> Pid {
    let child = Command::new("/bin/sh")
        .args(["-c", command])
        .stdin(input)
        .spawn()
        .unwrap();
    Pid::from_raw(i32::try_from(child.id()).unwrap())
}

#[test]
fn children_are_told_by_exit_code_or_signal() {
    let (mut s, mut p) = system();
    s.child("exits", shell("exit 7"), None, 1, on_child)
        .unwrap();
    s.run(&mut p).unwrap();
    assert_eq!(p.log, ["child 1 Exited(7)"]);

    let (mut s, mut p) = system();
    s.child("killed", shell("kill -9 $$"), None, 2, on_child)
        .unwrap();
    s.run(&mut p).unwrap();
    assert_eq!(p.log, ["child 2 Signaled(9)"]);
    assert!(s.is_finished());
}

#[test]
fn a_late_child_is_told_late_and_its_end_after_that() {
    fn on_late_child(p: &mut Program, s: &mut Loop, key: Key, event: ChildEvent) {
        on_child(p, s, key, event);
        if event == ChildEvent::Late {
            p.streams[0].write_all(b"\n").unwrap();
        }
    }
    let (mut s, mut p) = system();
    let (ours, theirs) = UnixStream::pair().unwrap();
    p.streams.push(ours);
    let pid = shell_reading("read line; exit 5", OwnedFd::from(theirs));
    let limit = s.refresh() + Duration::from_millis(5);
    s.child("late", pid, Some(limit), 3, on_late_child).unwrap();
    s.stop(Stop::Graceful);
    s.run(&mut p).unwrap();
    assert_eq!(p.log, ["child 3 Late", "child 3 Exited(5)"]);
    assert!(s.now() >= limit);
}

#[test]
fn the_graceful_phase_waits_for_children_unless_forgotten() {
    let (mut s, mut p) = system();
    let limit = s.refresh() + Duration::from_secs(3600);
    let pid = shell("exit 0");
    let child = s.child("child", pid, Some(limit), 1, on_child).unwrap();
    s.stop(Stop::Graceful);
    assert!(!s.is_finished());
    assert_eq!(s.forget_child(child), Some(pid));
    assert_eq!(s.forget_child(child), None);
    assert!(s.is_finished());
    assert_eq!(s.run(&mut p).unwrap(), Exit(0));
    nix::sys::wait::waitpid(pid, None).unwrap();
    assert!(s.child("gone", pid, None, 1, on_child).is_err());
}

#[test]
fn signals_are_events() {
    fn on_signal(p: &mut Program, s: &mut Loop, signal: Signal) {
        p.note(signal.as_str());
        if signal == Signal::SIGUSR2 {
            s.stop(Stop::Now);
        }
    }
    let (mut s, mut p) = system();
    s.signals(&[Signal::SIGUSR1], on_signal).unwrap();
    s.signals(&[Signal::SIGUSR2, Signal::SIGTERM], on_signal)
        .unwrap();
    raise(Signal::SIGUSR1).unwrap();
    s.turn(&mut p).unwrap();
    assert_eq!(p.log, ["SIGUSR1"]);
    raise(Signal::SIGUSR1).unwrap();
    raise(Signal::SIGUSR2).unwrap();
    s.run(&mut p).unwrap();
    assert_eq!(p.log, ["SIGUSR1", "SIGUSR1", "SIGUSR2"]);
    scheduler::unblock_signals().unwrap();
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
fn a_thousand_periods_take_no_more_rounds_than_periods() {
    fn on_advert(p: &mut Program, s: &mut Loop, key: Key) {
        p.log.clear();
        let due = p.cadence.deadline();
        p.cadence.advance(s.now());
        p.ticks += 1;
        if p.ticks == 1_000 {
            s.stop(Stop::Now);
        }
        assert!(s.now() >= due);
        s.at("advert", p.cadence.deadline(), key, on_advert);
    }
    let (mut s, mut p) = system();
    p.cadence = Cadence::new(s.refresh(), Duration::from_micros(100));
    s.at("advert", p.cadence.deadline(), 0, on_advert);
    s.run(&mut p).unwrap();
    assert!(s.rounds() <= 1_010, "{} rounds", s.rounds());
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
