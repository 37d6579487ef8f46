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
//! * `setup` builds all of it from the configuration, `reload` goes over to another one.
//! * `services`: what the process keeps of a virtual server; `check`: of a check;
//!   `checks`: checks at work.
//! * `table`: the kernel's table, changed by difference, in portions; `kernel_table`:
//!   what is believed of it and on its way there; `record`: what of
//!   it is ours, kept for the next start; `marking`: packets for groups get marks.
//! * `verdict`: what is said of a server that changes; `ends`: what is told when services
//!   and servers begin and end; `keys`: certificates for checks over TLS.
//! * `suspend`: services whose address is elsewhere; `feeds`: values of files and
//!   sessions, which no attempt brings; `overdue`: checks that stand still;
//!   `observe` and `readout`: what is told on a signal; `snmp`: the subagent, `statistics`:
//!   what the kernel has counted, for it; `status`: what those are told who watch.
//!
//! Nothing in a round waits for a server, a disk or a name service.

mod check;
mod checks;
mod ends;
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

use std::io;
use std::rc::Rc;

use scheduler::{Key, Scheduler, Slab, Stop};

use crate::bfd::feed::Feed;
use crate::control_plane::Config;
use crate::control_plane::diag::Diag;
use crate::net::tls::TlsContext;
use crate::notify::notifier::{Host, Notifier};
use crate::sys::memory::give_back_free;
use crate::track::files::Files;
use crate::watchdog::launch::Plumbing;
use crate::watchdog::launch::child::{Asker, Child, Wish};
use crate::watchdog::launch::paths::PidPaths;
use crate::watchdog::survey::{Surveyed as _, Watched};

use super::conversation::Conversations;
use super::http::pattern::Patterns;
use super::schedule::Policy;
use super::service::Effect;
use check::Check;
use kernel_table::KernelTable;
use services::OwnService;
use suspend::LocalAddresses;

/// The exit status for a configuration that cannot be carried out.
const MISCONFIGURED: i32 = 2;

/// The state of the checker process.
#[derive(Debug)]
pub struct CheckProcess {
    config: Rc<Config>,
    plumbing: Plumbing,
    services: Vec<OwnService>,
    checks: Slab<Check>,
    talks: Conversations<Self>,
    /// Read with the configuration that comes next.
    keys: Option<TlsContext>,
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
    /// For the moments of first checks and the numbers of questions.
    random: u64,
    is_stopping: bool,
    /// A reload has left services to remove.
    is_settling: bool,
    watched: Watched<Self>,
    index: status::Index,
}

/// Take out of the kernel what a killed process has left there, as no other one is
/// started.
pub fn undo(config: &Config, paths: &PidPaths) {
    record::undo(config, paths);
}

/// What of a configuration cannot be carried out on this machine, for a test of it: the
/// files of checks over TLS.
#[must_use]
pub fn mistake(config: &Config) -> Option<Diag> {
    keys::mistake(config)
}

impl Host for CheckProcess {
    fn notifier(&mut self) -> &mut Notifier<Self> {
        &mut self.notifier
    }

    fn notified(&mut self, s: &mut Scheduler<Self>) {
        self.finish_if_stopped(s);
    }
}

impl Child for CheckProcess {
    /// What connections over TLS are made with, if there is a check that makes some.
    type Provision = Option<TlsContext>;

    fn open(config: Rc<Config>, plumbing: Plumbing, s: &mut Scheduler<Self>) -> io::Result<Self> {
        Self::opened(config, plumbing, s)
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

    /// No more checks, the services out of the kernel, those told that want it, then
    /// the end.
    fn stop(&mut self, s: &mut Scheduler<Self>) {
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

    fn wish(&mut self, s: &mut Scheduler<Self>, wish: Wish, _: Asker) {
        match wish {
            Wish::Data => self.dump_data(s),
            Wish::Stats | Wish::Json | Wish::ClearStats => {}
        }
    }

    fn is_stopping(&self) -> bool {
        self.is_stopping
    }

    /// Virtual servers need IPVS, and checks over TLS their files.
    fn judge(config: &Config) -> Result<Self::Provision, (i32, String)> {
        if let Some(why) = kernel_table::obstacle(config) {
            return Err((Self::FAILED, why));
        }
        keys::read(config).map_err(|error| (MISCONFIGURED, error.to_string()))
    }

    fn provide(&mut self, keys: Self::Provision) {
        self.keys = keys;
    }

    fn reload(&mut self, s: &mut Scheduler<Self>, config: Rc<Config>) {
        self.follow_config(s, config);
    }

    fn obeyed(&mut self, s: &mut Scheduler<Self>, is_reloaded: bool) {
        if is_reloaded {
            self.is_settling = true;
            self.tell_if_settled();
            give_back_free();
        }
        self.after_orders(s, is_reloaded);
    }

    fn log_configuration(&self, s: &Scheduler<Self>) {
        self.show_configuration(s);
    }

    fn end(&mut self) {
        self.table.end();
    }
}

impl CheckProcess {
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
