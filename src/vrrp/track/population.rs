//! Which processes count for which tracker, kept up to date by events.
//!
//! A process is known only while it counts. What a process is like is found out
//! by the caller, who can read `/proc`.

use std::collections::HashMap;

/// The trackers a process counts for, by position.
pub type Members = Box<[u32]>;

/// All processes that count.
#[derive(Debug, Default)]
pub struct Population {
    members: HashMap<u32, Members>,
    /// What a new look has found so far; events are taken into both.
    look: Option<HashMap<u32, Members>>,
}

impl Population {
    /// A process is like this now.
    pub fn is_like(&mut self, process: u32, trackers: &Members) {
        for known in self.all() {
            if trackers.is_empty() {
                known.remove(&process);
            } else {
                known.insert(process, trackers.clone());
            }
        }
    }

    /// A process has made another one, which is like it until it runs another
    /// program. True if it counts.
    pub fn forked(&mut self, parent: u32, child: u32) -> bool {
        let mut counts = false;
        for known in self.all() {
            if let Some(trackers) = known.get(&parent).cloned() {
                known.insert(child, trackers);
                counts = true;
            }
        }
        counts
    }

    /// A process has ended. True if it counted.
    pub fn ended(&mut self, process: u32) -> bool {
        let mut counted = false;
        for known in self.all() {
            counted |= known.remove(&process).is_some();
        }
        counted
    }

    /// Whether it counts.
    #[must_use]
    pub fn has(&self, process: u32) -> bool {
        self.members.contains_key(&process)
    }

    /// All processes are looked at anew.
    pub fn begin_look(&mut self) {
        self.look = Some(HashMap::new());
    }

    /// The look has found a process that is like this.
    pub fn found(&mut self, process: u32, trackers: Members) {
        if let Some(look) = &mut self.look
            && !trackers.is_empty()
        {
            look.insert(process, trackers);
        }
    }

    /// All processes were looked at.
    pub fn end_look(&mut self) {
        if let Some(look) = self.look.take() {
            self.members = look;
        }
    }

    /// Whether a look has not ended yet.
    #[must_use]
    pub const fn is_looking(&self) -> bool {
        self.look.is_some()
    }

    /// How many count for each of so many trackers.
    #[must_use]
    pub fn counts(&self, trackers: usize) -> Vec<u32> {
        let mut counts = vec![0; trackers];
        for tracker in self.members.values().flat_map(|members| members.iter()) {
            let place = usize::try_from(*tracker).ok();
            if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
                *count += 1;
            }
        }
        counts
    }

    fn all(&mut self) -> impl Iterator<Item = &mut HashMap<u32, Members>> {
        std::iter::once(&mut self.members).chain(&mut self.look)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(trackers: &[u32]) -> Members {
        trackers.into()
    }

    #[test]
    fn children_count_until_they_run_something_else() {
        let mut all = Population::default();
        all.is_like(10, &of(&[0, 1]));
        assert!(all.forked(10, 11));
        assert!(!all.forked(99, 100), "nobody knows 99");
        assert_eq!(all.counts(2), [2, 2]);
        all.is_like(11, &of(&[1]));
        assert_eq!(all.counts(2), [1, 2]);
        all.is_like(11, &of(&[]));
        assert!(!all.has(11) && all.has(10));
        assert!(all.ended(10) && !all.ended(11));
        assert_eq!(all.counts(2), [0, 0]);
    }

    #[test]
    fn events_during_a_look_are_not_forgotten() {
        let mut all = Population::default();
        for process in 1..=3 {
            all.is_like(process, &of(&[0]));
        }
        all.begin_look();
        all.found(1, of(&[0]));
        all.found(2, of(&[0]));
        assert!(all.ended(2), "after it was found");
        assert!(all.forked(1, 4), "after the list was read");
        assert_eq!(all.counts(1), [3]);
        all.end_look();
        assert_eq!(all.counts(1), [2], "3 has ended unheard");
        assert!(all.has(4));
    }
}
