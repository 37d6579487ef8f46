//! Children of the parent: starting them, hearing them, seeing them end.

use std::io;
use std::os::fd::AsFd as _;
use std::time::Duration;

use nix::sys::wait::waitpid;
use scheduler::{ChildEvent, Drain, Interest, IoId, Key, Pid, Ready, Scheduler, Signal};

use super::WatchDog;
use crate::sys::calendar::wall_time;
use crate::sys::signals::send;
use crate::watchdog::ipc::{Order, ParentEnd, Told};
use crate::watchdog::launch::pidfile::PidFile;
use crate::watchdog::launch::role::Role;
use crate::watchdog::launch::{Spawned, spawn};
use crate::watchdog::programs;
use crate::watchdog::signals;
use crate::watchdog::watch::{End, Event};

/// A running child.
#[derive(Debug)]
pub(super) struct Child {
    pub(super) role: Role,
    pid: Pid,
    channel: ParentEnd,
    watched: Option<IoId<WatchDog>>,
    pub(super) up: bool,
    /// When it was started, in time since the epoch.
    started: Duration,
}

/// End a child that cannot be watched: another one will be started.
fn forsake(pid: Pid) {
    // It is there until somebody has waited for it.
    let _ = send(pid, Signal::SIGKILL as i32);
    let _ = waitpid(pid, None);
}

impl WatchDog {
    pub(super) fn spawn(&mut self, s: &mut Scheduler<Self>, role: Role) -> Option<Event> {
        let ground = &self.ground;
        let spec = role.spec();
        let program = programs::of(role).ok_or_else(|| io::ErrorKind::Unsupported.into());
        let spawned = program.and_then(|program| {
            spawn(
                spec,
                program.main,
                &ground.config,
                &ground.settings,
                &ground.names,
                &self.lines,
            )
        });
        match spawned.and_then(|spawned| self.adopt(s, role, spawned)) {
            Ok(pid) => {
                log::info!("Starting {} child process, pid={pid}", spec.title);
                None
            }
            Err(error) => {
                log::error!("Cannot start the {} process: {error}", spec.title);
                Some(Event::SpawnFailed(role))
            }
        }
    }

    /// Watch over a new child.
    fn adopt(&mut self, s: &mut Scheduler<Self>, role: Role, new: Spawned) -> io::Result<Pid> {
        let key = key_of(role);
        let title = role.spec().title;
        let attended = s.child(title, new.pid, None, key, Self::on_child);
        attended.inspect_err(|_| forsake(new.pid))?;
        let fd = new.channel.as_fd();
        let watched = s.watch("child channel", fd, Interest::Read, key, Self::on_channel);
        self.write_child_pid(role, new.pid);
        self.children.push(Child {
            role,
            pid: new.pid,
            channel: new.channel,
            watched: watched.ok(),
            up: false,
            started: wall_time(),
        });
        self.child_is_back(role);
        self.reload_meets(role);
        self.give_up_verdicts(s, role);
        Ok(new.pid)
    }

    fn write_child_pid(&mut self, role: Role, pid: Pid) {
        let files = self.ground.child_pid_files.iter_mut();
        for (_, file) in files.filter(|(r, _)| *r == role) {
            if let Err(error) = file.write(pid.as_raw().unsigned_abs()) {
                log::error!("Cannot write pid file {}: {error}", file.path().display());
            }
        }
    }

    pub(super) fn signal(&self, role: Role, number: i32) {
        for child in self.children.iter().filter(|c| c.role == role) {
            if let Err(error) = send(child.pid, number) {
                log::warn!("Cannot signal the {} process: {error}", role.spec().title);
            }
        }
    }

    pub(super) fn forward(&self, number: i32) {
        for child in &self.children {
            if signals::concerns(child.role, number) {
                self.signal(child.role, number);
            }
        }
    }

    /// Tell a child; true if it could be told.
    pub(in crate::watchdog) fn order(&self, role: Role, order: &Order) -> bool {
        let told = self.send_order(role, order);
        if let Err(error) = &told {
            let title = role.spec().title;
            log::error!("Cannot tell the {title} process of the reload: {error}");
        }
        told.is_ok()
    }

    /// The same, quietly.
    pub(in crate::watchdog) fn send_order(&self, role: Role, order: &Order) -> io::Result<()> {
        let mut children = self.children.iter();
        match children.find(|child| child.role == role) {
            Some(child) => child.channel.order(order),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// The children that the configuration needs; of those that run the number, and when
    /// they were started, in time since the epoch.
    pub(in crate::watchdog) fn needed(
        &self,
    ) -> impl Iterator<Item = (Role, Option<(Pid, Duration)>)> {
        let running = |role| self.children.iter().find(move |child| child.role == role);
        let roles = self.watch.roles();
        roles.map(move |role| (role, running(role).map(|child| (child.pid, child.started))))
    }

    /// The children that run.
    pub(in crate::watchdog) fn running(&self) -> Vec<Role> {
        self.children.iter().map(|child| child.role).collect()
    }

    /// The pid file of a child that has not run so far.
    pub(in crate::watchdog) fn add_pid_file(&mut self, role: Role, file: PidFile) {
        self.ground.child_pid_files.push((role, file));
    }

    /// Whether there is a pid file for this child.
    pub(in crate::watchdog) fn has_pid_file(&self, role: Role) -> bool {
        let mut files = self.ground.child_pid_files.iter();
        files.any(|(of, _)| *of == role)
    }

    pub(super) fn remove_pid_file(&mut self, role: Role) {
        let files = std::mem::take(&mut self.ground.child_pid_files);
        for (of, file) in files {
            if of == role {
                file.remove();
            } else {
                self.ground.child_pid_files.push((of, file));
            }
        }
    }

    fn on_channel(&mut self, s: &mut Scheduler<Self>, _: IoId<Self>, ready: Ready) -> Drain {
        let children = &mut self.children;
        let Some(child) = children.iter_mut().find(|c| key_of(c.role) == ready.key()) else {
            return Drain::Close;
        };
        let role = child.role;
        match child.channel.next() {
            Ok(Some(Told::Dump(kind, text))) => self.write_dump(kind, Some(role), text),
            Ok(Some(Told::Observed(state))) => self.observed(s, role, state),
            Ok(Some(Told::Alive)) => self.manager.answered(role),
            Ok(Some(Told::Headline(text))) => self.manager.headline(role, text),
            Ok(Some(Told::Settled)) => self.has_settled(role),
            Ok(Some(told)) => {
                child.up |= matches!(told, Told::Ready);
                if matches!(told, Told::Reloaded) {
                    self.has_changed(role);
                }
                self.reload_hears(s, role, told);
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Drain::Drained,
            Ok(None) | Err(_) => {
                child.watched = None;
                return Drain::Close;
            }
        }
        self.check_started(s);
        Drain::More
    }

    fn on_child(&mut self, s: &mut Scheduler<Self>, key: Key, event: ChildEvent) {
        let end = match event {
            ChildEvent::Exited(status) => End::Exited(status),
            ChildEvent::Signaled(signal) => End::Killed(signal),
            ChildEvent::Late => return,
        };
        let Some(at) = self.children.iter().position(|c| key_of(c.role) == key) else {
            return;
        };
        let child = self.children.swap_remove(at);
        if let Some(watched) = child.watched {
            s.unwatch(watched);
        }
        self.log_end(&child, end);
        self.child_is_dead(child.role, end);
        self.reload_loses(s, child.role);
        self.no_state_of(s, child.role);
        self.manager.lost(child.role);
        self.on(s, Event::Died(child.role, end));
        self.stand_in(s, child.role);
    }

    fn log_end(&self, child: &Child, end: End) {
        match end {
            End::Exited(0) if self.watch.is_ending() => {}
            End::Exited(status) => log::info!("pid {} exited with status {status}", child.pid),
            End::Killed(signal) => {
                let name = Signal::try_from(signal).map_or("unknown", Signal::as_str);
                log::info!("pid {} exited due to signal {signal} ({name})", child.pid);
            }
        }
    }
}

/// The key of a role's registrations.
const fn key_of(role: Role) -> Key {
    match role {
        Role::Bfd => 0,
        Role::Check => 1,
        Role::Vrrp => 2,
        Role::Dbus => 3,
    }
}
