//! What is heard of routes and rules.

use crate::netlink::addr::PROTOCOL_KEEPALIVED;
use crate::netlink::header::{Header, Message, kind};
use crate::netlink::route::RouteMessage;
use crate::netlink::rule::RuleMessage;

/// A message about a route or a rule of keepalived's protocol number.
///
/// The kernel tells of every local route and of every prefix of an interface;
/// none of them has that number, so they end here.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PathMessage {
    header: Header,
    payload: Box<[u8]>,
}

impl PathMessage {
    pub(super) fn of(message: &Message<'_>) -> Option<Self> {
        let protocol = match message.header.kind {
            kind::NEW_ROUTE | kind::DEL_ROUTE => RouteMessage::parse(message)?.protocol,
            _ => RuleMessage::parse(message)?.protocol?,
        };
        (protocol == PROTOCOL_KEEPALIVED).then(|| Self {
            header: message.header,
            payload: message.payload.into(),
        })
    }

    pub(super) const fn is_removal(&self) -> bool {
        matches!(self.header.kind, kind::DEL_ROUTE | kind::DEL_RULE)
    }

    /// The route, if it is one.
    #[must_use]
    pub fn route(&self) -> Option<RouteMessage<'_>> {
        matches!(self.header.kind, kind::NEW_ROUTE | kind::DEL_ROUTE)
            .then(|| RouteMessage::parse(&self.message()))?
    }

    /// The rule, if it is one.
    #[must_use]
    pub fn rule(&self) -> Option<RuleMessage<'_>> {
        matches!(self.header.kind, kind::NEW_RULE | kind::DEL_RULE)
            .then(|| RuleMessage::parse(&self.message()))?
    }

    const fn message(&self) -> Message<'_> {
        Message {
            header: self.header,
            payload: &self.payload,
        }
    }
}
