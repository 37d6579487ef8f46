//! A socket that is listened on.
//!
//! One of the file system is made with its mode from the beginning, by the umask, so
//! that nobody can enter before the mode is set. A socket that is there already is
//! removed if nobody answers there; anything else in its place stays.

use std::fmt;
use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, lchown};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, socket};
use nix::sys::stat::{Mode, umask};
use nix::unistd::Group;
use scheduler::{Instant, IoId};

use super::ARRIVALS;
use super::client::Stream;
use crate::watchdog::parent::WatchDog;

/// Where a door is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Place {
    /// In the file system.
    Local {
        path: PathBuf,
        mode: u32,
        group: Option<String>,
    },
    /// A port of an own address.
    Port(SocketAddr),
}

#[derive(Debug)]
enum Listener {
    /// With the number of its file.
    Local(UnixListener, Option<u64>),
    Port(TcpListener),
}

/// A socket that is listened on.
#[derive(Debug)]
pub(super) struct Door {
    place: Place,
    listener: Listener,
    pub(super) io: IoId<WatchDog>,
    /// The second that is counted, and who came in it.
    since: Instant,
    arrivals: u32,
    /// Those who come wait in the kernel.
    pub(super) is_pausing: bool,
}

impl Door {
    /// Open it; `watch` has the loop know of it.
    ///
    /// # Errors
    /// What the system says, and a living program that has the place.
    pub(super) fn open(
        place: Place,
        watch: impl FnOnce(BorrowedFd<'_>) -> io::Result<IoId<WatchDog>>,
    ) -> io::Result<Self> {
        let listener = match &place {
            Place::Local { path, mode, group } => local(path, *mode, group.as_deref())?,
            Place::Port(at) => {
                let listener = TcpListener::bind(at)?;
                listener.set_nonblocking(true)?;
                Listener::Port(listener)
            }
        };
        let io = watch(match &listener {
            Listener::Local(listener, _) => listener.as_fd(),
            Listener::Port(listener) => listener.as_fd(),
        })?;
        Ok(Self {
            place,
            listener,
            io,
            since: Instant::ZERO,
            arrivals: 0,
            is_pausing: false,
        })
    }

    /// Close it, and remove what it has made.
    pub(super) fn close(self) {
        if let (Place::Local { path, .. }, Listener::Local(_, number)) =
            (&self.place, &self.listener)
            && number_of(path) == *number
        {
            let _ = fs::remove_file(path);
        }
    }

    pub(super) const fn place(&self) -> &Place {
        &self.place
    }

    /// The next connection.
    pub(super) fn accept(&self) -> io::Result<Stream> {
        let stream = match &self.listener {
            Listener::Local(listener, _) => {
                let (stream, _) = listener.accept()?;
                stream.set_nonblocking(true)?;
                Stream::Local(stream)
            }
            Listener::Port(listener) => {
                let (stream, _) = listener.accept()?;
                stream.set_nonblocking(true)?;
                Stream::Port(stream)
            }
        };
        Ok(stream)
    }

    /// Whether another one may come in during this second.
    pub(super) fn may_enter(&mut self, now: Instant) -> bool {
        if now.since(self.since) >= Duration::from_secs(1) {
            self.since = now;
            self.arrivals = 0;
        }
        self.arrivals += 1;
        self.arrivals <= ARRIVALS
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local { path, .. } => write!(f, "{}", path.display()),
            Self::Port(at) => write!(f, "{at}"),
        }
    }
}

fn local(path: &Path, mode: u32, group: Option<&str>) -> io::Result<Listener> {
    remove_stale(path)?;
    let before = umask(Mode::from_bits_truncate(!mode & 0o777));
    let bound = UnixListener::bind(path);
    umask(before);
    let listener = bound?;
    let number = number_of(path);
    let ready = give_to(path, group).and_then(|()| listener.set_nonblocking(true));
    if let Err(error) = ready {
        let _ = fs::remove_file(path);
        return Err(error);
    }
    Ok(Listener::Local(listener, number))
}

fn give_to(path: &Path, group: Option<&str>) -> io::Result<()> {
    let Some(name) = group else { return Ok(()) };
    let number = match name.parse() {
        Ok(number) => number,
        Err(_) => match Group::from_name(name)? {
            Some(group) => group.gid.as_raw(),
            None => return Err(io::Error::other(format!("there is no group {name}"))),
        },
    };
    lchown(path, None, Some(number))
}

/// Remove the socket of a dead program.
fn remove_stale(path: &Path) -> io::Result<()> {
    let Ok(found) = fs::symlink_metadata(path) else {
        return Ok(());
    };
    if !found.file_type().is_socket() {
        return Err(io::Error::other("there is something else"));
    }
    match connect_at_once(path) {
        Err(Errno::ECONNREFUSED) => fs::remove_file(path),
        // Too many wait there already, but somebody listens.
        Ok(()) | Err(Errno::EAGAIN) => Err(io::ErrorKind::AddrInUse.into()),
        Err(errno) => Err(errno.into()),
    }
}

/// Who does not accept connections is not waited for.
fn connect_at_once(path: &Path) -> nix::Result<()> {
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let stream = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    connect(stream.as_raw_fd(), &UnixAddr::new(path)?)
}

/// What tells the file from another one in its place.
fn number_of(path: &Path) -> Option<u64> {
    fs::symlink_metadata(path).ok().map(|found| found.ino())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use nix::sys::socket::{Backlog, bind, listen};

    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("door-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).expect("scratch directory");
        dir
    }

    #[test]
    fn a_stale_socket_gives_way_and_a_living_one_does_not() {
        let dir = scratch("stale");
        let path = dir.join("k.sock");
        drop(UnixListener::bind(&path).expect("bind"));
        let living = local(&path, 0o600, None).expect("the stale one gives way");
        let mode = fs::metadata(&path).expect("metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let refused = local(&path, 0o600, None).expect_err("somebody is there");
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
        drop(living);
        let _ = fs::remove_dir_all(dir);
    }

    #[test]
    fn one_that_accepts_nobody_is_living_and_not_waited_for() {
        let dir = scratch("full");
        let path = dir.join("k.sock");
        let flags = SockFlag::SOCK_CLOEXEC;
        let full = socket(AddressFamily::Unix, SockType::Stream, flags, None).expect("a socket");
        let address = UnixAddr::new(&path).expect("a short path");
        bind(full.as_raw_fd(), &address).expect("a free path");
        listen(&full, Backlog::new(0).expect("a small number")).expect("it listens");
        let mut waiting = Vec::new();
        loop {
            let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
            let client = socket(AddressFamily::Unix, SockType::Stream, flags, None);
            let client = client.expect("a socket");
            if connect(client.as_raw_fd(), &address).is_err() {
                break;
            }
            waiting.push(client);
        }
        let refused = local(&path, 0o600, None).expect_err("somebody is there");
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
        let _ = fs::remove_dir_all(dir);
    }

    #[test]
    fn what_is_no_socket_stays() {
        let dir = scratch("other");
        let (path, link) = (dir.join("file"), dir.join("link"));
        fs::write(&path, "precious").expect("write");
        symlink(&path, &link).expect("link");
        assert!(local(&path, 0o600, None).is_err());
        assert!(local(&link, 0o600, None).is_err());
        assert_eq!(fs::read_to_string(&path).expect("read"), "precious");
        let _ = fs::remove_dir_all(dir);
    }

    #[test]
    fn a_group_that_is_not_there_leaves_no_socket() {
        let dir = scratch("group");
        let path = dir.join("k.sock");
        assert!(local(&path, 0o660, Some("no such group")).is_err());
        assert!(!path.exists());
        let _ = fs::remove_dir_all(dir);
    }
}
