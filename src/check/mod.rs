//! Health checks of real servers. Only their keywords are here so far.
#![forbid(unsafe_code)]

pub mod config;
