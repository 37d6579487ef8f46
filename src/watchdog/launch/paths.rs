//! Names of pid files, and the directory of those that need one of their own.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::sys::ns;
use crate::watchdog::names::Names;
use crate::watchdog::settings::PidFiles;

use super::role::Role;

/// Where run-time state lives.
pub const RUN_DIR: &str = "/run";
/// Base name of the parent's pid file.
const PARENT: &str = "keepalived";

/// Where the pid files of this daemon are.
#[derive(Clone, Debug)]
pub struct PidPaths {
    given: PidFiles,
    dir: PathBuf,
    instance: Option<String>,
    /// The directory of this name in `dir` is shown in its place.
    namespace: Option<String>,
    /// Whether the directory is ours to make and remove.
    own_dir: bool,
}

impl PidPaths {
    /// The paths below `run` for a daemon of these names; `own_dir` with
    /// `use_pid_dir`, which an instance or namespace name implies.
    #[must_use]
    pub fn new(run: &Path, given: PidFiles, names: &Names, own_dir: bool) -> Self {
        let own_dir = own_dir || names.instance.is_some() || names.namespace.is_some();
        Self {
            given,
            dir: if own_dir {
                run.join(PARENT)
            } else {
                run.to_owned()
            },
            instance: names.instance.clone(),
            namespace: names.namespace.clone(),
            own_dir,
        }
    }

    /// The parent's pid file.
    #[must_use]
    pub fn parent(&self) -> PathBuf {
        self.named(self.given.parent.clone(), PARENT)
    }

    /// A child's pid file.
    #[must_use]
    pub fn of(&self, role: Role) -> PathBuf {
        self.named(self.given.of(role), role.spec().pid_name)
    }

    /// Where the daemon is asked for its state: beside the parent's pid file. As that is
    /// locked, a socket found there is one of a dead daemon.
    #[must_use]
    pub fn status_socket(&self) -> PathBuf {
        self.parent().with_extension("sock")
    }

    /// The record of what is in the kernel, beside the parent's pid file.
    #[must_use]
    pub fn record(&self) -> PathBuf {
        self.parent()
            .with_extension(crate::leftovers::file::EXTENSION)
    }

    /// Where `reload_file` is without a name.
    #[must_use]
    pub fn reload_file(&self) -> PathBuf {
        self.file(PARENT, "reload")
    }

    /// Make the directory if it is ours and missing.
    ///
    /// # Errors
    /// What `mkdir(2)` says.
    pub fn make_dir(&self) -> io::Result<()> {
        if self.own_dir {
            make_directory(&self.dir)
        } else {
            Ok(())
        }
    }

    /// Remove the directory if it is ours and empty, and the one of the namespace in it.
    pub fn remove_dir(&self) {
        if let Some(namespace) = &self.namespace
            && ns::unbind(&self.dir).is_ok()
        {
            let _ = fs::remove_dir(self.dir.join(namespace));
        }
        if self.own_dir {
            // Another instance may have its files there.
            let _ = fs::remove_dir(&self.dir);
        }
    }

    fn named(&self, given: Option<PathBuf>, base: &str) -> PathBuf {
        given.unwrap_or_else(|| self.file(base, "pid"))
    }

    fn file(&self, base: &str, extension: &str) -> PathBuf {
        let file = match &self.instance {
            Some(instance) => format!("{base}_{instance}.{extension}"),
            None => format!("{base}.{extension}"),
        };
        self.dir.join(file)
    }
}

/// Make a directory that everybody may look into, whatever the umask; one that is
/// there already stays as it is.
///
/// # Errors
/// What `mkdir(2)` says.
pub fn make_directory(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Ok(()) => fs::set_permissions(path, fs::Permissions::from_mode(0o755)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(namespace: Option<&str>, instance: Option<&str>) -> Names {
        Names {
            namespace: namespace.map(str::to_owned),
            instance: instance.map(str::to_owned),
        }
    }

    fn paths(names: &Names, own_dir: bool) -> [String; 2] {
        let p = PidPaths::new(Path::new("/run"), PidFiles::default(), names, own_dir);
        [p.parent(), p.of(Role::Vrrp)].map(|p| p.display().to_string())
    }

    #[test]
    fn default_names() {
        let expected = ["/run/keepalived.pid", "/run/vrrp.pid"];
        assert_eq!(paths(&names(None, None), false), expected);
    }

    #[test]
    fn an_instance_has_a_directory_and_a_suffix() {
        let expected = [
            "/run/keepalived/keepalived_a.pid",
            "/run/keepalived/vrrp_a.pid",
        ];
        assert_eq!(paths(&names(None, Some("a")), false), expected);
    }

    #[test]
    fn a_namespace_or_the_keyword_give_a_directory() {
        let expected = ["/run/keepalived/keepalived.pid", "/run/keepalived/vrrp.pid"];
        assert_eq!(paths(&names(Some("red"), None), false), expected);
        assert_eq!(paths(&names(None, None), true), expected);
    }

    #[test]
    fn the_directory_is_made_once_and_readable() {
        let dir = std::env::temp_dir().join(format!("paths-{}", std::process::id()));
        for _ in 0..2 {
            make_directory(&dir).expect("make the directory");
            let mode = fs::metadata(&dir).expect("metadata").permissions().mode();
            assert_eq!(mode & 0o777, 0o755);
        }
        fs::remove_dir(&dir).expect("remove the directory");
    }

    #[test]
    fn a_file_given_is_used_as_it_is() {
        let given = PidFiles {
            vrrp: Some("/x/r".into()),
            ..PidFiles::default()
        };
        let p = PidPaths::new(Path::new("/run"), given, &names(None, Some("a")), true);
        assert_eq!(p.of(Role::Vrrp), Path::new("/x/r"));
        assert_eq!(p.of(Role::Bfd), Path::new("/run/keepalived/bfd_a.pid"));
        assert_eq!(p.of(Role::Dbus), Path::new("/x/r_dbus"));
    }
}
