//! Deadlines: single timers, alarms that follow a machine, drift-free periods, the timerfd.

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::num::NonZeroU32;
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Interest, Registry};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

use crate::Key;
use crate::io::TIMER;
use crate::run::Scheduler;
use crate::slab::Id;
use crate::time::Instant;

/// Handles a timer, or work at the end of a round.
pub type OnTimer<P> = fn(&mut P, &mut Scheduler<P>, Key);

/// Names one pending timer.
pub type TimerId<P> = Id<Task<P>>;

/// What to call and for whom; opaque, it only gives [`TimerId`] its type.
///
/// Twelve bytes, aligned to four: with its version a timer takes 16 bytes of a slab.
pub struct Task<P> {
    key: [u32; 2],
    /// Index of the handler plus one, and [`AT_SHUTDOWN`].
    handler: NonZeroU32,
    of: PhantomData<fn(&mut P)>,
}

/// One deadline that follows what a machine says it is.
///
/// Dropping it does not disarm it: let it follow `None` before.
pub struct Alarm<P> {
    name: &'static str,
    key: Key,
    call: OnTimer<P>,
    kind: Kind,
    armed: Option<(Instant, TimerId<P>)>,
    handler: Option<u32>,
}

/// Ticks of a fixed period that do not drift, however late each is served.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cadence {
    next: Instant,
    period: Duration,
}

/// A function that timers call, known once to the scheduler.
pub(crate) struct TimerHandler<P> {
    pub(crate) name: &'static str,
    pub(crate) call: OnTimer<P>,
    pub(crate) account: u32,
}

/// Whether a timer still fires after [`crate::Stop::Graceful`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Normal,
    AtShutdown,
}

/// The flag in [`Task::handler`].
const AT_SHUTDOWN: u32 = 1 << 31;

impl<P> Scheduler<P> {
    /// Call `call` once, at `when` or as soon as possible thereafter.
    pub fn at(
        &mut self,
        name: &'static str,
        when: Instant,
        key: Key,
        call: OnTimer<P>,
    ) -> TimerId<P> {
        let handler = self.timer_handler(name, call);
        self.insert_timer(when, Task::new(key, handler, Kind::Normal))
    }

    /// As [`Self::at`], and still served in the [graceful phase](crate::Stop::Graceful),
    /// which lasts until no such timer is left.
    pub fn at_shutdown(
        &mut self,
        name: &'static str,
        when: Instant,
        key: Key,
        call: OnTimer<P>,
    ) -> TimerId<P> {
        let handler = self.timer_handler(name, call);
        self.insert_timer(when, Task::new(key, handler, Kind::AtShutdown))
    }

    /// Take back a timer; `false` if it has fired or was cancelled before.
    pub fn cancel(&mut self, id: TimerId<P>) -> bool {
        let task = self.wheel.cancel(id);
        if let Some(task) = &task {
            self.forget(task);
        }
        task.is_some()
    }

    /// Whether a timer has neither fired nor been cancelled.
    #[must_use]
    pub fn is_pending(&self, id: TimerId<P>) -> bool {
        self.wheel.contains(id)
    }

    /// Call `call` at the end of this round, after all events and timers.
    ///
    /// Each request is one call: whoever gathers work asks when the first piece comes in.
    pub fn soon(&mut self, name: &'static str, key: Key, call: OnTimer<P>) {
        let handler = self.timer_handler(name, call);
        self.soon.push(Task::new(key, handler, Kind::AtShutdown));
    }

    /// Phase 4: run what is due. The lateness of the latest timer, if any ran.
    pub(crate) fn serve_timers(&mut self, program: &mut P) -> Option<Duration> {
        let mut due = std::mem::take(&mut self.due);
        self.wheel.expire(self.now(), &mut due);
        // The first of them has waited longest.
        let late = due.first().map(|first| self.now().since(first.at));
        for timer in due.drain(..) {
            if self.is_stopped() {
                break;
            }
            if let Some(task) = self.wheel.take(timer.id) {
                self.forget(&task);
                if task.kind() == Kind::AtShutdown || !self.is_stopping() {
                    self.run_task(program, &task);
                }
            }
        }
        self.due = due;
        late
    }

    /// Phase 6: run what was asked for until now.
    pub(crate) fn serve_soon(&mut self, program: &mut P) {
        if self.soon.is_empty() {
            return;
        }
        // Two vectors change places, so that neither is allocated again.
        let mut tasks = std::mem::replace(&mut self.soon, std::mem::take(&mut self.soon_spare));
        for task in tasks.drain(..) {
            if self.is_stopped() {
                break;
            }
            self.run_task(program, &task);
        }
        self.soon_spare = tasks;
    }

    /// The number of a function that timers call; the same function has the same number.
    pub(crate) fn timer_handler(&mut self, name: &'static str, call: OnTimer<P>) -> u32 {
        // A program has some dozens of handlers: the search beats a hash table.
        let known = self.handlers.iter().position(|known| {
            known.call as usize == call as usize
                && std::ptr::eq(known.name.as_ptr(), name.as_ptr())
                && known.name.len() == name.len()
        });
        let index = known.unwrap_or_else(|| {
            let account = self.ledger.account(name);
            self.handlers.push(TimerHandler {
                name,
                call,
                account,
            });
            self.handlers.len() - 1
        });
        u32::try_from(index).expect("handlers are written by hand, not in billions")
    }

    pub(crate) fn insert_timer(&mut self, when: Instant, task: Task<P>) -> TimerId<P> {
        if task.kind() == Kind::AtShutdown {
            self.shutdown_timers += 1;
        }
        // What should have been earlier is due from now on: else it would count as late.
        self.wheel.insert(when.max(self.now()), task)
    }

    fn run_task(&mut self, program: &mut P, task: &Task<P>) {
        let Some(handler) = self.handlers.get(task.handler()) else {
            return;
        };
        let (call, account) = (handler.call, handler.account);
        self.charge(account);
        call(program, self, task.key());
    }

    /// A timer leaves the wheel.
    fn forget(&mut self, task: &Task<P>) {
        if task.kind() == Kind::AtShutdown {
            self.shutdown_timers -= 1;
        }
    }
}

impl<P> Alarm<P> {
    /// An alarm that is not armed.
    #[must_use]
    pub const fn new(name: &'static str, key: Key, call: OnTimer<P>) -> Self {
        Self {
            name,
            key,
            call,
            kind: Kind::Normal,
            armed: None,
            handler: None,
        }
    }

    /// The same alarm, still served in the [graceful phase](crate::Stop::Graceful).
    #[must_use]
    pub const fn at_shutdown(mut self) -> Self {
        self.kind = Kind::AtShutdown;
        self
    }

    /// Fire at `want`, or not at all; almost free if nothing has changed.
    ///
    /// Call it after every event of the machine whose deadline it follows. An alarm
    /// belongs to the scheduler it was first armed with.
    pub fn follow(&mut self, scheduler: &mut Scheduler<P>, want: Option<Instant>) {
        if let Some((at, id)) = self.armed {
            if want == Some(at) && scheduler.wheel.contains(id) {
                return;
            }
            scheduler.cancel(id);
        }
        self.armed = want.map(|at| {
            let handler = *self
                .handler
                .get_or_insert_with(|| scheduler.timer_handler(self.name, self.call));
            let task = Task::new(self.key, handler, self.kind);
            (at, scheduler.insert_timer(at, task))
        });
    }

    /// The deadline last followed; it may have passed.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.armed.map(|(at, _)| at)
    }
}

impl Cadence {
    /// A period that first ends at `start` plus `period`.
    #[must_use]
    pub fn new(start: Instant, period: Duration) -> Self {
        Self {
            next: start + period,
            period: period.max(Duration::from_nanos(1)),
        }
    }

    /// The end of the present period.
    #[must_use]
    pub const fn deadline(&self) -> Instant {
        self.next
    }

    /// Go on to the first end of a period after `now`; how many have ended until then.
    pub fn advance(&mut self, now: Instant) -> u64 {
        if now < self.next {
            return 0;
        }
        let period = u64::try_from(self.period.as_nanos()).unwrap_or(u64::MAX);
        let ended = (now.as_nanos() - self.next.as_nanos()) / period + 1;
        let next = period
            .checked_mul(ended)
            .and_then(|passed| passed.checked_add(self.next.as_nanos()));
        self.next = next.map_or(Instant::MAX, Instant::from_nanos);
        ended
    }
}

impl<P> Task<P> {
    pub(crate) fn new(key: Key, handler: u32, kind: Kind) -> Self {
        let flag = match kind {
            Kind::Normal => 0,
            Kind::AtShutdown => AT_SHUTDOWN,
        };
        Self {
            key: halves(key),
            handler: NonZeroU32::MIN.saturating_add(handler) | flag,
            of: PhantomData,
        }
    }

    pub(crate) fn key(&self) -> Key {
        Key::from(self.key[0]) | Key::from(self.key[1]) << 32
    }

    /// Index into the handlers of the scheduler.
    pub(crate) const fn handler(&self) -> usize {
        (self.handler.get() & !AT_SHUTDOWN) as usize - 1
    }

    pub(crate) const fn kind(&self) -> Kind {
        if self.handler.get() & AT_SHUTDOWN == 0 {
            Kind::Normal
        } else {
            Kind::AtShutdown
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "each half is taken on its own"
)]
const fn halves(key: Key) -> [u32; 2] {
    [key as u32, (key >> 32) as u32]
}

impl<P> fmt::Debug for Task<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("key", &self.key())
            .field("handler", &self.handler())
            .field("kind", &self.kind())
            .finish_non_exhaustive()
    }
}

impl<P> fmt::Debug for Alarm<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alarm")
            .field("name", &self.name)
            .field("key", &self.key)
            .field("deadline", &self.deadline())
            .finish_non_exhaustive()
    }
}

/// The timerfd: wakes the loop exactly, where `mio` alone would round to milliseconds.
///
/// Registered edge-triggered, it is never read: each expiry is an edge, and setting
/// it again makes it unready.
#[derive(Debug)]
pub(crate) struct Driver {
    fd: TimerFd,
    armed: Instant,
}

impl Driver {
    pub(crate) fn new(registry: &Registry) -> io::Result<Self> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let fd = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?;
        registry.register(
            &mut SourceFd(&fd.as_fd().as_raw_fd()),
            TIMER,
            Interest::READABLE,
        )?;
        Ok(Self {
            fd,
            armed: Instant::MAX,
        })
    }

    /// When the loop will be woken at the latest.
    pub(crate) const fn armed(&self) -> Instant {
        self.armed
    }

    /// Wake at `at`, which is after [`Instant::ZERO`].
    pub(crate) fn arm(&mut self, at: Instant) -> io::Result<()> {
        let at_spec = TimeSpec::from_duration(at.since(Instant::ZERO));
        self.fd.set(
            Expiration::OneShot(at_spec),
            TimerSetTimeFlags::TFD_TIMER_ABSTIME,
        )?;
        self.armed = at;
        Ok(())
    }

    /// It is `now`: what was set for earlier has fired.
    pub(crate) fn passed(&mut self, now: Instant) {
        if self.armed <= now {
            self.armed = Instant::MAX;
        }
    }
}
