//! The top level of the configuration: what stands outside every block.

use super::draft::Draft;
use super::lvs::IpvsNamespace;
use super::{GlobalConfig, rows};
use crate::bfd::config as bfd;
use crate::check::config::top as check;
use crate::control_plane::arg::{block, flag, seconds, text, words};
use crate::control_plane::diag::Diags;
use crate::control_plane::schema::at;
use crate::control_plane::schema::{Block, Call, Inner, no_head};
use crate::control_plane::value::Spanned;
use crate::vrrp::config::{linkbeat, top as vrrp};

/// The top level.
pub static TOP: Block<Draft> = Block {
    // What may be referred to comes before what refers to it, so that a print reads again.
    rows: &[GLOBAL, bfd::ROWS, vrrp::ROWS, linkbeat::ROWS, check::ROWS],
    finish: None,
};

/// A keyword of the top level.
type Row = crate::control_plane::schema::Row<Draft>;

const GLOBAL: &[Row] = &[
    Row::new(
        "global_defs",
        block(&GLOBAL_DEFS),
        "Settings of all processes. May stand several times; later values go before earlier ones.",
    ),
    Row::new(
        "net_namespace",
        text("NAME", at!(global.net_namespace)),
        "Run in this network namespace. Implies use_pid_dir.",
    ).skipped_bare().default("none")
    .once(),
    Row::new(
        "net_namespace_ipvs",
        words("[NAME]", 0, 1, set_ipvs_namespace, |draft, name, out| {
            match &draft.global.lvs.namespace {
                IpvsNamespace::Same => (),
                IpvsNamespace::Host => out.line(name, &[]),
                IpvsNamespace::Named(namespace) => out.line(name, &[namespace]),
            }
        }),
        "The IPVS table that is kept is that of this network namespace; without a name, that of \
         the machine.",
    ).default("the namespace of the daemon")
    .once(),
    Row::new(
        "namespace_with_ipsets",
        flag(crate::control_plane::arg::nowhere()),
        "Accepted; sets of nftables belong to a namespace anyway.",
    ),
    Row::new(
        "use_pid_dir",
        flag(at!(global.use_pid_dir)),
        "Keep pid files below RUNDIR/keepalived/.",
    ),
    Row::new(
        "instance",
        text("NAME", at!(global.instance)),
        "Tells several daemons on a machine apart, in names of pid files and in logs. Implies use_pid_dir.",
    ).skipped_bare().default("none")
    .once(),
    Row::new(
        "child_wait_time",
        seconds(0, u32::MAX as u64, at!(global.child_wait_time)),
        "How long the parent waits for the other processes to end before it kills them.",
    )
    .default("5"),
];

fn set_ipvs_namespace(draft: &mut Draft, call: &Call<'_>, _: &mut Diags) {
    draft.global.lvs.namespace = match call.args.first() {
        Some(word) => IpvsNamespace::Named(Spanned::new(word.text.clone(), word.span)),
        None => IpvsNamespace::Host,
    };
}

static GLOBAL_DEFS: Inner<Draft, GlobalConfig> = Inner {
    block: &rows::BLOCK,
    usage: "",
    part: |draft| &draft.global,
    part_mut: |draft| &mut draft.global,
    head: no_head,
};
