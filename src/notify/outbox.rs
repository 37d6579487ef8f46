//! Mails that wait to be sent: bounded, and no flood however much an instance flaps.
//!
//! Each sender (an instance, a group) may send [`BURST`] mails at once, and one
//! per [`REFILL`] after that. A mail beyond it waits for its turn, and the next
//! one of the same sender replaces it: what people read last is the latest state.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use scheduler::Instant;

use super::letter::Letter;

/// How many mails a sender may send without a pause.
pub const BURST: u32 = 10;
/// The pause after which one more may go.
pub const REFILL: Duration = Duration::from_secs(60);
/// How many mails wait at most; the oldest goes when there are more.
pub const QUEUE_MAX: usize = 4096;

/// Whose mails are counted together.
pub type Sender = u64;

/// Mails that wait.
#[derive(Debug, Default)]
pub struct Outbox {
    queue: VecDeque<Letter>,
    senders: BTreeMap<Sender, Allowance>,
    skipped: u64,
    dropped: u64,
}

/// What one sender may still send.
#[derive(Debug)]
struct Allowance {
    spent: u32,
    /// When one of the spent ones is given back.
    refill_at: Instant,
    waiting: Option<Letter>,
}

impl Outbox {
    /// Add a mail.
    pub fn post(&mut self, now: Instant, sender: Sender, letter: Letter) {
        let allowance = self.senders.entry(sender).or_insert(Allowance {
            spent: 0,
            refill_at: now,
            waiting: None,
        });
        allowance.refill(now);
        if allowance.waiting.is_none() && allowance.spend(now) {
            self.push(letter);
        } else if allowance.waiting.replace(letter).is_some() {
            self.skipped += 1;
        }
    }

    /// The mail to be sent first, if there is one.
    pub fn take(&mut self) -> Option<Letter> {
        self.queue.pop_front()
    }

    /// Put what had to wait into the queue, if its time has come.
    pub fn tick(&mut self, now: Instant) {
        let mut ready = Vec::new();
        for allowance in self.senders.values_mut() {
            allowance.refill(now);
            if allowance.waiting.is_some() && allowance.spend(now) {
                ready.extend(allowance.waiting.take());
            }
        }
        for letter in ready {
            self.push(letter);
        }
        self.senders.retain(|_, allowance| allowance.spent > 0);
    }

    /// When [`Self::tick`] is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let waiting = self.senders.values().filter(|a| a.waiting.is_some());
        waiting.map(|a| a.refill_at).min()
    }

    /// Whether no mail can be sent now.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// How many mails can be sent now.
    #[must_use]
    pub fn queue_len(&self) -> usize {
        self.queue.len()
    }

    /// How many mails a later one of the same sender has replaced.
    #[must_use]
    pub const fn skipped(&self) -> u64 {
        self.skipped
    }

    /// How many mails were lost because too many waited.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    fn push(&mut self, letter: Letter) {
        if self.queue.len() >= QUEUE_MAX {
            self.queue.pop_front();
            self.dropped += 1;
        }
        self.queue.push_back(letter);
    }
}

impl Allowance {
    fn refill(&mut self, now: Instant) {
        while self.spent > 0 && self.refill_at <= now {
            self.spent -= 1;
            self.refill_at += REFILL;
        }
    }

    fn spend(&mut self, now: Instant) -> bool {
        if self.spent == 0 {
            self.refill_at = now + REFILL;
        }
        let may = self.spent < BURST;
        self.spent += u32::from(may);
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::letter::Mailbox;

    fn letter(subject: &str) -> Letter {
        Letter {
            date: String::new(),
            from: Mailbox::default(),
            to: [].into(),
            subject: subject.into(),
            body: String::new(),
        }
    }

    fn at(seconds: u64) -> Instant {
        Instant::ZERO + Duration::from_secs(1000 + seconds)
    }

    fn subjects(outbox: &mut Outbox) -> Vec<String> {
        std::iter::from_fn(|| outbox.take().map(|letter| letter.subject)).collect()
    }

    #[test]
    fn a_burst_goes_out_and_the_latest_of_the_rest_waits() {
        let mut outbox = Outbox::default();
        for n in 0..15 {
            outbox.post(at(0), 1, letter(&n.to_string()));
        }
        outbox.post(at(0), 2, letter("other"));
        let sent = subjects(&mut outbox);
        assert_eq!(sent.len(), 11);
        assert_eq!(sent.last().map(String::as_str), Some("other"));
        assert_eq!(outbox.skipped(), 4);
        assert_eq!(outbox.deadline(), Some(at(60)));
        outbox.tick(at(59));
        assert!(outbox.is_empty());
        outbox.tick(at(60));
        assert_eq!(subjects(&mut outbox), ["14"]);
        assert_eq!(outbox.deadline(), None);
    }

    #[test]
    fn a_pause_gives_the_burst_back() {
        let mut outbox = Outbox::default();
        for _ in 0..10 {
            outbox.post(at(0), 1, letter("x"));
        }
        for _ in 0..10 {
            outbox.post(at(600), 1, letter("x"));
        }
        assert_eq!(subjects(&mut outbox).len(), 20);
        outbox.tick(at(2000));
        assert!(outbox.senders.is_empty(), "nothing is kept of the quiet");
    }

    #[test]
    fn the_queue_is_bounded() {
        let mut outbox = Outbox::default();
        for n in 0..QUEUE_MAX as u64 + 5 {
            outbox.post(at(0), n, letter(&n.to_string()));
        }
        assert_eq!(outbox.dropped(), 5);
        assert_eq!(outbox.take().unwrap().subject, "5");
    }
}
