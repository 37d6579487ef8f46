//! The keywords of `virtual_server`.

use std::net::{IpAddr, Ipv4Addr};

use super::draft::{Head, SCHEDULERS, ServiceDraft};
use super::service::{PERSISTENCE, SorryServer};
use super::times::{server_defaults, times};
use super::{NUMBER_MAX, endpoint, method, number, server_rows};
use crate::control_plane::arg::{
    block, choice, flag, int, int_or, nowhere, short_text, some_words, words,
};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::read::{self, Refusal, refuse};
use crate::control_plane::schema::{self, Block, Call, Child, Lens, at, gone};
use crate::control_plane::script::script;
use crate::control_plane::show::Sink;
use crate::control_plane::value::Spanned;
use crate::control_plane::words::Word;
use crate::global::top::Draft;
use crate::ipvs::{Forwarding, Granularity, Name, Protocol, ServiceFlags};
use crate::model::Family;

type Row = schema::Row<ServiceDraft>;
type Rows = &'static [Row];

const SCRIPT: &str = "SCRIPT [USER [[:]GROUP]]";

pub(super) static VIRTUAL_SERVER: Child<Draft, ServiceDraft> = Child {
    block: &Block {
        rows: &[
            SCHEDULING,
            PERSISTENT,
            SERVICE,
            times!(ServiceDraft),
            server_defaults!(ServiceDraft),
            SERVERS,
        ],
        finish: None,
    },
    usage: "ADDRESS [PORT] | fwmark N | group NAME",
    open: |_, call, diags| {
        let head = head(call, diags)?;
        Some(ServiceDraft::new(head, call.span()))
    },
    close: |draft, service| draft.check.services.push(service),
    each: |draft, show| {
        for service in &draft.check.services {
            match &service.head {
                Head::Address(address, 0) => show(&[&address.to_string()], service),
                Head::Address(address, port) => {
                    show(&[&address.to_string(), &port.to_string()], service);
                }
                Head::Mark(mark) => show(&["fwmark", &mark.to_string()], service),
                Head::Group(name) => show(&["group", name], service),
            }
        }
    },
};

fn head(call: &Call<'_>, diags: &mut Diags) -> Option<Head> {
    match call.args {
        [] => {
            let text = "`virtual_server` needs an address, `fwmark` or `group`";
            diags.error(Code::MissingParameter, call.keyword.span, text);
            None
        }
        [kind] if ["fwmark", "group"].contains(&kind.text.as_str()) => {
            let text = format!("`{}` needs a value", kind.text);
            diags.error(Code::MissingParameter, kind.span, text);
            None
        }
        [kind, mark, ..] if kind.text == "fwmark" => {
            let mark = number(mark, 1, NUMBER_MAX, diags)?;
            Some(Head::Mark(u32::try_from(mark).unwrap_or(u32::MAX)))
        }
        [kind, name, ..] if kind.text == "group" => {
            Some(Head::Group(Spanned::new(name.text.clone(), name.span)))
        }
        [address, rest @ ..] => {
            let (address, port) = endpoint(address, rest.first(), diags)?;
            Some(Head::Address(address, port))
        }
    }
}

/// A flag of the service, printed as itself unless the scheduler has a word for it.
macro_rules! bit {
    ($flag:ident) => {
        Lens {
            get: |service: &ServiceDraft| {
                let named = ServiceFlags::$flag != ServiceFlags::ONE_PACKET
                    && ServiceFlags::$flag != ServiceFlags::SCHEDULER_3
                    && (is(service, "sh") || is(service, "mh"));
                Some(service.flags.has(ServiceFlags::$flag) && !named)
            },
            set: |service, _, _| service.flags = service.flags.with(ServiceFlags::$flag),
        }
    };
}

/// The word that a scheduler has for a flag.
macro_rules! word {
    ($name:literal, $scheduler:literal, $flag:ident, $doc:literal) => {
        Row::new(
            $name,
            words(
                "",
                0,
                0,
                |service: &mut ServiceDraft, call, diags| {
                    if is(service, $scheduler) {
                        service.flags = service.flags.with(ServiceFlags::$flag);
                    } else {
                        needs($scheduler, call, diags);
                    }
                },
                |service, name, out| {
                    if is(service, $scheduler) && service.flags.has(ServiceFlags::$flag) {
                        out.line(name, &[]);
                    }
                },
            ),
            $doc,
        )
    };
}

fn is(service: &ServiceDraft, scheduler: &str) -> bool {
    service.scheduler.as_ref().map(Name::as_str) == Some(scheduler)
}

/// A flag of one scheduler, which has to be named before.
fn needs(scheduler: &str, call: &Call<'_>, diags: &mut Diags) {
    let text = format!(
        "`{}` needs `lvs_sched {scheduler}` before it",
        call.keyword.text
    );
    diags.error(Code::General, call.keyword.span, text);
}

/// The older word sets the same field, which is printed once.
const OLD_SCHEDULER: Lens<ServiceDraft, &str> = Lens {
    get: |_| None,
    set: |service, name, _| service.scheduler = Name::new(name),
};

const SCHEDULING: Rows = &[
    Row::new(
        "ip_family",
        choice(&["inet", "inet6"], at!(family)),
        "The address family of a service by firewall mark.",
    )
    .default("that of its servers, else inet"),
    Row::new(
        "lvs_sched",
        choice(SCHEDULERS, at!(scheduler)),
        "How connections are spread over the real servers.",
    )
    .default("wlc"),
    Row::new(
        "lb_algo",
        choice(SCHEDULERS, OLD_SCHEDULER),
        "Another word for lvs_sched.",
    ),
    Row::new(
        "lvs_method",
        words(
            method::USAGE,
            1,
            usize::MAX,
            set_method,
            |service, name, out| {
                method::show(service.forwarding, name, out);
            },
        ),
        "How packets get to real servers that stand behind this line and say nothing else: address \
         translation, direct routing, or a tunnel.",
    )
    .default("NAT"),
    Row::new(
        "lb_kind",
        words(method::USAGE, 1, usize::MAX, set_method, |_, _, _| ()),
        "Another word for lvs_method.",
    ),
    Row::new(
        "hashed",
        flag(nowhere()),
        "Without effect: which services are hashed is the kernel's affair.",
    )
    .old(|call| Some(gone(call, "has no effect", false))),
    Row::new(
        "nat_mask",
        some_words("MASK", 1, 1),
        "Without effect: a mask for address translation in Linux 2.2.",
    )
    .old(|call| Some(gone(call, "has had no effect since Linux 2.4", true))),
    Row::new(
        "ops",
        flag(bit!(ONE_PACKET)),
        "Each datagram is scheduled by itself (UDP and marks).",
    ),
    Row::new(
        "flag-1",
        flag(bit!(SCHEDULER_1)),
        "The first flag of the scheduler, whatever it means there.",
    ),
    Row::new(
        "flag-2",
        flag(bit!(SCHEDULER_2)),
        "The second flag of the scheduler, whatever it means there.",
    ),
    Row::new(
        "flag-3",
        flag(bit!(SCHEDULER_3)),
        "The third flag of the scheduler, whatever it means there.",
    ),
    word!(
        "sh-port",
        "sh",
        SCHEDULER_2,
        "The scheduler sh looks at ports, too."
    ),
    word!(
        "sh-fallback",
        "sh",
        SCHEDULER_1,
        "The scheduler sh takes another server where the one chosen has weight 0."
    ),
    word!(
        "mh-port",
        "mh",
        SCHEDULER_2,
        "The scheduler mh looks at ports, too."
    ),
    word!(
        "mh-fallback",
        "mh",
        SCHEDULER_1,
        "The scheduler mh takes another server where the one chosen has weight 0."
    ),
];

fn set_method(service: &mut ServiceDraft, call: &Call<'_>, diags: &mut Diags) {
    let Some(forwarding) = method::read(call, diags) else {
        return;
    };
    service.forwarding = Some(forwarding);
    let other = |method: Option<Forwarding>| method != Some(forwarding);
    if service
        .servers
        .iter()
        .any(|server| other(server.forwarding))
    {
        let text = format!(
            "`{}` has no effect on the real servers before it",
            call.keyword.text
        );
        diags.warn(Code::Warning, call.keyword.span, text);
    }
}

const PERSISTENT: Rows = &[
    Row::new(
        "persistence_engine",
        short_text("NAME", Name::MAX, at!(engine)),
        "What tells clients apart beside their address; the kernel has sip.",
    ).default("none"),
    Row::new(
        "persistence_timeout",
        int_or(PERSISTENCE as i64, 1, 2_678_400, at!(persistence)),
        "A client stays with its server that many seconds after its last connection; 360 without a number.",
    ).default("no persistence"),
    Row::new(
        "persistence_granularity",
        words("NETMASK|LENGTH", 1, 1, set_granularity, show_granularity),
        "Which clients count as one: those whose addresses agree in these bits.",
    )
    .default("255.255.255.255 or 128"),
];

fn set_granularity(service: &mut ServiceDraft, call: &Call<'_>, diags: &mut Diags) {
    let [word] = call.args else { return };
    let family = service.own_family();
    if family != Some(Family::V6)
        && let Ok(mask) = word.text.parse::<Ipv4Addr>()
    {
        service.granularity = Some(Granularity::Mask(mask.to_bits()));
    } else if family == Some(Family::V4) {
        service.granularity = prefix_as_mask(word, diags).or(service.granularity);
    } else if let Some(length) = number(word, 1, 128, diags) {
        service.granularity = Some(Granularity::Prefix(u8::try_from(length).unwrap_or(128)));
    }
}

/// The C daemon takes `24` as the mask 0.0.0.24, without a word.
fn prefix_as_mask(word: &Word, diags: &mut Diags) -> Option<Granularity> {
    let length = match read::integer(&word.text, 1, 32, "") {
        Ok(length) => u32::try_from(length).unwrap_or(32),
        Err(_) => {
            let text = format!("`{}` is no IPv4 netmask", word.text);
            refuse(diags, word.span, Refusal::general(text));
            return None;
        }
    };
    let mask = u32::MAX << (32 - length);
    let text = format!(
        "a netmask is needed here: taken as {}",
        Ipv4Addr::from_bits(mask)
    );
    diags.warn(Code::Warning, word.span, text);
    diags.lint("granularity-not-a-mask");
    Some(Granularity::Mask(mask))
}

fn show_granularity(service: &ServiceDraft, name: &str, out: &mut dyn Sink) {
    match service.granularity {
        Some(Granularity::Mask(mask)) => {
            out.line(name, &[&Ipv4Addr::from_bits(mask).to_string()]);
        }
        Some(Granularity::Prefix(length)) => out.line(name, &[&length.to_string()]),
        None => (),
    }
}

const SERVICE: Rows = &[
    Row::new(
        "protocol",
        words(
            "TCP|UDP|SCTP",
            1,
            1,
            |service: &mut ServiceDraft, call, diags| {
                let [word] = call.args else { return };
                match word.text.to_ascii_uppercase().as_str() {
                    "TCP" => service.protocol = Some(Spanned::new(Protocol::Tcp, word.span)),
                    "UDP" => service.protocol = Some(Spanned::new(Protocol::Udp, word.span)),
                    "SCTP" => service.protocol = Some(Spanned::new(Protocol::Sctp, word.span)),
                    _ => {
                        let text = format!("`{}` is none of TCP, UDP, SCTP", word.text);
                        refuse(diags, word.span, Refusal::general(text));
                    }
                }
            },
            |service, name, out| {
                if let Some(protocol) = service.protocol {
                    out.line(name, &[protocol.value.name()]);
                }
            },
        ),
        "The protocol of the service; firewall marks have none.",
    )
    .default("UDP"),
    Row::new(
        "ha_suspend",
        flag(Lens {
            get: |service: &ServiceDraft| Some(service.ha_suspend),
            set: |service, value, _| service.ha_suspend = value,
        }),
        "No checks while the address of the service is not present on this machine.",
    ),
    Row::new(
        "omega",
        flag(Lens {
            get: |service: &ServiceDraft| Some(service.omega),
            set: |service, value, _| service.omega = value,
        }),
        "When the daemon stops, quorum_down and notify_down are run, too.",
    ),
    Row::new(
        "quorum_up",
        script!(ServiceDraft, SCRIPT, scripts.up),
        "The script that is run when the quorum is gained.",
    )
    .once(),
    Row::new(
        "quorum_down",
        script!(ServiceDraft, SCRIPT, scripts.down),
        "The script that is run when the quorum is lost.",
    )
    .once(),
    Row::new(
        "quorum",
        int(1, NUMBER_MAX, "", at!(quorum)),
        "The service is up when its servers that are up weigh that much together; at most the \
         weight of all servers.",
    )
    .default("1"),
    Row::new(
        "hysteresis",
        int(0, NUMBER_MAX, "", at!(hysteresis)),
        "How much more than the quorum it takes to gain it, and how much less to lose it.",
    )
    .default("0"),
    Row::new(
        "weight",
        int(1, i32::MAX as i64, "", at!(weight)),
        "The weight of servers that have none.",
    )
    .default("1"),
];

const SERVERS: Rows = &[
    Row::new(
        "sorry_server",
        words("ADDRESS [PORT]", 1, 2, set_sorry, show_sorry),
        "The server that takes over while the quorum is lost.",
    )
    .default("none"),
    Row::new(
        "sorry_server_inhibit",
        words(
            "",
            0,
            0,
            |service: &mut ServiceDraft, call, diags| match &mut service.sorry {
                Some(sorry) => sorry.inhibit = true,
                None => after_sorry(call, diags),
            },
            |service, name, out| {
                if service.sorry.is_some_and(|sorry| sorry.inhibit) {
                    out.line(name, &[]);
                }
            },
        ),
        "The sorry server stays in the table with weight 0 when it is no longer needed.",
    ),
    Row::new(
        "sorry_server_lvs_method",
        words(
            method::USAGE,
            1,
            usize::MAX,
            |service: &mut ServiceDraft, call, diags| {
                if service.sorry.is_none() {
                    return after_sorry(call, diags);
                }
                service.sorry_method = method::read(call, diags);
            },
            |service, name, out| method::show(service.sorry_method, name, out),
        ),
        "How packets get to the sorry server.",
    )
    .default("lvs_method"),
    Row::new(
        "real_server",
        block(&server_rows::REAL_SERVER),
        "A server behind the service.",
    ),
];

fn set_sorry(service: &mut ServiceDraft, call: &Call<'_>, diags: &mut Diags) {
    let Some((address, rest)) = call.args.split_first() else {
        return;
    };
    let Some((address, port)) = endpoint(address, rest.first(), diags) else {
        return;
    };
    if service.sorry.is_some() {
        let text = "a second sorry server: the first one is not used";
        diags.warn(Code::Warning, call.span(), text);
    }
    service.sorry_at = call.span();
    service.sorry_method = None;
    service.sorry = Some(SorryServer {
        address,
        port,
        forwarding: Forwarding::Masquerade,
        inhibit: false,
    });
}

fn show_sorry(service: &ServiceDraft, name: &str, out: &mut dyn Sink) {
    if let Some(sorry) = service.sorry {
        show_endpoint(name, sorry.address, sorry.port, out);
    }
}

fn show_endpoint(name: &str, address: IpAddr, port: u16, out: &mut dyn Sink) {
    let address = address.to_string();
    match port {
        0 => out.line(name, &[&address]),
        port => out.line(name, &[&address, &port.to_string()]),
    }
}

fn after_sorry(call: &Call<'_>, diags: &mut Diags) {
    let text = format!("`{}` needs a sorry_server before it", call.keyword.text);
    diags.error(Code::General, call.keyword.span, text);
}
