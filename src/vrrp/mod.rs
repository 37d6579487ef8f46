//! The virtual router.
#![forbid(unsafe_code)]

pub mod fsm;
pub mod router;
