//! How adverts travel: source and destination, unicast, checksums.

use std::net::IpAddr;

use super::{NUMBER_MAX, Row, elsewhere};
use crate::control_plane::arg::{
    address, boolean, flag, int, interface, lines, opening, several, to_keyword, words,
};
use crate::control_plane::diag::{Code, Diags, Fix, Old};
use crate::control_plane::schema::{Call, Lens, at, deprecated};
use crate::control_plane::source::Span;
use crate::control_plane::value::{Field, Spanned};
use crate::vrrp::config::{InstanceConfig, OldUnicastChecksum, lists};

pub(super) const TRANSPORT: &[Row] = &[
    Row::new(
        "mcast_src_ip",
        address(at!(source)),
        "The source address of adverts.",
    )
    .default("the first address of the interface, for IPv6 the link-local one"),
    Row::new(
        "unicast_src_ip",
        address(UNICAST_SOURCE),
        "The source address of adverts to unicast peers.",
    )
    .aliases(&[deprecated("vrrp_unicast_bind")])
    .default("as mcast_src_ip"),
    Row::new(
        "vrrp_unicast_peer",
        words(
            "ADDRESS",
            1,
            1,
            |instance, call, diags| {
                mark_unicast(instance, call.keyword.span);
                lists::add_peer_word(instance, call, diags);
            },
            |_, _, _| (),
        ),
        "As a line of unicast_peer.",
    )
    .replaced_by("unicast_peer")
    .old(old_unicast_peer),
    Row::new(
        "mcast_dst_ip",
        address(at!(given.mcast_dst_ip)),
        "The multicast group of this instance. With different groups the same virtual_router_id may \
         be used twice on an interface.",
    )
    .default("vrrp_mcast_group4 or vrrp_mcast_group6"),
    Row::new(
        "vrf",
        interface(at!(vrf)),
        "The VRF of a unicast instance without interface.",
    ),
    Row::new(
        "linkbeat_use_polling",
        flag(LINKBEAT),
        "Ask for the state of the own interface once a second.",
    )
    .replaced_by("linkbeat_interfaces")
    .old(|call| Some(elsewhere(call, "`linkbeat_interfaces` outside of instances"))),
    Row::new(
        "track_src_ip",
        flag(at!(track_source)),
        "FAULT while the machine does not have the source address of adverts.",
    ),
    Row::new(
        "unicast_peer",
        opening(
            several(
                lines(
                    lists::PEER_USAGE,
                    lists::add_peer,
                    lists::show_peers,
                    lists::describe_peer,
                ),
                lists::next_peer,
            ),
            mark_unicast,
        ),
        "Send adverts to these addresses instead of a multicast group.",
    ),
    Row::new(
        "unicast_fault_no_peer",
        flag(at!(given.unicast_fault_no_peer)),
        "FAULT when there is no peer, instead of multicast.",
    ),
    Row::new(
        "unicast_ttl",
        int(0, 255, "", at!(given.unicast_ttl)),
        "The TTL or hop limit of unicast adverts; peers may ask for a least one.",
    )
    .default("255; IPv6: the kernel's"),
    Row::new(
        "check_unicast_src",
        flag(CHECK_UNICAST_SOURCE),
        "Drop adverts from others than the peers.",
    )
    .default("vrrp_check_unicast_src"),
    Row::new(
        "old_unicast_checksum",
        to_keyword(words("[never]", 0, 1, set_old_checksum, |instance, name, out| {
            match instance.old_unicast_checksum {
                OldUnicastChecksum::Detect => (),
                OldUnicastChecksum::Always => out.line(name, &[]),
                OldUnicastChecksum::Never => out.line(name, &["never"]),
            }
        })),
        "Use the checksum of old releases for unicast adverts of version 3; never: not even when the \
         other side does.",
    ).default("what the other side does"),
    Row::new(
        "v3_checksum_as_v2",
        boolean(at!(given.v3_checksum_as_v2)),
        "Compute checksums of version 3 over IPv4 without the pseudo header, as some other \
         implementations do; either is accepted then.",
    )
    .default("the global one"),
    Row::new(
        "kernel_rx_buf_size",
        int(0, NUMBER_MAX, "octets", at!(kernel_rx_buf_size)),
        "The receive buffer of adverts of this instance's socket.",
    ).skipped_bare()
    .default("by vrrp_rx_bufs_policy"),
];

/// Printed is the line of `linkbeat_interfaces`.
const LINKBEAT: Lens<InstanceConfig, bool> = Lens {
    get: |_| None,
    set: |instance, wanted, span| instance.given.linkbeat = Some(Spanned::new(wanted, span)),
};

const UNICAST_SOURCE: Lens<InstanceConfig, IpAddr> = Lens {
    get: |_| None,
    set: |instance, source, span| {
        mark_unicast(instance, span);
        instance.source = Field::make(source, span);
    },
};

const CHECK_UNICAST_SOURCE: Lens<InstanceConfig, bool> = Lens {
    get: |instance| instance.given.check_unicast_src,
    set: |instance, check, span| {
        mark_unicast(instance, span);
        instance.given.check_unicast_src = Some(check);
    },
};

/// The word of the patches that brought unicast before 1.2.8.
fn old_unicast_peer(call: &Call<'_>) -> Option<Old> {
    let [address] = call.args else { return None };
    let newer = format!("unicast_peer {{ {} }}", address.text);
    Some(Old {
        text: format!("`vrrp_unicast_peer` is an old form of `{newer}`"),
        help: None,
        deprecated: true,
        fixes: vec![Fix::instead(call.span(), newer)],
    })
}

fn mark_unicast(instance: &mut InstanceConfig, span: Span) {
    let unicast = &mut instance.given.unicast;
    *unicast = unicast.or(Some(Spanned::new(true, span)));
}

fn set_old_checksum(instance: &mut InstanceConfig, call: &Call<'_>, diags: &mut Diags) {
    mark_unicast(instance, call.keyword.span);
    instance.old_unicast_checksum = match call.args.first() {
        None => OldUnicastChecksum::Always,
        Some(word) if word.text == "never" => OldUnicastChecksum::Never,
        Some(word) => {
            let text = format!("old_unicast_checksum: `{}` is not `never`", word.text);
            return diags.error(Code::General, word.span, text);
        }
    };
}
