//! The keywords of `real_server`.

use super::draft::{ServerDraft, ServiceDraft};
use super::times::{server_defaults, times};
use super::{NUMBER_MAX, checkers, endpoint, method};
use crate::control_plane::arg::{command, int, to_keyword, words};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::schema::{self, Block, Call, Child, at};
use crate::ipvs::Forwarding;

type Row = schema::Row<ServerDraft>;

const SCRIPT: &str = "SCRIPT [USER [[:]GROUP]]";

pub(super) static REAL_SERVER: Child<ServiceDraft, ServerDraft> = Child {
    block: &Block {
        rows: &[
            SERVER,
            times!(ServerDraft),
            server_defaults!(ServerDraft),
            checkers::ROWS,
        ],
        finish: None,
    },
    usage: "ADDRESS [PORT]",
    open,
    close: |service, server| service.servers.push(server),
    each: |service, show| {
        for server in &service.servers {
            let address = server.address.to_string();
            match server.port {
                0 => show(&[&address], server),
                port => show(&[&address, &port.to_string()], server),
            }
        }
    },
};

fn open(service: &mut ServiceDraft, call: &Call<'_>, diags: &mut Diags) -> Option<ServerDraft> {
    let Some((address, rest)) = call.args.split_first() else {
        let text = "`real_server` needs an address";
        diags.error(Code::MissingParameter, call.keyword.span, text);
        return None;
    };
    let (address, port) = endpoint(address, rest.first(), diags)?;
    let mut server = ServerDraft::new(address, port, call.span());
    // What the service says behind the server does not count for it.
    server.forwarding = Some(service.forwarding.unwrap_or(Forwarding::Masquerade));
    Some(server)
}

/// `notify_up` or `notify_down`: few servers have any.
macro_rules! notify {
    ($field:ident) => {
        command(
            SCRIPT,
            (1, 3),
            |server: &mut ServerDraft, call, diags| {
                let scripts = server.scripts.get_or_insert_default();
                scripts.$field.set(call, diags);
            },
            |server, name, out| {
                if let Some(scripts) = &server.scripts {
                    scripts.$field.show(name, out);
                }
            },
        )
    };
}

const SERVER: &[Row] = &[
    Row::new(
        "weight",
        int(0, i32::MAX as i64, "", at!(weight)),
        "The server's share of connections, against the weights of the others.",
    )
    .default("that of the virtual server"),
    Row::new(
        "lvs_method",
        to_keyword(words(
            method::USAGE,
            1,
            usize::MAX,
            |server: &mut ServerDraft, call, diags| {
                server.forwarding = method::read(call, diags).or(server.forwarding);
            },
            |server, name, out| method::show(server.forwarding, name, out),
        )),
        "How packets get to this real server.",
    )
    .default("that of the virtual server"),
    Row::new(
        "uthreshold",
        int(0, NUMBER_MAX, "connections", at!(upper_threshold)),
        "From that many connections on the server gets no new ones. 0: no limit.",
    )
    .default("0"),
    Row::new(
        "lthreshold",
        int(0, NUMBER_MAX, "connections", at!(lower_threshold)),
        "Below that many connections a server that had reached uthreshold gets new ones again. 0: \
         below three quarters of uthreshold.",
    )
    .default("0"),
    Row::new(
        "notify_up",
        notify!(up),
        "The script that is run when the server comes up.",
    )
    .once(),
    Row::new(
        "notify_down",
        notify!(down),
        "The script that is run when the server goes down.",
    )
    .once(),
];
