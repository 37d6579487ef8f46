//! The virtual router.
#![forbid(unsafe_code)]

pub mod accept;
pub mod address_list;
mod agenda;
pub mod announce;
pub mod authentication;
pub mod config;
pub mod debounce;
pub mod fsm;
pub mod router;
pub mod transmit;
