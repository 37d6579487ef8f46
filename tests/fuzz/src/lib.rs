//! What targets share: choices taken from the octets of libFuzzer, and foreign octets
//! cut into pieces.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use keepalived::check::checker::Endpoint;
use scheduler::Instant;

/// Octets that say what happens, one choice after the other. Where they end every
/// choice is the first one, so each input is a complete story.
#[derive(Debug)]
pub struct Choices<'a> {
    rest: &'a [u8],
}

impl<'a> Choices<'a> {
    /// The choices in these octets.
    #[must_use]
    pub const fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets }
    }

    /// Whether there are no more.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.rest.is_empty()
    }

    /// One octet.
    pub fn octet(&mut self) -> u8 {
        let Some((first, rest)) = self.rest.split_first() else {
            return 0;
        };
        self.rest = rest;
        *first
    }

    /// One of two.
    pub fn truth(&mut self) -> bool {
        self.octet() & 1 == 1
    }

    /// A number below `bound`, which is 1 to 256.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::from(self.octet()) % bound
    }

    /// One of several; there is at least one.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// Two octets as a number.
    pub fn short(&mut self) -> u16 {
        u16::from_be_bytes(self.array())
    }

    /// Four octets as a number.
    pub fn word(&mut self) -> u32 {
        u32::from_be_bytes(self.array())
    }

    /// So many octets.
    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.octet())
    }

    /// Something of a length that is a choice itself, of up to 65535 octets.
    pub fn octets(&mut self) -> &'a [u8] {
        let length = match self.octet() {
            255 => usize::from(self.short()),
            short => short.into(),
        };
        let (taken, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    /// The same as text.
    pub fn text(&mut self) -> String {
        String::from_utf8_lossy(self.octets()).into_owned()
    }

    /// All that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// A time of any order, up to some minutes.
    pub fn time(&mut self) -> Duration {
        let unit = self.pick(&[0, 1, 1_000, 1_000_000, 10_000_000, 1_000_000_000]);
        Duration::from_nanos(unit * u64::from(self.octet()))
    }

    /// An address of either family.
    pub fn address(&mut self) -> IpAddr {
        match self.truth() {
            true => IpAddr::V6(Ipv6Addr::from(self.array::<16>())),
            false => IpAddr::V4(Ipv4Addr::from(self.array::<4>())),
        }
    }
}

/// Sizes of the pieces in which octets are read besides at once: one by one, in pieces
/// that fit nothing, and as TCP brings them.
pub const PIECES: [usize; 3] = [1, 7, 1448];

/// A moment that is not the beginning of time.
#[must_use]
pub fn now() -> Instant {
    Instant::ZERO + Duration::from_secs(1_000_000)
}

/// A server to be checked.
#[must_use]
pub fn endpoint() -> Endpoint {
    Endpoint {
        address: ([192, 0, 2, 1], 80).into(),
        own: None,
        timeout: Duration::from_secs(5),
    }
}
