//! The tables of code against the MIB file, and walks over made-up processes.

mod file;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use proptest::prelude::*;
use scheduler::Instant;

use super::facts::{CheckFacts, GlobalFacts, QuorumState, VrrpFacts};
use super::traps::{self, ServiceTold, Told};
use super::{CheckMib, GlobalMib, VrrpMib, oid};
use crate::control_plane::diag::Severity;
use crate::control_plane::files::Memory;
use crate::control_plane::{AnyMachine, Config, LoadOptions, load};
use crate::ipvs::table::{Counters, DestinationReading};
use crate::model::{IfIndex, IfName, Priority};
use crate::netlink::link::LinkFlags;
use crate::netlink::mirror::Link;
use crate::snmp::rfc::RfcRows;
use crate::snmp::view::{CheckView, ProcessView, VrrpView};
use crate::snmp::{Mib, Next, Notification, Oid, SetError, Steps, Tree, Value, VarBind};
use crate::vrrp::accept::ReceiveStats;
use crate::vrrp::config::VrrpConfig;
use crate::vrrp::fsm::{Cause, InstanceId, Policy, State};
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
            links: [("eth1", 3), ("eth0", 7)].map(link).into(),
            rfc_rows: RfcRows::default(),
            weights: BTreeMap::new(),
            preempts: None,
            priority: None,
        }
    }
}

fn link((name, index): (&str, u32)) -> Link {
    Link {
        index: IfIndex(index),
        name: IfName::new(name).unwrap(),
        flags: LinkFlags::default(),
        hardware: 1,
        mac: None,
        mtu: 1500,
        master: None,
        parent: None,
        group: 0,
        kind: None,
        macvlan_mode: None,
        vrf_table: None,
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

/// All variables, as a walk reads them.
fn walk(program: &mut Program) -> Vec<VarBind> {
    let tree = Tree::new(&mibs());
    let mut found: Vec<VarBind> = Vec::new();
    let mut name = Oid::default();
    loop {
        match next(&tree, program, &name) {
            Some(variable) => {
                assert!(variable.name > name, "{} after {name}", variable.name);
                name.clone_from(&variable.name);
                found.push(variable);
            }
            None => return found,
        }
    }
}

fn next(tree: &Tree<Program>, program: &mut Program, after: &[u32]) -> Option<VarBind> {
    let mut steps = Steps::new(u32::MAX);
    match tree.next(program, Instant::ZERO, after, &[], &mut steps) {
        Next::Found(name, value) => Some(VarBind::new(name, value)),
        Next::Pause(name) => panic!("{name}: there were steps left"),
        Next::End => None,
    }
}

/// A name below that of the MIB.
fn name(numbers: &[u32]) -> Oid {
    Oid::join(oid!(), numbers)
}

fn get(program: &mut Program, numbers: &[u32]) -> Value {
    Tree::new(&mibs()).get(program, Instant::ZERO, &name(numbers))
}

fn texts(program: &mut Program, rows: &[&[u32]]) -> Vec<String> {
    let values = rows.iter().map(|row| get(program, row));
    values
        .map(|value| {
            let Value::OctetString(octets) = value else {
                panic!("{value:?} is no text");
            };
            String::from_utf8(octets).unwrap()
        })
        .collect()
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

#[test]
fn the_code_has_the_objects_of_the_file() {
    let in_file = file::objects();
    let readable: BTreeMap<Oid, String> = in_file
        .values()
        .filter(|object| object.is_readable())
        .map(|object| (name(&object.numbers), object.name.clone()))
        .collect();
    let objects = mibs().into_iter().flat_map(|mib| mib.objects);
    let in_code: BTreeMap<Oid, String> = objects
        .flat_map(|object| object.names())
        .map(|(oid, name)| (oid, name.to_owned()))
        .collect();
    assert_eq!(in_code, readable);
}

#[test]
fn what_can_be_set_is_what_the_file_says() {
    let mut program = program();
    let tree = Tree::new(&mibs());
    for variable in walk(&mut program) {
        let object = file::object_of(&variable.name);
        let same = tree.test(&program, &variable.name, &variable.value);
        match object.access.as_str() {
            "read-write" => assert_eq!(same, Ok(()), "{}", object.name),
            _ => assert!(same.is_err(), "{}", object.name),
        }
    }
}

#[test]
fn values_have_the_types_of_the_file() {
    let mut seen: Vec<String> = Vec::new();
    for variable in walk(&mut program()) {
        let object = file::object_of(&variable.name);
        object.check(&variable.value);
        seen.push(object.name);
    }
    let objects = file::objects();
    let unseen: Vec<_> = objects
        .values()
        .filter(|object| object.is_readable() && !seen.contains(&object.name))
        .map(|object| object.name.as_str())
        .collect();
    assert_eq!(unseen, [""; 0]);
}

#[test]
fn a_get_finds_what_a_walk_finds() {
    let mut program = program();
    let tree = Tree::new(&mibs());
    for variable in walk(&mut program) {
        let value = tree.get(&mut program, Instant::ZERO, &variable.name);
        assert_eq!(value, variable.value, "{}", variable.name);
    }
}

#[test]
fn instances_as_the_c_daemon_tells_them() {
    let mut program = program();
    let row = |column, number| [2, 3, 1, column, number];
    assert_eq!(
        texts(
            &mut program,
            &[
                &row(2, 1),
                &row(18, 2),
                &row(22, 1),
                &row(23, 1),
                &row(17, 1)
            ]
        ),
        [
            "VI_1",
            "G1",
            "'/bin/true' 'a b' 'c'",
            "'/bin/sh' '-c' 'true'",
            "eth0"
        ]
    );
    // Hundredths of a second for version 3.
    assert_eq!(get(&mut program, &row(12, 1)), Value::Gauge32(1));
    assert_eq!(get(&mut program, &row(12, 2)), Value::Gauge32(50));
    assert_eq!(get(&mut program, &row(27, 1)), Value::Integer(0));
    assert_eq!(get(&mut program, &row(27, 2)), Value::Integer(2));
    // A unicast instance has no group.
    assert_eq!(get(&mut program, &row(35, 3)), Value::NoSuchInstance);
}

#[test]
fn what_is_static_belongs_to_instance_0() {
    let mut program = program();
    let address = get(&mut program, &[2, 6, 1, 3, 0, 1]);
    assert_eq!(address, Value::OctetString(vec![10, 99, 0, 1]));
    let destination = get(&mut program, &[2, 7, 1, 3, 0, 1]);
    assert_eq!(destination, Value::OctetString(vec![10, 98, 0, 0]));
    assert_eq!(get(&mut program, &[2, 8, 1, 25, 0, 1]), Value::Gauge32(900));
}

#[test]
fn tracked_interfaces_stand_by_their_numbers() {
    let mut program = program();
    assert_eq!(
        texts(&mut program, &[&[2, 4, 1, 1, 1, 3], &[2, 14, 1, 1, 1, 3]]),
        ["eth1", "eth1"]
    );
    assert_eq!(
        get(&mut program, &[2, 4, 1, 1, 1, 1]),
        Value::NoSuchInstance
    );
    program.links.clear();
    assert_eq!(
        get(&mut program, &[2, 4, 1, 1, 1, 3]),
        Value::NoSuchInstance
    );
}

#[test]
fn weights_of_trackers_are_those_that_count() {
    let mut program = program();
    let weights = [
        // Of the line, of the definition.
        ([2, 5, 1, 3, 1, 1], 7),
        ([2, 5, 1, 3, 1, 2], -5),
        ([2, 5, 1, 4, 1, 2], 1),
        ([2, 17, 1, 3, 1, 1], 6),
        ([2, 17, 1, 4, 1, 1], 1),
        ([2, 16, 1, 3, 1, 1], 1),
        ([2, 22, 1, 3, 1, 1], 4),
    ];
    for (numbers, weight) in weights {
        assert_eq!(
            get(&mut program, &numbers),
            Value::Integer(weight),
            "{numbers:?}"
        );
    }
}

#[test]
fn routes_and_next_hops() {
    let mut program = program();
    let number = |n| Value::Integer(n);
    // Several next hops, blackhole, link scope, 1.6 s, a tunnel.
    assert_eq!(get(&mut program, &[2, 7, 1, 10, 1, 2]), number(2));
    assert_eq!(get(&mut program, &[2, 7, 1, 10, 1, 3]), number(3));
    assert_eq!(get(&mut program, &[2, 7, 1, 9, 1, 1]), number(2));
    assert_eq!(
        get(&mut program, &[2, 7, 1, 27, 1, 1]),
        Value::Gauge32(1600)
    );
    assert_eq!(get(&mut program, &[2, 7, 1, 29, 1, 1]), Value::Gauge32(400));
    assert_eq!(get(&mut program, &[2, 7, 1, 30, 1, 1]), number(1));
    assert_eq!(get(&mut program, &[2, 7, 1, 46, 1, 4]), number(2));
    let second = Value::OctetString(vec![10, 77, 0, 4]);
    assert_eq!(get(&mut program, &[2, 7, 1, 6, 1, 2]), second);
    assert_eq!(get(&mut program, &[2, 11, 1, 3, 1, 2, 2]), second);
    assert_eq!(get(&mut program, &[2, 11, 1, 4, 1, 2, 2]), number(3));
    // Keepalived's own protocol has a number of its own.
    assert_eq!(get(&mut program, &[2, 7, 1, 18, 1, 2]), number(112));
    assert_eq!(get(&mut program, &[2, 7, 1, 18, 1, 1]), number(5));
}

#[test]
fn members_of_groups_begin_with_marks() {
    let mut program = program();
    let kinds = (1..=3).map(|m| get(&mut program, &[3, 2, 1, 2, 1, m]));
    let kinds: Vec<_> = kinds.collect();
    assert_eq!(kinds, [1, 2, 3].map(Value::Integer));
    let last = get(&mut program, &[3, 2, 1, 7, 1, 3]);
    assert_eq!(last, Value::OctetString(vec![10, 77, 0, 163]));
}

#[test]
fn the_sorry_server_is_the_first_row() {
    let mut program = program();
    let row = |column, number| [3, 4, 1, column, 1, number];
    assert_eq!(get(&mut program, &row(2, 1)), Value::Integer(2));
    assert_eq!(
        get(&mut program, &row(4, 1)),
        Value::OctetString(vec![10, 77, 0, 170])
    );
    assert_eq!(get(&mut program, &row(7, 1)), Value::NoSuchInstance);
    assert_eq!(get(&mut program, &row(7, 2)), Value::Integer(3));
    assert_eq!(get(&mut program, &row(7, 3)), Value::Integer(5));
    // Said by the virtual server.
    assert_eq!(get(&mut program, &row(43, 2)), Value::Gauge32(2));
    assert_eq!(get(&mut program, &row(43, 1)), Value::Gauge32(0));
}

#[test]
fn large_counters() {
    let mut program = program();
    assert_eq!(
        get(&mut program, &[3, 3, 1, 27, 1]),
        Value::Gauge32(u32::MAX)
    );
    assert_eq!(
        get(&mut program, &[3, 3, 1, 28, 1]),
        Value::Counter32(705_032_704)
    );
    assert_eq!(
        get(&mut program, &[3, 3, 1, 49, 1]),
        Value::Gauge32(705_032_704)
    );
    assert_eq!(get(&mut program, &[3, 3, 1, 50, 1]), Value::Gauge32(1));
    assert_eq!(
        get(&mut program, &[3, 3, 1, 78, 1]),
        Value::Counter64(5_000_000_000)
    );
}

#[test]
fn sets() {
    let mut program = program();
    let tree = Tree::new(&mibs());
    let mut set = |numbers: &[u32], value: Value| {
        let name = name(numbers);
        tree.test(&program, &name, &value)?;
        tree.commit(&mut program, Instant::ZERO, &name, &value)
    };
    let number = Value::Integer;
    assert_eq!(set(&[2, 3, 1, 7, 2], number(200)), Ok(()));
    assert_eq!(set(&[2, 3, 1, 7, 2], number(0)), Err(SetError::WrongValue));
    assert_eq!(
        set(&[2, 3, 1, 7, 2], number(256)),
        Err(SetError::WrongValue)
    );
    assert_eq!(
        set(&[2, 3, 1, 7, 2], Value::text("1")),
        Err(SetError::WrongType)
    );
    assert_eq!(set(&[2, 3, 1, 7, 99], number(7)), Err(SetError::NoCreation));
    assert_eq!(set(&[2, 3, 1, 13, 1], number(2)), Ok(()));
    assert_eq!(set(&[2, 3, 1, 13, 1], number(3)), Err(SetError::WrongValue));
    assert_eq!(set(&[2, 3, 1, 27, 2], number(1)), Err(SetError::NoAccess));
    assert_eq!(set(&[2, 3, 1, 4, 1], number(2)), Err(SetError::NotWritable));
    assert_eq!(set(&[3, 4, 1, 7, 1, 2], number(9)), Ok(()));
    assert_eq!(
        set(&[3, 4, 1, 7, 1, 2], number(-1)),
        Err(SetError::WrongValue)
    );
    assert_eq!(
        set(&[3, 4, 1, 7, 1, 1], number(9)),
        Err(SetError::NoCreation)
    );
    assert_eq!(program.priority, Some((InstanceId(1), Priority(200))));
    assert_eq!(program.preempts, Some((InstanceId(0), false)));
    assert_eq!(program.weights.get(&(0, 0)), Some(&9));
}

/// The names of what a notification tells, below that of the MIB.
fn told(notification: &Notification) -> Vec<&[u32]> {
    let variables = notification.variables.iter();
    variables.map(|variable| &variable.name[9..]).collect()
}

#[test]
fn notifications_tell_their_variables_in_order() {
    let config = full();
    let own = &config.vrrp.instances[0];
    let instance = traps::instance_changed(own, Told::Stopped, "r");
    assert_eq!(instance.name, name(&[2, 10, 0, 2]));
    let expected: [&[u32]; 4] = [&[2, 3, 1, 2], &[2, 3, 1, 4], &[2, 3, 1, 5], &[1, 2, 0]];
    assert_eq!(told(&instance), expected);
    assert_eq!(instance.variables[1].value, Value::Integer(5));
    let group = traps::group_changed("G", Told::Running(State::Fault), "r");
    assert_eq!(group.name, name(&[2, 10, 0, 1]));
    let expected: [&[u32]; 3] = [&[2, 1, 1, 2], &[2, 1, 1, 3], &[1, 2, 0]];
    assert_eq!(told(&group), expected);
    assert_eq!(group.variables[1].value, Value::Integer(3));
}

#[test]
fn virtual_servers_are_told_by_what_they_are_known_by() {
    let config = full();
    let known: [&[&[u32]]; 3] = [
        &[&[3, 3, 1, 3]],
        &[&[3, 3, 1, 4]],
        &[&[3, 3, 1, 5], &[3, 3, 1, 6], &[3, 3, 1, 7]],
    ];
    for (service, known) in config.check.services.iter().zip(known) {
        let of = ServiceTold {
            config: &config.check,
            service,
            alive: 1,
        };
        let quorum = traps::quorum_changed(of, QuorumState::Shutdown, "r");
        let kind: &[&[u32]] = &[&[3, 3, 1, 2]];
        let rest: &[&[u32]] = &[
            &[3, 3, 1, 8],
            &[3, 3, 1, 23],
            &[3, 3, 1, 22],
            &[3, 3, 1, 21],
            &[3, 3, 1, 20],
            &[1, 2, 0],
        ];
        assert_eq!(told(&quorum), [kind, known, rest].concat());
        let server = traps::server_changed(of, &service.servers[0], false, "r");
        let own: &[&[u32]] = &[&[3, 4, 1, 3], &[3, 4, 1, 4], &[3, 4, 1, 5], &[3, 4, 1, 6]];
        let rest: &[&[u32]] = &[&[3, 3, 1, 8], &[3, 3, 1, 21], &[3, 3, 1, 20], &[1, 2, 0]];
        assert_eq!(told(&server), [own, kind, known, rest].concat());
    }
}

/// A configuration of parts of the full one: which instances, groups and services,
/// and how much of their lists.
fn some(parts: &[(usize, usize)]) -> Config {
    let mut config = (*full()).clone();
    let all = config.clone();
    let pick = |list: usize| parts.iter().map(move |part| (part.0 % list, part.1));
    config.vrrp = VrrpConfig {
        instances: Vec::new(),
        sync_groups: Vec::new(),
        ..config.vrrp
    };
    for (from, keep) in pick(all.vrrp.instances.len()) {
        let mut own = all.vrrp.instances[from].clone();
        own.vips.truncate(keep);
        own.excluded_vips.truncate(keep / 2);
        own.routes.truncate(keep);
        own.rules.truncate(keep / 2);
        own.track_interfaces.truncate(keep);
        own.given.tracked.scripts.truncate(keep);
        config.vrrp.instances.push(own);
    }
    for (from, keep) in pick(all.vrrp.sync_groups.len()) {
        let mut group = all.vrrp.sync_groups[from].clone();
        group.instances.truncate(keep);
        group.tracked.bfd.truncate(keep);
        config.vrrp.sync_groups.push(group);
    }
    config.check.services.clear();
    for (from, keep) in pick(all.check.services.len()) {
        let mut service = all.check.services[from].clone();
        service.servers.truncate(keep);
        service.sorry = service.sorry.filter(|_| keep % 2 == 0);
        config.check.services.push(service);
    }
    let statics = parts.first().map_or(0, |part| part.1);
    config.vrrp.static_addresses.truncate(statics);
    config.vrrp.static_routes.truncate(statics);
    config
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_walk_is_in_order_whatever_is_configured(
        parts in prop::collection::vec((0usize..8, 0usize..9), 0..6),
        starts in prop::collection::vec((0usize..10_000, any::<u32>(), 0u32..4), 0..24),
    ) {
        let mut program = Program::new(some(&parts));
        // It checks the order itself.
        let all = walk(&mut program);
        let tree = Tree::new(&mibs());
        for (place, number, change) in starts {
            let mut after: Vec<u32> = all[place % all.len()].name.to_vec();
            match change {
                0 => { after.pop(); }
                1 => after.push(number),
                2 => if let Some(last) = after.last_mut() { *last = number },
                _ => { after.truncate(place % 16); after.push(number % 5); }
            }
            let expected = all.iter().find(|variable| *variable.name > *after);
            let found = next(&tree, &mut program, &after);
            prop_assert_eq!(found.as_ref(), expected, "after {:?}", after);
        }
    }
}
