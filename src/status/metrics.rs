//! x
use super::snapshot::Snapshot;
/// x
#[must_use]
pub fn text(_: &Snapshot) -> String { String::new() }
