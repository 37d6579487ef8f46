//! The option words of routes.

use super::number::{decimal, named, named_octet, realms, time};
use super::route_line::{RouteDraft, masked};
use super::{Placing, encapsulation};
use crate::control_plane::arg::{choice, flag, int, interface, words};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::manual::describe_options;
use crate::control_plane::read::{self, Refusal, refuse};
use crate::control_plane::schema::{Arg, Call, Describe, Lens, deprecated};
use crate::control_plane::value::Spanned;
use crate::control_plane::words::Word;
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
    Row::new("to", NOTHING, "May stand before the destination."),
    Row::new("inet", NOTHING, "IPv4."),
    Row::new("inet6", NOTHING, "IPv6."),
    Row::new(
        "src",
        qualified("ADDRESS", |draft, call, diags| {
            if let Some(addr) = address(draft, call, diags) {
                draft.route.source = Some(addr);
            }
        }),
        "The source address preferred.",
    ),
    VIA,
    Row::new("or", qualified("ADDRESS", set_or), "A second gateway.").replaced_by("nexthop"),
    Row::new(
        "from",
        one("PREFIX", set_from),
        "Only for this source; IPv6.",
    ),
    Row::new("tos", one("VALUE", set_tos), "As dsfield."),
    Row::new(
        "dsfield",
        one("VALUE", set_tos),
        "The type of service, 0 to 255 or a name; IPv4.",
    )
    .default("0"),
    Row::new(
        "table",
        one("TABLE", |draft, call, diags| {
            if let Some(table) = look_up(draft, call, NameKind::Table, diags) {
                draft.route.table = table;
            }
        }),
        "The table, a number or a name.",
    )
    .default("main"),
    Row::new(
        "protocol",
        one("PROTOCOL", |draft, call, diags| {
            if let Some(protocol) = look_up_octet(draft, call, NameKind::Protocol, diags) {
                draft.route.protocol = protocol;
            }
        }),
        "Who made it, 0 to 255 or a name. Another than keepalived needs no_track.",
    )
    .default("keepalived"),
    Row::new(
        "scope",
        one("SCOPE", |draft, call, diags| {
            draft.scope = look_up_octet(draft, call, NameKind::Scope, diags);
        }),
        "How far it reaches, 0 to 255 or a name; IPv4.",
    )
    .default("global, or what the type needs"),
    Row::new("metric", METRIC, "Its preference; the smallest is taken."),
    Row::new("priority", METRIC, "As metric."),
    Row::new("preference", METRIC, "As metric."),
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
        "Seconds it is valid; IPv6.",
    ),
    Row::new("mtu", metric!(Mtu, NUMBER), "The largest packet."),
    Row::new("hoplimit", metric!(HopLimit, 255), "The hop limit."),
    Row::new(
        "advmss",
        metric!(AdvertisedSegment, NUMBER),
        "The segment size told to others.",
    ),
    Row::new(
        "rtt",
        metric_time!(Rtt, 8),
        "The round trip time at first: eighths of a millisecond, or with s or ms.",
    ),
    Row::new(
        "rttvar",
        metric_time!(RttVariance, 4),
        "Its variance: quarters of a millisecond, or with s or ms.",
    ),
    Row::new(
        "reordering",
        metric!(Reordering, NUMBER),
        "How much reordering to expect.",
    ),
    Row::new(
        "window",
        metric!(Window, NUMBER),
        "The largest window told to others.",
    ),
    Row::new(
        "cwnd",
        metric!(CongestionWindow, NUMBER),
        "The largest congestion window.",
    ),
    Row::new(
        "ssthresh",
        metric!(SlowStartThreshold, NUMBER),
        "The slow start threshold.",
    ),
    REALMS,
    Row::new(
        "rto_min",
        metric_time!(LeastRetransmission, 1),
        "The least retransmission time: milliseconds, or with s or ms.",
    ),
    Row::new(
        "initcwnd",
        metric!(InitialCongestionWindow, NUMBER),
        "The congestion window at first.",
    ),
    Row::new(
        "initrwnd",
        metric!(InitialReceiveWindow, NUMBER),
        "The receive window at first.",
    ),
    Row::new("features", one("ecn", set_features), "Features."),
    Row::new(
        "quickack",
        metric!(QuickAcknowledge, 1),
        "Acknowledge at once.",
    ),
    Row::new(
        "congctl",
        qualified("[lock] NAME", set_congestion),
        "Congestion control.",
    ),
    Row::new(
        "pref",
        one("low|medium|high|N", set_preference),
        "Router preference; IPv6.",
    ),
    Row::new(
        "ttl-propagate",
        choice(
            &["enabled", "disabled"],
            Lens {
                get: |_| None,
                set: |draft, word, _| draft.route.propagates_ttl = Some(word == "enabled"),
            },
        ),
        "MPLS.",
    ),
    Row::new(
        "fastopen_no_cookie",
        metric!(FastOpenWithoutCookie, 1),
        "TCP fast open without cookie.",
    ),
    Row::new(
        "add",
        mark!(placing = Some(Placing::Alone)),
        "Fail if there is such a route.",
    ),
    Row::new(
        "prepend",
        mark!(placing = Some(Placing::First)),
        "Before such routes.",
    ),
    Row::new(
        "append",
        mark!(placing = Some(Placing::Last)),
        "Behind such routes.",
    ),
    Row::new(
        "no_track",
        mark!(route.track = false),
        "Do nothing when somebody else deletes it.",
    ),
    Row::new(
        "vrf",
        interface(Lens {
            get: |_| None,
            set: |draft, name, span| draft.route.vrf = Some(Spanned::new(name, span)),
        }),
        "The table of a VRF.",
    ),
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
    "Put packets into others.",
)];

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
        "Its share.",
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
    "The gateway.",
)
.aliases(&[deprecated("gw")]);

const DEVICE: Lens<RouteDraft, crate::model::IfName> = Lens {
    get: |_| None,
    set: |draft, name, span| draft.hop.dev = Some(Spanned::new(name, span)),
};

const DEV: Row = Row::new("dev", interface(DEVICE), "The interface.");
const OIF: Row = Row::new("oif", interface(DEVICE), "As dev.");

const ONLINK: Row = Row::new(
    "onlink",
    mark!(hop.onlink = true),
    "The gateway need not be in a network of the interface.",
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
    "Realms; IPv4.",
);

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

/// `[inet|inet6] ADDRESS`, of the route's family.
fn address(draft: &mut RouteDraft, call: &Call<'_>, diags: &mut Diags) -> Option<std::net::IpAddr> {
    let (word, before) = call.args.split_last()?;
    for family in before {
        let family = if family.text == "inet" {
            Family::V4
        } else {
            Family::V6
        };
        draft.is_of(family, word.span, diags);
    }
    match read::address(&word.text) {
        Ok(addr) => draft
            .is_of(Family::of(&addr), word.span, diags)
            .then_some(addr),
        Err(refusal) => {
            refuse(diags, word.span, refusal);
            None
        }
    }
}

/// `or`: the old way to write a second next hop.
fn set_or(draft: &mut RouteDraft, call: &Call<'_>, diags: &mut Diags) {
    let Some(addr) = address(draft, call, diags) else {
        return;
    };
    if !draft.route.hops.is_empty() {
        let text = "only one `or`";
        return refuse(diags, call.keyword.span, Refusal::general(text));
    }
    let second = super::NextHopConfig {
        via: Some(addr),
        ..super::NextHopConfig::default()
    };
    draft.route.hops.push(second);
}

fn set_from(draft: &mut RouteDraft, call: &Call<'_>, diags: &mut Diags) {
    let [word] = call.args else { return };
    match read::network(&word.text) {
        Ok(net) => {
            let is_v6 = draft.is_of(Family::V6, word.span, diags);
            if is_v6 && net.family() == Family::V6 {
                draft.route.from = Some(masked(net));
            } else if is_v6 {
                let text = "`from` takes an IPv6 prefix";
                refuse(diags, word.span, Refusal::general(text));
            }
        }
        Err(refusal) => refuse(diags, word.span, refusal),
    }
}

fn set_tos(draft: &mut RouteDraft, call: &Call<'_>, diags: &mut Diags) {
    if let Some(tos) = look_up_octet(draft, call, NameKind::Dsfield, diags) {
        draft.route.tos = tos;
    }
}

fn set_features(draft: &mut RouteDraft, call: &Call<'_>, diags: &mut Diags) {
    const ECN: u32 = 1;
    let [word] = call.args else { return };
    if word.text == "ecn" {
        draft.route.metrics.set(Metric::Features, ECN);
    } else {
        let text = format!("there is no feature `{}`: ignored", word.text);
        diags.warn(Code::General, word.span, text);
    }
}

fn set_congestion(draft: &mut RouteDraft, call: &Call<'_>, diags: &mut Diags) {
    /// `TCP_CA_NAME_MAX` without the NUL.
    const MOST: usize = 15;
    let Some(word) = call.args.last() else { return };
    match read::text(&word.text, MOST) {
        Ok(name) => draft
            .route
            .metrics
            .set_congestion(name, call.args.len() > 1),
        Err(refusal) => refuse(diags, word.span, refusal),
    }
}

fn set_preference(draft: &mut RouteDraft, call: &Call<'_>, diags: &mut Diags) {
    let [word] = call.args else { return };
    if !draft.is_of(Family::V6, word.span, diags) {
        return;
    }
    draft.route.preference = match word.text.as_str() {
        "medium" => Some(0),
        "high" => Some(1),
        "low" => Some(3),
        _ => decimal(word, 255, diags),
    };
}

fn number(draft: &mut RouteDraft, call: &Call<'_>, metric: Metric, max: i64, diags: &mut Diags) {
    let value = call.args.last().and_then(|word| decimal(word, max, diags));
    keep(draft, call, metric, value);
}

fn keep(draft: &mut RouteDraft, call: &Call<'_>, metric: Metric, value: Option<u32>) {
    if let Some(value) = value {
        draft.route.metrics.set(metric, value);
        if call.args.len() > 1 {
            draft.route.metrics.lock(metric);
        }
    }
}

fn look_up(draft: &RouteDraft, call: &Call<'_>, kind: NameKind, diags: &mut Diags) -> Option<u32> {
    let word: &Word = call.args.last()?;
    named(&draft.names, kind, word, diags)
}

fn look_up_octet(
    draft: &RouteDraft,
    call: &Call<'_>,
    kind: NameKind,
    diags: &mut Diags,
) -> Option<u8> {
    let word: &Word = call.args.last()?;
    named_octet(&draft.names, kind, word, diags)
}
