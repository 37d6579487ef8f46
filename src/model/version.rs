//! Which program this is.

use std::fs;

/// The release of the C daemon whose interfaces this program keeps. Consumers
/// compare it, so it stands first in `-v`.
pub const COMPATIBLE: &str = "2.4.3";
/// The day of this implementation's release, in the form of the C daemon's `-v`.
const RELEASE_DATE: &str = "11/22,2026";

/// The first line of `-v`, also logged at start and end.
#[must_use]
pub fn line() -> String {
    format!("Keepalived v{COMPATIBLE} ({RELEASE_DATE})")
}

/// The running kernel, as `uname` has it.
#[must_use]
pub fn running_on() -> String {
    let part = |name: &str| {
        let path = format!("/proc/sys/kernel/{name}");
        fs::read_to_string(path).unwrap_or_default()
    };
    let (system, release, version) = (part("ostype"), part("osrelease"), part("version"));
    format!("{} {} {}", system.trim(), release.trim(), version.trim())
}
