//! Keywords of `global_defs` that are recognised and checked, and whose effect comes later.

use super::GlobalConfig;
use crate::control_plane::arg::{int, nowhere, some_words, words};
use crate::control_plane::diag::Diags;
use crate::control_plane::read::{Refusal, refuse};
use crate::control_plane::schema::{self, Call};
use crate::control_plane::value::Spanned;

/// A keyword of `global_defs`.
type Row = schema::Row<GlobalConfig>;

const NUMBER_MAX: i64 = u32::MAX as i64;

type Argument = schema::Arg<GlobalConfig>;

pub(super) const FIREWALL: &[Row] = &[
    Row::new(
        "vrrp_iptables",
        words("[IN-CHAIN [OUT-CHAIN]]", 0, 2, not_iptables, |_, _, _| ()),
        "Accepted; a table of nftables does the work.",
    ),
    Row::new(
        "vrrp_ipsets",
        words("[SET ...]", 0, 6, not_iptables, |_, _, _| ()),
        "Accepted; sets of nftables do the work.",
    ),
    Row::later(
        "nftables_ipvs",
        some_words("[TABLE]", 0, 1),
        "Marks of virtual server groups by nftables.",
    ),
    Row::later(
        "nftables_ipvs_priority",
        SIGNED,
        "The priority of its chains.",
    ),
    Row::later(
        "nftables_ipvs_start_fwmark",
        int(1, NUMBER_MAX, "", nowhere()),
        "The first mark.",
    ),
];

const SIGNED: Argument = int(i32::MIN as i64, i32::MAX as i64, "", nowhere());

fn not_iptables(global: &mut GlobalConfig, call: &Call<'_>, diags: &mut Diags) {
    distinct(call, diags);
    let place = Spanned::new((), call.keyword.span);
    global.nftables.iptables.get_or_insert(place);
    let text = format!(
        "`{}`: nftables is used instead, table `keepalived` unless `nftables` names another",
        call.keyword.text
    );
    diags.note(call.keyword.span, text);
}

fn distinct(call: &Call<'_>, diags: &mut Diags) {
    for (place, word) in call.args.iter().enumerate() {
        if call
            .args
            .iter()
            .take(place)
            .any(|other| other.text == word.text)
        {
            let text = format!("`{}` is named twice", word.text);
            refuse(diags, word.span, Refusal::general(text));
        }
    }
}
