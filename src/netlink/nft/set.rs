//! Sets and maps: what their keys are, and how their elements are written.

use super::{DATA_VALUE, LIST_ELEMENT, SUBSYSTEM, TABLE, Transaction, be32};
use crate::netlink::header::flag;

const NEW_SET: u16 = SUBSYSTEM << 8 | 9;
const NEW_ELEMENTS: u16 = SUBSYSTEM << 8 | 12;
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
const ELEMENT_KEY: u16 = 1;
const ELEMENT_DATA: u16 = 2;
/// Bits of a type in that of a concatenation.
const TYPE_BITS: u32 = 6;

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

impl Transaction {
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
