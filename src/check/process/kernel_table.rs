//! The process's side of the kernel: what is believed to be in its table, what is on
//! its way there, and what became of it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::Duration;

use scheduler::Scheduler;

use super::CheckProcess;
use super::record::{Record, to_give_back};
use crate::control_plane::Config;
use crate::ipvs::kernel::{Kernel, Options, Outcome, Request, Settled};
use crate::ipvs::plan::Change;
use crate::ipvs::remembered::{ChangedTimeouts, Remembered};
use crate::ipvs::sync_daemon::{SyncDaemon, Wanted};
use crate::ipvs::{DestinationKey, Entry, ServiceKey, Table, Timeouts};

/// The pause after a send that failed.
const REST: Duration = Duration::from_millis(50);
/// The time between a doubt about the table and a look at it.
const LOOK: Duration = Duration::from_secs(1);
/// Receive buffers of the sockets, in octets, unless configured.
const BUFFER: usize = 1 << 18;

/// The kernel's table, and what is believed to be in it.
#[derive(Debug)]
pub(super) struct KernelTable {
    pub(super) kernel: Kernel,
    pub(super) record: Record,
    /// What is in the kernel once all requests are answered.
    pub(super) believed: Table,
    /// Who wants a kernel service; several virtual servers can share one.
    pub(super) users: BTreeMap<ServiceKey, Vec<usize>>,
    /// Services that may have changed.
    pub(super) touched: BTreeSet<usize>,
    /// Kernel services that were ours before a reload.
    pub(super) former: BTreeSet<ServiceKey>,
    pub(super) is_asked_for: bool,
    /// Whether anything has changed since the look at the table began.
    pub(super) has_changed: bool,
    /// How often somebody else's change was put right.
    pub(super) repairs: u64,
    /// The time-outs that were there before, if they were changed.
    timeouts: Option<ChangedTimeouts>,
    daemon: SyncDaemon,
    settled: Vec<Settled>,
    /// [`Kernel::surprises`] when it was last looked at.
    surprises: u64,
    /// What is in the kernel is not known: requests were refused for want of memory, or
    /// the table could not be read.
    is_doubtful: bool,
    /// Another look is on its way for that.
    is_look_due: bool,
}

impl KernelTable {
    /// Open the kernel's side.
    pub(super) fn open(config: &Config, record: Record) -> io::Result<Self> {
        let kernel = Kernel::open_anyway(&options(config)).map_err(io::Error::other)?;
        let mut table = Self {
            kernel,
            record,
            believed: Table::new(),
            users: BTreeMap::new(),
            touched: BTreeSet::new(),
            former: BTreeSet::new(),
            is_asked_for: false,
            has_changed: false,
            repairs: 0,
            timeouts: None,
            daemon: SyncDaemon::new(),
            settled: Vec::new(),
            surprises: 0,
            is_doubtful: false,
            is_look_due: false,
        };
        table.find_ipvs(config)?;
        Ok(table)
    }

    /// Have IPVS, if the configuration needs it: virtual servers cannot be without.
    ///
    /// # Errors
    /// The kernel has none.
    pub(super) fn find_ipvs(&mut self, config: &Config) -> io::Result<()> {
        let lvs = &config.global.lvs;
        let own_daemon = lvs.sync_daemon.as_ref();
        let is_wished =
            !lvs.timeouts.is_unset() || own_daemon.is_some_and(|daemon| daemon.instance.is_none());
        let is_needed = !config.check.services.is_empty();
        if self.kernel.is_there() || !(is_needed || is_wished) {
            return Ok(());
        }
        log::info!("Initializing ipvs");
        match self.kernel.find() {
            Err(error) if is_needed => Err(io::Error::other(error)),
            Err(error) => {
                log::error!("{error}: lvs_timeouts and lvs_sync_daemon have no effect");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// A service may want something else of the kernel.
    pub(super) fn touch(&mut self, s: &mut Scheduler<CheckProcess>, service: usize) {
        self.touched.insert(service);
        self.ask(s);
    }

    pub(super) fn ask(&mut self, s: &mut Scheduler<CheckProcess>) {
        if !self.is_asked_for {
            self.is_asked_for = true;
            s.soon("IPVS", 0, CheckProcess::on_table);
        }
    }

    /// Nothing can be sent for now.
    pub(super) fn ask_later(&mut self, s: &mut Scheduler<CheckProcess>) {
        if !std::mem::replace(&mut self.is_asked_for, true) {
            s.at("IPVS", s.now() + REST, 0, CheckProcess::on_table);
        }
    }

    /// What is in the kernel is not known any more.
    pub(super) const fn doubt(&mut self) {
        self.is_doubtful = true;
    }

    /// Have the table looked at soon, if there is a doubt.
    pub(super) fn settle_doubt(&mut self, s: &mut Scheduler<CheckProcess>) {
        if self.is_doubtful && !std::mem::replace(&mut self.is_look_due, true) {
            s.at(
                "IPVS table",
                s.now() + LOOK,
                0,
                |process: &mut CheckProcess, _, _| {
                    process.table.is_look_due = false;
                    process.look_at_the_table();
                },
            );
        }
    }

    /// The table was read: whether there was a doubt about it.
    pub(super) const fn was_doubtful(&mut self) -> bool {
        std::mem::replace(&mut self.is_doubtful, false)
    }

    /// Whether nothing waits to be done.
    pub(super) fn is_idle(&self) -> bool {
        self.touched.is_empty() && self.former.is_empty() && self.kernel.queued() == 0
    }

    /// The weight that a real server has there, if it is there.
    pub(super) fn weight(&self, key: &ServiceKey, at: &DestinationKey) -> Option<u32> {
        let entry = self.believed.services.get(key)?;
        entry
            .destinations
            .get(at)
            .map(|destination| destination.weight)
    }

    /// After a reload: these were ours, and go unless somebody wants them again.
    pub(super) fn forsake(&mut self, keys: BTreeSet<ServiceKey>) {
        self.former.extend(keys);
        let all: BTreeSet<&ServiceKey> = self.users.keys().chain(&self.former).collect();
        self.record.write(all);
    }

    /// Only what is wanted is there.
    pub(super) fn settle_record(&mut self) {
        self.record.write_timeouts(self.timeouts);
        self.record.write(self.users.keys());
    }

    /// After a reload: time-outs and sync daemons.
    pub(super) fn settings_changed(&mut self, before: &Config, now: &Config) {
        if !self.kernel.is_there() {
            return;
        }
        let (before, lvs) = (&before.global.lvs, &now.global.lvs);
        if before.timeouts != lvs.timeouts
            && let Err(error) = self.set_timeouts(now)
        {
            log::error!("IPVS: cannot read the time-outs: {error}");
        }
        let own = lvs.sync_daemon.as_ref();
        let own = own.filter(|daemon| daemon.instance.is_none());
        let mut actions = Vec::new();
        let parameters = own.map(|own| &own.parameters);
        self.daemon.run(parameters, Wanted::Both, &mut actions);
        for action in actions {
            self.kernel.sync_daemon(action);
        }
    }

    /// Put changes on their way, and believe in them.
    pub(super) fn apply(&mut self, changes: Vec<Change>) {
        for change in &changes {
            believe(&mut self.believed, change);
        }
        self.has_changed |= !changes.is_empty();
        self.kernel.apply(changes);
    }

    /// Give back what was there before.
    pub(super) fn end(&mut self) {
        if let Some(changed) = self.timeouts.take() {
            self.kernel.set_timeouts(changed.before);
        }
        let mut actions = Vec::new();
        self.daemon.run(None, Wanted::None, &mut actions);
        for action in actions {
            self.kernel.sync_daemon(action);
        }
        let mut settled = Vec::new();
        if let Err(error) = self.kernel.carry_out(&mut settled) {
            log::error!("IPVS: {error}");
        }
    }

    pub(super) fn carry_out(&mut self) -> io::Result<()> {
        let mut settled = std::mem::take(&mut self.settled);
        let result = self.kernel.carry_out(&mut settled);
        self.settled = settled;
        self.look_at_outcomes();
        result
    }

    pub(super) fn settle(&mut self) {
        let mut settled = std::mem::take(&mut self.settled);
        if let Err(error) = self.kernel.outcomes(&mut settled) {
            log::error!("IPVS: {error}");
        }
        self.settled = settled;
        self.look_at_outcomes();
    }

    /// Say what was refused, and do not believe in it. That there was nothing to do
    /// is worth a line only where the table was not as it was read.
    fn look_at_outcomes(&mut self) {
        for settled in self.settled.drain(..) {
            match (&settled.outcome, &settled.request) {
                (Outcome::Refused(error), request) => {
                    self.is_doubtful |= error.is_passing();
                    if let Request::Change(change) = request {
                        disbelieve(&mut self.believed, change);
                    }
                    log::error!("{}", settled.complaint().unwrap_or_default());
                }
                (Outcome::AlreadySo(_), Request::Change(_)) => {
                    log::info!("{}", settled.complaint().unwrap_or_default());
                }
                (Outcome::Done | Outcome::AlreadySo(_), _) => {}
            }
        }
    }

    /// Whether the table was found otherwise than it was read, since the last call.
    pub(super) fn was_surprised(&mut self) -> bool {
        let seen = std::mem::replace(&mut self.surprises, self.kernel.surprises());
        seen != self.surprises
    }

    /// Time-outs that a killed run has changed are to be given back, unless somebody
    /// else has changed them since.
    pub(super) fn take_over_timeouts(&mut self, left: &Remembered) -> io::Result<()> {
        self.timeouts = to_give_back(left, &mut self.kernel)?;
        Ok(())
    }

    /// `lvs_timeouts`; what was there before is kept for the end.
    pub(super) fn set_timeouts(&mut self, config: &Config) -> io::Result<()> {
        let wanted = &config.global.lvs.timeouts;
        let before = match self.timeouts.take() {
            Some(changed) => changed.before,
            None if wanted.is_unset() => return Ok(()),
            None => self.kernel.timeouts()?,
        };
        let given = |value: Option<u32>| value.filter(|value| *value != 0);
        let given = Timeouts {
            tcp: given(wanted.tcp).unwrap_or(before.tcp),
            tcp_fin: given(wanted.tcp_fin).unwrap_or(before.tcp_fin),
            udp: given(wanted.udp).unwrap_or(before.udp),
        };
        self.timeouts = (given != before).then_some(ChangedTimeouts { before, given });
        if self.timeouts.is_some() {
            // Before the kernel hears of it.
            self.record.write_timeouts(self.timeouts);
        }
        self.kernel.set_timeouts(given);
        Ok(())
    }

    /// `lvs_sync_daemon` without an instance is this process's.
    pub(super) fn start_daemons(&mut self, config: &Config) {
        let daemon = config.global.lvs.sync_daemon.as_ref();
        let own = daemon.filter(|daemon| daemon.instance.is_none());
        let mut actions = Vec::new();
        if let Some(own) = own {
            self.daemon
                .start(&own.parameters, Wanted::Both, &mut actions);
        }
        for action in actions {
            self.kernel.sync_daemon(action);
        }
    }
}

/// Why the virtual servers of a configuration cannot be in the kernel.
pub(super) fn obstacle(config: &Config) -> Option<String> {
    if config.check.services.is_empty() {
        return None;
    }
    let opened = Kernel::open(&options(config));
    opened.err().map(|error| error.to_string())
}

/// How the kernel is opened.
pub(super) fn options(config: &Config) -> Options<'_> {
    let lvs = &config.global.lvs;
    let buffer = lvs.buffers.command;
    let buffer = buffer.and_then(|size| usize::try_from(size).ok());
    Options {
        receive_buffer: buffer.unwrap_or(BUFFER),
        namespace: lvs.namespace.place(),
    }
}

/// What a change makes of a table.
fn believe(table: &mut Table, change: &Change) {
    match *change {
        Change::AddService(key, service) | Change::EditService(key, service) => {
            let entry = table.services.entry(key).or_insert_with(|| Entry {
                service,
                destinations: BTreeMap::new(),
            });
            entry.service = service;
        }
        Change::DeleteService(key) => {
            table.services.remove(&key);
        }
        Change::AddDestination(key, at, destination)
        | Change::EditDestination(key, at, destination) => {
            if let Some(entry) = table.services.get_mut(&key) {
                entry.destinations.insert(at, destination);
            }
        }
        Change::DeleteDestination(key, at) => {
            if let Some(entry) = table.services.get_mut(&key) {
                entry.destinations.remove(&at);
            }
        }
    }
}

/// A change that was refused; another look shows what is there instead of an edit.
fn disbelieve(table: &mut Table, change: &Change) {
    match change {
        Change::AddService(key, _) => {
            table.services.remove(key);
        }
        Change::AddDestination(key, at, _) => {
            if let Some(entry) = table.services.get_mut(key) {
                entry.destinations.remove(at);
            }
        }
        Change::EditService(..)
        | Change::DeleteService(_)
        | Change::EditDestination(..)
        | Change::DeleteDestination(..) => {}
    }
}
