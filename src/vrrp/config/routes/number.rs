//! Words that are numbers, or names of numbers.

use crate::control_plane::diag::{Code, Diag, Diags, Severity};
use crate::control_plane::read::{self, Refusal, refuse};
use crate::control_plane::words::Word;
use crate::model::iproute::any_base;
use crate::model::{NameKind, NumberNames};

/// The number of a word, or a report of what is wrong with it.
pub(super) fn named(
    names: &NumberNames,
    kind: NameKind,
    word: &Word,
    diags: &mut Diags,
) -> Option<u32> {
    let found = names.number(kind, &word.text);
    if found.is_none() {
        diags.push(
            Diag::new(
                Code::General,
                Severity::Error,
                Some(word.span),
                format!("`{}` is no {}", word.text, kind.what()),
            )
            .with_help(read::did_you_mean(&word.text, names.names(kind))),
        );
    }
    found
}

/// As [`named`], for kinds that fit an octet.
pub(super) fn named_octet(
    names: &NumberNames,
    kind: NameKind,
    word: &Word,
    diags: &mut Diags,
) -> Option<u8> {
    named(names, kind, word, diags).and_then(|number| u8::try_from(number).ok())
}

/// `[FROM/]TO`: the realm of the source goes to the upper 16 bits.
pub(super) fn realms(names: &NumberNames, word: &Word, diags: &mut Diags) -> Option<u32> {
    let part = |text: &str| Word {
        text: text.to_owned(),
        span: word.span,
        quoted: word.quoted,
    };
    let (from, to) = word.text.split_once('/').unwrap_or(("0", &word.text));
    let from = named(names, NameKind::Realm, &part(from), diags)?;
    let to = named(names, NameKind::Realm, &part(to), diags)?;
    Some(from << 16 | to)
}

/// A number of 32 bits in any base.
pub(super) fn word32(word: &Word, diags: &mut Diags) -> Option<u32> {
    let number = any_base(&word.text).and_then(|number| u32::try_from(number).ok());
    whole(number, u32::MAX.into(), word, diags)
}

/// A decimal number of 64 bits.
pub(super) fn decimal64(word: &Word, diags: &mut Diags) -> Option<u64> {
    let is_decimal = word.text.bytes().all(|octet| octet.is_ascii_digit());
    let number = word.text.parse().ok().filter(|_| is_decimal);
    whole(number, u64::MAX, word, diags)
}

fn whole<T>(number: Option<T>, max: u64, word: &Word, diags: &mut Diags) -> Option<T> {
    if number.is_none() {
        let text = format!("`{}` is no whole number within 0 to {max}", word.text);
        diags.error(Code::InvalidNumber, word.span, text);
    }
    number
}

/// A decimal number that fits the type.
pub(super) fn decimal<T: TryFrom<i64>>(word: &Word, max: i64, diags: &mut Diags) -> Option<T> {
    match read::integer(&word.text, 0, max, "") {
        Ok(number) => T::try_from(number).ok(),
        Err(refusal) => {
            refuse(diags, word.span, refusal);
            None
        }
    }
}

/// `A-B`; one number alone is refused, as it has always been.
pub(super) fn range<T: TryFrom<i64> + PartialOrd>(
    word: &Word,
    max: i64,
    diags: &mut Diags,
) -> Option<[T; 2]> {
    let Some((first, last)) = word.text.split_once('-') else {
        let number = &word.text;
        let text = format!("`{number}` is no range; for a single one write {number}-{number}");
        refuse(diags, word.span, Refusal::general(text));
        return None;
    };
    let mut bound = |text: &str| {
        let word = Word {
            text: text.to_owned(),
            span: word.span,
            quoted: word.quoted,
        };
        decimal::<T>(&word, max, diags)
    };
    let [first, last] = [bound(first)?, bound(last)?];
    if first > last {
        let text = format!("`{}` ends before it begins", word.text);
        refuse(diags, word.span, Refusal::general(text));
        return None;
    }
    Some([first, last])
}

/// The least and the greatest retransmission time the kernel uses, in milliseconds.
const TIME_MIN: f64 = 200.0;
const TIME_MAX: f64 = 120_000.0;

/// A time: a plain number counts steps of which `per_milli` make a millisecond,
/// with `s`, `sec`, `secs` or `ms` it may have decimals. What the kernel would
/// not use is brought within its bounds (200 ms to 120 s), but a plain number
/// above them is refused, as by the C daemon.
pub(super) fn time(word: &Word, per_milli: u32, diags: &mut Diags) -> Option<u32> {
    let split = word.text.find(|c: char| c.is_ascii_alphabetic());
    let (digits, unit) = word.text.split_at(split.unwrap_or(word.text.len()));
    let scale = match unit {
        "" => Some(1.0 / f64::from(per_milli)),
        "ms" | "msec" | "msecs" => Some(1.0),
        "s" | "sec" | "secs" => Some(1000.0),
        _ => None,
    };
    let is_number = !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && (split.is_some() || !digits.contains('.'));
    let number = digits.parse::<f64>().ok().filter(|_| is_number);
    let (Some(number), Some(scale)) = (number, scale) else {
        let text = format!("`{}` is no time: a number, or one with s or ms", word.text);
        diags.error(Code::InvalidNumber, word.span, text);
        return None;
    };
    let wanted = number * scale;
    if unit.is_empty() && wanted > TIME_MAX {
        let most = TIME_MAX * f64::from(per_milli);
        let text = format!("{digits} is not within 0 to {most}");
        diags.error(Code::InvalidNumber, word.span, text);
        return None;
    }
    let used = wanted.clamp(TIME_MIN, TIME_MAX);
    if !(TIME_MIN..=TIME_MAX).contains(&wanted) {
        let text = format!("{wanted} ms is outside 200 ms to 120 s: {used} ms is used");
        diags.note(word.span, text);
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "within the bounds above"
    )]
    Some((used * f64::from(per_milli)).round() as u32)
}
