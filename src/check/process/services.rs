//! What the process keeps of a virtual server.

use std::rc::Rc;

use crate::check::config::service::{CheckConfig, ServerConfig, ServiceConfig};
use crate::check::marks::Marks;
use crate::check::names;
use crate::check::service::{self, Member, Policy, ServerPolicy, Service, Sorry};
use crate::ipvs::{Destination, DestinationKey, ServiceKey};
use crate::notify::notifier::SubjectId;

/// A virtual server at work.
#[derive(Debug)]
pub(super) struct OwnService {
    /// In messages.
    pub(super) name: Rc<str>,
    /// What the kernel knows it by.
    pub(super) keys: Box<[ServiceKey]>,
    pub(super) machine: Service,
    pub(super) servers: Box<[OwnServer]>,
    /// Whom to tell of the quorum; made when there is something to tell.
    pub(super) subject: Option<SubjectId>,
    /// Its address is elsewhere (`ha_suspend`).
    pub(super) is_suspended: bool,
}

/// A real server at work.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OwnServer {
    pub(super) subject: Option<SubjectId>,
    /// What was told last.
    pub(super) told: Option<bool>,
}

impl OwnService {
    /// One that begins.
    pub(super) fn new(
        config: &CheckConfig,
        place: usize,
        service: &ServiceConfig,
        marks: &Marks,
    ) -> Self {
        let servers = service.servers.iter();
        let policies = servers.map(|server| (server_policy(server), waiting(server)));
        Self {
            name: names::service(config, place).into(),
            keys: marks.keys(config, service).into(),
            machine: Service::new(policy(service), policies),
            servers: vec![OwnServer::default(); service.servers.len()].into(),
            subject: None,
            is_suspended: false,
        }
    }

    /// What checks have found out of its servers: how many of them are down, and what
    /// they add to the weight. Before the machine resumes or starts.
    pub(super) fn set_known(
        &mut self,
        service: &ServiceConfig,
        known: impl Fn(usize) -> (u32, i64),
    ) {
        let servers = service.servers.iter().enumerate();
        let policies = servers.map(|(place, server)| (server_policy(server), known(place).0));
        self.machine = Service::new(policy(service), policies);
        for place in 0..service.servers.len() {
            self.machine.set_contribution(place, known(place).1);
        }
    }

    /// Who is to be in the kernel under this key.
    pub(super) fn wanted<'a>(
        &'a self,
        service: &'a ServiceConfig,
        key: &'a ServiceKey,
    ) -> impl Iterator<Item = (DestinationKey, Destination)> + 'a {
        let members = self.machine.wanted();
        members.filter_map(move |(member, weight)| match member {
            Member::Server(place) => {
                let server = service.servers.get(place)?;
                let destination = Destination {
                    forwarding: server.forwarding,
                    weight,
                    upper_threshold: server.upper_threshold,
                    lower_threshold: server.lower_threshold,
                };
                Some((server.key(key), destination))
            }
            Member::Sorry => {
                let sorry = service.sorry.as_ref()?;
                Some((sorry.key(key), Destination::new(sorry.forwarding, weight)))
            }
        })
    }
}

/// What the machine of a service goes by.
pub(super) fn policy(service: &ServiceConfig) -> Policy {
    Policy {
        quorum: u64::from(service.quorum),
        hysteresis: u64::from(service.hysteresis),
        sorry: service.sorry.map(|sorry| Sorry {
            inhibit: sorry.inhibit,
        }),
    }
}

/// And for a server.
pub(super) fn server_policy(server: &ServerConfig) -> ServerPolicy {
    ServerPolicy {
        weight: i64::from(server.weight),
        inhibit: server.inhibit,
    }
}

/// How many of its checks are down until they have passed.
fn waiting(server: &ServerConfig) -> u32 {
    let checkers = server.checkers.iter();
    let waiting = checkers.filter(|checker| crate::check::schedule::Policy::of(checker).alpha);
    u32::try_from(waiting.count()).unwrap_or(u32::MAX)
}

/// The numbers of mails, whichever way it went: `1+0=1 <= 2`
/// (`runtime-interfaces.md` section 8).
pub(super) fn quorum_mail(quorum: &service::Quorum) -> String {
    let (needed, hysteresis) = (quorum.quorum, quorum.hysteresis);
    let bound = if quorum.up || quorum.starting {
        needed.saturating_add(hysteresis)
    } else {
        needed.saturating_sub(hysteresis)
    };
    format!("{needed}+{hysteresis}={bound} <= {}", quorum.weight)
}

/// The numbers of the log: `1+0=1 <= 2`, `1-0=1 > 0`. A service that starts without a
/// quorum has yet to gain it, so it is what that takes which is not there: `2+1=3 > 2`.
pub(super) fn quorum_text(quorum: &service::Quorum) -> String {
    let (needed, hysteresis) = (quorum.quorum, quorum.hysteresis);
    let (sign, bound) = if quorum.up || quorum.starting {
        ('+', needed.saturating_add(hysteresis))
    } else {
        ('-', needed.saturating_sub(hysteresis))
    };
    let relation = if quorum.up { "<=" } else { ">" };
    format!(
        "{needed}{sign}{hysteresis}={bound} {relation} {}",
        quorum.weight
    )
}
