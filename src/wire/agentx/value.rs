//! Values of variables (RFC 2741 section 5.4).

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use super::Oid;

/// What a variable is bound to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Value {
    /// `INTEGER`, `Integer32`, enumerations, `TruthValue`, `RowStatus`.
    Integer(i32),
    /// `OCTET STRING`, `DisplayString`, `InetAddress`, `PhysAddress`.
    OctetString(Vec<u8>),
    /// Nothing; the value of names in requests.
    Null,
    /// `OBJECT IDENTIFIER`
    ObjectIdentifier(Oid),
    /// `IpAddress`, IPv4 only.
    IpAddress(Ipv4Addr),
    /// `Counter32`
    Counter32(u32),
    /// `Gauge32`, `Unsigned32`, `InetPortNumber`.
    Gauge32(u32),
    /// `TimeTicks`, hundredths of a second.
    TimeTicks(u32),
    /// `Opaque`
    Opaque(Vec<u8>),
    /// `Counter64`
    Counter64(u64),
    /// There is no object of this name.
    NoSuchObject,
    /// There is such an object, but not this instance of it.
    NoSuchInstance,
    /// There is nothing in the range.
    EndOfMibView,
}

impl Value {
    /// A `DisplayString` or other octets.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::OctetString(text.as_bytes().to_vec())
    }

    /// `TruthValue` and its likes: 1 is true, 2 is false (RFC 2579).
    #[must_use]
    pub const fn truth(is_true: bool) -> Self {
        Self::Integer(if is_true { 1 } else { 2 })
    }

    /// The octets of an `InetAddress` (RFC 4001).
    #[must_use]
    pub fn inet_address(address: IpAddr) -> Self {
        Self::OctetString(match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        })
    }

    /// The `InetAddressType` of an address: 1 is IPv4, 2 is IPv6 (RFC 4001).
    #[must_use]
    pub const fn inet_address_type(address: IpAddr) -> Self {
        Self::Integer(match address {
            IpAddr::V4(_) => 1,
            IpAddr::V6(_) => 2,
        })
    }

    /// A count of 64 bits as a `Counter32`, which begins again after its highest.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
    pub const fn counter32(count: u64) -> Self {
        Self::Counter32(count as u32)
    }

    /// `TimeTicks`: hundredths of a second, which begin again after 497 days.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
    pub const fn ticks(time: Duration) -> Self {
        Self::TimeTicks((time.as_millis() / 10) as u32)
    }

    /// A `Gauge32`, which stays at its highest (RFC 2578 section 7.1.7).
    #[must_use]
    pub fn gauge32(number: impl TryInto<u32>) -> Self {
        Self::Gauge32(number.try_into().unwrap_or(u32::MAX))
    }

    /// An `INTEGER`, which stays at its highest.
    #[must_use]
    pub fn integer(number: impl TryInto<i32>) -> Self {
        Self::Integer(number.try_into().unwrap_or(i32::MAX))
    }

    /// Whether it says that there is no value.
    #[must_use]
    pub const fn is_exception(&self) -> bool {
        matches!(
            self,
            Self::NoSuchObject | Self::NoSuchInstance | Self::EndOfMibView
        )
    }
}

/// A variable: a name bound to a value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VarBind {
    /// The name.
    pub name: Oid,
    /// The value.
    pub value: Value,
}

impl VarBind {
    /// A variable.
    #[must_use]
    pub const fn new(name: Oid, value: Value) -> Self {
        Self { name, value }
    }
}

/// Values of `v.type` (RFC 2741 section 5.4).
pub(super) mod kind {
    pub(in crate::wire::agentx) const INTEGER: u16 = 2;
    pub(in crate::wire::agentx) const OCTET_STRING: u16 = 4;
    pub(in crate::wire::agentx) const NULL: u16 = 5;
    pub(in crate::wire::agentx) const OBJECT_IDENTIFIER: u16 = 6;
    pub(in crate::wire::agentx) const IP_ADDRESS: u16 = 64;
    pub(in crate::wire::agentx) const COUNTER32: u16 = 65;
    pub(in crate::wire::agentx) const GAUGE32: u16 = 66;
    pub(in crate::wire::agentx) const TIME_TICKS: u16 = 67;
    pub(in crate::wire::agentx) const OPAQUE: u16 = 68;
    pub(in crate::wire::agentx) const COUNTER64: u16 = 70;
    pub(in crate::wire::agentx) const NO_SUCH_OBJECT: u16 = 128;
    pub(in crate::wire::agentx) const NO_SUCH_INSTANCE: u16 = 129;
    pub(in crate::wire::agentx) const END_OF_MIB_VIEW: u16 = 130;
}
