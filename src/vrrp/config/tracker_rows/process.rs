//! `vrrp_track_process`.

use std::time::Duration;

use super::{ANY, HOUR, MICROSECOND, named, show_weight, unless_given, weight};
use crate::control_plane::arg::{flag, int, time, to_keyword, words};
use crate::control_plane::diag::Diags;
use crate::control_plane::read::{self, refuse};
use crate::control_plane::schema::{Block, Call, Child, Lens, Row, at};
use crate::control_plane::show::Sink;
use crate::global::draft::Draft;
use crate::vrrp::config::tracker::{ParameterMatch, ProcessConfig};

/// Prints as the two delays that it sets.
const BOTH_DELAYS: Lens<ProcessConfig, Duration> = Lens {
    get: |_| None,
    set: |target, delay, _| {
        target.terminate_delay = delay;
        target.fork_delay = delay;
    },
};

const TERMINATE_DELAY: Lens<ProcessConfig, Duration> = Lens {
    get: |target| Some(target.terminate_delay).filter(|delay| !delay.is_zero()),
    set: |target, delay, _| target.terminate_delay = delay,
};

const FORK_DELAY: Lens<ProcessConfig, Duration> = Lens {
    get: |target| Some(target.fork_delay).filter(|delay| !delay.is_zero()),
    set: |target, delay, _| target.fork_delay = delay,
};

const QUORUM: Lens<ProcessConfig, i64> = Lens {
    get: |target| Some(i64::from(target.quorum)).filter(|quorum| *quorum > 0),
    set: |target, quorum, _| target.quorum = u32::try_from(quorum).unwrap_or(1),
};

const QUORUM_MAX: Lens<ProcessConfig, i64> = Lens {
    get: |target| target.quorum_max.map(i64::from),
    set: |target, most, _| {
        target.quorum_max = u32::try_from(most).ok();
        if most == 0 {
            target.quorum = 0;
        }
    },
};

pub(in crate::vrrp::config) static PROCESS: Child<Draft, ProcessConfig> = Child {
    block: &Block {
        rows: &[PROCESS_MATCH, PROCESS_COUNT],
        finish: None,
    },
    usage: "NAME",
    open: |draft, call, diags| {
        named(|draft| &mut draft.names.processes, draft, call, diags).map(ProcessConfig::new)
    },
    close: |draft, target| draft.vrrp.processes.push(target),
    each: |draft, show| {
        for target in &draft.vrrp.processes {
            show(&[&target.name], target);
        }
    },
};

const PROCESS_MATCH: &[Row<ProcessConfig>] = &[
    Row::<ProcessConfig>::new(
        "process",
        words(
            "COMMAND [PARAMETER ...]",
            1,
            ANY,
            |target: &mut ProcessConfig, call, _| {
                target.command = call.args.iter().map(|word| word.text.clone()).collect();
            },
            |target, name, out| {
                let words: Vec<&str> = target.command.iter().map(String::as_str).collect();
                if !words.is_empty() {
                    out.line(name, &words);
                }
            },
        ),
        "What to look for: the name of the task (15 letters), or with parameters or full_command the \
         command line.",
    )
    .once(),
    Row::<ProcessConfig>::new(
        "param_match",
        to_keyword(words("[initial|partial]", 0, 1, set_match, show_match)),
        "How to compare parameters: all and no more without a word; partial: those given come first; \
         initial: and the last one may be a beginning.",
    ).default("parameters do not count"),
    Row::<ProcessConfig>::new(
        "full_command",
        flag(at!(full_command)),
        "Compare the first word of the command line, not the name of the task.",
    ),
];

const PROCESS_COUNT: &[Row<ProcessConfig>] = &[
    Row::<ProcessConfig>::new(
        "weight",
        to_keyword(words(
            "N [reverse]",
            1,
            2,
            |target: &mut ProcessConfig, call, diags| {
                if let Some(weight) = weight(254, call, diags)
                    && unless_given(target.weight.value != 0, call, diags)
                {
                    target.weight = weight;
                }
            },
            |target, name, out| show_weight(target.weight, name, out),
        )),
        "Added to the priority while there are enough processes if positive, while there are not \
         if negative; reverse subtracts it instead. 0: too few or too many mean FAULT. From -254 \
         to 254.",
    )
    .skipped_bare()
    .default("0"),
    Row::<ProcessConfig>::new(
        "quorum",
        int(1, 65535, "", QUORUM),
        "How many of the processes there must be.",
    )
    .default("1"),
    Row::<ProcessConfig>::new(
        "quorum_max",
        int(0, 65535, "", QUORUM_MAX),
        "How many of the processes there may be. 0: there must be none.",
    )
    .default("no limit"),
    Row::<ProcessConfig>::new(
        "delay",
        time(MICROSECOND, HOUR, MICROSECOND, BOTH_DELAYS),
        "Sets terminate_delay and fork_delay.",
    )
    .default("0"),
    Row::<ProcessConfig>::new(
        "terminate_delay",
        time(MICROSECOND, HOUR, MICROSECOND, TERMINATE_DELAY),
        "How long it must be that processes have ended before the consequence counts.",
    )
    .default("0"),
    Row::<ProcessConfig>::new(
        "fork_delay",
        time(MICROSECOND, HOUR, MICROSECOND, FORK_DELAY),
        "How long it must be that new processes run before the consequence counts.",
    )
    .default("0"),
];

fn set_match(target: &mut ProcessConfig, call: &Call<'_>, diags: &mut Diags) {
    target.parameters = Some(match call.args.first() {
        None => ParameterMatch::Exact,
        Some(word) => match read::choice(&word.text, &["initial", "partial"]) {
            Ok("initial") => ParameterMatch::Initial,
            Ok(_) => ParameterMatch::Partial,
            Err(refusal) => return refuse(diags, word.span, refusal),
        },
    });
}

fn show_match(target: &ProcessConfig, name: &str, out: &mut dyn Sink) {
    match target.parameters {
        None => (),
        Some(ParameterMatch::Exact) => out.line(name, &[]),
        Some(ParameterMatch::Partial) => out.line(name, &["partial"]),
        Some(ParameterMatch::Initial) => out.line(name, &["initial"]),
    }
}
