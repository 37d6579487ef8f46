//! The questions for everything, and the order of their answers.
//!
//! The kernel answers one dump at a time on a socket. So links are asked for
//! first, and for addresses when those have ended. A part that the kernel marks as
//! inconsistent is asked for again. A loss of events in the middle makes the
//! dump worthless: it is read to its end (its own parts are never lost) and
//! begun anew when the socket is empty, because the kernel goes on dropping
//! events until then.

use super::error::Reply;
use super::header::{Message, flag, kind};
use super::{addr, link};

/// Sequence numbers of the dumps.
const LINKS: u32 = 1;
const ADDRESSES: u32 = 2;

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Stage {
    #[default]
    Idle,
    Links,
    Addresses,
}

/// What to do after a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// Nothing.
    Continue,
    /// Send [`Dump::question`].
    Ask,
    /// Links and addresses have been told completely.
    Complete,
    /// The kernel refused with this error number; the dump has ended.
    Refused(i32),
}

/// The state of a dump of links and addresses. A machine without a socket.
#[derive(Debug, Default)]
pub struct Dump {
    stage: Stage,
    /// A part did not belong to the same moment as the others.
    is_inconsistent: bool,
    /// Events were lost since the beginning: its end is no completion.
    is_abandoned: bool,
}

impl Dump {
    /// Begin; [`Self::question`] is to be sent now. Not while one is running.
    pub fn begin(&mut self) {
        debug_assert!(!self.is_running());
        *self = Self {
            stage: Stage::Links,
            ..Self::default()
        };
    }

    /// What is told from here on is worthless. The part that is running must
    /// still be read to its end, then the dump ends.
    pub fn abandon(&mut self) {
        self.is_abandoned = true;
    }

    /// Whether a dump is under way.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.stage != Stage::Idle
    }

    /// Append the question of the present stage.
    pub fn question(&self, buffer: &mut Vec<u8>) {
        match self.stage {
            Stage::Idle => {}
            Stage::Links => link::write_dump(buffer, LINKS),
            Stage::Addresses => addr::write_dump(buffer, ADDRESSES),
        }
    }

    /// Take notice of a message that was received, of a dump or not.
    pub fn hear(&mut self, message: &Message<'_>, our_port: u32) -> Step {
        let expected = match self.stage {
            Stage::Idle => return Step::Continue,
            Stage::Links => LINKS,
            Stage::Addresses => ADDRESSES,
        };
        let header = &message.header;
        if header.port != our_port || header.sequence != expected {
            return Step::Continue;
        }
        self.is_inconsistent |= header.flags & flag::DUMP_INTERRUPTED != 0;
        match header.kind {
            kind::DONE => self.end_stage(),
            kind::ERROR => {
                self.stage = Stage::Idle;
                Step::Refused(Reply::parse(message).map_or(0, |reply| reply.errno))
            }
            _ => Step::Continue,
        }
    }

    fn end_stage(&mut self) -> Step {
        let next = match self.stage {
            Stage::Idle => return Step::Continue,
            Stage::Links => Stage::Addresses,
            Stage::Addresses => Stage::Idle,
        };
        if self.is_abandoned {
            self.stage = Stage::Idle;
            return Step::Continue;
        }
        if std::mem::take(&mut self.is_inconsistent) {
            return Step::Ask;
        }
        self.stage = next;
        if self.is_running() {
            Step::Ask
        } else {
            Step::Complete
        }
    }
}
