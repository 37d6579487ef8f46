//! Machine: what operators want of a process, each kind once, however often they say so.
//!
//! To write the state down takes milliseconds in a large process, and nothing else is done
//! meanwhile. So after it the process rests from such wishes for many times as long as it
//! took: a storm of signals costs a twentieth of a processor at most. The last wish of a
//! storm is granted, too, so what is written then is newer than it.

use std::time::Duration;

use scheduler::Instant;

use super::child::{Asker, Wish};

/// So many times as long as a wish took the next one waits.
const REST: u32 = 19;

/// Wishes that wait.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    waiting: Vec<(Wish, Asker)>,
    free_at: Option<Instant>,
    /// A timer is set for it.
    pub(super) is_expected: bool,
}

impl Wishes {
    /// Somebody wants something. If somebody else does already, both get the same.
    pub(super) fn add(&mut self, wish: Wish, asker: Asker) {
        if self.waiting.iter().all(|(waiting, _)| *waiting != wish) {
            self.waiting.push((wish, asker));
        }
    }

    /// The next one, if it may be granted now.
    pub(super) fn next(&mut self, now: Instant) -> Option<(Wish, Asker)> {
        let is_free = self.free_at.is_none_or(|at| at <= now);
        (is_free && !self.waiting.is_empty()).then(|| self.waiting.remove(0))
    }

    /// One has been granted, and took so long.
    pub(super) fn granted(&mut self, now: Instant, took: Duration) {
        self.free_at = Some(now + took * REST);
    }

    /// When the next one may be granted, if one waits.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.free_at.filter(|_| !self.waiting.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_is_granted_now_and_then_and_at_the_end() {
        let mut wishes = Wishes::default();
        let (took, mut granted) = (Duration::from_millis(5), Vec::new());
        for now in (0..1000).map(Instant::from_millis) {
            if now < Instant::from_millis(500) {
                wishes.add(Wish::Data, Asker::Bus);
                wishes.add(Wish::Data, Asker::Signal);
            }
            if let Some(wish) = wishes.next(now) {
                assert_eq!(wish, (Wish::Data, Asker::Bus));
                wishes.granted(now + took, took);
                granted.push(now);
            }
        }
        assert_eq!(granted.len(), 6, "{granted:?}");
        assert_eq!(granted.last(), Some(&Instant::from_millis(500)));
        assert_eq!(wishes.deadline(), None);
    }

    #[test]
    fn each_kind_has_its_turn_in_order() {
        let mut wishes = Wishes::default();
        let now = Instant::from_millis(7);
        for wish in [Wish::Stats, Wish::Json, Wish::Stats, Wish::ClearStats] {
            wishes.add(wish, Asker::Signal);
        }
        let all: Vec<_> = std::iter::from_fn(|| wishes.next(now))
            .map(|(wish, _)| wish)
            .collect();
        assert_eq!(all, [Wish::Stats, Wish::Json, Wish::ClearStats]);
    }
}
