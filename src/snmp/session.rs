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

use std::collections::VecDeque;
use std::time::Duration;

use scheduler::Instant;

use super::agent::Notification;
use crate::wire::agentx::{
    Body, CloseReason, Header, Malformed, Oid, Pdu, Region, ResponseError, Value, VarBind,
    frame_length,
};

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
/// With so many octets beyond a packet nothing more is read.
const READ_AHEAD: usize = 16 * 1024;
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

/// What the master wants to know or to have done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    /// What the answer will have.
    pub header: Header,
    /// The packet: one of those for which [`is_request`] holds.
    pub body: Body,
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

    /// The connection is there.
    pub fn connected(&mut self, now: Instant) {
        if let State::Connecting { .. } = self.state {
            self.number = 0;
            let packet = self.send(Body::Open {
                timeout: 0,
                id: Oid::default(),
                description: self.identity.description.clone().into_bytes(),
            });
            let until = now + PATIENCE;
            self.state = State::Opening { packet, until };
        }
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

    /// The master has said something.
    pub fn received(&mut self, octets: &[u8]) {
        if self.is_connected() {
            self.input.drain(..self.understood);
            self.understood = 0;
            self.input.extend_from_slice(octets);
        }
    }

    /// Whether more is to be read now: not while there is enough that nobody has asked
    /// for, nor while the master does not read.
    #[must_use]
    pub fn wants_input(&self) -> bool {
        let ahead = self.rest();
        let lacks_some = match frame_length(ahead) {
            Ok(length) => length.is_none_or(|length| length > ahead.len()),
            Err(_) => false,
        };
        self.is_connected() && !self.is_congested() && (lacks_some || ahead.len() < READ_AHEAD)
    }

    /// Understand what has come, up to the next request.
    pub fn next_request(&mut self, now: Instant, out: &mut Vec<Action>) -> Option<Request> {
        while self.is_connected() && !self.is_congested() {
            let pdu = match self.next_pdu() {
                Ok(pdu) => pdu?,
                Err(error) => {
                    self.reject(now, &format!("it has sent {error}"), out);
                    return None;
                }
            };
            let request = self.take(now, pdu, out);
            if request.is_some() {
                return request;
            }
        }
        None
    }

    /// The answer to a request.
    pub fn answer(&mut self, header: Header, body: Body) {
        if self.is_open() {
            Pdu::new(header, body).encode(&mut self.output);
        }
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

    /// The first packet of what has come, if it is complete.
    fn next_pdu(&mut self) -> Result<Option<Pdu>, Malformed> {
        let Some(length) = frame_length(self.rest())? else {
            return Ok(None);
        };
        let Some(frame) = self.rest().get(..length) else {
            return Ok(None);
        };
        let pdu = Pdu::decode(frame)?;
        self.understood += length;
        Ok(Some(pdu))
    }

    /// What has come and is not yet understood.
    fn rest(&self) -> &[u8] {
        self.input.get(self.understood..).unwrap_or_default()
    }

    /// Tell the master that it is not understood, and begin again.
    fn reject(&mut self, now: Instant, why: &str, out: &mut Vec<Action>) {
        if self.is_open() {
            let reason = CloseReason::ParseError;
            self.send(Body::Close { reason });
        }
        self.lost(now, why, out);
    }

    /// What a packet means; a request is handed out.
    fn take(&mut self, now: Instant, pdu: Pdu, out: &mut Vec<Action>) -> Option<Request> {
        let header = pdu.header;
        match pdu.body {
            Body::Response { error, .. } => self.on_response(now, header, error, out),
            Body::Close { reason } => {
                let why = format!("it has closed the session ({reason:?})");
                self.lost(now, &why, out);
            }
            Body::Open { .. }
            | Body::Register { .. }
            | Body::Unregister { .. }
            | Body::Get { .. }
            | Body::GetNext { .. }
            | Body::GetBulk { .. }
            | Body::TestSet { .. }
            | Body::CommitSet
            | Body::UndoSet
            | Body::CleanupSet
            | Body::Notify { .. }
            | Body::Ping => {
                if self.is_open() && is_request(&pdu.body) {
                    return self.check_request(header, pdu.context.is_some(), pdu.body);
                }
                let what = name_of(&pdu.body);
                self.reject(
                    now,
                    &format!("it has sent a packet out of place ({what})"),
                    out,
                );
            }
        }
        None
    }

    /// A request for another session or context than the only ones there are is
    /// answered here.
    fn check_request(&mut self, header: Header, context: bool, body: Body) -> Option<Request> {
        let error = if header.session != self.number {
            ResponseError::NotOpen
        } else if context {
            ResponseError::UnsupportedContext
        } else {
            return Some(Request { header, body });
        };
        if body != Body::CleanupSet {
            self.answer(header, response(error));
        }
        None
    }

    fn on_response(
        &mut self,
        now: Instant,
        header: Header,
        error: ResponseError,
        out: &mut Vec<Action>,
    ) {
        let is_of = |packet| header.packet == packet;
        match self.state {
            State::Opening { packet, .. } if is_of(packet) => {
                if error == ResponseError::None {
                    self.number = header.session;
                    self.register(now, 0, out);
                } else {
                    self.lost(now, &format!("it refuses a session ({error:?})"), out);
                }
            }
            State::Registering { region, packet, .. } if is_of(packet) => {
                if error == ResponseError::NotOpen {
                    return self.lost(now, "it has forgotten the session", out);
                }
                if error != ResponseError::None
                    && let Some((mib, _)) = self.identity.regions.get(region)
                {
                    out.push(Action::Tell(News::Refused { mib, error }));
                }
                self.register(now, region + 1, out);
            }
            State::Pinging { since, packet, .. } if is_of(packet) => {
                if error == ResponseError::None {
                    let at = now + PING_INTERVAL;
                    self.state = State::Serving { since, at };
                } else {
                    self.lost(now, "it has forgotten the session", out);
                }
            }
            // The answer to a notification.
            State::Serving { .. } | State::Pinging { .. } if error == ResponseError::NotOpen => {
                self.lost(now, "it has forgotten the session", out);
            }
            State::Off
            | State::Resting { .. }
            | State::Connecting { .. }
            | State::Opening { .. }
            | State::Registering { .. }
            | State::Serving { .. }
            | State::Pinging { .. } => {}
        }
    }

    /// Register a region, or serve if there is none left.
    fn register(&mut self, now: Instant, region: usize, out: &mut Vec<Action>) {
        let Some(&(_, root)) = self.identity.regions.get(region) else {
            let at = now + PING_INTERVAL;
            self.state = State::Serving { since: now, at };
            self.has_failed = false;
            out.push(Action::Tell(News::Serving));
            if self.dropped > 0 {
                let dropped = std::mem::take(&mut self.dropped);
                out.push(Action::Tell(News::Dropped(dropped)));
            }
            return self.send_notifications();
        };
        let packet = self.send(Body::Register {
            region: Region::below(root.into()),
            timeout: 0,
        });
        let until = now + PATIENCE;
        self.state = State::Registering {
            region,
            packet,
            until,
        };
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

/// An answer without variables.
#[must_use]
pub const fn response(error: ResponseError) -> Body {
    Body::Response {
        uptime: 0,
        error,
        index: 0,
        variables: Vec::new(),
    }
}

/// Whether a subagent is to act on a packet.
#[must_use]
pub const fn is_request(body: &Body) -> bool {
    matches!(
        body,
        Body::Get { .. }
            | Body::GetNext { .. }
            | Body::GetBulk { .. }
            | Body::TestSet { .. }
            | Body::CommitSet
            | Body::UndoSet
            | Body::CleanupSet
            | Body::Ping
    )
}

/// The name that the RFC has for a packet.
const fn name_of(body: &Body) -> &'static str {
    match body {
        Body::Open { .. } => "Open",
        Body::Close { .. } => "Close",
        Body::Register { .. } => "Register",
        Body::Unregister { .. } => "Unregister",
        Body::Get { .. } => "Get",
        Body::GetNext { .. } => "GetNext",
        Body::GetBulk { .. } => "GetBulk",
        Body::TestSet { .. } => "TestSet",
        Body::CommitSet => "CommitSet",
        Body::UndoSet => "UndoSet",
        Body::CleanupSet => "CleanupSet",
        Body::Notify { .. } => "Notify",
        Body::Ping => "Ping",
        Body::Response { .. } => "Response",
    }
}

#[cfg(test)]
mod tests;
