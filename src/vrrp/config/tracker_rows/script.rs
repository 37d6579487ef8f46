//! `vrrp_script`.

use std::time::Duration;

use super::{LONGEST, MILLISECOND, named, show_weight, weight};
use crate::control_plane::arg::{command, flag, int, time, to_keyword, words};
use crate::control_plane::diag::Diags;
use crate::control_plane::schema::{Block, Call, Child, Row, at};
use crate::control_plane::script;
use crate::control_plane::value::Spanned;
use crate::global::draft::Draft;
use crate::vrrp::config::tracker::ScriptConfig;

pub(in crate::vrrp::config) static SCRIPT: Child<Draft, ScriptConfig> = Child {
    block: &Block {
        rows: &[&[
            Row::<ScriptConfig>::new(
                "script",
                command(
                    "COMMAND",
                    (1, 1),
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
            )
            .skipped_bare(),
            Row::<ScriptConfig>::new(
                "interval",
                time(Duration::ZERO, LONGEST, MILLISECOND, at!(interval)),
                "How often the script is run, from 0.01 seconds; not while it still runs.",
            )
            .default("1"),
            Row::<ScriptConfig>::new(
                "timeout",
                time(Duration::ZERO, LONGEST, MILLISECOND, at!(timeout)),
                "How long the script may run: after that it has failed, and it and all it has \
                 started is ended.",
            )
            .default("the interval"),
            Row::<ScriptConfig>::new(
                "weight",
                to_keyword(words(
                    "N [reverse]",
                    1,
                    2,
                    |target: &mut ScriptConfig, call, diags| {
                        if let Some(weight) = weight(253, call, diags) {
                            target.weight = weight;
                        }
                    },
                    |target, name, out| show_weight(target.weight, name, out),
                )),
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
