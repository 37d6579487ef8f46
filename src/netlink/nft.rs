//! The few messages of nftables that are sent: one transaction that replaces a
//! whole table, so that the kernel has the old rules or the new ones and never a
//! mixture (`linux/netfilter/nf_tables.h`).
//!
//! Numbers in attributes are in network byte order here.

use super::attr::Writer;
use super::header::{Header, flag, write_message};

/// Messages of the batch itself (`NFNL_MSG_BATCH_*`).
const BATCH_BEGIN: u16 = 0x10;
const BATCH_END: u16 = 0x11;
/// The subsystem (`NFNL_SUBSYS_NFTABLES`).
const SUBSYSTEM: u16 = 10;
const NEW_TABLE: u16 = SUBSYSTEM << 8;
const GET_TABLE: u16 = SUBSYSTEM << 8 | 1;
const DEL_TABLE: u16 = SUBSYSTEM << 8 | 2;
const NEW_CHAIN: u16 = SUBSYSTEM << 8 | 3;
const NEW_RULE: u16 = SUBSYSTEM << 8 | 6;
const NEW_SET: u16 = SUBSYSTEM << 8 | 9;
const NEW_ELEMENTS: u16 = SUBSYSTEM << 8 | 12;

/// `NFTA_*_TABLE` and `NFTA_TABLE_NAME` are all 1.
const TABLE: u16 = 1;
const CHAIN_NAME: u16 = 3;
const CHAIN_HOOK: u16 = 4;
const CHAIN_TYPE: u16 = 7;
const HOOK_NUMBER: u16 = 1;
const HOOK_PRIORITY: u16 = 2;
const SET_NAME: u16 = 2;
const SET_FLAGS: u16 = 3;
const SET_DATA_TYPE: u16 = 6;
const SET_DATA_LENGTH: u16 = 7;
/// `NFT_SET_MAP`
const IS_MAP: u32 = 8;
const SET_KEY_TYPE: u16 = 4;
const SET_KEY_LENGTH: u16 = 5;
const SET_ID: u16 = 10;
const SET_USER_DATA: u16 = 13;
const ELEMENTS_SET: u16 = 2;
const ELEMENTS: u16 = 3;
const LIST_ELEMENT: u16 = 1;
const ELEMENT_KEY: u16 = 1;
const ELEMENT_DATA: u16 = 2;
const DATA_VALUE: u16 = 1;
const DATA_VERDICT: u16 = 2;
const VERDICT_CODE: u16 = 1;
const RULE_CHAIN: u16 = 2;
const RULE_EXPRESSIONS: u16 = 4;
const EXPRESSION_NAME: u16 = 1;
const EXPRESSION_DATA: u16 = 2;
/// Registers of 16 octets each.
const REGISTER: u32 = 1;
const SECOND: u32 = 2;
const THIRD: u32 = 3;
/// The second word of the first register.
const SECOND_WORD: u32 = 9;
/// Bits of a type in that of a concatenation.
const TYPE_BITS: u32 = 6;

/// Where a chain is called (`NF_INET_LOCAL_*`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Hook {
    /// What comes to this machine.
    Input,
    /// What this machine sends.
    Output,
}

/// What a set holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Key {
    /// IPv4 addresses.
    V4,
    /// IPv6 addresses.
    V6,
    /// IPv6 addresses, each with the name of an interface.
    V6OnName,
    /// IPv6 addresses, each with the number of an interface.
    V6OnIndex,
    /// Names of interfaces.
    Interface,
    /// Numbers of interfaces.
    Index,
    /// IPv4 addresses, each with a port.
    V4Port,
    /// IPv6 addresses, each with a port.
    V6Port,
    /// Marks of packets.
    Mark,
}

impl Key {
    /// The number that `nft` shows the type by, and the octets.
    const fn type_and_length(self) -> (u32, u32) {
        match self {
            Self::V4 => (7, 4),
            Self::V6 => (8, 16),
            Self::V6OnName => (8 << TYPE_BITS | 41, 32),
            Self::V6OnIndex => (8 << TYPE_BITS | 20, 20),
            Self::Interface => (41, 16),
            Self::Index => (20, 4),
            Self::V4Port => (7 << TYPE_BITS | 13, 8),
            Self::V6Port => (8 << TYPE_BITS | 13, 20),
            Self::Mark => (19, 4),
        }
    }
}

/// One step of a rule.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Expression<'a> {
    /// Octets of the network header.
    Network {
        /// Where they begin.
        offset: u32,
        /// How many.
        length: u32,
    },
    /// The first octet of the transport header.
    Transport,
    /// The transport protocol.
    Protocol,
    /// The name of the interface it leaves by.
    OutInterface,
    /// That of the interface it came by or leaves by, behind what was loaded.
    InterfaceBehind(Hook, Key),
    /// The number of the interface it leaves by, as the key of a map.
    OutIndex,
    /// What a map has for that number, or the rule ends.
    Mapped(&'a str),
    /// The port it goes to, behind the address that was loaded.
    PortBehind(Key),
    /// The mark that a map has for what was loaded, or the rule ends.
    MarkOf(&'a str),
    /// Give the packet that mark.
    SetMark,
    /// Send a copy to the address loaded through the interface that the map gave.
    Duplicate,
    /// Go on if what was loaded is this.
    Equals(&'a [u8]),
    /// Go on if what was loaded is in a set.
    In(&'a str),
    /// Count.
    Counter,
    /// It may pass this chain.
    Accept,
    /// It goes no further.
    Drop,
}

/// The request for a table, which needs no transaction.
#[must_use]
pub fn get_table(family: u8, table: &str) -> Vec<u8> {
    let header = Header {
        kind: GET_TABLE,
        flags: flag::REQUEST | flag::ACK,
        sequence: 1,
        port: 0,
    };
    let mut octets = Vec::new();
    write_message(&mut octets, header, &[family, 0, 0, 0], |w| {
        w.text(TABLE, table);
    });
    octets
}

/// A transaction in the making.
#[derive(Clone, Debug)]
pub struct Transaction {
    octets: Vec<u8>,
    sequence: u32,
    sets: u32,
}

impl Default for Transaction {
    fn default() -> Self {
        Self::new()
    }
}

impl Transaction {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        let mut new = Self {
            octets: Vec::new(),
            sequence: 0,
            sets: 0,
        };
        new.batch(BATCH_BEGIN);
        new
    }

    /// The table goes, whether it was there or not.
    pub fn delete_table(&mut self, family: u8, table: &str) {
        self.message(NEW_TABLE, flag::CREATE, family, |w| w.text(TABLE, table));
        self.message(DEL_TABLE, 0, family, |w| w.text(TABLE, table));
    }

    /// The table goes; the transaction fails with `ENOENT` if it is not there.
    pub fn delete_existing_table(&mut self, family: u8, table: &str) {
        self.message(DEL_TABLE, 0, family, |w| w.text(TABLE, table));
    }

    /// A new empty table.
    pub fn table(&mut self, family: u8, table: &str) {
        self.message(NEW_TABLE, flag::CREATE, family, |w| w.text(TABLE, table));
    }

    /// A chain that the kernel calls.
    pub fn chain(&mut self, family: u8, table: &str, name: &str, hook: Hook, priority: i32) {
        let number: u32 = match hook {
            Hook::Input => 1,
            Hook::Output => 3,
        };
        self.message(NEW_CHAIN, flag::CREATE, family, |w| {
            w.text(TABLE, table);
            w.text(CHAIN_NAME, name);
            w.nest(CHAIN_HOOK, |w| {
                be32(w, HOOK_NUMBER, number);
                w.bytes(HOOK_PRIORITY, &priority.to_be_bytes());
            });
            w.text(CHAIN_TYPE, "filter");
        });
    }

    /// A set with its elements, each of the key's length.
    pub fn set(&mut self, family: u8, table: &str, name: &str, key: Key, elements: &[Vec<u8>]) {
        self.new_set(family, table, name, key, None);
        // An attribute has 16 bits for its length.
        for part in elements.chunks(512) {
            self.message(NEW_ELEMENTS, flag::CREATE, family, |w| {
                w.text(TABLE, table);
                w.text(ELEMENTS_SET, name);
                w.nest(ELEMENTS, |w| {
                    for element in part {
                        w.nest(LIST_ELEMENT, |w| {
                            w.nest(ELEMENT_KEY, |w| w.bytes(DATA_VALUE, element));
                        });
                    }
                });
            });
        }
    }

    /// A map with its elements, each of the lengths of key and value.
    pub fn map(
        &mut self,
        family: u8,
        table: &str,
        name: &str,
        (key, value): (Key, Key),
        pairs: &[(Vec<u8>, Vec<u8>)],
    ) {
        self.new_set(family, table, name, key, Some(value));
        for part in pairs.chunks(512) {
            self.message(NEW_ELEMENTS, flag::CREATE, family, |w| {
                w.text(TABLE, table);
                w.text(ELEMENTS_SET, name);
                w.nest(ELEMENTS, |w| {
                    for (from, to) in part {
                        w.nest(LIST_ELEMENT, |w| {
                            w.nest(ELEMENT_KEY, |w| w.bytes(DATA_VALUE, from));
                            w.nest(ELEMENT_DATA, |w| w.bytes(DATA_VALUE, to));
                        });
                    }
                });
            });
        }
    }

    fn new_set(&mut self, family: u8, table: &str, name: &str, key: Key, data: Option<Key>) {
        let (kind, length) = key.type_and_length();
        self.sets += 1;
        let id = self.sets;
        self.message(NEW_SET, flag::CREATE, family, |w| {
            w.text(TABLE, table);
            w.text(SET_NAME, name);
            if data.is_some() {
                be32(w, SET_FLAGS, IS_MAP);
            }
            be32(w, SET_KEY_TYPE, kind);
            be32(w, SET_KEY_LENGTH, length);
            if let Some((kind, length)) = data.map(Key::type_and_length) {
                be32(w, SET_DATA_TYPE, kind);
                be32(w, SET_DATA_LENGTH, length);
            }
            be32(w, SET_ID, id);
            let hint = order_hint(key, data);
            if !hint.is_empty() {
                w.bytes(SET_USER_DATA, &hint);
            }
        });
    }

    /// A rule at the end of a chain.
    pub fn rule(&mut self, family: u8, table: &str, chain: &str, steps: &[Expression<'_>]) {
        self.message(NEW_RULE, flag::CREATE | flag::APPEND, family, |w| {
            w.text(TABLE, table);
            w.text(RULE_CHAIN, chain);
            w.nest(RULE_EXPRESSIONS, |w| {
                for step in steps {
                    w.nest(LIST_ELEMENT, |w| step.write(w));
                }
            });
        });
    }

    /// The messages, to be sent with one call.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.batch(BATCH_END);
        self.octets
    }

    fn batch(&mut self, kind: u16) {
        let header = self.header(kind, 0);
        let [high, low] = SUBSYSTEM.to_be_bytes();
        write_message(&mut self.octets, header, &[0, 0, high, low], |_| ());
    }

    fn message(&mut self, kind: u16, flags: u16, family: u8, write: impl FnOnce(&mut Writer<'_>)) {
        let header = self.header(kind, flags | flag::ACK);
        write_message(&mut self.octets, header, &[family, 0, 0, 0], write);
    }

    const fn header(&mut self, kind: u16, flags: u16) -> Header {
        self.sequence += 1;
        Header {
            kind,
            flags: flag::REQUEST | flags,
            sequence: self.sequence,
            port: 0,
        }
    }
}

impl Expression<'_> {
    const fn name(&self) -> &'static str {
        match self {
            Self::Network { .. } | Self::Transport | Self::PortBehind(_) => "payload",
            Self::Protocol
            | Self::OutInterface
            | Self::OutIndex
            | Self::InterfaceBehind(..)
            | Self::SetMark => "meta",
            Self::Equals(_) => "cmp",
            Self::In(_) | Self::Mapped(_) | Self::MarkOf(_) => "lookup",
            Self::Duplicate => "dup",
            Self::Counter => "counter",
            Self::Accept | Self::Drop => "immediate",
        }
    }

    fn write(&self, w: &mut Writer<'_>) {
        w.text(EXPRESSION_NAME, self.name());
        w.nest(EXPRESSION_DATA, |w| match *self {
            Self::Network { offset, length } => payload(w, REGISTER, 1, offset, length),
            Self::Transport => payload(w, REGISTER, 2, 0, 1),
            Self::PortBehind(Key::V4Port) => payload(w, SECOND_WORD, 2, 2, 2),
            Self::PortBehind(_) => payload(w, SECOND, 2, 2, 2),
            Self::MarkOf(map) => {
                w.text(1, map);
                be32(w, 2, REGISTER);
                be32(w, 3, THIRD);
            }
            Self::SetMark => {
                be32(w, 2, 3);
                be32(w, 3, THIRD);
            }
            Self::Protocol => meta(w, 16, REGISTER),
            Self::OutInterface => meta(w, 7, REGISTER),
            Self::OutIndex => meta(w, 5, SECOND),
            Self::InterfaceBehind(hook, key) => {
                let number = match (hook, key) {
                    (Hook::Input, Key::V6OnIndex) => 4,
                    (Hook::Output, Key::V6OnIndex) => 5,
                    (Hook::Input, _) => 6,
                    (Hook::Output, _) => 7,
                };
                meta(w, number, SECOND);
            }
            Self::Mapped(map) => {
                w.text(1, map);
                be32(w, 2, SECOND);
                be32(w, 3, SECOND);
            }
            Self::Duplicate => {
                be32(w, 1, REGISTER);
                be32(w, 2, SECOND);
            }
            Self::Equals(value) => {
                be32(w, 1, REGISTER);
                be32(w, 2, 0);
                w.nest(3, |w| w.bytes(DATA_VALUE, value));
            }
            Self::In(set) => {
                w.text(1, set);
                be32(w, 2, REGISTER);
            }
            Self::Counter => {}
            Self::Accept => verdict(w, 1),
            Self::Drop => verdict(w, 0),
        });
    }
}

/// What tells `nft` to show a set's elements in the order of octets of this
/// machine: type, length and value of one octet, one and four
/// (`NFTNL_UDATA_SET_KEYBYTEORDER` and that of the data). The kernel only keeps it.
fn order_hint(key: Key, data: Option<Key>) -> Vec<u8> {
    const HOST: u32 = 1;
    let is_of_host = |key: &Key| matches!(key, Key::Interface | Key::Index | Key::Mark);
    let parts = [(0, Some(key)), (1, data)];
    let parts = parts
        .into_iter()
        .filter(|(_, key)| key.as_ref().is_some_and(is_of_host));
    parts
        .flat_map(|(kind, _)| {
            let [a, b, c, d] = HOST.to_ne_bytes();
            [kind, 4, a, b, c, d]
        })
        .collect()
}

fn payload(w: &mut Writer<'_>, register: u32, base: u32, offset: u32, length: u32) {
    be32(w, 1, register);
    be32(w, 2, base);
    be32(w, 3, offset);
    be32(w, 4, length);
}

fn meta(w: &mut Writer<'_>, key: u32, register: u32) {
    be32(w, 1, register);
    be32(w, 2, key);
}

/// Register 0 is the verdict.
fn verdict(w: &mut Writer<'_>, code: u32) {
    be32(w, 1, 0);
    w.nest(2, |w| {
        w.nest(DATA_VERDICT, |w| be32(w, VERDICT_CODE, code));
    });
}

fn be32(w: &mut Writer<'_>, kind: u16, value: u32) {
    w.bytes(kind, &value.to_be_bytes());
}
