//! `virtual_server_group`: several addresses and marks of one virtual server.

use serde::{Deserialize, Serialize};

use crate::control_plane::value::Spanned;
use crate::ipvs::range::AddressRange;
use crate::ipvs::{Protocol, ServiceKey};
use crate::model::Family;

/// `virtual_server_group NAME { ... }`
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ServiceGroup {
    /// Its name.
    pub name: Spanned<String>,
    /// Its entries, in the order of the text.
    pub entries: Vec<GroupEntry>,
}

/// An entry of a group.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum GroupEntry {
    /// `FIRST[-LAST][/LENGTH] [PORT]`
    Range {
        /// The addresses.
        range: AddressRange,
        /// The port, or 0.
        port: u16,
    },
    /// `fwmark N [inet|inet6]`
    Mark {
        /// The mark.
        mark: u32,
        /// The family it names.
        family: Option<Family>,
    },
}

impl ServiceGroup {
    /// What the kernel knows its services by. `family` is that of marks that name none.
    pub fn keys(&self, protocol: Protocol, family: Family) -> impl Iterator<Item = ServiceKey> {
        let entries = self.entries.iter();
        entries.flat_map(move |entry| entry.keys(protocol, family))
    }

    /// The family of its addresses, or of a mark that names one.
    #[must_use]
    pub fn family(&self) -> Option<Family> {
        self.entries.iter().find_map(GroupEntry::family)
    }
}

impl GroupEntry {
    /// The family it has by itself.
    #[must_use]
    pub const fn family(&self) -> Option<Family> {
        match self {
            Self::Range { range, .. } => Some(Family::of(&range.first())),
            Self::Mark { family, .. } => *family,
        }
    }

    /// What the kernel knows its services by.
    pub fn keys(
        &self,
        protocol: Protocol,
        family: Family,
    ) -> impl Iterator<Item = ServiceKey> + use<> {
        let (range, mark) = match *self {
            Self::Range { range, port } => (Some((range, port)), None),
            Self::Mark {
                mark,
                family: named,
            } => {
                let family = named.unwrap_or(family);
                (None, Some(ServiceKey::Mark { family, mark }))
            }
        };
        let addresses = range.into_iter().flat_map(move |(range, port)| {
            range.addresses().map(move |address| ServiceKey::Address {
                protocol,
                address,
                port,
            })
        });
        addresses.chain(mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_crosses_octets() {
        let group = ServiceGroup {
            name: Spanned::default(),
            entries: vec![
                GroupEntry::Range {
                    range: AddressRange::between(
                        "10.77.4.254".parse().unwrap(),
                        "10.77.5.1".parse().unwrap(),
                    )
                    .unwrap(),
                    port: 80,
                },
                GroupEntry::Mark {
                    mark: 7,
                    family: None,
                },
            ],
        };
        let keys: Vec<String> = group
            .keys(Protocol::Tcp, Family::V6)
            .map(|key| key.to_string())
            .collect();
        assert_eq!(
            keys,
            [
                "[10.77.4.254]:tcp:80",
                "[10.77.4.255]:tcp:80",
                "[10.77.5.0]:tcp:80",
                "[10.77.5.1]:tcp:80",
                "FWM 7",
            ]
        );
        assert_eq!(group.family(), Some(Family::V4));
    }
}
