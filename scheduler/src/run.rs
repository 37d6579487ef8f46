//! The loop itself: rounds, the end, lateness.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::time::Duration;

use mio::{Events, Poll};

use crate::child::Child;
use crate::io::{Bits, IoId, SIGNAL, Source, TIMER, index_of, token_of};
use crate::signal::Signals;
use crate::slab::Slab;
use crate::sys;
use crate::time::{Clock, Instant, SystemClock};
use crate::timer::{Driver, Task, TimerHandler};
use crate::trace::Ledger;
use crate::wheel::{Due, Wheel};

/// Called after a round in which a timer ran later than allowed; told how much.
pub type OnLate<P> = fn(&mut P, &mut Scheduler<P>, Duration);

/// Descriptors reported by one wait; what is left comes with the next.
const EVENTS: usize = 256;

/// Room for functions that timers call, so that one that is first called in need, such as
/// for the end of a storm, takes no memory then.
const HANDLERS: usize = 32;

/// How much longer than asked for the system may let a pause be.
const OVERSLEEP: Duration = Duration::from_micros(100);

/// How to end the loop.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stop {
    /// After the handler that said so.
    Now,
    /// When no [shutdown timer](Scheduler::at_shutdown) and no child is left. Until then
    /// only these, signals, `soon` work and descriptors
    /// [marked for it](Scheduler::serve_at_shutdown) are served.
    Graceful,
}

/// The exit value of the program.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Exit(pub i32);

/// The loop of a program with the state `P`. See the [crate] for its rules.
pub struct Scheduler<P> {
    pub(crate) poll: Poll,
    pub(crate) sources: Slab<Source<P>>,
    pub(crate) ready: VecDeque<IoId<P>>,
    pub(crate) wheel: Wheel<Task<P>>,
    pub(crate) due: Vec<Due<Task<P>>>,
    pub(crate) handlers: Vec<TimerHandler<P>>,
    pub(crate) soon: Vec<Task<P>>,
    pub(crate) soon_spare: Vec<Task<P>>,
    pub(crate) shutdown_timers: usize,
    pub(crate) children: Slab<Child<P>>,
    pub(crate) signals: Signals<P>,
    pub(crate) ledger: Ledger,
    events: Events,
    clock: Box<dyn Clock>,
    /// Absent with a foreign clock, by which nobody can sleep.
    driver: Option<Driver>,
    now: Instant,
    /// When the clock was last read, for the accounts.
    mark: Instant,
    /// Whose time has passed since then.
    charged: Option<u32>,
    /// How long the next wait lets events gather.
    pause: Duration,
    stop: Option<Stop>,
    exit: Exit,
    on_late: Option<(Duration, OnLate<P>)>,
}

impl<P> Scheduler<P> {
    /// A scheduler by the system's monotonic clock.
    ///
    /// Gives SIGCHLD its default action, as an inherited *ignore* would hide how
    /// children end.
    ///
    /// # Errors
    /// If no descriptor is left.
    pub fn new() -> io::Result<Self> {
        let mut scheduler = Self::with_clock(Box::new(SystemClock))?;
        scheduler.driver = Some(Driver::new(scheduler.poll.registry())?);
        Ok(scheduler)
    }

    /// A scheduler by another clock. Its turns never wait: they serve what is ready and
    /// what is due by that clock.
    ///
    /// # Errors
    /// If no descriptor is left.
    pub fn with_clock(clock: Box<dyn Clock>) -> io::Result<Self> {
        sys::reset_child_signal()?;
        let now = clock.now();
        Ok(Self {
            poll: Poll::new()?,
            sources: Slab::new(),
            ready: VecDeque::new(),
            wheel: Wheel::new(),
            due: Vec::new(),
            handlers: Vec::with_capacity(HANDLERS),
            soon: Vec::new(),
            soon_spare: Vec::new(),
            shutdown_timers: 0,
            children: Slab::new(),
            signals: Signals::new(),
            ledger: Ledger::default(),
            events: Events::with_capacity(EVENTS),
            clock,
            driver: None,
            now,
            mark: now,
            charged: None,
            pause: Duration::ZERO,
            stop: None,
            exit: Exit::default(),
            on_late: None,
        })
    }

    /// One round: wait for something, then handle all of it.
    ///
    /// # Errors
    /// What the kernel says about waiting; a signal that interrupts it is no error.
    pub fn turn(&mut self, program: &mut P) -> io::Result<()> {
        self.wait()?;
        self.serve_signals(program);
        self.serve_ready(program);
        let late = self.serve_timers(program);
        self.serve_ready(program);
        self.serve_soon(program);
        self.settle();
        self.report_lateness(program, late);
        Ok(())
    }

    /// Turn until something [stops](Self::stop) the loop.
    ///
    /// # Errors
    /// As [`Self::turn`].
    pub fn run(&mut self, program: &mut P) -> io::Result<Exit> {
        self.refresh();
        while !self.is_finished() {
            self.turn(program)?;
        }
        Ok(self.exit)
    }

    /// End the loop. [`Stop::Now`] outdoes [`Stop::Graceful`], never the other way.
    pub fn stop(&mut self, how: Stop) {
        if self.stop != Some(Stop::Now) {
            self.stop = Some(how);
        }
    }

    /// What [`Self::run`] will return; 0 unless said otherwise.
    pub const fn exit_with(&mut self, exit: Exit) {
        self.exit = exit;
    }

    /// Call `call` after each round in which a timer ran more than `limit` late.
    pub const fn on_late(&mut self, limit: Duration, call: OnLate<P>) {
        self.on_late = Some((limit, call));
    }

    /// Read the clock now, for a caller outside of the loop that has been busy.
    pub fn refresh(&mut self) -> Instant {
        self.now = self.clock.now();
        self.mark = self.now;
        self.now
    }

    /// Let events gather: the next wait looks for them only after `length`, or not
    /// at all if that could make a timer late. For a handler that finds one message
    /// a time while many are on their way, and whose cost is the waking up.
    ///
    /// Everything else waits as well, so this is for fractions of a millisecond.
    pub fn gather(&mut self, length: Duration) {
        self.pause = self.pause.max(length);
    }

    /// When this round began.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// Whether the loop is to end, at once or gracefully.
    #[must_use]
    pub const fn is_stopping(&self) -> bool {
        self.stop.is_some()
    }

    /// Whether [`Self::run`] would return.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        match self.stop {
            None => false,
            Some(Stop::Now) => true,
            Some(Stop::Graceful) => {
                self.shutdown_timers == 0 && self.children.is_empty() && self.soon.is_empty()
            }
        }
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stop == Some(Stop::Now)
    }

    /// A handler is about to be called. Its time counts until one of another name is,
    /// or until the end of the round: many calls of the same read the clock once.
    pub(crate) fn charge(&mut self, account: u32) {
        if self.charged != Some(account) {
            self.settle();
            self.charged = Some(account);
        }
        self.ledger.call(account);
    }

    /// Book the time since the clock was last read.
    fn settle(&mut self) {
        if let Some(account) = self.charged.take() {
            let end = self.clock.now();
            self.ledger.charge(account, end.since(self.mark));
            self.mark = end;
        }
    }

    /// Phases 1 and 2.
    fn wait(&mut self) -> io::Result<()> {
        let limit = self.prepare()?;
        let pause = std::mem::take(&mut self.pause);
        if limit.is_none() && !pause.is_zero() {
            self.rest(pause);
        }
        let waited = self.poll.poll(&mut self.events, limit);
        self.refresh();
        self.ledger.round();
        if let Some(driver) = &mut self.driver {
            driver.passed(self.now);
        }
        match waited {
            Ok(()) => self.note_events(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Set the timerfd if it would wake too late; how long to wait.
    ///
    /// It stays as it is when the earliest deadline was put off, as each advert from a
    /// master does: to wake once in vain is cheaper than to set it every time.
    fn prepare(&mut self) -> io::Result<Option<Duration>> {
        let Some(driver) = &mut self.driver else {
            return Ok(Some(Duration::ZERO));
        };
        if !self.ready.is_empty() || !self.soon.is_empty() {
            return Ok(Some(Duration::ZERO));
        }
        if self.wheel.not_before() >= driver.armed() {
            return Ok(None);
        }
        match self.wheel.next_deadline() {
            Some(first) if first <= self.mark => Ok(Some(Duration::ZERO)),
            Some(first) if first < driver.armed() => driver.arm(first).map(|()| None),
            Some(_) | None => Ok(None),
        }
    }

    /// Sleep, unless a timer is near.
    #[expect(
        clippy::disallowed_methods,
        reason = "the events that are waited for are those that come meanwhile"
    )]
    fn rest(&self, length: Duration) {
        if self.wheel.not_before() > self.mark + length + OVERSLEEP {
            std::thread::sleep(length);
        }
    }

    /// Queue what the kernel reported.
    fn note_events(&mut self) {
        for event in &self.events {
            match event.token() {
                TIMER => {}
                SIGNAL => self.signals.pending = true,
                token => {
                    let id = self.sources.id_at(index_of(token));
                    let Some(id) = id.filter(|&id| token_of(id) == token) else {
                        continue;
                    };
                    let Some(source) = self.sources.get_mut(id) else {
                        continue;
                    };
                    if source.pending == Bits::NONE {
                        self.ready.push_back(id);
                    }
                    source.pending = source.pending.and(Bits::of(event));
                }
            }
        }
    }

    /// Phase 7.
    fn report_lateness(&mut self, program: &mut P, late: Option<Duration>) {
        let Some(late) = late else {
            return;
        };
        self.ledger.late(late);
        if let Some((limit, call)) = self.on_late
            && late > limit
            && !self.is_stopped()
        {
            call(program, self, late);
        }
    }
}

impl<P> fmt::Debug for Scheduler<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scheduler")
            .field("now", &self.now)
            .field("sources", &self.sources.len())
            .field("timers", &self.wheel)
            .field("children", &self.children.len())
            .field("stop", &self.stop)
            .finish_non_exhaustive()
    }
}
