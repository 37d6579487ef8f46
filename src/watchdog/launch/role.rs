//! The kinds of child processes: everything that differs between them, as one table.

use std::rc::Rc;

use crate::control_plane::{Config, Presence};
use crate::global::{ProcessLimits, ProcessNames};

use super::Plumbing;

/// A kind of child process.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Role {
    /// Virtual routers, trackers, static addresses.
    Vrrp,
    /// Virtual servers and their health checks.
    Check,
    /// BFD sessions.
    Bfd,
}

/// The program of a role: runs until the end, and gives the exit status.
pub type Main = fn(Rc<Config>, Plumbing) -> i32;

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
    /// The task name that the configuration gives.
    pub configured_name: fn(&ProcessNames) -> Option<&str>,
    /// How it is scheduled.
    pub limits: fn(&Config) -> ProcessLimits,
    /// The program; nothing while it is not yet in effect.
    pub main: Option<Main>,
}

/// All roles, in the order they are started.
pub static ROLES: [RoleSpec; 3] = [
    RoleSpec {
        role: Role::Bfd,
        title: "BFD",
        identity: "Keepalived_bfd",
        pid_name: "bfd",
        log_suffix: "_bfd",
        task_name: "keepalived_bfd",
        needs: |presence| presence.bfd,
        configured_name: |names| names.bfd.as_deref(),
        limits: |config| config.global.bfd_process.clone(),
        main: Some(crate::bfd::process::main),
    },
    RoleSpec {
        role: Role::Check,
        title: "Healthcheck",
        identity: "Keepalived_healthcheckers",
        pid_name: "checkers",
        log_suffix: "_check",
        task_name: "keepalived_lvs",
        needs: |presence| presence.checkers,
        configured_name: |names| names.checker.as_deref(),
        limits: |config| config.global.checker_process.clone(),
        main: Some(crate::check::process::main),
    },
    RoleSpec {
        role: Role::Vrrp,
        title: "VRRP",
        identity: "Keepalived_vrrp",
        pid_name: "vrrp",
        log_suffix: "_vrrp",
        task_name: "keepalived_vrrp",
        needs: |presence| presence.vrrp,
        configured_name: |names| names.vrrp.as_deref(),
        limits: |config| config.global.vrrp_process.clone(),
        main: Some(crate::vrrp::process::main),
    },
];

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Bfd, Self::Check, Self::Vrrp];

    /// Its row in the table.
    #[must_use]
    pub fn spec(self) -> &'static RoleSpec {
        let [bfd, check, vrrp] = &ROLES;
        match self {
            Self::Bfd => bfd,
            Self::Check => check,
            Self::Vrrp => vrrp,
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
