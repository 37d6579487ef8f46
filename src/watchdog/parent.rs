//! The parent's loop: handlers turn what happens into events of [`watch`], and its
//! actions into system calls.
//!
//! * `children`: starting them, hearing them, seeing them end
//! * `dumps`: putting the texts of dumps under their names
//! * `leftovers`: the record of what is in the kernel, for the run after a crash
//! * `life`: the startup and the shutdown script
//! * `schedule`: the file with the time of a reload
//! * `verdicts`: BFD sessions while there is no BFD process
//!
//! [`watch`]: super::watch

mod children;
mod dumps;
mod leftovers;
mod life;
mod schedule;
mod verdicts;

use std::io;
use std::os::fd::AsFd as _;
use std::process;
use std::rc::Rc;
use std::time::Duration;

use scheduler::{Alarm, Drain, Exit, Interest, IoId, Key, Ready, Scheduler, Signal};

use crate::log::keep_flushing;
use crate::memory::residency;
use crate::sys::memory;
use crate::sys::signals::SignalReader;

use super::desk::Desk;
use super::kept::KeptConfig;
use super::launch::daemon::Startup;
use super::launch::limits;
use super::launch::lines::Lines;
use super::launch::paths::PidPaths;
use super::launch::pidfile::PidFile;
use super::launch::role::Role;
use super::names::Names;
use super::reload::Reload;
use super::settings::Settings;
use super::systemd::Manager;
use super::watch::{Action, Event, Watch};
use super::{name_task, release, signals};
use children::Child;
use leftovers::Leftovers;
use life::Life;
use schedule::Schedule;
use verdicts::Verdicts;

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
    pub config: KeptConfig,
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
    pub(super) manager: Manager,
    pub(super) reload: Reload,
    pub(super) desk: Desk,
    schedule: Option<Schedule>,
    verdicts: Verdicts,
    leftovers: Leftovers,
}

impl WatchDog {
    /// Run until the end; gives the exit status. Pid files are removed.
    ///
    /// # Errors
    /// What the loop's system calls say.
    pub fn run(ground: Ground, startup: Startup) -> io::Result<u8> {
        let (mut scheduler, real_time, lines) = match Self::open() {
            Ok(opened) => opened,
            Err(error) => {
                release(ground.pid_file, ground.child_pid_files, &ground.paths);
                return Err(error);
            }
        };
        let s = &mut scheduler;
        let mut dog = Self::new(ground, startup, real_time, lines);
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
        dog.follow_schedule(s);
        dog.open_desk(s);
        dog.keep_alive(s);
        dog.take_over();
        dog.begin(s);
        let ended = s.run(&mut dog);
        dog.leave();
        dog.close_desk(s);
        dog.startup.report(NOT_STARTED);
        release(
            dog.ground.pid_file,
            dog.ground.child_pid_files,
            &dog.ground.paths,
        );
        ended.map(|Exit(status)| u8::try_from(status).unwrap_or(NOT_STARTED))
    }

    /// What needs descriptors, which may have run out.
    fn open() -> io::Result<(Scheduler<Self>, SignalReader, Lines)> {
        let mut s = Scheduler::new()?;
        s.signals(&[Signal::SIGTERM, Signal::SIGINT], Self::on_stop)?;
        s.signals(&[Signal::SIGHUP], Self::on_reload)?;
        s.signals(&[Signal::SIGUSR1, Signal::SIGUSR2], Self::on_forward)?;
        let real_time = SignalReader::open(&signals::real_time())?;
        Ok((s, real_time, Lines::open()?))
    }

    fn new(ground: Ground, startup: Startup, real_time: SignalReader, lines: Lines) -> Self {
        let patience = ground.config.global.child_wait_time;
        let settings = &ground.settings;
        let leftovers = Leftovers::new(&ground.paths);
        Self {
            watch: Watch::new(&ground.roles, settings.respawn, patience),
            manager: Manager::at(settings.notify_socket.as_deref(), settings.watchdog),
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
            desk: Desk::new(),
            schedule: None,
            verdicts: Verdicts::default(),
            leftovers,
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
        self.perform_all(s, actions);
    }

    /// Have the children that the configuration needs, and no others.
    pub(super) fn want(&mut self, s: &mut Scheduler<Self>, roles: &[Role]) {
        let mut actions = std::mem::take(&mut self.actions);
        self.watch.want(s.now(), roles, &mut actions);
        self.perform_all(s, actions);
    }

    fn perform_all(&mut self, s: &mut Scheduler<Self>, mut actions: Vec<Action>) {
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
                self.desk.restarted(role);
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
            Action::Gone(role) => {
                self.remove_pid_file(role);
                self.forget_sessions(role);
                self.child_is_gone(role);
            }
            Action::Finished(status) => self.finished(s, status),
        }
        None
    }

    /// Tell those who wait once all children are up.
    fn check_started(&mut self, s: &mut Scheduler<Self>) {
        if !self.started && self.children.iter().all(|c| c.up) {
            self.announce_start(s);
        }
    }

    fn announce_start(&mut self, s: &mut Scheduler<Self>) {
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
        // From here on this process waits.
        self.shrink_config();
        residency::settle(s);
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

    /// Whether the children have been asked to start.
    pub(super) const fn is_running(&self) -> bool {
        self.life.is_none() && !self.watch.is_ending()
    }

    /// Go by a new configuration, also for children that are started from now on.
    pub(super) fn adopt_config(&mut self, config: KeptConfig) {
        self.watch.set_patience(config.global.child_wait_time);
        let name = config.global.process_names.parent.as_deref();
        if self.ground.config.global.process_names.parent.as_deref() != name {
            name_task(&config);
        }
        if self.ground.config.global.oom_score != config.global.oom_score {
            limits::set_oom_score(super::TITLE, config.global.oom_score);
        }
        self.ground.settings.set_umask(&config);
        self.ground.config = config;
    }

    /// All children have what they need of the configuration.
    pub(super) fn shrink_config(&mut self) {
        self.ground.config.shrink();
        memory::give_back_free();
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

    fn on_start_limit(&mut self, s: &mut Scheduler<Self>, _: Key) {
        self.announce_start(s);
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
