//! Who becomes master, and how that is announced.

use std::time::Duration;

use super::{MICROSECOND, Row};
use crate::control_plane::arg::{boolean, flag, int, int_or, time, to_keyword, words};
use crate::control_plane::schema::{Lens, at, deprecated};
use crate::vrrp::config::InstanceConfig;
use crate::vrrp::config::garp_rows::announcements;

pub(super) const ELECTION: &[Row] = &[
    Row::new(
        "preempt",
        flag(PREEMPT),
        "Take over from a master of lower priority. That is so without this word, too.",
    ),
    Row::new(
        "nopreempt",
        flag(at!(given.nopreempt)),
        "Do not take over from a living master of lower priority. Needs state BACKUP, and a \
         priority below 255.",
    ),
    Row::new(
        "timer_expired_backup",
        int_or(254, 1, 254, at!(given.timer_expired_backup)),
        "The priority of the best other router: a master that woke up so late that this one must \
         have taken over goes to BACKUP. Needs nopreempt.",
    )
    .default("off; 254 without a number")
    .aliases(&[deprecated("thread_timer_expired")]),
    Row::new(
        "preempt_delay",
        time(
            Duration::ZERO,
            Duration::from_secs(1000),
            MICROSECOND,
            at!(given.preempt_delay),
        ),
        "Take over from a master of lower priority only after hearing it for that long, counted \
         from its first advert. Needs state BACKUP.",
    )
    .default("0"),
    Row::new(
        "down_timer_adverts",
        int(1, 100, "adverts", at!(given.down_timer_adverts)),
        "Adverts missed in a row until the master counts as dead.",
    )
    .default("vrrp_down_timer_adverts"),
    Row::new(
        "lower_prio_no_advert",
        boolean(at!(given.lower_prio_no_advert)),
        "A master does not answer an advert of lower priority with one of its own.",
    )
    .default("the global one"),
    Row::new(
        "higher_prio_send_advert",
        boolean(at!(given.higher_prio_send_advert)),
        "Send a last advert before yielding to a higher priority.",
    )
    .default("the global one"),
    Row::new(
        "skip_check_adv_addr",
        boolean(at!(given.skip_check_adv_addr)),
        "Do not compare the addresses of an advert whose sender sent the one before.",
    )
    .default("the global one"),
    Row::new(
        "owner_ignore_adverts",
        boolean(at!(given.owner_ignore_adverts)),
        "With priority 255: drop all adverts.",
    )
    .default("the global one"),
];

const PREEMPT: Lens<InstanceConfig, bool> = Lens {
    get: |_| None,
    set: |instance, _, _| instance.given.nopreempt = None,
};

pub(super) const ANNOUNCEMENTS: &[Row] = announcements!(
    InstanceConfig,
    "",
    given.garp,
    delay: "vrrp_garp_master_delay",
    repeat: "vrrp_garp_master_repeat",
    refresh: "vrrp_garp_master_refresh",
    refresh_repeat: "vrrp_garp_master_refresh_repeat",
    lower_prio_delay: "vrrp_garp_lower_prio_delay, else garp_master_delay",
    lower_prio_repeat: "vrrp_garp_lower_prio_repeat, else garp_master_repeat",
);

pub(super) const EXTRA: &[Row] = &[Row::new(
    "garp_extra_if",
    to_keyword(words(
        "[all] SECONDS",
        1,
        2,
        |instance, call, diags| {
            let extra = crate::global::words::extra_if(0, call, diags);
            instance.given.garp.extra = extra.or(instance.given.garp.extra);
        },
        |instance, name, out| {
            crate::global::words::show_extra_if(instance.given.garp.extra, name, out);
        },
    )),
    "Announce one address on each interface with a virtual MAC address that carries addresses \
         and no adverts, that often, up to 86400 seconds; with all also on other interfaces. 0: \
         never.",
)
.default("vrrp_garp_extra_if")
.skipped_bare()
.aliases(&[deprecated("vmac_garp_intvl")])];
