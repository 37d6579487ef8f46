//! The trailer that authenticates an advert with HMAC-SHA-256 cut to 128 bits
//! (`auth_hmac`; keepalived's own, no RFC has it).
//!
//! ```text
//!  0               1               2               3
//! +---------------+---------------+-------------------------------+
//! |    type 1     |    key id     |           reserved 0          |  0
//! +---------------+---------------+-------------------------------+
//! |                   seconds since the epoch                     |  4
//! +-------------------------------+-------------------------------+
//! |     fraction, 1/65536 s       |            counter            |  8
//! +-------------------------------+-------------------------------+
//! |                        code, 16 octets                        | 12
//! +---------------------------------------------------------------+
//! ```
//!
//! It stands behind the complete VRRP packet and has no mark of its own: that a
//! packet is 28 octets longer than its header says is all that tells of it.
//!
//! The code covers 20 octets of [`Scope`], the VRRP packet with a zero checksum,
//! the 12 first octets of the trailer, and 16 zeros. TTL, destination and
//! checksum are not covered.

use std::fmt;
use std::net::IpAddr;

use hmac::digest::KeyInit as _;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::vrrp::{CHECKSUM_OFFSET, Version};
use crate::model::{UnixTime, Vrid};

/// Octets of the trailer.
pub const TRAILER_LEN: usize = 28;
/// Octets of the code.
pub const CODE_LEN: usize = 16;
/// Octets in front of the code.
pub const CODE_OFFSET: usize = TRAILER_LEN - CODE_LEN;
/// The only type: HMAC-SHA-256 cut to 128 bits.
pub const TYPE_HMAC_SHA256_128: u8 = 1;

/// When an advert was signed: seconds, fraction and counter of the trailer as
/// one number that only grows. It wraps with the 32-bit seconds, so it is
/// compared as RFC 1982 compares serial numbers.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Sequence(pub u64);

impl Sequence {
    /// The first number of a moment.
    #[must_use]
    pub const fn at(time: UnixTime) -> Self {
        let seconds = time.0.as_secs() << 32;
        let fraction = ((time.0.subsec_nanos() as u64) << 16) / 1_000_000_000;
        Self(seconds | fraction << 16)
    }

    /// The number that follows.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }

    /// Whether this number is newer than another one (RFC 1982 section 3.2).
    #[must_use]
    pub const fn is_after(self, other: Self) -> bool {
        self.ahead_of(other) > 0
    }

    /// How far this number is ahead of another one, in units of 2^-32 seconds.
    #[must_use]
    pub const fn ahead_of(self, other: Self) -> i64 {
        self.0.wrapping_sub(other.0).cast_signed()
    }
}

/// A received trailer.
#[derive(Clone, Copy, Debug)]
pub struct Trailer<'a> {
    octets: &'a [u8; TRAILER_LEN],
}

impl<'a> Trailer<'a> {
    /// The trailer, if octets behind an advert have its length.
    #[must_use]
    pub fn parse(octets: &'a [u8]) -> Option<Self> {
        let octets = octets.try_into().ok()?;
        Some(Self { octets })
    }

    /// Whether type and reserved octets are what they have to be.
    #[must_use]
    pub const fn is_well_formed(&self) -> bool {
        matches!(self.octets, [TYPE_HMAC_SHA256_128, _, 0, 0, ..])
    }

    /// Which key signed it.
    #[must_use]
    pub const fn key_id(&self) -> u8 {
        let [_, id, ..] = *self.octets;
        id
    }

    /// When it was signed.
    #[must_use]
    pub const fn sequence(&self) -> Sequence {
        let [_, _, _, _, a, b, c, d, e, f, g, h, ..] = *self.octets;
        Sequence(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }

    /// The octets in front of the code.
    #[must_use]
    pub fn front(&self) -> &'a [u8; CODE_OFFSET] {
        self.octets
            .first_chunk()
            .expect("28 octets have 12 first ones")
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> &'a [u8; CODE_LEN] {
        self.octets
            .last_chunk()
            .expect("28 octets have 16 last ones")
    }
}

/// The part of a trailer in front of its code.
#[must_use]
pub const fn emit_front(key_id: u8, sequence: Sequence) -> [u8; CODE_OFFSET] {
    let [a, b, c, d, e, f, g, h] = sequence.0.to_be_bytes();
    [TYPE_HMAC_SHA256_128, key_id, 0, 0, a, b, c, d, e, f, g, h]
}

/// Which virtual router's adverts from where a code is good for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Scope {
    /// Version of the advert.
    pub version: Version,
    /// Virtual router.
    pub vrid: Vrid,
    /// Sender; translation of addresses on the way breaks the code.
    pub source: IpAddr,
}

impl Scope {
    /// 4 or 6, version, virtual router, 0, and the sender with zeros behind it.
    fn octets(&self) -> [u8; 20] {
        let mut octets = [0; 20];
        let (family, source) = match self.source {
            IpAddr::V4(source) => (4, u128::from(source.to_bits()) << 96),
            IpAddr::V6(source) => (6, source.to_bits()),
        };
        let front = [family, self.version.number(), self.vrid.0, 0];
        let all = front.into_iter().chain(source.to_be_bytes());
        for (to, from) in octets.iter_mut().zip(all) {
            *to = from;
        }
        octets
    }
}

/// A key with its hash states prepared.
#[derive(Clone)]
pub struct HmacSha256(Hmac<Sha256>);

impl fmt::Debug for HmacSha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacSha256(..)")
    }
}

impl HmacSha256 {
    /// A key of any length; keepalived takes 32 to 64 octets.
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes keys of every length"))
    }

    /// The code of an advert, `vrrp` being the packet without trailer. The
    /// checksum in it makes no difference.
    #[must_use]
    pub fn code(&self, scope: &Scope, vrrp: &[u8], front: &[u8; CODE_OFFSET]) -> [u8; CODE_LEN] {
        let mut mac = self.0.clone();
        mac.update(&scope.octets());
        let (before, rest) = vrrp
            .split_at_checked(CHECKSUM_OFFSET)
            .unwrap_or((vrrp, &[]));
        let (checksum, behind) = rest.split_at_checked(2).unwrap_or((rest, &[]));
        mac.update(before);
        mac.update([0; 2].get(..checksum.len()).unwrap_or_default());
        mac.update(behind);
        mac.update(front);
        mac.update(&[0; CODE_LEN]);
        let whole: [u8; 32] = mac.finalize().into_bytes().into();
        *whole.first_chunk().expect("32 octets have 16 first ones")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::wire::testing::hex;

    fn key() -> HmacSha256 {
        HmacSha256::new(&(0..32).collect::<Vec<u8>>())
    }

    /// Adverts captured from keepalived.
    #[test]
    fn codes_of_captured_adverts() {
        let v6 = "fe80::ff:fe00:1";
        let cases = [
            (
                (Version::V3, 7, "192.0.2.100"),
                "310796010064d396c0000208",
                "010900006b0241e85a860000a5c6b4abb72f5093ecf24bb4b44956ad",
            ),
            (
                (Version::V2, 8, "192.0.2.100"),
                "21089601000186ebc00002090000000000000000",
                "010900006b0241e85da900000074ec09c7f63ff83658362cf8496243",
            ),
            (
                (Version::V3, 9, v6),
                "310996010064206cfe800000000000000000000100020004",
                "010900006b0241e853c50000e842e7aff6faf0dc155730ab4c95d046",
            ),
        ];
        for ((version, vrid, source), vrrp, trailer) in cases {
            let octets = hex(trailer);
            let trailer = Trailer::parse(&octets).unwrap();
            assert!(trailer.is_well_formed());
            assert_eq!(trailer.key_id(), 9);
            assert_eq!(emit_front(9, trailer.sequence()), *trailer.front());
            let scope = Scope {
                version,
                vrid: Vrid(vrid),
                source: source.parse().unwrap(),
            };
            let mut vrrp = hex(vrrp);
            assert_eq!(key().code(&scope, &vrrp, trailer.front()), *trailer.code());
            vrrp[6] ^= 1;
            assert_eq!(key().code(&scope, &vrrp, trailer.front()), *trailer.code());
            vrrp[2] ^= 1;
            assert_ne!(key().code(&scope, &vrrp, trailer.front()), *trailer.code());
        }
    }

    #[test]
    fn numbers_are_times_and_wrap() {
        let at =
            |secs, millis: u32| Sequence::at(UnixTime(Duration::new(secs, millis * 1_000_000)));
        assert_eq!(at(0x6b02_41e8, 500).0, 0x6b02_41e8_8000_0000);
        assert!(at(5, 1).is_after(at(5, 0)) && !at(5, 0).is_after(at(5, 0)));
        assert!(at(5, 0).next().is_after(at(5, 0)));
        assert_eq!(at(7, 0).ahead_of(at(5, 0)), 2 << 32);
        let last = Sequence(u64::MAX);
        assert!(last.next().is_after(last), "February 2106");
    }

    proptest! {
        #[test]
        fn any_octets(octets in prop::collection::vec(any::<u8>(), 0..60)) {
            let trailer = Trailer::parse(&octets);
            prop_assert_eq!(trailer.is_some(), octets.len() == TRAILER_LEN);
            let scope = Scope { version: Version::V2, vrid: Vrid(1), source: [1, 2, 3, 4].into() };
            let _ = key().code(&scope, &octets, &[0; CODE_OFFSET]);
        }
    }
}
