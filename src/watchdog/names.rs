//! The daemon's names: in the log, of its files, of its tasks.

use std::path::{Path, PathBuf};

use crate::control_plane::Config;
use crate::log::Setup;

use super::launch::role::RoleSpec;
use super::settings::Settings;

/// Task name of every process unless the configuration gives another.
pub const TASK_NAME: &str = "keepalived";
/// The parent's syslog identity.
const IDENTITY: &str = "Keepalived";

/// What tells several daemons on one machine apart.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Names {
    /// The network namespace (`-s`, `net_namespace`).
    pub namespace: Option<String>,
    /// `instance`
    pub instance: Option<String>,
}

impl Names {
    /// The names by the command line alone.
    #[must_use]
    pub fn of_settings(settings: &Settings) -> Self {
        Self {
            namespace: settings.namespace.clone(),
            instance: None,
        }
    }

    /// The names by command line and configuration.
    #[must_use]
    pub fn new(settings: &Settings, config: &Config) -> Self {
        let global = &config.global;
        let configured = global.net_namespace.as_ref();
        let configured = configured.map(|n| n.value.clone());
        Self {
            namespace: settings.namespace.clone().or(configured),
            instance: global.instance.as_ref().map(|n| n.value.clone()),
        }
    }

    /// `_NS_INSTANCE`, or what there is of it.
    #[must_use]
    pub fn suffix(&self) -> String {
        let parts = [&self.namespace, &self.instance];
        let parts = parts.into_iter().flatten();
        parts.map(|part| format!("_{part}")).collect()
    }

    /// How the parent, or a child, logs.
    #[must_use]
    pub fn log_setup(&self, settings: &Settings, child: Option<&RoleSpec>) -> Setup {
        let identity = child.map_or(IDENTITY, |spec| spec.identity);
        let extra = child.map_or("", |spec| spec.log_suffix);
        let extra = format!("{extra}{}", self.suffix());
        let log = &settings.log;
        Setup {
            identity: format!("{identity}{}", self.suffix()),
            facility: log.facility,
            syslog: log.syslog,
            console: log.console && settings.foreground,
            file: log.file.as_deref().map(|file| with_suffix(file, &extra)),
            detail: log.detail,
        }
    }
}

/// The file name with something before its extension.
pub(super) fn with_suffix(file: &Path, extra: &str) -> PathBuf {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let name = match file.extension() {
        Some(extension) => format!("{stem}{extra}.{}", extension.to_string_lossy()),
        None => format!("{stem}{extra}"),
    };
    file.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffix_has_namespace_before_instance() {
        let mut names = Names::default();
        assert_eq!(names.suffix(), "");
        names.instance = Some("a".to_owned());
        assert_eq!(names.suffix(), "_a");
        names.namespace = Some("red".to_owned());
        assert_eq!(names.suffix(), "_red_a");
    }

    #[test]
    fn log_files_are_named_before_the_extension() {
        let of = |file: &str, extra| with_suffix(Path::new(file), extra);
        assert_eq!(
            of("/tmp/keepalived.log", "_vrrp_a"),
            Path::new("/tmp/keepalived_vrrp_a.log")
        );
        assert_eq!(of("/tmp/log", "_vrrp"), Path::new("/tmp/log_vrrp"));
    }
}
