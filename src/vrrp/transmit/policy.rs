//! What an advert is made of, and what of that can be sent.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::HOP_LIMIT;
use crate::model::{Family, Priority, Vrid};
use crate::vrrp::address_list::AddressList;
use crate::vrrp::authentication::Authentication;
use crate::vrrp::hmac::Sign;
use crate::wire::checksum::Checksum;
use crate::wire::vrrp::{self, AdvertRepr, Version};
use crate::wire::vrrp_hmac::TRAILER_LEN;
use crate::wire::{PROTOCOL_AH, PROTOCOL_VRRP, ah, ipv4, ipv6};

const ETHERNET_HEADER: usize = 14;

/// What of the configuration makes up an advert.
#[derive(Clone, Debug)]
pub struct TransmitPolicy {
    /// Family of the instance.
    pub family: Family,
    /// Version of the instance.
    pub version: Version,
    /// Virtual router.
    pub vrid: Vrid,
    /// Own interval.
    pub interval: Duration,
    /// The advertised virtual addresses.
    pub addresses: AddressList,
    /// Version 2 authentication; version 3 sends none, whatever is given.
    pub auth: Authentication,
    /// `auth_hmac`: sign adverts; nothing in mode receive-only.
    pub hmac: Option<Sign>,
    /// Sender.
    pub source: IpAddr,
    /// Receivers.
    pub audience: Audience,
    /// Leave out the pseudo header of version 3 on IPv4 (`v3_checksum_as_v2`).
    pub v3_checksum_as_v2: bool,
    /// Put this group instead of the peer into the pseudo header of version 3
    /// unicast on IPv4 (`old_unicast_checksum`, or found by
    /// [`crate::vrrp::accept::Accepted::checksum_old_style`]).
    pub old_unicast_checksum: Option<Ipv4Addr>,
}

/// Who gets the adverts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Audience {
    /// A group.
    Multicast(IpAddr),
    /// Each of these, in this order.
    Unicast {
        /// The peers; may be none.
        peers: Box<[IpAddr]>,
        /// IPv4 TTL (`unicast_ttl`); on IPv6 the shell gives it to the kernel.
        ttl: u8,
    },
}

/// Why no advert can be built.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TemplateError {
    /// Source, destination or addresses are not all of the instance's family.
    MixedFamilies,
    /// The authentication header is for version 2 on IPv4 only.
    AuthHeader,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MixedFamilies => {
                "its source, destinations and addresses are not all of one family"
            }
            Self::AuthHeader => "auth_type AH is for version 2 on IPv4 only",
        })
    }
}

/// How many addresses fit into one advert on a link of `mtu` octets, at most
/// 255. keepalived leaves room for the Ethernet header, too.
#[must_use]
pub fn advert_capacity(mtu: u32, family: Family, version: Version, auth: &Authentication) -> usize {
    let ip = match family {
        Family::V4 => ipv4::HEADER_LEN,
        Family::V6 => ipv6::HEADER_LEN,
    };
    let empty = vrrp::packet_len(version.number(), family, 0);
    let fixed = ETHERNET_HEADER + ip + auth_header_len(auth) + empty;
    let mtu = usize::try_from(mtu).unwrap_or(usize::MAX);
    (mtu.saturating_sub(fixed) / family.address_len()).min(AddressList::MAX)
}

pub(super) fn check(policy: &TransmitPolicy) -> Result<(), TemplateError> {
    let same = |address: &IpAddr| Family::of(address) == policy.family;
    let receivers = match &policy.audience {
        Audience::Multicast(group) => same(group),
        Audience::Unicast { peers, .. } => peers.iter().all(same),
    };
    if !same(&policy.source) || !receivers || policy.addresses.family() != policy.family {
        return Err(TemplateError::MixedFamilies);
    }
    match (effective_auth(policy), policy.family) {
        (Authentication::Ah(_), Family::V6) => Err(TemplateError::AuthHeader),
        _ => Ok(()),
    }
}

/// Version 3 has no authentication (RFC 9568 section 9).
pub(super) const fn effective_auth(policy: &TransmitPolicy) -> Authentication {
    match policy.version {
        Version::V2 => policy.auth,
        Version::V3 => Authentication::None,
    }
}

pub(super) const fn auth_header_len(auth: &Authentication) -> usize {
    match auth {
        Authentication::Ah(_) => ah::HEADER_LEN,
        Authentication::None | Authentication::Pass(_) => 0,
    }
}

/// Octets of the trailer, if there is one.
pub(super) const fn trailer_len(policy: &TransmitPolicy) -> usize {
    match policy.hmac {
        Some(_) => TRAILER_LEN,
        None => 0,
    }
}

pub(super) const fn protocol_behind_ip(auth: &Authentication) -> u8 {
    match auth {
        Authentication::Ah(_) => PROTOCOL_AH,
        Authentication::None | Authentication::Pass(_) => PROTOCOL_VRRP,
    }
}

pub(super) fn first_destination(policy: &TransmitPolicy) -> (IpAddr, u8) {
    match &policy.audience {
        Audience::Multicast(group) => (*group, HOP_LIMIT),
        Audience::Unicast { peers, ttl } => {
            let nobody = match policy.family {
                Family::V4 => Ipv4Addr::UNSPECIFIED.into(),
                Family::V6 => Ipv6Addr::UNSPECIFIED.into(),
            };
            (peers.first().copied().unwrap_or(nobody), *ttl)
        }
    }
}

pub(super) fn advert_of<'a>(policy: &'a TransmitPolicy, auth: &Authentication) -> AdvertRepr<'a> {
    AdvertRepr {
        version: policy.version,
        family: policy.family,
        vrid: policy.vrid,
        priority: Priority::GIVE_UP,
        interval: policy.interval,
        addresses: policy.addresses.octets(),
        auth_type: auth.number(),
        auth_data: match auth {
            Authentication::Pass(password) => password.0,
            Authentication::None | Authentication::Ah(_) => [0; vrrp::AUTH_DATA_LEN],
        },
    }
}

/// What the checksum starts from; see the table of cases in [`crate::wire::vrrp`].
pub(super) fn pseudo_header(
    policy: &TransmitPolicy,
    destination: IpAddr,
    length: usize,
) -> Checksum {
    let destination = match (policy.family, policy.version, policy.old_unicast_checksum) {
        (Family::V4, Version::V2, _) => return Checksum::new(),
        (Family::V4, Version::V3, _) if policy.v3_checksum_as_v2 => return Checksum::new(),
        (Family::V4, Version::V3, Some(group)) if is_unicast(policy) => group.into(),
        _ => destination,
    };
    vrrp::pseudo_header(policy.source, destination, length).unwrap_or_default()
}

pub(super) const fn destination_in_checksum(policy: &TransmitPolicy) -> bool {
    match (policy.family, policy.version) {
        (Family::V6, _) => true,
        (Family::V4, Version::V2) => false,
        (Family::V4, Version::V3) => {
            let group_instead = is_unicast(policy) && policy.old_unicast_checksum.is_some();
            !policy.v3_checksum_as_v2 && !group_instead
        }
    }
}

pub(super) const fn is_unicast(policy: &TransmitPolicy) -> bool {
    matches!(policy.audience, Audience::Unicast { .. })
}
