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
}

/// What a group needs to know of a member.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Member {
    /// Its state.
    pub state: State,
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
}

impl Instance {
    /// What its group needs to know.
    #[must_use]
    pub fn member(&self) -> Member {
        Member {
            state: self.state,
            own_fault: self.faults.is_own(),
            wishes: self.membership.wish.is_some(),
            restores: self.state == State::Backup && self.waiting.restores,
        }
    }

    /// Its time has come: it waits for the others, listening as before.
    pub(super) fn wish_to_lead(&mut self, now: Instant, cause: Cause) {
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
