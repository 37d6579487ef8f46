//! The pipes of a notifier: what is told is written to them, a line each, and a script
//! may be started to read them.

use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use scheduler::{Drain, Instant, Interest, IoId, Key, Ready, Scheduler};

use super::{Child, Host, Notifier};
use crate::model::{Account, Command, RateLimit};
use crate::notify::command;
use crate::notify::fifo::Fifo;
use crate::notify::line_queue::Flow;

/// How often a full pipe is told.
const FULL_PIPE_TOLD: Duration = Duration::from_secs(60);

/// A pipe, as configured.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FifoWish {
    /// Its path.
    pub path: PathBuf,
    /// Whose it is; `None`: who runs the daemon.
    pub owner: Option<Account>,
    /// What is started to read it.
    pub script: Option<Command>,
}

/// A pipe in use.
#[derive(Debug)]
pub(super) struct Pipe<P> {
    /// No other one ever has it.
    pub(super) number: Key,
    pub(super) wish: FifoWish,
    fifo: Fifo,
    watched: Option<IoId<P>>,
    pub(super) reader: Option<Pid>,
    told: RateLimit,
}

impl<P: Host> Notifier<P> {
    /// Write everything to a pipe, too. What cannot be opened is told and left out.
    pub fn use_fifo(&mut self, s: &mut Scheduler<P>, wish: &FifoWish) {
        let path = wish.path.display();
        let fifo = match Fifo::open(&wish.path, wish.owner.as_ref()) {
            Ok(fifo) => fifo,
            Err(error) => return log::error!("cannot use notify fifo {path}: {error}"),
        };
        let number = next_number(&mut self.last_pipe);
        let call = on_fifo::<P>;
        let watched = s.watch("notify fifo", fifo.as_fd(), Interest::Write, number, call);
        if let Err(error) = &watched {
            log::error!("cannot watch notify fifo {path}: {error}");
        }
        self.pipes.push(Pipe {
            number,
            wish: wish.clone(),
            fifo,
            watched: watched.ok(),
            reader: None,
            told: RateLimit::new(FULL_PIPE_TOLD),
        });
        if let Some(script) = &wish.script {
            self.start_reader(s, number, script);
        }
    }

    /// End the readers of pipes, and remove pipes that were created.
    pub fn close(&mut self, s: &mut Scheduler<P>) {
        for pipe in std::mem::take(&mut self.pipes) {
            close_pipe(s, &pipe);
        }
    }

    pub(super) fn pipe(&mut self, number: Key) -> Option<&mut Pipe<P>> {
        self.pipes.iter_mut().find(|pipe| pipe.number == number)
    }

    pub(super) fn start_reader(&mut self, s: &mut Scheduler<P>, number: Key, script: &Command) {
        let Some(pipe) = self.pipe(number) else {
            return;
        };
        let path = pipe.fifo.path().to_string_lossy().into_owned();
        let started = command::program(script).and_then(|program| program.start(&[&path]));
        match started {
            Ok(pid) => {
                pipe.reader = Some(pid);
                self.watch_child(s, "notify fifo script", pid, Child::Reader(number, pid));
            }
            Err(error) => {
                let script = script.path.display();
                log::error!("cannot start notify fifo script {script}: {error}");
            }
        }
    }

    pub(super) fn write_lines(&mut self, now: Instant, count: usize) {
        let count = count.min(self.lines.len());
        for line in self.lines.drain(..count) {
            for pipe in &mut self.pipes {
                let pushed = pipe.fifo.push(&line);
                pipe.tell(now, &pushed);
            }
        }
    }
}

impl<P> Pipe<P> {
    /// What is to be said of a write: a full pipe, and lines that were lost.
    fn tell(&mut self, now: Instant, written: &std::io::Result<Flow>) {
        let dropped = match written {
            Ok(Flow::Done) => self.fifo.take_dropped(),
            Ok(Flow::Full) | Err(_) => 0,
        };
        let path = self.fifo.path().display();
        match written {
            Ok(Flow::Done) => {
                if dropped > 0 {
                    log::warn!("notify fifo {path}: {dropped} lines were lost while it was full");
                }
            }
            Ok(Flow::Full) => {
                if self.told.allow(now).is_some() {
                    log::warn!("notify fifo {path} is full: nobody reads it, or too slowly");
                }
            }
            Err(error) => log::error!("cannot write to notify fifo {path}: {error}"),
        }
    }
}

fn on_fifo<P: Host>(program: &mut P, s: &mut Scheduler<P>, _: IoId<P>, ready: Ready) -> Drain {
    if let Some(pipe) = program.notifier().pipe(ready.key()) {
        let flushed = pipe.fifo.flush();
        pipe.tell(s.now(), &flushed);
    }
    Drain::Drained
}

/// End its reader, and remove it if it was made.
pub(super) fn close_pipe<P>(s: &mut Scheduler<P>, pipe: &Pipe<P>) {
    if let Some(watched) = pipe.watched {
        s.unwatch(watched);
    }
    pipe.reader.into_iter().for_each(end_reader);
    pipe.fifo.remove();
}

pub(super) fn end_reader(pid: Pid) {
    // It may have ended a moment ago.
    let _ = killpg(pid, Signal::SIGTERM);
}

/// The number of a new pipe: another one than any before.
fn next_number(last: &mut Key) -> Key {
    *last += 1;
    *last
}
