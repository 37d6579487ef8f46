//! Tracked files: read when their folder says that they have changed.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, InotifyEvent, WatchDescriptor};
use scheduler::{Drain, Interest, IoId, Key, Ready, Scheduler, TimerId};

use crate::vrrp::config::tracker::InitFile;
use crate::vrrp::config::{FileConfig, TrackerKind};
use crate::vrrp::fsm::{Status, TrackSource, TrackerKey};
use crate::vrrp::plan::TrackerPlan;
use crate::vrrp::process::VrrpProcess;
use crate::vrrp::track::number;

/// A folder that is not there is looked for so often.
const SEARCH: Duration = Duration::from_secs(1);
/// Calls of one handler; each returns many events.
const READS: usize = 16;

/// The files that somebody tracks.
#[derive(Debug, Default)]
pub(in crate::vrrp::process) struct Files {
    inotify: Option<Inotify>,
    list: Vec<Tracked>,
    folders: HashMap<WatchDescriptor, PathBuf>,
    /// Looks for folders that are not there.
    search: Option<TimerId<VrrpProcess>>,
}

#[derive(Debug)]
struct Tracked {
    key: TrackerKey,
    path: PathBuf,
    value: i32,
}

impl Tracked {
    /// Whether the number is another one now. A number that is none leaves the old.
    fn read(&mut self) -> bool {
        let value = read(&self.path).unwrap_or_else(|error| {
            let missing = error.kind() == io::ErrorKind::NotFound;
            if !missing {
                log::warn!("tracked file {}: {error}", self.path.display());
            }
            Some(0)
        });
        if value.is_none() {
            log::warn!(
                "tracked file {}: the number is too large",
                self.path.display()
            );
        }
        let value = value.unwrap_or(self.value);
        std::mem::replace(&mut self.value, value) != value
    }
}

fn read(path: &Path) -> io::Result<Option<i32>> {
    let mut text = Vec::with_capacity(number::OCTETS);
    let limit = u64::try_from(number::OCTETS).unwrap_or(u64::MAX);
    File::open(path)?.take(limit).read_to_end(&mut text)?;
    Ok(number::parse(&text))
}

fn folder(path: &Path) -> &Path {
    let parent = path.parent();
    parent
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or_else(|| Path::new("/"))
}

/// `init_file`
fn initialise(path: &Path, init: InitFile) {
    if !init.overwrite && path.exists() {
        return;
    }
    if let Err(error) = fs::write(path, format!("{}\n", init.value)) {
        log::error!("cannot write tracked file {}: {error}", path.display());
    }
}

impl VrrpProcess {
    /// Read the files that somebody tracks, and follow their changes.
    pub(super) fn set_up_files(&mut self, s: &mut Scheduler<Self>) {
        let config = Rc::clone(&self.config);
        for (file, number) in config.vrrp.files.iter().zip(0..) {
            if let (Some(init), Some(path)) = (file.init, &file.path) {
                initialise(Path::new(&path.value), init);
            }
            self.add_file(file, TrackerKey::File(number), 0);
        }
        self.follow_files(s);
        self.read_files(s, |_| true, true);
    }

    /// Files that are the same as before keep their numbers; all are read, so that
    /// those tracked from now on count at once.
    pub(super) fn carry_files(&mut self, s: &mut Scheduler<Self>, plan: &TrackerPlan) {
        let config = Rc::clone(&self.config);
        let old = std::mem::take(&mut self.trackers.files.list);
        for (place, file) in config.vrrp.files.iter().enumerate() {
            let number = |place| TrackerKey::File(u32::try_from(place).unwrap_or(u32::MAX));
            let from = plan.from(TrackerKind::File, place).map(number);
            let known = from.and_then(|key| old.iter().find(|file| file.key == key));
            self.add_file(file, number(place), known.map_or(0, |file| file.value));
        }
        self.leave_folders();
        self.follow_files(s);
        self.read_files(s, |_| true, true);
    }

    fn add_file(&mut self, file: &FileConfig, key: TrackerKey, value: i32) {
        let Some(path) = &file.path else { return };
        let path = PathBuf::from(&path.value);
        if self.is_tracked(key) {
            self.trackers.files.list.push(Tracked { key, path, value });
        }
    }

    fn follow_files(&mut self, s: &mut Scheduler<Self>) {
        if self.trackers.files.list.is_empty() {
            return;
        }
        if self.trackers.files.inotify.is_none() {
            match self.open_inotify(s) {
                Ok(inotify) => self.trackers.files.inotify = Some(inotify),
                Err(error) => log::error!("tracked files cannot be followed: {error}"),
            }
        }
        self.watch_folders(s);
    }

    fn open_inotify(&self, s: &mut Scheduler<Self>) -> io::Result<Inotify> {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
        let call = Self::on_files;
        s.watch("track files", inotify.as_fd(), Interest::Read, 0, call)?;
        Ok(inotify)
    }

    /// Folders in which nothing is tracked any more.
    fn leave_folders(&mut self) {
        let Files {
            inotify,
            list,
            folders,
            ..
        } = &mut self.trackers.files;
        folders.retain(|watch, known| {
            let is_used = list.iter().any(|file| folder(&file.path) == known);
            if let (false, Some(inotify)) = (is_used, &inotify) {
                let _ = inotify.rm_watch(*watch);
            }
            is_used
        });
    }

    /// Folders that are not there are looked for until they are.
    fn watch_folders(&mut self, s: &mut Scheduler<Self>) {
        let Files {
            inotify,
            list,
            folders,
            search,
        } = &mut self.trackers.files;
        let Some(inotify) = inotify else { return };
        let is_first = search.is_none();
        let mut missing = false;
        for folder in list.iter().map(|file| folder(&file.path)) {
            if folders.values().any(|known| known == folder) {
                continue;
            }
            let flags = AddWatchFlags::IN_CLOSE_WRITE
                | AddWatchFlags::IN_MOVE
                | AddWatchFlags::IN_CREATE
                | AddWatchFlags::IN_DELETE
                | AddWatchFlags::IN_DELETE_SELF
                | AddWatchFlags::IN_MOVE_SELF
                | AddWatchFlags::IN_ONLYDIR;
            match inotify.add_watch(folder, flags) {
                Ok(watch) => {
                    folders.insert(watch, folder.to_owned());
                }
                Err(error) => {
                    if is_first {
                        log::error!(
                            "cannot follow tracked files in {}: {error}",
                            folder.display()
                        );
                    }
                    missing = true;
                }
            }
        }
        let before = if missing {
            search.replace(s.at("track files", s.now() + SEARCH, 0, Self::on_search))
        } else {
            search.take()
        };
        if let Some(timer) = before {
            s.cancel(timer);
        }
    }

    fn on_search(&mut self, s: &mut Scheduler<Self>, _: Key) {
        self.watch_folders(s);
        self.read_files(s, |_| true, false);
        self.perform(s);
    }

    fn on_files(&mut self, s: &mut Scheduler<Self>, _: IoId<Self>, _: Ready) -> Drain {
        let mut changed: Vec<PathBuf> = Vec::new();
        let mut everything = false;
        let mut drain = Drain::More;
        for _ in 0..READS {
            let events = self
                .trackers
                .files
                .inotify
                .as_ref()
                .map(Inotify::read_events);
            match events {
                Some(Ok(events)) => {
                    for event in events {
                        everything |= self.file_event(event, &mut changed);
                    }
                }
                Some(Err(Errno::EAGAIN)) | None => {
                    drain = Drain::Drained;
                    break;
                }
                Some(Err(error)) => {
                    log::error!("tracked files: {error}");
                    drain = Drain::Drained;
                    break;
                }
            }
        }
        if everything {
            self.watch_folders(s);
        }
        self.read_files(
            s,
            |path| everything || changed.iter().any(|other| other == path),
            false,
        );
        self.perform(s);
        drain
    }

    /// True if a folder has gone or events were lost, so that all has to be read.
    fn file_event(&mut self, event: InotifyEvent, changed: &mut Vec<PathBuf>) -> bool {
        let folders = &mut self.trackers.files.folders;
        let gone = AddWatchFlags::IN_DELETE_SELF
            | AddWatchFlags::IN_MOVE_SELF
            | AddWatchFlags::IN_IGNORED
            | AddWatchFlags::IN_UNMOUNT;
        if event.mask.intersects(AddWatchFlags::IN_Q_OVERFLOW) {
            return true;
        }
        if event.mask.intersects(gone) {
            // The kernel has dropped the watch, except of a moved folder.
            if event.mask.intersects(AddWatchFlags::IN_MOVE_SELF)
                && let Some(inotify) = &self.trackers.files.inotify
            {
                let _ = inotify.rm_watch(event.wd);
            }
            return folders.remove(&event.wd).is_some();
        }
        let name: Option<OsString> = event.name;
        if let (Some(folder), Some(name)) = (folders.get(&event.wd), name) {
            changed.push(folder.join(name));
        }
        false
    }

    /// Read those that `concerns` names, and tell what is new, or everything.
    fn read_files(&mut self, s: &Scheduler<Self>, concerns: impl Fn(&Path) -> bool, all: bool) {
        let mut told = Vec::new();
        for file in &mut self.trackers.files.list {
            if concerns(&file.path) && (file.read() || all) {
                told.push((file.key, file.value));
            }
        }
        for (key, value) in told {
            if self.router.status(TrackSource::Tracker(key)) != Some(Status::Value(value)) {
                let name = super::name(&self.config.vrrp, key);
                log::info!("tracked {name} has the number {value}");
            }
            self.tracked(s, key, Status::Value(value));
        }
    }
}
