//! Policy rules: `RTM_NEWRULE`, `RTM_DELRULE`.

use std::net::IpAddr;

use super::attr::{Attribute, Attributes, Writer};
use super::header::{Header, Message, flag, kind, write_message};

/// Octets of `struct fib_rule_hdr`.
const FIXED: usize = 12;

const FRA_DST: u16 = 1;
const FRA_SRC: u16 = 2;
const FRA_IIFNAME: u16 = 3;
const FRA_GOTO: u16 = 4;
const FRA_PRIORITY: u16 = 6;
const FRA_FWMARK: u16 = 10;
const FRA_FLOW: u16 = 11;
const FRA_TUN_ID: u16 = 12;
const FRA_SUPPRESS_IFGROUP: u16 = 13;
const FRA_SUPPRESS_PREFIXLEN: u16 = 14;
const FRA_TABLE: u16 = 15;
const FRA_FWMASK: u16 = 16;
const FRA_OIFNAME: u16 = 17;
const FRA_L3MDEV: u16 = 19;
const FRA_UID_RANGE: u16 = 20;
const FRA_PROTOCOL: u16 = 21;
const FRA_IP_PROTO: u16 = 22;
const FRA_SPORT_RANGE: u16 = 23;
const FRA_DPORT_RANGE: u16 = 24;

/// The conditions are inverted (`FIB_RULE_INVERT`).
pub const INVERT: u32 = 2;

/// What a rule does (`FR_ACT_*`).
#[expect(missing_docs, reason = "the names are the kernel's")]
pub mod action {
    pub const TO_TABLE: u8 = 1;
    pub const GOTO: u8 = 2;
    pub const NOP: u8 = 3;
    pub const BLACKHOLE: u8 = 6;
    pub const UNREACHABLE: u8 = 7;
    pub const PROHIBIT: u8 = 8;
}

/// A rule message; names are borrowed from it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct RuleMessage<'a> {
    /// `AF_INET` or `AF_INET6`.
    pub family: u8,
    /// Prefix length of the destination.
    pub destination_prefix: u8,
    /// Prefix length of the source.
    pub source_prefix: u8,
    /// Type of service.
    pub tos: u8,
    /// Table to look up.
    pub table: u32,
    /// `FR_ACT_*`: 1 look up the table, 2 go to, 6 blackhole, 7 unreachable, 8 prohibit.
    pub action: u8,
    /// `FIB_RULE_*`: 2 inverts the conditions.
    pub flags: u32,
    /// Destination to match.
    pub destination: Option<IpAddr>,
    /// Source to match.
    pub source: Option<IpAddr>,
    /// Interface the packet came in on.
    pub input: Option<&'a str>,
    /// Interface a socket is bound to.
    pub output: Option<&'a str>,
    /// Order of the rules.
    pub priority: Option<u32>,
    /// Rule to go on with.
    pub goto: Option<u32>,
    /// Mark to match.
    pub mark: Option<u32>,
    /// Bits of the mark that count.
    pub mask: Option<u32>,
    /// Ignore routes with a prefix of this length or less.
    pub suppress_prefix: Option<u32>,
    /// Ignore routes through interfaces of this group.
    pub suppress_group: Option<u32>,
    /// Realms given to packets: that of the source in the upper 16 bits.
    pub realms: Option<u32>,
    /// Tunnel the packet came through.
    pub tunnel: Option<u64>,
    /// Use the table of the packet's VRF.
    pub l3mdev: Option<u8>,
    /// First and last user.
    pub users: Option<[u32; 2]>,
    /// Who has set it (`RTPROT_*`).
    pub protocol: Option<u8>,
    /// IP protocol to match.
    pub ip_protocol: Option<u8>,
    /// First and last source port.
    pub source_ports: Option<[u16; 2]>,
    /// First and last destination port.
    pub destination_ports: Option<[u16; 2]>,
}

impl<'a> RuleMessage<'a> {
    /// The rule in a message, or nothing if it is too short.
    #[must_use]
    pub fn parse(message: &Message<'a>) -> Option<Self> {
        let (first, rest) = message.payload.split_first_chunk()?;
        let &[family, destination_prefix, source_prefix, tos] = first;
        let (&[table, _, _, action], rest) = rest.split_first_chunk()?;
        let mut rule = Self {
            family,
            destination_prefix,
            source_prefix,
            tos,
            table: u32::from(table),
            action,
            flags: u32::from_ne_bytes(*rest.first_chunk()?),
            ..Self::default()
        };
        for attribute in Attributes::after(message.payload, FIXED) {
            rule.read(&attribute);
        }
        Some(rule)
    }

    fn read(&mut self, attribute: &Attribute<'a>) {
        match attribute.kind {
            FRA_DST => self.destination = attribute.as_ip(),
            FRA_SRC => self.source = attribute.as_ip(),
            FRA_IIFNAME => self.input = attribute.as_text(),
            FRA_OIFNAME => self.output = attribute.as_text(),
            FRA_PRIORITY => self.priority = attribute.as_u32(),
            FRA_GOTO => self.goto = attribute.as_u32(),
            FRA_FWMARK => self.mark = attribute.as_u32(),
            FRA_FWMASK => self.mask = attribute.as_u32(),
            FRA_SUPPRESS_PREFIXLEN => self.suppress_prefix = attribute.as_u32(),
            FRA_SUPPRESS_IFGROUP => self.suppress_group = attribute.as_u32(),
            FRA_FLOW => self.realms = attribute.as_u32(),
            FRA_TUN_ID => {
                let octets = attribute.value.first_chunk();
                self.tunnel = octets.map(|octets| u64::from_be_bytes(*octets));
            }
            FRA_TABLE => self.table = attribute.as_u32().unwrap_or(self.table),
            FRA_L3MDEV => self.l3mdev = attribute.as_u8(),
            FRA_UID_RANGE => self.users = attribute.as_u32_pair(),
            FRA_PROTOCOL => self.protocol = attribute.as_u8(),
            FRA_IP_PROTO => self.ip_protocol = attribute.as_u8(),
            FRA_SPORT_RANGE => self.source_ports = attribute.as_u16_pair(),
            FRA_DPORT_RANGE => self.destination_ports = attribute.as_u16_pair(),
            _ => {}
        }
    }

    /// Append the message to `buffer`.
    pub fn write(&self, buffer: &mut Vec<u8>, header: Header) {
        let [a, b, c, d] = self.flags.to_ne_bytes();
        let table = u8::try_from(self.table).unwrap_or(0);
        let fixed = [
            self.family,
            self.destination_prefix,
            self.source_prefix,
            self.tos,
            table,
            0,
            0,
            self.action,
            a,
            b,
            c,
            d,
        ];
        write_message(buffer, header, &fixed, |w| {
            self.write_addresses_and_names(w);
            self.write_numbers(w);
            self.write_ranges(w);
        });
    }

    fn write_addresses_and_names(&self, w: &mut Writer<'_>) {
        w.ips([(FRA_DST, self.destination), (FRA_SRC, self.source)]);
        for (kind, name) in [(FRA_IIFNAME, self.input), (FRA_OIFNAME, self.output)] {
            if let Some(name) = name {
                w.text(kind, name);
            }
        }
    }

    fn write_numbers(&self, w: &mut Writer<'_>) {
        let wide_table = (self.table > u32::from(u8::MAX)).then_some(self.table);
        w.u32s([
            (FRA_PRIORITY, self.priority),
            (FRA_GOTO, self.goto),
            (FRA_FWMARK, self.mark),
            (FRA_FWMASK, self.mask),
            (FRA_SUPPRESS_PREFIXLEN, self.suppress_prefix),
            (FRA_SUPPRESS_IFGROUP, self.suppress_group),
            (FRA_FLOW, self.realms),
            (FRA_TABLE, wide_table),
        ]);
        if let Some(tunnel) = self.tunnel {
            w.bytes(FRA_TUN_ID, &tunnel.to_be_bytes());
        }
        w.u8s([
            (FRA_L3MDEV, self.l3mdev),
            (FRA_PROTOCOL, self.protocol),
            (FRA_IP_PROTO, self.ip_protocol),
        ]);
    }

    fn write_ranges(&self, w: &mut Writer<'_>) {
        if let Some([first, last]) = self.users {
            w.bytes(
                FRA_UID_RANGE,
                [first.to_ne_bytes(), last.to_ne_bytes()].as_flattened(),
            );
        }
        let ports = [
            (FRA_SPORT_RANGE, self.source_ports),
            (FRA_DPORT_RANGE, self.destination_ports),
        ];
        for (kind, range) in ports {
            if let Some([first, last]) = range {
                w.bytes(
                    kind,
                    [first.to_ne_bytes(), last.to_ne_bytes()].as_flattened(),
                );
            }
        }
    }
}

/// Append the question for all rules.
pub fn write_dump(buffer: &mut Vec<u8>, sequence: u32) {
    let header = Header {
        kind: kind::GET_RULE,
        flags: flag::REQUEST | flag::DUMP,
        sequence,
        port: 0,
    };
    write_message(buffer, header, &[0; FIXED], |_| {});
}
