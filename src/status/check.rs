//! The records of the checker process.

use std::time::Duration;

use super::record::record;
use super::snapshot::TimingStatus;

record! {
    /// The checker process.
    pub struct CheckStatus {
        /// Its loop.
        pub timing: TimingStatus,
        /// Entries of the kernel's table that somebody else had changed and that were
        /// put right.
        pub repairs: u64,
        /// The virtual servers, in the order of the configuration.
        pub services: Vec<ServiceStatus>,
        /// The real servers of all of them.
        pub servers: Vec<ServerStatus>,
    }
}

record! {
    /// A virtual server.
    pub struct ServiceStatus {
        /// Its name, as in the log.
        pub name: String,
        /// Whether the quorum is there.
        pub has_quorum: bool,
        /// The weight of servers that is needed for that; fewer, by the hysteresis, once it
        /// is there.
        pub quorum: u64,
        /// How many of its real servers are up.
        pub servers_up: u64,
        /// How many there are.
        pub servers: u64,
        /// The weight of those that are up.
        pub weight: u64,
        /// Whether it rests since its address is elsewhere (`ha_suspend`).
        pub is_suspended: bool,
        /// Its sorry server.
        pub sorry: Option<String>,
    }
}

record! {
    /// A real server.
    pub struct ServerStatus {
        /// The virtual server it belongs to.
        pub service: String,
        /// Its name, as in the log.
        pub name: String,
        /// Whether all its checks are up.
        pub is_up: bool,
        /// The weight it has, or would have if it was up.
        pub weight: u64,
        /// The weight it has in the kernel's table; null if it is not there.
        pub weight_in_kernel: Option<u64>,
        /// Its checks.
        pub checks: Vec<CheckerStatus>,
    }
}

record! {
    /// A check of a real server.
    pub struct CheckerStatus {
        /// Its keyword.
        pub kind: String,
        /// Whether the server counts as well by this check.
        pub is_up: bool,
        /// Whether it is made at present.
        pub is_enabled: bool,
        /// Whether it has stood still for three intervals.
        pub is_overdue: bool,
        /// How the last attempt went: `passed`, `proceeding`, `failed` or `unable` (it
        /// could not be made); null before the first.
        pub result: Option<String>,
        /// Why, unless it passed.
        pub reason: Option<String>,
        /// How long ago the last attempt began, in seconds.
        pub age: Option<Duration>,
        /// How long the last attempt took, in seconds.
        pub duration: Option<Duration>,
        /// How many attempts may still fail before the server counts as down.
        pub retries_left: u64,
        /// How many attempts were made.
        pub runs: u64,
        /// How many of them failed.
        pub failures: u64,
        /// How long all of them took together, in seconds.
        pub total_duration: Duration,
    }
}
