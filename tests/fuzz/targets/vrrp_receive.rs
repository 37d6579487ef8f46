//! Packets of protocol 112 and 51 as a raw socket gives them: nothing panics, only what
//! is for the virtual router is accepted, and what has been accepted under a signature
//! is not accepted again. Each packet is also tried with its sums made right, which noise
//! never has.
#![no_main]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use keepalived::model::{Family, Priority, UnixTime, Vrid};
use keepalived::vrrp::accept::{
    OldUnicastChecksum, PeerBounds, ReceiveAuth, ReceiveMode, ReceivePolicy, ReceiveStats,
    ReceiveView, Received, accept, vrid_of,
};
use keepalived::vrrp::address_list::AddressList;
use keepalived::vrrp::hmac::{AntiReplay, Mode, Verify};
use keepalived::wire::ah::{self, AuthHeader, HmacMd5, TtlCover};
use keepalived::wire::ipv4::Ipv4Header;
use keepalived::wire::vrrp::{Advert, CHECKSUM_OFFSET, GROUP_V4, GROUP_V6, Version, pseudo_header};
use keepalived::wire::vrrp_hmac::{CODE_LEN, HmacSha256, Scope, Trailer};
use keepalived::wire::{PROTOCOL_AH, checksum};
use libfuzzer_sys::fuzz_target;

const KEY: [u8; 32] = [7; 32];
const SOURCE_V6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0xff, 0xfe01);

fuzz_target!(|octets: &[u8]| {
    for policy in policies() {
        judge(&policy, octets);
        if let Some(mended) = mended(&policy, octets) {
            judge(&policy, &mended);
        }
    }
});

fn judge(policy: &ReceivePolicy, octets: &[u8]) {
    for packet in packets(octets) {
        let mut view = view();
        let answer = accept(policy, &view, &packet);
        let mut stats = ReceiveStats::default();
        stats.record(&answer);
        let accepted = match answer {
            Ok(accepted) => accepted,
            Err(why) => {
                let _ = (why.kind(), why.to_string());
                continue;
            }
        };
        assert_eq!(vrid_of(&packet), Some(policy.vrid));
        assert!(!accepted.interval.is_zero() || accepted.priority == Priority(0));
        let _ = accepted.address_list.complaint(policy.vrid);
        view.ah_sequence = accepted.ah_sequence.unwrap_or(0);
        view.signature_mark = accepted.signature;
        if accepted.ah_sequence.is_some() || accepted.signature.is_some() {
            assert!(accept(policy, &view, &packet).is_err(), "replayed");
        }
    }
}

fn packets(octets: &[u8]) -> [Received<'_>; 3] {
    let packet = |family, src: IpAddr, dst: IpAddr, hop_limit| Received {
        family,
        bytes: octets,
        src,
        dst,
        hop_limit,
    };
    let any = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    [
        packet(Family::V4, any, any, None),
        packet(Family::V6, SOURCE_V6.into(), GROUP_V6.into(), Some(255)),
        packet(Family::V6, SOURCE_V6.into(), SOURCE_V6.into(), None),
    ]
}

fn view() -> ReceiveView {
    ReceiveView {
        is_backup: true,
        effective_priority: Priority(100),
        known_master: None,
        ah_sequence: 0,
        wall: UnixTime(Duration::from_secs(0x6b02_41e8)),
        signature_mark: None,
    }
}

fn policies() -> Vec<ReceivePolicy> {
    let v4: IpAddr = [192, 0, 2, 1].into();
    let base = ReceivePolicy {
        family: Family::V4,
        version: Version::V2,
        vrid: Vrid(1),
        mode: ReceiveMode::Multicast,
        auth: ReceiveAuth::None,
        hmac: None,
        addresses: AddressList::new(Family::V4, &[v4]).expect("one address"),
        interval: Duration::from_secs(1),
        v3_checksum_as_v2: false,
        old_unicast_checksum: OldUnicastChecksum::Auto,
        group: GROUP_V4,
        skip_check_adv_addr: false,
        owner_ignore_adverts: false,
    };
    let peers = [PeerBounds {
        address: [192, 0, 2, 100].into(),
        min_ttl: 1,
        max_ttl: 255,
    }];
    let unicast = ReceiveMode::Unicast {
        peers: peers.into(),
        check_source: true,
    };
    let v3 = ReceivePolicy {
        version: Version::V3,
        ..base.clone()
    };
    let v6 = ReceivePolicy {
        family: Family::V6,
        addresses: AddressList::new(Family::V6, &[GROUP_V6.into()]).expect("one address"),
        ..v3.clone()
    };
    let signed = |anti_replay, mode| {
        Some(Verify {
            keys: [(9, HmacSha256::new(&KEY))].into(),
            mode,
            anti_replay,
            window: Duration::from_secs(30),
        })
    };
    vec![
        ReceivePolicy {
            auth: ReceiveAuth::Pass(*b"secret\0\0"),
            ..base.clone()
        },
        ReceivePolicy {
            auth: ReceiveAuth::Ah(Box::new(HmacMd5::new(&KEY))),
            ..base.clone()
        },
        ReceivePolicy {
            auth: ReceiveAuth::Ah(Box::new(HmacMd5::new(&KEY))),
            mode: unicast.clone(),
            ..base.clone()
        },
        ReceivePolicy {
            hmac: signed(AntiReplay::Time, Mode::Enforce),
            ..v3.clone()
        },
        ReceivePolicy {
            hmac: signed(AntiReplay::Monotonic, Mode::Permissive),
            ..v6.clone()
        },
        ReceivePolicy {
            mode: unicast,
            ..v3.clone()
        },
        base,
        v3,
        v6,
    ]
}

/// The packet with the checksum, integrity value and code that the policy wants.
fn mended(policy: &ReceivePolicy, octets: &[u8]) -> Option<Vec<u8>> {
    let mut packet = octets.to_vec();
    let (head, src, dst) = match policy.family {
        Family::V6 => (0, SOURCE_V6.into(), GROUP_V6.into()),
        Family::V4 => {
            let (ip, _) = Ipv4Header::parse(octets)?;
            let with_ah = usize::from(ip.protocol() == PROTOCOL_AH) * ah::HEADER_LEN;
            let head = ip.octets().len() + with_ah;
            (head, IpAddr::from(ip.src()), IpAddr::from(ip.dst()))
        }
    };
    let advert = Advert::parse(octets.get(head..)?, policy.family)?;
    let at = head + CHECKSUM_OFFSET;
    let end = head + advert.octets().len();
    packet[at..at + 2].fill(0);
    let covered = &packet[head..end];
    let sum = match policy.version {
        Version::V2 => checksum::of(covered),
        Version::V3 => pseudo_header(src, dst, covered.len())?
            .cover(covered)
            .finish(),
    };
    packet[at..at + 2].copy_from_slice(&sum.to_be_bytes());
    if let Some(trailer) = Trailer::parse(&packet[end..]) {
        let scope = Scope {
            version: policy.version,
            vrid: policy.vrid,
            source: src,
        };
        let key = HmacSha256::new(&KEY);
        let code = key.code(&scope, &packet[head..end], trailer.front());
        let at = packet.len() - CODE_LEN;
        packet[at..].copy_from_slice(&code);
    }
    let whole = packet.clone();
    if let Some((ip, payload)) = Ipv4Header::parse(&whole)
        && policy.family == Family::V4
        && ip.protocol() == PROTOCOL_AH
        && let Some((header, _)) = AuthHeader::parse(payload)
    {
        let cover = match policy.mode {
            ReceiveMode::Multicast => TtlCover::Covered,
            ReceiveMode::Unicast { .. } => TtlCover::Zero,
        };
        let icv = HmacMd5::new(&KEY).icv(ip.octets(), cover, header.front(), &whole[head..end]);
        let at = ip.octets().len() + ah::ICV_OFFSET;
        packet[at..at + icv.len()].copy_from_slice(&icv);
    }
    Some(packet)
}
