//! One SMTP conversation (RFC 5321) as a machine: octets of the server in, octets
//! for the server out.
//!
//! ```text
//! 220 ─► HELO ─► MAIL FROM ─► RCPT TO ... ─► DATA ─► the letter ─► QUIT
//! ```
//!
//! Plain SMTP without extensions, so every relay understands it. A recipient
//! that is refused does not keep the mail from the others. Any other refusal
//! leads straight to QUIT; whether a later attempt may help is what the server
//! says by 4yz against 5yz (section 4.2.1).

use super::letter::Letter;
use crate::wire::smtp::{Replies, Reply};

/// How a conversation ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The server has taken the mail; the recipients it did not want.
    Delivered {
        /// Addresses and what the server said to them.
        refused: Vec<String>,
    },
    /// It did not work now; why.
    Later(String),
    /// The server does not want it; why.
    Refused(String),
}

/// What the next reply answers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Step {
    Greeting,
    Hello,
    Sender,
    Recipient(usize),
    Data,
    Letter,
    Quit,
    Over,
}

/// A conversation under way.
#[derive(Debug)]
pub struct Conversation {
    letter: Letter,
    hello: String,
    step: Step,
    replies: Replies,
    output: Vec<u8>,
    written: usize,
    accepted: usize,
    refused: Vec<String>,
    outcome: Option<Outcome>,
}

impl Conversation {
    /// Wait for the greeting of the server; `hello` is the name given to it.
    #[must_use]
    pub fn new(letter: Letter, hello: &str) -> Self {
        Self {
            letter,
            hello: hello.to_owned(),
            step: Step::Greeting,
            replies: Replies::default(),
            output: Vec::new(),
            written: 0,
            accepted: 0,
            refused: Vec::new(),
            outcome: None,
        }
    }

    /// Take in what the server sent.
    pub fn received(&mut self, octets: &[u8]) {
        let mut replies = std::mem::take(&mut self.replies);
        for &octet in octets {
            if self.step == Step::Over {
                return;
            }
            match replies.push(octet) {
                Ok(None) => {}
                Ok(Some(reply)) => self.take_reply(reply),
                Err(error) => return self.abort(error.words()),
            }
        }
        self.replies = replies;
    }

    /// The server has closed the connection, or it broke.
    pub fn closed(&mut self, why: &str) {
        if self.step != Step::Over {
            self.abort(why);
        }
    }

    /// What is to be written to the server.
    #[must_use]
    pub fn output(&self) -> &[u8] {
        self.output.get(self.written..).unwrap_or_default()
    }

    /// So many octets of [`Self::output`] have been written.
    pub fn wrote(&mut self, octets: usize) {
        self.written = (self.written + octets).min(self.output.len());
        if self.written == self.output.len() {
            self.output.clear();
            self.written = 0;
        }
    }

    /// How it ended, as soon as that is settled; the farewell may still follow.
    #[must_use]
    pub const fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// Whether nothing more is to be said: close the connection.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.step == Step::Over
    }

    fn take_reply(&mut self, reply: Reply<'_>) {
        let code = reply.code;
        let text = &reply.told();
        let positive = code < 400;
        if positive && !self.output().is_empty() {
            return self.abort("the server replies before it is asked");
        }
        match (self.step, code) {
            (Step::Greeting, 220) => {
                let hello = format!("HELO {}\r\n", self.hello);
                self.say(&hello, Step::Hello);
            }
            (Step::Hello, 250) => {
                let sender = format!("MAIL FROM:<{}>\r\n", self.letter.sender());
                self.say(&sender, Step::Sender);
            }
            (Step::Sender, 250) => self.recipient(0),
            (Step::Recipient(at), 250 | 251) => {
                self.accepted += 1;
                self.recipient(at + 1);
            }
            // The server is about to close (RFC 5321 3.8), whoever the recipient is.
            (Step::Recipient(at), 422..=599) | (Step::Recipient(at), 400..=420) => {
                let address = self.letter.recipient(at).unwrap_or_default();
                self.refused.push(format!("{address}: {text}"));
                self.recipient(at + 1);
            }
            (Step::Data, 354) => {
                let octets = self.letter.octets();
                self.output.extend_from_slice(&octets);
                self.step = Step::Letter;
            }
            (Step::Letter, 250) => {
                let refused = std::mem::take(&mut self.refused);
                self.quit(Outcome::Delivered { refused });
            }
            (Step::Quit, _) => self.step = Step::Over,
            (_, 400..500) => self.quit(Outcome::Later(text.to_owned())),
            _ => self.quit(Outcome::Refused(text.to_owned())),
        }
    }

    fn recipient(&mut self, at: usize) {
        if let Some(address) = self.letter.recipient(at) {
            let line = format!("RCPT TO:<{address}>\r\n");
            self.say(&line, Step::Recipient(at));
        } else if self.accepted > 0 {
            self.say("DATA\r\n", Step::Data);
        } else {
            let why = self.refused.join("; ");
            let later = self.refused.iter().any(|text| text.contains(": 4"));
            self.quit(if later {
                Outcome::Later(why)
            } else {
                Outcome::Refused(why)
            });
        }
    }

    fn say(&mut self, line: &str, next: Step) {
        self.output.extend_from_slice(line.as_bytes());
        self.step = next;
    }

    /// Half a letter must not be followed by a command.
    fn quit(&mut self, outcome: Outcome) {
        let clean = self.output().is_empty();
        self.outcome = Some(outcome);
        if clean {
            self.say("QUIT\r\n", Step::Quit);
        } else {
            self.output.clear();
            self.written = 0;
            self.step = Step::Over;
        }
    }

    fn abort(&mut self, why: &str) {
        self.outcome
            .get_or_insert_with(|| Outcome::Later(why.to_owned()));
        self.output.clear();
        self.written = 0;
        self.step = Step::Over;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::notify::letter::Mailbox;

    fn letter(to: &[&str]) -> Letter {
        Letter {
            date: "Sun, 22 Nov 2026 04:14:26 +0000".into(),
            from: Mailbox::new("Lb <lb@example.net>"),
            to: to
                .iter()
                .map(|to| Mailbox::new(to))
                .collect::<Vec<_>>()
                .into(),
            subject: "[r] VRRP Instance V - Stopping".into(),
            body: "=> text <=".into(),
        }
    }

    fn conversation(to: &[&str]) -> Conversation {
        Conversation::new(letter(to), "me")
    }

    /// Let the server say a line; what it gets in turn.
    fn ask(talk: &mut Conversation, line: &str) -> String {
        talk.received(line.as_bytes());
        let said = String::from_utf8(talk.output().to_vec()).unwrap();
        talk.wrote(said.len());
        said
    }

    #[test]
    fn a_mail_is_delivered() {
        let mut talk = conversation(&["a@x", "\"B\" <b@x>"]);
        assert_eq!(ask(&mut talk, "220 hi\r\n"), "HELO me\r\n");
        assert_eq!(
            ask(&mut talk, "250 ok\r\n"),
            "MAIL FROM:<lb@example.net>\r\n"
        );
        assert_eq!(ask(&mut talk, "250 ok\r\n"), "RCPT TO:<a@x>\r\n");
        assert_eq!(ask(&mut talk, "250 ok\r\n"), "RCPT TO:<b@x>\r\n");
        assert_eq!(ask(&mut talk, "250 ok\r\n"), "DATA\r\n");
        let text = ask(&mut talk, "354 go\r\n");
        assert!(text.ends_with("\r\n.\r\n"), "{text}");
        assert_eq!(talk.outcome(), None);
        assert_eq!(ask(&mut talk, "250 queued\r\n"), "QUIT\r\n");
        assert_eq!(
            talk.outcome(),
            Some(&Outcome::Delivered { refused: vec![] })
        );
        ask(&mut talk, "221 bye\r\n");
        assert!(talk.is_over());
    }

    #[test]
    fn replies_of_several_lines_and_in_pieces() {
        let mut talk = conversation(&["a@x"]);
        for piece in ["22", "0-one\r", "\n220-two\n2", "20"] {
            assert_eq!(ask(&mut talk, piece), "");
        }
        assert_eq!(ask(&mut talk, "\r\n"), "HELO me\r\n");
    }

    #[test]
    fn a_refused_recipient_does_not_stop_the_others() {
        let mut talk = conversation(&["a@x", "b@x"]);
        for line in ["220 hi\r\n", "250 ok\r\n", "250 ok\r\n"] {
            ask(&mut talk, line);
        }
        assert_eq!(ask(&mut talk, "550 who?\r\n"), "RCPT TO:<b@x>\r\n");
        assert_eq!(ask(&mut talk, "251 forwarded\r\n"), "DATA\r\n");
        ask(&mut talk, "354 go\r\n");
        ask(&mut talk, "250 ok\r\n");
        let refused = vec!["a@x: 550 who?".to_owned()];
        assert_eq!(talk.outcome(), Some(&Outcome::Delivered { refused }));
    }

    #[test]
    fn without_any_recipient_there_is_no_mail() {
        for (reply, later) in [("450 busy\r\n", true), ("550 no\r\n", false)] {
            let mut talk = conversation(&["a@x"]);
            for line in ["220 hi\r\n", "250 ok\r\n", "250 ok\r\n"] {
                ask(&mut talk, line);
            }
            assert_eq!(ask(&mut talk, reply), "QUIT\r\n");
            let outcome = talk.outcome().unwrap();
            assert_eq!(matches!(outcome, Outcome::Later(_)), later, "{outcome:?}");
        }
    }

    #[test]
    fn refusals_say_whether_to_come_back() {
        let mut talk = conversation(&["a@x"]);
        assert_eq!(ask(&mut talk, "421 busy\r\n"), "QUIT\r\n");
        assert_eq!(talk.outcome(), Some(&Outcome::Later("421 busy".into())));
        let mut talk = conversation(&["a@x"]);
        assert_eq!(ask(&mut talk, "554 go away\r\n"), "QUIT\r\n");
        assert_eq!(
            talk.outcome(),
            Some(&Outcome::Refused("554 go away".into()))
        );
    }

    #[test]
    fn what_is_not_smtp_ends_it() {
        for line in [
            "SSH-2.0-x\r\n",
            "22\r\n",
            "220_x\r\n",
            "\r\n",
            "２２０ x\r\n",
        ] {
            let mut talk = conversation(&["a@x"]);
            assert_eq!(ask(&mut talk, line), "");
            assert!(talk.is_over(), "{line}");
            assert!(matches!(talk.outcome(), Some(Outcome::Later(_))));
        }
    }

    #[test]
    fn a_reply_without_end_is_cut() {
        let mut talk = conversation(&["a@x"]);
        talk.received(&[b'2'; 5000]);
        assert!(talk.is_over());
        let mut talk = conversation(&["a@x"]);
        for _ in 0..5000 {
            talk.received(b"220-x\r\n");
        }
        assert!(talk.is_over());
    }

    #[test]
    fn replies_in_advance_deliver_nothing() {
        let mut talk = conversation(&["a@x"]);
        talk.received(b"220 a\r\n250 b\r\n250 c\r\n250 d\r\n354 e\r\n250 f\r\n221 g\r\n");
        assert!(talk.is_over());
        assert!(matches!(talk.outcome(), Some(Outcome::Later(_))));
    }

    #[test]
    fn a_closed_connection_is_for_later_unless_the_mail_is_taken() {
        let mut talk = conversation(&["a@x"]);
        talk.closed("reset");
        assert_eq!(talk.outcome(), Some(&Outcome::Later("reset".into())));
        let mut talk = conversation(&["a@x"]);
        for line in [
            "220 a\r\n",
            "250 b\r\n",
            "250 c\r\n",
            "250 d\r\n",
            "354 e\r\n",
            "250 f\r\n",
        ] {
            ask(&mut talk, line);
        }
        talk.closed("reset");
        assert_eq!(
            talk.outcome(),
            Some(&Outcome::Delivered { refused: vec![] })
        );
    }

    proptest! {
        #[test]
        fn any_server_is_survived(
            pieces in prop::collection::vec(
                prop_oneof![
                    prop::collection::vec(any::<u8>(), 0..80),
                    "[2-5][0-9]{2}[ -][a-z]{0,9}\r?\n".prop_map(String::into_bytes),
                    Just(b"250 ok\r\n".to_vec()),
                    Just(b"354 ok\r\n".to_vec()),
                ],
                0..40,
            ),
            reads in any::<bool>(),
        ) {
            let mut talk = conversation(&["a@x", "b@x"]);
            let mut letters = 0;
            for piece in &pieces {
                talk.received(piece);
                if reads {
                    let said = talk.output().to_vec();
                    letters += usize::from(said.starts_with(b"Date:"));
                    talk.wrote(said.len());
                }
                prop_assert!(talk.output().len() < 4096);
            }
            talk.closed("end");
            prop_assert!(talk.is_over() && talk.outcome().is_some());
            if matches!(talk.outcome(), Some(Outcome::Delivered { .. })) {
                prop_assert_eq!(letters, 1);
            }
        }
    }
}
