//! What a timer costs with 10 to 1,000,000 others pending.
//!
//! Each operation is timed in batches on a wheel that holds the given number of timers
//! all the time, with deadlines spread evenly over a minute:
//!
//! - *insert*: one more timer;
//! - *cancel*: any timer, chosen at random;
//! - *restart*: cancel any timer and insert it again, as an advert does with a down timer;
//! - *expire*: wait for the next deadline, exactly, take what is due and insert it again
//!   for a minute later, as advert timers do.
//!
//! A batch is as long as a scheduler's slice on a quiet machine, the cost is the median
//! of the batches, and the best of several passes counts, which together keep other
//! load out. It fails if the cost per operation grows by more than a factor of two
//! between 1,000 and 1,000,000 timers.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a bench reads a clock and prints"
)]

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::process::ExitCode;
use std::time::{Duration, Instant as Stopwatch};

use scheduler::{Due, Id, Instant, Wheel};

const SIZES: [usize; 4] = [10, 1_000, 100_000, 1_000_000];
const OPERATIONS: [&str; 4] = ["insert", "cancel", "restart", "expire"];
const SPAN: u64 = 60_000_000_000;
const BATCH: usize = 1_000;
const BATCHES: usize = 200;
const PASSES: usize = 5;
const LIMIT: f64 = 2.0;

/// As large as what the scheduler keeps for a timer.
#[derive(Clone, Copy)]
struct Payload {
    /// Position of the identifier in [`Bench::ids`].
    number: u32,
    _key: u32,
    _handler: NonZeroU32,
}

struct Bench {
    wheel: Wheel<Payload>,
    ids: Vec<Id<Payload>>,
    due: Vec<Due<Payload>>,
    /// New identifiers, noted outside of the measured time.
    new: Vec<(u32, Id<Payload>)>,
    now: Instant,
    random: u64,
}

impl Bench {
    fn new(size: usize) -> Self {
        let mut bench = Self {
            wheel: Wheel::new(),
            ids: Vec::new(),
            due: Vec::new(),
            new: Vec::new(),
            now: Instant::from_nanos(1_000_000_000_000),
            random: 0x9e37_79b9_7f4a_7c15,
        };
        bench.wheel.expire(bench.now, &mut bench.due);
        for number in 0..size {
            let at = bench.deadline();
            let payload = Payload::new(number);
            bench.ids.push(bench.wheel.insert(at, payload));
        }
        bench
    }

    fn random(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }

    fn deadline(&mut self) -> Instant {
        let delay = self.random() % SPAN;
        self.now + Duration::from_nanos(delay)
    }

    /// Some timers to cancel, in random order, each once.
    fn choose(&mut self, count: usize) -> Vec<(u32, Id<Payload>)> {
        let size = self.ids.len();
        let mut chosen = Vec::with_capacity(count);
        let mut taken = HashSet::new();
        while chosen.len() < count {
            let number = usize::try_from(self.random() % size as u64).unwrap_or(0);
            if taken.insert(number) {
                chosen.push((Payload::new(number).number, self.ids[number]));
            }
        }
        chosen
    }

    fn note(&mut self) {
        for (number, id) in self.new.drain(..) {
            self.ids[number as usize] = id;
        }
    }

    /// Nanoseconds per operation, in the order of [`OPERATIONS`].
    fn pass(&mut self) -> [f64; 4] {
        // A small wheel is never left with less than half of its timers.
        let batch = BATCH.min(self.ids.len() / 2);
        let mut samples = [const { Vec::new() }; 4];
        for _ in 0..BATCHES * (BATCH / batch).min(20) {
            let (cancel, insert) = self.cancel_and_insert(batch);
            samples[0].push(insert);
            samples[1].push(cancel);
            samples[2].push(self.restart(batch));
            samples[3].push(self.expire(batch));
        }
        samples.map(median)
    }

    fn cancel_and_insert(&mut self, batch: usize) -> (f64, f64) {
        let chosen = self.choose(batch);
        let start = Stopwatch::now();
        for &(_, id) in &chosen {
            self.wheel.cancel(id);
        }
        let cancel = per(start, batch);
        let deadlines: Vec<_> = (0..batch).map(|_| self.deadline()).collect();
        let start = Stopwatch::now();
        for (&(number, _), at) in chosen.iter().zip(deadlines) {
            let payload = Payload::new(number as usize);
            self.new.push((number, self.wheel.insert(at, payload)));
        }
        let insert = per(start, batch);
        self.note();
        (cancel, insert)
    }

    fn restart(&mut self, batch: usize) -> f64 {
        let chosen = self.choose(batch);
        let at = self.now + Duration::from_nanos(SPAN);
        let start = Stopwatch::now();
        for (number, old) in chosen {
            if let Some(payload) = self.wheel.cancel(old) {
                self.new.push((number, self.wheel.insert(at, payload)));
            }
        }
        let cost = per(start, batch);
        self.note();
        cost
    }

    fn expire(&mut self, batch: usize) -> f64 {
        let mut taken = 0;
        let start = Stopwatch::now();
        while taken < batch {
            let Some(next) = self.wheel.next_deadline() else {
                break;
            };
            self.now = next;
            self.wheel.expire(next, &mut self.due);
            for due in self.due.drain(..) {
                if let Some(payload) = self.wheel.take(due.id) {
                    taken += 1;
                    let again = due.at + Duration::from_nanos(SPAN);
                    let id = self.wheel.insert(again, payload);
                    self.new.push((payload.number, id));
                }
            }
        }
        let cost = per(start, taken.max(1));
        self.note();
        cost
    }
}

impl Payload {
    fn new(number: usize) -> Self {
        Self {
            number: u32::try_from(number).unwrap_or(u32::MAX),
            _key: 0,
            _handler: NonZeroU32::MIN,
        }
    }
}

fn per(start: Stopwatch, count: usize) -> f64 {
    start.elapsed().as_secs_f64() * 1e9 / count as f64
}

fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

fn main() -> ExitCode {
    let mut best = [[f64::INFINITY; 4]; SIZES.len()];
    for _ in 0..PASSES {
        for (best, &size) in best.iter_mut().zip(&SIZES) {
            let found = Bench::new(size).pass();
            for (best, found) in best.iter_mut().zip(found) {
                *best = best.min(found);
            }
        }
    }
    print!("{:>10}", "timers");
    for name in OPERATIONS {
        print!(" {name:>9}");
    }
    println!("   (ns per operation)");
    for (costs, size) in best.iter().zip(SIZES) {
        print!("{size:>10}");
        for cost in costs {
            print!(" {cost:>9.1}");
        }
        println!();
    }
    let mut verdict = ExitCode::SUCCESS;
    print!("{:>10}", "growth");
    for (few, many) in best[1].iter().zip(best[3]) {
        let growth = many / few;
        print!(" {growth:>9.2}");
        if growth > LIMIT {
            verdict = ExitCode::FAILURE;
        }
    }
    println!("   (1,000 to 1,000,000, at most {LIMIT})");
    verdict
}
