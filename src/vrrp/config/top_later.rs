//! Keywords of the VRRP process at the top level whose effect comes later.

use std::time::Duration;

use super::lists;
use super::names::SyncGroup;
use super::top::one_name;
use crate::control_plane::arg::{block, flag, int, nowhere, some_lines, some_words, time, words};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::read::{self, Refusal, refuse};
use crate::control_plane::schema::{Arg, Block, Call, Child, Inner, Row};
use crate::control_plane::source::Span;
use crate::control_plane::value::Spanned;
use crate::control_plane::words::Line;
use crate::global::top::Draft;

const ANY: usize = usize::MAX;
const MICROSECOND: Duration = Duration::from_micros(1);
const LONGEST: Duration = Duration::from_micros(u32::MAX as u64);

/// Keywords that are recognised and checked, and whose effect comes later.
pub const ROWS: &[Row<Draft>] = &[
    Row::later(
        "linkbeat_use_polling",
        flag(nowhere()),
        "Poll the state of every interface.",
    ),
    Row::later(
        "linkbeat_interfaces",
        some_lines("INTERFACE [MII|ETHTOOL|IOCTL]", check_linkbeat, |_| ()),
        "Poll the state of these interfaces.",
    ),
    Row::later(
        "track_group",
        block(&TRACK_GROUP),
        "Instances that leave MASTER when a static entry is deleted.",
    ),
    Row::later(
        "vrrp_sync_group",
        block(&SYNC_GROUP),
        "Instances that change state together.",
    ),
    Row::later(
        "vrrp_script",
        block(&SCRIPT),
        "A script that instances and groups may track.",
    ),
    Row::later(
        "vrrp_track_process",
        block(&PROCESS),
        "Processes that instances and groups may track.",
    ),
    Row::later(
        "track_file",
        block(&FILE),
        "A file that instances, groups and checkers may track.",
    ),
    Row::later("vrrp_track_file", block(&FILE), "As track_file."),
];

fn check_linkbeat(draft: &mut Draft, line: &Line, diags: &mut Diags) {
    let Some((name, kinds)) = line.words.split_first() else {
        return;
    };
    match read::interface(&name.text) {
        Ok(interface) => draft.linkbeat.push(Spanned::new(interface, name.span)),
        Err(refusal) => refuse(diags, name.span, refusal),
    }
    for kind in kinds {
        if let Err(refusal) = read::choice(&kind.text, &["MII", "ETHTOOL", "IOCTL"]) {
            refuse(diags, kind.span, refusal);
        }
    }
}

static TRACK_GROUP: Inner<Draft, Draft> = Inner::same(
    &Block {
        rows: &[&[Row::later(
            "group",
            some_lines(
                "INSTANCE ...",
                |draft: &mut Draft, line, _| draft.members += line.words.len(),
                |_| (),
            ),
            "The instances.",
        )]],
        finish: Some(|draft, span, diags| {
            if std::mem::take(&mut draft.members) == 0 {
                diags.error(Code::General, span, "the track_group has no members");
            }
        }),
    },
    "NAME",
    |draft, call, diags| named(|draft| &mut draft.names.track_groups, draft, call, diags),
);

static SCRIPT: Inner<Draft, Draft> = Inner::same(
    &Block {
        rows: &[&[
            Row::later(
                "script",
                some_words("COMMAND", 1, ANY),
                "What to run; in quotes with its arguments.",
            ),
            Row::later(
                "interval",
                time(Duration::ZERO, LONGEST, MICROSECOND, nowhere()),
                "How often.",
            ),
            Row::later(
                "timeout",
                time(Duration::ZERO, LONGEST, MICROSECOND, nowhere()),
                "After that it has failed.",
            ),
            Row::later(
                "weight",
                words(
                    "N [reverse]",
                    1,
                    2,
                    |_: &mut Draft, call, diags| weight(253, call, diags),
                    |_, _, _| (),
                ),
                "Added to the priority. 0: failure means FAULT.",
            ),
            Row::later(
                "rise",
                int(1, i32::MAX as i64, "", nowhere()),
                "Successes until it is up.",
            ),
            Row::later(
                "fall",
                int(1, i32::MAX as i64, "", nowhere()),
                "Failures until it is down.",
            ),
            Row::later("user", some_words("USER [[:]GROUP]", 1, 2), "Who runs it."),
            Row::later("init_fail", flag(nowhere()), "It is down at first."),
        ]],
        finish: None,
    },
    "NAME",
    |draft, call, diags| named(|draft| &mut draft.names.scripts, draft, call, diags),
);

const DELAY: Arg<Draft> = time(
    MICROSECOND,
    Duration::from_secs(3600),
    MICROSECOND,
    nowhere(),
);

static PROCESS: Inner<Draft, Draft> = Inner::same(
    &Block {
        rows: &[&[
            Row::later(
                "process",
                some_words("COMMAND [PARAMETER ...]", 1, ANY),
                "What to look for.",
            ),
            Row::later(
                "param_match",
                some_words("[initial|partial]", 0, 1),
                "How to compare parameters.",
            ),
            Row::later(
                "weight",
                words(
                    "N [reverse]",
                    1,
                    2,
                    |_: &mut Draft, call, diags| weight(254, call, diags),
                    |_, _, _| (),
                ),
                "Added to the priority. 0: FAULT.",
            ),
            Row::later(
                "quorum",
                int(1, 65535, "", nowhere()),
                "How many there must be.",
            ),
            Row::later(
                "quorum_max",
                int(0, 65535, "", nowhere()),
                "How many there may be.",
            ),
            Row::later("delay", DELAY, "Sets both delays."),
            Row::later("terminate_delay", DELAY, "Before the loss of one counts."),
            Row::later("fork_delay", DELAY, "Before a new one counts."),
            Row::later(
                "full_command",
                flag(nowhere()),
                "Compare the whole command line.",
            ),
        ]],
        finish: None,
    },
    "NAME",
    |draft, call, diags| named(|draft| &mut draft.names.processes, draft, call, diags),
);

static FILE: Inner<Draft, Draft> = Inner::same(
    &Block {
        rows: &[&[
            Row::later(
                "file",
                some_words("PATH", 1, 1),
                "The file; it holds a number.",
            ),
            Row::later(
                "weight",
                words(
                    "N [reverse]",
                    1,
                    2,
                    |_: &mut Draft, call, diags| weight(254, call, diags),
                    |_, _, _| (),
                ),
                "The number is multiplied by this. 0: a number other than 0 means FAULT.",
            ),
            Row::later(
                "init_file",
                words("[N] [overwrite]", 0, 2, check_init, |_, _, _| ()),
                "Make the file if there is none.",
            ),
        ]],
        finish: None,
    },
    "NAME",
    |draft, call, diags| named(|draft| &mut draft.names.files, draft, call, diags),
);

/// Keep the name of a block, once.
fn named(
    list: fn(&mut Draft) -> &mut Vec<Spanned<String>>,
    draft: &mut Draft,
    call: &Call<'_>,
    diags: &mut Diags,
) -> bool {
    let Some(name) = one_name(call, diags) else {
        return false;
    };
    let list = list(draft);
    if list.contains(&name) {
        let text = format!("{} `{}` is defined twice", call.keyword.text, name.value);
        refuse(diags, name.span, Refusal::general(text));
        return false;
    }
    list.push(name);
    true
}

/// `N [reverse]`
pub(crate) fn weight(most: i64, call: &Call<'_>, diags: &mut Diags) {
    let Some((number, rest)) = call.args.split_first() else {
        return;
    };
    if let Err(refusal) = read::integer(&number.text, -most, most, "") {
        refuse(diags, number.span, refusal);
    }
    if let Some(word) = rest.first()
        && word.text != "reverse"
    {
        let text = format!("weight: `{}` is not `reverse`", word.text);
        refuse(diags, word.span, Refusal::general(text));
    }
}

fn check_init(_: &mut Draft, call: &Call<'_>, diags: &mut Diags) {
    for word in call.args {
        if word.text != "overwrite"
            && let Err(refusal) =
                read::integer(&word.text, i64::from(i32::MIN), i64::from(i32::MAX), "")
        {
            refuse(diags, word.span, refusal);
        }
    }
}

static SYNC_GROUP: Child<Draft, SyncGroup> = Child {
    block: &Block {
        rows: &[SYNC_MEMBERS, SYNC_TRACKERS, super::notify::GROUP],
        finish: Some(finish_sync_group),
    },
    usage: "NAME",
    open: |draft, call, diags| {
        let name = one_name(call, diags)?;
        if draft
            .names
            .sync_groups
            .iter()
            .any(|other| other.name == name)
        {
            let text = format!("vrrp_sync_group `{}` is defined twice", name.value);
            refuse(diags, name.span, Refusal::general(text));
            return None;
        }
        Some(SyncGroup {
            name,
            ..SyncGroup::default()
        })
    },
    close: |draft, group| draft.names.sync_groups.push(group),
    each: |_, _| (),
};

const SYNC_MEMBERS: &[Row<SyncGroup>] = &[Row::later(
    "group",
    some_lines(
        "INSTANCE ...",
        |group, line, _| {
            let names = line.words.iter();
            group
                .members
                .extend(names.map(|word| Spanned::new(word.text.clone(), word.span)));
        },
        |_| (),
    ),
    "The instances.",
)];

const SYNC_TRACKERS: &[Row<SyncGroup>] = &[
    Row::later(
        "track_interface",
        some_lines(
            lists::INTERFACE_USAGE,
            |group: &mut SyncGroup, line, diags| {
                lists::add_interface(&mut group.interfaces, line, diags)
            },
            lists::describe_interface,
        ),
        "Interfaces tracked by every instance.",
    ),
    Row::later(
        "track_script",
        some_lines(
            lists::TRACK_USAGE,
            |group: &mut SyncGroup, line, diags| {
                lists::track(&mut group.tracked.scripts, line, diags)
            },
            lists::describe_track,
        ),
        "Scripts tracked by every instance.",
    ),
    Row::later(
        "track_file",
        some_lines(
            lists::TRACK_USAGE,
            |group: &mut SyncGroup, line, diags| {
                lists::track(&mut group.tracked.files, line, diags)
            },
            lists::describe_track,
        ),
        "Files tracked by every instance.",
    ),
    Row::later(
        "track_process",
        some_lines(
            lists::TRACK_USAGE,
            |group: &mut SyncGroup, line, diags| {
                lists::track(&mut group.tracked.processes, line, diags)
            },
            lists::describe_track,
        ),
        "Processes tracked by every instance.",
    ),
    Row::later(
        "track_bfd",
        some_lines(
            lists::TRACK_USAGE,
            |group: &mut SyncGroup, line, diags| lists::track(&mut group.tracked.bfd, line, diags),
            lists::describe_track,
        ),
        "BFD sessions tracked by every instance.",
    ),
    Row::later(
        "sync_group_tracking_weight",
        flag(nowhere()),
        "Weights of trackers count in the group.",
    )
    .aliases(&[crate::control_plane::schema::deprecated("global_tracking")]),
];

fn finish_sync_group(group: &mut SyncGroup, span: Span, diags: &mut Diags) {
    match group.members.len() {
        0 => {
            let text = format!("vrrp_sync_group `{}` has no members", group.name.value);
            diags.error(Code::General, span, text);
        }
        1 => {
            let text = format!("vrrp_sync_group `{}` has a single member", group.name.value);
            diags.warn(Code::Warning, group.name.span, text);
        }
        _ => (),
    }
}
