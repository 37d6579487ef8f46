//! The single checks, one function each; see the folder for their order.

use std::net::IpAddr;

use super::{OldUnicastChecksum, ReceiveAuth, ReceiveMode, ReceivePolicy, ReceiveView};
use super::{Received, Rejection};
use crate::model::Family;
use crate::vrrp::address_list::ListMatch;
use crate::wire::ah::{self, AuthHeader};
use crate::wire::ipv4::Ipv4Header;
use crate::wire::vrrp::{self, Advert, Version};
use crate::wire::vrrp_hmac::Trailer;
use crate::wire::{PROTOCOL_AH, PROTOCOL_VRRP};

/// Payload of the shortest Ethernet frame: shorter packets arrive padded.
const ETHERNET_MINIMUM: usize = 46;

/// A packet taken apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layers<'a> {
    pub(super) ip: Option<Ipv4Header<'a>>,
    pub(super) ah: Option<AuthHeader<'a>>,
    pub(super) advert: Advert<'a>,
    pub(super) trailer: Option<Trailer<'a>>,
    pub(super) received: usize,
    pub(super) expected: usize,
    pub(super) src: IpAddr,
    pub(super) dst: IpAddr,
    pub(super) hop_limit: Option<u8>,
}

impl<'a> Layers<'a> {
    /// Authentication header as configured, and the length.
    pub(super) fn peel(policy: &ReceivePolicy, packet: &Received<'a>) -> Result<Self, Rejection> {
        let received = packet.bytes.len();
        if packet.family != policy.family {
            return Err(Rejection::Family);
        }
        let (ip, ah, payload) = match packet.family {
            Family::V6 => (None, None, packet.bytes),
            Family::V4 => {
                let (ip, ah, payload) = peel_v4(policy, packet.bytes)?;
                (Some(ip), ah, payload)
            }
        };
        let outer = received - payload.len();
        let expected = outer + expected_len(payload, packet.family);
        let length = Rejection::Length { received, expected };
        let advert = Advert::parse(payload, packet.family).ok_or(length)?;
        // Nothing but the length tells of a trailer.
        let trailer = policy.hmac.as_ref();
        let trailer = trailer.and_then(|_| Trailer::parse(advert.trailer()));
        if received != expected
            && trailer.is_none()
            && !(ip.is_some() && is_padding(received, expected))
        {
            return Err(length);
        }
        Ok(Self {
            ip,
            ah,
            advert,
            trailer,
            received,
            expected,
            src: ip.map_or(packet.src, |ip| ip.src().into()),
            dst: ip.map_or(packet.dst, |ip| ip.dst().into()),
            hop_limit: ip.map_or(packet.hop_limit, |ip| Some(ip.ttl())),
        })
    }
}

type Peeled<'a> = (Ipv4Header<'a>, Option<AuthHeader<'a>>, &'a [u8]);

fn peel_v4<'a>(policy: &ReceivePolicy, bytes: &'a [u8]) -> Result<Peeled<'a>, Rejection> {
    let received = bytes.len();
    let too_short = |layers: usize| Rejection::Length {
        received,
        expected: layers + vrrp::HEADER_LEN,
    };
    let wants_ah = matches!(policy.auth, ReceiveAuth::Ah(_));
    let (ip, payload) = Ipv4Header::parse(bytes).ok_or_else(|| too_short(20))?;
    match (ip.protocol(), wants_ah) {
        (PROTOCOL_VRRP, false) => Ok((ip, None, payload)),
        (PROTOCOL_AH, true) => {
            let short = too_short(ip.octets().len() + ah::HEADER_LEN);
            let (header, payload) = AuthHeader::parse(payload).ok_or(short)?;
            Ok((ip, Some(header), payload))
        }
        (PROTOCOL_AH, false) => Err(Rejection::UnexpectedAuthHeader),
        (_, true) => Err(Rejection::MissingAuthHeader),
        (_, false) => Err(Rejection::Protocol(ip.protocol())),
    }
}

/// Octets the advert should have by its own header.
fn expected_len(payload: &[u8], family: Family) -> usize {
    match payload {
        [first, _, _, count, ..] => vrrp::packet_len(first >> 4, family, *count),
        _ => vrrp::HEADER_LEN,
    }
}

/// Whether the surplus of an IPv4 packet is what Ethernet adds to short frames:
/// packets are multiples of 4, the minimum is 2 more than one, and each VLAN tag
/// takes 4 off it.
const fn is_padding(received: usize, expected: usize) -> bool {
    expected < ETHERNET_MINIMUM && received > expected && (received - expected) % 4 == 2
}

/// RFC 9568 section 5.1.1.3: no router may have passed it on.
pub(super) const fn hop_limit(
    policy: &ReceivePolicy,
    received: Option<u8>,
) -> Result<(), Rejection> {
    match (&policy.mode, received) {
        (ReceiveMode::Unicast { .. }, _) | (ReceiveMode::Multicast, Some(255)) => Ok(()),
        (ReceiveMode::Multicast, _) => Err(Rejection::HopLimit { received }),
    }
}

pub(super) fn version(policy: &ReceivePolicy, advert: &Advert<'_>) -> Result<(), Rejection> {
    let expected = policy.version.number();
    if advert.version() != expected {
        return Err(Rejection::Version {
            received: advert.version(),
            expected,
        });
    }
    if advert.vrid() != policy.vrid {
        return Err(Rejection::Vrid {
            received: advert.vrid(),
            expected: policy.vrid,
        });
    }
    Ok(())
}

pub(super) const fn packet_type(advert: &Advert<'_>) -> Result<(), Rejection> {
    match advert.packet_type() {
        vrrp::TYPE_ADVERTISEMENT => Ok(()),
        other => Err(Rejection::Type(other)),
    }
}

pub(super) fn total_length(layers: &Layers<'_>) -> Result<(), Rejection> {
    let Some(ip) = layers.ip else { return Ok(()) };
    let total = ip.total_length();
    let received = layers.received;
    let says = usize::from(total);
    let padded = received <= ETHERNET_MINIMUM && is_padding(received, says);
    // The advert must lie within what the sender calls the packet.
    if says >= layers.expected && (says == received || padded) {
        return Ok(());
    }
    Err(Rejection::TotalLength { total, received })
}

/// An interval of zero would make every backup master at once. The last advert
/// of a master (priority 0) starts no timer from it.
pub(super) fn interval(advert: &Advert<'_>) -> Result<(), Rejection> {
    if advert.interval().is_zero() && advert.priority().0 != 0 {
        return Err(Rejection::ZeroInterval);
    }
    Ok(())
}

/// Whether the checksum has the old form of unicast, or an error if it has none.
pub(super) fn checksum(policy: &ReceivePolicy, layers: &Layers<'_>) -> Result<bool, Rejection> {
    let advert = &layers.advert;
    match (policy.family, policy.version) {
        (Family::V6, _) => Ok(false),
        (Family::V4, Version::V2) if advert.checksum_fits() => Ok(false),
        (Family::V4, Version::V2) => Err(Rejection::Checksum(Version::V2)),
        (Family::V4, Version::V3) => checksum_v3(policy, layers),
    }
}

fn checksum_v3(policy: &ReceivePolicy, layers: &Layers<'_>) -> Result<bool, Rejection> {
    let advert = &layers.advert;
    if policy.v3_checksum_as_v2 || advert.checksum_fits_between(layers.src, layers.dst) {
        return Ok(false);
    }
    let old_form = match policy.old_unicast_checksum {
        OldUnicastChecksum::Auto | OldUnicastChecksum::Always => {
            matches!(policy.mode, ReceiveMode::Unicast { .. })
                && advert.checksum_fits_between(layers.src, policy.group.into())
        }
        OldUnicastChecksum::Never => false,
    };
    if old_form {
        Ok(true)
    } else {
        Err(Rejection::Checksum(Version::V3))
    }
}

pub(super) fn cast(policy: &ReceivePolicy, dst: IpAddr) -> Result<(), Rejection> {
    match (&policy.mode, dst.is_multicast()) {
        (ReceiveMode::Multicast, true) | (ReceiveMode::Unicast { .. }, false) => Ok(()),
        (ReceiveMode::Multicast, false) => Err(Rejection::UnicastToMulticast),
        (ReceiveMode::Unicast { .. }, true) => Err(Rejection::MulticastToUnicast),
    }
}

pub(super) const fn owner(policy: &ReceivePolicy, view: &ReceiveView) -> Result<(), Rejection> {
    if policy.owner_ignore_adverts && view.effective_priority.is_owner() {
        return Err(Rejection::OwnerIgnores);
    }
    Ok(())
}

pub(super) fn addresses(
    policy: &ReceivePolicy,
    view: &ReceiveView,
    layers: &Layers<'_>,
) -> ListMatch {
    let from_known_master = view.known_master == Some(layers.src);
    if policy.skip_check_adv_addr && view.is_backup && from_known_master {
        return ListMatch::Same;
    }
    policy.addresses.compare(&layers.advert)
}

pub(super) fn peer(
    policy: &ReceivePolicy,
    src: IpAddr,
    hop_limit: Option<u8>,
) -> Result<(), Rejection> {
    let (peers, check_source) = match &policy.mode {
        ReceiveMode::Multicast => return Ok(()),
        ReceiveMode::Unicast {
            peers,
            check_source,
        } => (peers, check_source),
    };
    if !check_source {
        return Ok(());
    }
    let Some(peer) = peers.iter().find(|peer| peer.address == src) else {
        return Err(Rejection::NotAPeer(src));
    };
    let (min, max) = (peer.min_ttl, peer.max_ttl);
    // The whole range is no bound, so a hop limit that is not known is no error.
    let within = hop_limit.map_or((min, max) == (0, 255), |ttl| (min..=max).contains(&ttl));
    if within {
        Ok(())
    } else {
        Err(Rejection::PeerHopLimit {
            received: hop_limit,
            min,
            max,
        })
    }
}
