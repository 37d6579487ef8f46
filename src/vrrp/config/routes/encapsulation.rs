//! `encap KIND ...`

use super::number::{decimal, decimal64, named_octet};
use super::option_words::option;
use super::route_line::RouteDraft;
use crate::control_plane::arg::{address, int, words};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::read::{Refusal, refuse};
use crate::control_plane::schema::{Call, Lens, Row};
use crate::control_plane::words::{Line, Word};
use crate::model::{Family, NameKind};
use crate::netlink::encapsulation::{Encapsulation, Tunnel};

/// The greatest label (RFC 3032 section 2.1).
const LABEL_MAX: i64 = (1 << 20) - 1;

/// The kinds, and what each is followed by.
pub(super) static KINDS: &[Row<RouteDraft>] = &[
    Row::<RouteDraft>::new(
        "ip",
        words("", 0, 0, |_, _, _| (), |_, _, _| ()),
        "Into a tunnel over IPv4 that has no fixed end.",
    )
    .skipped_bare(),
    Row::<RouteDraft>::new(
        "ip6",
        words("", 0, 0, |_, _, _| (), |_, _, _| ()),
        "Into a tunnel over IPv6 that has no fixed end.",
    )
    .skipped_bare(),
    Row::<RouteDraft>::new(
        "mpls",
        words("LABEL[/LABEL...]", 1, 1, set_labels, |_, _, _| ()),
        "MPLS labels, 0 to 1048575, the outermost first.",
    )
    .skipped_bare(),
    Row::<RouteDraft>::new(
        "ila",
        words("LOCATOR", 1, 1, set_locator, |_, _, _| ()),
        "Identifier locator addressing: four groups of hexadecimal digits.",
    )
    .skipped_bare(),
];

/// The words of tunnels.
pub(super) static OPTIONS: &[Row<RouteDraft>] = &[
    Row::<RouteDraft>::new(
        "id",
        words("N", 1, 1, set_id, |_, _, _| ()),
        "The number of the tunnel, up to 64 bits.",
    )
    .skipped_bare()
    .default("0"),
    Row::<RouteDraft>::new(
        "dst",
        address(Lens {
            get: |_| None,
            set: |draft, addr, _| draft.tunnel.destination = Some(addr),
        }),
        "The address of the other end of the tunnel.",
    )
    .skipped_bare()
    .default("that of the lower tunnel device"),
    Row::<RouteDraft>::new(
        "src",
        address(Lens {
            get: |_| None,
            set: |draft, addr, _| draft.tunnel.source = Some(addr),
        }),
        "The address of this end of the tunnel.",
    )
    .skipped_bare()
    .default("the kernel's choice"),
    Row::<RouteDraft>::new(
        "tos",
        words("VALUE", 1, 1, set_tos, |_, _, _| ()),
        "The type of service of the outer packets; for ip.",
    )
    .skipped_bare()
    .default("0"),
    Row::<RouteDraft>::new(
        "tc",
        words("VALUE", 1, 1, set_tos, |_, _, _| ()),
        "The traffic class of the outer packets; for ip6.",
    )
    .skipped_bare()
    .default("0"),
    Row::<RouteDraft>::new(
        "ttl",
        int(0, 255, "", TTL),
        "The time to live of the outer packets; for ip. 0: the kernel's.",
    )
    .skipped_bare()
    .default("0"),
    Row::<RouteDraft>::new(
        "hoplimit",
        int(0, 255, "", TTL),
        "The hop limit of the outer packets; for ip6. 0: the kernel's.",
    )
    .skipped_bare()
    .default("0"),
    Row::<RouteDraft>::new(
        "flags",
        int(
            0,
            65535,
            "",
            Lens {
                get: |_| None,
                set: |draft, flags, _| draft.tunnel.flags = u16::try_from(flags).ok(),
            },
        ),
        "Flags of the tunnel as the kernel numbers them.",
    )
    .skipped_bare()
    .default("0"),
];

const TTL: Lens<RouteDraft, i64> = Lens {
    get: |_| None,
    set: |draft, ttl, _| draft.tunnel.ttl = u8::try_from(ttl).ok(),
};

/// Read the words behind `encap`; what is left, or nothing after a mistake that
/// leaves no sense in them.
pub(super) fn read<'w>(
    draft: &mut RouteDraft,
    keyword: &Word,
    words: &'w [Word],
    line: &Line,
    diags: &mut Diags,
) -> Option<&'w [Word]> {
    let Some((kind, mut words)) = words.split_first() else {
        diags.error(Code::General, keyword.span, "`encap` needs a kind");
        return None;
    };
    let Some(row) = KINDS.iter().find(|row| row.name == kind.text) else {
        let text = format!("`{}` is no kind of encapsulation", kind.text);
        refuse(diags, kind.span, Refusal::general(text));
        return None;
    };
    let own: &[&str] = match row.name {
        "ip" => &["id", "dst", "src", "tos", "ttl", "flags"],
        "ip6" => &["id", "dst", "src", "tc", "hoplimit", "flags"],
        _ => return option(row, draft, kind, words, line, diags),
    };
    draft.tunnel = Tunnel::default();
    while let Some((word, rest)) = words.split_first()
        && own.contains(&word.text.as_str())
        && let Some(row) = OPTIONS.iter().find(|row| row.name == word.text)
    {
        words = option(row, draft, word, rest, line, diags)?;
    }
    let family = if row.name == "ip" {
        Family::V4
    } else {
        Family::V6
    };
    keep(draft, family, kind, diags);
    Some(words)
}

fn keep(draft: &mut RouteDraft, family: Family, kind: &Word, diags: &mut Diags) {
    let tunnel = draft.tunnel;
    let ends = [tunnel.destination, tunnel.source];
    if ends.iter().flatten().any(|end| Family::of(end) != family) {
        let text = format!("`dst` and `src` of `encap {}` are of its family", kind.text);
        return refuse(diags, kind.span, Refusal::general(text));
    }
    if tunnel.id.is_none() && tunnel.destination.is_none() {
        let text = format!("`encap {}` needs `id` or `dst`", kind.text);
        return diags.error(Code::General, kind.span, text);
    }
    draft.hop.encapsulation = Some(match family {
        Family::V4 => Encapsulation::Ip(tunnel),
        Family::V6 => Encapsulation::Ip6(tunnel),
    });
}

fn set_labels(draft: &mut RouteDraft, call: &Call<'_>, diags: &mut Diags) {
    let [word] = call.args else { return };
    let mut labels = Vec::new();
    for text in word.text.split('/') {
        let part = Word {
            text: text.to_owned(),
            span: word.span,
            quoted: word.quoted,
        };
        match decimal(&part, LABEL_MAX, diags) {
            Some(label) => labels.push(label),
            None => return,
        }
    }
    draft.hop.encapsulation = Some(Encapsulation::Mpls(labels));
}

fn set_locator(draft: &mut RouteDraft, call: &Call<'_>, diags: &mut Diags) {
    let [word] = call.args else { return };
    let groups: Vec<_> = word.text.split(':').collect();
    let is_group = |group: &&str| {
        (1..=4).contains(&group.len()) && group.bytes().all(|b| b.is_ascii_hexdigit())
    };
    if groups.len() != 4 || !groups.iter().all(is_group) {
        let text = format!("`{}` is no locator such as 1:2:3:4", word.text);
        return refuse(diags, word.span, Refusal::general(text));
    }
    let groups = groups
        .iter()
        .filter_map(|group| u64::from_str_radix(group, 16).ok());
    let locator = groups.fold(0, |locator, group| locator << 16 | group);
    draft.hop.encapsulation = Some(Encapsulation::Ila(locator));
}

fn set_id(draft: &mut RouteDraft, call: &Call<'_>, diags: &mut Diags) {
    if let [word] = call.args {
        draft.tunnel.id = decimal64(word, diags);
    }
}

fn set_tos(draft: &mut RouteDraft, call: &Call<'_>, diags: &mut Diags) {
    if let [word] = call.args {
        draft.tunnel.tos = named_octet(&draft.names, NameKind::Dsfield, word, diags);
    }
}
