//! The kernel's table, kept as the services want it: by difference, in portions, and
//! compared with what is really there now and then.

use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;

use scheduler::{Drain, Instant, Interest, IoId, Key, Ready, Scheduler};

use super::CheckProcess;
use crate::global::lvs::FlushOnStop;
use crate::ipvs::kernel::Reading;
use crate::ipvs::plan::{self, Change, Start, Stop};
use crate::ipvs::reader::{Detail, Scope};
use crate::ipvs::{Entry, ServiceKey, Table};

/// Requests per round: the kernel works some 10 to 100 microseconds on each.
const PORTION: usize = 128;
/// Parts of an answer read per round.
const PARTS: usize = 16;

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
        let left = table.record.take_over(&config);
        if !table.kernel.is_there() {
            return Ok(());
        }
        let ours = &left.services;
        table.record.write(wanted.services.keys().chain(ours));
        let snapshot = table.kernel.read_table(Scope::All, Detail::Settings)?;
        table.take_over_timeouts(&left)?;
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
        table.carry_out()?;
        table.settle_record();
        Ok(())
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
        table.ask(s);
        self.end_marks();
    }

    /// A portion of changes.
    pub(super) fn on_table(&mut self, s: &mut Scheduler<Self>, _: Key) {
        self.table.is_asked_for = false;
        let touched = std::mem::take(&mut self.table.touched);
        for place in touched {
            self.follow_service(place);
        }
        self.drop_former();
        let sent = self.table.kernel.send(PORTION);
        if let Err(error) = &sent {
            log::error!("IPVS: cannot send: {error}");
        }
        self.table.settle();
        if self.table.kernel.queued() > 0 {
            match sent {
                Ok(1..) => self.table.ask(s),
                Ok(0) | Err(_) => self.table.ask_later(s),
            }
        } else if self.is_stopping {
            self.finish_if_stopped(s);
        } else if self.table.was_surprised() {
            self.look_at_the_table();
        }
        self.tell_if_settled();
        self.table.settle_doubt(s);
    }

    /// After a reload: nothing is left of what is configured no more.
    pub(super) fn tell_if_settled(&mut self) {
        if self.is_settling && self.table.is_idle() {
            self.is_settling = false;
            self.table.settle_record();
            self.plumbing.settled();
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
        if self.is_stopping || !self.table.kernel.is_there() {
            return;
        }
        self.table.has_changed = false;
        self.look_at_the_marks();
        if let Err(error) = self.table.kernel.ask(Scope::All, Detail::Settings) {
            log::warn!("IPVS: cannot ask for the table: {error}");
            self.table.doubt();
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
                self.table.doubt();
                self.table.settle_doubt(s);
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
        let was_doubtful = self.table.was_doubtful();
        let before = self.table.kernel.queued();
        self.come_to_what_is_wanted();
        let repairs = self.table.kernel.queued().saturating_sub(before);
        if repairs > 0 {
            self.table.repairs += u64::try_from(repairs).unwrap_or_default();
            if was_doubtful {
                log::info!("IPVS: {repairs} entries are put right that the kernel did not take");
            } else {
                log::warn!(
                    "IPVS: somebody else has changed the table of virtual servers: {repairs} \
                     entries are put right"
                );
            }
            self.table.ask(s);
        }
    }

    fn on_outcomes(&mut self, s: &mut Scheduler<Self>, _: IoId<Self>, _: Ready) -> Drain {
        self.table.settle();
        if self.table.kernel.queued() > 0 {
            // Their answers were lost.
            self.table.ask(s);
        }
        self.table.settle_doubt(s);
        Drain::Drained
    }
}
