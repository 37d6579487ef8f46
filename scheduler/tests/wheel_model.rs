//! The wheel against a sorted list, over random operations.

use std::collections::BTreeMap;
use std::time::Duration;

use scheduler::{Due, Id, Instant, Wheel};

/// Operations per seed; with the seeds below more than 200,000.
const OPERATIONS: usize = 60_000;
const SEEDS: [u64; 5] = [1, 2, 3, 0xfeed, 0x0123_4567_89ab_cdef];

/// xorshift64*: enough for choosing operations.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: u64) -> u64 {
        (self.next() >> 11) % limit
    }

    fn index(&mut self, limit: usize) -> usize {
        usize::try_from(self.below(limit as u64)).expect("below a usize")
    }
}

/// Timers by deadline and insertion.
type Model = BTreeMap<(Instant, u64), Id<u64>>;

struct Pair {
    random: Random,
    wheel: Wheel<u64>,
    model: Model,
    /// What may be cancelled; some of it has fired since.
    known: Vec<(Instant, u64, Id<u64>)>,
    inserted: u64,
    now: Instant,
    due: Vec<Due<u64>>,
}

impl Pair {
    fn new(seed: u64) -> Self {
        Self {
            random: Random(seed),
            wheel: Wheel::new(),
            model: Model::new(),
            known: Vec::new(),
            inserted: 0,
            now: Instant::ZERO,
            due: Vec::new(),
        }
    }

    /// Delays of every magnitude, some of them negative, many of them equal.
    fn deadline(&mut self) -> Instant {
        let bits = self.random.below(64);
        let delay = Duration::from_nanos(self.random.next() >> bits);
        match self.random.below(16) {
            0 => self.now - delay,
            1 => Instant::MAX,
            2 => self.now,
            3..6 => Instant::from_nanos((self.now + delay).as_nanos() >> 22 << 22),
            6 => self.now + Duration::from_nanos(self.random.below(4_000) * 1_000),
            7 => self.now + Duration::from_nanos(self.random.below(40) * 100_000),
            8..12 => self.now + Duration::from_nanos(self.random.below(5_000_000_000)),
            _ => self.now + delay,
        }
    }

    fn insert(&mut self) {
        let at = self.deadline();
        self.inserted += 1;
        let id = self.wheel.insert(at, self.inserted);
        self.model.insert((at, self.inserted), id);
        self.known.push((at, self.inserted, id));
    }

    fn cancel(&mut self) {
        if self.known.is_empty() {
            return;
        }
        let chosen = self.random.index(self.known.len());
        let (at, number, id) = self.known.swap_remove(chosen);
        let expected = self.model.remove(&(at, number)).map(|_| number);
        assert_eq!(self.wheel.get(id).copied(), expected);
        assert_eq!(self.wheel.cancel(id), expected);
        assert_eq!(self.wheel.cancel(id), None);
    }

    fn expire(&mut self) {
        self.now = match (self.random.below(8), self.wheel.next_deadline()) {
            (0..5, Some(next)) if next < Instant::from_nanos(1 << 60) => self.now.max(next),
            (5, _) => self.now + Duration::from_nanos(self.random.below(20_000_000_000)),
            (6, _) => self.now + Duration::from_nanos(self.random.below(300_000)),
            _ => self.now + Duration::from_nanos(self.random.below(3_000_000)),
        };
        self.wheel.expire(self.now, &mut self.due);
        let later = self
            .model
            .split_off(&(self.now + Duration::from_nanos(1), 0));
        let expected = std::mem::replace(&mut self.model, later);
        let mut cancelled = 0;
        let found: Vec<_> = std::mem::take(&mut self.due)
            .into_iter()
            .filter_map(|due| {
                // Every now and then a handler cancels the next timer that is due.
                if self.random.below(50) == 0 {
                    cancelled += 1;
                    assert!(self.wheel.cancel(due.id).is_some());
                    assert_eq!(self.wheel.take(due.id), None);
                    return None;
                }
                Some((due.at, self.wheel.take(due.id)?))
            })
            .collect();
        assert_eq!(found.len() + cancelled, expected.len());
        let mut expected = expected.into_keys();
        for pair in found {
            assert!(expected.any(|other| other == pair), "{pair:?} out of order");
        }
    }

    fn compare(&self) {
        let first = self.model.first_key_value().map(|((at, _), _)| *at);
        assert_eq!(self.wheel.next_deadline(), first);
        assert_eq!(self.wheel.len(), self.model.len());
        if let Some(first) = first {
            assert!(self.wheel.not_before() <= first);
        }
    }
}

#[test]
fn agrees_with_a_sorted_list() {
    for seed in SEEDS {
        println!("seed {seed:#x}");
        let mut pair = Pair::new(seed);
        for step in 0..OPERATIONS {
            match pair.random.below(100) {
                0..45 => pair.insert(),
                45..75 => pair.cancel(),
                _ => pair.expire(),
            }
            // The exact deadline is asked for rarely enough to leave it unknown at times.
            if step % 3 == 0 {
                pair.compare();
            }
        }
        let listed = pair.wheel.iter().count();
        assert_eq!(listed, pair.model.len());
        pair.now = Instant::MAX - Duration::from_nanos(1);
        pair.wheel.expire(pair.now, &mut pair.due);
        pair.wheel.expire(Instant::MAX, &mut pair.due);
        let all: Vec<_> = pair.due.iter().map(|due| (due.at, due.id)).collect();
        let expected: Vec<_> = pair.model.iter().map(|((at, _), id)| (*at, *id)).collect();
        assert_eq!(all, expected);
    }
}

#[test]
fn equal_deadlines_keep_their_order_through_all_levels() {
    let mut wheel = Wheel::new();
    let at = Instant::from_nanos(3_600_000_123_456);
    let mut due = Vec::new();
    for number in 0..100_u64 {
        // The nearer the deadline, the lower the level at which a timer goes in.
        let before = Duration::from_millis(3_600_000 >> (number / 5));
        wheel.expire(at - before, &mut due);
        wheel.insert(at, number);
    }
    assert!(due.is_empty());
    wheel.expire(at, &mut due);
    let order: Vec<_> = due.iter().filter_map(|due| wheel.take(due.id)).collect();
    assert_eq!(order, (0..100).collect::<Vec<_>>());
    assert!(wheel.is_empty());
}

#[test]
fn a_timer_fires_in_its_nanosecond_and_not_before() {
    let mut wheel = Wheel::new();
    let mut due = Vec::new();
    for at in [
        1,
        999_999,
        1_000_000,
        1_000_001,
        63_999_999,
        64_000_000,
        1 << 40,
        u64::MAX,
    ] {
        let at = Instant::from_nanos(at);
        wheel.insert(at, ());
        assert_eq!(wheel.next_deadline(), Some(at));
        wheel.expire(at - Duration::from_nanos(1), &mut due);
        assert!(due.is_empty());
        wheel.expire(at, &mut due);
        assert_eq!(due.len(), 1);
        for due in due.drain(..) {
            assert_eq!(wheel.take(due.id), Some(()));
        }
        assert_eq!(wheel.next_deadline(), None);
    }
}

#[test]
fn restarting_timers_for_ever_does_not_grow_the_wheel() {
    let mut wheel = Wheel::new();
    let mut now = Instant::ZERO;
    let far = Duration::from_secs(86_400);
    let mut ids: Vec<_> = (0..100_u64).map(|n| wheel.insert(now + far, n)).collect();
    for round in 0..100_000_usize {
        now += Duration::from_micros(100);
        let id = &mut ids[round % 100];
        let value = wheel.cancel(*id).expect("it is a day away");
        *id = wheel.insert(now + far, value);
    }
    assert_eq!(wheel.len(), 100);
    assert!(wheel.memory() < 40_000, "{} bytes", wheel.memory());
}
