//! Keywords of `vrrp_instance` that are recognised and checked, and whose effect comes later.

use super::InstanceConfig;
use crate::control_plane::arg::{flag, int_or, interface, nowhere, some_words, words};
use crate::control_plane::diag::Diags;
use crate::control_plane::read::{self, refuse};
use crate::control_plane::schema::{Arg, Call, at, deprecated};

/// A keyword of `vrrp_instance`.
type Row = crate::control_plane::schema::Row<InstanceConfig>;

const ANY: usize = usize::MAX;

type Argument = Arg<InstanceConfig>;

const FLAG: Argument = flag(nowhere());

pub(super) const INTERFACES: &[Row] = &[
    Row::later(
        "use_vmac",
        words(
            "[[name] INTERFACE] [MAC] [netlink_notify_msg] [group GROUP]",
            0,
            ANY,
            check_vmac,
            |_, _, _| (),
        ),
        "Run on an interface with the virtual MAC address.",
    ),
    Row::later(
        "use_vmac_addr",
        FLAG,
        "Such interfaces also for addresses elsewhere.",
    ),
    Row::later(
        "vmac_xmit_base",
        flag(at!(given.later.vmac_xmit_base)),
        "Adverts go through the interface below.",
    ),
    Row::later(
        "use_ipvlan",
        some_words(
            "[[name] INTERFACE] [ADDRESS[/LENGTH]] [bridge|private|vepa] [group GROUP]",
            0,
            ANY,
        ),
        "Run on an ipvlan interface.",
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

/// `[[name] INTERFACE] [MAC] [netlink_notify_msg] [group GROUP]`
fn check_vmac(_: &mut InstanceConfig, call: &Call<'_>, diags: &mut Diags) {
    let mut words = call.args;
    while let Some((word, rest)) = words.split_first() {
        words = rest;
        let checked = match word.text.as_str() {
            "name" | "netlink_notify_msg" => Ok(()),
            "group" => {
                words = rest.get(1..).unwrap_or_default();
                Ok(())
            }
            text if text.contains(':') => mac(text),
            text => read::interface(text).map(|_| ()),
        };
        if let Err(refusal) = checked {
            refuse(diags, word.span, refusal);
        }
    }
}

/// Five or six octets, not multicast.
fn mac(text: &str) -> Result<(), read::Refusal> {
    let octets: Option<Vec<u8>> = text
        .split(':')
        .map(|octet| u8::from_str_radix(octet, 16).ok())
        .collect();
    match octets.as_deref() {
        Some([first, rest @ ..]) if first & 1 == 0 && (4..=5).contains(&rest.len()) => Ok(()),
        _ => Err(read::Refusal::general(format!(
            "`{text}` is no MAC address of a station"
        ))),
    }
}
