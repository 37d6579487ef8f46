//! The socket of one attempt, and what is still to be sent on it.

use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, getsockopt, recv, sockopt};
use scheduler::{Interest, Ready};

use crate::check::checker::Endpoint;
use crate::check::probe::Transport;
use crate::net::connect::{self, Kind, OpenError, Path};
use crate::sys::sock;

/// An open socket, or a connection that is being made.
#[derive(Debug)]
pub(super) struct Line {
    fd: OwnedFd,
    kind: Kind,
    is_open: bool,
    /// The end of the stream has been reported, or nothing more is to be read.
    is_over: bool,
    /// There is nothing to read before the next event.
    is_empty: bool,
    unsent: Vec<u8>,
}

/// What was found on a ready socket.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// Nothing more for now.
    Wait,
    /// The connection stands.
    Connected,
    /// So many octets are in the room.
    Received(usize),
    /// The peer has closed its side.
    Ended,
    /// The connection is no more, or never came to be.
    Failed(&'static str),
}

impl Line {
    /// Open what an attempt is carried on.
    pub(super) fn open(transport: &Transport<'_>) -> Result<Self, OpenError> {
        let (kind, endpoint): (Kind, &Endpoint) = match transport {
            Transport::Stream(endpoint) | Transport::Tls(endpoint, ..) => (Kind::Stream, endpoint),
            Transport::Datagram(endpoint) => (Kind::Datagram, endpoint),
            Transport::Echo(endpoint) => (Kind::Echo, endpoint),
            Transport::Script(_) => {
                return Err(OpenError {
                    step: connect::Step::Socket,
                    errno: Errno::EINVAL,
                });
            }
        };
        let fd = connect::open(
            kind,
            &Path {
                to: endpoint.address,
                from: endpoint.bind,
                interface: endpoint.interface.as_ref(),
                mark: endpoint.mark,
            },
        )?;
        Ok(Self {
            fd,
            kind,
            is_open: kind != Kind::Stream,
            is_over: false,
            is_empty: false,
            unsent: Vec::new(),
        })
    }

    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// What to wait for: a datagram is sent without waiting.
    pub(super) fn interest(&self) -> Interest {
        if self.kind == Kind::Stream {
            Interest::Both
        } else {
            Interest::Read
        }
    }

    /// Whether it can be sent on.
    pub(super) const fn is_open(&self) -> bool {
        self.is_open
    }

    /// The next thing to be told. The same `ready` until it says [`Step::Wait`].
    pub(super) fn step(&mut self, ready: Ready, room: &mut [u8]) -> Step {
        if !self.is_open {
            return self.connect(ready);
        }
        if !self.unsent.is_empty() {
            let unsent = std::mem::take(&mut self.unsent);
            if let Err(why) = self.send(&unsent) {
                return Step::Failed(why);
            }
        }
        if self.is_over || std::mem::take(&mut self.is_empty) {
            return Step::Wait;
        }
        if !(ready.is_readable() || ready.is_error() || ready.is_hangup()) {
            return Step::Wait;
        }
        self.receive(ready, room)
    }

    /// Send octets of a stream, or one datagram. What finds no room is kept and sent
    /// when there is some.
    pub(super) fn send(&mut self, octets: &[u8]) -> Result<(), &'static str> {
        if octets.is_empty() {
            return Ok(());
        }
        if !self.unsent.is_empty() {
            self.unsent.extend_from_slice(octets);
            return Ok(());
        }
        let mut rest = octets;
        while !rest.is_empty() {
            match sock::send(self.fd.as_fd(), rest) {
                Ok(_) if self.kind != Kind::Stream => return Ok(()),
                Ok(sent) => rest = rest.get(sent..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error)
                    if error.kind() == io::ErrorKind::WouldBlock && self.kind == Kind::Stream =>
                {
                    self.unsent.extend_from_slice(rest);
                    return Ok(());
                }
                Err(error) => return Err(reason(&error)),
            }
        }
        Ok(())
    }

    /// End it. What is in the way out still goes.
    pub(super) fn close(self) {
        drop(self);
    }

    /// The event tells that the connection stands; the error has to be asked for.
    fn connect(&mut self, ready: Ready) -> Step {
        if ready.is_error() || ready.is_hangup() {
            match getsockopt(&self.fd, sockopt::SocketError) {
                Ok(0) => {}
                Ok(errno) => return Step::Failed(Errno::from_raw(errno).desc()),
                Err(errno) => return Step::Failed(errno.desc()),
            }
        }
        if !ready.is_writable() {
            return Step::Wait;
        }
        self.is_open = true;
        Step::Connected
    }

    fn receive(&mut self, ready: Ready, room: &mut [u8]) -> Step {
        loop {
            return match recv(self.fd.as_raw_fd(), room, MsgFlags::empty()) {
                Ok(0) if self.kind == Kind::Stream => {
                    self.is_over = true;
                    Step::Ended
                }
                Ok(octets) => {
                    // Less than there is room for: nothing is left, and what comes
                    // later makes an event of its own. An end was told by this one.
                    let is_whole = self.kind == Kind::Stream && octets < room.len();
                    self.is_empty = is_whole && !ready.is_hangup();
                    Step::Received(octets)
                }
                Err(Errno::EINTR) => continue,
                Err(Errno::EAGAIN) => Step::Wait,
                Err(errno) => {
                    self.is_over = true;
                    Step::Failed(errno.desc())
                }
            };
        }
    }
}

/// An error in words, without a number.
fn reason(error: &io::Error) -> &'static str {
    Errno::from_raw(error.raw_os_error().unwrap_or_default()).desc()
}
