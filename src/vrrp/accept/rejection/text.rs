//! The lines of the log.

use std::fmt;

use super::{Rejection, RejectionKind};

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
