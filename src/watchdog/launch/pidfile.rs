//! Pid files: one decimal number and a newline, mode 0644, locked as long as the
//! daemon lives.
//!
//! The lock tells whether the owner is alive, not the number: a number may have
//! been given to another process since. It is a lock of the *open file*
//! (`F_OFD_SETLK`), so it passes through the fork of daemon mode and ends with
//! the last process that has the file open. The parent owns the files of its
//! children too, so that they go away even if a child was killed.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::{FcntlArg, fcntl};

/// A pid file that is ours.
#[derive(Debug)]
pub struct PidFile {
    path: PathBuf,
    file: File,
}

/// Why a pid file cannot be ours.
#[derive(Debug)]
pub enum Refusal {
    /// A living daemon holds it.
    Running,
    /// It cannot be opened or written.
    Io(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl PidFile {
    /// Open and lock the file; what it says of a dead daemon is forgotten.
    ///
    /// # Errors
    /// [`Refusal::Running`] if another process holds the lock.
    pub fn claim(path: &Path) -> Result<Self, Refusal> {
        // Between open and lock the former owner may remove the file, which
        // leaves us with a lock on something that nobody else can find.
        for _ in 0..10 {
            let file = open(path)?;
            lock(&file)?;
            if is_same(&file, path) {
                file.set_len(0)?;
                file.set_permissions(Permissions::from_mode(0o644))?;
                let path = path.to_path_buf();
                return Ok(Self { path, file });
            }
        }
        Err(Refusal::Running)
    }

    /// Write the number of a process.
    ///
    /// # Errors
    /// What writing to the file says.
    pub fn write(&mut self, pid: u32) -> io::Result<()> {
        use std::io::Seek as _;
        self.file.rewind()?;
        self.file.set_len(0)?;
        self.file.write_all(format!("{pid}\n").as_bytes())
    }

    /// Remove the file, unless somebody has put another one in its place.
    pub fn remove(self) {
        if is_same(&self.file, &self.path) {
            // If it cannot be removed, the next start takes it as stale.
            let _ = fs::remove_file(&self.path);
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o644)
        .custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC | libc::O_NONBLOCK)
        .open(path)
}

fn lock(file: &File) -> Result<(), Refusal> {
    let whole = libc::flock {
        l_type: WRITE_LOCK,
        l_whence: FROM_START,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    match fcntl(file, FcntlArg::F_OFD_SETLK(&whole)).map_err(io::Error::from) {
        Ok(_) => Ok(()),
        Err(e) if e.kind() == ErrorKind::WouldBlock => Err(Refusal::Running),
        Err(e) if e.raw_os_error() == Some(libc::EACCES) => Err(Refusal::Running),
        Err(e) => Err(Refusal::Io(e)),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the C library's constants are small and its field is a short"
)]
const WRITE_LOCK: libc::c_short = libc::F_WRLCK as libc::c_short;
#[expect(
    clippy::cast_possible_truncation,
    reason = "the C library's constants are small and its field is a short"
)]
const FROM_START: libc::c_short = libc::SEEK_SET as libc::c_short;

fn is_same(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(ours), Ok(named)) => ours.dev() == named.dev() && ours.ino() == named.ino(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("pid-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).expect("scratch directory");
        dir
    }

    #[test]
    fn holds_one_number_and_goes_away() {
        let dir = scratch("number");
        let path = dir.join("p.pid");
        let mut file = PidFile::claim(&path).expect("claim");
        file.write(123_456).expect("write");
        file.write(7).expect("write");
        assert_eq!(fs::read_to_string(&path).expect("read"), "7\n");
        let mode = fs::metadata(&path).expect("metadata").mode();
        assert_eq!(mode & 0o777, 0o644);
        file.remove();
        assert!(!path.exists());
        let _ = fs::remove_dir_all(dir);
    }

    #[test]
    fn a_living_owner_refuses_a_second_one() {
        let dir = scratch("running");
        let path = dir.join("p.pid");
        let mut first = PidFile::claim(&path).expect("claim");
        first.write(42).expect("write");
        assert!(matches!(PidFile::claim(&path), Err(Refusal::Running)));
        assert_eq!(fs::read_to_string(&path).expect("read"), "42\n");
        drop(first);
        assert!(
            PidFile::claim(&path).is_ok(),
            "the lock ends with its owner"
        );
        let _ = fs::remove_dir_all(dir);
    }

    #[test]
    fn a_stale_file_is_no_obstacle() {
        let dir = scratch("stale");
        let path = dir.join("p.pid");
        fs::write(&path, "1\nrubbish").expect("write");
        let mut file = PidFile::claim(&path).expect("claim");
        file.write(5).expect("write");
        assert_eq!(fs::read_to_string(&path).expect("read"), "5\n");
        let _ = fs::remove_dir_all(dir);
    }

    #[test]
    fn links_are_not_followed_and_foreign_files_not_removed() {
        let dir = scratch("link");
        let (path, victim) = (dir.join("p.pid"), dir.join("victim"));
        fs::write(&victim, "precious").expect("write");
        std::os::unix::fs::symlink(&victim, &path).expect("link");
        assert!(matches!(PidFile::claim(&path), Err(Refusal::Io(_))));
        assert_eq!(fs::read_to_string(&victim).expect("read"), "precious");
        fs::remove_file(&path).expect("remove");
        let ours = PidFile::claim(&path).expect("claim");
        fs::remove_file(&path).expect("remove");
        fs::write(&path, "somebody else's").expect("write");
        ours.remove();
        assert!(path.exists());
        let _ = fs::remove_dir_all(dir);
    }
}
