//! The records of the BFD process.

use std::net::IpAddr;
use std::time::Duration;

use super::record::record;
use super::snapshot::{ReasonStatus, TimingStatus};

record! {
    /// The BFD process.
    pub struct BfdStatus {
        /// Its loop.
        pub timing: TimingStatus,
        /// Packets received.
        pub packets_received: u64,
        /// Packets sent.
        pub packets_sent: u64,
        /// Packets dropped, by reason.
        pub packets_dropped: Vec<ReasonStatus>,
        /// The sessions, in the order of the configuration.
        pub sessions: Vec<SessionStatus>,
    }
}

record! {
    /// A session.
    pub struct SessionStatus {
        /// Its name.
        pub name: String,
        /// The neighbour.
        pub neighbour: Option<IpAddr>,
        /// `AdminDown`, `Down`, `Init` or `Up`
        pub state: String,
        /// What the neighbour says of itself.
        pub remote_state: String,
        /// Why it is not up.
        pub diagnostic: String,
        /// How long ago the neighbour was heard last, in seconds.
        pub heard: Option<Duration>,
        /// How long the neighbour may be silent, in seconds.
        pub detection_time: Duration,
        /// The interval at which packets are sent, in seconds.
        pub interval: Duration,
    }
}
