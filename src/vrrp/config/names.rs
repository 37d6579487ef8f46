//! Names that blocks may refer to, and the lists in which they do.

use serde::{Deserialize, Serialize};

use super::{NotifyConfig, TrackedInterface, TrackerKind};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::value::Spanned;

/// What is defined, by kind.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Names {
    /// `vrrp_script`
    pub scripts: Vec<Spanned<String>>,
    /// `track_file`
    pub files: Vec<Spanned<String>>,
    /// `vrrp_track_process`
    pub processes: Vec<Spanned<String>>,
    /// `bfd_instance`
    pub bfd: Vec<Spanned<String>>,
    /// `vrrp_sync_group`
    pub sync_groups: Vec<SyncGroup>,
    /// `track_group`
    pub track_groups: Vec<Spanned<String>>,
}

/// `vrrp_sync_group`: instances that change state together.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct SyncGroup {
    /// Its name.
    pub name: Spanned<String>,
    /// The instances named.
    pub members: Vec<Spanned<String>>,
    /// Interfaces it tracks.
    pub interfaces: Vec<TrackedInterface>,
    /// What else it tracks.
    pub tracked: Tracked,
    /// What is told of it.
    pub notify: NotifyConfig,
    /// `sync_group_tracking_weight`: weights of the members' trackers count.
    pub tracking_weight: bool,
    /// The positions of its members among the instances, filled in by the
    /// resolution.
    pub instances: Vec<usize>,
}

/// Trackers named by an instance or a sync group.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Tracked {
    /// `track_script`
    pub scripts: Vec<TrackEntry>,
    /// `track_file`
    pub files: Vec<TrackEntry>,
    /// `track_process`
    pub processes: Vec<TrackEntry>,
    /// `track_bfd`
    pub bfd: Vec<TrackEntry>,
}

impl Tracked {
    /// The lines of one kind.
    #[must_use]
    pub fn entries(&self, kind: TrackerKind) -> &[TrackEntry] {
        match kind {
            TrackerKind::Script => &self.scripts,
            TrackerKind::File => &self.files,
            TrackerKind::Process => &self.processes,
            TrackerKind::Bfd => &self.bfd,
        }
    }
}

/// A line of such a list.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct TrackEntry {
    /// What is tracked.
    pub name: Spanned<String>,
    /// `weight`; `None`: that of the definition.
    pub weight: Option<i16>,
    /// `reverse` (true) or `noreverse` (false).
    pub reverse: Option<bool>,
}

impl Names {
    /// Report trackers that are named twice, or not defined before.
    pub fn check(&self, tracked: &Tracked, diags: &mut Diags) {
        let kinds = [
            ("vrrp_script", &tracked.scripts, &self.scripts),
            ("track_file", &tracked.files, &self.files),
            ("vrrp_track_process", &tracked.processes, &self.processes),
            ("bfd_instance", &tracked.bfd, &self.bfd),
        ];
        for (kind, entries, defined) in kinds {
            for (place, entry) in entries.iter().enumerate() {
                let name = &entry.name.value;
                let span = entry.name.span;
                let definition = defined.iter().find(|other| other.value == *name);
                match definition {
                    None => {
                        let text = format!("{kind} `{name}` is not defined");
                        diags.error(Code::General, span, text);
                    }
                    Some(definition) if definition.span.lo > span.lo => {
                        let text = format!("{kind} `{name}` must be defined before it is tracked");
                        diags.error(Code::General, span, text);
                    }
                    Some(_) => (),
                }
                if entries
                    .iter()
                    .take(place)
                    .any(|other| other.name.value == *name)
                {
                    let text = format!("{kind} `{name}` is tracked twice");
                    diags.error(Code::General, span, text);
                }
            }
        }
    }
}
