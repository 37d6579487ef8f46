//! Tracked scripts as processes.

use std::rc::Rc;

use nix::sys::signal::{Signal, killpg};
use scheduler::{ChildEvent, ChildId, Id, Instant, Key, Pid, Scheduler, Slab, TimerId};

use crate::notify::command;
use crate::sys::exec::Program;
use crate::vrrp::config::{ScriptConfig, TrackerKind};
use crate::vrrp::fsm::{Status, TrackSource, TrackerKey};
use crate::vrrp::plan::TrackerPlan;
use crate::vrrp::process::VrrpProcess;
use crate::vrrp::track::script::{Push, Script, ScriptPolicy};

/// The scripts that somebody tracks, and those that still end.
#[derive(Debug, Default)]
pub(in crate::vrrp::process) struct Scripts {
    known: Slab<Tracked>,
    /// By their number in the configuration; `None` for those that nobody tracks.
    places: Vec<Option<Id<Tracked>>>,
}

#[derive(Debug)]
struct Tracked {
    name: Rc<str>,
    /// `None` once the configuration has it no more: it is only waited for.
    tracker: Option<TrackerKey>,
    program: Program,
    machine: Script,
    running: Option<(Pid, ChildId<VrrpProcess>)>,
    timer: Option<TimerId<VrrpProcess>>,
}

impl Tracked {
    fn new(config: &ScriptConfig, tracker: TrackerKey, now: Instant) -> Option<Self> {
        let program = match command::program(config.command.as_ref()?) {
            Ok(program) => program,
            Err(error) => {
                log::error!("script {}: {error}", config.name.value);
                return None;
            }
        };
        Some(Self {
            name: config.name.value.as_str().into(),
            tracker: Some(tracker),
            program,
            machine: Script::new(policy(config), now),
            running: None,
            timer: None,
        })
    }
}

fn policy(config: &ScriptConfig) -> ScriptPolicy {
    ScriptPolicy {
        interval: config.interval,
        timeout: config.timeout.unwrap_or(config.interval),
        rise: config.rise,
        fall: config.fall,
        init_fail: config.init_fail,
    }
}

impl Scripts {
    /// What a script does, in the words of the data dump.
    pub(in crate::vrrp::process) fn state(&self, index: u32) -> &'static str {
        self.machine(index).map_or("idle", Script::state)
    }

    /// What its results have come to, if somebody tracks it.
    pub(in crate::vrrp::process) fn result(&self, index: u32) -> Option<u32> {
        self.machine(index).map(Script::result)
    }

    fn machine(&self, index: u32) -> Option<&Script> {
        let place = usize::try_from(index).ok()?;
        let id = (*self.places.get(place)?)?;
        Some(&self.known.get(id)?.machine)
    }

    fn get_mut(&mut self, key: Key) -> Option<&mut Tracked> {
        self.known.get_mut(Id::from_bits(key))
    }
}

impl VrrpProcess {
    /// Make all scripts ready that somebody tracks, and start them.
    pub(super) fn set_up_scripts(&mut self, s: &mut Scheduler<Self>) {
        let config = Rc::clone(&self.config);
        for (script, number) in config.vrrp.scripts.iter().zip(0..) {
            let place = self.begin_script(s, script, TrackerKey::Script(number));
            self.trackers.scripts.places.push(place);
        }
    }

    /// Scripts that are the same as before run on, by their new definitions; the
    /// others end, and what is new begins.
    pub(super) fn carry_scripts(&mut self, s: &mut Scheduler<Self>, plan: &TrackerPlan) {
        let config = Rc::clone(&self.config);
        let mut old = std::mem::take(&mut self.trackers.scripts.places);
        for (place, script) in config.vrrp.scripts.iter().enumerate() {
            let number = u32::try_from(place).unwrap_or(u32::MAX);
            let key = TrackerKey::Script(number);
            let from = plan.from(TrackerKind::Script, place);
            let from = from.and_then(|from| old.get_mut(from)?.take());
            let id = match from.filter(|_| self.is_tracked(key)) {
                Some(id) => self.carry_script(s, id, script, key),
                None => {
                    old.push(from);
                    self.begin_script(s, script, key)
                }
            };
            self.trackers.scripts.places.push(id);
        }
        for id in old.into_iter().flatten() {
            self.leave_script(s, id);
        }
    }

    /// A script that is tracked runs for the first time.
    fn begin_script(
        &mut self,
        s: &mut Scheduler<Self>,
        script: &ScriptConfig,
        key: TrackerKey,
    ) -> Option<Id<Tracked>> {
        if !self.is_tracked(key) {
            return None;
        }
        let tracked = Tracked::new(script, key, s.now())?;
        let status = tracked.machine.status();
        let id = self.trackers.scripts.known.insert(tracked);
        self.tracked(s, key, status);
        let timer = s.at("track script", s.now(), id.to_bits(), Self::on_script_due);
        if let Some(script) = self.trackers.scripts.known.get_mut(id) {
            script.timer = Some(timer);
        }
        Some(id)
    }

    fn carry_script(
        &mut self,
        s: &mut Scheduler<Self>,
        id: Id<Tracked>,
        script: &ScriptConfig,
        key: TrackerKey,
    ) -> Option<Id<Tracked>> {
        let known = self.trackers.scripts.known.get_mut(id)?;
        known.tracker = Some(key);
        known.machine.reconfigure(s.now(), policy(script));
        let status = known.machine.status();
        self.time_script(s, id.to_bits());
        self.tracked(s, key, status);
        Some(id)
    }

    /// The configuration has it no more, or nobody tracks it.
    fn leave_script(&mut self, s: &mut Scheduler<Self>, id: Id<Tracked>) {
        let Some(script) = self.trackers.scripts.known.get_mut(id) else {
            return;
        };
        script.tracker = None;
        if let Some(timer) = script.timer.take() {
            s.cancel(timer);
        }
        match script.running {
            Some((pid, child)) => push_on(s, script, pid, child),
            None => drop(self.trackers.scripts.known.remove(id)),
        }
    }

    /// Come back when the script is due.
    fn time_script(&mut self, s: &mut Scheduler<Self>, key: Key) {
        if let Some(script) = self.trackers.scripts.get_mut(key) {
            if let Some(timer) = script.timer.take() {
                s.cancel(timer);
            }
            let due = script.machine.due();
            script.timer = Some(s.at("track script", due, key, Self::on_script_due));
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
        self.time_script(s, key);
        if starts {
            self.start_script(s, key);
        }
    }

    fn start_script(&mut self, s: &mut Scheduler<Self>, key: Key) {
        let now = s.now();
        let Some(script) = self.trackers.scripts.get_mut(key) else {
            return;
        };
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
                if script.tracker.is_some() && !script.machine.is_ending() {
                    let name = &script.name;
                    log::info!("script {name} runs longer than its timeout: it is ended");
                }
                push_on(s, script, pid, child);
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
        let Some(tracker) = script.tracker else {
            if script.running.is_none() {
                self.trackers.scripts.known.remove(Id::from_bits(key));
            }
            return;
        };
        let status = script.machine.status();
        let name = Rc::clone(&script.name);
        let source = TrackSource::Tracker(tracker);
        if self.is_stopping || self.router.status(source) == Some(status) {
            return;
        }
        match status {
            Status::Good => log::info!("Script `{name}` now returning 0"),
            Status::Bad => log::info!("Script `{name}` now failing"),
            Status::Unknown | Status::Value(_) => {}
        }
        self.tracked(s, tracker, status);
        self.perform(s);
    }

    /// Nobody waits for scripts that run when the process ends.
    pub(in crate::vrrp::process) fn end_scripts(&mut self, s: &mut Scheduler<Self>) {
        for (_, script) in self.trackers.scripts.known.iter() {
            if let Some((pid, child)) = script.running {
                s.forget_child(child);
                tell_group(pid, Push::Terminate);
            }
        }
        self.trackers.scripts = Scripts::default();
    }
}

/// Tell it to end, more clearly each time.
fn push_on(
    s: &mut Scheduler<VrrpProcess>,
    script: &mut Tracked,
    pid: Pid,
    child: ChildId<VrrpProcess>,
) {
    let (push, patience) = script.machine.late();
    tell_group(pid, push);
    s.limit_child(child, Some(s.now() + patience));
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
