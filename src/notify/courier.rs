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

#[cfg(test)]
mod tests;

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
