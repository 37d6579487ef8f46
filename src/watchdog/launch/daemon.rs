//! Into the background: the command returns when the daemon has started.
//!
//! The command forks and waits for one octet through a pipe: the status it ends
//! with. So whoever calls it knows from its return that the pid file is written
//! and the children are up, or that the start failed.

use std::fs::{File, OpenOptions};
use std::io::{self, PipeReader, PipeWriter, Read as _, Write as _};

use nix::unistd::{dup2_stderr, dup2_stdin, dup2_stdout, setsid};

use crate::sys::fork::{Side, fork};

/// Which process goes on after [`detach`].
#[derive(Debug)]
pub enum Detached {
    /// The command: end with this status.
    Command(u8),
    /// The daemon; the command waits for its word.
    Daemon(Startup),
}

/// The daemon's word to the command that started it.
#[derive(Debug)]
pub struct Startup {
    pipe: Option<PipeWriter>,
}

impl Startup {
    /// In the foreground nobody waits.
    #[must_use]
    pub const fn foreground() -> Self {
        Self { pipe: None }
    }

    /// The command returns with this status. Only the first word counts.
    pub fn report(&mut self, status: u8) {
        if let Some(mut pipe) = self.pipe.take() {
            // The command may have been killed; the daemon goes on.
            let _ = pipe.write_all(&[status]);
        }
    }

    /// Whether the command still waits, or nobody ever did.
    #[must_use]
    pub const fn is_waiting(&self) -> bool {
        self.pipe.is_some()
    }
}

/// Go on as a daemon: in a session of its own, with nothing on the standard
/// descriptors.
///
/// # Errors
/// What the system calls say.
pub fn detach() -> io::Result<Detached> {
    let (reader, writer) = io::pipe()?;
    match fork()? {
        Side::Parent(_) => {
            drop(writer);
            Ok(Detached::Command(wait(reader)))
        }
        Side::Child => {
            drop(reader);
            setsid()?;
            silence()?;
            Ok(Detached::Daemon(Startup { pipe: Some(writer) }))
        }
    }
}

/// The daemon's word, or 1 if it died without one.
fn wait(mut reader: PipeReader) -> u8 {
    let mut status = [1];
    match reader.read_exact(&mut status) {
        Ok(()) => status[0],
        Err(_) => 1,
    }
}

fn silence() -> io::Result<()> {
    let null: File = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/null")?;
    dup2_stdin(&null)?;
    dup2_stdout(&null)?;
    dup2_stderr(&null)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_learns_the_status() {
        let (reader, writer) = io::pipe().expect("pipe");
        let mut startup = Startup { pipe: Some(writer) };
        assert!(startup.is_waiting());
        startup.report(0);
        startup.report(7);
        assert!(!startup.is_waiting());
        assert_eq!(wait(reader), 0);
    }

    #[test]
    fn a_daemon_that_dies_first_is_a_failure() {
        let (reader, writer) = io::pipe().expect("pipe");
        drop(writer);
        assert_eq!(wait(reader), 1);
    }
}
