//! The real servers, and the sorry server that takes over from them.

use std::net::IpAddr;

use super::{Row, Rows};
use crate::check::config::draft::ServiceDraft;
use crate::check::config::service::SorryServer;
use crate::check::config::{endpoint, method, server_rows};
use crate::control_plane::arg::{block, to_keyword, words};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::schema::Call;
use crate::control_plane::show::Sink;
use crate::ipvs::Forwarding;

pub(super) const SERVERS: Rows = &[
    Row::new(
        "sorry_server",
        to_keyword(words("ADDRESS [PORT]", 1, 2, set_sorry, show_sorry)),
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
        to_keyword(words(
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
        )),
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
