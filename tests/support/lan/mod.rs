//! A simulated LAN of routers: lossy, delaying, duplicating, partitioned, with
//! loops that stand still and interfaces that fail. Everything follows from the
//! seed; time is simulated.

pub mod plan;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use keepalived::model::Priority;
use keepalived::vrrp::fsm::{
    Effect, Effects, Heard, InstanceId, InterfaceKey, Policy, Presence, State, Status, TrackerKey,
};
use keepalived::vrrp::router::{Input, Router};
use keepalived::vrrp::sync::SyncGroup;
use scheduler::Instant;

use super::rng::Rng;
use plan::script_key;

/// The one interface of every router.
pub const ETH0: InterfaceKey = InterfaceKey(0);

/// How bad the LAN is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weather {
    /// Percent of frames lost.
    pub loss: u64,
    /// Percent of frames that arrive twice.
    pub duplication: u64,
    /// Longest delay of a frame.
    pub delay: Duration,
}

impl Weather {
    /// Every frame arrives once, and soon.
    pub const CALM: Self = Self {
        loss: 0,
        duplication: 0,
        delay: Duration::from_millis(1),
    };
}

/// One machine: a router, its loop and what it did to the kernel.
pub struct Node {
    pub router: Router,
    pub address: IpAddr,
    pub policies: Vec<Policy>,
    /// By instance: which virtual router it is. Ids of a LAN are numbers of virtual
    /// routers, those of a node are places in its configuration.
    pub places: Vec<u32>,
    /// Scripts of its configuration: what is known of each name, by its place.
    pub scripts: Vec<(u32, Status)>,
    /// Virtual routers of it that change together.
    pub group: Option<Vec<u32>>,
    /// What its clock is ahead by.
    pub ahead: Duration,
    /// By instance: whether the addresses are there.
    pub present: Vec<bool>,
    /// When an instance announced its addresses last.
    pub announced: Instant,
    /// Whether the cable is in.
    pub link: bool,
    /// Nodes hear each other within a side.
    pub side: u64,
    asleep_until: Instant,
    inbox: VecDeque<Frame>,
    /// The version of the wake-up that counts.
    wake: u64,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    id: InstanceId,
    advert: Heard,
}

#[derive(Clone, Copy, Debug)]
enum Happening {
    Arrival { node: usize, frame: Frame },
    Wake { node: usize, version: u64 },
}

struct Entry(Instant, u64, Happening);

pub struct Lan {
    pub nodes: Vec<Node>,
    pub now: Instant,
    pub weather: Weather,
    /// Whether all instances of a node are one sync group.
    pub grouped: bool,
    pub rng: Rng,
    /// Inputs taken by all routers.
    pub inputs: u64,
    queue: BinaryHeap<Reverse<Entry>>,
    sequence: u64,
    effects: Effects,
}

impl Lan {
    pub fn new(rng: Rng) -> Self {
        Self {
            nodes: Vec::new(),
            now: Instant::ZERO,
            weather: Weather::default(),
            grouped: false,
            rng,
            inputs: 0,
            queue: BinaryHeap::new(),
            sequence: 0,
            effects: Effects::new(),
        }
    }

    /// Connect a router; all have the same instances with policies of their own.
    pub fn add(&mut self, address: IpAddr, policies: Vec<Policy>) {
        self.nodes.push(Node {
            router: Router::new(),
            address,
            present: vec![false; policies.len()],
            places: (0..).take(policies.len()).collect(),
            policies,
            scripts: Vec::new(),
            group: None,
            ahead: Duration::ZERO,
            announced: Instant::ZERO,
            link: true,
            side: 0,
            asleep_until: Instant::ZERO,
            inbox: VecDeque::new(),
            wake: 0,
        });
        self.restart(self.nodes.len() - 1);
    }

    /// The daemon dies without a word and starts anew.
    pub fn restart(&mut self, node: usize) {
        let this = &mut self.nodes[node];
        this.router = Router::new();
        this.inbox.clear();
        this.asleep_until = self.now;
        let (address, up) = (Some(this.address), this.link);
        for policy in this.policies.clone() {
            let id = self.nodes[node].router.add(policy);
            self.feed(node, Input::Source { id, address });
        }
        if self.grouped {
            let places = self.nodes[node].places.clone();
            self.nodes[node].group = Some(places);
        }
        if let Some(group) = self.nodes[node].group.clone() {
            let members = group.iter().filter_map(|number| self.local(node, *number));
            let group = SyncGroup::new("G", members.collect());
            self.nodes[node].router.add_group(group);
        }
        for (place, (_, status)) in (0..).zip(self.nodes[node].scripts.clone()) {
            let key = TrackerKey::Script(place);
            self.feed(node, Input::Tracker { key, status });
        }
        self.feed(node, Input::Interface { key: ETH0, up });
        self.feed(
            node,
            Input::Start {
                delay: Duration::ZERO,
            },
        );
    }

    /// What is known of a script changes.
    pub fn set_script(&mut self, node: usize, place: usize, status: Status) {
        let Some(script) = self.nodes[node].scripts.get_mut(place) else {
            return;
        };
        script.1 = status;
        let key = script_key(place);
        self.feed(node, Input::Tracker { key, status });
    }

    /// The clock of a node jumps ahead.
    pub fn jump(&mut self, node: usize, by: Duration) {
        self.nodes[node].ahead += by;
        self.schedule_wake(node);
    }

    /// Which instance of a node is this virtual router.
    pub fn local(&self, node: usize, number: u32) -> Option<InstanceId> {
        let mut places = (0..).zip(&self.nodes[node].places);
        let (place, _) = places.find(|(_, known)| **known == number)?;
        Some(InstanceId(place))
    }

    /// The loop of a node stands still; its socket fills.
    pub fn stall(&mut self, node: usize, time: Duration) {
        self.nodes[node].asleep_until = self.now + time;
        self.schedule_wake(node);
    }

    pub fn set_link(&mut self, node: usize, up: bool) {
        self.nodes[node].link = up;
        self.feed(node, Input::Interface { key: ETH0, up });
    }

    /// A machine hears all others again, and its loop does not stand still.
    pub fn mend(&mut self, node: usize) {
        self.nodes[node].side = 0;
        self.set_link(node, true);
        self.stall(node, Duration::ZERO);
    }

    /// Frames sent during a storm may still be under way: let them arrive.
    pub fn see_off_storm(&mut self) {
        self.run_until(self.now + Duration::from_millis(500), |_| {});
    }

    pub fn lose_address(&mut self, node: usize, id: InstanceId) {
        self.feed(node, Input::AddressLost { id });
    }

    /// Let things happen until `end`.
    pub fn run_until(&mut self, end: Instant, mut watch: impl FnMut(&Self)) {
        while self
            .queue
            .peek()
            .is_some_and(|Reverse(entry)| entry.0 <= end)
        {
            let Some(Reverse(Entry(at, _, what))) = self.queue.pop() else {
                break;
            };
            self.now = at;
            match what {
                Happening::Arrival { node, frame } => self.arrive(node, frame),
                Happening::Wake { node, version } => self.wake(node, version),
            }
            watch(self);
        }
        self.now = end;
    }

    /// The nodes whose instance is in a state.
    pub fn in_state(&self, id: InstanceId, state: State) -> Vec<usize> {
        let is = |node: &usize| {
            let own = self.local(*node, id.0);
            own.is_some_and(|own| self.nodes[*node].router.state(own) == state)
        };
        (0..self.nodes.len()).filter(is).collect()
    }

    fn arrive(&mut self, node: usize, frame: Frame) {
        let this = &mut self.nodes[node];
        if !this.link {
            return;
        }
        if self.now < this.asleep_until {
            this.inbox.push_back(frame);
        } else {
            self.take(node, frame);
        }
    }

    fn take(&mut self, node: usize, Frame { id, advert }: Frame) {
        if let Some(id) = self.local(node, id.0) {
            self.feed(node, Input::Advert { id, advert });
        }
    }

    /// As the process does: sockets first, then timers.
    fn wake(&mut self, node: usize, version: u64) {
        if self.nodes[node].wake != version {
            return;
        }
        while let Some(frame) = self.nodes[node].inbox.pop_front() {
            self.take(node, frame);
        }
        self.feed(node, Input::Tick);
    }

    fn feed(&mut self, node: usize, input: Input) {
        self.inputs += 1;
        let mut effects = std::mem::take(&mut self.effects);
        let this = &mut self.nodes[node];
        let now = self.now + this.ahead;
        this.router.on(now, input, &mut effects);
        this.router.check_invariants(now);
        self.carry_out(node, &mut effects);
        self.effects = effects;
        self.schedule_wake(node);
    }

    fn carry_out(&mut self, node: usize, effects: &mut Effects) {
        for effect in effects.drain(..) {
            self.effect(node, effect);
        }
        self.check_node(node);
    }

    fn effect(&mut self, node: usize, effect: Effect) {
        match effect {
            Effect::Advertise { id, priority } => self.transmit(node, id, priority),
            Effect::Addresses { id, presence } => {
                self.nodes[node].present[id.index()] = presence == Presence::Add;
            }
            Effect::Announce { .. } => self.nodes[node].announced = self.now,
            Effect::Silence { .. }
            | Effect::Went { .. }
            | Effect::GroupWent { .. }
            | Effect::Noted { .. } => {}
        }
    }

    fn transmit(&mut self, from: usize, id: InstanceId, priority: Priority) {
        let sender = &self.nodes[from];
        if !sender.link {
            return;
        }
        let side = sender.side;
        let advert = Heard {
            source: sender.address,
            priority,
            interval: sender.policies[id.index()].advert_interval,
            age: Duration::ZERO,
        };
        let id = InstanceId(sender.places[id.index()]);
        for to in 0..self.nodes.len() {
            if to == from || self.nodes[to].side != side || self.rng.percent(self.weather.loss) {
                continue;
            }
            let copies = 1 + u64::from(self.rng.percent(self.weather.duplication));
            for _ in 0..copies {
                let at = self.now + self.rng.time(self.weather.delay);
                let frame = Frame { id, advert };
                self.push(at, Happening::Arrival { node: to, frame });
            }
        }
    }

    fn schedule_wake(&mut self, node: usize) {
        let this = &mut self.nodes[node];
        let late = (!this.inbox.is_empty()).then_some(this.asleep_until);
        // A deadline by its own clock.
        let deadline = this.router.deadline();
        let deadline = deadline.map(|at| Instant::ZERO + at.since(Instant::ZERO + this.ahead));
        let deadline = deadline.map(|at| at.max(this.asleep_until));
        this.wake += 1;
        let version = this.wake;
        if let Some(at) = [deadline, late].into_iter().flatten().min() {
            self.push(at.max(self.now), Happening::Wake { node, version });
        }
    }

    fn push(&mut self, at: Instant, what: Happening) {
        self.sequence += 1;
        self.queue.push(Reverse(Entry(at, self.sequence, what)));
    }

    /// Addresses are exactly where an instance is master; only what a killed
    /// daemon left stays until the next one starts.
    fn check_node(&self, node: usize) {
        let this = &self.nodes[node];
        for (index, present) in (0..).zip(&this.present) {
            let state = this.router.state(InstanceId(index));
            let right = *present == (state == State::Master);
            assert!(
                right || state == State::Init,
                "addresses of node {node} in {state:?}"
            );
        }
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (self.0, self.1) == (other.0, other.1)
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0, self.1).cmp(&(other.0, other.1))
    }
}

impl fmt::Debug for Lan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "at {:?}", self.now)?;
        for node in &self.nodes {
            for (index, policy) in (0..).zip(&node.policies) {
                let id = InstanceId(index);
                writeln!(
                    f,
                    "  {} {:?} priority {} interval {:?} nopreempt {} delay {:?}: {:?}, {:?}",
                    node.address,
                    policy.version,
                    policy.priority,
                    policy.advert_interval,
                    policy.nopreempt,
                    policy.preempt_delay,
                    node.router.view(id),
                    node.router.instance(id).map(|i| i.deadline()),
                )?;
            }
        }
        Ok(())
    }
}
