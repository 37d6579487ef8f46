//! The file with the time of a reload to come: followed as it comes, changes and
//! goes.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, InotifyEvent};
use scheduler::{Drain, Interest, IoId, Key, Ready, Scheduler, TimerId};

use super::WatchDog;
use crate::sys::calendar::{LocalTime, wall_seconds};
use crate::watchdog::schedule::When;

/// The clock on the wall may be set, so it is looked at so often.
const LOOK: Duration = Duration::from_secs(30);
/// Longer than any time.
const LINE_MAX: u64 = 64;

/// A file that is followed.
#[derive(Debug)]
pub(super) struct Schedule {
    path: PathBuf,
    inotify: Inotify,
    watched: IoId<WatchDog>,
    due: Option<Due>,
}

#[derive(Debug)]
struct Due {
    when: When,
    /// Seconds since the epoch.
    at: i64,
    timer: TimerId<WatchDog>,
}

impl WatchDog {
    /// Follow the file of the present configuration, and no other one.
    pub(in crate::watchdog) fn follow_schedule(&mut self, s: &mut Scheduler<Self>) {
        if let Some(old) = self.schedule.take() {
            s.unwatch(old.watched);
            if let Some(due) = old.due {
                s.cancel(due.timer);
            }
        }
        let Some(file) = &self.ground.config.global.reload.time_file else {
            return;
        };
        let path = PathBuf::from(&file.value);
        match open(s, &path) {
            Ok((inotify, watched)) => {
                self.schedule = Some(Schedule {
                    path,
                    inotify,
                    watched,
                    due: None,
                });
                self.read_schedule(s);
            }
            Err(error) => log::error!("Cannot follow {}: {error}", path.display()),
        }
    }

    fn read_schedule(&mut self, s: &mut Scheduler<Self>) {
        let Some(schedule) = &mut self.schedule else {
            return;
        };
        let before = schedule.due.take().map(|due| {
            s.cancel(due.timer);
            due.at
        });
        let path = schedule.path.display();
        let found = match read(&schedule.path) {
            Ok(line) => {
                let next = When::parse(&line).map(|when| (when, next(when)));
                if next.is_none() {
                    log::error!("{path}: `{line}` is no time: no reload is scheduled");
                }
                next
            }
            Err(_) => None,
        };
        match found {
            Some((when, Some(at))) => {
                if before != Some(at) {
                    log::info!("Scheduled reload at {}", shown(at));
                }
                let timer = s.at("scheduled reload", look(s, at), 0, Self::on_schedule);
                schedule.due = Some(Due { when, at, timer });
            }
            Some((_, None)) => log::info!("{path}: the time of the reload has passed"),
            None if before.is_some() => log::info!("The scheduled reload is cancelled"),
            None => {}
        }
    }

    /// The time has come, or the clock is looked at on the way.
    fn on_schedule(&mut self, s: &mut Scheduler<Self>, _: Key) {
        let repeats = self.ground.config.global.reload.repeats;
        let Some(schedule) = &mut self.schedule else {
            return;
        };
        let Some(due) = &mut schedule.due else { return };
        if wall_seconds() < due.at {
            due.timer = s.at("scheduled reload", look(s, due.at), 0, Self::on_schedule);
            return;
        }
        let stays = repeats && !due.when.has_date();
        schedule.due = None;
        if !stays && let Err(error) = fs::remove_file(&schedule.path) {
            log::error!("Cannot remove {}: {error}", schedule.path.display());
        }
        log::info!("The time of the scheduled reload has come");
        self.read_schedule(s);
        self.reload(s);
    }

    fn on_schedule_file(&mut self, s: &mut Scheduler<Self>, _: IoId<Self>, _: Ready) -> Drain {
        let Some(schedule) = &mut self.schedule else {
            return Drain::Close;
        };
        let name = schedule.path.file_name();
        let gone = AddWatchFlags::IN_DELETE_SELF
            | AddWatchFlags::IN_MOVE_SELF
            | AddWatchFlags::IN_IGNORED
            | AddWatchFlags::IN_UNMOUNT;
        let is_gone = |event: &InotifyEvent| event.mask.intersects(gone);
        let concerns = |event: &InotifyEvent| event.name.is_none() || event.name.as_deref() == name;
        match schedule.inotify.read_events() {
            Ok(events) if events.iter().any(is_gone) => {
                let path = schedule.path.display();
                log::warn!("The folder of {path} is gone: reloads are scheduled no more");
                self.leave_schedule(s);
                return Drain::Close;
            }
            Ok(events) => {
                if events.iter().any(concerns) {
                    self.read_schedule(s);
                }
            }
            Err(Errno::EAGAIN) => return Drain::Drained,
            Err(error) => {
                log::error!("Cannot follow {}: {error}", schedule.path.display());
                return Drain::Drained;
            }
        }
        Drain::More
    }

    /// Its handler stops the watching.
    fn leave_schedule(&mut self, s: &mut Scheduler<Self>) {
        if let Some(due) = self.schedule.take().and_then(|schedule| schedule.due) {
            s.cancel(due.timer);
        }
    }
}

fn open(s: &mut Scheduler<WatchDog>, path: &Path) -> io::Result<(Inotify, IoId<WatchDog>)> {
    let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
    let flags = AddWatchFlags::IN_CLOSE_WRITE
        | AddWatchFlags::IN_MOVE
        | AddWatchFlags::IN_DELETE
        | AddWatchFlags::IN_DELETE_SELF
        | AddWatchFlags::IN_MOVE_SELF
        | AddWatchFlags::IN_ONLYDIR;
    inotify.add_watch(path.parent().unwrap_or_else(|| Path::new("/")), flags)?;
    let call = WatchDog::on_schedule_file;
    let fd = inotify.as_fd();
    let watched = s.watch("scheduled reload", fd, Interest::Read, 0, call)?;
    Ok((inotify, watched))
}

/// The first line.
fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    // A pipe in its place is not waited for.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)?;
    file.take(LINE_MAX).read_to_string(&mut text)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn next(when: When) -> Option<i64> {
    when.next(wall_seconds(), &|at| LocalTime::at(at).utc_offset)
}

/// When to look whether the time has come.
fn look(s: &Scheduler<WatchDog>, at: i64) -> scheduler::Instant {
    let left = u64::try_from(at - wall_seconds()).unwrap_or_default();
    s.now() + Duration::from_secs(left).min(LOOK)
}

fn shown(at: i64) -> String {
    let time = LocalTime::at(at);
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        time.year,
        time.month + 1,
        time.day,
        time.hour,
        time.minute,
        time.second
    )
}

#[cfg(test)]
mod tests {
    use nix::sys::stat::Mode;
    use nix::unistd::mkfifo;

    use super::*;

    #[test]
    fn a_pipe_that_nobody_writes_to_says_nothing() {
        let name = format!("schedule-pipe-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        mkfifo(&path, Mode::S_IRWXU).unwrap();
        assert_eq!(read(&path).unwrap(), "");
        fs::remove_file(&path).unwrap();
    }
}
