//! The kernel's table, kept as the services want it: by difference, in portions, and
//! compared with what is really there now and then.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::rc::Rc;

use scheduler::{Drain, Instant, Interest, IoId, Key, Ready, Scheduler};

use super::CheckProcess;
use super::record::Record;
use crate::control_plane::Config;
use crate::global::lvs::{FlushOnStop, IpvsNamespace};
use crate::ipvs::kernel::{Kernel, Options, Outcome, Reading, Request, Settled};
use crate::ipvs::plan::{self, Change, Start, Stop};
use crate::ipvs::reader::{Detail, Scope};
use crate::ipvs::sync_daemon::{SyncDaemon, Wanted};
use crate::ipvs::{DestinationKey, Entry, ServiceKey, Table, Timeouts};

/// Requests per round: the kernel works some 10 to 100 microseconds on each.
const PORTION: usize = 128;
/// Parts of an answer read per round.
const PARTS: usize = 16;
/// Receive buffers of the sockets, in octets, unless configured.
const BUFFER: usize = 1 << 18;

/// The kernel's table, and what is believed to be in it.
#[derive(Debug)]
pub(super) struct KernelTable {
    kernel: Kernel,
    record: Record,
    /// What is in the kernel once all requests are answered.
    believed: Table,
    /// Who wants a kernel service; several virtual servers can share one.
    users: BTreeMap<ServiceKey, Vec<usize>>,
    /// Services that may have changed.
    touched: BTreeSet<usize>,
    /// Kernel services that were ours before a reload.
    former: BTreeSet<ServiceKey>,
    is_asked_for: bool,
    /// Whether anything has changed since the look at the table began.
    has_changed: bool,
    /// How often somebody else's change was put right.
    repairs: u64,
    /// The time-outs that were there before.
    timeouts: Option<Timeouts>,
    daemon: SyncDaemon,
    settled: Vec<Settled>,
    /// [`Kernel::surprises`] when it was last looked at.
    surprises: u64,
}

impl KernelTable {
    /// Open the kernel's side.
    pub(super) fn open(config: &Config, record: Record) -> io::Result<Self> {
        let lvs = &config.global.lvs;
        let buffer = lvs
            .buffers
            .command
            .and_then(|size| usize::try_from(size).ok());
        let namespace = match &lvs.namespace {
            IpvsNamespace::Same => None,
            IpvsNamespace::Host => Some(HOST_NAMESPACE),
            IpvsNamespace::Named(name) => Some(name.value.as_str()),
        };
        let options = Options {
            receive_buffer: buffer.unwrap_or(BUFFER),
            namespace,
        };
        let kernel = Kernel::open(&options).map_err(io::Error::other)?;
        Ok(Self {
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
        })
    }

    /// A service may want something else of the kernel.
    pub(super) fn touch(&mut self, s: &mut Scheduler<CheckProcess>, service: usize) {
        self.touched.insert(service);
        self.ask(s);
    }

    fn ask(&mut self, s: &mut Scheduler<CheckProcess>) {
        if !self.is_asked_for {
            self.is_asked_for = true;
            s.soon("IPVS", 0, CheckProcess::on_table);
        }
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
        self.record.write(self.users.keys());
        self.former.extend(keys);
    }

    /// After a reload: time-outs and sync daemons.
    pub(super) fn settings_changed(&mut self, before: &Config, now: &Config) {
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
    fn apply(&mut self, changes: Vec<Change>) {
        for change in &changes {
            believe(&mut self.believed, change);
        }
        self.has_changed |= !changes.is_empty();
        self.kernel.apply(changes);
    }

    /// Give back what was there before.
    pub(super) fn end(&mut self) {
        if let Some(timeouts) = self.timeouts.take() {
            self.kernel.set_timeouts(timeouts);
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
}

/// In `net_namespace_ipvs` without a name: that of process 1.
const HOST_NAMESPACE: &str = "/proc/1/ns/net";

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

impl CheckProcess {
    /// Know who wants what.
    pub(super) fn learn_keys(&mut self) {
        self.table.users.clear();
        for (place, own) in self.services.iter().enumerate() {
            for key in &own.keys {
                self.table.users.entry(*key).or_default().push(place);
            }
        }
    }

    /// What is wanted under a key: of the first service the settings, of all of them
    /// the servers.
    fn wanted_entry(&self, key: &ServiceKey) -> Option<Entry> {
        let users = self.table.users.get(key)?;
        let mut entry: Option<Entry> = None;
        for place in users {
            let own = self.services.get(*place)?;
            let service = self.config.check.services.get(*place)?;
            let entry = entry.get_or_insert_with(|| Entry {
                service: service.kernel(key),
                destinations: BTreeMap::new(),
            });
            for (at, destination) in own.wanted(service, key) {
                entry.destinations.entry(at).or_insert(destination);
            }
        }
        entry
    }

    fn wanted_table(&self) -> Table {
        let keys = self.table.users.keys();
        let entries = keys.filter_map(|key| Some((*key, self.wanted_entry(key)?)));
        Table {
            services: entries.collect(),
        }
    }

    /// The beginning: what is in the kernel becomes what is wanted. This waits for the
    /// kernel, and for nothing else.
    pub(super) fn fill_the_table(&mut self) -> io::Result<()> {
        let config = Rc::clone(&self.config);
        let lvs = &config.global.lvs;
        let wanted = self.wanted_table();
        let table = &mut self.table;
        let ours = table.record.read();
        table.record.write(wanted.services.keys());
        let snapshot = table.kernel.read_table(Scope::All, Detail::Settings)?;
        table.set_timeouts(&config)?;
        table.start_daemons(&config);
        let start = if lvs.flush {
            Start::Flush
        } else {
            Start::Adopt
        };
        let requests = plan::at_start(&wanted, &snapshot.table, |key| ours.contains(key), start);
        for request in requests {
            table.kernel.queue(request);
        }
        table.believed = wanted;
        table.carry_out()
    }

    /// Queue the difference to what is believed to be there.
    pub(super) fn come_to_what_is_wanted(&mut self) {
        let wanted = self.wanted_table();
        let users = &self.table.users;
        let changes = plan::between(&wanted, &self.table.believed, |key| users.contains_key(key));
        self.table.apply(changes);
    }

    /// The end of all services.
    pub(super) fn empty_the_table(&mut self, s: &mut Scheduler<Self>) {
        let table = &mut self.table;
        table.touched.clear();
        table.former.clear();
        let stop = match self.config.global.lvs.flush_on_stop {
            FlushOnStop::Everything => Stop::Flush,
            FlushOnStop::Services | FlushOnStop::No => Stop::Delete,
        };
        let there = std::mem::take(&mut table.believed).services;
        let ours = there.keys().filter(|key| table.users.contains_key(key));
        for request in plan::at_stop(ours, stop) {
            table.kernel.queue(request);
        }
        table.record.remove();
        table.ask(s);
    }

    /// A portion of changes.
    fn on_table(&mut self, s: &mut Scheduler<Self>, _: Key) {
        self.table.is_asked_for = false;
        let touched = std::mem::take(&mut self.table.touched);
        for place in touched {
            self.follow_service(place);
        }
        self.drop_former();
        if let Err(error) = self.table.kernel.send(PORTION) {
            log::error!("IPVS: cannot send: {error}");
        }
        self.table.settle();
        if self.table.kernel.queued() > 0 {
            self.table.ask(s);
        } else if self.is_stopping {
            self.finish_if_stopped(s);
        } else if self.table.was_surprised() {
            self.look_at_the_table();
        }
    }

    /// Queue what a service wants changed.
    fn follow_service(&mut self, place: usize) {
        let Some(own) = self.services.get(place) else {
            return;
        };
        let keys = own.keys.clone();
        for key in &keys {
            let Some(wanted) = self.wanted_entry(key) else {
                continue;
            };
            let mut changes = Vec::new();
            match self.table.believed.services.get(key) {
                Some(actual) => plan::edit_service(key, &wanted, actual, &mut changes),
                None => plan::add_service(key, &wanted, &mut changes),
            }
            self.table.apply(changes);
        }
    }

    /// What was ours before a reload, and nobody wants any more.
    fn drop_former(&mut self) {
        let former = std::mem::take(&mut self.table.former);
        let (users, there) = (&self.table.users, &self.table.believed.services);
        let gone = former.into_iter();
        let gone = gone.filter(|key| !users.contains_key(key) && there.contains_key(key));
        let changes = gone.map(Change::DeleteService).collect();
        self.table.apply(changes);
    }

    /// Have a look at the kernel's table now and then.
    pub(super) fn watch_the_table(&mut self, s: &mut Scheduler<Self>) -> io::Result<()> {
        let reading = self.table.kernel.reading_fd();
        s.watch("IPVS table", reading, Interest::Read, 0, Self::on_reading)?;
        let outcomes = self.table.kernel.outcomes_fd();
        s.watch("IPVS", outcomes, Interest::Read, 0, Self::on_outcomes)?;
        self.look_later(s, s.now());
        Ok(())
    }

    fn look_later(&self, s: &mut Scheduler<Self>, now: Instant) {
        let interval = self.config.global.lvs.table_check_interval;
        if !interval.is_zero() {
            s.at(
                "IPVS table",
                now + interval,
                0,
                |process: &mut Self, s, _| {
                    process.look_at_the_table();
                    process.look_later(s, s.now());
                },
            );
        }
    }

    /// Begin to read the kernel's table.
    pub(super) fn look_at_the_table(&mut self) {
        if self.is_stopping {
            return;
        }
        self.table.has_changed = false;
        if let Err(error) = self.table.kernel.ask(Scope::All, Detail::Settings) {
            log::warn!("IPVS: cannot ask for the table: {error}");
        }
    }

    fn on_reading(&mut self, s: &mut Scheduler<Self>, _: IoId<Self>, _: Ready) -> Drain {
        match self.table.kernel.read_on(PARTS) {
            Ok(Reading::Wait) => Drain::Drained,
            Ok(Reading::More) => Drain::More,
            Ok(Reading::Complete(snapshot)) => {
                self.compare(s, snapshot.table);
                Drain::More
            }
            Err(error) => {
                log::warn!("IPVS: cannot read the table: {error}");
                Drain::Drained
            }
        }
    }

    /// What is in the kernel, if nothing was changed meanwhile.
    fn compare(&mut self, s: &mut Scheduler<Self>, actual: Table) {
        if self.is_stopping || self.table.has_changed || !self.table.is_idle() {
            return;
        }
        self.table.believed = actual;
        let before = self.table.kernel.queued();
        self.come_to_what_is_wanted();
        let repairs = self.table.kernel.queued().saturating_sub(before);
        if repairs > 0 {
            self.table.repairs += u64::try_from(repairs).unwrap_or_default();
            log::warn!(
                "IPVS: somebody else has changed the table of virtual servers: {repairs} entries \
                 are put right"
            );
            self.table.ask(s);
        }
    }

    fn on_outcomes(&mut self, _: &mut Scheduler<Self>, _: IoId<Self>, _: Ready) -> Drain {
        self.table.settle();
        Drain::Drained
    }
}

impl KernelTable {
    fn carry_out(&mut self) -> io::Result<()> {
        let mut settled = std::mem::take(&mut self.settled);
        let result = self.kernel.carry_out(&mut settled);
        self.settled = settled;
        self.look_at_outcomes();
        result
    }

    fn settle(&mut self) {
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
                (Outcome::Refused(_), request) => {
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
    fn was_surprised(&mut self) -> bool {
        let seen = std::mem::replace(&mut self.surprises, self.kernel.surprises());
        seen != self.surprises
    }

    /// `lvs_timeouts`; what was there before is kept for the end.
    fn set_timeouts(&mut self, config: &Config) -> io::Result<()> {
        let wanted = &config.global.lvs.timeouts;
        if let Some(before) = self.timeouts.take() {
            self.kernel.set_timeouts(before);
        }
        let given = |value: Option<u32>| value.filter(|value| *value != 0);
        let wanted = [given(wanted.tcp), given(wanted.tcp_fin), given(wanted.udp)];
        if wanted.iter().all(Option::is_none) {
            return Ok(());
        }
        let before = self.kernel.timeouts()?;
        self.timeouts = Some(before);
        let [tcp, tcp_fin, udp] = wanted;
        self.kernel.set_timeouts(Timeouts {
            tcp: tcp.unwrap_or(before.tcp),
            tcp_fin: tcp_fin.unwrap_or(before.tcp_fin),
            udp: udp.unwrap_or(before.udp),
        });
        Ok(())
    }

    /// `lvs_sync_daemon` without an instance is this process's.
    fn start_daemons(&mut self, config: &Config) {
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
