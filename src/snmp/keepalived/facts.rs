//! What the MIB asks a process. It is asked one value at a time, so an answer is looked
//! up, never collected.

use scheduler::Instant;

use crate::ipvs::table::{Counters, DestinationReading};
use crate::model::Priority;
use crate::snmp::view::{CheckView, ProcessView, VrrpView};
use crate::vrrp::fsm::InstanceId;

/// What every process knows.
pub trait GlobalFacts: ProcessView {
    /// `router_id`, else the host's name.
    fn router_id(&self) -> String;
}

/// How virtual routers are, beside what the MIBs of the RFCs ask for. Instances and
/// trackers are known by their places in the configuration.
pub trait VrrpFacts: VrrpView + GlobalFacts {
    /// How many processes a process tracker counts.
    fn processes(&self, tracker: u32) -> Option<u32>;
    /// Another base priority, until the next reload.
    fn set_base_priority(&mut self, now: Instant, id: InstanceId, priority: Priority);
    /// Another word about preemption, until the next reload.
    fn set_preempts(&mut self, now: Instant, id: InstanceId, preempts: bool);
}

/// How virtual servers are, by their places in the configuration; real servers by their
/// places in these.
pub trait CheckFacts: CheckView + GlobalFacts {
    /// Whether a virtual server is in use: its address is here, or that does not matter.
    fn is_used(&self, service: usize) -> bool;
    /// How many of its real servers are alive.
    fn alive(&self, service: usize) -> usize;
    /// Its quorum.
    fn quorum(&self, service: usize) -> QuorumState;
    /// Whether all checks of a real server are up.
    fn is_alive(&self, service: usize, server: usize) -> bool;
    /// The weight of a real server while it is alive.
    fn weight(&self, service: usize, server: usize) -> u32;
    /// How many of its checks are down.
    fn failed_checks(&self, service: usize, server: usize) -> u32;
    /// How many of its checks have not run yet.
    fn checks_not_run(&self, service: usize, server: usize) -> usize;
    /// What the kernel has counted for a virtual server.
    fn counters(&self, service: usize) -> Counters;
    /// What the kernel tells of a real server (`None`: of the sorry server).
    fn reading(&self, service: usize, server: Option<usize>) -> DestinationReading;

    /// Look whether what is known of the kernel's counters is young enough, for a
    /// virtual server (`snmp_vs_stats_update_interval`).
    fn refresh_service(&mut self, now: Instant, service: usize);
    /// The same for its real servers (`snmp_rs_stats_update_interval`).
    fn refresh_servers(&mut self, now: Instant, service: usize);
    /// Another weight, until the next reload.
    fn set_weight(&mut self, service: usize, server: usize, weight: u32);
}

/// `virtualServerQuorumStatus`
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum QuorumState {
    /// Enough weight is alive.
    Met = 1,
    /// It is not.
    NotMet = 2,
    /// The process stops.
    Shutdown = 3,
}
