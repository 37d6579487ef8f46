//! Children: how they end, and when they take too long.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::sys::wait::{Id as WaitId, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;

use crate::Key;
use crate::io::{Drain, Interest, IoId, Ready};
use crate::run::Scheduler;
use crate::slab::Id;
use crate::sys;
use crate::time::Instant;
use crate::timer::{Kind, Task, TimerId};

/// Handles what happens to a child.
pub type OnChild<P> = fn(&mut P, &mut Scheduler<P>, Key, ChildEvent);

/// Names one watched child.
pub type ChildId<P> = Id<Child<P>>;

/// What happened to a child.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ChildEvent {
    /// It ended with this exit code; -1 if somebody else has fetched its status.
    Exited(i32),
    /// A signal, by its number, ended it (a core dump included).
    Signaled(i32),
    /// Its deadline has passed. It is still watched: its end will be told, too.
    Late,
}

/// A watched child; opaque, it only gives [`ChildId`] its type.
pub struct Child<P> {
    pub(crate) name: &'static str,
    pub(crate) pid: Pid,
    pub(crate) limit: Option<Instant>,
    pidfd: OwnedFd,
    source: IoId<P>,
    timer: Option<TimerId<P>>,
    key: Key,
    call: OnChild<P>,
}

impl<P> Scheduler<P> {
    /// Call `call` when the child ends, and once if it has not by `limit`.
    ///
    /// The scheduler waits for the child, nobody else may. Children are served in the
    /// [graceful phase](crate::Stop::Graceful), which lasts until none is left; a child
    /// that does not matter is [forgotten](Self::forget_child).
    ///
    /// # Errors
    /// If there is no such child any more, or no descriptor is left.
    pub fn child(
        &mut self,
        name: &'static str,
        pid: Pid,
        limit: Option<Instant>,
        key: Key,
        call: OnChild<P>,
    ) -> io::Result<ChildId<P>> {
        let pidfd = sys::pidfd_open(pid)?;
        let source = self.watch(name, pidfd.as_fd(), Interest::Read, 0, on_pidfd::<P>)?;
        let id = self.children.insert(Child {
            name,
            pid,
            limit,
            pidfd,
            source,
            timer: None,
            key,
            call,
        });
        if let Some(registered) = self.sources.get_mut(source) {
            registered.key = id.to_bits();
            registered.at_shutdown = true;
        }
        self.limit_child(id, limit);
        Ok(id)
    }

    /// Give a child another deadline, for example after it was told to end.
    pub fn limit_child(&mut self, id: ChildId<P>, limit: Option<Instant>) {
        let Some(child) = self.children.get_mut(id) else {
            return;
        };
        child.limit = limit;
        let (name, old) = (child.name, child.timer.take());
        if let Some(timer) = old {
            self.cancel(timer);
        }
        let Some(when) = limit else {
            return;
        };
        let handler = self.timer_handler(name, on_limit::<P>);
        let task = Task::new(id.to_bits(), handler, Kind::AtShutdown);
        let timer = self.insert_timer(when, task);
        if let Some(child) = self.children.get_mut(id) {
            child.timer = Some(timer);
        }
    }

    /// Stop watching a child; nobody will wait for it. Gives back its process id.
    pub fn forget_child(&mut self, id: ChildId<P>) -> Option<Pid> {
        self.remove_child(id).map(|child| child.pid)
    }

    fn remove_child(&mut self, id: ChildId<P>) -> Option<Child<P>> {
        let child = self.children.remove(id)?;
        if let Some(timer) = child.timer {
            self.cancel(timer);
        }
        self.unwatch(child.source);
        Some(child)
    }
}

impl<P> fmt::Debug for Child<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child")
            .field("name", &self.name)
            .field("pid", &self.pid)
            .field("limit", &self.limit)
            .field("pidfd", &self.pidfd.as_raw_fd())
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

fn on_pidfd<P>(program: &mut P, scheduler: &mut Scheduler<P>, _: IoId<P>, ready: Ready) -> Drain {
    let id = ChildId::from_bits(ready.key());
    let Some(child) = scheduler.children.get(id) else {
        return Drain::Close;
    };
    let Some(event) = fetch(child.pidfd.as_fd()) else {
        return Drain::Drained;
    };
    if let Some(child) = scheduler.remove_child(id) {
        (child.call)(program, scheduler, child.key, event);
    }
    Drain::Close
}

fn on_limit<P>(program: &mut P, scheduler: &mut Scheduler<P>, key: Key) {
    if let Some(child) = scheduler.children.get_mut(ChildId::from_bits(key)) {
        child.timer = None;
        let (call, key) = (child.call, child.key);
        call(program, scheduler, key, ChildEvent::Late);
    }
}

/// How the child ended; nothing if it runs.
fn fetch(pidfd: BorrowedFd<'_>) -> Option<ChildEvent> {
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG;
    match waitid(WaitId::PIDFd(pidfd), flags) {
        Ok(WaitStatus::Exited(_, code)) => Some(ChildEvent::Exited(code)),
        Ok(WaitStatus::Signaled(_, signal, _)) => Some(ChildEvent::Signaled(signal as i32)),
        Ok(_) => None,
        Err(_) => Some(ChildEvent::Exited(-1)),
    }
}
