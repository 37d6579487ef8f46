//! The netlink reflector and the raw sockets against the real kernel.
//!
//! Each test moves its own thread into a new network namespace, so it needs
//! root; without, it says so and passes. Nothing sleeps: tests wait for events.

#![expect(
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "helpers of tests, which say why they are skipped"
)]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::AsFd;
use std::process::Command;
use std::time::Duration;

use keepalived::model::{Family, IfIndex, IfName, IpNet, MacAddr, Vrid};
use keepalived::net::{
    AnnounceSocket, Datagram, Mode, Protocol, RxBatch, SocketSpec, TxBatch, Versions, VridSet,
    VrrpSocket,
};
use keepalived::netlink::addr::{AddressFlags, Lifetime};
use keepalived::netlink::{
    AddressRequest, Change, Changes, Commander, Mirror, Monitor, Operation, Outcome, Outcomes,
    ReadStatus, Tolerate,
};
use keepalived::sys::fd::wait_readable;
use nix::sched::{CloneFlags, unshare};

const LIMIT: Duration = Duration::from_secs(10);
const BUFFER: usize = 4 * 1024 * 1024;

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
        | Change::AddressChanged { .. } => true,
    }
}

#[test]
fn three_thousand_addresses_are_added_seen_and_removed() {
    if !entered() {
        return;
    }
    add_link();
    let mut kernel = Kernel::open();
    let interface = kernel.index("d0");
    let before = kernel.mirror.address_count();
    for number in 1..=3000 {
        let request = AddressRequest::new(interface, v4(number));
        let ticket = u64::from(number);
        kernel
            .commander
            .push(&request, Operation::Add, ticket, Tolerate::NOTHING);
    }
    assert_eq!(kernel.commander.flush(1000).unwrap(), 1000);
    let mut outcomes = Outcomes::new();
    kernel.commander.read(&mut outcomes).unwrap();
    assert_eq!(outcomes.len(), 1000, "the first part is settled at once");
    outcomes.extend(kernel.run());
    assert_eq!(outcomes.len(), 3000);
    assert!(outcomes.iter().all(|outcome| outcome.result.is_ok()));
    assert!((1..).zip(&outcomes).all(|(ticket, o)| o.ticket == ticket));

    let changes = kernel.read_until(|mirror, _| mirror.address_count() == before + 3000);
    assert!(!changes.iter().any(is_foreign), "only own echoes");
    assert!(kernel.mirror.has_address(interface, v4(1234).addr));
    let first = kernel
        .mirror
        .addresses_of(interface)
        .find(|a| a.net == v4(1));
    assert_eq!(first.map(|address| address.protocol), Some(18));

    for number in 1..=3000 {
        let request = AddressRequest::new(interface, v4(number));
        kernel
            .commander
            .push(&request, Operation::Delete, 0, Tolerate::NOTHING);
    }
    assert!(kernel.run().iter().all(|outcome| outcome.result.is_ok()));
    let changes = kernel.read_until(|mirror, _| mirror.address_count() == before);
    assert!(!changes.iter().any(is_foreign));
    assert_eq!(kernel.monitor.overruns(), 0);
}

#[test]
fn refusals_belong_to_their_tickets() {
    if !entered() {
        return;
    }
    let mut kernel = Kernel::open();
    let interface = kernel.index("lo");
    let good = AddressRequest::new(interface, v4(1));
    let twice = good;
    let nowhere = AddressRequest::new(IfIndex(4711), v4(2));
    let c = &mut kernel.commander;
    c.push(&good, Operation::Add, 1, Tolerate::NOTHING);
    c.push(&twice, Operation::Add, 2, Tolerate::NOTHING);
    c.push(&twice, Operation::Add, 3, Tolerate::EXISTS);
    c.push(&nowhere, Operation::Delete, 4, Tolerate::GONE);
    c.push(&nowhere, Operation::Add, 5, Tolerate::EXISTS);
    let mut outcomes = kernel.run();
    outcomes.sort_by_key(|outcome| outcome.ticket);
    let errnos: Vec<_> = outcomes
        .iter()
        .map(|o| o.result.as_ref().err().map_or(0, |error| error.errno))
        .collect();
    assert_eq!(errnos, [0, libc::EEXIST, 0, 0, libc::ENODEV]);
    let label = AddressRequest {
        flags: AddressFlags::MCAUTOJOIN,
        ..AddressRequest::new(interface, v4(9))
    };
    let refused = kernel.command(&label, Operation::Add).result.unwrap_err();
    assert!(!refused.to_string().is_empty());
}

#[test]
fn the_kernels_words_come_with_the_refusal() {
    if !entered() {
        return;
    }
    let mut kernel = Kernel::open();
    let request = AddressRequest::new(IfIndex(4711), net(Ipv6Addr::LOCALHOST, 128));
    let error = kernel.command(&request, Operation::Add).result.unwrap_err();
    assert_eq!(error.errno, libc::ENODEV);
    let text = error.text.expect("extended acknowledgement");
    assert!(!text.is_empty());
}

#[test]
fn an_address_removed_by_somebody_else_is_told() {
    if !entered() {
        return;
    }
    let mut kernel = Kernel::open();
    let index = kernel.index("lo");
    kernel.command(&AddressRequest::new(index, v4(1)), Operation::Add);
    kernel.read(&mut Changes::new());
    ip("addr del 10.0.0.1/32 dev lo");
    let changes = kernel.read_until(|_, changes| !changes.is_empty());
    let gone = Change::AddressRemoved {
        index,
        net: v4(1),
        ours: false,
    };
    assert_eq!(changes, [gone]);
    assert!(!kernel.mirror.has_address(index, v4(1).addr));
}

#[test]
fn every_kind_of_address_can_be_removed_again() {
    if !entered() {
        return;
    }
    add_link();
    let mut kernel = Kernel::open();
    let interface = kernel.index("d0");
    let plain = |addr: &str, prefix| {
        AddressRequest::new(interface, net(addr.parse::<IpAddr>().unwrap(), prefix))
    };
    let requests = [
        AddressRequest {
            peer: Some(net(Ipv4Addr::new(10, 1, 0, 2), 32)),
            ..plain("10.1.0.1", 32)
        },
        AddressRequest {
            peer: Some(net(Ipv4Addr::new(10, 1, 0, 3), 24)),
            ..plain("10.1.0.1", 32)
        },
        AddressRequest {
            broadcast: Some(Ipv4Addr::new(10, 2, 0, 255)),
            label: Some("d0:vip"),
            scope: 253,
            flags: AddressFlags::NOPREFIXROUTE,
            ..plain("10.2.0.1", 24)
        },
        AddressRequest {
            peer: Some(net("fd00::2".parse::<Ipv6Addr>().unwrap(), 128)),
            flags: AddressFlags::NODAD,
            ..plain("fd00::1", 128)
        },
        AddressRequest {
            flags: AddressFlags::NODAD.with(AddressFlags::NOPREFIXROUTE),
            lifetime: Some(Lifetime {
                preferred: 0,
                valid: Lifetime::FOREVER,
            }),
            ..plain("fd00::3", 128)
        },
    ];
    let before = ip_output("-br addr show dev d0");
    for request in &requests {
        for operation in [Operation::Add, Operation::Replace, Operation::Delete] {
            let outcome = kernel.command(request, operation);
            assert_eq!(outcome.result, Ok(()), "{operation:?} {request:?}");
            let shown = ip_output("-d addr show dev d0");
            let text = request.local.addr.to_string();
            let is_shown =
                shown.contains(&format!("{text}/")) || shown.contains(&format!("{text} peer"));
            assert_eq!(is_shown, operation != Operation::Delete, "{shown}");
        }
    }
    assert_eq!(ip_output("-br addr show dev d0"), before);
    let changes = kernel.read_until(|m, _| !m.has_address(interface, requests[4].local.addr));
    assert!(!changes.iter().any(is_foreign), "{changes:?}");
}

#[test]
fn words_of_a_request_arrive_in_the_kernel() {
    if !entered() {
        return;
    }
    add_link();
    let mut kernel = Kernel::open();
    let interface = kernel.index("d0");
    let request = AddressRequest {
        broadcast: Some(Ipv4Addr::new(10, 2, 0, 255)),
        label: Some("d0:vip"),
        scope: 253,
        lifetime: Some(Lifetime {
            preferred: 1000,
            valid: 2000,
        }),
        ..AddressRequest::new(interface, net(Ipv4Addr::new(10, 2, 0, 1), 24))
    };
    assert_eq!(kernel.command(&request, Operation::Add).result, Ok(()));
    let shown = ip_output("-d -4 addr show dev d0");
    for word in [
        "10.2.0.1/24",
        "brd 10.2.0.255",
        "scope link",
        "d0:vip",
        "preferred_lft",
    ] {
        assert!(shown.contains(word), "{word} in {shown}");
    }
    assert!(!shown.contains("valid_lft forever"), "{shown}");
}

#[test]
fn after_an_overrun_only_the_difference_is_told() {
    if !entered() {
        return;
    }
    add_link();
    ip("addr add 192.0.2.1/24 dev d0");
    ip("addr add 192.0.2.2/24 dev d0");
    let mut kernel = Kernel::with_buffer(2048);
    let index = kernel.index("d0");
    for number in 1..=500 {
        let request = AddressRequest::new(index, v4(number));
        kernel
            .commander
            .push(&request, Operation::Add, 0, Tolerate::NOTHING);
    }
    kernel.run();
    ip("addr del 192.0.2.2/24 dev d0");
    ip("link add d1 type bridge");
    let named = IfName::new("d1").unwrap();
    let mut changes = kernel.read_until(|mirror, _| {
        !mirror.is_resynchronising() && mirror.link_named(&named).is_some()
    });
    assert!(kernel.monitor.overruns() > 0, "the buffer was too small");
    for number in 1..=500 {
        assert!(
            kernel.mirror.has_address(index, v4(number).addr),
            "{number}"
        );
        let added = changes.iter().filter(
            |change| matches!(change, Change::AddressAdded { net, .. } if *net == v4(number)),
        );
        assert_eq!(added.count(), 1, "{number} is told once");
    }
    changes.retain(|change| !matches!(change, Change::AddressAdded { .. }));
    let (removed, added) = (
        Change::AddressRemoved {
            index,
            net: net(Ipv4Addr::new(192, 0, 2, 2), 24),
            ours: false,
        },
        Change::LinkAdded {
            index: kernel.index("d1"),
        },
    );
    assert!(changes.contains(&removed) && changes.contains(&added));
    assert_eq!(changes.len(), 2, "{changes:?}");
    ip("addr del 192.0.2.1/24 dev d0");
    let changes = kernel.read_until(|_, changes| !changes.is_empty());
    assert_eq!(changes.len(), 1, "events are followed again: {changes:?}");
}

#[test]
fn links_are_renamed_vanish_and_come_back() {
    if !entered() {
        return;
    }
    add_link();
    let mut kernel = Kernel::open();
    let index = kernel.index("d0");
    let up = |mirror: &Mirror| mirror.link(index).is_some_and(|link| link.is_running());
    assert!(up(&kernel.mirror));

    ip("link set d0 down");
    let changes = kernel.read_until(|mirror, _| !up(mirror));
    assert!(changes.contains(&Change::LinkDown { index }), "{changes:?}");
    ip("link set d0 name d7");
    let from = IfName::new("d0").unwrap();
    let renamed = Change::LinkRenamed { index, from };
    kernel.read_until(|_, changes| changes.contains(&renamed));
    assert!(
        kernel
            .mirror
            .link_named(&IfName::new("d0").unwrap())
            .is_none()
    );
    assert_eq!(kernel.index("d7"), index);
    ip("link set d7 mtu 1400");
    kernel.read_until(|_, changes| changes.contains(&Change::LinkChanged { index }));
    assert_eq!(kernel.mirror.link(index).unwrap().mtu, 1400);
    ip("link set d7 up");
    kernel.read_until(|mirror, _| up(mirror));

    ip("link del d7");
    let changes = kernel.read_until(|mirror, _| mirror.link(index).is_none());
    let name = IfName::new("d7").unwrap();
    let gone = Change::LinkRemoved { index, name };
    assert!(changes.contains(&Change::LinkDown { index }), "{changes:?}");
    assert!(changes.contains(&gone), "{changes:?}");
    assert_eq!(kernel.mirror.addresses_of(index).count(), 0);
    ip("link add d7 type bridge");
    kernel.read_until(|mirror, _| mirror.link_named(&IfName::new("d7").unwrap()).is_some());
    assert_ne!(kernel.index("d7"), index);
}

#[test]
fn carrier_and_bridge_ports_are_understood() {
    if !entered() {
        return;
    }
    ip("link add v0 type veth peer name v1");
    ip("link add b0 type bridge");
    ip("link set v0 up");
    ip("link set v1 up");
    let mut kernel = Kernel::open();
    let (index, bridge) = (kernel.index("v0"), kernel.index("b0"));
    assert!(kernel.mirror.link(index).unwrap().is_running());
    assert_eq!(
        kernel.mirror.link(index).unwrap().kind.as_deref(),
        Some("veth")
    );
    ip("link set v1 down");
    let changes = kernel.read_until(|_, changes| changes.contains(&Change::LinkDown { index }));
    assert!(kernel.mirror.link(index).unwrap().is_up(), "{changes:?}");
    ip("link set v0 master b0");
    kernel.read_until(|m, _| m.link(index).is_some_and(|l| l.master == Some(bridge)));
    ip("link set v0 nomaster");
    kernel.read_until(|m, _| m.link(index).is_some_and(|l| l.master.is_none()));
    assert!(
        kernel.mirror.link(index).is_some(),
        "leaving a bridge is no end"
    );
}

struct Pair {
    near: IfIndex,
    far: IfIndex,
}

/// Two ends of a cable in one namespace; the far one sends.
fn cable() -> Pair {
    ip("link add near type veth peer name far");
    ip("link set near addrgenmode none up");
    ip("link set far addrgenmode none up");
    for name in ["near", "far"] {
        let path = format!("net/ipv4/conf/{name}/accept_local");
        keepalived::sys::sysctl::write(&path, "1").unwrap();
    }
    ip("addr add 10.0.0.1/24 dev near");
    ip("addr add 10.0.0.2/24 dev far");
    ip("addr add fe80::1/64 dev near nodad");
    ip("addr add fe80::2/64 dev far nodad");
    wait_for_carrier(["near", "far"]);
    let kernel = Kernel::open();
    Pair {
        near: kernel.index("near"),
        far: kernel.index("far"),
    }
}

fn spec(interface: IfIndex, family: Family) -> SocketSpec {
    SocketSpec {
        interface: Some(interface),
        family,
        protocol: Protocol::Vrrp,
        mode: Mode::Multicast,
    }
}

/// An IPv4 packet with a VRRP head; the kernel fills in the header checksum.
fn packet_v4(first: u8, vrid: u8, protocol: u8, ah: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x45, 0xc0, 0, 0, 0, 1, 0, 0, 255, protocol, 0, 0];
    packet.extend([10, 0, 0, 2, 224, 0, 0, 18]);
    packet.extend(ah);
    packet.extend([first, vrid, 100, 0, 0, 100, 0, 0]);
    packet
}

fn vrids(of: &[u8]) -> VridSet {
    of.iter().copied().map(Vrid).collect()
}

fn receive(socket: &VrrpSocket, batch: &mut RxBatch) -> usize {
    assert!(
        wait_readable(socket.as_fd(), LIMIT).unwrap(),
        "nothing came"
    );
    socket.receive_many(batch).unwrap()
}

#[test]
fn adverts_cross_a_cable_and_foreign_ones_are_dropped_by_the_kernel() {
    if !entered() {
        return;
    }
    let cable = cable();
    let group = Ipv4Addr::new(224, 0, 0, 18);
    let mut receiver = VrrpSocket::open(spec(cable.near, Family::V4), Some(65536)).unwrap();
    receiver.join(group.into()).unwrap();
    receiver
        .accept_only(&vrids(&[1, 51, 255]), Versions::Known)
        .unwrap();
    let mut sender = VrrpSocket::open(spec(cable.far, Family::V4), None).unwrap();
    sender.join(group.into()).unwrap();
    sender.accept_only(&VridSet::ALL, Versions::Any).unwrap();

    let mut outgoing = TxBatch::new();
    for vrid in 0..=255 {
        for first in [0x21, 0x31, 0x32, 0x41] {
            outgoing.push(&Datagram {
                bytes: &packet_v4(first, vrid, 112, &[]),
                dst: group.into(),
                src: None,
                hop_limit: None,
            });
        }
    }
    let sent = sender.send_many(outgoing.datagrams(), |at, error| panic!("{at}: {error}"));
    assert_eq!(sent, 1024);
    let mut batch = RxBatch::new();
    assert_eq!(receive(&receiver, &mut batch), 6);
    let heads: Vec<_> = batch
        .packets()
        .map(|p| (p.bytes[20], p.bytes[21]))
        .collect();
    let expected: Vec<_> = [1, 51, 255]
        .into_iter()
        .flat_map(|v| [(0x21, v), (0x31, v)])
        .collect();
    assert_eq!(heads, expected);
    let first = batch.packets().next().unwrap();
    assert_eq!(first.src, IpAddr::from([10, 0, 0, 2]));
    assert_eq!(first.dst, IpAddr::V4(group));
    assert_eq!(
        (first.hop_limit, first.interface),
        (Some(255), Some(cable.near))
    );
    let mut own = RxBatch::new();
    assert_eq!(sender.receive_many(&mut own).unwrap(), 0, "no loop");

    receiver.accept_only(&vrids(&[7]), Versions::Any).unwrap();
    sender.send_many(outgoing.datagrams(), |at, error| panic!("{at}: {error}"));
    assert_eq!(receive(&receiver, &mut batch), 4, "every version of 7");
    receiver
        .accept_only(&VridSet::ALL, Versions::Known)
        .unwrap();
    sender.send_many(outgoing.datagrams().take(40), |_, _| ());
    assert_eq!(receive(&receiver, &mut batch), 20);
    receiver.leave(group.into()).unwrap();
    sender.send_many(outgoing.datagrams(), |_, _| ());
    assert_eq!(
        receiver.receive_many(&mut batch).unwrap(),
        0,
        "left the group"
    );
}

#[test]
fn adverts_behind_an_authentication_header_are_filtered_too() {
    if !entered() {
        return;
    }
    let cable = cable();
    let group = IpAddr::from([224, 0, 0, 18]);
    let ah = |interface| SocketSpec {
        protocol: Protocol::Ah,
        ..spec(interface, Family::V4)
    };
    let mut receiver = VrrpSocket::open(ah(cable.near), None).unwrap();
    receiver.join(group).unwrap();
    receiver.accept_only(&vrids(&[9]), Versions::Known).unwrap();
    let sender = VrrpSocket::open(ah(cable.far), None).unwrap();
    let mut outgoing = TxBatch::new();
    let mut head = [0; 24];
    for (next, vrid) in [(112, 8), (112, 9), (17, 9)] {
        head[0] = next;
        head[1] = 4;
        outgoing.push(&Datagram {
            bytes: &packet_v4(0x21, vrid, 51, &head),
            dst: group,
            src: None,
            hop_limit: None,
        });
    }
    assert_eq!(sender.send_many(outgoing.datagrams(), |_, _| ()), 3);
    let mut batch = RxBatch::new();
    assert_eq!(receive(&receiver, &mut batch), 1);
    assert_eq!(
        batch.packets().next().unwrap().bytes.get(44..46),
        Some(&[0x21, 9][..])
    );
}

#[test]
fn ipv6_adverts_have_source_hop_limit_and_checksum() {
    if !entered() {
        return;
    }
    let cable = cable();
    let group: IpAddr = "ff02::12".parse().unwrap();
    let mut receiver = VrrpSocket::open(spec(cable.near, Family::V6), None).unwrap();
    receiver.join(group).unwrap();
    receiver
        .accept_only(&vrids(&[51]), Versions::Known)
        .unwrap();
    let sender = VrrpSocket::open(spec(cable.far, Family::V6), None).unwrap();
    let source: Ipv6Addr = "fe80::2".parse().unwrap();
    let adverts: Vec<_> = [50, 51]
        .map(|vrid| [0x31, vrid, 100, 0, 0, 100, 0, 0])
        .into();
    let datagrams = adverts.iter().map(|bytes| Datagram {
        bytes,
        dst: group,
        src: Some(source),
        hop_limit: None,
    });
    assert_eq!(sender.send_many(datagrams, |at, e| panic!("{at}: {e}")), 2);
    let mut batch = RxBatch::new();
    assert_eq!(receive(&receiver, &mut batch), 1);
    let packet = batch.packets().next().unwrap();
    assert_eq!((packet.src, packet.dst), (source.into(), group));
    assert_eq!(
        (packet.hop_limit, packet.interface),
        (Some(255), Some(cable.near))
    );
    assert_eq!(packet.bytes.get(..2), Some(&[0x31, 51][..]));
    assert_ne!(
        packet.bytes.get(6..8),
        Some(&[0, 0][..]),
        "the kernel's checksum"
    );
}

#[test]
fn unicast_goes_to_its_own_socket_and_failures_are_told_one_by_one() {
    if !entered() {
        return;
    }
    let cable = cable();
    let own = Ipv4Addr::new(10, 0, 0, 1);
    let unicast = |interface, source: Ipv4Addr| SocketSpec {
        mode: Mode::Unicast {
            source: source.into(),
        },
        ..spec(interface, Family::V4)
    };
    let mut receiver = VrrpSocket::open(unicast(cable.near, own), None).unwrap();
    receiver
        .accept_only(&vrids(&[51]), Versions::Known)
        .unwrap();
    let far = Ipv4Addr::new(10, 0, 0, 2);
    let sender = VrrpSocket::open(unicast(cable.far, far), None).unwrap();
    let mut outgoing = TxBatch::new();
    // A packet longer than the interface takes, in front of a good one.
    for peer in [Ipv4Addr::new(203, 0, 113, 9), own] {
        let mut bytes = packet_v4(0x31, 51, 112, &[]);
        bytes.resize(if peer == own { 28 } else { 1600 }, 0);
        bytes[16..20].copy_from_slice(&peer.octets());
        outgoing.push(&Datagram {
            bytes: &bytes,
            dst: peer.into(),
            src: None,
            hop_limit: None,
        });
    }
    keepalived::sys::sysctl::write("net/ipv4/conf/all/accept_local", "1").unwrap();
    let mut failures = Vec::new();
    let sent = sender.send_many(outgoing.datagrams(), |at, error| failures.push((at, error)));
    assert_eq!((sent, failures.len()), (1, 1), "{failures:?}");
    assert_eq!(failures[0].0, 0);
    let mut batch = RxBatch::new();
    assert_eq!(receive(&receiver, &mut batch), 1);
    assert_eq!(batch.packets().next().unwrap().dst, IpAddr::V4(own));
}

#[test]
fn announcements_leave_as_frames() {
    if !entered() {
        return;
    }
    let cable = cable();
    let socket = AnnounceSocket::open().unwrap();
    let mac = MacAddr([2, 0, 0, 0, 0, 9]);
    let mut frames = Vec::new();
    for number in 0..100 {
        let mut frame = [0; keepalived::wire::arp::FRAME_LEN];
        let addr = Ipv4Addr::new(10, 0, 0, 100 + number);
        keepalived::wire::arp::write_gratuitous(&mut frame, mac, addr);
        frames.extend(frame);
    }
    let counter = || -> u64 {
        let text = std::fs::read_to_string("/proc/thread-self/net/dev").unwrap();
        let line = text.lines().find(|line| line.trim().starts_with("near:"));
        let words: Vec<_> = line.unwrap().split_whitespace().collect();
        words[2].parse().unwrap()
    };
    let before = counter();
    let length = keepalived::wire::arp::FRAME_LEN;
    assert_eq!(socket.send_many(cable.far, &frames, length).unwrap(), 100);
    assert!(counter() >= before + 100);
    let gone = socket
        .send_many(IfIndex(4711), &frames, length)
        .unwrap_err();
    assert_eq!(gone.raw_os_error(), Some(libc::ENXIO));
}
