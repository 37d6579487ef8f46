//! A single-threaded event loop: descriptors, exact deadlines, children, signals.
//!
//! A program is one value `P`. Everything that can happen to it is registered with
//! a [`Scheduler`] under a name, as a plain function that gets `&mut P` and the
//! scheduler; which of many instances is meant is said by a [`Key`]. There are no
//! closures, so there are no boxes and no reference cycles, and the
//! [thread dump](Scheduler::thread_dump) can say by name who waits for what.
//!
//! # A round
//!
//! [`Scheduler::turn`] does, in this order:
//!
//! 1. Set the timerfd, only if the earliest deadline is before the one it has.
//! 2. Wait, then read the clock once: [`Scheduler::now`] is the same for the round.
//!    In a flood of messages a handler may have them [gather](Scheduler::gather) before.
//! 3. Signals, then ready descriptors: first those left over, then the new ones.
//! 4. Timers that are due, by deadline, equal deadlines in the order of insertion.
//! 5. Descriptors whose handler left something behind ([`Drain::More`]), once more.
//! 6. Work asked for with [`Scheduler::soon`]: flush what the round has gathered.
//! 7. If a timer ran later than allowed, the hook of [`Scheduler::on_late`].
//!
//! Readiness comes before timers because a loop that was held up may find an advert
//! in a socket and the expired timer that watches for its absence at the same time.
//! The advert has to win. A timer that a handler sets for now or earlier runs in the
//! next round, as does `soon` work asked for by `soon` work: no round is endless.
//!
//! # What a handler owes
//!
//! - It never blocks, and handles a bounded number of messages ([`BUDGET`]) per call.
//! - Readiness is told on change only (edge-triggered). A descriptor's handler returns
//!   [`Drain::Drained`] only if the descriptor said *would block*, and [`Drain::More`]
//!   if it stopped before that.
//! - Descriptors belong to the program. It calls [`Scheduler::unwatch`] before closing
//!   one, or returns [`Drain::Close`] and closes it afterwards.
//! - It may register, cancel and unwatch anything, itself included. What it cancels
//!   does not run any more, not even if it was due in the same round.
//!
//! # Time
//!
//! Deadlines are nanoseconds of `CLOCK_MONOTONIC`. The loop sleeps on a timerfd since
//! `mio` waits in whole milliseconds, which is too coarse where two priorities differ
//! by less in skew time. A scheduler with [another clock](Scheduler::with_clock) never
//! sleeps: each turn looks for what is ready and due by that clock.
//!
//! # Fork
//!
//! A forked child shares the descriptors behind the parent's scheduler. It drops that
//! scheduler without calling anything on it (`unwatch` would act on the parent's
//! registrations) and makes a new one. A child that runs another program first gives
//! back the signals with [`unblock_signals`].

#![deny(unsafe_code)]

pub mod child;
pub mod io;
pub mod run;
pub mod signal;
pub mod slab;
mod slots;
#[expect(unsafe_code, reason = "system calls without a safe wrapper")]
mod sys;
pub mod time;
pub mod timer;
pub mod trace;
pub mod wheel;

pub use child::{ChildEvent, ChildId, OnChild};
pub use io::{BUDGET, Drain, Interest, IoId, OnReady, Ready};
pub use nix::sys::signal::Signal;
pub use nix::unistd::Pid;
pub use run::{Exit, OnLate, Scheduler, Stop};
pub use signal::{OnSignal, unblock_signals};
pub use slab::{Id, Slab};
pub use time::{Clock, Instant, ManualClock, SystemClock};
pub use timer::{Alarm, Cadence, OnTimer, TimerId};
pub use wheel::{Due, Wheel};

/// Which of many instances a registration is for; usually [`Id::to_bits`].
pub type Key = u64;
