//! A BFD session to which a neighbour says anything at any time, and whose notes go to
//! a successor: no tick is without effect, and the loop is never kept busy.
#![no_main]

use std::time::Duration;

use keepalived::bfd::notes::{LEN, Note};
use keepalived::bfd::peer::{Effect, Input, Peer, Policy};
use keepalived::wire::bfd::{Control, State};
use keepalived_fuzz::{Choices, now};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let mut choices = Choices::new(octets);
    let mut now = now();
    let mut peer = Peer::new(now, policy(&mut choices), 7, choices.octet().into());
    let mut out = Vec::new();
    for _ in 0..400 {
        if choices.is_over() {
            return;
        }
        let waits = choices.truth();
        now += match peer.deadline().filter(|_| waits) {
            Some(at) => at.since(now),
            None => choices.time(),
        };
        out.clear();
        if choices.below(16) == 0 {
            succeed(&mut choices, &mut peer, now);
        } else {
            let input = input(&mut choices);
            peer.on(now, input, &mut out);
        }
        for effect in &out {
            if let Effect::Send(control) = effect {
                assert_eq!(Control::parse(&control.emit()), Ok(*control));
            }
        }
        assert!(out.len() <= 8, "{out:?}");
        settle(&mut peer, now);
        let _ = (
            peer.interval(),
            peer.detection_time(),
            peer.remote_detection_time(),
        );
    }
});

/// A tick at the deadline moves the deadline, sooner or later within the same moment.
fn settle(peer: &mut Peer, now: scheduler::Instant) {
    let mut out = Vec::new();
    let mut turns = 0;
    while peer.deadline().is_some_and(|at| at <= now) {
        peer.on(now, Input::Tick, &mut out);
        turns += 1;
        assert!(turns <= 4, "a tick that does not help");
    }
}

/// Another process goes on with what this one leaves, or with what somebody else left.
fn succeed(choices: &mut Choices<'_>, peer: &mut Peer, now: scheduler::Instant) {
    let mut octets = Note {
        name: "a".into(),
        told: Some(peer.state() == State::Up),
        known: peer.snapshot(),
    }
    .encode();
    if choices.truth() {
        octets = choices.array::<LEN>();
    }
    let Some(note) = Note::decode(&octets) else {
        return;
    };
    assert_eq!(Note::decode(&note.encode()).as_ref(), Some(&note));
    if let Some(known) = note.known {
        *peer = Peer::resume(now, policy(choices), known, 1);
    }
}

/// Within what the configuration takes.
fn policy(choices: &mut Choices<'_>) -> Policy {
    let millis = |number: u8| Duration::from_millis(1 + u64::from(number) * 39);
    Policy {
        min_rx: millis(choices.octet()),
        min_tx: millis(choices.octet()),
        idle_tx: millis(choices.octet()).max(Duration::from_secs(1)),
        multiplier: choices.octet().max(1),
        is_passive: choices.truth(),
    }
}

fn input(choices: &mut Choices<'_>) -> Input {
    match choices.below(8) {
        0 => Input::Reconfigure(policy(choices)),
        1 => Input::Hold(choices.truth()),
        2 | 3 => Input::Tick,
        4 => match Control::parse(choices.octets()) {
            Ok(control) => Input::Heard(control, choices.time()),
            Err(why) => {
                let _ = why.to_string();
                Input::Tick
            }
        },
        _ => {
            let flags = choices.octet();
            let control = Control {
                state: State::from_bits(flags & 3),
                is_poll: flags & 4 != 0,
                is_final: flags & 8 != 0,
                demand: flags & 16 != 0,
                multiplier: choices.octet().max(1),
                my_discriminator: choices.word().max(1),
                your_discriminator: 7,
                desired_min_tx: choices.word(),
                required_min_rx: choices.word(),
                ..Control::default()
            };
            Input::Heard(control, choices.time())
        }
    }
}
