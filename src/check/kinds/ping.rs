//! `PING_CHECK`: an echo request over ICMP (RFC 792) or `ICMPv6` (RFC 4443 section 4).
//!
//! The kernel writes identifier and checksum, and delivers replies to this socket's
//! identifier only. Each attempt has a socket of its own, so that the late answer to
//! the one before cannot be taken for a wrong one.

use scheduler::Instant;

use super::{FILLER, ended};
use crate::check::checker::Endpoint;
use crate::check::probe::{Event, Opening, Outcome, Output, Probe, Transport};

/// Octets of data in a request.
const DATA: usize = 128;

/// Types of request and reply.
const ECHO_V4: (u8, u8) = (8, 0);
const ECHO_V6: (u8, u8) = (128, 129);

/// The check of one server.
#[derive(Clone, Debug)]
pub struct Ping {
    endpoint: Endpoint,
    /// Of the request under way; the first one has 1.
    sequence: u16,
}

impl Ping {
    /// A check of what is there.
    #[must_use]
    pub const fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            sequence: 0,
        }
    }

    const fn types(&self) -> (u8, u8) {
        if self.endpoint.address.is_ipv4() {
            ECHO_V4
        } else {
            ECHO_V6
        }
    }

    fn request(&self, out: &mut Vec<u8>) {
        out.extend([self.types().0, 0, 0, 0, 0, 0]);
        out.extend(self.sequence.to_be_bytes());
        out.extend(FILLER.iter().cycle().take(DATA));
    }

    /// What a received message comes to.
    fn judge(&self, message: &[u8]) -> Outcome {
        let Some(&[kind, _, _, _, _, _, high, low]) = message.first_chunk() else {
            let octets = message.len();
            return Outcome::Failed(format!("short ICMP packet, {octets} bytes").into());
        };
        if kind != self.types().1 {
            return Outcome::Failed(format!("ICMP packet with type 0x{kind:x}").into());
        }
        let sequence = u16::from_be_bytes([high, low]);
        if sequence != self.sequence {
            let want = self.sequence;
            let why = format!("ICMP packet with sequence {sequence} instead of {want}");
            return Outcome::Failed(why.into());
        }
        Outcome::Passed(None)
    }
}

impl Probe for Ping {
    fn begin(&mut self, _: Instant, _: u64) -> Opening<'_> {
        self.sequence = self.sequence.wrapping_add(1);
        Opening {
            transport: Transport::Echo(&self.endpoint),
            patience: self.endpoint.timeout,
        }
    }

    fn on(&mut self, _: Instant, event: Event<'_>, out: &mut Output) -> Option<Outcome> {
        match event {
            Event::Connected => {
                self.request(&mut out.send);
                None
            }
            Event::Received(message) => Some(self.judge(message)),
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

    fn asked(probe: &mut Ping) -> Vec<u8> {
        probe.begin(Instant::ZERO, 0);
        drive(probe, Event::Connected).0
    }

    #[test]
    fn requests_count_from_one() {
        let mut probe = Ping::new(endpoint());
        let first = asked(&mut probe);
        assert_eq!(first.len(), 136);
        assert_eq!(first[..8], [8, 0, 0, 0, 0, 0, 0, 1]);
        assert!(first[8..].starts_with(b"keepalived check - keepalived"));
        assert_eq!(asked(&mut probe)[..8], [8, 0, 0, 0, 0, 0, 0, 2]);
        probe.endpoint.address = "[2001:db8::1]:0".parse().unwrap();
        assert_eq!(asked(&mut probe)[0], 128);
    }

    #[test]
    fn the_answer_has_to_fit() {
        let mut probe = Ping::new(endpoint());
        let mut reply = asked(&mut probe);
        reply[0] = 0;
        let outcome = |reply: &[u8]| drive(&mut probe.clone(), Event::Received(reply)).1;
        assert_eq!(outcome(&reply), Some(Outcome::Passed(None)));
        for (at, octet) in [(0, 3), (6, 1), (7, 2)] {
            let mut wrong = reply.clone();
            wrong[at] = octet;
            assert!(matches!(outcome(&wrong), Some(Outcome::Failed(_))));
        }
        assert!(matches!(outcome(&reply[..7]), Some(Outcome::Failed(_))));
    }

    proptest! {
        #[test]
        fn foreign_octets_do_no_harm(octets: Vec<u8>) {
            Ping::new(endpoint()).judge(&octets);
        }
    }
}
