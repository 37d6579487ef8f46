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
//!   checks, `kind_rows` and `pages` what only some of them have.
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

use std::net::IpAddr;

pub use draft::CheckDraft;
pub use given::given;
pub use group::{GroupEntry, ServiceGroup};
pub use resolve::{Surroundings, resolve};
pub use service::{
    CheckConfig, Inherited, ServerConfig, ServiceAddress, ServiceConfig, SorryServer, TlsKeys,
    Transitions,
};

use crate::control_plane::arg::{block, text, words};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::read::{self, refuse};
use crate::control_plane::schema::{Block, Call, Child, Row, at, no_head};
use crate::control_plane::words::Word;
use crate::global::top::Draft;
use crate::model::{Family, Secret};

/// The greatest number of the C daemon's unsigned integers.
const NUMBER_MAX: i64 = u32::MAX as i64;

/// The keywords at the top level.
pub const ROWS: &[Row<Draft>] = &[
    Row::new("SSL", block(&SSL), "What the TLS checks have in common."),
    Row::new(
        "virtual_server_group",
        block(&group_rows::NamedList),
        "Addresses and marks that share a virtual server.",
    ),
    Row::new(
        "virtual_server",
        block(&service_rows::VIRTUAL_SERVER),
        "A service that the kernel spreads over real servers.",
    ),
];

static SSL: Child<Draft, TlsKeys> = Child {
    block: &Block {
        rows: &[&[
            Row::<TlsKeys>::new(
                "password",
                words("PASSWORD", 1, 1, set_password, |keys, name, out| {
                    if let Some(password) = &keys.password {
                        out.secret(name, &String::from_utf8_lossy(password.expose()));
                    }
                }),
                "The passphrase of the key.",
            )
            .skipped_bare(),
            Row::<TlsKeys>::new("ca", text("FILE", at!(ca)), "The file of authorities.")
                .skipped_bare(),
            Row::<TlsKeys>::new(
                "certificate",
                text("FILE", at!(certificate)),
                "The file of the certificate.",
            )
            .skipped_bare(),
            Row::<TlsKeys>::new("key", text("FILE", at!(key)), "The file of the key.")
                .skipped_bare(),
        ]],
        finish: None,
    },
    usage: "",
    open: |draft, call, diags| {
        no_head(draft, call, diags);
        if draft.check.tls.is_some() {
            let text = "a second SSL block: the first one is not used";
            diags.error(Code::General, call.keyword.span, text);
        }
        Some(TlsKeys::default())
    },
    close: |draft, keys| draft.check.tls = Some(keys),
    each: |draft, show| {
        if let Some(keys) = &draft.check.tls {
            show(&[], keys);
        }
    },
};

fn set_password(keys: &mut TlsKeys, call: &Call<'_>, _: &mut Diags) {
    let word = call.args.first();
    keys.password = word.map(|word| Secret::new(word.text.clone().into_bytes()));
}

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
