//! The loop as a program sees it: real descriptors, children and signals.

#![expect(
    clippy::unwrap_used,
    reason = "a failing system call fails the test, also in its helpers"
)]

mod children;
mod rounds;
mod time;

use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use scheduler::{
    Alarm, Cadence, ChildEvent, Drain, Instant, Interest, IoId, Key, ManualClock, Pid, Ready,
    Scheduler, Stop, TimerId,
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
