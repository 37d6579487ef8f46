//! The syslog daemon's socket, in the form that `syslog(3)` writes
//! (RFC 3164 without the host name): `<30>Nov 22 03:21:53 Keepalived[4711]: text`.

use std::io::{self, ErrorKind, Write as _};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process;

use ::log::Level;
use ::syslog::Facility;
use nix::time::{ClockId, clock_gettime};

use super::sink::{Attempt, Transport};
use super::stamp::Stamp;

const SOCKET: &str = "/dev/log";
/// Seconds between attempts to reach a syslog daemon that is not there.
const RETRY_SECONDS: i64 = 1;

/// A non-blocking connection to the syslog daemon, made anew when that restarts.
#[derive(Debug)]
pub(super) struct Syslog {
    path: PathBuf,
    facility: u8,
    /// `Keepalived[4711]`
    name: String,
    socket: Option<UnixDatagram>,
    /// Second of the coarse monotonic clock before which no connection is tried.
    retry_at: i64,
}

impl Syslog {
    pub(super) fn new(identity: &str, facility: Facility) -> Self {
        Self::to(Path::new(SOCKET), identity, facility)
    }

    fn to(path: &Path, identity: &str, facility: Facility) -> Self {
        Self {
            path: path.to_path_buf(),
            facility: facility as u8,
            name: format!("{identity}[{}]", process::id()),
            socket: None,
            retry_at: 0,
        }
    }

    /// Whether there is a daemon, as far as a new attempt can tell.
    pub(super) fn is_there(&mut self) -> bool {
        self.retry_at = 0;
        self.connected().is_some()
    }

    fn connected(&mut self) -> Option<&UnixDatagram> {
        if self.socket.is_none() && monotonic_second() >= self.retry_at {
            self.socket = connect(&self.path).ok();
            if self.socket.is_none() {
                self.retry_at = monotonic_second() + RETRY_SECONDS;
            }
        }
        self.socket.as_ref()
    }
}

impl Transport for Syslog {
    fn format(&self, stamp: &Stamp, level: Level, text: &str, out: &mut Vec<u8>) {
        let priority = self.facility | severity(level);
        // Writing to a vector cannot fail.
        let _ = write!(out, "<{priority}>{} {}: {text}", stamp.short, self.name);
    }

    fn attempt(&mut self, line: &[u8]) -> Attempt {
        // A restarted daemon has a new socket: the old connection fails once.
        for _ in 0..2 {
            let Some(socket) = self.connected() else {
                return Attempt::Busy;
            };
            match socket.send(line) {
                Ok(_) => return Attempt::Sent,
                Err(e) if is_full(&e) => return Attempt::Busy,
                Err(e) if e.raw_os_error() == Some(libc::EMSGSIZE) => return Attempt::Refused,
                Err(_) => self.socket = None,
            }
        }
        Attempt::Busy
    }
}

fn connect(path: &Path) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.connect(path)?;
    Ok(socket)
}

fn is_full(error: &io::Error) -> bool {
    error.kind() == ErrorKind::WouldBlock || error.raw_os_error() == Some(libc::ENOBUFS)
}

fn monotonic_second() -> i64 {
    clock_gettime(ClockId::CLOCK_MONOTONIC_COARSE).map_or(0, |t| t.tv_sec())
}

/// RFC 3164 section 4.1.1. Detail is no debugging: it has the severity of
/// ordinary messages, so that usual filters keep it.
const fn severity(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info | Level::Debug | Level::Trace => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::sink::Channel;

    fn daemon(dir: &Path) -> (PathBuf, UnixDatagram) {
        let path = dir.join("log");
        let socket = UnixDatagram::bind(&path).expect("bind");
        socket.set_nonblocking(true).expect("non-blocking");
        (path, socket)
    }

    fn scratch(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("log-{}-{name}", process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).expect("scratch directory");
        dir
    }

    fn receive(socket: &UnixDatagram) -> Option<String> {
        let mut buffer = [0; 2048];
        let length = socket.recv(&mut buffer).ok()?;
        Some(String::from_utf8_lossy(buffer.get(..length)?).into_owned())
    }

    #[test]
    fn lines_have_priority_time_name_and_pid() {
        let dir = scratch("form");
        let (path, socket) = daemon(&dir);
        let mut stamp = Stamp::default();
        stamp.refresh();
        let mut channel = Channel::new(Syslog::to(&path, "Keepalived_vrrp", Facility::LOG_LOCAL3));
        channel.say(&stamp, Level::Debug, "hello");
        let line = receive(&socket).expect("a line");
        let expected = format!(
            "<158>{} Keepalived_vrrp[{}]: hello",
            stamp.short,
            process::id()
        );
        assert_eq!(line, expected);
        let _ = std::fs::remove_dir_all(dir);
    }

    /// Defect 6 of the C daemon: a full `/dev/log` stops it until somebody reads.
    #[test]
    fn a_full_socket_neither_waits_nor_loses_what_fits_the_backlog() {
        let dir = scratch("full");
        let (path, socket) = daemon(&dir);
        let stamp = Stamp::default();
        let mut channel = Channel::new(Syslog::to(&path, "K", Facility::LOG_DAEMON));
        for n in 0..1000 {
            channel.say(&stamp, Level::Info, &format!("line {n}"));
        }
        assert!(
            channel.is_waiting(),
            "the kernel's queue is shorter than that"
        );
        let mut seen = Vec::new();
        loop {
            while let Some(line) = receive(&socket) {
                seen.push(line);
            }
            if channel.flush(&stamp) {
                break;
            }
        }
        seen.extend(std::iter::from_fn(|| receive(&socket)));
        assert_eq!(seen.len(), 1000);
        assert!(
            seen.iter()
                .enumerate()
                .all(|(n, l)| l.ends_with(&format!(": line {n}")))
        );
        let _ = std::fs::remove_dir_all(dir);
    }

    #[test]
    fn a_restarted_daemon_is_found_again() {
        let dir = scratch("restart");
        let (path, first) = daemon(&dir);
        let stamp = Stamp::default();
        let mut channel = Channel::new(Syslog::to(&path, "K", Facility::LOG_DAEMON));
        channel.say(&stamp, Level::Info, "before");
        assert!(receive(&first).is_some());
        drop(first);
        std::fs::remove_file(&path).expect("remove the socket");
        let (_, second) = daemon(&dir);
        channel.say(&stamp, Level::Info, "after");
        assert!(receive(&second).is_some_and(|l| l.ends_with("after")));
        let _ = std::fs::remove_dir_all(dir);
    }
}
