//! `track_file`.

use super::{named, unless_given, weight};
use crate::control_plane::arg::{to_keyword, words};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::read::{self, refuse};
use crate::control_plane::schema::{Block, Call, Child, Row};
use crate::control_plane::show::Sink;
use crate::control_plane::value::Spanned;
use crate::global::draft::Draft;
use crate::vrrp::config::tracker::{FileConfig, InitFile};

pub(in crate::vrrp::config) static FILE: Child<Draft, FileConfig> = Child {
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
            .skipped_bare()
            .once(),
            Row::<FileConfig>::new(
                "weight",
                to_keyword(words(
                    "N [reverse]",
                    1,
                    2,
                    set_file_weight,
                    |target, name, out| {
                        let number = target.weight.value.to_string();
                        match (target.weight.value, target.weight.reverse) {
                            (1, false) => (),
                            (_, false) => out.line(name, &[&number]),
                            (_, true) => out.line(name, &[&number, "reverse"]),
                        }
                    },
                )),
                "The number in the file is multiplied by this and added to the priority; reverse \
                 subtracts it instead. -254 and less means FAULT. Weight 0: a number other than 0 \
                 means FAULT. From -254 to 254.",
            )
            .skipped_bare()
            .default("1"),
            Row::<FileConfig>::new(
                "init_file",
                to_keyword(words("[N] [overwrite]", 0, 2, set_init, show_init)),
                "Make the file at start if there is none, with the number N in it, sensibly -254 to 254; \
                 overwrite: also if there is one.",
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
    if let Some(weight) = weight(254, call, diags)
        && unless_given(target.weight.value != 1, call, diags)
    {
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
            Ok(value) => {
                if !(-254..=254).contains(&value) {
                    let text =
                        format!("{value} is more than any priority: -254 to 254 makes sense");
                    diags.warn(Code::Warning, word.span, text);
                }
                init.value = i32::try_from(value).unwrap_or(0);
            }
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
