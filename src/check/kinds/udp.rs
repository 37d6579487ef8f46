//! `UDP_CHECK`: a datagram, and what comes back.
//!
//! No answer is success, since many services have none to a datagram they do not
//! understand; only that the port is closed, which ICMP tells, is a failure. With
//! `require_reply` an answer has to come, and to begin as configured. The limits of
//! its length hold for any answer, whether or not one is required.

use scheduler::Instant;

use super::{FILLER, ended};
use crate::check::checker::UdpSettings;
use crate::check::probe::{Event, Opening, Outcome, Output, Probe, Transport};

/// Octets of the datagram where no payload is configured.
const PAYLOAD: usize = 32;

/// The check of one server.
#[derive(Clone, Debug)]
pub struct Udp {
    settings: UdpSettings,
}

impl Udp {
    /// A check as configured.
    #[must_use]
    pub const fn new(settings: UdpSettings) -> Self {
        Self { settings }
    }

    /// Whether an answer is as it has to be.
    fn welcomes(&self, reply: &[u8]) -> bool {
        let lengths = self.settings.min_length..=self.settings.max_length;
        let fits = u16::try_from(reply.len()).is_ok_and(|length| lengths.contains(&length));
        let pattern = self.settings.reply.iter().flatten();
        let matches = |(octet, (want, mask)): (&u8, &(u8, u8))| (octet ^ want) & mask == 0;
        fits && reply.iter().zip(pattern).all(matches)
    }
}

impl Probe for Udp {
    fn begin(&mut self, _: Instant, _: u64) -> Opening<'_> {
        Opening {
            transport: Transport::Datagram(&self.settings.endpoint),
            patience: self.settings.endpoint.timeout,
        }
    }

    fn on(&mut self, _: Instant, event: Event<'_>, out: &mut Output) -> Option<Outcome> {
        match event {
            Event::Connected => {
                match &self.settings.payload {
                    Some(payload) => out.send.extend_from_slice(payload),
                    None => out.send.extend(FILLER.iter().cycle().take(PAYLOAD)),
                }
                None
            }
            Event::Received(reply) if self.welcomes(reply) => Some(Outcome::Passed(None)),
            Event::Received(_) => Some(Outcome::Failed("reply data mismatch".into())),
            Event::Expired if self.settings.reply.is_none() => Some(Outcome::Passed(None)),
            Event::Exited(_) => None,
            Event::Ended | Event::Failed(_) | Event::Expired => ended(&event),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::testing::{drive, endpoint};
    use super::*;

    fn udp(reply: Option<&[(u8, u8)]>, min_length: u16, max_length: u16) -> Udp {
        Udp::new(UdpSettings {
            endpoint: endpoint(),
            payload: None,
            reply: reply.map(<[_]>::to_vec),
            min_length,
            max_length,
        })
    }

    #[test]
    fn filler_or_payload_is_sent() {
        let mut plain = udp(None, 0, u16::MAX);
        let opening = plain.begin(Instant::ZERO, 1);
        assert!(matches!(opening.transport, Transport::Datagram(_)));
        assert_eq!(opening.patience, Duration::from_secs(5));
        let (sent, outcome) = drive(&mut plain, Event::Connected);
        assert_eq!(sent, b"keepalived check - keepalived ch");
        assert_eq!(outcome, None);
        let mut own = udp(None, 0, u16::MAX);
        own.settings.payload = Some(vec![1, 2, 255]);
        assert_eq!(drive(&mut own, Event::Connected).0, [1, 2, 255]);
    }

    #[test]
    fn silence_is_success_unless_a_reply_is_required() {
        let passed = Some(Outcome::Passed(None));
        assert_eq!(drive(&mut udp(None, 4, 8), Event::Expired).1, passed);
        let failed = Some(Outcome::Failed("timeout".into()));
        assert_eq!(drive(&mut udp(Some(&[]), 0, 9), Event::Expired).1, failed);
    }

    #[test]
    fn a_closed_port_is_a_failure() {
        let failed = Some(Outcome::Failed("Connection refused".into()));
        let event = Event::Failed("Connection refused");
        assert_eq!(drive(&mut udp(None, 0, 9), event).1, failed);
    }

    #[test]
    fn nibbles_that_do_not_count() {
        let pattern = [(0xab, 0xff), (0x12, 0xff), (0, 0), (0x03, 0x0f)];
        let welcomes = |reply: &[u8]| udp(Some(&pattern), 0, u16::MAX).welcomes(reply);
        assert!(welcomes(&[0xab, 0x12, 0x99, 0x73]));
        assert!(welcomes(&[0xab, 0x12, 0x99, 0x73, 5]));
        assert!(welcomes(&[0xab, 0x12]));
        assert!(!welcomes(&[0xab, 0x13, 0x99, 0x73]));
        assert!(!welcomes(&[0xab, 0x12, 0x99, 0x74]));
    }

    #[test]
    fn the_length_counts_with_and_without_a_pattern() {
        for reply in [None, Some(&[][..]), Some(&[(0, 0)][..])] {
            let welcomes = |octets: usize| udp(reply, 4, 8).welcomes(&vec![7; octets]);
            assert!(welcomes(4) && welcomes(8), "{reply:?}");
            assert!(!welcomes(3) && !welcomes(9), "{reply:?}");
        }
    }
}
