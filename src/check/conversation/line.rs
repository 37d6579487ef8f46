//! The line of one attempt: a socket, how far it is, and what is still to be sent.

use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{getsockopt, sockopt};
use scheduler::{Interest, Ready};

use super::Refusal;
use super::pipe::{Pipe, Reason};
use crate::check::checker::Endpoint;
use crate::check::probe::Transport;
use crate::net::connect::{self, Kind, Path};
use crate::net::tls::{TlsContext, TlsSession, TlsStream};

/// An open socket, or a connection that is being made.
#[derive(Debug)]
pub(super) struct Line {
    pipe: Pipe,
    kind: Kind,
    state: State,
    /// It has an own port, which the next attempt will need again.
    has_port: bool,
    /// How long the handshake of TLS may take.
    timeout: Duration,
    /// There is nothing to read before the next event.
    is_empty: bool,
    unsent: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// The connection of TCP is being made.
    Connecting,
    /// TLS is.
    Shaking,
    Open,
    /// The end of the stream was reported.
    Over,
}

/// What was found on a ready socket.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// Nothing more for now.
    Wait,
    /// The handshake of TLS begins, and may take this long.
    Shaking(Duration),
    /// The connection stands.
    Connected,
    /// So many octets are in the room.
    Received(usize),
    /// The peer has closed its side.
    Ended,
    /// The connection is no more, or never came to be.
    Failed(Reason),
}

/// What connections over TLS are made with.
pub(super) struct Tls<'a> {
    /// What all have in common.
    pub(super) context: Option<&'a TlsContext>,
    /// What the server gave the last time.
    pub(super) session: Option<&'a TlsSession>,
}

impl Line {
    /// Open what an attempt is carried on.
    pub(super) fn open(transport: &Transport<'_>, tls: &Tls<'_>) -> Result<Self, Refusal> {
        let (kind, endpoint): (Kind, &Endpoint) = match transport {
            Transport::Stream(endpoint) | Transport::Tls(endpoint, ..) => (Kind::Stream, endpoint),
            Transport::Datagram(endpoint) => (Kind::Datagram, endpoint),
            Transport::Echo(endpoint) => (Kind::Echo, endpoint),
            Transport::Script(_) => return Err(Refusal::Local("no socket for it".to_owned())),
        };
        let socket = connect::open(
            kind,
            &Path {
                to: endpoint.address,
                from: endpoint.bind(),
                interface: endpoint.interface(),
                mark: endpoint.mark(),
            },
        )?;
        let pipe = match transport {
            Transport::Tls(_, name, notice) => {
                let context = tls.context;
                let context =
                    context.ok_or_else(|| Refusal::Local("TLS is not set up".to_owned()))?;
                let stream = TlsStream::connect(context, socket, *name, tls.session);
                let stream = stream.map_err(|error| Refusal::Local(error.text().to_owned()))?;
                Pipe::Tls(Box::new(stream), *notice)
            }
            Transport::Stream(_)
            | Transport::Datagram(_)
            | Transport::Echo(_)
            | Transport::Script(_) => Pipe::Plain(socket),
        };
        Ok(Self {
            pipe,
            kind,
            state: if kind == Kind::Stream {
                State::Connecting
            } else {
                State::Open
            },
            has_port: kind == Kind::Stream && endpoint.bind().is_some_and(|own| own.port() != 0),
            timeout: endpoint.timeout,
            is_empty: false,
            unsent: Vec::new(),
        })
    }

    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
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
    pub(super) fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// The next thing to be told. The same `ready` until it says [`Step::Wait`].
    pub(super) fn step(&mut self, ready: Ready, room: &mut [u8]) -> Step {
        match self.state {
            State::Connecting => self.connect(ready),
            State::Shaking => self.shake(),
            State::Over => Step::Wait,
            State::Open => match self.flush() {
                Ok(()) => self.receive(ready, room),
                Err(why) => Step::Failed(why),
            },
        }
    }

    /// Send octets of a stream, or one datagram. What of a stream finds no room is
    /// kept, and sent when there is some.
    pub(super) fn send(&mut self, octets: &[u8]) -> Result<(), Reason> {
        let mut rest = octets;
        while self.unsent.is_empty() && !rest.is_empty() {
            match self.pipe.write(rest)? {
                Some(_) if self.kind != Kind::Stream => return Ok(()),
                Some(sent) => rest = rest.get(sent..).unwrap_or_default(),
                None if self.kind != Kind::Stream => return Err(Errno::ENOBUFS.desc().into()),
                None => break,
            }
        }
        self.unsent.extend_from_slice(rest);
        Ok(())
    }

    /// End it. What is on its way out still goes, except where a port of its own would
    /// be in TIME-WAIT when the next attempt needs it.
    pub(super) fn close(self) -> Option<TlsSession> {
        let is_open = matches!(self.state, State::Shaking | State::Open);
        self.pipe.close(self.has_port && is_open)
    }

    fn flush(&mut self) -> Result<(), Reason> {
        while !self.unsent.is_empty() {
            match self.pipe.write(&self.unsent)? {
                Some(sent) => drop(self.unsent.drain(..sent.min(self.unsent.len()))),
                None => break,
            }
        }
        Ok(())
    }

    /// The event tells that the connection stands; an error has to be asked for. One
    /// that the peer has closed already without an error did stand.
    fn connect(&mut self, ready: Ready) -> Step {
        if ready.is_error() {
            match getsockopt(&self.pipe, sockopt::SocketError) {
                Ok(0) => {}
                Ok(errno) => return Step::Failed(Errno::from_raw(errno).desc().into()),
                Err(errno) => return Step::Failed(errno.desc().into()),
            }
        }
        if !ready.is_writable() {
            return Step::Wait;
        }
        if self.pipe.is_tls() {
            self.state = State::Shaking;
            return Step::Shaking(self.timeout);
        }
        self.state = State::Open;
        Step::Connected
    }

    fn shake(&mut self) -> Step {
        match self.pipe.prepare() {
            Ok(Some(())) => {
                self.state = State::Open;
                Step::Connected
            }
            Ok(None) => Step::Wait,
            Err(why) => Step::Failed(why),
        }
    }

    fn receive(&mut self, ready: Ready, room: &mut [u8]) -> Step {
        let is_tls = self.pipe.is_tls();
        let told = ready.is_readable() || ready.is_error() || ready.is_hangup();
        if std::mem::take(&mut self.is_empty) || !(told || is_tls) {
            return Step::Wait;
        }
        let is_stream = self.kind == Kind::Stream;
        match self.pipe.read(room) {
            Ok(None) => Step::Wait,
            Ok(Some(0)) if is_stream => {
                self.state = State::Over;
                Step::Ended
            }
            Ok(Some(octets)) => {
                // Less than there is room for: nothing is left, and what comes later
                // makes an event of its own. The end may have been told by this one.
                let is_whole = is_stream && !is_tls && octets < room.len();
                self.is_empty = is_whole && !ready.is_hangup();
                Step::Received(octets)
            }
            Err(why) => {
                self.state = State::Over;
                Step::Failed(why)
            }
        }
    }
}
