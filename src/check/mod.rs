//! Health checks of real servers.
//!
//! * [`config`]: the keywords; [`checker`]: a check as compiled.
//! * [`marks`]: groups of virtual servers as marks of packets.
//! * [`probe`]: an attempt as a machine without I/O; [`kinds`]: TCP, HTTP, DNS and so on;
//!   [`conversation`]: the runner that carries attempts on sockets and scripts.
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
