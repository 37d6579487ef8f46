//! The scripts of one instance: one at a time, in the order of the events.
//!
//! While a script runs, events wait, and only the latest state does: a later one
//! replaces it, so that a slow script is not followed by a queue of old news. An
//! event begun is told to its end, the specific script first and the general one
//! then. A script that runs longer than the patience is not waited for any more;
//! what a script of MASTER starts in the foreground must not keep FAULT from
//! being told.

use std::collections::VecDeque;
use std::time::Duration;

use scheduler::Instant;

/// How long a script is waited for.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// Names one start of a script, so that the end of one given up is told apart.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Ticket(pub u64);

/// What of the scripts waits if one runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Class {
    /// The latest one of its kind: a state.
    State,
    /// The first one, after the states: something seen again and again.
    Sighting,
}

/// Start this script now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Start<C> {
    /// To be given back when it ends.
    pub ticket: Ticket,
    /// What to run.
    pub command: C,
    /// Whether one that runs was given up for it.
    pub impatient: bool,
}

/// The scripts of one instance.
#[derive(Debug)]
pub struct Serial<C> {
    running: Option<Running>,
    /// The rest of the event under way.
    rest: VecDeque<C>,
    state: Option<VecDeque<C>>,
    sighting: Option<VecDeque<C>>,
    patience: Duration,
    tickets: u64,
    skipped: u64,
}

#[derive(Clone, Copy, Debug)]
struct Running {
    ticket: Ticket,
    since: Instant,
}

impl<C> Default for Serial<C> {
    fn default() -> Self {
        Self {
            running: None,
            rest: VecDeque::new(),
            state: None,
            sighting: None,
            patience: PATIENCE,
            tickets: 0,
            skipped: 0,
        }
    }
}

impl<C> Serial<C> {
    /// An event has these scripts, to be run in order.
    pub fn push(
        &mut self,
        now: Instant,
        class: Class,
        commands: impl IntoIterator<Item = C>,
    ) -> Option<Start<C>> {
        let commands: VecDeque<C> = commands.into_iter().collect();
        if commands.is_empty() {
            // A state without scripts still makes the one that waits old news.
            if class == Class::State && self.state.take().is_some() {
                self.skipped += 1;
            }
            return None;
        }
        match class {
            Class::State => self.skipped += u64::from(self.state.replace(commands).is_some()),
            Class::Sighting => {
                if self.sighting.is_none() {
                    self.sighting = Some(commands);
                } else {
                    self.skipped += 1;
                }
            }
        }
        self.advance(now)
    }

    /// A script has ended, or could not be started.
    pub fn ended(&mut self, now: Instant, ticket: Ticket) -> Option<Start<C>> {
        if self.running.is_none_or(|running| running.ticket != ticket) {
            return None;
        }
        self.running = None;
        self.advance(now)
    }

    /// The deadline may have passed.
    pub fn tick(&mut self, now: Instant) -> Option<Start<C>> {
        self.advance(now)
    }

    /// When [`Self::tick`] is due: only if something waits.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let running = self.running.filter(|_| self.waits())?;
        Some(running.since + self.patience)
    }

    /// Wait only this long for a script from now on: the daemon stops.
    pub fn hurry(&mut self, now: Instant, patience: Duration) {
        self.patience = patience;
        if let Some(running) = &mut self.running {
            running.since = now;
        }
        self.sighting = None;
    }

    /// Whether nothing runs or waits.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.running.is_none() && !self.waits()
    }

    /// How many events were not told because a later one came.
    #[must_use]
    pub const fn skipped(&self) -> u64 {
        self.skipped
    }

    fn waits(&self) -> bool {
        !self.rest.is_empty() || self.state.is_some() || self.sighting.is_some()
    }

    fn advance(&mut self, now: Instant) -> Option<Start<C>> {
        let impatient = match self.running {
            Some(running) if now < running.since + self.patience => return None,
            Some(_) => true,
            None => false,
        };
        if self.rest.is_empty() {
            self.rest = self.state.take().or_else(|| self.sighting.take())?;
        }
        let command = self.rest.pop_front()?;
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.running = Some(Running { ticket, since: now });
        Some(Start {
            ticket,
            command,
            impatient,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::ZERO + Duration::from_secs(seconds)
    }

    fn state(serial: &mut Serial<String>, now: Instant, word: &str) -> Option<Start<String>> {
        let scripts = [format!("{word}-own"), format!("{word}-all")];
        serial.push(now, Class::State, scripts)
    }

    fn command(start: Option<&Start<String>>) -> &str {
        start.map_or("", |start| &start.command)
    }

    #[test]
    fn the_specific_script_then_the_general_one() {
        let mut serial = Serial::default();
        let first = state(&mut serial, at(0), "M").unwrap();
        assert_eq!(first.command, "M-own");
        let second = serial.ended(at(1), first.ticket).unwrap();
        assert_eq!(second.command, "M-all");
        assert_eq!(serial.ended(at(2), second.ticket), None);
        assert!(serial.is_idle());
    }

    #[test]
    fn only_the_latest_state_waits() {
        let mut serial = Serial::default();
        let first = state(&mut serial, at(0), "B").unwrap();
        for word in ["M", "F", "M"] {
            assert_eq!(state(&mut serial, at(1), word), None);
        }
        let second = serial.ended(at(2), first.ticket).unwrap();
        assert_eq!(second.command, "B-all", "an event begun is told to its end");
        let third = serial.ended(at(3), second.ticket);
        assert_eq!(command(third.as_ref()), "M-own");
        assert_eq!(serial.skipped(), 2);
    }

    #[test]
    fn a_state_without_script_drops_the_one_that_waits() {
        let mut serial = Serial::default();
        let first = state(&mut serial, at(0), "B").unwrap();
        state(&mut serial, at(1), "M");
        assert_eq!(serial.push(at(2), Class::State, []), None);
        let second = serial.ended(at(3), first.ticket).unwrap();
        assert_eq!(serial.ended(at(4), second.ticket), None);
    }

    #[test]
    fn a_script_without_end_is_not_waited_for_for_ever() {
        let mut serial = Serial::default();
        let first = state(&mut serial, at(0), "M").unwrap();
        assert_eq!(serial.deadline(), Some(at(0) + PATIENCE), "M-all waits");
        let second = serial.tick(at(15)).unwrap();
        assert!(second.impatient && second.command == "M-all");
        assert_eq!(
            serial.ended(at(16), first.ticket),
            None,
            "no longer its turn"
        );
        assert!(!serial.is_idle());
        assert_eq!(serial.deadline(), None, "nothing waits");
        let third = state(&mut serial, at(40), "F").unwrap();
        assert!(third.impatient);
    }

    #[test]
    fn sightings_are_told_after_states_and_once() {
        let mut serial = Serial::default();
        let sight =
            |serial: &mut Serial<String>| serial.push(at(1), Class::Sighting, ["low".to_owned()]);
        let first = state(&mut serial, at(0), "M").unwrap();
        for _ in 0..3 {
            assert_eq!(sight(&mut serial), None);
        }
        let second = serial.ended(at(2), first.ticket).unwrap();
        let third = serial.ended(at(3), second.ticket).unwrap();
        assert_eq!(third.command, "low");
        assert_eq!(serial.ended(at(4), third.ticket), None);
    }

    #[test]
    fn at_the_end_the_last_state_does_not_wait_long() {
        let mut serial = Serial::default();
        state(&mut serial, at(0), "M");
        serial.hurry(at(5), Duration::from_millis(300));
        assert_eq!(state(&mut serial, at(5), "S"), None);
        let due = serial.deadline().unwrap();
        assert_eq!(due, at(5) + Duration::from_millis(300));
        assert_eq!(command(serial.tick(due).as_ref()), "M-all");
    }

    proptest! {
        /// Starts are in the order of the events, and the last state is told.
        #[test]
        fn never_overtaking(steps in prop::collection::vec((0_u8..4, 0_u64..8), 1..200)) {
            let mut serial: Serial<usize> = Serial::default();
            let (mut now, mut running, mut told, mut last) = (0, None, Vec::new(), 0);
            let mut take = |start: Option<Start<usize>>, running: &mut Option<Ticket>| {
                if let Some(start) = start {
                    *running = Some(start.ticket);
                    told.push(start.command);
                }
            };
            for (number, (step, wait)) in steps.into_iter().enumerate() {
                now += wait;
                let start = match step {
                    0 | 1 => {
                        last = number + 1;
                        serial.push(at(now), Class::State, [last, last])
                    }
                    2 => running.and_then(|ticket| serial.ended(at(now), ticket)),
                    _ => serial.tick(at(now)),
                };
                take(start, &mut running);
            }
            while let Some(ticket) = running.take() {
                take(serial.ended(at(now), ticket), &mut running);
            }
            prop_assert!(serial.is_idle());
            prop_assert!(told.is_sorted());
            prop_assert_eq!(told.last().copied().unwrap_or(0), last);
        }
    }
}
