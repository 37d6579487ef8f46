//! `DNS_CHECK`: a question over UDP. What the answer says does not matter, only that
//! it is one without an error.
//!
//! What is too short, has another identifier or is no answer may come from anybody:
//! it is passed over, and the attempt goes on waiting.

use scheduler::Instant;

use super::ended;
use crate::check::checker::{DnsSettings, Endpoint};
use crate::check::probe::{Event, Opening, Outcome, Output, Probe, Transport};
use crate::wire::dns::{Answer, question};

/// The check of one server.
#[derive(Clone, Debug)]
pub struct Dns {
    endpoint: Endpoint,
    name: String,
    record: u16,
    /// Of the question under way.
    id: u16,
}

impl Dns {
    /// A check as configured.
    #[must_use]
    pub fn new(settings: &DnsSettings) -> Self {
        Self {
            endpoint: settings.endpoint.clone(),
            name: settings.name.clone(),
            record: settings.record,
            id: 0,
        }
    }

    fn judge(&self, message: &[u8]) -> Option<Outcome> {
        let answer = Answer::parse(message).filter(|answer| answer.id == self.id)?;
        Some(match answer.outcome {
            0 => Outcome::Passed(None),
            code => Outcome::Failed(format!("read error occurred. (rcode = {code})").into()),
        })
    }
}

impl Probe for Dns {
    fn begin(&mut self, _: Instant, random: u64) -> Opening<'_> {
        let [high, low, ..] = random.to_be_bytes();
        self.id = u16::from_be_bytes([high, low]);
        Opening {
            transport: Transport::Datagram(&self.endpoint),
            patience: self.endpoint.timeout,
        }
    }

    fn on(&mut self, _: Instant, event: Event<'_>, out: &mut Output) -> Option<Outcome> {
        match event {
            Event::Connected => {
                let asked = question(self.id, &self.name, self.record, &mut out.send);
                let impossible = asked.is_err();
                impossible.then(|| Outcome::Failed("there cannot be such a name".into()))
            }
            Event::Received(message) => self.judge(message),
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

    fn dns(name: &str) -> Dns {
        let mut probe = Dns::new(&DnsSettings {
            endpoint: endpoint(),
            record: 28,
            name: name.into(),
        });
        probe.begin(Instant::ZERO, 0x1234 << 48);
        probe
    }

    fn answer(id: u16, flags: u16) -> Vec<u8> {
        let mut octets = [id.to_be_bytes(), flags.to_be_bytes()].concat();
        octets.resize(12, 0);
        octets
    }

    #[test]
    fn asks_with_a_random_identifier() {
        let (sent, outcome) = drive(&mut dns("a.example"), Event::Connected);
        assert_eq!(outcome, None);
        assert_eq!(sent[..4], [0x12, 0x34, 1, 0]);
        assert!(sent.ends_with(b"\x01a\x07example\x00\x00\x1c\x00\x01"));
    }

    #[test]
    fn an_answer_without_error_is_success() {
        let mut probe = dns("");
        let good = answer(0x1234, 0x8180);
        let outcome = drive(&mut probe, Event::Received(&good)).1;
        assert_eq!(outcome, Some(Outcome::Passed(None)));
        let bad = answer(0x1234, 0x8182);
        let outcome = drive(&mut probe, Event::Received(&bad)).1;
        let why = "read error occurred. (rcode = 2)";
        assert_eq!(outcome, Some(Outcome::Failed(why.into())));
    }

    #[test]
    fn what_is_foreign_is_passed_over() {
        let mut probe = dns("");
        let foreign = [answer(0x1235, 0x8180), answer(0x1234, 0x0100), vec![0x12]];
        for message in foreign {
            assert_eq!(drive(&mut probe, Event::Received(&message)).1, None);
        }
        let failed = Some(Outcome::Failed("timeout".into()));
        assert_eq!(drive(&mut probe, Event::Expired).1, failed);
    }

    #[test]
    fn a_name_that_cannot_be_fails() {
        let outcome = drive(&mut dns("a..b"), Event::Connected).1;
        assert!(matches!(outcome, Some(Outcome::Failed(_))));
    }

    proptest! {
        #[test]
        fn foreign_octets_do_no_harm(octets: Vec<u8>) {
            let outcome = dns("").judge(&octets);
            prop_assert!(outcome.is_none() || octets.len() >= 12);
        }
    }
}
