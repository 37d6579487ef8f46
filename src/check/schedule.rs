//! When a check runs, and what its attempts come to: the retry policy of every kind
//! (`protocols.md` section 21).
//!
//! ```text
//!            passed / failed while down: delay_loop
//!        ┌──────────────────────────────────────────┐
//! due ──►│ begin() ──► attempt() ───────────────────┴──► due again
//!                          └── failed while up: delay_before_retry, `retry` times,
//!                              then the check is down
//! ```

use std::rc::Rc;
use std::time::Duration;

use scheduler::Instant;

use super::checker::{Checker, Kind};

/// The first check of all comes no sooner than this.
const FIRST: Duration = Duration::from_secs(1);
/// After a suspension the first check comes within this time.
const RESUMED: Duration = Duration::from_secs(1);

/// When the first check of all comes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Warmup {
    /// At some moment of this time, after a second (`warmup`, or `delay_loop`).
    Within(Duration),
    /// As soon as can be without a burst: the server is down until it has passed, and
    /// no `warmup` was given.
    Soon,
}

/// What a schedule goes by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Policy {
    /// Between two checks (`delay_loop`).
    pub interval: Duration,
    /// Between two checks of a kind that is down, if that is longer.
    pub interval_down: Duration,
    /// More attempts before the check counts as down (`retry`).
    pub retry: u32,
    /// Between those attempts (`delay_before_retry`).
    pub pause: Duration,
    /// When the first check comes.
    pub warmup: Warmup,
    /// Times count from the beginning of an attempt, not from its end.
    pub from_begin: bool,
    /// There are retries even before the first check that was completed, and while down.
    pub retries_first: bool,
    /// Down until the first success.
    pub alpha: bool,
}

impl Policy {
    /// That of a check.
    #[must_use]
    pub fn of(checker: &Checker) -> Self {
        let timing = &checker.timing;
        let (interval, pause) = (timing.delay_loop, timing.delay_before_retry);
        let kind = &checker.kind;
        // A file has a value from the beginning.
        let alpha = checker.alpha && !matches!(kind, Kind::File(_));
        Self {
            interval,
            interval_down: if matches!(kind, Kind::Http(_)) {
                interval.max(pause)
            } else {
                interval
            },
            // What is told is so, and asking again would not help.
            retry: if matches!(kind, Kind::File(_) | Kind::Bfd(_)) {
                0
            } else {
                timing.retry
            },
            pause,
            warmup: match timing.warmup {
                None if alpha => Warmup::Soon,
                given => Warmup::Within(given.unwrap_or(interval)),
            },
            from_begin: matches!(kind, Kind::Misc(_)),
            retries_first: matches!(kind, Kind::Smtp(_)),
            alpha,
        }
    }
}

/// How an attempt went, as far as the schedule is concerned.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Attempt {
    /// The server is well.
    Passed,
    /// So far; more is asked, at once or after `delay_loop`.
    Proceed {
        /// Without a delay.
        at_once: bool,
    },
    /// The server is not well.
    Failed,
    /// It could not be asked, for reasons on this side.
    Unable,
}

/// What an attempt has changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// The check is up, and was not, or had not said so before.
    Up {
        /// It was down.
        was_down: bool,
    },
    /// The check is down, and was not.
    Down,
    /// The first check of all failed, of a server that was down until then (`alpha`).
    DownFirst,
    /// It failed and is tried again before that means something; how often still.
    Retry(u32),
    /// Nothing.
    Same,
}

/// The schedule of one check.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// Shared, since most checks go by the same.
    policy: Rc<Policy>,
    is_up: bool,
    has_run: bool,
    retries_left: u32,
    due: Instant,
    begun: Option<Instant>,
    is_suspended: bool,
}

impl Schedule {
    /// The schedule of a check that begins now. `share`, from 0 to `u32::MAX`, says
    /// where in the warm-up its first run comes: shares spread evenly make no burst.
    /// All first checks that come [soon](Warmup::Soon) have `room` for that.
    #[must_use]
    pub fn new(policy: impl Into<Rc<Policy>>, now: Instant, share: u32, room: Duration) -> Self {
        let policy = policy.into();
        Self {
            is_up: !policy.alpha,
            has_run: false,
            retries_left: if policy.retries_first {
                policy.retry
            } else {
                0
            },
            due: now
                + match policy.warmup {
                    Warmup::Within(time) => FIRST + part(time, share),
                    Warmup::Soon => part(room.min(policy.interval), share),
                },
            begun: None,
            is_suspended: false,
            policy,
        }
    }

    /// The successor of another one after a reload: what it knew stays, and the next
    /// check comes when it would have, or sooner if the interval is shorter now.
    #[must_use]
    pub fn carried(policy: impl Into<Rc<Policy>>, from: &Self, now: Instant) -> Self {
        let policy = policy.into();
        let latest = now + policy.interval;
        Self {
            is_up: from.is_up,
            has_run: from.has_run,
            retries_left: from.retries_left.min(policy.retry),
            due: from.due.min(latest),
            begun: from.begun,
            is_suspended: from.is_suspended,
            policy,
        }
    }

    /// The server was well before a reload that brings this check: it stays so until the
    /// check has failed, `alpha` or not.
    pub const fn stay_up(&mut self) {
        self.is_up = true;
    }

    /// What it looks at says from the beginning that the server is down.
    pub const fn found_down(&mut self) {
        self.is_up = false;
        self.has_run = true;
    }

    /// What it goes by.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Whether the server counts as well.
    #[must_use]
    pub const fn is_up(&self) -> bool {
        self.is_up
    }

    /// Whether a check was completed.
    #[must_use]
    pub const fn has_run(&self) -> bool {
        self.has_run
    }

    /// How many more attempts may fail.
    #[must_use]
    pub const fn retries_left(&self) -> u32 {
        self.retries_left
    }

    /// Whether an attempt is under way.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        self.begun.is_some()
    }

    /// Whether it waits until its service has its address again.
    #[must_use]
    pub const fn is_suspended(&self) -> bool {
        self.is_suspended
    }

    /// When to begin the next attempt; none while one is under way.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        (!self.is_running() && !self.is_suspended).then_some(self.due)
    }

    /// Whether it is so late that something is wrong: three intervals.
    #[must_use]
    pub fn is_overdue(&self, now: Instant) -> bool {
        let since = self.begun.unwrap_or(self.due);
        !self.is_suspended && now >= since + self.policy.interval.saturating_mul(3)
    }

    /// An attempt begins.
    pub fn begin(&mut self, now: Instant) {
        self.begun = Some(now);
    }

    /// The attempt is over.
    pub fn attempt(&mut self, now: Instant, attempt: Attempt) -> Step {
        let begun = self.begun.take().unwrap_or(now);
        let from = if self.policy.from_begin { begun } else { now };
        match attempt {
            Attempt::Passed => self.passed(now, from),
            Attempt::Failed => self.failed(now, from),
            Attempt::Proceed { at_once } => {
                let pause = if at_once {
                    Duration::ZERO
                } else {
                    self.policy.interval
                };
                self.due = now + pause;
                Step::Same
            }
            Attempt::Unable => {
                self.due = (from + self.policy.interval).max(now);
                Step::Same
            }
        }
    }

    /// The service has lost its address: no attempts, and the state stays.
    pub fn suspend(&mut self) {
        self.begun = None;
        self.is_suspended = true;
    }

    /// The service has its address again.
    pub fn resume(&mut self, now: Instant, share: u32) {
        if self.is_suspended {
            self.is_suspended = false;
            self.due = now + part(self.policy.interval.min(RESUMED), share);
        }
    }

    fn passed(&mut self, now: Instant, from: Instant) -> Step {
        let (was_down, is_first) = (!self.is_up, !self.has_run);
        self.is_up = true;
        self.has_run = true;
        self.retries_left = self.policy.retry;
        self.due = (from + self.policy.interval).max(now);
        if was_down || is_first {
            Step::Up { was_down }
        } else {
            Step::Same
        }
    }

    fn failed(&mut self, now: Instant, from: Instant) -> Step {
        if (self.is_up || self.policy.retries_first) && self.retries_left > 0 {
            self.retries_left -= 1;
            self.due = (from + self.policy.pause).max(now);
            return Step::Retry(self.retries_left);
        }
        let was_up = std::mem::replace(&mut self.is_up, false);
        let is_first = !std::mem::replace(&mut self.has_run, true);
        self.retries_left = if self.policy.retries_first {
            self.policy.retry
        } else {
            0
        };
        self.due = (from + self.policy.interval_down).max(now);
        match (was_up, is_first) {
            (true, _) => Step::Down,
            (false, true) => Step::DownFirst,
            (false, false) => Step::Same,
        }
    }
}

/// That part of a time.
fn part(whole: Duration, share: u32) -> Duration {
    let nanos = whole.as_nanos() * u128::from(share) / (u128::from(u32::MAX) + 1);
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
