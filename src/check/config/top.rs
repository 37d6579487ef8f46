//! What of virtual servers stands at the top level of a configuration.

use super::{TlsKeys, group_rows, service_rows};
use crate::control_plane::arg::{block, words};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::schema::{Block, Call, Child, Row, no_head};
use crate::control_plane::value::Spanned;
use crate::global::draft::Draft;
use crate::model::Secret;

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

/// A file of the block `SSL`.
macro_rules! tls_file {
    ($field:ident) => {
        words(
            "FILE",
            1,
            1,
            |keys: &mut TlsKeys, call, diags| {
                let Some(word) = call.args.first() else {
                    return;
                };
                let file = Spanned::new(word.text.clone(), word.span);
                if keys.$field.replace(file).is_some() {
                    replaced(call, diags);
                }
            },
            |keys, name, out| {
                if let Some(file) = &keys.$field {
                    out.line(name, &[file]);
                }
            },
        )
    };
}

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
            Row::<TlsKeys>::new("ca", tls_file!(ca), "The file of authorities.").skipped_bare(),
            Row::<TlsKeys>::new(
                "certificate",
                tls_file!(certificate),
                "The file of the certificate.",
            )
            .skipped_bare(),
            Row::<TlsKeys>::new("key", tls_file!(key), "The file of the key.").skipped_bare(),
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

fn set_password(keys: &mut TlsKeys, call: &Call<'_>, diags: &mut Diags) {
    let Some(word) = call.args.first() else {
        return;
    };
    let password = Secret::new(word.text.clone().into_bytes());
    if keys.password.replace(password).is_some() {
        replaced(call, diags);
    }
}

/// The last one counts, as with the C daemon, which does not want two either.
fn replaced(call: &Call<'_>, diags: &mut Diags) {
    let text = format!(
        "a second `{0}`: the first one is not used",
        call.keyword.text
    );
    diags.warn(Code::General, call.span(), text);
}
