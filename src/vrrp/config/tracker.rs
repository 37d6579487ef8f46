//! What instances and sync groups may track beside interfaces.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::control_plane::source::Span;
use crate::control_plane::value::Spanned;
use crate::model::{Command, CommandRequest};

/// `N [reverse]`
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Weight {
    /// -254 to 254; what 0 means depends on what is tracked.
    pub value: i16,
    /// Whether what it adds is multiplied by -1.
    pub reverse: bool,
}

/// `vrrp_script`
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ScriptConfig {
    /// Its name, unique.
    pub name: Spanned<String>,
    /// `script`
    pub request: Option<Spanned<CommandRequest>>,
    /// `user`: user and group; `None`: those of `script_user`.
    pub user: Option<Spanned<(String, Option<String>)>>,
    /// What is run, filled in by the resolution.
    pub command: Option<Command>,
    /// `interval`: from start to start, at least 10 ms.
    pub interval: Duration,
    /// `timeout`: after that it has failed; `None`: the interval.
    pub timeout: Option<Duration>,
    /// `weight`: of those that track it and say nothing else.
    pub weight: Weight,
    /// `rise`: successes in a row until it is up.
    pub rise: u32,
    /// `fall`: failures in a row until it is down.
    pub fall: u32,
    /// `init_fail`: it counts as failed until its first success.
    pub init_fail: bool,
}

impl ScriptConfig {
    /// One of which nothing is said yet.
    #[must_use]
    pub const fn new(name: Spanned<String>) -> Self {
        Self {
            name,
            request: None,
            user: None,
            command: None,
            interval: Duration::from_secs(1),
            timeout: None,
            weight: Weight {
                value: 0,
                reverse: false,
            },
            rise: 1,
            fall: 1,
            init_fail: false,
        }
    }
}

/// `track_file`
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct FileConfig {
    /// Its name, unique.
    pub name: Spanned<String>,
    /// `file`: the path.
    pub path: Option<Spanned<String>>,
    /// `weight`: 1 unless said otherwise.
    pub weight: Weight,
    /// `init_file`
    pub init: Option<InitFile>,
}

/// `init_file`: what the file is made with at start.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct InitFile {
    /// The number written.
    pub value: i32,
    /// Whether a file that is there is written, too.
    pub overwrite: bool,
}

impl FileConfig {
    /// One of which nothing is said yet.
    #[must_use]
    pub const fn new(name: Spanned<String>) -> Self {
        Self {
            name,
            path: None,
            weight: Weight {
                value: 1,
                reverse: false,
            },
            init: None,
        }
    }
}

/// `vrrp_track_process`
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ProcessConfig {
    /// Its name, unique.
    pub name: Spanned<String>,
    /// `process`: the command, then its parameters.
    pub command: Vec<String>,
    /// `param_match`
    pub parameters: Option<ParameterMatch>,
    /// `full_command`: compare the command line, not the name of the task.
    pub full_command: bool,
    /// `weight`
    pub weight: Weight,
    /// `quorum`: so many there must be; 0 together with a `quorum_max` of 0.
    pub quorum: u32,
    /// `quorum_max`: so many there may be; `None`: any number.
    pub quorum_max: Option<u32>,
    /// `terminate_delay`: before what an end causes counts.
    pub terminate_delay: Duration,
    /// `fork_delay`: before what a new one causes counts.
    pub fork_delay: Duration,
}

/// `param_match`: how the parameters of a command line are compared.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum ParameterMatch {
    /// All of them, and no more.
    Exact,
    /// Those given are the first ones.
    Partial,
    /// As partial, and the last one given may be the beginning of one.
    Initial,
}

impl ProcessConfig {
    /// One of which nothing is said yet.
    #[must_use]
    pub const fn new(name: Spanned<String>) -> Self {
        Self {
            name,
            command: Vec::new(),
            parameters: None,
            full_command: false,
            weight: Weight {
                value: 0,
                reverse: false,
            },
            quorum: 1,
            quorum_max: None,
            terminate_delay: Duration::ZERO,
            fork_delay: Duration::ZERO,
        }
    }

    /// How parameters are compared: all of them, if some are given and nothing is
    /// said.
    #[must_use]
    pub const fn matching(&self) -> Option<ParameterMatch> {
        match self.parameters {
            None if self.command.len() > 1 => Some(ParameterMatch::Exact),
            given => given,
        }
    }

    /// Where its definition begins.
    #[must_use]
    pub const fn span(&self) -> Span {
        self.name.span
    }
}

/// A `bfd_instance`, as far as it concerns those that track it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct TrackedSession {
    /// Its name, unique.
    pub name: Spanned<String>,
    /// `weight`: of those that track it and say nothing else.
    pub weight: Weight,
}

/// `track_group`: instances that leave MASTER when a static entry is deleted.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct TrackGroup {
    /// Its name, unique.
    pub name: Spanned<String>,
    /// The instances named.
    pub members: Vec<Spanned<String>>,
    /// Their positions among the instances, filled in by the resolution.
    pub instances: Vec<usize>,
}

/// The kinds of trackers.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub enum TrackerKind {
    /// `vrrp_script`
    Script,
    /// `track_file`
    File,
    /// `vrrp_track_process`
    Process,
    /// `bfd_instance`
    Bfd,
}

/// A tracker that an instance depends on, by itself or by its sync group.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct TrackerUse {
    /// What it is.
    pub kind: TrackerKind,
    /// Its position among those of its kind in the configuration.
    pub index: usize,
    /// The weight that counts.
    pub weight: Weight,
}
