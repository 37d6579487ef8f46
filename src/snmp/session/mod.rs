//! A session with the master agent, without its socket (RFC 2741 section 7).
//!
//! ```text
//! Off ──► Connecting ──► Opening ──► Registering ──► Serving ─┐
//!             ▲              │            │             │     │ ping every 120 s
//!             │              └──────┬─────┴─────────────┘◄────┘
//!             └─── Resting ◄────────┘ silent, gone, or not to be understood
//! ```
//!
//! The machine is told what came, and answers what to do ([`Action`]) and what to write
//! ([`Session::output`]). Requests of the master are handed out one after the other
//! ([`Session::next_request`]); while one is worked on, or the master does not read its
//! answers, nothing more is taken, so that neither queue grows beyond its bound.
//!
//! * `opening`: from the connection to the last region registered.
//! * `requests`: octets become packets, and packets requests.

mod opening;
mod requests;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Duration;

use scheduler::Instant;

pub use requests::{Request, is_request, response};

use super::agent::Notification;
use crate::wire::agentx::{Body, CloseReason, Header, Oid, Pdu, ResponseError, Value, VarBind};

/// How long the master may take for an answer, and a connection to come about.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// How often a master is asked whether it is there.
pub const PING_INTERVAL: Duration = Duration::from_secs(120);
/// The pause after a session that has lasted; it doubles with each that has not.
pub const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A session that served as long as this has lasted.
const LASTING: Duration = Duration::from_secs(10);
/// The most notifications that wait for a session.
pub const NOTIFICATIONS_MAX: usize = 256;
/// With so many octets to be written nothing more is taken on, neither requests nor
/// notifications.
pub const CONGESTION: usize = 256 * 1024;
/// `snmpTrapOID.0` (RFC 3418)
const SNMP_TRAP_OID: [u32; 11] = [1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0];

/// What is to be done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Action {
    /// Connect to the master.
    Connect,
    /// Write what can be written at once, and close the connection.
    Disconnect,
    /// Put it into the log.
    Tell(News),
}

/// What is worth telling.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum News {
    /// The session is open, and everything is registered.
    Serving,
    /// A MIB cannot be registered.
    Refused {
        /// Its name.
        mib: &'static str,
        /// What the master says.
        error: ResponseError,
    },
    /// There is no session, or none any more.
    Lost {
        /// Why.
        why: String,
        /// The pause until the next attempt.
        again: Duration,
        /// The attempt before was no better.
        is_repeated: bool,
    },
    /// So many notifications did not find a master.
    Dropped(u64),
}

/// What a subagent says of itself, and what it serves.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Identity {
    /// In words.
    pub description: String,
    /// Names and roots of MIBs.
    pub regions: Vec<(&'static str, &'static [u32])>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Off,
    Resting {
        until: Instant,
    },
    Connecting {
        until: Instant,
    },
    /// The packet waits for its answer.
    Opening {
        packet: u32,
        until: Instant,
    },
    Registering {
        /// Its place among the regions.
        region: usize,
        packet: u32,
        until: Instant,
    },
    Serving {
        since: Instant,
        /// The next ping.
        at: Instant,
    },
    Pinging {
        since: Instant,
        packet: u32,
        until: Instant,
    },
}

/// The machine.
#[derive(Debug)]
pub struct Session {
    identity: Identity,
    state: State,
    /// What the master calls the session.
    number: u32,
    last_packet: u32,
    pause: Duration,
    /// Received, of which the first `understood` octets are done with.
    input: Vec<u8>,
    understood: usize,
    output: Vec<u8>,
    notifications: VecDeque<Notification>,
    dropped: u64,
    /// The last attempt came to nothing, and it was told.
    has_failed: bool,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            identity: Identity::default(),
            state: State::Off,
            number: 0,
            last_packet: 0,
            pause: FIRST_PAUSE,
            input: Vec::new(),
            understood: 0,
            output: Vec::new(),
            notifications: VecDeque::new(),
            dropped: 0,
            has_failed: false,
        }
    }
}

impl Session {
    /// Have a session from now on.
    pub fn start(&mut self, now: Instant, identity: Identity, out: &mut Vec<Action>) {
        self.identity = identity;
        self.pause = FIRST_PAUSE;
        self.has_failed = false;
        self.connect(now, out);
    }

    /// Have none from now on; an open one is closed in order.
    pub fn stop(&mut self, out: &mut Vec<Action>) {
        if self.state == State::Off {
            return;
        }
        if self.is_open() {
            let reason = CloseReason::Shutdown;
            self.send(Body::Close { reason });
        }
        self.state = State::Off;
        self.notifications.clear();
        out.push(Action::Disconnect);
    }

    /// The connection is gone, or does not come about.
    pub fn lost(&mut self, now: Instant, why: &str, out: &mut Vec<Action>) {
        let served = match self.state {
            State::Off | State::Resting { .. } => return,
            State::Connecting { .. } | State::Opening { .. } | State::Registering { .. } => {
                Duration::ZERO
            }
            State::Serving { since, .. } | State::Pinging { since, .. } => now.since(since),
        };
        if served >= LASTING {
            self.pause = FIRST_PAUSE;
        }
        let again = self.pause;
        out.push(Action::Disconnect);
        out.push(Action::Tell(News::Lost {
            why: why.to_owned(),
            again,
            is_repeated: self.has_failed,
        }));
        self.has_failed = true;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        self.state = State::Resting { until: now + again };
    }

    /// The connection is closed: what was not written will not be.
    pub fn disconnected(&mut self) {
        self.output.clear();
        self.input.clear();
        self.understood = 0;
    }

    /// Tell something, now or as soon as there is a session.
    pub fn notify(&mut self, notification: Notification) {
        if self.state == State::Off {
            return;
        }
        if self.notifications.len() >= NOTIFICATIONS_MAX {
            self.notifications.pop_front();
            self.dropped += 1;
        }
        self.notifications.push_back(notification);
        self.send_notifications();
    }

    /// The deadline may have passed.
    pub fn tick(&mut self, now: Instant, out: &mut Vec<Action>) {
        if self.deadline().is_none_or(|at| at > now) {
            return;
        }
        match self.state {
            State::Off => {}
            State::Resting { .. } => self.connect(now, out),
            State::Connecting { .. } => self.lost(now, "no connection in time", out),
            State::Opening { .. } | State::Registering { .. } | State::Pinging { .. } => {
                self.lost(now, "it does not answer", out);
            }
            State::Serving { since, .. } => {
                let packet = self.send(Body::Ping);
                let until = now + PATIENCE;
                self.state = State::Pinging {
                    since,
                    packet,
                    until,
                };
            }
        }
    }

    /// When [`Self::tick`] is due.
    #[must_use]
    pub const fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Off => None,
            State::Resting { until }
            | State::Connecting { until }
            | State::Opening { until, .. }
            | State::Registering { until, .. }
            | State::Pinging { until, .. }
            | State::Serving { at: until, .. } => Some(until),
        }
    }

    /// What is to be written.
    #[must_use]
    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// So much of it was written.
    pub fn wrote(&mut self, octets: usize) {
        self.output.drain(..octets.min(self.output.len()));
        self.send_notifications();
    }

    /// Whether the master is behind with reading.
    #[must_use]
    pub const fn is_congested(&self) -> bool {
        self.output.len() >= CONGESTION
    }

    /// Whether everything is registered.
    #[must_use]
    pub const fn is_serving(&self) -> bool {
        matches!(self.state, State::Serving { .. } | State::Pinging { .. })
    }

    /// Whether there is a connection.
    const fn is_connected(&self) -> bool {
        matches!(self.state, State::Opening { .. }) || self.is_open()
    }

    /// Whether the master has given the session its number.
    const fn is_open(&self) -> bool {
        matches!(self.state, State::Registering { .. }) || self.is_serving()
    }

    fn connect(&mut self, now: Instant, out: &mut Vec<Action>) {
        let until = now + PATIENCE;
        self.state = State::Connecting { until };
        self.disconnected();
        out.push(Action::Connect);
    }

    fn send_notifications(&mut self) {
        while self.is_serving() && !self.is_congested() {
            let Some(notification) = self.notifications.pop_front() else {
                return;
            };
            let name = Value::ObjectIdentifier(notification.name);
            let mut variables = vec![VarBind::new(Oid::new(&SNMP_TRAP_OID), name)];
            variables.extend(notification.variables);
            self.send(Body::Notify { variables });
        }
    }

    /// Queue a packet; its number.
    fn send(&mut self, body: Body) -> u32 {
        self.last_packet = self.last_packet.wrapping_add(1);
        let header = Header {
            session: self.number,
            transaction: 0,
            packet: self.last_packet,
            ..Header::default()
        };
        Pdu::new(header, body).encode(&mut self.output);
        self.last_packet
    }
}
