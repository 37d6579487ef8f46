//! What is configured about interfaces: tracking, delays of their state, pacing.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::control_plane::value::Spanned;
use crate::model::IfName;

/// One line of `track_interface`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct TrackedInterface {
    /// The interface.
    pub name: Spanned<IfName>,
    /// Added to the priority while up if positive, while down if negative;
    /// -253 to 253. 0: interface down means FAULT.
    pub weight: i16,
    /// Turns the meaning of up and down round.
    pub reverse: bool,
}

/// One line of `interface_up_down_delays`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct UpDownDelay {
    /// The interface.
    pub name: Spanned<IfName>,
    /// How long it must be down before that counts.
    pub down: Duration,
    /// How long it must be up before that counts.
    pub up: Duration,
}

/// Interfaces that share the pace of gratuitous ARP and neighbour adverts.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct GarpGroup {
    /// Least time between two gratuitous ARP messages; `None` unlimited.
    pub garp_interval: Option<Duration>,
    /// Least time between two unsolicited neighbour adverts; `None` unlimited.
    pub gna_interval: Option<Duration>,
    /// The interfaces.
    pub interfaces: Vec<Spanned<IfName>>,
    /// Where the block begins.
    pub place: Spanned<()>,
}
