//! The keywords of `global_defs` about packet filters, beside those of `nftables` itself.

use super::GlobalConfig;
use super::lvs::Marking;
use crate::control_plane::arg::{int, words};
use crate::control_plane::diag::Diags;
use crate::control_plane::read::{self, Refusal, refuse};
use crate::control_plane::schema::{self, Call, at};
use crate::control_plane::show::Sink;
use crate::control_plane::value::Spanned;

/// A keyword of `global_defs`.
type Row = schema::Row<GlobalConfig>;

const NUMBER_MAX: i64 = u32::MAX as i64;

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
    Row::new(
        "nftables_ipvs",
        words("[TABLE]", 0, 1, set_marking, show_marking),
        "Packets for the addresses of a virtual_server_group get a mark by nftables, and the kernel has one virtual service for the mark instead of one for each address and port. TABLE is the table with the rules. Entries without a port keep a service of their own.",
    )
    .once()
    .default("keepalived_ipvs"),
    Row::new(
        "nftables_ipvs_priority",
        int(i32::MIN as i64, i32::MAX as i64, "", at!(lvs.marking.priority)),
        "The priority of the chains in the table of nftables_ipvs; stands behind nftables_ipvs.",
    )
    .default("-1"),
    Row::new(
        "nftables_ipvs_start_fwmark",
        int(1, NUMBER_MAX, "", at!(lvs.marking.first)),
        "The first mark for groups; behind nftables_ipvs. Marks that virtual servers name themselves are left out.",
    )
    .default("1000"),
];

/// The longest name of a table (`NFT_TABLE_MAXNAMELEN` without the NUL).
const TABLE_MAX: usize = 255;

/// A table named anew begins with the defaults.
fn set_marking(global: &mut GlobalConfig, call: &Call<'_>, diags: &mut Diags) {
    let Some(table) = table_name(call, diags) else {
        return;
    };
    global.lvs.marking = Marking {
        is_wanted: true,
        table,
        ..Marking::default()
    };
}

/// The name of a table of nftables, if one is given; nothing if the kernel has no room for it.
pub(super) fn table_name(call: &Call<'_>, diags: &mut Diags) -> Option<Option<String>> {
    let Some(word) = call.args.first() else {
        return Some(None);
    };
    match read::text(&word.text, TABLE_MAX) {
        Ok(name) => Some(Some(name)),
        Err(refusal) => {
            refuse(diags, word.span, refusal);
            None
        }
    }
}

fn show_marking(global: &GlobalConfig, name: &str, out: &mut dyn Sink) {
    let marking = &global.lvs.marking;
    if marking.is_wanted {
        let table: Vec<&str> = marking.table.iter().map(String::as_str).collect();
        out.line(name, &table);
    }
}

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
