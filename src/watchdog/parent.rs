//! The parent's loop: handlers turn what happens into events of [`watch`], and its
//! actions into system calls.
//!
//! [`watch`]: super::watch

use std::fs::File;
mod life;

use std::io::{self, Seek as _, Write as _};
use std::os::fd::AsFd as _;
use std::process;
use std::rc::Rc;
use std::time::Duration;

use scheduler::{
    Alarm, ChildEvent, Drain, Exit, Interest, IoId, Key, Pid, Ready, Scheduler, Signal,
};

use crate::control_plane::Config;
use crate::dump::Text;
use crate::dump::global::definitions;
use crate::log::keep_flushing;
use crate::sys::signals::{SignalReader, send};

use super::dump_files::{self, DumpPaths};
use super::ipc::{DumpKind, ParentEnd, Told};
use super::launch::daemon::Startup;
use super::launch::lines::Lines;
use super::launch::paths::PidPaths;
use super::launch::pidfile::PidFile;
use super::launch::role::Role;
use super::launch::{Spawned, spawn};
use super::names::Names;
use super::reload::Reload;
use super::settings::Settings;
use super::systemd::Manager;
use super::watch::{Action, End, Event, Watch};
use super::{release, signals};
use life::Life;

/// How long the start waits for children that do not say that they are up.
const START_LIMIT: Duration = Duration::from_secs(3);
/// Exit status when the daemon ends before it has started.
const NOT_STARTED: u8 = 1;

/// What the daemon stands on: settled before its loop begins.
#[derive(Debug)]
pub struct Ground {
    /// The command line.
    pub settings: Rc<Settings>,
    /// The configuration.
    pub config: Rc<Config>,
    /// Names for the log and for files.
    pub names: Names,
    /// Names of the pid files.
    pub paths: PidPaths,
    /// The children to run.
    pub roles: Vec<Role>,
    /// The parent's pid file.
    pub pid_file: PidFile,
    /// Those of the children.
    pub child_pid_files: Vec<(Role, PidFile)>,
}

/// A running child.
#[derive(Debug)]
struct Child {
    role: Role,
    pid: Pid,
    channel: ParentEnd,
    watched: Option<IoId<WatchDog>>,
    up: bool,
}

/// The state of the parent process.
#[derive(Debug)]
pub struct WatchDog {
    ground: Ground,
    watch: Watch,
    /// Reused for each event.
    actions: Vec<Action>,
    children: Vec<Child>,
    lines: Lines,
    alarm: Alarm<Self>,
    real_time: SignalReader,
    startup: Startup,
    started: bool,
    /// The startup or shutdown script, while it runs.
    life: Option<Life>,
    manager: Manager,
    pub(super) reload: Reload,
}

impl WatchDog {
    /// Run until the end; gives the exit status. Pid files are removed.
    ///
    /// # Errors
    /// What the loop's system calls say.
    pub fn run(ground: Ground, startup: Startup) -> io::Result<u8> {
        let mut scheduler = Scheduler::new()?;
        let s = &mut scheduler;
        s.signals(&[Signal::SIGTERM, Signal::SIGINT], Self::on_stop)?;
        s.signals(&[Signal::SIGHUP], Self::on_reload)?;
        s.signals(&[Signal::SIGUSR1, Signal::SIGUSR2], Self::on_forward)?;
        let real_time = SignalReader::open(&signals::real_time())?;
        let mut dog = Self::new(ground, startup, real_time, Lines::open()?);
        let fd = dog.real_time.as_fd();
        s.watch(
            "real-time signals",
            fd,
            Interest::Read,
            0,
            Self::on_real_time,
        )?;
        s.refresh();
        dog.write_own_pid();
        keep_flushing(&mut dog, s, 0);
        dog.begin(s);
        let ended = s.run(&mut dog);
        dog.startup.report(NOT_STARTED);
        release(
            dog.ground.pid_file,
            dog.ground.child_pid_files,
            &dog.ground.paths,
        );
        ended.map(|Exit(status)| u8::try_from(status).unwrap_or(NOT_STARTED))
    }

    fn new(ground: Ground, startup: Startup, real_time: SignalReader, lines: Lines) -> Self {
        let patience = ground.config.global.child_wait_time;
        let settings = &ground.settings;
        Self {
            watch: Watch::new(&ground.roles, settings.respawn, patience),
            manager: Manager::at(settings.notify_socket.as_deref()),
            ground,
            actions: Vec::new(),
            children: Vec::new(),
            lines,
            alarm: Alarm::new("respawn or kill", 0, Self::on_alarm),
            real_time,
            startup,
            started: false,
            life: None,
            reload: Reload::default(),
        }
    }

    fn write_own_pid(&mut self) {
        let file = &mut self.ground.pid_file;
        if let Err(error) = file.write(process::id()) {
            log::error!("Cannot write pid file {}: {error}", file.path().display());
        }
    }

    /// Feed the machine and do what it says, until it is quiet.
    fn on(&mut self, s: &mut Scheduler<Self>, event: Event) {
        let mut actions = std::mem::take(&mut self.actions);
        self.watch.on(s.now(), event, &mut actions);
        let mut next = 0;
        while let Some(&action) = actions.get(next) {
            next += 1;
            if let Some(event) = self.perform(s, action) {
                self.watch.on(s.now(), event, &mut actions);
            }
        }
        actions.clear();
        self.actions = actions;
        self.alarm.follow(s, self.watch.deadline());
    }

    /// Do one thing; what comes of it at once is fed back.
    fn perform(&mut self, s: &mut Scheduler<Self>, action: Action) -> Option<Event> {
        match action {
            Action::Spawn(role) => return self.spawn(s, role),
            Action::Respawning(role, delay) => {
                let (title, seconds) = (role.spec().title, delay.as_secs());
                log::warn!("{title} child process died: Respawning");
                log::info!(
                    "Restart of {title} process delayed {seconds} seconds to limit respawn rate"
                );
            }
            Action::Permanent(role, status) => {
                let title = role.spec().title;
                let name = permanent_name(status);
                log::error!("{title} process exited with permanent error {name}. Terminating");
            }
            Action::Stopping => {
                log::info!("Stopping");
                self.manager.tell("STOPPING=1");
            }
            Action::Terminate(role) => self.signal(role, libc::SIGTERM),
            Action::Kill(role) => {
                log::warn!("{} process does not stop: killing it", role.spec().title);
                self.signal(role, libc::SIGKILL);
            }
            Action::Finished(status) => self.finished(s, status),
        }
        None
    }

    fn spawn(&mut self, s: &mut Scheduler<Self>, role: Role) -> Option<Event> {
        let ground = &self.ground;
        let spec = role.spec();
        let spawned = spawn(
            spec,
            &ground.config,
            &ground.settings,
            &ground.names,
            &self.lines,
        );
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
        s.child(title, new.pid, None, key, Self::on_child)?;
        let fd = new.channel.as_fd();
        let watched = s.watch("child channel", fd, Interest::Read, key, Self::on_channel);
        self.write_child_pid(role, new.pid);
        self.children.push(Child {
            role,
            pid: new.pid,
            channel: new.channel,
            watched: watched.ok(),
            up: false,
        });
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

    fn signal(&self, role: Role, number: i32) {
        for child in self.children.iter().filter(|c| c.role == role) {
            if let Err(error) = send(child.pid, number) {
                log::warn!("Cannot signal the {} process: {error}", role.spec().title);
            }
        }
    }

    fn forward(&self, number: i32) {
        for child in &self.children {
            if signals::concerns(child.role, number) {
                self.signal(child.role, number);
            }
        }
    }

    /// Tell those who wait once all children are up.
    fn check_started(&mut self) {
        if !self.started && self.children.iter().all(|c| c.up) {
            self.announce_start();
        }
    }

    fn announce_start(&mut self) {
        if self.started || self.watch.is_ending() {
            return;
        }
        self.started = true;
        self.startup.report(0);
        if self.ground.settings.foreground {
            self.manager.tell("READY=1");
        } else {
            let main = process::id();
            self.manager.tell(&format!("READY=1\nMAINPID={main}"));
        }
    }

    fn on_stop(&mut self, s: &mut Scheduler<Self>, signal: Signal) {
        if signal == Signal::SIGINT && self.ground.settings.ignore_interrupt {
            return;
        }
        self.on(s, Event::Stop(0));
    }

    fn on_reload(&mut self, s: &mut Scheduler<Self>, _: Signal) {
        self.reload(s);
    }

    pub(super) const fn ground(&self) -> &Ground {
        &self.ground
    }

    pub(super) const fn is_ending(&self) -> bool {
        self.watch.is_ending()
    }

    pub(super) fn tell_manager(&self, state: &str) {
        self.manager.tell(state);
    }

    /// Go by a new configuration, also for children that are started from now on.
    pub(super) fn adopt_config(&mut self, _: &mut Scheduler<Self>, config: Rc<Config>) {
        self.watch.set_patience(config.global.child_wait_time);
        self.ground.config = config;
    }

    /// Hand the notes of a load to the children; those who have them.
    pub(super) fn hand_over(&self, notes: &[u8]) -> Vec<Role> {
        let mut done = Vec::new();
        for child in &self.children {
            match child.channel.reload(notes) {
                Ok(()) => done.push(child.role),
                Err(error) => {
                    let title = child.role.spec().title;
                    log::error!("Cannot hand the configuration to the {title} process: {error}");
                }
            }
        }
        done
    }

    fn on_forward(&mut self, _: &mut Scheduler<Self>, signal: Signal) {
        if signal == Signal::SIGUSR1 {
            self.write_own_dump();
        }
        self.forward(signal as i32);
    }

    fn on_real_time(&mut self, _: &mut Scheduler<Self>, _: IoId<Self>, _: Ready) -> Drain {
        while let Some(number) = self.real_time.next() {
            self.forward(number);
        }
        Drain::Drained
    }

    fn on_alarm(&mut self, s: &mut Scheduler<Self>, _: Key) {
        self.on(s, Event::Tick);
    }

    fn on_start_limit(&mut self, _: &mut Scheduler<Self>, _: Key) {
        self.announce_start();
    }

    fn on_channel(&mut self, s: &mut Scheduler<Self>, _: IoId<Self>, ready: Ready) -> Drain {
        let children = &mut self.children;
        let Some(child) = children.iter_mut().find(|c| key_of(c.role) == ready.key()) else {
            return Drain::Close;
        };
        let role = child.role;
        match child.channel.next() {
            Ok(Some(Told::Ready)) => child.up = true,
            Ok(Some(Told::Dump(kind, text))) => self.write_dump(kind, Some(role), text),
            Ok(Some(Told::Reloaded(applied))) => self.reload_answered(s, role, applied),
            Ok(Some(Told::Unknown)) => {}
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Drain::Drained,
            Ok(None) | Err(_) => {
                child.watched = None;
                return Drain::Close;
            }
        }
        self.check_started();
        Drain::More
    }

    /// Put a text that a child has rendered under its name.
    fn write_dump(&self, kind: DumpKind, process: Option<Role>, mut text: File) {
        let path = self.dump_paths().of(kind, process);
        let done = dump_files::replace(&path, |file| {
            text.rewind()?;
            io::copy(&mut text, file).map(drop)
        });
        if let Err(error) = done {
            log::error!("Cannot write {}: {error}", path.display());
        }
    }

    fn write_own_dump(&self) {
        log::info!(
            "Printing parent data for process({}) on signal",
            process::id()
        );
        let path = self.dump_paths().of(DumpKind::Data, None);
        let mut text = Text::default();
        definitions(&self.ground.config.global, &mut text);
        let text = text.finish();
        let done = dump_files::replace(&path, |file| file.write_all(text.as_bytes()));
        if let Err(error) = done {
            log::error!("Cannot write {}: {error}", path.display());
        }
    }

    fn dump_paths(&self) -> DumpPaths {
        let ground = &self.ground;
        let dir = ground.settings.temporary_dir.clone();
        DumpPaths::new(dir, &ground.config.global.dump_files, &ground.names)
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
        // Its successor begins with the new configuration.
        self.reload_answered(s, child.role, true);
        self.on(s, Event::Died(child.role, end));
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
    }
}

fn permanent_name(status: i32) -> &'static str {
    match status {
        1 => "FATAL",
        2 => "CONFIG",
        4 => "MISSING PERMISSION",
        _ => "UNKNOWN",
    }
}
