//! The processes that are told of sessions.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};

use scheduler::{Drain, Instant, Interest, IoId, Ready, Scheduler};

use super::BfdProcess;
use super::session::Session;
use crate::bfd::feed::Teller;

/// Whom a line leads to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Reader {
    Vrrp,
    Checker,
}

impl Reader {
    const fn concerns(self, session: &Session) -> bool {
        match self {
            Self::Vrrp => session.config.tells_vrrp(),
            Self::Checker => session.config.tells_checker(),
        }
    }
}

/// Both of them.
#[derive(Debug, Default)]
pub(super) struct Readers {
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    reader: Reader,
    teller: Teller,
    /// Something could not be told: all is told again when there is room.
    is_behind: bool,
}

impl Readers {
    pub(super) fn new(vrrp: Teller, checker: Teller) -> Self {
        let line = |reader, teller| Line {
            reader,
            teller,
            is_behind: false,
        };
        Self {
            lines: vec![line(Reader::Vrrp, vrrp), line(Reader::Checker, checker)],
        }
    }

    /// Tell those whom it concerns.
    pub(super) fn tell(&mut self, now: Instant, session: &Session) {
        for line in &mut self.lines {
            line.tell(now, session);
        }
    }

    /// Tell everything that is known.
    pub(super) fn tell_all(&mut self, now: Instant, sessions: &[Session]) {
        for line in &mut self.lines {
            line.tell_all(now, sessions);
        }
    }

    fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.lines.iter().map(|line| line.teller.as_fd())
    }
}

impl Line {
    fn tell(&mut self, now: Instant, session: &Session) {
        let Some(is_up) = session.told.filter(|_| self.reader.concerns(session)) else {
            return;
        };
        if self.is_behind {
            return;
        }
        match self.teller.tell(now, session.name(), is_up) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.is_behind = true,
            Err(error) => log::warn!("cannot tell of BFD sessions: {error}"),
        }
    }

    fn tell_all(&mut self, now: Instant, sessions: &[Session]) {
        self.is_behind = false;
        for session in sessions {
            self.tell(now, session);
        }
    }
}

impl BfdProcess {
    pub(super) fn watch_readers(&mut self, s: &mut Scheduler<Self>) -> io::Result<()> {
        let lines: Vec<_> = self.readers.descriptors().zip(0..).collect();
        for (fd, number) in lines {
            s.watch("BFD readers", fd, Interest::Both, number, Self::on_reader)?;
        }
        Ok(())
    }

    /// A reader asks, or has room again.
    fn on_reader(&mut self, s: &mut Scheduler<Self>, _: IoId<Self>, ready: Ready) -> Drain {
        let number = usize::try_from(ready.key()).unwrap_or(usize::MAX);
        let Some(line) = self.readers.lines.get_mut(number) else {
            return Drain::Close;
        };
        let mut is_asked = false;
        while line.teller.next().is_some() {
            is_asked = true;
        }
        if is_asked || line.is_behind && ready.is_writable() {
            line.tell_all(s.now(), &self.sessions);
        }
        Drain::Drained
    }
}
