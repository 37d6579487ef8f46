//! Reading the configuration, and telling what is wrong with it.

use std::rc::Rc;

use crate::control_plane::diag::Severity;
use crate::control_plane::files::Disk;
use crate::control_plane::{Config, Loaded, Machine, load, render};
use crate::lint;
use crate::memory::account::{self, Tag};

use super::machine::{Anything, Interfaces};
use super::settings::Settings;

/// No configuration file, or an include check that failed.
const NO_FILE: u8 = 6;
/// Nothing can run with this configuration.
const UNUSABLE: u8 = 2;

/// Read and check the configuration against the interfaces of this machine.
#[must_use]
pub fn read(settings: &Settings) -> Loaded {
    let machine = Interfaces::read();
    let mut loaded = read_for(settings, &machine);
    lint::judge(&mut loaded, &machine, &settings.lint);
    loaded
}

/// The network namespace in which the configuration has to be read again, for it asks
/// for one and the command line does not.
#[must_use]
pub fn asked_namespace(settings: &Settings, loaded: &Loaded) -> Option<String> {
    if settings.namespace.is_some() {
        return None;
    }
    // It may be unusable for want of the interfaces there.
    let config = loaded.config.clone();
    let config = config.or_else(|| read_anywhere(settings))?;
    let name = config.global.net_namespace.as_ref()?;
    Some(name.value.clone())
}

/// The configuration without regard to what this machine has, for those who only want
/// to know the names in it.
#[must_use]
pub fn read_anywhere(settings: &Settings) -> Option<Rc<Config>> {
    read_for(settings, &Anything).config
}

fn read_for(settings: &Settings, machine: &dyn Machine) -> Loaded {
    let _config = account::enter(Tag::Config);
    load(&Disk, &settings.config_file, &settings.load, machine)
}

/// The configuration to run with, or the exit status of the refusal.
///
/// # Errors
/// The status: 6 without a file, 2 for a configuration that cannot be used.
pub fn usable(loaded: &Loaded) -> Result<Rc<Config>, u8> {
    match &loaded.config {
        _ if loaded.diags.fatal_include => Err(NO_FILE),
        Some(config) if !loaded.diags.lacks_argument() => Ok(Rc::clone(config)),
        Some(_) | None => Err(UNUSABLE),
    }
}

/// Put the messages into the log, one line each.
pub fn log_messages(loaded: &Loaded) {
    let (told, hidden) = loaded.diags.told();
    for diag in told {
        let line = render::log_line(diag, &loaded.map);
        match diag.severity {
            Severity::Note => log::info!("{line}"),
            Severity::Warning => log::warn!("{line}"),
            Severity::Error => log::error!("{line}"),
        }
    }
    if hidden > 0 {
        log::warn!("{}", more(hidden));
    }
}

/// The messages in full, with source line and advice.
#[must_use]
pub fn report(loaded: &Loaded) -> String {
    let (told, hidden) = loaded.diags.told();
    let full = |diag| render::full(diag, &loaded.map);
    let mut report: String = told.into_iter().map(full).collect();
    if hidden > 0 {
        report.push_str(&more(hidden));
        report.push('\n');
    }
    report
}

fn more(hidden: usize) -> String {
    format!("{hidden} more messages are not shown; mend these first")
}
