use proptest::prelude::*;

use super::*;
use crate::wire::ipv4::Ipv4Header;
use crate::wire::testing::hex;

const SRC: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 100);

/// Adverts captured from keepalived 2.4.3: family, version, VRID, priority,
/// interval in ms, first address, octets of the trailer, octets.
const CAPTURED: &str = "
4 2  1 150 1000 192.0.2.1    0 21019601000186fac00002010000000000000000
4 2  2 150 1000 192.0.2.2    0 21029602010187a7c0000202c00002037365637265740000
4 2  3 150 1000 192.0.2.4    0 21039601020184f5c00002040000000000000000
4 3  4 150  500 192.0.2.5    0 310496010032d3cec0000205
4 3  5 150 1000 192.0.2.6    0 310596010064768ec0000206
4 3 10 150 1000 192.0.2.10   0 310a96010064f156c000020a
4 2  1   0 1000 192.0.2.1    0 2101000100011cfbc00002010000000000000000
6 3  6 150 1000 fe80::1:2:3  0 3106960200640f23fe80000000000000000000010002000320010db8000000000000000000000001
4 3  7 150 1000 192.0.2.8   28 310796010064d396c0000208010900006b0241e85a860000a5c6b4abb72f5093ecf24bb4b44956ad
4 2  8 150 1000 192.0.2.9   28 21089601000186ebc00002090000000000000000010900006b0241e85da900000074ec09c7f63ff83658362cf8496243
6 3  9 150 1000 fe80::1:2:4 28 310996010064206cfe800000000000000000000100020004010900006b0241e853c50000e842e7aff6faf0dc155730ab4c95d046
";

#[test]
fn captured_adverts_are_read() {
    for line in CAPTURED.lines().filter(|line| !line.is_empty()) {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let octets = hex(columns[7]);
        let family = if columns[0] == "4" {
            Family::V4
        } else {
            Family::V6
        };
        let advert = Advert::parse(&octets, family).unwrap();
        let read = [
            advert.version().to_string(),
            advert.vrid().to_string(),
            advert.priority().to_string(),
            advert.interval().as_millis().to_string(),
            advert.addresses().next().unwrap().to_string(),
            advert.trailer().len().to_string(),
        ];
        assert_eq!(read[..], columns[1..7]);
        assert_eq!(advert.packet_type(), TYPE_ADVERTISEMENT);
        assert_eq!(advert.addresses().count(), usize::from(advert.count()));
    }
}

#[test]
fn captured_authentication_data() {
    let octets = hex("21029602010187a7c0000202c00002037365637265740000");
    let advert = Advert::parse(&octets, Family::V4).unwrap();
    assert_eq!(advert.auth_type(), AUTH_PASS);
    assert_eq!(advert.auth_data(), Some(b"secret\0\0"));
    let octets = hex("310496010032d3cec0000205");
    assert_eq!(
        Advert::parse(&octets, Family::V4).unwrap().auth_data(),
        None
    );
}

#[test]
fn captured_checksums_fit() {
    let unicast = Ipv4Addr::new(192, 0, 2, 77);
    for (octets, dst) in [
        ("310496010032d3cec0000205", GROUP_V4),
        ("310a96010064f156c000020a", unicast),
        // The pseudo header's length leaves the trailer out.
        (
            "310796010064d396c0000208010900006b0241e85a860000a5c6b4abb72f5093ecf24bb4b44956ad",
            GROUP_V4,
        ),
    ] {
        let octets = hex(octets);
        let advert = Advert::parse(&octets, Family::V4).unwrap();
        assert!(
            advert.checksum_fits_between(SRC.into(), dst.into()),
            "{octets:x?}"
        );
        assert!(!advert.checksum_fits());
        assert!(!advert.checksum_fits_between(SRC.into(), GROUP_V6.into()));
    }
    for octets in [
        "21019601000186fac00002010000000000000000",
        "21029602010187a7c0000202c00002037365637265740000",
        "21039601020184f5c00002040000000000000000",
        "2101000100011cfbc00002010000000000000000",
        "310596010064768ec0000206",
        "21089601000186ebc00002090000000000000000010900006b0241e85da900000074ec09c7f63ff83658362cf8496243",
    ] {
        let octets = hex(octets);
        let advert = Advert::parse(&octets, Family::V4).unwrap();
        assert!(advert.checksum_fits(), "{octets:x?}");
    }
}

#[test]
fn checksum_of_ipv6_covers_a_trailer_as_the_kernel_does_it() {
    let src = "fe80::ff:fe00:1".parse().unwrap();
    let plain =
        hex("3106960200640f23fe80000000000000000000010002000320010db8000000000000000000000001");
    let signed = hex("310996010064206cfe800000000000000000000100020004
         010900006b0241e853c50000e842e7aff6faf0dc155730ab4c95d046");
    for octets in [plain, signed] {
        let pseudo = pseudo_header(src, GROUP_V6.into(), octets.len()).unwrap();
        assert!(pseudo.cover(&octets).is_valid(), "{octets:x?}");
    }
}

#[test]
fn scapy_adverts_are_read_and_rebuilt() {
    let v3 = hex("45c0002400070000ff70b053c6336409e0000012 3133c80200fa82eecb007107cb007108");
    let v2 =
        hex("45c00028abcd0000ff700489c6336409e0000012 214dfe010103d5fccb00710770617373776f7264");
    let rows = [
        (v3, Version::V3, 51, 200, 2500, 0),
        (v2, Version::V2, 77, 254, 3000, AUTH_PASS),
    ];
    for (packet, version, vrid, priority, millis, auth_type) in rows {
        let (header, payload) = Ipv4Header::parse(&packet).unwrap();
        let advert = Advert::parse(payload, Family::V4).unwrap();
        let pseudo = match version {
            Version::V2 => Checksum::new(),
            Version::V3 => {
                pseudo_header(header.src().into(), header.dst().into(), payload.len()).unwrap()
            }
        };
        let repr = AdvertRepr {
            version,
            family: Family::V4,
            vrid: Vrid(vrid),
            priority: Priority(priority),
            interval: Duration::from_millis(millis),
            addresses: advert.address_octets(),
            auth_type,
            auth_data: *b"password",
        };
        let mut rebuilt = Vec::new();
        repr.emit(pseudo, &mut rebuilt);
        assert_eq!(rebuilt, payload);
    }
}

#[test]
fn scapy_advert_of_ipv6() {
    let payload = hex("310901020fff937cfe800000000000000000000000000007
         20010db8000000000000000000000007");
    let advert = Advert::parse(&payload, Family::V6).unwrap();
    assert_eq!(advert.interval(), Duration::from_millis(40_950));
    let src = "fe80::1:2".parse().unwrap();
    assert!(advert.checksum_fits_between(src, GROUP_V6.into()));
    assert_eq!(
        advert.addresses().last().unwrap().to_string(),
        "2001:db8::7"
    );
}

#[test]
fn intervals_beyond_the_field_become_its_ends() {
    let emit = |version, interval| {
        let repr = AdvertRepr {
            version,
            family: Family::V4,
            vrid: Vrid(1),
            priority: Priority(100),
            interval,
            addresses: &[],
            auth_type: 0,
            auth_data: [0; 8],
        };
        let mut out = Vec::new();
        repr.emit(Checksum::new(), &mut out);
        assert_eq!(out.len(), repr.len());
        Advert::parse(&out, Family::V4).unwrap().interval()
    };
    assert_eq!(
        emit(Version::V2, Duration::from_millis(10)),
        Duration::from_secs(1)
    );
    assert_eq!(
        emit(Version::V2, Duration::from_secs(300)),
        Duration::from_secs(255)
    );
    assert_eq!(emit(Version::V3, Duration::ZERO), Duration::from_millis(10));
    assert_eq!(
        emit(Version::V3, Duration::from_secs(60)),
        Duration::from_millis(40_950)
    );
}

fn family() -> impl Strategy<Value = Family> {
    prop_oneof![Just(Family::V4), Just(Family::V6)]
}

proptest! {
    #[test]
    fn round_trip(
        family in family(),
        v3: bool, vrid: u8, priority: u8, steps in 1_u16..=0xfff, auth_type: u8,
        auth_data: [u8; 8],
        addresses in prop::collection::vec(any::<[u8; 16]>(), 0..=255),
        trailer in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let version = if v3 { Version::V3 } else { Version::V2 };
        let interval = match version {
            Version::V2 => Duration::from_secs(u64::from(steps % 255 + 1)),
            Version::V3 => Duration::from_millis(u64::from(steps) * 10),
        };
        let octets: Vec<u8> =
            addresses.iter().flat_map(|a| a[..family.address_len()].to_vec()).collect();
        let repr = AdvertRepr {
            version, family, vrid: Vrid(vrid), priority: Priority(priority), interval,
            addresses: &octets, auth_type, auth_data,
        };
        let mut packet = Vec::new();
        repr.emit(Checksum::new(), &mut packet);
        prop_assert_eq!(packet.len(), repr.len());
        packet.extend_from_slice(&trailer);
        let advert = Advert::parse(&packet, family).unwrap();
        prop_assert_eq!(advert.version(), version.number());
        prop_assert_eq!(advert.vrid(), Vrid(vrid));
        prop_assert_eq!(advert.priority(), Priority(priority));
        prop_assert_eq!(advert.interval(), interval);
        prop_assert_eq!(usize::from(advert.count()), addresses.len());
        prop_assert_eq!(advert.address_octets(), &octets[..]);
        prop_assert_eq!(advert.trailer(), &trailer[..]);
        prop_assert!(advert.checksum_fits());
        if version == Version::V2 && family == Family::V4 {
            prop_assert_eq!(advert.auth_data(), Some(&auth_data));
            prop_assert_eq!(advert.auth_type(), auth_type);
        }
    }

    #[test]
    fn any_octets(
        family in family(),
        mut bytes in prop::collection::vec(any::<u8>(), 0..200),
        count in 0_u8..8,
    ) {
        for pass in 0..2 {
            if let Some(advert) = Advert::parse(&bytes, family) {
                let _ = (advert.interval(), advert.checksum_fits(), advert.auth_data());
                prop_assert_eq!(advert.addresses().count(), usize::from(advert.count()));
                prop_assert_eq!(advert.octets().len() + advert.trailer().len(), bytes.len());
            }
            // A second time with a count that fits more often.
            if let (0, Some(field)) = (pass, bytes.get_mut(3)) {
                *field = count;
            }
        }
    }
}
