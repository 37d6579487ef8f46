//! The keywords of `vrrp_instance`, a file for each group of them.

mod addresses;
mod election;
mod identity;
mod tracking;
mod transport;

use std::time::Duration;

use super::InstanceConfig;
use crate::control_plane::arg::interface;
use crate::control_plane::diag::{Fix, Old};
use crate::control_plane::schema::{Block, Call, Lens, deprecated};
use crate::control_plane::value::Spanned;
use crate::model::IfName;
use addresses::{ADDRESSES, ROUTES};
use election::{ANNOUNCEMENTS, ELECTION, EXTRA};
use identity::IDENTITY;
use tracking::{TRACKERS, TRACKING};
use transport::TRANSPORT;

/// A keyword of `vrrp_instance`.
type Row = crate::control_plane::schema::Row<InstanceConfig>;

/// `vrrp_instance`
pub(super) static BLOCK: Block<InstanceConfig> = Block {
    rows: &[
        IDENTITY,
        ADDRESSES,
        TRANSPORT,
        ELECTION,
        TRACKING,
        ANNOUNCEMENTS,
        EXTRA,
        super::vmac::ROWS,
        TRACKERS,
        super::notify::INSTANCE,
        super::notify::INSTANCE_ONLY,
        CONNECTIONS,
        ROUTES,
    ],
    finish: None,
};

const NUMBER_MAX: i64 = u32::MAX as i64;

const MICROSECOND: Duration = Duration::from_micros(1);

/// Printed is what the resolution made of it, in `global_defs`.
const SYNC_DAEMON: Lens<InstanceConfig, IfName> = Lens {
    get: |_| None,
    set: |instance, name, span| {
        instance.given.sync_daemon_interface = Some(Spanned::new(name, span));
    },
};

const CONNECTIONS: &[Row] = &[Row::new(
    "lvs_sync_daemon_interface",
    interface(SYNC_DAEMON),
    "The same as lvs_sync_daemon in global_defs with this interface, and the name of this instance \
     behind inst. The first one of all counts, and lvs_sync_daemon before it.",
)
.aliases(&[deprecated("lvs_sync_daemon_inteface")])
.replaced_by("lvs_sync_daemon")
.old(|call| Some(elsewhere(call, "`lvs_sync_daemon` in global_defs")))];

/// A statement that today stands elsewhere; the resolution knows more.
fn elsewhere(call: &Call<'_>, newer: &str) -> Old {
    Old {
        text: format!("`{}` is an old form of {newer}", call.keyword.text),
        help: None,
        deprecated: true,
        fixes: vec![Fix::remove(call.span())],
    }
}
