//! KEEPALIVED-MIB: virtual routers, virtual servers and what concerns both.
//!
//! A row of code is a column of the MIB: number, name, where its value is. The names are
//! those of `doc/mibs/KEEPALIVED-MIB.txt`, which a test compares with the code; the types
//! of values, too.
//!
//! | subtree | files | served by |
//! |---|---|---|
//! | `global` .1 | `global` | the checker process if it serves SNMP, else the VRRP process |
//! | `vrrp` .2 | `groups`, `instances`, `addresses`, `routes`, `next_hops`, `rules`, `tracked`, `trackers` | the VRRP process |
//! | `check` .3 | `service_groups`, `services`, `servers`, `settings` | the checker process |
//!
//! * [`facts`]: what the processes are asked; `rows`: indexes that are not just places;
//!   `values`: how values of the configuration look in the MIB; `codes`: the numbers it
//!   has for kinds of things; `counters`: columns of virtual and real servers that come
//!   from the kernel.
//! * [`traps`]: the notifications.
//!
//! Where a value does not apply the variable is not there, so a walk skips it.

mod addresses;
mod codes;
mod counters;
mod encapsulation;
pub mod facts;
mod global;
mod groups;
mod instances;
mod next_hops;
mod routes;
mod rows;
mod rules;
mod servers;
mod service_groups;
mod services;
mod settings;
#[cfg(test)]
mod tests;
mod tracked;
mod trackers;
pub mod traps;
mod values;

pub use facts::{CheckFacts, GlobalFacts, QuorumState, VrrpFacts};

use std::marker::PhantomData;

use super::{Mib, Object};

/// A name below that of the MIB.
macro_rules! oid {
    ($($number:expr),*) => {
        &[1, 3, 6, 1, 4, 1, 9586, 100, 5, $($number),*]
    };
}
use oid;

/// What concerns all of it, for any process.
#[derive(Debug)]
pub struct GlobalMib<P>(PhantomData<P>);

impl<P: GlobalFacts> GlobalMib<P> {
    /// The subtree `global`.
    pub const MIB: Mib<P> = Mib {
        name: "KEEPALIVED-MIB::global",
        root: oid!(1),
        objects: global::Global::<P>::OBJECTS,
    };
}

/// Virtual routers, for the process that runs them.
#[derive(Debug)]
pub struct VrrpMib<P>(PhantomData<P>);

impl<P: VrrpFacts> VrrpMib<P> {
    /// The subtree `vrrp`.
    pub const MIB: Mib<P> = Mib {
        name: "KEEPALIVED-MIB::vrrp",
        root: oid!(2),
        objects: Self::OBJECTS,
    };

    const OBJECTS: &'static [&'static dyn Object<P>] = &[
        &groups::Groups::<P>::TABLE,
        &groups::Groups::<P>::MEMBERS,
        &instances::Instances::<P>::TABLE,
        &tracked::Interfaces::<P>::OF_INSTANCES,
        &tracked::Scripts::<P>::OF_INSTANCES,
        &addresses::Addresses::<P>::TABLE,
        &routes::Routes::<P>::TABLE,
        &rules::Rules::<P>::TABLE,
        &trackers::Trackers::<P>::SCRIPTS,
        &next_hops::NextHops::<P>::TABLE,
        &tracked::Files::<P>::OF_INSTANCES,
        &trackers::Trackers::<P>::FILES,
        &tracked::Interfaces::<P>::OF_GROUPS,
        &tracked::Scripts::<P>::OF_GROUPS,
        &tracked::Files::<P>::OF_GROUPS,
        &tracked::Sessions::<P>::OF_INSTANCES,
        &trackers::Trackers::<P>::SESSIONS,
        &tracked::Sessions::<P>::OF_GROUPS,
        &tracked::Processes::<P>::OF_INSTANCES,
        &trackers::Trackers::<P>::PROCESSES,
        &tracked::Processes::<P>::OF_GROUPS,
    ];
}

/// Virtual servers, for the process that checks them.
#[derive(Debug)]
pub struct CheckMib<P>(PhantomData<P>);

impl<P: CheckFacts> CheckMib<P> {
    /// The subtree `check`.
    pub const MIB: Mib<P> = Mib {
        name: "KEEPALIVED-MIB::check",
        root: oid!(3),
        objects: Self::OBJECTS,
    };

    const OBJECTS: &'static [&'static dyn Object<P>] = &[
        &service_groups::ServiceGroups::<P>::TABLE,
        &service_groups::ServiceGroups::<P>::MEMBERS,
        &services::Services::<P>::TABLE,
        &servers::Servers::<P>::TABLE,
        &settings::SyncDaemon::<P>::ENABLED,
        &settings::SyncDaemon::<P>::INTERFACE,
        &settings::SyncDaemon::<P>::INSTANCE,
        &settings::SyncDaemon::<P>::ID,
        &settings::SyncDaemon::<P>::MAXIMUM_LENGTH,
        &settings::SyncDaemon::<P>::PORT,
        &settings::SyncDaemon::<P>::TTL,
        &settings::SyncDaemon::<P>::GROUP_TYPE,
        &settings::SyncDaemon::<P>::GROUP,
        &settings::Timeouts::<P>::TCP,
        &settings::Timeouts::<P>::TCP_FIN,
        &settings::Timeouts::<P>::UDP,
    ];
}
