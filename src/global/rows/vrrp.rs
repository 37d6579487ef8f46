//! What all instances of VRRP go by.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::{LONGEST, MICROSECOND, MILLISECOND, NO_ADVERT_SOONER, NO_ARP_SOONER, Row, no_interval};
use crate::control_plane::arg::{
    address, boolean, flag, int, interface, short_text, text, time, to_keyword, words,
};
use crate::control_plane::schema::{Lens, at, deprecated};
use crate::control_plane::value::Field;
use crate::global::{GlobalConfig, words};
use crate::vrrp::config::garp_rows::announcements;

pub(super) const INTERFACES: &[Row] = &[
    Row::new(
        "dynamic_interfaces",
        to_keyword(words(
            "[allow_if_changes]",
            0,
            1,
            words::set_dynamic_interfaces,
            words::show_dynamic_interfaces,
        )),
        "Interfaces may be absent at start, and with the word also change their type or parent.",
    )
    .default("off"),
    Row::new(
        "nftables",
        words("[TABLE]", 0, 1, words::set_nftables, words::show_nftables),
        "The table of nftables with the rules of no_accept and of VMAC interfaces. It is used \
         where they need one, also without this word.",
    )
    .once()
    .default("keepalived"),
    Row::new(
        "nftables_priority",
        int(i32::MIN as i64, i32::MAX as i64, "", at!(nftables.priority)),
        "The priority of the chains in the table of nftables; stands behind nftables.",
    )
    .default("-1"),
    Row::new(
        "nftables_counters",
        flag(at!(nftables.counters)),
        "The rules in the table of nftables count packets.",
    ),
    Row::new(
        "nftables_ifindex",
        flag(at!(nftables.by_index)),
        "Sets of link-local addresses in the table of nftables go by the number of the interface \
         instead of its name.",
    ),
    Row::new(
        "vmac_prefix",
        short_text("NAME", 11, at!(vmac_prefix)),
        "How names of VMAC interfaces begin; the virtual router follows.",
    )
    .once()
    .default("vrrp"),
    Row::new(
        "vmac_addr_prefix",
        short_text("NAME", 11, at!(vmac_addr_prefix)),
        "How names of VMAC interfaces begin that are made for addresses on other interfaces than \
         that of the instance.",
    )
    .once()
    .default("vmac_prefix"),
    Row::new(
        "default_interface",
        interface(at!(default_interface)),
        "The interface of static addresses without one.",
    )
    .skipped_bare()
    .default("eth0"),
    Row::new(
        "iproute_etc_dir",
        text("FOLDER", at!(iproute_etc_dir)),
        "Where the names of tables and the like are, as iproute2 has them; a file here hides \
         that of iproute_usr_dir.",
    )
    .skipped_bare()
    .default("/etc/iproute2"),
    Row::new(
        "iproute_usr_dir",
        text("FOLDER", at!(iproute_usr_dir)),
        "Where the names of tables and the like are that iproute_etc_dir does not have.",
    )
    .skipped_bare()
    .default("/usr/share/iproute2"),
    Row::new(
        "disable_local_igmp",
        flag(at!(disable_local_igmp)),
        "Send no membership reports for link-local multicast groups.",
    ),
    Row::new(
        "vrrp_mcast_group4",
        address(GROUP4),
        "The multicast group of IPv4 adverts.",
    )
    .default("224.0.0.18"),
    Row::new(
        "vrrp_mcast_group6",
        address(GROUP6),
        "The multicast group of IPv6 adverts.",
    )
    .default("ff02::12"),
];

const GROUP4: Lens<GlobalConfig, IpAddr> = Lens {
    get: |global| Some(global.vrrp.multicast_group4.value.into()),
    set: |global, value, span| {
        let group = match value {
            IpAddr::V4(group) => group,
            IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
        };
        global.vrrp.multicast_group4 = Field::make(group, span);
    },
};

const GROUP6: Lens<GlobalConfig, IpAddr> = Lens {
    get: |global| Some(global.vrrp.multicast_group6.value.into()),
    set: |global, value, span| {
        let group = match value {
            IpAddr::V6(group) => group,
            IpAddr::V4(_) => Ipv6Addr::UNSPECIFIED,
        };
        global.vrrp.multicast_group6 = Field::make(group, span);
    },
};

pub(super) const ANNOUNCEMENTS: &[Row] = announcements!(
    GlobalConfig,
    "vrrp_",
    vrrp.garp,
    delay: "5",
    repeat: "5",
    refresh: "0",
    refresh_repeat: "1",
    lower_prio_delay: "vrrp_garp_master_delay",
    lower_prio_repeat: "vrrp_garp_master_repeat",
);

pub(super) const PACING: &[Row] = &[
    Row::new(
        "vrrp_garp_interval",
        time(Duration::ZERO, LONGEST, MICROSECOND, NO_ARP_SOONER),
        "Least time between two gratuitous ARP messages of an interface.",
    )
    .old(no_interval)
    .default("none"),
    Row::new(
        "vrrp_gna_interval",
        time(Duration::ZERO, LONGEST, MICROSECOND, NO_ADVERT_SOONER),
        "Least time between two unsolicited neighbour adverts of an interface.",
    )
    .old(no_interval)
    .default("none"),
    Row::new(
        "vrrp_min_garp",
        boolean(at!(vrrp.min_garp)),
        "Announce each address once after a transition, where no other keyword says how often, \
         instead of five times and again later.",
    ),
    Row::new(
        "vrrp_garp_extra_if",
        to_keyword(words(
            "[all] SECONDS",
            1,
            2,
            words::set_extra_if,
            |global, name, out| {
                words::show_extra_if(global.vrrp.garp.extra, name, out);
            },
        )),
        "Announce one address on each interface with a virtual MAC address that carries addresses \
         and no adverts, that often, 1 to 86400 seconds; with all also on other interfaces.",
    )
    .skipped_bare()
    .default("never")
    .aliases(&[deprecated("vrrp_vmac_garp_intvl")]),
];

pub(super) const ELECTION: &[Row] = &[
    Row::new(
        "vrrp_version",
        int(2, 3, "", at!(vrrp.version)),
        "The version of VRRP that IPv4 instances speak; IPv6 is always 3.",
    )
    .default("2"),
    Row::new(
        "vrrp_down_timer_adverts",
        int(1, 100, "adverts", at!(vrrp.down_timer_adverts)),
        "Adverts missed in a row until the master counts as dead.",
    )
    .default("3"),
    Row::new(
        "vrrp_lower_prio_no_advert",
        boolean(at!(vrrp.lower_prio_no_advert)),
        "A master does not answer an advert of lower priority with one of its own.",
    )
    .default("off, when strict on"),
    Row::new(
        "vrrp_higher_prio_send_advert",
        boolean(at!(vrrp.higher_prio_send_advert)),
        "A master sends a last advert before it yields to a higher priority.",
    ),
    Row::new(
        "vrrp_check_unicast_src",
        flag(at!(vrrp.check_unicast_src)),
        "Drop unicast adverts from others than the peers.",
    ),
    Row::new(
        "vrrp_skip_check_adv_addr",
        boolean(at!(vrrp.skip_check_adv_addr)),
        "Do not compare the addresses of an advert whose sender sent the one before: saves time \
         with many addresses.",
    ),
    Row::new(
        "vrrp_strict",
        boolean(at!(vrrp.strict)),
        "Hold to the RFC: no authentication, no unicast, addresses are obligatory, and packets \
         to them are dropped without accept. Rarely what is meant.",
    ),
    Row::new(
        "vrrp_owner_ignore_adverts",
        boolean(at!(vrrp.owner_ignore_adverts)),
        "A master of priority 255 drops adverts.",
    )
    .default("off"),
    Row::new(
        "v3_checksum_as_v2",
        boolean(at!(vrrp.v3_checksum_as_v2)),
        "Compute checksums of version 3 over IPv4 without the pseudo header, as some other \
         implementations do; either is accepted then.",
    ),
    Row::new(
        "vrrp_startup_delay",
        time(MILLISECOND, LONGEST, MICROSECOND, at!(startup_delay)),
        "Instances stay idle that long after a start.",
    )
    .default("0"),
    Row::new(
        "vrrp_delay_after_boot",
        time(MILLISECOND, LONGEST, MICROSECOND, at!(delay_after_boot)),
        "Instances stay idle until the machine is up that long.",
    )
    .default("0"),
    Row::new(
        "log_unknown_vrids",
        flag(at!(log_unknown_vrids)),
        "Log adverts of virtual routers that are not configured.",
    ),
];
