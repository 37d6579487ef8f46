//! Every reason to reject a packet.

use super::*;

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
