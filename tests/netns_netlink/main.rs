//! The netlink reflector and the raw sockets against the real kernel.
//!
//! Each test moves its own thread into a new network namespace, so it needs
//! root; without, it says so and passes. Nothing sleeps: tests wait for events.

#![expect(
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "helpers of tests, which say why they are skipped"
)]

use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::AsFd;
use std::process::Command;
use std::time::Duration;

use keepalived::model::{IfIndex, IfName, IpNet};
use keepalived::netlink::{
    AddressRequest, Change, Changes, Commander, Mirror, Monitor, Operation, Outcome, Outcomes,
    ReadStatus, Tolerate,
};
use keepalived::sys::fd::wait_readable;
use nix::sched::{CloneFlags, unshare};

const LIMIT: Duration = Duration::from_secs(10);
const BUFFER: usize = 4 * 1024 * 1024;

mod addresses;
mod links;
mod listing;
mod nft;
mod paths;
mod sockets;

/// Enter a new namespace, or say why the test is skipped.
fn entered() -> bool {
    match unshare(CloneFlags::CLONE_NEWNET) {
        Ok(()) => {
            ip("link set lo up");
            true
        }
        Err(errno) => {
            eprintln!("skipped: a network namespace needs root ({errno})");
            false
        }
    }
}

fn ip(arguments: &str) {
    let status = Command::new("ip").args(arguments.split(' ')).status();
    assert!(
        status.expect("iproute2 is installed").success(),
        "ip {arguments}"
    );
}

/// `d0` with carrier: the other end of its cable is `p0`.
fn add_link() {
    ip("link add d0 type veth peer name p0");
    for name in ["d0", "p0"] {
        ip(&format!("link set {name} addrgenmode none"));
        ip(&format!("link set {name} up"));
    }
    wait_for_carrier(["d0", "p0"]);
}

fn wait_for_carrier(names: [&str; 2]) {
    let names = names.map(|name| IfName::new(name).unwrap());
    Kernel::open().read_until(|mirror, _| {
        names.iter().all(|name| {
            mirror
                .link_named(name)
                .is_some_and(|link| link.is_running())
        })
    });
}

fn ip_output(arguments: &str) -> String {
    let output = Command::new("ip").args(arguments.split(' ')).output();
    String::from_utf8(output.expect("iproute2 is installed").stdout).unwrap()
}

struct Kernel {
    monitor: Monitor,
    mirror: Mirror,
    commander: Commander,
}

impl Kernel {
    fn open() -> Self {
        Self::with_buffer(BUFFER)
    }

    fn with_buffer(octets: usize) -> Self {
        let mut monitor = Monitor::open(octets).unwrap();
        let mut mirror = Mirror::new();
        monitor.load(&mut mirror).unwrap();
        Self {
            monitor,
            mirror,
            commander: Commander::open(BUFFER).unwrap(),
        }
    }

    fn index(&self, name: &str) -> IfIndex {
        let name = IfName::new(name).unwrap();
        self.mirror.link_named(&name).expect("link exists").index
    }

    /// Read what is there now.
    fn read(&mut self, out: &mut Changes) {
        let port = self.commander.port();
        while self.monitor.read(&mut self.mirror, port, out).unwrap() == ReadStatus::More {}
    }

    /// Read until `enough` says so.
    fn read_until(&mut self, enough: impl Fn(&Mirror, &[Change]) -> bool) -> Changes {
        let mut changes = Changes::new();
        self.read(&mut changes);
        while !enough(&self.mirror, &changes) {
            let more = wait_readable(self.monitor.as_fd(), LIMIT).unwrap();
            assert!(more, "no more events after {changes:?}");
            self.read(&mut changes);
        }
        changes
    }

    fn command(&mut self, request: &AddressRequest<'_>, operation: Operation) -> Outcome {
        self.commander
            .push(request, operation, 7, Tolerate::NOTHING);
        let outcomes = self.run();
        assert_eq!(outcomes.len(), 1);
        outcomes.into_iter().next().unwrap()
    }

    fn run(&mut self) -> Outcomes {
        let mut outcomes = Outcomes::new();
        while self.commander.backlog() > 0 {
            self.commander.flush(usize::MAX).unwrap();
            self.commander.read(&mut outcomes).unwrap();
        }
        outcomes
    }
}

fn v4(number: u32) -> IpNet {
    net(IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + number)), 32)
}

fn net(addr: impl Into<IpAddr>, prefix: u8) -> IpNet {
    IpNet {
        addr: addr.into(),
        prefix,
    }
}

fn is_foreign(change: &Change) -> bool {
    match change {
        Change::AddressAdded { ours, .. } | Change::AddressRemoved { ours, .. } => !ours,
        Change::LinkAdded { .. }
        | Change::LinkRemoved { .. }
        | Change::LinkRenamed { .. }
        | Change::LinkUp { .. }
        | Change::LinkDown { .. }
        | Change::LinkChanged { .. }
        | Change::AddressChanged { .. }
        | Change::PathsAreTold
        | Change::PathsTold
        | Change::Path { .. } => true,
    }
}
