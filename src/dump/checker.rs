//! `Health checkers`, `Checker track files` and `Checker track BFDs`: what is checked,
//! how, and what came of it.

use std::net::SocketAddr;
use std::time::Duration;

use super::check::Readout;
use super::command::quoted;
use super::fact::{FlagForm, Value};
use super::json::Json;
use super::text::Text;
use crate::check::checker::{
    Checker, Endpoint, HttpSettings, HttpVersion, Kind, MiscSettings, Page, UdpSettings,
};
use crate::check::config::{CheckConfig, ServerConfig, ServiceConfig};
use crate::check::names;
use crate::control_plane::Config;

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
    /// For how many servers it runs (`dedupe_checks`).
    pub servers: usize,
}

/// The last attempt of a check.
#[derive(Clone, Copy, Debug)]
pub struct LastAttempt<'a> {
    /// How it went.
    pub result: AttemptResult<'a>,
    /// How long ago it began.
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
            kind(&checker.kind, out);
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
        micros("Delay before retry", timing.delay_before_retry, out);
        let left = state.map_or(timing.retry, |state| state.retries_left);
        let made = timing.retry.saturating_sub(left);
        out.property("Retries iterations", Value::Number(made.into()));
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

fn method(name: &str, out: &mut Text) {
    out.property("Keepalive method", Value::Word(name));
}

fn kind(kind: &Kind, out: &mut Text) {
    let name = kind.keyword();
    match kind {
        Kind::Tcp(endpoint) | Kind::Ping(endpoint) => {
            connection(endpoint, out);
            method(name, out);
        }
        Kind::Http(settings) => http(settings, name, out),
        Kind::Smtp(settings) => {
            connection(&settings.endpoint, out);
            method(name, out);
            out.property("helo", Value::Word(&settings.helo));
        }
        Kind::Dns(settings) => {
            connection(&settings.endpoint, out);
            method(name, out);
            let record = crate::check::config::record_name(settings.record);
            out.property("Type", Value::Word(record));
            out.property("Name", Value::Word(&settings.name));
        }
        Kind::Udp(settings) => {
            connection(&settings.endpoint, out);
            method(name, out);
            udp(settings, out);
        }
        Kind::Misc(settings) => {
            method(name, out);
            misc(settings, out);
        }
        Kind::File(settings) => {
            method(name, out);
            item("Tracked file", &settings.name, out);
        }
        Kind::Bfd(settings) => {
            method(name, out);
            out.property("BFD instance", Value::Word(&settings.session));
        }
    }
}

fn http(settings: &HttpSettings, name: &str, out: &mut Text) {
    connection(&settings.endpoint, out);
    let version = match settings.version {
        HttpVersion::V1_0 => "1.0",
        HttpVersion::V1_0Close => "1.0C",
        HttpVersion::V1_1 => "1.1",
    };
    method(&format!("{name}, http protocol {version}"), out);
    let set = |is| if is { "set" } else { "unset" };
    let sni = settings.pages.iter().any(|page| page.sni.is_some());
    out.line(&format!("Enable SNI {}", set(sni)));
    out.line(&format!("Fast recovery {}", set(settings.fast_recovery)));
    if settings.tls.as_ref().is_some_and(|tls| tls.compliant) {
        out.line("TLS compliant set");
    }
    for page in &settings.pages {
        out.property("Checked url", Value::Word(&page.path));
        page_text(page, out);
    }
}

fn page_text(page: &Page, out: &mut Text) {
    if let Some(digest) = &page.digest {
        let digits: String = digest.iter().map(|octet| format!("{octet:02x}")).collect();
        item("digest", &digits, out);
    }
    out.item(|out| out.push("HTTP Status Code(s)"));
    let default = [(200, 299)];
    let ranges = if page.statuses.is_empty() {
        &default[..]
    } else {
        &page.statuses
    };
    for (first, last) in ranges {
        if first == last {
            out.show(format_args!("       {first}\n"));
        } else {
            out.show(format_args!("       {first}-{last}\n"));
        }
    }
    if let Some(host) = &page.host {
        item("Virtual host", host, out);
    }
    if let Some(sni) = &page.sni {
        item("SNI name", sni, out);
    }
    let Some(pattern) = &page.pattern else { return };
    item("Regex", &format!("\"{}\"", pattern.text), out);
    if pattern.inverted {
        out.item(|out| out.push("Regex no match"));
    }
    if pattern.min_offset > 0 || pattern.max_offset.is_some() {
        let most = pattern.max_offset.unwrap_or(0);
        let text = format!("{}, max_offset = {most}", pattern.min_offset);
        item("Regex min offset", &text, out);
    }
    if !pattern.options.is_empty() {
        out.item(|out| out.push(&format!("Regex options: {}", pattern.options.join(" "))));
    }
    if let Some((start, most)) = pattern.stack {
        out.item(|out| out.push(&format!("Regex stack start {start}, max {most}")));
    }
}

fn udp(settings: &UdpSettings, out: &mut Text) {
    match &settings.payload {
        Some(payload) => out.property("Payload len", Value::Number(payload.len() as u64)),
        None => out.property("Payload specified", Value::Word("no")),
    }
    answer("Require reply", settings.reply.is_some(), out);
    let Some(reply) = &settings.reply else { return };
    item("Min reply length", &settings.min_length.to_string(), out);
    item("Max reply length", &settings.max_length.to_string(), out);
    if !reply.is_empty() {
        item("Reply data len", &reply.len().to_string(), out);
        let mask = reply.iter().any(|(_, counts)| *counts != 0xff);
        item("Reply data mask", if mask { "yes" } else { "no" }, out);
    }
}

fn misc(settings: &MiscSettings, out: &mut Text) {
    let command = quoted(&settings.command);
    out.property("script", Value::Word(&command));
    out.property("timeout", Value::seconds(settings.timeout));
    let dynamic = if settings.dynamic { "YES" } else { "NO" };
    out.property("dynamic", Value::Word(dynamic));
    let account = &settings.command.account;
    let ids = format!("{}:{}", account.uid, account.gid);
    out.property("uid:gid", Value::Word(&ids));
}

/// Calls with every check: service, server, and the check with its place.
fn each<'a>(
    config: &'a CheckConfig,
    mut call: impl FnMut(usize, &'a ServiceConfig, &'a ServerConfig, &'a Checker),
) {
    for (place, service) in config.services.iter().enumerate() {
        for server in &service.servers {
            for checker in &server.checkers {
                call(place, service, server, checker);
            }
        }
    }
}

/// `Checker track files`: those that a check follows.
pub(super) fn files(config: &Config, live: &dyn Readout, out: &mut Text) {
    let mut users: Vec<Vec<String>> = vec![Vec::new(); config.vrrp.files.len()];
    each(&config.check, |place, service, server, checker| {
        let Kind::File(settings) = &checker.kind else {
            return;
        };
        if let Some(users) = users.get_mut(settings.file) {
            let name = names::service(&config.check, place);
            let of = names::server(service, server.socket());
            let reverse = if settings.reverse { " reverse" } else { "" };
            users.push(format!(
                "{name} -> {of}, weight {}{reverse}",
                settings.weight
            ));
        }
    });
    if users.iter().all(Vec::is_empty) {
        return;
    }
    out.title("Checker track files");
    for (place, (file, users)) in config.vrrp.files.iter().zip(&users).enumerate() {
        if users.is_empty() {
            continue;
        }
        out.object("Track file", &file.name.value);
        let path = file.path.as_ref().map(|path| path.value.as_str());
        out.property("File", path.map_or(Value::Absent, Value::Word));
        let value = live.file(place);
        out.property("Status", value.map_or(Value::Absent, Value::Signed));
        out.property("Weight", Value::Signed(file.weight.value.into()));
        out.line("Tracking instances :");
        for user in users {
            out.item(|out| out.push(user));
        }
    }
}

/// `Checker track BFDs`: those that a check follows.
pub(super) fn sessions(config: &Config, live: &dyn Readout, out: &mut Text) {
    let mut told = false;
    for session in &config.bfd {
        let mut users = Vec::new();
        each(&config.check, |place, service, server, checker| {
            let Kind::Bfd(settings) = &checker.kind else {
                return;
            };
            if settings.session == session.name.value {
                let name = names::service(&config.check, place);
                let of = names::server(service, server.socket());
                users.push(format!("{name} -> {of}"));
            }
        });
        if users.is_empty() {
            continue;
        }
        if !told {
            out.title("Checker track BFDs");
            told = true;
        }
        out.object("Checker Track BFD", &session.name.value);
        let state = live.session(&session.name.value);
        let word = state.map(|up| Value::Word(if up { "UP" } else { "DOWN" }));
        out.property("State", word.unwrap_or(Value::Absent));
        for user in users {
            out.item(|out| out.push(&user));
        }
    }
}

/// All virtual servers as JSON: an array of objects, for programs.
#[must_use]
pub fn json(config: &CheckConfig, live: &dyn Readout) -> String {
    let mut out = Json::with_capacity(config.services.len() * 1024);
    out.array(|out| {
        for (place, service) in config.services.iter().enumerate() {
            out.object(|out| service_json(config, place, service, live, out));
        }
    });
    out.finish()
}

fn service_json(
    config: &CheckConfig,
    place: usize,
    service: &ServiceConfig,
    live: &dyn Readout,
    out: &mut Json,
) {
    let state = live.service(place);
    out.member(
        "virtual_server",
        Value::Word(&names::service(config, place)),
    );
    out.member("quorum_up", Value::Number(state.has_quorum.into()));
    out.member("alive", Value::Number(state.alive as u64));
    out.member("alive_weight", Value::Number(state.alive_weight));
    out.key("real_servers");
    out.array(|out| {
        for (number, server) in service.servers.iter().enumerate() {
            out.object(|out| server_json(service, (place, number), server, live, out));
        }
    });
}

fn server_json(
    service: &ServiceConfig,
    (place, number): (usize, usize),
    server: &ServerConfig,
    live: &dyn Readout,
    out: &mut Json,
) {
    let state = live.server(place, number);
    out.member(
        "real_server",
        Value::Word(&names::server(service, server.socket())),
    );
    out.member("alive", Value::Number(state.is_alive.into()));
    out.member("weight", Value::Number(state.weight.into()));
    if let Some(weight) = state.in_table {
        out.member("weight_in_table", Value::Number(weight.into()));
    }
    out.key("checkers");
    out.array(|out| {
        for (which, checker) in server.checkers.iter().enumerate() {
            if let Some(state) = live.check(place, number, which) {
                out.object(|out| check_json(checker, &state, out));
            }
        }
    });
}

fn check_json(checker: &Checker, state: &CheckState<'_>, out: &mut Json) {
    out.member("type", Value::Word(checker.kind.keyword()));
    let flags = [
        ("up", state.is_up),
        ("has_run", state.has_run),
        ("overdue", state.is_overdue),
    ];
    for (key, value) in flags {
        out.member(key, Value::Number(value.into()));
    }
    out.member("runs", Value::Number(state.runs));
    out.member("retries_left", Value::Number(state.retries_left.into()));
    let Some(last) = &state.last else { return };
    out.member("last_result", Value::Word(last.result.word()));
    if let Some(reason) = last.result.reason() {
        out.member("last_reason", Value::Word(reason));
    }
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    out.member("last_age_ms", Value::Number(millis(last.age)));
    out.member("last_duration_ms", Value::Number(millis(last.duration)));
}
