//! Which trackers of a new configuration are those of the old one.
//!
//! A tracker is the same when it is called the same and looks at the same thing
//! (`protocols.md` section 16): what is known of it stays known, whatever else its
//! definition says now. Its place may be another one.

use std::collections::HashMap;
use std::hash::Hash;
use std::ptr;

use super::super::config::{
    FileConfig, InstanceConfig, ProcessConfig, ScriptConfig, TrackedSession, TrackerKind,
    TrackerUse, VrrpConfig,
};

/// For each tracker of the new configuration, its place in the old one.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TrackerPlan {
    scripts: Vec<Option<usize>>,
    files: Vec<Option<usize>>,
    processes: Vec<Option<usize>>,
    sessions: Vec<Option<usize>>,
    /// Each stands where it stood before.
    is_identity: bool,
}

impl TrackerPlan {
    /// The way from `old` to `new`.
    #[must_use]
    pub fn between(old: &VrrpConfig, new: &VrrpConfig) -> Self {
        let scripts = places(&old.scripts, &new.scripts, script_name, is_same_script);
        let files = places(&old.files, &new.files, file_name, is_same_file);
        let processes = places(
            &old.processes,
            &new.processes,
            process_name,
            is_same_process,
        );
        let sessions = places(&old.sessions, &new.sessions, session_name, |_, _| true);
        let unmoved = |places: &[Option<usize>], count: usize| {
            let mut places = places.iter().enumerate();
            count == places.len() && places.all(|(new, old)| *old == Some(new))
        };
        Self {
            is_identity: unmoved(&scripts, old.scripts.len())
                && unmoved(&files, old.files.len())
                && unmoved(&processes, old.processes.len())
                && unmoved(&sessions, old.sessions.len()),
            scripts,
            files,
            processes,
            sessions,
        }
    }

    /// The old place of a tracker at a new place, if it was there.
    #[must_use]
    pub fn from(&self, kind: TrackerKind, new: usize) -> Option<usize> {
        match kind {
            TrackerKind::Script => self.scripts.get(new).copied().flatten(),
            TrackerKind::File => self.files.get(new).copied().flatten(),
            TrackerKind::Process => self.processes.get(new).copied().flatten(),
            TrackerKind::Bfd => self.sessions.get(new).copied().flatten(),
        }
    }

    /// Whether an instance is configured as before: the places of trackers may
    /// differ.
    #[must_use]
    pub fn is_same_instance(&self, old: &InstanceConfig, new: &InstanceConfig) -> bool {
        if self.is_identity || new.trackers.is_empty() {
            return ptr::eq(old, new) || old == new;
        }
        let same = |(old, new): (&TrackerUse, &TrackerUse)| {
            let place = self.from(new.kind, new.index);
            old.kind == new.kind && old.weight == new.weight && place == Some(old.index)
        };
        let (before, after) = (&old.trackers, &new.trackers);
        let trackers = before.len() == after.len() && before.iter().zip(after).all(same);
        trackers && {
            let mut moved = old.clone();
            moved.trackers.clone_from(after);
            moved == *new
        }
    }
}

impl TrackerPlan {
    /// What happens to scripts, files and processes, a line each.
    pub(super) fn describe(&self, old: &VrrpConfig, new: &VrrpConfig) -> Vec<String> {
        let scripts = lines(
            "script",
            &self.scripts,
            &old.scripts,
            &new.scripts,
            script_name,
        );
        let files = lines("file", &self.files, &old.files, &new.files, file_name);
        let processes = lines(
            "process",
            &self.processes,
            &old.processes,
            &new.processes,
            process_name,
        );
        [scripts, files, processes].concat()
    }
}

fn lines<T: PartialEq>(
    kind: &str,
    places: &[Option<usize>],
    old: &[T],
    new: &[T],
    name: fn(&T) -> &String,
) -> Vec<String> {
    let gone = old.iter().enumerate();
    let gone = gone.filter(|(place, _)| !places.contains(&Some(*place)));
    let gone = gone.map(|(_, tracker)| format!("remove {kind} {}", name(tracker)));
    let come = places.iter().zip(new).filter_map(|(place, tracker)| {
        match place.and_then(|place| old.get(place)) {
            None => Some(format!("add {kind} {}", name(tracker))),
            Some(before) if before == tracker => None,
            Some(_) => Some(format!("change {kind} {}: its state stays", name(tracker))),
        }
    });
    gone.chain(come).collect()
}

/// For each of `new`, the place of the same one in `old`.
fn places<T, N: Eq + Hash>(
    old: &[T],
    new: &[T],
    name: for<'t> fn(&'t T) -> &'t N,
    is_same: fn(&T, &T) -> bool,
) -> Vec<Option<usize>> {
    let known: HashMap<&N, usize> = old.iter().map(name).zip(0..).collect();
    let place = |tracker: &T| {
        let place = *known.get(name(tracker))?;
        old.get(place)
            .is_some_and(|before| is_same(before, tracker))
            .then_some(place)
    };
    new.iter().map(place).collect()
}

const fn script_name(script: &ScriptConfig) -> &String {
    &script.name.value
}

const fn file_name(file: &FileConfig) -> &String {
    &file.name.value
}

const fn process_name(process: &ProcessConfig) -> &String {
    &process.name.value
}

const fn session_name(session: &TrackedSession) -> &String {
    &session.name.value
}

/// Name, command and user.
fn is_same_script(old: &ScriptConfig, new: &ScriptConfig) -> bool {
    old.command == new.command
}

fn is_same_file(old: &FileConfig, new: &FileConfig) -> bool {
    old.path == new.path
}

fn is_same_process(old: &ProcessConfig, new: &ProcessConfig) -> bool {
    old.command == new.command
        && old.parameters == new.parameters
        && old.full_command == new.full_command
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control_plane::source::Span;
    use crate::control_plane::value::{Shared, Spanned};
    use crate::vrrp::config::tracker::Weight;
    use crate::vrrp::plan::Plan;

    fn name(name: &str) -> Spanned<String> {
        Spanned::new(name.to_owned(), Span::default())
    }

    fn file(called: &str, path: &str) -> FileConfig {
        FileConfig {
            path: Some(name(path)),
            ..FileConfig::new(name(called))
        }
    }

    /// One instance that tracks the file at this place.
    fn config(files: &[FileConfig], tracked: usize) -> VrrpConfig {
        let mut instance = InstanceConfig::new(name("VI_1"));
        instance.trackers.push(TrackerUse {
            kind: TrackerKind::File,
            index: tracked,
            weight: Weight::default(),
        });
        VrrpConfig {
            instances: vec![Shared::new(instance)],
            files: files.to_vec(),
            ..VrrpConfig::default()
        }
    }

    #[test]
    fn a_tracker_is_found_by_name_and_subject() {
        let old = config(&[file("a", "/x"), file("b", "/y")], 0);
        let new = config(&[file("c", "/x"), file("b", "/y"), file("a", "/z")], 1);
        let plan = TrackerPlan::between(&old, &new);
        assert_eq!(
            plan.describe(&old, &new),
            ["remove file a", "add file c", "add file a"]
        );
        let from = |place| plan.from(TrackerKind::File, place);
        assert_eq!([0, 1, 2, 3].map(from), [None, Some(1), None, None]);
    }

    #[test]
    fn a_session_is_found_by_name() {
        let config = |names: &[&str]| VrrpConfig {
            sessions: names
                .iter()
                .map(|called| TrackedSession {
                    name: name(called),
                    weight: Weight::default(),
                })
                .collect(),
            ..VrrpConfig::default()
        };
        let plan = TrackerPlan::between(&config(&["a", "b", "c"]), &config(&["c", "new", "a"]));
        let from = |place| plan.from(TrackerKind::Bfd, place);
        assert_eq!([0, 1, 2].map(from), [Some(2), None, Some(0)]);
    }

    #[test]
    fn an_instance_does_not_notice_that_its_tracker_has_moved() {
        let old = config(&[file("a", "/x"), file("b", "/y")], 1);
        let new = config(&[file("b", "/y")], 0);
        assert!(Plan::between(&old, &new).is_empty());
        let other = config(&[file("b", "/z")], 0);
        assert!(!Plan::between(&old, &other).is_empty());
        let others = config(&[file("a", "/x"), file("b", "/y")], 0);
        assert!(!Plan::between(&old, &others).is_empty());
    }
}
