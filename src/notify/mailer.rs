//! The shell of a [`Courier`]: letters for events, sockets for its actions.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::rc::Rc;

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrLike, SockaddrStorage, connect, socket,
};
use nix::time::{ClockId, clock_gettime};
use scheduler::{Drain, Instant, Interest, IoId, Ready, Scheduler};

use super::courier::{Action, Courier, Route};
use super::event::Event;
use super::letter::{Letter, Mailbox, date};
use super::notifier::{Host, done};
use super::outbox::Sender;
use crate::sys::calendar::LocalTime;

/// The most that is read before others have their turn.
const READ_MAX: usize = 16 * 1024;

/// Mails, as configured.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MailWish {
    /// How they get to the server.
    pub route: Route,
    /// The sender.
    pub from: String,
    /// The recipients.
    pub to: Vec<String>,
    /// What the subjects begin with (`router_id`).
    pub router: String,
    /// Whether FAULT is not told.
    pub no_faults: bool,
}

/// Mails in use.
#[derive(Debug)]
pub(super) struct Mail<P> {
    pub(super) wish: MailWish,
    pub(super) from: Mailbox,
    pub(super) to: Rc<[Mailbox]>,
    pub(super) courier: Courier,
    pub(super) connection: Option<(Connection, IoId<P>)>,
    pub(super) actions: Vec<Action>,
}

/// A connection that is being made, or is there.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) stream: TcpStream,
    is_there: bool,
}

impl Connection {
    /// Begin to connect, without waiting.
    pub(super) fn begin(to: SocketAddr) -> io::Result<Self> {
        let family = match to {
            SocketAddr::V4(_) => AddressFamily::Inet,
            SocketAddr::V6(_) => AddressFamily::Inet6,
        };
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let fd = socket(family, SockType::Stream, flags, None)?;
        let address = SockaddrStorage::from(to);
        debug_assert!(
            address.len() > 0,
            "a storage made of an address has its length"
        );
        match connect(fd.as_raw_fd(), &address) {
            Ok(()) | Err(Errno::EINPROGRESS) => Ok(Self {
                stream: fd.into(),
                is_there: false,
            }),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Do what the socket is ready for. True if there may be more to read.
    pub(super) fn serve(
        &mut self,
        now: Instant,
        courier: &mut Courier,
        out: &mut Vec<Action>,
    ) -> bool {
        if !self.is_there {
            if let Some(error) = self.refusal() {
                courier.lost(now, &error.to_string(), out);
                return false;
            }
            self.is_there = true;
            courier.connected(now);
        }
        let mut room = [0; 2048];
        let mut read = 0;
        while read < READ_MAX {
            match self.stream.read(&mut room) {
                Ok(0) => {
                    courier.lost(now, "the server closed the connection", out);
                    return false;
                }
                Ok(octets) => {
                    read += octets;
                    courier.received(now, room.get(..octets).unwrap_or_default(), out);
                    self.write(now, courier, out);
                    if out.contains(&Action::Close) {
                        return false;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.write(now, courier, out);
                    return false;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    courier.lost(now, &error.to_string(), out);
                    return false;
                }
            }
        }
        true
    }

    fn write(&mut self, now: Instant, courier: &mut Courier, out: &mut Vec<Action>) {
        while !courier.output().is_empty() {
            match self.stream.write(courier.output()) {
                Ok(octets) => courier.wrote(octets),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return courier.lost(now, &error.to_string(), out),
            }
        }
    }

    /// Why the connection did not come to be.
    fn refusal(&self) -> Option<io::Error> {
        match self.stream.take_error() {
            Ok(None) => self.stream.peer_addr().err(),
            Ok(Some(error)) | Err(error) => Some(error),
        }
    }
}

impl<P: Host> Mail<P> {
    /// Do what the courier asks for, until it asks no more.
    pub(super) fn act(&mut self, s: &mut Scheduler<P>) {
        let mut actions = std::mem::take(&mut self.actions);
        let mut next = 0;
        while let Some(action) = actions.get(next).cloned() {
            next += 1;
            self.perform(s, action, &mut actions);
        }
        actions.clear();
        self.actions = actions;
    }

    /// Send the mail of an event.
    pub(super) fn post(&mut self, now: Instant, sender: Sender, event: &Event<'_>) {
        let letter = Letter {
            date: date(&local_time()),
            from: self.from.clone(),
            to: Rc::clone(&self.to),
            subject: event.subject(&self.wish.router),
            body: event.body(),
        };
        self.courier.post(now, sender, letter, &mut self.actions);
    }

    fn perform(&mut self, s: &mut Scheduler<P>, action: Action, more: &mut Vec<Action>) {
        match action {
            Action::Close => self.close(s),
            Action::Connect(to) => {
                self.close(s);
                let begun = Connection::begin(to).and_then(|connection| {
                    let call = on_mail::<P>;
                    let stream = connection.stream.as_fd();
                    let io = s.watch("mail", stream, Interest::Both, 0, call)?;
                    Ok((connection, io))
                });
                match begun {
                    Ok(connection) => self.connection = Some(connection),
                    Err(error) => self.courier.lost(s.now(), &error.to_string(), more),
                }
            }
            Action::Write => {}
            Action::Delivered { subject, refused } => {
                log::debug!("mail sent: {subject}");
                for refused in refused {
                    log::warn!("the mail server does not take mails for {refused}");
                }
            }
            Action::Failed {
                subject,
                why,
                again: Some(pause),
            } => {
                let pause = pause.as_secs();
                log::warn!("mail not sent ({why}), again in {pause} seconds: {subject}");
            }
            Action::Failed {
                subject,
                why,
                again: None,
            } => log::error!("mail lost ({why}): {subject}"),
        }
    }

    fn close(&mut self, s: &mut Scheduler<P>) {
        if let Some((_, io)) = self.connection.take() {
            s.unwatch(io);
        }
    }
}

fn local_time() -> LocalTime {
    let now = clock_gettime(ClockId::CLOCK_REALTIME_COARSE);
    LocalTime::at(now.map_or(0, |time| time.tv_sec()))
}

fn on_mail<P: Host>(program: &mut P, s: &mut Scheduler<P>, io: IoId<P>, _: Ready) -> Drain {
    let now = s.now();
    let Some(mail) = &mut program.notifier().mail else {
        return Drain::Close;
    };
    let Some((connection, known)) = &mut mail.connection else {
        return Drain::Close;
    };
    if *known != io {
        return Drain::Close;
    }
    let more = connection.serve(now, &mut mail.courier, &mut mail.actions);
    mail.act(s);
    done(program, s);
    if more { Drain::More } else { Drain::Drained }
}
