//! The event loop. See `time`.
#![deny(unsafe_code)]
pub mod time;
pub use time::{Clock, Instant, ManualClock};
