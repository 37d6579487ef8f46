//! What the processes tell of themselves while they run, for those who watch: a table
//! for people, JSON for programs, metrics for collectors.
//!
//! ```text
//! a process ── records ──► JSON, in pieces ──► parent: one snapshot, kept for a while
//!                                                 │
//!               local socket: the JSON as it is ◄─┼─► metrics: records ──► samples
//!                        │
//!          keepalived --status: records ──► table
//! ```
//!
//! * [`record`] makes a structure one with its JSON form, both ways; [`node`] reads JSON.
//! * [`snapshot`] has the records of the whole, [`vrrp`], [`check`] and [`bfd`] those of
//!   the processes. What they say of each member is the documentation of the JSON form.
//! * [`headline`] is the line for service managers.
//! * [`table`] shows a snapshot to people, [`metrics`] to collectors.
//!
//! Nothing here opens a file or asks a clock. Who asks, and how often a process is
//! troubled for it, is the parent's: [`crate::watchdog::desk`].
#![forbid(unsafe_code)]

pub mod bfd;
pub mod check;
pub mod headline;
pub mod metrics;
pub mod node;
#[cfg(test)]
mod page;
pub mod record;
pub mod snapshot;
pub mod table;
pub mod vrrp;
