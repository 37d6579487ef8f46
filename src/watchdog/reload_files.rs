//! Files around a reload: one that says that the configuration is being read, and
//! copies for those who look for a mistake.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process;

use super::dump_files;
use super::launch::paths::PidPaths;
use crate::control_plane::Config;
use crate::global::reload::{ReloadConfig, ReloadFile};

/// `reload_file`, as long as the configuration is read.
#[derive(Debug)]
pub(super) struct Marker {
    path: Option<PathBuf>,
}

impl Marker {
    /// Make it, or empty the one that is there.
    pub(super) fn set(config: &ReloadConfig, paths: &PidPaths) -> Self {
        let path = match &config.file {
            ReloadFile::Off => return Self { path: None },
            ReloadFile::Usual => paths.reload_file(),
            ReloadFile::At(path) => PathBuf::from(&path.value),
        };
        match truncate(&path) {
            Ok(_) => Self { path: Some(path) },
            Err(error) => {
                log::error!("Cannot make {}: {error}", path.display());
                Self { path: None }
            }
        }
    }

    /// The configuration has been read.
    pub(super) fn remove(self) {
        if let Some(path) = self.path
            && let Err(error) = fs::remove_file(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            log::error!("Cannot remove {}: {error}", path.display());
        }
    }
}

fn truncate(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o644)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)
}

/// `config_save_dir`: make the folder, for its owner only.
pub(super) fn make_save_dir(config: &ReloadConfig) {
    let Some(folder) = &config.save_dir else {
        return;
    };
    let made = DirBuilder::new().mode(0o700).create(&folder.value);
    // The umask takes away the right to go into it.
    let private = || fs::set_permissions(&folder.value, Permissions::from_mode(0o700));
    match made.and_then(|()| private()) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => log::error!("Cannot make config_save_dir {}: {error}", folder.value),
    }
}

/// A copy of the configuration of reload `number`, without secrets.
pub(super) fn save_config(config: &Config, number: u64) {
    if config.global.reload.save_dir.is_none() {
        return;
    }
    let name = format!("keepalived.conf.{}.{number}", process::id());
    let text = config.print(false);
    save(&config.global.reload, &name, |file| {
        file.write_all(text.as_bytes())
    });
}

/// Put a file into `config_save_dir`, if there is one.
pub(super) fn save(
    config: &ReloadConfig,
    name: &str,
    fill: impl FnOnce(&mut File) -> io::Result<()>,
) {
    let Some(folder) = &config.save_dir else {
        return;
    };
    let path = Path::new(&folder.value).join(name);
    if let Err(error) = dump_files::replace(&path, fill) {
        log::error!("Cannot write {}: {error}", path.display());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control_plane::source::Span;
    use crate::control_plane::value::Spanned;
    use crate::watchdog::names::Names;
    use crate::watchdog::settings::PidFiles;

    #[test]
    fn the_marker_is_empty_while_it_is_there() {
        let path = std::env::temp_dir().join(format!("reload-file-{}", process::id()));
        fs::write(&path, "I am here").expect("write");
        let name = path.display().to_string();
        let config = ReloadConfig {
            file: ReloadFile::At(Spanned::new(name, Span::default())),
            ..ReloadConfig::default()
        };
        let paths = PidPaths::new(
            &std::env::temp_dir(),
            PidFiles::default(),
            &Names::default(),
            false,
        );
        let marker = Marker::set(&config, &paths);
        assert_eq!(fs::read(&path).expect("it is there"), b"");
        marker.remove();
        assert!(!path.exists());
    }
}
