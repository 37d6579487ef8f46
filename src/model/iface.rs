//! Network interfaces: index and name.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// The kernel's number of an interface; never reused while the interface lives.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct IfIndex(pub u32);

impl fmt::Display for IfIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The name of an interface: 1 to 15 octets without blanks or slashes (`IFNAMSIZ`).
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct IfName(Box<str>);

impl IfName {
    /// The longest name, in octets.
    pub const MAX: usize = 15;

    /// A valid interface name, or nothing.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let bad = |c: char| c == '/' || c == ':' || c.is_whitespace() || c.is_control();
        let fits = !name.is_empty() && name.len() <= Self::MAX && name != "." && name != "..";
        (fits && !name.contains(bad)).then(|| Self(name.into()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// To look a name up without making one.
impl Borrow<str> for IfName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IfName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
