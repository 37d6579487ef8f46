//! The arrows of `doc/architecture.md`, checked: which module may import which, where unsafe code
//! may be, and that the machines have neither clock nor socket nor log.
//!
//! The sources are read as text: `crate::a::b` anywhere outside comments and tests is an arrow from
//! the file to module `a::b`. The row with the longest matching prefix rules a file.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What the modules below a prefix may import from this crate. A module may always import from
/// its own top folder, as long as no longer row says otherwise.
struct Row {
    module: &'static str,
    may: &'static [&'static str],
}

const EVERYTHING: &[&str] = &[""];

/// The arrow table, foundations first.
const ARROWS: &[Row] = &[
    Row {
        module: "sys",
        may: &[],
    },
    Row {
        module: "model",
        may: &[],
    },
    Row {
        module: "memory",
        may: &["sys"],
    },
    Row {
        module: "wire",
        may: &["model"],
    },
    Row {
        module: "log",
        may: &["memory", "model", "sys"],
    },
    Row {
        module: "net",
        may: &["model", "sys", "wire"],
    },
    Row {
        module: "netlink",
        may: &["model"],
    },
    Row {
        module: "netlink::socket",
        may: &["model", "sys"],
    },
    Row {
        module: "netlink::codec_tests",
        may: &["model", "wire::testing"],
    },
    Row {
        module: "netlink::dump",
        may: &["model", "sys"],
    },
    Row {
        module: "ipvs",
        may: &[
            "model",
            "netlink::attr",
            "netlink::error",
            "netlink::genl",
            "netlink::header",
        ],
    },
    Row {
        module: "ipvs::kernel",
        may: &["model", "netlink", "sys"],
    },
    Row {
        module: "notify",
        may: &["model", "sys", "wire"],
    },
    Row {
        module: "notify::configured",
        may: &["global", "model", "sys"],
    },
    Row {
        module: "track",
        may: &[],
    },
    Row {
        module: "control_plane",
        may: &["model"],
    },
    // The one place where the engine meets the tables of all subsystems.
    Row {
        module: "control_plane::load",
        may: &[
            "model",
            "global",
            "vrrp::config",
            "check::config",
            "bfd::config",
        ],
    },
    Row {
        module: "global",
        may: &[
            "control_plane",
            "ipvs::sync_daemon",
            "model",
            "vrrp::config",
            "wire",
        ],
    },
    // The top level is where the tables of all subsystems meet.
    Row {
        module: "global::top",
        may: &[
            "control_plane",
            "model",
            "vrrp::config",
            "check::config",
            "bfd::config",
        ],
    },
    Row {
        module: "check",
        may: &[],
    },
    // Marks of packets are a matter of nftables.
    Row {
        module: "check::marks",
        may: &["ipvs", "model", "netlink"],
    },
    // Patterns are searched by a library of the system.
    Row {
        module: "check::http",
        may: &["model", "sys::pattern"],
    },
    // What messages, pipes and dumps call services.
    Row {
        module: "check::names",
        may: &["ipvs"],
    },
    // What is compiled, and what a kind does with octets.
    Row {
        module: "check::checker",
        may: &["model"],
    },
    Row {
        module: "check::kinds",
        may: &["model", "wire"],
    },
    // The shell that carries attempts on sockets and scripts.
    Row {
        module: "check::conversation",
        may: &["model", "net", "notify", "sys"],
    },
    Row {
        module: "bfd",
        may: &["model", "wire"],
    },
    // The lines between processes.
    Row {
        module: "bfd::process",
        may: EVERYTHING,
    },
    Row {
        module: "bfd::feed",
        may: &["sys"],
    },
    Row {
        module: "dbus",
        may: &["model"],
    },
    Row {
        module: "dbus::line",
        may: &["model", "sys"],
    },
    Row {
        module: "dbus::process",
        may: EVERYTHING,
    },
    Row {
        module: "check::process",
        may: EVERYTHING,
    },
    Row {
        module: "check::config",
        may: &[
            "control_plane",
            "model",
            "global",
            "ipvs",
            "vrrp::config",
            "wire::dns",
        ],
    },
    Row {
        module: "bfd::config",
        may: &["control_plane", "model", "global", "vrrp::config"],
    },
    Row {
        module: "vrrp",
        may: &["model", "wire"],
    },
    Row {
        module: "vrrp::config",
        may: &["control_plane", "model", "wire", "global"],
    },
    // Where all names meet: what is tracked must be there.
    Row {
        module: "vrrp::config::resolve",
        may: &[
            "control_plane",
            "model",
            "wire",
            "global",
            "bfd::config",
            "check::config",
        ],
    },
    // A configured route or rule is what the kernel will be told: its parts have the codec's types.
    Row {
        module: "vrrp::config::routes",
        may: &[
            "control_plane",
            "model",
            "global",
            "netlink::addr",
            "netlink::encapsulation",
            "netlink::metrics",
            "netlink::route",
            "netlink::rule",
        ],
    },
    Row {
        module: "vrrp::path_request",
        may: &[
            "model",
            "netlink::batch",
            "netlink::header",
            "netlink::mirror",
            "netlink::route",
            "netlink::rule",
        ],
    },
    Row {
        module: "vrrp::process",
        may: EVERYTHING,
    },
    // What a configuration may put into the kernel, as text.
    Row {
        module: "leftovers",
        may: &[
            "check::marks",
            "control_plane",
            "global",
            "ipvs::sync_daemon",
            "model",
            "vrrp::config",
            "vrrp::firewall",
        ],
    },
    Row {
        module: "leftovers::kernel",
        may: &[
            "ipvs",
            "model",
            "netlink",
            "sys::sysctl",
            "vrrp::path_request",
        ],
    },
    // Looks at what was compiled.
    Row {
        module: "lint",
        may: &["control_plane", "model", "vrrp::config"],
    },
    // Renders what it is given; calendar time is the only thing it asks the system for.
    Row {
        module: "dump",
        may: &[
            "bfd::config",
            "bfd::peer",
            "check::checker",
            "check::config",
            "check::names",
            "control_plane",
            "global",
            "ipvs",
            "memory::account",
            "model",
            "netlink",
            "sys",
            "vrrp::accept",
            "vrrp::authentication",
            "vrrp::config",
            "vrrp::fsm",
            "vrrp::history",
            "wire",
        ],
    },
    // What the MIBs show, read through views that the processes implement.
    Row {
        module: "snmp",
        may: &[
            "check::checker",
            "check::config",
            "control_plane",
            "global",
            "ipvs",
            "model",
            "netlink",
            "vrrp::accept",
            "vrrp::authentication",
            "vrrp::config",
            "vrrp::fsm",
            "vrrp::router",
            "vrrp::sync",
            "wire",
        ],
    },
    // The forms that JSON has, and calendar time for people.
    Row {
        module: "status",
        may: &["dump::fact", "dump::json", "model", "sys"],
    },
    Row {
        module: "watchdog",
        may: EVERYTHING,
    },
    Row {
        module: "cli",
        may: EVERYTHING,
    },
    Row {
        module: "lib",
        may: EVERYTHING,
    },
    Row {
        module: "main",
        may: EVERYTHING,
    },
];

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

struct Source {
    path: PathBuf,
    module: String,
    code: String,
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .expect("a folder of sources")
        .map(|e| e.expect("an entry").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// `src/vrrp/config/mod.rs` is `vrrp::config`.
fn module_of(path: &Path, src: &Path) -> String {
    let relative = path
        .strip_prefix(src)
        .expect("below src")
        .with_extension("");
    let mut parts: Vec<_> = relative
        .iter()
        .map(|p| p.to_string_lossy().into_owned())
        .collect();
    if parts.len() > 1 && parts.last().is_some_and(|p| p == "mod") {
        parts.pop();
    }
    parts.join("::")
}

/// The file without comments and without what comes after a `#[cfg(test)]` (tests end a file).
fn code_of(text: &str) -> String {
    let mut code = String::new();
    let mut test = false;
    for line in text.lines() {
        if line.starts_with("#[cfg(test)]") {
            test = true;
            continue;
        }
        if test {
            // A declaration of a test module in another file; anything else is the tests themselves.
            if line.starts_with("mod ") && line.ends_with(';') || line.starts_with("use ") {
                test = false;
                continue;
            }
            break;
        }
        code.push_str(line.split("//").next().unwrap_or_default());
        code.push('\n');
    }
    code
}

fn sources() -> Vec<Source> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    files
        .into_iter()
        .map(|path| Source {
            module: module_of(&path, &src),
            code: code_of(&fs::read_to_string(&path).expect("UTF-8")),
            path,
        })
        .filter(|s| {
            !s.module
                .split("::")
                .any(|part| matches!(part, "tests" | "testing"))
        })
        .collect()
}

fn is_below(module: &str, prefix: &str) -> bool {
    prefix.is_empty()
        || module == prefix
        || module
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with("::"))
}

/// Every `crate::a::b` of a piece of code, and those in braces after `crate::`.
fn arrows(code: &str) -> BTreeSet<String> {
    let path_end = |c: char| !(c.is_alphanumeric() || c == '_' || c == ':');
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = code.get(at + "crate::".len()..).unwrap_or_default();
        if let Some(group) = rest.strip_prefix('{') {
            let inside = group.split("};").next().unwrap_or_default();
            for item in inside.split(',') {
                let item = item.trim();
                found.insert(
                    item.split(path_end)
                        .next()
                        .unwrap_or_default()
                        .trim_end_matches(':')
                        .to_owned(),
                );
            }
        } else {
            found.insert(
                rest.split(path_end)
                    .next()
                    .unwrap_or_default()
                    .trim_end_matches(':')
                    .to_owned(),
            );
        }
    }
    found.retain(|path| path.starts_with(char::is_lowercase));
    found
}

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
