//! D-Bus: instances as objects, their changes as signals.
//!
//! A bus that stalls must not delay an advert, so the connection to it belongs to a
//! process of its own, which the parent runs with `enable_dbus`.
//!
//! ```text
//!               messages                             D-Bus
//! VRRP process ─────────► line ─► objects ─► process ◄─────► bus
//!      ▲ outbox             │        ▲          │
//!      └────────────────────┴────────┴── calls ─┘
//! ```
//!
//! * [`line`]: the messages between the VRRP process and this one, and their sockets.
//! * [`outbox`]: what the VRRP process has still to tell, when the line is full.
//! * [`objects`]: what is on the bus, and what is to be said there.
//! * [`calls`]: what a method call is answered; [`introspection`]: the XML.
//! * [`path`]: names of objects.
//! * `process`: the shell; only with the feature `dbus`.
//!
//! Names, members and states are those of the C daemon.
#![forbid(unsafe_code)]

pub mod calls;
mod introspection;
pub mod line;
pub mod objects;
pub mod outbox;
pub mod path;
#[cfg(feature = "dbus")]
pub mod process;

use crate::model::{Family, Vrid};

/// The interface of the object that stands for the daemon.
pub const VRRP_INTERFACE: &str = "org.keepalived.Vrrp1.Vrrp";
/// The interface of an instance.
pub const INSTANCE_INTERFACE: &str = "org.keepalived.Vrrp1.Instance";

/// An instance.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Identity {
    /// Its name in the configuration.
    pub name: String,
    /// `interface`, if it has one.
    pub interface: Option<String>,
    /// Its virtual router.
    pub vrid: Vrid,
    /// Its family.
    pub family: Family,
}

/// The state of an instance, as D-Bus shows it.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum State {
    /// Not started yet.
    #[default]
    Init,
    /// Watching a master.
    Backup,
    /// Master.
    Master,
    /// Kept from running by a fault.
    Fault,
    /// Removed from the configuration (`notify_deleted`).
    Deleted,
    /// Stopped.
    Stop,
}

impl State {
    /// All states.
    pub const ALL: [Self; 6] = [
        Self::Init,
        Self::Backup,
        Self::Master,
        Self::Fault,
        Self::Deleted,
        Self::Stop,
    ];

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Init => 0,
            Self::Backup => 1,
            Self::Master => 2,
            Self::Fault => 3,
            Self::Deleted => 97,
            Self::Stop => 98,
        }
    }

    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Init => "Init",
            Self::Backup => "Backup",
            Self::Master => "Master",
            Self::Fault => "Fault",
            Self::Deleted => "Deleted",
            Self::Stop => "Stop",
        }
    }
}
