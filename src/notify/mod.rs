//! What the daemon runs and tells others.
//!
//! * [`command`]: from what the configuration says of a script to a command with
//!   an account, and whether others may change what root would run
//! * [`path_security`]: that check, component by component of the path
#![forbid(unsafe_code)]

pub mod command;
pub mod path_security;
