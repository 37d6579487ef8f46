//! The IPVS wrapper against a real kernel.
//!
//! Each test moves its own thread into a new network namespace, which has an
//! empty table of its own, so it needs root; and a kernel with IPVS, such as
//! that of `scripts/uml-run`. Without, it says so and passes.

#![expect(
    clippy::print_stderr,
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests, which say why they are skipped"
)]

use std::net::IpAddr;
use std::process::Command;

use keepalived::ipvs::{
    Change, Checksum, Destination, DestinationKey, Detail, Forwarding, Granularity, Kernel, Name,
    OpenError, Options, Outcome, Persistence, Protocol, Scope, Service, ServiceFlags, ServiceKey,
    Settled, Table, Tunnel, plan,
};
use keepalived::model::Family;
use nix::sched::{CloneFlags, unshare};

mod connections;
mod control;
mod random;
#[path = "../support/rng.rs"]
#[expect(dead_code, unreachable_pub, reason = "shared with the simulations")]
mod rng;
mod speed;
mod tables;

const OPTIONS: Options<'_> = Options {
    receive_buffer: 1024 * 1024,
    namespace: None,
};

/// The IPVS of a new namespace, or nothing and the reason why the test is skipped.
fn entered() -> Option<Kernel> {
    if let Err(errno) = unshare(CloneFlags::CLONE_NEWNET) {
        eprintln!("skipped: a network namespace needs root ({errno})");
        return None;
    }
    let status = Command::new("ip")
        .args(["link", "set", "lo", "up"])
        .status();
    assert!(status.expect("iproute2 is installed").success());
    match Kernel::open(&OPTIONS) {
        Ok(kernel) => Some(kernel),
        Err(error @ OpenError::NoIpvs) => {
            eprintln!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Carry changes out; what the kernel refused.
fn apply(kernel: &mut Kernel, changes: impl IntoIterator<Item = Change>) -> Vec<Settled> {
    kernel.apply(changes);
    let mut settled = Vec::new();
    kernel.carry_out(&mut settled).unwrap();
    settled.retain(|s| s.outcome != Outcome::Done);
    settled
}

/// Make the kernel's table the wanted one; the changes that took.
fn establish(kernel: &mut Kernel, wanted: &Table) -> Vec<Change> {
    let actual = read(kernel);
    let changes = plan::between(wanted, &actual, |_| true);
    assert_eq!(apply(kernel, changes.iter().copied()), []);
    assert_eq!(&read(kernel), wanted);
    changes
}

fn read(kernel: &mut Kernel) -> Table {
    let snapshot = kernel.read_table(Scope::All, Detail::Settings);
    snapshot.unwrap().table
}

/// What `ipvsadm -Sn` says, its lines sorted.
fn saved() -> Vec<String> {
    let output = Command::new("ipvsadm").args(["-Sn"]).output();
    let text = String::from_utf8(output.expect("ipvsadm is installed").stdout).unwrap();
    let mut lines: Vec<_> = text.lines().map(|line| line.trim().to_owned()).collect();
    lines.sort();
    lines
}

fn ipvsadm(arguments: &str) {
    let status = Command::new("ipvsadm").args(arguments.split(' ')).status();
    assert!(status.unwrap().success(), "ipvsadm {arguments}");
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn tcp(address: &str, port: u16) -> ServiceKey {
    at(Protocol::Tcp, address, port)
}

fn at(protocol: Protocol, address: &str, port: u16) -> ServiceKey {
    ServiceKey::Address {
        protocol,
        address: ip(address),
        port,
    }
}

fn mark(family: Family, mark: u32) -> ServiceKey {
    ServiceKey::Mark { family, mark }
}

fn service(scheduler: &str) -> Service {
    Service {
        scheduler: name(scheduler),
        flags: ServiceFlags::NONE,
        persistence: None,
    }
}

fn server(address: &str, port: u16) -> DestinationKey {
    DestinationKey {
        address: ip(address),
        port,
    }
}

fn persistent(timeout: u32, granularity: Granularity) -> Option<Persistence> {
    Some(Persistence {
        timeout,
        granularity,
        engine: None,
    })
}

const NAT: Forwarding = Forwarding::Masquerade;
const DR: Forwarding = Forwarding::DirectRoute;
const IPIP: Forwarding = Forwarding::Tunnel(Tunnel::Ipip);
const GUE: Forwarding = Forwarding::Tunnel(Tunnel::Gue {
    port: 6080,
    checksum: Checksum::Remote,
});
const GRE: Forwarding = Forwarding::Tunnel(Tunnel::Gre {
    checksum: Checksum::Outer,
});
