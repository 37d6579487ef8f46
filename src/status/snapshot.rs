//! The records of a snapshot, and those that all processes have.

use std::time::Duration;

use super::bfd::BfdStatus;
use super::check::CheckStatus;
use super::record::{optional_record, record};
use super::vrrp::VrrpStatus;
use crate::model::UnixTime;

/// The number of the form. Within a form members may be added; none is taken away and
/// none changes its meaning.
pub const FORM: u64 = 1;

record! {
    /// Everything, as it was at a moment.
    pub struct Snapshot {
        /// The number of this form. Within a form members may be added; none is taken
        /// away and none changes its meaning.
        pub form: u64,
        /// When it was put together, in seconds since the epoch.
        pub taken: UnixTime,
        /// The daemon as a whole.
        pub daemon: DaemonStatus,
        /// The child processes.
        pub processes: Vec<ProcessStatus>,
        /// What the VRRP process tells; null if there is none, or it does not answer.
        pub vrrp: Option<VrrpStatus>,
        /// The same of the checker process.
        pub check: Option<CheckStatus>,
        /// The same of the BFD process.
        pub bfd: Option<BfdStatus>,
    }
}

record! {
    /// The daemon as a whole, and its parent process.
    pub struct DaemonStatus {
        /// Its version.
        pub version: String,
        /// The number of the parent process.
        pub pid: u64,
        /// When it started.
        pub started: UnixTime,
        /// The configuration file.
        pub configuration: String,
        /// The network namespace it was told to run in.
        pub namespace: Option<String>,
        /// The name that tells it from other daemons on the machine.
        pub instance: Option<String>,
        /// How many reloads took over.
        pub reloads: u64,
        /// How many reloads were refused.
        pub reloads_refused: u64,
        /// When the configuration in use was taken over by a reload.
        pub reloaded: Option<UnixTime>,
        /// The last reload, if it was refused: the files are not what is in use.
        pub refusal: Option<RefusalStatus>,
        /// The parent's loop.
        pub timing: TimingStatus,
        /// What the parent process takes.
        pub usage: UsageStatus,
    }
}

record! {
    /// A reload that was refused.
    pub struct RefusalStatus {
        /// When.
        pub time: UnixTime,
        /// Why.
        pub reason: String,
    }
}

record! {
    /// A child process.
    pub struct ProcessStatus {
        /// `vrrp`, `check` or `bfd`
        pub role: String,
        /// `running`, `silent` (it runs and does not answer) or `restarting`.
        pub state: String,
        /// Its number while it runs.
        pub pid: Option<u64>,
        /// When it was started last.
        pub started: Option<UnixTime>,
        /// How often it was started again after its death.
        pub restarts: u64,
        /// What it takes.
        pub usage: UsageStatus,
    }
}

record! {
    /// What a process takes of the machine; null where that cannot be read.
    pub struct UsageStatus {
        /// Time of a processor, in seconds.
        pub cpu: Option<Duration>,
        /// Memory that is in use, in octets.
        pub memory: Option<u64>,
    }
}

record! {
    /// The loop of a process.
    pub struct TimingStatus {
        /// How often it woke up.
        pub rounds: u64,
        /// How late timers were served: of each round in which one was due, the latest.
        pub lateness: LatenessStatus,
    }
}

record! {
    /// How late timers were.
    pub struct LatenessStatus {
        /// Rounds in which a timer was due.
        pub count: u64,
        /// All lateness together, in seconds.
        pub sum: Duration,
        /// The worst, in seconds.
        pub worst: Duration,
        /// How many of the rounds were at most that late, in rising order. Those that
        /// were later than the last are only in `count`.
        pub buckets: Vec<BucketStatus>,
    }
}

record! {
    /// Part of a histogram.
    pub struct BucketStatus {
        /// The bound, in seconds.
        pub bound: Duration,
        /// How many were at most this.
        pub count: u64,
    }
}

record! {
    /// How often something happened for a reason.
    pub struct ReasonStatus {
        /// The reason.
        pub reason: String,
        /// How often.
        pub count: u64,
    }
}

optional_record!(RefusalStatus);
optional_record!(VrrpStatus);
optional_record!(CheckStatus);
optional_record!(BfdStatus);

impl TimingStatus {
    /// The loop of a process at this moment.
    #[must_use]
    pub fn of<P>(scheduler: &scheduler::Scheduler<P>) -> Self {
        let lateness = scheduler.lateness();
        let buckets = lateness
            .buckets()
            .map(|(bound, count)| BucketStatus { bound, count });
        Self {
            rounds: scheduler.rounds(),
            lateness: LatenessStatus {
                count: lateness.count(),
                sum: lateness.sum(),
                worst: lateness.worst(),
                buckets: buckets.collect(),
            },
        }
    }
}
