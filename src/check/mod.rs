//! Health checks of real servers.
//!
//! ```text
//! schedule: due ──► conversation: probe on a socket ──► schedule: up, down, once more
//!                                                          │
//!          kernel ◄── process::table ◄── wanted ◄── service: servers, quorum
//! ```
//!
//! * [`config`]: the keywords; [`checker`]: a check as compiled.
//! * [`schedule`]: when a check runs, and how often it may fail before that counts.
//! * [`probe`]: an attempt as a machine without I/O; [`kinds`]: TCP, HTTP, DNS and so on,
//!   [`http`] what the checks of pages have in common; [`conversation`]: the runner that
//!   carries attempts on sockets and scripts.
//! * [`service`]: a virtual service as a machine: its servers, their weights, the quorum.
//! * [`marks`]: groups of virtual servers as marks of packets.
//! * [`names`], [`words`]: what services and servers are called, and what is said of checks.
//! * [`process`]: the shell around all of it.
#![forbid(unsafe_code)]

pub mod checker;
pub mod config;
pub mod conversation;
pub mod http;
pub mod kinds;
pub mod marks;
pub mod names;
pub mod probe;
pub mod process;
pub mod schedule;
pub mod service;
pub mod words;
