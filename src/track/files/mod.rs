//! Tracked files: read when their folder says that they have changed.
//!
//! The folder is watched and not the file, which may be replaced by a rename, or not
//! be there yet (`protocols.md` section 14).

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, InotifyEvent, WatchDescriptor};
use scheduler::{Drain, Interest, IoId, Key, Ready, Scheduler, TimerId};

use super::number;

/// A folder that is not there is looked for so often.
const SEARCH: Duration = Duration::from_secs(1);
/// A pipe in the place of a file is not waited for.
const AT_ONCE: i32 = libc::O_NONBLOCK;
/// Calls of one handler; each returns many events.
const READS: usize = 16;

/// The program that follows files.
pub trait Host: Sized + 'static {
    /// What it follows.
    fn tracked_files(&mut self) -> &mut Files<Self>;

    /// These numbers have changed; each with the key of its file.
    fn files_changed(&mut self, s: &mut Scheduler<Self>, news: &[(Key, i32)]);
}

/// A file that is tracked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tracked {
    /// What the program knows it by.
    pub key: Key,
    /// Where it is.
    pub path: PathBuf,
    /// The number in it when it was last read; 0 before that.
    pub value: i32,
}

/// The files a program follows.
pub struct Files<P> {
    inotify: Option<(Inotify, IoId<P>)>,
    list: Vec<Tracked>,
    folders: HashMap<WatchDescriptor, PathBuf>,
    /// Looks for folders that are not there.
    search: Option<TimerId<P>>,
}

impl<P> Default for Files<P> {
    fn default() -> Self {
        Self {
            inotify: None,
            list: Vec::new(),
            folders: HashMap::new(),
            search: None,
        }
    }
}

/// `init_file`: write a number, unless the file is there and not to be overwritten.
pub fn initialise(path: &Path, value: i32, overwrite: bool) {
    if !overwrite && path.exists() {
        return;
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    let opened = options.custom_flags(AT_ONCE).open(path);
    let written = opened.and_then(|mut file| file.write_all(format!("{value}\n").as_bytes()));
    if let Err(error) = written {
        log::error!("cannot write tracked file {}: {error}", path.display());
    }
}

impl<P: Host> Files<P> {
    /// Follow these from now on, and no others. All are read at once; the numbers are
    /// then in [`Self::list`] and not told.
    pub fn follow(&mut self, s: &mut Scheduler<P>, wanted: Vec<Tracked>) {
        self.list = wanted;
        self.leave_folders();
        if self.list.is_empty() {
            return self.stop(s);
        }
        if self.inotify.is_none() {
            match open(s) {
                Ok(opened) => self.inotify = Some(opened),
                Err(error) => log::error!("tracked files cannot be followed: {error}"),
            }
        }
        self.watch_folders(s);
        self.read(|_| true);
    }

    /// The files with their numbers.
    #[must_use]
    pub fn list(&self) -> &[Tracked] {
        &self.list
    }

    /// Follow nothing any more.
    pub fn stop(&mut self, s: &mut Scheduler<P>) {
        self.list.clear();
        self.folders.clear();
        if let Some((_, io)) = self.inotify.take() {
            s.release(io);
        }
        if let Some(timer) = self.search.take() {
            s.cancel(timer);
        }
    }

    /// Leave the folders in which nothing is tracked any more.
    fn leave_folders(&mut self) {
        let (list, inotify) = (&self.list, &self.inotify);
        self.folders.retain(|watch, known| {
            let is_used = list.iter().any(|file| folder(&file.path) == known);
            if let (false, Some((inotify, _))) = (is_used, inotify) {
                // It may have gone by itself.
                let _ = inotify.rm_watch(*watch);
            }
            is_used
        });
    }

    /// Folders that are not there are looked for until they are.
    fn watch_folders(&mut self, s: &mut Scheduler<P>) {
        let Some((inotify, _)) = &self.inotify else {
            return;
        };
        let before = self.search.take();
        let mut missing = false;
        for folder in self.list.iter().map(|file| folder(&file.path)) {
            if self.folders.values().any(|known| known == folder) {
                continue;
            }
            match inotify.add_watch(folder, wanted_events()) {
                Ok(watch) => {
                    self.folders.insert(watch, folder.to_owned());
                }
                Err(error) => {
                    if before.is_none() && !missing {
                        let folder = folder.display();
                        log::error!("cannot follow tracked files in {folder}: {error}");
                    }
                    missing = true;
                }
            }
        }
        if let Some(timer) = before {
            s.cancel(timer);
        }
        self.search = missing.then(|| s.at("track files", s.now() + SEARCH, 0, on_search::<P>));
    }

    /// What happened in the folders, as far as one turn goes.
    fn take_events(&mut self, changed: &mut Vec<PathBuf>) -> (bool, Drain) {
        let mut everything = false;
        for _ in 0..READS {
            let Some((inotify, _)) = &self.inotify else {
                return (everything, Drain::Close);
            };
            match inotify.read_events() {
                Ok(events) => {
                    for event in events {
                        everything |= self.take_event(event, changed);
                    }
                }
                Err(Errno::EAGAIN) => return (everything, Drain::Drained),
                Err(error) => {
                    log::error!("tracked files: {error}");
                    return (everything, Drain::Drained);
                }
            }
        }
        (everything, Drain::More)
    }

    /// True if a folder has gone or events were lost, so that all has to be read.
    fn take_event(&mut self, event: InotifyEvent, changed: &mut Vec<PathBuf>) -> bool {
        if event.mask.intersects(AddWatchFlags::IN_Q_OVERFLOW) {
            return true;
        }
        let gone = AddWatchFlags::IN_DELETE_SELF
            | AddWatchFlags::IN_MOVE_SELF
            | AddWatchFlags::IN_IGNORED
            | AddWatchFlags::IN_UNMOUNT;
        if event.mask.intersects(gone) {
            // The kernel has dropped the watch, except of a moved folder.
            if event.mask.intersects(AddWatchFlags::IN_MOVE_SELF)
                && let Some((inotify, _)) = &self.inotify
            {
                let _ = inotify.rm_watch(event.wd);
            }
            return self.folders.remove(&event.wd).is_some();
        }
        if let (Some(folder), Some(name)) = (self.folders.get(&event.wd), event.name) {
            changed.push(folder.join(name));
        }
        false
    }

    /// Read those that `concerns` names; the numbers that are new.
    fn read(&mut self, concerns: impl Fn(&Path) -> bool) -> Vec<(Key, i32)> {
        let mut news = Vec::new();
        for file in &mut self.list {
            if concerns(&file.path) && file.read() {
                news.push((file.key, file.value));
            }
        }
        news
    }
}

impl Tracked {
    /// Whether the number is another one now. A number that is none leaves the old.
    fn read(&mut self) -> bool {
        let path = self.path.display();
        let value = read(&self.path).unwrap_or_else(|error| {
            if error.kind() != io::ErrorKind::NotFound {
                log::warn!("tracked file {path}: {error}");
            }
            Some(0)
        });
        if value.is_none() {
            log::warn!("tracked file {path}: the number is too large");
        }
        let value = value.unwrap_or(self.value);
        std::mem::replace(&mut self.value, value) != value
    }
}

fn open<P: Host>(s: &mut Scheduler<P>) -> io::Result<(Inotify, IoId<P>)> {
    let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
    let call = on_files::<P>;
    let io = s.watch("track files", inotify.as_fd(), Interest::Read, 0, call)?;
    Ok((inotify, io))
}

fn wanted_events() -> AddWatchFlags {
    AddWatchFlags::IN_CLOSE_WRITE
        | AddWatchFlags::IN_MOVE
        | AddWatchFlags::IN_CREATE
        | AddWatchFlags::IN_DELETE
        | AddWatchFlags::IN_DELETE_SELF
        | AddWatchFlags::IN_MOVE_SELF
        | AddWatchFlags::IN_ONLYDIR
}

fn read(path: &Path) -> io::Result<Option<i32>> {
    let mut text = Vec::with_capacity(number::OCTETS);
    let limit = u64::try_from(number::OCTETS).unwrap_or(u64::MAX);
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(AT_ONCE)
        .open(path)?;
    file.take(limit).read_to_end(&mut text)?;
    Ok(number::parse(&text))
}

fn folder(path: &Path) -> &Path {
    let parent = path.parent();
    parent
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or_else(|| Path::new("/"))
}

fn on_search<P: Host>(program: &mut P, s: &mut Scheduler<P>, _: Key) {
    let files = program.tracked_files();
    files.watch_folders(s);
    let news = files.read(|_| true);
    if !news.is_empty() {
        program.files_changed(s, &news);
    }
}

fn on_files<P: Host>(program: &mut P, s: &mut Scheduler<P>, _: IoId<P>, _: Ready) -> Drain {
    let mut changed = Vec::new();
    let files = program.tracked_files();
    let (everything, drain) = files.take_events(&mut changed);
    if everything {
        files.watch_folders(s);
    }
    let concerns = |path: &Path| everything || changed.iter().any(|other| other == path);
    let news = files.read(concerns);
    if !news.is_empty() {
        program.files_changed(s, &news);
    }
    drain
}

impl<P> fmt::Debug for Files<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files")
            .field("list", &self.list)
            .field("folders", &self.folders)
            .finish_non_exhaustive()
    }
}
