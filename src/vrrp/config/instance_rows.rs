//! The keywords of `vrrp_instance`.

use std::net::IpAddr;
use std::time::Duration;

use super::address_rows::{self, Kind};
use super::{AuthType, InitialState, InstanceConfig, OldUnicastChecksum, lists, routes};
use crate::control_plane::arg::{
    address, block, boolean, choice, flag, int, int_or, interface, lines, seconds, time, words,
};
use crate::control_plane::diag::{Code, Diags, Fix, Old};
use crate::control_plane::schema::at;
use crate::control_plane::schema::{Block, Call, Inner, Lens, deprecated, no_head};
use crate::control_plane::source::Span;
use crate::control_plane::value::{Field, Spanned};
use crate::model::IfName;
use crate::vrrp::authentication::Password;
use crate::wire::vrrp::Version;

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

/// Printed is the line of `linkbeat_interfaces`.
const LINKBEAT: Lens<InstanceConfig, bool> = Lens {
    get: |_| None,
    set: |instance, wanted, span| instance.given.linkbeat = Some(Spanned::new(wanted, span)),
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

const ROUTES: &[Row] = &[
    Row::new(
        "virtual_routes",
        lines(
            routes::ROUTE_USAGE,
            |instance, line, _| instance.given.routes.push(line.clone()),
            |instance, out| {
                for route in &instance.routes {
                    routes::show_route(route, out);
                }
            },
            routes::describe_routes,
        ),
        "Routes of a master.",
    ),
    Row::new(
        "virtual_rules",
        lines(
            routes::RULE_USAGE,
            |instance, line, _| instance.given.rules.push(line.clone()),
            |instance, out| {
                for rule in &instance.rules {
                    routes::show_rule(rule, out);
                }
            },
            routes::describe_rules,
        ),
        "Routing rules of a master.",
    ),
];

const IDENTITY: &[Row] = &[
    Row::new(
        "state",
        choice(&["MASTER", "BACKUP"], at!(given.state)),
        "The state wished for at start. Every router that is not the owner of the addresses \
         first listens.",
    )
    .default("MASTER with priority 255, else BACKUP"),
    Row::new(
        "interface",
        interface(at!(interface)),
        "The interface adverts go through. Only unicast instances with a source address may lack \
         it.",
    ),
    Row::new(
        "virtual_router_id",
        int(1, 255, "", at!(given.vrid)),
        "Identifies the virtual router on its network, by family and multicast group. Obligatory.",
    ),
    Row::new(
        "priority",
        int(1, 255, "", at!(given.priority)),
        "The router with the highest one becomes master; with equal ones the higher address \
         decides. 255 is for the owner of the addresses, which is master whenever it runs.",
    )
    .default("100; 255 with state MASTER"),
    Row::new(
        "advert_int",
        time(
            Duration::from_millis(10),
            Duration::from_secs(255),
            MICROSECOND,
            at!(given.advert_int),
        ),
        "Time between two adverts, the same on all routers of the instance. Another router takes \
         over after three of them and a part of one. Version 2: whole seconds; version 3: steps \
         of 0.01 up to 40.95 seconds.",
    )
    .default("1"),
    Row::new(
        "version",
        int(2, 3, "", at!(given.version)),
        "The version of VRRP, the same on all routers of the instance. IPv6 is always 3.",
    )
    .default("vrrp_version, 3 for IPv6"),
    Row::new(
        "native_ipv6",
        flag(at!(given.native_ipv6)),
        "Run over IPv6, also when the first address is not an IPv6 one or there is none. \
         Otherwise the first address says.",
    ),
    Row::new(
        "strict_mode",
        boolean(at!(given.strict)),
        "Hold to the RFC: no authentication, no unicast, addresses are obligatory, and packets \
         to them are dropped without accept.",
    )
    .default("vrrp_strict"),
    Row::new(
        "authentication",
        block(&AUTHENTICATION),
        "Authentication of version 2.",
    ),
    Row::new(
        "auth_hmac",
        block(&super::hmac::HMAC),
        "Authentication with a shared key and protection against replay, in every version.",
    )
    .since("a release after 2.2.7"),
    Row::new(
        "debug",
        int(0, 4, "", at!(debug)),
        "Accepted, without effect.",
    )
    .default("0"),
];

static AUTHENTICATION: Inner<InstanceConfig, InstanceConfig> = Inner::same(
    &Block {
        rows: &[&[
            Row::new(
                "auth_type",
                choice(&["PASS", "AH"], at!(given.auth_type)),
                "PASS: a password in clear text; AH: an authentication header, IPv4 only.",
            )
            .default("none"),
            Row::new(
                "auth_pass",
                words("PASSWORD", 1, 1, set_password, |instance, name, out| {
                    if let Some(password) = &instance.given.auth_pass {
                        let end = password.value.0.iter().rposition(|octet| *octet != 0);
                        let octets = password.value.0.get(..=end.unwrap_or_default());
                        out.secret(name, &String::from_utf8_lossy(octets.unwrap_or_default()));
                    }
                }),
                "The password; 8 octets count.",
            ),
        ]],
        finish: None,
    },
    "",
    no_head,
);

/// OpenShift writes long passwords, of which 8 octets have always counted.
fn set_password(instance: &mut InstanceConfig, call: &Call<'_>, diags: &mut Diags) {
    let [word] = call.args else { return };
    if word.text.len() > 8 {
        let text = "auth_pass: only the first 8 octets count";
        diags.warn(Code::General, word.span, text);
        diags.lint("auth-pass-long");
    }
    let password = Password::new(word.text.as_bytes());
    instance.given.auth_pass = Some(Spanned::new(password, word.span));
}

const ADDRESSES: &[Row] = &[
    Row::new(
        "virtual_ipaddress",
        lines(
            address_rows::USAGE,
            |instance, line, diags| {
                instance
                    .vips
                    .extend(address_rows::read_line(Kind::Virtual, line, diags));
            },
            |instance, out| {
                for vip in &instance.vips {
                    address_rows::show(Kind::Virtual, vip, out);
                }
            },
            address_rows::describe_virtual,
        ),
        "The addresses of the virtual router, all of one family; adverts carry them.",
    ),
    Row::new(
        "virtual_ipaddress_excluded",
        lines(
            address_rows::USAGE,
            |instance, line, diags| {
                let address = address_rows::read_line(Kind::Virtual, line, diags);
                instance.excluded_vips.extend(address);
            },
            |instance, out| {
                for vip in &instance.excluded_vips {
                    address_rows::show(Kind::Virtual, vip, out);
                }
            },
            address_rows::describe_virtual,
        ),
        "More addresses, of any family, that adverts do not carry.",
    ),
    Row::new(
        "no_virtual_ipaddress",
        flag(at!(given.no_virtual_ipaddress)),
        "There are no addresses, and that is meant so: for instances that only elect a master, \
         and tell scripts.",
    )
    .since("a release after 2.2.7"),
    Row::new(
        "accept",
        flag(at!(given.accept)),
        "Packets to the virtual addresses are accepted, as to other addresses of the machine. \
         That is so without this word, too, except with strict_mode.",
    ),
    Row::new(
        "no_accept",
        flag(NO_ACCEPT),
        "Packets to the virtual addresses are dropped, unless the priority is 255: the machine \
         forwards, and offers no service at them. Neighbour discovery of IPv6 is answered.",
    ),
    Row::new(
        "promote_secondaries",
        flag(at!(promote_secondaries)),
        "Set the kernel's flag of this name on the interface: when the first address of a \
         network goes, the others stay.",
    ),
];

const NO_ACCEPT: Lens<InstanceConfig, bool> = Lens {
    get: |instance| instance.given.accept.map(|accept| !accept.value),
    set: |instance, no, span| instance.given.accept = Some(Spanned::new(!no, span)),
};

const TRANSPORT: &[Row] = &[
    Row::new(
        "mcast_src_ip",
        address(at!(source)),
        "The source address of adverts.",
    )
    .default("the first address of the interface, for IPv6 the link-local one"),
    Row::new(
        "unicast_src_ip",
        address(UNICAST_SOURCE),
        "The same for unicast.",
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
        lines(
            lists::PEER_USAGE,
            |instance, line, diags| {
                mark_unicast(instance, line.span);
                lists::add_peer(instance, line, diags);
            },
            lists::show_peers,
            lists::describe_peer,
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
        words("[never]", 0, 1, set_old_checksum, |instance, name, out| {
            match instance.old_unicast_checksum {
                OldUnicastChecksum::Detect => (),
                OldUnicastChecksum::Always => out.line(name, &[]),
                OldUnicastChecksum::Never => out.line(name, &["never"]),
            }
        }),
        "Use the checksum of old releases for unicast adverts of version 3; never: not even when the \
         other side does.",
    ).default("what the other side does"),
    Row::new(
        "v3_checksum_as_v2",
        boolean(at!(given.v3_checksum_as_v2)),
        "Compute checksums of version 3 over IPv4 without the pseudo header, as some other \
         implementations do; either is accepted then.",
    ).since("a release after 2.2.7")
    .default("the global one"),
    Row::new(
        "kernel_rx_buf_size",
        int(0, NUMBER_MAX, "octets", at!(kernel_rx_buf_size)),
        "The receive buffer of adverts of this instance's socket.",
    )
    .default("by vrrp_rx_bufs_policy"),
];

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

/// A statement that today stands elsewhere; the resolution knows more.
fn elsewhere(call: &Call<'_>, newer: &str) -> Old {
    Old {
        text: format!("`{}` is an old form of {newer}", call.keyword.text),
        help: None,
        deprecated: true,
        fixes: vec![Fix::remove(call.span())],
    }
}

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
    instance.old_unicast_checksum = match call.args.first() {
        None => OldUnicastChecksum::Always,
        Some(word) if word.text == "never" => OldUnicastChecksum::Never,
        Some(word) => {
            let text = format!("old_unicast_checksum: `{}` is not `never`", word.text);
            return diags.error(Code::General, word.span, text);
        }
    };
}

const ELECTION: &[Row] = &[
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
    .since("a release after 2.2.7")
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
    .since("a release after 2.2.7")
    .default("the global one"),
];

const PREEMPT: Lens<InstanceConfig, bool> = Lens {
    get: |_| None,
    set: |instance, _, _| instance.given.nopreempt = None,
};

const TRACKING: &[Row] = &[
    Row::new(
        "track_interface",
        lines(
            lists::INTERFACE_USAGE,
            |instance, line, diags| {
                lists::add_interface(&mut instance.track_interfaces, line, diags);
            },
            |instance, out| lists::show_interfaces(&instance.track_interfaces, out),
            lists::describe_interface,
        ),
        "Interfaces whose state changes the priority, or means FAULT.",
    ),
    Row::new(
        "dont_track_primary",
        flag(at!(dont_track_primary)),
        "The own interface may be down without FAULT.",
    ),
];

const ANNOUNCEMENTS: &[Row] = &[
    Row::new(
        "garp_master_delay",
        seconds(0, 4294, at!(given.garp.delay)),
        "From becoming master to the second burst of gratuitous ARP or neighbour adverts.",
    )
    .default("vrrp_garp_master_delay"),
    Row::new(
        "garp_master_repeat",
        int(1, NUMBER_MAX, "messages", at!(given.garp.repeat)),
        "Messages for each address in a burst.",
    )
    .default("vrrp_garp_master_repeat"),
    Row::new(
        "garp_master_refresh",
        seconds(0, u32::MAX as u64, at!(given.garp.refresh)),
        "How often a master announces its addresses again; 0: never.",
    )
    .default("vrrp_garp_master_refresh"),
    Row::new(
        "garp_master_refresh_repeat",
        int(1, NUMBER_MAX, "messages", at!(given.garp.refresh_repeat)),
        "Messages for each address in such a refresh.",
    )
    .default("vrrp_garp_master_refresh_repeat"),
    Row::new(
        "garp_lower_prio_delay",
        seconds(0, 4294, at!(given.garp.lower_prio_delay)),
        "From an advert of lower priority to the second burst.",
    )
    .default("vrrp_garp_lower_prio_delay, else garp_master_delay"),
    Row::new(
        "garp_lower_prio_repeat",
        int(
            0,
            i32::MAX as i64,
            "messages",
            at!(given.garp.lower_prio_repeat),
        ),
        "Messages for each address in a burst after an advert of lower priority; 0: none.",
    )
    .default("vrrp_garp_lower_prio_repeat, else garp_master_repeat"),
    Row::new(
        "garp_extra_if",
        words(
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
        ),
        "Announce one address on each interface with a virtual MAC address that carries \
         addresses and no adverts, that often; with all also on other interfaces. 0: never.",
    )
    .default("vrrp_garp_extra_if")
    .aliases(&[deprecated("vmac_garp_intvl")]),
];

impl Field<&'static str> for InitialState {
    fn read(&self) -> Option<&'static str> {
        Some(match self {
            Self::Master => "MASTER",
            Self::Backup => "BACKUP",
        })
    }

    fn make(word: &'static str, _: Span) -> Self {
        if word == "MASTER" {
            Self::Master
        } else {
            Self::Backup
        }
    }
}

impl Field<&'static str> for AuthType {
    fn read(&self) -> Option<&'static str> {
        Some(match self {
            Self::Pass => "PASS",
            Self::Ah => "AH",
        })
    }

    fn make(word: &'static str, _: Span) -> Self {
        if word == "AH" { Self::Ah } else { Self::Pass }
    }
}

impl Field<i64> for Version {
    fn read(&self) -> Option<i64> {
        Some(i64::from(self.number()))
    }

    fn make(value: i64, _: Span) -> Self {
        if value == 2 { Self::V2 } else { Self::V3 }
    }
}

const TRACKERS: &[Row] = &[
    Row::new(
        "track_script",
        lines(
            lists::TRACK_USAGE,
            |instance, line, diags| lists::track(&mut instance.given.tracked.scripts, line, diags),
            |instance, out| lists::show_tracks(&instance.given.tracked.scripts, out),
            lists::describe_track,
        ),
        "Scripts whose outcome changes the priority, or means FAULT.",
    ),
    Row::new(
        "track_file",
        lines(
            lists::TRACK_USAGE,
            |instance, line, diags| lists::track(&mut instance.given.tracked.files, line, diags),
            |instance, out| lists::show_tracks(&instance.given.tracked.files, out),
            lists::describe_track,
        ),
        "Files whose number changes the priority, or means FAULT.",
    ),
    Row::new(
        "track_process",
        lines(
            lists::TRACK_USAGE,
            |instance, line, diags| {
                lists::track(&mut instance.given.tracked.processes, line, diags)
            },
            |instance, out| lists::show_tracks(&instance.given.tracked.processes, out),
            lists::describe_track,
        ),
        "Processes whose number changes the priority, or means FAULT.",
    ),
    Row::new(
        "track_bfd",
        lines(
            lists::TRACK_USAGE,
            |instance, line, diags| lists::track(&mut instance.given.tracked.bfd, line, diags),
            |instance, out| lists::show_tracks(&instance.given.tracked.bfd, out),
            lists::describe_track,
        ),
        "BFD sessions whose state changes the priority, or means FAULT.",
    ),
];
