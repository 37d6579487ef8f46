//! The records of the VRRP process.

use std::net::IpAddr;
use std::time::Duration;

use super::record::{optional_record, record};
use super::snapshot::{ReasonStatus, TimingStatus};
use crate::model::UnixTime;

/// So many addresses of an instance are listed; all are counted.
pub const ADDRESSES_LISTED: usize = 64;

record! {
    /// The VRRP process.
    pub struct VrrpStatus {
        /// Its loop.
        pub timing: TimingStatus,
        /// The virtual routers, in the order of the configuration.
        pub instances: Vec<InstanceStatus>,
        /// The sync groups.
        pub groups: Vec<GroupStatus>,
        /// Scripts, files, processes and BFD sessions that are tracked.
        pub trackers: Vec<TrackerStatus>,
    }
}

record! {
    /// A virtual router.
    pub struct InstanceStatus {
        /// Its name.
        pub name: String,
        /// The interface of its adverts; null for one that has none.
        pub interface: Option<String>,
        /// `IPv4` or `IPv6`
        pub family: String,
        /// The version of the protocol.
        pub version: u64,
        /// Its VRID.
        pub vrid: u64,
        /// `INIT`, `BACKUP`, `MASTER` or `FAULT`
        pub state: String,
        /// When it came to that state.
        pub since: Option<UnixTime>,
        /// Why, in the words of the log.
        pub cause: Option<String>,
        /// What keeps it from running.
        pub faults: Vec<String>,
        /// Its priority.
        pub priority: PriorityStatus,
        /// The configured interval of its adverts, in seconds.
        pub advert_interval: Duration,
        /// The address it sends from.
        pub source: Option<IpAddr>,
        /// The master that a backup listens to.
        pub master: Option<MasterStatus>,
        /// The virtual addresses, the first 64 of them.
        pub addresses: Vec<AddressStatus>,
        /// How many virtual addresses there are.
        pub address_count: u64,
        /// Other routers of the same VRID that were heard, the last 8.
        pub peers: Vec<PeerStatus>,
        /// The sync group it is in.
        pub sync_group: Option<String>,
        /// Adverts received, those of peers that were refused for being none included.
        pub adverts_received: u64,
        /// Adverts sent.
        pub adverts_sent: u64,
        /// Adverts received with priority 0.
        pub zero_received: u64,
        /// Adverts sent with priority 0.
        pub zero_sent: u64,
        /// How often it became master.
        pub became_master: u64,
        /// How often it gave mastership up.
        pub released_master: u64,
        /// Packets that were refused, by reason; reasons that never were are left out.
        pub refused: Vec<ReasonStatus>,
        /// Adverts that were taken although their list of addresses is another one.
        pub address_list_differs: u64,
        /// How often others announced one of its addresses while it was master.
        pub foreign_announcements: u64,
        /// The last changes of state, the oldest first.
        pub transitions: Vec<TransitionStatus>,
    }
}

record! {
    /// A priority and how it is composed.
    pub struct PriorityStatus {
        /// As configured.
        pub configured: u64,
        /// As it is advertised.
        pub effective: u64,
        /// With what is tracked, before it is held within 1 and 254.
        pub total: i64,
        /// What is tracked.
        pub parts: Vec<PartStatus>,
    }
}

record! {
    /// Something an instance tracks.
    pub struct PartStatus {
        /// What, with its name.
        pub of: String,
        /// `up`, `down`, `unknown`, or the number in a file.
        pub state: String,
        /// The configured weight; 0 means that the instance cannot run without it.
        pub weight: i64,
        /// What it adds to the priority.
        pub adds: i64,
        /// Whether it keeps the instance from running.
        pub is_fault: bool,
    }
}

record! {
    /// The master that a backup listens to.
    pub struct MasterStatus {
        /// Where its adverts come from.
        pub address: Option<IpAddr>,
        /// Its priority.
        pub priority: u64,
    }
}

record! {
    /// A virtual address.
    pub struct AddressStatus {
        /// With the length of its prefix.
        pub address: String,
        /// Whether it was put on its interface.
        pub is_set: bool,
    }
}

record! {
    /// Another router of the same VRID.
    pub struct PeerStatus {
        /// Where its adverts come from.
        pub address: Option<IpAddr>,
        /// How long ago it was heard last, in seconds.
        pub heard: Duration,
        /// The priority of its last advert that was taken.
        pub priority: Option<u64>,
        /// How many of its adverts were taken.
        pub adverts: u64,
        /// Why its last one was refused, if it was.
        pub refused: Option<String>,
    }
}

record! {
    /// A change of state.
    pub struct TransitionStatus {
        /// When.
        pub time: UnixTime,
        /// The state before.
        pub from: String,
        /// The state since.
        pub to: String,
        /// Why.
        pub cause: String,
    }
}

record! {
    /// A sync group.
    pub struct GroupStatus {
        /// Its name.
        pub name: String,
        /// Its state.
        pub state: String,
        /// The names of its members.
        pub members: Vec<String>,
    }
}

record! {
    /// A script, file, process or BFD session that is tracked.
    pub struct TrackerStatus {
        /// What, with its name.
        pub name: String,
        /// `up`, `down`, `unknown`, or the number in a file.
        pub state: String,
    }
}

optional_record!(MasterStatus);
