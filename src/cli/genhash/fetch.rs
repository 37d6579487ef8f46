//! The page: asked for, and read to its end. This one program waits.

use std::fmt;
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{MsgFlags, getsockopt, recv, send, sockopt};

use super::options::Job;
use crate::check::http::response::{Malformed, Part, Response};
use crate::net::connect::{self, Path};
use crate::net::tls::{KeyFiles, Progress, TlsContext, TlsError, TlsStream, Want};

/// Octets read at once: the pieces of the verbose output are those of the C program.
const ROOM: usize = 4095;

/// What comes in.
pub(super) enum Seen<'a> {
    /// The head, when it is whole.
    Head(&'a [u8]),
    /// The next octets of the body.
    Body(&'a [u8]),
}

/// Why there is no page.
pub(super) enum Failure {
    Connect(String),
    ConnectTimeout,
    Tls(TlsError),
    /// No answer in time.
    HeadTimeout,
    /// Not all of it in time.
    BodyTimeout,
    Broken(String),
    Nothing,
    Malformed(Malformed),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(why) => write!(f, "Connection failed: {why}"),
            Self::ConnectTimeout => f.write_str("Timeout connecting"),
            Self::Tls(why) => write!(f, "SSL handshake/communication error: {why}"),
            Self::HeadTimeout => f.write_str("Timeout WEB read"),
            Self::BodyTimeout => f.write_str("Timeout HTTP read"),
            Self::Broken(why) => write!(f, "Read error: {why}"),
            Self::Nothing => f.write_str("no data received from remote webserver"),
            Self::Malformed(why) => write!(f, "No valid answer: {why}"),
        }
    }
}

/// Ask, and tell what is seen until the answer is complete.
pub(super) fn fetch(
    job: &Job,
    question: &[u8],
    mut see: impl FnMut(Seen<'_>),
) -> Result<(), Failure> {
    let mut carrier = Carrier::open(job)?;
    carrier.write(question)?;
    let mut response = Response::default();
    let mut head = Some(Vec::new());
    let mut room = [0; ROOM];
    loop {
        let count = carrier.read(&mut room).map_err(|stop| match stop {
            Stop::Late if head.is_some() => Failure::HeadTimeout,
            Stop::Late => Failure::BodyTimeout,
            Stop::Broken(why) => Failure::Broken(why),
        })?;
        let mut rest = room.get(..count).unwrap_or_default();
        if rest.is_empty() {
            let end = response.end();
            if end == Err(Malformed::Nothing) {
                return Err(Failure::Nothing);
            }
            return end.map_err(Failure::Malformed);
        }
        loop {
            let before = rest;
            let part = response.next(&mut rest).map_err(Failure::Malformed)?;
            if let Some(head) = &mut head {
                let read = before.len().saturating_sub(rest.len());
                head.extend_from_slice(before.get(..read).unwrap_or_default());
            }
            match part {
                None => break,
                Some(Part::Status(_)) => {
                    if let Some(head) = head.take() {
                        see(Seen::Head(&head));
                    }
                }
                Some(Part::Body(body)) => see(Seen::Body(body)),
                Some(Part::End) => return Ok(()),
            }
        }
    }
}

/// A connection that waits.
struct Carrier {
    stream: Stream,
    patience: Duration,
}

enum Stream {
    Plain(OwnedFd),
    Tls(Box<TlsStream>),
}

/// Why reading stops.
enum Stop {
    Late,
    Broken(String),
}

impl Carrier {
    fn open(job: &Job) -> Result<Self, Failure> {
        let path = Path {
            to: job.server,
            from: None,
            interface: None,
            mark: job.mark,
        };
        let socket = connect::open(connect::Kind::Stream, &path);
        let socket = socket.map_err(|e| Failure::Connect(e.to_string()))?;
        match wait(socket.as_fd(), Want::Write, job.timeout) {
            Ok(()) => {}
            Err(Stop::Late) => return Err(Failure::ConnectTimeout),
            Err(Stop::Broken(why)) => return Err(Failure::Connect(why)),
        }
        match getsockopt(&socket, sockopt::SocketError) {
            Ok(0) => {}
            Ok(errno) => return Err(Failure::Connect(Errno::from_raw(errno).desc().to_owned())),
            Err(errno) => return Err(Failure::Connect(errno.desc().to_owned())),
        }
        let stream = if job.tls {
            let stream = secure(job, socket)?;
            Stream::Tls(Box::new(stream))
        } else {
            Stream::Plain(socket)
        };
        Ok(Self {
            stream,
            patience: job.timeout,
        })
    }

    fn write(&mut self, octets: &[u8]) -> Result<(), Failure> {
        let mut rest = octets;
        while !rest.is_empty() {
            let progress = match &mut self.stream {
                Stream::Plain(socket) => {
                    let sent = send(socket.as_raw_fd(), rest, MsgFlags::MSG_NOSIGNAL);
                    plain(sent, Want::Write).map_err(Failure::Broken)?
                }
                Stream::Tls(stream) => stream.write(rest).map_err(Failure::Tls)?,
            };
            match progress {
                Progress::Done(sent) => rest = rest.get(sent..).unwrap_or_default(),
                Progress::Blocked(want) => self.wait(want).map_err(|stop| match stop {
                    Stop::Late => Failure::HeadTimeout,
                    Stop::Broken(why) => Failure::Broken(why),
                })?,
            }
        }
        Ok(())
    }

    /// Read; 0 octets are the end.
    fn read(&mut self, room: &mut [u8]) -> Result<usize, Stop> {
        loop {
            let progress = match &mut self.stream {
                Stream::Plain(socket) => {
                    let received = recv(socket.as_raw_fd(), room, MsgFlags::empty());
                    plain(received, Want::Read).map_err(Stop::Broken)?
                }
                Stream::Tls(stream) => {
                    let received = stream.read(room);
                    received.map_err(|why| Stop::Broken(why.to_string()))?
                }
            };
            match progress {
                Progress::Done(count) => return Ok(count),
                Progress::Blocked(want) => self.wait(want)?,
            }
        }
    }

    fn wait(&self, want: Want) -> Result<(), Stop> {
        let fd = match &self.stream {
            Stream::Plain(socket) => socket.as_fd(),
            Stream::Tls(stream) => stream.as_fd(),
        };
        wait(fd, want, self.patience)
    }
}

fn secure(job: &Job, socket: OwnedFd) -> Result<TlsStream, Failure> {
    let context = TlsContext::new(&KeyFiles::default()).map_err(Failure::Tls)?;
    let name = job.server_name.as_deref();
    let mut stream = TlsStream::connect(&context, socket, name, None).map_err(Failure::Tls)?;
    while let Progress::Blocked(want) = stream.handshake().map_err(Failure::Tls)? {
        match wait(stream.as_fd(), want, job.timeout) {
            Ok(()) => {}
            Err(Stop::Late) => return Err(Failure::ConnectTimeout),
            Err(Stop::Broken(why)) => return Err(Failure::Connect(why)),
        }
    }
    Ok(stream)
}

fn plain(result: nix::Result<usize>, want: Want) -> Result<Progress<usize>, String> {
    match result {
        Ok(count) => Ok(Progress::Done(count)),
        Err(Errno::EAGAIN | Errno::EINTR) => Ok(Progress::Blocked(want)),
        Err(errno) => Err(errno.desc().to_owned()),
    }
}

fn wait(fd: BorrowedFd<'_>, want: Want, patience: Duration) -> Result<(), Stop> {
    let flags = match want {
        Want::Read => PollFlags::POLLIN,
        Want::Write => PollFlags::POLLOUT,
    };
    let patience = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
    loop {
        match poll(&mut [PollFd::new(fd, flags)], patience) {
            Ok(0) => return Err(Stop::Late),
            Ok(_) => return Ok(()),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(Stop::Broken(io::Error::from(errno).to_string())),
        }
    }
}
