//! What a sync group tells its members, and what it asks them.
//!
//! A member does not become master by itself: when its time has come it wishes
//! to, and waits for [`GroupOrder::Lead`]. A better advert ends the wish.

use scheduler::Instant;

use super::backup::Waiting;
use super::{Cause, Effects, FaultKind, Instance, InstanceId, State};
use crate::model::Priority;

/// What all members of a group have to do; it follows one of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum GroupOrder {
    /// Become master, whoever is not.
    Lead {
        /// The last one that was ready.
        after: InstanceId,
    },
    /// Become backup, whoever is master.
    Yield {
        /// The one that is no longer master.
        after: InstanceId,
        /// Its addresses were deleted: give up, and come back after the skew time.
        restore: bool,
    },
    /// A member has a fault, or none has one any more.
    Fault(bool),
    /// All members know their trackers: leave INIT, whoever waited for the others.
    Begin,
}

/// What a group needs to know of a member.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Member {
    /// Its state.
    pub state: State,
    /// The state that others know of.
    pub told: State,
    /// Whether it is still in INIT because of trackers that have said nothing yet.
    pub awaits: bool,
    /// Whether it is still in INIT because others of its group are.
    pub is_held: bool,
    /// Whether it has a fault of its own.
    pub own_fault: bool,
    /// Whether it would be master now if it were alone.
    pub wishes: bool,
    /// Whether it is to come back with addresses that somebody deleted.
    pub restores: bool,
}

/// A member's part of belonging to a group.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Membership {
    /// Why it would become master.
    pub(super) wish: Option<Cause>,
    /// It leaves INIT when all members can.
    held: bool,
    /// All members are owners.
    among_owners: bool,
}

impl Instance {
    /// What its group needs to know.
    #[must_use]
    pub fn member(&self) -> Member {
        Member {
            state: self.state,
            told: self.told,
            awaits: self.is_started && self.state == State::Init && self.awaited > 0,
            is_held: self.is_started && self.state == State::Init && self.is_held(),
            own_fault: self.faults.is_own(),
            wishes: self.membership.wish.is_some(),
            restores: self.state == State::Backup && self.waiting.restores,
        }
    }

    /// Before it starts: whether it has to wait for the trackers of other members,
    /// and whether all of them are owners.
    pub(in crate::vrrp) const fn prepare(&mut self, held: bool, among_owners: bool) {
        self.membership.held = held;
        self.membership.among_owners = among_owners;
    }

    /// Whether it knows enough to start working, without a fault of its own.
    pub(in crate::vrrp) fn is_ready(&self) -> bool {
        self.state == State::Init && self.awaited == 0 && self.faults.is_empty()
    }

    /// Whether other members of its group are waited for.
    pub(super) const fn is_held(&self) -> bool {
        self.policy.grouped && self.membership.held
    }

    /// Whether no other member keeps it, an owner, from being master at once.
    pub(super) const fn is_among_owners(&self) -> bool {
        !self.policy.grouped || self.membership.among_owners
    }

    /// Its time has come: it waits for the others, listening as before.
    pub(super) fn wish_to_lead(&mut self, now: Instant, cause: Cause, out: &mut Effects) {
        if self.membership.wish.is_some() {
            self.admit_backup(out);
        }
        self.membership.wish = Some(cause);
        self.timer = Some(now + self.down_interval());
    }

    pub(super) fn on_group(&mut self, now: Instant, order: GroupOrder, out: &mut Effects) {
        match order {
            GroupOrder::Lead { after } => {
                if self.state == State::Backup {
                    let cause = self.membership.wish.unwrap_or(Cause::Group(after));
                    self.become_master(now, cause, out);
                }
            }
            GroupOrder::Yield { after, restore } => {
                if self.state == State::Master {
                    self.follow(now, after, restore, out);
                }
            }
            GroupOrder::Fault(on) => {
                self.faults.set(FaultKind::Group, on);
                let cause = if on {
                    Cause::Fault(FaultKind::Group)
                } else {
                    Cause::FaultCleared(FaultKind::Group)
                };
                self.settle_faults(now, cause, out);
                self.leave_init(now, out);
            }
            GroupOrder::Begin => {
                self.membership.held = false;
                self.leave_init(now, out);
            }
        }
    }

    /// Another member is no longer master.
    fn follow(&mut self, now: Instant, after: InstanceId, restore: bool, out: &mut Effects) {
        if restore {
            self.advertise(Priority::GIVE_UP, out);
        }
        self.withdraw(out);
        self.enter_backup(Cause::Group(after), out);
        self.waiting = Waiting::since(now);
        self.waiting.restores = restore;
        let wait = if restore {
            self.skew()
        } else {
            self.down_interval()
        };
        self.timer = Some(now + wait);
    }
}
