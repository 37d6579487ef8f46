//! May this packet reach the machine? The receive checks, without any I/O.
//!
//! A packet goes through two steps. [`vrid_of`] looks at one octet to find the
//! instance; [`accept`] then makes all checks of that instance, in the order
//! keepalived makes them, since the first one that fails decides which counter
//! grows and what is logged:
//!
//! 1. authentication header present or absent as configured
//! 2. length
//! 3. TTL or hop limit 255 (multicast only)
//! 4. version, virtual router; trailer of `auth_hmac`
//! 5. version 2: authentication type, password or integrity value, interval
//! 6. type
//! 7. IPv4 total length
//! 8. version 3: interval (a different one is only noted)
//! 9. checksum (IPv4; that of IPv6 is verified by the kernel)
//! 10. multicast packet for a multicast instance, unicast for unicast
//! 11. owner that ignores adverts
//! 12. here the packet counts as received
//! 13. list of addresses (a different one is only noted)
//! 14. source and TTL of unicast peers
//!
//! `check` has a function for each of them, `authenticate` and `sign` those about keys;
//! [`Rejection`] is why one failed, [`ReceiveStats`] how often.
//!
//! [`accept`] is a pure function: a packet it rejects leaves no trace in the
//! instance, however many there are, so that only an [`Accepted`] advert can
//! make anybody master or hold anybody back.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

pub use rejection::{Complaints, Rejection, RejectionKind, Statistic};
pub use stats::ReceiveStats;

use super::address_list::AddressList;
pub use super::address_list::ListMatch;
use super::authentication::Authentication;
use super::hmac::Verify;
use crate::model::{Family, Priority, UnixTime, Vrid};
use crate::wire::ah::{AuthHeader, HmacMd5};
use crate::wire::ipv4::Ipv4Header;
use crate::wire::vrrp::Version;
use crate::wire::vrrp_hmac::Sequence;
use crate::wire::{PROTOCOL_AH, PROTOCOL_VRRP};

mod authenticate;
mod check;
mod rejection;
mod sign;
mod stats;
#[cfg(test)]
mod tests;

/// A packet as a raw socket gives it.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// Family of the socket.
    pub family: Family,
    /// IPv4: from the IP header on. IPv6: from the VRRP header on.
    pub bytes: &'a [u8],
    /// Sender. On IPv4 the one in the IP header is used.
    pub src: IpAddr,
    /// Receiver. On IPv4 the one in the IP header is used.
    pub dst: IpAddr,
    /// IPv6 hop limit from ancillary data; without it the packet cannot be
    /// accepted where the hop limit matters. On IPv4 the TTL of the IP header is used.
    pub hop_limit: Option<u8>,
}

/// What of the configuration decides about received packets.
#[derive(Clone, Debug)]
pub struct ReceivePolicy {
    /// Family of the instance.
    pub family: Family,
    /// Version of the instance.
    pub version: Version,
    /// Virtual router.
    pub vrid: Vrid,
    /// Multicast, or unicast with its peers.
    pub mode: ReceiveMode,
    /// Version 2 authentication.
    pub auth: ReceiveAuth,
    /// `auth_hmac`: a trailer is expected, or allowed.
    pub hmac: Option<Verify>,
    /// The advertised virtual addresses.
    pub addresses: AddressList,
    /// The own interval.
    pub interval: Duration,
    /// Leave out the pseudo header of version 3 on IPv4 (`v3_checksum_as_v2`); a
    /// wrong checksum is then not held against a packet.
    pub v3_checksum_as_v2: bool,
    /// Adverts of unicast senders that put the multicast group into the pseudo header.
    pub old_unicast_checksum: OldUnicastChecksum,
    /// The IPv4 multicast group, for [`Self::old_unicast_checksum`].
    pub group: Ipv4Addr,
    /// As backup compare the address list only with adverts of a new master.
    pub skip_check_adv_addr: bool,
    /// With effective priority 255 drop all adverts.
    pub owner_ignore_adverts: bool,
}

impl ReceivePolicy {
    /// Whether adverts come to a group.
    #[must_use]
    pub fn is_multicast(&self) -> bool {
        self.mode == ReceiveMode::Multicast
    }
}

/// Where adverts come from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ReceiveMode {
    /// Sent to a group; TTL or hop limit must be 255.
    Multicast,
    /// Sent to the own address.
    Unicast {
        /// Who may send, with bounds of the TTL. Bounds hold only if sources are checked.
        peers: Box<[PeerBounds]>,
        /// Whether the source must be a peer (`check_unicast_src`).
        check_source: bool,
    },
}

/// A unicast peer as sender.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PeerBounds {
    /// Its address.
    pub address: IpAddr,
    /// Least TTL or hop limit, default 0.
    pub min_ttl: u8,
    /// Greatest TTL or hop limit, default 255.
    pub max_ttl: u8,
}

/// [`Authentication`] prepared for verifying.
#[derive(Clone, Debug)]
pub enum ReceiveAuth {
    /// None.
    None,
    /// The padded password.
    Pass([u8; 8]),
    /// The key of the authentication header.
    Ah(Box<HmacMd5>),
}

impl From<&Authentication> for ReceiveAuth {
    fn from(auth: &Authentication) -> Self {
        match auth {
            Authentication::None => Self::None,
            Authentication::Pass(password) => Self::Pass(password.0),
            Authentication::Ah(password) => Self::Ah(Box::new(HmacMd5::new(&password.0))),
        }
    }
}

/// What to make of a version 3 unicast advert whose checksum has the multicast
/// group as destination, as some old versions of keepalived send it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum OldUnicastChecksum {
    /// Accept it and note it, so that the own adverts change to that form.
    #[default]
    Auto,
    /// A wrong checksum (`old_unicast_checksum never`).
    Never,
    /// Accept it; own adverts have that form anyway (`old_unicast_checksum`).
    Always,
}

/// What of the instance's state decides about received packets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ReceiveView {
    /// The instance is in state BACKUP.
    pub is_backup: bool,
    /// Own priority, trackers included.
    pub effective_priority: Priority,
    /// Whose adverts were accepted last, while backup.
    pub known_master: Option<IpAddr>,
    /// Highest sequence number of authentication headers sent or accepted; 0
    /// before the first one. All routers of a VRID count together, so this is
    /// [`super::transmit::AdvertTemplate::ah_sequence`]: a backup sets it to what it accepts,
    /// a master that hears a lower priority to that plus 1, so that its own next
    /// advert is news for the other one.
    pub ah_sequence: u32,
    /// The wall clock, for [`ReceivePolicy::hmac`].
    pub wall: UnixTime,
    /// The number of the last trailer taken from this sender, see
    /// [`super::hmac::ReplayMarks`].
    pub signature_mark: Option<Sequence>,
}

/// An advert that passed all checks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Accepted {
    /// Sender.
    pub src: IpAddr,
    /// Its priority; 0 gives mastership up.
    pub priority: Priority,
    /// Its interval; never zero, save with priority 0.
    pub interval: Duration,
    /// The interval differs from the own one (version 3 only).
    pub interval_differs: bool,
    /// The address list is not the own one; counted, and to be logged.
    pub address_list_differs: bool,
    /// How the list differs; its [`ListMatch::complaint`] is the text to log.
    pub address_list: ListMatch,
    /// The checksum fits only with the multicast group as destination. With
    /// [`OldUnicastChecksum::Auto`] the own adverts should change to that form.
    pub checksum_old_style: bool,
    /// Sequence number of the authentication header, see [`ReceiveView::ah_sequence`].
    pub ah_sequence: Option<u32>,
    /// Number of the trailer, to be recorded in [`super::hmac::ReplayMarks`].
    pub signature: Option<Sequence>,
}

/// The virtual router a packet is for, found without checking anything else.
/// Nothing for octets that are too short, and for VRID 0, which is no router.
#[must_use]
pub fn vrid_of(packet: &Received<'_>) -> Option<Vrid> {
    let vrrp = match packet.family {
        Family::V6 => packet.bytes,
        Family::V4 => {
            let (header, payload) = Ipv4Header::parse(packet.bytes)?;
            match header.protocol() {
                PROTOCOL_VRRP => payload,
                PROTOCOL_AH => AuthHeader::parse(payload)?.1,
                _ => return None,
            }
        }
    };
    match vrrp {
        [_, 0, ..] => None,
        [_, vrid, ..] => Some(Vrid(*vrid)),
        _ => None,
    }
}

/// All checks of one instance. The caller records the answer with
/// [`ReceiveStats::record`].
///
/// # Errors
/// The first check that fails.
pub fn accept(
    policy: &ReceivePolicy,
    view: &ReceiveView,
    packet: &Received<'_>,
) -> Result<Accepted, Rejection> {
    let layers = check::Layers::peel(policy, packet)?;
    let advert = layers.advert;
    check::hop_limit(policy, layers.hop_limit)?;
    check::version(policy, &advert)?;
    let signature = sign::trailer(policy, view, &layers)?;
    let ah_sequence = match policy.version {
        Version::V2 => authenticate::version_2(policy, view, &layers)?,
        Version::V3 => None,
    };
    check::packet_type(&advert)?;
    check::total_length(&layers)?;
    check::interval(&advert)?;
    let checksum_old_style = check::checksum(policy, &layers)?;
    check::cast(policy, layers.dst)?;
    check::owner(policy, view)?;
    let list = check::addresses(policy, view, &layers);
    check::peer(policy, layers.src, layers.hop_limit)?;
    Ok(Accepted {
        src: layers.src,
        priority: advert.priority(),
        interval: advert.interval(),
        interval_differs: advert.interval() != policy.interval,
        address_list_differs: list != ListMatch::Same,
        address_list: list,
        checksum_old_style,
        ah_sequence,
        signature,
    })
}
