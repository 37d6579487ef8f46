//! Log messages: to syslog, to the console, to a file, and never in the way.
//!
//! Modules use the macros of the `log` crate. What is logged follows `-D`:
//!
//! | macro | shown | syslog severity |
//! |---|---|---|
//! | `log::error!` | always | err |
//! | `log::warn!` | always | warning |
//! | `log::info!` | always | info |
//! | `log::debug!` | with `-D` | info |
//! | `log::trace!` | with `-D -D` | info |
//!
//! A message that is not shown costs one comparison. A message that is shown
//! costs one `send`: the calendar text of a second is made once per second.
//!
//! **Nothing here waits.** Adverts leave from the same thread as log messages,
//! so a full `/dev/log` or a stopped terminal must not hold them up: a line
//! that cannot be sent goes into a [`backlog`] of limited length, later lines
//! queue behind it, and those that find no room are counted. The count is told
//! in one line as soon as the sink takes lines again. Every process of the
//! daemon calls [`keep_flushing`] once, so that the backlog drains although no
//! new message comes. The log file (`-g`) is the exception: a disk has no
//! "later", and who asks for the file accepts that.
#![forbid(unsafe_code)]

mod backlog;
mod console;
mod file;
mod sink;
mod stamp;
mod syslog;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::log::{Level, LevelFilter, Log, Metadata, Record};
pub use ::syslog::Facility;
use scheduler::{Key, Scheduler};

use crate::memory::account::{self, Tag};

use console::Console;
use file::LogFile;
use sink::Channel;
use stamp::Stamp;
use syslog::Syslog;

/// How much is told (`-D`).
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Detail {
    /// What every operator wants to know.
    #[default]
    Normal,
    /// `-D`: every step.
    Detailed,
    /// `-D -D`: everything.
    Extra,
}

impl Detail {
    const fn filter(self) -> LevelFilter {
        match self {
            Self::Normal => LevelFilter::Info,
            Self::Detailed => LevelFilter::Debug,
            Self::Extra => LevelFilter::Trace,
        }
    }
}

/// Where messages go and under which name.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The syslog identity, such as `Keepalived_vrrp`.
    pub identity: String,
    /// The syslog facility (`-S`).
    pub facility: Facility,
    /// Whether messages go to syslog (not with `-G`).
    pub syslog: bool,
    /// Whether messages go to the standard error output (`-l` with `-n`).
    pub console: bool,
    /// The log file (`-g`).
    pub file: Option<PathBuf>,
    /// How much is told (`-D`).
    pub detail: Detail,
}

/// Say one more thing, wherever the process is, and send what waits. In the middle of
/// another message it is lost.
pub fn last_words(text: &str) {
    if let Ok(mut sinks) = LOGGER.sinks.try_lock()
        && let Some(sinks) = sinks.as_mut()
    {
        sinks.say(Level::Error, text);
    } else {
        return;
    }
    finish();
}

/// Room for texts that is kept for the next message, in octets.
const KEPT_TEXT: usize = 4096;
/// How long the end of a process may wait for its last messages.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long a message that found its sink busy waits for the next attempt.
const FLUSH_PERIOD: Duration = Duration::from_millis(500);
/// How often to look when nothing waited: an idle daemon stays idle.
const IDLE_PERIOD: Duration = Duration::from_secs(1);

static LOGGER: Logger = Logger {
    sinks: Mutex::new(None),
};

/// Begin to log. Before this, messages are lost; a second call replaces the sinks.
pub fn start(setup: &Setup) {
    let _log = account::enter(Tag::Log);
    *LOGGER.lock() = Some(Sinks::open(setup));
    // Fails when a logger was installed before, which is then this one.
    let _ = ::log::set_logger(&LOGGER);
    ::log::set_max_level(setup.detail.filter());
}

/// Stop logging (a process about to end).
pub fn stop() {
    ::log::set_max_level(LevelFilter::Off);
    *LOGGER.lock() = None;
}

/// Send what waits before the process ends, as long as [`PATIENCE`] allows; then
/// stop logging.
pub fn finish() {
    if let Some(sinks) = LOGGER.lock().as_mut() {
        sinks.forget_the_absent();
    }
    for _ in 0..PATIENCE.as_millis() {
        if flush() {
            break;
        }
        // Waits a millisecond: nothing is polled. The loop has ended already.
        let _ = nix::poll::poll(&mut [], 1u8);
    }
    stop();
}

/// From now on send what waits every [`FLUSH_PERIOD`], and look every
/// [`IDLE_PERIOD`] whether something does; called once by each process
/// when its loop begins. It has the form of a timer handler because it is one.
pub fn keep_flushing<P>(_: &mut P, scheduler: &mut Scheduler<P>, key: Key) {
    let period = if flush() { IDLE_PERIOD } else { FLUSH_PERIOD };
    let next = scheduler.now() + period;
    scheduler.at("log flush", next, key, keep_flushing::<P>);
}

/// Try again to send what the sinks did not take. True if nothing is waiting.
pub fn flush() -> bool {
    let _log = account::enter(Tag::Log);
    LOGGER.lock().as_mut().is_none_or(Sinks::flush)
}

struct Logger {
    sinks: Mutex<Option<Sinks>>,
}

impl Logger {
    fn lock(&self) -> MutexGuard<'_, Option<Sinks>> {
        self.sinks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        is_told(metadata, ::log::max_level())
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        if let Some(sinks) = self.lock().as_mut() {
            let _log = account::enter(Tag::Log);
            let mut text = std::mem::take(&mut sinks.text);
            text.clear();
            // Writing to a string cannot fail.
            let _ = text.write_fmt(*record.args());
            sinks.say(record.level(), &text);
            if text.capacity() <= KEPT_TEXT {
                sinks.text = text;
            }
        }
    }

    fn flush(&self) {
        flush();
    }
}

/// What libraries do step by step concerns nobody who runs this program.
fn is_told(metadata: &Metadata<'_>, filter: LevelFilter) -> bool {
    const OURS: [&str; 2] = ["keepalived", "scheduler"];
    let name = metadata.target().split("::").next();
    let is_ours = name.is_some_and(|name| OURS.contains(&name));
    metadata.level() <= filter && (is_ours || metadata.level() <= Level::Info)
}

/// The open sinks of this process.
#[derive(Debug)]
struct Sinks {
    stamp: Stamp,
    /// Room for the text of a message.
    text: String,
    syslog: Option<Channel<Syslog>>,
    console: Option<Channel<Console>>,
    file: Option<LogFile>,
}

impl Sinks {
    fn open(setup: &Setup) -> Self {
        let syslog = || Channel::new(Syslog::new(&setup.identity, setup.facility));
        Self {
            stamp: Stamp::default(),
            text: String::new(),
            syslog: setup.syslog.then(syslog),
            console: setup.console.then(|| Channel::new(Console::open())),
            file: setup.file.clone().map(LogFile::new),
        }
    }

    /// Each line is a message: a dump arrives as several.
    fn say(&mut self, level: Level, text: &str) {
        self.stamp.refresh();
        if let Some(syslog) = &mut self.syslog {
            syslog.say(&self.stamp, level, text);
        }
        if let Some(console) = &mut self.console {
            console.say(&self.stamp, level, text);
        }
        if let Some(file) = &mut self.file {
            for line in text.lines() {
                file.say(&self.stamp, line);
            }
        }
    }

    /// Do not wait for a syslog daemon that is not there.
    fn forget_the_absent(&mut self) {
        let syslog = self.syslog.as_mut();
        if syslog.is_some_and(|syslog| !syslog.transport().is_there()) {
            self.syslog = None;
        }
    }

    fn flush(&mut self) -> bool {
        self.stamp.refresh();
        let syslog = self.syslog.as_mut();
        let syslog = syslog.is_none_or(|s| s.flush(&self.stamp));
        let console = self.console.as_mut();
        let console = console.is_none_or(|c| c.flush(&self.stamp));
        syslog && console
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_libraries_do_step_by_step_is_not_told() {
        let of = |target, level| {
            let metadata = Metadata::builder().target(target).level(level).build();
            is_told(&metadata, LevelFilter::Trace)
        };
        assert!(of("keepalived::vrrp::process", Level::Trace) && of("scheduler", Level::Debug));
        assert!(!of("mio::poll", Level::Trace) && !of("mio::poll", Level::Debug));
        assert!(of("mio::poll", Level::Warn), "that they complain is told");
    }
}
