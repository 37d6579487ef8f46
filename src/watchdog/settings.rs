//! What the command line decides, for the watchdog and its children.

use std::path::PathBuf;
use std::time::Duration;

use nix::sys::stat::{Mode, umask};

use crate::control_plane::{Config, LoadOptions};
use crate::global::{GlobalConfig, UMASK};
use crate::lint::LintOptions;
use crate::log::{Detail, Facility};
use crate::model::AgentSocket;

use super::launch::role::Role;
use super::names::with_suffix;

/// Where the configuration is looked for without `-f`.
pub const DEFAULT_CONFIG: &str = "/etc/keepalived/keepalived.conf";

/// The command line as the daemon understands it.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "one per option without argument; they do not depend on each other"
)]
pub struct Settings {
    /// The configuration file (`-f`).
    pub config_file: PathBuf,
    /// How the configuration is read (`-i`, `-e`, the environment).
    pub load: LoadOptions,
    /// Which warnings are told (`--no-warn`), and what they do to `-t` (`--strict`).
    pub lint: LintOptions,
    /// The children that may run (`-P`, `-C`, `-B`).
    pub roles: Vec<Role>,
    /// Whether they run even without configuration (`--all`).
    pub all_roles: bool,
    /// Whether to stay in the foreground (`-n`).
    pub foreground: bool,
    /// Where messages go.
    pub log: LogSettings,
    /// The umask (`-u`), which overrides the configuration.
    pub umask: Option<u32>,
    /// Keep addresses, routes and rules at the end (`-V`).
    pub dont_release_vrrp: bool,
    /// Keep the IPVS configuration at the end (`-I`).
    pub dont_release_ipvs: bool,
    /// Start a dead child again (not with `-R`).
    pub respawn: bool,
    /// Log every address that any program adds or removes (`-a`).
    pub address_monitoring: bool,
    /// Log the configuration at start (`-d`).
    pub dump_config: bool,
    /// Log the account of memory at the end (`-L`).
    pub memory_log: bool,
    /// Keep an account of memory (not with `--no-mem-check`).
    pub memory_account: bool,
    /// Pid files given on the command line.
    pub pid_files: PidFiles,
    /// The network namespace (`-s`), which overrides the configuration.
    pub namespace: Option<String>,
    /// Core files (`-m`), and the kernel's pattern for them (`-M`).
    pub core: Option<CoreFiles>,
    /// Serve all MIBs (`-x`).
    pub snmp: bool,
    /// Where the SNMP master agent is (`-A`), which overrides the configuration.
    pub agent_socket: Option<AgentSocket>,
    /// Do not stop on SIGINT (`--ignore-sigint`).
    pub ignore_interrupt: bool,
    /// `$TMPDIR` if it is a folder, else `/tmp`: where dumps go.
    pub temporary_dir: PathBuf,
    /// The value of `NOTIFY_SOCKET`, if a service manager set it.
    pub notify_socket: Option<String>,
    /// How long it waits for a sign of life (`WATCHDOG_USEC`).
    pub watchdog: Option<Duration>,
    /// All words of the command line, for the log.
    pub command_line: Vec<String>,
}

impl Settings {
    /// Where the SNMP master agent is: the command line goes before the configuration.
    #[must_use]
    pub fn master_agent(&self, global: &GlobalConfig) -> AgentSocket {
        let given = self.agent_socket.as_ref().or(global.snmp.socket.as_ref());
        given.cloned().unwrap_or_default()
    }

    /// The umask of the command line, else of the configuration.
    pub fn set_umask(&self, config: &Config) {
        let mask = self.umask.or(config.global.umask).unwrap_or(UMASK);
        umask(Mode::from_bits_truncate(mask));
    }
}

/// Options of the log.
#[derive(Clone, Debug)]
pub struct LogSettings {
    /// `-l`
    pub console: bool,
    /// `-D`
    pub detail: Detail,
    /// `-S`
    pub facility: Facility,
    /// Not with `-G`.
    pub syslog: bool,
    /// `-g`: the parent's file; those of the children are named after it.
    pub file: Option<PathBuf>,
}

/// `-p`, `-r`, `-c`, `-b`
#[derive(Clone, Debug, Default)]
pub struct PidFiles {
    /// The parent's.
    pub parent: Option<PathBuf>,
    /// The VRRP process's.
    pub vrrp: Option<PathBuf>,
    /// The checker's.
    pub check: Option<PathBuf>,
    /// The BFD process's.
    pub bfd: Option<PathBuf>,
}

/// `-m` and `-M`
#[derive(Clone, Debug, Default)]
pub struct CoreFiles {
    /// What to write to the kernel's core pattern.
    pub pattern: Option<String>,
}

impl PidFiles {
    /// The file given for a child. That of the D-Bus process, for which there is no
    /// option, is beside the one of the VRRP process: several daemons may run.
    #[must_use]
    pub fn of(&self, role: Role) -> Option<PathBuf> {
        match role {
            Role::Vrrp => self.vrrp.clone(),
            Role::Check => self.check.clone(),
            Role::Bfd => self.bfd.clone(),
            Role::Dbus => self.vrrp.as_deref().map(|vrrp| with_suffix(vrrp, "_dbus")),
        }
    }
}
