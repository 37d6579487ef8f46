//! Keywords of the VRRP process at the top level whose effect comes later.

use crate::control_plane::arg::{flag, nowhere, some_lines};
use crate::control_plane::diag::Diags;
use crate::control_plane::read::{self, refuse};
use crate::control_plane::schema::Row;
use crate::control_plane::value::Spanned;
use crate::control_plane::words::Line;
use crate::global::top::Draft;

/// Keywords that are recognised and checked, and whose effect comes later.
pub const ROWS: &[Row<Draft>] = &[
    Row::later(
        "linkbeat_use_polling",
        flag(nowhere()),
        "Poll the state of every interface.",
    ),
    Row::later(
        "linkbeat_interfaces",
        some_lines("INTERFACE [MII|ETHTOOL|IOCTL]", check_linkbeat, |_| ()),
        "Poll the state of these interfaces.",
    ),
];

fn check_linkbeat(draft: &mut Draft, line: &Line, diags: &mut Diags) {
    let Some((name, kinds)) = line.words.split_first() else {
        return;
    };
    match read::interface(&name.text) {
        Ok(interface) => draft.linkbeat.push(Spanned::new(interface, name.span)),
        Err(refusal) => refuse(diags, name.span, refusal),
    }
    for kind in kinds {
        if let Err(refusal) = read::choice(&kind.text, &["MII", "ETHTOOL", "IOCTL"]) {
            refuse(diags, kind.span, refusal);
        }
    }
}
