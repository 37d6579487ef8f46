//! The option words of routes.

use super::number::{decimal, realms, time};
use super::route_line::RouteDraft;
use super::route_values::{
    address, keep, look_up, look_up_octet, number, set_congestion, set_features, set_from, set_or,
    set_preference, set_tos,
};
use super::{Placing, encapsulation};
use crate::control_plane::arg::{choice, flag, int, interface, words};
use crate::control_plane::diag::Diags;
use crate::control_plane::manual::describe_options;
use crate::control_plane::schema::{Arg, Call, Describe, Lens, deprecated};
use crate::control_plane::value::Spanned;
use crate::model::{Family, NameKind};
use crate::netlink::metrics::Metric;

type Row = crate::control_plane::schema::Row<RouteDraft>;
type Set = fn(&mut RouteDraft, &Call<'_>, &mut Diags);

/// One word with a rule of its own.
const fn one(usage: &'static str, set: Set) -> Arg<RouteDraft> {
    words(usage, 1, 1, set, |_, _, _| ())
}

/// One word that another may stand before.
const fn qualified(usage: &'static str, set: Set) -> Arg<RouteDraft> {
    words(usage, 1, 2, set, |_, _, _| ())
}

const NOTHING: Arg<RouteDraft> = words("", 0, 0, |_, _, _| (), |_, _, _| ());

/// A word without arguments that is kept.
macro_rules! mark {
    ($field:ident $(. $more:ident)* = $value:expr) => {
        flag(Lens {
            get: |_| None,
            set: |draft: &mut RouteDraft, _, _| draft.$field $(. $more)* = $value,
        })
    };
}

/// The `[lock] N` of a path metric.
macro_rules! metric {
    ($metric:ident, $max:expr) => {
        qualified("[lock] N", |draft, call, diags| {
            number(draft, call, Metric::$metric, $max, diags);
        })
    };
}

/// The `[lock] TIME` of a path metric.
macro_rules! metric_time {
    ($metric:ident, $per_milli:expr) => {
        qualified("[lock] TIME", |draft, call, diags| {
            let value = call
                .args
                .last()
                .and_then(|word| time(word, $per_milli, diags));
            keep(draft, call, Metric::$metric, value);
        })
    };
}

const NUMBER: i64 = u32::MAX as i64;

pub(super) static ROUTE: &[Row] = &[
    Row::new("to", NOTHING, "May stand before the destination, as with ip route."),
    Row::new("inet", NOTHING, "The destination is an IPv4 one; for the word default, which does not tell."),
    Row::new("inet6", NOTHING, "The destination is an IPv6 one; for the word default, which does not tell."),
    Row::new(
        "src",
        qualified("ADDRESS", |draft, call, diags| {
            if let Some(addr) = address(draft, call, diags) {
                draft.route.source = Some(addr);
            }
        }),
        "The source address that this machine's own packets take on this route.",
    ).default("the kernel's choice"),
    VIA,
    Row::new("or", qualified("ADDRESS", set_or), "A second gateway.").replaced_by("nexthop"),
    Row::new(
        "from",
        one("PREFIX", set_from),
        "Only packets with a source in this prefix take the route. IPv6 only.",
    ).default("any source"),
    Row::new("tos", one("VALUE", set_tos), "Another word for dsfield."),
    Row::new(
        "dsfield",
        one("VALUE", set_tos),
        "Only packets with this type of service take the route: 0 to 255, or a name of \
         rt_dsfield. IPv4 only.",
    )
    .default("0"),
    Row::new(
        "table",
        one("TABLE", |draft, call, diags| {
            if let Some(table) = look_up(draft, call, NameKind::Table, diags) {
                draft.route.table = table;
            }
        }),
        "The routing table: a number from 1 to 4294967295, or a name of rt_tables.",
    )
    .default("main"),
    Row::new(
        "protocol",
        one("PROTOCOL", |draft, call, diags| {
            if let Some(protocol) = look_up_octet(draft, call, NameKind::Protocol, diags) {
                draft.route.protocol = protocol;
            }
        }),
        "Who made the route, as others see it: 0 to 255, or a name of rt_protos. A value other \
         than keepalived needs no_track, since such routes of others cannot be told from ours.",
    )
    .default("keepalived"),
    Row::new(
        "scope",
        one("SCOPE", |draft, call, diags| {
            draft.scope = look_up_octet(draft, call, NameKind::Scope, diags);
        }),
        "How far the destination is away: 0 to 255, or a name of rt_scopes (global, site, link, \
         host, nowhere). IPv4 only.",
    )
    .default("global, or what the type needs"),
    Row::new("metric", METRIC, "The preference among routes to the same destination; the smallest number is taken.").default("0 for IPv4, 1024 for IPv6, as the kernel has it"),
    Row::new("priority", METRIC, "Another word for metric."),
    Row::new("preference", METRIC, "Another word for metric."),
    DEV,
    OIF,
    ONLINK,
    Row::new(
        "expires",
        one("SECONDS", |draft, call, diags| {
            if let [word] = call.args
                && draft.is_of(Family::V6, call.span(), diags)
            {
                draft.route.expires = decimal(word, NUMBER, diags);
            }
        }),
        "The route goes after so many seconds, 0 to 4294967295. IPv6 only.",
    ).default("never"),
    Row::new("mtu", metric!(Mtu, NUMBER), "The largest packet in octets on this route; with lock also when a router on the way reports less.").default("that of the interface"),
    Row::new("hoplimit", metric!(HopLimit, 255), "The hop limit of packets on this route, 0 to 255.").default("the kernel's"),
    Row::new(
        "advmss",
        metric!(AdvertisedSegment, NUMBER),
        "The largest TCP segment in octets that is offered to the other side.",
    ).default("by the MTU"),
    Row::new(
        "rtt",
        metric_time!(Rtt, 8),
        "The round trip time TCP begins with: a number counts eighths of a millisecond, or it \
         ends with s or ms.",
    ).default("the kernel's"),
    Row::new(
        "rttvar",
        metric_time!(RttVariance, 4),
        "The variance of the round trip time TCP begins with: a number counts quarters of a \
         millisecond, or it ends with s or ms.",
    ).default("the kernel's"),
    Row::new(
        "reordering",
        metric!(Reordering, NUMBER),
        "How many packets out of order TCP takes for reordering, not loss.",
    ).default("the kernel's"),
    Row::new(
        "window",
        metric!(Window, NUMBER),
        "The largest TCP window in octets that is offered to the other side.",
    ).default("no limit"),
    Row::new(
        "cwnd",
        metric!(CongestionWindow, NUMBER),
        "The largest congestion window of TCP in packets; takes effect with lock only.",
    ).default("no limit"),
    Row::new(
        "ssthresh",
        metric!(SlowStartThreshold, NUMBER),
        "The slow start threshold TCP begins with, in packets.",
    ).default("the kernel's"),
    REALMS,
    Row::new(
        "rto_min",
        metric_time!(LeastRetransmission, 1),
        "The shortest retransmission timeout of TCP: a number counts milliseconds, or it ends \
         with s or ms.",
    ).default("the kernel's, 200 ms"),
    Row::new(
        "initcwnd",
        metric!(InitialCongestionWindow, NUMBER),
        "The congestion window a TCP connection begins with, in packets.",
    ).default("the kernel's, 10"),
    Row::new(
        "initrwnd",
        metric!(InitialReceiveWindow, NUMBER),
        "The receive window a TCP connection begins with, in packets.",
    ).default("the kernel's"),
    Row::new("features", one("ecn", set_features), "Features of TCP on this route: ecn, explicit congestion notification.").default("none"),
    Row::new(
        "quickack",
        metric!(QuickAcknowledge, 1),
        "1: TCP acknowledges at once on this route; 0: it may wait.",
    ).default("0"),
    Row::new(
        "congctl",
        qualified("[lock] NAME", set_congestion),
        "The congestion control of TCP, a name such as cubic or bbr; with lock programs cannot \
         choose another.",
    ).default("the system's"),
    Row::new(
        "pref",
        one("low|medium|high|N", set_preference),
        "The preference among default routes of router advertisements (RFC 4191), or a number of 0 to 255. \
         IPv6 only.",
    ).default("medium"),
    Row::new(
        "ttl-propagate",
        choice(
            &["enabled", "disabled"],
            Lens {
                get: |_| None,
                set: |draft, word, _| draft.route.propagates_ttl = Some(word == "enabled"),
            },
        ),
        "Whether MPLS copies the time to live of the packet inside.",
    ).default("the kernel's"),
    Row::new(
        "fastopen_no_cookie",
        metric!(FastOpenWithoutCookie, 1),
        "1: TCP fast open needs no cookie on this route.",
    ).default("0"),
    Row::new(
        "add",
        mark!(placing = Some(Placing::Alone)),
        "It is an error if there is such a route already, instead of taking its place.",
    ),
    Row::new(
        "prepend",
        mark!(placing = Some(Placing::First)),
        "Put the route before those to the same destination.",
    ),
    Row::new(
        "append",
        mark!(placing = Some(Placing::Last)),
        "Put the route behind those to the same destination.",
    ),
    Row::new(
        "no_track",
        mark!(route.track = false),
        "Nothing happens when somebody else deletes the route. Otherwise it is put back, or the \
         instance leaves MASTER.",
    ),
    Row::new(
        "vrf",
        interface(Lens {
            get: |_| None,
            set: |draft, name, span| draft.route.vrf = Some(Spanned::new(name, span)),
        }),
        "The table of this VRF; instead of table.",
    ).default("none"),
];

pub(super) static STATIC: &[Row] = &[Row::new(
    "track_group",
    one("NAME", |draft, call, _| {
        if let [word] = call.args {
            draft.route.track_group = Some(Spanned::new(word.text.clone(), word.span));
        }
    }),
    "The track group whose instances leave MASTER when it is deleted.",
)];

pub(super) static NEXTHOP: &[Row] = &[Row::new(
    "nexthop",
    NOTHING,
    "The next of several gateways; behind every other word.",
)];

pub(super) static ENCAP: &[Row] = &[Row::new(
    "encap",
    one("ip|ip6|mpls|ila", |_, _, _| ()),
    "Put packets into a tunnel without an interface; the words of this kind of tunnel follow.",
)
.default("none")];

pub(super) static HOP: &[Row] = &[
    VIA,
    DEV,
    OIF,
    Row::new(
        "weight",
        int(
            1,
            256,
            "",
            Lens {
                get: |_| None,
                set: |draft, weight, _| draft.hop.weight = u16::try_from(weight).unwrap_or(1),
            },
        ),
        "Its share among the gateways: packets are divided by these numbers.",
    )
    .default("1"),
    ONLINK,
    REALMS,
];

const VIA: Row = Row::new(
    "via",
    qualified("[inet|inet6] ADDRESS", |draft, call, diags| {
        if let Some(addr) = address(draft, call, diags) {
            draft.hop.via = Some(addr);
        }
    }),
    "The gateway, a direct neighbour; may be of the other family.",
)
.default("none: destinations are neighbours")
.aliases(&[deprecated("gw")]);

const DEVICE: Lens<RouteDraft, crate::model::IfName> = Lens {
    get: |_| None,
    set: |draft, name, span| draft.hop.dev = Some(Spanned::new(name, span)),
};

const DEV: Row =
    Row::new("dev", interface(DEVICE), "The interface packets leave by.").default("by the gateway");
const OIF: Row = Row::new("oif", interface(DEVICE), "Another word for dev.");

const ONLINK: Row = Row::new(
    "onlink",
    mark!(hop.onlink = true),
    "The gateway is a neighbour, although no network of the interface has its address.",
);

const REALMS: Row = Row::new(
    "realms",
    one("[FROM/]TO", |draft, call, diags| {
        if let [word] = call.args
            && draft.is_of(Family::V4, word.span, diags)
        {
            let names = std::rc::Rc::clone(&draft.names);
            draft.hop.realms = realms(&names, word, diags);
        }
    }),
    "Marks of packets for accounting and filters, 0 to 255 or names of rt_realms. IPv4 only.",
)
.default("none");

const METRIC: Arg<RouteDraft> = int(
    0,
    NUMBER,
    "",
    Lens {
        get: |_| None,
        set: |draft, metric, _| draft.route.metric = u32::try_from(metric).ok(),
    },
);

pub(in crate::vrrp::config) fn describe_routes(out: &mut dyn Describe) {
    describe_options(&[ROUTE], out);
    parts(out);
}

pub(in crate::vrrp::config) fn describe_static_routes(out: &mut dyn Describe) {
    describe_options(&[ROUTE, STATIC], out);
    parts(out);
}

/// What has option words of its own within a route.
fn parts(out: &mut dyn Describe) {
    describe_options(&[NEXTHOP], out);
    out.open();
    describe_options(&[HOP], out);
    out.close();
    describe_options(&[ENCAP], out);
    out.open();
    describe_options(&[encapsulation::KINDS, encapsulation::OPTIONS], out);
    out.close();
}
