//! Octets that nobody is to see: keys and passwords.

use std::fmt;
use std::hint::black_box;

use serde::{Deserialize, Serialize};

/// A secret of any length. It does not show itself, and its memory is
/// overwritten when it is dropped.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub struct Secret(Box<[u8]>);

impl Secret {
    /// Takes the octets over; their memory is the secret's from now on.
    #[must_use]
    pub fn new(octets: Vec<u8>) -> Self {
        let mut octets = octets;
        if octets.capacity() == octets.len() {
            return Self(octets.into_boxed_slice());
        }
        // Shrinking may leave a copy behind, so it is done by hand.
        let exact = Self(octets.as_slice().into());
        wipe(&mut octets);
        exact
    }

    /// The octets, for whoever computes with them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

/// A file with a key.
#[derive(Clone, Debug)]
pub struct KeyFile {
    /// The key, without the line break at its end.
    pub octets: Secret,
    /// Whether more than its owner may read it.
    pub others_may_read: bool,
}

impl KeyFile {
    /// A key that is as good as any where only the text of a configuration counts.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            octets: Secret::new(vec![0; 32]),
            others_may_read: false,
        }
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(********)")
    }
}

/// Overwrites octets with zeros, which the compiler must take as looked at
/// afterwards.
pub fn wipe(octets: &mut [u8]) {
    octets.fill(0);
    black_box(&*octets);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_shown() {
        let mut roomy = Vec::with_capacity(64);
        roomy.extend_from_slice(b"opensesame");
        for secret in [Secret::new(roomy), Secret::new(b"opensesame".to_vec())] {
            assert_eq!(secret.expose(), b"opensesame");
            assert!(!format!("{secret:?}").contains("sesame"));
        }
    }

    #[test]
    fn wiped_octets_are_zero() {
        let mut octets = *b"opensesame";
        wipe(&mut octets);
        assert_eq!(octets, [0; 10]);
    }
}
