//! What the integration tests use.

#![expect(unreachable_pub, reason = "a test binary has no outside")]

#[allow(
    dead_code,
    reason = "each simulation has its own part of it, one of them all"
)]
pub mod lan;
pub mod rng;
pub mod seeds;
