//! `SMTP_CHECK`: the beginning and the end of a mail session (RFC 5321).
//!
//! ```text
//! 220 ─► HELO ─► 250 ─► QUIT ─► any reply
//! ```

use std::fmt::Write as _;

use scheduler::Instant;

use super::ended;
use crate::check::checker::SmtpSettings;
use crate::check::probe::{Event, Opening, Outcome, Output, Probe, Transport};
use crate::wire::smtp::{Replies, Reply};

/// What the next reply answers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Step {
    Greeting,
    Hello,
    Quit,
}

/// The check of one server.
#[derive(Clone, Debug)]
pub struct Smtp {
    settings: SmtpSettings,
    step: Step,
    replies: Replies,
}

impl Smtp {
    /// A check as configured.
    #[must_use]
    pub fn new(settings: SmtpSettings) -> Self {
        Self {
            settings,
            step: Step::Greeting,
            replies: Replies::default(),
        }
    }

    fn receive(&mut self, octets: &[u8], out: &mut Output) -> Option<Outcome> {
        let mut replies = std::mem::take(&mut self.replies);
        for &octet in octets {
            let outcome = match replies.push(octet) {
                Ok(None) => None,
                Ok(Some(reply)) => self.answer(reply, out),
                // What is said to the end says nothing of the service any more.
                Err(_) if self.step == Step::Quit => Some(Outcome::Passed(None)),
                Err(error) => Some(Outcome::Failed(error.words().into())),
            };
            if outcome.is_some() {
                return outcome;
            }
        }
        self.replies = replies;
        None
    }

    fn answer(&mut self, reply: Reply<'_>, out: &mut Output) -> Option<Outcome> {
        let (line, next) = match (self.step, reply.code) {
            (Step::Greeting, 220) => (Some(self.settings.helo.as_str()), Step::Hello),
            (Step::Hello, 250) => (None, Step::Quit),
            (Step::Quit, _) => return Some(Outcome::Passed(None)),
            (Step::Greeting, _) => return Some(refused("Bad greeting banner", reply)),
            (Step::Hello, _) => return Some(refused("Bad HELO response", reply)),
        };
        if !out.send.is_empty() {
            // Two replies at once: the second one was there before the question.
            return Some(Outcome::Failed(
                "the server replies before it is asked".into(),
            ));
        }
        match line {
            Some(name) => out.send.extend(format!("HELO {name}\r\n").bytes()),
            None => out.send.extend(b"QUIT\r\n"),
        }
        out.extend(self.settings.endpoint.timeout);
        self.step = next;
        None
    }
}

fn refused(what: &str, reply: Reply<'_>) -> Outcome {
    let mut why = what.to_owned();
    // A text takes everything.
    let _ = write!(why, " ({})", reply.told());
    Outcome::Failed(why.into())
}

impl Probe for Smtp {
    fn begin(&mut self, _: Instant, _: u64) -> Opening<'_> {
        self.step = Step::Greeting;
        self.replies = Replies::default();
        Opening {
            transport: Transport::Stream(&self.settings.endpoint),
            patience: self.settings.endpoint.timeout,
        }
    }

    fn on(&mut self, _: Instant, event: Event<'_>, out: &mut Output) -> Option<Outcome> {
        match event {
            Event::Connected => {
                out.extend(self.settings.endpoint.timeout);
                None
            }
            Event::Received(octets) => self.receive(octets, out),
            Event::Exited(_) => None,
            Event::Ended | Event::Failed(_) | Event::Expired => ended(&event),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{drive, endpoint};
    use super::*;

    fn smtp() -> Smtp {
        let mut probe = Smtp::new(SmtpSettings {
            endpoint: endpoint(),
            helo: "probe.example".into(),
        });
        probe.begin(Instant::ZERO, 0);
        probe
    }

    /// All that is sent, and how it ends, when the server says each of these in turn,
    /// cut into pieces of so many octets.
    fn session(says: &[&str], piece: usize) -> (String, Option<Outcome>) {
        let mut probe = smtp();
        let mut sent = Vec::new();
        for text in says {
            for octets in text.as_bytes().chunks(piece) {
                let (more, outcome) = drive(&mut probe, Event::Received(octets));
                sent.extend(more);
                if outcome.is_some() {
                    return (String::from_utf8(sent).unwrap(), outcome);
                }
            }
        }
        (String::from_utf8(sent).unwrap(), None)
    }

    #[test]
    fn greets_and_quits_however_the_octets_are_cut() {
        let single = ["220 hi\r\n", "250 ok\r\n", "221 bye\r\n"];
        let several = [
            "220-one\r\n220 two\r\n",
            "250-a\r\n250-b\r\n250 c\r\n",
            "221-x\r\n221 y\r\n",
        ];
        for says in [single, several] {
            for piece in [1, 2, 3, 5, 8, 13, 99] {
                let (sent, outcome) = session(&says, piece);
                assert_eq!(sent, "HELO probe.example\r\nQUIT\r\n");
                assert_eq!(outcome, Some(Outcome::Passed(None)), "{says:?} {piece}");
            }
        }
    }

    #[test]
    fn any_reply_to_quit_will_do() {
        for last in ["500 what\r\n", "farewell\r\n", "\r\n"] {
            let (_, outcome) = session(&["220 hi\r\n", "250\r\n", last], 99);
            assert_eq!(outcome, Some(Outcome::Passed(None)), "{last:?}");
        }
    }

    #[test]
    fn what_is_not_wanted() {
        let why = |says: &[&str]| match session(says, 3).1 {
            Some(Outcome::Failed(why)) => why.into_owned(),
            other => panic!("{says:?}: {other:?}"),
        };
        assert_eq!(
            why(&["554 go away\r\n"]),
            "Bad greeting banner (554 go away)"
        );
        assert_eq!(
            why(&["220 hi\r\n", "502 what\r\n"]),
            "Bad HELO response (502 what)"
        );
        assert_eq!(why(&["SSH-2.0\r\n"]), "the server does not speak SMTP");
        assert_eq!(
            why(&[&"2".repeat(9000)]),
            "the reply of the server does not end"
        );
    }

    #[test]
    fn each_attempt_begins_anew() {
        let mut probe = smtp();
        drive(&mut probe, Event::Received(b"220 hi\r\n25"));
        probe.begin(Instant::ZERO, 0);
        let (sent, _) = drive(&mut probe, Event::Received(b"220 hi\r\n"));
        assert_eq!(sent, b"HELO probe.example\r\n");
    }

    proptest! {
        #[test]
        fn foreign_octets_do_no_harm(pieces: Vec<Vec<u8>>) {
            let mut probe = smtp();
            for piece in &pieces {
                if drive(&mut probe, Event::Received(piece)).1.is_some() {
                    break;
                }
            }
        }
    }
}
