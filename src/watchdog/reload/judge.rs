//! Whether a configuration can take over, and what that would change.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::rc::Rc;

use crate::control_plane::diag::Severity;
use crate::control_plane::{Config, Loaded};
use crate::global::reload::ReloadCheck;
use crate::vrrp::plan::{Plan, Renames};
use crate::watchdog::config;
use crate::watchdog::launch::role::{ROLES, RoleSpec};
use crate::watchdog::settings::Settings;

/// Why the configuration cannot take over, if so; what is wrong with it has been
/// reported.
pub(super) fn judge(running: &Config, loaded: &Loaded) -> Result<Rc<Config>, String> {
    let is_checked = running.global.reload.check != ReloadCheck::Off;
    report(&running.global.reload.check, loaded);
    let new = config::usable(loaded)
        .map_err(|_| "nothing can run with the configuration file".to_owned())?;
    let mistakes = loaded.diags.list.iter();
    let mistakes = mistakes.filter(|diag| diag.severity == Severity::Error);
    match mistakes.count() {
        0 => {}
        count if is_checked => return Err(format!("the configuration file has {count} mistakes")),
        _ => log::warn!("The configuration file has mistakes: it is used as far as it goes"),
    }
    match fixed_difference(running, &new) {
        Some(what) => Err(format!("{what} cannot change without a restart")),
        None => Ok(new),
    }
}

/// Into the file of `reload_check_config`, and into the log in any case.
fn report(check: &ReloadCheck, loaded: &Loaded) {
    config::log_messages(loaded);
    let ReloadCheck::Into(path) = check else {
        return;
    };
    let mut options = OpenOptions::new();
    let file = options.append(true).create(true).open(path);
    let text = config::report(loaded);
    if let Err(error) = file.and_then(|mut file| file.write_all(text.as_bytes())) {
        log::error!("Cannot write {path}: {error}");
    }
}

/// What differs of all that is settled once and for all at the start.
fn fixed_difference(old: &Config, new: &Config) -> Option<&'static str> {
    let (old, new) = (&old.global, &new.global);
    let differences = [
        (old.net_namespace != new.net_namespace, "net_namespace"),
        (old.lvs.namespace != new.lvs.namespace, "net_namespace_ipvs"),
        (old.instance != new.instance, "instance"),
        (
            old.disable_local_igmp != new.disable_local_igmp,
            "disable_local_igmp",
        ),
    ];
    let found = differences.into_iter().find(|(differs, _)| *differs);
    found.map(|(_, what)| what)
}

/// What a reload with another file would do, a line each; nothing is changed.
///
/// # Errors
/// Why there would be none.
pub fn plan(running: &Settings, new: &Settings) -> io::Result<Vec<String>> {
    let before = config::read(running);
    let old = config::usable(&before).map_err(|_| {
        let messages = config::report(&before);
        io::Error::other(format!(
            "{messages}nothing can run with the running configuration"
        ))
    })?;
    let loaded = config::read(new);
    let new = judge_quietly(&old, &loaded).map_err(io::Error::other)?;
    let mut lines = process_lines(running, &old, &new);
    let renames = Renames::between(&old.vrrp, &new.vrrp);
    let renamed = renames.applied(&old.vrrp);
    lines.extend(renames.describe());
    lines.extend(Plan::between(&renamed, &new.vrrp).describe(&renamed, &new.vrrp));
    Ok(lines)
}

/// Child processes that start and end.
fn process_lines(settings: &Settings, old: &Config, new: &Config) -> Vec<String> {
    let change = |spec: &RoleSpec| {
        let needs = |config: &Config| spec.is_wanted(&config.presence, settings.all_roles);
        let word = match (needs(old), needs(new)) {
            (false, true) => "start",
            (true, false) => "end",
            _ => return None,
        };
        Some(format!("{word} the {} process", spec.title))
    };
    let allowed = |spec: &&RoleSpec| settings.roles.contains(&spec.role);
    ROLES.iter().filter(allowed).filter_map(change).collect()
}

/// As [`judge`], with the messages in what is returned.
fn judge_quietly(running: &Config, loaded: &Loaded) -> Result<Rc<Config>, String> {
    let messages = config::report(loaded);
    let errors = loaded.diags.list.iter();
    let has_errors = errors.clone().any(|diag| diag.severity == Severity::Error);
    let new = config::usable(loaded)
        .map_err(|_| format!("{messages}nothing can run with the new configuration"))?;
    if has_errors && running.global.reload.check != ReloadCheck::Off {
        return Err(format!("{messages}the new configuration has mistakes"));
    }
    match fixed_difference(running, &new) {
        Some(what) => Err(format!("{what} cannot change without a restart")),
        None => Ok(new),
    }
}
