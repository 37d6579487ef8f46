//! The top level of the configuration: what stands outside every block.

use super::{GlobalConfig, rows};
use crate::at;
use crate::bfd::config as bfd;
use crate::check::config as check;
use crate::control_plane::arg::{block, flag, seconds, some_words, words};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::schema::{Block, Call, Inner, Row, no_head};
use crate::control_plane::show::Sink;
use crate::control_plane::value::Spanned;
use crate::vrrp::config::{Names, VrrpConfig, top as vrrp};

/// A configuration while it is read; [`crate::vrrp::config::resolve`] completes it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Draft {
    /// The global keywords.
    pub global: GlobalConfig,
    /// The virtual routers and what belongs to them.
    pub vrrp: VrrpConfig,
    /// What other blocks may refer to by name.
    pub names: Names,
    /// Real servers seen in the virtual server that is read.
    pub real_servers: usize,
    /// Virtual servers seen.
    pub virtual_servers: usize,
}

/// The top level.
pub static TOP: Block<Draft> = Block {
    rows: &[GLOBAL, vrrp::ROWS, vrrp::LATER, check::ROWS, bfd::ROWS],
    finish: None,
};

const GLOBAL: &[Row<Draft>] = &[
    Row::new(
        "global_defs",
        block(&GLOBAL_DEFS),
        "Settings of all processes. May stand several times; later values go before earlier ones.",
    ),
    Row::new(
        "net_namespace",
        words("NAME", 1, 1, set_namespace, |draft, name, out| {
            show_once(draft.global.net_namespace.as_ref(), name, out);
        }),
        "Run in this network namespace. Implies use_pid_dir.",
    ),
    Row::later(
        "net_namespace_ipvs",
        some_words("[NAME]", 0, 1),
        "Another namespace for IPVS only.",
    ),
    Row::later(
        "namespace_with_ipsets",
        flag(crate::control_plane::arg::nowhere()),
        "Use ipsets also in a namespace.",
    ),
    Row::new(
        "use_pid_dir",
        flag(at!(global.use_pid_dir)),
        "Keep pid files below RUNDIR/keepalived/.",
    ),
    Row::new(
        "instance",
        words("NAME", 1, 1, set_instance, |draft, name, out| {
            show_once(draft.global.instance.as_ref(), name, out);
        }),
        "Tells several daemons on a machine apart, in names of pid files and in logs. Implies use_pid_dir.",
    ),
    Row::new(
        "child_wait_time",
        seconds(0, u32::MAX as u64, at!(global.child_wait_time)),
        "How long the parent waits for the other processes to end before it kills them.",
    ),
];

static GLOBAL_DEFS: Inner<Draft, GlobalConfig> = Inner {
    block: &rows::BLOCK,
    usage: "",
    part: |draft| &draft.global,
    part_mut: |draft| &mut draft.global,
    head: no_head,
};

fn set_namespace(draft: &mut Draft, call: &Call<'_>, diags: &mut Diags) {
    once(&mut draft.global.net_namespace, call, diags);
}

fn set_instance(draft: &mut Draft, call: &Call<'_>, diags: &mut Diags) {
    once(&mut draft.global.instance, call, diags);
}

/// The first definition stays.
fn once(field: &mut Option<Spanned<String>>, call: &Call<'_>, diags: &mut Diags) {
    let Some(word) = call.args.first() else {
        return;
    };
    match field {
        None => *field = Some(Spanned::new(word.text.clone(), word.span)),
        Some(first) => {
            let text = format!(
                "`{}` is given a second time: `{}` stays",
                call.keyword.text, first.value
            );
            diags.error(Code::General, word.span, text);
        }
    }
}

fn show_once(value: Option<&Spanned<String>>, name: &str, out: &mut dyn Sink) {
    if let Some(value) = value {
        out.line(name, &[value]);
    }
}
