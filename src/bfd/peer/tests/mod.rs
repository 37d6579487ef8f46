//! Sessions against packets written by hand.

use proptest::prelude::*;

use super::*;
use crate::wire::bfd::Control;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn policy() -> Policy {
    Policy {
        min_rx: ms(50),
        min_tx: ms(50),
        idle_tx: ms(1000),
        multiplier: 3,
        is_passive: false,
    }
}

/// A session and the time.
struct Bench {
    now: Instant,
    peer: Peer,
    out: Vec<Effect>,
}

impl Bench {
    fn new(policy: Policy) -> Self {
        let now = Instant::from_millis(1_000_000);
        Self {
            now,
            peer: Peer::new(now, policy, 7, 1),
            out: Vec::new(),
        }
    }

    fn on(&mut self, input: Input) -> Vec<Effect> {
        self.peer.on(self.now, input, &mut self.out);
        std::mem::take(&mut self.out)
    }

    fn hear(&mut self, packet: Control) -> Vec<Effect> {
        self.on(Input::Heard(packet, Duration::ZERO))
    }

    /// Let time pass, with the ticks that fall due.
    fn pass(&mut self, time: Duration) -> Vec<Effect> {
        let end = self.now + time;
        let mut all = Vec::new();
        while let Some(at) = self.peer.deadline().filter(|at| *at <= end) {
            self.now = at.max(self.now);
            all.extend(self.on(Input::Tick));
        }
        self.now = end;
        all
    }

    /// Through Down and Init to Up.
    fn up() -> Self {
        let mut bench = Self::new(policy());
        bench.hear(heard(State::Down));
        bench.hear(heard(State::Init));
        assert_eq!(bench.peer.state(), State::Up);
        bench.hear(Control {
            is_final: true,
            ..heard(State::Up)
        });
        bench
    }
}

/// From a neighbour of 50 ms, three times; slow while it is not up.
fn heard(state: State) -> Control {
    Control {
        state,
        multiplier: 3,
        my_discriminator: 9,
        your_discriminator: if state == State::Down { 0 } else { 7 },
        desired_min_tx: if state == State::Up {
            50_000
        } else {
            1_000_000
        },
        required_min_rx: 50_000,
        ..Control::default()
    }
}

fn sent(effects: &[Effect]) -> Vec<Control> {
    let sent = effects.iter().filter_map(|effect| {
        let Effect::Send(packet) = effect else {
            return None;
        };
        Some(*packet)
    });
    sent.collect()
}

fn states(effects: &[Effect]) -> Vec<State> {
    let states = effects.iter().filter_map(|effect| {
        let Effect::Went { to, .. } = effect else {
            return None;
        };
        Some(*to)
    });
    states.collect()
}

#[test]
fn a_session_that_is_down_sends_once_a_second_at_most() {
    let mut bench = Bench::new(policy());
    let packets = sent(&bench.pass(Duration::from_secs(10)));
    assert!((10..=14).contains(&packets.len()), "{}", packets.len());
    for packet in packets {
        assert_eq!(
            (packet.state, packet.desired_min_tx),
            (State::Down, 1_000_000)
        );
        assert_eq!((packet.my_discriminator, packet.your_discriminator), (7, 0));
    }
}

#[test]
fn each_step_up_is_told_at_once() {
    let mut bench = Bench::new(policy());
    let effects = bench.hear(heard(State::Down));
    assert_eq!(states(&effects), [State::Init]);
    assert_eq!(sent(&effects)[0].state, State::Init);
    assert_eq!(sent(&effects)[0].your_discriminator, 9);
    let effects = bench.hear(heard(State::Init));
    assert_eq!(states(&effects), [State::Up]);
    let [packet] = sent(&effects)[..] else {
        panic!("one packet")
    };
    assert_eq!((packet.state, packet.is_poll), (State::Up, true));
    assert_eq!(packet.desired_min_tx, 50_000);
}

#[test]
fn a_poll_goes_on_until_its_final() {
    let mut bench = Bench::new(policy());
    bench.hear(heard(State::Down));
    assert!(
        bench
            .hear(heard(State::Init))
            .contains(&Effect::PollStarted)
    );
    assert!(
        sent(&bench.pass(ms(120)))
            .iter()
            .all(|packet| packet.is_poll)
    );
    let answer = Control {
        is_final: true,
        ..heard(State::Up)
    };
    assert_eq!(bench.hear(answer), [Effect::PollEnded]);
    assert!(
        !sent(&bench.pass(ms(120)))
            .iter()
            .any(|packet| packet.is_poll)
    );
}

#[test]
fn a_poll_is_answered_at_once_and_without_a_poll() {
    let mut bench = Bench::up();
    let poll = Control {
        is_poll: true,
        ..heard(State::Up)
    };
    let [packet] = sent(&bench.hear(poll))[..] else {
        panic!("one packet")
    };
    assert!(packet.is_final && !packet.is_poll);
}

#[test]
fn a_neighbour_that_is_down_takes_the_session_down() {
    for state in [State::Down, State::AdminDown] {
        let mut bench = Bench::up();
        let effects = bench.hear(heard(state));
        assert_eq!(states(&effects), [State::Down]);
        assert_eq!(bench.peer.diagnostic(), Diagnostic::NEIGHBOUR_DOWN);
        assert_eq!(sent(&effects)[0].your_discriminator, 9);
        assert_eq!(bench.peer.remote().state, state);
    }
}

#[test]
fn a_passive_session_waits_for_the_neighbour() {
    let mut bench = Bench::new(Policy {
        is_passive: true,
        ..policy()
    });
    assert_eq!(bench.pass(Duration::from_secs(10)), []);
    let effects = bench.hear(heard(State::Down));
    assert_eq!(sent(&effects)[0].state, State::Init);
    bench.hear(heard(State::Init));
    bench.pass(Duration::from_secs(7));
    assert_eq!(bench.peer.state(), State::Down);
    let later = bench.pass(Duration::from_secs(10));
    assert_eq!(sent(&later), [], "it waits again");
}

#[test]
fn the_same_configuration_again_is_no_event() {
    let mut bench = Bench::up();
    assert_eq!(bench.on(Input::Reconfigure(policy())), []);
}

#[test]
fn a_session_held_down_says_nothing_and_hears_nothing() {
    let mut bench = Bench::up();
    assert_eq!(states(&bench.on(Input::Hold(true))), [State::AdminDown]);
    assert_eq!(bench.hear(heard(State::Up)), []);
    assert_eq!(bench.pass(Duration::from_secs(5)), []);
    let effects = bench.on(Input::Hold(false));
    assert_eq!(states(&effects), [State::Down]);
    assert_eq!(sent(&effects).len(), 1);
}

#[test]
fn another_process_goes_on_with_a_session() {
    let bench = Bench::up();
    let known = bench.peer.snapshot().expect("it is up");
    let resume = |policy| Bench {
        peer: Peer::resume(bench.now, policy, known, 2),
        now: bench.now,
        out: Vec::new(),
    };
    let mut same = resume(policy());
    assert_eq!(same.peer.state(), State::Up);
    let packets = sent(&same.pass(ms(1)));
    assert_eq!(packets[0].state, State::Up);
    assert_eq!(
        (packets[0].my_discriminator, packets[0].your_discriminator),
        (7, 9)
    );
    assert!(!packets[0].is_poll);
    assert_eq!(states(&same.pass(ms(149))), [State::Down]);
    let mut slower = resume(Policy {
        min_tx: ms(100),
        ..policy()
    });
    assert!(sent(&slower.pass(ms(1)))[0].is_poll);
    assert_eq!(slower.peer.interval(), ms(50));
}

proptest! {
    /// Whatever comes: no packet more often than agreed on, none to a neighbour that
    /// wants none, and the deadline is never forgotten while the session is up.
    #[test]
    fn foreign_packets_leave_a_session_sane(
        packets in proptest::collection::vec(
            (any::<[u8; 24]>(), 0_u64..400, any::<bool>()), 1..40
        ),
    ) {
        let mut bench = Bench::new(policy());
        for (mut octets, pause, likely) in packets {
            octets[0] = 0x20 | octets[0] & 0x07;
            octets[1] &= 0xfa;
            octets[2] |= 1;
            octets[3] = 24;
            if likely {
                octets[12..14].fill(0);
                octets[16..18].fill(0);
            }
            if let Ok(packet) = Control::parse(&octets) {
                let answers = sent(&bench.hear(packet));
                prop_assert!(answers.len() <= 1);
                prop_assert_eq!(
                    answers.iter().any(|answer| answer.is_final),
                    packet.is_poll
                );
            }
            bench.pass(ms(pause));
            if bench.peer.state() == State::Up {
                prop_assert!(bench.peer.deadline().is_some());
            }
        }
    }
}
