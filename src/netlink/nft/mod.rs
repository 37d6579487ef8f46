//! The few messages of nftables that are sent: one transaction that replaces a
//! whole table, so that the kernel has the old rules or the new ones and never a
//! mixture (`linux/netfilter/nf_tables.h`).
//!
//! Numbers in attributes are in network byte order here.

mod expression;
mod set;

pub use expression::Expression;
pub use set::Key;

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

/// `NFTA_*_TABLE` and `NFTA_TABLE_NAME` are all 1.
const TABLE: u16 = 1;
const CHAIN_NAME: u16 = 3;
const CHAIN_HOOK: u16 = 4;
const CHAIN_TYPE: u16 = 7;
const HOOK_NUMBER: u16 = 1;
const HOOK_PRIORITY: u16 = 2;
const LIST_ELEMENT: u16 = 1;
const DATA_VALUE: u16 = 1;
const RULE_CHAIN: u16 = 2;
const RULE_EXPRESSIONS: u16 = 4;

/// Where a chain is called (`NF_INET_LOCAL_*`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Hook {
    /// What comes to this machine.
    Input,
    /// What this machine sends.
    Output,
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

fn be32(w: &mut Writer<'_>, kind: u16, value: u32) {
    w.bytes(kind, &value.to_be_bytes());
}
