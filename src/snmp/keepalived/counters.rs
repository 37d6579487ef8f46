//! What the kernel counts for virtual and real servers, as columns have it.

use super::values::unsigned;
use crate::ipvs::table::Counters;
use crate::snmp::Value;

type Column = fn(&Counters) -> Option<Value>;

/// The upper 32 bits, and the lower ones.
const fn halves(number: u64) -> [u64; 2] {
    [number >> 32, number & 0xffff_ffff]
}

pub(super) const CONNECTIONS: Column = |c| unsigned(c.connections);
pub(super) const CONNECTIONS_64: Column = |c| Some(Value::Counter64(c.connections));
pub(super) const PACKETS_IN: Column = |c| Some(Value::counter32(c.packets_in));
pub(super) const PACKETS_IN_64: Column = |c| Some(Value::Counter64(c.packets_in));
pub(super) const PACKETS_OUT: Column = |c| Some(Value::counter32(c.packets_out));
pub(super) const PACKETS_OUT_64: Column = |c| Some(Value::Counter64(c.packets_out));
pub(super) const OCTETS_IN: Column = |c| Some(Value::Counter64(c.octets_in));
pub(super) const OCTETS_OUT: Column = |c| Some(Value::Counter64(c.octets_out));

/// A rate in its four forms.
pub(super) struct Rate {
    /// 32 bits, at most.
    pub(super) gauge: Column,
    pub(super) low: Column,
    pub(super) high: Column,
    pub(super) whole: Column,
}

macro_rules! rate {
    ($field:ident) => {
        Rate {
            gauge: |c| unsigned(c.$field),
            low: |c| {
                let [_, low] = halves(c.$field);
                unsigned(low)
            },
            high: |c| {
                let [high, _] = halves(c.$field);
                unsigned(high)
            },
            whole: |c| Some(Value::Counter64(c.$field)),
        }
    };
}

pub(super) const CPS: Rate = rate!(connections_per_second);
pub(super) const IN_PPS: Rate = rate!(packets_in_per_second);
pub(super) const OUT_PPS: Rate = rate!(packets_out_per_second);
pub(super) const IN_BPS: Rate = rate!(octets_in_per_second);
pub(super) const OUT_BPS: Rate = rate!(octets_out_per_second);
