//! What is only noted of an advert that is accepted.

use super::*;

#[test]
fn interval_of_version_3_is_noted() {
    let policy = policy(Version::V3, 4, 1000, &["192.0.2.5"]);
    let accepted = accept_v4(&policy, &hex(V3)).unwrap();
    assert!(accepted.interval_differs);
    assert_eq!(accepted.interval, Duration::from_millis(500));
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
        hmac: None,
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
        .packet(Priority(100), UnixTime::default())
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
fn another_address_list_is_noted() {
    let count = |expected, only_there: &str| ListMatch::Count {
        received: 2,
        expected,
        only_here: None,
        only_there: only_there.parse().ok(),
    };
    let cases: [(&[&str], ListMatch); 4] = [
        (
            &["192.0.2.9", "192.0.2.2"],
            ListMatch::Missing("192.0.2.9".parse().unwrap()),
        ),
        (&["192.0.2.2"], count(1, "192.0.2.3")),
        (&["192.0.2.3", "192.0.2.2"], ListMatch::Same),
        (&[], count(0, "192.0.2.2")),
    ];
    for (own, expected) in cases {
        let policy = ReceivePolicy {
            auth: pass().auth,
            ..policy(Version::V2, 2, 1000, own)
        };
        let accepted = accept_v4(&policy, &hex(PASS)).unwrap();
        assert_eq!(accepted.address_list, expected, "{own:?}");
        assert_eq!(accepted.address_list_differs, expected != ListMatch::Same);
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
