//! Dump files: their names, and putting a text under its name.
//!
//! Consumers wait for the end of writing on the final name, or do not wait at all
//! (consumer-contract of dump files): the text is written under a temporary name,
//! renamed, and **then** closed. So the final name always has a whole text, and
//! both "moved to" and "closed after writing" are seen on it.

use std::collections::hash_map::RandomState;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher as _, Hasher as _};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::ipc::DumpKind;
use super::launch::role::Role;
use super::names::{Names, with_suffix};
use crate::global::DumpFiles;

/// Before the umask, which is 0177 unless configured.
const MODE: u32 = 0o666;
/// Temporary names that are tried, should others have made files of these names.
const ATTEMPTS: usize = 100;

/// Where the dumps of this daemon go.
#[derive(Clone, Debug)]
pub struct DumpPaths {
    dir: PathBuf,
    files: DumpFiles,
    /// `.NS_INSTANCE` with `data_use_instance`.
    instance: String,
}

impl DumpPaths {
    /// Below `dir` unless the configuration says otherwise.
    #[must_use]
    pub fn new(dir: PathBuf, files: &DumpFiles, names: &Names) -> Self {
        let names = names.suffix();
        let name = names.strip_prefix('_').filter(|_| files.use_instance);
        Self {
            dir,
            instance: name.map_or_else(String::new, |name| format!(".{name}")),
            files: files.clone(),
        }
    }

    /// The file of a process; no role is the parent.
    #[must_use]
    pub fn of(&self, kind: DumpKind, process: Option<Role>) -> PathBuf {
        let (configured, default) = match kind {
            DumpKind::Data | DumpKind::Before | DumpKind::After => {
                (&self.files.state, "keepalived.data")
            }
            DumpKind::Stats => (&self.files.stats, "keepalived.stats"),
            DumpKind::Json => (&self.files.json, "keepalived.json"),
        };
        let path = match configured {
            // A folder, by its slash, keeps the usual name.
            Some(folder) if folder.ends_with('/') => self.dir.join(folder).join(default),
            Some(file) => self.dir.join(file),
            None => self.dir.join(default),
        };
        if kind != DumpKind::Data {
            return path;
        }
        let process = match process {
            None => "_parent",
            Some(Role::Vrrp) => "",
            Some(Role::Check) => "_check",
            Some(Role::Bfd) => "_bfd",
            Some(Role::Dbus) => "_dbus",
        };
        with_suffix(&path, &format!("{process}{}", self.instance))
    }
}

/// Put what `fill` writes under a name, in place of what is there. A link is
/// replaced, not followed.
///
/// # Errors
/// What making, writing or renaming the file says; nothing stays behind then.
pub fn replace(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let (temporary, mut file) = create_beside(path)?;
    let done = fill(&mut file).and_then(|()| fs::rename(&temporary, path));
    if done.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    // Closed here, under the final name.
    drop(file);
    done
}

/// A new file of a name that nobody could foresee, in the folder of `path`.
fn create_beside(path: &Path) -> io::Result<(PathBuf, File)> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
    for _ in 0..ATTEMPTS {
        let mut temporary = OsString::from(name);
        temporary.push(six_letters());
        let temporary = path.with_file_name(temporary);
        let opened = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(MODE)
            .custom_flags(libc::O_NOFOLLOW)
            .open(&temporary);
        match opened {
            Ok(file) => return Ok((temporary, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

fn six_letters() -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut random = RandomState::new().build_hasher().finish();
    let mut letter = || {
        let [low, ..] = random.to_le_bytes();
        random >>= 5;
        let letter = LETTERS.get(usize::from(low % 32));
        letter.map_or('A', |letter| char::from(*letter))
    };
    std::iter::repeat_with(&mut letter).take(6).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::fs::symlink;

    use super::*;

    fn paths(files: &DumpFiles) -> DumpPaths {
        let names = Names {
            namespace: Some("red".to_owned()),
            instance: Some("a".to_owned()),
        };
        DumpPaths::new("/tmp".into(), files, &names)
    }

    fn data(files: &DumpFiles) -> Vec<String> {
        let roles = [None, Some(Role::Vrrp), Some(Role::Check), Some(Role::Bfd)];
        let paths = paths(files);
        let path = |role| paths.of(DumpKind::Data, role).display().to_string();
        roles.into_iter().map(path).collect()
    }

    #[test]
    fn each_process_has_its_data_file() {
        let expected = ["_parent", "", "_check", "_bfd"];
        let expected = expected.map(|suffix| format!("/tmp/keepalived{suffix}.data"));
        assert_eq!(data(&DumpFiles::default()), expected);
    }

    #[test]
    fn a_configured_path_keeps_its_extension() {
        let files = |state: &str| DumpFiles {
            state: Some(state.to_owned()),
            ..DumpFiles::default()
        };
        let expected = [
            "/x/y_parent.dump",
            "/x/y.dump",
            "/x/y_check.dump",
            "/x/y_bfd.dump",
        ];
        assert_eq!(data(&files("/x/y.dump")), expected);
        assert_eq!(data(&files("/x/"))[0], "/x/keepalived_parent.data");
        assert_eq!(data(&files("/x.d/y"))[0], "/x.d/y_parent");
        assert_eq!(data(&files("y.dump"))[1], "/tmp/y.dump");
    }

    #[test]
    fn the_instance_stands_before_the_extension_of_data_files() {
        let files = DumpFiles {
            use_instance: true,
            ..DumpFiles::default()
        };
        assert_eq!(data(&files)[0], "/tmp/keepalived_parent.red_a.data");
        assert_eq!(data(&files)[1], "/tmp/keepalived.red_a.data");
        let stats = paths(&files).of(DumpKind::Stats, Some(Role::Vrrp));
        assert_eq!(stats, Path::new("/tmp/keepalived.stats"));
    }

    fn scratch(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("dump-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).expect("scratch directory");
        dir
    }

    #[test]
    fn a_link_is_replaced_and_not_followed() {
        let dir = scratch("link");
        let (path, victim) = (dir.join("keepalived.data"), dir.join("victim"));
        fs::write(&victim, "precious").expect("write");
        symlink(&victim, &path).expect("link");
        for text in ["first, and longer", "second"] {
            replace(&path, |file| file.write_all(text.as_bytes())).expect("replaced");
            assert_eq!(fs::read_to_string(&path).expect("read"), text);
        }
        assert_eq!(fs::read_to_string(&victim).expect("read"), "precious");
        let _ = fs::remove_dir_all(dir);
    }

    #[test]
    fn a_failure_leaves_the_old_file_and_nothing_else() {
        let dir = scratch("failure");
        let path = dir.join("keepalived.data");
        fs::write(&path, "old").expect("write");
        let refused = replace(&path, |_| Err(io::ErrorKind::StorageFull.into()));
        assert!(refused.is_err());
        assert_eq!(fs::read_to_string(&path).expect("read"), "old");
        assert_eq!(fs::read_dir(&dir).expect("list").count(), 1);
        let _ = fs::remove_dir_all(dir);
    }

    #[test]
    fn the_text_is_whole_before_the_final_name_shows_it() {
        let dir = scratch("whole");
        let path = dir.join("keepalived.json");
        replace(&path, |file| {
            file.write_all(b"[]")?;
            assert!(!path.exists());
            Ok(())
        })
        .expect("replaced");
        assert!(path.exists());
        let _ = fs::remove_dir_all(dir);
    }
}
