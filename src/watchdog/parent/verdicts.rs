//! What is told in place of a child that is not there: the verdicts on BFD sessions.
//!
//! A BFD process that dies is started again at once, and goes on with its sessions. If
//! it keeps dying, that waits for seconds. Nobody hears the neighbours meanwhile, and
//! they do not hear us: a session is good for its detection time, and then those who
//! track it are told that it is down. In the same way no instance is on D-Bus while
//! there is no VRRP process.

use scheduler::{Alarm, Instant, Key, Scheduler};

use super::WatchDog;
use crate::bfd::notes::Note;
use crate::bfd::process::memory::Memory;
use crate::watchdog::launch::role::Role;

/// Sessions whose verdict ends.
#[derive(Debug)]
pub(super) struct Verdicts {
    /// When, and their places in the notes of the process.
    pending: Vec<(Instant, usize)>,
    alarm: Alarm<WatchDog>,
}

impl Default for Verdicts {
    fn default() -> Self {
        Self {
            pending: Vec::new(),
            alarm: Alarm::new("BFD verdicts", 0, WatchDog::on_verdict),
        }
    }
}

impl WatchDog {
    /// A child has died; it may run again by now.
    pub(super) fn stand_in(&mut self, s: &mut Scheduler<Self>, role: Role) {
        if self.is_ending() || self.running().contains(&role) {
            return;
        }
        match role {
            Role::Bfd => self.keep_verdicts(s),
            // Nobody is master who does not run.
            Role::Vrrp => self.lines.tell_no_instances(),
            Role::Check | Role::Dbus => {}
        }
    }

    fn keep_verdicts(&mut self, s: &mut Scheduler<Self>) {
        let now = s.now();
        let notes = self.session_notes().read();
        let end = |(place, note): (usize, Note)| {
            let known = note.known.filter(|_| note.told == Some(true))?;
            Some((now + known.detection_time(), place))
        };
        self.verdicts.pending = notes.into_iter().enumerate().filter_map(end).collect();
        self.follow_verdicts(s);
    }

    /// A child has been started: sessions are its own concern.
    pub(super) fn give_up_verdicts(&mut self, s: &mut Scheduler<Self>, role: Role) {
        if role == Role::Bfd {
            self.verdicts.pending.clear();
            self.follow_verdicts(s);
        }
    }

    /// Nobody wants the child any more: sessions that are configured later are others.
    pub(super) fn forget_sessions(&self, role: Role) {
        if role == Role::Bfd {
            self.session_notes().replace(std::iter::empty());
        }
    }

    fn session_notes(&self) -> Memory {
        Memory::new(self.lines.session_notes().ok())
    }

    fn follow_verdicts(&mut self, s: &mut Scheduler<Self>) {
        let next = self.verdicts.pending.iter().map(|(at, _)| *at).min();
        self.verdicts.alarm.follow(s, next);
    }

    fn on_verdict(&mut self, s: &mut Scheduler<Self>, _: Key) {
        let now = s.now();
        let memory = self.session_notes();
        let notes = memory.read();
        let pending = std::mem::take(&mut self.verdicts.pending);
        let (due, later): (Vec<_>, Vec<_>) = pending.into_iter().partition(|(at, _)| *at <= now);
        self.verdicts.pending = later;
        for (_, place) in due {
            let Some(note) = notes.get(place) else {
                continue;
            };
            log::warn!(
                "({}) is down: there is no BFD process to hear its neighbour",
                note.name
            );
            self.lines.tell_session(now, &note.name, false);
            // The next process begins anew.
            let note = Note {
                told: Some(false),
                known: None,
                ..note.clone()
            };
            memory.write(place, &note);
        }
        self.follow_verdicts(s);
    }
}
