//! `VRRP Scripts`, `VRRP Track files`, `VRRP Track processes`, `VRRP Track BFDs`: what instances
//! depend on beside interfaces.

use super::command::quoted;
use super::fact::{FlagForm, Value};
use super::json::Json;
use super::text::Text;
use crate::control_plane::value::Spanned;
use crate::vrrp::config::names::{TrackEntry, Tracked};
use crate::vrrp::config::tracker::{ParameterMatch, Weight};
use crate::vrrp::config::{
    FileConfig, ProcessConfig, ScriptConfig, TrackedSession, TrackerKind, TrackerUse, VrrpConfig,
};
use crate::vrrp::fsm::{Status, TrackerKey};

/// How trackers are at this moment.
pub trait Trackers {
    /// What is known of one; `None` if nobody tracks it.
    fn status(&self, key: TrackerKey) -> Option<Status>;
    /// What a script does: `idle`, `running`, `requested termination` or
    /// `forcing termination`.
    fn script_state(&self, index: u32) -> &'static str;
    /// What its results have come to, counted from the last change; `None` if nobody
    /// tracks it.
    fn script_result(&self, index: u32) -> Option<u32>;
    /// What is counted of a process; `None` if nobody tracks it.
    fn process_count(&self, index: u32) -> Option<ProcessCount>;
}

/// How many there are of a tracked process.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ProcessCount {
    /// At this moment.
    pub current: u32,
    /// Whether `fork_delay` runs.
    pub is_fork_delayed: bool,
    /// Whether `terminate_delay` runs.
    pub is_termination_delayed: bool,
}

/// All trackers of a configuration, scripts and files that nobody tracks left out: nothing
/// is done with them.
pub fn text(config: &VrrpConfig, live: &dyn Trackers, out: &mut Text) {
    let is_used = |kind, index: &u32| {
        let mut uses = config.instances.iter().flat_map(|own| &own.trackers);
        uses.any(|used| used.kind == kind && u32::try_from(used.index) == Ok(*index))
    };
    let scripts = (0..).zip(&config.scripts);
    let mut scripts = scripts
        .filter(|(index, _)| is_used(TrackerKind::Script, index))
        .peekable();
    if scripts.peek().is_some() {
        out.title("VRRP Scripts");
    }
    for (index, script) in scripts {
        script_text(
            script,
            live.status(TrackerKey::Script(index)),
            live.script_result(index),
            out,
        );
        users(config, TrackerKind::Script, index, out);
        out.property("State", Value::Word(live.script_state(index)));
    }
    let files = (0..).zip(&config.files);
    let mut files = files
        .filter(|(index, _)| is_used(TrackerKind::File, index))
        .peekable();
    if files.peek().is_some() {
        out.title("VRRP Track files");
    }
    for (index, file) in files {
        file_text(file, live.status(TrackerKey::File(index)), out);
        users(config, TrackerKind::File, index, out);
    }
    if !config.processes.is_empty() {
        out.title("VRRP Track processes");
    }
    for (index, process) in (0..).zip(&config.processes) {
        let status = live.status(TrackerKey::Process(index));
        process_text(process, status, live.process_count(index), out);
        users(config, TrackerKind::Process, index, out);
    }
    if !config.sessions.is_empty() {
        out.title("VRRP Track BFDs");
    }
    for (index, session) in (0..).zip(&config.sessions) {
        session_text(session, live.status(TrackerKey::Bfd(index)), out);
        users(config, TrackerKind::Bfd, index, out);
    }
}

/// The array `track_process` of JSON version 2.
pub fn processes_json(config: &VrrpConfig, live: &dyn Trackers, out: &mut Json) {
    for (index, process) in (0..).zip(&config.processes) {
        let status = live.status(TrackerKey::Process(index));
        let count = live.process_count(index);
        out.object(|out| process_json(process, status, count, out));
    }
}

/// The keys and strings of an instance's trackers in JSON.
pub fn strings(config: &VrrpConfig, used: &[TrackerUse], out: &mut Json) {
    let name = |used: &TrackerUse| match used.kind {
        TrackerKind::Script => {
            let script = config.scripts.get(used.index)?;
            script.command.as_ref().map(quoted)
        }
        TrackerKind::Process => {
            let process = config.processes.get(used.index)?;
            Some(process.name.value.clone())
        }
        TrackerKind::File | TrackerKind::Bfd => None,
    };
    let kinds = [
        (TrackerKind::Script, "track_script"),
        (TrackerKind::Process, "track_process"),
    ];
    for (kind, key) in kinds {
        let of_kind = used.iter().filter(|used| used.kind == kind);
        let mut names = of_kind.filter_map(name).peekable();
        if names.peek().is_none() {
            continue;
        }
        out.key(key);
        out.array(|out| {
            for name in names {
                out.string(&name);
            }
        });
    }
}

/// The trackers of an instance, by kind.
pub fn used(config: &VrrpConfig, used: &[TrackerUse], out: &mut Text) {
    let kinds = [
        (TrackerKind::Script, "Tracked scripts :"),
        (TrackerKind::File, "Tracked files :"),
        (TrackerKind::Process, "Tracked processes :"),
        (TrackerKind::Bfd, "Tracked BFDs :"),
    ];
    for (kind, title) in kinds {
        let mut of_kind = used.iter().filter(|used| used.kind == kind).peekable();
        if of_kind.peek().is_some() {
            out.line(title);
        }
        for used in of_kind {
            let name = name(config, used).unwrap_or("?");
            // As the C daemon has it.
            let comma = match kind {
                TrackerKind::Script => "",
                TrackerKind::File | TrackerKind::Process => ",",
                TrackerKind::Bfd => ":",
            };
            out.item(|out| out.show(format_args!("{name}{comma} weight {}", shown(used.weight))));
        }
    }
}

/// What a sync group tracks, by kind.
pub fn used_by_group(config: &VrrpConfig, tracked: &Tracked, out: &mut Text) {
    let of = |kind, entries: &[TrackEntry], defined: &[(&Spanned<String>, Weight)]| {
        let uses = entries.iter().filter_map(|entry| {
            let place = defined
                .iter()
                .position(|(name, _)| name.value == entry.name.value)?;
            let (_, own) = defined.get(place)?;
            let weight = Weight {
                value: entry.weight.unwrap_or(own.value),
                reverse: entry.reverse.unwrap_or(own.reverse),
            };
            Some(TrackerUse {
                kind,
                index: place,
                weight,
            })
        });
        uses.collect::<Vec<_>>()
    };
    let scripts: Vec<_> = config.scripts.iter().map(|s| (&s.name, s.weight)).collect();
    let files: Vec<_> = config.files.iter().map(|f| (&f.name, f.weight)).collect();
    let processes: Vec<_> = config
        .processes
        .iter()
        .map(|p| (&p.name, p.weight))
        .collect();
    let sessions: Vec<_> = config
        .sessions
        .iter()
        .map(|s| (&s.name, s.weight))
        .collect();
    let all = [
        of(TrackerKind::Script, &tracked.scripts, &scripts),
        of(TrackerKind::File, &tracked.files, &files),
        of(TrackerKind::Process, &tracked.processes, &processes),
        of(TrackerKind::Bfd, &tracked.bfd, &sessions),
    ];
    used(config, &all.concat(), out);
}

fn name<'a>(config: &'a VrrpConfig, used: &TrackerUse) -> Option<&'a str> {
    let name = match used.kind {
        TrackerKind::Script => &config.scripts.get(used.index)?.name,
        TrackerKind::File => &config.files.get(used.index)?.name,
        TrackerKind::Process => &config.processes.get(used.index)?.name,
        TrackerKind::Bfd => &config.sessions.get(used.index)?.name,
    };
    Some(&name.value)
}

fn shown(weight: Weight) -> String {
    let reverse = if weight.reverse { " reverse" } else { "" };
    format!("{}{reverse}", weight.value)
}

fn weight_text(weight: Weight, out: &mut Text) {
    out.property("Weight", Value::Text(shown(weight).into()));
}

fn users(config: &VrrpConfig, kind: TrackerKind, index: u32, out: &mut Text) {
    out.line("Tracking instances :");
    for instance in &config.instances {
        let is_it =
            |used: &&TrackerUse| used.kind == kind && u32::try_from(used.index) == Ok(index);
        for used in instance.trackers.iter().filter(is_it) {
            let name = &instance.name.value;
            out.item(|out| out.show(format_args!("{name}, weight {}", shown(used.weight))));
        }
    }
}

fn script_text(script: &ScriptConfig, status: Option<Status>, result: Option<u32>, out: &mut Text) {
    out.object("VRRP Script", &script.name.value);
    if let Some(command) = &script.command {
        out.property("Command", Value::Text(quoted(command).into()));
    }
    let seconds = |time| Value::Seconds { time, unit: " sec" };
    out.property("Interval", seconds(script.interval));
    out.property("Timeout", seconds(script.timeout.unwrap_or_default()));
    weight_text(script.weight, out);
    out.property("Rise", Value::Number(script.rise.into()));
    out.property("Fall", Value::Number(script.fall.into()));
    if let Some(result) = result {
        out.property("Result", Value::Number(result.into()));
    }
    let init = if script.init_fail {
        "failed"
    } else {
        "unknown"
    };
    out.property("Init state", Value::Word(init));
    out.property("Status", Value::Word(status_word(status)));
    if let Some(command) = &script.command {
        let account = &command.account;
        let account = format!("{}:{}", account.uid, account.gid);
        out.property("Script uid:gid", Value::Text(account.into()));
    }
}

const fn status_word(status: Option<Status>) -> &'static str {
    match status {
        Some(Status::Good) => "GOOD",
        Some(Status::Bad) => "BAD",
        Some(Status::Unknown | Status::Value(_)) | None => "INIT",
    }
}

fn file_text(file: &FileConfig, status: Option<Status>, out: &mut Text) {
    out.object("Track file", &file.name.value);
    let path = file.path.as_ref().map(|path| path.value.as_str());
    out.property("File", path.map_or(Value::Absent, Value::Word));
    if let Some(Status::Value(value)) = status {
        out.property("Status", Value::Signed(value.into()));
    }
    weight_text(file.weight, out);
}

const fn match_word(process: &ProcessConfig) -> &'static str {
    match process.matching() {
        Some(ParameterMatch::Exact) => "exact",
        Some(ParameterMatch::Partial) => "partial",
        Some(ParameterMatch::Initial) => "initial",
        None => "none",
    }
}

fn process_text(
    process: &ProcessConfig,
    status: Option<Status>,
    count: Option<ProcessCount>,
    out: &mut Text,
) {
    let count = count.unwrap_or_default();
    out.object("VRRP Track process", &process.name.value);
    let (command, parameters) = process.command.split_first().unzip();
    out.property("Process", command.map_or(Value::Absent, |c| Value::Word(c)));
    if let Some(parameters) = parameters.filter(|list| !list.is_empty()) {
        out.property("Parameters", Value::Text(parameters.join(" ").into()));
    }
    if process.matching().is_some() {
        out.property("Param match", Value::Word(match_word(process)));
    }
    out.property("Min processes", Value::Number(process.quorum.into()));
    if let Some(most) = process.quorum_max {
        out.property("Max processes", Value::Number(most.into()));
    }
    out.property("Current processes", Value::Number(count.current.into()));
    let quorum = Value::truth(status == Some(Status::Good), FlagForm::Bool);
    out.property("Have quorum", quorum);
    weight_text(process.weight, out);
    for (label, time) in [
        ("Terminate delay", process.terminate_delay),
        ("Fork delay", process.fork_delay),
    ] {
        let time = format!("{:.6}s", time.as_secs_f64());
        out.property(label, Value::Text(time.into()));
    }
    for (label, runs) in [
        ("Fork", count.is_fork_delayed),
        ("Terminate", count.is_termination_delayed),
    ] {
        let not = if runs { "" } else { "not " };
        out.line(&format!("{label} delay timer {not}running"));
    }
    out.property("Full command", full_command(process));
}

/// Parameters are found nowhere else.
fn full_command(process: &ProcessConfig) -> Value<'static> {
    let is_full = process.full_command || process.matching().is_some();
    Value::truth(is_full, FlagForm::Bool)
}

fn session_text(session: &TrackedSession, status: Option<Status>, out: &mut Text) {
    out.object("VRRP Track BFD", &session.name.value);
    weight_text(session.weight, out);
    let is_up = status == Some(Status::Good);
    out.line(if is_up { "Bfd is up" } else { "Bfd is down" });
}

fn process_json(
    process: &ProcessConfig,
    status: Option<Status>,
    count: Option<ProcessCount>,
    out: &mut Json,
) {
    let count = count.unwrap_or_default();
    let (command, parameters) = process.command.split_first().unzip();
    out.member("process", Value::Word(command.map_or("", String::as_str)));
    let parameters = parameters.unwrap_or_default().join(" ");
    out.member("parameters", Value::Text(parameters.into()));
    out.member("param_match", Value::Word(match_word(process)));
    out.member("min_processes", Value::Number(process.quorum.into()));
    let most = process.quorum_max.unwrap_or(u32::MAX);
    out.member("max_processes", Value::Number(most.into()));
    out.member("current_processes", Value::Number(count.current.into()));
    let quorum = Value::truth(status == Some(Status::Good), FlagForm::Bool);
    out.member("have_quorum", quorum);
    out.member("weight", Value::Signed(process.weight.value.into()));
    out.member("terminate_delay", Value::seconds(process.terminate_delay));
    out.member("fork_delay", Value::seconds(process.fork_delay));
    let fork = Value::truth(count.is_fork_delayed, FlagForm::Bool);
    out.member("fork_delay_timer_running", fork);
    let termination = Value::truth(count.is_termination_delayed, FlagForm::Bool);
    out.member("terminate_delay_timer_running", termination);
    out.member("full_command", full_command(process));
}
