//! The kinds of child processes: everything that differs between them, as one table;
//! only what they do is beside it, in [`programs`](crate::watchdog::programs).

use crate::control_plane::{Config, Presence};
use crate::global::{ProcessLimits, ProcessNames};
use crate::leftovers::Party;
use crate::memory::account::Tag;

use super::rights::{ADMIN, RAW, Right};

/// A kind of child process.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Role {
    /// Virtual routers, trackers, static addresses.
    Vrrp,
    /// Virtual servers and their health checks.
    Check,
    /// BFD sessions.
    Bfd,
    /// Instances on D-Bus.
    Dbus,
}

/// What a role is called and what it needs.
#[derive(Clone, Copy, Debug)]
pub struct RoleSpec {
    /// Which one.
    pub role: Role,
    /// In messages: `Starting VRRP child process`.
    pub title: &'static str,
    /// The syslog identity.
    pub identity: &'static str,
    /// Base name of the pid file.
    pub pid_name: &'static str,
    /// What the log file's name gets (`keepalived_vrrp.log`).
    pub log_suffix: &'static str,
    /// Task name with `process_names`.
    pub task_name: &'static str,
    /// Whether there is something to do.
    pub needs: fn(&Presence) -> bool,
    /// Whether `--all` runs it even if there is not.
    pub runs_with_all: bool,
    /// The task name that the configuration gives.
    pub configured_name: fn(&ProcessNames) -> Option<&str>,
    /// How it is scheduled.
    pub limits: fn(&Config) -> ProcessLimits,
    /// How keywords that concern it begin.
    pub prefix: &'static str,
    /// Whose account its memory is on.
    pub account: Tag,
    /// Whose things in the kernel are its concern.
    pub party: Option<Party>,
    /// What it cannot do its work without.
    pub rights: &'static [Right],
}

/// All roles, in the order they are started.
pub static ROLES: [RoleSpec; 4] = [
    RoleSpec {
        role: Role::Bfd,
        title: "BFD",
        identity: "Keepalived_bfd",
        pid_name: "bfd",
        log_suffix: "_bfd",
        task_name: "keepalived_bfd",
        needs: |presence| presence.bfd,
        runs_with_all: true,
        configured_name: |names| names.bfd.as_deref(),
        limits: |config| config.global.bfd_process.clone(),
        prefix: "bfd",
        account: Tag::Bfd,
        party: None,
        rights: &[],
    },
    RoleSpec {
        role: Role::Check,
        title: "Healthcheck",
        identity: "Keepalived_healthcheckers",
        pid_name: "checkers",
        log_suffix: "_check",
        task_name: "keepalived_lvs",
        needs: |presence| presence.checkers,
        runs_with_all: true,
        configured_name: |names| names.checker.as_deref(),
        limits: |config| config.global.checker_process.clone(),
        prefix: "checker",
        account: Tag::Check,
        party: Some(Party::Check),
        rights: &[ADMIN],
    },
    RoleSpec {
        role: Role::Vrrp,
        title: "VRRP",
        identity: "Keepalived_vrrp",
        pid_name: "vrrp",
        log_suffix: "_vrrp",
        task_name: "keepalived_vrrp",
        needs: |presence| presence.vrrp,
        runs_with_all: true,
        configured_name: |names| names.vrrp.as_deref(),
        limits: |config| config.global.vrrp_process.clone(),
        prefix: "vrrp",
        account: Tag::Vrrp,
        party: Some(Party::Vrrp),
        rights: &[ADMIN, RAW],
    },
    RoleSpec {
        role: Role::Dbus,
        title: "D-Bus",
        identity: "Keepalived_dbus",
        pid_name: "keepalived_dbus",
        log_suffix: "_dbus",
        task_name: "keepalived_dbus",
        needs: |presence| presence.dbus,
        runs_with_all: false,
        configured_name: |_| None,
        limits: |_| ProcessLimits::default(),
        prefix: "dbus",
        account: Tag::Dbus,
        party: None,
        rights: &[],
    },
];

impl RoleSpec {
    /// Whether this configuration needs it; `all` is `--all`.
    #[must_use]
    pub fn is_wanted(&self, presence: &Presence, all: bool) -> bool {
        (self.needs)(presence) || (all && self.runs_with_all)
    }
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Bfd, Self::Check, Self::Vrrp, Self::Dbus];

    /// Its row in the table.
    #[must_use]
    pub fn spec(self) -> &'static RoleSpec {
        let [bfd, check, vrrp, dbus] = &ROLES;
        match self {
            Self::Bfd => bfd,
            Self::Check => check,
            Self::Vrrp => vrrp,
            Self::Dbus => dbus,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_finds_its_own_row() {
        for role in Role::ALL {
            assert_eq!(role.spec().role, role);
        }
        assert_eq!(ROLES.map(|r| r.role), Role::ALL);
    }
}
