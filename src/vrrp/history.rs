//! The last transitions of an instance, with their causes, for those who come
//! after the event.

use std::collections::VecDeque;

use super::fsm::State;
use crate::model::UnixTime;

/// How many transitions are kept of one instance.
pub const KEPT: usize = 8;

/// One change of state.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Transition {
    /// When.
    pub at: UnixTime,
    /// The state before.
    pub from: State,
    /// The state since.
    pub to: State,
    /// Why, in the words of the log.
    pub cause: Box<str>,
}

/// The last [`KEPT`] transitions, oldest first. Memory is taken as they come.
#[derive(Clone, Debug, Default)]
pub struct History {
    kept: VecDeque<Transition>,
}

impl History {
    /// Keep a transition; the oldest gives way.
    pub fn push(&mut self, transition: Transition) {
        if self.kept.len() >= KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(transition);
    }

    /// What is kept, oldest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Transition> {
        self.kept.iter()
    }

    /// When the state changed last; the epoch if it never did.
    #[must_use]
    pub fn last(&self) -> UnixTime {
        self.kept.back().map(|last| last.at).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_oldest_gives_way() {
        let mut history = History::default();
        assert_eq!(history.last(), UnixTime::default());
        for second in 1..=20 {
            history.push(Transition {
                at: UnixTime(Duration::from_secs(second)),
                from: State::Backup,
                to: State::Master,
                cause: "x".into(),
            });
        }
        let seconds: Vec<u64> = history.iter().map(|t| t.at.0.as_secs()).collect();
        assert_eq!(seconds, (13..=20).collect::<Vec<u64>>());
        assert_eq!(history.last().0.as_secs(), 20);
    }
}
