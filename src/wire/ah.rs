//! The IPsec authentication header with HMAC-MD5-96, as VRRP version 2 uses it
//! on IPv4 (RFC 2338 section 5.3.6; RFC 2402, RFC 2403, RFC 2104).
//!
//! ```text
//!  0               1               2               3
//! +---------------+---------------+-------------------------------+
//! |   next 112    |   length 4    |           reserved            |  0
//! +---------------+---------------+-------------------------------+
//! |        security parameters index: the sender's address        |  4
//! +---------------------------------------------------------------+
//! |                        sequence number                        |  8
//! +---------------------------------------------------------------+
//! |               integrity check value, 12 octets                | 12
//! +---------------------------------------------------------------+
//! ```
//!
//! The length counts 32-bit words less 2. The value is the front of the
//! HMAC-MD5 over the IP header (TOS, fragment word and checksum as zero, for
//! unicast also the TTL), this header with a zero value, and the VRRP packet
//! with its final checksum.

use std::fmt;

use md5::{Digest, Md5};

use super::{PROTOCOL_VRRP, ipv4};

/// Octets of the header with a 96-bit value.
pub const HEADER_LEN: usize = 24;
/// Octets of the integrity check value.
pub const ICV_LEN: usize = 12;
/// Octets in front of the integrity check value.
pub const ICV_OFFSET: usize = HEADER_LEN - ICV_LEN;

const LENGTH_FIELD: u8 = 4;
const MD5_BLOCK: usize = 64;

/// A received authentication header.
#[derive(Clone, Copy, Debug)]
pub struct AuthHeader<'a> {
    octets: &'a [u8; HEADER_LEN],
}

impl<'a> AuthHeader<'a> {
    /// The header at the front of an IP payload, and what follows it.
    #[must_use]
    pub fn parse(payload: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (octets, rest) = payload.split_first_chunk()?;
        Some((Self { octets }, rest))
    }

    /// Whether it is the form VRRP uses: VRRP follows and the value has 96 bits.
    #[must_use]
    pub const fn is_vrrp(&self) -> bool {
        let [next, length, ..] = *self.octets;
        next == PROTOCOL_VRRP && length == LENGTH_FIELD
    }

    /// Security parameters index.
    #[must_use]
    pub const fn spi(&self) -> u32 {
        let [_, _, _, _, a, b, c, d, ..] = *self.octets;
        u32::from_be_bytes([a, b, c, d])
    }

    /// Sequence number.
    #[must_use]
    pub const fn sequence(&self) -> u32 {
        let [_, _, _, _, _, _, _, _, a, b, c, d, ..] = *self.octets;
        u32::from_be_bytes([a, b, c, d])
    }

    /// Integrity check value.
    #[must_use]
    pub fn icv(&self) -> &'a [u8; ICV_LEN] {
        self.octets
            .last_chunk()
            .expect("24 octets have 12 last ones")
    }

    /// The part in front of the integrity check value.
    #[must_use]
    pub fn front(&self) -> &'a [u8; ICV_OFFSET] {
        self.octets
            .first_chunk()
            .expect("24 octets have 12 first ones")
    }
}

/// The part of a header in front of its integrity check value.
#[must_use]
pub const fn emit_front(spi: u32, sequence: u32) -> [u8; ICV_OFFSET] {
    let [a, b, c, d] = spi.to_be_bytes();
    let [e, f, g, h] = sequence.to_be_bytes();
    [PROTOCOL_VRRP, LENGTH_FIELD, 0, 0, a, b, c, d, e, f, g, h]
}

/// Whether the time to live of the IP header is covered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TtlCover {
    /// Multicast adverts never pass a router, so keepalived covers it.
    Covered,
    /// Routers change it: zero, as RFC 2402 section 3.3.3.1.1.1 says.
    Zero,
}

/// A key of HMAC-MD5 with both of its hash states prepared, so that each value
/// costs the octets it covers and one block more.
#[derive(Clone)]
pub struct HmacMd5 {
    inner: Md5,
    outer: Md5,
}

impl fmt::Debug for HmacMd5 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacMd5(..)")
    }
}

impl HmacMd5 {
    /// A key of up to 64 octets; longer ones are hashed first (RFC 2104 section 2).
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        let mut block = [0_u8; MD5_BLOCK];
        let hashed: [u8; 16];
        let key = if key.len() > MD5_BLOCK {
            hashed = Md5::digest(key).into();
            &hashed[..]
        } else {
            key
        };
        for (to, from) in block.iter_mut().zip(key) {
            *to = *from;
        }
        let padded = |pad: u8| {
            let mut state = Md5::new();
            state.update(block.map(|octet| octet ^ pad));
            state
        };
        Self {
            inner: padded(0x36),
            outer: padded(0x5c),
        }
    }

    /// The code of several pieces of octets, one after the other.
    #[must_use]
    pub fn code(&self, parts: &[&[u8]]) -> [u8; 16] {
        let mut inner = self.inner.clone();
        for part in parts {
            inner.update(part);
        }
        let mut outer = self.outer.clone();
        outer.update(inner.finalize());
        outer.finalize().into()
    }

    /// The integrity check value of a packet. `ip_header` includes options,
    /// `front` is the authentication header up to its value.
    #[must_use]
    pub fn icv(
        &self,
        ip_header: &[u8],
        ttl: TtlCover,
        front: &[u8; ICV_OFFSET],
        vrrp: &[u8],
    ) -> [u8; ICV_LEN] {
        let Some((fixed, options)) = ip_header.split_first_chunk::<{ ipv4::HEADER_LEN }>() else {
            // Not an IP header: a value that covers less matches no packet.
            return cut(self.code(&[ip_header, front, vrrp]));
        };
        let fixed = immutable_part(*fixed, ttl);
        cut(self.code(&[&fixed, options, front, &[0; ICV_LEN], vrrp]))
    }
}

/// The IP header with everything zero that may change on its way.
const fn immutable_part(header: [u8; ipv4::HEADER_LEN], ttl: TtlCover) -> [u8; ipv4::HEADER_LEN] {
    let [
        a,
        _,
        c,
        d,
        e,
        f,
        _,
        _,
        hops,
        j,
        _,
        _,
        s0,
        s1,
        s2,
        s3,
        d0,
        d1,
        d2,
        d3,
    ] = header;
    let hops = match ttl {
        TtlCover::Covered => hops,
        TtlCover::Zero => 0,
    };
    [
        a, 0, c, d, e, f, 0, 0, hops, j, 0, 0, s0, s1, s2, s3, d0, d1, d2, d3,
    ]
}

fn cut(code: [u8; 16]) -> [u8; ICV_LEN] {
    *code.first_chunk().expect("16 octets have 12 first ones")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::testing::hex;

    /// RFC 2202 section 2.
    #[test]
    fn hmac_md5_of_the_rfc() {
        let long_key = "aa".repeat(80);
        let text = |text: &str| text.bytes().map(|octet| format!("{octet:02x}")).collect();
        let cases: [(&str, String, &str); 5] = [
            (
                &"0b".repeat(16),
                text("Hi There"),
                "9294727a3638bb1c13f48ef8158bfc9d",
            ),
            (
                "4a656665",
                text("what do ya want for nothing?"),
                "750c783e6ab0b503eaa86e310a5db738",
            ),
            (
                &"aa".repeat(16),
                "dd".repeat(50),
                "56be34521d144c88dbb8c733f0e8b3f6",
            ),
            (
                &long_key,
                text("Test Using Larger Than Block-Size Key - Hash Key First"),
                "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd",
            ),
            (
                &long_key,
                text("Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data"),
                "6f630fad67cda0ee1fb1f562db3aa53e",
            ),
        ];
        for (key, data, code) in cases {
            assert_eq!(
                HmacMd5::new(&hex(key)).code(&[&hex(&data)])[..],
                hex(code)[..]
            );
        }
    }

    /// An advert captured from keepalived, `auth_pass secret12`.
    #[test]
    fn value_of_a_captured_advert() {
        let ip = hex("45c0004000010000ff331853c0000264e0000012");
        let ah = hex("70040000c0000264000000013caf6336fc8fb646aa1760ef");
        let vrrp = hex("21039601020184f5c00002040000000000000000");
        let (header, rest) = AuthHeader::parse(&ah).unwrap();
        assert!(rest.is_empty() && header.is_vrrp());
        assert_eq!((header.spi(), header.sequence()), (0xc000_0264, 1));
        assert_eq!(emit_front(0xc000_0264, 1), *header.front());
        let key = HmacMd5::new(b"secret12");
        let icv = key.icv(&ip, TtlCover::Covered, header.front(), &vrrp);
        assert_eq!(icv, *header.icv());
        assert_ne!(
            key.icv(&ip, TtlCover::Zero, header.front(), &vrrp),
            *header.icv()
        );
    }

    #[test]
    fn what_may_change_on_the_way_is_not_covered() {
        let key = HmacMd5::new(b"secret12");
        let front = emit_front(1, 2);
        let ip = hex("45c0004000010000ff331853c0000264e0000012");
        let value = |ip: &[u8], ttl| key.icv(ip, ttl, &front, b"advert");
        for at in [1, 6, 7, 8, 10, 11] {
            let mut changed = ip.clone();
            changed[at] ^= 0x55;
            assert_eq!(
                value(&ip, TtlCover::Zero),
                value(&changed, TtlCover::Zero),
                "octet {at}"
            );
        }
        for at in [4, 5, 8, 9, 12, 19] {
            let mut changed = ip.clone();
            changed[at] ^= 0x55;
            let cover = TtlCover::Covered;
            assert_ne!(value(&ip, cover), value(&changed, cover), "octet {at}");
        }
    }

    proptest! {
        #[test]
        fn any_octets(
            ip in prop::collection::vec(any::<u8>(), 0..60),
            payload in prop::collection::vec(any::<u8>(), 0..80),
        ) {
            let parsed = AuthHeader::parse(&payload);
            prop_assert_eq!(parsed.is_some(), payload.len() >= HEADER_LEN);
            if let Some((header, rest)) = parsed {
                let _ = header.is_vrrp();
                let _ = HmacMd5::new(b"key").icv(&ip, TtlCover::Zero, header.front(), rest);
                prop_assert_eq!(header.icv().len() + header.front().len(), HEADER_LEN);
            }
        }
    }
}
