//! The option words of rules.

use super::RuleAction;
use super::number::{decimal, decimal64, named, named_octet, range, realms, word32};
use super::rule_line::RuleDraft;
use crate::control_plane::arg::{flag, int, interface, words};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::manual::describe_options;
use crate::control_plane::read::{Refusal, refuse};
use crate::control_plane::schema::{Arg, Call, Describe, Lens};
use crate::control_plane::value::Spanned;
use crate::control_plane::words::Word;
use crate::model::{Family, IfName, NameKind};

type Row = crate::control_plane::schema::Row<RuleDraft>;
type Set = fn(&mut RuleDraft, &Call<'_>, &mut Diags);

/// One word with a rule of its own.
const fn one(usage: &'static str, set: Set) -> Arg<RuleDraft> {
    words(usage, 1, 1, set, |_, _, _| ())
}

const NOTHING: Arg<RuleDraft> = words("", 0, 0, |_, _, _| (), |_, _, _| ());

/// A word without arguments that is an action.
const fn act(set: Set) -> Arg<RuleDraft> {
    words("", 0, 0, set, |_, _, _| ())
}

pub(super) static RULE: &[Row] = &[
    Row::new(
        "inet",
        NOTHING,
        "The rule is for IPv4; where no address tells.",
    ),
    Row::new(
        "inet6",
        NOTHING,
        "The rule is for IPv6; where no address tells.",
    ),
    Row::new(
        "from",
        one("PREFIX|default|any|all", |draft, call, diags| {
            draft.rule.from = draft.prefix(call, diags);
        }),
        "The source of packets.",
    )
    .default("all"),
    Row::new(
        "to",
        one("PREFIX|default|any|all", |draft, call, diags| {
            draft.rule.to = draft.prefix(call, diags);
        }),
        "The destination of packets.",
    )
    .default("all"),
    Row::new(
        "not",
        flag(Lens {
            get: |_| None,
            set: |draft, _, _| draft.rule.inverted = true,
        }),
        "The rule is for packets that the other conditions do not match.",
    ),
    Row::new(
        "preference",
        PREFERENCE,
        "Where the rule stands: rules are asked in the order of this number.",
    )
    .default("16384 and downwards, a number for each rule of a family"),
    Row::new("order", PREFERENCE, "Another word for preference."),
    Row::new("priority", PREFERENCE, "Another word for preference."),
    Row::new("tos", one("VALUE", set_tos), "Another word for dsfield."),
    Row::new(
        "dsfield",
        one("VALUE", set_tos),
        "The type of service of packets: 0 to 255, or a name of rt_dsfield.",
    )
    .default("0"),
    Row::new(
        "fwmark",
        one("MARK[/MASK]", set_mark),
        "The firewall mark of packets, the bits of MASK of it.",
    )
    .default("any"),
    Row::new(
        "realms",
        one("[FROM/]TO", |draft, call, diags| {
            if let [word] = call.args
                && draft.is_of(Family::V4, word.span, diags)
            {
                draft.rule.realms = realms(&draft.names, word, diags);
            }
        }),
        "Marks for accounting and filters, 0 to 255 or names of rt_realms. IPv4 only, and only \
         with a table.",
    )
    .default("none"),
    Row::new(
        "suppress_prefixlength",
        one("N", set_suppress_prefix),
        "Routes of the table with a prefix of at most this length, 0 to 2147483647, do not count: 0 \
         leaves default routes out. Only with a table.",
    )
    .default("all routes count"),
    Row::new(
        "sup_pl",
        one("N", set_suppress_prefix),
        "Another word for suppress_prefixlength.",
    ),
    Row::new(
        "suppress_ifgroup",
        one("GROUP", set_suppress_group),
        "Routes of the table through this group of interfaces do not count. Only with a table.",
    )
    .default("all routes count"),
    Row::new(
        "sup_group",
        one("GROUP", set_suppress_group),
        "Another word for suppress_ifgroup.",
    ),
    Row::new("dev", interface(INPUT), "Another word for iif."),
    Row::new(
        "iif",
        interface(INPUT),
        "The interface that packets came in by; lo: they are this machine's own.",
    )
    .default("any"),
    Row::new(
        "oif",
        interface(Lens {
            get: |_| None,
            set: |draft, name, span| draft.rule.output = Some(Spanned::new(name, span)),
        }),
        "The interface that a socket of this machine is bound to.",
    )
    .default("any"),
    Row::new(
        "tunnel-id",
        one("N", |draft, call, diags| {
            if let [word] = call.args {
                draft.rule.tunnel = decimal64(word, diags);
            }
        }),
        "The tunnel that packets came in by, a number of 64 bits.",
    )
    .default("any"),
    Row::new(
        "uidrange",
        one("A-B", |draft, call, diags| {
            if let [word] = call.args {
                draft.rule.users = range(word, u32::MAX.into(), diags);
            }
        }),
        "The users whose sockets packets come from, first and last number.",
    )
    .default("any"),
    Row::new(
        "protocol",
        int(
            0,
            255,
            "",
            Lens {
                get: |_| None,
                set: |draft, number, _| {
                    draft.rule.protocol = u8::try_from(number).unwrap_or(u8::MAX);
                },
            },
        ),
        "Who made the rule, as others see it. A value other than 18 needs no_track.",
    )
    .default("18"),
    Row::new(
        "ipproto",
        one("PROTOCOL", set_ip_protocol),
        "The protocol of packets, a name or a number of 0 to 255: tcp, udp, icmp.",
    )
    .default("any"),
    Row::new(
        "sport",
        one("A-B", |draft, call, diags| {
            if let [word] = call.args {
                draft.rule.source_ports = range(word, 65535, diags);
            }
        }),
        "Source ports of packets, a range within 0 to 65535; a single one is N-N.",
    )
    .default("any"),
    Row::new(
        "dport",
        one("A-B", |draft, call, diags| {
            if let [word] = call.args {
                draft.rule.destination_ports = range(word, 65535, diags);
            }
        }),
        "Destination ports of packets, a range within 0 to 65535; a single one is N-N.",
    )
    .default("any"),
    Row::new(
        "no_track",
        flag(Lens {
            get: |_| None,
            set: |draft, _, _| draft.rule.track = false,
        }),
        "Nothing happens when somebody else deletes the rule. Otherwise it is put back, or the \
         instance leaves MASTER.",
    ),
    Row::new(
        "type",
        NOTHING,
        "May stand before an action, as with ip rule.",
    ),
];

pub(super) static ACTION: &[Row] = &[
    Row::new(
        "table",
        one("TABLE", set_table),
        "The table to look in: a number, or a name of rt_tables.",
    ),
    Row::new("lookup", one("TABLE", set_table), "Another word for table."),
    Row::new(
        "l3mdev",
        act(|draft, call, diags| draft.act(RuleAction::Vrf, call.span(), diags)),
        "Look in the table of the VRF that the interface belongs to.",
    ),
    Row::new(
        "goto",
        one("N", |draft, call, diags| {
            if let [word] = call.args
                && let Some(target) = decimal(word, u32::MAX.into(), diags)
            {
                draft.act(RuleAction::Goto(target), call.span(), diags);
            }
        }),
        "Go on with the rule of this preference, 0 to 4294967295; it has to stand behind this one.",
    ),
    Row::new(
        "nop",
        act(|draft, call, diags| draft.act(RuleAction::Nothing, call.span(), diags)),
        "Do nothing; the target of a goto.",
    ),
    Row::new(
        "blackhole",
        act(|draft, call, diags| draft.act(RuleAction::Blackhole, call.span(), diags)),
        "Drop packets without an answer.",
    ),
    Row::new(
        "unreachable",
        act(|draft, call, diags| draft.act(RuleAction::Unreachable, call.span(), diags)),
        "Drop packets, and tell the sender that the network cannot be reached.",
    ),
    Row::new(
        "prohibit",
        act(|draft, call, diags| draft.act(RuleAction::Prohibit, call.span(), diags)),
        "Drop packets, and tell the sender that this is prohibited.",
    ),
];

pub(super) static STATIC: &[Row] = &[Row::new(
    "track_group",
    one("NAME", |draft, call, _| {
        if let [word] = call.args {
            draft.rule.track_group = Some(Spanned::new(word.text.clone(), word.span));
        }
    }),
    "The track group whose instances leave MASTER when it is deleted.",
)];

const INPUT: Lens<RuleDraft, IfName> = Lens {
    get: |_| None,
    set: |draft, name, span| draft.rule.input = Some(Spanned::new(name, span)),
};

const PREFERENCE: Arg<RuleDraft> = one("N", |draft, call, diags| {
    if let [word] = call.args {
        draft.rule.preference = word32(word, diags);
    }
});

pub(in crate::vrrp::config) fn describe_rules(out: &mut dyn Describe) {
    describe_options(&[RULE, ACTION], out);
}

pub(in crate::vrrp::config) fn describe_static_rules(out: &mut dyn Describe) {
    describe_options(&[RULE, ACTION, STATIC], out);
}

fn set_tos(draft: &mut RuleDraft, call: &Call<'_>, diags: &mut Diags) {
    if let [word] = call.args
        && let Some(tos) = named_octet(&draft.names, NameKind::Dsfield, word, diags)
    {
        draft.rule.tos = tos;
    }
}

fn set_mark(draft: &mut RuleDraft, call: &Call<'_>, diags: &mut Diags) {
    let [word] = call.args else { return };
    let part = |text: &str| Word {
        text: text.to_owned(),
        span: word.span,
        quoted: word.quoted,
    };
    let (mark, mask) = match word.text.split_once('/') {
        Some((mark, mask)) => (mark, Some(mask)),
        None => (word.text.as_str(), None),
    };
    let Some(mark) = word32(&part(mark), diags) else {
        return;
    };
    let mask = match mask.map(|mask| word32(&part(mask), diags)) {
        Some(None) => return,
        Some(mask) => mask,
        None => None,
    };
    draft.rule.mark = Some((mark, mask));
}

fn set_suppress_prefix(draft: &mut RuleDraft, call: &Call<'_>, diags: &mut Diags) {
    if let [word] = call.args {
        draft.rule.suppress_prefix = decimal(word, i32::MAX.into(), diags);
    }
}

fn set_suppress_group(draft: &mut RuleDraft, call: &Call<'_>, diags: &mut Diags) {
    if let [word] = call.args {
        let group = named(&draft.names, NameKind::Group, word, diags);
        if group.is_some_and(|group| i32::try_from(group).is_err()) {
            let text = format!("{} is not within 0 to {}", word.text, i32::MAX);
            return diags.error(Code::InvalidNumber, word.span, text);
        }
        draft.rule.suppress_group = group;
    }
}

/// Table 0 is no table.
fn set_table(draft: &mut RuleDraft, call: &Call<'_>, diags: &mut Diags) {
    let [word] = call.args else { return };
    match named(&draft.names, NameKind::Table, word, diags) {
        Some(0) => {
            let text = "there is no table 0";
            refuse(diags, word.span, Refusal::general(text));
        }
        Some(table) => draft.act(RuleAction::Table(table), call.span(), diags),
        None => (),
    }
}

/// Protocols of the Internet by name (IANA).
const IP_PROTOCOLS: &[(&str, u8)] = &[
    ("icmp", 1),
    ("igmp", 2),
    ("ipip", 4),
    ("tcp", 6),
    ("udp", 17),
    ("dccp", 33),
    ("ipv6", 41),
    ("rsvp", 46),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("icmpv6", 58),
    ("ipv6-icmp", 58),
    ("eigrp", 88),
    ("ospf", 89),
    ("pim", 103),
    ("vrrp", 112),
    ("l2tp", 115),
    ("sctp", 132),
    ("udplite", 136),
];

/// The C daemon refuses numbers above 127, and takes the names of such protocols.
fn set_ip_protocol(draft: &mut RuleDraft, call: &Call<'_>, diags: &mut Diags) {
    let [word] = call.args else { return };
    let named = IP_PROTOCOLS.iter().find(|(name, _)| *name == word.text);
    draft.rule.ip_protocol = match named {
        Some((_, number)) => Some(*number),
        None if word.text.starts_with(|c: char| c.is_ascii_digit()) => {
            let number = decimal(word, 255, diags);
            if number.is_some_and(|number: u8| number > 127) {
                let text = "keepalived 2.4 knows protocols above 127 by name only";
                diags.warn(Code::Warning, word.span, text);
            }
            number
        }
        None => {
            let text = format!("`{}` is no IP protocol", word.text);
            refuse(diags, word.span, Refusal::general(text));
            None
        }
    };
}
