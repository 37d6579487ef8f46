use std::net::Ipv6Addr;

use proptest::prelude::*;

use super::*;
use crate::vrrp::authentication::Password;
use crate::vrrp::transmit::{AdvertTemplate, Audience, TransmitPolicy};
use crate::wire::checksum;
use crate::wire::testing::hex;
use crate::wire::vrrp::{GROUP_V4, GROUP_V6};

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
        missing_address: None,
        checksum_old_style: false,
        ah_sequence: None,
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

#[test]
fn authentication_header_must_be_as_configured() {
    assert_eq!(
        accept_v4(&v2(), &hex(AH)),
        Err(Rejection::UnexpectedAuthHeader)
    );
    assert_eq!(
        accept_v4(&with_ah(), &hex(V2)),
        Err(Rejection::MissingAuthHeader)
    );
    let mut udp = hex(V2);
    udp[9] = 17;
    assert_eq!(accept_v4(&v2(), &udp), Err(Rejection::Protocol(17)));
    assert_eq!(
        accept(&v2(), &view(), &v6_packet(&hex(V6), None)),
        Err(Rejection::Family)
    );
}

#[test]
fn length_must_be_what_the_packet_says() {
    let short = Rejection::Length {
        received: 39,
        expected: 40,
    };
    assert_eq!(accept_v4(&v2(), &hex(V2)[..39]), Err(short));
    assert_eq!(
        short.to_string(),
        "vrrp packet too short, length 39 and expect 40"
    );
    let long = [hex(V2), vec![0; 4]].concat();
    assert_eq!(
        accept_v4(&v2(), &long),
        Err(Rejection::Length {
            received: 44,
            expected: 40
        })
    );
    // A signature, with auth_hmac not configured.
    for (policy, packet) in [(v2(), V2), (v3(), V3)] {
        let octets = [hex(packet), hex(TRAILER)].concat();
        let answer = accept_v4(&policy, &octets);
        let expected = octets.len() - 28;
        assert_eq!(
            answer,
            Err(Rejection::Length {
                received: octets.len(),
                expected
            })
        );
        assert!(
            answer
                .unwrap_err()
                .to_string()
                .starts_with("vrrp packet too long")
        );
    }
    let octets = [hex(V6), hex(TRAILER)].concat();
    assert_eq!(
        kind(accept(&v6(), &view(), &v6_packet(&octets, Some(255)))),
        RejectionKind::Length
    );
    for end in [0, 10, 19, 20, 24] {
        assert_eq!(
            kind(accept_v4(&v2(), &hex(V2)[..end])),
            RejectionKind::Length,
            "{end}"
        );
    }
    for end in [20, 43, 50, 63] {
        assert_eq!(
            kind(accept_v4(&with_ah(), &hex(AH)[..end])),
            RejectionKind::Length,
            "{end}"
        );
    }
}

#[test]
fn ethernet_padding_is_no_error() {
    for (policy, packet) in [(v2(), V2), (v3(), V3)] {
        for size in [46, 42] {
            let mut octets = hex(packet);
            octets.resize(size, 0);
            assert!(accept_v4(&policy, &octets).is_ok(), "{size}");
        }
        let mut octets = hex(packet);
        octets.resize(50, 0);
        assert_eq!(
            kind(accept_v4(&policy, &octets)),
            RejectionKind::TotalLength
        );
    }
}

#[test]
fn multicast_must_not_have_passed_a_router() {
    let mut octets = hex(V2);
    octets[8] = 254;
    let rejection = Rejection::HopLimit {
        received: Some(254),
    };
    assert_eq!(accept_v4(&v2(), &octets), Err(rejection));
    assert_eq!(
        rejection.to_string(),
        "invalid TTL/HL. Received 254 and expect 255"
    );
    for hop_limit in [None, Some(64)] {
        let answer = accept(&v6(), &view(), &v6_packet(&hex(V6), hop_limit));
        assert_eq!(
            answer,
            Err(Rejection::HopLimit {
                received: hop_limit
            })
        );
    }
    let mut octets = hex(UNICAST);
    octets[8] = 3;
    assert!(accept_v4(&unicast(&[], false), &octets).is_ok());
}

#[test]
fn version_and_router_must_be_the_own_ones() {
    let answer = accept_v4(&policy(Version::V3, 1, 1000, &["192.0.2.1"]), &hex(V2));
    assert_eq!(
        answer,
        Err(Rejection::Version {
            received: 2,
            expected: 3
        })
    );
    let answer = accept_v4(&policy(Version::V2, 9, 1000, &["192.0.2.1"]), &hex(V2));
    assert_eq!(
        answer,
        Err(Rejection::Vrid {
            received: Vrid(1),
            expected: Vrid(9)
        })
    );
}

#[test]
fn authentication_type() {
    let unknown = v2_with(&hex(V2), &[(24, 3)]);
    assert_eq!(
        accept_v4(&v2(), &unknown),
        Err(Rejection::InvalidAuthType(3))
    );
    let mismatch = Rejection::AuthTypeMismatch {
        received: 1,
        expected: 0,
    };
    assert_eq!(
        accept_v4(&v2(), &v2_with(&hex(V2), &[(24, 1)])),
        Err(mismatch)
    );
    assert_eq!(mismatch.to_string(), "received a 1 auth, expecting 0!");
    let mismatch = Rejection::AuthTypeMismatch {
        received: 0,
        expected: 1,
    };
    assert_eq!(
        accept_v4(&pass(), &v2_with(&hex(PASS), &[(24, 0)])),
        Err(mismatch)
    );
}

#[test]
fn password() {
    for at in 36..44 {
        let wrong = v2_with(&hex(PASS), &[(at, 1)]);
        assert_eq!(
            accept_v4(&pass(), &wrong),
            Err(Rejection::Password),
            "octet {at}"
        );
    }
}

#[test]
fn integrity_value_covers_the_packet() {
    let good = hex(AH);
    // TOS, fragment word and header checksum may change on the way; the header
    // length, the total length, the protocol and all counts are checked earlier.
    let free = [0, 1, 2, 3, 6, 7, 8, 9, 10, 11];
    let earlier = [44, 45, 47, 48];
    for at in (0..good.len()).filter(|at| !free.contains(at) && !earlier.contains(at)) {
        let mut bad = good.clone();
        bad[at] ^= 1;
        assert_eq!(
            accept_v4(&with_ah(), &bad),
            Err(Rejection::IntegrityValue),
            "octet {at}"
        );
    }
    let mut policy = with_ah();
    policy.auth = (&Authentication::Ah(Password::new(b"secret13"))).into();
    assert_eq!(accept_v4(&policy, &good), Err(Rejection::IntegrityValue));
}

#[test]
fn sequence_must_grow() {
    let view = ReceiveView {
        ah_sequence: 1,
        ..view()
    };
    let answer = accept(&with_ah(), &view, &v4_packet(&hex(AH)));
    assert_eq!(
        answer,
        Err(Rejection::Replay {
            received: 1,
            highest: 1
        })
    );
}

#[test]
fn interval_of_version_2_must_be_the_own_one() {
    let answer = accept_v4(&v2(), &v2_with(&hex(V2), &[(25, 3)]));
    let seconds = Duration::from_secs;
    let rejection = Rejection::Interval {
        received: seconds(3),
        expected: seconds(1),
    };
    assert_eq!(answer, Err(rejection));
    let text = "advertisement interval mismatch mine=1 sec rcv'd=3 sec";
    assert_eq!(rejection.to_string(), text);
}

#[test]
fn interval_of_version_3_is_noted() {
    let policy = policy(Version::V3, 4, 1000, &["192.0.2.5"]);
    let accepted = accept_v4(&policy, &hex(V3)).unwrap();
    assert!(accepted.interval_differs);
    assert_eq!(accepted.interval, Duration::from_millis(500));
}

#[test]
fn interval_of_zero_is_refused_save_with_the_last_advert() {
    let mut policy = v6();
    policy.interval = Duration::from_millis(10);
    let mut octets = hex(V6);
    octets[5] = 0;
    let answer = accept(&policy, &view(), &v6_packet(&octets, Some(255)));
    assert_eq!(answer, Err(Rejection::ZeroInterval));
    octets[2] = 0;
    assert!(accept(&policy, &view(), &v6_packet(&octets, Some(255))).is_ok());
}

#[test]
fn type_must_be_advertisement() {
    let other = v2_with(&hex(V2), &[(20, 0x22)]);
    assert_eq!(accept_v4(&v2(), &other), Err(Rejection::Type(2)));
}

#[test]
fn total_length_must_be_what_was_received() {
    for total in [0_u8, 39, 41, 44] {
        let mut octets = hex(V2);
        octets[3] = total;
        let rejection = Rejection::TotalLength {
            total: u16::from(total),
            received: 40,
        };
        assert_eq!(accept_v4(&v2(), &octets), Err(rejection));
    }
}

#[test]
fn checksum_must_fit() {
    for (policy, packet) in [(v2(), V2), (v3(), V3)] {
        let mut octets = hex(packet);
        octets[27] ^= 1;
        let rejection = Rejection::Checksum(policy.version);
        assert_eq!(accept_v4(&policy, &octets), Err(rejection));
        assert!(rejection.to_string().starts_with("Invalid VRRPv"));
    }
}

#[test]
fn checksum_as_v2_is_never_held_against_a_packet() {
    let mut policy = policy(Version::V3, 5, 1000, &["192.0.2.6"]);
    assert_eq!(
        kind(accept_v4(&policy, &hex(V3_AS_V2))),
        RejectionKind::Checksum
    );
    policy.v3_checksum_as_v2 = true;
    let mut octets = hex(V3_AS_V2);
    assert!(accept_v4(&policy, &octets).is_ok());
    octets[27] ^= 1;
    assert!(accept_v4(&policy, &octets).is_ok());
}

#[test]
fn old_unicast_checksum_is_noted() {
    let transmit = TransmitPolicy {
        family: Family::V4,
        version: Version::V3,
        vrid: Vrid(10),
        interval: Duration::from_secs(1),
        addresses: AddressList::new(Family::V4, &["192.0.2.10".parse().unwrap()]).unwrap(),
        auth: Authentication::None,
        source: SENDER,
        audience: Audience::Unicast {
            peers: [OURSELVES].into(),
            ttl: 255,
        },
        v3_checksum_as_v2: false,
        old_unicast_checksum: Some(GROUP_V4),
    };
    let octets = AdvertTemplate::new(&transmit)
        .unwrap()
        .packet(Priority(100))
        .to_vec();
    let mut policy = unicast(&[], false);
    for (mode, expected) in [
        (OldUnicastChecksum::Auto, Ok(true)),
        (OldUnicastChecksum::Always, Ok(true)),
        (
            OldUnicastChecksum::Never,
            Err(Rejection::Checksum(Version::V3)),
        ),
    ] {
        policy.old_unicast_checksum = mode;
        assert_eq!(
            accept_v4(&policy, &octets).map(|a| a.checksum_old_style),
            expected
        );
        assert_eq!(
            accept_v4(&policy, &hex(UNICAST)).map(|a| a.checksum_old_style),
            Ok(false)
        );
    }
}

#[test]
fn cast_must_be_that_of_the_instance() {
    let multicast = policy(Version::V3, 10, 1000, &["192.0.2.10"]);
    assert_eq!(
        accept_v4(&multicast, &hex(UNICAST)),
        Err(Rejection::UnicastToMulticast)
    );
    let mode = ReceiveMode::Unicast {
        peers: [].into(),
        check_source: false,
    };
    let policy = ReceivePolicy { mode, ..v2() };
    assert_eq!(
        accept_v4(&policy, &hex(V2)),
        Err(Rejection::MulticastToUnicast)
    );
}

#[test]
fn owner_may_ignore_adverts() {
    let owner = ReceiveView {
        effective_priority: Priority::OWNER,
        ..view()
    };
    let mut policy = v2();
    let octets = hex(V2);
    assert!(accept(&policy, &owner, &v4_packet(&octets)).is_ok());
    policy.owner_ignore_adverts = true;
    assert_eq!(
        accept(&policy, &owner, &v4_packet(&octets)),
        Err(Rejection::OwnerIgnores)
    );
    assert!(accept_v4(&policy, &octets).is_ok());
    assert!(!Rejection::OwnerIgnores.is_logged());
}

#[test]
fn another_address_list_is_noted() {
    let cases: [(&[&str], Option<&str>, bool); 4] = [
        (&["192.0.2.9", "192.0.2.2"], Some("192.0.2.9"), true),
        (&["192.0.2.2"], None, true),
        (&["192.0.2.3", "192.0.2.2"], None, false),
        (&[], None, true),
    ];
    for (own, missing, differs) in cases {
        let policy = ReceivePolicy {
            auth: pass().auth,
            ..policy(Version::V2, 2, 1000, own)
        };
        let accepted = accept_v4(&policy, &hex(PASS)).unwrap();
        assert_eq!(accepted.address_list_differs, differs, "{own:?}");
        assert_eq!(
            accepted.missing_address.map(|a| a.to_string()).as_deref(),
            missing
        );
    }
}

#[test]
fn address_list_of_the_known_master_may_be_skipped() {
    let mut policy = policy(Version::V2, 1, 1000, &["192.0.2.200"]);
    policy.skip_check_adv_addr = true;
    let octets = hex(V2);
    let differs = |is_backup, known_master| {
        let view = ReceiveView {
            is_backup,
            known_master,
            ..view()
        };
        accept(&policy, &view, &v4_packet(&octets))
            .unwrap()
            .address_list_differs
    };
    assert!(!differs(true, Some(SENDER)));
    assert!(differs(true, Some(OURSELVES)));
    assert!(differs(true, None));
    assert!(differs(false, Some(SENDER)));
}

#[test]
fn unicast_source_and_its_bounds() {
    let mut octets = hex(UNICAST);
    octets[8] = 60;
    let stranger = peer(OURSELVES, 0, 255);
    let answer = |peers: &[PeerBounds], check| accept_v4(&unicast(peers, check), &octets);
    assert!(answer(&[stranger], false).is_ok());
    assert_eq!(answer(&[stranger], true), Err(Rejection::NotAPeer(SENDER)));
    assert!(answer(&[stranger, peer(SENDER, 60, 60)], true).is_ok());
    for (min, max) in [(61, 255), (0, 59), (255, 0)] {
        let rejection = Rejection::PeerHopLimit {
            received: Some(60),
            min,
            max,
        };
        assert_eq!(answer(&[peer(SENDER, min, max)], true), Err(rejection));
        assert!(answer(&[peer(SENDER, min, max)], false).is_ok());
    }
}

#[test]
fn every_answer_is_counted_once() {
    let mut stats = ReceiveStats::default();
    let samples = [
        accept_v4(&v2(), &hex(V2)),
        accept_v4(&v2(), &v2_with(&hex(V2), &[(22, 0)])),
        accept_v4(&policy(Version::V2, 1, 1000, &["192.0.2.9"]), &hex(V2)),
        accept_v4(&v2(), &hex(V2)[..30]),
        accept_v4(&unicast(&[], true), &hex(UNICAST)),
        accept_v4(
            &policy(Version::V3, 10, 1000, &["192.0.2.10"]),
            &hex(UNICAST),
        ),
    ];
    for answer in &samples {
        stats.record(answer);
    }
    assert_eq!(stats.advert_rcvd, 4);
    assert_eq!(stats.pri_zero_rcvd, 1);
    assert_eq!(stats.statistic(Statistic::PacketLength), 1);
    assert_eq!(stats.statistic(Statistic::AddressList), 3);
    assert_eq!(stats.rejected(RejectionKind::NotAPeer), 1);
    stats.record_sent(Priority(0));
    stats.record_sent(Priority(9));
    assert_eq!((stats.advert_sent, stats.pri_zero_sent), (2, 1));
    stats.clear();
    assert_eq!(stats, ReceiveStats::default());
}

#[test]
fn complaints_are_made_once_per_kind() {
    let mut complaints = Complaints::default();
    for &kind in RejectionKind::ALL {
        assert!(complaints.is_first(kind));
        assert!(!complaints.is_first(kind));
    }
    complaints.clear();
    assert!(complaints.is_first(RejectionKind::PeerHopLimit));
}

#[test]
fn kinds_are_their_own_index() {
    for (index, kind) in RejectionKind::ALL.iter().enumerate() {
        assert_eq!(kind.index(), index);
    }
}

fn policies() -> Vec<ReceivePolicy> {
    let bounded = unicast(&[peer(SENDER, 0, 255)], true);
    vec![
        v2(),
        v3(),
        v6(),
        pass(),
        with_ah(),
        unicast(&[], false),
        bounded,
    ]
}

proptest! {
    /// Whatever the octets are, there is an answer, and hardly ever "accepted".
    #[test]
    fn any_octets(bytes in prop::collection::vec(any::<u8>(), 0..120), hop_limit: Option<u8>) {
        for policy in policies() {
            for packet in [v4_packet(&bytes), v6_packet(&bytes, hop_limit)] {
                let _ = vrid_of(&packet);
                let _ = accept(&policy, &view(), &packet);
            }
        }
    }

    /// Damaged copies of good packets get further than noise.
    #[test]
    fn damaged_octets(
        which in 0..6_usize,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(),
        more in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut bytes = hex([V2, PASS, AH, V3, UNICAST, V6][which]);
        for (at, octet) in damage {
            let at = at.index(bytes.len());
            bytes[at] = octet;
        }
        bytes.truncate(bytes.len() - cut.index(4));
        bytes.extend(more);
        for policy in policies() {
            for packet in [v4_packet(&bytes), v6_packet(&bytes, Some(255))] {
                let answer = accept(&policy, &view(), &packet);
                if answer.is_ok() {
                    prop_assert_eq!(vrid_of(&packet), Some(policy.vrid));
                }
                let mut stats = ReceiveStats::default();
                stats.record(&answer);
                let _ = answer.map_err(|rejection| rejection.to_string());
            }
        }
    }

    /// What our sender makes, our receiver accepts.
    #[test]
    fn own_adverts_are_accepted(
        v3: bool, vrid in 1..=255_u8, priority: u8, seconds in 1..=40_u64, auth in 0..3_u8,
        secret: [u8; 8], addresses in prop::collection::vec(any::<[u8; 4]>(), 0..40),
        to_peers: bool, rounds in 1..5_usize,
    ) {
        let addresses: Vec<IpAddr> = addresses.into_iter().map(IpAddr::from).collect();
        let addresses = AddressList::new(Family::V4, &addresses).unwrap();
        let auth = match auth {
            _ if v3 => Authentication::None,
            0 => Authentication::None,
            1 => Authentication::Pass(Password(secret)),
            _ => Authentication::Ah(Password(secret)),
        };
        let version = if v3 { Version::V3 } else { Version::V2 };
        let transmit = TransmitPolicy {
            family: Family::V4, version, vrid: Vrid(vrid),
            interval: Duration::from_secs(seconds),
            addresses: addresses.clone(), auth, source: SENDER,
            audience: if to_peers {
                Audience::Unicast { peers: [SENDER, OURSELVES].into(), ttl: 9 }
            } else {
                Audience::Multicast(GROUP_V4.into())
            },
            v3_checksum_as_v2: false, old_unicast_checksum: None,
        };
        let mode = if to_peers {
            ReceiveMode::Unicast { peers: [peer(SENDER, 9, 9)].into(), check_source: true }
        } else {
            ReceiveMode::Multicast
        };
        let receive = ReceivePolicy {
            mode, auth: (&auth).into(), addresses,
            ..policy(version, vrid, seconds * 1000, &[])
        };
        let mut template = AdvertTemplate::new(&transmit).unwrap();
        let mut view = view();
        for _ in 0..rounds {
            let mut packet = template.packet(Priority(priority)).to_vec();
            if to_peers {
                packet = template.for_peer(1).unwrap().to_vec();
            }
            let accepted = accept(&receive, &view, &v4_packet(&packet)).unwrap();
            prop_assert_eq!(accepted.priority, Priority(priority));
            prop_assert!(!accepted.address_list_differs && !accepted.interval_differs);
            view.ah_sequence = accepted.ah_sequence.unwrap_or(0);
        }
    }
}
