//! Constructors of arguments, and what each of them says about itself.

use std::net::IpAddr;
use std::time::Duration;

use super::diag::Diags;
use super::schema::{Arg, Call, Describe, Entries, Extent, Lens, Samples, SubBlock};
use super::show::Sink;
use super::source::Span;
use super::words::{Line, Word};
use crate::model::IfName;

/// Nothing; being there sets the field.
#[must_use]
pub const fn flag<T>(at: Lens<T, bool>) -> Arg<T> {
    Arg::Flag(at)
}

/// `[BOOL]`, alone it means true.
#[must_use]
pub const fn boolean<T>(at: Lens<T, bool>) -> Arg<T> {
    Arg::Bool(at)
}

/// A whole number of `unit`, bounds included.
#[must_use]
pub const fn int<T>(min: i64, max: i64, unit: &'static str, at: Lens<T, i64>) -> Arg<T> {
    Arg::Int {
        min,
        max,
        unit,
        bare: None,
        at,
    }
}

/// A whole number, or a value of its own without argument.
#[must_use]
pub const fn int_or<T>(bare: i64, min: i64, max: i64, at: Lens<T, i64>) -> Arg<T> {
    Arg::Int {
        min,
        max,
        unit: "",
        bare: Some(bare),
        at,
    }
}

/// Whole seconds, bounds included.
#[must_use]
pub const fn seconds<T>(min: u64, max: u64, at: Lens<T, Duration>) -> Arg<T> {
    Arg::Time {
        min: Duration::from_secs(min),
        max: Duration::from_secs(max),
        step: Duration::from_secs(1),
        at,
    }
}

/// Decimal seconds in steps, bounds included.
#[must_use]
pub const fn time<T>(
    min: Duration,
    max: Duration,
    step: Duration,
    at: Lens<T, Duration>,
) -> Arg<T> {
    Arg::Time { min, max, step, at }
}

/// One word of any length; `what` names it (`NAME`).
#[must_use]
pub const fn text<T>(what: &'static str, at: Lens<T, String>) -> Arg<T> {
    Arg::Text {
        what,
        max: usize::MAX,
        at,
    }
}

/// One word of at most `max` octets.
#[must_use]
pub const fn short_text<T>(what: &'static str, max: usize, at: Lens<T, String>) -> Arg<T> {
    Arg::Text { what, max, at }
}

/// One of some words.
#[must_use]
pub const fn choice<T>(names: &'static [&'static str], at: Lens<T, &'static str>) -> Arg<T> {
    Arg::Choice { names, at }
}

/// The name of an interface.
#[must_use]
pub const fn interface<T>(at: Lens<T, IfName>) -> Arg<T> {
    Arg::Interface(at)
}

/// An address of either family.
#[must_use]
pub const fn address<T>(at: Lens<T, IpAddr>) -> Arg<T> {
    Arg::Address(at)
}

/// `min` to `max` words with a rule of their own.
#[must_use]
pub const fn words<T>(
    usage: &'static str,
    min: usize,
    max: usize,
    set: fn(&mut T, &Call<'_>, &mut Diags),
    show: fn(&T, &str, &mut dyn Sink),
) -> Arg<T> {
    Arg::Words {
        usage,
        min,
        max,
        extent: Extent::Counted,
        set,
        show,
    }
}

/// The words in such a way that none of them is a keyword of the block, so that one which is
/// begins another statement.
#[must_use]
pub const fn to_keyword<T>(arg: Arg<T>) -> Arg<T> {
    if let Arg::Words {
        usage,
        min,
        max,
        set,
        show,
        ..
    } = arg
    {
        Arg::Words {
            usage,
            min,
            max,
            extent: Extent::ToKeyword,
            set,
            show,
        }
    } else {
        arg
    }
}

/// A command with what may stand behind it: `min` to `most` words, and more for whoever forgets
/// the quotes.
#[must_use]
pub const fn command<T>(
    usage: &'static str,
    (min, most): (usize, usize),
    set: fn(&mut T, &Call<'_>, &mut Diags),
    show: fn(&T, &str, &mut dyn Sink),
) -> Arg<T> {
    Arg::Words {
        usage,
        min,
        max: usize::MAX,
        extent: Extent::Command { most },
        set,
        show,
    }
}

/// `min` to `max` words that are not kept.
#[must_use]
pub const fn some_words<T>(usage: &'static str, min: usize, max: usize) -> Arg<T> {
    words(usage, min, max, |_, _, _| (), |_, _, _| ())
}

/// A list in braces, one entry a line.
#[must_use]
pub const fn lines<T>(
    usage: &'static str,
    set: fn(&mut T, &Line, &mut Diags),
    show: fn(&T, &mut dyn Sink),
    describe: fn(&mut dyn Describe),
) -> Arg<T> {
    Arg::Lines(Entries {
        usage,
        open: |_, _| (),
        set,
        next: |_| None,
        show,
        describe,
    })
}

/// The list in such a way that a line may have more entries than one: `next` finds the word that
/// begins the second one.
#[must_use]
pub const fn several<T>(list: Arg<T>, next: fn(&[Word]) -> Option<usize>) -> Arg<T> {
    if let Arg::Lines(entries) = list {
        Arg::Lines(Entries { next, ..entries })
    } else {
        list
    }
}

/// The list in such a way that it means something by itself.
#[must_use]
pub const fn opening<T>(list: Arg<T>, open: fn(&mut T, Span)) -> Arg<T> {
    if let Arg::Lines(entries) = list {
        Arg::Lines(Entries { open, ..entries })
    } else {
        list
    }
}

/// Keywords in braces.
#[must_use]
pub const fn block<T>(sub: &'static dyn SubBlock<T>) -> Arg<T> {
    Arg::Block(sub)
}

impl<T> Arg<T> {
    /// The arguments as the manual writes them.
    #[must_use]
    pub fn usage(&self) -> String {
        match self {
            Self::Flag(_) => String::new(),
            Self::Bool(_) => "[on|off]".into(),
            Self::Int { bare: Some(_), .. } => "[N]".into(),
            Self::Int { .. } => "N".into(),
            Self::Time { .. } => "SECONDS".into(),
            Self::Text { what, .. } => (*what).into(),
            Self::Choice { names, .. } => names.join("|"),
            Self::Interface(_) => "INTERFACE".into(),
            Self::Address(_) => "ADDRESS".into(),
            Self::Words { usage, .. } => (*usage).into(),
            Self::Lines(entries) => format!("{{ {} }}", entries.usage),
            Self::Block(sub) if sub.usage().is_empty() => "{ ... }".into(),
            Self::Block(sub) => format!("{} {{ ... }}", sub.usage()),
        }
    }

    /// The values it accepts, in words, where that says more than the usage.
    #[must_use]
    pub fn domain(&self) -> Option<String> {
        match self {
            Self::Int { min, max, unit, .. } => Some(range(min, max, unit)),
            Self::Time { min, max, step, .. } => {
                let steps = if *step == Duration::from_secs(1) {
                    "whole seconds".to_owned()
                } else {
                    format!("seconds, in steps of {}", seconds_text(*step))
                };
                Some(range(&seconds_text(*min), &seconds_text(*max), &steps))
            }
            Self::Text { max, .. } if *max != usize::MAX => Some(format!("at most {max} octets")),
            Self::Flag(_)
            | Self::Bool(_)
            | Self::Text { .. }
            | Self::Choice { .. }
            | Self::Interface(_)
            | Self::Address(_)
            | Self::Words { .. }
            | Self::Lines(_)
            | Self::Block(_) => None,
        }
    }

    /// Arguments that are taken and that are refused, for tests.
    #[must_use]
    pub fn samples(&self) -> Samples {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        match self {
            Self::Int { min, max, .. } => {
                let below = min.checked_sub(1).map(|n| n.to_string());
                let above = max.checked_add(1).map(|n| n.to_string());
                let mut bad: Vec<String> = words(&["x", "1x", "1.5", ""]);
                bad.extend(below.into_iter().chain(above));
                Samples {
                    good: vec![min.to_string(), max.to_string()],
                    bad,
                }
            }
            Self::Time { min, max, step, .. } => {
                let mut bad: Vec<String> = words(&["x", "1x", "-1", "1.2.3", "."]);
                bad.extend(min.checked_sub(*step).map(seconds_text));
                bad.push(seconds_text(*max + *step));
                // A finer one is rounded; whole seconds have none.
                if *step >= Duration::from_secs(1) {
                    bad.push(seconds_text(*min + *step / 10));
                }
                Samples {
                    good: vec![seconds_text(*min), seconds_text(*max)],
                    bad,
                }
            }
            Self::Bool(_) => Samples {
                good: words(&["on", "off", "true", "false", "yes", "no"]),
                bad: words(&["ON", "1", "maybe"]),
            },
            Self::Choice { names, .. } => Samples {
                good: words(names),
                bad: words(&["x"]),
            },
            Self::Interface(_) => Samples {
                good: words(&["eth0"]),
                bad: words(&["sixteen-letters-", "a/b"]),
            },
            Self::Address(_) => Samples {
                good: Vec::new(),
                bad: words(&["10.0.0", "10.0.0.256", "host", "::x"]),
            },
            Self::Text { max, .. } if *max != usize::MAX => Samples {
                good: vec!["a".repeat(*max)],
                bad: vec!["a".repeat(*max + 1)],
            },
            Self::Flag(_) | Self::Text { .. } | Self::Words { .. } => Samples::default(),
            Self::Lines(_) | Self::Block(_) => Samples::default(),
        }
    }

    /// The least and the greatest number of words behind the keyword.
    #[must_use]
    pub const fn arity(&self) -> (usize, usize) {
        match self {
            Self::Flag(_) | Self::Lines(_) => (0, 0),
            Self::Bool(_) | Self::Int { bare: Some(_), .. } => (0, 1),
            Self::Int { .. }
            | Self::Time { .. }
            | Self::Text { .. }
            | Self::Choice { .. }
            | Self::Interface(_)
            | Self::Address(_) => (1, 1),
            Self::Words { min, max, .. } => (*min, *max),
            Self::Block(_) => (0, usize::MAX),
        }
    }

    /// Whether braces follow.
    #[must_use]
    pub const fn braces(&self) -> bool {
        matches!(self, Self::Lines(_) | Self::Block(_))
    }
}

fn range(min: &dyn std::fmt::Display, max: &dyn std::fmt::Display, unit: &str) -> String {
    if unit.is_empty() {
        format!("{min} to {max}")
    } else {
        format!("{min} to {max} {unit}")
    }
}

/// A time as the configuration writes it: decimal seconds without trailing zeros.
#[must_use]
pub fn seconds_text(time: Duration) -> String {
    let whole = time.as_secs();
    match time.subsec_nanos() {
        0 => whole.to_string(),
        nanos => {
            let digits = format!("{nanos:09}");
            format!("{whole}.{}", digits.trim_end_matches('0'))
        }
    }
}

/// For rows that are checked and not kept.
#[must_use]
pub const fn nowhere<T, K>() -> Lens<T, K> {
    Lens::nowhere()
}
