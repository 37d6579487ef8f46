//! `VRRP Instance = NAME`: what is configured of a virtual router, and how it is.

mod facts;
mod json;
mod text;

use std::net::IpAddr;
use std::time::Duration;

pub use json::json;
pub use text::text;

use crate::dump::address::Device;
use crate::model::{IfName, Priority, UnixTime};
use crate::vrrp::accept::ReceiveStats;
use crate::vrrp::config::{AddressConfig, InstanceConfig, VrrpConfig};
use crate::vrrp::fsm::{FaultSet, InstanceId, Peer, State};
use crate::vrrp::history::History;

/// Everything there is to tell of an instance, borrowed from where it is.
#[derive(Clone, Copy)]
pub struct InstanceView<'a> {
    /// Its index.
    pub id: InstanceId,
    /// What is configured.
    pub config: &'a InstanceConfig,
    /// What it may refer to.
    pub vrrp: &'a VrrpConfig,
    /// Its state.
    pub state: State,
    /// The state it is on its way to.
    pub wanted: State,
    /// What keeps it from running.
    pub faults: FaultSet,
    /// How many trackers without weight have said nothing yet.
    pub awaited: usize,
    /// The master it listens to, as backup.
    pub master: Option<Peer>,
    /// The interval attributed to the master.
    pub master_interval: Duration,
    /// The address it sends from.
    pub source: Option<IpAddr>,
    /// The priority it advertises.
    pub effective_priority: Priority,
    /// Configured priority and weights, before the limits of a priority.
    pub total_priority: i32,
    /// How long a silent master counts as alive.
    pub down_interval: Duration,
    /// When its timer ends.
    pub deadline: Option<UnixTime>,
    /// Its counters.
    pub stats: &'a ReceiveStats,
    /// Its last transitions.
    pub history: &'a History,
    /// How often others announced one of its addresses while it was master.
    pub foreign: u64,
    /// The descriptor of its socket.
    pub socket: Option<i32>,
    /// Whether its virtual interface is up and running.
    pub is_virtual_link_up: bool,
    /// The sync group it is in.
    pub sync_group: Option<&'a str>,
    /// Whether the address of an instance at a position (virtual ones first,
    /// excluded ones after them) was put into the kernel.
    pub is_set: &'a dyn Fn(InstanceId, u32) -> bool,
}

impl std::fmt::Debug for InstanceView<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InstanceView")
            .field("id", &self.id)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl<'a> InstanceView<'a> {
    /// Its own interface: the virtual one if it has one.
    fn interface(&self) -> Option<&'a IfName> {
        let link = self.config.virtual_link.as_ref().map(|link| &link.name);
        link.or_else(|| self.base())
    }

    /// Where addresses go that name no interface.
    fn device(&self) -> Option<Device<'a>> {
        let name = self.interface()?;
        let base = self.config.virtual_link.as_ref().and_then(|_| self.base());
        Some(Device { name, base })
    }

    /// The interface below a virtual one.
    fn base(&self) -> Option<&'a IfName> {
        self.config.interface.as_ref().map(|name| &name.value)
    }

    fn vips(&self) -> impl Iterator<Item = (&'a AddressConfig, bool)> {
        let (id, is_set) = (self.id, self.is_set);
        (0..)
            .zip(&self.config.vips)
            .map(move |(place, address)| (address, is_set(id, place)))
    }

    fn excluded_vips(&self) -> impl Iterator<Item = (&'a AddressConfig, bool)> {
        let (id, is_set) = (self.id, self.is_set);
        let first = u32::try_from(self.config.vips.len()).unwrap_or(u32::MAX);
        (first..)
            .zip(&self.config.excluded_vips)
            .map(move |(place, address)| (address, is_set(id, place)))
    }
}
