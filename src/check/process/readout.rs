//! What the dumps ask the process: how its services, servers and checks are.

use std::collections::HashMap;
use std::time::Duration;

use scheduler::Instant;

use super::CheckProcess;
use super::check::{Check, Last, Place, Told};
use crate::check::checker::Kind;
use crate::dump::check::{Readout, ServerState, ServiceState};
use crate::dump::checker::{AttemptResult, CheckState, LastAttempt};
use crate::model::UnixTime;
use crate::sys::calendar;

/// The process at a moment, with its checks by their places.
pub(super) struct Look<'a> {
    process: &'a CheckProcess,
    now: Instant,
    /// The same moment on the wall.
    wall: Duration,
    checks: HashMap<Place, &'a Check>,
}

impl<'a> Look<'a> {
    pub(super) fn at(process: &'a CheckProcess, now: Instant) -> Self {
        let checks = process.checks.iter();
        let checks = checks.flat_map(|(_, check)| check.places.iter().map(move |at| (*at, check)));
        Self {
            process,
            now,
            wall: calendar::wall_time(),
            checks: checks.collect(),
        }
    }

    fn find(&self, service: usize, server: usize, checker: usize) -> Option<&'a Check> {
        let place = Place::new(service, server, checker);
        self.checks.get(&place).copied()
    }

    /// How many checks of a server are down.
    fn failed(&self, service: usize, server: usize) -> u32 {
        let config = self.process.config.check.services.get(service);
        let config = config.and_then(|service| service.servers.get(server));
        let count = config.map_or(0, |server| server.checkers.len());
        let checks = (0..count).filter_map(|checker| self.find(service, server, checker));
        let failed = checks.filter(|check| !check.schedule.is_up());
        u32::try_from(failed.count()).unwrap_or(u32::MAX)
    }

    fn last(&self, last: &'a Last) -> Option<LastAttempt<'a>> {
        let result = match last.result.as_ref()? {
            Told::Passed => AttemptResult::Passed,
            Told::Proceeding => AttemptResult::Proceeding,
            Told::Failed(why) => AttemptResult::Failed(why),
            Told::Unable(why) => AttemptResult::Unable(why),
        };
        let age = self.now.since(last.begun.unwrap_or(self.now));
        Some(LastAttempt {
            result,
            at: UnixTime(self.wall.saturating_sub(age)),
            age,
            duration: last.duration,
        })
    }

    /// The weight of a server in the kernel; all keys of a service have the same.
    fn in_table(&self, service: usize, server: usize) -> Option<u32> {
        let own = self.process.services.get(service)?;
        let config = self.process.config.check.services.get(service)?;
        let key = own.keys.first()?;
        let at = config.servers.get(server)?.key(key);
        self.process.table.weight(key, &at)
    }
}

impl Readout for Look<'_> {
    fn service(&self, service: usize) -> ServiceState {
        let Some(own) = self.process.services.get(service) else {
            return ServiceState::default();
        };
        ServiceState {
            alive: own.machine.alive(),
            alive_weight: own.machine.alive_weight(),
            has_quorum: own.machine.has_quorum(),
            is_suspended: own.is_suspended,
        }
    }

    fn server(&self, service: usize, server: usize) -> ServerState {
        let Some(own) = self.process.services.get(service) else {
            return ServerState::default();
        };
        ServerState {
            is_alive: own.machine.is_alive(server),
            failed: self.failed(service, server),
            weight: own.machine.weight(server),
            wanted_weight: own.machine.wanted_weight(server),
            in_table: self.in_table(service, server),
        }
    }

    fn check(&self, service: usize, server: usize, checker: usize) -> Option<CheckState<'_>> {
        let check = self.find(service, server, checker)?;
        let schedule = &check.schedule;
        Some(CheckState {
            is_enabled: !schedule.is_suspended(),
            is_up: schedule.is_up(),
            has_run: schedule.has_run(),
            is_running: schedule.is_running(),
            is_overdue: check.is_overdue,
            retries_left: schedule.retries_left(),
            contribution: check.contribution,
            runs: check.last.runs,
            last: self.last(&check.last),
            memory: check
                .conduct
                .talk()
                .and_then(|talk| self.process.talks.remembers(talk)),
            servers: check.places.len(),
        })
    }

    fn repairs(&self) -> u64 {
        self.process.table.repairs
    }

    fn file(&self, file: usize) -> Option<i64> {
        let mut files = self.process.files.list().iter();
        let found = files.find(|tracked| usize::try_from(tracked.key) == Ok(file))?;
        Some(i64::from(found.value))
    }

    fn session(&self, name: &str) -> Option<bool> {
        let mut checks = self.process.checks.iter().map(|(_, check)| check);
        let found = checks.find(|check| {
            let place = check.places.first();
            let checker = place.and_then(|place| self.process.checker(*place));
            checker.is_some_and(
                |checker| matches!(&checker.kind, Kind::Bfd(settings) if settings.session == name),
            )
        })?;
        Some(found.schedule.is_up())
    }
}
