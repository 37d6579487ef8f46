//! Why a packet was not accepted: one variant, one table row, one counter.

mod complaints;
mod kind;
mod text;

use std::net::IpAddr;
use std::time::Duration;

pub use complaints::Complaints;
pub use kind::{RejectionKind, Statistic};

use crate::model::Vrid;
use crate::wire::vrrp::Version;

/// Why a packet was not accepted. `Display` is the text to log behind the name
/// of the instance; the words are the original's where it has them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Rejection {
    /// A packet of the other family: a mistake of the caller.
    Family,
    /// An IP protocol that is neither VRRP nor AH.
    Protocol(u8),
    /// An authentication header, but `auth_type AH` is not configured.
    UnexpectedAuthHeader,
    /// No authentication header, but `auth_type AH` is configured.
    MissingAuthHeader,
    /// Octets received and octets that the headers ask for.
    Length {
        /// Octets received.
        received: usize,
        /// Octets the headers ask for.
        expected: usize,
    },
    /// A multicast packet with a TTL or hop limit other than 255.
    HopLimit {
        /// What it was; nothing if it is not known.
        received: Option<u8>,
    },
    /// Another version.
    Version {
        /// Version in the packet.
        received: u8,
        /// Version of the instance.
        expected: u8,
    },
    /// Another virtual router.
    Vrid {
        /// Virtual router in the packet.
        received: Vrid,
        /// Virtual router of the instance.
        expected: Vrid,
    },
    /// An authentication type nobody knows.
    InvalidAuthType(u8),
    /// A known authentication type that is not the own one.
    AuthTypeMismatch {
        /// Type in the packet.
        received: u8,
        /// Type of the instance.
        expected: u8,
    },
    /// A wrong password.
    Password,
    /// A wrong integrity check value, or an authentication header of another form.
    IntegrityValue,
    /// A sequence number that was seen before.
    Replay {
        /// Number in the packet.
        received: u32,
        /// Highest number seen.
        highest: u32,
    },
    /// No trailer, but `auth_hmac` wants one.
    SignatureMissing,
    /// A trailer of a type nobody knows.
    SignatureMalformed,
    /// A trailer of another time than now.
    SignatureStale,
    /// A trailer with a key that is not configured.
    SignatureKey(u8),
    /// A trailer that does not belong to the advert.
    SignatureWrong,
    /// A trailer that was seen before, or is older than one that was.
    SignatureReplayed,
    /// Version 2: another interval than the own one.
    Interval {
        /// Interval in the packet.
        received: Duration,
        /// The own interval.
        expected: Duration,
    },
    /// Version 3: an interval of zero.
    ZeroInterval,
    /// A type other than advertisement.
    Type(u8),
    /// The IPv4 total length is not the length received.
    TotalLength {
        /// Total length in the IP header.
        total: u16,
        /// Octets received.
        received: usize,
    },
    /// A wrong checksum.
    Checksum(Version),
    /// A unicast packet for a multicast instance.
    UnicastToMulticast,
    /// A multicast packet for a unicast instance.
    MulticastToUnicast,
    /// An owner with `owner_ignore_adverts`.
    OwnerIgnores,
    /// A unicast packet from somebody who is not a peer.
    NotAPeer(IpAddr),
    /// A TTL or hop limit outside the bounds of the peer.
    PeerHopLimit {
        /// What it was; nothing if it is not known.
        received: Option<u8>,
        /// `min_ttl`.
        min: u8,
        /// `max_ttl`.
        max: u8,
    },
}

impl Rejection {
    /// The kind without details.
    #[must_use]
    pub const fn kind(&self) -> RejectionKind {
        match self {
            Self::Family => RejectionKind::Family,
            Self::Protocol(_) => RejectionKind::Protocol,
            Self::UnexpectedAuthHeader => RejectionKind::UnexpectedAuthHeader,
            Self::MissingAuthHeader => RejectionKind::MissingAuthHeader,
            Self::Length { .. } => RejectionKind::Length,
            Self::HopLimit { .. } => RejectionKind::HopLimit,
            Self::Version { .. } => RejectionKind::Version,
            Self::Vrid { .. } => RejectionKind::Vrid,
            Self::InvalidAuthType(_) => RejectionKind::InvalidAuthType,
            Self::AuthTypeMismatch { .. } => RejectionKind::AuthTypeMismatch,
            Self::Password => RejectionKind::Password,
            Self::IntegrityValue => RejectionKind::IntegrityValue,
            Self::Replay { .. } => RejectionKind::Replay,
            Self::SignatureMissing => RejectionKind::SignatureMissing,
            Self::SignatureMalformed => RejectionKind::SignatureMalformed,
            Self::SignatureStale => RejectionKind::SignatureStale,
            Self::SignatureKey(_) => RejectionKind::SignatureKey,
            Self::SignatureWrong => RejectionKind::SignatureWrong,
            Self::SignatureReplayed => RejectionKind::SignatureReplayed,
            Self::Interval { .. } => RejectionKind::Interval,
            Self::ZeroInterval => RejectionKind::ZeroInterval,
            Self::Type(_) => RejectionKind::Type,
            Self::TotalLength { .. } => RejectionKind::TotalLength,
            Self::Checksum(_) => RejectionKind::Checksum,
            Self::UnicastToMulticast => RejectionKind::UnicastToMulticast,
            Self::MulticastToUnicast => RejectionKind::MulticastToUnicast,
            Self::OwnerIgnores => RejectionKind::OwnerIgnores,
            Self::NotAPeer(_) => RejectionKind::NotAPeer,
            Self::PeerHopLimit { .. } => RejectionKind::PeerHopLimit,
        }
    }

    /// Whether it deserves a line in the log; an owner that was told to ignore
    /// adverts need not say so for each.
    #[must_use]
    pub const fn is_logged(&self) -> bool {
        !matches!(self, Self::OwnerIgnores)
    }
}
