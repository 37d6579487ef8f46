//! Adverts ready to send.
//!
//! An instance sends the same advert again and again, so [`AdvertTemplate`]
//! builds it once and then changes only what changes: identification, priority,
//! sequence number, and the checksums incrementally (RFC 1624).
//!
//! ```text
//! IPv4: [IP header 20] [AH 24, only auth_type AH] [VRRP 8 + addresses (+ 8)] [trailer 28, only auth_hmac]
//! IPv6:                                           [VRRP 8 + addresses]       [trailer 28, only auth_hmac]
//! ```
//!
//! On IPv4 the socket has `IP_HDRINCL`; on IPv6 the kernel makes the header and
//! the checksum (`IPV6_CHECKSUM` at [`vrrp::CHECKSUM_OFFSET`]), ours is right,
//! too.
//!
//! A send is [`AdvertTemplate::packet`] for multicast. For unicast it is
//! `packet` once, which makes the next advert, then
//! [`AdvertTemplate::for_peer`] for every peer: all get the same advert with
//! their own destination.

use std::net::IpAddr;

pub use policy::{Audience, TemplateError, TransmitPolicy, advert_capacity};

use super::authentication::Authentication;
use super::hmac::Sign;
use crate::model::{Family, Priority, UnixTime};
use crate::wire::ah::{self, HmacMd5, TtlCover};
use crate::wire::ipv4::{self, Ipv4Repr};
use crate::wire::vrrp_hmac::{self, Scope, Sequence};
use crate::wire::{checksum, vrrp};
use policy::{
    advert_of, auth_header_len, check, destination_in_checksum, effective_auth, first_destination,
    protocol_behind_ip, pseudo_header, trailer_len,
};

mod policy;
#[cfg(test)]
mod tests;

/// Type of service and traffic class: internetwork control (RFC 791 section 3.1).
pub const TRAFFIC_CLASS: u8 = 0xc0;
/// TTL or hop limit of adverts (RFC 9568 section 5.1.1.3).
pub const HOP_LIMIT: u8 = 255;

const IP_IDENTIFICATION: usize = 4;
const IP_CHECKSUM: usize = 10;
const IP_DESTINATION: usize = 16;
const LAST_SEQUENCE: u32 = 0xffff_fffd;

/// The advert of one instance.
#[derive(Clone, Debug)]
pub struct AdvertTemplate {
    buffer: Vec<u8>,
    vrrp_at: usize,
    destination: IpAddr,
    audience: Audience,
    /// Whether the pseudo header follows the destination, so that each peer's
    /// checksum is its own.
    destination_in_checksum: bool,
    /// These two are large, and few have them.
    signer: Option<Box<Signer>>,
    trailer: Option<Box<Trailer>>,
}

#[derive(Clone, Debug)]
struct Signer {
    key: HmacMd5,
    spi: u32,
    ttl: TtlCover,
    sequence: u32,
    exhausted: bool,
}

/// How the trailer at the end of the buffer is made.
#[derive(Clone, Debug)]
struct Trailer {
    sign: Sign,
    scope: Scope,
    /// Where it begins.
    at: usize,
    last: Option<Sequence>,
}

impl AdvertTemplate {
    /// The advert of an instance, not sent yet: the first [`Self::packet`] has
    /// identification and sequence number 1.
    ///
    /// # Errors
    /// A policy that no packet can carry.
    pub fn new(policy: &TransmitPolicy) -> Result<Self, TemplateError> {
        check(policy)?;
        let auth = effective_auth(policy);
        let (destination, ttl) = first_destination(policy);
        let advert = advert_of(policy, &auth);
        let trailer_len = trailer_len(policy);
        let front_len = match policy.family {
            Family::V6 => 0,
            Family::V4 => ipv4::HEADER_LEN + auth_header_len(&auth),
        };
        let mut buffer = Vec::with_capacity(front_len + advert.len() + trailer_len);
        if let (IpAddr::V4(src), IpAddr::V4(dst)) = (policy.source, destination) {
            let header = Ipv4Repr {
                tos: TRAFFIC_CLASS,
                total_length: u16::try_from(front_len + advert.len() + trailer_len)
                    .unwrap_or(u16::MAX),
                identification: 0,
                ttl,
                protocol: protocol_behind_ip(&auth),
                src,
                dst,
            };
            buffer.extend_from_slice(&header.emit());
        }
        buffer.resize(front_len, 0);
        // The kernel's checksum of IPv6 covers the trailer; that of IPv4 does not.
        let covered = match policy.family {
            Family::V4 => advert.len(),
            Family::V6 => advert.len() + trailer_len,
        };
        advert.emit(pseudo_header(policy, destination, covered), &mut buffer);
        let trailer = Trailer::new(policy, buffer.len()).map(Box::new);
        buffer.resize(buffer.len() + trailer_len, 0);
        Ok(Self {
            buffer,
            vrrp_at: front_len,
            destination,
            audience: policy.audience.clone(),
            destination_in_checksum: destination_in_checksum(policy),
            signer: Signer::new(policy, &auth).map(Box::new),
            trailer,
        })
    }

    /// Builds it anew after a change of the policy (source, addresses, ...), and
    /// goes on counting.
    ///
    /// # Errors
    /// A policy that no packet can carry; the template is then as before.
    pub fn rebuild(&mut self, policy: &TransmitPolicy) -> Result<(), TemplateError> {
        let mut new = Self::new(policy)?;
        if self.has_ip_header() && new.has_ip_header() {
            new.patch(IP_IDENTIFICATION, IP_CHECKSUM, self.word(IP_IDENTIFICATION));
        }
        if let (Some(new), Some(old)) = (&mut new.signer, &self.signer) {
            new.sequence = old.sequence;
            new.exhausted = old.exhausted;
        }
        if let (Some(new), Some(old)) = (&mut new.trailer, &self.trailer) {
            new.last = old.last;
        }
        *self = new;
        Ok(())
    }

    /// The next advert: for the group, or for the first peer. The wall clock goes
    /// into the trailer of `auth_hmac`.
    pub fn packet(&mut self, priority: Priority, wall: UnixTime) -> &[u8] {
        if self.has_ip_header() {
            // Zero would make the kernel choose a number (ip(7), IP_HDRINCL).
            let next = self.word(IP_IDENTIFICATION).wrapping_add(1).max(1);
            self.patch(IP_IDENTIFICATION, IP_CHECKSUM, next);
        }
        let at = self.vrrp_at + vrrp::PRIORITY_OFFSET;
        let [_, count] = self.word(at).to_be_bytes();
        let new = u16::from_be_bytes([priority.0, count]);
        self.patch(at, self.vrrp_at + vrrp::CHECKSUM_OFFSET, new);
        if let Some(signer) = &mut self.signer {
            signer.count_up();
        }
        if let Some(first) = self.peers().first() {
            self.redirect(*first);
        }
        self.sign();
        self.write_trailer(wall);
        &self.buffer
    }

    /// The advert that [`Self::packet`] made, for one of the unicast peers.
    /// Nothing for multicast or if there are fewer peers.
    pub fn for_peer(&mut self, index: usize) -> Option<&[u8]> {
        let peer = *self.peers().get(index)?;
        if peer != self.destination {
            self.redirect(peer);
            self.sign();
        }
        Some(&self.buffer)
    }

    /// The unicast peers, in the order to send to them; none for multicast.
    #[must_use]
    pub fn peers(&self) -> &[IpAddr] {
        match &self.audience {
            Audience::Multicast(_) => &[],
            Audience::Unicast { peers, .. } => peers,
        }
    }

    /// Whom the advert in the buffer is for.
    #[must_use]
    pub const fn destination(&self) -> IpAddr {
        self.destination
    }

    /// The sequence number of the last advert with an authentication header;
    /// 0 before the first one and without.
    #[must_use]
    pub fn ah_sequence(&self) -> u32 {
        self.signer.as_ref().map_or(0, |signer| signer.sequence)
    }

    /// Goes on counting from here: the next advert has `sequence + 1`. A backup
    /// sets what it received, so that it is listened to when it takes over.
    pub const fn set_ah_sequence(&mut self, sequence: u32) {
        if let Some(signer) = &mut self.signer {
            signer.sequence = sequence;
        }
    }

    /// To call on becoming master: starts from 1 again if the numbers were used up.
    pub const fn restart_exhausted_sequence(&mut self) {
        if let Some(signer) = &mut self.signer
            && signer.exhausted
        {
            signer.exhausted = false;
            signer.sequence = 0;
        }
    }

    /// The destination changes, and with it two checksums.
    fn redirect(&mut self, to: IpAddr) {
        if to == self.destination {
            return;
        }
        let (old, new) = match (self.destination, to) {
            (IpAddr::V4(old), IpAddr::V4(new)) => {
                let at = IP_DESTINATION;
                let sum =
                    checksum::update_octets(self.word(IP_CHECKSUM), &old.octets(), &new.octets());
                self.set_word(IP_CHECKSUM, sum);
                self.set_octets(at, &new.octets());
                (old.to_ipv6_mapped(), new.to_ipv6_mapped())
            }
            (IpAddr::V6(old), IpAddr::V6(new)) => (old, new),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return,
        };
        if self.destination_in_checksum {
            let at = self.vrrp_at + vrrp::CHECKSUM_OFFSET;
            let sum = checksum::update_octets(self.word(at), &old.octets(), &new.octets());
            self.set_word(at, sum);
        }
        self.destination = to;
    }

    /// Writes the authentication header, if there is one, for the packet as it is.
    fn sign(&mut self) {
        let Some(signer) = &self.signer else { return };
        let (Some(header), Some(advert)) = (
            self.buffer.get(..ipv4::HEADER_LEN),
            self.buffer.get(self.vrrp_at..),
        ) else {
            return;
        };
        let front = ah::emit_front(signer.spi, signer.sequence);
        let icv = signer.key.icv(header, signer.ttl, &front, advert);
        self.set_octets(ipv4::HEADER_LEN, &front);
        self.set_octets(ipv4::HEADER_LEN + ah::ICV_OFFSET, &icv);
    }

    /// Writes the trailer. All peers get the same one, since it covers neither
    /// destination nor checksum.
    fn write_trailer(&mut self, wall: UnixTime) {
        let Some(trailer) = &mut self.trailer else {
            return;
        };
        let at = trailer.at;
        let Some(advert) = self.buffer.get(self.vrrp_at..at) else {
            return;
        };
        let new = trailer.next(advert, wall);
        if !self.has_ip_header()
            && let Some(old) = self.buffer.get(at..)
        {
            let checksum_at = self.vrrp_at + vrrp::CHECKSUM_OFFSET;
            let sum = checksum::update_octets(self.word(checksum_at), old, &new);
            self.set_word(checksum_at, sum);
        }
        self.set_octets(at, &new);
    }

    /// Changes a word and the checksum that covers it.
    fn patch(&mut self, at: usize, checksum_at: usize, new: u16) {
        let sum = checksum::update(self.word(checksum_at), self.word(at), new);
        self.set_word(checksum_at, sum);
        self.set_word(at, new);
    }

    fn set_word(&mut self, at: usize, word: u16) {
        self.set_octets(at, &word.to_be_bytes());
    }

    fn set_octets(&mut self, at: usize, octets: &[u8]) {
        debug_assert!(
            at + octets.len() <= self.buffer.len(),
            "the layout is fixed"
        );
        for (to, from) in self.buffer.iter_mut().skip(at).zip(octets) {
            *to = *from;
        }
    }

    fn word(&self, at: usize) -> u16 {
        match self.buffer.get(at..) {
            Some([high, low, ..]) => u16::from_be_bytes([*high, *low]),
            _ => 0,
        }
    }

    const fn has_ip_header(&self) -> bool {
        matches!(self.destination, IpAddr::V4(_))
    }
}

impl Trailer {
    fn new(policy: &TransmitPolicy, at: usize) -> Option<Self> {
        Some(Self {
            sign: policy.hmac.clone()?,
            scope: Scope {
                version: policy.version,
                vrid: policy.vrid,
                source: policy.source,
            },
            at,
            last: None,
        })
    }

    fn next(&mut self, advert: &[u8], wall: UnixTime) -> [u8; vrrp_hmac::TRAILER_LEN] {
        let sequence = self.sign.next(self.last, wall);
        self.last = Some(sequence);
        let front = vrrp_hmac::emit_front(self.sign.key_id, sequence);
        let code = self.sign.key.code(&self.scope, advert, &front);
        let mut octets = [0; vrrp_hmac::TRAILER_LEN];
        let all = front.into_iter().chain(code);
        for (to, from) in octets.iter_mut().zip(all) {
            *to = from;
        }
        octets
    }
}

impl Signer {
    fn new(policy: &TransmitPolicy, auth: &Authentication) -> Option<Self> {
        let (Authentication::Ah(password), IpAddr::V4(source)) = (auth, policy.source) else {
            return None;
        };
        Some(Self {
            key: HmacMd5::new(&password.0),
            spi: source.to_bits(),
            ttl: match policy.audience {
                Audience::Multicast(_) => TtlCover::Covered,
                Audience::Unicast { .. } => TtlCover::Zero,
            },
            sequence: 0,
            exhausted: false,
        })
    }

    /// Numbers never repeat while one key is used (RFC 2402 section 2.5), so
    /// they stop instead of wrapping.
    const fn count_up(&mut self) {
        if self.sequence > LAST_SEQUENCE {
            self.exhausted = true;
        } else {
            self.sequence += 1;
        }
    }
}
