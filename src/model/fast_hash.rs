//! Tables for keys that no stranger chooses: names and addresses of the configuration and
//! of this machine.
//!
//! The hash of the standard library withstands an attacker who picks keys that collide,
//! and costs several times as much. Whoever may write the configuration has easier ways
//! to keep the daemon busy.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// A [`HashMap`] with the fast hash.
pub type FastMap<K, V> = HashMap<K, V, BuildHasherDefault<FastHasher>>;
/// A [`HashSet`] with the fast hash.
pub type FastSet<K> = HashSet<K, BuildHasherDefault<FastHasher>>;

/// An odd number with its bits well mixed: the golden ratio in 64 bits.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// Multiplies and rotates, eight octets at a time.
#[derive(Clone, Copy, Debug, Default)]
pub struct FastHasher(u64);

impl FastHasher {
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(FACTOR);
    }
}

impl Hasher for FastHasher {
    fn finish(&self) -> u64 {
        // A product has its good bits at the upper end, and tables use the lower ones.
        self.0.rotate_left(26)
    }

    fn write(&mut self, octets: &[u8]) {
        let (words, rest) = octets.as_chunks();
        for word in words {
            self.add(u64::from_le_bytes(*word));
        }
        if !rest.is_empty() {
            let mut last = [0; 8];
            for (to, from) in last.iter_mut().zip(rest) {
                *to = *from;
            }
            self.add(u64::from_le_bytes(last));
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.add(number.into());
    }

    fn write_u16(&mut self, number: u16) {
        self.add(number.into());
    }

    fn write_u32(&mut self, number: u32) {
        self.add(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        self.add(number);
    }

    fn write_usize(&mut self, number: usize) {
        self.add(number as u64);
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, BuildHasherDefault};
    use std::net::{IpAddr, Ipv4Addr};

    use super::{FastHasher, FastSet};

    /// How many of 1024 places 1024 keys fall into; by chance it would be 647.
    fn places(keys: impl Iterator<Item = impl std::hash::Hash>) -> usize {
        let hash = BuildHasherDefault::<FastHasher>::default();
        let places: FastSet<u64> = keys.map(|key| hash.hash_one(key) % 1024).collect();
        places.len()
    }

    #[test]
    fn keys_that_differ_little_are_spread() {
        let names = (0..1024).map(|number| format!("VI_{number}"));
        assert!(places(names) > 500);
        let neighbours =
            (0..1024).map(|number| IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + number)));
        assert!(places(neighbours) > 500);
        let networks = (0..1024_u32).map(|number| IpAddr::V4(Ipv4Addr::from_bits(number << 16)));
        assert!(places(networks) > 500);
        assert!(places(0..1024_u32) > 500);
    }
}
