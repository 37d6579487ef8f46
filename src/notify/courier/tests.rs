use proptest::prelude::*;

use super::*;
use crate::notify::letter::Mailbox;

fn letter(subject: &str) -> Letter {
    Letter {
        date: String::new(),
        from: Mailbox::new("me@x"),
        to: [Mailbox::new("a@x")].into(),
        subject: subject.into(),
        body: "b".into(),
    }
}

fn address(last: u8) -> SocketAddr {
    ([192, 0, 2, last], 25).into()
}

fn courier() -> Courier {
    Courier::new(Route {
        servers: vec![address(1), address(2)],
        hello: "me".into(),
        connect_timeout: Duration::from_secs(30),
    })
}

fn at(seconds: u64) -> Instant {
    Instant::ZERO + Duration::from_secs(seconds)
}

/// Play a server that takes everything.
fn deliver(courier: &mut Courier, now: Instant, out: &mut Vec<Action>) {
    courier.connected(now);
    for line in [
        "220 a\n", "250 b\n", "250 c\n", "250 d\n", "354 e\n", "250 f\n", "221 g\n",
    ] {
        courier.received(now, line.as_bytes(), out);
        courier.wrote(courier.output().len());
    }
}

#[test]
fn mails_go_one_after_the_other() {
    let (mut courier, mut out) = (courier(), Vec::new());
    courier.post(at(0), 1, letter("one"), &mut out);
    courier.post(at(0), 1, letter("two"), &mut out);
    assert_eq!(out, [Action::Connect(address(1))]);
    out.clear();
    deliver(&mut courier, at(1), &mut out);
    let delivered = |subject: &str| Action::Delivered {
        subject: subject.into(),
        refused: vec![],
    };
    out.retain(|action| *action != Action::Write);
    assert_eq!(
        out,
        [delivered("one"), Action::Close, Action::Connect(address(1))]
    );
    deliver(&mut courier, at(2), &mut out);
    assert!(out.contains(&delivered("two")) && courier.is_idle());
    assert_eq!(courier.deadline(), None);
}

#[test]
fn all_addresses_are_tried_then_a_pause() {
    let (mut courier, mut out) = (courier(), Vec::new());
    courier.post(at(0), 1, letter("one"), &mut out);
    courier.lost(at(1), "refused", &mut out);
    assert_eq!(out.last(), Some(&Action::Connect(address(2))));
    assert_eq!(courier.deadline(), Some(at(31)));
    out.clear();
    courier.tick(at(31), &mut out);
    assert_eq!(courier.deadline(), Some(at(36)));
    assert!(matches!(
        out.last(),
        Some(Action::Failed { again: Some(_), .. })
    ));
    out.clear();
    courier.tick(at(36), &mut out);
    assert_eq!(out, [Action::Connect(address(1))]);
}

#[test]
fn a_mail_is_lost_after_the_last_attempt_and_the_next_one_goes() {
    let (mut courier, mut out) = (courier(), Vec::new());
    courier.post(at(0), 1, letter("one"), &mut out);
    courier.post(at(0), 1, letter("two"), &mut out);
    let mut lost = 0;
    for second in 1..1000 {
        courier.lost(at(second), "refused", &mut out);
        courier.tick(at(second), &mut out);
        lost += out
            .drain(..)
            .filter(|a| matches!(a, Action::Failed { again: None, .. }))
            .count();
    }
    assert_eq!(lost, 1);
}

#[test]
fn a_final_no_is_not_tried_again() {
    let (mut courier, mut out) = (courier(), Vec::new());
    courier.post(at(0), 1, letter("one"), &mut out);
    courier.connected(at(0));
    courier.received(at(0), b"554 no\r\n", &mut out);
    courier.wrote(6);
    courier.received(at(0), b"221 bye\r\n", &mut out);
    assert!(
        out.iter()
            .any(|a| matches!(a, Action::Failed { again: None, .. }))
    );
    assert!(courier.is_idle());
}

#[test]
fn a_silent_server_is_given_up() {
    let (mut courier, mut out) = (courier(), Vec::new());
    courier.post(at(0), 1, letter("one"), &mut out);
    courier.connected(at(1));
    assert_eq!(courier.deadline(), Some(at(121)));
    out.clear();
    courier.tick(at(121), &mut out);
    assert_eq!(out, [Action::Close, Action::Connect(address(2))]);
}

proptest! {
    /// Whatever happens in whatever order: no mail is lost without a word, and
    /// there is a deadline or a connection as long as a mail is in hand.
    #[test]
    fn nothing_is_forgotten(steps in prop::collection::vec((0_u8..6, 0_u64..700), 0..120)) {
        let (mut courier, mut out) = (courier(), Vec::new());
        let (mut now, mut posted, mut settled) = (1, 0, 0);
        for (step, wait) in steps {
            now += wait;
            match step {
                0 => {
                    courier.post(at(now), posted, letter("x"), &mut out);
                    posted += 1;
                }
                1 => courier.connected(at(now)),
                2 => courier.lost(at(now), "gone", &mut out),
                3 => courier.received(at(now), b"250 ok\r\n", &mut out),
                4 => deliver(&mut courier, at(now), &mut out),
                _ => courier.tick(at(now), &mut out),
            }
            settled += out.drain(..).filter(|action| matches!(
                action,
                Action::Delivered { .. } | Action::Failed { again: None, .. }
            )).count();
            prop_assert_eq!(courier.delivery.is_some(), courier.deadline().is_some());
        }
        let waiting = courier.outbox.queue_len() + usize::from(courier.delivery.is_some());
        prop_assert_eq!(usize::try_from(posted).unwrap(), settled + waiting);
    }
}
