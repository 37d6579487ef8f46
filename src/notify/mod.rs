//! What the daemon runs and tells others.
//!
//! * [`command`]: from what the configuration says of a script to a command with
//!   an account, and whether others may change what root would run
//! * [`path_security`]: that check, component by component of the path
//! * [`event`]: what can be told, and its words in scripts, pipes and mails
//! * [`serial`]: the scripts of one instance, one after the other
//! * [`line_queue`]: lines for a pipe whose reader may be slow
//! * [`letter`], [`outbox`], [`courier`], [`smtp`]: a mail, those that wait, their
//!   delivery, the conversation with the server
#![forbid(unsafe_code)]

pub mod command;
pub mod courier;
pub mod event;
pub mod letter;
pub mod line_queue;
pub mod outbox;
pub mod path_security;
pub mod serial;
pub mod smtp;
