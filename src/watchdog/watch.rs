//! Which children should run, as a machine: respawn with back-off, give up, stop.
//!
//! ```text
//! Absent --start--> Running --died--> Resting --delay over--> Running
//!    ^                 |  |              |
//!    '--died-- Leaving <' '---- stop ----'--> Absent; all absent: finished
//! ```
//!
//! A reload may need other children than before: new ones start, and those that are
//! needed no longer are asked to end and, as at the end, forced after a while.
//!
//! A child that dies is started again at once the first time; while it keeps
//! living less than [`CALM`], the next delays are 1, 2, 4 ... seconds up to
//! [`DELAY_MAX`]. A child that exits with a permanent error (a configuration that
//! it cannot use, for instance) would do so again: everything ends, with its code.

use std::time::Duration;

use scheduler::Instant;

use super::launch::role::Role;

/// A life of this length shows that the child works.
pub const CALM: Duration = Duration::from_secs(60);
/// The longest pause before a respawn.
pub const DELAY_MAX: Duration = Duration::from_secs(60);
/// Exit statuses after which a respawn is pointless: fatal, configuration, permission.
const PERMANENT: [i32; 3] = [1, 2, 4];

/// How a process ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// It exited with this status.
    Exited(i32),
    /// This signal killed it.
    Killed(i32),
}

/// What the machine hears.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event {
    /// Start everything.
    Start,
    /// A child that ran is gone.
    Died(Role, End),
    /// A child could not be started.
    SpawnFailed(Role),
    /// End everything with this status.
    Stop(u8),
    /// [`Watch::deadline`] has come.
    Tick,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Action {
    /// Start the child.
    Spawn(Role),
    /// Say that the child is started again after this pause.
    Respawning(Role, Duration),
    /// Say that the child gave up for good, with its status.
    Permanent(Role, i32),
    /// Everything begins to end.
    Stopping,
    /// Ask the child to end.
    Terminate(Role),
    /// End the child by force.
    Kill(Role),
    /// The child has ended, and nobody wants it any more.
    Gone(Role),
    /// Nothing is left: end with this status.
    Finished(u8),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Absent,
    Running {
        since: Instant,
    },
    /// It runs and was asked to end; it is forced to at this moment, unless that
    /// has passed.
    Leaving {
        kill_at: Option<Instant>,
    },
    Resting {
        until: Instant,
    },
}

#[derive(Clone, Copy, Debug)]
struct Child {
    role: Role,
    state: State,
    /// The pause before the next respawn.
    delay: Duration,
    /// Whether the configuration has work for it.
    is_wanted: bool,
}

/// An orderly end under way.
#[derive(Clone, Copy, Debug)]
struct Ending {
    status: u8,
    /// When patience ends; nothing once it has ended.
    kill_at: Option<Instant>,
}

/// The children of the watchdog.
#[derive(Debug)]
pub struct Watch {
    children: Vec<Child>,
    respawn: bool,
    patience: Duration,
    ending: Option<Ending>,
}

impl Watch {
    /// Watch over `roles`. `respawn` is off with `-R`; `patience` is the time
    /// between asking children to end and forcing them (`child_wait_time`).
    #[must_use]
    pub fn new(roles: &[Role], respawn: bool, patience: Duration) -> Self {
        Self {
            children: roles.iter().copied().map(Child::new).collect(),
            respawn,
            patience,
            ending: None,
        }
    }

    /// Take an event and say what is to be done.
    pub fn on(&mut self, now: Instant, event: Event, out: &mut Vec<Action>) {
        match event {
            Event::Start => self.start(now, out),
            Event::Died(role, end) => self.died(now, role, Some(end), out),
            Event::SpawnFailed(role) => self.died(now, role, None, out),
            Event::Stop(status) => self.stop(now, status, out),
            Event::Tick => self.tick(now, out),
        }
    }

    /// Another time between asking children to end and forcing them.
    pub const fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Have these children and no others. One that is ending and wanted again
    /// starts when it has ended.
    pub fn want(&mut self, now: Instant, roles: &[Role], out: &mut Vec<Action>) {
        if self.ending.is_some() {
            return;
        }
        for &role in roles {
            match self.children.iter_mut().find(|child| child.role == role) {
                Some(child) => child.is_wanted = true,
                None => {
                    let mut child = Child::new(role);
                    child.state = State::Running { since: now };
                    self.children.push(child);
                    out.push(Action::Spawn(role));
                }
            }
        }
        let kill_at = Some(now + self.patience);
        for child in &mut self.children {
            child.is_wanted = roles.contains(&child.role);
            if !child.is_wanted && matches!(child.state, State::Running { .. }) {
                child.state = State::Leaving { kill_at };
                out.push(Action::Terminate(child.role));
            }
        }
        self.forget_unwanted(out);
    }

    /// When [`Event::Tick`] is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        if let Some(ending) = self.ending {
            return ending.kill_at;
        }
        let due = |child: &Child| match child.state {
            State::Resting { until } => Some(until),
            State::Leaving { kill_at } => kill_at,
            State::Absent | State::Running { .. } => None,
        };
        self.children.iter().filter_map(due).min()
    }

    /// The children that the configuration needs.
    pub fn roles(&self) -> impl Iterator<Item = Role> {
        self.children.iter().map(|child| child.role)
    }

    /// Whether an end is under way.
    #[must_use]
    pub const fn is_ending(&self) -> bool {
        self.ending.is_some()
    }

    fn start(&mut self, now: Instant, out: &mut Vec<Action>) {
        for child in &mut self.children {
            child.state = State::Running { since: now };
            out.push(Action::Spawn(child.role));
        }
    }

    fn died(&mut self, now: Instant, role: Role, end: Option<End>, out: &mut Vec<Action>) {
        let Some(child) = self.children.iter_mut().find(|c| c.role == role) else {
            return;
        };
        let before = child.state;
        if !child.is_running() {
            return;
        }
        child.state = State::Absent;
        if self.ending.is_some() {
            self.finish_if_empty(out);
            return;
        }
        let State::Running { since } = before else {
            return self.left(now, role, out);
        };
        if let Some(End::Exited(status)) = end
            && PERMANENT.contains(&status)
        {
            out.push(Action::Permanent(role, status));
            self.stop(now, u8::try_from(status).unwrap_or(1), out);
        } else if self.respawn {
            child.rest(now, now.since(since));
            out.push(Action::Respawning(role, child.pause(now)));
            self.tick(now, out);
        } else {
            self.stop(now, 1, out);
        }
    }

    fn stop(&mut self, now: Instant, status: u8, out: &mut Vec<Action>) {
        if self.ending.is_some() {
            return;
        }
        self.ending = Some(Ending {
            status,
            kill_at: Some(now + self.patience),
        });
        out.push(Action::Stopping);
        for child in &mut self.children {
            match child.state {
                State::Running { .. } => out.push(Action::Terminate(child.role)),
                State::Resting { .. } => child.state = State::Absent,
                State::Leaving { .. } | State::Absent => {}
            }
        }
        self.finish_if_empty(out);
    }

    fn tick(&mut self, now: Instant, out: &mut Vec<Action>) {
        if let Some(ending) = &mut self.ending {
            if ending.kill_at.is_some_and(|at| at <= now) {
                ending.kill_at = None;
                let running = self.children.iter().filter(|c| c.is_running());
                out.extend(running.map(|c| Action::Kill(c.role)));
            }
            return;
        }
        for child in &mut self.children {
            match child.state {
                State::Resting { until } if until <= now => {
                    child.state = State::Running { since: now };
                    out.push(Action::Spawn(child.role));
                }
                State::Leaving { kill_at: Some(at) } if at <= now => {
                    child.state = State::Leaving { kill_at: None };
                    out.push(Action::Kill(child.role));
                }
                State::Absent
                | State::Running { .. }
                | State::Leaving { .. }
                | State::Resting { .. } => {}
            }
        }
    }

    /// A child that was asked to end has ended. It may be wanted again by now.
    fn left(&mut self, now: Instant, role: Role, out: &mut Vec<Action>) {
        for child in self.children.iter_mut().filter(|child| child.role == role) {
            if child.is_wanted {
                child.state = State::Running { since: now };
                out.push(Action::Spawn(role));
            }
        }
        self.forget_unwanted(out);
    }

    /// Children that nobody wants and that have ended.
    fn forget_unwanted(&mut self, out: &mut Vec<Action>) {
        self.children.retain(|child| {
            let goes = !child.is_wanted && !child.is_running();
            if goes {
                out.push(Action::Gone(child.role));
            }
            !goes
        });
    }

    fn finish_if_empty(&self, out: &mut Vec<Action>) {
        let running = self.children.iter().any(Child::is_running);
        if let Some(ending) = self.ending
            && !running
        {
            out.push(Action::Finished(ending.status));
        }
    }
}

impl Child {
    const fn new(role: Role) -> Self {
        Self {
            role,
            state: State::Absent,
            delay: Duration::ZERO,
            is_wanted: true,
        }
    }

    fn is_running(&self) -> bool {
        matches!(self.state, State::Running { .. } | State::Leaving { .. })
    }

    /// Rest before the next start, after a life of `lived`.
    fn rest(&mut self, now: Instant, lived: Duration) {
        if lived >= CALM {
            self.delay = Duration::ZERO;
        }
        self.state = State::Resting {
            until: now + self.delay,
        };
        let doubled = (self.delay * 2).max(Duration::from_secs(1));
        self.delay = doubled.min(DELAY_MAX);
    }

    /// How long it still rests.
    fn pause(&self, now: Instant) -> Duration {
        match self.state {
            State::Resting { until } => until.since(now),
            State::Absent | State::Running { .. } | State::Leaving { .. } => Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests;
