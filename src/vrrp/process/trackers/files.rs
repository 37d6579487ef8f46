//! Tracked files of instances: who tracks which, and what their numbers are told to.

use std::path::Path;
use std::rc::Rc;

use scheduler::{Key, Scheduler};

use crate::track::files::{self, Files, Host, Tracked};
use crate::vrrp::config::{FileConfig, TrackerKind};
use crate::vrrp::fsm::{Status, TrackSource, TrackerKey};
use crate::vrrp::plan::TrackerPlan;
use crate::vrrp::process::VrrpProcess;

impl Host for VrrpProcess {
    fn tracked_files(&mut self) -> &mut Files<Self> {
        &mut self.trackers.files
    }

    fn files_changed(&mut self, s: &mut Scheduler<Self>, news: &[(Key, i32)]) {
        for (key, value) in news {
            self.file_says(s, *key, *value);
        }
        self.perform(s);
    }
}

/// `init_file`
fn make(file: &FileConfig) {
    if let (Some(init), Some(path)) = (file.init, &file.path) {
        files::initialise(Path::new(&path.value), init.value, init.overwrite);
    }
}

impl VrrpProcess {
    /// Read the files that somebody tracks, and follow their changes.
    pub(super) fn set_up_files(&mut self, s: &mut Scheduler<Self>) {
        let config = Rc::clone(&self.config);
        config.vrrp.files.iter().for_each(make);
        let all = config.vrrp.files.iter().zip(0..);
        let wanted = all.filter_map(|(file, key)| self.tracked_file(file, key, 0));
        let wanted = wanted.collect();
        self.follow_files(s, wanted);
    }

    /// Files that are the same as before keep their numbers, others are made if they are
    /// to be; all are read, so that those tracked from now on count at once.
    pub(super) fn carry_files(&mut self, s: &mut Scheduler<Self>, plan: &TrackerPlan) {
        let config = Rc::clone(&self.config);
        let all = config.vrrp.files.iter().enumerate();
        let wanted = all.filter_map(|(place, file)| {
            let from = plan.from(TrackerKind::File, place).map(key);
            if from.is_none() {
                make(file);
            }
            let old = self.trackers.files.list().iter();
            let known = from.and_then(|from| old.into_iter().find(|file| file.key == from));
            self.tracked_file(file, key(place), known.map_or(0, |file| file.value))
        });
        let wanted = wanted.collect();
        self.follow_files(s, wanted);
    }

    /// A file to be followed, if anybody tracks it.
    fn tracked_file(&self, file: &FileConfig, key: Key, value: i32) -> Option<Tracked> {
        let path = file.path.as_ref()?.value.clone().into();
        self.is_tracked(tracker(key))
            .then_some(Tracked { key, path, value })
    }

    fn follow_files(&mut self, s: &mut Scheduler<Self>, wanted: Vec<Tracked>) {
        self.trackers.files.follow(s, wanted);
        let found = self.trackers.files.list().iter();
        let found: Vec<(Key, i32)> = found.map(|file| (file.key, file.value)).collect();
        for (key, value) in found {
            self.file_says(s, key, value);
        }
    }

    fn file_says(&mut self, s: &Scheduler<Self>, key: Key, value: i32) {
        let tracker = tracker(key);
        if self.router.status(TrackSource::Tracker(tracker)) != Some(Status::Value(value)) {
            let name = super::name(&self.config.vrrp, tracker);
            log::info!("tracked {name} has the number {value}");
        }
        self.tracked(s, tracker, Status::Value(value));
    }
}

/// What the files are known by: their numbers in the configuration.
fn key(place: usize) -> Key {
    Key::try_from(place).unwrap_or(Key::MAX)
}

/// What the machines call one.
fn tracker(key: Key) -> TrackerKey {
    TrackerKey::File(u32::try_from(key).unwrap_or(u32::MAX))
}
