//! The keywords of `virtual_server`.
//!
//! * `scheduling`: how connections are spread over the real servers
//! * `persistence`: clients that stay with their server
//! * `servers`: the real servers, and the sorry server
//! * this file: the block, what names it, and what the service as a whole does

mod persistence;
mod scheduling;
mod servers;

use self::persistence::PERSISTENT;
use self::scheduling::SCHEDULING;
use self::servers::SERVERS;
use super::draft::{Head, ServiceDraft};
use super::times::{server_defaults, times};
use super::{NUMBER_MAX, endpoint, number};
use crate::control_plane::arg::{flag, int, words};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::read::{Refusal, refuse};
use crate::control_plane::schema::{self, Block, Call, Child, Lens, at};
use crate::control_plane::script::script;
use crate::control_plane::value::Spanned;
use crate::global::draft::Draft;
use crate::ipvs::Protocol;

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
