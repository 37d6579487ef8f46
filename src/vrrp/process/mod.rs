//! The VRRP process: the shell around the machines.
//!
//! Everything VRRP decides is decided by [`Router`], [`Announcer`], [`Installer`]
//! and [`Debouncer`]. This folder turns readiness into their inputs, and their
//! effects into system calls:
//!
//! ```text
//! receive.rs    adverts ──► accept ──► router ─┐
//! reflect.rs    netlink ──► mirror ──► router ─┼─► effects.rs ──► pool.rs     adverts
//! mod.rs        deadline ────────────► router ─┘        │
//!                                                       └──────► install_chunk ─► kernel
//!                                                                announcing.rs ─► ARP, NA
//! ```
//!
//! * `setup` builds all of it from the configuration; `policy` translates.
//! * `interfaces`, `book`, `paths`: interfaces by key, addresses by owner, routes
//!   and rules; `path_changes`: what the kernel tells of those.
//! * `virtual_router`, `source`: what the process keeps of an instance, and the
//!   address it sends from.
//! * `virtual_links`: the interfaces instances have for themselves; `link_renames`: other
//!   names for them; `firewall`: what is kept away from them.
//! * `sync_daemon`: the connection synchronisation of IPVS, following an instance.
//! * `kept`: what the next run has to undo if this one is killed: settings and virtual
//!   interfaces. Of addresses, routes, rules and tables the parent has a record
//!   ([`crate::leftovers`]).
//! * `bus`: what the D-Bus process is told.
//! * `linkbeat`: interfaces whose state is asked for.
//! * `pump`: addresses and announcements, a bounded portion per round. Adverts
//!   come between the portions, however many addresses there are. `mending`: what is
//!   done when the kernel's sockets fail.
//! * `reload`, `carry`: another configuration for the running process.
//! * `rivals`: why two are master at once.
//! * `snmp`: the subagent; `mib`: its KEEPALIVED-MIB.
//! * `report`: the words of the log; `notify`: what others are told; `observe`:
//!   dumps on a signal; `status`: what those are told who watch.
//!
//! One round of the loop is: signals, then everything readable, then deadlines,
//! then one portion of the pump. Nothing in it waits.

mod announcing;
mod book;
mod bus;
mod carry;
mod clock;
mod effects;
mod firewall;
mod interfaces;
mod kept;
mod link_renames;
mod linkbeat;
mod mending;
mod mib;
mod notify;
mod observe;
mod path_changes;
mod paths;
mod policy;
mod pool;
mod pump;
mod receive;
mod reflect;
mod reload;
mod report;
mod rivals;
mod setup;
mod snmp;
mod source;
mod status;
mod sync_daemon;
mod trackers;
mod virtual_links;
mod virtual_router;

use std::collections::BTreeSet;
use std::io;
use std::net::IpAddr;
use std::rc::Rc;

use scheduler::{Alarm, Instant, Key, Scheduler, Stop};

use crate::control_plane::Config;
use crate::net::RxBatch;
use crate::notify::notifier::{Notifier, SubjectId};
use crate::vrrp::announce::Announcer;
use crate::vrrp::debounce::{self, Debouncer};
use crate::vrrp::fsm::{Effects, InstanceId, InterfaceKey};
use crate::vrrp::install::Installer;
use crate::vrrp::router::{Input, Router};
use crate::vrrp::strangers::Strangers;
use crate::watchdog::ipc::DumpKind;
use crate::watchdog::launch::Plumbing;
use crate::watchdog::launch::child::{Asker, Child, Wish};
use crate::watchdog::launch::paths::PidPaths;
use crate::watchdog::survey::{Surveyed as _, Watched};

use announcing::Announcements;
use book::AddressBook;
use interfaces::Interfaces;
use paths::Paths;
use pool::SocketPool;
use pump::Kernel;
use trackers::Trackers;
use virtual_links::VirtualLinks;
use virtual_router::VirtualRouter;

/// The state of the VRRP process.
#[derive(Debug)]
pub struct VrrpProcess {
    config: Rc<Config>,
    plumbing: Plumbing,
    router: Router,
    routers: Vec<VirtualRouter>,
    announcer: Announcer,
    announcements: Announcements,
    installer: Installer,
    debouncer: Debouncer,
    linkbeat: linkbeat::Linkbeat,
    rivals: rivals::Rivals,
    strangers: Strangers,
    kept: kept::Kept,
    interfaces: Interfaces,
    book: AddressBook,
    paths: Paths,
    kernel: Kernel,
    virtual_links: VirtualLinks,
    tables: firewall::Tables,
    pool: SocketPool,
    batch: RxBatch,
    /// When adverts were last read.
    heard_at: Instant,
    effects: Effects,
    /// Own addresses reported gone, to look at when all events have been read.
    suspects: Vec<(InterfaceKey, IpAddr)>,
    /// The same of routes and rules, by owner and position.
    missing_paths: BTreeSet<(InstanceId, u32)>,
    /// They are being told, and what is missing is not known before all of them are.
    are_paths_doubtful: bool,
    /// How often the monitor had lost events when routes were last looked after.
    losses_seen: u64,
    /// Reused for what the debouncer lets through.
    passed: debounce::Changes,
    alarm: Alarm<Self>,
    trackers: Trackers,
    /// IPVS connection synchronisation that follows an instance.
    connection_sync: Option<sync_daemon::ConnectionSync>,
    notifier: Notifier<Self>,
    snmp: snmp::Snmp,
    /// Those of instances that a reload has removed.
    spare_subjects: Vec<SubjectId>,
    bus: bus::Bus,
    /// The sync groups in the notifier, by their numbers.
    group_subjects: Vec<SubjectId>,
    /// Whether a portion of the pump is asked for at the end of this round.
    is_pumping: bool,
    is_stopping: bool,
    /// A reload has left things to remove.
    is_settling: bool,
    watched: Watched<Self>,
}

/// Undo what a killed process has noted beside its pid file, as no other one is started.
pub fn undo(_: &Config, paths: &PidPaths) {
    kept::undo(paths);
}

impl Child for VrrpProcess {
    type Provision = ();

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

    /// Priority 0, addresses away, then the end.
    fn stop(&mut self, s: &mut Scheduler<Self>) {
        self.is_stopping = true;
        self.router.on(s.now(), Input::Stop, &mut self.effects);
        if !self.plumbing.settings.dont_release_vrrp {
            self.installer.remove_all(self.book.statics());
        }
        self.perform(s);
        self.end_scripts(s);
        self.notifier.stop(s);
        self.ask_for_pump(s);
    }

    fn wish(&mut self, s: &mut Scheduler<Self>, wish: Wish, asker: Asker) {
        match wish {
            Wish::Data => self.dump_data(s, asker.words()),
            Wish::Stats => self.dump_stats(s, asker.words()),
            Wish::Json => self.dump_json(s),
            Wish::ClearStats => self.dump_and_clear_stats(s, asker.words()),
        }
    }

    fn is_stopping(&self) -> bool {
        self.is_stopping
    }

    fn reload(&mut self, s: &mut Scheduler<Self>, config: Rc<Config>) {
        self.save_state(s, DumpKind::Before);
        self.go_over(s, config);
        self.save_state(s, DumpKind::After);
    }

    fn obeyed(&mut self, s: &mut Scheduler<Self>, is_reloaded: bool) {
        // The pump has been asked for.
        self.is_settling |= is_reloaded;
        self.after_orders(s, is_reloaded);
    }

    fn log_configuration(&self, s: &Scheduler<Self>) {
        self.show_configuration(s);
    }
}

impl VrrpProcess {
    /// The earliest deadline of the machines has come.
    fn on_deadline(&mut self, s: &mut Scheduler<Self>, _: Key) {
        let now = s.now();
        self.settle_interfaces(now);
        self.router.on(now, Input::Tick, &mut self.effects);
        self.perform(s);
    }

    /// Follow the machines' deadlines; announcements in hand are the pump's.
    fn follow_deadlines(&mut self, s: &mut Scheduler<Self>) {
        let announce = self.announcer.deadline();
        let install =
            !self.installer.is_idle() || self.kernel.has_queued() || self.kernel.monitor.is_muted();
        let install = install && !self.kernel.mending.is_resting();
        if install || announce.is_some_and(|at| at <= s.now()) {
            self.ask_for_pump(s);
        } else {
            self.plumbing.calm();
        }
        let announce = announce.filter(|_| !self.is_pumping);
        let deadlines = [self.router.deadline(), self.debouncer.deadline(), announce];
        self.alarm.follow(s, deadlines.into_iter().flatten().min());
    }

    /// After a reload: the parent learns when the kernel has taken back what is
    /// configured no more.
    fn tell_if_settled(&mut self) {
        if self.is_settling && self.installer.is_idle() && self.kernel.backlog() == 0 {
            self.is_settling = false;
            self.plumbing.settled();
        }
    }

    /// The end, when the kernel has taken everything back.
    fn finish_if_stopped(&mut self, s: &mut Scheduler<Self>) {
        let idle = self.installer.is_idle() && self.kernel.backlog() == 0;
        let idle = idle && self.kernel.mending.is_idle();
        if self.is_stopping && idle && self.notifier.is_finished(s.now()) {
            self.notifier.close(s);
            self.snmp.stop(s);
            if !self.plumbing.settings.dont_release_vrrp {
                self.virtual_links.remove_all();
            }
            self.leave_bus();
            self.drop_firewall();
            self.end_sync_daemon();
            self.announcements.restore_sysctls();
            if self.plumbing.settings.dont_release_vrrp {
                self.kept.leave();
            } else {
                self.kept.forget();
            }
            s.stop(Stop::Now);
        }
    }
}
