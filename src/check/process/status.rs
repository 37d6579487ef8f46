//! What the process tells those who watch.

use std::collections::HashMap;
use std::net::SocketAddr;

use scheduler::{Id, Instant, Scheduler};

use super::CheckProcess;
use super::check::{Check, Place, Told};
use crate::check::names;
use crate::dump::json::Json;
use crate::status::check::{CheckerStatus, ServerStatus, ServiceStatus};
use crate::status::headline;
use crate::status::record::Field as _;
use crate::status::snapshot::TimingStatus;
use crate::watchdog::survey::{Surveyed, Watched};

/// What a survey looks things up in, while it is under way.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// The checks by their places.
    checks: HashMap<Place, Id<Check>>,
    /// The real servers in a row: service and server.
    servers: Vec<(usize, usize)>,
}

impl Surveyed for CheckProcess {
    const LISTS: &'static [&'static str] = &["services", "servers"];

    fn watched(&mut self) -> &mut Watched<Self> {
        &mut self.watched
    }

    fn headline(&self) -> String {
        let up = self.services.iter().map(|own| own.machine.alive());
        let all = self.services.iter().map(|own| own.servers.len());
        headline::of_many(up.sum(), all.sum(), "real servers")
    }

    fn prepare(&mut self, begins: bool) {
        self.index.checks = HashMap::new();
        self.index.servers = Vec::new();
        if !begins {
            return;
        }
        for (id, check) in self.checks.iter() {
            let places = check.places.iter().map(|place| (*place, id));
            self.index.checks.extend(places);
        }
        let services = self.config.check.services.iter().enumerate();
        let servers = services.flat_map(|(place, service)| {
            (0..service.servers.len()).map(move |server| (place, server))
        });
        self.index.servers = servers.collect();
    }

    fn head(&self, s: &Scheduler<Self>, out: &mut Json) {
        out.key("timing");
        TimingStatus::of(s).put(out);
        out.key("repairs");
        self.table.repairs.put(out);
    }

    fn element(&self, s: &Scheduler<Self>, list: usize, place: usize, out: &mut Json) -> bool {
        let put = match list {
            0 => self.service_status(place).map(|service| service.put(out)),
            _ => self
                .server_status(s.now(), place)
                .map(|server| server.put(out)),
        };
        put.is_some()
    }
}

impl CheckProcess {
    fn service_status(&self, place: usize) -> Option<ServiceStatus> {
        let own = self.services.get(place)?;
        let config = self.config.check.services.get(place)?;
        let sorry = config.sorry.as_ref();
        let sorry = sorry.map(|sorry| SocketAddr::new(sorry.address, sorry.port));
        Some(ServiceStatus {
            name: own.name.to_string(),
            has_quorum: own.machine.has_quorum(),
            quorum: config.quorum.into(),
            servers_up: own.machine.alive() as u64,
            servers: own.servers.len() as u64,
            weight: own.machine.alive_weight(),
            is_suspended: own.is_suspended,
            sorry: sorry.map(|sorry| names::server(config, sorry)),
        })
    }

    fn server_status(&self, now: Instant, place: usize) -> Option<ServerStatus> {
        let (service, server) = *self.index.servers.get(place)?;
        let own = self.services.get(service)?;
        let of = self.config.check.services.get(service)?;
        let config = of.servers.get(server)?;
        let key = own.keys.first();
        let in_kernel = key.and_then(|key| self.table.weight(key, &config.key(key)));
        let checks = 0..config.checkers.len();
        let checks =
            checks.filter_map(|n| self.checker_status(now, Place::new(service, server, n)));
        Some(ServerStatus {
            service: own.name.to_string(),
            name: names::server(of, config.socket()),
            is_up: own.machine.is_alive(server),
            weight: own.machine.weight(server).into(),
            weight_in_kernel: in_kernel.map(u64::from),
            checks: checks.collect(),
        })
    }

    fn checker_status(&self, now: Instant, place: Place) -> Option<CheckerStatus> {
        let id = self.index.checks.get(&place)?;
        let check = self.checks.get(*id)?;
        let (schedule, last) = (&check.schedule, &check.last);
        let (result, reason) = last.result.as_ref().map(words).unzip();
        let begun = last.begun.filter(|_| result.is_some());
        Some(CheckerStatus {
            kind: self.checker(place)?.kind.keyword().to_owned(),
            is_up: schedule.is_up(),
            is_enabled: !schedule.is_suspended(),
            is_overdue: check.is_overdue,
            result: result.map(str::to_owned),
            reason: reason.flatten().map(str::to_owned),
            age: begun.map(|begun| now.since(begun)),
            duration: begun.map(|_| last.duration),
            retries_left: schedule.retries_left().into(),
            runs: last.runs,
            failures: last.failures,
            total_duration: last.total,
        })
    }
}

fn words(told: &Told) -> (&'static str, Option<&str>) {
    match told {
        Told::Passed => ("passed", None),
        Told::Proceeding => ("proceeding", None),
        Told::Failed(why) => ("failed", Some(why)),
        Told::Unable(why) => ("unable", Some(why)),
    }
}
