//! The list of virtual addresses as adverts carry it.

use std::net::IpAddr;

use crate::model::{Family, Vrid};
use crate::wire::vrrp::Advert;

/// The addresses of `virtual_ipaddress` of one family, in configuration order,
/// ready to be sent and to be compared with a received list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AddressList {
    family: Family,
    octets: Box<[u8]>,
    sorted: Box<[IpAddr]>,
}

/// Why addresses are no list of an advert.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AddressListError {
    /// An address of the other family.
    Family(IpAddr),
    /// More than 255 (RFC 9568 section 5.2.5).
    TooMany(usize),
}

/// How a received list relates to the own one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ListMatch {
    /// The same addresses, perhaps in another order.
    Same,
    /// Another number of addresses.
    Count {
        /// How many it has.
        received: u8,
        /// How many the own list has.
        expected: usize,
        /// The first one of ours that is not in it.
        only_here: Option<IpAddr>,
        /// The first one in it that is not ours.
        only_there: Option<IpAddr>,
    },
    /// This one of ours is not in it.
    Missing(IpAddr),
}

impl ListMatch {
    /// What to log about a list that is not [`Self::Same`], in the original's words and with
    /// the address to look for.
    #[must_use]
    pub fn complaint(&self, vrid: Vrid) -> Option<String> {
        match self {
            Self::Same => None,
            Self::Count {
                received,
                expected,
                only_here,
                only_there,
            } => {
                let here = only_here.map(|address| format!(" {address} is only here."));
                let there = only_there.map(|address| format!(" {address} is only there."));
                Some(format!(
                    "received an unexpected ip number count {received}, expected {expected}!{}{}",
                    here.unwrap_or_default(),
                    there.unwrap_or_default()
                ))
            }
            Self::Missing(address) => Some(format!(
                "ip address associated with VRID {vrid} not present in MASTER advert: {address}"
            )),
        }
    }
}

impl AddressList {
    /// The most addresses an advert has room for in its count field.
    pub const MAX: usize = 255;

    /// A list of up to 255 addresses of one family; it may be empty.
    ///
    /// # Errors
    /// An address of another family, or too many addresses.
    pub fn new(family: Family, addresses: &[IpAddr]) -> Result<Self, AddressListError> {
        if let Some(&other) = addresses
            .iter()
            .find(|address| Family::of(address) != family)
        {
            return Err(AddressListError::Family(other));
        }
        if addresses.len() > Self::MAX {
            return Err(AddressListError::TooMany(addresses.len()));
        }
        let mut octets = Vec::with_capacity(addresses.len() * family.address_len());
        for address in addresses {
            match address {
                IpAddr::V4(address) => octets.extend_from_slice(&address.octets()),
                IpAddr::V6(address) => octets.extend_from_slice(&address.octets()),
            }
        }
        let mut sorted = addresses.to_vec();
        sorted.sort_unstable();
        // A repeated address counts on the wire, but is one address to look for.
        sorted.dedup();
        Ok(Self {
            family,
            octets: octets.into(),
            sorted: sorted.into(),
        })
    }

    /// The family of all addresses.
    #[must_use]
    pub const fn family(&self) -> Family {
        self.family
    }

    /// The addresses as octets on the wire, in configuration order.
    #[must_use]
    pub const fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// How many addresses there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.octets.len() / self.family.address_len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// Compares with a received list. The order does not matter, as in
    /// RFC 9568 section 7.1; the usual case, the same order, is one comparison.
    #[must_use]
    pub fn compare(&self, advert: &Advert<'_>) -> ListMatch {
        if advert.address_octets() == &*self.octets {
            return ListMatch::Same;
        }
        let (only_here, only_there) = self.differences(advert);
        if usize::from(advert.count()) != self.len() {
            return ListMatch::Count {
                received: advert.count(),
                expected: self.len(),
                only_here,
                only_there,
            };
        }
        only_here.map_or(ListMatch::Same, ListMatch::Missing)
    }

    /// The first address that is only in the own list, and the first only in the received one.
    fn differences(&self, advert: &Advert<'_>) -> (Option<IpAddr>, Option<IpAddr>) {
        let mut seen = [false; Self::MAX];
        let mut foreign = None;
        for address in advert.addresses() {
            match self.sorted.binary_search(&address) {
                Ok(at) => {
                    if let Some(mark) = seen.get_mut(at) {
                        *mark = true;
                    }
                }
                Err(_) => foreign = foreign.or(Some(address)),
            }
        }
        let missing = self.sorted.iter().zip(seen).find(|(_, seen)| !seen);
        (missing.map(|(&address, _)| address), foreign)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(texts: &[&str]) -> Result<AddressList, AddressListError> {
        let addresses: Vec<IpAddr> = texts.iter().map(|text| text.parse().unwrap()).collect();
        AddressList::new(Family::V4, &addresses)
    }

    fn compare(own: &[&str], heard: &[&str]) -> ListMatch {
        let heard = list(heard).unwrap();
        let count = u8::try_from(heard.len()).unwrap();
        let octets = [&[0x31, 1, 100, count, 0, 100, 0, 0], heard.octets()].concat();
        list(own)
            .unwrap()
            .compare(&Advert::parse(&octets, Family::V4).unwrap())
    }

    #[test]
    fn order_and_repetition_do_not_matter() {
        assert_eq!(
            compare(&["10.0.0.1", "10.0.0.2"], &["10.0.0.2", "10.0.0.1"]),
            ListMatch::Same
        );
        assert_eq!(compare(&["10.0.0.1"; 3], &["10.0.0.1"; 3]), ListMatch::Same);
        assert_eq!(compare(&[], &[]), ListMatch::Same);
        let twice = ["10.0.0.1", "10.0.0.1", "10.0.0.2"];
        let other = ["10.0.0.2", "10.0.0.1", "10.0.0.2"];
        assert_eq!(compare(&twice, &other), ListMatch::Same);
    }

    #[test]
    fn differences_have_words() {
        let missing = compare(&["10.0.0.1", "10.0.0.3"], &["10.0.0.2", "10.0.0.1"]);
        assert_eq!(
            missing.complaint(Vrid(7)).unwrap(),
            "ip address associated with VRID 7 not present in MASTER advert: 10.0.0.3"
        );
        let count = compare(&["10.0.0.1"], &["10.0.0.2", "10.0.0.1"]);
        assert_eq!(
            count.complaint(Vrid(7)).unwrap(),
            "received an unexpected ip number count 2, expected 1! 10.0.0.2 is only there."
        );
        let fewer = compare(&["10.0.0.1", "10.0.0.3"], &["10.0.0.1"]);
        assert_eq!(
            fewer.complaint(Vrid(7)).unwrap(),
            "received an unexpected ip number count 1, expected 2! 10.0.0.3 is only here."
        );
        let repeated = compare(&["10.0.0.1"], &["10.0.0.1", "10.0.0.1"]);
        assert_eq!(
            repeated.complaint(Vrid(7)).unwrap(),
            "received an unexpected ip number count 2, expected 1!"
        );
        assert_eq!(ListMatch::Same.complaint(Vrid(7)), None);
    }

    #[test]
    fn what_no_advert_can_list_is_refused() {
        let other = "fe80::1".parse().unwrap();
        assert_eq!(
            list(&["10.0.0.1", "fe80::1"]),
            Err(AddressListError::Family(other))
        );
        assert_eq!(
            list(&["10.0.0.1"; 256]),
            Err(AddressListError::TooMany(256))
        );
        assert_eq!(list(&["10.0.0.1"; 255]).unwrap().len(), 255);
    }
}
