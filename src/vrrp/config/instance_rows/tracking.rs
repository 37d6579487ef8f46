//! What changes the priority, or means FAULT.

use super::Row;
use crate::control_plane::arg::{flag, lines};
use crate::control_plane::schema::at;
use crate::vrrp::config::lists;

pub(super) const TRACKING: &[Row] = &[
    Row::new(
        "track_interface",
        lines(
            lists::INTERFACE_USAGE,
            |instance, line, diags| {
                lists::add_interface(&mut instance.given.interfaces, line, diags);
            },
            |instance, out| lists::show_interfaces(&instance.given.interfaces, out),
            lists::describe_interface,
        ),
        "Interfaces whose state changes the priority, or means FAULT.",
    ),
    Row::new(
        "dont_track_primary",
        flag(at!(dont_track_primary)),
        "The own interface may be down without FAULT.",
    ),
];

pub(super) const TRACKERS: &[Row] = &[
    Row::new(
        "track_script",
        lines(
            lists::TRACK_USAGE,
            |instance, line, diags| lists::track(&mut instance.given.tracked.scripts, line, diags),
            |instance, out| lists::show_tracks(&instance.given.tracked.scripts, out),
            lists::describe_track,
        ),
        "Scripts whose outcome changes the priority, or means FAULT.",
    ),
    Row::new(
        "track_file",
        lines(
            lists::TRACK_USAGE,
            |instance, line, diags| lists::track(&mut instance.given.tracked.files, line, diags),
            |instance, out| lists::show_tracks(&instance.given.tracked.files, out),
            lists::describe_track,
        ),
        "Files whose number changes the priority, or means FAULT.",
    ),
    Row::new(
        "track_process",
        lines(
            lists::TRACK_USAGE,
            |instance, line, diags| {
                lists::track(&mut instance.given.tracked.processes, line, diags)
            },
            |instance, out| lists::show_tracks(&instance.given.tracked.processes, out),
            lists::describe_track,
        ),
        "Processes whose number changes the priority, or means FAULT.",
    ),
    Row::new(
        "track_bfd",
        lines(
            lists::TRACK_USAGE,
            |instance, line, diags| lists::track(&mut instance.given.tracked.bfd, line, diags),
            |instance, out| lists::show_tracks(&instance.given.tracked.bfd, out),
            lists::describe_track,
        ),
        "BFD sessions whose state changes the priority, or means FAULT.",
    ),
];
