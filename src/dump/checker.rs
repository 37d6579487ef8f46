//! `Health checkers`, `Checker track files` and `Checker track BFDs`: what is checked,
//! how, and what came of it.

mod feeds;
mod json;
mod kinds;

pub(super) use feeds::{files, sessions, tracked};
pub use json::json;

use std::net::SocketAddr;
use std::time::Duration;

use super::check::Readout;
use super::fact::{FlagForm, Value};
use super::text::Text;
use crate::check::checker::{Checker, Endpoint, Kind};
use crate::check::config::{CheckConfig, ServiceConfig};
use crate::check::names;
use crate::check::probe::Memory;
use crate::model::UnixTime;
use kinds::kind;

/// A check at a moment.
#[derive(Clone, Copy, Debug)]
pub struct CheckState<'a> {
    /// It is not suspended.
    pub is_enabled: bool,
    /// The server counts as well.
    pub is_up: bool,
    /// A check was completed.
    pub has_run: bool,
    /// An attempt is under way.
    pub is_running: bool,
    /// It has stood still for three intervals.
    pub is_overdue: bool,
    /// How many more attempts may fail before it is down.
    pub retries_left: u32,
    /// What it adds to the weight of the server.
    pub contribution: i64,
    /// How many attempts were made.
    pub runs: u64,
    /// The last one, if there was one.
    pub last: Option<LastAttempt<'a>>,
    /// What it remembers of its attempts.
    pub memory: Option<Memory<'a>>,
    /// For how many servers it runs (`dedupe_checks`).
    pub servers: usize,
}

/// The last attempt of a check.
#[derive(Clone, Copy, Debug)]
pub struct LastAttempt<'a> {
    /// How it went.
    pub result: AttemptResult<'a>,
    /// When it began.
    pub at: UnixTime,
    /// How long ago that was.
    pub age: Duration,
    /// How long it took.
    pub duration: Duration,
}

/// How an attempt went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AttemptResult<'a> {
    /// Well.
    Passed,
    /// Well so far: pages are left.
    Proceeding,
    /// Badly, for this reason.
    Failed(&'a str),
    /// It could not be made, for this reason; that says nothing of the server.
    Unable(&'a str),
}

impl AttemptResult<'_> {
    /// In a word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Proceeding => "passed so far",
            Self::Failed(_) => "failed",
            Self::Unable(_) => "cannot test",
        }
    }

    /// Why.
    #[must_use]
    pub const fn reason(&self) -> Option<&str> {
        match self {
            Self::Failed(why) | Self::Unable(why) => Some(why),
            Self::Passed | Self::Proceeding => None,
        }
    }
}

/// The checks of a virtual server.
pub(super) fn of_service(
    config: &CheckConfig,
    place: usize,
    service: &ServiceConfig,
    live: &dyn Readout,
    out: &mut Text,
) {
    if service
        .servers
        .iter()
        .all(|server| server.checkers.is_empty())
    {
        return;
    }
    let name = names::service(config, place);
    for (number, server) in service.servers.iter().enumerate() {
        let of = names::server(service, server.socket());
        for (which, checker) in server.checkers.iter().enumerate() {
            out.show(format_args!(" {name} -> {of}\n"));
            let state = live.check(place, number, which);
            state_text(checker, state.as_ref(), out);
            timing(checker, state.as_ref(), out);
            kind(checker, server.virtualhost(service), out);
            remembered(&checker.kind, state.as_ref(), out);
            if let Some(state) = &state {
                attempts(checker, state, out);
            }
        }
    }
}

fn answer(label: &str, is: bool, out: &mut Text) {
    out.property(label, Value::answer(is, FlagForm::Bool));
}

fn state_text(checker: &Checker, state: Option<&CheckState<'_>>, out: &mut Text) {
    let alpha = checker.alpha;
    answer("Enabled", state.is_none_or(|state| state.is_enabled), out);
    answer("Up", state.map_or(!alpha, |state| state.is_up), out);
    answer("Has run", state.is_some_and(|state| state.has_run), out);
    let weight = state.map_or(0, |state| state.contribution);
    out.property("Current weight", Value::Signed(weight));
}

fn micros(label: &str, time: Duration, out: &mut Text) {
    let text = format!("{} us", time.as_micros());
    out.property(label, Value::Word(&text));
}

fn timing(checker: &Checker, state: Option<&CheckState<'_>>, out: &mut Text) {
    if !matches!(checker.kind, Kind::File(_)) {
        answer("Alpha", checker.alpha, out);
    }
    if !matches!(checker.kind, Kind::File(_) | Kind::Bfd(_)) {
        let timing = &checker.timing;
        micros("Delay loop", timing.delay_loop, out);
        let warmup = timing.warmup.unwrap_or(timing.delay_loop);
        micros("Warmup", warmup, out);
        out.property("Retries", Value::Number(timing.retry.into()));
        if timing.retry > 0 {
            micros("Delay before retry", timing.delay_before_retry, out);
            let left = state.map_or(timing.retry, |state| state.retries_left);
            let made = timing.retry.saturating_sub(left);
            out.property("Retries iterations", Value::Number(made.into()));
        }
        let default = match checker.kind {
            Kind::Http(_) => Duration::from_secs(3),
            // That of a question is delay_loop.
            Kind::Dns(_) => Duration::ZERO,
            Kind::Tcp(_)
            | Kind::Smtp(_)
            | Kind::Udp(_)
            | Kind::Ping(_)
            | Kind::Misc(_)
            | Kind::File(_)
            | Kind::Bfd(_) => Duration::from_secs(1),
        };
        micros("Default delay before retry", default, out);
    }
    answer("Log all failures", checker.log_all_failures, out);
}

/// What came of it, as far as the C daemon tells.
fn remembered(kind: &Kind, state: Option<&CheckState<'_>>, out: &mut Text) {
    let memory = state.and_then(|state| state.memory);
    if let Some(Memory::FailedPage(path)) = memory {
        out.property("Failed URL", Value::Word(path));
    }
    if matches!(kind, Kind::Misc(_)) {
        let last = state.and_then(|state| state.last.as_ref());
        let at = last.map_or_else(UnixTime::default, |last| last.at);
        out.property("Last ran", Value::Moment(Some(at)));
        let status = match memory {
            Some(Memory::Status(status)) => status,
            Some(Memory::FailedPage(_)) | None => 0,
        };
        out.property("Last status", Value::Number(status.into()));
    }
}

/// What the C daemon does not tell: behind what it does.
fn attempts(checker: &Checker, state: &CheckState<'_>, out: &mut Text) {
    if !matches!(checker.kind, Kind::File(_) | Kind::Bfd(_)) {
        let left = state.retries_left;
        // Before the first check that was completed a failure counts at once.
        if left == 0 && !state.has_run && checker.timing.retry > 0 {
            out.property("Retries left", Value::Word("0 (first check)"));
        } else {
            out.property("Retries left", Value::Number(left.into()));
        }
    }
    out.property("Runs", Value::Number(state.runs));
    answer("Running", state.is_running, out);
    if state.is_overdue {
        answer("Overdue", true, out);
    }
    if state.servers > 1 {
        out.property("Shared by servers", Value::Number(state.servers as u64));
    }
    let Some(last) = &state.last else { return };
    out.property("Last result", Value::Word(last.result.word()));
    let reason = last.result.reason();
    out.property("Last reason", reason.map_or(Value::Absent, Value::Word));
    out.property("Last age", Value::seconds(to_millis(last.age)));
    out.property("Last duration", Value::seconds(last.duration));
}

/// Finer than that nobody looks at it.
fn to_millis(time: Duration) -> Duration {
    Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

fn socket(at: SocketAddr) -> String {
    format!("[{}]:{}", at.ip(), at.port())
}

fn item(label: &str, value: &str, out: &mut Text) {
    out.item(|out| {
        out.push(label);
        out.push(" = ");
        out.push(value);
    });
}

fn connection(endpoint: &Endpoint, out: &mut Text) {
    out.line("Connection");
    item("Dest", &socket(endpoint.address), out);
    if let Some(bind) = endpoint.bind() {
        item("Bind to", &socket(bind), out);
    }
    if let Some(interface) = endpoint.interface() {
        item("Bind i/f", interface.as_str(), out);
    }
    if endpoint.mark() != 0 {
        item("Mark", &endpoint.mark().to_string(), out);
    }
    let timeout = format!("{:.6}", endpoint.timeout.as_secs_f64());
    item("Timeout", &timeout, out);
}
