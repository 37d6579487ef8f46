//! What happens to instances, as values.

use std::net::IpAddr;
use std::time::Duration;

use crate::vrrp::fsm::{FaultKind, Heard, InstanceId, InterfaceKey, Status, TrackerKey};

/// What the router is told.
#[derive(Clone, Copy, Debug)]
pub enum Input {
    /// All instances take part; timers count from the end of the delay.
    Start {
        /// `vrrp_startup_delay`; zero is none.
        delay: Duration,
    },
    /// An interface is up and running, or not (any more). Unknown interfaces
    /// count as down.
    Interface {
        /// Which.
        key: InterfaceKey,
        /// Whether it is up and running.
        up: bool,
    },
    /// What is known of a tracked script, file, process or BFD session.
    Tracker {
        /// Which.
        key: TrackerKey,
        /// What it is from now on.
        status: Status,
    },
    /// The address an instance sends from, or that it has none (any more). The
    /// effects of a loss still say goodbye, best from the address just lost.
    Source {
        /// Which instance.
        id: InstanceId,
        /// Its address.
        address: Option<IpAddr>,
    },
    /// A fault that others find began or ended.
    Fault {
        /// Which instance.
        id: InstanceId,
        /// Which fault.
        kind: FaultKind,
        /// Whether it holds.
        on: bool,
    },
    /// An advert that passed the receive checks.
    Advert {
        /// For which instance.
        id: InstanceId,
        /// What it says.
        advert: Heard,
    },
    /// Somebody deleted a virtual address of a master.
    AddressLost {
        /// Which instance.
        id: InstanceId,
    },
    /// The deadline may have passed.
    Tick,
    /// All instances leave in order.
    Stop,
    /// One instance takes part from now on.
    Join {
        /// Which instance.
        id: InstanceId,
    },
    /// One instance leaves in order, for a new configuration does not have it.
    Leave {
        /// Which instance.
        id: InstanceId,
    },
}
