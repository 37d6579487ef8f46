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

/// What to ask for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Scope {
    /// All addresses.
    Addresses,
    /// All links, then all addresses.
    Everything,
}

/// What to do after a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// Nothing.
    Continue,
    /// Send [`Dump::question`].
    Ask,
    /// Everything that was asked for has been told.
    Complete(Scope),
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
    has_links: bool,
}

impl Dump {
    /// Begin; [`Self::question`] is to be sent now. Not while one is running.
    pub fn begin(&mut self, scope: Scope) {
        debug_assert!(!self.is_running());
        let has_links = scope == Scope::Everything;
        *self = Self {
            stage: if has_links {
                Stage::Links
            } else {
                Stage::Addresses
            },
            has_links,
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
        } else if self.has_links {
            Step::Complete(Scope::Everything)
        } else {
            Step::Complete(Scope::Addresses)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlink::header::{Header, Messages, write_message};

    const PORT: u32 = 5;

    /// The dump hears the end of the part with this sequence number.
    fn hear(dump: &mut Dump, kind: u16, flags: u16, sequence: u32, payload: &[u8]) -> Step {
        let mut buffer = Vec::new();
        let header = Header {
            kind,
            flags,
            sequence,
            port: PORT,
        };
        write_message(&mut buffer, header, payload, |_| {});
        let message = Messages::new(&buffer).next().expect("just written");
        dump.hear(&message, PORT)
    }

    fn done(dump: &mut Dump, sequence: u32) -> Step {
        hear(dump, kind::DONE, 0, sequence, &[0; 4])
    }

    fn asks_for(dump: &Dump) -> u16 {
        let mut buffer = Vec::new();
        dump.question(&mut buffer);
        let question = Messages::new(&buffer).next().expect("a question");
        question.header.kind
    }

    #[test]
    fn links_come_first_then_addresses() {
        let mut dump = Dump::default();
        assert_eq!(done(&mut dump, LINKS), Step::Continue, "none is running");
        dump.begin(Scope::Everything);
        assert_eq!(asks_for(&dump), kind::GET_LINK);
        assert_eq!(done(&mut dump, ADDRESSES), Step::Continue, "not ours");
        assert_eq!(done(&mut dump, LINKS), Step::Ask);
        assert_eq!(asks_for(&dump), kind::GET_ADDRESS);
        assert_eq!(
            done(&mut dump, ADDRESSES),
            Step::Complete(Scope::Everything)
        );
        assert!(!dump.is_running());
    }

    #[test]
    fn addresses_can_be_asked_for_alone() {
        let mut dump = Dump::default();
        dump.begin(Scope::Addresses);
        assert_eq!(asks_for(&dump), kind::GET_ADDRESS);
        assert_eq!(done(&mut dump, LINKS), Step::Continue, "not asked for");
        let complete = Step::Complete(Scope::Addresses);
        assert_eq!(done(&mut dump, ADDRESSES), complete);
        assert!(!dump.is_running());
    }

    #[test]
    fn an_inconsistent_part_is_asked_for_again() {
        let mut dump = Dump::default();
        dump.begin(Scope::Everything);
        let flags = flag::DUMP_INTERRUPTED;
        assert_eq!(
            hear(&mut dump, kind::NEW_LINK, flags, LINKS, &[0; 16]),
            Step::Continue
        );
        assert_eq!(done(&mut dump, LINKS), Step::Ask);
        assert_eq!(asks_for(&dump), kind::GET_LINK);
        assert_eq!(done(&mut dump, LINKS), Step::Ask);
        assert_eq!(asks_for(&dump), kind::GET_ADDRESS);
    }

    #[test]
    fn an_abandoned_dump_ends_without_completion() {
        let mut dump = Dump::default();
        dump.begin(Scope::Everything);
        dump.abandon();
        assert_eq!(done(&mut dump, LINKS), Step::Continue);
        assert!(!dump.is_running());
        dump.begin(Scope::Everything);
        assert_eq!(done(&mut dump, LINKS), Step::Ask);
        assert_eq!(
            done(&mut dump, ADDRESSES),
            Step::Complete(Scope::Everything)
        );
    }

    #[test]
    fn a_refusal_ends_the_dump() {
        let mut dump = Dump::default();
        dump.begin(Scope::Everything);
        let busy = (-16_i32).to_ne_bytes();
        let step = hear(&mut dump, kind::ERROR, 0, LINKS, &busy);
        assert_eq!(step, Step::Refused(16));
        assert!(!dump.is_running());
    }
}
