//! The checker process: the shell around schedules, services and the kernel's table.
//!
//! ```text
//! timers ───────► checks.rs ──► Conversations (sockets, scripts)
//!                    │  ▲             │ attempt_over
//!                    │  └─────────────┘
//!                    ▼ Schedule: up, down
//!                 Service ──► verdict.rs: log, pipes, scripts, mails
//!                    │
//!                    └──────► table.rs: wanted against believed ──► kernel
//! ```
//!
//! * `setup` builds all of it from the configuration, `reload` goes over to another one;
//!   `names` are those of messages.
//! * `services`: what the process keeps of a virtual server; `checks`: of a check.
//! * `table`: the kernel's table, changed by difference, in portions; `kernel_table`:
//!   what is believed of it and on its way there; `record`: what of
//!   it is ours, kept for the next start; `marking`: packets for groups get marks.
//! * `keys`: certificates for checks over TLS.
//! * `suspend`: services whose address is elsewhere; `feeds`: values of files and
//!   sessions, which no attempt brings; `overdue`: checks that stand still;
//!   `observe` and `readout`: what is told on a signal; `snmp`: the subagent, `statistics`:
//!   what the kernel has counted, for it; `status`: what those are told who watch.
//!
//! Nothing in a round waits for a server, a disk or a name service.

mod checks;
mod feeds;
mod kernel_table;
mod keys;
mod marking;
mod observe;
mod overdue;
mod readout;
mod record;
mod reload;
mod services;
mod setup;
mod snmp;
mod statistics;
mod status;
mod suspend;
mod table;
mod verdict;

use std::rc::Rc;

use scheduler::{Key, Scheduler, Signal, Slab, Stop};

use crate::bfd::feed::Feed;
use crate::control_plane::Config;
use crate::notify::notifier::{Host, Notifier};
use crate::sys::signals::SignalReader;
use crate::track::files::Files;
use crate::watchdog::launch::Plumbing;
use crate::watchdog::launch::paths::PidPaths;
use crate::watchdog::survey::Watched;

use super::conversation::Conversations;
use super::http::pattern::Patterns;
use super::schedule::Policy;
use super::service::Effect;
use checks::Check;
use kernel_table::KernelTable;
use services::OwnService;
use suspend::LocalAddresses;

/// The state of the checker process.
#[derive(Debug)]
pub struct CheckProcess {
    config: Rc<Config>,
    plumbing: Plumbing,
    services: Vec<OwnService>,
    checks: Slab<Check>,
    talks: Conversations<Self>,
    /// That of the check last taken on.
    last_policy: Option<Rc<Policy>>,
    /// What bodies of pages are searched for.
    patterns: Patterns,
    table: KernelTable,
    /// Marks of groups, and the rules that give them to packets.
    marker: marking::Marker,
    files: Files<Self>,
    /// Where the BFD process tells of sessions.
    sessions: Option<Feed>,
    /// Where service addresses are; only if a service wants to know.
    local: Option<LocalAddresses>,
    notifier: Notifier<Self>,
    snmp: snmp::Snmp,
    /// Reused for what services say.
    effects: Vec<Effect>,
    /// Signals above those with a name.
    real_time: SignalReader,
    /// For the moments of first checks and the numbers of questions.
    random: u64,
    is_stopping: bool,
    /// A reload has left services to remove.
    is_settling: bool,
    watched: Watched<Self>,
    index: status::Index,
}

/// Run the checker process until it is told to stop; the exit status.
#[must_use]
pub fn main(config: Rc<Config>, plumbing: Plumbing) -> i32 {
    match run(config, plumbing) {
        Ok(status) => status,
        Err(error) => {
            log::error!("Healthcheck process: {error}");
            1
        }
    }
}

/// Take out of the kernel what a killed process has left there, as no other one is
/// started.
pub fn undo(config: &Config, paths: &PidPaths) {
    record::undo(config, paths);
}

fn run(config: Rc<Config>, plumbing: Plumbing) -> std::io::Result<i32> {
    let mut scheduler = Scheduler::new()?;
    let mut process = CheckProcess::open(config, plumbing, &mut scheduler)?;
    let exit = scheduler.run(&mut process)?;
    process.table.end();
    log::info!("Stopped");
    Ok(exit.0)
}

impl Host for CheckProcess {
    fn notifier(&mut self) -> &mut Notifier<Self> {
        &mut self.notifier
    }

    fn notified(&mut self, s: &mut Scheduler<Self>) {
        self.finish_if_stopped(s);
    }
}

impl CheckProcess {
    /// A signal from the parent, or from an operator.
    fn on_signal(&mut self, s: &mut Scheduler<Self>, signal: Signal) {
        if matches!(signal, Signal::SIGTERM | Signal::SIGINT) {
            self.stop(s);
        } else if signal == Signal::SIGUSR1 {
            self.dump_data(s);
        } else if signal == Signal::SIGXCPU {
            self.plumbing.tell_budget();
        } else if signal == Signal::SIGHUP {
            log::info!("SIGHUP is for the parent process, which reads the configuration");
        }
    }

    /// Leave in order: no more checks, the services out of the kernel, those told that
    /// want it, then the end.
    fn stop(&mut self, s: &mut Scheduler<Self>) {
        if self.is_stopping {
            return;
        }
        log::info!("Stopping");
        self.is_stopping = true;
        self.end_checks(s);
        if !self.plumbing.settings.dont_release_ipvs {
            self.tell_the_end(s.now());
            self.empty_the_table(s);
        }
        self.notifier.stop(s);
        s.soon("stop", 0, |process: &mut Self, s, _: Key| {
            process.finish_if_stopped(s);
        });
    }

    /// The end, when the kernel has taken everything back and all is told.
    fn finish_if_stopped(&mut self, s: &mut Scheduler<Self>) {
        if self.is_stopping && self.table.is_idle() && self.notifier.is_finished(s.now()) {
            self.notifier.close(s);
            self.snmp.stop(s);
            if !self.plumbing.settings.dont_release_ipvs {
                self.table.record.remove();
            }
            s.stop(Stop::Now);
        }
    }

    /// The next random number (splitmix64): no secret depends on it.
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
