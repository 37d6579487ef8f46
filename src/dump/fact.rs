//! Facts about an object, and the values they have in text and JSON.

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

use crate::model::UnixTime;

/// Something worth knowing of an object: `G` is a function from the object to a
/// [`Value`].
#[derive(Clone, Copy, Debug)]
pub struct Fact<G> {
    /// What it is called in the text; empty if it is in JSON only.
    pub label: &'static str,
    /// Its key in JSON; empty if it is in the text only.
    pub key: &'static str,
    /// Where it is.
    pub get: G,
}

/// A value, which text and JSON show in their own ways.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// There is none: no line, no key.
    Absent,
    /// A string.
    Word(&'a str),
    /// A string made for the purpose.
    Text(Cow<'a, str>),
    /// A number.
    Number(u64),
    /// A number with a sign.
    Signed(i64),
    /// An address.
    Address(IpAddr),
    /// A word in the text, a number in JSON.
    Choice {
        /// In the text.
        word: &'a str,
        /// In JSON.
        number: u64,
    },
    /// Yes or no, in the words of the text.
    Flag {
        /// Whether it is set.
        is_set: bool,
        /// The words for unset and set.
        words: [&'static str; 2],
        /// How JSON has it.
        json: FlagForm,
    },
    /// Seconds, with a fraction if there is one; the unit only in the text.
    Seconds {
        /// How long.
        time: Duration,
        /// What follows in the text.
        unit: &'static str,
    },
    /// An advert interval: `1 sec` or `500 milli-sec`; seconds in JSON.
    Interval {
        /// How long.
        time: Duration,
        /// Whether whole seconds are in milliseconds, too.
        millis: bool,
    },
    /// `3375000 usecs`
    Micros(Duration),
    /// A moment; `None` is none at all.
    Moment(Option<UnixTime>),
}

/// How JSON has a flag.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FlagForm {
    /// `0` or `1`
    Number,
    /// `1` or `0`: the key is the opposite of the label.
    OppositeNumber,
    /// `false` or `true`
    Bool,
    /// `true` or `false`: the key is the opposite of the label.
    OppositeBool,
}

impl Value<'_> {
    /// `enabled` or `disabled`
    #[must_use]
    pub const fn switch(is_set: bool, json: FlagForm) -> Self {
        Self::Flag {
            is_set,
            words: ["disabled", "enabled"],
            json,
        }
    }

    /// `true` or `false`
    #[must_use]
    pub const fn truth(is_set: bool, json: FlagForm) -> Self {
        Self::Flag {
            is_set,
            words: ["false", "true"],
            json,
        }
    }

    /// `yes` or `no`
    #[must_use]
    pub const fn answer(is_set: bool, json: FlagForm) -> Self {
        Self::Flag {
            is_set,
            words: ["no", "yes"],
            json,
        }
    }

    /// Seconds without a unit.
    #[must_use]
    pub const fn seconds(time: Duration) -> Self {
        Self::Seconds { time, unit: "" }
    }
}
