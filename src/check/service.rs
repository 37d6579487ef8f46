//! A virtual service: which of its real servers the kernel is to have, and when the
//! quorum is lost (`protocols.md` section 20).
//!
//! ```text
//!  checks up, down ──► servers alive ──► sum of weights ──► quorum
//!                           │                                 │
//!                           └───────► wanted() ◄──────────────┘
//! ```
//!
//! The service says what is wanted as a whole ([`Service::wanted`]); the difference to
//! what the kernel has is [`crate::ipvs::plan`]'s.

/// The largest weight the kernel takes.
const WEIGHT_MAX: i64 = i32::MAX as i64;

/// What a service goes by.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Policy {
    /// The weight that has to be alive (`quorum`).
    pub quorum: u64,
    /// How much more or less before that changes (`hysteresis`).
    pub hysteresis: u64,
    /// What stands in when the quorum is lost (`sorry_server`).
    pub sorry: Option<Sorry>,
}

/// A server that stands in.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Sorry {
    /// It stays in the table with weight 0 (`sorry_server_inhibit`).
    pub inhibit: bool,
}

/// What a real server goes by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ServerPolicy {
    /// `weight`
    pub weight: i64,
    /// It stays in the table with weight 0 while down (`inhibit_on_failure`).
    pub inhibit: bool,
}

/// A real server.
#[derive(Clone, Copy, Debug)]
struct Server {
    policy: ServerPolicy,
    /// How many of its checks are down.
    failed: u32,
    /// What its checks add to its weight.
    contribution: i64,
}

impl Server {
    const fn is_alive(&self) -> bool {
        self.failed == 0
    }

    fn weight(&self) -> u32 {
        let sum = self.policy.weight.saturating_add(self.contribution);
        u32::try_from(sum.clamp(0, WEIGHT_MAX)).unwrap_or(0)
    }
}

/// Who is in the kernel's table.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Member {
    /// A real server, by its place in the configuration.
    Server(usize),
    /// The one that stands in.
    Sorry,
}

/// What others are to be told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Effect {
    /// A server is alive, or is not any more.
    Server {
        /// Its place.
        server: usize,
        /// Alive.
        up: bool,
    },
    /// The quorum is there, or is lost.
    Quorum(Quorum),
}

/// The state of the quorum, in the numbers of logs and mails.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Quorum {
    /// It is there.
    pub up: bool,
    /// At the start, not by a change.
    pub starting: bool,
    /// The weight that had to be alive.
    pub quorum: u64,
    /// Added to it, or taken away when it is lost.
    pub hysteresis: u64,
    /// The weight alive.
    pub weight: u64,
}

/// A virtual service.
#[derive(Clone, Debug)]
pub struct Service {
    policy: Policy,
    servers: Vec<Server>,
    quorum_up: bool,
}

impl Service {
    /// A service whose servers are given with the number of their checks that are down
    /// until they have passed (`alpha`). [`Self::start`] comes next.
    #[must_use]
    pub fn new(policy: Policy, servers: impl IntoIterator<Item = (ServerPolicy, u32)>) -> Self {
        let servers = servers.into_iter().map(|(policy, failed)| Server {
            policy,
            failed,
            contribution: 0,
        });
        Self {
            policy,
            servers: servers.collect(),
            quorum_up: true,
        }
    }

    /// The beginning: whether the quorum is there.
    pub fn start(&mut self) -> Quorum {
        let weight = self.alive_weight();
        self.quorum_up = weight > 0 && weight >= self.upper();
        self.quorum(true)
    }

    /// A reload: the quorum is what it was for the predecessor, and changes from there.
    /// With the effect of that change, if any.
    pub fn resume(&mut self, before: &Self) -> Option<Effect> {
        self.quorum_up = before.quorum_up;
        self.settle()
    }

    /// What is known of a server from before a reload; before [`Self::resume`].
    pub fn set_contribution(&mut self, server: usize, contribution: i64) {
        if let Some(server) = self.servers.get_mut(server) {
            server.contribution = contribution;
        }
    }

    /// A check of a server has come up or gone down.
    pub fn checked(&mut self, server: usize, up: bool, out: &mut Vec<Effect>) {
        let Some(own) = self.servers.get_mut(server) else {
            return;
        };
        let was_alive = own.is_alive();
        own.failed = if up {
            own.failed.saturating_sub(1)
        } else {
            own.failed + 1
        };
        if own.is_alive() != was_alive {
            out.push(Effect::Server { server, up });
            out.extend(self.settle());
        }
    }

    /// What the checks of a server add to its weight has changed by this.
    /// Whether that changes its weight.
    pub fn weigh(&mut self, server: usize, change: i64, out: &mut Vec<Effect>) -> bool {
        let Some(own) = self.servers.get_mut(server) else {
            return false;
        };
        let before = own.weight();
        own.contribution = own.contribution.saturating_add(change);
        let changed = own.weight() != before;
        if changed && own.is_alive() {
            out.extend(self.settle());
        }
        changed
    }

    /// Give a server a weight, until what its checks add changes. Whether that changes
    /// anything.
    pub fn set_weight(&mut self, server: usize, weight: u32, out: &mut Vec<Effect>) -> bool {
        let Some(own) = self.servers.get_mut(server) else {
            return false;
        };
        let before = own.weight();
        own.policy.weight = i64::from(weight).saturating_sub(own.contribution);
        let changed = own.weight() != before;
        if changed && own.is_alive() {
            out.extend(self.settle());
        }
        changed
    }

    /// Who is to be in the kernel's table, and with which weight.
    pub fn wanted(&self) -> impl Iterator<Item = (Member, u32)> {
        let sorry = self.policy.sorry;
        let stands_in = sorry.is_some() && !self.quorum_up;
        let servers = self.servers.iter().enumerate();
        let servers = servers.filter_map(move |(place, server)| {
            let weight = if server.is_alive() && !stands_in {
                Some(server.weight())
            } else {
                server.policy.inhibit.then_some(0)
            };
            Some((Member::Server(place), weight?))
        });
        let sorry = sorry.and_then(|sorry| {
            let weight = if stands_in {
                Some(1)
            } else {
                sorry.inhibit.then_some(0)
            };
            Some((Member::Sorry, weight?))
        });
        servers.chain(sorry)
    }

    /// Whether the quorum is there.
    #[must_use]
    pub const fn has_quorum(&self) -> bool {
        self.quorum_up
    }

    /// Whether all checks of a server are up.
    #[must_use]
    pub fn is_alive(&self, server: usize) -> bool {
        self.servers.get(server).is_some_and(Server::is_alive)
    }

    /// The weight of a server while it is alive.
    #[must_use]
    pub fn weight(&self, server: usize) -> u32 {
        self.servers.get(server).map_or(0, Server::weight)
    }

    /// The weight of a server without what its checks add.
    #[must_use]
    pub fn base_weight(&self, server: usize) -> i64 {
        self.servers.get(server).map_or(0, |own| own.policy.weight)
    }

    /// How many checks of a server are down.
    #[must_use]
    pub fn failed(&self, server: usize) -> u32 {
        self.servers.get(server).map_or(0, |own| own.failed)
    }

    /// What the checks of a server add to its weight.
    #[must_use]
    pub fn contribution(&self, server: usize) -> i64 {
        self.servers.get(server).map_or(0, |own| own.contribution)
    }

    /// How many servers are alive.
    #[must_use]
    pub fn alive(&self) -> usize {
        self.servers.iter().filter(|own| own.is_alive()).count()
    }

    /// The sum of the weights that are alive.
    #[must_use]
    pub fn alive_weight(&self) -> u64 {
        let alive = self.servers.iter().filter(|own| own.is_alive());
        alive.map(|own| u64::from(own.weight())).sum()
    }

    /// The state of the quorum in numbers.
    #[must_use]
    pub fn quorum(&self, starting: bool) -> Quorum {
        Quorum {
            up: self.quorum_up,
            starting,
            quorum: self.policy.quorum,
            hysteresis: self.policy.hysteresis,
            weight: self.alive_weight(),
        }
    }

    /// Compare what is alive with the quorum.
    fn settle(&mut self) -> Option<Effect> {
        let weight = self.alive_weight();
        let is_up = if self.quorum_up {
            weight > 0 && weight >= self.lower()
        } else {
            weight > 0 && weight >= self.upper()
        };
        if is_up == self.quorum_up {
            return None;
        }
        self.quorum_up = is_up;
        Some(Effect::Quorum(self.quorum(false)))
    }

    const fn upper(&self) -> u64 {
        self.policy.quorum.saturating_add(self.policy.hysteresis)
    }

    const fn lower(&self) -> u64 {
        self.policy.quorum.saturating_sub(self.policy.hysteresis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(weight: i64) -> (ServerPolicy, u32) {
        let inhibit = false;
        (ServerPolicy { weight, inhibit }, 0)
    }

    fn service(policy: Policy, weights: &[i64]) -> Service {
        let mut service = Service::new(policy, weights.iter().map(|weight| server(*weight)));
        service.start();
        service
    }

    fn told(service: &mut Service, server: usize, up: bool) -> Vec<Effect> {
        let mut out = Vec::new();
        service.checked(server, up, &mut out);
        out
    }

    fn quorum_change(effects: &[Effect]) -> Option<bool> {
        effects.iter().find_map(|effect| match effect {
            Effect::Quorum(quorum) => Some(quorum.up),
            Effect::Server { .. } => None,
        })
    }

    #[test]
    fn a_server_is_down_while_any_of_its_checks_is() {
        let mut service = service(
            Policy {
                quorum: 1,
                ..Policy::default()
            },
            &[1, 1],
        );
        let down = Effect::Server {
            server: 0,
            up: false,
        };
        assert_eq!(told(&mut service, 0, false), [down]);
        assert_eq!(told(&mut service, 0, false), []);
        assert_eq!(told(&mut service, 0, true), []);
        let up = Effect::Server {
            server: 0,
            up: true,
        };
        assert_eq!(told(&mut service, 0, true), [up]);
    }

    #[test]
    fn quorum_and_hysteresis() {
        let policy = Policy {
            quorum: 3,
            hysteresis: 1,
            sorry: None,
        };
        let mut service = service(policy, &[1; 5]);
        let changes: Vec<Option<bool>> = (0..4)
            .map(|server| quorum_change(&told(&mut service, server, false)))
            .collect();
        assert_eq!(changes, [None, None, None, Some(false)]);
        let changes: Vec<Option<bool>> = (0..4)
            .map(|server| quorum_change(&told(&mut service, server, true)))
            .collect();
        assert_eq!(changes, [None, None, Some(true), None]);
    }

    #[test]
    fn weight_0_is_no_quorum() {
        let policy = Policy {
            quorum: 1,
            hysteresis: 1,
            sorry: None,
        };
        let mut service = service(policy, &[0]);
        assert!(!service.has_quorum());
        assert_eq!(service.quorum(false).weight, 0);
        assert_eq!(quorum_change(&told(&mut service, 0, false)), None);
        let mut out = Vec::new();
        assert!(service.weigh(0, 5, &mut out));
        assert_eq!(out, []);
        assert_eq!(service.weight(0), 5);
    }

    #[test]
    fn the_sorry_server_stands_in_for_all() {
        let policy = Policy {
            quorum: 2,
            hysteresis: 0,
            sorry: Some(Sorry::default()),
        };
        let mut service = service(policy, &[1, 1]);
        let wanted = |service: &Service| service.wanted().collect::<Vec<_>>();
        let all = [(Member::Server(0), 1), (Member::Server(1), 1)];
        assert_eq!(wanted(&service), all);
        assert_eq!(quorum_change(&told(&mut service, 1, false)), Some(false));
        assert_eq!(wanted(&service), [(Member::Sorry, 1)]);
        assert_eq!(quorum_change(&told(&mut service, 1, true)), Some(true));
        assert_eq!(wanted(&service), all);
    }

    #[test]
    fn inhibited_servers_stay_with_weight_0() {
        let policy = Policy {
            quorum: 1,
            hysteresis: 0,
            sorry: Some(Sorry { inhibit: true }),
        };
        let server = ServerPolicy {
            weight: 7,
            inhibit: true,
        };
        let mut service = Service::new(policy, [(server, 1)]);
        assert!(!service.start().up);
        let wanted = |service: &Service| service.wanted().collect::<Vec<_>>();
        let (own, sorry) = (Member::Server(0), Member::Sorry);
        assert_eq!(wanted(&service), [(own, 0), (sorry, 1)]);
        assert_eq!(quorum_change(&told(&mut service, 0, true)), Some(true));
        assert_eq!(wanted(&service), [(own, 7), (sorry, 0)]);
    }

    #[test]
    fn contributions_change_weight_and_quorum() {
        let policy = Policy {
            quorum: 10,
            hysteresis: 0,
            sorry: None,
        };
        let mut service = service(policy, &[10]);
        let mut out = Vec::new();
        assert!(service.weigh(0, -4, &mut out));
        assert_eq!(quorum_change(&out), Some(false));
        out.clear();
        assert!(service.weigh(0, i64::from(i32::MAX), &mut out));
        assert_eq!(quorum_change(&out), Some(true));
        assert_eq!(i64::from(service.weight(0)), WEIGHT_MAX);
        assert!(!service.weigh(0, 100, &mut out), "it is at its limit");
        assert!(service.weigh(0, i64::MIN, &mut out));
        assert_eq!(service.weight(0), 0);
    }

    #[test]
    fn a_weight_that_is_set_counts_with_what_checks_add() {
        let policy = Policy {
            quorum: 10,
            hysteresis: 0,
            sorry: None,
        };
        let mut service = service(policy, &[10]);
        let mut out = Vec::new();
        service.weigh(0, 5, &mut out);
        assert!(service.set_weight(0, 7, &mut out));
        assert_eq!(service.weight(0), 7);
        assert_eq!(quorum_change(&out), Some(false));
        assert!(service.weigh(0, -5, &mut out), "the checks add nothing now");
        assert_eq!(service.weight(0), 2);
        assert!(
            !service.set_weight(1, 7, &mut out),
            "there is no such server"
        );
    }

    #[test]
    fn a_reload_goes_on_from_the_quorum_that_was() {
        let policy = Policy {
            quorum: 2,
            hysteresis: 1,
            sorry: None,
        };
        let mut before = service(policy, &[1; 3]);
        told(&mut before, 0, false);
        told(&mut before, 1, false);
        assert!(before.has_quorum(), "one is enough to keep it");
        let servers = [(server(1).0, 1), (server(1).0, 1), server(1)];
        let mut after = Service::new(policy, servers);
        assert_eq!(after.resume(&before), None);
        assert!(after.has_quorum());
        let stricter = Policy {
            quorum: 3,
            ..policy
        };
        let mut after = Service::new(stricter, servers);
        let effect = after.resume(&before);
        assert!(matches!(
            effect,
            Some(Effect::Quorum(Quorum { up: false, .. }))
        ));
    }
}
