//! A tracked script: when it is started, what its results come to, and how one is
//! ended that runs too long (`protocols.md` section 13).

use std::time::Duration;

use scheduler::{Cadence, Instant};

use crate::vrrp::fsm::Status;

/// From the first SIGTERM to SIGKILL, and to the second one.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between further ones.
const LONG_PATIENCE: Duration = Duration::from_secs(10);

/// What the configuration says of a script.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ScriptPolicy {
    /// From start to start.
    pub interval: Duration,
    /// After that it has failed.
    pub timeout: Duration,
    /// Successes in a row until it is up, at least 1.
    pub rise: u32,
    /// Failures in a row until it is down, at least 1.
    pub fall: u32,
    /// It counts as failed before its first result.
    pub init_fail: bool,
}

/// How the whole process group of a script is told to end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Push {
    /// SIGTERM
    Terminate,
    /// SIGKILL
    Kill,
}

/// One script.
#[derive(Clone, Debug)]
pub struct Script {
    policy: ScriptPolicy,
    cadence: Cadence,
    /// Consecutive results: up from `rise` on, at most `rise + fall - 1`.
    result: u32,
    status: Status,
    run: Run,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Run {
    Idle,
    Under,
    /// Told to end so many times; its result is known.
    Ending(u32),
}

impl Script {
    /// A script that is due at once.
    #[must_use]
    pub fn new(policy: ScriptPolicy, now: Instant) -> Self {
        Self {
            policy,
            cadence: Cadence::new(now, policy.interval),
            result: policy.rise.saturating_sub(1),
            status: if policy.init_fail {
                Status::Bad
            } else {
                Status::Unknown
            },
            run: Run::Idle,
        }
    }

    /// Go by another definition of the same script. What its results have come to
    /// stays, and so does how far the other result is away, in proportion.
    pub fn reconfigure(&mut self, now: Instant, policy: ScriptPolicy) {
        let old = std::mem::replace(&mut self.policy, policy);
        self.result = scaled(self.result, &old, &policy);
        if self.status == Status::Unknown && policy.init_fail {
            self.status = Status::Bad;
        }
        if old.interval != policy.interval {
            let started = self.cadence.deadline() - old.interval;
            self.cadence = Cadence::new(started, policy.interval);
            self.cadence.advance(now);
        }
    }

    /// What its results come to.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// How many results it is away from a change: up from `rise` on, at most
    /// `rise + fall - 1`.
    #[must_use]
    pub const fn result(&self) -> u32 {
        self.result
    }

    /// Whether it runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.run != Run::Idle
    }

    /// Whether it was told to end.
    #[must_use]
    pub const fn is_ending(&self) -> bool {
        matches!(self.run, Run::Ending(_))
    }

    /// What it does, in the words of the data dump.
    #[must_use]
    pub const fn state(&self) -> &'static str {
        match self.run {
            Run::Idle => "idle",
            Run::Under => "running",
            Run::Ending(0 | 1) => "requested termination",
            Run::Ending(_) => "forcing termination",
        }
    }

    /// When it is due next.
    #[must_use]
    pub const fn due(&self) -> Instant {
        self.cadence.deadline()
    }

    /// It is due: whether to start it now. One that still runs is not overtaken.
    pub fn start(&mut self, now: Instant) -> bool {
        self.cadence.advance(now);
        if self.is_running() {
            return false;
        }
        self.run = Run::Under;
        true
    }

    /// Until when it may run, counted from its start.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        self.policy.timeout
    }

    /// It has not ended in time: how to tell it, and when to look again.
    pub fn late(&mut self) -> (Push, Duration) {
        let pushes = match self.run {
            Run::Ending(pushes) => pushes,
            Run::Idle | Run::Under => {
                self.count(false);
                0
            }
        };
        self.run = Run::Ending(pushes.saturating_add(1));
        match pushes {
            0 => (Push::Terminate, PATIENCE),
            1 => (Push::Kill, PATIENCE),
            _ => (Push::Kill, LONG_PATIENCE),
        }
    }

    /// It ended, or could not be started. True if what it has started must be
    /// killed: it was told to end, and the rest of its group may not have listened.
    pub fn ended(&mut self, success: bool) -> bool {
        match std::mem::replace(&mut self.run, Run::Idle) {
            Run::Ending(_) => true,
            Run::Idle | Run::Under => {
                self.count(success);
                false
            }
        }
    }

    /// The first result of all counts at once, in both directions.
    fn count(&mut self, success: bool) {
        let ScriptPolicy { rise, fall, .. } = self.policy;
        let is_first = self.status == Status::Unknown;
        if success {
            self.result = if self.result.saturating_add(1) >= rise {
                rise.saturating_add(fall) - 1
            } else {
                self.result + 1
            };
        } else if self.result > rise && !is_first {
            self.result -= 1;
        } else {
            self.result = 0;
        }
        self.status = Status::good(self.result >= rise);
    }
}

/// A count of results by other thresholds.
fn scaled(result: u32, old: &ScriptPolicy, new: &ScriptPolicy) -> u32 {
    let share = |part: u32, from: u32, to: u32| {
        let product = u64::from(part) * u64::from(to) / u64::from(from.max(1));
        u32::try_from(product).unwrap_or(u32::MAX)
    };
    if result < old.rise {
        return share(result, old.rise, new.rise);
    }
    let top = |policy: &ScriptPolicy| policy.rise.saturating_add(policy.fall).saturating_sub(1);
    let failures = top(old).saturating_sub(result);
    top(new).saturating_sub(share(failures, old.fall, new.fall))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(rise: u32, fall: u32) -> Script {
        let policy = ScriptPolicy {
            interval: Duration::from_secs(1),
            timeout: Duration::from_secs(3),
            rise,
            fall,
            init_fail: false,
        };
        Script::new(policy, Instant::ZERO)
    }

    /// The state after each result: `+` success, `-` failure.
    fn states(script: &mut Script, results: &str) -> String {
        let step = |result: char| {
            assert!(script.start(script.due()));
            script.ended(result == '+');
            if script.status() == Status::Good {
                'u'
            } else {
                'd'
            }
        };
        results.chars().map(step).collect()
    }

    #[test]
    fn the_first_result_counts_at_once() {
        assert_eq!(script(3, 4).status(), Status::Unknown);
        assert_eq!(states(&mut script(3, 4), "+"), "u");
        assert_eq!(states(&mut script(3, 4), "-"), "d");
    }

    #[test]
    fn results_in_a_row() {
        assert_eq!(states(&mut script(3, 4), "+---+----"), "uuuuuuuud");
        assert_eq!(states(&mut script(3, 4), "-++-+++"), "ddddddu");
        assert_eq!(states(&mut script(1, 1), "+-+-"), "udud");
        assert_eq!(states(&mut script(1, 3), "-+--+---"), "duuuuuud");
    }

    #[test]
    fn init_fail_is_bad_before_the_first_result() {
        let mut policy = script(2, 1).policy;
        policy.init_fail = true;
        let mut script = Script::new(policy, Instant::ZERO);
        assert_eq!(script.status(), Status::Bad);
        assert_eq!(states(&mut script, "+"), "u");
    }

    fn with(rise: u32, fall: u32, millis: u64) -> ScriptPolicy {
        let interval = Duration::from_millis(millis);
        ScriptPolicy {
            interval,
            ..script(rise, fall).policy
        }
    }

    #[test]
    fn other_thresholds_keep_the_status_and_the_distance() {
        let mut script = script(2, 4);
        // Up, and half way down.
        assert_eq!(states(&mut script, "+--"), "uuu");
        let now = script.due();
        script.reconfigure(now, with(3, 2, 1000));
        assert_eq!(script.status(), Status::Good);
        assert_eq!(states(&mut script, "-+"), "dd");
        let mut script = self::script(4, 1);
        assert_eq!(states(&mut script, "-++"), "ddd");
        script.reconfigure(now, with(2, 1, 1000));
        assert_eq!(script.status(), Status::Bad);
        assert_eq!(states(&mut script, "+"), "u");
    }

    #[test]
    fn another_interval_counts_from_the_last_start() {
        let mut script = script(1, 1);
        let at = Instant::from_millis;
        script.reconfigure(at(100), with(1, 1, 300));
        assert_eq!(script.due(), at(300));
        script.reconfigure(at(250), with(1, 1, 100));
        assert_eq!(script.due(), at(300));
        script.reconfigure(at(250), with(1, 1, 5000));
        assert_eq!(script.due(), at(5200));
    }

    #[test]
    fn one_that_runs_is_not_overtaken() {
        let mut script = script(1, 1);
        assert_eq!(script.due(), Instant::from_millis(1000));
        assert!(script.start(Instant::ZERO));
        assert!(!script.start(Instant::from_millis(1000)));
        assert!(!script.start(Instant::from_millis(3500)));
        script.ended(true);
        assert_eq!(script.due(), Instant::from_millis(4000));
        assert!(script.start(Instant::from_millis(4000)));
    }

    #[test]
    fn one_that_runs_too_long_has_failed_once() {
        let mut script = script(1, 2);
        assert!(script.start(Instant::ZERO));
        script.ended(true);
        assert!(script.start(script.due()));
        assert_eq!(script.late(), (Push::Terminate, PATIENCE));
        assert_eq!(script.late(), (Push::Kill, PATIENCE));
        assert_eq!(script.late(), (Push::Kill, LONG_PATIENCE));
        assert_eq!(script.late(), (Push::Kill, LONG_PATIENCE));
        assert_eq!(script.status(), Status::Good);
        assert!(script.ended(true), "its group is killed");
        assert_eq!(script.status(), Status::Good);
        assert_eq!(states(&mut script, "-"), "d");
    }
}
