//! A snapshot for collectors, in the OpenMetrics text form
//! (<https://prometheus.io/docs/specs/om/open_metrics_spec/>).
//!
//! The other files are the table: of each family of metrics its name, type, unit, what
//! it is, and how its samples are read from a snapshot. [`write`] makes the text of it.

mod bfd;
mod check;
mod daemon;
mod vrrp;
pub mod write;

use super::snapshot::Snapshot;
use write::{Family, Writer};

/// The whole text, with the mark of its end.
#[must_use]
pub fn text(snapshot: &Snapshot) -> String {
    let mut writer = Writer::default();
    for family in families() {
        writer.family(family, |samples| (family.read)(snapshot, samples));
    }
    writer.finish()
}

/// The table, in the order of the text.
pub fn families() -> impl Iterator<Item = &'static Family> {
    let parts = [
        daemon::DAEMON,
        daemon::PROCESSES,
        vrrp::VRRP,
        check::CHECK,
        bfd::BFD,
    ];
    parts.into_iter().flatten()
}

#[cfg(test)]
mod tests;
