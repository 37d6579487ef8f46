//! The log file of `-g`, in the form of the console.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use super::stamp::Stamp;

/// A file that lines are appended to; opened at the first line.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    file: Option<File>,
}

impl LogFile {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self { path, file: None }
    }

    pub(super) fn say(&mut self, stamp: &Stamp, text: &str) {
        if self.file.is_none() {
            let mut options = OpenOptions::new();
            options.append(true).create(true).mode(0o644);
            // The usual directory is writable by everybody: follow no link.
            options.custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC);
            self.file = options.open(&self.path).ok();
        }
        if let Some(file) = &mut self.file {
            let line = format!("{}: {text}\n", stamp.long);
            // A full disk must not end the daemon, and there is nobody to tell.
            let _ = file.write_all(line.as_bytes());
        }
    }
}
