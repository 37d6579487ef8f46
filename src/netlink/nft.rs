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
const SET_KEY_TYPE: u16 = 4;
const SET_KEY_LENGTH: u16 = 5;
const SET_ID: u16 = 10;
const ELEMENTS_SET: u16 = 2;
const ELEMENTS: u16 = 3;
const LIST_ELEMENT: u16 = 1;
const ELEMENT_KEY: u16 = 1;
const DATA_VALUE: u16 = 1;
const DATA_VERDICT: u16 = 2;
const VERDICT_CODE: u16 = 1;
const RULE_CHAIN: u16 = 2;
const RULE_EXPRESSIONS: u16 = 4;
const EXPRESSION_NAME: u16 = 1;
const EXPRESSION_DATA: u16 = 2;
const REGISTER: u32 = 1;

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
    /// Names of interfaces.
    Interface,
}

impl Key {
    /// The number that `nft` shows the type by, and the octets.
    const fn type_and_length(self) -> (u32, u32) {
        match self {
            Self::V4 => (7, 4),
            Self::V6 => (8, 16),
            Self::Interface => (41, 16),
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
        let (kind, length) = key.type_and_length();
        self.sets += 1;
        let id = self.sets;
        self.message(NEW_SET, flag::CREATE, family, |w| {
            w.text(TABLE, table);
            w.text(SET_NAME, name);
            be32(w, SET_KEY_TYPE, kind);
            be32(w, SET_KEY_LENGTH, length);
            be32(w, SET_ID, id);
        });
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
            Self::Network { .. } | Self::Transport => "payload",
            Self::Protocol | Self::OutInterface => "meta",
            Self::Equals(_) => "cmp",
            Self::In(_) => "lookup",
            Self::Counter => "counter",
            Self::Accept | Self::Drop => "immediate",
        }
    }

    fn write(&self, w: &mut Writer<'_>) {
        w.text(EXPRESSION_NAME, self.name());
        w.nest(EXPRESSION_DATA, |w| match *self {
            Self::Network { offset, length } => payload(w, 1, offset, length),
            Self::Transport => payload(w, 2, 0, 1),
            Self::Protocol => meta(w, 16),
            Self::OutInterface => meta(w, 7),
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

fn payload(w: &mut Writer<'_>, base: u32, offset: u32, length: u32) {
    be32(w, 1, REGISTER);
    be32(w, 2, base);
    be32(w, 3, offset);
    be32(w, 4, length);
}

fn meta(w: &mut Writer<'_>, key: u32) {
    be32(w, 1, REGISTER);
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
