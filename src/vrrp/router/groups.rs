//! Members of a sync group follow each other.
//!
//! A group is asked what its members shall do whenever one of them took in an event. What
//! it orders is an event for each of them, and it is asked again until it has nothing to
//! order. Then it tells its own state, which is that of its members together.

use scheduler::Instant;

use super::Router;
use crate::vrrp::fsm::{
    Effect, Effects, Event, FaultKind, GroupId, GroupOrder, Instance, InstanceId, Member, State,
};
use crate::vrrp::sync::{SyncGroup, SyncGroups};

impl Router {
    /// What the members of a group need to know of each other before they start.
    pub(super) fn prepare_group(&mut self, id: GroupId, out: &mut Effects) {
        let Some(group) = self.groups.get_mut(id) else {
            return;
        };
        let of = |id: &InstanceId| self.instances.get(id.index());
        let mut members = group.members.iter().filter_map(of);
        let among_owners = members.all(|member| member.policy().priority.is_owner());
        let mut members = group.members.iter().filter_map(of);
        let are_ready = members.all(Instance::is_ready);
        for member in &group.members {
            if let Some(member) = self.instances.get_mut(member.index()) {
                member.prepare(!are_ready, among_owners);
            }
        }
        if let (true, false, Some(&member)) = (are_ready, among_owners, group.members.first()) {
            let (from, to) = group.open();
            out.push(Effect::GroupWent {
                group: id,
                from,
                to,
                member,
            });
        }
    }

    /// Let all members do what the group decides, until nothing is left: the one that
    /// is the reason first, the others in order.
    pub(super) fn settle_group(
        &mut self,
        now: Instant,
        group: GroupId,
        reason: Option<InstanceId>,
        out: &mut Effects,
    ) {
        loop {
            self.look_at_members(group);
            let Some(policy) = self.groups.get_mut(group) else {
                return;
            };
            let Some(order) = policy.decide(&self.members) else {
                return;
            };
            // Owners that start together are masters in their order.
            let is_first_lead = matches!(order, GroupOrder::Lead { .. })
                && self.members.iter().all(|(_, m)| m.told == State::Init);
            let place = self.members.iter().position(|(id, _)| reason == Some(*id));
            if let Some(part) = place.and_then(|place| self.members.get_mut(..=place))
                && !is_first_lead
            {
                part.rotate_right(1);
            }
            for index in 0..self.members.len() {
                if let Some(&(id, _)) = self.members.get(index) {
                    self.feed_one(now, id, Event::Group(order), out);
                }
            }
        }
    }

    /// A member that has come to a leading group leads with it.
    pub(super) fn catch_up(
        &mut self,
        now: Instant,
        group: GroupId,
        member: InstanceId,
        out: &mut Effects,
    ) {
        let Some(known) = self.groups.get(group) else {
            return;
        };
        let first = known.members.iter().find(|id| **id != member);
        if let (true, Some(&after), State::Backup) = (known.leads(), first, self.state(member)) {
            let order = GroupOrder::Lead { after };
            self.feed_one(now, member, Event::Group(order), out);
        }
    }

    pub(super) fn tell_group(&mut self, id: GroupId, member: InstanceId, out: &mut Effects) {
        self.look_at_members(id);
        let Some(group) = self.groups.get_mut(id) else {
            return;
        };
        if let Some((from, to)) = group.change(&self.members) {
            out.push(Effect::GroupWent {
                group: id,
                from,
                to,
                member,
            });
        }
    }

    /// No single member is the reason.
    pub(super) fn tell_group_itself(&mut self, id: GroupId, out: &mut Effects) {
        let first = self
            .groups
            .get(id)
            .and_then(|group| group.members.first().copied());
        if let Some(first) = first {
            self.tell_group(id, first, out);
        }
    }

    /// All members have left, and the groups go to rest.
    pub(super) fn stop_groups(&mut self, out: &mut Effects) {
        let groups: Vec<GroupId> = self.groups.iter().map(|(id, _)| id).collect();
        for group in groups {
            let Some(policy) = self.groups.get_mut(group) else {
                continue;
            };
            let from = policy.rest();
            if let Some(&member) = policy.members.first() {
                let to = State::Init;
                out.push(Effect::GroupWent {
                    group,
                    from,
                    to,
                    member,
                });
            }
        }
    }

    /// A group goes on leading if it led before: who comes to it follows. It goes
    /// on having a fault as long as a member has one.
    pub(super) fn resume_group(
        &mut self,
        now: Instant,
        mut group: SyncGroup,
        old: &SyncGroups,
        led: &[bool],
        out: &mut Effects,
    ) {
        let members = group.members.clone();
        let of = |router: &Self, state| {
            let in_state = |id: &&InstanceId| router.state(**id) == state;
            members.iter().filter(in_state).count()
        };
        let masters = of(self, State::Master);
        let goes_on = |id: &InstanceId| {
            let led = led.get(id.index()).copied().unwrap_or_default();
            led && self.state(*id) == State::Master
        };
        let follows = members.iter().any(goes_on);
        let has_fault = members.iter().any(|id| self.has_group_fault(*id));
        let before = old.iter().find(|(_, known)| known.name == group.name);
        let state = before.map_or(State::Init, |(_, known)| known.state());
        group.resume(state, masters > 0, has_fault);
        let id = self.add_group(group);
        for &member in &members {
            if has_fault {
                self.feed_one(now, member, Event::Group(GroupOrder::Fault(true)), out);
            } else if follows {
                self.catch_up(now, id, member, out);
            }
        }
        self.settle_group(now, id, None, out);
        self.tell_group_itself(id, out);
    }

    /// Faults of a group end for those who are in none.
    pub(super) fn release_from_groups(&mut self, now: Instant, out: &mut Effects) {
        for index in 0..u32::try_from(self.instances.len()).unwrap_or(u32::MAX) {
            let id = InstanceId(index);
            if self.groups.of(id).is_none() && self.has_group_fault(id) {
                self.feed_one(now, id, Event::Group(GroupOrder::Fault(false)), out);
            }
        }
    }

    fn has_group_fault(&self, id: InstanceId) -> bool {
        self.instance(id)
            .is_some_and(|instance| instance.faults().contains(FaultKind::Group))
    }

    fn look_at_members(&mut self, group: GroupId) {
        self.members.clear();
        let ids = self.groups.get(group).map(|group| group.members.as_slice());
        for &id in ids.unwrap_or_default() {
            if let Some(instance) = self.instances.get(id.index()) {
                self.members.push((id, instance.member()));
            }
        }
    }

    /// All members of a group are master or none is; with a fault none works.
    pub(super) fn check_group(&self, group: &SyncGroup) {
        let members = group.members.iter().filter_map(|id| self.instance(*id));
        let members: Vec<Member> = members.map(Instance::member).collect();
        let name = &group.name;
        // A member that a reload has added catches up when it starts.
        let count = |of: &dyn Fn(State) -> bool| members.iter().filter(|m| of(m.state)).count();
        let masters = count(&|state| state == State::Master);
        let running = count(&|state| state != State::Init);
        debug_assert!(
            masters == 0 || masters == running,
            "{name}: {masters} masters of {running}"
        );
        let has_fault = |member: &Member| member.own_fault && member.state != State::Init;
        let has_fault = members.iter().any(has_fault);
        let works = |member: &Member| matches!(member.state, State::Backup | State::Master);
        debug_assert!(
            !has_fault || !members.iter().any(works),
            "{name}: works in spite of a fault"
        );
    }
}
