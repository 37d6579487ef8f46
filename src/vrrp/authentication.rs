//! Authentication of version 2 (RFC 2338 section 5.3.6), which sender and
//! receiver share.

use std::fmt;
use std::hint::black_box;

use serde::{Deserialize, Serialize};

use crate::wire::vrrp::{AUTH_AH, AUTH_NONE, AUTH_PASS};

/// A password of 8 octets: shorter ones are padded with NUL.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq, Serialize)]
pub struct Password(pub [u8; 8]);

impl Password {
    /// The octets of a text, cut to 8 or padded with NUL.
    #[must_use]
    pub fn new(text: &[u8]) -> Self {
        let mut octets = [0; 8];
        for (to, from) in octets.iter_mut().zip(text) {
            *to = *from;
        }
        Self(octets)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(********)")
    }
}

/// How adverts are authenticated.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum Authentication {
    /// Not at all; the only choice in version 3.
    #[default]
    None,
    /// A password in clear text (`auth_type PASS`).
    Pass(Password),
    /// An authentication header keyed with the password (`auth_type AH`), IPv4 only.
    Ah(Password),
}

impl Authentication {
    /// The number on the wire.
    #[must_use]
    pub const fn number(&self) -> u8 {
        match self {
            Self::None => AUTH_NONE,
            Self::Pass(_) => AUTH_PASS,
            Self::Ah(_) => AUTH_AH,
        }
    }
}

/// Compares secrets in a time that does not depend on where they differ.
#[must_use]
pub fn equal_in_constant_time<const N: usize>(a: &[u8; N], b: &[u8; N]) -> bool {
    let difference = a
        .iter()
        .zip(b)
        .fold(0, |seen, (x, y)| black_box(seen | (x ^ y)));
    black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_padded_cut_and_never_shown() {
        assert_eq!(Password::new(b"abc").0, *b"abc\0\0\0\0\0");
        assert_eq!(Password::new(b"123456789").0, *b"12345678");
        assert!(!format!("{:?}", Authentication::Pass(Password::new(b"abc"))).contains("abc"));
    }

    #[test]
    fn comparison_sees_every_octet() {
        let secret = *b"12345678";
        assert!(equal_in_constant_time(&secret, &secret));
        for at in 0..8 {
            let mut other = secret;
            other[at] ^= 1;
            assert!(!equal_in_constant_time(&secret, &other));
        }
    }
}
