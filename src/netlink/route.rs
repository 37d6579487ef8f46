//! Routes: `RTM_NEWROUTE`, `RTM_DELROUTE`.

use std::net::IpAddr;

use super::addr::PROTOCOL_KEEPALIVED;
use super::attr::{Attribute, Attributes, Writer};
use super::header::{Header, Message, aligned, flag, kind, write_message};
use crate::model::IfIndex;

/// Octets of `struct rtmsg`.
const FIXED: usize = 12;
/// Octets of `struct rtnexthop`.
const NEXT_HOP: usize = 8;

const RTA_DST: u16 = 1;
const RTA_SRC: u16 = 2;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_PRIORITY: u16 = 6;
const RTA_PREFSRC: u16 = 7;
const RTA_METRICS: u16 = 8;
const RTA_MULTIPATH: u16 = 9;
const RTA_FLOW: u16 = 11;
const RTA_TABLE: u16 = 15;
const RTA_PREF: u16 = 20;
const RTA_ENCAP_TYPE: u16 = 21;
const RTA_ENCAP: u16 = 22;
const RTA_EXPIRES: u16 = 23;
const RTA_TTL_PROPAGATE: u16 = 26;

/// Next routers that need not be in a network of the interface (`RTNH_F_ONLINK`).
pub const ON_LINK: u8 = 4;

/// Kinds of routes (`RTN_*`).
#[expect(missing_docs, reason = "the names are the kernel's")]
pub mod route_kind {
    pub const UNICAST: u8 = 1;
    pub const LOCAL: u8 = 2;
    pub const BROADCAST: u8 = 3;
    pub const ANYCAST: u8 = 4;
    pub const MULTICAST: u8 = 5;
    pub const BLACKHOLE: u8 = 6;
    pub const UNREACHABLE: u8 = 7;
    pub const PROHIBIT: u8 = 8;
    pub const THROW: u8 = 9;
    pub const NAT: u8 = 10;
    pub const XRESOLVE: u8 = 11;
}

/// A route message; lists are borrowed from it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct RouteMessage<'a> {
    /// `AF_INET` or `AF_INET6`.
    pub family: u8,
    /// Prefix length of the destination.
    pub destination_prefix: u8,
    /// Prefix length of the source (IPv6).
    pub source_prefix: u8,
    /// Type of service.
    pub tos: u8,
    /// Table: 254 main, 255 local.
    pub table: u32,
    /// Who has set it (`RTPROT_*`), see [`super::addr::PROTOCOL_KEEPALIVED`].
    pub protocol: u8,
    /// `RT_SCOPE_*`.
    pub scope: u8,
    /// `RTN_*`: 1 unicast, 2 local, 6 blackhole, 7 unreachable, 8 prohibit.
    pub kind: u8,
    /// `RTM_F_*` and `RTNH_F_*`.
    pub flags: u32,
    /// Destination; nothing means everything.
    pub destination: Option<IpAddr>,
    /// Source to match (IPv6).
    pub source: Option<IpAddr>,
    /// Source address of packets that take the route.
    pub preferred_source: Option<IpAddr>,
    /// Next router.
    pub gateway: Option<IpAddr>,
    /// Interface.
    pub interface: Option<IfIndex>,
    /// Metric: the smallest wins.
    pub metric: Option<u32>,
    /// Attributes of path metrics (`RTAX_*`).
    pub metrics: Option<&'a [u8]>,
    /// Several next routers, see [`NextHops`].
    pub next_hops: Option<&'a [u8]>,
    /// Realms: that of the source in the upper 16 bits.
    pub realms: Option<u32>,
    /// Kind and attributes of [`super::encapsulation::Encapsulation`].
    pub encapsulation: Option<(u16, &'a [u8])>,
    /// Router preference (RFC 4191 section 2.1): 0 medium, 1 high, 3 low.
    pub preference: Option<u8>,
    /// Seconds until it goes (IPv6).
    pub expires: Option<u32>,
    /// Whether labels take over the time to live of packets.
    pub propagates_ttl: Option<u8>,
}

impl<'a> RouteMessage<'a> {
    /// The route in a message, or nothing if it is too short.
    #[must_use]
    pub fn parse(message: &Message<'a>) -> Option<Self> {
        let (first, rest) = message.payload.split_first_chunk()?;
        let &[family, destination_prefix, source_prefix, tos] = first;
        let (&[table, protocol, scope, kind], rest) = rest.split_first_chunk()?;
        let mut route = Self {
            family,
            destination_prefix,
            source_prefix,
            tos,
            table: u32::from(table),
            protocol,
            scope,
            kind,
            flags: u32::from_ne_bytes(*rest.first_chunk()?),
            ..Self::default()
        };
        for attribute in Attributes::after(message.payload, FIXED) {
            route.read(&attribute);
        }
        route.encapsulation = encapsulation(Attributes::after(message.payload, FIXED));
        Some(route)
    }

    fn read(&mut self, attribute: &Attribute<'a>) {
        match attribute.kind {
            RTA_DST => self.destination = attribute.as_ip(),
            RTA_SRC => self.source = attribute.as_ip(),
            RTA_PREFSRC => self.preferred_source = attribute.as_ip(),
            RTA_GATEWAY => self.gateway = attribute.as_ip(),
            RTA_OIF => self.interface = attribute.as_interface(),
            RTA_PRIORITY => self.metric = attribute.as_u32(),
            RTA_METRICS => self.metrics = Some(attribute.value),
            RTA_MULTIPATH => self.next_hops = Some(attribute.value),
            RTA_TABLE => self.table = attribute.as_u32().unwrap_or(self.table),
            RTA_FLOW => self.realms = attribute.as_u32(),
            RTA_PREF => self.preference = attribute.as_u8(),
            RTA_EXPIRES => self.expires = attribute.as_u32(),
            RTA_TTL_PROPAGATE => self.propagates_ttl = attribute.as_u8(),
            _ => {}
        }
    }

    /// The next routers of a route with several.
    #[must_use]
    pub fn hops(&self) -> NextHops<'a> {
        NextHops {
            rest: self.next_hops.unwrap_or_default(),
        }
    }

    /// Append the message to `buffer`.
    pub fn write(&self, buffer: &mut Vec<u8>, header: Header) {
        let [a, b, c, d] = self.flags.to_ne_bytes();
        // A table beyond 255 is in an attribute; 0 (`RT_TABLE_UNSPEC`) says so.
        let table = u8::try_from(self.table).unwrap_or(0);
        let fixed = [
            self.family,
            self.destination_prefix,
            self.source_prefix,
            self.tos,
            table,
            self.protocol,
            self.scope,
            self.kind,
            a,
            b,
            c,
            d,
        ];
        write_message(buffer, header, &fixed, |w| self.write_attributes(w));
    }

    fn write_attributes(&self, w: &mut Writer<'_>) {
        w.ips([
            (RTA_DST, self.destination),
            (RTA_SRC, self.source),
            (RTA_PREFSRC, self.preferred_source),
            (RTA_GATEWAY, self.gateway),
        ]);
        let interface = self.interface.map(|IfIndex(index)| index);
        w.u32s([
            (RTA_OIF, interface),
            (RTA_PRIORITY, self.metric),
            (RTA_FLOW, self.realms),
            (RTA_EXPIRES, self.expires),
        ]);
        for (kind, list) in [(RTA_METRICS, self.metrics), (RTA_MULTIPATH, self.next_hops)] {
            if let Some(list) = list {
                w.bytes(kind, list);
            }
        }
        if self.table > u32::from(u8::MAX) {
            w.u32(RTA_TABLE, self.table);
        }
        w.u8s([
            (RTA_PREF, self.preference),
            (RTA_TTL_PROPAGATE, self.propagates_ttl),
        ]);
        write_encapsulation(w, self.encapsulation);
    }
}

/// The encapsulation among attributes, of whatever kind.
fn encapsulation(attributes: Attributes<'_>) -> Option<(u16, &[u8])> {
    let (mut kind, mut octets) = (None, None);
    for attribute in attributes {
        match attribute.kind {
            RTA_ENCAP_TYPE => kind = attribute.as_u16(),
            RTA_ENCAP => octets = Some(attribute.value),
            _ => {}
        }
    }
    Some((kind?, octets?))
}

fn write_encapsulation(w: &mut Writer<'_>, encapsulation: Option<(u16, &[u8])>) {
    if let Some((kind, octets)) = encapsulation {
        w.u16(RTA_ENCAP_TYPE, kind);
        w.bytes(RTA_ENCAP, octets);
    }
}

/// One of several next routers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NextHop<'a> {
    /// `RTNH_F_*`.
    pub flags: u8,
    /// Share of the traffic, 1 to 256.
    pub weight: u16,
    /// Interface; nothing lets the kernel choose.
    pub interface: Option<IfIndex>,
    /// Router.
    pub gateway: Option<IpAddr>,
    /// Realms, as those of the route.
    pub realms: Option<u32>,
    /// Encapsulation, as that of the route.
    pub encapsulation: Option<(u16, &'a [u8])>,
}

impl<'a> NextHop<'a> {
    /// Append to the value of [`RouteMessage::next_hops`].
    pub fn write(&self, buffer: &mut Vec<u8>) {
        let start = buffer.len();
        let hops = u8::try_from(self.weight.saturating_sub(1)).unwrap_or(u8::MAX);
        buffer.extend_from_slice(&[0, 0, self.flags, hops]);
        let interface = self.interface.map_or(0, |IfIndex(index)| index);
        buffer.extend_from_slice(&interface.to_ne_bytes());
        let mut w = Writer::new(buffer);
        if let Some(gateway) = self.gateway {
            w.ip(RTA_GATEWAY, gateway);
        }
        if let Some(realms) = self.realms {
            w.u32(RTA_FLOW, realms);
        }
        write_encapsulation(&mut w, self.encapsulation);
        let length = u16::try_from(buffer.len() - start).unwrap_or(u16::MAX);
        if let Some(place) = buffer.get_mut(start..).and_then(<[u8]>::first_chunk_mut) {
            *place = length.to_ne_bytes();
        }
    }

    fn read(&mut self, attributes: &'a [u8]) {
        for attribute in Attributes::new(attributes) {
            match attribute.kind {
                RTA_GATEWAY => self.gateway = attribute.as_ip(),
                RTA_FLOW => self.realms = attribute.as_u32(),
                _ => {}
            }
        }
        self.encapsulation = encapsulation(Attributes::new(attributes));
    }
}

/// Iterator over the next routers of a route; ends at octets that are none.
#[derive(Clone, Debug)]
pub struct NextHops<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for NextHops<'a> {
    type Item = NextHop<'a>;

    fn next(&mut self) -> Option<NextHop<'a>> {
        let (length, tail) = self.rest.split_first_chunk()?;
        let (&[flags, hops], tail) = tail.split_first_chunk()?;
        let interface = u32::from_ne_bytes(*tail.first_chunk()?);
        let length = usize::from(u16::from_ne_bytes(*length));
        let attributes = self.rest.get(NEXT_HOP..length)?;
        self.rest = self.rest.get(aligned(length)..).unwrap_or_default();
        let mut hop = NextHop {
            flags,
            weight: u16::from(hops) + 1,
            interface: (interface != 0).then_some(IfIndex(interface)),
            gateway: None,
            realms: None,
            encapsulation: None,
        };
        hop.read(attributes);
        Some(hop)
    }
}

/// Append the question for the routes of a family that have keepalived's protocol
/// number. A kernel that does not filter tells all of them.
pub fn write_own_dump(buffer: &mut Vec<u8>, family: u8, sequence: u32) {
    let header = Header {
        kind: kind::GET_ROUTE,
        flags: flag::REQUEST | flag::DUMP,
        sequence,
        port: 0,
    };
    let fixed = [family, 0, 0, 0, 0, PROTOCOL_KEEPALIVED, 0, 0, 0, 0, 0, 0];
    write_message(buffer, header, &fixed, |_| {});
}
