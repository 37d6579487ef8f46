mod properties;

use std::time::Duration;

use super::*;
use crate::model::Vrid;
use crate::vrrp::address_list::AddressList;
use crate::vrrp::authentication::Password;
use crate::vrrp::hmac::AntiReplay;
use crate::wire::ipv4::Ipv4Header;
use crate::wire::testing::hex;
use crate::wire::vrrp::{Advert, GROUP_V4, GROUP_V6, Version};
use crate::wire::vrrp_hmac::HmacSha256;

const V2_HEADER: &str = "45c0002800010000ff70182ec0000264e0000012";

const AH_HEADER: &str = "45c0004000010000ff331853c0000264e0000012";

fn list(texts: &[&str]) -> AddressList {
    let addresses: Vec<IpAddr> = texts.iter().map(|text| text.parse().unwrap()).collect();
    let family = addresses.first().map_or(Family::V4, Family::of);
    AddressList::new(family, &addresses).unwrap()
}

/// The sender of the captured adverts.
fn policy(version: Version, vrid: u8, addresses: &[&str]) -> TransmitPolicy {
    let addresses = list(addresses);
    let (source, group) = match addresses.family() {
        Family::V4 => ("192.0.2.100", IpAddr::V4(GROUP_V4)),
        Family::V6 => ("fe80::ff:fe00:1", IpAddr::V6(GROUP_V6)),
    };
    TransmitPolicy {
        family: addresses.family(),
        version,
        vrid: Vrid(vrid),
        interval: Duration::from_secs(1),
        addresses,
        auth: Authentication::None,
        hmac: None,
        source: source.parse().unwrap(),
        audience: Audience::Multicast(group),
        v3_checksum_as_v2: false,
        old_unicast_checksum: None,
    }
}

fn unicast(peers: &[&str], ttl: u8) -> Audience {
    Audience::Unicast {
        peers: peers.iter().map(|peer| peer.parse().unwrap()).collect(),
        ttl,
    }
}

fn first_packet(policy: &TransmitPolicy, priority: u8) -> Vec<u8> {
    AdvertTemplate::new(policy)
        .unwrap()
        .packet(Priority(priority), UnixTime::default())
        .to_vec()
}

#[test]
fn captured_v2_without_authentication() {
    let policy = policy(Version::V2, 1, &["192.0.2.1"]);
    let expected = hex(V2_HEADER);
    let vrrp = hex("21019601000186fac00002010000000000000000");
    assert_eq!(
        first_packet(&policy, 150),
        [expected.clone(), vrrp].concat()
    );
    let vrrp = hex("2101000100011cfbc00002010000000000000000");
    assert_eq!(first_packet(&policy, 0), [expected, vrrp].concat());
}

#[test]
fn captured_v2_with_password() {
    let mut policy = policy(Version::V2, 2, &["192.0.2.2", "192.0.2.3"]);
    policy.auth = Authentication::Pass(Password::new(b"secret"));
    let vrrp = hex("21029602010187a7c0000202c00002037365637265740000");
    assert_eq!(first_packet(&policy, 150)[20..], vrrp);
}

/// `auth_hmac` with the key of the captured adverts.
fn signed(policy: TransmitPolicy) -> TransmitPolicy {
    let key: Vec<u8> = (0..32).collect();
    TransmitPolicy {
        hmac: Some(Sign {
            key_id: 9,
            key: HmacSha256::new(&key),
            anti_replay: AntiReplay::Time,
            window: Duration::from_secs(5),
        }),
        ..policy
    }
}

/// A moment whose fraction is that of the captured adverts.
fn moment(seconds: u32, fraction: u16) -> UnixTime {
    let nanos = (u64::from(fraction) * 1_000_000_000).div_ceil(65536);
    UnixTime(Duration::new(seconds.into(), nanos.try_into().unwrap()))
}

#[test]
fn captured_adverts_with_trailer() {
    let cases = [
        (
            policy(Version::V3, 7, &["192.0.2.8"]),
            0x5a86,
            "310796010064d396c0000208 010900006b0241e85a860000a5c6b4abb72f5093ecf24bb4b44956ad",
        ),
        (
            policy(Version::V2, 8, &["192.0.2.9"]),
            0x5da9,
            "21089601000186ebc00002090000000000000000
             010900006b0241e85da900000074ec09c7f63ff83658362cf8496243",
        ),
        (
            policy(Version::V3, 9, &["fe80::1:2:4"]),
            0x53c5,
            "310996010064206cfe800000000000000000000100020004
             010900006b0241e853c50000e842e7aff6faf0dc155730ab4c95d046",
        ),
    ];
    for (policy, fraction, expected) in cases {
        let mut template = AdvertTemplate::new(&signed(policy)).unwrap();
        let wall = moment(0x6b02_41e8, fraction);
        // Changes of priority and number change the checksum of IPv6 twice.
        let early = moment(0x6b02_41e0, 7);
        let _ = template.packet(Priority(9), early);
        let packet = template.packet(Priority(150), wall);
        let front = if packet[0] == 0x45 { 20 } else { 0 };
        assert_eq!(packet[front..], hex(expected));
        if front > 0 {
            let total = Ipv4Header::parse(packet).unwrap().0.total_length();
            assert_eq!(usize::from(total), packet.len());
        }
    }
}

#[test]
fn all_peers_get_one_signature() {
    let mut policy = policy(Version::V3, 7, &["192.0.2.8"]);
    policy.audience = unicast(&["192.0.2.1", "192.0.2.2"], 255);
    let mut template = AdvertTemplate::new(&signed(policy)).unwrap();
    let first = template.packet(Priority(9), moment(5, 0)).to_vec();
    let second = template.for_peer(1).unwrap().to_vec();
    assert_eq!(first[32..], second[32..]);
    assert_ne!(
        first[26..28],
        second[26..28],
        "the checksum is each peer's own"
    );
    let again = template.packet(Priority(9), moment(5, 0));
    assert_ne!(
        again[32..],
        first[32..],
        "the clock stands, the number does not"
    );
}

#[test]
fn captured_v2_with_authentication_header() {
    let mut policy = policy(Version::V2, 3, &["192.0.2.4"]);
    policy.auth = Authentication::Ah(Password::new(b"secret12"));
    let expected = [
        hex(AH_HEADER),
        hex("70040000c0000264000000013caf6336fc8fb646aa1760ef"),
        hex("21039601020184f5c00002040000000000000000"),
    ];
    assert_eq!(first_packet(&policy, 150), expected.concat());
}

/// Captured from Debian's keepalived 2.2.7: two peers, `unicast_ttl 33`. Both
/// copies have one sequence number, each its own value, and the TTL is not covered.
#[test]
fn captured_v2_with_authentication_header_to_peers() {
    let mut policy = policy(Version::V2, 5, &["10.9.0.99"]);
    policy.auth = Authentication::Ah(Password::new(b"secret12"));
    policy.source = "10.9.0.1".parse().unwrap();
    policy.audience = unicast(&["10.9.0.2", "10.9.0.3"], 33);
    let captured = [
        "45c0004000010000213384b60a0900010a090002
         700400000a0900010000000129cf7f760f7e8265323d1943
         2105640102016e8c0a0900630000000000000000",
        "45c0004000010000213384b50a0900010a090003
         700400000a09000100000001d1c293da1caedf480eeb47df
         2105640102016e8c0a0900630000000000000000",
        "45c0004000020000213384b50a0900010a090002
         700400000a09000100000002d871045cd1a36197e41cfe82
         2105640102016e8c0a0900630000000000000000",
        "45c0004000020000213384b40a0900010a090003
         700400000a09000100000002e5cf5e8fd1b69767c5cb6aa0
         2105640102016e8c0a0900630000000000000000",
    ];
    let mut template = AdvertTemplate::new(&policy).unwrap();
    for round in captured.chunks(2) {
        let _ = template.packet(Priority(100), UnixTime::default());
        for (peer, octets) in round.iter().enumerate() {
            assert_eq!(template.for_peer(peer), Some(&hex(octets)[..]));
        }
    }
}

#[test]
fn captured_v3_of_ipv4() {
    let mut half = policy(Version::V3, 4, &["192.0.2.5"]);
    half.interval = Duration::from_millis(500);
    assert_eq!(
        first_packet(&half, 150)[20..],
        hex("310496010032d3cec0000205")
    );

    let mut as_v2 = policy(Version::V3, 5, &["192.0.2.6"]);
    as_v2.v3_checksum_as_v2 = true;
    assert_eq!(
        first_packet(&as_v2, 150)[20..],
        hex("310596010064768ec0000206")
    );

    let mut to_peer = policy(Version::V3, 10, &["192.0.2.10"]);
    to_peer.audience = unicast(&["192.0.2.77"], 255);
    let expected = [
        hex("45c0002000010000ff7035fbc0000264c000024d"),
        hex("310a96010064f156c000020a"),
    ];
    assert_eq!(first_packet(&to_peer, 150), expected.concat());
}

#[test]
fn captured_v3_of_ipv6() {
    let policy = policy(Version::V3, 6, &["fe80::1:2:3", "2001:db8::1"]);
    let expected =
        hex("3106960200640f23fe80000000000000000000010002000320010db8000000000000000000000001");
    assert_eq!(first_packet(&policy, 150), expected);
}

#[test]
fn v2_over_ipv6_has_no_authentication_data() {
    let packet = first_packet(&policy(Version::V2, 6, &["fe80::1"]), 100);
    assert_eq!(packet.len(), 24);
}

#[test]
fn identification_counts_from_one_and_skips_zero() {
    let mut template = AdvertTemplate::new(&policy(Version::V2, 1, &["192.0.2.1"])).unwrap();
    let identification = |packet: &[u8]| Ipv4Header::parse(packet).unwrap().0.identification();
    for round in 1..=65_535 {
        assert_eq!(
            identification(template.packet(Priority(9), UnixTime::default())),
            round
        );
    }
    let packet = template.packet(Priority(9), UnixTime::default());
    assert_eq!(identification(packet), 1);
    assert_eq!(checksum::of(&packet[..20]), 0);
}

#[test]
fn every_peer_gets_the_same_advert() {
    let mut policy = policy(Version::V3, 1, &["192.0.2.1"]);
    policy.audience = unicast(&["198.51.100.1", "203.0.113.2", "10.1.2.3"], 64);
    let mut template = AdvertTemplate::new(&policy).unwrap();
    for round in 1..=3_u16 {
        let _ = template.packet(Priority(100), UnixTime::default());
        for index in [2, 0, 1] {
            let peer = template.peers()[index];
            let packet = template.for_peer(index).unwrap().to_vec();
            let (header, payload) = Ipv4Header::parse(&packet).unwrap();
            assert_eq!(IpAddr::V4(header.dst()), peer);
            assert_eq!((header.identification(), header.ttl()), (round, 64));
            assert_eq!(checksum::of(header.octets()), 0);
            let advert = Advert::parse(payload, Family::V4).unwrap();
            assert!(advert.checksum_fits_between(header.src().into(), peer));
        }
        assert!(template.for_peer(3).is_none());
    }
}

#[test]
fn old_unicast_checksum_has_the_group_for_every_peer() {
    let mut policy = policy(Version::V3, 1, &["192.0.2.1"]);
    policy.audience = unicast(&["198.51.100.1", "203.0.113.2"], 255);
    policy.old_unicast_checksum = Some(GROUP_V4);
    let mut template = AdvertTemplate::new(&policy).unwrap();
    let _ = template.packet(Priority(100), UnixTime::default());
    for index in 0..2 {
        let packet = template.for_peer(index).unwrap();
        let advert = Advert::parse(&packet[20..], Family::V4).unwrap();
        assert!(advert.checksum_fits_between(policy.source, GROUP_V4.into()));
    }
}

#[test]
fn ipv6_checksum_follows_the_peer() {
    let mut policy = policy(Version::V3, 1, &["fe80::1"]);
    policy.audience = unicast(&["fe80::2", "2001:db8::3"], 255);
    let mut template = AdvertTemplate::new(&policy).unwrap();
    let _ = template.packet(Priority(100), UnixTime::default());
    for index in [0, 1, 0] {
        let peer = template.peers()[index];
        let packet = template.for_peer(index).unwrap();
        let advert = Advert::parse(packet, Family::V6).unwrap();
        assert!(advert.checksum_fits_between(policy.source, peer));
    }
}

#[test]
fn unicast_without_peers_has_nobody_to_send_to() {
    let mut policy = policy(Version::V2, 1, &["192.0.2.1"]);
    policy.audience = unicast(&[], 255);
    let mut template = AdvertTemplate::new(&policy).unwrap();
    let _ = template.packet(Priority(100), UnixTime::default());
    assert!(template.for_peer(0).is_none());
}

#[test]
fn sequence_goes_on_where_it_is_set_and_stops_at_the_end() {
    let mut policy = policy(Version::V2, 3, &["192.0.2.4"]);
    policy.auth = Authentication::Ah(Password::new(b"secret12"));
    let mut template = AdvertTemplate::new(&policy).unwrap();
    template.set_ah_sequence(41);
    let packet = template.packet(Priority(1), UnixTime::default());
    assert_eq!(packet[28..32], 42_u32.to_be_bytes());
    assert_eq!(template.ah_sequence(), 42);

    template.set_ah_sequence(LAST_SEQUENCE);
    let _ = template.packet(Priority(1), UnixTime::default());
    let _ = template.packet(Priority(1), UnixTime::default());
    assert_eq!(template.ah_sequence(), LAST_SEQUENCE + 1);
    template.restart_exhausted_sequence();
    let _ = template.packet(Priority(1), UnixTime::default());
    assert_eq!(template.ah_sequence(), 1);
    template.restart_exhausted_sequence();
    assert_eq!(template.ah_sequence(), 1);
}

#[test]
fn rebuilding_goes_on_counting() {
    let mut policy = policy(Version::V2, 3, &["192.0.2.4"]);
    policy.auth = Authentication::Ah(Password::new(b"secret12"));
    let mut template = AdvertTemplate::new(&policy).unwrap();
    for _ in 0..5 {
        let _ = template.packet(Priority(1), UnixTime::default());
    }
    policy.source = "192.0.2.101".parse().unwrap();
    template.rebuild(&policy).unwrap();
    let packet = template.packet(Priority(1), UnixTime::default()).to_vec();
    let (header, payload) = Ipv4Header::parse(&packet).unwrap();
    assert_eq!((header.identification(), template.ah_sequence()), (6, 6));
    assert_eq!(checksum::of(header.octets()), 0);
    assert_eq!(payload[4..8], [192, 0, 2, 101]);
}

#[test]
fn what_no_packet_can_carry_is_refused() {
    let mut policy = policy(Version::V2, 1, &["192.0.2.1"]);
    policy.source = "fe80::1".parse().unwrap();
    assert_eq!(
        AdvertTemplate::new(&policy).err(),
        Some(TemplateError::MixedFamilies)
    );
    let mut policy = self::policy(Version::V2, 1, &["192.0.2.1"]);
    policy.audience = unicast(&["192.0.2.2", "fe80::1"], 255);
    assert_eq!(
        AdvertTemplate::new(&policy).err(),
        Some(TemplateError::MixedFamilies)
    );
    let mut policy = self::policy(Version::V2, 1, &["fe80::1"]);
    policy.auth = Authentication::Ah(Password::new(b"x"));
    assert_eq!(
        AdvertTemplate::new(&policy).err(),
        Some(TemplateError::AuthHeader)
    );
    // Version 3 has no authentication, so what is configured does not matter.
    policy.version = Version::V3;
    assert!(AdvertTemplate::new(&policy).is_ok());
}

#[test]
fn capacity_leaves_room_for_all_headers() {
    let pass = Authentication::Pass(Password::new(b"x"));
    let ah = Authentication::Ah(Password::new(b"x"));
    let none = Authentication::None;
    assert_eq!(advert_capacity(1500, Family::V4, Version::V3, &none), 255);
    assert_eq!(
        advert_capacity(1500, Family::V6, Version::V3, &none),
        (1500 - 14 - 40 - 8) / 16
    );
    assert_eq!(
        advert_capacity(576, Family::V4, Version::V3, &none),
        (576 - 14 - 20 - 8) / 4
    );
    assert_eq!(
        advert_capacity(576, Family::V4, Version::V2, &pass),
        (576 - 14 - 20 - 16) / 4
    );
    assert_eq!(
        advert_capacity(576, Family::V4, Version::V2, &ah),
        (576 - 14 - 44 - 16) / 4
    );
    assert_eq!(advert_capacity(20, Family::V4, Version::V2, &none), 0);
}
