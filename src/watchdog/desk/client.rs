//! One who has connected: from the question to the last octet of the answer. Nothing
//! here waits; [`Client::go_on`] does what can be done and says what is next.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use scheduler::{IoId, Key, TimerId};

use super::http::{self, Request};
use crate::watchdog::parent::WatchDog;

/// What a door is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Purpose {
    /// A snapshot for whoever connects; nothing is asked.
    Status,
    /// Metrics over HTTP.
    Metrics,
}

impl Purpose {
    pub(super) const ALL: [Self; 2] = [Self::Status, Self::Metrics];

    pub(super) const fn index(self) -> usize {
        self as usize
    }

    pub(super) const fn key(self) -> Key {
        self as Key
    }

    pub(super) fn of_key(key: Key) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.key() == key)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Status => "status_socket",
            Self::Metrics => "metrics_listen",
        }
    }
}

/// A connection.
#[derive(Debug)]
pub(super) enum Stream {
    Local(UnixStream),
    Port(TcpStream),
}

/// One who has connected.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) purpose: Purpose,
    pub(super) stream: Stream,
    pub(super) io: Option<IoId<WatchDog>>,
    /// When its time is over.
    pub(super) limit: Option<TimerId<WatchDog>>,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// What it has said so far.
    Asking(Vec<u8>),
    /// For the next snapshot.
    Waiting,
    Answering(Answer),
}

#[derive(Debug)]
struct Answer {
    head: Vec<u8>,
    /// The same for all who ask.
    body: Rc<[u8]>,
    /// Octets of both that are sent.
    sent: usize,
}

/// What comes next for a client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Next {
    /// It has to say or take something.
    Wait,
    /// It wants a snapshot.
    Snapshot,
    /// Nothing: it is served, or gone.
    Over,
}

impl Client {
    pub(super) fn new(purpose: Purpose, stream: Stream) -> Self {
        let stage = match purpose {
            Purpose::Status => Stage::Waiting,
            Purpose::Metrics => Stage::Asking(Vec::new()),
        };
        Self {
            purpose,
            stream,
            io: None,
            limit: None,
            stage,
        }
    }

    pub(super) const fn is_waiting(&self) -> bool {
        matches!(self.stage, Stage::Waiting)
    }

    /// It gets what it waits for.
    pub(super) fn answer(&mut self, body: &Rc<[u8]>) {
        let head = match self.purpose {
            Purpose::Status => String::new(),
            Purpose::Metrics => http::found(body.len()),
        };
        self.stage = Stage::Answering(Answer {
            head: head.into(),
            body: Rc::clone(body),
            sent: 0,
        });
    }

    /// Do what can be done now.
    pub(super) fn go_on(&mut self) -> Next {
        if let Stage::Asking(said) = &mut self.stage {
            match hear(&mut self.stream, said) {
                Ok(None) => return Next::Wait,
                Ok(Some(Request::Metrics)) => {
                    self.stage = Stage::Waiting;
                    return Next::Snapshot;
                }
                Ok(Some(other)) => {
                    self.stage = Stage::Answering(Answer {
                        head: http::refusal(other).into(),
                        body: Rc::default(),
                        sent: 0,
                    });
                }
                Err(_) => return Next::Over,
            }
        }
        match &mut self.stage {
            Stage::Asking(_) | Stage::Waiting => Next::Wait,
            Stage::Answering(answer) => match answer.send(&mut self.stream) {
                Ok(true) => {
                    self.stream.end();
                    Next::Over
                }
                Ok(false) => Next::Wait,
                Err(_) => Next::Over,
            },
        }
    }
}

/// Read what there is; the request once it is complete.
fn hear(stream: &mut Stream, said: &mut Vec<u8>) -> io::Result<Option<Request>> {
    let mut room = [0; 1024];
    while said.len() < http::REQUEST_MAX {
        match stream.read(&mut room) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => {
                said.extend(room.iter().take(length));
                if let Some(request) = http::request(said) {
                    return Ok(Some(request));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Some(Request::Malformed))
}

impl Answer {
    /// True when all of it is sent.
    fn send(&mut self, stream: &mut Stream) -> io::Result<bool> {
        loop {
            let rest = match self.head.get(self.sent..) {
                Some(rest) if !rest.is_empty() => rest,
                _ => {
                    let at = self.sent.saturating_sub(self.head.len());
                    self.body.get(at..).unwrap_or_default()
                }
            };
            if rest.is_empty() {
                return Ok(true);
            }
            match stream.write(rest) {
                Ok(length) => self.sent += length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Stream {
    /// All is said. What the other end has said beyond its question is taken, for a
    /// connection that is closed with something unread loses the answer.
    fn end(&mut self) {
        let _ = match self {
            Self::Local(stream) => stream.shutdown(Shutdown::Write),
            Self::Port(stream) => stream.shutdown(Shutdown::Write),
        };
        let _ = self.read(&mut [0; 4096]);
    }

    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Local(stream) => stream.read(room),
            Self::Port(stream) => stream.read(room),
        }
    }

    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::Local(stream) => stream.write(octets),
            Self::Port(stream) => stream.write(octets),
        }
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Local(stream) => stream.as_fd(),
            Self::Port(stream) => stream.as_fd(),
        }
    }
}
