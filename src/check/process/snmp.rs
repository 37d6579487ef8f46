//! SNMP of the checker process: what it serves, what it tells, and what KEEPALIVED-MIB
//! asks it.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use scheduler::{Id, Instant, Scheduler};

use super::CheckProcess;
use super::check::{Check, Place};
use super::statistics::Statistics;
use crate::check::service::Effect;
use crate::control_plane::Config;
use crate::ipvs::table::{Counters, DestinationReading};
use crate::snmp::keepalived::traps::{self, ServiceTold};
use crate::snmp::keepalived::{CheckFacts, CheckMib, GlobalFacts, GlobalMib, QuorumState};
use crate::snmp::view::{CheckView, ProcessView};
use crate::snmp::{Agent, Host, Notification, Wish};
use crate::sys::host;

/// The agent, and what it needs that nothing else does.
#[derive(Debug, Default)]
pub(super) struct Snmp {
    agent: Agent<CheckProcess>,
    statistics: Statistics,
    /// The checks of each real server, by virtual server and place.
    checks: HashMap<(u32, u32), Vec<Id<Check>>>,
    is_fresh: bool,
    /// What came of weights that were set in this round, by virtual server.
    effects: BTreeMap<usize, Vec<Effect>>,
    has_set: bool,
    /// So many servers of the service that is told of end with it, and do not count.
    ended: usize,
}

impl Snmp {
    /// Send what was told.
    pub(super) fn follow(&mut self, s: &mut Scheduler<CheckProcess>) {
        if self.agent.has_news() {
            self.agent.follow(s);
        }
    }

    /// End the session in order.
    pub(super) fn stop(&mut self, s: &mut Scheduler<CheckProcess>) {
        self.follow(s);
        self.agent.stop(s);
    }

    /// A server that was alive ends: it counts no more in what is told of its service,
    /// until [`Self::service_ended`].
    pub(super) const fn server_ends(&mut self) {
        self.ended += 1;
    }

    /// All of the servers that end with a service have been told of.
    pub(super) const fn service_ended(&mut self) {
        self.ended = 0;
    }

    /// Whether a weight was set since the configuration was read.
    pub(super) const fn has_set(&self) -> bool {
        self.has_set
    }
}

impl CheckProcess {
    /// Serve what the configuration says.
    pub(super) fn set_up_snmp(&mut self, s: &mut Scheduler<Self>) {
        let config = Rc::clone(&self.config);
        let settings = &self.plumbing.settings;
        let snmp = &config.global.snmp;
        self.snmp.is_fresh = false;
        self.snmp.has_set = false;
        self.snmp.statistics.forget();
        let is_on = settings.snmp || snmp.checker;
        let wish = is_on.then(|| Wish {
            socket: settings.master_agent(&config.global),
            description: "Keepalived Healthcheckers".to_owned(),
            mibs: vec![&GlobalMib::<Self>::MIB, &CheckMib::<Self>::MIB],
        });
        self.snmp.agent.configure(s, wish);
    }

    /// A real server is alive, or is not any more.
    pub(super) fn trap_server(&mut self, service: usize, server: usize, is_alive: bool) {
        let told = self.told_of(service).and_then(|of| {
            let server = of.service.servers.get(server)?;
            Some(traps::server_changed(
                of,
                server,
                is_alive,
                &self.router_id(),
            ))
        });
        self.trap(told);
    }

    /// A virtual server has gained or lost its quorum.
    pub(super) fn trap_quorum(&mut self, service: usize, quorum: QuorumState) {
        let told = self.told_of(service);
        let told = told.map(|of| traps::quorum_changed(of, quorum, &self.router_id()));
        self.trap(told);
    }

    /// What is told of a virtual server, if notifications are sent.
    fn told_of(&self, service: usize) -> Option<ServiceTold<'_>> {
        let is_told = self.snmp.agent.is_on() && self.are_traps_enabled();
        let config = &self.config.check;
        Some(ServiceTold {
            config,
            service: config.services.get(service).filter(|_| is_told)?,
            alive: {
                let own = self.services.get(service)?;
                own.machine.alive().saturating_sub(self.snmp.ended)
            },
        })
    }

    fn trap(&mut self, notification: Option<Notification>) {
        if let Some(notification) = notification {
            self.snmp.agent.notify(notification);
        }
    }
}

impl Host for CheckProcess {
    fn agent(&mut self) -> &mut Agent<Self> {
        &mut self.snmp.agent
    }

    fn refresh(&mut self) {
        if std::mem::replace(&mut self.snmp.is_fresh, true) {
            return;
        }
        self.snmp.checks.clear();
        for (id, check) in self.checks.iter() {
            for place in check.places.iter() {
                let of = (place.service, place.server);
                self.snmp.checks.entry(of).or_default().push(id);
            }
        }
    }

    fn was_set(&mut self, s: &mut Scheduler<Self>) {
        let effects = std::mem::take(&mut self.snmp.effects);
        for (service, mut effects) in effects {
            self.table.touch(s, service);
            self.perform(s, service, &mut effects);
        }
        self.notifier.follow(s);
        self.snmp.follow(s);
    }
}

impl ProcessView for CheckProcess {
    fn config(&self) -> &Config {
        &self.config
    }
}

impl GlobalFacts for CheckProcess {
    fn router_id(&self) -> String {
        let given = self.config.global.router_id.clone();
        given.unwrap_or_else(host::name)
    }
}

impl CheckView for CheckProcess {}

impl CheckFacts for CheckProcess {
    fn is_used(&self, service: usize) -> bool {
        let own = self.services.get(service);
        own.is_some_and(|own| !own.is_suspended)
    }

    fn alive(&self, service: usize) -> usize {
        self.services
            .get(service)
            .map_or(0, |own| own.machine.alive())
    }

    fn quorum(&self, service: usize) -> QuorumState {
        let own = self.services.get(service);
        match own.is_some_and(|own| own.machine.has_quorum()) {
            _ if self.is_stopping => QuorumState::Shutdown,
            true => QuorumState::Met,
            false => QuorumState::NotMet,
        }
    }

    fn is_alive(&self, service: usize, server: usize) -> bool {
        let own = self.services.get(service);
        own.is_some_and(|own| own.machine.is_alive(server))
    }

    fn weight(&self, service: usize, server: usize) -> u32 {
        let own = self.services.get(service);
        own.map_or(0, |own| own.machine.weight(server))
    }

    fn failed_checks(&self, service: usize, server: usize) -> u32 {
        let own = self.services.get(service);
        own.map_or(0, |own| own.machine.failed(server))
    }

    fn checks_not_run(&self, service: usize, server: usize) -> usize {
        let place = Place::new(service, server, 0);
        let checks = self.snmp.checks.get(&(place.service, place.server));
        let checks = checks.into_iter().flatten();
        let waiting = |id: &&Id<Check>| {
            let check = self.checks.get(**id);
            check.is_some_and(|check| !check.schedule.has_run())
        };
        checks.filter(waiting).count()
    }

    fn counters(&self, service: usize) -> Counters {
        self.snmp.statistics.counters(service)
    }

    fn reading(&self, service: usize, server: Option<usize>) -> DestinationReading {
        self.snmp.statistics.reading(service, server)
    }

    fn refresh_service(&mut self, now: Instant, service: usize) {
        let age = self.config.global.snmp.service_stats_age();
        self.refresh_counters(now, service, age);
    }

    fn refresh_servers(&mut self, now: Instant, service: usize) {
        let age = self.config.global.snmp.server_stats_age();
        self.refresh_counters(now, service, age);
    }

    fn set_weight(&mut self, service: usize, server: usize, weight: u32) {
        let Some(own) = self.services.get_mut(service) else {
            return;
        };
        let effects = self.snmp.effects.entry(service).or_default();
        if own.machine.set_weight(server, weight, effects) {
            self.snmp.has_set = true;
            let place = Place::new(service, server, 0);
            self.report_weight(place, weight);
        }
    }
}

impl CheckProcess {
    fn refresh_counters(&mut self, now: Instant, service: usize, age: std::time::Duration) {
        let Some(own) = self.services.get(service) else {
            return;
        };
        let statistics = &mut self.snmp.statistics;
        statistics.refresh(now, &self.config, service, &own.keys, age);
    }
}
