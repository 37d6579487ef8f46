//! Real servers in messages (`IPVS_DEST_ATTR_*`).

use super::{
    command, family_number, read_address, read_family, read_port, stats, top, write_address,
};
use crate::ipvs::destination::{Checksum, Destination, DestinationKey, Forwarding, Tunnel};
use crate::ipvs::table::{Counters, DestinationReading};
use crate::model::Family as AddressFamily;
use crate::netlink::attr::{Attribute, Attributes, Writer};
use crate::netlink::genl::Family;
use crate::netlink::header::Message;

const ADDR: u16 = 1;
const PORT: u16 = 2;
const FWD_METHOD: u16 = 3;
const WEIGHT: u16 = 4;
const U_THRESH: u16 = 5;
const L_THRESH: u16 = 6;
const ACTIVE_CONNS: u16 = 7;
const INACT_CONNS: u16 = 8;
const PERSIST_CONNS: u16 = 9;
const STATS: u16 = 10;
const ADDR_FAMILY: u16 = 11;
const STATS64: u16 = 12;
const TUN_TYPE: u16 = 13;
const TUN_PORT: u16 = 14;
const TUN_FLAGS: u16 = 15;

/// The forwarding method is in these bits (`IP_VS_CONN_F_FWD_MASK`).
const METHOD: u32 = 0x7;
const MASQUERADE: u32 = 0;
const LOCAL: u32 = 1;
const TUNNEL: u32 = 2;
const DIRECT_ROUTE: u32 = 3;
const BYPASS: u32 = 4;

/// Tunnel types (`IP_VS_CONN_F_TUNNEL_TYPE_*`).
const IPIP: u8 = 0;
const GUE: u8 = 1;
const GRE: u8 = 2;

/// Flags of a tunnel (`IP_VS_TUNNEL_ENCAP_FLAG_*`).
const CSUM: u16 = 1;
const REMCSUM: u16 = 2;

/// The greatest weight: the kernel has it signed.
const GREATEST_WEIGHT: u32 = i32::MAX.unsigned_abs();

/// A real server that the kernel tells about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DestinationTold {
    /// Which.
    pub key: DestinationKey,
    /// What it is to its service.
    pub destination: Destination,
    /// Its connections and what was counted.
    pub reading: DestinationReading,
}

impl DestinationTold {
    /// The real server in a message that answers for a service of this family.
    #[must_use]
    pub fn parse(ipvs: Family, message: &Message<'_>, of: AddressFamily) -> Option<Self> {
        let (number, mut attributes) = ipvs.read(message)?;
        if number != command::NEW_DEST {
            return None;
        }
        let nest = attributes.find(|attribute| attribute.kind == top::DEST)?;
        Fields::read(nest.nested()).told(of)
    }
}

/// Append a real server: the key, and what it is unless only the key matters.
pub(super) fn write(
    message: &mut Writer<'_>,
    key: &DestinationKey,
    destination: Option<&Destination>,
) {
    message.nest(top::DEST, |attributes| {
        write_address(attributes, ADDR, key.address);
        attributes.bytes(PORT, &key.port.to_be_bytes());
        attributes.u16(ADDR_FAMILY, family_number(key.family()));
        if let Some(destination) = destination {
            attributes.u32(FWD_METHOD, method(destination.forwarding));
            attributes.u32(WEIGHT, destination.weight.min(GREATEST_WEIGHT));
            attributes.u32(U_THRESH, destination.upper_threshold);
            attributes.u32(L_THRESH, destination.lower_threshold);
            if let Forwarding::Tunnel(tunnel) = destination.forwarding {
                write_tunnel(attributes, tunnel);
            }
        }
    });
}

fn write_tunnel(attributes: &mut Writer<'_>, tunnel: Tunnel) {
    let (kind, checksum) = match tunnel {
        Tunnel::Ipip => (IPIP, None),
        Tunnel::Gue { checksum, .. } => (GUE, Some(checksum)),
        Tunnel::Gre { checksum } => (GRE, Some(checksum)),
    };
    attributes.u8(TUN_TYPE, kind);
    if let Tunnel::Gue { port, .. } = tunnel {
        attributes.bytes(TUN_PORT, &port.to_be_bytes());
    }
    if let Some(checksum) = checksum {
        let flags = match checksum {
            Checksum::None => 0,
            Checksum::Outer => CSUM,
            Checksum::Remote => REMCSUM,
        };
        attributes.u16(TUN_FLAGS, flags);
    }
}

const fn method(forwarding: Forwarding) -> u32 {
    match forwarding {
        Forwarding::Masquerade => MASQUERADE,
        Forwarding::Local => LOCAL,
        Forwarding::Tunnel(_) => TUNNEL,
        Forwarding::DirectRoute => DIRECT_ROUTE,
        Forwarding::Bypass => BYPASS,
    }
}

/// The attributes of a real server, in whatever order they came.
#[derive(Debug, Default)]
struct Fields<'a> {
    family: Option<AddressFamily>,
    address: &'a [u8],
    port: Option<u16>,
    method: Option<u32>,
    tunnel: u8,
    tunnel_port: u16,
    tunnel_flags: u16,
    weight: u32,
    upper_threshold: u32,
    lower_threshold: u32,
    reading: DestinationReading,
    counters: Option<Counters>,
    counters_32: Option<Counters>,
}

impl<'a> Fields<'a> {
    fn read(attributes: Attributes<'a>) -> Self {
        let mut fields = Self::default();
        attributes.for_each(|attribute| fields.hear(&attribute));
        fields
    }

    fn hear(&mut self, attribute: &Attribute<'a>) {
        let number = || attribute.as_u32().unwrap_or_default();
        match attribute.kind {
            ADDR => self.address = attribute.value,
            PORT => self.port = read_port(attribute),
            FWD_METHOD => self.method = attribute.as_u32(),
            WEIGHT => self.weight = number(),
            U_THRESH => self.upper_threshold = number(),
            L_THRESH => self.lower_threshold = number(),
            ACTIVE_CONNS => self.reading.active_connections = number(),
            INACT_CONNS => self.reading.inactive_connections = number(),
            PERSIST_CONNS => self.reading.persistent_connections = number(),
            STATS => self.counters_32 = Some(stats::read(attribute.nested())),
            STATS64 => self.counters = Some(stats::read(attribute.nested())),
            ADDR_FAMILY => self.family = read_family(attribute),
            TUN_TYPE => self.tunnel = attribute.as_u8().unwrap_or_default(),
            TUN_PORT => self.tunnel_port = read_port(attribute).unwrap_or_default(),
            TUN_FLAGS => self.tunnel_flags = attribute.as_u16().unwrap_or_default(),
            _ => {}
        }
    }

    /// Kernels without [`ADDR_FAMILY`] have the service's family only.
    fn told(self, of: AddressFamily) -> Option<DestinationTold> {
        let destination = Destination {
            forwarding: self.forwarding()?,
            weight: self.weight,
            upper_threshold: self.upper_threshold,
            lower_threshold: self.lower_threshold,
        };
        let counters = self.counters.or(self.counters_32).unwrap_or_default();
        Some(DestinationTold {
            key: DestinationKey {
                address: read_address(self.address, self.family.unwrap_or(of))?,
                port: self.port?,
            },
            destination,
            reading: DestinationReading {
                counters,
                ..self.reading
            },
        })
    }

    fn forwarding(&self) -> Option<Forwarding> {
        match self.method? & METHOD {
            MASQUERADE => Some(Forwarding::Masquerade),
            LOCAL => Some(Forwarding::Local),
            TUNNEL => self.tunnel().map(Forwarding::Tunnel),
            DIRECT_ROUTE => Some(Forwarding::DirectRoute),
            BYPASS => Some(Forwarding::Bypass),
            _ => None,
        }
    }

    fn tunnel(&self) -> Option<Tunnel> {
        let checksum = match self.tunnel_flags {
            flags if flags & REMCSUM != 0 => Checksum::Remote,
            flags if flags & CSUM != 0 => Checksum::Outer,
            _ => Checksum::None,
        };
        match self.tunnel {
            IPIP => Some(Tunnel::Ipip),
            GUE => Some(Tunnel::Gue {
                port: self.tunnel_port,
                checksum,
            }),
            GRE => Some(Tunnel::Gre { checksum }),
            _ => None,
        }
    }
}
