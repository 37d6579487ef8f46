//! What changes the priority, or means FAULT.

use super::Row;
use crate::control_plane::arg::flag;
use crate::control_plane::schema::at;
use crate::vrrp::config::InstanceConfig;
use crate::vrrp::config::lists::{tracked, tracked_interfaces};

pub(super) const TRACKING: &[Row] = &[
    tracked_interfaces!(
        InstanceConfig,
        given.interfaces,
        "Interfaces whose state changes the priority, or means FAULT."
    ),
    Row::new(
        "dont_track_primary",
        flag(at!(dont_track_primary)),
        "The own interface may be down without FAULT.",
    ),
];

pub(super) const TRACKERS: &[Row] = &[
    tracked!(
        "track_script",
        Script,
        InstanceConfig,
        given.tracked.scripts,
        "Scripts whose outcome changes the priority, or means FAULT."
    ),
    tracked!(
        "track_file",
        File,
        InstanceConfig,
        given.tracked.files,
        "Files whose number changes the priority, or means FAULT."
    ),
    tracked!(
        "track_process",
        Process,
        InstanceConfig,
        given.tracked.processes,
        "Processes whose number changes the priority, or means FAULT."
    ),
    tracked!(
        "track_bfd",
        Bfd,
        InstanceConfig,
        given.tracked.bfd,
        "BFD sessions whose state changes the priority, or means FAULT."
    ),
];
