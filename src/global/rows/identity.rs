//! What the daemon is called, and what it tells of itself.

use super::process::PROCESS_NAME_MAX;
use super::{NUMBER_MAX, Row};
use crate::control_plane::arg::{boolean, flag, int, short_text, some_words, text, words};
use crate::control_plane::schema::{at, deprecated, old_name};
use crate::global::words;

pub(super) const IDENTITY: &[Row] = &[
    Row::new(
        "router_id",
        text("NAME", at!(router_id)),
        "A name of this router for mails and SNMP traps.",
    ).skipped_bare()
    .aliases(&[deprecated("lvs_id")])
    .default("the host's name"),
    Row::new(
        "process_names",
        flag(at!(process_names.by_role)),
        "Name the processes by their role: keepalived_vrrp, keepalived_lvs and keepalived_bfd.",
    ),
    Row::new(
        "process_name",
        short_text("NAME", PROCESS_NAME_MAX, at!(process_names.parent)),
        "The kernel's name of the parent process.",
    )
    .nearest()
    .default("keepalived"),
    Row::new(
        "vrrp_process_name",
        short_text("NAME", PROCESS_NAME_MAX, at!(process_names.vrrp)),
        "The kernel's name of the VRRP process.",
    )
    .nearest()
    .default("keepalived"),
    Row::new(
        "checker_process_name",
        short_text("NAME", PROCESS_NAME_MAX, at!(process_names.checker)),
        "The kernel's name of the checker process.",
    )
    .aliases(&[old_name("lvs_process_name")])
    .nearest()
    .default("keepalived"),
    Row::new(
        "bfd_process_name",
        short_text("NAME", PROCESS_NAME_MAX, at!(process_names.bfd)),
        "The kernel's name of the BFD process.",
    )
    .nearest()
    .default("keepalived"),
    Row::new(
        "umask",
        words("NUMBER|BIT[|BIT...]", 1, usize::MAX, words::set_umask, words::show_umask),
        "The file mode creation mask: a number up to 0777 (decimal, octal with a leading 0, hexadecimal with 0x), \
         or names of bits joined by | (IRUSR, IWGRP, IXOTH, IRWXU, ...). The command line goes before.",
    )
    .default("IXUSR|IRWXG|IRWXO"),
    Row::new(
        "use_symlink_paths",
        boolean(at!(scripts.keep_symlinks)),
        "Run scripts by the path given instead of the one it resolves to.",
    ),
    Row::new(
        "script_user",
        words("USER [[:]GROUP]", 1, 2, words::set_script_user, words::show_script_user),
        "Who runs scripts that name no user. A colon asks for the supplementary groups of the \
         user.",
    ).skipped_bare()
    .default("keepalived_script if there is such a user, else who runs the daemon"),
    Row::new(
        "enable_script_security",
        flag(at!(scripts.security)),
        "Do not run scripts as root that others than root may change, in themselves or by a folder of \
         their path.",
    ),
    Row::new(
        "set_supplementary_groups",
        boolean(at!(scripts.supplementary)),
        "Run scripts with all groups of their user.",
    ),
    Row::new(
        "random_seed",
        int(0, NUMBER_MAX, "", at!(random_seed)),
        "Where the sequence of ${_RANDOM} starts, for the text behind it.",
    )
    .default("the time of day")
    .hook(|items, words, _| {
        if let Some(seed) = words.first().and_then(|word| word.text.parse().ok()) {
            items.seed_random(seed);
        }
    }),
    Row::new(
        "include_check",
        some_words("[[+|-]read|match|wildcard_match|brace_match ...]", 0, usize::MAX),
        "Which problems of include lines are errors, until the end of the file: set, added (+) \
         or removed (-).",
    )
    .default("none")
    .hook(|items, words, diags| items.include_check(words, diags)),
];
