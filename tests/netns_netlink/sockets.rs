//! Raw sockets at both ends of a cable.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::AsFd;

use keepalived::model::{Family, IfIndex, MacAddr, Vrid};
use keepalived::net::{
    AnnounceSocket, Datagram, Mode, Protocol, RxBatch, SocketSpec, TxBatch, Versions, VridSet,
    VrrpSocket,
};
use keepalived::sys::fd::wait_readable;

use crate::{Kernel, LIMIT, entered, ip, wait_for_carrier};

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

/// A packet that came.
struct Came {
    bytes: Vec<u8>,
    src: IpAddr,
    dst: IpAddr,
    hop_limit: Option<u8>,
    interface: Option<IfIndex>,
}

impl Came {
    /// The first two octets of the advert behind an IPv4 header.
    fn head(&self) -> (u8, u8) {
        (self.bytes[20], self.bytes[21])
    }
}

/// So many packets, and no more at that moment: a busy kernel hands them over one by one.
fn receive(socket: &VrrpSocket, count: usize) -> Vec<Came> {
    let mut batch = RxBatch::new();
    let mut came = Vec::new();
    while came.len() < count {
        assert!(
            wait_readable(socket.as_fd(), LIMIT).unwrap(),
            "{} came",
            came.len()
        );
        socket.receive_many(&mut batch).unwrap();
        came.extend(batch.packets().map(|packet| Came {
            bytes: packet.bytes.to_vec(),
            src: packet.src,
            dst: packet.dst,
            hop_limit: packet.hop_limit,
            interface: packet.interface,
        }));
    }
    assert_eq!(came.len(), count);
    came
}

/// Adverts of every virtual router, of versions and types that there are and are not.
fn adverts_of_all(group: Ipv4Addr) -> TxBatch {
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
    outgoing
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

    let outgoing = adverts_of_all(group);
    // All at once would be more than a kernel queues that is busy elsewhere.
    let send = |from: usize, count: usize| {
        let part = outgoing.datagrams().skip(from).take(count);
        sender.send_many(part, |at, error| panic!("{at}: {error}"))
    };
    assert_eq!(send(0, 512), 512);
    let mut came = receive(&receiver, 4);
    assert_eq!(send(512, 512), 512);
    came.extend(receive(&receiver, 2));
    let heads: Vec<_> = came.iter().map(Came::head).collect();
    let expected: Vec<_> = [1, 51, 255]
        .into_iter()
        .flat_map(|v| [(0x21, v), (0x31, v)])
        .collect();
    assert_eq!(heads, expected);
    let first = &came[0];
    assert_eq!(first.src, IpAddr::from([10, 0, 0, 2]));
    assert_eq!(first.dst, IpAddr::V4(group));
    assert_eq!(
        (first.hop_limit, first.interface),
        (Some(255), Some(cable.near))
    );
    let mut own = RxBatch::new();
    assert_eq!(sender.receive_many(&mut own).unwrap(), 0, "no loop");

    receiver.accept_only(&vrids(&[7]), Versions::Any).unwrap();
    send(0, 512);
    let versions: Vec<_> = receive(&receiver, 4).iter().map(Came::head).collect();
    assert_eq!(versions, [(0x21, 7), (0x31, 7), (0x32, 7), (0x41, 7)]);
    receiver
        .accept_only(&VridSet::ALL, Versions::Known)
        .unwrap();
    send(0, 40);
    receive(&receiver, 20);
    receiver.leave(group.into()).unwrap();
    send(0, 512);
    assert_eq!(
        receiver.receive_many(&mut own).unwrap(),
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
    let came = receive(&receiver, 1);
    assert_eq!(came[0].bytes.get(44..46), Some(&[0x21, 9][..]));
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
    let packet = &receive(&receiver, 1)[0];
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
    assert_eq!(receive(&receiver, 1)[0].dst, IpAddr::V4(own));
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
