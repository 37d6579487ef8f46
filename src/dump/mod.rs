//! Configuration, state and counters as text and as JSON.
//!
//! ```text
//! view of an object ──► facts (label, key, getter) ──┬─► text.rs   keepalived.data, -d
//!                                                    └─► json.rs   keepalived.json
//! counters of an instance ──► stats.rs ──────────────┬─► keepalived.stats
//!                                                    └─► keepalived.json
//! ```
//!
//! Programs read these files with regular expressions, so labels, keys, their
//! order and the indentation are a contract: ` Object = NAME` has one blank,
//! `   Property = value` three, `     list item` five. What is new goes behind what
//! was there, and never changes it.
//!
//! One fact is in one place: a [`Fact`](fact::Fact) knows its label in the text,
//! its key in JSON and where its value is. [`instance`] has two lists that say in
//! which order the facts stand in either form. A new object is a view (borrowed
//! data, nothing computed) and a function that renders it.
//!
//! * [`fact`], [`text`], [`json`]: facts and their two forms; [`address`], [`command`]:
//!   values that many objects have
//! * [`global`], `telling`, [`kernel`], [`scheduler`], [`memory`]: the daemon, whom it
//!   tells, the links it sees, its loops, its memory
//! * [`vrrp`], [`instance`], [`interface`], [`tracker`], [`stats`]: virtual routers, what
//!   they track, their counters
//! * [`check`], [`checker`], [`bfd`]: virtual servers, what is checked, sessions
//!
//! Nothing here opens a file or asks a clock. A process renders into one string,
//! and its parent writes the file: see [`crate::watchdog::dump_files`].
#![forbid(unsafe_code)]

pub mod address;
pub mod bfd;
pub mod check;
pub mod checker;
pub mod command;
pub mod fact;
pub mod global;
pub mod instance;
pub mod interface;
pub mod json;
pub mod kernel;
pub mod memory;
pub mod scheduler;
pub mod stats;
mod telling;
pub mod text;
pub mod tracker;
pub mod vrrp;

pub use instance::InstanceView;
pub use text::Text;
