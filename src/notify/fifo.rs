//! A pipe with a name, as programs beside the daemon read it
//! (`runtime-interfaces.md` section 7).
//!
//! It is opened for reading and writing, so that it never breaks for want of a
//! reader: lines wait in it until somebody comes.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::stat::Mode;
use nix::unistd::{Gid, Uid, fchown, geteuid, mkfifo};

use super::line_queue::{Flow, LineQueue};
use crate::model::Account;

/// An open pipe and the lines that wait for it.
#[derive(Debug)]
pub struct Fifo {
    path: PathBuf,
    file: File,
    created: bool,
    lines: LineQueue,
}

impl Fifo {
    /// Open a pipe for `owner`; create it if it is missing.
    ///
    /// # Errors
    /// What the system says, or in words that the file is no pipe, or somebody
    /// else's.
    pub fn open(path: &Path, owner: Option<&Account>) -> io::Result<Self> {
        let created = match mkfifo(path, Mode::from_bits_truncate(0o644)) {
            Ok(()) => true,
            Err(Errno::EEXIST) => false,
            Err(errno) => return Err(errno.into()),
        };
        let file = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(libc::O_NONBLOCK | libc::O_NOFOLLOW)
            .open(path)?;
        let fifo = Self {
            path: path.to_owned(),
            file,
            created,
            lines: LineQueue::default(),
        };
        if let Err(error) = fifo.check(owner) {
            fifo.remove();
            return Err(error);
        }
        Ok(fifo)
    }

    /// Write a line after those that wait.
    ///
    /// # Errors
    /// What `write(2)` says; a full pipe is none.
    pub fn push(&mut self, line: &str) -> io::Result<Flow> {
        let mut file = &self.file;
        self.lines
            .push(line.as_bytes(), &mut |line| file.write(line))
    }

    /// Write what waits.
    ///
    /// # Errors
    /// What `write(2)` says; a full pipe is none.
    pub fn flush(&mut self) -> io::Result<Flow> {
        let mut file = &self.file;
        self.lines.flush(&mut |line| file.write(line))
    }

    /// How many lines were lost since the last call.
    pub fn take_dropped(&mut self) -> u64 {
        self.lines.take_dropped()
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Remove it if this process has created it, and nobody has put something
    /// else into its place.
    pub fn remove(&self) {
        let same = |there: &fs::Metadata, own: &fs::Metadata| {
            there.dev() == own.dev() && there.ino() == own.ino()
        };
        if self.created
            && let (Ok(there), Ok(own)) = (fs::symlink_metadata(&self.path), self.file.metadata())
            && same(&there, &own)
        {
            let _ = fs::remove_file(&self.path);
        }
    }

    fn check(&self, owner: Option<&Account>) -> io::Result<()> {
        let facts = self.file.metadata()?;
        let own = geteuid().as_raw();
        let uid = owner.map_or(own, |account| account.uid);
        if !facts.file_type().is_fifo() {
            return Err(io::Error::other("it is no pipe"));
        }
        if self.created {
            if let Some(account) = owner.filter(|account| account.uid != own) {
                let (uid, gid) = (Uid::from_raw(account.uid), Gid::from_raw(account.gid));
                fchown(self.file.as_fd(), Some(uid), Some(gid))?;
            }
        } else if facts.uid() != uid && facts.uid() != own {
            let text = format!("it belongs to user {} instead of {uid}", facts.uid());
            return Err(io::Error::other(text));
        }
        Ok(())
    }
}

impl AsFd for Fifo {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn path(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("fifo-{name}-{}", std::process::id()));
        let _ = fs::remove_file(&path);
        path
    }

    #[test]
    fn created_and_removed() {
        let path = path("new");
        let mut fifo = Fifo::open(&path, None).unwrap();
        let mode = fs::metadata(&path).unwrap();
        assert!(mode.file_type().is_fifo() && mode.mode() & 0o022 == 0);
        assert_eq!(fifo.push("a line\n").unwrap(), Flow::Done);
        let mut octets = [0; 20];
        assert_eq!((&fifo.file).read(&mut octets).unwrap(), 7);
        fifo.remove();
        assert!(!path.exists());
    }

    #[test]
    fn one_that_was_there_stays() {
        let path = path("old");
        mkfifo(&path, Mode::S_IRWXU).unwrap();
        Fifo::open(&path, None).unwrap().remove();
        assert!(path.exists());
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn files_and_links_are_refused() {
        let (file, link) = (path("file"), path("link"));
        fs::write(&file, "").unwrap();
        std::os::unix::fs::symlink("/dev/null", &link).unwrap();
        assert!(Fifo::open(&file, None).is_err());
        assert!(Fifo::open(&link, None).is_err());
        assert!(file.exists() && link.is_symlink());
        fs::remove_file(&file).unwrap();
        fs::remove_file(&link).unwrap();
    }

    #[test]
    fn a_full_pipe_does_not_block() {
        let path = path("full");
        let mut fifo = Fifo::open(&path, None).unwrap();
        let line = format!("{}\n", "x".repeat(1023));
        let full = (0..100).any(|_| fifo.push(&line).unwrap() == Flow::Full);
        assert!(full);
        let mut octets = vec![0; 65536];
        assert!((&fifo.file).read(&mut octets).unwrap() > 0);
        assert!(fifo.flush().is_ok());
        fifo.remove();
    }
}
