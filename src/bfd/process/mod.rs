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

use std::io;
use std::rc::Rc;

use scheduler::{Alarm, IoId, Scheduler, Stop};

use super::directory::Directory;
use super::peer::Effect;
use super::timers::Random;
use crate::control_plane::Config;
use crate::net::bfd_socket::{BfdBatch, BfdReceiver};
use crate::watchdog::launch::Plumbing;
use crate::watchdog::launch::child::{Asker, Child, Wish};
use crate::watchdog::survey::{Surveyed as _, Watched};

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
    random: Random,
    watched: Watched<Self>,
}

impl Child for BfdProcess {
    type Provision = ();

    fn open(config: Rc<Config>, plumbing: Plumbing, _: &mut Scheduler<Self>) -> io::Result<Self> {
        Ok(Self::opened(config, plumbing))
    }

    fn begin(&mut self, s: &mut Scheduler<Self>) -> io::Result<()> {
        self.set_up(s)
    }

    fn config(&self) -> &Rc<Config> {
        &self.config
    }

    fn plumbing(&mut self) -> &mut Plumbing {
        &mut self.plumbing
    }

    /// Sessions end without a word, as those of the C daemon: AdminDown would tell the
    /// neighbour that all is well.
    fn stop(&mut self, s: &mut Scheduler<Self>) {
        s.stop(Stop::Now);
    }

    fn wish(&mut self, s: &mut Scheduler<Self>, wish: Wish, _: Asker) {
        match wish {
            Wish::Data => self.dump_data(s),
            Wish::Stats | Wish::Json | Wish::ClearStats => {}
        }
    }

    fn reload(&mut self, s: &mut Scheduler<Self>, config: Rc<Config>) {
        self.go_over(s, config);
    }

    fn obeyed(&mut self, s: &mut Scheduler<Self>, is_reloaded: bool) {
        self.after_orders(s, is_reloaded);
    }

    fn log_configuration(&self, _: &Scheduler<Self>) {
        self.show_configuration();
    }
}
