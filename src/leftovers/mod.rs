//! What a run that was killed leaves in the kernel, and how the next one gets rid of it.
//!
//! A process that is killed removes nothing. What the configuration of the next start
//! still names, the child processes find and remove as they always do; of what it names
//! no more, somebody has to know. So the parent keeps a record of everything that the
//! configuration in force may put into the kernel, beside its pid file.
//!
//! ```text
//! start    record of a dead daemon ──► what of it the configuration has no more: removed
//!          record of the configuration, then the children
//! reload   record of both configurations ──► children go over ──► they say that the old
//!          things are gone ──► record of the new one
//! death    of a child in between: what only the old one has is removed, then the respawn
//! end      in order: no record
//! ```
//!
//! * [`item`]: a thing in the kernel, and its line of text.
//! * [`survey`]: the things of a configuration; the one place that knows.
//! * [`record`]: the text of a record; what of it is to go. A codec and a difference,
//!   without a file.
//! * [`file`]: the file, whom it is believed, and those of daemons that live.
//! * [`kernel`]: the removal.
//!
//! **What is not trusted.** A record is of root and for root to write, of this boot and
//! this network namespace, whole, and every line of it is understood: otherwise nothing
//! of it is used, and the log says why. What the record of a living daemon names stays.
//! An address is only removed if the kernel says that keepalived has set it (Linux 5.18
//! and later know), a route or rule only with its protocol number, a synchronisation
//! daemon only if it runs on that interface with that id.
//!
//! **What is not in it.** The kernel's settings and virtual interfaces are known when
//! they are changed and made, with what was before: `vrrp::process::kept` writes that
//! down. Virtual servers are known by their keys: `check::process::record`. Processes
//! that start again go by these files; for those that do not, the rows of
//! `watchdog::launch::role` say what is to be done about them.
#![forbid(unsafe_code)]

pub mod file;
pub mod item;
pub mod kernel;
pub mod record;
pub mod survey;

pub use file::RecordFile;
pub use item::{Item, Kind, Party};
pub use record::Record;
