//! Children and signals.

use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, raise};
use scheduler::{ChildEvent, Exit, Key, Pid, Stop};

use super::{Loop, Program, on_child, shell_reading, system};

/// Start a shell; the process is the scheduler's to wait for.
fn shell(command: &str) -> Pid {
    shell_reading(command, Stdio::null())
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
