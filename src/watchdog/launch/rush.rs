//! Work that goes before the ordinary work of the machine, for a moment.
//!
//! Until a new master has put its addresses into the kernel and announced them, nobody
//! has them. On a busy machine that would take several times as long as it has to.
//! Whoever has ten thousand addresses must not stop everything else for a second,
//! though: after [`LONGEST`] the rest is done as all other work.

use std::time::Duration;

use scheduler::Instant;

use super::limits;

/// The longest that other work is kept back, in one go.
const LONGEST: Duration = Duration::from_millis(100);

/// Whether this process goes before ordinary work.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Rush {
    /// It does not.
    #[default]
    Over,
    /// It does, until then at the latest.
    On(Instant),
    /// It did for as long as it may, and the work is not done yet.
    Spent,
    /// The system does not allow it.
    Refused,
}

impl Rush {
    /// There is such work, or still is.
    pub fn go_on(&mut self, now: Instant) {
        *self = match *self {
            Self::Over => match limits::begin_rush() {
                Ok(true) => Self::On(now + LONGEST),
                Ok(false) => Self::Over,
                Err(error) => {
                    log::debug!("addresses do not go before other work: {error}");
                    Self::Refused
                }
            },
            present @ (Self::On(_) | Self::Spent | Self::Refused) => present,
        };
        self.limit(now);
    }

    /// Whatever is left to do: no longer than it may.
    pub fn limit(&mut self, now: Instant) {
        if matches!(self, Self::On(until) if now >= *until) {
            limits::end_rush();
            *self = Self::Spent;
        }
    }

    /// Nothing of it is left to do at once.
    pub fn end(&mut self) {
        match self {
            Self::On(_) => limits::end_rush(),
            Self::Spent => {}
            Self::Over | Self::Refused => return,
        }
        *self = Self::Over;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::sched;

    #[test]
    fn it_lasts_as_long_as_the_work_and_no_longer_than_it_may() {
        let now = Instant::from_millis(1000);
        let mut rush = Rush::default();
        rush.end();
        assert_eq!(rush, Rush::Over);
        rush.go_on(now);
        if rush == Rush::Refused {
            eprintln!("skipped: no right to a real-time priority");
            return;
        }
        assert_eq!(rush, Rush::On(now + LONGEST));
        assert_eq!(sched::realtime().expect("asking is allowed"), 1);
        rush.go_on(now + LONGEST / 2);
        assert_eq!(rush, Rush::On(now + LONGEST));
        rush.end();
        assert_eq!(rush, Rush::Over);
        assert_eq!(sched::realtime().expect("asking is allowed"), 0);

        rush.go_on(now);
        rush.go_on(now + LONGEST);
        assert_eq!(rush, Rush::Spent);
        assert_eq!(sched::realtime().expect("asking is allowed"), 0);
        rush.go_on(now + LONGEST * 2);
        assert_eq!(rush, Rush::Spent);
        rush.end();
        assert_eq!(rush, Rush::Over);
    }
}
