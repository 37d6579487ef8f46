//! Links: `RTM_NEWLINK`, `RTM_DELLINK`.

use super::attr::{Attributes, Writer};
use super::header::{Header, Message, family, kind, write_message};
use crate::model::{IfIndex, MacAddr};

/// Octets of `struct ifinfomsg`.
const FIXED: usize = 16;

const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_LINK: u16 = 5;
const IFLA_MASTER: u16 = 10;
const IFLA_LINKINFO: u16 = 18;
const IFLA_GROUP: u16 = 27;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const IFLA_VRF_TABLE: u16 = 1;
const IFLA_LINK_NETNSID: u16 = 37;
const IFLA_EXT_MASK: u16 = 29;
const IFLA_MACVLAN_MODE: u16 = 1;
const IFLA_IPVLAN_MODE: u16 = 1;
const IFLA_IPVLAN_FLAGS: u16 = 2;
/// Macvlan ports that do not talk to each other (`MACVLAN_MODE_PRIVATE`).
pub const MACVLAN_PRIVATE: u32 = 1;
/// Ipvlan ports told apart by address, below ARP (`IPVLAN_MODE_L2`).
pub const IPVLAN_L2: u16 = 0;
/// Leave counters out of a dump (`RTEXT_FILTER_SKIP_STATS`).
const SKIP_STATISTICS: u32 = 1 << 3;

/// Flags of an interface (`IFF_*`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct LinkFlags(pub u32);

impl LinkFlags {
    /// Switched on by the administrator.
    pub const UP: Self = Self(0x1);
    /// Every packet comes back.
    pub const LOOPBACK: Self = Self(0x8);
    /// Able to work: carrier is there.
    pub const RUNNING: Self = Self(0x40);
    /// Without address resolution.
    pub const NOARP: Self = Self(0x80);
    /// Can send to groups.
    pub const MULTICAST: Self = Self(0x1000);

    /// Whether all of `flags` are set.
    #[must_use]
    pub const fn has(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }
}

/// A link message; text and nested data are borrowed from it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct LinkMessage<'a> {
    /// Address family: [`family::BRIDGE`] for the port of a bridge.
    pub family: u8,
    /// Hardware type (`ARPHRD_*`): 1 Ethernet, 772 loopback, 32 Infiniband.
    pub hardware: u16,
    /// Interface; 0 in a request that names it otherwise.
    pub index: u32,
    /// Flags.
    pub flags: LinkFlags,
    /// In a request: which flags to change.
    pub change: LinkFlags,
    /// Name.
    pub name: Option<&'a str>,
    /// Ethernet address; nothing if it has another length.
    pub mac: Option<MacAddr>,
    /// Largest packet in octets.
    pub mtu: Option<u32>,
    /// The bridge, bond or VRF this link belongs to.
    pub master: Option<IfIndex>,
    /// The link below a virtual one, unless it is in another namespace.
    pub parent: Option<IfIndex>,
    /// Link group, a number for the administrator.
    pub group: Option<u32>,
    /// Driver of a virtual link, such as `macvlan`.
    pub kind: Option<&'a str>,
    /// What belongs to the driver: attributes.
    pub kind_data: Option<&'a [u8]>,
}

impl<'a> LinkMessage<'a> {
    /// The link in a message, or nothing if it is too short.
    #[must_use]
    pub fn parse(message: &Message<'a>) -> Option<Self> {
        let (&[family, _], rest) = message.payload.split_first_chunk()?;
        let (hardware, rest) = rest.split_first_chunk()?;
        let (index, rest) = rest.split_first_chunk()?;
        let (flags, rest) = rest.split_first_chunk()?;
        let mut link = Self {
            family,
            hardware: u16::from_ne_bytes(*hardware),
            index: u32::from_ne_bytes(*index),
            flags: LinkFlags(u32::from_ne_bytes(*flags)),
            change: LinkFlags(u32::from_ne_bytes(*rest.first_chunk()?)),
            ..Self::default()
        };
        let mut is_parent_elsewhere = false;
        for attribute in Attributes::after(message.payload, FIXED) {
            match attribute.kind {
                IFLA_LINK_NETNSID => is_parent_elsewhere = true,
                IFLA_IFNAME => link.name = attribute.as_text(),
                IFLA_ADDRESS => link.mac = attribute.as_mac(),
                IFLA_MTU => link.mtu = attribute.as_u32(),
                IFLA_MASTER => link.master = attribute.as_interface(),
                IFLA_LINK => link.parent = attribute.as_interface(),
                IFLA_GROUP => link.group = attribute.as_u32(),
                IFLA_LINKINFO => link.read_kind(attribute.nested()),
                _ => {}
            }
        }
        if is_parent_elsewhere {
            link.parent = None;
        }
        Some(link)
    }

    fn read_kind(&mut self, attributes: Attributes<'a>) {
        for attribute in attributes {
            match attribute.kind {
                IFLA_INFO_KIND => self.kind = attribute.as_text(),
                IFLA_INFO_DATA => self.kind_data = Some(attribute.value),
                _ => {}
            }
        }
    }

    /// The mode of a macvlan.
    #[must_use]
    pub fn macvlan_mode(&self) -> Option<u32> {
        let data = self.kind_data.filter(|_| self.kind == Some("macvlan"))?;
        Attributes::new(data)
            .find(|attribute| attribute.kind == IFLA_MACVLAN_MODE)?
            .as_u32()
    }

    /// The table of a VRF.
    #[must_use]
    pub fn vrf_table(&self) -> Option<u32> {
        let data = self.kind_data.filter(|_| self.kind == Some("vrf"))?;
        let table = Attributes::new(data).find(|a| a.kind == IFLA_VRF_TABLE);
        table.and_then(|attribute| attribute.as_u32())
    }

    /// Append the message to `buffer`.
    pub fn write(&self, buffer: &mut Vec<u8>, header: Header) {
        let mut fixed = [0; FIXED];
        let parts: [&[u8]; 5] = [
            &[self.family, 0],
            &self.hardware.to_ne_bytes(),
            &self.index.to_ne_bytes(),
            &self.flags.0.to_ne_bytes(),
            &self.change.0.to_ne_bytes(),
        ];
        for (to, from) in fixed.iter_mut().zip(parts.into_iter().flatten()) {
            *to = *from;
        }
        write_message(buffer, header, &fixed, |w| self.write_attributes(w));
    }

    fn write_attributes(&self, w: &mut Writer<'_>) {
        if let Some(name) = self.name {
            w.text(IFLA_IFNAME, name);
        }
        if let Some(MacAddr(octets)) = self.mac {
            w.bytes(IFLA_ADDRESS, &octets);
        }
        let number = |index: Option<IfIndex>| index.map(|IfIndex(number)| number);
        w.u32s([
            (IFLA_MTU, self.mtu),
            (IFLA_MASTER, number(self.master)),
            (IFLA_LINK, number(self.parent)),
            (IFLA_GROUP, self.group),
        ]);
        if self.kind.is_some() || self.kind_data.is_some() {
            w.nest(IFLA_LINKINFO, |w| {
                if let Some(kind) = self.kind {
                    w.text(IFLA_INFO_KIND, kind);
                }
                if let Some(data) = self.kind_data {
                    w.bytes(IFLA_INFO_DATA, data);
                }
            });
        }
    }
}

/// [`LinkMessage::kind_data`] of a macvlan.
#[must_use]
pub fn macvlan_data(mode: u32) -> Vec<u8> {
    let mut data = Vec::new();
    Writer::new(&mut data).u32(IFLA_MACVLAN_MODE, mode);
    data
}

/// [`LinkMessage::kind_data`] of an ipvlan.
#[must_use]
pub fn ipvlan_data(mode: u16, flags: u16) -> Vec<u8> {
    let mut data = Vec::new();
    let mut writer = Writer::new(&mut data);
    writer.u16(IFLA_IPVLAN_MODE, mode);
    writer.u16(IFLA_IPVLAN_FLAGS, flags);
    data
}

/// Append the question for all links.
pub fn write_dump(buffer: &mut Vec<u8>, sequence: u32) {
    use super::header::flag;
    let header = Header {
        kind: kind::GET_LINK,
        flags: flag::REQUEST | flag::DUMP,
        sequence,
        port: 0,
    };
    let fixed = [family::UNSPECIFIED; FIXED];
    write_message(buffer, header, &fixed, |w| {
        w.u32(IFLA_EXT_MASK, SKIP_STATISTICS);
    });
}
