//! What an instance hears, and why it changes.

use std::net::IpAddr;
use std::time::Duration;

use scheduler::Instant;

use super::faults::FaultKind;
use super::group::GroupOrder;
use super::policy::{InstanceId, InterfaceKey};
use super::track::{Status, TrackerKey};
use crate::model::Priority;

/// The state of an instance: RFC 9568 section 6.4, and FAULT for one that may
/// not take part.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum State {
    /// Not started, or stopped.
    Init,
    /// Watching a master (RFC 9568 6.4.2).
    Backup,
    /// Answering for the virtual addresses (RFC 9568 6.4.3, "Active").
    Master,
    /// Kept from running by a fault; hears and sends nothing.
    Fault,
}

impl State {
    /// The word of logs, notifications and dumps.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Init => "INIT",
            Self::Backup => "BACKUP",
            Self::Master => "MASTER",
            Self::Fault => "FAULT",
        }
    }
}

/// An advert that passed all receive checks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Heard {
    /// The sender.
    pub source: IpAddr,
    /// Its priority; zero gives mastership up.
    pub priority: Priority,
    /// Its interval. Only version 3 learns it.
    pub interval: Duration,
    /// How long ago it came in, as the kernel's clock tells.
    pub age: Duration,
}

/// An older advert counts as one of this age: clocks are set, and a down timer must not
/// end early for that.
const OLDEST: Duration = Duration::from_millis(1);

impl Heard {
    /// When it came in. Timers run from there: to wake up and read it took time, which
    /// would delay a takeover.
    #[must_use]
    pub(super) fn at(&self, now: Instant) -> Instant {
        now - self.age.min(OLDEST)
    }
}

/// What happens to one instance.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// Take part; timers count from `at` and adverts before it do not count.
    Start {
        /// The end of `vrrp_startup_delay`.
        at: Instant,
    },
    /// An accepted advert.
    Advert(Heard),
    /// Something tracked changed; `track` is its position in the policy.
    Track {
        /// Position in `Policy::tracks`.
        track: usize,
        /// What it is from now on.
        status: Status,
    },
    /// The sync group decided.
    Group(GroupOrder),
    /// The address that adverts are sent from, if there is one.
    Source(Option<IpAddr>),
    /// A fault that others find began or ended.
    Fault {
        /// Which.
        kind: FaultKind,
        /// Whether it holds.
        on: bool,
    },
    /// Somebody deleted a virtual address of the instance.
    AddressLost,
    /// The deadline may have passed.
    Tick,
    /// Leave in order.
    Stop,
    /// Leave in order: a new configuration does not have the instance.
    Removed,
}

/// The router an instance takes for the master.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Peer {
    /// The source of its adverts.
    pub address: IpAddr,
    /// The priority in its last one.
    pub priority: Priority,
}

/// Why an instance changed its state: enough for one line of log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cause {
    /// The daemon starts.
    Startup,
    /// The owner of the addresses need not wait (RFC 9568 6.4.1).
    Owner,
    /// Nothing was heard for `silence`; `master` is who should have spoken,
    /// if anybody ever did.
    NoAdvert {
        /// The last known master.
        master: Option<IpAddr>,
        /// Time since its last advert, or since the wait began.
        silence: Duration,
    },
    /// The master gave up with priority 0, and nobody better came.
    GaveUp {
        /// The router that gave up.
        by: IpAddr,
    },
    /// The running master is worse, and preemption is allowed.
    LowerPriority(Peer),
    /// The virtual addresses are put back after somebody deleted them.
    AddressRestored,
    /// A better router advertises.
    HigherPriority(Peer),
    /// A router of the same priority with a higher address advertises.
    HigherAddress(Peer),
    /// Somebody deleted a virtual address.
    AddressDeleted,
    /// The loop stood still for `silence`, so that a backup has taken over
    /// (`timer_expired_backup`).
    Late {
        /// Time since the last own advert.
        silence: Duration,
    },
    /// A tracked interface went down (with `reverse`: came up).
    InterfaceDown(InterfaceKey),
    /// The last tracked interface that was missing is back.
    InterfaceUp(InterfaceKey),
    /// A tracker without weight is bad (with `reverse`: good), or the number of
    /// a file is a fault.
    TrackerBad(TrackerKey),
    /// The last tracker that kept it from running no longer does.
    TrackerGood(TrackerKey),
    /// The sync group follows this member.
    Group(InstanceId),
    /// There is no address to send from.
    SourceLost,
    /// There is an address to send from.
    SourceFound(IpAddr),
    /// Another fault began.
    Fault(FaultKind),
    /// The last fault, of this kind, ended.
    FaultCleared(FaultKind),
    /// The daemon stops.
    Shutdown,
    /// A new configuration has taken the last fault away.
    Reloaded,
    /// A new configuration does not have the instance.
    Removed,
}

/// Something worth telling that changes no state.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Note {
    /// The effective priority changed.
    PriorityChanged {
        /// Before.
        from: Priority,
        /// From now on.
        to: Priority,
    },
    /// The same, with a new configuration or the end of a fault: nobody is told besides.
    PrioritySet {
        /// Before.
        from: Priority,
        /// From now on.
        to: Priority,
    },
    /// A backup listens to another master than before.
    MasterChanged {
        /// Who it was.
        from: Option<Peer>,
        /// Who it is.
        to: Peer,
    },
    /// A master heard an advert that loses (event `MASTER_RX_LOWER_PRI`).
    LosingAdvert(Peer),
    /// A master heard its own priority from its own address.
    OwnAddress(IpAddr),
    /// Another router believes it owns the addresses, too.
    TwoOwners(IpAddr),
    /// The other owner does not yield: this one lowers itself to 254.
    OwnerLowered(IpAddr),
    /// `preempt_delay` began to run because of a worse master.
    PreemptDelay(Peer),
    /// A version 3 master announces another interval than the own one.
    Interval {
        /// The master.
        master: IpAddr,
        /// Its interval.
        interval: Duration,
    },
}
