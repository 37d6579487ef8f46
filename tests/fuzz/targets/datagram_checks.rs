//! Answers to checks that send datagrams: DNS_CHECK, UDP_CHECK and PING_CHECK. What is
//! too short or of somebody else is no success.
#![no_main]

use keepalived::check::checker::{DnsSettings, Endpoint, UdpSettings};
use keepalived::check::kinds::dns::Dns;
use keepalived::check::kinds::ping::Ping;
use keepalived::check::kinds::udp::Udp;
use keepalived::check::probe::{Event, Outcome, Output, Probe};
use keepalived::wire::dns::question;
use keepalived_fuzz::{Choices, endpoint, now};
use libfuzzer_sys::fuzz_target;

/// Of the first question, which libFuzzer finds by comparing.
const ID: u16 = 0x1234;

fuzz_target!(|octets: &[u8]| {
    let mut choices = Choices::new(octets);
    match choices.below(4) {
        0 => dns(&mut choices),
        1 => udp(&mut choices),
        2 => ping(&mut choices),
        _ => name(&mut choices),
    }
});

fn drive(probe: &mut dyn Probe, choices: &mut Choices<'_>) -> Option<Outcome> {
    let mut out = Output::default();
    probe.begin(now(), u64::from(ID) << 48);
    let outcome = probe.on(now(), Event::Connected, &mut out);
    if outcome.is_some() {
        return outcome;
    }
    assert!(out.send.len() <= usize::from(u16::MAX));
    for _ in 0..8 {
        let datagram = if choices.truth() {
            // As the network sends back what was sent.
            let mut datagram = out.send.clone();
            for _ in 0..choices.below(4) {
                let at = choices.below(datagram.len().clamp(1, 256));
                if let Some(octet) = datagram.get_mut(at) {
                    *octet = choices.octet();
                }
            }
            datagram
        } else {
            choices.octets().to_vec()
        };
        let outcome = probe.on(now(), Event::Received(&datagram), &mut Output::default());
        if outcome.is_some() {
            return outcome;
        }
    }
    let outcome = probe.on(now(), Event::Expired, &mut out);
    assert!(outcome.is_some());
    outcome
}

fn dns(choices: &mut Choices<'_>) {
    let mut probe = Dns::new(&DnsSettings {
        endpoint: endpoint(),
        record: choices.short(),
        name: choices.text(),
    });
    let _ = drive(&mut probe, choices);
}

fn udp(choices: &mut Choices<'_>) {
    let mut probe = Udp::new(UdpSettings {
        endpoint: endpoint(),
        payload: choices.truth().then(|| choices.octets().to_vec()),
        reply: choices.truth().then(|| {
            let octets = choices.octets().iter();
            octets.map(|octet| (*octet, 0xf0 | octet >> 4)).collect()
        }),
        min_length: choices.short() % 64,
        max_length: choices.short(),
    });
    let _ = drive(&mut probe, choices);
}

fn ping(choices: &mut Choices<'_>) {
    let address = choices.address();
    let mut probe = Ping::new(Endpoint {
        address: (address, 0).into(),
        ..endpoint()
    });
    let _ = drive(&mut probe, choices);
}

/// A name is written whole or not at all.
fn name(choices: &mut Choices<'_>) {
    let (name, mut out) = (choices.text(), vec![1, 2, 3]);
    match question(choices.short(), &name, choices.short(), &mut out) {
        Ok(()) => assert!(out.len() <= 3 + 12 + 255 + 4),
        Err(_) => assert_eq!(out, [1, 2, 3]),
    }
}
