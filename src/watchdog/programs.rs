//! What the processes of the [roles](super::launch::role) do: here the parent meets the
//! virtual routers, the checks and the sessions. Nothing below it knows them, so that
//! they can use all that `launch` gives a child.

use super::launch::child::{Main, main};
use super::launch::paths::PidPaths;
use super::launch::role::Role;
use crate::control_plane::Config;

/// What is done in place of a process that was killed and is not started again: undo
/// what it has noted beside its pid file.
pub type Undo = fn(&Config, &PidPaths);

/// The program of one role.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// What the child runs.
    pub main: Main,
    /// What of it has to be undone in its place.
    pub undo: Undo,
}

/// The program of a role; nothing if this one was built without it.
#[must_use]
pub const fn of(role: Role) -> Option<Program> {
    let (main, undo): (Main, Undo) = match role {
        Role::Bfd => (main::<crate::bfd::process::BfdProcess>, |_, _| {}),
        Role::Check => (
            main::<crate::check::process::CheckProcess>,
            crate::check::process::undo,
        ),
        Role::Vrrp => (
            main::<crate::vrrp::process::VrrpProcess>,
            crate::vrrp::process::undo,
        ),
        #[cfg(feature = "dbus")]
        Role::Dbus => (main::<crate::dbus::process::DbusProcess>, |_, _| {}),
        #[cfg(not(feature = "dbus"))]
        Role::Dbus => return None,
    };
    Some(Program { main, undo })
}
