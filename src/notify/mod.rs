//! What the daemon runs and tells others.
//!
//! * [`command`]: from what the configuration says of a script to a command with
//!   an account, and whether others may change what root would run
//! * [`path_security`]: that check, component by component of the path
//! * [`configured`]: pipes and mails as `global_defs` has them
//! * [`notifier`]: the shell around the following, for a process that notifies
//! * [`event`]: what can be told, and its words in scripts, pipes and mails
//! * [`serial`]: the scripts of one instance, one after the other
//! * [`fifo`], [`line_queue`]: a pipe, and lines for one whose reader may be slow
//! * [`subject`]: an instance or a group with its scripts
//! * [`letter`], [`outbox`], [`courier`], [`smtp`]: a mail, those that wait, their
//!   delivery, the conversation with the server; `mailer`: all that for a process
#![forbid(unsafe_code)]

pub mod command;
pub mod configured;
pub mod courier;
pub mod event;
pub mod fifo;
pub mod letter;
pub mod line_queue;
mod mailer;
pub mod notifier;
pub mod outbox;
pub mod path_security;
pub mod serial;
pub mod smtp;
pub mod subject;
