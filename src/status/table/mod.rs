//! A snapshot for people: a table for each kind of thing that there is.
//!
//! Times of day are local; how long something lasts is in the two largest units. Colours
//! only underline what the words say.

mod columns;
mod rows;

use std::fmt::Write as _;
use std::time::Duration;

use super::snapshot::{ProcessStatus, Snapshot};
use crate::model::UnixTime;
use crate::sys::calendar::LocalTime;
use columns::{Cell, Tone};

/// Whether words may be coloured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Paint {
    /// Plain text.
    Plain,
    /// With the colours of a terminal.
    Coloured,
}

/// The whole of it.
#[must_use]
pub fn text(snapshot: &Snapshot, paint: Paint) -> String {
    let mut out = String::new();
    heading(snapshot, &mut out);
    let now = snapshot.taken;
    let mut tables = vec![rows::processes(snapshot)];
    if let Some(vrrp) = &snapshot.vrrp {
        tables.push(rows::instances(vrrp, now));
        tables.push(rows::groups(vrrp));
        tables.push(rows::trackers(vrrp));
    }
    if let Some(check) = &snapshot.check {
        tables.push(rows::services(check));
        tables.push(rows::servers(check));
    }
    if let Some(bfd) = &snapshot.bfd {
        tables.push(rows::sessions(bfd));
    }
    for table in tables {
        table.write(paint, &mut out);
    }
    for process in silent(snapshot) {
        let _ = writeln!(out, "\nThe {} process does not answer.", process.role);
    }
    out
}

fn silent(snapshot: &Snapshot) -> impl Iterator<Item = &ProcessStatus> {
    let processes = snapshot.processes.iter();
    processes.filter(|process| process.state == "silent")
}

fn heading(snapshot: &Snapshot, out: &mut String) {
    let daemon = &snapshot.daemon;
    let up = span(since(snapshot.taken, daemon.started));
    // Writing to a string cannot fail.
    let _ = write!(out, "{}, up {up}, {}", daemon.version, daemon.configuration);
    if let Some(name) = &daemon.namespace {
        let _ = write!(out, ", namespace {name}");
    }
    if let Some(name) = &daemon.instance {
        let _ = write!(out, ", instance {name}");
    }
    if let Some(at) = daemon.reloaded {
        let ago = span(since(snapshot.taken, at));
        let _ = write!(out, ", reloaded {ago} ago");
    }
    out.push('\n');
    if let Some(refusal) = &daemon.refusal {
        let ago = span(since(snapshot.taken, refusal.time));
        let reason = columns::shown(&refusal.reason);
        let _ = writeln!(out, "The last reload, {ago} ago, was refused: {reason}");
    }
}

fn since(now: UnixTime, at: UnixTime) -> Duration {
    now.0.saturating_sub(at.0)
}

/// `Nov 22 09:14:51`
fn moment(at: UnixTime) -> String {
    let seconds = at.0.as_secs().try_into().unwrap_or_default();
    let t = LocalTime::at(seconds);
    let (month, day) = (t.month_name(), t.day);
    format!(
        "{month} {day:2} {:02}:{:02}:{:02}",
        t.hour, t.minute, t.second
    )
}

/// A time in its two largest units: `3d 4h`, `2m 5s`, `1.2s`, `12ms`.
fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) if seconds < 1 => format!("{}ms", time.as_millis()),
        (0, 0, 0) if seconds < 10 => format!("{:.1}s", time.as_secs_f64()),
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {}s", seconds % 60),
        (0, ..) => format!("{hours}h {}m", minutes % 60),
        _ => format!("{days}d {}h", hours % 24),
    }
}

/// A word for a state, in its colour.
fn state(word: &str) -> Cell {
    let tone = match word {
        "MASTER" | "up" | "Up" | "running" | "passed" => Tone::Good,
        "FAULT" | "down" | "Down" | "AdminDown" | "silent" | "failed" => Tone::Bad,
        "INIT" | "Init" | "restarting" | "unknown" | "unable" => Tone::Doubtful,
        _ => Tone::Plain,
    };
    Cell::toned(word, tone)
}

#[cfg(test)]
mod tests;
