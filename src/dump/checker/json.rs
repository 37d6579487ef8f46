//! The same as JSON, for programs.

use std::time::Duration;

use super::CheckState;
use crate::check::checker::Checker;
use crate::check::config::{CheckConfig, ServerConfig, ServiceConfig};
use crate::check::names;
use crate::dump::check::Readout;
use crate::dump::fact::Value;
use crate::dump::json::Json;

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
