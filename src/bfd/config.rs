//! `bfd_instance`: recognised and checked, without effect so far.

use crate::control_plane::arg::{address, block, boolean, flag, int, nowhere, words};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::read::{self, Refusal, refuse};
use crate::control_plane::schema::{Block, Call, Inner, Row, old_name};
use crate::control_plane::value::Spanned;
use crate::global::top::Draft;
use crate::vrrp::config::tracker_rows::weight;

/// The keywords at the top level.
pub const ROWS: &[Row<Draft>] = &[Row::later(
    "bfd_instance",
    block(&INSTANCE),
    "A BFD session with a neighbour.",
)];

const NAME_MAX: usize = 31;

static INSTANCE: Inner<Draft, Draft> = Inner::same(
    &Block {
        rows: &[&[
            Row::later("source_ip", address(nowhere()), "The own address."),
            Row::later(
                "neighbor_ip",
                address(nowhere()),
                "The neighbour's address.",
            )
            .aliases(&[old_name("neighbour_ip")]),
            Row::later(
                "min_rx",
                words(
                    "MILLISECONDS",
                    1,
                    1,
                    |_: &mut Draft, call, diags| milliseconds(1, call, diags),
                    |_, _, _| (),
                ),
                "Least time between packets received.",
            ),
            Row::later(
                "min_tx",
                words(
                    "MILLISECONDS",
                    1,
                    1,
                    |_: &mut Draft, call, diags| milliseconds(1, call, diags),
                    |_, _, _| (),
                ),
                "Least time between packets sent.",
            ),
            Row::later(
                "idle_tx",
                words(
                    "MILLISECONDS",
                    1,
                    1,
                    |_: &mut Draft, call, diags| milliseconds(1000, call, diags),
                    |_, _, _| (),
                ),
                "Time between packets while the session is not up.",
            ),
            Row::later(
                "multiplier",
                int(1, 255, "", nowhere()),
                "Packets missed until it is down.",
            ),
            Row::later(
                "passive",
                flag(nowhere()),
                "Wait for the neighbour to begin.",
            ),
            Row::later("ttl", int(1, 255, "", nowhere()), "The TTL sent."),
            Row::later("hoplimit", int(1, 255, "", nowhere()), "As ttl."),
            Row::later(
                "max_hops",
                int(-1, 255, "", nowhere()),
                "How far away the neighbour may be.",
            ),
            Row::later(
                "multihop",
                boolean(nowhere()),
                "Use the port for several hops.",
            ),
            Row::later(
                "weight",
                words(
                    "N [reverse]",
                    1,
                    2,
                    |_: &mut Draft, call, diags| {
                        let _ = weight(253, call, diags);
                    },
                    |_, _, _| (),
                ),
                "Added to the priority of what tracks it.",
            ),
            Row::later("vrrp", flag(nowhere()), "Tell the VRRP process only."),
            Row::later("checker", flag(nowhere()), "Tell the checker process only."),
        ]],
        finish: None,
    },
    "NAME",
    |draft, call, diags| {
        let [name] = call.args else {
            let text = "`bfd_instance` needs one name";
            diags.error(Code::MissingParameter, call.keyword.span, text);
            return false;
        };
        let text = match read::text(&name.text, NAME_MAX) {
            Ok(text) => Spanned::new(text, name.span),
            Err(refusal) => {
                refuse(diags, name.span, refusal);
                return false;
            }
        };
        if draft.names.bfd.contains(&text) {
            let text = format!("bfd_instance `{}` is defined twice", text.value);
            refuse(diags, name.span, Refusal::general(text));
            return false;
        }
        draft.names.bfd.push(text);
        true
    },
);

/// Decimal milliseconds with up to three decimals, below what 32 bits of microseconds hold.
fn milliseconds(min: i64, call: &Call<'_>, diags: &mut Diags) {
    const MAX: i64 = 4_294_967;
    let [word] = call.args else { return };
    let (whole, part) = word.text.split_once('.').unwrap_or((&word.text, "0"));
    let good = part.len() <= 3 && part.bytes().all(|digit| digit.is_ascii_digit());
    match read::integer(whole, min, MAX, "milliseconds") {
        Ok(_) if good => (),
        Ok(_) => {
            let text = format!("`{}` is no number with up to three decimals", word.text);
            diags.error(Code::InvalidNumber, word.span, text);
        }
        Err(refusal) => refuse(diags, word.span, refusal),
    }
}
