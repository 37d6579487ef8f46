//! Object identifiers.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;

/// The name of an object: numbers from the root of the tree (RFC 2578 section 3.5).
///
/// The order is that of SNMP, number by number. As a slice it is a name that others
/// own: what does not keep a name takes `&[u32]`.
#[derive(Clone, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Oid(Vec<u32>);

impl Oid {
    /// The name with these numbers.
    #[must_use]
    pub fn new(numbers: &[u32]) -> Self {
        Self(numbers.to_vec())
    }

    /// This name with more numbers behind.
    #[must_use]
    pub fn join(numbers: &[u32], more: &[u32]) -> Self {
        Self([numbers, more].concat())
    }

    /// One number more.
    pub fn push(&mut self, number: u32) {
        self.0.push(number);
    }
}

impl Deref for Oid {
    type Target = [u32];

    fn deref(&self) -> &[u32] {
        &self.0
    }
}

impl Borrow<[u32]> for Oid {
    fn borrow(&self) -> &[u32] {
        &self.0
    }
}

impl From<Vec<u32>> for Oid {
    fn from(numbers: Vec<u32>) -> Self {
        Self(numbers)
    }
}

impl From<&[u32]> for Oid {
    fn from(numbers: &[u32]) -> Self {
        Self::new(numbers)
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|number| write!(f, ".{number}"))
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
