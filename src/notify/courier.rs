//! Brings the mails of an [`Outbox`] to the server, one conversation at a time.
//!
//! ```text
//! Idle ─► Connecting ─► Talking ─► Idle                 delivered, or refused for good
//!            │             │
//!            └──────┬──────┘
//!          next address of the server; after the last one:
//!                   ▼
//!                Resting ─► Connecting                  again, with growing pauses
//! ```
//!
//! The machine has no socket: it says to which address to connect, and is told
//! what happens. A server that stays silent costs time, and nothing else.

use std::net::SocketAddr;
use std::time::Duration;

use scheduler::Instant;

use super::letter::Letter;
use super::outbox::{Outbox, Sender};
use super::smtp::{Conversation, Outcome};

/// The longest conversation.
pub const CONVERSATION_TIME: Duration = Duration::from_secs(120);
/// Pauses between attempts; a mail that failed once more after the last is lost.
pub const PAUSES: [Duration; 4] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(120),
    Duration::from_secs(600),
];

/// Where mails go.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Route {
    /// The addresses of the server, tried in order.
    pub servers: Vec<SocketAddr>,
    /// The name given to it.
    pub hello: String,
    /// How long a connection may take (`smtp_connect_timeout`).
    pub connect_timeout: Duration,
}

/// What is to be done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Action {
    /// Open a connection, and close the one before.
    Connect(SocketAddr),
    /// There is something to write: [`Courier::output`].
    Write,
    /// Close the connection.
    Close,
    /// Tell of a mail that is delivered, to whom it is not.
    Delivered {
        /// Its subject.
        subject: String,
        /// Refused recipients and why.
        refused: Vec<String>,
    },
    /// Tell of an attempt that failed, and when the next one is; without one the
    /// mail is lost.
    Failed {
        /// Its subject.
        subject: String,
        /// What happened.
        why: String,
        /// The pause until the next attempt.
        again: Option<Duration>,
    },
}

#[derive(Debug)]
enum State {
    Idle,
    Connecting {
        until: Instant,
    },
    Talking {
        talk: Box<Conversation>,
        until: Instant,
    },
    Resting {
        until: Instant,
    },
}

/// The mail in hand.
#[derive(Debug)]
struct Delivery {
    letter: Letter,
    /// The address in use, by number.
    server: usize,
    /// Attempts with all addresses that have failed.
    failed: usize,
}

/// The machine.
#[derive(Debug)]
pub struct Courier {
    route: Route,
    outbox: Outbox,
    state: State,
    delivery: Option<Delivery>,
}

impl Courier {
    /// A courier with nothing to do.
    #[must_use]
    pub fn new(route: Route) -> Self {
        Self {
            route,
            outbox: Outbox::default(),
            state: State::Idle,
            delivery: None,
        }
    }

    /// Take another way from the next attempt on.
    pub fn change_route(&mut self, route: Route) {
        self.route = route;
    }

    /// Send a mail, as soon as it is its turn.
    pub fn post(&mut self, now: Instant, sender: Sender, letter: Letter, out: &mut Vec<Action>) {
        self.outbox.post(now, sender, letter);
        self.next(now, out);
    }

    /// The connection is there.
    pub fn connected(&mut self, now: Instant) {
        if let (State::Connecting { .. }, Some(delivery)) = (&self.state, &self.delivery) {
            let talk = Conversation::new(delivery.letter.clone(), &self.route.hello);
            self.state = State::Talking {
                talk: Box::new(talk),
                until: now + CONVERSATION_TIME,
            };
        }
    }

    /// The server said something.
    pub fn received(&mut self, now: Instant, octets: &[u8], out: &mut Vec<Action>) {
        if let State::Talking { talk, .. } = &mut self.state {
            talk.received(octets);
            if !talk.output().is_empty() {
                out.push(Action::Write);
            }
            self.conclude(now, out);
        }
    }

    /// The connection is closed, broke, or never came to be.
    pub fn lost(&mut self, now: Instant, why: &str, out: &mut Vec<Action>) {
        match &mut self.state {
            State::Connecting { .. } => self.failed(now, why, out),
            State::Talking { talk, .. } => {
                talk.closed(why);
                self.conclude(now, out);
            }
            State::Idle | State::Resting { .. } => {}
        }
    }

    /// The deadline may have passed.
    pub fn tick(&mut self, now: Instant, out: &mut Vec<Action>) {
        self.outbox.tick(now);
        match &self.state {
            State::Connecting { until } if *until <= now => {
                self.failed(now, "no connection in time", out)
            }
            State::Talking { until, .. } if *until <= now => {
                self.lost(now, "the server takes too long", out);
            }
            State::Resting { until } if *until <= now => self.connect(now, out),
            State::Idle => self.next(now, out),
            State::Connecting { .. } | State::Talking { .. } | State::Resting { .. } => {}
        }
    }

    /// When [`Self::tick`] is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let own = match &self.state {
            State::Idle => None,
            State::Connecting { until }
            | State::Talking { until, .. }
            | State::Resting { until } => Some(*until),
        };
        own.into_iter().chain(self.outbox.deadline()).min()
    }

    /// What is to be written to the server.
    #[must_use]
    pub fn output(&self) -> &[u8] {
        match &self.state {
            State::Talking { talk, .. } => talk.output(),
            State::Idle | State::Connecting { .. } | State::Resting { .. } => &[],
        }
    }

    /// So many octets of [`Self::output`] have been written.
    pub fn wrote(&mut self, octets: usize) {
        if let State::Talking { talk, .. } = &mut self.state {
            talk.wrote(octets);
        }
    }

    /// Whether nothing is on its way; what rests may be lost at the end.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle | State::Resting { .. })
    }

    /// The mails that wait.
    #[must_use]
    pub const fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    fn next(&mut self, now: Instant, out: &mut Vec<Action>) {
        if !matches!(self.state, State::Idle) || self.delivery.is_some() {
            return;
        }
        if let Some(letter) = self.outbox.take() {
            self.delivery = Some(Delivery {
                letter,
                server: 0,
                failed: 0,
            });
            self.connect(now, out);
        }
    }

    fn connect(&mut self, now: Instant, out: &mut Vec<Action>) {
        let server = self.delivery.as_ref().map(|delivery| delivery.server);
        if let Some(&address) = server.and_then(|server| self.route.servers.get(server)) {
            self.state = State::Connecting {
                until: now + self.route.connect_timeout,
            };
            out.push(Action::Connect(address));
        } else {
            self.delivery = None;
            self.state = State::Idle;
        }
    }

    /// End the conversation when it is over.
    fn conclude(&mut self, now: Instant, out: &mut Vec<Action>) {
        let State::Talking { talk, .. } = &self.state else {
            return;
        };
        if !talk.is_over() {
            return;
        }
        let outcome = talk.outcome().cloned();
        match outcome {
            Some(Outcome::Delivered { refused }) => {
                if let Some(delivery) = self.delivery.take() {
                    let subject = delivery.letter.subject;
                    out.push(Action::Delivered { subject, refused });
                }
                self.done(now, out);
            }
            Some(Outcome::Refused(why)) => {
                if let Some(delivery) = self.delivery.take() {
                    out.push(Action::Failed {
                        subject: delivery.letter.subject,
                        why,
                        again: None,
                    });
                }
                self.done(now, out);
            }
            Some(Outcome::Later(why)) => self.failed(now, &why, out),
            None => self.failed(now, "the conversation ended", out),
        }
    }

    fn done(&mut self, now: Instant, out: &mut Vec<Action>) {
        self.state = State::Idle;
        out.push(Action::Close);
        self.next(now, out);
    }

    /// Try the next address, or all of them again after a pause.
    fn failed(&mut self, now: Instant, why: &str, out: &mut Vec<Action>) {
        out.push(Action::Close);
        let Some(delivery) = &mut self.delivery else {
            self.state = State::Idle;
            return;
        };
        delivery.server += 1;
        if delivery.server < self.route.servers.len() {
            return self.connect(now, out);
        }
        delivery.server = 0;
        let again = PAUSES.get(delivery.failed).copied();
        delivery.failed += 1;
        out.push(Action::Failed {
            subject: delivery.letter.subject.clone(),
            why: why.to_owned(),
            again,
        });
        if let Some(pause) = again {
            self.state = State::Resting { until: now + pause };
        } else {
            self.delivery = None;
            self.state = State::Idle;
            self.next(now, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::notify::letter::Mailbox;

    fn letter(subject: &str) -> Letter {
        Letter {
            date: String::new(),
            from: Mailbox::new("me@x"),
            to: [Mailbox::new("a@x")].into(),
            subject: subject.into(),
            body: "b".into(),
        }
    }

    fn address(last: u8) -> SocketAddr {
        ([192, 0, 2, last], 25).into()
    }

    fn courier() -> Courier {
        Courier::new(Route {
            servers: vec![address(1), address(2)],
            hello: "me".into(),
            connect_timeout: Duration::from_secs(30),
        })
    }

    fn at(seconds: u64) -> Instant {
        Instant::ZERO + Duration::from_secs(seconds)
    }

    /// Play a server that takes everything.
    fn deliver(courier: &mut Courier, now: Instant, out: &mut Vec<Action>) {
        courier.connected(now);
        for line in [
            "220 a\n", "250 b\n", "250 c\n", "250 d\n", "354 e\n", "250 f\n", "221 g\n",
        ] {
            courier.received(now, line.as_bytes(), out);
            courier.wrote(courier.output().len());
        }
    }

    #[test]
    fn mails_go_one_after_the_other() {
        let (mut courier, mut out) = (courier(), Vec::new());
        courier.post(at(0), 1, letter("one"), &mut out);
        courier.post(at(0), 1, letter("two"), &mut out);
        assert_eq!(out, [Action::Connect(address(1))]);
        out.clear();
        deliver(&mut courier, at(1), &mut out);
        let delivered = |subject: &str| Action::Delivered {
            subject: subject.into(),
            refused: vec![],
        };
        out.retain(|action| *action != Action::Write);
        assert_eq!(
            out,
            [delivered("one"), Action::Close, Action::Connect(address(1))]
        );
        deliver(&mut courier, at(2), &mut out);
        assert!(out.contains(&delivered("two")) && courier.is_idle());
        assert_eq!(courier.deadline(), None);
    }

    #[test]
    fn all_addresses_are_tried_then_a_pause() {
        let (mut courier, mut out) = (courier(), Vec::new());
        courier.post(at(0), 1, letter("one"), &mut out);
        courier.lost(at(1), "refused", &mut out);
        assert_eq!(out.last(), Some(&Action::Connect(address(2))));
        assert_eq!(courier.deadline(), Some(at(31)));
        out.clear();
        courier.tick(at(31), &mut out);
        assert_eq!(courier.deadline(), Some(at(36)));
        assert!(matches!(
            out.last(),
            Some(Action::Failed { again: Some(_), .. })
        ));
        out.clear();
        courier.tick(at(36), &mut out);
        assert_eq!(out, [Action::Connect(address(1))]);
    }

    #[test]
    fn a_mail_is_lost_after_the_last_attempt_and_the_next_one_goes() {
        let (mut courier, mut out) = (courier(), Vec::new());
        courier.post(at(0), 1, letter("one"), &mut out);
        courier.post(at(0), 1, letter("two"), &mut out);
        let mut lost = 0;
        for second in 1..1000 {
            courier.lost(at(second), "refused", &mut out);
            courier.tick(at(second), &mut out);
            lost += out
                .drain(..)
                .filter(|a| matches!(a, Action::Failed { again: None, .. }))
                .count();
        }
        assert_eq!(lost, 1);
    }

    #[test]
    fn a_final_no_is_not_tried_again() {
        let (mut courier, mut out) = (courier(), Vec::new());
        courier.post(at(0), 1, letter("one"), &mut out);
        courier.connected(at(0));
        courier.received(at(0), b"554 no\r\n", &mut out);
        courier.wrote(6);
        courier.received(at(0), b"221 bye\r\n", &mut out);
        assert!(
            out.iter()
                .any(|a| matches!(a, Action::Failed { again: None, .. }))
        );
        assert!(courier.is_idle());
    }

    #[test]
    fn a_silent_server_is_given_up() {
        let (mut courier, mut out) = (courier(), Vec::new());
        courier.post(at(0), 1, letter("one"), &mut out);
        courier.connected(at(1));
        assert_eq!(courier.deadline(), Some(at(121)));
        out.clear();
        courier.tick(at(121), &mut out);
        assert_eq!(out, [Action::Close, Action::Connect(address(2))]);
    }

    proptest! {
        /// Whatever happens in whatever order: no mail is lost without a word, and
        /// there is a deadline or a connection as long as a mail is in hand.
        #[test]
        fn nothing_is_forgotten(steps in prop::collection::vec((0_u8..6, 0_u64..700), 0..120)) {
            let (mut courier, mut out) = (courier(), Vec::new());
            let (mut now, mut posted, mut settled) = (1, 0, 0);
            for (step, wait) in steps {
                now += wait;
                match step {
                    0 => {
                        courier.post(at(now), posted, letter("x"), &mut out);
                        posted += 1;
                    }
                    1 => courier.connected(at(now)),
                    2 => courier.lost(at(now), "gone", &mut out),
                    3 => courier.received(at(now), b"250 ok\r\n", &mut out),
                    4 => deliver(&mut courier, at(now), &mut out),
                    _ => courier.tick(at(now), &mut out),
                }
                settled += out.drain(..).filter(|action| matches!(
                    action,
                    Action::Delivered { .. } | Action::Failed { again: None, .. }
                )).count();
                prop_assert_eq!(courier.delivery.is_some(), courier.deadline().is_some());
            }
            let waiting = courier.outbox.queue_len() + usize::from(courier.delivery.is_some());
            prop_assert_eq!(usize::try_from(posted).unwrap(), settled + waiting);
        }
    }
}
