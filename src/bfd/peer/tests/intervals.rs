//! How often packets are sent (RFC 5880 6.8.2, 6.8.3).

use super::*;

#[test]
fn nothing_periodic_for_one_that_wants_nothing() {
    let mut bench = Bench::up();
    bench.hear(Control {
        required_min_rx: 0,
        ..heard(State::Up)
    });
    assert_eq!(sent(&bench.pass(ms(140))), []);
    bench.hear(Control {
        demand: true,
        ..heard(State::Up)
    });
    assert_eq!(sent(&bench.pass(ms(140))), []);
    bench.hear(heard(State::Up));
    assert!(!sent(&bench.pass(ms(140))).is_empty());
}

#[test]
fn a_neighbour_that_receives_faster_gets_its_packet_at_once() {
    let mut bench = Bench::up();
    bench.hear(Control {
        required_min_rx: 1_000_000,
        desired_min_tx: 1_000_000,
        ..heard(State::Up)
    });
    bench.pass(ms(1600));
    bench.hear(heard(State::Up));
    let next = bench.peer.deadline().expect("a packet is due");
    assert!(
        next.since(bench.now) <= ms(50),
        "{:?}",
        next.since(bench.now)
    );
}

#[test]
fn a_longer_interval_is_used_when_the_neighbour_knows_it() {
    let mut bench = Bench::up();
    let slower = Policy {
        min_tx: ms(500),
        ..policy()
    };
    let effects = bench.on(Input::Reconfigure(slower));
    assert_eq!(sent(&effects)[0].desired_min_tx, 500_000);
    assert!(sent(&effects)[0].is_poll);
    assert_eq!(bench.peer.interval(), ms(50));
    bench.hear(Control {
        is_final: true,
        ..heard(State::Up)
    });
    assert_eq!(bench.peer.interval(), ms(500));
}

#[test]
fn a_shorter_wait_is_used_when_the_neighbour_knows_it() {
    let mut bench = Bench::up();
    bench.hear(Control {
        desired_min_tx: 10_000,
        ..heard(State::Up)
    });
    let faster = Policy {
        min_rx: ms(10),
        ..policy()
    };
    bench.on(Input::Reconfigure(faster));
    assert_eq!(bench.peer.detection_time(), ms(150));
    bench.hear(Control {
        is_final: true,
        desired_min_tx: 10_000,
        ..heard(State::Up)
    });
    assert_eq!(bench.peer.detection_time(), ms(30));
}
