//! Keywords of `vrrp_instance` that are recognised and checked, and whose effect comes later.

use super::InstanceConfig;
use crate::control_plane::arg::{flag, int_or, interface, nowhere, words};
use crate::control_plane::schema::{Arg, at, deprecated};

/// A keyword of `vrrp_instance`.
type Row = crate::control_plane::schema::Row<InstanceConfig>;

type Argument = Arg<InstanceConfig>;

const FLAG: Argument = flag(nowhere());

pub(super) const INTERFACES: &[Row] = &[
    Row::later(
        "use_vmac_addr",
        FLAG,
        "Such interfaces also for addresses elsewhere.",
    ),
    Row::later(
        "vrf",
        interface(nowhere()),
        "The VRF of a unicast instance without interface.",
    ),
    Row::later(
        "linkbeat_use_polling",
        FLAG,
        "Poll the state of the interface.",
    )
    .replaced_by("linkbeat_interfaces"),
    Row::later(
        "garp_extra_if",
        words(
            "[all] SECONDS",
            1,
            2,
            |_, call, diags| crate::global::words::extra_if(0, call, diags),
            |_, _, _| (),
        ),
        "Announce on interfaces without adverts, too, that often.",
    )
    .aliases(&[deprecated("vmac_garp_intvl")]),
];

pub(super) const TIMERS: &[Row] = &[Row::later(
    "timer_expired_backup",
    int_or(254, 1, 254, at!(given.later.timer_expired_backup)),
    "A master that woke up late goes to BACKUP if another may have taken over. Needs nopreempt.",
)
.aliases(&[deprecated("thread_timer_expired")])];

pub(super) const NOTIFICATIONS: &[Row] = &[Row::later(
    "lvs_sync_daemon_interface",
    interface(nowhere()),
    "Run the sync daemon on this interface.",
)
.replaced_by("lvs_sync_daemon")];
