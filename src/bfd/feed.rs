//! What the BFD process tells those that track sessions, and they ask it.
//!
//! The parent makes a [`Line`] for each reading process at its start and keeps both
//! ends of it, so either process may end and be started again without the other one
//! noticing. Each message is a datagram: its version, its kind, and what belongs to
//! the kind. Nobody ever waits: a [`Feed`] gives what has come, a [`Teller`] whose
//! line is full says so and tells everything again when there is room.
//!
//! ```text
//! reader                      BFD process
//!   │ ── ask() ──────────────► │   after each start and reload of the reader
//!   │ ◄── verdict, ... ─────── │   each session of which something is known
//!   │ ◄── verdict ──────────── │   as sessions go up and down
//! ```
//!
//! A reader registers the descriptor, and reads until there is nothing:
//!
//! ```text
//! s.watch("BFD", feed.as_fd(), Interest::Read, 0, Self::on_bfd)?;
//! feed.ask();
//! // in the handler
//! while let Some(verdict) = feed.next() {
//!     self.session(&verdict.name, verdict.up);
//! }
//! Drain::Drained
//! ```
//!
//! Of a session that has never been up nothing is told: it has neither failed nor
//! been seen to work.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use scheduler::Instant;

use crate::sys::pass;

/// Of all messages. The processes are forks of one program, so it differs only if
/// somebody else writes.
const VERSION: u8 = 1;
const VERDICT: u8 = b'V';
const ASK: u8 = b'A';
/// The longest name of a session, in octets.
pub const NAME_MAX: usize = 31;
/// Version, kind, up or down, nanoseconds of the monotonic clock, name.
const MESSAGE_MAX: usize = 11 + NAME_MAX;

/// What is known of a session.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verdict {
    /// The `bfd_instance`.
    pub name: String,
    /// Whether its session is up.
    pub up: bool,
    /// When it was told.
    pub told: Instant,
}

/// What a reader wants.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Asked {
    /// All verdicts there are.
    Everything,
}

/// A connection of two processes.
#[derive(Debug)]
pub struct Line {
    teller: Teller,
    feed: Feed,
}

impl Line {
    /// Make one.
    ///
    /// # Errors
    /// What `socketpair(2)` says.
    pub fn open() -> io::Result<Self> {
        let (teller, feed) = pass::pair()?;
        Ok(Self {
            teller: Teller(teller),
            feed: Feed(feed),
        })
    }

    /// The end of the BFD process.
    ///
    /// # Errors
    /// What duplicating the descriptor says.
    pub fn teller(&self) -> io::Result<Teller> {
        self.teller.0.try_clone().map(Teller)
    }

    /// The end of the reader.
    ///
    /// # Errors
    /// What duplicating the descriptor says.
    pub fn feed(&self) -> io::Result<Feed> {
        self.feed.0.try_clone().map(Feed)
    }
}

/// The end of a process that tracks sessions.
#[derive(Debug)]
pub struct Feed(OwnedFd);

impl Feed {
    /// Have all verdicts told.
    pub fn ask(&self) {
        // If there is no room, many questions wait for their answer already.
        let _ = pass::send(self.as_fd(), &[VERSION, ASK], None);
    }

    /// The next verdict; nothing when none is waiting.
    #[must_use]
    pub fn next(&self) -> Option<Verdict> {
        let mut room = [0; MESSAGE_MAX];
        loop {
            let length = received(self.as_fd(), &mut room)?;
            if let [VERSION, VERDICT, up @ (0 | 1), rest @ ..] = room.get(..length)?
                && let Some((told, name)) = rest.split_first_chunk()
            {
                return Some(Verdict {
                    name: String::from_utf8_lossy(name).into_owned(),
                    up: *up == 1,
                    told: Instant::from_nanos(u64::from_ne_bytes(*told)),
                });
            }
        }
    }
}

impl AsFd for Feed {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The end of the BFD process.
#[derive(Debug)]
pub struct Teller(OwnedFd);

impl Teller {
    /// Tell of a session.
    ///
    /// # Errors
    /// `WouldBlock` when the reader is behind: tell everything once the line can be
    /// written.
    pub fn tell(&self, now: Instant, name: &str, up: bool) -> io::Result<()> {
        let mut message = Vec::with_capacity(MESSAGE_MAX);
        message.extend([VERSION, VERDICT, u8::from(up)]);
        message.extend(now.as_nanos().to_ne_bytes());
        message.extend(name.bytes().take(NAME_MAX));
        pass::send(self.as_fd(), &message, None)
    }

    /// The next question; nothing when none is waiting.
    #[must_use]
    pub fn next(&self) -> Option<Asked> {
        let mut room = [0; MESSAGE_MAX];
        loop {
            let length = received(self.as_fd(), &mut room)?;
            if room.get(..length)? == [VERSION, ASK] {
                return Some(Asked::Everything);
            }
        }
    }
}

impl AsFd for Teller {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The length of a message, unless there is none or the line has ended.
fn received(fd: BorrowedFd<'_>, room: &mut [u8]) -> Option<usize> {
    let (length, _) = pass::receive(fd, room).ok()?;
    (length > 0).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_millis(12_345);

    fn verdict(name: &str, up: bool) -> Option<Verdict> {
        Some(Verdict {
            name: name.to_owned(),
            up,
            told: NOW,
        })
    }

    #[test]
    fn verdicts_arrive_in_order() {
        let line = Line::open().unwrap();
        let (teller, feed) = (line.teller().unwrap(), line.feed().unwrap());
        assert_eq!(feed.next(), None);
        teller.tell(NOW, "one", true).unwrap();
        teller.tell(NOW, &"n".repeat(NAME_MAX), false).unwrap();
        assert_eq!(feed.next(), verdict("one", true));
        assert_eq!(feed.next(), verdict(&"n".repeat(NAME_MAX), false));
        assert_eq!(feed.next(), None);
    }

    #[test]
    fn a_question_waits_for_a_teller_that_is_started_later() {
        let line = Line::open().unwrap();
        line.feed().unwrap().ask();
        let teller = line.teller().unwrap();
        assert_eq!(teller.next(), Some(Asked::Everything));
        assert_eq!(teller.next(), None);
    }

    #[test]
    fn what_is_not_understood_is_passed_over() {
        let line = Line::open().unwrap();
        let (teller, feed) = (line.teller().unwrap(), line.feed().unwrap());
        for foreign in [&b"\x02V\x01x"[..], b"\x01?", b"\x01V\x07x", b"\x01"] {
            pass::send(teller.as_fd(), foreign, None).unwrap();
            pass::send(feed.as_fd(), foreign, None).unwrap();
        }
        teller.tell(NOW, "x", true).unwrap();
        feed.ask();
        assert_eq!(feed.next(), verdict("x", true));
        assert_eq!(teller.next(), Some(Asked::Everything));
    }

    #[test]
    fn a_reader_that_does_not_read_is_an_error_and_no_wait() {
        let line = Line::open().unwrap();
        let teller = line.teller().unwrap();
        let refused = (0..10_000).find_map(|_| teller.tell(NOW, "x", true).err());
        assert_eq!(refused.unwrap().kind(), io::ErrorKind::WouldBlock);
        let feed = line.feed().unwrap();
        for _ in 0..10_000 {
            feed.ask();
        }
    }
}
