//! The keywords of `bfd_instance`.

use std::net::IpAddr;
use std::time::Duration;

use super::{SessionConfig, is_link_local};
use crate::bfd::feed::NAME_MAX;
use crate::control_plane::arg::{address, block, boolean, flag, int, words};
use crate::control_plane::decimal;
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::read::{self, Refusal, refuse};
use crate::control_plane::schema::{Block, Call, Child, Lens, Row, at, spelling};
use crate::control_plane::show::Sink;
use crate::control_plane::value::{Field as _, Spanned};
use crate::global::draft::Draft;
use crate::model::IfName;
use crate::vrrp::config::top::first_name;
use crate::vrrp::config::tracker_rows::{show_weight, weight};

/// The keywords at the top level.
pub const ROWS: &[Row<Draft>] = &[Row::new(
    "bfd_instance",
    block(&SESSION),
    "A BFD session with a neighbour, which instances, groups and checkers may track.",
)];

static SESSION: Child<Draft, SessionConfig> = Child {
    block: &Block {
        rows: &[ENDS, TIMES, USERS],
        finish: None,
    },
    usage: "NAME",
    open,
    close: |draft, session| draft.bfd.push(session),
    each: |draft, show| {
        for session in &draft.bfd {
            show(&[&session.name], session);
        }
    },
};

const ENDS: &[Row<SessionConfig>] = &[
    Row::<SessionConfig>::new(
        "neighbor_ip",
        words(
            "ADDRESS[%INTERFACE]",
            1,
            1,
            |session: &mut SessionConfig, call, diags| {
                if let Some((address, interface)) = neighbour(call, diags) {
                    session.neighbour = Spanned::new(address, call.span());
                    session.interface = interface;
                }
            },
            show_neighbour,
        ),
        "The neighbour's address. Obligatory. A link-local one needs the interface that it is on, \
         as in fe80::1%eth0.",
    )
    .aliases(&[spelling("neighbour_ip")]),
    Row::<SessionConfig>::new(
        "source_ip",
        address(at!(source)),
        "The own address. Without it the kernel chooses address and source port, and the port \
         may be outside of the range of RFC 5881.",
    )
    .default("what the kernel chooses"),
    Row::<SessionConfig>::new(
        "ttl",
        int(1, 255, "", at!(ttl)),
        "The TTL or hop limit of what is sent; also what max_hops counts from.",
    )
    .default("255 for IPv4, 64 for IPv6"),
    Row::<SessionConfig>::new(
        "hoplimit",
        int(
            1,
            255,
            "",
            Lens {
                get: |_| None,
                set: |session: &mut SessionConfig, limit, span| {
                    session.ttl = Option::make(limit, span);
                },
            },
        ),
        "Another word for ttl.",
    ),
    Row::<SessionConfig>::new(
        "max_hops",
        int(
            -1,
            255,
            "",
            Lens {
                get: |session: &SessionConfig| {
                    Some(i64::from(session.max_hops.value)).filter(|hops| *hops != 0)
                },
                set: |session, hops, span| {
                    session.max_hops = Spanned::new(i16::try_from(hops).unwrap_or(0), span);
                },
            },
        ),
        "How far away the neighbour may be: a packet is dropped if its TTL is lower than the own \
         ttl by more. -1 and 255: any distance.",
    )
    .default("0"),
    Row::<SessionConfig>::new(
        "multihop",
        boolean(at!(multihop)),
        "Use the port for several hops, 4784 (RFC 5883), instead of 3784.",
    ),
    Row::<SessionConfig>::new(
        "passive",
        flag(at!(passive)),
        "Send nothing before the neighbour has.",
    ),
];

const TIMES: &[Row<SessionConfig>] = &[
    Row::<SessionConfig>::new(
        "min_rx",
        words(
            "MILLISECONDS",
            1,
            1,
            |session: &mut SessionConfig, call, diags| {
                if let Some(time) = milliseconds(1, call, diags) {
                    session.min_rx = time;
                }
            },
            |session, name, out| out.line(name, &[&milliseconds_text(session.min_rx)]),
        ),
        "How often we can receive, 1 to 4294967 with up to three decimals. The neighbour sends no \
         more often.",
    )
    .default("10"),
    Row::<SessionConfig>::new(
        "min_tx",
        words(
            "MILLISECONDS",
            1,
            1,
            |session: &mut SessionConfig, call, diags| {
                if let Some(time) = milliseconds(1, call, diags) {
                    session.min_tx = time;
                }
            },
            |session, name, out| out.line(name, &[&milliseconds_text(session.min_tx)]),
        ),
        "How often we would like to send while the session is up, 1 to 4294967 with up to three \
         decimals.",
    )
    .default("10"),
    Row::<SessionConfig>::new(
        "idle_tx",
        words(
            "MILLISECONDS",
            1,
            1,
            |session: &mut SessionConfig, call, diags| {
                if let Some(time) = milliseconds(1000, call, diags) {
                    session.idle_tx = time;
                }
            },
            |session, name, out| out.line(name, &[&milliseconds_text(session.idle_tx)]),
        ),
        "How often we send while the session is not up, 1000 to 4294967 with up to three \
         decimals.",
    )
    .default("1000"),
    Row::<SessionConfig>::new(
        "multiplier",
        int(1, 255, "", at!(multiplier)),
        "So many of our packets missing in a row mean to the neighbour that we are down.",
    )
    .default("5"),
];

const USERS: &[Row<SessionConfig>] = &[
    Row::<SessionConfig>::new(
        "weight",
        words(
            "N [reverse]",
            1,
            2,
            |session: &mut SessionConfig, call, diags| {
                if let Some(weight) = weight(253, call, diags) {
                    session.weight = weight;
                }
            },
            |session, name, out| show_weight(session.weight, name, out),
        ),
        "Added to the priority of what tracks the session while it is up if positive, while it is \
         down if negative; reverse subtracts it instead. 0: down means FAULT. From -253 to 253.",
    )
    .default("0"),
    Row::<SessionConfig>::new(
        "vrrp",
        flag(at!(vrrp)),
        "Tell the VRRP process only. Without vrrp and checker both are told.",
    ),
    Row::<SessionConfig>::new(
        "checker",
        flag(at!(checker)),
        "Tell the checker process only.",
    ),
];

/// The name of a session, unless there is one of that name.
fn open(draft: &mut Draft, call: &Call<'_>, diags: &mut Diags) -> Option<SessionConfig> {
    let name = first_name(call, diags)?;
    if let Err(refusal) = read::text(&name.value, NAME_MAX) {
        refuse(diags, name.span, refusal);
        return None;
    }
    if draft.names.bfd.contains(&name) {
        let text = format!("bfd_instance `{}` is defined twice", name.value);
        refuse(diags, name.span, Refusal::general(text));
        return None;
    }
    draft.names.bfd.push(name.clone());
    Some(SessionConfig::new(name))
}

/// Decimal milliseconds with up to three decimals, at most what 32 bits of
/// microseconds hold.
fn neighbour(call: &Call<'_>, diags: &mut Diags) -> Option<(IpAddr, Option<IfName>)> {
    let [word] = call.args else { return None };
    let (address, interface) = match word.text.split_once('%') {
        Some((address, interface)) => (address, Some(read::interface(interface))),
        None => (word.text.as_str(), None),
    };
    let read = read::address(address).and_then(|address| Ok((address, interface.transpose()?)));
    match read {
        Ok((address, Some(_))) if !is_link_local(address) => {
            let text = format!("{address} is not link-local: it has no interface");
            refuse(diags, word.span, Refusal::general(text));
            None
        }
        Ok(neighbour) => Some(neighbour),
        Err(refusal) => {
            refuse(diags, word.span, refusal);
            None
        }
    }
}

fn show_neighbour(session: &SessionConfig, name: &str, out: &mut dyn Sink) {
    let address = session.neighbour.value;
    match &session.interface {
        _ if address.is_unspecified() => {}
        Some(interface) => out.line(name, &[&format!("{address}%{interface}")]),
        None => out.line(name, &[&address.to_string()]),
    }
}

fn milliseconds(min: u32, call: &Call<'_>, diags: &mut Diags) -> Option<Duration> {
    let [word] = call.args else { return None };
    match decimal::milliseconds(&word.text, min) {
        Ok(time) => {
            if let Some(text) = time.rounded() {
                diags.warn(Code::InvalidNumber, word.span, text);
            }
            Some(time.value)
        }
        Err(refusal) => {
            refuse(diags, word.span, refusal);
            None
        }
    }
}

fn milliseconds_text(time: Duration) -> String {
    let whole = time.as_millis();
    match time.subsec_micros() % 1000 {
        0 => whole.to_string(),
        part => format!("{whole}.{}", format!("{part:03}").trim_end_matches('0')),
    }
}
