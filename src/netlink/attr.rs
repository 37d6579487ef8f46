//! Attributes: type, length and value, padded to four octets, nested at will.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::header::aligned;
use crate::model::{IfIndex, MacAddr};

/// Octets of an attribute's head (`struct rtattr`).
const HEAD: usize = 4;
/// Flags in the type: nested and network byte order.
const TYPE_FLAGS: u16 = 0xc000;
const NESTED: u16 = 0x8000;

/// One attribute.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Attribute<'a> {
    /// Type without its flags.
    pub kind: u16,
    /// Value without padding.
    pub value: &'a [u8],
}

impl<'a> Attribute<'a> {
    /// The value as one octet.
    #[must_use]
    pub fn as_u8(&self) -> Option<u8> {
        self.value.first().copied()
    }

    /// The value as a number of two octets.
    #[must_use]
    pub fn as_u16(&self) -> Option<u16> {
        self.value
            .first_chunk()
            .map(|octets| u16::from_ne_bytes(*octets))
    }

    /// The value as a number of four octets.
    #[must_use]
    pub fn as_u32(&self) -> Option<u32> {
        self.value
            .first_chunk()
            .map(|octets| u32::from_ne_bytes(*octets))
    }

    /// The value as two numbers of four octets.
    #[must_use]
    pub fn as_u32_pair(&self) -> Option<[u32; 2]> {
        let (first, rest) = self.value.split_first_chunk()?;
        let last = rest.first_chunk()?;
        Some([first, last].map(|octets| u32::from_ne_bytes(*octets)))
    }

    /// The value as two numbers of two octets.
    #[must_use]
    pub fn as_u16_pair(&self) -> Option<[u16; 2]> {
        let (first, rest) = self.value.split_first_chunk()?;
        let last = rest.first_chunk()?;
        Some([first, last].map(|octets| u16::from_ne_bytes(*octets)))
    }

    /// The value as an interface; 0 means none.
    #[must_use]
    pub fn as_interface(&self) -> Option<IfIndex> {
        self.as_u32().filter(|&index| index != 0).map(IfIndex)
    }

    /// The value as text up to its first NUL.
    #[must_use]
    pub fn as_text(&self) -> Option<&'a str> {
        let end = self.value.iter().position(|&octet| octet == 0);
        let text = self.value.get(..end.unwrap_or(self.value.len()))?;
        std::str::from_utf8(text).ok()
    }

    /// The value as an Internet address; its length tells the family.
    #[must_use]
    pub fn as_ip(&self) -> Option<IpAddr> {
        if let Ok(octets) = <[u8; 4]>::try_from(self.value) {
            return Some(Ipv4Addr::from(octets).into());
        }
        let octets = <[u8; 16]>::try_from(self.value).ok()?;
        Some(Ipv6Addr::from(octets).into())
    }

    /// The value as an Ethernet address; nothing for one of another length.
    #[must_use]
    pub fn as_mac(&self) -> Option<MacAddr> {
        <[u8; 6]>::try_from(self.value).ok().map(MacAddr)
    }

    /// The attributes within this one.
    #[must_use]
    pub const fn nested(&self) -> Attributes<'a> {
        Attributes::new(self.value)
    }
}

/// Iterator over attributes; ends at octets that are none.
#[derive(Clone, Debug)]
pub struct Attributes<'a> {
    rest: &'a [u8],
}

impl<'a> Attributes<'a> {
    /// The attributes in `octets`.
    #[must_use]
    pub const fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets }
    }

    /// The attributes that follow a fixed part of `length` octets.
    #[must_use]
    pub fn after(payload: &'a [u8], length: usize) -> Self {
        Self::new(payload.get(aligned(length)..).unwrap_or_default())
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Attribute<'a>;

    fn next(&mut self) -> Option<Attribute<'a>> {
        let (length, rest) = self.rest.split_first_chunk()?;
        let kind = u16::from_ne_bytes(*rest.first_chunk()?) & !TYPE_FLAGS;
        let length = usize::from(u16::from_ne_bytes(*length));
        let value = self.rest.get(HEAD..length)?;
        self.rest = self.rest.get(aligned(length)..).unwrap_or_default();
        Some(Attribute { kind, value })
    }
}

/// Appends attributes to a message. A nested one ends, and gets its length,
/// when the closure that fills it returns.
#[derive(Debug)]
pub struct Writer<'a> {
    buffer: &'a mut Vec<u8>,
}

impl<'a> Writer<'a> {
    pub(super) const fn new(buffer: &'a mut Vec<u8>) -> Self {
        Self { buffer }
    }

    /// An attribute from octets. One of more than 65531 octets is left out.
    pub fn bytes(&mut self, kind: u16, value: &[u8]) {
        let Ok(length) = u16::try_from(HEAD + value.len()) else {
            debug_assert!(false, "attribute {kind} has {} octets", value.len());
            return;
        };
        self.buffer.extend_from_slice(&length.to_ne_bytes());
        self.buffer.extend_from_slice(&kind.to_ne_bytes());
        self.buffer.extend_from_slice(value);
        let padding = aligned(value.len()) - value.len();
        self.buffer.extend(std::iter::repeat_n(0, padding));
    }

    /// An attribute of one octet.
    pub fn u8(&mut self, kind: u16, value: u8) {
        self.bytes(kind, &[value]);
    }

    /// An attribute of two octets.
    pub fn u16(&mut self, kind: u16, value: u16) {
        self.bytes(kind, &value.to_ne_bytes());
    }

    /// An attribute of four octets.
    pub fn u32(&mut self, kind: u16, value: u32) {
        self.bytes(kind, &value.to_ne_bytes());
    }

    /// Text with a NUL at its end.
    pub fn text(&mut self, kind: u16, value: &str) {
        let mut octets = [0; 64];
        match octets.get_mut(..value.len()) {
            Some(room) if value.len() < 64 => {
                room.copy_from_slice(value.as_bytes());
                self.bytes(kind, octets.get(..=value.len()).unwrap_or_default());
            }
            _ => self.bytes(kind, &[value.as_bytes(), &[0]].concat()),
        }
    }

    /// An Internet address.
    pub fn ip(&mut self, kind: u16, value: IpAddr) {
        match value {
            IpAddr::V4(addr) => self.bytes(kind, &addr.octets()),
            IpAddr::V6(addr) => self.bytes(kind, &addr.octets()),
        }
    }

    /// Those of these addresses that there are.
    pub(super) fn ips<const N: usize>(&mut self, list: [(u16, Option<IpAddr>); N]) {
        for (kind, value) in list {
            if let Some(value) = value {
                self.ip(kind, value);
            }
        }
    }

    /// Those of these numbers of four octets that there are.
    pub(super) fn u32s<const N: usize>(&mut self, list: [(u16, Option<u32>); N]) {
        for (kind, value) in list {
            if let Some(value) = value {
                self.u32(kind, value);
            }
        }
    }

    /// Those of these octets that there are.
    pub(super) fn u8s<const N: usize>(&mut self, list: [(u16, Option<u8>); N]) {
        for (kind, value) in list {
            if let Some(value) = value {
                self.u8(kind, value);
            }
        }
    }

    /// An attribute made of the attributes that `write` appends.
    pub fn nest(&mut self, kind: u16, write: impl FnOnce(&mut Writer<'_>)) {
        let start = self.buffer.len();
        self.bytes(kind | NESTED, &[]);
        write(&mut Writer::new(self.buffer));
        let length = u16::try_from(self.buffer.len() - start);
        debug_assert!(length.is_ok(), "nested attribute {kind} is too long");
        let place = self
            .buffer
            .get_mut(start..)
            .and_then(<[u8]>::first_chunk_mut);
        if let (Ok(length), Some(place)) = (length, place) {
            *place = length.to_ne_bytes();
        }
    }
}
