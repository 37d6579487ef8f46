//! Virtual servers, their real servers and their checks: the language and what it
//! compiles to.
//!
//! ```text
//! rows ──► drafts ──► resolve ──► CheckConfig ──► given ──► drafts ──► rows
//!          as the text             as it runs                 to be printed
//! ```
//!
//! * [`service`] and [`group`] are the compiled types: all defaults are in them, so
//!   that nobody else knows who inherits what from whom (`protocols.md` section 21).
//! * [`draft`] has what the text says; `service_rows`, `server_rows` and `group_rows` fill
//!   it, with `times` and `method` for what they share; `checkers` has the blocks of
//!   checks, `kind_rows` and `pages` what only some of them have; [`top`] has what stands
//!   outside of all blocks.
//! * `resolve` makes the compiled form: inheritance, and the checks that need a
//!   service as a whole or its group.
//! * `given` is the way back: only what differs from what would be inherited, so that
//!   a configuration is held once in memory.

mod checkers;
pub mod draft;
mod given;
pub mod group;
mod group_rows;
mod kind_rows;
mod method;
mod pages;
mod resolve;
mod server_rows;
pub mod service;
mod service_rows;
#[cfg(test)]
mod tests;
mod times;
pub mod top;

use std::net::IpAddr;

pub use draft::CheckDraft;
pub use given::given;
pub use group::{GroupEntry, ServiceGroup};
pub use resolve::{Surroundings, resolve};
pub use service::{
    CheckConfig, Inherited, ServerConfig, ServiceAddress, ServiceConfig, SorryServer, TlsKeys,
    Transitions,
};

use crate::control_plane::diag::Diags;
use crate::control_plane::read::{self, refuse};
use crate::control_plane::words::Word;
use crate::model::Family;

/// The greatest number of the C daemon's unsigned integers.
const NUMBER_MAX: i64 = u32::MAX as i64;

/// The name of a type of records (`DNS_CHECK`).
#[must_use]
pub fn record_name(number: u16) -> &'static str {
    let known = kind_rows::TYPES.iter().find(|(_, n)| *n == number);
    known.map_or("unknown", |(name, _)| name)
}

/// A whole number within a range; nothing, with a message, if it is none.
fn number(word: &Word, min: i64, max: i64, diags: &mut Diags) -> Option<i64> {
    match read::integer(&word.text, min, max, "") {
        Ok(number) => Some(number),
        Err(refusal) => {
            refuse(diags, word.span, refusal);
            None
        }
    }
}

/// A port; 0 is refused.
fn port(word: &Word, diags: &mut Diags) -> Option<u16> {
    let port = number(word, 1, 65535, diags)?;
    u16::try_from(port).ok()
}

/// `ADDRESS [PORT]`; port 0 is as none.
fn endpoint(address: &Word, port: Option<&Word>, diags: &mut Diags) -> Option<(IpAddr, u16)> {
    let address = match read::address(&address.text) {
        Ok(address) => address,
        Err(refusal) => {
            refuse(diags, address.span, refusal);
            return None;
        }
    };
    let port = match port {
        Some(port) => u16::try_from(number(port, 0, 65535, diags)?).unwrap_or(0),
        None => 0,
    };
    Some((address, port))
}

/// The family of a word.
fn family(name: &str) -> Family {
    match name {
        "inet6" => Family::V6,
        _ => Family::V4,
    }
}
