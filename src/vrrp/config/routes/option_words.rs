//! Option words of a route or rule: how one is found and read with what belongs to it.

use super::route::TYPES;
use crate::control_plane::diag::{Code, Diag, Diags, Fix, Old, Severity};
use crate::control_plane::read;
use crate::control_plane::schema::{Call, Row};
use crate::control_plane::words::{Line, Word};

/// What `via ADDRESS or ADDRESS` is today. Options around it may belong to either hop, so
/// that is written by people.
const TWO_HOPS: &str = "write `nexthop via ADDRESS nexthop via ADDRESS`";

/// Read one option with the words that belong to it; what is left, or nothing
/// after a mistake. A word such as `lock` may stand before its value.
pub(super) fn option<'w, T>(
    row: &'static Row<T>,
    draft: &mut T,
    keyword: &Word,
    words: &'w [Word],
    line: &Line,
    diags: &mut Diags,
) -> Option<&'w [Word]> {
    if row.name != keyword.text || row.meta.replaced_by.is_some() {
        let newer = row.meta.replaced_by.unwrap_or(row.name);
        let fixes = match row.meta.replaced_by {
            None => vec![Fix::instead(keyword.span, newer)],
            Some(_) => Vec::new(),
        };
        let old = Old {
            text: format!("`{}` is an old name of `{newer}`", keyword.text),
            help: row.meta.replaced_by.map(|_| TWO_HOPS.to_owned()),
            deprecated: true,
            fixes,
        };
        diags.old(keyword.span, old);
    }
    let (least, most) = row.arg.arity();
    let qualifiers = ["lock", "inet", "inet6"];
    let first = words.first().map_or("", |word| word.text.as_str());
    let count = if qualifiers.contains(&first) {
        most
    } else {
        least
    };
    if count > least && words.len() < count {
        let text = format!("`{}` needs {}", keyword.text, row.arg.usage());
        diags.error(Code::MissingParameter, keyword.span, text);
        return None;
    }
    let (args, rest) = words.split_at(count.min(words.len()));
    let call = Call {
        keyword,
        args,
        line,
    };
    read::row(row, draft, &call, diags).then_some(rest)
}

/// What is left behind `inet` or `inet6`: they have always swallowed a word that
/// is no option.
pub(super) fn after_family<'w, T>(tables: &[&'static [Row<T>]], words: &'w [Word]) -> &'w [Word] {
    match words.split_first() {
        Some((word, rest)) if is_meaningless(tables, &word.text) => rest,
        _ => words,
    }
}

fn is_meaningless<T>(tables: &[&'static [Row<T>]], text: &str) -> bool {
    let is_type = TYPES.iter().any(|(name, _)| *name == text);
    find(tables, text).is_none() && !is_destination(text) && !is_type && text != "nexthop"
}

pub(super) fn find<T>(tables: &[&'static [Row<T>]], text: &str) -> Option<&'static Row<T>> {
    let mut rows = tables.iter().flat_map(|rows| rows.iter());
    rows.find(|row| row.matches(text).is_some())
}

pub(super) fn unknown<T>(tables: &[&'static [Row<T>]], word: &Word, diags: &mut Diags) {
    let names = tables
        .iter()
        .flat_map(|rows| rows.iter().map(|row| row.name));
    diags.push(
        Diag::new(
            Code::General,
            Severity::Error,
            Some(word.span),
            format!("unknown option `{}`", word.text),
        )
        .with_help(read::did_you_mean(&word.text, names)),
    );
}

pub(super) fn is_destination(text: &str) -> bool {
    ["default", "any", "all", "default6"].contains(&text) || read::network(text).is_ok()
}
