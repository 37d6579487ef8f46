//! Instances by interface and VRID.

use std::net::IpAddr;

use crate::model::{Family, IfIndex, IfName};
use crate::snmp::Index;
use crate::vrrp::config::{InstanceConfig, VrrpConfig};
use crate::vrrp::fsm::{InstanceId, Version};

/// An address of an instance, by its place among the virtual addresses.
pub type AddressRow = (InstanceId, usize);

/// The rows of both MIBs. They change with the configuration, and when an interface
/// comes or goes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RfcRows {
    /// Version 2, IPv4: `ifIndex`, VRID.
    pub version2: Index<InstanceId>,
    /// Their addresses: the same and the address.
    pub version2_addresses: Index<AddressRow>,
    /// All, those of version 2 too (as the C daemon has it, built as usual): `ifIndex`,
    /// VRID, `InetAddressType`.
    pub version3: Index<InstanceId>,
    /// Their addresses: the same and the address, without a length (as the C daemon
    /// has it, although RFC 2578 section 7.7 wants one).
    pub version3_addresses: Index<AddressRow>,
}

impl RfcRows {
    /// The rows of a configuration; `number` tells those of interfaces that exist.
    #[must_use]
    pub fn new(vrrp: &VrrpConfig, number: impl Fn(&IfName) -> Option<IfIndex>) -> Self {
        let mut lists = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (id, instance) in (0..).map(InstanceId).zip(&vrrp.instances) {
            let name = instance.interface.as_ref().map(|name| &name.value);
            let Some(IfIndex(interface)) = name.and_then(&number) else {
                continue;
            };
            if instance.vips.is_empty() {
                continue;
            }
            let row = [
                interface,
                instance.vrid.0.into(),
                address_type(instance.family),
            ];
            if is_of_version2(instance) {
                lists.1.extend(addresses_of(id, &row[..2], instance));
                lists.0.push((row[..2].into(), id));
            }
            lists.3.extend(addresses_of(id, &row, instance));
            lists.2.push((row.into(), id));
        }
        Self {
            version2: Index::new(lists.0),
            version2_addresses: Index::new(lists.1),
            version3: Index::new(lists.2),
            version3_addresses: Index::new(lists.3),
        }
    }
}

/// Whether VRRP-MIB knows an instance.
#[must_use]
pub fn is_of_version2(instance: &InstanceConfig) -> bool {
    (instance.version, instance.family) == (Version::V2, Family::V4)
}

/// `InetAddressType` (RFC 4001)
#[must_use]
pub const fn address_type(family: Family) -> u32 {
    match family {
        Family::V4 => 1,
        Family::V6 => 2,
    }
}

fn addresses_of(
    id: InstanceId,
    row: &[u32],
    instance: &InstanceConfig,
) -> impl Iterator<Item = (Box<[u32]>, AddressRow)> {
    let addresses = instance.vips.iter().enumerate();
    addresses.map(move |(place, address)| {
        let octets = match address.net.addr {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        let octets = octets.into_iter().map(u32::from);
        let index: Vec<u32> = row.iter().copied().chain(octets).collect();
        (index.into_boxed_slice(), (id, place))
    })
}
