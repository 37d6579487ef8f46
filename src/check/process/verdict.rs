//! What is said of checks, servers and quorums: log, pipes, scripts and mails
//! (`runtime-interfaces.md` sections 6 to 8).

use std::rc::Rc;

use scheduler::{Id, Instant, Scheduler};

use super::CheckProcess;
use super::check::{Check, Place, Told, index};
use super::services::{quorum_mail, quorum_text};
use crate::check::config::service::{ServerConfig, ServiceConfig, Transitions};
use crate::check::conversation::Attempt;
use crate::check::names;
use crate::check::probe::Outcome;
use crate::check::schedule::Step;
use crate::check::service::{Effect, Quorum};
use crate::check::words::{Failure, Named};
use crate::control_plane::Config;
use crate::global::GlobalConfig;
use crate::notify::configured::{fifo_wish, mail_wish};
use crate::notify::event::{Kind, What};
use crate::notify::notifier::{FifoWish, SubjectId};
use crate::notify::subject::Wishes;
use crate::snmp::keepalived::QuorumState;
use crate::watchdog::survey::Surveyed as _;

/// Up or down as what is told.
const fn what(up: bool) -> What {
    if up { What::Up } else { What::Down }
}

impl CheckProcess {
    /// Open pipes, and know where mails go.
    pub(super) fn set_up_notifications(&mut self, s: &mut Scheduler<Self>) {
        let config = Rc::clone(&self.config);
        let global = &config.global;
        self.notifier.change_fifos(s, &fifo_wishes(global));
        self.notifier.change_mail(s, mail_wish(global));
    }

    /// After a reload: where all of it goes.
    pub(super) fn change_notifications(&mut self, s: &mut Scheduler<Self>, before: &Config) {
        let both = [&before.global, &self.config.global];
        self.notifier.change_global(s, both, fifo_wishes);
    }

    /// What a service says: log it, tell it, and have the kernel follow.
    pub(super) fn perform(
        &mut self,
        s: &mut Scheduler<Self>,
        service: usize,
        effects: &mut Vec<Effect>,
    ) {
        if !effects.is_empty() {
            self.table.touch(s, service);
            self.headline_may_change(s);
        }
        for effect in effects.drain(..) {
            match effect {
                Effect::Server { server, up } => {
                    self.log_server(service, server, up);
                    let cause = if up {
                        "all checks passed"
                    } else {
                        "a check failed"
                    };
                    self.tell_server(s.now(), service, server, up, cause);
                }
                Effect::Quorum(quorum) => self.quorum_changed(s.now(), service, &quorum),
            }
        }
    }

    /// After a reload: other scripts and names for those who were told of before.
    pub(super) fn rename_subjects(&mut self, place: usize) {
        let config = Rc::clone(&self.config);
        let (Some(service), Some(own)) =
            (config.check.services.get(place), self.services.get(place))
        else {
            return;
        };
        if let Some(subject) = own.subject {
            let wishes = wishes(service.scripts.as_deref(), service.smtp_alert);
            self.notifier.change(subject, &own.name, &wishes);
        }
        for (own, server) in own.servers.iter().zip(&service.servers) {
            if let Some(subject) = own.subject {
                let name = names::server(service, server.socket());
                let wishes = wishes(server.scripts.as_deref(), false);
                self.notifier.change(subject, &name, &wishes);
            }
        }
    }

    pub(super) fn quorum_changed(&mut self, now: Instant, service: usize, quorum: &Quorum) {
        let Some(own) = self.services.get(service) else {
            return;
        };
        let text = match (quorum.starting, quorum.up) {
            (true, true) => "Starting with quorum up",
            (true, false) => "Starting with quorum down",
            (false, true) => "Gained quorum",
            (false, false) => "Lost quorum",
        };
        let numbers = quorum_text(quorum);
        log::info!("{text} {numbers} for VS {}", own.name);
        self.log_sorry(service, quorum.up, quorum.starting);
        let told = if quorum.up {
            QuorumState::Met
        } else {
            QuorumState::NotMet
        };
        self.trap_quorum(service, told);
        let subject = self.service_subject(service);
        let cause = format!("{text} {}", quorum_mail(quorum));
        self.tell(now, subject, what(quorum.up), &cause);
    }

    fn log_sorry(&self, service: usize, up: bool, starting: bool) {
        let config = self.config.check.services.get(service);
        let (Some(config), Some(own)) = (config, self.services.get(service)) else {
            return;
        };
        let Some(sorry) = &config.sorry else {
            return;
        };
        let (name, of) = (names::server(config, sorry.socket()), &own.name);
        let (gone, there) = match sorry.inhibit {
            true => ("Disabling", "Enabling"),
            false => ("Removing", "Adding"),
        };
        if up && !starting {
            log::info!("{gone} sorry server {name} from VS {of}");
            log::info!("Adding alive servers to the pool for VS {of}");
        } else if !up {
            log::info!("{there} sorry server {name} to VS {of}");
            log::info!("Removing alive servers from the pool for VS {of}");
        }
    }

    fn log_server(&self, service: usize, server: usize, up: bool) {
        let (Some(own), Some((config, at))) =
            (self.services.get(service), self.server(service, server))
        else {
            return;
        };
        let (name, of) = (names::server(config, at.socket()), &own.name);
        match (at.inhibit, up) {
            (true, true) => log::info!("Enabling service {name} of VS {of}"),
            (true, false) => log::info!("Disabling service {name} of VS {of}"),
            (false, true) => log::info!("Adding service {name} to VS {of}"),
            (false, false) => log::info!("Removing service {name} from VS {of}"),
        }
    }

    pub(super) fn report_weight(&self, place: Place, before: u32) {
        let (service, server) = (index(place.service), index(place.server));
        if let (Some(own), Some((config, at))) =
            (self.services.get(service), self.server(service, server))
        {
            let name = names::server(config, at.socket());
            let (weight, of) = (own.machine.weight(server), &own.name);
            let state = match own.machine.is_alive(server) {
                true => "active",
                false => "inactive",
            };
            log::info!(
                "Changing weight from {before} to {weight} for {state} service {name} of VS {of}"
            );
        }
    }

    /// What an attempt came to, where it changes something or all failures are wanted.
    pub(super) fn report(&self, id: Id<Check>, attempt: &Attempt, step: Step) {
        let Some(check) = self.checks.get(id) else {
            return;
        };
        // Most attempts change nothing; names are written for the others only.
        let went_well = matches!(attempt, Attempt::Outcome(Outcome::Passed(_)));
        if went_well && !matches!(step, Step::Up { .. }) {
            return;
        }
        let Some(place) = check.places.first() else {
            return;
        };
        let (Some(checker), Some((service, server))) = (
            self.checker(*place),
            self.server(index(place.service), index(place.server)),
        ) else {
            return;
        };
        let name = names::server(service, server.socket());
        let of = self.services.get(index(place.service));
        let named = Named {
            checker,
            server: &name,
            service: of.map_or("", |own| &own.name),
        };
        match attempt {
            Attempt::Unable(why) => {
                if !matches!(check.last.result, Some(Told::Unable(_))) {
                    let keyword = checker.kind.keyword();
                    log::warn!(
                        "{keyword} on service {name} cannot be made: {why}. The service stays as it is"
                    );
                }
            }
            Attempt::Outcome(Outcome::Failed(why)) => {
                report_failure(&named, why, step, check.last.runs > 1);
            }
            Attempt::Outcome(Outcome::Passed(_)) => log::info!("{}", named.success()),
            Attempt::Outcome(Outcome::Proceed { .. }) => {}
        }
    }

    /// A mail for each change of a check, or only for those of the server. Its subject
    /// says how the server is, its body how the check is (`runtime-interfaces.md`
    /// section 8).
    pub(super) fn mail_check(
        &mut self,
        now: Instant,
        place: Place,
        up: bool,
        changed: bool,
        why: &str,
    ) {
        let (service, server) = (index(place.service), index(place.server));
        let Some((_, config)) = self.server(service, server) else {
            return;
        };
        let wanted = config.smtp_alert && (changed || !self.config.global.lvs.no_checker_emails);
        let Some(checker) = config.checkers.get(index(place.checker)).filter(|_| wanted) else {
            return;
        };
        let named = Named {
            checker,
            server: "",
            service: "",
        };
        let text = named.mail(up, why);
        let own = self.services.get(service);
        let is_alive = own.is_some_and(|own| own.machine.is_alive(server));
        if let Some(subject) = self.server_subject(service, server) {
            self.notifier.write_to(now, subject, what(is_alive), &text);
        }
    }

    /// A mail about a server that ends.
    pub(super) fn mail_server(&mut self, now: Instant, service: usize, server: usize, why: &str) {
        if let Some(subject) = self.server_subject(service, server) {
            self.notifier.write_to(now, subject, What::Down, why);
        }
    }

    pub(super) fn tell_server(
        &mut self,
        now: Instant,
        service: usize,
        server: usize,
        up: bool,
        why: &str,
    ) {
        self.trap_server(service, server, up);
        let subject = self.server_subject(service, server);
        self.tell(now, subject, what(up), why);
        let own = self.services.get_mut(service);
        if let Some(own) = own.and_then(|own| own.servers.get_mut(server)) {
            own.told = Some(up);
        }
    }

    pub(super) fn tell(
        &mut self,
        now: Instant,
        subject: Option<SubjectId>,
        what: What,
        cause: &str,
    ) {
        if let Some(subject) = subject {
            self.notifier.tell(now, subject, what, 0, cause);
        }
    }

    pub(super) fn service_subject(&mut self, place: usize) -> Option<SubjectId> {
        let config = self.config.check.services.get(place)?;
        let own = self.services.get_mut(place)?;
        if own.subject.is_none() {
            let wishes = wishes(config.scripts.as_deref(), config.smtp_alert);
            own.subject = Some(self.notifier.add(Kind::Service, &own.name, &wishes));
        }
        own.subject
    }

    fn server_subject(&mut self, service: usize, server: usize) -> Option<SubjectId> {
        let config = self.config.check.services.get(service)?;
        let at = config.servers.get(server)?;
        let own = self.services.get_mut(service)?;
        let of = Rc::clone(&own.name);
        let own = own.servers.get_mut(server)?;
        if own.subject.is_none() {
            let name = names::server(config, at.socket());
            // Mails are for checks, not for servers.
            let wishes = wishes(at.scripts.as_deref(), false);
            own.subject = Some(self.notifier.add_server(&name, &of, &wishes));
        }
        own.subject
    }

    pub(super) fn server(
        &self,
        service: usize,
        server: usize,
    ) -> Option<(&ServiceConfig, &ServerConfig)> {
        let service = self.config.check.services.get(service)?;
        Some((service, service.servers.get(server)?))
    }
}

fn wishes(scripts: Option<&Transitions>, mail: bool) -> Wishes {
    let mut wishes = Wishes {
        mail,
        ..Wishes::default()
    };
    if let Some(scripts) = scripts {
        let both = [(What::Up, &scripts.up), (What::Down, &scripts.down)];
        let there = both.into_iter().filter_map(|(what, script)| {
            let command = script.command.as_deref()?.clone();
            Some((what, command))
        });
        wishes.scripts = there.collect();
    }
    wishes
}

/// A failure that changes something, or any if all are wanted.
/// Before the first check was completed only SMTP makes retries.
fn report_failure(named: &Named<'_>, why: &str, step: Step, has_run: bool) {
    let all = named.checker.log_all_failures;
    let failure = match step {
        Step::Down if has_run => Failure::Final(named.checker.timing.retry),
        Step::Down | Step::DownFirst => Failure::Final(0),
        Step::Retry(left) if all => Failure::Retry(left),
        Step::Same if all => Failure::Still,
        Step::Same | Step::Retry(_) | Step::Up { .. } => return,
    };
    log::info!("{}", named.failure(why, failure));
}

/// The pipes that this process writes to.
fn fifo_wishes(global: &GlobalConfig) -> Vec<FifoWish> {
    let fifos = [&global.notify.fifo, &global.notify.lvs_fifo];
    fifos.into_iter().filter_map(fifo_wish).collect()
}
