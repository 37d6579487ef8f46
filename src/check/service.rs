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

    fn wanted_weight(&self) -> i64 {
        self.policy.weight.saturating_add(self.contribution)
    }

    fn weight(&self) -> u32 {
        let sum = self.wanted_weight();
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
        let stands_in = self.stands_in();
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

    /// Whether the sorry server stands in for the others.
    #[must_use]
    pub const fn stands_in(&self) -> bool {
        self.policy.sorry.is_some() && !self.quorum_up
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

    /// The weight of a server with what its checks add, be it one that the kernel can have
    /// or not.
    #[must_use]
    pub fn wanted_weight(&self, server: usize) -> i64 {
        self.servers.get(server).map_or(0, Server::wanted_weight)
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
mod tests;
