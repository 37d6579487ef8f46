//! Counters in messages (`IPVS_STATS_ATTR_*`): of 64 bits, or of 32 in an
//! attribute of old kernels.

use crate::ipvs::table::Counters;
use crate::netlink::attr::{Attribute, Attributes};

const CONNS: u16 = 1;
const INPKTS: u16 = 2;
const OUTPKTS: u16 = 3;
const INBYTES: u16 = 4;
const OUTBYTES: u16 = 5;
const CPS: u16 = 6;
const INPPS: u16 = 7;
const OUTPPS: u16 = 8;
const INBPS: u16 = 9;
const OUTBPS: u16 = 10;

/// The counters among `attributes`; one that is missing is 0.
pub(super) fn read(attributes: Attributes<'_>) -> Counters {
    let mut counters = Counters::default();
    for attribute in attributes {
        let place = match attribute.kind {
            CONNS => &mut counters.connections,
            INPKTS => &mut counters.packets_in,
            OUTPKTS => &mut counters.packets_out,
            INBYTES => &mut counters.octets_in,
            OUTBYTES => &mut counters.octets_out,
            CPS => &mut counters.connections_per_second,
            INPPS => &mut counters.packets_in_per_second,
            OUTPPS => &mut counters.packets_out_per_second,
            INBPS => &mut counters.octets_in_per_second,
            OUTBPS => &mut counters.octets_out_per_second,
            _ => continue,
        };
        *place = number(&attribute);
    }
    counters
}

/// A number of eight octets or of four.
fn number(attribute: &Attribute<'_>) -> u64 {
    match attribute.value.first_chunk() {
        Some(octets) => u64::from_ne_bytes(*octets),
        None => attribute.as_u32().unwrap_or_default().into(),
    }
}
