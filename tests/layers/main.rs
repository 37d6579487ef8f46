//! The arrows of `doc/architecture.md`, checked: which module may import which, where unsafe code
//! may be, and that the machines have neither clock nor socket nor log.
//!
//! The sources are read as text: `crate::a::b` anywhere outside comments and tests is an arrow from
//! the file to module `a::b`. The row with the longest matching prefix rules a file.

mod arrows;
mod sources;

use std::fs;
use std::path::Path;

use arrows::ARROWS;
use sources::{arrows, is_below, sources};

/// Modules that are machines or codecs: time comes as an argument, words and calls are the shell's.
const PURE: &[&str] = &[
    "bfd",
    "dbus",
    "wire",
    "model",
    "vrrp",
    "netlink::mirror",
    "netlink::batch",
    "ipvs",
    "control_plane",
    "global",
    "leftovers",
    "lint",
    "snmp",
];

/// Those below them that are not: the shell, the files of a configuration, the system's version.
const NOT_PURE: &[&str] = &[
    "bfd::feed",
    "bfd::process",
    "dbus::line",
    "dbus::process",
    "vrrp::process",
    "ipvs::kernel",
    "leftovers::file",
    "leftovers::kernel",
    "control_plane::files",
    "model::version",
    "snmp::agent",
];

/// What a pure module does not write.
const IMPURE: &[&str] = &[
    "Instant::now",
    "SystemTime",
    "std::fs",
    "UdpSocket",
    "TcpStream",
    "std::process",
    "std::thread",
    "libc::",
    "nix::",
    "mio::",
    "log::info!",
    "log::warn!",
    "log::error!",
    "log::debug!",
    "println!",
];

#[test]
fn imports_obey_the_arrow_table() {
    let mut wrong = Vec::new();
    for source in sources() {
        let row = ARROWS
            .iter()
            .filter(|r| is_below(&source.module, r.module))
            .max_by_key(|r| r.module.len());
        let Some(row) = row else {
            wrong.push(format!(
                "{}: no row of the table rules this module",
                source.path.display()
            ));
            continue;
        };
        let top = source.module.split("::").next().unwrap_or_default();
        for arrow in arrows(&source.code) {
            let own = is_below(&arrow, top);
            if !own && !row.may.iter().any(|m| is_below(&arrow, m)) {
                wrong.push(format!("{}: imports crate::{arrow}", source.path.display()));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "arrows against doc/architecture.md:\n{}",
        wrong.join("\n")
    );
}

/// The children of the parent process.
const PROCESSES: &[&str] = &[
    "bfd::process",
    "check::process",
    "dbus::process",
    "vrrp::process",
];

/// What of the parent's side they are given.
const GIVEN: &[&str] = &["watchdog::ipc", "watchdog::launch", "watchdog::survey"];

#[test]
fn processes_know_neither_each_other_nor_their_parent() {
    let mut wrong = Vec::new();
    for source in sources() {
        let Some(own) = PROCESSES.iter().find(|p| is_below(&source.module, p)) else {
            continue;
        };
        for arrow in arrows(&source.code) {
            let below = |list: &[&str]| list.iter().any(|p| is_below(&arrow, p));
            let is_sibling = below(PROCESSES) && !is_below(&arrow, own);
            if is_sibling || (below(&["watchdog", "cli"]) && !below(GIVEN)) {
                wrong.push(format!("{}: imports crate::{arrow}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether the code has the word, and not only as the end of a longer name.
fn says(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        let before = code.get(..at).and_then(|text| text.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

#[test]
fn machines_have_no_clock_no_socket_and_no_log() {
    let mut wrong = Vec::new();
    for source in sources() {
        let below = |list: &[&str]| list.iter().any(|p| is_below(&source.module, p));
        if below(PURE) && !below(NOT_PURE) {
            wrong.extend(
                IMPURE
                    .iter()
                    .filter(|word| says(&source.code, word))
                    .map(|word| format!("{}: {word}", source.path.display())),
            );
        }
    }
    assert!(
        wrong.is_empty(),
        "only shells do this:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn unsafe_code_is_in_sys_only() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for entry in fs::read_dir(&src)
        .expect("src")
        .map(|e| e.expect("an entry").path())
    {
        let root = if entry.is_dir() {
            entry.join("mod.rs")
        } else {
            entry.clone()
        };
        if entry.ends_with("sys") || entry.ends_with("lib.rs") || !root.exists() {
            continue;
        }
        let text = fs::read_to_string(&root).expect("UTF-8");
        if !text.contains("#![forbid(unsafe_code)]") {
            wrong.push(format!("{}: lacks #![forbid(unsafe_code)]", root.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_clock_of_the_system_is_read_in_the_scheduler_only() {
    let wrong: Vec<_> = sources()
        .into_iter()
        .filter(|s| s.code.contains("Instant::now"))
        .map(|s| s.path.display().to_string())
        .collect();
    assert!(wrong.is_empty(), "reads the clock: {wrong:?}");
}
