//! Two BFD sessions on a simulated network: packets are lost, late and overtaken,
//! loops are late, and clocks run ahead by seconds at once.
//!
//! * No session goes down without a detection time of silence.
//! * A session whose neighbour is silent is down after the detection time, and what its
//!   loop was late.
//! * On a good network both are up after a few seconds, and stay up.
//! * Packets are sent no more often than agreed on.
//!
//! `SEED=n cargo test --test sim_bfd` replays one seed; `SEEDS=n` runs more.

#[path = "support/seeds.rs"]
#[expect(unreachable_pub, reason = "shared with the other simulations")]
mod seeds;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use keepalived::bfd::peer::{Effect, Input, Peer, Policy};
use keepalived::bfd::timers::Random;
use keepalived::wire::bfd::{Control, State};
use scheduler::Instant;
use seeds::each_seed;

const SEEDS: u64 = 150;
/// What a loop may be late without being late.
const LOOP: Duration = Duration::from_millis(2);

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum What {
    /// Octets arrive at a node.
    Arrival(usize, [u8; 24]),
    /// A node's loop runs, if this is still its next run.
    Run(usize, u64),
    /// A node's clock goes forward.
    Step(usize, Duration),
}

struct Node {
    peer: Peer,
    /// What its clock is ahead of real time.
    ahead: Duration,
    /// Tells the planned run from those planned before.
    plan: u64,
    /// Real time of the last arrival, and the detection time from then on.
    heard: Instant,
    detection: Duration,
    /// Real time of the last packet that was neither an answer nor a new state.
    sent: Option<(Instant, State)>,
    /// When the last packet to it arrives.
    last: Instant,
    ups: u32,
    downs: u32,
}

/// How bad the network is.
#[derive(Clone, Copy, Debug, Default)]
struct Network {
    loss_percent: u64,
    /// The most a packet takes.
    delay: Duration,
    /// The most a loop is late.
    late: Duration,
    /// Packets overtake each other.
    overtakes: bool,
    /// Nothing arrives at all.
    is_cut: bool,
}

struct World {
    now: Instant,
    nodes: [Node; 2],
    events: BinaryHeap<Reverse<(Instant, u64, What)>>,
    count: u64,
    network: Network,
    random: Random,
    seed: u64,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let now = Instant::from_millis(1_000_000);
        let mut node = |discriminator| {
            let interval = Duration::from_micros(10_000 + random.below(90_000));
            let policy = Policy {
                min_rx: interval,
                min_tx: Duration::from_micros(10_000 + random.below(90_000)),
                idle_tx: ms(1000),
                multiplier: u8::try_from(2 + random.below(5)).expect("small"),
                is_passive: discriminator == 2 && random.below(4) == 0,
            };
            Node {
                peer: Peer::new(now, policy, discriminator, random.next()),
                ahead: Duration::ZERO,
                plan: 0,
                heard: now,
                detection: Duration::ZERO,
                sent: None,
                last: now,
                ups: 0,
                downs: 0,
            }
        };
        let nodes = [node(1), node(2)];
        let mut world = Self {
            now,
            nodes,
            events: BinaryHeap::new(),
            count: 0,
            network: Network::default(),
            random,
            seed,
        };
        world.plan(0);
        world.plan(1);
        world
    }

    fn at(&mut self, when: Instant, what: What) {
        self.count += 1;
        self.events.push(Reverse((when, self.count, what)));
    }

    fn below(&mut self, most: Duration) -> Duration {
        let nanos = u64::try_from(most.as_nanos()).expect("short");
        Duration::from_nanos(self.random.below(nanos + 1))
    }

    /// The next run of a node's loop: at its deadline, or somewhat later.
    fn plan(&mut self, number: usize) {
        let late = self.below(self.network.late);
        let node = &mut self.nodes[number];
        node.plan += 1;
        let (ahead, plan) = (node.ahead, node.plan);
        if let Some(deadline) = node.peer.deadline() {
            let real = Instant::from_nanos(deadline.as_nanos().saturating_sub(nanos(ahead)));
            self.at(real.max(self.now) + late, What::Run(number, plan));
        }
    }

    fn run_for(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(Reverse((when, _, what))) = self.events.peek().copied() {
            if when > end {
                break;
            }
            self.events.pop();
            self.now = when;
            match what {
                What::Arrival(to, octets) => self.arrive(to, &octets),
                What::Run(number, plan) if self.nodes[number].plan == plan => {
                    self.on(number, Input::Tick);
                }
                What::Run(..) => {}
                What::Step(number, by) => {
                    self.nodes[number].ahead += by;
                    self.plan(number);
                }
            }
        }
        self.now = end;
    }

    fn arrive(&mut self, to: usize, octets: &[u8; 24]) {
        let packet = Control::parse(octets).expect("our own packets are good");
        let node = &mut self.nodes[to];
        let own = node.peer.discriminator();
        if packet.your_discriminator != 0 && packet.your_discriminator != own {
            return;
        }
        node.heard = self.now;
        self.on(to, Input::Heard(packet, Duration::ZERO));
        let node = &mut self.nodes[to];
        node.detection = node.peer.detection_time();
    }

    fn on(&mut self, number: usize, input: Input) {
        let seed = self.seed;
        let real = self.now;
        let node = &mut self.nodes[number];
        let local = real + node.ahead;
        let is_answer = matches!(input, Input::Heard(..));
        let interval = node.peer.interval();
        let remote_interval = node.peer.remote_interval();
        let mut effects = Vec::new();
        node.peer.on(local, input, &mut effects);
        for effect in effects {
            let node = &mut self.nodes[number];
            match effect {
                Effect::Went { to: State::Up, .. } => node.ups += 1,
                Effect::Went {
                    from: State::Up, ..
                } => node.downs += 1,
                Effect::Expired { .. } => {
                    let silence = real.since(node.heard);
                    let least = if node.ahead.is_zero() {
                        node.detection
                    } else {
                        remote_interval
                    };
                    assert!(
                        silence >= least,
                        "seed {seed}: node {number} down after {silence:?} of {:?}",
                        node.detection
                    );
                }
                Effect::Send(packet) => {
                    if let Some((last, state)) = node.sent
                        && !is_answer
                        && state == packet.state
                        && self.nodes[number].ahead.is_zero()
                    {
                        let after = real.since(last);
                        assert!(
                            after >= interval * 3 / 4,
                            "seed {seed}: node {number} sends after {after:?} of {interval:?}"
                        );
                    }
                    self.nodes[number].sent = Some((real, packet.state));
                    self.transmit(1 - number, packet);
                }
                Effect::Went { .. } | Effect::PollStarted | Effect::PollEnded => {}
            }
        }
        self.check_punctual(number);
        self.plan(number);
    }

    /// Nobody is up who has heard nothing for too long.
    fn check_punctual(&self, number: usize) {
        let node = &self.nodes[number];
        if node.peer.state() != State::Up {
            return;
        }
        let silence = self.now.since(node.heard);
        let late = self.network.late;
        let interval = node.peer.remote_interval();
        let forgiven = if late <= LOOP {
            Duration::ZERO
        } else if late <= node.detection.saturating_sub(interval) {
            LOOP + late
        } else {
            interval + LOOP + late
        };
        let slack = LOOP + late + forgiven;
        assert!(
            silence <= node.detection + slack,
            "seed {}: node {number} is up after {silence:?} of {:?}",
            self.seed,
            node.detection
        );
    }

    fn transmit(&mut self, to: usize, packet: Control) {
        let is_lost = self.random.below(100) < self.network.loss_percent;
        if is_lost || self.network.is_cut {
            return;
        }
        let mut when = self.now + self.below(self.network.delay);
        if !self.network.overtakes {
            when = when.max(self.nodes[to].last);
        }
        self.nodes[to].last = when;
        self.at(when, What::Arrival(to, packet.emit()));
    }

    fn states(&self) -> [State; 2] {
        [0, 1].map(|number: usize| self.nodes[number].peer.state())
    }

    fn downs(&self) -> u32 {
        self.nodes.iter().map(|node| node.downs).sum()
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).expect("short")
}

fn for_each_seed(run: impl Fn(World)) {
    each_seed(SEEDS, |seed| run(World::new(seed)));
}

#[test]
fn on_a_good_network_both_come_up_and_stay_up() {
    for_each_seed(|mut world| {
        world.network.delay = ms(1);
        world.run_for(Duration::from_secs(4));
        assert_eq!(world.states(), [State::Up; 2], "seed {}", world.seed);
        world.run_for(Duration::from_secs(20));
        assert_eq!(world.downs(), 0, "seed {}", world.seed);
    });
}

#[test]
fn loss_and_delay_take_down_only_what_is_silent_and_it_heals() {
    for_each_seed(|mut world| {
        world.network = Network {
            loss_percent: 10 + world.seed % 60,
            delay: ms(1 + world.seed % 40),
            late: ms(world.seed % 3),
            overtakes: world.seed % 2 == 0,
            is_cut: false,
        };
        world.run_for(Duration::from_secs(20));
        world.network = Network {
            delay: ms(1),
            ..Network::default()
        };
        world.run_for(Duration::from_secs(10));
        assert_eq!(world.states(), [State::Up; 2], "seed {}", world.seed);
        let before = world.downs();
        world.run_for(Duration::from_secs(10));
        assert_eq!(world.downs(), before, "seed {}", world.seed);
    });
}

#[test]
fn a_cut_is_found_within_the_detection_time() {
    for_each_seed(|mut world| {
        world.network.delay = ms(1);
        world.run_for(Duration::from_secs(5));
        assert_eq!(world.states(), [State::Up; 2], "seed {}", world.seed);
        world.network.is_cut = true;
        world.run_for(ms(1));
        let longest = world.nodes.iter().map(|node| node.detection).max();
        world.run_for(longest.unwrap() + LOOP);
        assert_eq!(world.states(), [State::Down; 2], "seed {}", world.seed);
        world.network.is_cut = false;
        world.run_for(Duration::from_secs(5));
        assert_eq!(world.states(), [State::Up; 2], "seed {}", world.seed);
    });
}

#[test]
fn a_clock_that_runs_ahead_takes_nothing_down() {
    for_each_seed(|mut world| {
        world.network.delay = ms(1);
        world.run_for(Duration::from_secs(5));
        for step in 0..10_u64 {
            let number = usize::try_from(world.random.below(2)).unwrap();
            let by = world.below(Duration::from_secs(30));
            world.at(world.now + ms(step), What::Step(number, by));
            world.run_for(Duration::from_secs(2));
        }
        assert_eq!(world.downs(), 0, "seed {}", world.seed);
        assert_eq!(world.states(), [State::Up; 2], "seed {}", world.seed);
    });
}

#[test]
fn a_late_loop_takes_nothing_down_while_packets_come() {
    for_each_seed(|mut world| {
        world.network = Network {
            delay: ms(1),
            late: ms(5),
            ..Network::default()
        };
        world.run_for(Duration::from_secs(30));
        let is_fast = |node: &Node| node.detection < node.peer.remote_interval() + ms(11);
        let is_fast = world.nodes.iter().any(is_fast);
        assert!(is_fast || world.downs() == 0, "seed {}", world.seed);
    });
}
