//! Light-weight tunnels of routes: `RTA_ENCAP_TYPE` and `RTA_ENCAP`.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::attr::{Attribute, Attributes, Writer};

/// `LWTUNNEL_ENCAP_*`
const MPLS: u16 = 1;
const IP: u16 = 2;
const ILA: u16 = 3;
const IP6: u16 = 4;

const MPLS_IPTUNNEL_DST: u16 = 1;
const ILA_ATTR_LOCATOR: u16 = 1;

/// `LWTUNNEL_IP_*`; those of IPv6 have the same numbers, TTL and TOS under
/// other names.
const TUNNEL_ID: u16 = 1;
const TUNNEL_DST: u16 = 2;
const TUNNEL_SRC: u16 = 3;
const TUNNEL_TTL: u16 = 4;
const TUNNEL_TOS: u16 = 5;
const TUNNEL_FLAGS: u16 = 6;

/// Bottom of the label stack (RFC 3032 section 2.1).
const BOTTOM: u32 = 1 << 8;
const LABEL_SHIFT: u32 = 12;

/// What packets on a route are put into.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Encapsulation {
    /// A stack of labels of 20 bits, the outermost first.
    Mpls(Vec<u32>),
    /// Metadata of an IPv4 tunnel.
    Ip(Tunnel),
    /// Metadata of an IPv6 tunnel.
    Ip6(Tunnel),
    /// The locator of identifier locator addressing.
    Ila(u64),
}

/// Metadata of a tunnel.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Tunnel {
    /// Number of the tunnel.
    pub id: Option<u64>,
    /// Its other end.
    pub destination: Option<IpAddr>,
    /// Its own end.
    pub source: Option<IpAddr>,
    /// Time to live, or hop limit.
    pub ttl: Option<u8>,
    /// Type of service, or traffic class.
    pub tos: Option<u8>,
    /// `TUNNEL_*`.
    pub flags: Option<u16>,
}

impl Encapsulation {
    /// The number of the kind, for `RTA_ENCAP_TYPE`.
    #[must_use]
    pub const fn kind(&self) -> u16 {
        match self {
            Self::Mpls(_) => MPLS,
            Self::Ip(_) => IP,
            Self::Ip6(_) => IP6,
            Self::Ila(_) => ILA,
        }
    }

    /// The encapsulation in the value of `RTA_ENCAP`; nothing for other kinds.
    #[must_use]
    pub fn parse(kind: u16, octets: &[u8]) -> Option<Self> {
        let first = |wanted| Attributes::new(octets).find(|a| a.kind == wanted);
        match kind {
            MPLS => {
                let stack = first(MPLS_IPTUNNEL_DST)?.value.chunks_exact(4);
                let entries = stack.filter_map(<[u8]>::first_chunk);
                let labels = entries.map(|entry| u32::from_be_bytes(*entry) >> LABEL_SHIFT);
                Some(Self::Mpls(labels.collect()))
            }
            ILA => {
                let locator = first(ILA_ATTR_LOCATOR)?;
                Some(Self::Ila(u64::from_be_bytes(*locator.value.first_chunk()?)))
            }
            IP => Some(Self::Ip(Tunnel::parse(octets))),
            IP6 => Some(Self::Ip6(Tunnel::parse(octets))),
            _ => None,
        }
    }

    /// Append the value of `RTA_ENCAP`.
    pub fn write(&self, buffer: &mut Vec<u8>) {
        let w = &mut Writer::new(buffer);
        match self {
            Self::Mpls(labels) => {
                let mut stack = Vec::with_capacity(labels.len() * 4);
                for (place, label) in (1..).zip(labels) {
                    let bottom = if place == labels.len() { BOTTOM } else { 0 };
                    stack.extend((label << LABEL_SHIFT | bottom).to_be_bytes());
                }
                w.bytes(MPLS_IPTUNNEL_DST, &stack);
            }
            Self::Ila(locator) => w.bytes(ILA_ATTR_LOCATOR, &locator.to_be_bytes()),
            Self::Ip(tunnel) | Self::Ip6(tunnel) => tunnel.write(w),
        }
    }
}

impl Tunnel {
    fn parse(octets: &[u8]) -> Self {
        let mut tunnel = Self::default();
        for attribute in Attributes::new(octets) {
            let Attribute { kind, value } = attribute;
            match kind {
                TUNNEL_ID => tunnel.id = value.first_chunk().map(|o| u64::from_be_bytes(*o)),
                TUNNEL_DST => tunnel.destination = attribute.as_ip(),
                TUNNEL_SRC => tunnel.source = attribute.as_ip(),
                TUNNEL_TTL => tunnel.ttl = attribute.as_u8(),
                TUNNEL_TOS => tunnel.tos = attribute.as_u8(),
                TUNNEL_FLAGS => tunnel.flags = value.first_chunk().map(|o| u16::from_be_bytes(*o)),
                _ => {}
            }
        }
        tunnel
    }

    fn write(&self, w: &mut Writer<'_>) {
        if let Some(id) = self.id {
            w.bytes(TUNNEL_ID, &id.to_be_bytes());
        }
        w.ips([(TUNNEL_DST, self.destination), (TUNNEL_SRC, self.source)]);
        w.u8s([(TUNNEL_TTL, self.ttl), (TUNNEL_TOS, self.tos)]);
        if let Some(flags) = self.flags {
            w.bytes(TUNNEL_FLAGS, &flags.to_be_bytes());
        }
    }
}
