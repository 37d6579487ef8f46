//! What all children do alike, from their beginning to the end of their loop.
//!
//! ```text
//! main ──► open ──► attend ──► begin ──► ready ──► loop ──► end
//!                     │                             │
//!                     └─ signals, orders, log ──────┴──► wish, reload, stop
//! ```
//!
//! A process is a [`Child`]: it says what it opens and what it does when something is
//! wanted of it. [`main`] is the program of its role.

use std::io;
use std::os::fd::AsFd as _;
use std::rc::Rc;
use std::time::Duration;

use scheduler::{Drain, Interest, IoId, Key, Ready, Scheduler, Signal};

use super::{Plumbing, orders, rights};
use crate::control_plane::Config;
use crate::memory::residency;
use crate::sys::memory::give_back_free;
use crate::sys::signals::SignalReader;
use crate::watchdog::signals::{self, RealTime, real_time};

/// The signals with a name that children act on; the others that the parent passes on
/// are blocked, so none of them can end a child.
const SIGNALS: [Signal; 6] = [
    Signal::SIGTERM,
    Signal::SIGINT,
    Signal::SIGHUP,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGXCPU,
];

/// Exit status when the kernel does not allow what a process needs: another one may not either.
const NO_PERMISSION: i32 = 4;

/// What an operator wants of a running process.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wish {
    /// Its state, as text (SIGUSR1).
    Data,
    /// Its counters, as text (SIGUSR2).
    Stats,
    /// State and counters as JSON.
    Json,
    /// Its counters, and all of them to zero.
    ClearStats,
}

/// How an operator has said what is wanted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Asker {
    /// By a signal.
    Signal,
    /// By a method on D-Bus.
    Bus,
}

impl Asker {
    /// In the log.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Signal => "signal",
            Self::Bus => "DBus request",
        }
    }
}

/// A process that the parent has started.
pub trait Child: Sized + 'static {
    /// The exit status when it cannot begin, or its loop fails.
    const FAILED: i32 = 1;

    /// What a configuration names and the process reads when it judges it.
    type Provision: Default;

    /// Open what it cannot be without.
    ///
    /// # Errors
    /// What the system says; it ends the process.
    fn open(config: Rc<Config>, plumbing: Plumbing, s: &mut Scheduler<Self>) -> io::Result<Self>;

    /// Begin its work. Signals and orders of the parent are waited for already.
    ///
    /// # Errors
    /// What the system says; it ends the process.
    fn begin(&mut self, s: &mut Scheduler<Self>) -> io::Result<()>;

    /// The configuration in use.
    fn config(&self) -> &Rc<Config>;

    /// The way to the parent.
    fn plumbing(&mut self) -> &mut Plumbing;

    /// Leave in order; said once.
    fn stop(&mut self, s: &mut Scheduler<Self>);

    /// An operator wants something.
    fn wish(&mut self, _: &mut Scheduler<Self>, _: Wish, _: Asker) {}

    /// Whether it is leaving, and goes over to no other configuration any more.
    fn is_stopping(&self) -> bool {
        false
    }

    /// Look whether it can run with a configuration, and read what that names; or why it
    /// cannot, and the exit status for that. It does not begin with such a one, and a
    /// reload is refused.
    ///
    /// # Errors
    /// The exit status, and why.
    fn judge(_: &Config) -> Result<Self::Provision, (i32, String)> {
        Ok(Self::Provision::default())
    }

    /// What was read with the configuration that comes next: to be used by
    /// [`Self::begin`] or [`Self::reload`].
    fn provide(&mut self, _: Self::Provision) {}

    /// Go over to another configuration.
    fn reload(&mut self, s: &mut Scheduler<Self>, config: Rc<Config>);

    /// The parent has been obeyed.
    fn obeyed(&mut self, _: &mut Scheduler<Self>, _is_reloaded: bool) {}

    /// What it goes by, into the log (`-d`).
    fn log_configuration(&self, _: &Scheduler<Self>) {}

    /// The loop is over.
    fn end(&mut self) {}

    /// `max_auto_priority`
    fn mind_lateness(&self, s: &mut Scheduler<Self>) {
        let auto = &self.config().global.auto_priority;
        if auto.most > 0 {
            let limit = Duration::from_micros(auto.delay.into());
            s.on_late(limit, |process: &mut Self, _, late| {
                let config = Rc::clone(process.config());
                process.plumbing().raise_priority(&config, late);
            });
        }
    }
}

/// What a child runs until the end; gives the exit status.
pub type Main = fn(Rc<Config>, Plumbing) -> i32;

/// Run a child until it is told to stop; the exit status.
#[must_use]
pub fn main<C: Child>(config: Rc<Config>, plumbing: Plumbing) -> i32 {
    let title = plumbing.role.spec().title;
    if let Some(names) = rights::missing(plumbing.role) {
        let advice = rights::ADVICE;
        log::error!("{title} process: it lacks {names}: {advice}");
    }
    match run::<C>(config, plumbing) {
        Ok(status) => status,
        Err(error) => {
            log::error!("{title} process: {error}");
            if error.kind() == io::ErrorKind::PermissionDenied {
                NO_PERMISSION
            } else {
                C::FAILED
            }
        }
    }
}

fn run<C: Child>(config: Rc<Config>, plumbing: Plumbing) -> io::Result<i32> {
    let provision = match C::judge(&config) {
        Ok(provision) => provision,
        Err((status, why)) => {
            log::error!("{why}");
            return Ok(status);
        }
    };
    let mut scheduler = Scheduler::new()?;
    let mut process = C::open(config, plumbing, &mut scheduler)?;
    process.provide(provision);
    attend(&mut process, &mut scheduler)?;
    process.begin(&mut scheduler)?;
    if process.plumbing().settings.dump_config {
        process.log_configuration(&scheduler);
    }
    // What was read and asked for is many times what is kept.
    give_back_free();
    process.plumbing().ready();
    residency::settle(&mut scheduler);
    let exit = scheduler.run(&mut process)?;
    process.end();
    log::info!("Stopped");
    Ok(exit.0)
}

/// Listen to operators and to the parent, and have the log flushed.
fn attend<C: Child>(process: &mut C, s: &mut Scheduler<C>) -> io::Result<()> {
    let reader = SignalReader::open(&real_time())?;
    let call = on_real_time::<C>;
    s.watch("real-time signals", reader.as_fd(), Interest::Read, 0, call)?;
    let plumbing = process.plumbing();
    plumbing.real_time = Some(reader);
    if let Some(channel) = plumbing.channel() {
        s.watch("parent", channel, Interest::Read, 0, orders::obey::<C>)?;
    }
    s.signals(&SIGNALS, on_signal::<C>)?;
    crate::log::keep_flushing(process, s, 0);
    Ok(())
}

/// A signal from the parent, or from an operator.
fn on_signal<C: Child>(process: &mut C, s: &mut Scheduler<C>, signal: Signal) {
    if matches!(signal, Signal::SIGTERM | Signal::SIGINT) {
        stop(process, s);
    } else if signal == Signal::SIGUSR1 {
        wish(process, s, Wish::Data, Asker::Signal);
    } else if signal == Signal::SIGUSR2 {
        wish(process, s, Wish::Stats, Asker::Signal);
    } else if signal == Signal::SIGXCPU {
        process.plumbing().tell_budget();
    } else {
        log::info!("SIGHUP is for the parent process, which reads the configuration");
    }
}

/// Leave, unless that has begun already.
fn stop<C: Child>(process: &mut C, s: &mut Scheduler<C>) {
    if !process.is_stopping() {
        log::info!("Stopping");
        process.stop(s);
    }
}

/// An operator wants something; a storm of such wishes must not keep the process from
/// its work.
pub fn wish<C: Child>(process: &mut C, s: &mut Scheduler<C>, wish: Wish, asker: Asker) {
    process.plumbing().wishes.add(wish, asker);
    grant(process, s, 0);
}

/// Do what is wanted and may be done now, and the rest in its time.
fn grant<C: Child>(process: &mut C, s: &mut Scheduler<C>, _: Key) {
    let mut now = s.refresh();
    while let Some((wish, asker)) = process.plumbing().wishes.next(now) {
        process.wish(s, wish, asker);
        let before = std::mem::replace(&mut now, s.refresh());
        process.plumbing().wishes.granted(now, now.since(before));
    }
    let wishes = &mut process.plumbing().wishes;
    if let Some(at) = wishes.deadline()
        && !std::mem::replace(&mut wishes.is_expected, true)
    {
        s.at("wishes", at, 0, |process: &mut C, s, key| {
            process.plumbing().wishes.is_expected = false;
            grant(process, s, key);
        });
    }
}

/// Signals that have no name.
fn on_real_time<C: Child>(process: &mut C, s: &mut Scheduler<C>, _: IoId<C>, _: Ready) -> Drain {
    while let Some(number) = process.plumbing().next_real_time() {
        match signals::meaning(number) {
            Some(RealTime::Json) => wish(process, s, Wish::Json, Asker::Signal),
            Some(RealTime::ClearStats) => wish(process, s, Wish::ClearStats, Asker::Signal),
            Some(RealTime::Threads) => log::info!("{}", s.thread_dump()),
            None => {}
        }
    }
    Drain::Drained
}
