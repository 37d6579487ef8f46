//! What holds for adverts of every policy.

use std::time::Duration;

use proptest::prelude::*;

use super::policy;
use crate::model::Vrid;
use crate::vrrp::address_list::AddressList;
use crate::vrrp::authentication::Password;
use crate::vrrp::transmit::policy::is_unicast;
use crate::vrrp::transmit::*;
use crate::wire::vrrp::{GROUP_V4, GROUP_V6, Version};

fn any_policy() -> impl Strategy<Value = TransmitPolicy> {
    prop_oneof![3 => any_v4_policy(), 1 => any_v6_policy()]
}

fn any_v4_policy() -> impl Strategy<Value = TransmitPolicy> {
    let version = prop_oneof![Just(Version::V2), Just(Version::V3)];
    let v4 = (
        any::<[u8; 4]>(),
        prop::collection::vec(any::<[u8; 4]>(), 0..20),
        0..5_usize,
    );
    let switches = any::<(bool, bool, [u8; 8], u8, u8)>();
    (version, v4, 0..3_u8, switches, 1..4096_u64).prop_map(
        |(version, (source, addresses, peers), auth, (as_v2, old, secret, vrid, ttl), steps)| {
            let addresses: Vec<IpAddr> = addresses.into_iter().map(IpAddr::from).collect();
            let audience = match u8::try_from(peers).unwrap() {
                0 => Audience::Multicast(GROUP_V4.into()),
                peers => Audience::Unicast {
                    peers: (1..=peers)
                        .map(|n| IpAddr::from([10, n, secret[0], n]))
                        .collect(),
                    ttl,
                },
            };
            TransmitPolicy {
                family: Family::V4,
                version,
                vrid: Vrid(vrid),
                interval: Duration::from_millis(steps * 10),
                addresses: AddressList::new(Family::V4, &addresses).unwrap(),
                hmac: None,
                auth: match auth {
                    0 => Authentication::None,
                    1 => Authentication::Pass(Password(secret)),
                    _ => Authentication::Ah(Password(secret)),
                },
                source: source.into(),
                audience,
                v3_checksum_as_v2: as_v2,
                old_unicast_checksum: old.then_some(GROUP_V4),
            }
        },
    )
}

fn any_v6_policy() -> impl Strategy<Value = TransmitPolicy> {
    (
        any::<[u8; 16]>(),
        prop::collection::vec(any::<[u8; 16]>(), 0..9),
        0..3_u16,
    )
        .prop_map(|(source, addresses, peers)| {
            let addresses: Vec<IpAddr> = addresses.into_iter().map(IpAddr::from).collect();
            let peer = |n| IpAddr::from([0xfe80, 0, 0, 0, n, n, n, n]);
            TransmitPolicy {
                source: source.into(),
                addresses: AddressList::new(Family::V6, &addresses).unwrap(),
                audience: match peers {
                    0 => Audience::Multicast(GROUP_V6.into()),
                    peers => Audience::Unicast {
                        peers: (1..=peers).map(peer).collect(),
                        ttl: 255,
                    },
                },
                ..policy(Version::V3, 1, &["fe80::1"])
            }
        })
}

/// The advert built from nothing, without any patch.
fn rebuilt(
    policy: &TransmitPolicy,
    destination: IpAddr,
    priority: Priority,
    number: u16,
) -> Vec<u8> {
    let auth = effective_auth(policy);
    let mut advert = advert_of(policy, &auth);
    advert.priority = priority;
    let mut vrrp = Vec::new();
    advert.emit(pseudo_header(policy, destination, advert.len()), &mut vrrp);
    let (IpAddr::V4(src), IpAddr::V4(dst)) = (policy.source, destination) else {
        return vrrp;
    };
    let ttl = first_destination(policy).1;
    let total = 20 + auth_header_len(&auth) + vrrp.len();
    let header = Ipv4Repr {
        tos: TRAFFIC_CLASS,
        total_length: u16::try_from(total).unwrap(),
        identification: number,
        ttl,
        protocol: protocol_behind_ip(&auth),
        src,
        dst,
    }
    .emit();
    let Authentication::Ah(password) = auth else {
        return [&header[..], &vrrp].concat();
    };
    let cover = if is_unicast(policy) {
        TtlCover::Zero
    } else {
        TtlCover::Covered
    };
    let front = ah::emit_front(src.to_bits(), u32::from(number));
    let icv = HmacMd5::new(&password.0).icv(&header, cover, &front, &vrrp);
    [&header[..], &front, &icv, &vrrp].concat()
}

proptest! {
    #[test]
    fn patching_equals_building_anew(
        policy in any_policy(),
        priorities in prop::collection::vec(any::<u8>(), 1..12),
        peers in prop::collection::vec(0..6_usize, 0..8),
    ) {
        let mut template = AdvertTemplate::new(&policy).unwrap();
        for (round, &priority) in priorities.iter().enumerate() {
            let priority = Priority(priority);
            let number = u16::try_from(round + 1).unwrap();
            let first = first_destination(&policy).0;
            prop_assert_eq!(template.packet(priority, UnixTime::default()), &rebuilt(&policy, first, priority, number)[..]);
            for &peer in &peers {
                let Some(&address) = template.peers().get(peer) else { continue };
                let expected = rebuilt(&policy, address, priority, number);
                prop_assert_eq!(template.for_peer(peer), Some(&expected[..]));
            }
        }
    }
}
