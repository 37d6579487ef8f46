//! Octets in and out of a socket, with or without TLS.

use std::borrow::Cow;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv, send, setsockopt, sockopt};

use crate::net::tls::{Progress, TlsError, TlsSession, TlsStream};

/// Why nothing goes through any more.
pub(super) type Reason = Cow<'static, str>;

/// A socket that does not block. `None` of its calls is *not now*.
#[derive(Debug)]
pub(super) enum Pipe {
    Plain(OwnedFd),
    /// Whether it ends with a notice (`tls_compliant`).
    Tls(Box<TlsStream>, bool),
}

impl Pipe {
    /// Go on with what there is to do before octets can pass.
    pub(super) fn prepare(&mut self) -> Result<Option<()>, Reason> {
        match self {
            Self::Plain(_) => Ok(Some(())),
            Self::Tls(stream, _) => told(stream.handshake()),
        }
    }

    /// Receive; of a stream, 0 octets are its end.
    pub(super) fn read(&mut self, room: &mut [u8]) -> Result<Option<usize>, Reason> {
        match self {
            Self::Plain(fd) => again(|| recv(fd.as_raw_fd(), room, MsgFlags::empty())),
            Self::Tls(stream, _) => told(stream.read(room)),
        }
    }

    /// Send as much as there is room for.
    pub(super) fn write(&mut self, octets: &[u8]) -> Result<Option<usize>, Reason> {
        let flags = MsgFlags::MSG_NOSIGNAL;
        match self {
            Self::Plain(fd) => again(|| send(fd.as_raw_fd(), octets, flags)),
            Self::Tls(stream, _) => told(stream.write(octets)),
        }
    }

    /// Whether it says *not now* only by [`Self::read`], never by a short count.
    pub(super) const fn is_tls(&self) -> bool {
        matches!(self, Self::Tls(..))
    }

    /// End it. `abort`: by a reset, which leaves no TIME-WAIT behind. Gives back what a
    /// TLS server recognises us by.
    pub(super) fn close(self, abort: bool) -> Option<TlsSession> {
        if abort {
            let now = libc::linger {
                l_onoff: 1,
                l_linger: 0,
            };
            // If not, the port is taken for a while.
            let _ = setsockopt(&self.as_fd(), sockopt::Linger, &now);
        }
        match self {
            Self::Plain(_) => None,
            Self::Tls(stream, notice) => {
                let session = stream.session();
                stream.close(notice);
                session
            }
        }
    }
}

impl AsFd for Pipe {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Plain(fd) => fd.as_fd(),
            Self::Tls(stream, _) => stream.as_fd(),
        }
    }
}

fn told<T>(result: Result<Progress<T>, TlsError>) -> Result<Option<T>, Reason> {
    match result {
        Ok(Progress::Done(done)) => Ok(Some(done)),
        Ok(Progress::Blocked(_)) => Ok(None),
        Err(error) => Err(error.text().to_owned().into()),
    }
}

fn again(mut call: impl FnMut() -> nix::Result<usize>) -> Result<Option<usize>, Reason> {
    loop {
        match call() {
            Ok(octets) => return Ok(Some(octets)),
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) => return Ok(None),
            Err(errno) => return Err(errno.desc().into()),
        }
    }
}
