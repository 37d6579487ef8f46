//! Why a packet was not accepted: one variant, one table row, one counter.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

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

/// The counters of the statistics file and of JSON that rejections go to.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Statistic {
    /// `packet_len_err`.
    PacketLength,
    /// `ip_ttl_err`.
    TimeToLive,
    /// `invalid_type_rcvd`.
    InvalidType,
    /// `advert_interval_err`.
    AdvertInterval,
    /// `addr_list_err`.
    AddressList,
    /// `invalid_authtype`.
    InvalidAuthType,
    /// `authtype_mismatch`.
    AuthTypeMismatch,
    /// `auth_failure`.
    AuthFailure,
    /// `auth_ext_missing`.
    AuthExtMissing,
    /// `auth_ext_malformed`.
    AuthExtMalformed,
    /// `auth_ext_unknown_key`.
    AuthExtUnknownKey,
    /// `auth_ext_invalid_hmac`.
    AuthExtInvalidHmac,
    /// `auth_ext_stale`.
    AuthExtStale,
    /// `auth_ext_replay`.
    AuthExtReplay,
    /// Only in SNMP: `vrrpRouterChecksumErrors`.
    Checksum,
    /// Only in SNMP: `vrrpRouterVersionErrors`.
    Version,
    /// Only in SNMP: `vrrpRouterVrIdErrors`.
    Vrid,
    /// No counter of the original; ours is [`RejectionKind`]'s own.
    None,
}

impl Statistic {
    /// Those that VRRPV3-MIB calls protocol errors, in the order of its numbers
    /// (RFC 6527, `vrrpv3StatisticsProtoErrReason`).
    pub const OF_PROTOCOL: [Self; 4] =
        [Self::TimeToLive, Self::Version, Self::Checksum, Self::Vrid];
}

macro_rules! rejection_kinds {
    ($($kind:ident $label:literal $statistic:ident;)*) => {
        /// A [`Rejection`] without its details: the index of its counter.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[repr(u8)]
        pub enum RejectionKind {
            $(#[doc = concat!("`", $label, "`; see [`Rejection`].")] $kind,)*
        }

        impl RejectionKind {
            /// All kinds, in the order of their counters.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// A word for statistics.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$kind => $label,)* }
            }

            /// The counter of the original it belongs to.
            #[must_use]
            pub const fn statistic(self) -> Statistic {
                match self { $(Self::$kind => Statistic::$statistic,)* }
            }
        }
    };
}

rejection_kinds! {
    Family               "family"                 None;
    Protocol             "protocol"               None;
    UnexpectedAuthHeader "unexpected_auth_header" AuthTypeMismatch;
    MissingAuthHeader    "missing_auth_header"    AuthTypeMismatch;
    Length               "length"                 PacketLength;
    HopLimit             "hop_limit"              TimeToLive;
    Version              "version"                Version;
    Vrid                 "vrid"                   Vrid;
    InvalidAuthType      "invalid_auth_type"      InvalidAuthType;
    AuthTypeMismatch     "auth_type_mismatch"     AuthTypeMismatch;
    Password             "password"               AuthFailure;
    IntegrityValue       "integrity_value"        AuthFailure;
    Replay               "replay"                 AuthFailure;
    SignatureMissing     "signature_missing"      AuthExtMissing;
    SignatureMalformed   "signature_malformed"    AuthExtMalformed;
    SignatureStale       "signature_stale"        AuthExtStale;
    SignatureKey         "signature_key"          AuthExtUnknownKey;
    SignatureWrong       "signature_wrong"        AuthExtInvalidHmac;
    SignatureReplayed    "signature_replayed"     AuthExtReplay;
    Interval             "interval"               AdvertInterval;
    ZeroInterval         "zero_interval"          AdvertInterval;
    Type                 "type"                   InvalidType;
    TotalLength          "total_length"           PacketLength;
    Checksum             "checksum"               Checksum;
    UnicastToMulticast   "unicast_to_multicast"   AddressList;
    MulticastToUnicast   "multicast_to_unicast"   AddressList;
    OwnerIgnores         "owner_ignores"          None;
    NotAPeer             "not_a_peer"             None;
    PeerHopLimit         "peer_hop_limit"         TimeToLive;
}

impl RejectionKind {
    /// How many kinds there are.
    pub const COUNT: usize = Self::ALL.len();

    /// The index of the counter, below [`Self::COUNT`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Whether the packet had passed the checks that make it a received advert:
    /// only what unicast peers are asked comes after that.
    #[must_use]
    pub const fn counts_as_received(self) -> bool {
        matches!(self, Self::NotAPeer | Self::PeerHopLimit)
    }
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

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Family => f.write_str("packet of the other address family"),
            Self::Protocol(number) => write!(f, "invalid IP protocol {number}"),
            Self::UnexpectedAuthHeader => f.write_str("Received AH header but auth type not AH"),
            Self::MissingAuthHeader => f.write_str("No AH header but auth type is AH"),
            Self::Length { received, expected } => {
                let how = if received < expected { "short" } else { "long" };
                let what = format_args!("vrrp packet too {how}");
                write!(f, "{what}, length {received} and expect {expected}")
            }
            Self::HopLimit { received } => fmt_unlike(f, "invalid TTL/HL", Known(received), 255),
            Self::Version { received, expected } => {
                fmt_unlike(f, "wrong version", received, expected)
            }
            Self::Vrid { received, expected } => {
                fmt_unlike(f, "received VRID mismatch", received, expected)
            }
            Self::InvalidAuthType(number) => write!(f, "Invalid auth type: {number}"),
            Self::AuthTypeMismatch { received, expected } => {
                write!(f, "received a {received} auth, expecting {expected}!")
            }
            Self::Password => f.write_str("received an invalid passwd!"),
            Self::IntegrityValue => f.write_str(WRONG_ICV),
            Self::Replay { received, highest } => write!(
                f,
                "IPSEC-AH : sequence number {received} already processed. \
                 Packet dropped. Local({highest})"
            ),
            Self::SignatureMissing
            | Self::SignatureMalformed
            | Self::SignatureStale
            | Self::SignatureWrong
            | Self::SignatureReplayed
            | Self::SignatureKey(_) => self.fmt_signature(f),
            Self::Interval { received, expected } => write!(
                f,
                "advertisement interval mismatch mine={} sec rcv'd={} sec",
                expected.as_secs(),
                received.as_secs()
            ),
            Self::ZeroInterval => f.write_str("received an advertisement interval of 0"),
            Self::Type(number) => write!(f, "Invalid packet type. {number} and expect 1"),
            Self::TotalLength { total, received } => write!(
                f,
                "ip_tot_len mismatch against received length. {total} and received {received}"
            ),
            Self::Checksum(version) => write!(f, "Invalid VRRPv{} checksum", version.number()),
            Self::UnicastToMulticast => f.write_str(UNICAST_TO_MULTICAST),
            Self::MulticastToUnicast => f.write_str(MULTICAST_TO_UNICAST),
            Self::OwnerIgnores => f.write_str("ignoring advert since address owner"),
            Self::NotAPeer(src) => write!(f, "unicast source address {src} not a unicast peer"),
            Self::PeerHopLimit { received, min, max } => {
                write!(f, "TTL/HL {} not in range {min} - {max}", Known(received))
            }
        }
    }
}

impl Rejection {
    /// What is wrong with an `auth_hmac` trailer.
    fn fmt_signature(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = [
            (RejectionKind::SignatureMissing, UNSIGNED),
            (RejectionKind::SignatureStale, STALE),
            (RejectionKind::SignatureWrong, WRONG_SIGNATURE),
            (
                RejectionKind::SignatureReplayed,
                "auth_hmac trailer already seen: replayed",
            ),
        ];
        let own = self.kind();
        if let Self::SignatureKey(id) = self {
            return write!(f, "auth_hmac key {id} is not configured");
        }
        let text = texts.iter().find(|(kind, _)| *kind == own);
        f.write_str(text.map_or("malformed auth_hmac trailer", |(_, text)| text))
    }
}

/// A field that has another value than it should.
fn fmt_unlike(
    f: &mut fmt::Formatter<'_>,
    what: &str,
    received: impl fmt::Display,
    expected: impl fmt::Display,
) -> fmt::Result {
    write!(f, "{what}. Received {received} and expect {expected}")
}

const UNICAST_TO_MULTICAST: &str = "discarding unicast packet on multicast instance";
const MULTICAST_TO_UNICAST: &str = "discarding multicast packet on unicast instance";
const UNSIGNED: &str = "no auth_hmac trailer, and one is required";
const STALE: &str = "auth_hmac trailer outside the time window: are the clocks set?";
const WRONG_SIGNATURE: &str =
    "wrong auth_hmac code: another key, a changed advert, or a translated address";
const WRONG_ICV: &str =
    "IPSEC-AH : invalid IPSEC HMAC-MD5 value. Due to fields mutation or bad password !";

/// A hop limit the kernel may not have told.
struct Known(Option<u8>);

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(number) => number.fmt(f),
            None => f.write_str("unknown"),
        }
    }
}

/// Which complaints were made already: each kind is logged once, until an
/// advert of a new master is accepted or the instance becomes or leaves master.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Complaints(u32);

impl Complaints {
    /// Whether this kind was not logged yet; from now on it was.
    pub const fn is_first(&mut self, kind: RejectionKind) -> bool {
        const { assert!(RejectionKind::COUNT <= 32, "one bit for each kind") };
        let bit = 1 << kind.index();
        let first = self.0 & bit == 0;
        self.0 |= bit;
        first
    }

    /// The same for an address list that is not the own one, of which an accepted
    /// advert may have any number.
    pub const fn is_first_difference(&mut self) -> bool {
        const { assert!(RejectionKind::COUNT < 32, "the last bit is free") };
        let first = self.0 >> 31 == 0;
        self.0 |= 1 << 31;
        first
    }

    /// Forgets all.
    pub const fn clear(&mut self) {
        self.0 = 0;
    }
}
