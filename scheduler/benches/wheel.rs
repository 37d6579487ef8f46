//! What a timer costs with 10 to 1,000,000 others pending.
//!
//! Each operation is measured on a wheel that holds the given number of timers all the
//! time, with deadlines spread over a minute:
//!
//! - *cancel* a timer and *insert* one;
//! - *restart*: cancel a timer and insert it again, as an advert does with a down timer;
//! - *expire*: ask for the next deadline, go there exactly, take what is due and insert
//!   it again for a minute later, as an advert timer does.
//!
//! In the first table the timers have their turns as the instances of a daemon have: each
//! again and again after about the same time. The cost per operation must not grow by
//! more than a factor of two between 1,000 and 1,000,000 timers, or the bench fails.
//!
//! In the second table timers and deadlines are random. That shows the price of a cache
//! miss, which no structure of that size avoids, and is for information.
//!
//! The clock is the processor time of the thread and the best of several passes counts,
//! both to keep other load out. Within a pass all operations count, sweeps included.

#![expect(clippy::print_stdout, reason = "a bench prints")]

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::process::ExitCode;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use scheduler::{Due, Id, Instant, Wheel};

const SIZES: [usize; 4] = [10, 1_000, 100_000, 1_000_000];
const OPERATIONS: [&str; 4] = ["cancel", "insert", "restart", "expire"];
/// How long all turns together take.
const SPAN: u64 = 60_000_000_000;
/// A down timer lasts three turns and a skew time.
const DOWN: u64 = SPAN / 10 * 36;
/// Turns come a little earlier or later than exactly in order.
const JITTER: u64 = SPAN / 100;
const BATCH: usize = 1_000;
const BATCHES: usize = 300;
const PASSES: usize = 5;
/// Other load disturbs a million timers more than a thousand: so often it may.
const ATTEMPTS: usize = 3;
const LIMIT: f64 = 2.0;

/// Which timer is next.
#[derive(Clone, Copy)]
enum Order {
    InTurn,
    Random,
}

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
    order: Order,
    ids: Vec<Id<Payload>>,
    due: Vec<Due<Payload>>,
    /// New identifiers, noted outside of the measured time.
    new: Vec<(u32, Id<Payload>)>,
    now: Instant,
    /// Time between two turns.
    step: u64,
    turn: usize,
    random: u64,
    overhead: f64,
}

impl Bench {
    fn new(size: usize, order: Order) -> Self {
        let mut bench = Self {
            wheel: Wheel::new(),
            order,
            ids: Vec::with_capacity(size),
            due: Vec::new(),
            new: Vec::new(),
            now: Instant::from_nanos(1_000_000_000_000),
            step: SPAN / size as u64,
            turn: 0,
            random: 0x9e37_79b9_7f4a_7c15,
            overhead: overhead(),
        };
        for (at, number) in bench.deadlines(size, SPAN).into_iter().zip(0..) {
            let id = bench.wheel.insert(at, Payload::new(number));
            bench.ids.push(id);
        }
        bench
    }

    /// When timers are due that are set one after the other from now on.
    fn deadlines(&mut self, count: usize, delay: u64) -> Vec<Instant> {
        let now = self.now;
        let deadline = |(turn, random)| {
            let delay = match self.order {
                Order::InTurn => turn * self.step + delay + random % JITTER,
                Order::Random => random % delay,
            };
            now + Duration::from_nanos(delay)
        };
        let random = std::iter::repeat_with(|| next_random(&mut self.random));
        (0..).zip(random).take(count).map(deadline).collect()
    }

    /// The timers whose turn it is, each once.
    fn choose(&mut self, count: usize) -> Vec<(u32, Id<Payload>)> {
        let size = self.ids.len();
        let mut chosen = Vec::with_capacity(count);
        let mut taken = HashSet::new();
        while chosen.len() < count {
            let number = match self.order {
                Order::InTurn => self.turn,
                Order::Random => {
                    usize::try_from(next_random(&mut self.random) % size as u64).unwrap_or(0)
                }
            };
            self.turn = (number + 1) % size;
            if matches!(self.order, Order::InTurn) || taken.insert(number) {
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

    /// Means over so many batches that every timer has two turns.
    fn repeat<const N: usize>(
        &mut self,
        mut run: impl FnMut(&mut Self, usize) -> [f64; N],
    ) -> [f64; N] {
        let size = self.ids.len();
        // A small wheel is never left with less than half of its timers.
        let batch = BATCH.min(size / 2);
        let batches = (2 * size / batch).max(BATCHES * (BATCH / batch).min(20));
        let mut total = [0.0; N];
        for _ in 0..batches {
            for (total, spent) in total.iter_mut().zip(run(self, batch)) {
                *total += (spent - self.overhead).max(0.0);
            }
        }
        total.map(|total| total / (batch * batches) as f64)
    }

    fn cancel(&mut self, batch: usize) -> f64 {
        let chosen = self.choose(batch);
        let start = processor_time();
        for &(_, id) in &chosen {
            self.wheel.cancel(id);
        }
        let spent = processor_time() - start;
        self.new = chosen;
        spent
    }

    /// Insert what [`Self::cancel`] has taken out.
    fn insert(&mut self, batch: usize) -> f64 {
        let deadlines = self.deadlines(batch, DOWN);
        let start = processor_time();
        for ((number, id), at) in self.new.iter_mut().zip(deadlines) {
            *id = self.wheel.insert(at, Payload::new(*number as usize));
        }
        let spent = processor_time() - start;
        self.note();
        self.pass_time(batch);
        spent
    }

    fn restart(&mut self, batch: usize) -> f64 {
        self.new = self.choose(batch);
        let deadlines = self.deadlines(batch, DOWN);
        let start = processor_time();
        for ((_, id), at) in self.new.iter_mut().zip(deadlines) {
            if let Some(payload) = self.wheel.cancel(*id) {
                *id = self.wheel.insert(at, payload);
            }
        }
        self.pass_time(batch);
        let spent = processor_time() - start;
        self.note();
        spent
    }

    /// Timers that have their turns before they are due leave nothing to expire.
    fn pass_time(&mut self, turns: usize) {
        if matches!(self.order, Order::InTurn) {
            self.now += Duration::from_nanos(self.step * turns as u64);
            self.wheel.expire(self.now, &mut self.due);
            assert!(self.due.is_empty(), "every timer was restarted in time");
        }
    }

    fn expire(&mut self, batch: usize) -> f64 {
        self.new.reserve(2 * batch);
        let began = self.now;
        let delays: Vec<_> = self
            .deadlines(batch, SPAN)
            .into_iter()
            .zip(0..)
            .map(|(at, turn)| match self.order {
                Order::InTurn => at.since(began) - Duration::from_nanos(turn * self.step),
                Order::Random => at.since(began),
            })
            .collect();
        let mut delays = delays.into_iter();
        let mut taken = 0;
        let start = processor_time();
        while taken < batch {
            let Some(next) = self.wheel.next_deadline() else {
                break;
            };
            self.now = next;
            self.wheel.expire(next, &mut self.due);
            for due in self.due.drain(..) {
                if let Some(payload) = self.wheel.take(due.id) {
                    taken += 1;
                    let again = next + delays.next().unwrap_or(Duration::from_nanos(SPAN));
                    let id = self.wheel.insert(again, payload);
                    self.new.push((payload.number, id));
                }
            }
        }
        let spent = processor_time() - start;
        self.note();
        spent
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

fn next_random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// Nanoseconds that this thread has run.
fn processor_time() -> f64 {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("Linux has this clock");
    Duration::from(time).as_secs_f64() * 1e9
}

/// What the measuring itself takes.
fn overhead() -> f64 {
    let times = (0..1_000).map(|_| -processor_time() + processor_time());
    times.fold(f64::INFINITY, f64::min)
}

/// Nanoseconds per operation, for every size.
type Table = [[f64; 4]; SIZES.len()];

/// Measure, and keep what is better than before.
fn measure(order: Order, best: &mut Table) {
    for (best, &size) in best.iter_mut().zip(&SIZES) {
        // Not on one wheel, so that none pays for what another has left behind.
        let mut moved = Bench::new(size, order);
        let mut fired = Bench::new(size, order);
        for _ in 0..PASSES {
            let [cancel, insert] =
                moved.repeat(|bench, batch| [bench.cancel(batch), bench.insert(batch)]);
            let [restart] = moved.repeat(|bench, batch| [bench.restart(batch)]);
            let [expire] = fired.repeat(|bench, batch| [bench.expire(batch)]);
            for (best, found) in best.iter_mut().zip([cancel, insert, restart, expire]) {
                *best = best.min(found);
            }
        }
    }
}

/// By how much each operation grows from 1,000 to 1,000,000 timers.
fn growth(best: &Table) -> impl Iterator<Item = f64> {
    best[1].iter().zip(best[3]).map(|(few, many)| many / few)
}

fn print(title: &str, best: &Table) {
    println!("{title}, ns per operation");
    print!("{:>10}", "timers");
    for name in OPERATIONS {
        print!(" {name:>9}");
    }
    println!();
    for (costs, size) in best.iter().zip(SIZES) {
        print!("{size:>10}");
        for cost in costs {
            print!(" {cost:>9.1}");
        }
        println!();
    }
    print!("{:>10}", "growth");
    for growth in growth(best) {
        print!(" {growth:>9.2}");
    }
    println!("   from 1,000 to 1,000,000");
}

fn main() -> ExitCode {
    // `cargo test --all-targets` runs this, too, unoptimised and without the option.
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("run `cargo bench`");
        return ExitCode::SUCCESS;
    }
    let mut in_turn = [[f64::INFINITY; 4]; SIZES.len()];
    let within = |best: &Table| growth(best).all(|growth| growth <= LIMIT);
    for _ in 0..ATTEMPTS {
        measure(Order::InTurn, &mut in_turn);
        if within(&in_turn) {
            break;
        }
    }
    print("timers in turn", &in_turn);
    let mut random = [[f64::INFINITY; 4]; SIZES.len()];
    measure(Order::Random, &mut random);
    print("random timers", &random);
    if within(&in_turn) {
        return ExitCode::SUCCESS;
    }
    println!("timers in turn may grow by a factor of {LIMIT}");
    ExitCode::FAILURE
}
