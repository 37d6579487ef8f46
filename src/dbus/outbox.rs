//! What the VRRP process has still to tell, as a machine: while the line is full only
//! the places of instances are kept here, so what is told later is their newest state.
//!
//! ```text
//! list() ──► Begins ──► Instance 0, 1, ... ──► Ends
//! changed(place) ──────► Instance, after the list if its place has been passed
//! stopped() ───────────► Stopped, after all others
//! ```

use std::collections::BTreeSet;

use super::line::Occasion;

/// A message that is due.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Part {
    /// All instances follow.
    Begins(Occasion),
    /// The instance with this place in the configuration.
    Instance(u32),
    /// Those were all.
    Ends,
    /// The end of the process.
    Stopped,
}

/// How far the list of all instances is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Progress {
    None,
    Begins(Occasion),
    Next(u32),
}

/// What has not been told yet.
#[derive(Debug)]
pub struct Outbox {
    /// How many instances there are.
    count: u32,
    list: Progress,
    changed: BTreeSet<u32>,
    is_stopped: bool,
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            count: 0,
            list: Progress::None,
            changed: BTreeSet::new(),
            is_stopped: false,
        }
    }
}

impl Outbox {
    /// Tell all of `count` instances. A list that has not been finished begins anew,
    /// for places may mean other instances now.
    pub fn list(&mut self, count: u32, occasion: Occasion) {
        let before = match self.list {
            Progress::Begins(before) => before,
            Progress::None | Progress::Next(_) => Occasion::default(),
        };
        self.count = count;
        self.changed.clear();
        self.list = Progress::Begins(Occasion {
            started: before.started || occasion.started,
            reloaded: before.reloaded || occasion.reloaded,
        });
    }

    /// The state of an instance has changed.
    pub fn changed(&mut self, place: u32) {
        let comes_anyway = match self.list {
            Progress::None => false,
            Progress::Begins(_) => true,
            Progress::Next(next) => place >= next,
        };
        if !comes_anyway {
            self.changed.insert(place);
        }
    }

    /// The process ends.
    pub const fn stopped(&mut self) {
        self.is_stopped = true;
    }

    /// What is due.
    #[must_use]
    pub fn next(&self) -> Option<Part> {
        match self.list {
            Progress::Begins(occasion) => Some(Part::Begins(occasion)),
            Progress::Next(next) if next < self.count => Some(Part::Instance(next)),
            Progress::Next(_) => Some(Part::Ends),
            Progress::None => {
                let changed = self.changed.first().copied().map(Part::Instance);
                changed.or_else(|| self.is_stopped.then_some(Part::Stopped))
            }
        }
    }

    /// It has been told.
    pub fn told(&mut self, part: Part) {
        match (part, self.list) {
            (Part::Begins(_), _) => self.list = Progress::Next(0),
            (Part::Instance(place), Progress::Next(_)) => self.list = Progress::Next(place + 1),
            (Part::Instance(place), _) => {
                self.changed.remove(&place);
            }
            (Part::Ends, _) => self.list = Progress::None,
            (Part::Stopped, _) => self.is_stopped = false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STARTED: Occasion = Occasion {
        started: true,
        reloaded: false,
    };
    const RELOADED: Occasion = Occasion {
        started: false,
        reloaded: true,
    };

    /// What is told while there is room for `room` messages.
    fn tell(outbox: &mut Outbox, room: usize) -> Vec<Part> {
        let mut told = Vec::new();
        while let Some(part) = outbox.next().filter(|_| told.len() < room) {
            outbox.told(part);
            told.push(part);
        }
        told
    }

    #[test]
    fn a_list_has_all_instances_and_the_end_comes_last() {
        let mut outbox = Outbox::default();
        outbox.stopped();
        outbox.list(2, STARTED);
        let expected = [
            Part::Begins(STARTED),
            Part::Instance(0),
            Part::Instance(1),
            Part::Ends,
            Part::Stopped,
        ];
        assert_eq!(tell(&mut outbox, 9), expected);
        assert_eq!(outbox.next(), None);
    }

    #[test]
    fn changes_that_find_no_room_are_told_once_each() {
        let mut outbox = Outbox::default();
        for place in [7, 3, 7, 7] {
            outbox.changed(place);
        }
        let expected = [Part::Instance(3), Part::Instance(7)];
        assert_eq!(tell(&mut outbox, 9), expected);
    }

    #[test]
    fn a_change_during_a_list_is_told_again_only_where_the_list_has_been() {
        let mut outbox = Outbox::default();
        outbox.list(3, STARTED);
        tell(&mut outbox, 2);
        outbox.changed(0);
        outbox.changed(2);
        let expected = [
            Part::Instance(1),
            Part::Instance(2),
            Part::Ends,
            Part::Instance(0),
        ];
        assert_eq!(tell(&mut outbox, 9), expected);
    }

    #[test]
    fn a_new_list_takes_over_the_occasion_of_one_that_was_not_begun() {
        let mut outbox = Outbox::default();
        outbox.list(3, STARTED);
        outbox.changed(2);
        outbox.list(1, RELOADED);
        let both = Occasion {
            started: true,
            reloaded: true,
        };
        let expected = [Part::Begins(both), Part::Instance(0), Part::Ends];
        assert_eq!(tell(&mut outbox, 9), expected);
    }
}
