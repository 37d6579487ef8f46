//! Tracked scripts as processes.

use std::rc::Rc;

use nix::sys::signal::{Signal, killpg};
use scheduler::{ChildEvent, ChildId, Instant, Key, Pid, Scheduler};

use crate::notify::command;
use crate::sys::exec::Program;
use crate::vrrp::config::ScriptConfig;
use crate::vrrp::fsm::{Status, TrackerKey};
use crate::vrrp::process::VrrpProcess;
use crate::vrrp::track::script::{Push, Script, ScriptPolicy};

/// The scripts that somebody tracks, by their number; `None` for the others.
#[derive(Debug, Default)]
pub(in crate::vrrp::process) struct Scripts {
    list: Vec<Option<Tracked>>,
}

#[derive(Debug)]
struct Tracked {
    name: Rc<str>,
    program: Program,
    machine: Script,
    running: Option<(Pid, ChildId<VrrpProcess>)>,
}

impl Tracked {
    fn new(config: &ScriptConfig, now: Instant) -> Option<Self> {
        let program = match command::program(config.command.as_ref()?) {
            Ok(program) => program,
            Err(error) => {
                log::error!("script {}: {error}", config.name.value);
                return None;
            }
        };
        let policy = ScriptPolicy {
            interval: config.interval,
            timeout: config.timeout.unwrap_or(config.interval),
            rise: config.rise,
            fall: config.fall,
            init_fail: config.init_fail,
        };
        Some(Self {
            name: config.name.value.as_str().into(),
            program,
            machine: Script::new(policy, now),
            running: None,
        })
    }
}

impl Scripts {
    /// What a script does, in the words of the data dump.
    pub(in crate::vrrp::process) fn state(&self, index: u32) -> &'static str {
        let place = usize::try_from(index).ok();
        let script = place.and_then(|place| self.list.get(place)?.as_ref());
        script.map_or("idle", |script| script.machine.state())
    }

    fn get_mut(&mut self, key: Key) -> Option<&mut Tracked> {
        self.list.get_mut(usize::try_from(key).ok()?)?.as_mut()
    }
}

const fn tracker(key: Key) -> TrackerKey {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "made from the number of a script"
    )]
    TrackerKey::Script(key as u32)
}

impl VrrpProcess {
    /// Make all scripts ready that somebody tracks, and start them.
    pub(super) fn set_up_scripts(&mut self, s: &mut Scheduler<Self>) {
        let config = Rc::clone(&self.config);
        for (script, key) in config.vrrp.scripts.iter().zip(0..) {
            let wanted = self.is_tracked(tracker(key));
            let tracked = wanted.then(|| Tracked::new(script, s.now())).flatten();
            let status = tracked.as_ref().map(|tracked| tracked.machine.status());
            self.trackers.scripts.list.push(tracked);
            if let Some(status) = status {
                self.tracked(s, tracker(key), status);
                self.on_script_due(s, key);
            }
        }
    }

    /// Start a script, unless it still runs, and come back when it is due again.
    fn on_script_due(&mut self, s: &mut Scheduler<Self>, key: Key) {
        if self.is_stopping {
            return;
        }
        let Some(script) = self.trackers.scripts.get_mut(key) else {
            return;
        };
        let now = s.now();
        let starts = script.machine.start(now);
        s.at(
            "track script",
            script.machine.due(),
            key,
            Self::on_script_due,
        );
        if !starts {
            return;
        }
        let limit = Some(now + script.machine.timeout());
        let started = script.program.start(&[]).and_then(|pid| {
            Ok((
                pid,
                s.child("track script", pid, limit, key, Self::on_script)?,
            ))
        });
        match started {
            Ok(running) => script.running = Some(running),
            Err(error) => {
                log::error!("script {}: cannot be started: {error}", script.name);
                script.machine.ended(false);
                self.script_settled(s, key);
            }
        }
    }

    fn on_script(&mut self, s: &mut Scheduler<Self>, key: Key, event: ChildEvent) {
        let Some(script) = self.trackers.scripts.get_mut(key) else {
            return;
        };
        let Some((pid, child)) = script.running else {
            return;
        };
        match event {
            ChildEvent::Late => {
                let (push, patience) = script.machine.late();
                if push == Push::Terminate {
                    let name = &script.name;
                    log::info!("script {name} runs longer than its timeout: it is ended");
                }
                tell_group(pid, push);
                s.limit_child(child, Some(s.now() + patience));
            }
            ChildEvent::Exited(code) => {
                script.running = None;
                if script.machine.ended(code == 0) {
                    tell_group(pid, Push::Kill);
                }
            }
            ChildEvent::Signaled(_) => {
                script.running = None;
                if script.machine.ended(false) {
                    tell_group(pid, Push::Kill);
                }
            }
        }
        self.script_settled(s, key);
    }

    /// Tell the router what the results come to.
    fn script_settled(&mut self, s: &mut Scheduler<Self>, key: Key) {
        let Some(script) = self.trackers.scripts.get_mut(key) else {
            return;
        };
        let status = script.machine.status();
        let name = Rc::clone(&script.name);
        let source = crate::vrrp::fsm::TrackSource::Tracker(tracker(key));
        if self.is_stopping || self.router.status(source) == Some(status) {
            return;
        }
        match status {
            Status::Good => log::info!("Script `{name}` now returning 0"),
            Status::Bad => log::info!("Script `{name}` now failing"),
            Status::Unknown | Status::Value(_) => {}
        }
        self.tracked(s, tracker(key), status);
        self.perform(s);
    }

    /// Nobody waits for scripts that run when the process ends.
    pub(in crate::vrrp::process) fn end_scripts(&mut self, s: &mut Scheduler<Self>) {
        for script in self.trackers.scripts.list.iter_mut().flatten() {
            if let Some((pid, child)) = script.running.take() {
                s.forget_child(child);
                tell_group(pid, Push::Terminate);
            }
        }
    }
}

/// The script and all it has started that is still in its process group.
fn tell_group(pid: Pid, push: Push) {
    let signal = match push {
        Push::Terminate => Signal::SIGTERM,
        Push::Kill => Signal::SIGKILL,
    };
    // It may have ended meanwhile.
    let _ = killpg(pid, signal);
}
