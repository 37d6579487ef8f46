//! The MIBs of the RFCs: VRRP-MIB (RFC 2787) for version 2 and IPv4, VRRPV3-MIB (RFC 6527)
//! for all (version 2 is what was there before it). Both are read only, and have instances with at least one virtual
//! address, on an interface that exists.
//!
//! * [`rows`]: the instances by interface and VRID, as both MIBs want them.
//! * [`version2`], [`version3`]: the objects.
//! * [`traps`]: the notifications.

pub mod rows;
#[cfg(test)]
mod tests;
pub mod traps;
pub mod version2;
pub mod version3;

use crate::vrrp::accept::{ReceiveStats, Statistic};
use crate::vrrp::config::{InstanceConfig, VrrpConfig};
use crate::vrrp::fsm::{Instance, InstanceId, State};

use super::view::VrrpView;

pub use rows::RfcRows;
pub use version2::VrrpMib;
pub use version3::Vrrpv3Mib;

fn config<P: VrrpView>(program: &P, id: InstanceId) -> Option<&InstanceConfig> {
    vrrp(program).instance(id.index())
}

fn vrrp<P: VrrpView>(program: &P) -> &VrrpConfig {
    &program.config().vrrp
}

fn machine<P: VrrpView>(program: &P, id: InstanceId) -> Option<&Instance> {
    program.router().instance(id)
}

/// A counter of all instances together.
fn sum<P: VrrpView>(program: &P, statistic: Statistic) -> u64 {
    let ids = (0..).map(InstanceId).take(vrrp(program).instances.len());
    let stats = ids.filter_map(|id| program.stats(id));
    stats.map(|stats| stats.statistic(statistic)).sum()
}

fn statistic<P: VrrpView>(program: &P, id: InstanceId, of: Statistic) -> Option<u64> {
    program.stats(id).map(|stats| stats.statistic(of))
}

fn counter<P: VrrpView>(
    program: &P,
    id: InstanceId,
    of: impl Fn(&ReceiveStats) -> u64,
) -> Option<u64> {
    program.stats(id).map(of)
}

/// `vrrpOperState` and `vrrpv3OperationsStatus`: 1 initialize, 2 backup, 3 master. The
/// RFCs do not know FAULT.
const fn state_number(state: State) -> i32 {
    match state {
        State::Init | State::Fault => 1,
        State::Backup => 2,
        State::Master => 3,
    }
}
