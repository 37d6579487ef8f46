//! What the integration tests use.

#![expect(unreachable_pub, reason = "a test binary has no outside")]

pub mod lan;
pub mod rng;
