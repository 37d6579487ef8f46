//! A check as the process keeps it: whom it is for, when it runs, and how it went last.

use std::time::Duration;

use scheduler::{Instant, TimerId};

use super::CheckProcess;
use crate::check::conversation::TalkId;
use crate::check::schedule::Schedule;

/// A check, for one server, or for several that ask for the same.
#[derive(Debug)]
pub(super) struct Check {
    /// Those it is for.
    pub(super) places: Places,
    pub(super) schedule: Schedule,
    pub(super) conduct: Conduct,
    pub(super) timer: Option<TimerId<CheckProcess>>,
    /// What it adds to the weight of its servers.
    pub(super) contribution: i64,
    pub(super) last: Last,
    /// It stands still, and that was told.
    pub(super) is_overdue: bool,
}

/// How a check comes to its attempts.
#[derive(Clone, Copy, Debug)]
pub(super) enum Conduct {
    /// Others bring the value.
    Told,
    /// Each has a probe of its own; the last one is, or was, this.
    Each(Option<TalkId<CheckProcess>>),
    /// One probe for all, which remembers something.
    Kept(TalkId<CheckProcess>),
}

impl Conduct {
    /// The probe that is, or may be, at work.
    pub(super) const fn talk(self) -> Option<TalkId<CheckProcess>> {
        match self {
            Self::Told => None,
            Self::Each(talk) => talk,
            Self::Kept(talk) => Some(talk),
        }
    }

    /// Whether there are attempts at all.
    pub(super) const fn is_active(self) -> bool {
        !matches!(self, Self::Told)
    }
}

/// Whom a check is for: nearly always one server. The first one's configuration is that
/// of the check.
#[derive(Clone, Debug)]
pub(super) enum Places {
    One(Place),
    Many(Box<[Place]>),
}

impl From<Vec<Place>> for Places {
    fn from(places: Vec<Place>) -> Self {
        match places.as_slice() {
            [place] => Self::One(*place),
            _ => Self::Many(places.into()),
        }
    }
}

impl std::ops::Deref for Places {
    type Target = [Place];

    fn deref(&self) -> &[Place] {
        match self {
            Self::One(place) => std::slice::from_ref(place),
            Self::Many(places) => places,
        }
    }
}

/// Where a check stands in the configuration.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct Place {
    pub(super) service: u32,
    pub(super) server: u32,
    pub(super) checker: u32,
}

impl Place {
    pub(super) fn new(service: usize, server: usize, checker: usize) -> Self {
        let number = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        Self {
            service: number(service),
            server: number(server),
            checker: number(checker),
        }
    }
}

/// A number of a place as an index.
pub(super) fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The last attempt, for those who look.
#[derive(Clone, Debug, Default)]
pub(super) struct Last {
    /// When it began and how long it took.
    pub(super) begun: Option<Instant>,
    pub(super) duration: Duration,
    /// How it went, in words; nothing before the first.
    pub(super) result: Option<Told>,
    /// How often it ran.
    pub(super) runs: u64,
    /// How many of the attempts failed.
    pub(super) failures: u64,
    /// How long all of them took.
    pub(super) total: Duration,
}

/// How an attempt went.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Told {
    /// Well.
    Passed,
    /// So far.
    Proceeding,
    /// Badly, because of this.
    Failed(Box<str>),
    /// It could not be made, because of this.
    Unable(Box<str>),
}
