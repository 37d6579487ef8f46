//! Bidirectional forwarding detection (RFC 5880, 5881, 5883): is the neighbour there?
//!
//! ```text
//!            packets                      messages
//! neighbour ◄───────► process ──► feed ──┬──► VRRP process (track_bfd)
//!                       │                └──► checker process (BFD_CHECK)
//!                     peer (a machine for each session)
//! ```
//!
//! * [`peer`]: the machine of a session; [`timers`]: its arithmetic.
//! * [`directory`]: which session a packet is for.
//! * [`config`]: the keywords, and what they come out as.
//! * [`process`]: the shell; [`notes`]: what it leaves to its successor.
//! * [`feed`]: the messages between this process and those that track sessions.
#![forbid(unsafe_code)]

pub mod config;
pub mod directory;
pub mod feed;
pub mod notes;
pub mod peer;
pub mod process;
pub mod timers;
