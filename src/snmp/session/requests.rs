//! Octets of the master become packets, and packets requests.

use scheduler::Instant;

use super::{Action, Session};
use crate::wire::agentx::{Body, CloseReason, Header, Malformed, Pdu, ResponseError, frame_length};

/// With so many octets beyond a packet nothing more is read.
const READ_AHEAD: usize = 16 * 1024;

/// What the master wants to know or to have done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    /// What the answer will have.
    pub header: Header,
    /// The packet: one of those for which [`is_request`] holds.
    pub body: Body,
}

impl Session {
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
