//! Octets nobody thought of.

use proptest::prelude::*;

use super::*;

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
            addresses: addresses.clone(), auth, hmac: None, source: SENDER,
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
            mode, auth: (&auth).into(), hmac: None, addresses,
            ..policy(version, vrid, seconds * 1000, &[])
        };
        let mut template = AdvertTemplate::new(&transmit).unwrap();
        let mut view = view();
        for _ in 0..rounds {
            let mut packet = template.packet(Priority(priority), UnixTime::default()).to_vec();
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
