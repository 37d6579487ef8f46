//! What the process has to do: plain data, in the order it is to be done.

use super::event::{Cause, Note, State};
use super::policy::{GroupId, InstanceId};
use crate::model::Priority;

/// A buffer of effects that the caller owns, empties and reuses.
pub type Effects = Vec<Effect>;

/// One thing to do for one instance.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Effect {
    /// Send an advert with this priority (0 gives mastership up).
    Advertise {
        /// Who sends.
        id: InstanceId,
        /// The priority on the wire.
        priority: Priority,
    },
    /// Add or remove all virtual addresses. At start the removal clears what an
    /// earlier run left.
    Addresses {
        /// Whose.
        id: InstanceId,
        /// Whether they are to be there.
        presence: Presence,
    },
    /// Announce the addresses: hand this to the announcer.
    Announce {
        /// Whose.
        id: InstanceId,
        /// On which occasion.
        burst: Burst,
    },
    /// Drop announcements not yet sent: hand this to the announcer.
    Silence {
        /// Whose.
        id: InstanceId,
    },
    /// The state changed: log, notify, count.
    Went {
        /// Whose.
        id: InstanceId,
        /// The old state.
        from: State,
        /// The new state.
        to: State,
        /// Why.
        cause: Cause,
    },
    /// A sync group changed its state, all members included: log, notify.
    GroupWent {
        /// Which group.
        group: GroupId,
        /// The old state.
        from: State,
        /// The new state.
        to: State,
        /// The member it followed.
        member: InstanceId,
    },
    /// Something to log or count, nothing more.
    Noted {
        /// Of whom.
        id: InstanceId,
        /// What.
        note: Note,
    },
}

/// Whether something is to be in the kernel.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Presence {
    /// It has to be there.
    Add,
    /// It must not be there.
    Remove,
}

/// The occasion of announcing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Burst {
    /// The instance became master.
    Master,
    /// A new configuration gave a master more addresses.
    Added,
    /// A master heard a losing advert: neighbours may have learned the rival.
    LowerPriority,
    /// Somebody asks for one round.
    Requested,
}
