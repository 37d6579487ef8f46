//! How long a neighbour may be silent (RFC 5880 6.8.4), also for a loop that is late.

use super::*;

#[test]
fn silence_for_the_detection_time_and_no_less() {
    let mut bench = Bench::up();
    assert_eq!(bench.peer.detection_time(), ms(150));
    assert_eq!(states(&bench.pass(ms(149))), []);
    let effects = bench.pass(ms(1));
    assert_eq!(states(&effects), [State::Down]);
    assert_eq!(bench.peer.diagnostic(), Diagnostic::EXPIRED);
    let expired = Effect::Expired {
        silence: ms(150),
        overdue: Duration::ZERO,
    };
    assert!(effects.contains(&expired), "{effects:?}");
    let packet = sent(&effects)[0];
    assert_eq!(packet.your_discriminator, 0, "the neighbour is forgotten");
    assert_eq!(packet.desired_min_tx, 1_000_000);
}

#[test]
fn a_late_loop_is_not_the_neighbours_silence() {
    let mut bench = Bench::up();
    bench.now += Duration::from_secs(5);
    assert_eq!(states(&bench.on(Input::Tick)), []);
    assert_eq!(states(&bench.pass(ms(50))), []);
    assert_eq!(states(&bench.pass(ms(2))), [State::Down]);
}

#[test]
fn a_loop_that_is_always_late_finds_a_silence() {
    let mut bench = Bench::up();
    let cut = bench.now;
    while bench.peer.state() == State::Up {
        bench.now = bench.peer.deadline().expect("one is due") + ms(5);
        bench.on(Input::Tick);
    }
    assert!(bench.now.since(cut) <= ms(150 + 2 + 2 * 5));
}

#[test]
fn a_loop_that_is_somewhat_late_does_not_wait_for_another_packet() {
    let mut bench = Bench::up();
    assert_eq!(states(&bench.pass(ms(149))), []);
    bench.now += ms(1 + 12);
    assert_eq!(
        states(&bench.on(Input::Tick)),
        [],
        "the kernel has a moment"
    );
    assert_eq!(states(&bench.pass(ms(2))), [State::Down]);
}

#[test]
fn a_packet_counts_from_when_it_came() {
    let mut bench = Bench::up();
    bench.now += ms(40);
    bench.on(Input::Heard(heard(State::Up), ms(12)));
    assert_eq!(states(&bench.pass(ms(150 - 12 - 1))), []);
    assert_eq!(states(&bench.pass(ms(1))), [State::Down]);
}

#[test]
fn an_age_that_cannot_be_does_not_shorten_the_detection_time() {
    let mut bench = Bench::up();
    bench.now += ms(40);
    bench.on(Input::Heard(heard(State::Up), Duration::from_secs(3600)));
    assert_eq!(states(&bench.pass(ms(109))), []);
}

#[test]
fn what_waits_in_the_socket_is_read_before_the_tick() {
    let mut bench = Bench::up();
    bench.now += ms(151);
    bench.hear(heard(State::Up));
    assert_eq!(states(&bench.on(Input::Tick)), []);
}
