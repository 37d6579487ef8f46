//! What a session is told and what it answers.

use std::time::Duration;

use crate::bfd::timers::detection_time;
use crate::wire::bfd::{Control, Diagnostic, State};

/// What the configuration says of a session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Policy {
    /// We can receive so often.
    pub min_rx: Duration,
    /// We would like to send so often while the session is up.
    pub min_tx: Duration,
    /// The same while it is not up.
    pub idle_tx: Duration,
    /// So many of our packets must be missing until we count as gone.
    pub multiplier: u8,
    /// Send nothing before the neighbour has.
    pub is_passive: bool,
}

/// What the neighbour says of itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Remote {
    /// Its state.
    pub state: State,
    /// Why it changed last.
    pub diagnostic: Diagnostic,
    /// Its number of the session; 0 as long as it is unknown.
    pub discriminator: u32,
    /// It would like to send so often.
    pub min_tx: Duration,
    /// It can receive so often; zero: it wants no periodic packets.
    pub min_rx: Duration,
    /// So many of its packets must be missing until it counts as gone.
    pub multiplier: u8,
    /// It wants no periodic packets while both sides are up.
    pub demand: bool,
}

impl Default for Remote {
    /// Before the first packet (RFC 5880 section 6.8.1).
    fn default() -> Self {
        Self {
            state: State::Down,
            diagnostic: Diagnostic::NONE,
            discriminator: 0,
            min_tx: Duration::ZERO,
            min_rx: Duration::from_micros(1),
            multiplier: 0,
            demand: false,
        }
    }
}

/// What another process needs to go on with a session that is up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Snapshot {
    /// Our number of the session.
    pub discriminator: u32,
    /// What the neighbour was told last.
    pub min_tx: Duration,
    /// The same of what we can receive.
    pub min_rx: Duration,
    /// What it has said.
    pub remote: Remote,
}

impl Snapshot {
    /// How long the neighbour may be silent.
    #[must_use]
    pub fn detection_time(&self) -> Duration {
        detection_time(self.remote.multiplier, self.min_rx, self.remote.min_tx)
    }
}

/// What happens to a session.
#[derive(Clone, Copy, Debug)]
pub enum Input {
    /// A packet for it, and how long ago it came.
    Heard(Control, Duration),
    /// Its deadline has come.
    Tick,
    /// Another configuration.
    Reconfigure(Policy),
    /// It cannot send, or can again: that is AdminDown.
    Hold(bool),
}

/// What is to be done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Effect {
    /// Send a packet.
    Send(Control),
    /// The state is another one.
    Went {
        /// The state until now.
        from: State,
        /// The state from now on; see [`Peer::diagnostic`](super::Peer::diagnostic) for the reason.
        to: State,
    },
    /// Nothing was heard for so long, which is the detection time and what the loop
    /// was late.
    Expired {
        /// The silence.
        silence: Duration,
        /// The part of it beyond the detection time.
        overdue: Duration,
    },
    /// A changed interval is told to the neighbour.
    PollStarted,
    /// The neighbour knows it.
    PollEnded,
}
