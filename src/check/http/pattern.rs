//! A pattern searched in a body that comes in pieces.
//!
//! Up to [`WINDOW`] octets are gathered; most bodies end before that and are searched
//! once, as a whole. Of a longer one the window is searched with partial matching: what
//! cannot be part of a match any more is dropped, what may become one stays, and so do
//! the octets that a look behind the start of a match would want to see. A match
//! longer than half of the window is cut there: it counts if what there is of it
//! matches, and is given up if not. So each octet is searched a few times at most, and
//! memory does not grow with the body.
//!
//! Offsets count from the first octet of the body.
//!
//! Without the feature `regex` the same types exist, and [`compile`] says that there
//! are no patterns.

#[cfg(not(feature = "regex"))]
mod absent;
#[cfg(feature = "regex")]
mod search;
mod shared;

#[cfg(not(feature = "regex"))]
pub use absent::{Program, Search, compile};
#[cfg(feature = "regex")]
pub use search::{Program, Search, compile};
pub use shared::Patterns;

/// How much of a body is in memory at most.
pub const WINDOW: usize = 1 << 20;
