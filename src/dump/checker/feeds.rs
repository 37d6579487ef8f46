//! Files and sessions that checks follow.

use crate::check::checker::{Checker, Kind};
use crate::check::config::{CheckConfig, ServerConfig, ServiceConfig};
use crate::check::names;
use crate::control_plane::Config;
use crate::dump::check::Readout;
use crate::dump::fact::Value;
use crate::dump::text::Text;

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

/// The files and sessions that the checks of a server follow.
pub(in crate::dump) fn tracked(server: &ServerConfig, out: &mut Text) {
    let mut title = Some("Tracked Files");
    for checker in &server.checkers {
        if let Kind::File(settings) = &checker.kind {
            title.take().into_iter().for_each(|title| out.line(title));
            let reverse = if settings.reverse { " reverse" } else { "" };
            let text = format!("{}, weight {}{reverse}", settings.name, settings.weight);
            out.item(|out| out.push(&text));
        }
    }
    let mut title = Some("Tracked BFDs");
    for checker in &server.checkers {
        if let Kind::Bfd(settings) = &checker.kind {
            title.take().into_iter().for_each(|title| out.line(title));
            out.item(|out| out.push(&settings.session));
        }
    }
}

/// `Checker track files`: those that a check follows.
pub(in crate::dump) fn files(config: &Config, live: &dyn Readout, out: &mut Text) {
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
pub(in crate::dump) fn sessions(config: &Config, live: &dyn Readout, out: &mut Text) {
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
        out.line("Tracking RS :");
        for user in users {
            out.item(|out| out.push(&user));
        }
    }
}
