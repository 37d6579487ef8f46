//! Octets to packets.

use std::net::Ipv4Addr;

use super::value::kind as value_kind;
use super::{
    Body, ByteOrder, CloseReason, HEADER_LEN, Header, INTERNET, Malformed, OID_MAX, Oid,
    PAYLOAD_MAX, Pdu, Region, ResponseError, SearchRange, VERSION, Value, VarBind, flag, kind,
};
use crate::wire::reader::Reader;

/// How many octets the first packet of a stream has, header and payload; `None` if
/// that is not known yet.
///
/// # Errors
/// If no packet begins so, or it would be too long; the stream is of no use then.
pub fn frame_length(stream: &[u8]) -> Result<Option<usize>, Malformed> {
    if let Some(&version) = stream.first()
        && version != VERSION
    {
        return Err(Malformed::Version(version));
    }
    let Some(head) = stream.get(..HEADER_LEN) else {
        return Ok(None);
    };
    let mut cursor = Cursor::new(head, ByteOrder::Network);
    let flags = cursor.u32()?.to_be_bytes()[2];
    cursor.order = order_of(flags);
    let _ids = (cursor.u32()?, cursor.u32()?, cursor.u32()?);
    let length = cursor.u32()?;
    let octets = usize::try_from(length).unwrap_or(usize::MAX);
    if octets > PAYLOAD_MAX || length % 4 != 0 {
        return Err(Malformed::PayloadLength(length));
    }
    Ok(Some(HEADER_LEN + octets))
}

impl Pdu {
    /// The packet in exactly these octets.
    ///
    /// # Errors
    /// If it is none.
    pub fn decode(octets: &[u8]) -> Result<Self, Malformed> {
        if frame_length(octets)? != Some(octets.len()) {
            return Err(Malformed::Length);
        }
        let mut cursor = Cursor::new(octets, ByteOrder::Network);
        let [_, kind, flags, _] = cursor.u32()?.to_be_bytes();
        cursor.order = order_of(flags);
        let header = Header {
            session: cursor.u32()?,
            transaction: cursor.u32()?,
            packet: cursor.u32()?,
            order: cursor.order,
        };
        let _length = cursor.u32()?;
        let has_context = flags & flag::NON_DEFAULT_CONTEXT != 0 && carries_context(kind);
        let context = has_context.then(|| cursor.octet_string()).transpose()?;
        let body = body(kind, flags, &mut cursor)?;
        if !cursor.reader.rest().is_empty() {
            return Err(Malformed::Length);
        }
        Ok(Self {
            header,
            context,
            body,
        })
    }
}

const fn order_of(flags: u8) -> ByteOrder {
    if flags & flag::NETWORK_BYTE_ORDER != 0 {
        ByteOrder::Network
    } else {
        ByteOrder::Little
    }
}

/// Whether a packet of this type may be for another context (RFC 2741 section 6.1.1).
const fn carries_context(kind: u8) -> bool {
    matches!(
        kind,
        kind::REGISTER
            | kind::UNREGISTER
            | kind::GET
            | kind::GET_NEXT
            | kind::GET_BULK
            | kind::TEST_SET
            | kind::NOTIFY
            | kind::PING
    )
}

fn body(kind: u8, flags: u8, cursor: &mut Cursor<'_>) -> Result<Body, Malformed> {
    Ok(match kind {
        kind::OPEN => {
            let [timeout, ..] = cursor.four()?;
            let (id, _) = cursor.oid()?;
            let description = cursor.octet_string()?;
            Body::Open {
                timeout,
                id,
                description,
            }
        }
        kind::CLOSE => {
            let [reason, ..] = cursor.four()?;
            let reason = CloseReason::from_number(reason);
            Body::Close { reason }
        }
        kind::REGISTER => {
            let (region, timeout) = cursor.region(flags)?;
            Body::Register { region, timeout }
        }
        kind::UNREGISTER => {
            let (region, _) = cursor.region(flags)?;
            Body::Unregister { region }
        }
        kind::GET => Body::Get {
            ranges: cursor.ranges()?,
        },
        kind::GET_NEXT => Body::GetNext {
            ranges: cursor.ranges()?,
        },
        kind::GET_BULK => Body::GetBulk {
            non_repeaters: cursor.u16()?,
            max_repetitions: cursor.u16()?,
            ranges: cursor.ranges()?,
        },
        kind::TEST_SET => Body::TestSet {
            variables: cursor.variables()?,
        },
        kind::COMMIT_SET => Body::CommitSet,
        kind::UNDO_SET => Body::UndoSet,
        kind::CLEANUP_SET => Body::CleanupSet,
        kind::NOTIFY => Body::Notify {
            variables: cursor.variables()?,
        },
        kind::PING => Body::Ping,
        kind::RESPONSE => Body::Response {
            uptime: cursor.u32()?,
            error: ResponseError::from_number(cursor.u16()?),
            index: cursor.u16()?,
            variables: cursor.variables()?,
        },
        other => return Err(Malformed::Type(other)),
    })
}

/// Reads numbers in the order of the packet.
struct Cursor<'a> {
    reader: Reader<'a>,
    order: ByteOrder,
}

impl<'a> Cursor<'a> {
    const fn new(octets: &'a [u8], order: ByteOrder) -> Self {
        Self {
            reader: Reader::new(octets),
            order,
        }
    }

    fn four(&mut self) -> Result<[u8; 4], Malformed> {
        self.reader.array().copied().ok_or(Malformed::Length)
    }

    fn u16(&mut self) -> Result<u16, Malformed> {
        let octets = self.reader.array().copied().ok_or(Malformed::Length)?;
        Ok(match self.order {
            ByteOrder::Network => u16::from_be_bytes(octets),
            ByteOrder::Little => u16::from_le_bytes(octets),
        })
    }

    fn u32(&mut self) -> Result<u32, Malformed> {
        let octets = self.four()?;
        Ok(match self.order {
            ByteOrder::Network => u32::from_be_bytes(octets),
            ByteOrder::Little => u32::from_le_bytes(octets),
        })
    }

    fn u64(&mut self) -> Result<u64, Malformed> {
        let octets = self.reader.array().copied().ok_or(Malformed::Length)?;
        Ok(match self.order {
            ByteOrder::Network => u64::from_be_bytes(octets),
            ByteOrder::Little => u64::from_le_bytes(octets),
        })
    }

    /// RFC 2741 section 5.3: a length, octets, and octets up to a multiple of four.
    fn octet_string(&mut self) -> Result<Vec<u8>, Malformed> {
        let length = usize::try_from(self.u32()?).map_err(|_| Malformed::Length)?;
        if length > PAYLOAD_MAX {
            return Err(Malformed::Length);
        }
        let octets = self.reader.take(length).ok_or(Malformed::Length)?;
        let padding = length.next_multiple_of(4) - length;
        self.reader.take(padding).ok_or(Malformed::Length)?;
        Ok(octets.to_vec())
    }

    /// RFC 2741 section 5.1, and whether the name itself is included.
    fn oid(&mut self) -> Result<(Oid, bool), Malformed> {
        let [count, prefix, include, _] = self.four()?;
        let mut numbers = Vec::with_capacity(usize::from(count) + INTERNET.len() + 1);
        if prefix != 0 {
            numbers.extend(INTERNET);
            numbers.push(prefix.into());
        }
        for _ in 0..count {
            numbers.push(self.u32()?);
        }
        if numbers.len() > OID_MAX {
            return Err(Malformed::Oid);
        }
        Ok((numbers.into(), include != 0))
    }

    fn region(&mut self, flags: u8) -> Result<(Region, u8), Malformed> {
        let [timeout, priority, range_subid, _] = self.four()?;
        let (subtree, _) = self.oid()?;
        let upper_bound = if range_subid == 0 { 0 } else { self.u32()? };
        let region = Region {
            priority,
            range_subid,
            subtree,
            upper_bound,
            is_instance: flags & flag::INSTANCE_REGISTRATION != 0,
        };
        Ok((region, timeout))
    }

    /// RFC 2741 section 5.2: as many as there are.
    fn ranges(&mut self) -> Result<Vec<SearchRange>, Malformed> {
        let mut ranges = Vec::new();
        while !self.reader.rest().is_empty() {
            let (start, include) = self.oid()?;
            let (end, _) = self.oid()?;
            ranges.push(SearchRange {
                start,
                include,
                end,
            });
        }
        Ok(ranges)
    }

    /// RFC 2741 section 5.4: as many as there are.
    fn variables(&mut self) -> Result<Vec<VarBind>, Malformed> {
        let mut variables = Vec::new();
        while !self.reader.rest().is_empty() {
            let kind = self.u16()?;
            let _reserved = self.u16()?;
            let (name, _) = self.oid()?;
            let value = self.value(kind)?;
            variables.push(VarBind { name, value });
        }
        Ok(variables)
    }

    fn value(&mut self, kind: u16) -> Result<Value, Malformed> {
        Ok(match kind {
            value_kind::INTEGER => Value::Integer(self.u32()?.cast_signed()),
            value_kind::OCTET_STRING => Value::OctetString(self.octet_string()?),
            value_kind::NULL => Value::Null,
            value_kind::OBJECT_IDENTIFIER => Value::ObjectIdentifier(self.oid()?.0),
            value_kind::IP_ADDRESS => {
                let octets: [u8; 4] = self
                    .octet_string()?
                    .try_into()
                    .map_err(|_| Malformed::Value)?;
                Value::IpAddress(Ipv4Addr::from(octets))
            }
            value_kind::COUNTER32 => Value::Counter32(self.u32()?),
            value_kind::GAUGE32 => Value::Gauge32(self.u32()?),
            value_kind::TIME_TICKS => Value::TimeTicks(self.u32()?),
            value_kind::OPAQUE => Value::Opaque(self.octet_string()?),
            value_kind::COUNTER64 => Value::Counter64(self.u64()?),
            value_kind::NO_SUCH_OBJECT => Value::NoSuchObject,
            value_kind::NO_SUCH_INSTANCE => Value::NoSuchInstance,
            value_kind::END_OF_MIB_VIEW => Value::EndOfMibView,
            other => return Err(Malformed::ValueType(other)),
        })
    }
}
