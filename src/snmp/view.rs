//! What the MIBs may ask the processes for.

use std::net::IpAddr;
use std::time::Duration;

use scheduler::Instant;

use super::rfc::RfcRows;
use crate::control_plane::Config;
use crate::model::{IfIndex, IfName, MacAddr};
use crate::netlink::mirror::Link;
use crate::vrrp::accept::ReceiveStats;
use crate::vrrp::fsm::{Cause, InstanceId};
use crate::vrrp::router::Router;

/// What both processes have.
pub trait ProcessView: 'static {
    /// What they go by.
    fn config(&self) -> &Config;

    /// Whether notifications are sent (`enable_traps`).
    fn are_traps_enabled(&self) -> bool {
        self.config().global.snmp.traps
    }
}

/// The VRRP process.
pub trait VrrpView: ProcessView {
    /// States, priorities, faults, and the sync groups.
    fn router(&self) -> &Router;
    /// The counters of an instance.
    fn stats(&self, id: InstanceId) -> Option<&ReceiveStats>;
    /// What the kernel has of an interface.
    fn link(&self, name: &IfName) -> Option<&Link>;
    /// Whether an address, route or rule of an instance is in the kernel, by its place:
    /// virtual addresses first, then excluded ones, routes and rules.
    fn is_installed(&self, id: InstanceId, place: u32) -> bool;
    /// The rows of the MIBs of the RFCs.
    fn rfc_rows(&self) -> &RfcRows;
    /// The address of an instance that is no virtual one: that it sends from, or could.
    fn primary_address(&self, id: InstanceId) -> Option<IpAddr>;
    /// Who has sent the last advert that was accepted.
    fn last_heard(&self, id: InstanceId) -> Option<IpAddr>;
    /// How long an instance is backup or master, zero if it is neither.
    fn up_time(&self, id: InstanceId, now: Instant) -> Duration;
    /// Why an instance became master, if it ever did.
    fn master_cause(&self, id: InstanceId) -> Option<Cause>;

    /// The kernel's number of the interface of an instance (below a virtual one).
    fn interface_number(&self, id: InstanceId) -> Option<IfIndex> {
        let instance = self.config().vrrp.instance(id.index())?;
        let name = &instance.interface.as_ref()?.value;
        self.link(name).map(|link| link.index)
    }

    /// The hardware address of the interface of an instance, the virtual one if it has
    /// one.
    fn mac(&self, id: InstanceId) -> Option<MacAddr> {
        let instance = self.config().vrrp.instance(id.index())?;
        self.link(instance.address_interface()?)?.mac
    }
}

/// The checker process.
pub trait CheckView: ProcessView {}
