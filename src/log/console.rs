//! The standard error output, in the form `Sun Nov 22 03:21:53 2026: text`.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::fs::OpenOptionsExt as _;

use ::log::Level;

use super::sink::{Attempt, Transport};
use super::stamp::Stamp;

/// The console. `O_NONBLOCK` belongs to the open file, which is shared with the
/// shell that started the daemon; a pipe or terminal is therefore opened anew.
#[derive(Debug)]
pub(super) struct Console {
    reopened: Option<File>,
    /// How much of the lines at hand a terminal took already.
    written: usize,
}

impl Console {
    pub(super) fn open() -> Self {
        Self {
            reopened: reopen().ok(),
            written: 0,
        }
    }

    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match &mut self.reopened {
            Some(file) => file.write(octets),
            // A regular file or socket: takes the line or fails.
            None => io::stderr().write(octets),
        }
    }
}

impl Transport for Console {
    /// What a pipe takes at once, so that the lines of several processes do not mix
    /// (`PIPE_BUF`, pipe(7)). Lines of several messages are not gathered: other processes
    /// write to the same console, and lines that are held back would stand behind theirs,
    /// or be lost with a process that is killed.
    const GATHERED: usize = libc::PIPE_BUF;

    fn format(&self, stamp: &Stamp, _: Level, text: &str, out: &mut Vec<u8>) {
        // Writing to a vector cannot fail.
        let _ = writeln!(out, "{}: {text}", stamp.long);
    }

    fn attempt(&mut self, lines: &[u8]) -> Attempt {
        while let Some(rest) = lines.get(self.written..).filter(|r| !r.is_empty()) {
            match self.write(rest) {
                Ok(0) => break,
                Ok(count) => self.written += count,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Attempt::Busy,
                Err(_) => break,
            }
        }
        let complete = self.written >= lines.len();
        self.written = 0;
        if complete {
            Attempt::Sent
        } else {
            Attempt::Refused
        }
    }
}

fn reopen() -> io::Result<File> {
    let path = "/proc/self/fd/2";
    let kind = std::fs::metadata(path)?.file_type();
    if !kind.is_fifo() && !kind.is_char_device() {
        return Err(ErrorKind::Unsupported.into());
    }
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_CLOEXEC;
    OpenOptions::new()
        .write(true)
        .custom_flags(flags)
        .open(path)
}
