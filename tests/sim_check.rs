//! Services under random verdicts, against a model that recomputes everything from scratch:
//! weights, quorum and sorry server have to agree at every step, and so has a kernel that is
//! only ever told differences.
//!
//! `SEED=n cargo test --test sim_check` replays one seed; `SEEDS=n` runs more.

#[path = "support/rng.rs"]
#[expect(unreachable_pub, reason = "shared with the other simulations")]
mod rng;
#[path = "support/seeds.rs"]
#[expect(unreachable_pub, reason = "shared with the other simulations")]
mod seeds;

use std::collections::BTreeMap;
use std::time::Duration;

use keepalived::check::schedule::{self, Attempt, Schedule, Step};
use keepalived::check::service::{Effect, Member, Policy, ServerPolicy, Service, Sorry};
use keepalived::ipvs::{
    Change, Destination, DestinationKey, Entry, Forwarding, Name, ServiceFlags, ServiceKey, Table,
    plan,
};
use keepalived::model::Family;
use rng::Rng;
use scheduler::Instant;
use seeds::each_seed;

const SEEDS: u64 = 300;
const STEPS: usize = 400;

/// A check, and what the documents say it should be.
struct Check {
    server: usize,
    schedule: Schedule,
    policy: schedule::Policy,
    up: bool,
    has_run: bool,
    failures_in_a_row: u32,
    contribution: i64,
}

impl Check {
    /// What an attempt makes of the state, from the documents: a check that never completed
    /// has no retries.
    fn expect(&mut self, attempt: Attempt) {
        match attempt {
            Attempt::Passed => {
                (self.up, self.has_run, self.failures_in_a_row) = (true, true, 0);
            }
            Attempt::Failed => {
                self.failures_in_a_row += 1;
                let patience = if self.has_run || self.policy.retries_first {
                    self.policy.retry
                } else {
                    0
                };
                if !self.up || self.failures_in_a_row > patience {
                    (self.up, self.has_run) = (false, true);
                }
            }
            Attempt::Proceed { .. } | Attempt::Unable => {}
        }
    }
}

struct World {
    policy: Policy,
    servers: Vec<ServerPolicy>,
    checks: Vec<Check>,
    service: Service,
    quorum_up: bool,
    kernel: Table,
}

fn key() -> ServiceKey {
    let family = Family::V4;
    ServiceKey::Mark { family, mark: 1 }
}

fn place(member: Member) -> DestinationKey {
    let last = match member {
        Member::Server(place) => u8::try_from(place).expect("few servers"),
        Member::Sorry => 255,
    };
    DestinationKey {
        address: [10, 0, 0, last].into(),
        port: 80,
    }
}

impl World {
    fn new(rng: &mut Rng) -> Self {
        let servers: Vec<ServerPolicy> = (0..=rng.below(5))
            .map(|_| ServerPolicy {
                weight: i64::try_from(rng.below(4)).expect("small"),
                inhibit: rng.percent(30),
            })
            .collect();
        let quorum = 1 + rng.below(5);
        let policy = Policy {
            quorum,
            hysteresis: rng.below(quorum),
            sorry: rng.percent(60).then(|| Sorry {
                inhibit: rng.percent(30),
            }),
        };
        let mut checks = Vec::new();
        for server in 0..servers.len() {
            for _ in 0..rng.below(4) {
                checks.push(check(rng, server));
            }
        }
        let failed = |server| {
            let down = checks
                .iter()
                .filter(|c: &&Check| c.server == server && !c.up);
            u32::try_from(down.count()).expect("few")
        };
        let policies = servers.iter().enumerate();
        let service = Service::new(policy, policies.map(|(n, server)| (*server, failed(n))));
        Self {
            policy,
            servers,
            checks,
            service,
            quorum_up: true,
            kernel: Table::new(),
        }
    }

    fn weight(&self, server: usize) -> i64 {
        let of = |check: &&Check| check.server == server;
        let more: i64 = self.checks.iter().filter(of).map(|c| c.contribution).sum();
        (self.servers[server].weight + more).clamp(0, i64::from(i32::MAX))
    }

    fn is_alive(&self, server: usize) -> bool {
        self.checks.iter().all(|c| c.server != server || c.up)
    }

    fn alive_weight(&self) -> u64 {
        let alive = (0..self.servers.len()).filter(|server| self.is_alive(*server));
        let sum: i64 = alive.map(|server| self.weight(server)).sum();
        u64::try_from(sum).expect("not negative")
    }

    fn expect_quorum(&mut self) {
        let weight = self.alive_weight();
        let bound = if self.quorum_up {
            self.policy.quorum - self.policy.hysteresis
        } else {
            self.policy.quorum + self.policy.hysteresis
        };
        self.quorum_up = weight > 0 && weight >= bound;
    }

    /// Who the documents say is in the kernel.
    fn expected(&self) -> BTreeMap<DestinationKey, u32> {
        let stands_in = self.policy.sorry.is_some() && !self.quorum_up;
        let mut all = BTreeMap::new();
        for (server, policy) in self.servers.iter().enumerate() {
            let weight = match (self.is_alive(server) && !stands_in, policy.inhibit) {
                (true, _) => self.weight(server),
                (false, true) => 0,
                (false, false) => continue,
            };
            let weight = u32::try_from(weight).expect("in range");
            all.insert(place(Member::Server(server)), weight);
        }
        if let Some(sorry) = self.policy.sorry {
            match (stands_in, sorry.inhibit) {
                (true, _) => all.insert(place(Member::Sorry), 1),
                (false, true) => all.insert(place(Member::Sorry), 0),
                (false, false) => None,
            };
        }
        all
    }

    /// Bring the kernel to what the service wants, by difference.
    fn follow(&mut self) {
        let wanted = self.service.wanted().map(|(member, weight)| {
            let destination = Destination::new(Forwarding::Masquerade, weight);
            (place(member), destination)
        });
        let entry = Entry {
            service: keepalived::ipvs::Service {
                scheduler: Name::new("rr").expect("short"),
                flags: ServiceFlags::NONE,
                persistence: None,
            },
            destinations: wanted.collect(),
        };
        let wanted = Table {
            services: [(key(), entry)].into(),
        };
        for change in plan::between(&wanted, &self.kernel, |_| true) {
            carry_out(&mut self.kernel, &change);
        }
    }

    fn compare(&self, at: &str) {
        let entry = &self.kernel.services[&key()];
        let there = entry.destinations.iter();
        let there: BTreeMap<_, _> = there.map(|(key, own)| (*key, own.weight)).collect();
        assert_eq!(there, self.expected(), "{at}");
        assert_eq!(self.service.has_quorum(), self.quorum_up, "{at}");
        assert_eq!(self.service.alive_weight(), self.alive_weight(), "{at}");
    }

    /// One thing happens to one check.
    fn step(&mut self, rng: &mut Rng) {
        if self.checks.is_empty() {
            return;
        }
        let number = usize::try_from(rng.below(self.checks.len() as u64)).expect("an index");
        let mut effects = Vec::new();
        let alive_before: Vec<bool> = (0..self.servers.len()).map(|n| self.is_alive(n)).collect();
        let quorum_before = self.quorum_up;
        let check = &mut self.checks[number];
        if rng.percent(15) {
            let now = i64::try_from(rng.below(12)).expect("small") - 6;
            let change = now - std::mem::replace(&mut check.contribution, now);
            let server = check.server;
            self.service.weigh(server, change, &mut effects);
        } else {
            let attempt = random_attempt(rng);
            let now = check.schedule.deadline().expect("not suspended");
            check.schedule.begin(now);
            let later = now + rng.time(Duration::from_secs(2));
            let was_up = check.up;
            check.expect(attempt);
            let step = check.schedule.attempt(later, attempt);
            assert_eq!(check.schedule.is_up(), check.up);
            let change = match step {
                Step::Up { was_down: true } => Some(true),
                Step::Down => Some(false),
                Step::Up { .. } | Step::DownFirst | Step::Retry(_) | Step::Same => None,
            };
            assert_eq!(change, (was_up != check.up).then_some(check.up));
            if let Some(up) = change {
                self.service.checked(check.server, up, &mut effects);
            }
        }
        self.expect_quorum();
        self.check_effects(&effects, &alive_before, quorum_before);
    }

    /// Each change is told once, and nothing else is.
    fn check_effects(&self, effects: &[Effect], alive_before: &[bool], quorum_before: bool) {
        let mut expected: Vec<(Option<usize>, bool)> = Vec::new();
        for (server, before) in alive_before.iter().enumerate() {
            if self.is_alive(server) != *before {
                expected.push((Some(server), !before));
            }
        }
        if self.quorum_up != quorum_before {
            expected.push((None, self.quorum_up));
        }
        let told: Vec<_> = effects
            .iter()
            .map(|effect| match effect {
                Effect::Server { server, up } => (Some(*server), *up),
                Effect::Quorum(quorum) => (None, quorum.up),
            })
            .collect();
        assert_eq!(told, expected);
    }
}

fn check(rng: &mut Rng, server: usize) -> Check {
    let second = Duration::from_secs(1);
    let policy = schedule::Policy {
        interval: rng.pick(&[second, 5 * second]),
        interval_down: 5 * second,
        retry: u32::try_from(rng.below(3)).expect("small"),
        pause: second,
        warmup: schedule::Warmup::Soon,
        from_begin: rng.percent(20),
        retries_first: rng.percent(20),
        alpha: rng.percent(30),
    };
    Check {
        server,
        schedule: Schedule::new(policy, Instant::ZERO, u32::MAX / 2, second),
        policy,
        up: !policy.alpha,
        has_run: false,
        failures_in_a_row: 0,
        contribution: 0,
    }
}

fn random_attempt(rng: &mut Rng) -> Attempt {
    match rng.below(10) {
        0..=3 => Attempt::Passed,
        4..=7 => Attempt::Failed,
        8 => Attempt::Unable,
        _ => Attempt::Proceed { at_once: true },
    }
}

/// What the kernel does; like it, with an error for what cannot be.
fn carry_out(kernel: &mut Table, change: &Change) {
    match *change {
        Change::AddService(key, service) => {
            let entry = Entry {
                service,
                destinations: BTreeMap::new(),
            };
            assert!(kernel.services.insert(key, entry).is_none());
        }
        Change::EditService(key, service) => {
            kernel.services.get_mut(&key).expect("it exists").service = service;
        }
        Change::DeleteService(key) => {
            kernel.services.remove(&key).expect("it exists");
        }
        Change::AddDestination(key, at, destination) => {
            let entry = kernel.services.get_mut(&key).expect("it exists");
            assert!(entry.destinations.insert(at, destination).is_none());
        }
        Change::EditDestination(key, at, destination) => {
            let entry = kernel.services.get_mut(&key).expect("it exists");
            assert!(entry.destinations.insert(at, destination).is_some());
        }
        Change::DeleteDestination(key, at) => {
            let entry = kernel.services.get_mut(&key).expect("it exists");
            entry.destinations.remove(&at).expect("it exists");
        }
    }
}

fn run(seed: u64) {
    let mut rng = Rng::new(seed);
    let mut world = World::new(&mut rng);
    let started = world.service.start();
    let weight = world.alive_weight();
    world.quorum_up = weight > 0 && weight >= world.policy.quorum + world.policy.hysteresis;
    assert_eq!(started.up, world.quorum_up);
    world.follow();
    world.compare("at start");
    for step in 0..STEPS {
        world.step(&mut rng);
        world.follow();
        world.compare(&format!("step {step}"));
    }
}

#[test]
fn services_agree_with_the_documents_at_every_step() {
    each_seed(SEEDS, run);
}
