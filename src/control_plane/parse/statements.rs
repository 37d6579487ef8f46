//! Several statements on a line, as old files have them (`virtual_router_id 5 priority 100`).
//!
//! The C daemon takes the first one and ignores the others without a word. Here they are taken
//! apart where it is clear what was meant: each begins with a keyword of the block, is complete,
//! and its words are what the keyword takes. A word that may be a name (of an instance, a user, a
//! parameter of a command) is never taken for a keyword.

use std::ops::Range;

use super::super::diag::{Code, Diag, Fix, Severity};
use super::super::schema::{Arg, Block, Entries, Extent, Row};
use super::super::source::Span;
use super::super::words::{Line, Word};
use super::super::{decimal, read};

/// The name of the warning.
const LINT: &str = "two-statements";

/// A line with several statements.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Several {
    /// The words of each.
    parts: Vec<Range<usize>>,
    /// Whether the last one has a block, so that `{` must follow.
    pub(super) opens: bool,
    /// Whether the C daemon complains about the line instead of ignoring its end.
    complains: bool,
    /// What each of them is.
    what: &'static str,
}

/// The statements of a line, if there are several and it is clear which ones.
pub(super) fn several<T>(block: &Block<T>, first: &Row<T>, line: &Line) -> Option<Several> {
    let words = line.words.as_slice();
    let own = Own::of(block, first, words.get(1..)?)?;
    // Nothing but a text that stands in the source as it is has places for its parts.
    if own.words + 1 >= words.len() || line.raw.len() != line.span.len() {
        return None;
    }
    let mut found = Several {
        parts: Vec::new(),
        opens: false,
        complains: false,
        what: "statements",
    };
    let mut at = 0;
    while let Some((keyword, rest)) = words.get(at..)?.split_first() {
        let (row, _) = block.find(&keyword.text).filter(|_| !keyword.quoted)?;
        let own = Own::of(block, row, rest)?;
        let next = at + 1 + own.words;
        found.complains |= own.complains && next < words.len();
        found.parts.push(at..next);
        found.opens = row.arg.braces();
        at = next;
    }
    found.complains |= found.opens;
    Some(found)
}

/// The entries of a line of a list, if there are several and it is clear which ones.
pub(super) fn entries<T>(list: &Entries<T>, line: &Line) -> Option<Several> {
    let mut rest = line.words.as_slice();
    let mut begins = vec![0];
    while let Some(next) = (list.next)(rest).filter(|next| *next > 0) {
        begins.push(begins.last()? + next);
        rest = rest.get(next..)?;
    }
    if begins.len() == 1 || line.raw.len() != line.span.len() {
        return None;
    }
    let ends = begins.iter().copied().skip(1);
    let ends = ends.chain(std::iter::once(line.words.len()));
    Some(Several {
        parts: begins
            .iter()
            .zip(ends)
            .map(|(from, to)| *from..to)
            .collect(),
        opens: false,
        complains: true,
        what: "entries",
    })
}

impl Several {
    /// The lines as they should have been written.
    pub(super) fn lines(&self, line: &Line) -> Vec<Line> {
        let parts = self.parts.iter();
        parts.map(|part| one(line, part.clone())).collect()
    }

    /// What is to be said about it.
    pub(super) fn told(&self, line: &Line) -> Diag {
        let words = line.words.as_slice();
        let keyword = |part: &Range<usize>| words.get(part.start);
        let mut keywords = self.parts.iter().filter_map(keyword);
        let first = keywords.next().map_or("", |word| word.text.as_str());
        let others: Vec<&Word> = keywords.collect();
        let names: Vec<String> = others
            .iter()
            .map(|word| format!("`{}`", word.text))
            .collect();
        let text = match names.as_slice() {
            [name] => format!(
                "{name} stands on the line of `{first}`: the line is read as two {}",
                self.what
            ),
            names => format!(
                "{} stand on the line of `{first}`: the line is read as {} {}",
                names.join(", "),
                self.parts.len(),
                self.what
            ),
        };
        let code = if self.complains {
            Code::General
        } else {
            Code::Ok
        };
        let place = others.first().map(|word| word.span);
        let mut diag = Diag::new(code, Severity::Warning, place, text)
            .with_help(Some("write each on a line of its own".into()));
        diag.lint = Some(LINT);
        let parts = self.parts.iter().cloned();
        diag.fixes = parts
            .filter_map(|part| words_span(words.get(part)?))
            .map(Fix::apart)
            .collect();
        diag
    }
}

/// The words behind a keyword that are its own.
#[derive(Clone, Copy, Debug)]
struct Own {
    words: usize,
    /// Whether the C daemon takes what follows for another argument, and complains.
    complains: bool,
}

impl Own {
    /// Nothing if that is not clear.
    fn of<T>(block: &Block<T>, row: &Row<T>, rest: &[Word]) -> Option<Self> {
        let plain = |words| Self {
            words,
            complains: false,
        };
        let is_keyword = |word: &Word| !word.quoted && block.find(&word.text).is_some();
        let names = |words: &[Word]| !words.iter().any(is_keyword);
        let first = rest.first();
        match &row.arg {
            Arg::Flag(_) => Some(plain(0)),
            Arg::Bool(_) => Some(optional(first, |word| read::boolean(word).is_ok())),
            Arg::Int { bare: Some(_), .. } => Some(optional(first, |word| fits(&row.arg, word))),
            Arg::Int { .. } | Arg::Time { .. } | Arg::Choice { .. } | Arg::Address(_) => {
                first.filter(|word| fits(&row.arg, word)).map(|_| plain(1))
            }
            Arg::Text { .. } | Arg::Interface(_) => first
                .filter(|word| fits(&row.arg, word) && !is_keyword(word))
                .map(|_| plain(1)),
            Arg::Words {
                min, max, extent, ..
            } => match extent {
                Extent::Counted => {
                    let own = rest.get(..*max).unwrap_or(rest);
                    (own.len() >= *min && names(own)).then(|| plain(own.len()))
                }
                Extent::ToKeyword => {
                    let words = rest.iter().position(is_keyword).unwrap_or(rest.len());
                    let complains = words < *max;
                    (words >= *min && words <= *max).then_some(Self { words, complains })
                }
                Extent::Command { most } => first.filter(|word| word.quoted).map(|_| {
                    let words = rest.iter().position(is_keyword).unwrap_or(rest.len());
                    let complains = words < *most;
                    Self { words, complains }
                }),
            },
            Arg::Lines(_) => rest.is_empty().then(|| plain(0)),
            Arg::Block(_) => names(rest).then(|| plain(rest.len())),
        }
    }
}

/// One word if it is one that the keyword takes.
fn optional(first: Option<&Word>, takes: impl Fn(&Word) -> bool) -> Own {
    let words = usize::from(first.is_some_and(takes));
    Own {
        words,
        complains: words == 0,
    }
}

/// Whether a word is a value of a kind of arguments.
fn fits<T>(arg: &Arg<T>, word: &Word) -> bool {
    let text = &word.text;
    match arg {
        Arg::Int { min, max, unit, .. } => read::integer(text, *min, *max, unit).is_ok(),
        Arg::Time { min, max, step, .. } => decimal::time(text, *min, *max, *step).is_ok(),
        Arg::Text { max, .. } => read::text(text, *max).is_ok(),
        Arg::Choice { names, .. } => read::choice(text, names).is_ok(),
        Arg::Interface(_) => read::interface(text).is_ok(),
        Arg::Address(_) => read::address(text).is_ok(),
        Arg::Flag(_) | Arg::Bool(_) | Arg::Words { .. } | Arg::Lines(_) | Arg::Block(_) => false,
    }
}

/// Some words of a line as a line of their own.
fn one(line: &Line, part: Range<usize>) -> Line {
    let words = line.words.get(part).unwrap_or_default();
    let span = words_span(words).unwrap_or(line.span);
    let at = |octet: u32| usize::try_from(octet.saturating_sub(line.span.lo)).unwrap_or(usize::MAX);
    let raw = line.raw.get(at(span.lo)..at(span.hi)).unwrap_or_default();
    Line {
        words: words.to_vec(),
        raw: raw.to_owned(),
        span,
    }
}

fn words_span(words: &[Word]) -> Option<Span> {
    let (first, last) = (words.first()?, words.last()?);
    Some(first.span.to(last.span))
}

#[cfg(test)]
mod tests;
