//! Bidirectional forwarding detection (RFC 5880, 5881, 5883): is the neighbour there?
//!
//! ```text
//!            packets                      messages
//! neighbour ◄───────► process ──► feed ──┬──► VRRP process (track_bfd)
//!                       │                └──► checker process (BFD_CHECK)
//!                     peer (a machine for each session)
//! ```
//!
//! * [`config`]: the keywords, and what they come out as.
//! * [`feed`]: the messages between this process and those that track sessions.
#![forbid(unsafe_code)]

pub mod config;
pub mod feed;
