//! Bidirectional forwarding detection (RFC 5880). Only its keywords are here so far.
#![forbid(unsafe_code)]

pub mod config;
