//! Lines of routes and rules: their words are recognised, their effect comes later.

use crate::control_plane::arg::{address, flag, int, interface, nowhere, some_words};
use crate::control_plane::diag::{Code, Diag, Diags, Severity};
use crate::control_plane::manual::describe_options;
use crate::control_plane::read::{self, Refusal, refuse};
use crate::control_plane::schema::{Arg, Call, Describe, Row, deprecated};
use crate::control_plane::words::{Line, Word};

pub(super) const ROUTE_USAGE: &str = "[TYPE] DESTINATION [OPTION ...] [nexthop ...]";
pub(super) const RULE_USAGE: &str = "[OPTION ...] ACTION";

const NUMBER: Arg<()> = int(0, u32::MAX as i64, "", nowhere());
const OCTET: Arg<()> = int(0, 255, "", nowhere());
const FLAG: Arg<()> = flag(nowhere());
const INTERFACE: Arg<()> = interface(nowhere());

const fn one(usage: &'static str) -> Arg<()> {
    some_words(usage, 1, 1)
}

static ROUTE: &[Row<()>] = &[
    Row::later("to", FLAG, "May stand before the destination."),
    Row::later("inet", FLAG, "IPv4."),
    Row::later("inet6", FLAG, "IPv6."),
    Row::later("src", address(nowhere()), "The source address preferred."),
    Row::later("via", address(nowhere()), "The gateway.").aliases(&[deprecated("gw")]),
    Row::later("or", address(nowhere()), "A second gateway.").replaced_by("nexthop"),
    Row::later("from", one("PREFIX"), "Only for this source; IPv6."),
    Row::later("tos", one("VALUE"), "As dsfield."),
    Row::later("dsfield", one("VALUE"), "The type of service."),
    Row::later("table", one("TABLE"), "The table."),
    Row::later("protocol", one("PROTOCOL"), "Who made it."),
    Row::later("scope", one("SCOPE"), "How far it reaches."),
    Row::later("metric", NUMBER, "Its preference."),
    Row::later("priority", NUMBER, "As metric."),
    Row::later("preference", NUMBER, "As metric."),
    Row::later("dev", INTERFACE, "The interface."),
    Row::later("oif", INTERFACE, "As dev."),
    Row::later("onlink", FLAG, "The gateway is on the link."),
    Row::later("expires", NUMBER, "Seconds it is valid; IPv6."),
    Row::later("mtu", NUMBER, "The largest packet."),
    Row::later("hoplimit", OCTET, "The hop limit."),
    Row::later("advmss", NUMBER, "The segment size told to others."),
    Row::later("rtt", one("TIME"), "The round trip time at first."),
    Row::later("rttvar", one("TIME"), "Its variance."),
    Row::later("reordering", NUMBER, "How much reordering to expect."),
    Row::later("window", NUMBER, "The largest window told to others."),
    Row::later("cwnd", NUMBER, "The largest congestion window."),
    Row::later("ssthresh", NUMBER, "The slow start threshold."),
    Row::later("realms", one("[FROM/]TO"), "Realms; IPv4."),
    Row::later("rto_min", one("TIME"), "The least retransmission time."),
    Row::later("initcwnd", NUMBER, "The congestion window at first."),
    Row::later("initrwnd", NUMBER, "The receive window at first."),
    Row::later("features", one("ecn"), "Features."),
    Row::later("quickack", int(0, 1, "", nowhere()), "Acknowledge at once."),
    Row::later("congctl", one("NAME"), "Congestion control."),
    Row::later("pref", one("low|medium|high|N"), "Router preference; IPv6."),
    Row::later("ttl-propagate", one("enabled|disabled"), "MPLS."),
    Row::later(
        "fastopen_no_cookie",
        int(0, 1, "", nowhere()),
        "TCP fast open without cookie.",
    ),
    Row::later("add", FLAG, "Fail if there is such a route."),
    Row::later("prepend", FLAG, "Before such routes."),
    Row::later("append", FLAG, "Behind such routes."),
    Row::later(
        "no_track",
        FLAG,
        "Do nothing when somebody else deletes it.",
    ),
    Row::later("vrf", INTERFACE, "The table of a VRF."),
];

static STATIC: &[Row<()>] = &[Row::later(
    "track_group",
    one("NAME"),
    "The track group whose instances leave MASTER when it is deleted.",
)];

static NO_MORE: &[Row<()>] = &[];

static NEXTHOP: &[Row<()>] = &[Row::later(
    "nexthop",
    FLAG,
    "The next of several gateways; behind every other word.",
)];

static ENCAPSULATION: &[Row<()>] = &[Row::later(
    "encap",
    one("ip|ip6|mpls|ila"),
    "Put packets into others.",
)];

static HOP: &[Row<()>] = &[
    Row::later("encap", one("ip|ip6|mpls|ila"), "As of a route."),
    Row::later("via", address(nowhere()), "Its address."),
    Row::later("dev", INTERFACE, "Its interface."),
    Row::later("weight", int(1, 256, "", nowhere()), "Its share."),
    Row::later("onlink", FLAG, "It is on the link."),
    Row::later("realms", one("[FROM/]TO"), "Realms; IPv4."),
];

static ENCAP: &[Row<()>] = &[
    Row::later("ip", FLAG, "IPv4 tunnel."),
    Row::later("ip6", FLAG, "IPv6 tunnel."),
    Row::later("mpls", one("LABEL[/LABEL...]"), "MPLS labels."),
    Row::later("ila", one("LOCATOR"), "Identifier locator addressing."),
    Row::later("id", one("N"), "The tunnel."),
    Row::later("dst", address(nowhere()), "Its end."),
    Row::later("src", address(nowhere()), "Its beginning."),
    Row::later("tos", one("VALUE"), "IPv4 type of service."),
    Row::later("tc", one("VALUE"), "IPv6 traffic class."),
    Row::later("ttl", OCTET, "IPv4 TTL."),
    Row::later("hoplimit", OCTET, "IPv6 hop limit."),
    Row::later("flags", int(0, 65535, "", nowhere()), "Flags."),
];

const TYPES: &[&str] = &[
    "unicast",
    "local",
    "nat",
    "broadcast",
    "brd",
    "anycast",
    "multicast",
    "prohibit",
    "unreachable",
    "blackhole",
    "xresolve",
    "throw",
];

static RULE: &[Row<()>] = &[
    Row::later("inet", FLAG, "IPv4."),
    Row::later("inet6", FLAG, "IPv6."),
    Row::later("from", one("PREFIX|default|any|all"), "The source."),
    Row::later("to", one("PREFIX|default|any|all"), "The destination."),
    Row::later("not", FLAG, "When the rest does not match."),
    Row::later("preference", one("N"), "Its place among the rules."),
    Row::later("order", one("N"), "As preference."),
    Row::later("priority", one("N"), "As preference."),
    Row::later("tos", one("VALUE"), "As dsfield."),
    Row::later("dsfield", one("VALUE"), "The type of service."),
    Row::later("fwmark", one("MARK[/MASK]"), "The mark."),
    Row::later("realms", one("[FROM/]TO"), "Realms; IPv4."),
    Row::later(
        "suppress_prefixlength",
        one("N"),
        "Ignore routes as short as that.",
    ),
    Row::later("sup_pl", one("N"), "As suppress_prefixlength."),
    Row::later(
        "suppress_ifgroup",
        one("GROUP"),
        "Ignore routes to that group of interfaces.",
    ),
    Row::later("sup_group", one("GROUP"), "As suppress_ifgroup."),
    Row::later("dev", INTERFACE, "As iif."),
    Row::later("iif", INTERFACE, "The interface packets come from."),
    Row::later("oif", INTERFACE, "The interface packets go to."),
    Row::later("tunnel-id", one("N"), "The tunnel."),
    Row::later("uidrange", one("A-B"), "Users."),
    Row::later("protocol", OCTET, "Who made it."),
    Row::later("ipproto", one("PROTOCOL"), "The protocol of packets."),
    Row::later("sport", one("A-B"), "Source ports."),
    Row::later("dport", one("A-B"), "Destination ports."),
    Row::later(
        "no_track",
        FLAG,
        "Do nothing when somebody else deletes it.",
    ),
    Row::later("type", FLAG, "May stand before an action."),
];

static ACTION: &[Row<()>] = &[
    Row::later("table", one("TABLE"), "The table to look in."),
    Row::later("lookup", one("TABLE"), "As table."),
    Row::later("l3mdev", FLAG, "The table of the VRF."),
    Row::later("goto", NUMBER, "The rule to go on with."),
    Row::later("nop", FLAG, "Nothing."),
    Row::later("blackhole", FLAG, "Drop."),
    Row::later("unreachable", FLAG, "Drop, and say unreachable."),
    Row::later("prohibit", FLAG, "Drop, and say prohibited."),
];

pub(super) fn describe_routes(out: &mut dyn Describe) {
    describe_options(&[ROUTE], out);
    parts(out);
}

pub(super) fn describe_static_routes(out: &mut dyn Describe) {
    describe_options(&[ROUTE, STATIC], out);
    parts(out);
}

/// What has option words of its own within a route.
fn parts(out: &mut dyn Describe) {
    for (keyword, options) in [(NEXTHOP, HOP), (ENCAPSULATION, ENCAP)] {
        describe_options(&[keyword], out);
        out.open();
        describe_options(&[options], out);
        out.close();
    }
}

pub(super) fn describe_rules(out: &mut dyn Describe) {
    describe_options(&[RULE, ACTION], out);
}

pub(super) fn describe_static_rules(out: &mut dyn Describe) {
    describe_options(&[RULE, ACTION, STATIC], out);
}

/// Check the words of a route.
pub(super) fn route(is_static: bool, line: &Line, diags: &mut Diags) {
    let more = if is_static { STATIC } else { NO_MORE };
    let mut tables = [ROUTE, more];
    let mut words = line.words.as_slice();
    let mut destination = false;
    while let Some((word, rest)) = words.split_first() {
        words = rest;
        match word.text.as_str() {
            "nexthop" => tables = [HOP, NO_MORE],
            "encap" => words = encapsulation(rest, line, diags),
            "as" => refuse(diags, word.span, Refusal::general("`as` is not supported")),
            text if TYPES.contains(&text) => (),
            text if !destination && is_type_number(text, rest) => (),
            "inet" | "inet6" => words = family(&tables, rest),
            text => match find(&tables, text) {
                Some(row) => words = option(row, word, rest, line, diags),
                None if is_destination(text) && !destination => destination = true,
                None => return unknown(&tables, word, diags),
            },
        }
    }
    if !destination {
        diags.error(Code::General, line.span, "the route has no destination");
    }
}

/// Check the words of a rule.
pub(super) fn rule(is_static: bool, line: &Line, diags: &mut Diags) {
    let more = if is_static { STATIC } else { NO_MORE };
    let mut words = line.words.as_slice();
    let mut actions = 0;
    let mut preference = false;
    while let Some((word, rest)) = words.split_first() {
        if ["inet", "inet6"].contains(&word.text.as_str()) {
            words = family(&[RULE, ACTION, more], rest);
            continue;
        }
        let action = find(&[ACTION], &word.text);
        actions += usize::from(action.is_some());
        preference |= ["preference", "order", "priority"].contains(&word.text.as_str());
        let Some(row) = action.or_else(|| find(&[RULE, more], &word.text)) else {
            return unknown(&[RULE, ACTION, more], word, diags);
        };
        words = option(row, word, rest, line, diags);
    }
    match actions {
        0 => diags.error(Code::General, line.span, "the rule has no action"),
        1 => (),
        _ => diags.error(
            Code::General,
            line.span,
            "the rule has more than one action",
        ),
    }
    if !preference {
        let text = "the rule has no preference: the kernel chooses one";
        diags.warn(Code::Warning, line.span, text);
    }
}

/// What is left behind `inet` or `inet6`: they have always swallowed a word that
/// is no option.
fn family<'w>(tables: &[&'static [Row<()>]], words: &'w [Word]) -> &'w [Word] {
    match words.split_first() {
        Some((word, rest)) if find(tables, &word.text).is_none() && !is_destination(&word.text) => {
            rest
        }
        _ => words,
    }
}

/// A number as the type of the destination behind it.
fn is_type_number(text: &str, rest: &[Word]) -> bool {
    text.parse::<u8>().is_ok() && rest.first().is_some_and(|next| is_destination(&next.text))
}

fn find(tables: &[&'static [Row<()>]], text: &str) -> Option<&'static Row<()>> {
    let mut rows = tables.iter().flat_map(|rows| rows.iter());
    rows.find(|row| row.matches(text).is_some())
}

/// Check one option with the words that belong to it; what is left.
fn option<'w>(
    row: &'static Row<()>,
    keyword: &Word,
    mut words: &'w [Word],
    line: &Line,
    diags: &mut Diags,
) -> &'w [Word] {
    if row.name != keyword.text || row.meta.replaced_by.is_some() {
        let newer = row.meta.replaced_by.unwrap_or(row.name);
        let text = format!("`{}` is an old name of `{newer}`", keyword.text);
        diags.warn(Code::Deprecated, keyword.span, text);
    }
    let (_, most) = row.arg.arity();
    if let Some((first, rest)) = words.split_first()
        && most > 0
        && ["lock", "inet", "inet6"].contains(&first.text.as_str())
    {
        words = rest;
    }
    let (args, rest) = words.split_at(most.min(words.len()));
    let call = Call {
        keyword,
        args,
        line,
    };
    read::apply(&row.arg, &mut (), &call, diags);
    rest
}

fn encapsulation<'w>(words: &'w [Word], line: &Line, diags: &mut Diags) -> &'w [Word] {
    let Some((kind, mut words)) = words.split_first() else {
        diags.error(Code::MissingParameter, line.span, "`encap` needs a kind");
        return words;
    };
    let names: &[&str] = match kind.text.as_str() {
        "mpls" | "ila" => {
            if words.is_empty() {
                let text = format!("`{}` needs a value", kind.text);
                diags.error(Code::MissingParameter, kind.span, text);
            }
            return words.get(1..).unwrap_or_default();
        }
        "ip" => &["id", "dst", "src", "tos", "ttl", "flags"],
        "ip6" => &["id", "dst", "src", "tc", "hoplimit", "flags"],
        other => {
            let text = format!("`{other}` is no kind of encapsulation");
            refuse(diags, kind.span, Refusal::general(text));
            return words;
        }
    };
    while let Some((word, rest)) = words.split_first()
        && names.contains(&word.text.as_str())
        && let Some(row) = find(&[ENCAP], &word.text)
    {
        words = option(row, word, rest, line, diags);
    }
    words
}

fn is_destination(text: &str) -> bool {
    ["default", "any", "all", "default6"].contains(&text) || read::network(text).is_ok()
}

fn unknown(tables: &[&'static [Row<()>]], word: &Word, diags: &mut Diags) {
    let names = tables
        .iter()
        .flat_map(|rows| rows.iter().map(|row| row.name));
    diags.push(Diag {
        code: Code::General,
        severity: Severity::Error,
        span: Some(word.span),
        text: format!("unknown option `{}`", word.text),
        help: read::did_you_mean(&word.text, names),
    });
}
