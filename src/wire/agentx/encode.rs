//! Packets to octets.

use super::value::kind as value_kind;
use super::{
    Body, ByteOrder, HEADER_LEN, INTERNET, OID_MAX, Pdu, Region, SearchRange, VERSION, Value,
    VarBind, flag, kind,
};

impl Pdu {
    /// Write the packet behind what `out` has.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let begin = out.len();
        let mut writer = Writer {
            out,
            order: self.header.order,
        };
        writer.out.extend([VERSION, self.kind(), self.flags(), 0]);
        writer.u32(self.header.session);
        writer.u32(self.header.transaction);
        writer.u32(self.header.packet);
        writer.u32(0);
        if let Some(context) = &self.context {
            writer.octet_string(context);
        }
        writer.body(&self.body);
        let payload = writer.out.len() - begin - HEADER_LEN;
        let length = writer.ordered(u32::try_from(payload).unwrap_or(u32::MAX));
        let place = begin + HEADER_LEN - length.len();
        if let Some(room) = out.get_mut(place..begin + HEADER_LEN) {
            room.copy_from_slice(&length);
        }
    }

    const fn kind(&self) -> u8 {
        match self.body {
            Body::Open { .. } => kind::OPEN,
            Body::Close { .. } => kind::CLOSE,
            Body::Register { .. } => kind::REGISTER,
            Body::Unregister { .. } => kind::UNREGISTER,
            Body::Get { .. } => kind::GET,
            Body::GetNext { .. } => kind::GET_NEXT,
            Body::GetBulk { .. } => kind::GET_BULK,
            Body::TestSet { .. } => kind::TEST_SET,
            Body::CommitSet => kind::COMMIT_SET,
            Body::UndoSet => kind::UNDO_SET,
            Body::CleanupSet => kind::CLEANUP_SET,
            Body::Notify { .. } => kind::NOTIFY,
            Body::Ping => kind::PING,
            Body::Response { .. } => kind::RESPONSE,
        }
    }

    const fn flags(&self) -> u8 {
        let mut flags = match self.header.order {
            ByteOrder::Network => flag::NETWORK_BYTE_ORDER,
            ByteOrder::Little => 0,
        };
        if self.context.is_some() {
            flags |= flag::NON_DEFAULT_CONTEXT;
        }
        if let Body::Register { region, .. } | Body::Unregister { region } = &self.body
            && region.is_instance
        {
            flags |= flag::INSTANCE_REGISTRATION;
        }
        flags
    }
}

/// Writes numbers in the order of the packet.
struct Writer<'a> {
    out: &'a mut Vec<u8>,
    order: ByteOrder,
}

impl Writer<'_> {
    fn body(&mut self, body: &Body) {
        match body {
            Body::Open {
                timeout,
                id,
                description,
            } => {
                self.out.extend([*timeout, 0, 0, 0]);
                self.oid(id, false);
                self.octet_string(description);
            }
            Body::Close { reason } => self.out.extend([reason.number(), 0, 0, 0]),
            Body::Register { region, timeout } => self.region(region, *timeout),
            Body::Unregister { region } => self.region(region, 0),
            Body::Get { ranges } | Body::GetNext { ranges } => self.ranges(ranges),
            Body::GetBulk {
                non_repeaters,
                max_repetitions,
                ranges,
            } => {
                self.u16(*non_repeaters);
                self.u16(*max_repetitions);
                self.ranges(ranges);
            }
            Body::TestSet { variables } | Body::Notify { variables } => self.variables(variables),
            Body::CommitSet | Body::UndoSet | Body::CleanupSet | Body::Ping => {}
            Body::Response {
                uptime,
                error,
                index,
                variables,
            } => {
                self.u32(*uptime);
                self.u16(error.number());
                self.u16(*index);
                self.variables(variables);
            }
        }
    }

    const fn ordered(&self, number: u32) -> [u8; 4] {
        match self.order {
            ByteOrder::Network => number.to_be_bytes(),
            ByteOrder::Little => number.to_le_bytes(),
        }
    }

    fn u16(&mut self, number: u16) {
        self.out.extend(match self.order {
            ByteOrder::Network => number.to_be_bytes(),
            ByteOrder::Little => number.to_le_bytes(),
        });
    }

    fn u32(&mut self, number: u32) {
        self.out.extend(self.ordered(number));
    }

    fn u64(&mut self, number: u64) {
        self.out.extend(match self.order {
            ByteOrder::Network => number.to_be_bytes(),
            ByteOrder::Little => number.to_le_bytes(),
        });
    }

    fn octet_string(&mut self, octets: &[u8]) {
        self.u32(u32::try_from(octets.len()).unwrap_or(u32::MAX));
        self.out.extend(octets);
        let padding = octets.len().next_multiple_of(4) - octets.len();
        self.out.extend([0; 3].iter().take(padding));
    }

    /// A name that is longer than names can be ends early.
    fn oid(&mut self, numbers: &[u32], include: bool) {
        let numbers = numbers.get(..OID_MAX).unwrap_or(numbers);
        let compressed = numbers.strip_prefix(&INTERNET).and_then(|rest| {
            let (&first, rest) = rest.split_first()?;
            let prefix = u8::try_from(first).ok().filter(|&prefix| prefix != 0)?;
            Some((prefix, rest))
        });
        let (prefix, rest) = compressed.unwrap_or((0, numbers));
        let count = u8::try_from(rest.len()).unwrap_or(u8::MAX);
        self.out.extend([count, prefix, include.into(), 0]);
        for &number in rest {
            self.u32(number);
        }
    }

    fn region(&mut self, region: &Region, timeout: u8) {
        self.out
            .extend([timeout, region.priority, region.range_subid, 0]);
        self.oid(&region.subtree, false);
        if region.range_subid != 0 {
            self.u32(region.upper_bound);
        }
    }

    fn ranges(&mut self, ranges: &[SearchRange]) {
        for range in ranges {
            self.oid(&range.start, range.include);
            self.oid(&range.end, false);
        }
    }

    fn variables(&mut self, variables: &[VarBind]) {
        for VarBind { name, value } in variables {
            self.u16(kind_of(value));
            self.u16(0);
            self.oid(name, false);
            self.value(value);
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Integer(number) => self.u32(number.cast_unsigned()),
            Value::OctetString(octets) | Value::Opaque(octets) => self.octet_string(octets),
            Value::ObjectIdentifier(oid) => self.oid(oid, false),
            Value::IpAddress(address) => self.octet_string(&address.octets()),
            Value::Counter32(number) | Value::Gauge32(number) | Value::TimeTicks(number) => {
                self.u32(*number);
            }
            Value::Counter64(number) => self.u64(*number),
            Value::Null | Value::NoSuchObject | Value::NoSuchInstance | Value::EndOfMibView => {}
        }
    }
}

const fn kind_of(value: &Value) -> u16 {
    match value {
        Value::Integer(_) => value_kind::INTEGER,
        Value::OctetString(_) => value_kind::OCTET_STRING,
        Value::Null => value_kind::NULL,
        Value::ObjectIdentifier(_) => value_kind::OBJECT_IDENTIFIER,
        Value::IpAddress(_) => value_kind::IP_ADDRESS,
        Value::Counter32(_) => value_kind::COUNTER32,
        Value::Gauge32(_) => value_kind::GAUGE32,
        Value::TimeTicks(_) => value_kind::TIME_TICKS,
        Value::Opaque(_) => value_kind::OPAQUE,
        Value::Counter64(_) => value_kind::COUNTER64,
        Value::NoSuchObject => value_kind::NO_SUCH_OBJECT,
        Value::NoSuchInstance => value_kind::NO_SUCH_INSTANCE,
        Value::EndOfMibView => value_kind::END_OF_MIB_VIEW,
    }
}
