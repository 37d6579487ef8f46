//! What the MIBs may ask the processes for.

use crate::control_plane::Config;
use crate::model::IfName;
use crate::netlink::mirror::Link;
use crate::snmp::Index;
use crate::vrrp::accept::ReceiveStats;
use crate::vrrp::fsm::InstanceId;
use crate::vrrp::router::Router;

/// What both processes have.
pub trait ProcessView: 'static {
    /// What they go by.
    fn config(&self) -> &Config;
    /// Whether notifications are sent (`enable_traps`).
    fn are_traps_enabled(&self) -> bool;
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
    /// Instances that the MIB of RFC 2787 has, by interface and VRID.
    fn version2_routers(&self) -> &Index<InstanceId>;
}

/// The checker process.
pub trait CheckView: ProcessView {}
