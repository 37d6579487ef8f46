//! A made-up process that is all processes, with the configuration of `all.conf`.

mod file;
mod sets;
mod values;
mod walks;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use scheduler::Instant;

use super::facts::{CheckFacts, GlobalFacts, QuorumState, VrrpFacts};
use super::{CheckMib, GlobalMib, VrrpMib, oid};
use crate::control_plane::diag::Severity;
use crate::control_plane::files::Memory;
use crate::control_plane::{AnyMachine, Config, LoadOptions, load};
use crate::ipvs::table::{Counters, DestinationReading};
use crate::model::{IfName, Priority};
use crate::netlink::mirror::Link;
use crate::snmp::rfc::RfcRows;
use crate::snmp::view::{CheckView, ProcessView, VrrpView};
use crate::snmp::{Mib, Oid, Tree, Value, VarBind};
use crate::vrrp::accept::ReceiveStats;
use crate::vrrp::fsm::{Cause, InstanceId, Policy};
use crate::vrrp::router::Router;
use crate::vrrp::sync::SyncGroup;

/// A process that is all processes.
struct Program {
    config: Config,
    router: Router,
    links: Vec<Link>,
    rfc_rows: RfcRows,
    /// Service, place, weight.
    weights: BTreeMap<(usize, usize), u32>,
    preempts: Option<(InstanceId, bool)>,
    priority: Option<(InstanceId, Priority)>,
}

impl Program {
    fn new(config: Config) -> Self {
        let mut router = Router::new();
        for own in &config.vrrp.instances {
            let mut policy = Policy::new(&own.name, own.vrid, own.family, own.version);
            policy.priority = own.priority;
            policy.nopreempt = own.nopreempt;
            router.add(policy);
        }
        for group in &config.vrrp.sync_groups {
            router.add_group(SyncGroup::new(&group.name, Vec::new()));
        }
        Self {
            config,
            router,
            // Not in the order in which they are tracked.
            links: vec![Link::named("eth1", 3), Link::named("eth0", 7)],
            rfc_rows: RfcRows::default(),
            weights: BTreeMap::new(),
            preempts: None,
            priority: None,
        }
    }
}

impl ProcessView for Program {
    fn config(&self) -> &Config {
        &self.config
    }
}

impl GlobalFacts for Program {
    fn router_id(&self) -> String {
        self.config.global.router_id.clone().unwrap_or_default()
    }
}

impl VrrpView for Program {
    fn router(&self) -> &Router {
        &self.router
    }
    fn stats(&self, _: InstanceId) -> Option<&ReceiveStats> {
        None
    }
    fn link(&self, name: &IfName) -> Option<&Link> {
        self.links.iter().find(|link| link.name == *name)
    }
    fn is_installed(&self, id: InstanceId, place: u32) -> bool {
        (id.0 + place).is_multiple_of(2)
    }
    fn rfc_rows(&self) -> &RfcRows {
        &self.rfc_rows
    }
    fn primary_address(&self, _: InstanceId) -> Option<IpAddr> {
        None
    }
    fn last_heard(&self, _: InstanceId) -> Option<IpAddr> {
        None
    }
    fn up_time(&self, _: InstanceId, _: Instant) -> Duration {
        Duration::ZERO
    }
    fn master_cause(&self, _: InstanceId) -> Option<Cause> {
        None
    }
}

impl VrrpFacts for Program {
    fn processes(&self, tracker: u32) -> Option<u32> {
        Some(tracker + 1)
    }
    fn set_base_priority(&mut self, _: Instant, id: InstanceId, priority: Priority) {
        self.priority = Some((id, priority));
    }
    fn set_preempts(&mut self, _: Instant, id: InstanceId, preempts: bool) {
        self.preempts = Some((id, preempts));
    }
}

impl CheckView for Program {}

impl CheckFacts for Program {
    fn is_used(&self, _: usize) -> bool {
        true
    }
    fn alive(&self, service: usize) -> usize {
        service
    }
    fn quorum(&self, service: usize) -> QuorumState {
        if service == 0 {
            QuorumState::NotMet
        } else {
            QuorumState::Met
        }
    }
    fn is_alive(&self, _: usize, server: usize) -> bool {
        server == 0
    }
    fn weight(&self, service: usize, server: usize) -> u32 {
        let set = self.weights.get(&(service, server)).copied();
        set.unwrap_or(self.config.check.services[service].servers[server].weight)
    }
    fn failed_checks(&self, _: usize, server: usize) -> u32 {
        u32::try_from(server).unwrap()
    }
    fn checks_not_run(&self, _: usize, server: usize) -> usize {
        server
    }
    fn counters(&self, _: usize) -> Counters {
        counters()
    }
    fn reading(&self, _: usize, server: Option<usize>) -> DestinationReading {
        DestinationReading {
            active_connections: u32::from(server.is_some()),
            counters: counters(),
            ..DestinationReading::default()
        }
    }
    fn refresh_service(&mut self, _: Instant, _: usize) {}
    fn refresh_servers(&mut self, _: Instant, _: usize) {}
    fn set_weight(&mut self, service: usize, server: usize, weight: u32) {
        self.weights.insert((service, server), weight);
    }
}

fn counters() -> Counters {
    Counters {
        connections: 5_000_000_000,
        packets_in: 5_000_000_000,
        octets_out_per_second: 5_000_000_000,
        ..Counters::default()
    }
}

fn full() -> Rc<Config> {
    let files = Memory::with("/all.conf", include_str!("all.conf"));
    let options = LoadOptions::default();
    let loaded = load(
        &files,
        Path::new("/all.conf"),
        &options,
        &AnyMachine::default(),
    );
    let bad = loaded.diags.list.iter();
    let bad: Vec<_> = bad
        .filter(|d| d.severity > Severity::Note && !d.is_advice())
        .collect();
    assert!(bad.is_empty(), "{bad:?}");
    loaded.config.unwrap()
}

fn mibs() -> [&'static Mib<Program>; 3] {
    const GLOBAL: Mib<Program> = GlobalMib::MIB;
    const VRRP: Mib<Program> = VrrpMib::MIB;
    const CHECK: Mib<Program> = CheckMib::MIB;
    [&GLOBAL, &VRRP, &CHECK]
}

/// All variables.
fn walk(program: &mut Program) -> Vec<VarBind> {
    crate::snmp::walk(&mibs(), program)
}

/// A name below that of the MIB.
fn name(numbers: &[u32]) -> Oid {
    Oid::join(oid!(), numbers)
}

fn get(program: &mut Program, numbers: &[u32]) -> Value {
    Tree::new(&mibs()).get(program, Instant::ZERO, &name(numbers))
}

fn program() -> Program {
    let mut config = (*full()).clone();
    let scripts = config.vrrp.scripts.iter_mut();
    let own = scripts.filter_map(|script| script.command.as_mut());
    let services = config.check.services.iter_mut();
    let of_checks = services.flat_map(|service| {
        let servers = service.servers.iter_mut();
        let of_servers = servers.filter_map(|server| server.scripts.as_mut());
        of_servers.chain(service.scripts.as_mut())
    });
    let both = of_checks.flat_map(|both| [&mut both.up, &mut both.down]);
    // They are links to other files.
    for command in own.chain(both.filter_map(|script| script.command.as_deref_mut())) {
        command.path = Path::new("/usr").join(command.path.strip_prefix("/").unwrap());
    }
    Program::new(config)
}
