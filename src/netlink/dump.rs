//! The questions for everything, and the order of their answers.
//!
//! The kernel answers one dump at a time on a socket. So links are asked for
//! first, for addresses when those have ended, and then for routes and rules where
//! they are listened to. A part that the kernel marks as
//! inconsistent is asked for again. A loss of events in the middle makes the
//! dump worthless: it is read to its end (its own parts are never lost) and
//! begun anew when the socket is empty, because the kernel goes on dropping
//! events until then.

use super::error::Reply;
use super::header::{Message, family, flag, kind};
use super::{addr, link, route, rule};

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Stage {
    #[default]
    Idle,
    Links,
    Addresses,
    /// Those of IPv4, which are a dump of their own.
    RoutesV4,
    RoutesV6,
    Rules,
}

impl Stage {
    /// The sequence number of its question; none is asked while idle.
    const fn sequence(self) -> u32 {
        self as u32
    }
}

/// What to ask for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Scope {
    /// All addresses.
    Addresses,
    /// All links, then all addresses, then the [`Paths`] that are listened to.
    Everything,
}

/// Which of routes and rules are listened to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Paths {
    /// Routes of keepalived's protocol number.
    pub routes: bool,
    /// Rules.
    pub rules: bool,
}

/// What to do after a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// Nothing.
    Continue,
    /// Send [`Dump::question`].
    Ask,
    /// All routes and rules are told from here on: [`Self::Ask`].
    AskForPaths,
    /// Everything that was asked for has been told.
    Complete(Scope),
    /// The kernel refused with this error number; the dump has ended.
    Refused(i32),
}

/// The state of a dump. A machine without a socket.
#[derive(Debug, Default)]
pub struct Dump {
    stage: Stage,
    /// A part did not belong to the same moment as the others.
    is_inconsistent: bool,
    /// Events were lost since the beginning: its end is no completion.
    is_abandoned: bool,
    has_links: bool,
    paths: Paths,
}

impl Dump {
    /// Begin; [`Self::question`] is to be sent now. Not while one is running. `paths` are
    /// asked for with everything only.
    pub fn begin(&mut self, scope: Scope, paths: Paths) {
        debug_assert!(!self.is_running());
        let has_links = scope == Scope::Everything;
        *self = Self {
            stage: if has_links {
                Stage::Links
            } else {
                Stage::Addresses
            },
            has_links,
            paths: if has_links { paths } else { Paths::default() },
            ..Self::default()
        };
    }

    /// The question could not be sent, or its answer will never come: none is running.
    pub fn give_up(&mut self) {
        self.stage = Stage::Idle;
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
        let sequence = self.stage.sequence();
        match self.stage {
            Stage::Idle => {}
            Stage::Links => link::write_dump(buffer, sequence),
            Stage::Addresses => addr::write_dump(buffer, sequence),
            Stage::RoutesV4 => route::write_own_dump(buffer, family::INET, sequence),
            Stage::RoutesV6 => route::write_own_dump(buffer, family::INET6, sequence),
            Stage::Rules => rule::write_dump(buffer, sequence),
        }
    }

    /// Take notice of a message that was received, of a dump or not.
    pub fn hear(&mut self, message: &Message<'_>, our_port: u32) -> Step {
        let header = &message.header;
        let is_expected = header.port == our_port && header.sequence == self.stage.sequence();
        if !self.is_running() || !is_expected {
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
        if self.is_abandoned {
            self.stage = Stage::Idle;
            return Step::Continue;
        }
        if std::mem::take(&mut self.is_inconsistent) {
            return Step::Ask;
        }
        let next = self.next_stage();
        let before = std::mem::replace(&mut self.stage, next);
        match self.stage {
            Stage::Idle if self.has_links => Step::Complete(Scope::Everything),
            Stage::Idle => Step::Complete(Scope::Addresses),
            Stage::RoutesV4 | Stage::Rules if before == Stage::Addresses => Step::AskForPaths,
            Stage::Links | Stage::Addresses | Stage::RoutesV4 | Stage::RoutesV6 | Stage::Rules => {
                Step::Ask
            }
        }
    }

    const fn next_stage(&self) -> Stage {
        match self.stage {
            Stage::Links => Stage::Addresses,
            Stage::Addresses if self.paths.routes => Stage::RoutesV4,
            Stage::RoutesV4 => Stage::RoutesV6,
            Stage::Addresses | Stage::RoutesV6 if self.paths.rules => Stage::Rules,
            Stage::Idle | Stage::Addresses | Stage::RoutesV6 | Stage::Rules => Stage::Idle,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlink::header::{Header, Messages, write_message};

    const PORT: u32 = 5;
    const LINKS: u32 = Stage::Links.sequence();
    const ADDRESSES: u32 = Stage::Addresses.sequence();
    const NOTHING: Paths = Paths {
        routes: false,
        rules: false,
    };

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
        dump.begin(Scope::Everything, NOTHING);
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
        dump.begin(Scope::Addresses, NOTHING);
        assert_eq!(asks_for(&dump), kind::GET_ADDRESS);
        assert_eq!(done(&mut dump, LINKS), Step::Continue, "not asked for");
        let complete = Step::Complete(Scope::Addresses);
        assert_eq!(done(&mut dump, ADDRESSES), complete);
        assert!(!dump.is_running());
    }

    #[test]
    fn an_inconsistent_part_is_asked_for_again() {
        let mut dump = Dump::default();
        dump.begin(Scope::Everything, NOTHING);
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
        dump.begin(Scope::Everything, NOTHING);
        dump.abandon();
        assert_eq!(done(&mut dump, LINKS), Step::Continue);
        assert!(!dump.is_running());
        dump.begin(Scope::Everything, NOTHING);
        assert_eq!(done(&mut dump, LINKS), Step::Ask);
        assert_eq!(
            done(&mut dump, ADDRESSES),
            Step::Complete(Scope::Everything)
        );
    }

    #[test]
    fn a_refusal_ends_the_dump() {
        let mut dump = Dump::default();
        dump.begin(Scope::Everything, NOTHING);
        let busy = (-16_i32).to_ne_bytes();
        let step = hear(&mut dump, kind::ERROR, 0, LINKS, &busy);
        assert_eq!(step, Step::Refused(16));
        assert!(!dump.is_running());
    }

    #[test]
    fn routes_and_rules_come_last_where_they_are_listened_to() {
        let both = Paths {
            routes: true,
            rules: true,
        };
        let mut dump = Dump::default();
        dump.begin(Scope::Everything, both);
        assert_eq!(done(&mut dump, LINKS), Step::Ask);
        assert_eq!(done(&mut dump, ADDRESSES), Step::AskForPaths);
        for (stage, kind, step) in [
            (Stage::RoutesV4, kind::GET_ROUTE, Step::Ask),
            (Stage::RoutesV6, kind::GET_ROUTE, Step::Ask),
            (
                Stage::Rules,
                kind::GET_RULE,
                Step::Complete(Scope::Everything),
            ),
        ] {
            assert_eq!(asks_for(&dump), kind);
            assert_eq!(done(&mut dump, stage.sequence()), step);
        }
        let rules = Paths {
            routes: false,
            rules: true,
        };
        dump.begin(Scope::Everything, rules);
        assert_eq!(done(&mut dump, LINKS), Step::Ask);
        assert_eq!(done(&mut dump, ADDRESSES), Step::AskForPaths);
        assert_eq!(asks_for(&dump), kind::GET_RULE);
        dump.give_up();
        dump.begin(Scope::Addresses, both);
        let complete = Step::Complete(Scope::Addresses);
        assert_eq!(done(&mut dump, ADDRESSES), complete, "alone");
    }
}
