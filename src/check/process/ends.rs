//! What is said of services and servers when they begin and when they end.

use std::rc::Rc;

use scheduler::{Id, Instant};

use super::CheckProcess;
use super::check::{Check, index};
use super::services::OwnService;
use crate::check::config::service::{ServerConfig, ServiceConfig};
use crate::check::names;
use crate::check::service::Quorum;
use crate::notify::event::What;
use crate::snmp::keepalived::QuorumState;

/// Why a server ends that is in the configuration no more.
pub(super) const REMOVED: &str = "Removing";

impl CheckProcess {
    /// The state at the beginning: told if it is good news, or if a server stands in.
    /// The servers come before the service.
    pub(super) fn tell_start(&mut self, now: Instant, service: usize, quorum: &Quorum) {
        let Some(config) = self.config.check.services.get(service) else {
            return;
        };
        let (servers, has_sorry) = (config.servers.len(), config.sorry.is_some());
        let told = if self.config.global.lvs.init_notifies {
            servers
        } else {
            0
        };
        for server in 0..told {
            let alive = self.services.get(service);
            if alive.is_some_and(|own| own.machine.is_alive(server)) {
                self.tell_server(now, service, server, true, "Starting");
            }
        }
        if quorum.up || has_sorry {
            self.quorum_changed(now, service, quorum);
        }
    }

    /// A server with `alpha` fails its first check: that is told, though it never was up.
    /// Mails are for changes of checks, and the check was down before.
    pub(super) fn tell_first_failure(&mut self, now: Instant, id: Id<Check>) {
        let Some(check) = self.checks.get(id) else {
            return;
        };
        for place in check.places.clone().iter().copied() {
            let (service, server) = (index(place.service), index(place.server));
            let own = self.services.get(service);
            let told = own.and_then(|own| own.servers.get(server)?.told);
            if told.is_none() {
                self.tell_server(now, service, server, false, "the first check failed");
            }
        }
    }

    /// The end, for services that want it told (`omega`).
    pub(super) fn tell_the_end(&mut self, now: Instant) {
        let config = Rc::clone(&self.config);
        for (place, service) in config.check.services.iter().enumerate() {
            self.tell_end_of(now, place, service, service.omega, "Shutting down");
        }
    }

    /// The end of one service; with `omega` it is told whether or not it had a quorum.
    /// `aloud`: not only in the log and by SNMP. Servers that another one stands in for have left the table
    /// before: they are not told of.
    pub(super) fn tell_end_of(
        &mut self,
        now: Instant,
        place: usize,
        service: &ServiceConfig,
        aloud: bool,
        why: &str,
    ) {
        for (number, server) in service.servers.iter().enumerate() {
            self.log_end_of(place, service, server);
            let machine = self.services.get(place).map(|own| &own.machine);
            let Some(machine) = machine.filter(|machine| machine.is_alive(number)) else {
                continue;
            };
            let is_in_table = !machine.stands_in();
            self.snmp.server_ends();
            if aloud && is_in_table {
                self.tell_end_of_server(now, place, number, why);
            } else {
                self.trap_server(place, number, false);
            }
        }
        let quorum = match self.is_stopping {
            true => QuorumState::Shutdown,
            false => QuorumState::NotMet,
        };
        self.trap_quorum(place, quorum);
        self.snmp.service_ended();
        let own = self.services.get(place);
        let has_quorum = own.is_some_and(|own| own.machine.has_quorum());
        if aloud && (service.omega || has_quorum) {
            let subject = self.service_subject(place);
            self.tell(now, subject, What::Down, "Shutting down");
        }
    }

    /// Script, line and mail of a server that was alive.
    fn tell_end_of_server(&mut self, now: Instant, service: usize, server: usize, why: &str) {
        self.tell_server(now, service, server, false, why);
        let wanted = self.server(service, server);
        if wanted.is_some_and(|(_, config)| config.smtp_alert) {
            self.mail_server(now, service, server, why);
        }
    }

    /// A server that is in the configuration no more.
    pub(super) fn tell_server_gone(&mut self, now: Instant, service: usize, server: usize) {
        let Some((config, at)) = self.server(service, server) else {
            return;
        };
        self.log_end_of(service, config, at);
        let own = self.services.get(service);
        let told = |own: &OwnService| own.machine.is_alive(server) && !own.machine.stands_in();
        if own.is_some_and(told) {
            self.snmp.server_ends();
            self.tell_end_of_server(now, service, server, REMOVED);
            self.snmp.service_ended();
        }
    }

    fn log_end_of(&self, place: usize, service: &ServiceConfig, server: &ServerConfig) {
        if let Some(own) = self.services.get(place) {
            let name = names::server(service, server.socket());
            let inhibited = if server.inhibit { "(inhibited) " } else { "" };
            log::info!(
                "Shutting down {inhibited}service {name} from VS {}",
                own.name
            );
        }
    }
}
