//! Keywords of `vrrp_instance` that are recognised and checked, and whose effect comes later.

use super::InstanceConfig;
use crate::control_plane::arg::{interface, nowhere};

/// A keyword of `vrrp_instance`.
type Row = crate::control_plane::schema::Row<InstanceConfig>;

pub(super) const NOTIFICATIONS: &[Row] = &[Row::later(
    "lvs_sync_daemon_interface",
    interface(nowhere()),
    "Run the sync daemon on this interface.",
)
.replaced_by("lvs_sync_daemon")];
