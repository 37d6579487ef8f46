#![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::net::Ipv4Addr;

use proptest::prelude::*;

use super::*;
use crate::model::{IfIndex, IpNet};
use crate::netlink::header::Messages;

fn request(number: u32) -> AddressRequest<'static> {
    let addr = Ipv4Addr::from(number).into();
    AddressRequest::new(IfIndex(1), IpNet { addr, prefix: 32 })
}

fn batch_of(count: u64) -> Batch {
    let mut batch = Batch::new();
    for ticket in 1..=count {
        let tolerate = Tolerate::NOTHING;
        batch.push(&request(1), Operation::Add, ticket, tolerate);
    }
    batch
}

/// Sequence numbers, and which of them ask for an answer.
fn heads(octets: &[u8]) -> Vec<(u32, bool)> {
    Messages::new(octets)
        .map(|m| (m.header.sequence, m.header.flags & flag::ACK != 0))
        .collect()
}

fn reply(sequence: u32, errno: i32) -> Reply<'static> {
    Reply {
        sequence,
        errno,
        text: (errno != 0).then_some("words"),
    }
}

fn tickets(outcomes: &[Outcome]) -> Vec<(u64, i32)> {
    let errno = |o: &Outcome| o.result.as_ref().err().map_or(0, |error| error.errno);
    outcomes.iter().map(|o| (o.ticket, errno(o))).collect()
}

#[test]
fn only_the_last_message_of_a_send_asks_for_an_answer() {
    let mut batch = batch_of(5);
    let first = heads(batch.take(3).unwrap());
    assert_eq!(first, [(1, false), (2, false), (3, true)]);
    assert_eq!(heads(batch.take(3).unwrap()), [(4, false), (5, true)]);
    assert_eq!(batch.take(3), None);
    assert_eq!((batch.backlog(), batch.queued()), (5, 0));
    let mut out = Outcomes::new();
    batch.reply(&reply(3, 0), &mut out);
    assert_eq!(tickets(&out), [(1, 0), (2, 0), (3, 0)]);
    batch.reply(&reply(5, 0), &mut out);
    assert_eq!(tickets(&out)[3..], [(4, 0), (5, 0)]);
    assert_eq!(batch.backlog(), 0);
}

#[test]
fn refusals_are_told_with_their_words() {
    let mut batch = batch_of(3);
    batch.take(9);
    let mut out = Outcomes::new();
    batch.reply(&reply(2, 13), &mut out);
    assert_eq!(
        out[0].result.as_ref().unwrap_err().text.as_deref(),
        Some("words")
    );
    batch.reply(&reply(3, 0), &mut out);
    assert_eq!(tickets(&out), [(2, 13), (1, 0), (3, 0)]);
}

#[test]
fn a_refusal_of_the_last_message_settles_those_before() {
    let mut batch = batch_of(3);
    batch.take(9);
    let mut out = Outcomes::new();
    batch.reply(&reply(3, 13), &mut out);
    assert_eq!(tickets(&out), [(3, 13), (1, 0), (2, 0)]);
    assert_eq!(batch.backlog(), 0);
}

#[test]
fn tolerated_refusals_are_successes() {
    let both = Tolerate::EXISTS.with(Tolerate::GONE);
    let cases = [
        (Tolerate::EXISTS, 17, 0),
        (Tolerate::EXISTS, 99, 99),
        (Tolerate::GONE, 99, 0),
        (Tolerate::GONE, 3, 0),
        (Tolerate::GONE, 17, 17),
        (both, 19, 0),
        (both, 22, 22),
    ];
    for (tolerate, errno, expected) in cases {
        let mut batch = Batch::new();
        batch.push(&request(1), Operation::Add, 1, tolerate);
        batch.take(9);
        let mut out = Outcomes::new();
        batch.reply(&reply(1, errno), &mut out);
        assert_eq!(tickets(&out), [(1, expected)], "{tolerate:?} {errno}");
    }
}

#[test]
fn what_could_not_be_sent_is_sent_later() {
    let mut batch = batch_of(4);
    let sent = batch.take(1).unwrap().len();
    assert!(sent > 0);
    let length = batch.take(2).unwrap().len();
    batch.give_back(length);
    assert_eq!((batch.queued(), batch.backlog()), (3, 4));
    let again = heads(batch.take(9).unwrap());
    assert_eq!(again, [(2, false), (3, false), (4, true)]);
    let mut out = Outcomes::new();
    batch.reply(&reply(1, 0), &mut out);
    batch.reply(&reply(4, 0), &mut out);
    assert_eq!(out.len(), 4);
}

#[test]
fn after_a_loss_everything_under_way_is_answered() {
    let mut batch = batch_of(4);
    batch.take(3);
    let mut out = Outcomes::new();
    batch.reply(&reply(1, 13), &mut out);
    batch.lost(105, &mut out);
    assert_eq!(tickets(&out), [(1, 13), (2, 105), (3, 105)]);
    assert_eq!(heads(batch.take(9).unwrap()), [(4, true)]);
    batch.reply(&reply(2, 0), &mut out);
    assert_eq!(out.len(), 3, "late replies are nobody's");
}

proptest! {
    /// A kernel that refuses some, and a caller that sends, reads and queues
    /// as it likes: each ticket is answered once, rightly, in finite memory.
    #[test]
    fn every_ticket_is_answered_once(
        steps in proptest::collection::vec((0..4_u8, 1..7_usize), 1..300),
        refused in any::<u64>(),
    ) {
        let is_refused = |ticket: u64| refused >> (ticket % 64) & 1 == 1;
        let mut batch = Batch::new();
        let (mut queued, mut ticket_of) = (0_u64, vec![0]);
        let mut replies = VecDeque::new();
        let mut out = Outcomes::new();
        let finish = [(1, 1000), (2, 10_000)];
        for (step, amount) in steps.into_iter().chain(finish) {
            match step {
                0 | 3 => for _ in 0..amount {
                    queued += 1;
                    ticket_of.push(queued);
                    batch.push(&request(1), Operation::Add, queued, Tolerate::NOTHING);
                },
                1 => if let Some(octets) = batch.take(amount) {
                    for (sequence, wants) in heads(octets) {
                        let ticket = ticket_of[usize::try_from(sequence).unwrap()];
                        if is_refused(ticket) {
                            replies.push_back((sequence, 13));
                        } else if wants {
                            replies.push_back((sequence, 0));
                        }
                    }
                },
                _ => for _ in 0..amount {
                    if let Some((sequence, errno)) = replies.pop_front() {
                        batch.reply(&reply(sequence, errno), &mut out);
                    }
                },
            }
        }
        prop_assert_eq!(batch.backlog(), 0);
        let mut answered = tickets(&out);
        answered.sort_unstable();
        let expected: Vec<_> = (1..=queued)
            .map(|ticket| (ticket, if is_refused(ticket) { 13 } else { 0 }))
            .collect();
        prop_assert_eq!(answered, expected);
    }
}
