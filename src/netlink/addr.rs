//! Addresses: `RTM_NEWADDR`, `RTM_DELADDR`.

use std::net::{IpAddr, Ipv4Addr};

use super::attr::{Attributes, Writer};
use super::header::{Header, Message, family, flag, kind, write_message};
use crate::model::{Family, IfIndex, IpNet};

/// Octets of `struct ifaddrmsg`.
const FIXED: usize = 8;

const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_LABEL: u16 = 3;
const IFA_BROADCAST: u16 = 4;
const IFA_CACHEINFO: u16 = 6;
const IFA_FLAGS: u16 = 8;
const IFA_PROTO: u16 = 11;

/// The kernel's number of keepalived as the origin of addresses and routes
/// (`RTPROT_KEEPALIVED`).
pub const PROTOCOL_KEEPALIVED: u8 = 18;

/// Flags of an address (`IFA_F_*`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct AddressFlags(pub u32);

impl AddressFlags {
    /// Use without duplicate address detection.
    pub const NODAD: Self = Self(0x02);
    /// Detection found another owner.
    pub const DADFAILED: Self = Self(0x08);
    /// Home address of mobile IPv6.
    pub const HOMEADDRESS: Self = Self(0x10);
    /// Beyond its preferred lifetime.
    pub const DEPRECATED: Self = Self(0x20);
    /// Detection has not ended: not usable as a source.
    pub const TENTATIVE: Self = Self(0x40);
    /// Without a lifetime.
    pub const PERMANENT: Self = Self(0x80);
    /// Temporary addresses are derived from it.
    pub const MANAGETEMPADDR: Self = Self(0x100);
    /// Do not add the route of its prefix.
    pub const NOPREFIXROUTE: Self = Self(0x200);
    /// Join the group that is the address.
    pub const MCAUTOJOIN: Self = Self(0x400);

    /// Whether all of `flags` are set.
    #[must_use]
    pub const fn has(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// The union.
    #[must_use]
    pub const fn with(self, flags: Self) -> Self {
        Self(self.0 | flags.0)
    }
}

/// Lifetimes in seconds; [`Lifetime::FOREVER`] has no end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Lifetime {
    /// How long the address is chosen as a source.
    pub preferred: u32,
    /// How long the address exists.
    pub valid: u32,
}

impl Lifetime {
    /// No end.
    pub const FOREVER: u32 = u32::MAX;
}

/// An address message; the label is borrowed from it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct AddressMessage<'a> {
    /// [`family::INET`] or [`family::INET6`].
    pub family: u8,
    /// Prefix length of [`Self::address`].
    pub prefix: u8,
    /// `RT_SCOPE_*`: 0 global, 253 link, 254 host.
    pub scope: u8,
    /// Interface.
    pub index: u32,
    /// Flags, all 32 of them.
    pub flags: AddressFlags,
    /// `IFA_ADDRESS`: the peer if there is one, else the address itself.
    pub address: Option<IpAddr>,
    /// `IFA_LOCAL`: the own address; IPv6 states it only if there is a peer.
    pub local: Option<IpAddr>,
    /// Broadcast address.
    pub broadcast: Option<IpAddr>,
    /// Label (IPv4).
    pub label: Option<&'a str>,
    /// Who has set it, see [`PROTOCOL_KEEPALIVED`]; Linux 5.18 and later.
    pub protocol: Option<u8>,
    /// Lifetimes.
    pub lifetime: Option<Lifetime>,
}

impl<'a> AddressMessage<'a> {
    /// The address in a message, or nothing if it is too short.
    #[must_use]
    pub fn parse(message: &Message<'a>) -> Option<Self> {
        let (&[family, prefix, flags, scope], rest) = message.payload.split_first_chunk()?;
        let mut address = Self {
            family,
            prefix,
            scope,
            flags: AddressFlags(u32::from(flags)),
            index: u32::from_ne_bytes(*rest.first_chunk()?),
            ..Self::default()
        };
        for attribute in Attributes::after(message.payload, FIXED) {
            match attribute.kind {
                IFA_ADDRESS => address.address = attribute.as_ip(),
                IFA_LOCAL => address.local = attribute.as_ip(),
                IFA_LABEL => address.label = attribute.as_text(),
                IFA_BROADCAST => address.broadcast = attribute.as_ip(),
                IFA_CACHEINFO => address.lifetime = lifetime(attribute.value),
                IFA_FLAGS => {
                    address.flags = attribute.as_u32().map_or(address.flags, AddressFlags);
                }
                IFA_PROTO => address.protocol = attribute.as_u8(),
                _ => {}
            }
        }
        Some(address)
    }

    /// The own address with the prefix length, if the message is consistent.
    #[must_use]
    pub fn net(&self) -> Option<IpNet> {
        let addr = self.local.or(self.address)?;
        let family = Family::of(&addr);
        let fits = self.family == family_number(family) && self.prefix <= family.host_prefix();
        fits.then_some(IpNet {
            addr,
            prefix: self.prefix,
        })
    }

    /// The peer, if it differs from the own address.
    #[must_use]
    pub fn peer(&self) -> Option<IpAddr> {
        self.address
            .filter(|address| self.local.is_some_and(|local| local != *address))
    }

    /// Append the message to `buffer`.
    pub fn write(&self, buffer: &mut Vec<u8>, header: Header) {
        let [low, ..] = self.flags.0.to_le_bytes();
        let [a, b, c, d] = self.index.to_ne_bytes();
        let fixed = [self.family, self.prefix, low, self.scope, a, b, c, d];
        write_message(buffer, header, &fixed, |w| self.write_attributes(w));
    }

    fn write_attributes(&self, w: &mut Writer<'_>) {
        w.ips([
            (IFA_LOCAL, self.local),
            (IFA_ADDRESS, self.address),
            (IFA_BROADCAST, self.broadcast),
        ]);
        if let Some(label) = self.label {
            w.text(IFA_LABEL, label);
        }
        if self.flags.0 > u32::from(u8::MAX) {
            w.u32(IFA_FLAGS, self.flags.0);
        }
        if let Some(protocol) = self.protocol {
            w.u8(IFA_PROTO, protocol);
        }
        if let Some(Lifetime { preferred, valid }) = self.lifetime {
            let mut octets = [0; 16];
            let parts = [preferred.to_ne_bytes(), valid.to_ne_bytes()];
            for (to, from) in octets.iter_mut().zip(parts.into_iter().flatten()) {
                *to = from;
            }
            w.bytes(IFA_CACHEINFO, &octets);
        }
    }
}

fn lifetime(octets: &[u8]) -> Option<Lifetime> {
    let (preferred, rest) = octets.split_first_chunk()?;
    Some(Lifetime {
        preferred: u32::from_ne_bytes(*preferred),
        valid: u32::from_ne_bytes(*rest.first_chunk()?),
    })
}

const fn family_number(family: Family) -> u8 {
    match family {
        Family::V4 => family::INET,
        Family::V6 => family::INET6,
    }
}

/// What to do with an address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Operation {
    /// Add; `EEXIST` if it is there.
    Add,
    /// Add, or give the existing one new lifetimes and flags.
    Replace,
    /// Remove.
    Delete,
}

/// An address to add or to remove on an interface.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AddressRequest<'a> {
    /// Interface.
    pub interface: IfIndex,
    /// The own address with its prefix length. With a `peer`, whose prefix
    /// length counts, this one is not used.
    pub local: IpNet,
    /// Other end of a point-to-point address.
    pub peer: Option<IpNet>,
    /// Broadcast address (IPv4).
    pub broadcast: Option<Ipv4Addr>,
    /// Label (IPv4), at most 15 octets, beginning with the interface's name.
    pub label: Option<&'a str>,
    /// `RT_SCOPE_*`.
    pub scope: u8,
    /// Flags.
    pub flags: AddressFlags,
    /// Origin, usually [`PROTOCOL_KEEPALIVED`]; 0 for none.
    pub protocol: u8,
    /// Lifetimes; nothing means forever.
    pub lifetime: Option<Lifetime>,
}

impl<'a> AddressRequest<'a> {
    /// A plain address of global scope with our protocol number.
    #[must_use]
    pub const fn new(interface: IfIndex, local: IpNet) -> Self {
        Self {
            interface,
            local,
            peer: None,
            broadcast: None,
            label: None,
            scope: 0,
            flags: AddressFlags(0),
            protocol: PROTOCOL_KEEPALIVED,
            lifetime: None,
        }
    }

    /// The message for the kernel. A deletion carries what identifies an
    /// address and nothing more: own address, peer, prefix length and, because
    /// the kernel compares it when given, no label.
    #[must_use]
    pub fn message(&self, operation: Operation) -> AddressMessage<'a> {
        let ends = self.peer.unwrap_or(self.local);
        let identity = AddressMessage {
            family: family_number(self.local.family()),
            prefix: ends.prefix,
            index: self.interface.0,
            local: Some(self.local.addr),
            address: Some(ends.addr),
            ..AddressMessage::default()
        };
        match operation {
            Operation::Delete => identity,
            Operation::Add | Operation::Replace => AddressMessage {
                scope: self.scope,
                flags: self.flags,
                broadcast: self.broadcast.map(IpAddr::V4),
                label: self.label,
                protocol: (self.protocol != 0).then_some(self.protocol),
                lifetime: self.lifetime,
                ..identity
            },
        }
    }

    /// Append the request to `buffer`.
    pub fn write(&self, buffer: &mut Vec<u8>, operation: Operation, sequence: u32) {
        let (kind, flags) = match operation {
            Operation::Add => (kind::NEW_ADDRESS, flag::CREATE | flag::EXCLUSIVE),
            Operation::Replace => (kind::NEW_ADDRESS, flag::CREATE | flag::REPLACE),
            Operation::Delete => (kind::DEL_ADDRESS, 0),
        };
        let header = Header {
            kind,
            flags: flag::REQUEST | flags,
            sequence,
            port: 0,
        };
        self.message(operation).write(buffer, header);
    }
}

/// Append the question for all addresses of both families.
pub fn write_dump(buffer: &mut Vec<u8>, sequence: u32) {
    let header = Header {
        kind: kind::GET_ADDRESS,
        flags: flag::REQUEST | flag::DUMP,
        sequence,
        port: 0,
    };
    write_message(buffer, header, &[0; FIXED], |_| {});
}
