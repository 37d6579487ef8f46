//! From words to values: numbers, times, names and addresses, with their ranges.
//!
//! A word that is not wholly a value of its kind is refused; it never becomes
//! another value.

use std::net::IpAddr;
use std::time::Duration;

use super::arg::seconds_text;
use super::decimal;
use super::diag::{Code, Diag, Diags, Severity};
use super::schema::{Arg, Call, Extent, Row};
use super::source::Span;
use super::suggest::suggest;
use super::words::{Line, Word};
use crate::model::{Family, IfName, IpNet};

/// Why a word is refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// The class of the mistake.
    pub code: Code,
    /// What is wrong.
    pub text: String,
}

impl Refusal {
    /// Not a number, or one outside its range.
    pub(super) const fn number(text: String) -> Self {
        Self {
            code: Code::InvalidNumber,
            text,
        }
    }

    /// Any other mistake.
    pub fn general(text: impl Into<String>) -> Self {
        Self {
            code: Code::General,
            text: text.into(),
        }
    }
}

/// Check the arguments of a keyword and keep them; false when there was an error.
pub fn apply<T>(arg: &Arg<T>, target: &mut T, call: &Call<'_>, diags: &mut Diags) -> bool {
    let before = diags.list.len();
    check(arg, target, call, diags);
    let mut new = diags.list.iter().skip(before);
    !new.any(|diag| diag.severity == Severity::Error)
}

/// The same by a row.
pub fn row<T>(row: &Row<T>, target: &mut T, call: &Call<'_>, diags: &mut Diags) -> bool {
    let (least, _) = row.arg.arity();
    if row.meta.skipped_bare && call.args.len() < least {
        let text = format!("`{}` needs {}", call.keyword.text, row.arg.usage());
        diags.error(Code::General, call.keyword.span, text);
        return false;
    }
    if let Some((word, text)) = nearest(row, call) {
        diags.error(Code::InvalidNumber, word.span, text);
        let args = &[word];
        apply(&row.arg, target, &Call { args, ..*call }, diags);
        return false;
    }
    apply(&row.arg, target, call, diags)
}

/// What is used instead of an argument that is out of range, and how that is told.
fn nearest<T>(row: &Row<T>, call: &Call<'_>) -> Option<(Word, String)> {
    let word = call.args.first().filter(|_| row.meta.nearest)?;
    let written = &word.text;
    let (refusal, used) = match &row.arg {
        Arg::Int { min, max, unit, .. } => {
            let number = integer(written, i64::MIN, i64::MAX, unit).ok()?;
            let refusal = integer(written, *min, *max, unit).err()?;
            (refusal, number.clamp(*min, *max).to_string())
        }
        Arg::Time { min, max, step, .. } => {
            decimal::time(written, Duration::ZERO, *min, *step).ok()?;
            let refusal = decimal::time(written, *min, *max, *step).err()?;
            (refusal, seconds_text(*min))
        }
        Arg::Text { max, .. } => {
            let end = (0..=*max)
                .rev()
                .find(|end| written.is_char_boundary(*end))?;
            (text(written, *max).err()?, written.get(..end)?.to_owned())
        }
        Arg::Flag(_)
        | Arg::Bool(_)
        | Arg::Choice { .. }
        | Arg::Interface(_)
        | Arg::Address(_)
        | Arg::Words { .. }
        | Arg::Lines(_)
        | Arg::Block(_) => return None,
    };
    let text = format!("{}: {}: {used} is used", call.keyword.text, refusal.text);
    let word = Word {
        text: used,
        ..word.clone()
    };
    Some((word, text))
}

/// Check and keep the option words of a list entry, each by its row; false when
/// there was an error. What follows an unknown word is read from the next known one.
pub fn options<T>(
    tables: &[&'static [Row<T>]],
    target: &mut T,
    line: &Line,
    mut words: &[Word],
    diags: &mut Diags,
) -> bool {
    let mut good = true;
    let mut seen = Vec::new();
    let find = |word: &Word| {
        let mut rows = tables.iter().flat_map(|rows| rows.iter());
        rows.find(|row| row.matches(&word.text).is_some())
    };
    while let Some((keyword, rest)) = words.split_first() {
        let Some(row) = find(keyword) else {
            let names = tables
                .iter()
                .flat_map(|rows| rows.iter().map(|row| row.name));
            let help = did_you_mean(&keyword.text, names);
            diags.push(
                Diag::new(
                    Code::General,
                    Severity::Error,
                    Some(keyword.span),
                    format!("unknown option `{}`", keyword.text),
                )
                .with_help(help),
            );
            good = false;
            let known = rest.iter().position(|word| find(word).is_some());
            words = known.and_then(|at| rest.get(at..)).unwrap_or_default();
            continue;
        };
        let (_, most) = row.arg.arity();
        let (args, rest) = rest.split_at(most.min(rest.len()));
        let call = Call {
            keyword,
            args,
            line,
        };
        words = rest;
        if row.meta.once {
            if seen.contains(&row.name) {
                let text = format!("`{}` is given a second time: the first one stays", row.name);
                diags.error(Code::General, call.span(), text);
                good = false;
                continue;
            }
            seen.push(row.name);
        }
        good &= self::row(row, target, &call, diags);
    }
    good
}

/// The first word of a line's options that is no option, nor of one, and may be what `begins` an
/// entry of its own.
pub fn another_entry<T>(
    tables: &[&'static [Row<T>]],
    words: &[Word],
    begins: impl Fn(&str) -> bool,
) -> Option<usize> {
    let mut at = 1;
    while let Some(word) = words.get(at) {
        let mut rows = tables.iter().flat_map(|rows| rows.iter());
        match rows.find(|row| row.matches(&word.text).is_some()) {
            Some(row) => at += 1 + row.arg.arity().1,
            None => return (!word.quoted && begins(&word.text)).then_some(at),
        }
    }
    None
}

/// Whether there is a command, and no end of its quotes: that has been told, and is no missing
/// argument.
fn is_open_command<T>(arg: &Arg<T>, call: &Call<'_>) -> bool {
    let is_command = matches!(
        arg,
        Arg::Words {
            extent: Extent::Command { .. },
            ..
        }
    );
    is_command && call.line.raw.matches('"').count() % 2 == 1
}

fn check<T>(arg: &Arg<T>, target: &mut T, call: &Call<'_>, diags: &mut Diags) {
    let (min, max) = arg.arity();
    if call.args.len() < min {
        if is_open_command(arg, call) {
            return;
        }
        let text = format!("`{}` needs {}", call.keyword.text, arg.usage());
        diags.error(Code::MissingParameter, call.keyword.span, text);
        return;
    }
    if let Some(word) = call.args.get(max) {
        surplus(arg, word, call, diags);
    }
    // What is ignored is not there for the rules of the row, either.
    let call = &Call {
        args: call.args.get(..max).unwrap_or(call.args),
        ..*call
    };
    let first = call.args.first();
    let done = match arg {
        Arg::Flag(at) => {
            (at.set)(target, true, call.keyword.span);
            Ok(())
        }
        Arg::Bool(at) => first.map_or(Ok(true), boolean).map(|value| {
            (at.set)(target, value, call.span());
        }),
        Arg::Int { bare, .. } if first.is_none() => {
            if let (Some(value), Arg::Int { at, .. }) = (bare, arg) {
                (at.set)(target, *value, call.keyword.span);
            }
            Ok(())
        }
        Arg::Words { set, .. } => {
            set(target, call, diags);
            Ok(())
        }
        Arg::Int { .. }
        | Arg::Time { .. }
        | Arg::Text { .. }
        | Arg::Choice { .. }
        | Arg::Interface(_)
        | Arg::Address(_)
        | Arg::Lines(_)
        | Arg::Block(_) => first.map_or(Ok(()), |word| {
            one(arg, target, word, &call.keyword.text, diags)
        }),
    };
    if let Err(refusal) = done {
        let span = first.map_or(call.keyword.span, |word| word.span);
        let text = format!("{}: {}", call.keyword.text, refusal.text);
        diags.error(refusal.code, span, text);
    }
}

/// Keep one word that is the whole argument.
fn one<T>(
    arg: &Arg<T>,
    target: &mut T,
    word: &Word,
    keyword: &str,
    diags: &mut Diags,
) -> Result<(), Refusal> {
    let span = word.span;
    match arg {
        Arg::Int {
            min, max, unit, at, ..
        } => (at.set)(target, integer(&word.text, *min, *max, unit)?, span),
        Arg::Time { min, max, step, at } => {
            let time = decimal::time(&word.text, *min, *max, *step)?;
            if let Some(text) = time.rounded() {
                diags.warn(Code::InvalidNumber, span, format!("{keyword}: {text}"));
            }
            (at.set)(target, time.value, span);
        }
        Arg::Text { max, at, .. } => (at.set)(target, text(&word.text, *max)?, span),
        Arg::Choice { names, at } => (at.set)(target, choice(&word.text, names)?, span),
        Arg::Interface(at) => (at.set)(target, interface(&word.text)?, span),
        Arg::Address(at) => (at.set)(target, address(&word.text)?, span),
        Arg::Flag(_) | Arg::Bool(_) | Arg::Words { .. } | Arg::Lines(_) | Arg::Block(_) => (),
    }
    Ok(())
}

fn surplus<T>(arg: &Arg<T>, word: &Word, call: &Call<'_>, diags: &mut Diags) {
    let keyword = &call.keyword.text;
    let text = if matches!(arg, Arg::Flag(_)) {
        format!("`{keyword}` takes no argument: `{}` is ignored", word.text)
    } else {
        format!("surplus word `{}` behind `{keyword}` is ignored", word.text)
    };
    diags.warn(Code::General, word.span, text);
    diags.lint("surplus-words");
}

/// `on`, `off` and their like, lower case only.
///
/// # Errors
/// Any other word.
pub fn boolean(word: &Word) -> Result<bool, Refusal> {
    match word.text.as_str() {
        "on" | "true" | "yes" => Ok(true),
        "off" | "false" | "no" => Ok(false),
        other => Err(Refusal::general(format!(
            "`{other}` is neither on, true, yes nor off, false, no"
        ))),
    }
}

/// A whole decimal number within a range.
///
/// # Errors
/// Anything else than an optional sign and digits; a number outside the range.
pub fn integer(text: &str, min: i64, max: i64, unit: &str) -> Result<i64, Refusal> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Refusal::number(format!("`{text}` is not a whole number")));
    }
    match text.parse::<i64>() {
        Ok(number) if (min..=max).contains(&number) => Ok(number),
        _ => {
            let gap = if unit.is_empty() { "" } else { " " };
            Err(Refusal::number(format!(
                "{text} is not within {min} to {max}{gap}{unit}"
            )))
        }
    }
}

/// A word of limited length.
///
/// # Errors
/// A longer one.
pub fn text(text: &str, max: usize) -> Result<String, Refusal> {
    if text.len() > max {
        return Err(Refusal::general(format!(
            "`{text}` is longer than {max} octets"
        )));
    }
    Ok(text.to_owned())
}

/// One of some words.
///
/// # Errors
/// Any other, with the nearest one of them.
pub fn choice(text: &str, names: &[&'static str]) -> Result<&'static str, Refusal> {
    names
        .iter()
        .find(|name| **name == text)
        .copied()
        .ok_or_else(|| {
            let names = names.join("`, `");
            Refusal::general(format!("`{text}` is none of `{names}`"))
        })
}

/// The name of an interface.
///
/// # Errors
/// A name no interface can have.
pub fn interface(text: &str) -> Result<IfName, Refusal> {
    IfName::new(text).ok_or_else(|| {
        let max = IfName::MAX;
        Refusal::general(format!(
            "`{text}` is no name of an interface (1 to {max} octets)"
        ))
    })
}

/// An address of either family.
///
/// # Errors
/// Anything else.
pub fn address(text: &str) -> Result<IpAddr, Refusal> {
    text.parse()
        .map_err(|_| Refusal::general(format!("`{text}` is no IPv4 or IPv6 address")))
}

/// An address with or without a prefix length; without one it is that of a host.
///
/// # Errors
/// Anything else.
pub fn network(text: &str) -> Result<IpNet, Refusal> {
    let (addr, prefix) = match text.split_once('/') {
        Some((addr, prefix)) => (addr, Some(prefix)),
        None => (text, None),
    };
    let addr = address(addr)?;
    let host = Family::of(&addr).host_prefix();
    let prefix = match prefix {
        Some(prefix) => {
            let number = integer(prefix, 0, i64::from(host), "bits")
                .map_err(|refusal| Refusal::number(format!("prefix length {}", refusal.text)))?;
            u8::try_from(number).unwrap_or(host)
        }
        None => host,
    };
    Ok(IpNet { addr, prefix })
}

/// Report a refusal at a word.
pub fn refuse(diags: &mut Diags, span: Span, refusal: Refusal) {
    diags.error(refusal.code, span, refusal.text);
}

/// The nearest of some names, as a question.
pub fn did_you_mean<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    suggest(word, names).map(|name| format!("did you mean `{name}`?"))
}
