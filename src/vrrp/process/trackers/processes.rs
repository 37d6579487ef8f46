//! Tracked processes: found in `/proc`, then followed by the kernel's events.
//! Where there are none `/proc` is read once a second. Either way it is read in
//! portions, so that many processes delay no advert.

use std::fs;
use std::rc::Rc;
use std::time::Duration;

use scheduler::{Instant, IoId, Key, OnTimer, Scheduler, TimerId};

use crate::netlink::ProcessMonitor;
use crate::netlink::process_event::ProcessEvent;
use crate::vrrp::config::tracker::ParameterMatch;
use crate::vrrp::config::{ProcessConfig, TrackerKind};
use crate::vrrp::fsm::TrackerKey;
use crate::vrrp::plan::TrackerPlan;
use crate::vrrp::process::VrrpProcess;
use crate::vrrp::track::population::{Members, Population};
use crate::vrrp::track::process::{Counted, Parameters, Pattern, Quorum, task_name};

/// From the end of one look to the next.
const PAUSE: Duration = Duration::from_secs(1);
/// Processes looked at in one round.
const PORTION: usize = 50;

/// The processes that somebody tracks.
#[derive(Debug, Default)]
pub(in crate::vrrp::process) struct Processes {
    list: Vec<Tracked>,
    /// Who counts, by positions in the list.
    population: Population,
    /// Not looked at yet in this look.
    rest: Vec<u32>,
    /// Events of processes, unless the kernel has none for us.
    pub(super) events: Option<ProcessMonitor>,
    /// What the loop knows that descriptor by.
    pub(super) watch: Option<IoId<VrrpProcess>>,
    /// The next look, or the next portion of this one.
    look: Option<TimerId<VrrpProcess>>,
    /// The end of a delay.
    delay: Option<TimerId<VrrpProcess>>,
}

#[derive(Debug)]
struct Tracked {
    key: TrackerKey,
    pattern: Pattern,
    machine: Counted,
}

impl Tracked {
    fn new(config: &ProcessConfig, key: TrackerKey) -> Self {
        let parameters = match config.matching() {
            Some(ParameterMatch::Exact) => Parameters::Exact,
            Some(ParameterMatch::Partial) => Parameters::Partial,
            Some(ParameterMatch::Initial) => Parameters::Initial,
            None => Parameters::Any,
        };
        let words = config.command.iter();
        Self {
            key,
            pattern: Pattern {
                command: words.map(|word| word.as_bytes().to_vec()).collect(),
                parameters,
                full: config.full_command || parameters != Parameters::Any,
            },
            machine: Counted::new(quorum(config)),
        }
    }
}

fn quorum(config: &ProcessConfig) -> Quorum {
    Quorum {
        least: config.quorum,
        most: config.quorum_max.unwrap_or(u32::MAX),
        fork_delay: config.fork_delay,
        terminate_delay: config.terminate_delay,
    }
}

impl Processes {
    /// What is counted of one, if somebody tracks it.
    pub(in crate::vrrp::process) fn counted(&self, key: TrackerKey) -> Option<&Counted> {
        let mut list = self.list.iter();
        let tracked = list.find(|tracked| tracked.key == key)?;
        Some(&tracked.machine)
    }

    fn begin(&mut self) {
        self.rest = fs::read_dir("/proc")
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .collect();
        self.population.begin_look();
    }

    /// A portion of what is left.
    fn look(&mut self, portion: usize) {
        let from = self.rest.len().saturating_sub(portion);
        let some: Vec<u32> = self.rest.drain(from..).collect();
        for process in some {
            let members = self.members(process);
            self.population.found(process, members);
        }
    }

    /// What a process counts for.
    fn members(&self, process: u32) -> Members {
        let stat = fs::read(format!("/proc/{process}/stat")).unwrap_or_default();
        let Some(name) = task_name(&stat) else {
            return Members::default();
        };
        let by_line = self.list.iter().any(|tracked| tracked.pattern.full);
        let line = if by_line {
            fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default()
        } else {
            Vec::new()
        };
        let list = self.list.iter().zip(0..);
        list.filter(|(tracked, _)| tracked.pattern.matches(name, &line))
            .map(|(_, place)| place)
            .collect()
    }

    /// Take an event in. True if a number may have changed.
    pub(super) fn hear(&mut self, event: ProcessEvent) -> bool {
        match event {
            ProcessEvent::Answer(_) => false,
            ProcessEvent::Forked { parent, child } => self.population.forked(parent, child),
            ProcessEvent::Ended(process) => self.population.ended(process),
            ProcessEvent::Executed(process) | ProcessEvent::Renamed(process) => {
                let members = self.members(process);
                let counted = self.population.has(process);
                self.population.is_like(process, &members);
                counted || !members.is_empty()
            }
        }
    }
}

impl VrrpProcess {
    /// Look for what somebody tracks before the instances start.
    pub(super) fn set_up_processes(&mut self, s: &mut Scheduler<Self>) {
        let config = Rc::clone(&self.config);
        for (process, number) in config.vrrp.processes.iter().zip(0..) {
            let key = TrackerKey::Process(number);
            if self.is_tracked(key) {
                let tracked = Tracked::new(process, key);
                self.trackers.processes.list.push(tracked);
            }
        }
        if self.trackers.processes.list.is_empty() {
            return;
        }
        self.open_process_events(s);
        self.trackers.processes.begin();
        self.trackers.processes.look(usize::MAX);
        self.look_ended(s);
    }

    /// Processes that are the same as before keep their numbers. The others are
    /// looked for at once, in portions, for a reload delays no advert.
    pub(super) fn carry_processes(&mut self, s: &mut Scheduler<Self>, plan: &TrackerPlan) {
        let config = Rc::clone(&self.config);
        let mut old = std::mem::take(&mut self.trackers.processes.list);
        let mut is_new = old.len() != config.vrrp.processes.len();
        for (place, process) in config.vrrp.processes.iter().enumerate() {
            let number = |place| TrackerKey::Process(u32::try_from(place).unwrap_or(u32::MAX));
            let key = number(place);
            if !self.is_tracked(key) {
                continue;
            }
            let from = plan.from(TrackerKind::Process, place).map(number);
            let from = from.and_then(|from| old.iter().position(|known| known.key == from));
            let mut tracked = Tracked::new(process, key);
            match from.map(|from| old.swap_remove(from)) {
                Some(known) => {
                    tracked.machine = known.machine;
                    tracked.machine.reconfigure(quorum(process));
                }
                None => is_new = true,
            }
            self.trackers.processes.list.push(tracked);
        }
        let processes = &mut self.trackers.processes;
        let is_empty = processes.list.is_empty();
        if is_empty || is_new {
            processes.population = Population::default();
            processes.rest.clear();
            let timers = [processes.look.take(), processes.delay.take()];
            for timer in timers.into_iter().flatten() {
                s.cancel(timer);
            }
        }
        if is_empty {
            self.close_process_events(s);
        } else if is_new {
            if self.trackers.processes.events.is_none() {
                self.open_process_events(s);
            }
            // Numbers are taken when it is complete.
            self.trackers.processes.population.begin_look();
            self.time_look(s, s.now(), Self::on_look);
        }
        if !is_empty {
            self.processes_settled(s);
        }
    }

    fn time_look(&mut self, s: &mut Scheduler<Self>, at: Instant, call: OnTimer<Self>) {
        if let Some(timer) = self.trackers.processes.look.take() {
            s.cancel(timer);
        }
        self.trackers.processes.look = Some(s.at("track process", at, 0, call));
    }

    /// Events were lost: what they would have told is in `/proc`.
    pub(super) fn look_again(&mut self, s: &mut Scheduler<Self>) {
        let at = s.now() + PAUSE;
        self.time_look(s, at, Self::on_look);
    }

    fn on_look(&mut self, s: &mut Scheduler<Self>, _: Key) {
        self.trackers.processes.begin();
        self.on_look_on(s, 0);
    }

    fn on_look_on(&mut self, s: &mut Scheduler<Self>, _: Key) {
        self.trackers.processes.look(PORTION);
        self.trackers.processes.look = None;
        if self.trackers.processes.rest.is_empty() {
            self.look_ended(s);
            self.perform(s);
        } else {
            self.time_look(s, s.now(), Self::on_look_on);
        }
    }

    /// A look is complete.
    fn look_ended(&mut self, s: &mut Scheduler<Self>) {
        self.trackers.processes.population.end_look();
        self.processes_counted(s);
        if self.trackers.processes.events.is_none() {
            self.look_again(s);
        }
    }

    /// The numbers as they are now, unless a look is still finding out.
    pub(super) fn processes_counted(&mut self, s: &mut Scheduler<Self>) {
        let Processes {
            list, population, ..
        } = &mut self.trackers.processes;
        if population.is_looking() {
            return;
        }
        let counts = population.counts(list.len());
        for (tracked, count) in list.iter_mut().zip(counts) {
            tracked.machine.set(s.now(), count);
        }
        self.processes_settled(s);
    }

    fn on_process_delay(&mut self, s: &mut Scheduler<Self>, _: Key) {
        let now = s.now();
        for tracked in &mut self.trackers.processes.list {
            tracked.machine.tick(now);
        }
        self.processes_settled(s);
        self.perform(s);
    }

    /// Tell the router, and come back when a delay has passed.
    fn processes_settled(&mut self, s: &mut Scheduler<Self>) {
        let list = self.trackers.processes.list.iter();
        let told: Vec<_> = list
            .map(|tracked| (tracked.key, tracked.machine.status()))
            .collect();
        let list = self.trackers.processes.list.iter();
        let next = list.filter_map(|tracked| tracked.machine.deadline()).min();
        for (key, status) in told {
            self.tracked(s, key, status);
        }
        if let Some(timer) = self.trackers.processes.delay.take() {
            s.cancel(timer);
        }
        if let Some(at) = next {
            let timer = s.at("track process", at, 0, Self::on_process_delay);
            self.trackers.processes.delay = Some(timer);
        }
    }
}
