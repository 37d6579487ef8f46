//! `vrrp_sync_group`

use super::lists::{self, tracked, tracked_interfaces};
use super::names::SyncGroup;
use super::top::one_name;
use crate::control_plane::arg::{flag, lines};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::read::{Refusal, refuse};
use crate::control_plane::schema::{Block, Child, Row, at, deprecated};
use crate::control_plane::source::Span;
use crate::global::draft::Draft;

pub(super) static SYNC_GROUP: Child<Draft, SyncGroup> = Child {
    block: &Block {
        rows: &[MEMBERS, TRACKERS, super::notify::GROUP],
        finish: Some(finish_sync_group),
    },
    usage: "NAME",
    open: |draft, call, diags| {
        let name = one_name(call, diags)?;
        let mut groups = draft.names.sync_groups.iter();
        if groups.any(|other| other.name == name) {
            let text = format!("vrrp_sync_group `{}` is defined twice", name.value);
            refuse(diags, name.span, Refusal::general(text));
            return None;
        }
        Some(SyncGroup {
            name,
            ..SyncGroup::default()
        })
    },
    close: |draft, group| draft.names.sync_groups.push(group),
    each: |draft, show| {
        // While it is read they are with the names; a complete configuration has
        // them with the instances.
        for group in draft
            .names
            .sync_groups
            .iter()
            .chain(&draft.vrrp.sync_groups)
        {
            show(&[&group.name], group);
        }
    },
};

const MEMBERS: &[Row<SyncGroup>] = &[
    Row::new(
        "group",
        lines(
            "INSTANCE ...",
            |group: &mut SyncGroup, line, _| lists::add_members(&mut group.members, line),
|group, out| lists::show_members(&group.members, out),
            |_| (),
        ),
        "The instances. They may be defined later; an instance belongs to one group.",
    ),
    Row::<SyncGroup>::new(
        "sync_group_tracking_weight",
        flag(at!(tracking_weight)),
        "Weights of the members' own trackers count. Without it the members would differ by them, so \
         that they are not tracked, or without weight.",
    )
    .aliases(&[deprecated("global_tracking")]),
];

const TRACKERS: &[Row<SyncGroup>] = &[
    tracked_interfaces!(
        SyncGroup,
        interfaces,
        "Interfaces tracked by every instance."
    ),
    tracked!(
        "track_script",
        Script,
        SyncGroup,
        tracked.scripts,
        "Scripts tracked by every instance."
    ),
    tracked!(
        "track_file",
        File,
        SyncGroup,
        tracked.files,
        "Files tracked by every instance."
    ),
    tracked!(
        "track_process",
        Process,
        SyncGroup,
        tracked.processes,
        "Processes tracked by every instance."
    ),
    tracked!(
        "track_bfd",
        Bfd,
        SyncGroup,
        tracked.bfd,
        "BFD sessions tracked by every instance."
    ),
];

fn finish_sync_group(group: &mut SyncGroup, span: Span, diags: &mut Diags) {
    match group.members.len() {
        0 => {
            let text = format!("vrrp_sync_group `{}` has no members", group.name.value);
            diags.error(Code::General, span, text);
        }
        1 => {
            let text = format!("vrrp_sync_group `{}` has a single member", group.name.value);
            diags.warn(Code::Warning, group.name.span, text);
            diags.lint("single-member-group");
        }
        _ => (),
    }
}
