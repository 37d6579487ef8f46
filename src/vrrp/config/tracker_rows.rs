//! `vrrp_script`, `track_file`, `vrrp_track_process` and `track_group`.

use std::time::Duration;

use super::lists;
use super::top::one_name;
use super::tracker::{
    FileConfig, InitFile, ParameterMatch, ProcessConfig, ScriptConfig, TrackGroup, Weight,
};
use crate::control_plane::arg::{flag, int, lines, time, words};
use crate::control_plane::diag::Diags;
use crate::control_plane::read::{self, Refusal, refuse};
use crate::control_plane::schema::{Block, Call, Child, Lens, Row, at};
use crate::control_plane::script;
use crate::control_plane::show::Sink;
use crate::control_plane::value::Spanned;
use crate::global::top::Draft;

const ANY: usize = usize::MAX;
const MICROSECOND: Duration = Duration::from_micros(1);
const LONGEST: Duration = Duration::from_micros(u32::MAX as u64);
const HOUR: Duration = Duration::from_secs(3600);

/// The name of a block, unless there is one of that name. The names stay for
/// checks of references, with their places.
fn named(
    list: fn(&mut Draft) -> &mut Vec<Spanned<String>>,
    draft: &mut Draft,
    call: &Call<'_>,
    diags: &mut Diags,
) -> Option<Spanned<String>> {
    let name = one_name(call, diags)?;
    let list = list(draft);
    if list.contains(&name) {
        let text = format!("{} `{}` is defined twice", call.keyword.text, name.value);
        refuse(diags, name.span, Refusal::general(text));
        return None;
    }
    list.push(name.clone());
    Some(name)
}

/// `N [reverse]`; a number out of range leaves what there was.
pub(crate) fn weight(most: i64, call: &Call<'_>, diags: &mut Diags) -> Option<Weight> {
    let (number, rest) = call.args.split_first()?;
    let value = match read::integer(&number.text, -most, most, "") {
        Ok(value) => i16::try_from(value).unwrap_or(0),
        Err(refusal) => {
            refuse(diags, number.span, refusal);
            return None;
        }
    };
    let reverse = rest.first();
    if let Some(word) = reverse
        && word.text != "reverse"
    {
        let text = format!("weight: `{}` is not `reverse`", word.text);
        refuse(diags, word.span, Refusal::general(text));
    }
    Some(Weight {
        value,
        reverse: reverse.is_some_and(|word| word.text == "reverse"),
    })
}

/// Prints it, unless it is 0.
pub(crate) fn show_weight(weight: Weight, name: &str, out: &mut dyn Sink) {
    let number = weight.value.to_string();
    if weight.reverse {
        out.line(name, &[&number, "reverse"]);
    } else if weight.value != 0 {
        out.line(name, &[&number]);
    }
}

pub(super) static SCRIPT: Child<Draft, ScriptConfig> = Child {
    block: &Block {
        rows: &[&[
            Row::<ScriptConfig>::new(
                "script",
                words(
                    "COMMAND",
                    1,
                    ANY,
                    |target: &mut ScriptConfig, call, diags| {
                        target.request = script::without_account(call, diags);
                    },
                    |target, name, out| {
                        if let Some(request) = &target.request {
                            let words = script::show(request);
                            let words: Vec<&str> = words.iter().map(String::as_str).collect();
                            out.line(name, &words);
                        }
                    },
                ),
                "What to run; in quotes with its arguments. Exit status 0 is success. Obligatory.",
            ),
            Row::<ScriptConfig>::new(
                "interval",
                time(Duration::ZERO, LONGEST, MICROSECOND, at!(interval)),
                "How often the script is run, from 0.01 seconds; not while it still runs.",
            )
            .default("1"),
            Row::<ScriptConfig>::new(
                "timeout",
                time(Duration::ZERO, LONGEST, MICROSECOND, at!(timeout)),
                "How long the script may run: after that it has failed, and it and all it has \
                 started is ended.",
            )
            .default("the interval"),
            Row::<ScriptConfig>::new(
                "weight",
                words(
                    "N [reverse]",
                    1,
                    2,
                    |target: &mut ScriptConfig, call, diags| {
                        if let Some(weight) = weight(253, call, diags) {
                            target.weight = weight;
                        }
                    },
                    |target, name, out| show_weight(target.weight, name, out),
                ),
                "Added to the priority while the script succeeds if positive, while it fails if \
                 negative; reverse subtracts it instead. 0: failure means FAULT. From -253 to \
                 253.",
            )
            .default("0"),
            Row::<ScriptConfig>::new(
                "rise",
                int(1, i32::MAX as i64, "", at!(rise)),
                "Successes in a row until the script counts as up.",
            )
            .default("1"),
            Row::<ScriptConfig>::new(
                "fall",
                int(1, i32::MAX as i64, "", at!(fall)),
                "Failures in a row until the script counts as down. The first result of all \
                 counts at once.",
            )
            .default("1"),
            Row::<ScriptConfig>::new(
                "user",
                words("USER [[:]GROUP]", 1, 2, set_user, |target, name, out| {
                    if let Some(user) = &target.user {
                        let (user, group) = &user.value;
                        let words = [Some(user), group.as_ref()].into_iter().flatten();
                        out.line(name, &words.map(String::as_str).collect::<Vec<_>>());
                    }
                }),
                "The user that runs the script.",
            )
            .default("that of script_user"),
            Row::<ScriptConfig>::new(
                "init_fail",
                flag(at!(init_fail)),
                "The script counts as failed until its first success.",
            ),
        ]],
        finish: None,
    },
    usage: "NAME",
    open: |draft, call, diags| {
        named(|draft| &mut draft.names.scripts, draft, call, diags).map(ScriptConfig::new)
    },
    close: |draft, target| draft.vrrp.scripts.push(target),
    each: |draft, show| {
        for target in &draft.vrrp.scripts {
            show(&[&target.name], target);
        }
    },
};

fn set_user(target: &mut ScriptConfig, call: &Call<'_>, _: &mut Diags) {
    let mut words = call.args.iter().map(|word| word.text.clone());
    target.user = words
        .next()
        .map(|user| Spanned::new((user, words.next()), call.span()));
}

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

pub(super) static PROCESS: Child<Draft, ProcessConfig> = Child {
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
        words("[initial|partial]", 0, 1, set_match, show_match),
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
        words(
            "N [reverse]",
            1,
            2,
            |target: &mut ProcessConfig, call, diags| {
                if let Some(weight) = weight(254, call, diags) {
                    target.weight = weight;
                }
            },
            |target, name, out| show_weight(target.weight, name, out),
        ),
        "Added to the priority while there are enough processes if positive, while there are not \
         if negative; reverse subtracts it instead. 0: too few or too many mean FAULT. From -254 \
         to 254.",
    )
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

pub(super) static FILE: Child<Draft, FileConfig> = Child {
    block: &Block {
        rows: &[&[
            Row::<FileConfig>::new(
                "file",
                words(
                    "PATH",
                    1,
                    1,
                    |target: &mut FileConfig, call, _| {
                        let path = call.args.first();
                        target.path = path.map(|word| Spanned::new(word.text.clone(), word.span));
                    },
                    |target, name, out| {
                        if let Some(path) = &target.path {
                            out.line(name, &[path]);
                        }
                    },
                ),
                "The path of the file, which holds a number. Without the file the number is 0. \
                 Obligatory.",
            )
            .once(),
            Row::<FileConfig>::new(
                "weight",
                words("N [reverse]", 1, 2, set_file_weight, |target, name, out| {
                    let number = target.weight.value.to_string();
                    match (target.weight.value, target.weight.reverse) {
                        (1, false) => (),
                        (_, false) => out.line(name, &[&number]),
                        (_, true) => out.line(name, &[&number, "reverse"]),
                    }
                }),
                "The number in the file is multiplied by this and added to the priority; reverse \
                 subtracts it instead. -254 and less means FAULT. Weight 0: a number other than 0 \
                 means FAULT. From -254 to 254.",
            )
            .default("1"),
            Row::<FileConfig>::new(
                "init_file",
                words("[N] [overwrite]", 0, 2, set_init, show_init),
                "Make the file at start if there is none; overwrite: also if there is one.",
            )
            .default("the file is not made; N is 0"),
        ]],
        finish: None,
    },
    usage: "NAME",
    open: |draft, call, diags| {
        named(|draft| &mut draft.names.files, draft, call, diags).map(FileConfig::new)
    },
    close: |draft, target| draft.vrrp.files.push(target),
    each: |draft, show| {
        for target in &draft.vrrp.files {
            show(&[&target.name], target);
        }
    },
};

fn set_file_weight(target: &mut FileConfig, call: &Call<'_>, diags: &mut Diags) {
    if let Some(weight) = weight(254, call, diags) {
        target.weight = weight;
    }
}

fn set_init(target: &mut FileConfig, call: &Call<'_>, diags: &mut Diags) {
    let mut init = InitFile::default();
    for word in call.args {
        if word.text == "overwrite" {
            init.overwrite = true;
            continue;
        }
        match read::integer(&word.text, i64::from(i32::MIN), i64::from(i32::MAX), "") {
            Ok(value) => init.value = i32::try_from(value).unwrap_or(0),
            Err(refusal) => refuse(diags, word.span, refusal),
        }
    }
    target.init = Some(init);
}

fn show_init(target: &FileConfig, name: &str, out: &mut dyn Sink) {
    if let Some(init) = target.init {
        let number = init.value.to_string();
        let words: &[&str] = if init.overwrite {
            &[&number, "overwrite"]
        } else {
            &[&number]
        };
        out.line(name, words);
    }
}

pub(super) static TRACK_GROUP: Child<Draft, TrackGroup> = Child {
    block: &Block {
        rows: &[&[Row::new(
            "group",
            lines(
                "INSTANCE ...",
                |group: &mut TrackGroup, line, _| lists::add_members(&mut group.members, line),
                |group, out| lists::show_members(&group.members, out),
                |_| (),
            ),
            "The instances of the track group.",
        )]],
        finish: None,
    },
    usage: "NAME",
    open: |draft, call, diags| {
        let name = named(|draft| &mut draft.names.track_groups, draft, call, diags)?;
        Some(TrackGroup {
            name,
            ..TrackGroup::default()
        })
    },
    close: |draft, group| draft.vrrp.track_groups.push(group),
    each: |draft, show| {
        for group in &draft.vrrp.track_groups {
            show(&[&group.name], group);
        }
    },
};
