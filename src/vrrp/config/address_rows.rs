//! The option words of an address line.

use std::net::{IpAddr, Ipv4Addr};

use super::address::AddressConfig;
use crate::control_plane::arg::{flag, words};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::manual::describe_options;
use crate::control_plane::read::{self, Refusal, refuse};
use crate::control_plane::schema::at;
use crate::control_plane::schema::{Call, Describe, Lens, Row};
use crate::control_plane::show::Sink;
use crate::control_plane::value::Spanned;
use crate::control_plane::words::{Line, Word};
use crate::model::iproute::any_base;
use crate::model::{Family, IpNet};

/// How a line of addresses looks.
pub(super) const USAGE: &str = "ADDRESS[/LENGTH] [OPTION ...]";

/// Kernel names of scopes (`rt_scopes`).
const SCOPES: &[(&str, u8)] = &[
    ("global", 0),
    ("site", 200),
    ("link", 253),
    ("host", 254),
    ("nowhere", 255),
];

const LABEL_MAX: usize = 15;

/// What every address may have.
static OPTIONS: &[Row<AddressConfig>] = &[
    Row::new(
        "dev",
        words("INTERFACE", 1, 1, set_dev, |address, name, out| {
            if let Some(dev) = &address.dev {
                out.line(name, &[dev.as_str()]);
            }
        }),
        "The interface the address is put on.",
    )
    .skipped_bare()
    .default("the interface of the instance; of static addresses default_interface"),
    Row::new(
        "scope",
        words(
            "site|link|host|nowhere|global|N",
            1,
            1,
            set_scope,
            |address, name, out| {
                if address.scope != 0 {
                    out.line(name, &[&address.scope.to_string()]);
                }
            },
        ),
        "Where the address is valid, by name or 0 to 255. IPv4 only; the kernel derives it for \
         IPv6.",
    )
    .skipped_bare()
    .default("global"),
    Row::new(
        "broadcast",
        words("ADDRESS|+|-", 1, 1, set_broadcast, |_, _, _| ()),
        "Another word for brd.",
    )
    .skipped_bare(),
    Row::new(
        "brd",
        words("ADDRESS|+|-", 1, 1, set_broadcast, |address, name, out| {
            if let Some(broadcast) = address.broadcast {
                out.line(name, &[&broadcast.to_string()]);
            }
        }),
        "The broadcast address; + sets the host bits of the address, - clears them. IPv4 only.",
    )
    .skipped_bare()
    .default("none"),
    Row::new(
        "label",
        words("NAME", 1, 1, set_label, |address, name, out| {
            if let Some(label) = &address.label {
                out.line(name, &[label]);
            }
        }),
        "A name of at most 15 octets by which ifconfig shows the address: that of the interface, \
         a colon and something. IPv4 only.",
    )
    .skipped_bare()
    .default("none"),
    Row::new(
        "peer",
        words("ADDRESS", 1, 1, set_peer, |address, name, out| {
            if let Some(peer) = address.peer {
                out.line(name, &[&peer.addr.to_string()]);
            }
        }),
        "The address at the other end of a point-to-point link.",
    )
    .skipped_bare()
    .default("none"),
    Row::new(
        "home",
        flag(at!(home)),
        "A home address of mobile IPv6 (RFC 6275).",
    ),
    Row::new(
        "-nodad",
        flag(NODAD),
        "Do duplicate address detection, which is skipped otherwise.",
    ),
    Row::new(
        "mngtmpaddr",
        flag(at!(mngtmpaddr)),
        "The kernel makes temporary (privacy) addresses from this one. IPv6 only.",
    ),
    Row::new(
        "noprefixroute",
        flag(at!(noprefixroute)),
        "The kernel makes no route to the network of the address.",
    ),
    Row::new(
        "autojoin",
        flag(at!(autojoin)),
        "The kernel joins the multicast group of the address.",
    ),
    Row::new(
        "no_track",
        flag(NO_TRACK),
        "Nothing happens when somebody else deletes the address. Otherwise the instance leaves \
         MASTER for a moment and puts it back.",
    ),
    Row::new(
        "preferred_lft",
        words("SECONDS|forever", 1, 1, set_preferred, show_preferred),
        "For how many seconds it is used as a source of new connections: 0 to 4294967295, or forever. IPv6 \
         only.",
    )
    .skipped_bare()
    .default("forever, and 0 for a prefix length of 128"),
];

/// What a virtual address may have besides.
static VIRTUAL: &[Row<AddressConfig>] = &[Row::new(
    "use_vmac",
    flag(at!(use_vmac)),
    "Put it on an interface of its own with the virtual MAC address of its family.",
)];

/// What a static address may have besides.
static STATIC: &[Row<AddressConfig>] = &[Row::new(
    "track_group",
    words("NAME", 1, 1, set_track_group, |address, name, out| {
        if let Some(group) = &address.track_group {
            out.line(name, &[group]);
        }
    }),
    "The track group whose instances leave MASTER when it is deleted.",
)
.skipped_bare()];

/// Which words a line may have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Virtual,
    Static,
}

impl Kind {
    fn tables(self) -> [&'static [Row<AddressConfig>]; 2] {
        match self {
            Self::Virtual => [OPTIONS, VIRTUAL],
            Self::Static => [OPTIONS, STATIC],
        }
    }
}

/// The address of a line. A mistake in its options takes the option away, and not the address,
/// which the other routers have in their adverts; it is only not put where it may not have been
/// meant to be.
pub(super) fn read_line(kind: Kind, line: &Line, diags: &mut Diags) -> Option<AddressConfig> {
    let (first, options) = line.words.split_first()?;
    let net = own_network(first, diags)?;
    let mut address = AddressConfig::new(net, first.span);
    read::options(&kind.tables(), &mut address, line, options, diags);
    if address.is_void {
        return None;
    }
    if address.peer.is_some() {
        of_two_ends(&mut address, diags);
    }
    Some(address)
}

/// The word of a line that begins another address.
pub(super) fn next_virtual(words: &[Word]) -> Option<usize> {
    read::another_entry(&Kind::Virtual.tables(), words, is_network)
}

/// The same for static addresses.
pub(super) fn next_static(words: &[Word]) -> Option<usize> {
    read::another_entry(&Kind::Static.tables(), words, is_network)
}

fn is_network(word: &str) -> bool {
    read::network(word).is_ok()
}

/// The address with its prefix length; that of a host takes the place of one that is none.
fn own_network(word: &Word, diags: &mut Diags) -> Option<IpNet> {
    let refusal = match read::network(&word.text) {
        Ok(net) => return Some(net),
        Err(refusal) => refusal,
    };
    refuse(diags, word.span, refusal);
    let (addr, _) = word.text.split_once('/')?;
    read::network(addr).ok()
}

/// With an address at the other end there is no network, and so no broadcast address.
fn of_two_ends(address: &mut AddressConfig, diags: &mut Diags) {
    let span = address.net.span;
    if address.broadcast.take().is_some() {
        let text = "`brd` and `peer` exclude each other: `brd` is ignored";
        diags.error(Code::General, span, text);
    }
    let host = address.net.family().host_prefix();
    if address.net.prefix == host {
        return;
    }
    let text = "an address with `peer` has no prefix length: it is ignored";
    diags.warn(Code::Warning, span, text);
    let usual = |address: &AddressConfig| {
        AddressConfig::new(address.net.value, address.net.span).preferred_lft
    };
    let was_usual = address.preferred_lft == usual(address);
    address.net.value.prefix = host;
    if was_usual {
        address.preferred_lft = usual(address);
    }
}

/// The line of an address.
pub(super) fn show(kind: Kind, address: &AddressConfig, out: &mut dyn Sink) {
    let mut words = Words(Vec::new());
    for row in kind.tables().into_iter().flatten() {
        crate::control_plane::show::row(row, address, &mut words);
    }
    let words: Vec<&str> = words.0.iter().map(String::as_str).collect();
    out.line(&address.net.to_string(), &words);
}

/// Joins the lines of option rows to one line.
struct Words(Vec<String>);

impl Sink for Words {
    fn line(&mut self, name: &str, words: &[&str]) {
        self.0.push(name.into());
        self.0.extend(words.iter().map(|word| (*word).into()));
    }

    fn secret(&mut self, name: &str, word: &str) {
        self.line(name, &[word]);
    }

    fn open(&mut self, _: &str, _: &[&str]) {}

    fn close(&mut self) {}
}

pub(super) fn describe_virtual(out: &mut dyn Describe) {
    describe_options(&Kind::Virtual.tables(), out);
}

pub(super) fn describe_static(out: &mut dyn Describe) {
    describe_options(&Kind::Static.tables(), out);
}

const NODAD: Lens<AddressConfig, bool> = Lens {
    get: |address| Some(!address.nodad && address.net.family() == Family::V6),
    set: |address, dad, _| address.nodad = !dad,
};

const NO_TRACK: Lens<AddressConfig, bool> = Lens {
    get: |address| Some(!address.track),
    set: |address, no_track, _| address.track = !no_track,
};

fn set_dev(address: &mut AddressConfig, call: &Call<'_>, diags: &mut Diags) {
    let [word] = call.args else { return };
    if address.dev.is_some() {
        address.is_void = true;
        return refuse(diags, call.keyword.span, Refusal::general("a second `dev`"));
    }
    match read::interface(&word.text) {
        Ok(name) => address.dev = Some(Spanned::new(name, word.span)),
        Err(refusal) => {
            address.is_void = true;
            refuse(diags, word.span, refusal);
        }
    }
}

/// Neutron writes scopes for IPv6 addresses, where they mean nothing.
fn set_scope(address: &mut AddressConfig, call: &Call<'_>, diags: &mut Diags) {
    let [word] = call.args else { return };
    if address.net.family() == Family::V6 {
        let text = "`scope` means nothing for an IPv6 address";
        diags.warn(Code::Warning, call.keyword.span, text);
        return diags.lint("scope-ignored");
    }
    let named = SCOPES.iter().find(|(name, _)| *name == word.text);
    let number = any_base(&word.text).and_then(|number| u8::try_from(number).ok());
    match named.map(|(_, scope)| *scope).or(number) {
        Some(scope) => address.scope = scope,
        None => {
            let text = format!("`{}` is no scope", word.text);
            refuse(diags, word.span, Refusal::general(text));
        }
    }
}

fn set_broadcast(address: &mut AddressConfig, call: &Call<'_>, diags: &mut Diags) {
    let [word] = call.args else { return };
    let IpAddr::V4(own) = address.net.addr else {
        address.is_void = true;
        let text = "an IPv6 address has no broadcast address";
        return refuse(diags, call.keyword.span, Refusal::general(text));
    };
    let host_bits = u32::MAX
        .checked_shr(u32::from(address.net.prefix))
        .unwrap_or(0);
    let own = own.to_bits();
    let computed = match word.text.as_str() {
        "+" => Some(own | host_bits),
        "-" => Some(own & !host_bits),
        _ => None,
    };
    if computed.is_some() && address.net.prefix > 30 {
        let text = "`+` and `-` need a prefix length of at most 30";
        return refuse(diags, word.span, Refusal::general(text));
    }
    match computed
        .map(Ipv4Addr::from_bits)
        .map_or_else(|| word.text.parse(), Ok)
    {
        Ok(broadcast) => address.broadcast = Some(broadcast),
        Err(_) => {
            address.is_void = true;
            let text = format!("`{}` is no IPv4 address", word.text);
            refuse(diags, word.span, Refusal::general(text));
        }
    }
}

fn set_label(address: &mut AddressConfig, call: &Call<'_>, diags: &mut Diags) {
    let [word] = call.args else { return };
    if address.net.family() == Family::V6 {
        let text = "`label` means nothing for an IPv6 address";
        return diags.warn(Code::Warning, call.keyword.span, text);
    }
    match read::text(&word.text, LABEL_MAX) {
        Ok(label) => address.label = Some(label),
        Err(refusal) => {
            address.is_void = true;
            refuse(diags, word.span, refusal);
        }
    }
}

fn set_peer(address: &mut AddressConfig, call: &Call<'_>, diags: &mut Diags) {
    let [word] = call.args else { return };
    match read::network(&word.text) {
        Ok(peer) if peer.family() == address.net.family() => {
            let host = peer.family().host_prefix();
            if peer.prefix != host {
                let text = "the prefix length of a peer is that of a host";
                diags.warn(Code::Warning, word.span, text);
            }
            address.peer = Some(IpNet {
                addr: peer.addr,
                prefix: host,
            });
        }
        Ok(_) => {
            let text = "the peer is of another family";
            refuse(diags, word.span, Refusal::general(text));
        }
        Err(refusal) => refuse(diags, word.span, refusal),
    }
}

fn set_preferred(address: &mut AddressConfig, call: &Call<'_>, diags: &mut Diags) {
    let [word] = call.args else { return };
    if address.net.family() == Family::V4 {
        let text = "`preferred_lft` means nothing for an IPv4 address";
        return diags.warn(Code::Warning, call.keyword.span, text);
    }
    let forever = i64::from(u32::MAX);
    let time = match word.text.as_str() {
        "forever" => Ok(forever),
        text => read::integer(text, 0, forever, "seconds"),
    };
    match time {
        Ok(time) => address.preferred_lft = Some(u32::try_from(time).unwrap_or(u32::MAX)),
        Err(refusal) => refuse(diags, word.span, refusal),
    }
}

fn show_preferred(address: &AddressConfig, name: &str, out: &mut dyn Sink) {
    let default = AddressConfig::new(address.net.value, address.net.span).preferred_lft;
    match address.preferred_lft {
        Some(u32::MAX) if default != Some(u32::MAX) => out.line(name, &["forever"]),
        Some(time) if default != Some(time) => out.line(name, &[&time.to_string()]),
        Some(_) | None => (),
    }
}

fn set_track_group(address: &mut AddressConfig, call: &Call<'_>, _: &mut Diags) {
    if let [word] = call.args {
        address.track_group = Some(Spanned::new(word.text.clone(), word.span));
    }
}
