//! Both MIBs over a made-up process, walked as monitoring does.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use scheduler::Instant;

use super::traps::{self, Served};
use super::{RfcRows, VrrpMib, Vrrpv3Mib};
use crate::control_plane::files::Memory;
use crate::control_plane::{AnyMachine, Config, LoadOptions, load};
use crate::model::{IfName, MacAddr};
use crate::netlink::mirror::Link;
use crate::snmp::view::{ProcessView, VrrpView};
use crate::snmp::{Mib, Notification, Oid, Value, walk};
use crate::vrrp::accept::{ReceiveStats, Rejection, RejectionKind};
use crate::vrrp::fsm::{Cause, InstanceId, Peer, Policy};
use crate::vrrp::router::Router;
use crate::wire::vrrp::Version;

const CONFIG: &str = "
global_defs { 
    enable_traps
}
vrrp_instance six {
    interface eth0
    version 3
    virtual_router_id 9
    advert_int 0.25
    virtual_ipaddress {
        fe80::5/64
        2001:db8::1/64
    }
}
vrrp_instance two_b {
    interface eth1
    virtual_router_id 5
    priority 77
    nopreempt
    virtual_ipaddress {
        192.0.2.200
        192.0.2.3
    }
}
vrrp_instance two_a {
    interface eth0
    virtual_router_id 200
    advert_int 3
    authentication {
        auth_type PASS
        auth_pass secret
    }
    virtual_ipaddress {
        192.0.2.9
    }
}
vrrp_instance four {
    interface eth0
    version 3
    virtual_router_id 9
    accept
    virtual_ipaddress {
        192.0.2.50
    }
}
vrrp_instance missing {
    interface eth9
    virtual_router_id 1
    virtual_ipaddress {
        192.0.2.60
    }
}
";

const OURS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const OTHERS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));
const BOTH: Served = Served {
    version2: true,
    version3: true,
};

struct Program {
    config: Rc<Config>,
    router: Router,
    links: Vec<Link>,
    rows: RfcRows,
    stats: ReceiveStats,
    cause: Option<Cause>,
}

impl Program {
    fn new() -> Self {
        let files = Memory::with("/k.conf", CONFIG);
        let loaded = load(
            &files,
            Path::new("/k.conf"),
            &LoadOptions::default(),
            &AnyMachine::default(),
        );
        let config = loaded.config.unwrap();
        let mut router = Router::new();
        for own in &config.vrrp.instances {
            router.add(Policy::new(&own.name, own.vrid, own.family, own.version));
        }
        let links: Vec<Link> = [("eth0", 7), ("eth1", 3)]
            .map(|(name, index)| Link {
                mac: Some(MacAddr([2, 0, 0, 0, 0, 1])),
                ..Link::named(name, index)
            })
            .into();
        let number = |name: &IfName| links.iter().find(|l| l.name == *name).map(|l| l.index);
        let rows = RfcRows::new(&config.vrrp, number);
        Self {
            config,
            router,
            rows,
            links,
            stats: ReceiveStats::default(),
            cause: None,
        }
    }

    fn id(&self, name: &str) -> InstanceId {
        let mut instances = self.config.vrrp.instances.iter();
        let place = instances.position(|own| own.name.value == name).unwrap();
        InstanceId(u32::try_from(place).unwrap())
    }
}

impl ProcessView for Program {
    fn config(&self) -> &Config {
        &self.config
    }
}

impl VrrpView for Program {
    fn router(&self) -> &Router {
        &self.router
    }

    fn stats(&self, _: InstanceId) -> Option<&ReceiveStats> {
        Some(&self.stats)
    }

    fn link(&self, name: &IfName) -> Option<&Link> {
        self.links.iter().find(|link| link.name == *name)
    }

    fn is_installed(&self, _: InstanceId, _: u32) -> bool {
        false
    }

    fn rfc_rows(&self) -> &RfcRows {
        &self.rows
    }

    fn primary_address(&self, _: InstanceId) -> Option<IpAddr> {
        Some(OURS)
    }

    fn last_heard(&self, _: InstanceId) -> Option<IpAddr> {
        Some(OTHERS)
    }

    fn up_time(&self, _: InstanceId, _: Instant) -> Duration {
        Duration::from_millis(12_345)
    }

    fn master_cause(&self, _: InstanceId) -> Option<Cause> {
        self.cause
    }
}

/// A walk: what is behind the root, and the values.
fn walked(mib: &'static Mib<Program>, program: &mut Program) -> BTreeMap<String, Value> {
    let variables = walk(&[mib], program);
    let below = |name: &Oid| Oid::new(name.strip_prefix(mib.root).unwrap()).to_string();
    let named = variables.into_iter().map(|v| (below(&v.name), v.value));
    named.collect()
}

/// The rows of a column.
fn rows(walked: &BTreeMap<String, Value>, column: &str) -> Vec<String> {
    let mut rows: Vec<Vec<u32>> = Vec::new();
    for name in walked.keys() {
        if let Some(row) = name
            .strip_prefix(column)
            .and_then(|row| row.strip_prefix('.'))
        {
            rows.push(
                row.split('.')
                    .map(|number| number.parse().unwrap())
                    .collect(),
            );
        }
    }
    rows.sort();
    rows.iter().map(|row| Oid::new(row).to_string()).collect()
}

#[test]
fn version_2_has_its_rows_by_interface_and_vrid() {
    let mut program = Program::new();
    let all = walked(&VrrpMib::MIB, &mut program);
    assert_eq!(rows(&all, ".1.3.1.3"), [".3.5", ".7.200"]);
    assert_eq!(rows(&all, ".2.4.1.12"), [".3.5", ".7.200"]);
    let addresses = [".3.5.192.0.2.3", ".3.5.192.0.2.200", ".7.200.192.0.2.9"];
    assert_eq!(rows(&all, ".1.4.1.2"), addresses);
    for (name, value) in [
        (".1.1.0", Value::Integer(2)),
        (".1.2.0", Value::Integer(1)),
        (".1.3.1.2.3.5", Value::OctetString(vec![2, 0, 0, 0, 0, 1])),
        (".1.3.1.3.3.5", Value::Integer(1)),
        (".1.3.1.5.3.5", Value::Integer(77)),
        (".1.3.1.6.3.5", Value::Integer(2)),
        (".1.3.1.7.3.5", Value::IpAddress([192, 0, 2, 2].into())),
        (".1.3.1.8.3.5", Value::IpAddress([192, 0, 2, 1].into())),
        (".1.3.1.9.3.5", Value::Integer(1)),
        (".1.3.1.9.7.200", Value::Integer(2)),
        (".1.3.1.11.7.200", Value::Integer(3)),
        (".1.3.1.12.3.5", Value::Integer(2)),
        (".1.3.1.12.7.200", Value::Integer(1)),
        (".1.3.1.13.7.200", Value::TimeTicks(1234)),
    ] {
        assert_eq!(all.get(name), Some(&value), "{name}");
    }
    // vrrpOperAuthKey is never returned.
    assert!(rows(&all, ".1.3.1.10").is_empty());
}

#[test]
fn version_3_has_both_families_and_what_is_of_version_2() {
    let mut program = Program::new();
    let all = walked(&Vrrpv3Mib::MIB, &mut program);
    assert_eq!(
        rows(&all, ".1.1.1.1.6"),
        [".3.5.1", ".7.9.1", ".7.9.2", ".7.200.1"]
    );
    assert_eq!(
        rows(&all, ".1.1.2.1.2"),
        [
            ".3.5.1.192.0.2.3",
            ".3.5.1.192.0.2.200",
            ".7.9.1.192.0.2.50",
            ".7.9.2.32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.1",
            ".7.9.2.254.128.0.0.0.0.0.0.0.0.0.0.0.0.0.5",
            ".7.200.1.192.0.2.9",
        ]
    );
    for (name, value) in [
        (".1.1.1.1.3.7.9.1", Value::OctetString(vec![192, 0, 2, 2])),
        (".1.1.1.1.7.7.9.1", Value::Gauge32(100)),
        (".1.1.1.1.8.7.9.2", Value::Integer(2)),
        (".1.1.1.1.9.7.9.2", Value::Integer(25)),
        (".1.1.1.1.11.7.9.1", Value::Integer(1)),
        (".1.1.1.1.9.7.200.1", Value::Integer(300)),
        (".1.2.4.0", Value::TimeTicks(0)),
        (".1.2.5.1.2.7.9.1", Value::Integer(0)),
        (".1.2.5.1.6.7.9.1", Value::Integer(0)),
        (".1.2.5.1.13.7.9.2", Value::Gauge32(250)),
    ] {
        assert_eq!(all.get(name), Some(&value), "{name}");
    }
}

#[test]
fn counters_are_those_of_the_statistics() {
    let mut program = Program::new();
    program.stats.become_master = 4;
    program.stats.pri_zero_sent = 3;
    program.stats.record(&Err(Rejection::Password));
    program
        .stats
        .record(&Err(Rejection::HopLimit { received: Some(7) }));
    program.stats.record(&Err(Rejection::Checksum(Version::V3)));
    let two = walked(&VrrpMib::MIB, &mut program);
    assert_eq!(two.get(".2.4.1.1.3.5"), Some(&Value::Counter32(4)));
    assert_eq!(two.get(".2.4.1.4.3.5"), Some(&Value::Counter32(1)));
    assert_eq!(two.get(".2.4.1.5.3.5"), Some(&Value::Counter32(1)));
    assert_eq!(two.get(".2.4.1.7.3.5"), Some(&Value::Counter32(3)));
    // All five instances have the same here.
    assert_eq!(two.get(".2.1.0"), Some(&Value::Counter32(5)));
    program.cause = Some(Cause::NoAdvert {
        master: None,
        silence: Duration::ZERO,
    });
    let three = walked(&Vrrpv3Mib::MIB, &mut program);
    assert_eq!(three.get(".1.2.1.0"), Some(&Value::Counter64(5)));
    assert_eq!(three.get(".1.2.5.1.1.7.9.1"), Some(&Value::Counter32(4)));
    assert_eq!(three.get(".1.2.5.1.2.7.9.1"), Some(&Value::Integer(3)));
    assert_eq!(three.get(".1.2.5.1.5.7.9.1"), Some(&Value::Counter64(1)));
    let last = Some(&Value::Integer(3));
    assert_eq!(
        three.get(".1.2.5.1.6.7.9.1"),
        last,
        "the checksum was the last"
    );
}

fn told(notification: Option<Notification>) -> (String, Vec<(String, Value)>) {
    let Notification { name, variables } = notification.expect("a notification");
    let variables = variables.into_iter();
    let variables = variables.map(|v| (v.name.to_string(), v.value));
    (name.to_string(), variables.collect())
}

#[test]
fn new_masters_are_told_by_both_mibs_the_older_first() {
    let program = Program::new();
    let cause = Cause::LowerPriority(Peer {
        address: OTHERS,
        priority: crate::model::Priority(1),
    });
    let of = |name, served| {
        let told_of = traps::new_master(&program, served, program.id(name), &cause);
        let each = told_of.into_iter().map(|one| told(Some(one)));
        each.collect::<Vec<_>>()
    };
    let only2 = Served {
        version3: false,
        ..BOTH
    };
    let only3 = Served {
        version2: false,
        ..BOTH
    };
    let two = of("two_a", BOTH);
    let master = ".1.3.6.1.2.1.68.1.3.1.7.7.200".to_owned();
    let address = Value::IpAddress([192, 0, 2, 1].into());
    assert_eq!(two[0].0, ".1.3.6.1.2.1.68.0.1");
    assert_eq!(two[0].1, [(master, address)]);
    assert_eq!(two[1].0, ".1.3.6.1.2.1.207.0.1");
    assert_eq!(two[1].1[0].0, ".1.3.6.1.2.1.207.1.1.1.1.3.7.200.1");
    assert_eq!(of("two_a", only2), two[..1]);
    assert_eq!(of("two_a", only3), two[1..]);

    let six = of("six", BOTH);
    assert_eq!(six[0].0, ".1.3.6.1.2.1.207.0.1");
    assert_eq!(six[0].1[0].0, ".1.3.6.1.2.1.207.1.1.1.1.3.7.9.2");
    let reason = ".1.3.6.1.2.1.207.1.2.5.1.2.7.9.2".to_owned();
    assert_eq!(six[0].1[1], (reason, Value::Integer(2)), "preempted");
    assert_eq!(six.len(), 1);
    assert_eq!(of("six", only2), []);
    assert_eq!(of("missing", BOTH), [], "no interface, no row");
}

#[test]
fn refused_adverts_are_told_by_the_mib_of_their_version() {
    let program = Program::new();
    let of = |name, kind| traps::rejected(&program, BOTH, program.id(name), OTHERS, kind);
    for (kind, error) in [
        (RejectionKind::InvalidAuthType, 1),
        (RejectionKind::AuthTypeMismatch, 2),
        (RejectionKind::Password, 3),
    ] {
        let (name, variables) = told(of("two_b", kind));
        assert_eq!(name, ".1.3.6.1.2.1.68.0.2");
        let source = ".1.3.6.1.2.1.68.1.5.3.5".to_owned();
        assert_eq!(
            variables[0],
            (source, Value::IpAddress([192, 0, 2, 2].into()))
        );
        let kind = ".1.3.6.1.2.1.68.1.6.3.5".to_owned();
        assert_eq!(variables[1], (kind, Value::Integer(error)));
    }
    for (kind, error) in [
        (RejectionKind::HopLimit, 1),
        (RejectionKind::Version, 2),
        (RejectionKind::Checksum, 3),
        (RejectionKind::Vrid, 4),
    ] {
        let (name, variables) = told(of("four", kind));
        assert_eq!(name, ".1.3.6.1.2.1.207.0.2");
        let reason = ".1.3.6.1.2.1.207.1.2.5.1.6.7.9.1".to_owned();
        assert_eq!(variables, [(reason, Value::Integer(error))]);
    }
    let (name, _) = told(of("two_b", RejectionKind::HopLimit));
    assert_eq!(name, ".1.3.6.1.2.1.207.0.2");
    assert_eq!(of("four", RejectionKind::Length), None);
}
