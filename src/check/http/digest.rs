//! The digest of a body, computed as it comes.

use md5::{Digest as _, Md5};
use sha1::Sha1;

/// Which digest.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Algorithm {
    /// 16 octets (RFC 1321).
    #[default]
    Md5,
    /// 20 octets (RFC 3174).
    Sha1,
}

impl Algorithm {
    /// The algorithm whose digests have this many octets.
    #[must_use]
    pub const fn of_length(octets: usize) -> Option<Self> {
        match octets {
            16 => Some(Self::Md5),
            20 => Some(Self::Sha1),
            _ => None,
        }
    }

    /// Its name in messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
        }
    }
}

/// A digest in the making.
#[derive(Clone, Debug)]
pub struct BodyDigest(State);

#[derive(Clone, Debug)]
enum State {
    Md5(Md5),
    Sha1(Sha1),
}

impl BodyDigest {
    /// Of nothing yet.
    #[must_use]
    pub fn new(algorithm: Algorithm) -> Self {
        Self(match algorithm {
            Algorithm::Md5 => State::Md5(Md5::new()),
            Algorithm::Sha1 => State::Sha1(Sha1::new()),
        })
    }

    /// The body goes on.
    pub fn feed(&mut self, octets: &[u8]) {
        match &mut self.0 {
            State::Md5(digest) => digest.update(octets),
            State::Sha1(digest) => digest.update(octets),
        }
    }

    /// The body is over.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        match self.0 {
            State::Md5(digest) => digest.finalize().to_vec(),
            State::Sha1(digest) => digest.finalize().to_vec(),
        }
    }
}

/// As a configuration has it.
#[must_use]
pub fn to_hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(algorithm: Algorithm, pieces: &[&[u8]]) -> String {
        let mut digest = BodyDigest::new(algorithm);
        pieces.iter().for_each(|piece| digest.feed(piece));
        to_hex(&digest.finish())
    }

    #[test]
    fn known_digests() {
        let abc: &[&[u8]] = &[b"a", b"", b"bc"];
        assert_eq!(of(Algorithm::Md5, abc), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(
            of(Algorithm::Sha1, abc),
            "a9993e364706816aba3e25717850c26c9cd0d89d"
        );
        assert_eq!(of(Algorithm::Md5, &[]), "d41d8cd98f00b204e9800998ecf8427e");
    }

    #[test]
    fn the_length_tells_the_algorithm() {
        for algorithm in [Algorithm::Md5, Algorithm::Sha1] {
            let length = BodyDigest::new(algorithm).finish().len();
            assert_eq!(Algorithm::of_length(length), Some(algorithm));
        }
        assert_eq!(Algorithm::of_length(32), None);
    }
}
