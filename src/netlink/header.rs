//! Message heads: iteration over what was received, and a writer.

use super::attr::Writer;

/// Octets of a message head (`struct nlmsghdr`).
pub const HEAD: usize = 16;

/// Message types used here (`NLMSG_*`, `RTM_*`).
#[expect(missing_docs, reason = "the names are the kernel's")]
pub mod kind {
    pub const ERROR: u16 = 2;
    pub const DONE: u16 = 3;
    pub const NEW_LINK: u16 = 16;
    pub const DEL_LINK: u16 = 17;
    pub const GET_LINK: u16 = 18;
    pub const NEW_ADDRESS: u16 = 20;
    pub const DEL_ADDRESS: u16 = 21;
    pub const GET_ADDRESS: u16 = 22;
    pub const NEW_ROUTE: u16 = 24;
    pub const DEL_ROUTE: u16 = 25;
    pub const GET_ROUTE: u16 = 26;
    pub const NEW_RULE: u16 = 32;
    pub const DEL_RULE: u16 = 33;
    pub const GET_RULE: u16 = 34;
}

/// Head flags (`NLM_F_*`).
#[expect(missing_docs, reason = "the names are the kernel's")]
pub mod flag {
    pub const REQUEST: u16 = 0x01;
    pub const ACK: u16 = 0x04;
    /// A dump whose parts do not belong to one moment.
    pub const DUMP_INTERRUPTED: u16 = 0x10;
    pub const DUMP: u16 = 0x300;
    pub const REPLACE: u16 = 0x100;
    pub const EXCLUSIVE: u16 = 0x200;
    pub const CREATE: u16 = 0x400;
    pub const APPEND: u16 = 0x800;
    /// A reply without the payload of its request (`NLM_F_CAPPED`).
    pub const CAPPED: u16 = 0x100;
    /// A reply with attributes (`NLM_F_ACK_TLVS`).
    pub const ACK_ATTRIBUTES: u16 = 0x200;
}

/// Address families of messages (`AF_*`).
#[expect(missing_docs, reason = "the names are the kernel's")]
pub mod family {
    pub const UNSPECIFIED: u8 = 0;
    pub const INET: u8 = 2;
    pub const BRIDGE: u8 = 7;
    pub const INET6: u8 = 10;
}

/// The head of a message without its length.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Header {
    /// What the message is, see [`kind`].
    pub kind: u16,
    /// Flags, see [`flag`].
    pub flags: u16,
    /// Number that joins a reply to its request.
    pub sequence: u32,
    /// Port of the socket that caused the message; 0 for the kernel itself.
    pub port: u32,
}

impl Header {
    /// Read a head, and the length of the whole message that it states.
    #[must_use]
    pub fn parse(octets: &[u8]) -> Option<(usize, Self)> {
        let (length, rest) = octets.split_first_chunk()?;
        let (kind, rest) = rest.split_first_chunk()?;
        let (flags, rest) = rest.split_first_chunk()?;
        let (sequence, rest) = rest.split_first_chunk()?;
        let port = rest.first_chunk()?;
        let length = usize::try_from(u32::from_ne_bytes(*length)).ok()?;
        let header = Self {
            kind: u16::from_ne_bytes(*kind),
            flags: u16::from_ne_bytes(*flags),
            sequence: u32::from_ne_bytes(*sequence),
            port: u32::from_ne_bytes(*port),
        };
        Some((length, header))
    }
}

/// One received message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Message<'a> {
    /// Its head.
    pub header: Header,
    /// What follows the head.
    pub payload: &'a [u8],
}

/// Iterator over the messages of a buffer; ends at octets that are no message.
#[derive(Clone, Debug)]
pub struct Messages<'a> {
    rest: &'a [u8],
}

impl<'a> Messages<'a> {
    /// The messages in what one receive call has given.
    #[must_use]
    pub const fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets }
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = Message<'a>;

    fn next(&mut self) -> Option<Message<'a>> {
        let (length, header) = Header::parse(self.rest)?;
        let payload = self.rest.get(HEAD..length)?;
        self.rest = self.rest.get(aligned(length)..).unwrap_or_default();
        Some(Message { header, payload })
    }
}

/// Append a message to `buffer`: its head, its fixed part, and what `write`
/// adds as attributes. Lengths are filled in at the end.
pub fn write_message(
    buffer: &mut Vec<u8>,
    header: Header,
    fixed: &[u8],
    write: impl FnOnce(&mut Writer<'_>),
) {
    let start = buffer.len();
    buffer.extend_from_slice(&[0; 4]);
    buffer.extend_from_slice(&header.kind.to_ne_bytes());
    buffer.extend_from_slice(&header.flags.to_ne_bytes());
    buffer.extend_from_slice(&header.sequence.to_ne_bytes());
    buffer.extend_from_slice(&header.port.to_ne_bytes());
    buffer.extend_from_slice(fixed);
    buffer.resize(start + aligned(buffer.len() - start), 0);
    write(&mut Writer::new(buffer));
    let length = u32::try_from(buffer.len() - start).unwrap_or(u32::MAX);
    if let Some(place) = buffer.get_mut(start..).and_then(<[u8]>::first_chunk_mut) {
        *place = length.to_ne_bytes();
    }
}

/// Lengths are multiples of four octets on the wire (`NLMSG_ALIGN`, `RTA_ALIGN`).
pub(super) const fn aligned(length: usize) -> usize {
    length.saturating_add(3) & !3
}
