//! Options to the settings of the daemon.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::time::Duration;

use nix::unistd::{Pid, gethostname, getppid};

use crate::control_plane::LoadOptions;
use crate::control_plane::reader::ReaderOptions;
use crate::lint::{self, LintOptions};
use crate::log::{Detail, Facility};
use crate::model::AgentSocket;
use crate::watchdog::launch::role::Role;
use crate::watchdog::settings::{CoreFiles, DEFAULT_CONFIG, LogSettings, PidFiles, Settings};

use super::complain;
use super::parse::Parsed;

/// The kernel's pattern for `-M` without a value.
const CORE_PATTERN: &str = "core";

/// What the options mean. Values that make no sense are told and left out, as the
/// C daemon does.
pub(super) fn settings(parsed: &Parsed, command_line: Vec<String>) -> Settings {
    let path = |name| parsed.value(name).map(PathBuf::from);
    Settings {
        config_file: config_file(parsed),
        load: load_options(parsed),
        lint: lint_options(parsed),
        roles: roles(parsed),
        all_roles: parsed.has("all"),
        foreground: parsed.has("dont-fork"),
        log: log_settings(parsed),
        umask: parsed.value("umask").and_then(|text| umask(&text)),
        dont_release_vrrp: parsed.has("dont-release-vrrp"),
        dont_release_ipvs: parsed.has("dont-release-ipvs"),
        respawn: !parsed.has("dont-respawn"),
        address_monitoring: parsed.has("address-monitoring"),
        dump_config: parsed.has("dump-conf"),
        memory_log: parsed.has("mem-check-log"),
        memory_account: !parsed.has("no-mem-check"),
        pid_files: PidFiles {
            parent: path("pid"),
            vrrp: path("vrrp_pid"),
            check: path("checkers_pid"),
            bfd: path("bfd_pid"),
        },
        namespace: parsed.value("namespace"),
        core: core_files(parsed),
        snmp: parsed.has("snmp"),
        agent_socket: agent_socket(parsed),
        ignore_interrupt: parsed.has("ignore-sigint"),
        temporary_dir: temporary_dir(),
        notify_socket: notify_socket(),
        watchdog: watchdog(),
        command_line,
    }
}

/// `-f`; with `-t` also an open descriptor.
fn config_file(parsed: &Parsed) -> PathBuf {
    let descriptor = parsed
        .value("config-fd")
        .filter(|_| parsed.has("config-test"));
    match descriptor.map(|text| text.parse::<u32>()) {
        Some(Ok(number)) => return format!("/proc/self/fd/{number}").into(),
        Some(Err(_)) => {
            complain("Option --config-fd needs the number of an open descriptor");
        }
        None => {}
    }
    let given = parsed.value("use-file").map(PathBuf::from);
    given.unwrap_or_else(default_config)
}

/// The one beside the program, such as `/usr/local/etc` for `/usr/local/sbin`, if it
/// exists; else the one of the system.
fn default_config() -> PathBuf {
    let program = env::current_exe().unwrap_or_default();
    let beside = beside(&program).filter(|file| file.exists());
    beside.unwrap_or_else(|| DEFAULT_CONFIG.into())
}

/// Where the configuration of a program in `PREFIX/sbin` or `PREFIX/bin` is.
fn beside(program: &Path) -> Option<PathBuf> {
    let folder = program.parent()?;
    let is_installed = matches!(folder.file_name()?.to_str()?, "sbin" | "bin");
    let prefix = folder.parent().filter(|_| is_installed)?;
    Some(prefix.join("etc/keepalived/keepalived.conf"))
}

/// The directory for files that anybody may look for: `$TMPDIR` or `/tmp`.
pub(super) fn temporary_dir() -> PathBuf {
    let given = env::var_os("TMPDIR").map(PathBuf::from);
    let usable = given.filter(|dir| dir.is_absolute() && dir.is_dir());
    usable.unwrap_or_else(|| PathBuf::from("/tmp"))
}

pub(super) fn load_options(parsed: &Parsed) -> LoadOptions {
    let text = |s: std::ffi::OsString| s.into_string().ok();
    let environment: BTreeMap<String, String> = env::vars_os()
        .filter_map(|(name, value)| Some((text(name)?, text(value)?)))
        .collect();
    LoadOptions {
        reader: ReaderOptions {
            config_id: parsed.value("config-id").unwrap_or_else(node_name),
            all_include_checks: parsed.has("all-config"),
            environment,
            random_seed: u64::from(process::id()),
        },
    }
}

/// Names of warnings stand in one word or in several. One that does not exist is
/// told: it would switch nothing off.
fn lint_options(parsed: &Parsed) -> LintOptions {
    let words = parsed.values("no-warn");
    let names = words.iter().flat_map(|word| word.split(','));
    let known = |name: &&str| {
        let is_known = lint::by_name(name).is_some();
        if !is_known {
            let near = lint::nearest(name);
            let advice = near.map_or_else(String::new, |near| format!(": did you mean {near}?"));
            complain(&format!("--no-warn: there is no warning {name}{advice}"));
        }
        is_known
    };
    LintOptions {
        allowed: names.filter(known).map(str::to_owned).collect(),
        strict: parsed.has("strict"),
    }
}

/// The name of this node to its first dot.
fn node_name() -> String {
    let name = gethostname().unwrap_or_default();
    let name = name.to_string_lossy();
    name.split('.').next().unwrap_or_default().to_owned()
}

fn roles(parsed: &Parsed) -> Vec<Role> {
    let excluded = |role| match role {
        Role::Vrrp | Role::Dbus => parsed.has("check"),
        Role::Check => parsed.has("vrrp"),
        Role::Bfd => parsed.has("no_bfd"),
    };
    Role::ALL.into_iter().filter(|&r| !excluded(r)).collect()
}

fn log_settings(parsed: &Parsed) -> LogSettings {
    let default_file = || temporary_dir().join("keepalived.log");
    let named = parsed.value("log-file").map(PathBuf::from);
    LogSettings {
        console: parsed.has("log-console"),
        detail: match parsed.count("log-detail") {
            _ if parsed.has("debug") => Detail::Extra,
            0 => Detail::Normal,
            1 => Detail::Detailed,
            _ => Detail::Extra,
        },
        facility: parsed
            .value("log-facility")
            .map_or(Facility::LOG_DAEMON, |text| {
                facility(&text).unwrap_or_else(|| {
                    complain(&format!(
                        "Invalid log facility '{text}': daemon is used. There are 0 to 7, \
                         local0 to local7, user and daemon"
                    ));
                    Facility::LOG_DAEMON
                })
            }),
        syslog: !parsed.has("no-syslog"),
        file: parsed
            .has("log-file")
            .then(|| named.unwrap_or_else(default_file)),
    }
}

/// `0` to `7` and `local0` to `local7`, `user`, `daemon`.
fn facility(text: &str) -> Option<Facility> {
    match text {
        "user" | "daemon" => text.parse().ok(),
        _ => {
            let number = text.strip_prefix("local").unwrap_or(text);
            let valid = matches!(number.as_bytes(), [b'0'..=b'7']);
            valid.then(|| format!("local{number}").parse().ok())?
        }
    }
}

fn umask(text: &str) -> Option<u32> {
    let lower = text.to_ascii_lowercase();
    let number = match lower.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16),
        None if text.len() > 1 && text.starts_with('0') => u32::from_str_radix(text, 8),
        None => text.parse(),
    };
    let valid = number.ok().filter(|&n| n <= 0o777);
    if valid.is_none() {
        complain(&format!("Invalid --umask option {text}"));
    }
    valid
}

fn agent_socket(parsed: &Parsed) -> Option<AgentSocket> {
    match parsed.value("snmp-agent-socket")?.parse::<AgentSocket>() {
        Ok(socket) => Some(socket),
        Err(error) => {
            complain(&format!("Invalid --snmp-agent-socket option: {error}"));
            None
        }
    }
}

fn core_files(parsed: &Parsed) -> Option<CoreFiles> {
    let pattern = || {
        let given = parsed.value("core-dump-pattern");
        given.unwrap_or_else(|| CORE_PATTERN.to_owned())
    };
    let with_pattern = parsed.has("core-dump-pattern");
    (with_pattern || parsed.has("core-dump")).then(|| CoreFiles {
        pattern: with_pattern.then(pattern),
    })
}

/// Only a process that systemd itself has started may speak for the service.
fn notify_socket() -> Option<String> {
    let init = fs::read_to_string(Path::new("/proc/1/comm")).unwrap_or_default();
    let ours = getppid() == Pid::from_raw(1) && init.trim() == "systemd";
    let socket = env::var_os("NOTIFY_SOCKET").filter(|_| ours);
    socket.and_then(|s| s.into_string().ok())
}

/// How long the service manager waits for a sign of life of this very process.
fn watchdog() -> Option<Duration> {
    let number = |name| env::var_os(name)?.to_str()?.parse::<u64>().ok();
    let whose = number("WATCHDOG_PID").unwrap_or_else(|| process::id().into());
    let micros = number("WATCHDOG_USEC").filter(|_| whose == process::id().into());
    micros.map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::options::OPTIONS;
    use crate::cli::parse::parse;

    fn of(line: &str) -> Settings {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        settings(&parse(OPTIONS, &words).expect(line), words)
    }

    #[test]
    fn defaults() {
        let s = of("");
        assert_eq!(s.config_file, Path::new("/etc/keepalived/keepalived.conf"));
        assert_eq!(s.roles, Role::ALL);
        assert!(s.respawn && s.log.syslog && !s.foreground && !s.log.console);
        assert_eq!(s.log.detail, Detail::Normal);
        assert_eq!(s.umask, None);
    }

    #[test]
    fn the_configuration_beside_the_program_comes_first() {
        let of = |program: &str| beside(Path::new(program));
        let local = Path::new("/usr/local/etc/keepalived/keepalived.conf");
        assert_eq!(of("/usr/local/sbin/keepalived").as_deref(), Some(local));
        assert_eq!(of("/home/me/target/debug/keepalived"), None);
        assert_eq!(of("keepalived"), None);
    }

    #[test]
    fn a_descriptor_is_for_the_test_only() {
        let file = |line| of(line).config_file;
        assert_eq!(file("-t --config-fd 7"), Path::new("/proc/self/fd/7"));
        for line in ["--config-fd 7 -f x", "-t --config-fd=x -f x"] {
            assert_eq!(file(line), Path::new("x"), "{line}");
        }
    }

    #[test]
    fn roles_are_taken_away() {
        assert_eq!(of("-P -B").roles, [Role::Vrrp, Role::Dbus]);
        assert_eq!(of("--vrrp").roles, [Role::Bfd, Role::Vrrp, Role::Dbus]);
        assert_eq!(of("-C").roles, [Role::Bfd, Role::Check]);
    }

    #[test]
    fn facilities() {
        let number = |line| of(line).log.facility as u8 >> 3;
        for line in ["-S 3", "--log-facility=3", "--log-facility=local3"] {
            assert_eq!(number(line), 19, "{line}");
        }
        assert_eq!(number("-S user"), 1);
        for line in ["", "-S daemon", "-S 99", "-S local8", "-S mail"] {
            assert_eq!(number(line), 3, "{line}");
        }
    }

    #[test]
    fn umask_is_a_number_in_any_base() {
        for line in ["-u 022", "-u 18", "-u 0x12"] {
            assert_eq!(of(line).umask, Some(0o022), "{line}");
        }
        for line in ["-u 0foo", "-u 1000", "-u 08"] {
            assert_eq!(of(line).umask, None, "{line}");
        }
    }

    #[test]
    fn detail_and_log_file() {
        assert_eq!(of("-D").log.detail, Detail::Detailed);
        for line in ["-DD", "-D --log-detail", "--debug", "--debug=Nv -D"] {
            assert_eq!(of(line).log.detail, Detail::Extra, "{line}");
        }
        let file = of("-g").log.file.expect("a default");
        assert!(file.ends_with("keepalived.log"));
        assert_eq!(of("-g/x/y").log.file, Some("/x/y".into()));
    }
}
