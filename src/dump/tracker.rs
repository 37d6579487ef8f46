//! `VRRP Scripts`, `VRRP Track files`, `VRRP Track processes`, `VRRP Track BFDs`: what instances
//! depend on beside interfaces.

use super::command::quoted;
use super::fact::{FlagForm, Value};
use super::json::Json;
use super::text::Text;
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

/// All trackers of a configuration.
pub fn text(config: &VrrpConfig, live: &dyn Trackers, out: &mut Text) {
    if !config.scripts.is_empty() {
        out.title("VRRP Scripts");
    }
    for (index, script) in (0..).zip(&config.scripts) {
        script_text(script, live.status(TrackerKey::Script(index)), out);
        users(config, TrackerKind::Script, index, out);
        out.property("State", Value::Word(live.script_state(index)));
    }
    if !config.files.is_empty() {
        out.title("VRRP Track files");
    }
    for (index, file) in (0..).zip(&config.files) {
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
                TrackerKind::Script | TrackerKind::File => "",
                TrackerKind::Process => ",",
                TrackerKind::Bfd => ":",
            };
            out.item(|out| out.show(format_args!("{name}{comma} weight {}", shown(used.weight))));
        }
    }
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

fn script_text(script: &ScriptConfig, status: Option<Status>, out: &mut Text) {
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
    out.object("VRRP Track file", &file.name.value);
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
    let full = Value::truth(process.full_command, FlagForm::Bool);
    out.property("Full command", full);
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
    let full = Value::truth(process.full_command, FlagForm::Bool);
    out.member("full_command", full);
}
