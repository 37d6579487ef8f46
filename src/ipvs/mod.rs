//! The IPVS wrapper: the kernel's table of virtual services and real servers.
//!
//! ```text
//!   wanted Table ─┐
//!                 ├─► plan::between ──► Changes ──► Kernel ──► kernel
//!   kernel's Table┘                                   │
//!        ▲                                            ▼
//!        └────────────── Snapshot ◄── Reader      Settled, one per request
//! ```
//!
//! * [`service`], [`destination`] and [`table`] are the plain types: what the
//!   kernel keys on is apart from what it can change in place, so that a
//!   difference has one meaning only.
//! * [`plan`] is a machine: the difference between two tables as ordered
//!   changes. Start, reload, stop and repair are that one function with other
//!   arguments; nothing is deleted that an edit can change, since a deletion
//!   ends the connections.
//! * [`genl`] is the codec of the generic netlink family `IPVS`
//!   (`linux/ip_vs.h`); it needs no socket and accepts any octets. [`reader`] puts the
//!   messages of a dump together.
//! * [`kernel`] is the shell: one socket for requests, many to a system call,
//!   every one with its own outcome; and one for dumps, read in pieces so that
//!   a large table does not hold the loop up.
//! * [`sync_daemon`] is a machine: which connection synchronisation daemon has
//!   to run in which role.
//! * [`request`] is what can be asked, with the messages about refusals;
//!   [`remembered`] the list of services that outlives a process.
//! * [`range`] expands the ranges of a virtual server group: a group is just
//!   several keys with the same service.
#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing)]

pub mod destination;
pub mod genl;
pub mod kernel;
pub mod plan;
pub mod range;
pub mod reader;
pub mod remembered;
pub mod request;
pub mod service;
pub mod sync_daemon;
pub mod table;

pub use destination::{Checksum, Destination, DestinationKey, Forwarding, Tunnel};
pub use genl::control::{Info, Timeouts};
pub use kernel::{Kernel, OpenError, Options, Reading};
pub use plan::Change;
pub use reader::{Detail, Scope};
pub use request::{Outcome, Request, Settled};
pub use service::{Granularity, Name, Persistence, Protocol, Service, ServiceFlags, ServiceKey};
pub use table::{Counters, DestinationReading, Entry, Readings, ServiceReading, Snapshot, Table};

#[cfg(test)]
mod testing;
