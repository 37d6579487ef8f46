//! Sync groups: instances that are master together or not at all.
//!
//! A group looks at its members after each event of one of them and says what all
//! have to do, until nothing is left to do:
//!
//! 1. A member with a fault of its own takes all to FAULT; they leave it when no
//!    member has one.
//! 2. When a member is no longer master, none is.
//! 3. Who starts waits in INIT until all members know their trackers.
//! 4. When every member is master or would be if it were alone, all become it.
//!
//! So between events all members are master or none is, and with a fault none
//! works. The group is in the state of its members, and tells a change of that
//! once, when all have followed.
#![forbid(unsafe_code)]

use std::rc::Rc;

use super::fsm::{GroupId, GroupOrder, InstanceId, Member, State};

/// A sync group.
#[derive(Clone, Debug)]
pub struct SyncGroup {
    /// The configured name.
    pub name: Rc<str>,
    /// Its members, in the order of the configuration.
    pub members: Vec<InstanceId>,
    /// What was told last.
    state: State,
    /// Whether the members have been told of a fault.
    has_fault: bool,
    /// Whether the members have been told to lead.
    leads: bool,
    /// It goes on after a reload: a member in INIT has no say yet.
    is_resumed: bool,
}

impl SyncGroup {
    /// A group before its members start.
    #[must_use]
    pub fn new(name: &str, members: Vec<InstanceId>) -> Self {
        Self {
            name: name.into(),
            members,
            state: State::Init,
            has_fault: false,
            leads: false,
            is_resumed: false,
        }
    }

    /// The state of all members.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Go on where the groups of a former configuration were: members lead, or
    /// have been told of a fault, and `state` was told last.
    pub const fn resume(&mut self, state: State, leads: bool, has_fault: bool) {
        self.state = state;
        self.leads = leads;
        self.has_fault = has_fault;
        self.is_resumed = true;
    }

    /// Whether the members have been told to lead.
    #[must_use]
    pub const fn leads(&self) -> bool {
        self.leads
    }

    /// Its members are about to work as backups: the change to tell of.
    pub const fn open(&mut self) -> (State, State) {
        let from = self.state;
        self.state = State::Backup;
        (from, State::Backup)
    }

    /// A member is not in the next configuration.
    pub fn dismiss(&mut self, member: InstanceId) {
        self.members.retain(|id| *id != member);
    }

    /// The members have stopped: nothing is to be led. Gives the state before.
    pub const fn rest(&mut self) -> State {
        self.leads = false;
        std::mem::replace(&mut self.state, State::Init)
    }

    /// What all members have to do; nothing is left when it returns `None`.
    pub fn decide(&mut self, members: &[(InstanceId, Member)]) -> Option<GroupOrder> {
        let counts = |member: &Member| !self.is_resumed || member.state != State::Init;
        let has_own = |member: &Member| member.own_fault && counts(member);
        let has_fault = members.iter().any(|(_, member)| has_own(member));
        if has_fault != self.has_fault {
            self.has_fault = has_fault;
            self.leads &= !has_fault;
            return Some(GroupOrder::Fault(has_fault));
        }
        if has_fault {
            return None;
        }
        let mut held = members.iter().map(|(_, member)| member.is_held);
        if held.any(|is_held| is_held) && !members.iter().any(|(_, member)| member.awaits) {
            return Some(GroupOrder::Begin);
        }
        let is_master = |member: &Member| member.state == State::Master;
        if self.leads {
            // Somebody yields. (Or a member was not able to follow.)
            // Who is in INIT catches up later.
            let left = |member: &Member| !is_master(member) && member.state != State::Init;
            let (after, member) = members.iter().find(|(_, member)| left(member))?;
            self.leads = false;
            return Some(GroupOrder::Yield {
                after: *after,
                restore: member.restores,
            });
        }
        let ready = |member: &Member| is_master(member) || member.wishes;
        let after = members.iter().rfind(|(_, member)| member.wishes)?;
        if !members.iter().all(|(_, member)| ready(member)) {
            return None;
        }
        self.leads = true;
        Some(GroupOrder::Lead { after: after.0 })
    }

    /// The old and the new state, if it changed since last asked.
    pub fn change(&mut self, members: &[(InstanceId, Member)]) -> Option<(State, State)> {
        // Who comes to a group that goes on has no say before it has started.
        let is_new = |member: &Member| {
            self.is_resumed && self.state != State::Init && member.told == State::Init
        };
        let all_new = members.iter().all(|(_, member)| is_new(member));
        let counts = |member: &Member| all_new || !is_new(member);
        let counted = members.iter().map(|(_, member)| member);
        let any = |state: State| {
            let mut counted = counted.clone().filter(|member| counts(member));
            counted.any(|member| member.told == state)
        };
        let to = if any(State::Init) {
            State::Init
        } else if any(State::Fault) {
            State::Fault
        } else if any(State::Backup) {
            State::Backup
        } else {
            State::Master
        };
        let from = std::mem::replace(&mut self.state, to);
        (from != to).then_some((from, to))
    }
}

/// All groups, and which one an instance belongs to.
#[derive(Debug, Default)]
pub struct SyncGroups {
    groups: Vec<SyncGroup>,
    /// By instance.
    group_of: Vec<Option<GroupId>>,
}

impl SyncGroups {
    /// Add a group; ids count up from zero.
    pub fn add(&mut self, group: SyncGroup) -> GroupId {
        let id = GroupId(u32::try_from(self.groups.len()).unwrap_or(u32::MAX));
        for member in &group.members {
            if self.group_of.len() <= member.index() {
                self.group_of.resize(member.index() + 1, None);
            }
            if let Some(place) = self.group_of.get_mut(member.index()) {
                *place = Some(id);
            }
        }
        self.groups.push(group);
        id
    }

    /// The group of an instance.
    #[must_use]
    pub fn of(&self, instance: InstanceId) -> Option<GroupId> {
        self.group_of.get(instance.index()).copied().flatten()
    }

    /// A group.
    #[must_use]
    pub fn get(&self, group: GroupId) -> Option<&SyncGroup> {
        self.groups.get(group.index())
    }

    /// A group, to decide.
    pub fn get_mut(&mut self, group: GroupId) -> Option<&mut SyncGroup> {
        self.groups.get_mut(group.index())
    }

    /// All groups in order.
    pub fn iter(&self) -> impl Iterator<Item = (GroupId, &SyncGroup)> {
        (0..).map(GroupId).zip(&self.groups)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: InstanceId = InstanceId(3);
    const B: InstanceId = InstanceId(5);

    const fn member(state: State) -> Member {
        Member {
            state,
            told: state,
            awaits: false,
            is_held: false,
            own_fault: false,
            wishes: false,
            restores: false,
        }
    }

    fn group() -> SyncGroup {
        SyncGroup::new("G", vec![A, B])
    }

    #[test]
    fn all_lead_when_all_are_ready() {
        let mut group = group();
        let wishing = Member {
            wishes: true,
            ..member(State::Backup)
        };
        assert_eq!(
            group.decide(&[(A, wishing), (B, member(State::Backup))]),
            None
        );
        let lead = group.decide(&[(A, wishing), (B, wishing)]);
        assert_eq!(lead, Some(GroupOrder::Lead { after: B }));
        let masters = [(A, member(State::Master)), (B, member(State::Master))];
        assert_eq!(group.decide(&masters), None);
        assert_eq!(group.change(&masters), Some((State::Init, State::Master)));
        assert_eq!(group.change(&masters), None);
        let yielding = [(A, member(State::Backup)), (B, member(State::Master))];
        let order = GroupOrder::Yield {
            after: A,
            restore: false,
        };
        assert_eq!(group.decide(&yielding), Some(order));
    }

    #[test]
    fn a_fault_of_one_is_told_once_and_taken_back_once() {
        let mut group = group();
        let bad = Member {
            own_fault: true,
            ..member(State::Fault)
        };
        let members = [(A, member(State::Backup)), (B, bad)];
        assert_eq!(group.decide(&members), Some(GroupOrder::Fault(true)));
        assert_eq!(group.decide(&members), None);
        let healed = [(A, member(State::Fault)), (B, member(State::Fault))];
        assert_eq!(group.decide(&healed), Some(GroupOrder::Fault(false)));
        assert_eq!(group.decide(&healed), None);
    }

    #[test]
    fn who_belongs_where() {
        let mut groups = SyncGroups::default();
        let id = groups.add(group());
        assert_eq!(groups.of(B), Some(id));
        assert_eq!(groups.of(InstanceId(4)), None);
        assert_eq!(groups.of(InstanceId(9)), None);
        assert_eq!(groups.iter().count(), 1);
    }
}
