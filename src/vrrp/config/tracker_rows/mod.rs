//! `vrrp_script`, `track_file`, `vrrp_track_process` and `track_group`: a table each, and
//! what their rows have in common.

mod file;
mod group;
mod process;
mod script;

use std::time::Duration;

use super::top::{first_name, one_name};
use super::tracker::Weight;
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::read::{self, Refusal, refuse};
use crate::control_plane::schema::Call;
use crate::control_plane::show::Sink;
use crate::control_plane::value::Spanned;
use crate::global::draft::Draft;

pub(super) use file::FILE;
pub(super) use group::TRACK_GROUP;
pub(super) use process::PROCESS;
pub(super) use script::SCRIPT;

const ANY: usize = usize::MAX;
const MICROSECOND: Duration = Duration::from_micros(1);
const MILLISECOND: Duration = Duration::from_millis(1);
/// The longest time of a script that the C daemon can count, in whole milliseconds.
const LONGEST: Duration = Duration::from_millis(4_294_967);
const HOUR: Duration = Duration::from_secs(3600);

/// The name of a block, unless there is one of that name. The names stay for
/// checks of references, with their places.
fn named(
    list: fn(&mut Draft) -> &mut Vec<Spanned<String>>,
    draft: &mut Draft,
    call: &Call<'_>,
    diags: &mut Diags,
) -> Option<Spanned<String>> {
    let name = first_name(call, diags)?;
    unique(list(draft), name, call, diags)
}

/// The same name, unless it is among the others.
fn unique(
    list: &mut Vec<Spanned<String>>,
    name: Spanned<String>,
    call: &Call<'_>,
    diags: &mut Diags,
) -> Option<Spanned<String>> {
    if list.contains(&name) {
        let text = format!("{} `{}` is defined twice", call.keyword.text, name.value);
        refuse(diags, name.span, Refusal::general(text));
        return None;
    }
    list.push(name.clone());
    Some(name)
}

/// `N [reverse]`; a number out of range leaves what there was.
pub(crate) fn weight(most: i64, call: &Call<'_>, diags: &mut Diags) -> Option<Weight> {
    let (number, rest) = call.args.split_first()?;
    let value = match read::integer(&number.text, -most, most, "") {
        Ok(value) => i16::try_from(value).unwrap_or(0),
        Err(refusal) => {
            refuse(diags, number.span, refusal);
            return None;
        }
    };
    let reverse = rest.first();
    if let Some(word) = reverse
        && word.text != "reverse"
    {
        let text = format!("weight: `{}` is not `reverse`", word.text);
        refuse(diags, word.span, Refusal::general(text));
    }
    Some(Weight {
        value,
        reverse: reverse.is_some_and(|word| word.text == "reverse"),
    })
}

/// Whether a weight still counts: the first one does that is not the usual one.
fn unless_given(is_given: bool, call: &Call<'_>, diags: &mut Diags) -> bool {
    if is_given {
        let text = "the weight is given already: the first one stays";
        diags.error(Code::General, call.span(), text);
    }
    !is_given
}

/// Prints it, unless it is 0.
pub(crate) fn show_weight(weight: Weight, name: &str, out: &mut dyn Sink) {
    let number = weight.value.to_string();
    if weight.reverse {
        out.line(name, &[&number, "reverse"]);
    } else if weight.value != 0 {
        out.line(name, &[&number]);
    }
}
