//! What may be tracked: `vrrpScriptTable`, `vrrpFileTable`, `vrrpBfdTable`,
//! `vrrpProcessTable`

use std::marker::PhantomData;
use std::time::Duration;

use super::facts::VrrpFacts;
use super::oid;
use super::values::{command, command_path, integer, microseconds, text, truth, unsigned};
use crate::snmp::{Column, Places, Table};
use crate::vrrp::config::tracker::ParameterMatch;
use crate::vrrp::config::{FileConfig, ProcessConfig, ScriptConfig, TrackedSession, VrrpConfig};
use crate::vrrp::fsm::{Status, TrackSource, TrackerKey};

/// Scripts, files, BFD sessions and process trackers.
pub(super) struct Trackers<P>(PhantomData<P>);

fn config<P: VrrpFacts>(program: &P) -> &VrrpConfig {
    &program.config().vrrp
}

fn script<P: VrrpFacts>(program: &P, place: usize) -> Option<&ScriptConfig> {
    config(program).scripts.get(place)
}

fn file<P: VrrpFacts>(program: &P, place: usize) -> Option<&FileConfig> {
    config(program).files.get(place)
}

fn session<P: VrrpFacts>(program: &P, place: usize) -> Option<&TrackedSession> {
    config(program).sessions.get(place)
}

fn process<P: VrrpFacts>(program: &P, place: usize) -> Option<&ProcessConfig> {
    config(program).processes.get(place)
}

/// What is known of a tracker; `None` if nobody tracks it.
fn status<P: VrrpFacts>(program: &P, key: fn(u32) -> TrackerKey, place: usize) -> Option<Status> {
    let key = key(u32::try_from(place).ok()?);
    program.router().status(TrackSource::Tracker(key))
}

/// `{ init(1), bad(2), good(3), initfailed(5) }`
const fn result(status: Option<Status>, init_fail: bool) -> i32 {
    match status {
        Some(Status::Good | Status::Value(_)) => 3,
        Some(Status::Bad) => 2,
        Some(Status::Unknown) | None if init_fail => 5,
        Some(Status::Unknown) | None => 1,
    }
}

/// `{ none(0), exact(1), partial(2), initial(3) }`
const fn matching(given: Option<ParameterMatch>) -> i32 {
    match given {
        None => 0,
        Some(ParameterMatch::Exact) => 1,
        Some(ParameterMatch::Partial) => 2,
        Some(ParameterMatch::Initial) => 3,
    }
}

impl<P: VrrpFacts> Trackers<P> {
    pub(super) const SCRIPTS: Table<P, usize> = Table {
        entry: oid!(2, 9, 1),
        columns: &[
            Column::named(2, "vrrpScriptName", |p, s| {
                text(&script::<P>(p, s)?.name.value)
            }),
            Column::named(3, "vrrpScriptCommand", |p, s| {
                command(script::<P>(p, s)?.command.as_ref()?)
            }),
            Column::named(4, "vrrpScriptInterval", |p, s| {
                integer(script::<P>(p, s)?.interval.as_secs())
            }),
            Column::named(5, "vrrpScriptWeight", |p, s| {
                integer(script::<P>(p, s)?.weight.value)
            }),
            Column::named(6, "vrrpScriptResult", |p, s| {
                let status = status::<P>(p, TrackerKey::Script, s);
                integer(result(status, script::<P>(p, s)?.init_fail))
            }),
            Column::named(7, "vrrpScriptRise", |p, s| {
                unsigned(script::<P>(p, s)?.rise)
            }),
            Column::named(8, "vrrpScriptFall", |p, s| {
                unsigned(script::<P>(p, s)?.fall)
            }),
            Column::named(9, "vrrpScriptWgtRev", |p, s| {
                truth(script::<P>(p, s)?.weight.reverse)
            }),
            Column::named(10, "vrrpScriptPath", |p, s| {
                command_path(script::<P>(p, s)?.command.as_ref()?)
            }),
            Column::named(11, "vrrpScriptIntervalUsec", |p, s| {
                microseconds(script::<P>(p, s)?.interval)
            }),
            Column::named(12, "vrrpScriptTimeoutUsec", |p, s| {
                microseconds(script::<P>(p, s)?.timeout.unwrap_or(Duration::ZERO))
            }),
        ],
        rows: &Places {
            count: |p: &P| config(p).scripts.len(),
        },
    };

    pub(super) const FILES: Table<P, usize> = Table {
        entry: oid!(2, 13, 1),
        columns: &[
            Column::named(2, "vrrpFileName", |p, f| text(&file::<P>(p, f)?.name.value)),
            Column::named(3, "vrrpFilePath", |p, f| {
                text(&file::<P>(p, f)?.path.as_ref()?.value)
            }),
            Column::named(4, "vrrpFileResult", |p, f| {
                match status::<P>(p, TrackerKey::File, f) {
                    Some(Status::Value(number)) => integer(number),
                    Some(Status::Unknown | Status::Good | Status::Bad) | None => integer(0),
                }
            }),
            Column::named(5, "vrrpFileWeight", |p, f| {
                integer(file::<P>(p, f)?.weight.value)
            }),
            Column::named(6, "vrrpFileWgtRev", |p, f| {
                truth(file::<P>(p, f)?.weight.reverse)
            }),
        ],
        rows: &Places {
            count: |p: &P| config(p).files.len(),
        },
    };

    pub(super) const SESSIONS: Table<P, usize> = Table {
        entry: oid!(2, 18, 1),
        columns: &[
            Column::named(2, "vrrpBfdName", |p, b| {
                text(&session::<P>(p, b)?.name.value)
            }),
            Column::named(3, "vrrpBfdResult", |p, b| {
                let is_up = status::<P>(p, TrackerKey::Bfd, b) == Some(Status::Good);
                integer(i32::from(is_up))
            }),
            Column::named(4, "vrrpBfdWeight", |p, b| {
                integer(session::<P>(p, b)?.weight.value)
            }),
            Column::named(5, "vrrpBfdWgtRev", |p, b| {
                truth(session::<P>(p, b)?.weight.reverse)
            }),
        ],
        rows: &Places {
            count: |p: &P| config(p).sessions.len(),
        },
    };

    pub(super) const PROCESSES: Table<P, usize> = Table {
        entry: oid!(2, 21, 1),
        columns: Self::PROCESS_COLUMNS,
        rows: &Places {
            count: |p: &P| config(p).processes.len(),
        },
    };

    const PROCESS_COLUMNS: &'static [Column<P, usize>] = &[
        Column::named(2, "vrrpProcessName", |p, t| {
            text(&process::<P>(p, t)?.name.value)
        }),
        Column::named(3, "vrrpProcessPath", |p, t| {
            text(process::<P>(p, t)?.command.first()?)
        }),
        Column::named(4, "vrrpProcessParams", |p, t| {
            let words = process::<P>(p, t)?.command.get(1..);
            text(words.unwrap_or_default().join(" "))
        }),
        Column::named(5, "vrrpProcessParamMatch", |p, t| {
            integer(matching(process::<P>(p, t)?.matching()))
        }),
        Column::named(6, "vrrpProcessWeight", |p, t| {
            integer(process::<P>(p, t)?.weight.value)
        }),
        Column::named(7, "vrrpProcessWgtRev", |p, t| {
            truth(process::<P>(p, t)?.weight.reverse)
        }),
        Column::named(8, "vrrpProcessQuorum", |p, t| {
            unsigned(process::<P>(p, t)?.quorum)
        }),
        Column::named(9, "vrrpProcessQuorumMax", |p, t| {
            match process::<P>(p, t)?.quorum_max {
                Some(most) => integer(most),
                None => integer(-1),
            }
        }),
        Column::named(10, "vrrpProcessForkDelay", |p, t| {
            microseconds(process::<P>(p, t)?.fork_delay)
        }),
        Column::named(11, "vrrpProcessTerminateDelay", |p, t| {
            microseconds(process::<P>(p, t)?.terminate_delay)
        }),
        Column::named(12, "vrrpProcessFullCommand", |p, t| {
            truth(process::<P>(p, t)?.full_command)
        }),
        Column::named(13, "vrrpProcessCurProc", |p, t| {
            integer(p.processes(u32::try_from(t).ok()?).unwrap_or(0))
        }),
        Column::named(14, "vrrpProcessResult", |p, t| {
            truth(status::<P>(p, TrackerKey::Process, t) == Some(Status::Good))
        }),
    ];
}
