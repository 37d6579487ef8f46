//! What comes of an attempt, before the probe is told.

use super::pipe::Reason;
use crate::check::probe::Event;

/// What is told to a probe; octets are in the room.
pub(super) enum Input {
    Connected,
    Received(usize),
    Ended,
    Failed(Reason),
    Exited(Option<u8>),
    Expired,
}

impl Input {
    pub(super) fn event<'a>(&'a self, room: &'a [u8]) -> Event<'a> {
        match self {
            Self::Connected => Event::Connected,
            Self::Received(octets) => Event::Received(room.get(..*octets).unwrap_or_default()),
            Self::Ended => Event::Ended,
            Self::Failed(why) => Event::Failed(why),
            Self::Exited(status) => Event::Exited(*status),
            Self::Expired => Event::Expired,
        }
    }

    /// For a probe that does not say what such an end means.
    pub(super) fn reason(self) -> Reason {
        match self {
            Self::Ended => "connection closed by the server".into(),
            Self::Failed(why) => why,
            Self::Connected | Self::Received(_) | Self::Exited(_) | Self::Expired => {
                "timeout".into()
            }
        }
    }
}
