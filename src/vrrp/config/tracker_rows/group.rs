//! `track_group`.

use super::{one_name, unique};
use crate::control_plane::arg::lines;
use crate::control_plane::schema::{Block, Child, Row};
use crate::global::draft::Draft;
use crate::vrrp::config::lists;
use crate::vrrp::config::tracker::TrackGroup;

pub(in crate::vrrp::config) static TRACK_GROUP: Child<Draft, TrackGroup> = Child {
    block: &Block {
        rows: &[&[Row::new(
            "group",
            lines(
                "INSTANCE ...",
                |group: &mut TrackGroup, line, _| lists::add_members(&mut group.members, line),
                |group, out| lists::show_members(&group.members, out),
                |_| (),
            ),
            "The instances of the track group.",
        )
        .once()]],
        finish: None,
    },
    usage: "NAME",
    open: |draft, call, diags| {
        let name = one_name(call, diags)?;
        let name = unique(&mut draft.names.track_groups, name, call, diags)?;
        Some(TrackGroup {
            name,
            ..TrackGroup::default()
        })
    },
    close: |draft, group| draft.vrrp.track_groups.push(group),
    each: |draft, show| {
        for group in &draft.vrrp.track_groups {
            show(&[&group.name], group);
        }
    },
};
