//! Ranges of a virtual server group: several addresses written as one.
//!
//! `192.0.2.1-9` counts the last octet on to 9, `2001:db8::1-f` the last
//! sixteen bits on to hexadecimal f. An end with all its parts counts up to that
//! address (`10.77.4.254-10.77.5.1`), across octets as the manual's example has it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

/// The most addresses of one range: what the last sixteen bits can count.
pub const MAX: u32 = 65536;

/// Addresses from one to another of the same family, both included.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct AddressRange {
    first: IpAddr,
    count: u32,
}

impl AddressRange {
    /// A single address.
    #[must_use]
    pub const fn single(address: IpAddr) -> Self {
        Self {
            first: address,
            count: 1,
        }
    }

    /// From `first` to `last`; nothing if they are of different families, in
    /// the wrong order, or more than [`MAX`].
    #[must_use]
    pub fn between(first: IpAddr, last: IpAddr) -> Option<Self> {
        let distance = match (first, last) {
            (IpAddr::V4(first), IpAddr::V4(last)) => {
                u128::from(last.to_bits()).checked_sub(first.to_bits().into())?
            }
            (IpAddr::V6(first), IpAddr::V6(last)) => last.to_bits().checked_sub(first.to_bits())?,
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return None,
        };
        let distance = u32::try_from(distance).ok().filter(|&d| d < MAX)?;
        Some(Self {
            first,
            count: distance + 1,
        })
    }

    /// From `first` on until the last octet (IPv4) or the last sixteen bits
    /// (IPv6) are `last`.
    #[must_use]
    pub fn until(first: IpAddr, last: u16) -> Option<Self> {
        let end = match first {
            IpAddr::V4(addr) => {
                let [a, b, c, _] = addr.octets();
                Ipv4Addr::new(a, b, c, u8::try_from(last).ok()?).into()
            }
            IpAddr::V6(addr) => {
                let high = addr.to_bits() & !u128::from(u16::MAX);
                Ipv6Addr::from_bits(high | u128::from(last)).into()
            }
        };
        Self::between(first, end)
    }

    /// The first address.
    #[must_use]
    pub const fn first(&self) -> IpAddr {
        self.first
    }

    /// The last address.
    #[must_use]
    pub fn last(&self) -> IpAddr {
        self.address(self.count - 1)
    }

    /// How many addresses, at least one.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// All of them in order.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> + use<> {
        let range = *self;
        let places: RangeInclusive<u32> = 0..=self.count - 1;
        places.map(move |place| range.address(place))
    }

    /// The address so many after the first; `between` has seen that it exists.
    fn address(&self, place: u32) -> IpAddr {
        match self.first {
            IpAddr::V4(addr) => Ipv4Addr::from_bits(addr.to_bits().wrapping_add(place)).into(),
            IpAddr::V6(addr) => {
                Ipv6Addr::from_bits(addr.to_bits().wrapping_add(place.into())).into()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn listed(range: Option<AddressRange>) -> Vec<String> {
        let range = range.unwrap();
        let list: Vec<_> = range.addresses().map(|addr| addr.to_string()).collect();
        assert_eq!(u32::try_from(list.len()), Ok(range.count()));
        assert_eq!(list.last(), Some(&range.last().to_string()));
        list
    }

    #[test]
    fn the_last_part_counts_on() {
        assert_eq!(
            listed(AddressRange::until(ip("192.0.2.9"), 11)),
            ["192.0.2.9", "192.0.2.10", "192.0.2.11"]
        );
        assert_eq!(
            listed(AddressRange::until(ip("2001:db8::fe"), 0x100)),
            ["2001:db8::fe", "2001:db8::ff", "2001:db8::100"]
        );
    }

    #[test]
    fn a_whole_address_as_the_end_crosses_octets() {
        assert_eq!(
            listed(AddressRange::between(ip("10.77.4.254"), ip("10.77.5.1"))),
            ["10.77.4.254", "10.77.4.255", "10.77.5.0", "10.77.5.1"]
        );
        assert_eq!(
            listed(AddressRange::between(
                ip("2001:db8::ffff"),
                ip("2001:db8::1:0")
            )),
            ["2001:db8::ffff", "2001:db8::1:0"]
        );
    }

    #[test]
    fn what_is_no_range_is_refused() {
        assert_eq!(AddressRange::until(ip("192.0.2.9"), 8), None);
        assert_eq!(AddressRange::until(ip("192.0.2.9"), 256), None);
        let bad = [
            ("192.0.2.1", "192.0.1.9"),
            ("192.0.2.1", "2001:db8::1"),
            ("10.0.0.0", "10.1.0.0"),
            ("::", "ffff::"),
        ];
        for (first, last) in bad {
            assert_eq!(AddressRange::between(ip(first), ip(last)), None, "{first}");
        }
    }
}
