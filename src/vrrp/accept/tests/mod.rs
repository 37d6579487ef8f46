use std::net::Ipv6Addr;

use super::*;
use crate::vrrp::authentication::Password;
use crate::vrrp::transmit::{AdvertTemplate, Audience, TransmitPolicy};
use crate::wire::checksum;
use crate::wire::testing::hex;
use crate::wire::vrrp::{GROUP_V4, GROUP_V6};

mod counters;
mod notes;
mod properties;
mod rejections;
mod signatures;

const SENDER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 100));
const OURSELVES: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 77));
const V2: &str =
    "45c0002800010000ff70182ec0000264e0000012 21019601000186fac00002010000000000000000";
const PASS: &str = "45c0002c00010000ff700000c0000264e0000012
     21029602010187a7c0000202c00002037365637265740000";
const AH: &str = "45c0004000010000ff331853c0000264e0000012
     70040000c0000264000000013caf6336fc8fb646aa1760ef 21039601020184f5c00002040000000000000000";
const V3: &str = "45c0002000010000ff700000c0000264e0000012 310496010032d3cec0000205";
const V3_AS_V2: &str = "45c0002000010000ff700000c0000264e0000012 310596010064768ec0000206";
const UNICAST: &str = "45c0002000010000ff7035fbc0000264c000024d 310a96010064f156c000020a";
const V6: &str = "3106960200640f23fe80000000000000000000010002000320010db8000000000000000000000001";
const TRAILER: &str = "010900006b0241e85a860000a5c6b4abb72f5093ecf24bb4b44956ad";

fn policy(version: Version, vrid: u8, interval_ms: u64, addresses: &[&str]) -> ReceivePolicy {
    let addresses: Vec<IpAddr> = addresses.iter().map(|text| text.parse().unwrap()).collect();
    let family = addresses.first().map_or(Family::V4, Family::of);
    ReceivePolicy {
        family,
        version,
        vrid: Vrid(vrid),
        mode: ReceiveMode::Multicast,
        auth: ReceiveAuth::None,
        hmac: None,
        addresses: AddressList::new(family, &addresses).unwrap(),
        interval: Duration::from_millis(interval_ms),
        v3_checksum_as_v2: false,
        old_unicast_checksum: OldUnicastChecksum::Auto,
        group: GROUP_V4,
        skip_check_adv_addr: false,
        owner_ignore_adverts: false,
    }
}

fn v2() -> ReceivePolicy {
    policy(Version::V2, 1, 1000, &["192.0.2.1"])
}

fn v3() -> ReceivePolicy {
    policy(Version::V3, 4, 500, &["192.0.2.5"])
}

fn v6() -> ReceivePolicy {
    policy(Version::V3, 6, 1000, &["fe80::1:2:3", "2001:db8::1"])
}

fn pass() -> ReceivePolicy {
    let auth = ReceiveAuth::Pass(*b"secret\0\0");
    ReceivePolicy {
        auth,
        ..policy(Version::V2, 2, 1000, &["192.0.2.2", "192.0.2.3"])
    }
}

fn with_ah() -> ReceivePolicy {
    let auth = (&Authentication::Ah(Password::new(b"secret12"))).into();
    ReceivePolicy {
        auth,
        ..policy(Version::V2, 3, 1000, &["192.0.2.4"])
    }
}

fn peer(address: IpAddr, min_ttl: u8, max_ttl: u8) -> PeerBounds {
    PeerBounds {
        address,
        min_ttl,
        max_ttl,
    }
}

fn unicast(peers: &[PeerBounds], check_source: bool) -> ReceivePolicy {
    let mode = ReceiveMode::Unicast {
        peers: peers.into(),
        check_source,
    };
    ReceivePolicy {
        mode,
        ..policy(Version::V3, 10, 1000, &["192.0.2.10"])
    }
}

fn view() -> ReceiveView {
    ReceiveView {
        is_backup: true,
        effective_priority: Priority(100),
        known_master: None,
        ah_sequence: 0,
        wall: UnixTime::default(),
        signature_mark: None,
    }
}

fn v4_packet(bytes: &[u8]) -> Received<'_> {
    let any = Ipv4Addr::UNSPECIFIED.into();
    Received {
        family: Family::V4,
        bytes,
        src: any,
        dst: any,
        hop_limit: None,
    }
}

fn v6_packet(bytes: &[u8], hop_limit: Option<u8>) -> Received<'_> {
    let src = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0xff, 0xfe00_u16 + 1).into();
    Received {
        family: Family::V6,
        bytes,
        src,
        dst: GROUP_V6.into(),
        hop_limit,
    }
}

fn accept_v4(policy: &ReceivePolicy, bytes: &[u8]) -> Result<Accepted, Rejection> {
    accept(policy, &view(), &v4_packet(bytes))
}

/// Changes octets of a version 2 packet on IPv4 and makes its checksum fit.
fn v2_with(bytes: &[u8], changes: &[(usize, u8)]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for &(at, octet) in changes {
        bytes[at] = octet;
    }
    bytes[26..28].fill(0);
    let sum = checksum::of(&bytes[20..]);
    bytes[26..28].copy_from_slice(&sum.to_be_bytes());
    bytes
}

fn kind(answer: Result<Accepted, Rejection>) -> RejectionKind {
    answer.unwrap_err().kind()
}

#[test]
fn captured_adverts_are_accepted() {
    let plain = Accepted {
        src: SENDER,
        priority: Priority(150),
        interval: Duration::from_secs(1),
        interval_differs: false,
        address_list_differs: false,
        address_list: ListMatch::Same,
        checksum_old_style: false,
        ah_sequence: None,
        signature: None,
    };
    assert_eq!(accept_v4(&v2(), &hex(V2)), Ok(plain));
    assert_eq!(accept_v4(&pass(), &hex(PASS)), Ok(plain));
    assert_eq!(
        accept_v4(&with_ah(), &hex(AH)),
        Ok(Accepted {
            ah_sequence: Some(1),
            ..plain
        })
    );
    let half = Accepted {
        interval: Duration::from_millis(500),
        ..plain
    };
    assert_eq!(accept_v4(&v3(), &hex(V3)), Ok(half));
    assert_eq!(accept_v4(&unicast(&[], false), &hex(UNICAST)), Ok(plain));
    let octets = hex(V6);
    let packet = v6_packet(&octets, Some(255));
    assert_eq!(
        accept(&v6(), &view(), &packet),
        Ok(Accepted {
            src: packet.src,
            ..plain
        })
    );
}

#[test]
fn instance_is_found_by_one_octet() {
    for (packet, vrid) in [(V2, 1), (PASS, 2), (AH, 3), (V3, 4), (UNICAST, 10)] {
        assert_eq!(vrid_of(&v4_packet(&hex(packet))), Some(Vrid(vrid)));
    }
    assert_eq!(vrid_of(&v6_packet(&hex(V6), None)), Some(Vrid(6)));
    assert_eq!(vrid_of(&v6_packet(&[0x31], None)), None);
    assert_eq!(vrid_of(&v6_packet(&[0x31, 0], None)), None);
    assert_eq!(vrid_of(&v4_packet(&hex(AH)[..45])), None);
    let mut udp = hex(V2);
    udp[9] = 17;
    assert_eq!(vrid_of(&v4_packet(&udp)), None);
}
