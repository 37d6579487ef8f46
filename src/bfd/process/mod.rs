//! The BFD process: the shell around the sessions.
//!
//! ```text
//! traffic.rs    packets ──► directory ──► peer ─┐
//!               deadline ───────────────► peer ─┼─► packets
//! reload.rs     configuration ──────────► peer ─┘      │
//!                                                      ├─► readers.rs   verdicts
//!                                                      └─► memory.rs    for a successor
//! ```
//!
//! * [`session`]: what the process keeps of a session.
//! * `setup`, `reload`: sessions from the configuration, and from another one.
//! * `observe`: the dump on a signal, and `-d`; `status`: what those are told who watch.
//!
//! One round of the loop is: everything readable, then deadlines. A packet that waits
//! in a socket when the neighbour's silence ends has ended it.

pub mod memory;
mod observe;
mod readers;
mod reload;
mod session;
mod setup;
mod status;
mod traffic;

use std::rc::Rc;

use scheduler::{Alarm, IoId, Scheduler, Signal, Stop};

use super::directory::Directory;
use super::peer::Effect;
use super::timers::Random;
use crate::control_plane::Config;
use crate::net::bfd_socket::{BfdBatch, BfdReceiver};
use crate::sys::signals::SignalReader;
use crate::watchdog::launch::Plumbing;
use crate::watchdog::survey::Watched;

use memory::Memory;
use readers::Readers;
use session::Session;
use traffic::Counters;

/// The state of the BFD process.
#[derive(Debug)]
pub struct BfdProcess {
    config: Rc<Config>,
    plumbing: Plumbing,
    sessions: Vec<Session>,
    directory: Directory,
    receivers: Vec<(IoId<Self>, BfdReceiver)>,
    batch: BfdBatch,
    /// Reused for each input.
    effects: Vec<Effect>,
    readers: Readers,
    memory: Memory,
    counters: Counters,
    /// For sockets that could not be opened.
    retry: Alarm<Self>,
    /// Signals above those with a name.
    real_time: SignalReader,
    random: Random,
    watched: Watched<Self>,
}

/// Run the BFD process until it is told to stop; the exit status.
#[must_use]
pub fn main(config: Rc<Config>, plumbing: Plumbing) -> i32 {
    match run(config, plumbing) {
        Ok(status) => status,
        Err(error) => {
            log::error!("BFD process: {error}");
            1
        }
    }
}

fn run(config: Rc<Config>, plumbing: Plumbing) -> std::io::Result<i32> {
    let mut scheduler = Scheduler::new()?;
    let mut process = BfdProcess::open(config, plumbing, &mut scheduler)?;
    let exit = scheduler.run(&mut process)?;
    log::info!("Stopped");
    Ok(exit.0)
}

impl BfdProcess {
    /// A signal from the parent, or from an operator. Sessions end without a word, as
    /// those of the C daemon: AdminDown would tell the neighbour that all is well.
    fn on_signal(&mut self, s: &mut Scheduler<Self>, signal: Signal) {
        if matches!(signal, Signal::SIGTERM | Signal::SIGINT) {
            log::info!("Stopping");
            s.stop(Stop::Now);
        } else if signal == Signal::SIGUSR1 {
            self.dump_data(s);
        } else if signal == Signal::SIGXCPU {
            self.plumbing.tell_budget();
        } else if signal == Signal::SIGHUP {
            log::info!("SIGHUP is for the parent process, which reads the configuration");
        }
    }
}
