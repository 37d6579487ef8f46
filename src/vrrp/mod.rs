//! The virtual router.
#![forbid(unsafe_code)]

pub mod accept;
pub mod address_list;
pub mod authentication;
pub mod config;
pub mod fsm;
pub mod router;
pub mod transmit;
