//! What the configuration tells one instance's machine, ranges checked before.

use std::rc::Rc;
use std::time::Duration;

use super::track::Track;
use crate::model::{Family, Priority, Vrid};
use crate::wire::vrrp::Version;

/// A VRRP instance: its index in configuration order.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct InstanceId(pub u32);

impl InstanceId {
    /// The position in a table of all instances.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A sync group: its index in configuration order.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct GroupId(pub u32);

impl GroupId {
    /// The position in a table of all groups.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// An interface as the process numbers it: stable while the kernel's index changes.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct InterfaceKey(pub u32);

/// The policy of one instance.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Policy {
    /// The configured name.
    pub name: Rc<str>,
    /// Virtual router identifier.
    pub vrid: Vrid,
    /// Family of the adverts.
    pub family: Family,
    /// Protocol version.
    pub version: Version,
    /// Configured priority, 1 to 255; 255 owns the addresses.
    pub priority: Priority,
    /// `advert_int`: the own interval, above zero.
    pub advert_interval: Duration,
    /// `down_timer_adverts`: lost adverts before a takeover, 1 to 100 (RFC: 3).
    pub down_timer_adverts: u8,
    /// `nopreempt`: a better priority alone is no reason to take over.
    pub nopreempt: bool,
    /// `preempt_delay`: how long a worse master is put up with; zero is off.
    pub preempt_delay: Duration,
    /// `lower_prio_no_advert`: no answer to a losing advert.
    pub lower_prio_no_advert: bool,
    /// `higher_prio_send_advert`: one more advert before yielding.
    pub higher_prio_send_advert: bool,
    /// `timer_expired_backup`: a master whose loop stood still yields when a
    /// backup of this priority must have taken over meanwhile.
    pub timer_expired_backup: Option<Priority>,
    /// When addresses are announced.
    pub announce: AnnouncePolicy,
    /// Number of virtual addresses, excluded ones included.
    pub addresses: u32,
    /// Whether it belongs to a sync group, which decides when it becomes master.
    pub grouped: bool,
    /// What it depends on: its own interface (unless `dont_track_primary`), those
    /// of `track_interface`, and what else it or its sync group tracks.
    pub tracks: Vec<Track>,
}

impl Policy {
    /// A policy with the defaults of the manual and no tracked interface.
    #[must_use]
    pub fn new(name: &str, vrid: Vrid, family: Family, version: Version) -> Self {
        Self {
            name: name.into(),
            vrid,
            family,
            version,
            priority: Priority::DEFAULT,
            advert_interval: Duration::from_secs(1),
            down_timer_adverts: 3,
            nopreempt: false,
            preempt_delay: Duration::ZERO,
            lower_prio_no_advert: false,
            higher_prio_send_advert: false,
            timer_expired_backup: None,
            announce: AnnouncePolicy::default(),
            addresses: 0,
            grouped: false,
            tracks: Vec::new(),
        }
    }
}

/// How often the addresses of a master are announced (gratuitous ARP and
/// unsolicited neighbour advertisements).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AnnouncePolicy {
    /// `garp_master_repeat`: rounds of a burst, at least 1.
    pub repeat: u32,
    /// `garp_master_delay`: the second burst comes this much later; zero: none.
    pub delay: Duration,
    /// `garp_master_refresh`: period of refreshing; zero: none.
    pub refresh: Duration,
    /// `garp_master_refresh_repeat`: rounds of a refresh; zero: none.
    pub refresh_repeat: u32,
    /// `garp_lower_prio_repeat`: rounds after a losing advert; zero: the
    /// operator wants none.
    pub lower_prio_repeat: u32,
    /// `garp_lower_prio_delay`: a second such burst this much later; zero: none.
    pub lower_prio_delay: Duration,
    /// `garp_extra_if`: period of those on interfaces without adverts; zero: none.
    pub extra: Duration,
}

impl Default for AnnouncePolicy {
    fn default() -> Self {
        Self {
            repeat: 5,
            delay: Duration::from_secs(5),
            refresh: Duration::ZERO,
            refresh_repeat: 1,
            lower_prio_repeat: 5,
            lower_prio_delay: Duration::from_secs(5),
            extra: Duration::ZERO,
        }
    }
}
