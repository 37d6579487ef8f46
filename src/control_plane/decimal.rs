//! Decimal numbers: a whole number of steps of a size of their own.
//!
//! What has more decimals than the step, be they zeros, is rounded to the nearest one and told, as
//! the C daemon does; so the time is the one that was meant. Whole seconds have no decimals at
//! all, and no point.

use std::time::Duration;

use super::arg::seconds_text;
use super::read::Refusal;

/// A time as it is read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Time {
    /// The nearest one that there is.
    pub value: Duration,
    rounded: Option<String>,
}

impl Time {
    /// What to say if it is not quite what the text says.
    #[must_use]
    pub fn rounded(&self) -> Option<&str> {
        self.rounded.as_deref()
    }
}

/// Decimal seconds within a range, in steps.
///
/// # Errors
/// Anything else than digits with at most one point; a time outside the range; decimals of
/// whole seconds.
pub fn time(text: &str, min: Duration, max: Duration, step: Duration) -> Result<Time, Refusal> {
    let outside = || {
        let (min, max) = (seconds_text(min), seconds_text(max));
        Refusal::number(format!("{text} is not within {min} to {max} seconds"))
    };
    let Some((whole, part)) = digits(text) else {
        let is_negative = text.strip_prefix('-').and_then(digits).is_some();
        return Err(if is_negative {
            outside()
        } else {
            Refusal::number(format!("`{text}` is not a number of seconds"))
        });
    };
    let whole = u64::from(whole.parse::<u32>().map_err(|_| outside())?);
    let (steps, places) = steps(part, step);
    let value = Duration::from_secs(whole) + steps;
    if places == 0 && text.contains('.') {
        let text = format!("{text} is not a whole number of seconds");
        return Err(Refusal::number(text));
    }
    if !(min..=max).contains(&value) {
        return Err(outside());
    }
    let rounded = (part.len() > places).then(|| too_many(text, places, &seconds_text(value)));
    Ok(Time { value, rounded })
}

/// Decimal milliseconds of at least `min`, in steps of a microsecond, and as many as the C daemon
/// can count.
///
/// # Errors
/// Anything else than digits with at most one point; a time outside the range.
pub fn milliseconds(text: &str, min: u32) -> Result<Time, Refusal> {
    const MAX: u32 = 4_294_967;
    let outside = || Refusal::number(format!("{text} is not within {min} to {MAX} milliseconds"));
    let Some((whole, part)) = digits(text) else {
        let text = format!("`{text}` is not a number of milliseconds");
        return Err(Refusal::number(text));
    };
    let whole = whole.parse::<u32>().map_err(|_| outside())?;
    // A thousandth of what the same digits are behind seconds.
    let (steps, places) = steps(part, Duration::from_millis(1));
    let value = Duration::from_millis(whole.into()) + steps / 1000;
    let range = Duration::from_millis(min.into())..=Duration::from_millis(MAX.into());
    if !range.contains(&value) {
        return Err(outside());
    }
    let rounded = (part.len() > places).then(|| {
        let value = value.as_micros();
        let read = format!("{}.{:03}", value / 1000, value % 1000);
        too_many(text, places, &read)
    });
    Ok(Time { value, rounded })
}

/// What stands before and behind the point; at least one digit, and nothing else.
fn digits(text: &str) -> Option<(&str, &str)> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let all = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit());
    let whole_or_zero = if whole.is_empty() { "0" } else { whole };
    (all(whole) && all(part) && whole.len() + part.len() > 0).then_some((whole_or_zero, part))
}

fn too_many(text: &str, places: usize, read: &str) -> String {
    format!("{text} has more than {places} decimals: it is read as {read}")
}

/// Decimals of a second in whole steps, halves upwards, and how many decimals a step has.
fn steps(part: &str, step: Duration) -> (Duration, usize) {
    let digits = part.bytes().chain(std::iter::repeat(b'0')).take(9);
    let nanos = digits.fold(0, |nanos, digit| nanos * 10 + u128::from(digit - b'0'));
    let step = step.as_nanos().max(1);
    let rounded = (nanos + step / 2) / step * step;
    let places = (0..9).find(|places| step >= 10_u128.pow(9 - places));
    let rounded = u64::try_from(rounded).unwrap_or(u64::MAX);
    let places = places.unwrap_or(9) as usize;
    (Duration::from_nanos(rounded), places)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MICRO: Duration = Duration::from_micros(1);
    const SECOND: Duration = Duration::from_secs(1);

    /// What Debian's keepalived takes, and what it becomes there.
    #[test]
    fn times() {
        let (min, max) = (Duration::from_millis(10), Duration::from_secs(255));
        for (text, micros, is_exact) in [
            ("1", 1_000_000, true),
            ("5.", 5_000_000, true),
            (".5", 500_000, true),
            ("0.010", 10_000, true),
            ("0.123456", 123_456, true),
            ("0.1234564", 123_456, false),
            ("0.1234565", 123_457, false),
            ("0.12345649", 123_456, false),
            ("0.00999999", 10_000, false),
            ("0.9999999", 1_000_000, false),
            ("0.12345678901234567890123", 123_457, false),
            ("255.0000001", 255_000_000, false),
            ("1.000000", 1_000_000, true),
            ("1.0000000", 1_000_000, false),
        ] {
            let time = time(text, min, max, MICRO).expect(text);
            assert_eq!(time.value, Duration::from_micros(micros), "{text}");
            assert_eq!(time.rounded().is_none(), is_exact, "{text}");
        }
        for text in [
            "",
            ".",
            "-1",
            "+1",
            "1.5x",
            "0.1234567x",
            "x",
            "1.2.3",
            "1e3",
            "0.009",
            "0.0099994",
            "255.0000009",
            "256",
            "99999999999999999999",
        ] {
            assert!(time(text, min, max, MICRO).is_err(), "{text}");
        }
        for text in ["1.5", "1.0", "1.", ".0"] {
            assert!(time(text, Duration::ZERO, max, SECOND).is_err(), "{text}");
        }
        let told = time("0.1234567", min, max, MICRO).expect("a time");
        assert_eq!(
            told.rounded(),
            Some("0.1234567 has more than 6 decimals: it is read as 0.123457")
        );
    }

    #[test]
    fn thousandths_of_milliseconds() {
        for (text, micros, is_exact) in [
            ("10", 10_000, true),
            ("10.5", 10_500, true),
            ("10.123", 10_123, true),
            ("10.1234", 10_123, false),
            ("10.1235", 10_124, false),
            ("0.9999", 1000, false),
            ("10.0000", 10_000, false),
            ("4294967", 4_294_967_000, true),
        ] {
            let time = milliseconds(text, 1).expect(text);
            assert_eq!(time.value, Duration::from_micros(micros), "{text}");
            assert_eq!(time.rounded().is_none(), is_exact, "{text}");
        }
        for text in ["", ".", "0.9994", "-1", "1x", "4294967.001"] {
            assert!(milliseconds(text, 1).is_err(), "{text}");
        }
        let told = milliseconds("10.1235", 1).expect("a time");
        assert_eq!(
            told.rounded(),
            Some("10.1235 has more than 3 decimals: it is read as 10.124")
        );
    }
}
