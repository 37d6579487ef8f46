//! Reload: the parent reads the files, decides whether they can take over, and
//! hands what it has read to the children.
//!
//! ```text
//! SIGHUP ─► read, note every answer ─► refused? the old configuration stays
//!                                   └► notes to each child ─► all have answered
//! ```
//!
//! A signal during a reload is remembered, and done once afterwards.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::rc::Rc;
use std::time::Duration;

use scheduler::{Key, Scheduler};

use super::config;
use super::launch::role::Role;
use super::machine::Interfaces;
use super::parent::WatchDog;
use super::settings::Settings;
use crate::control_plane::diag::Severity;
use crate::control_plane::files::Disk;
use crate::control_plane::transcript::Recorder;
use crate::control_plane::{Config, Loaded, load};
use crate::global::ReloadCheck;

/// How long children have for going over to a new configuration.
const PATIENCE: Duration = Duration::from_secs(5);

/// A reload under way.
#[derive(Debug, Default)]
pub(super) struct Reload {
    /// Children that have not answered yet.
    awaited: Vec<Role>,
    /// Another one is wanted afterwards.
    again: bool,
    /// A child has refused.
    refused: bool,
    /// Which one it is, so that its time limit ends no later one.
    number: Key,
}

impl Reload {
    const fn is_under_way(&self) -> bool {
        !self.awaited.is_empty()
    }
}

/// Read the configuration, and note every answer on the way.
fn read(settings: &Settings) -> (Loaded, Vec<u8>) {
    let machine = Interfaces::read();
    let recorder = Recorder::new(&Disk, &machine);
    let loaded = load(&recorder, &settings.config_file, &settings.load, &recorder);
    (loaded, recorder.finish())
}

/// Why the configuration cannot take over, if so; what is wrong with it has been
/// reported.
fn judge(running: &Config, loaded: &Loaded) -> Result<Rc<Config>, String> {
    let is_checked = running.global.reload_check != ReloadCheck::Off;
    report(&running.global.reload_check, loaded);
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
        (old.instance != new.instance, "instance"),
        (
            old.disable_local_igmp != new.disable_local_igmp,
            "disable_local_igmp",
        ),
    ];
    let found = differences.into_iter().find(|(differs, _)| *differs);
    found.map(|(_, what)| what)
}

impl WatchDog {
    /// A reload is wanted.
    pub(super) fn reload(&mut self, s: &mut Scheduler<Self>) {
        if self.is_ending() {
            return;
        }
        if self.reload.is_under_way() {
            self.reload.again = true;
            return;
        }
        log::info!("Reloading ...");
        // Not for nothing on the clock: the manager compares it with the signal.
        let now = s.refresh().as_nanos() / 1000;
        self.tell_manager(&format!("RELOADING=1\nMONOTONIC_USEC={now}"));
        let (loaded, notes) = read(&self.ground().settings);
        match judge(&self.ground().config, &loaded) {
            Ok(config) => self.take_over(s, config, &notes),
            Err(why) => {
                log::error!("Reload refused, the old configuration stays: {why}");
                let errno = libc::EINVAL;
                self.tell_manager(&format!(
                    "READY=1\nERRNO={errno}\nSTATUS=Reload refused: {why}"
                ));
            }
        }
    }

    fn take_over(&mut self, s: &mut Scheduler<Self>, config: Rc<Config>, notes: &[u8]) {
        self.adopt_config(s, config);
        self.reload.refused = false;
        self.reload.number += 1;
        self.reload.awaited = self.hand_over(notes);
        if self.reload.is_under_way() {
            let end = s.now() + PATIENCE;
            s.at("reload", end, self.reload.number, Self::on_reload_limit);
        } else {
            self.reloaded(s);
        }
    }

    /// A child has gone over to the new configuration, or has refused to, or ended.
    pub(super) fn reload_answered(&mut self, s: &mut Scheduler<Self>, role: Role, applied: bool) {
        if !self.reload.is_under_way() {
            return;
        }
        self.reload.refused |= !applied;
        self.reload.awaited.retain(|awaited| *awaited != role);
        if !self.reload.is_under_way() {
            self.reloaded(s);
        }
    }

    fn on_reload_limit(&mut self, s: &mut Scheduler<Self>, number: Key) {
        if self.reload.is_under_way() && self.reload.number == number {
            log::error!("A child process does not answer to the reload");
            self.reload.refused = true;
            self.reload.awaited.clear();
            self.reloaded(s);
        }
    }

    fn reloaded(&mut self, s: &mut Scheduler<Self>) {
        if self.reload.refused {
            log::error!("Reload finished, but not in all processes");
            let errno = libc::EINVAL;
            self.tell_manager(&format!(
                "READY=1\nERRNO={errno}\nSTATUS=Reload refused by a child process"
            ));
        } else {
            log::info!("Reload finished");
            self.tell_manager("READY=1\nSTATUS=Reloaded");
        }
        if std::mem::take(&mut self.reload.again) {
            self.reload(s);
        }
    }
}

/// What a reload with another file would do, a line each; nothing is changed.
///
/// # Errors
/// Why there would be none.
pub fn plan(running: &Settings, new: &Settings) -> io::Result<Vec<String>> {
    let (before, _) = read(running);
    let old = config::usable(&before)
        .map_err(|_| io::Error::other("nothing can run with the running configuration"))?;
    let (loaded, _) = read(new);
    let new = judge_quietly(&old, &loaded).map_err(io::Error::other)?;
    let plan = crate::vrrp::plan::Plan::between(&old.vrrp, &new.vrrp);
    Ok(plan.describe(&old.vrrp, &new.vrrp))
}

/// As [`judge`], with the messages in what is returned.
fn judge_quietly(running: &Config, loaded: &Loaded) -> Result<Rc<Config>, String> {
    let messages = config::report(loaded);
    let errors = loaded.diags.list.iter();
    let has_errors = errors.clone().any(|diag| diag.severity == Severity::Error);
    let new = config::usable(loaded)
        .map_err(|_| format!("{messages}nothing can run with the new configuration"))?;
    if has_errors && running.global.reload_check != ReloadCheck::Off {
        return Err(format!("{messages}the new configuration has mistakes"));
    }
    match fixed_difference(running, &new) {
        Some(what) => Err(format!("{what} cannot change without a restart")),
        None => Ok(new),
    }
}
