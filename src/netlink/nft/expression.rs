//! The steps of a rule: what is loaded, compared and done.

use super::{DATA_VALUE, Hook, Key, be32};
use crate::netlink::attr::Writer;

const EXPRESSION_NAME: u16 = 1;
const EXPRESSION_DATA: u16 = 2;
const DATA_VERDICT: u16 = 2;
const VERDICT_CODE: u16 = 1;
/// Registers of 16 octets each.
const REGISTER: u32 = 1;
const SECOND: u32 = 2;
const THIRD: u32 = 3;
/// The second word of the first register.
const SECOND_WORD: u32 = 9;

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

    pub(super) fn write(&self, w: &mut Writer<'_>) {
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
