//! The configuration of a node changes while it runs.

use keepalived::vrrp::fsm::{Effects, InstanceId, Policy, Status, TrackerKey};
use keepalived::vrrp::router::{Input, Successor, Successors};
use keepalived::vrrp::sync::SyncGroup;

use super::Lan;

/// What a reload goes over to.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Virtual routers and their policies.
    pub instances: Vec<(u32, Policy)>,
    /// Names of scripts: a policy tracks one by its place here.
    pub scripts: Vec<(u32, Status)>,
    /// Virtual routers that change together.
    pub group: Option<Vec<u32>>,
}

impl Plan {
    fn numbers(&self) -> Vec<u32> {
        self.instances.iter().map(|(number, _)| *number).collect()
    }

    fn policies(&self) -> Vec<Policy> {
        let policies = self.instances.iter().map(|(_, policy)| policy.clone());
        policies.collect()
    }

    /// From the virtual routers and the scripts there were, by their places.
    fn successors(&self, old: &[u32], scripts: &[(u32, Status)]) -> Successors {
        let moved = |(place, (name, _)): (usize, &(u32, Status))| {
            let before = scripts.iter().position(|(known, _)| known == name)?;
            Some((script_key(place), script_key(before)))
        };
        let successor = |(number, policy): &(u32, Policy)| match place(old, *number) {
            None => Successor::New(policy.clone()),
            Some(from) => Successor::Changed(id(from), policy.clone()),
        };
        let new = self.numbers();
        let members = |group: &Vec<u32>| {
            let places = group.iter().filter_map(|number| place(&new, *number));
            places.map(id).collect()
        };
        Successors {
            trackers: self.scripts.iter().enumerate().filter_map(moved).collect(),
            instances: self.instances.iter().map(successor).collect(),
            groups: self
                .group
                .iter()
                .map(|group| SyncGroup::new("G", members(group)))
                .collect(),
        }
    }
}

impl Lan {
    /// Go over to a plan, as the process of a node does it.
    pub fn reload(&mut self, node: usize, plan: &Plan) {
        let old = self.nodes[node].places.clone();
        let new = plan.numbers();
        for (id, number) in (0..).map(InstanceId).zip(&old) {
            if !new.contains(number) {
                self.feed(node, Input::Leave { id });
            }
        }
        self.replace(node, plan);
        for (place, (_, status)) in plan.scripts.iter().enumerate() {
            let (key, status) = (script_key(place), *status);
            self.feed(node, Input::Tracker { key, status });
        }
        for (at, number) in new.iter().enumerate() {
            if place(&old, *number).is_none() {
                let (id, address) = (id(at), Some(self.nodes[node].address));
                self.feed(node, Input::Source { id, address });
                self.feed(node, Input::Join { id });
            }
        }
    }

    /// The router gets its successors, and the node notes what it goes by now.
    fn replace(&mut self, node: usize, plan: &Plan) {
        let this = &mut self.nodes[node];
        let successors = plan.successors(&this.places, &this.scripts);
        let new = plan.numbers();
        let present = |number: &u32| {
            let before = place(&this.places, *number);
            before.is_some_and(|place| this.present[place])
        };
        this.present = new.iter().map(present).collect();
        this.policies = plan.policies();
        this.places = new;
        this.scripts.clone_from(&plan.scripts);
        this.group.clone_from(&plan.group);
        let now = self.now + this.ahead;
        let mut effects = Effects::new();
        this.router.replace(now, successors, &mut effects);
        this.router.check_invariants(now);
        self.carry_out(node, &mut effects);
        self.schedule_wake(node);
    }
}

/// Where a virtual router is in a configuration.
fn place(numbers: &[u32], number: u32) -> Option<usize> {
    numbers.iter().position(|known| *known == number)
}

fn id(place: usize) -> InstanceId {
    InstanceId(u32::try_from(place).expect("few"))
}

/// The script at this place of a configuration.
pub(super) fn script_key(place: usize) -> TrackerKey {
    TrackerKey::Script(u32::try_from(place).expect("few"))
}
