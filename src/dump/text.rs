//! The text form: headings, objects, properties and list items.

use std::fmt::{self, Write as _};
use std::time::Duration;

use super::fact::Value;
use crate::model::UnixTime;
use crate::sys::calendar::LocalTime;

/// A text under construction.
#[derive(Debug, Default)]
pub struct Text {
    out: String,
    /// The second that was last shown, and its calendar form: instances that
    /// changed together share it.
    second: Option<u64>,
    date: String,
    year: i32,
}

impl Text {
    /// An empty text with room for `octets`.
    #[must_use]
    pub fn with_capacity(octets: usize) -> Self {
        Self {
            out: String::with_capacity(octets),
            ..Self::default()
        }
    }

    /// What was written.
    #[must_use]
    pub fn finish(self) -> String {
        self.out
    }

    /// `------< TITLE >------`
    pub fn title(&mut self, title: &str) {
        self.out.push_str("------< ");
        self.out.push_str(title);
        self.out.push_str(" >------\n");
    }

    /// ` KIND = NAME`
    pub fn object(&mut self, kind: &str, name: &str) {
        self.property_at(1, kind, Value::Word(name));
    }

    /// `   LABEL = VALUE`; nothing for a value that is absent.
    pub fn property(&mut self, label: &str, value: Value<'_>) {
        self.property_at(3, label, value);
    }

    /// ` LABEL = VALUE`, as for the settings of the whole daemon.
    pub fn setting(&mut self, label: &str, value: Value<'_>) {
        self.property_at(1, label, value);
    }

    /// `   TEXT`
    pub fn line(&mut self, text: &str) {
        self.indent(3);
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// `   TITLE (COUNT):`
    pub fn counted(&mut self, title: &str, count: usize) {
        self.indent(3);
        self.out.push_str(title);
        self.out.push_str(" (");
        self.number(count as u64);
        self.out.push_str("):\n");
    }

    /// `     ITEM`
    pub fn item(&mut self, fill: impl FnOnce(&mut Self)) {
        self.indent(5);
        fill(self);
        self.out.push('\n');
    }

    /// Words as they are.
    pub fn push(&mut self, words: &str) {
        self.out.push_str(words);
    }

    /// The text so far, to append to.
    pub fn buffer(&mut self) -> &mut String {
        &mut self.out
    }

    /// Anything that can be shown. Slower than the others.
    pub fn show(&mut self, value: impl fmt::Display) {
        // Writing to a string cannot fail.
        let _ = write!(self.out, "{value}");
    }

    /// A decimal number.
    pub fn number(&mut self, number: u64) {
        push_number(&mut self.out, number);
    }

    /// `1795320954.704653 (Sun Nov 22 04:15:54.704653 2026)`
    pub fn moment(&mut self, at: UnixTime) {
        if self.second != Some(at.0.as_secs()) {
            self.set_second(at.0.as_secs());
        }
        push_moment(&mut self.out, at);
        self.out.push_str(" (");
        self.out.push_str(&self.date);
        self.out.push('.');
        push_micros(&mut self.out, at.0.subsec_micros());
        let _ = write!(self.out, " {})", self.year);
    }

    fn set_second(&mut self, second: u64) {
        let t = LocalTime::at(second.try_into().unwrap_or_default());
        self.second = Some(second);
        self.year = t.year;
        self.date.clear();
        let (day_name, month) = (t.day_name(), t.month_name());
        let _ = write!(
            self.date,
            "{day_name} {month} {:2} {:02}:{:02}:{:02}",
            t.day, t.hour, t.minute, t.second
        );
    }

    fn property_at(&mut self, indent: usize, label: &str, value: Value<'_>) {
        if value == Value::Absent {
            return;
        }
        self.indent(indent);
        self.out.push_str(label);
        self.out.push_str(" = ");
        self.value(value);
        self.out.push('\n');
    }

    fn value(&mut self, value: Value<'_>) {
        match value {
            Value::Absent => {}
            Value::Word(word) => self.push(word),
            Value::Text(text) => self.push(&text),
            Value::Number(number) => self.number(number),
            Value::Signed(number) => self.show(number),
            Value::Address(address) => self.show(address),
            Value::Choice { word, .. } => self.push(word),
            Value::Flag { is_set, words, .. } => {
                let [unset, set] = words;
                self.push(if is_set { set } else { unset });
            }
            Value::Seconds { time, unit } => {
                push_seconds(&mut self.out, time);
                self.push(unit);
            }
            Value::Interval { time, millis } => self.interval(time, millis),
            Value::Micros(time) => {
                self.number(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
                self.push(" usecs");
            }
            Value::Moment(None) => self.push("DISABLED"),
            Value::Moment(Some(at)) => self.moment(at),
        }
    }

    /// Version 2 has whole seconds; version 3 counts in milliseconds.
    fn interval(&mut self, time: Duration, millis: bool) {
        if millis || time.subsec_nanos() != 0 {
            self.number(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
            self.push(" milli-sec");
        } else {
            self.number(time.as_secs());
            self.push(" sec");
        }
    }

    fn indent(&mut self, blanks: usize) {
        self.out.push_str("     ".get(..blanks).unwrap_or_default());
    }
}

/// Append a decimal number.
pub(super) fn push_number(out: &mut String, number: u64) {
    let mut digits = [0; 20];
    let mut rest = number;
    let mut first = digits.len();
    for (place, digit) in digits.iter_mut().enumerate().rev() {
        *digit = b"0123456789"
            .get((rest % 10) as usize)
            .copied()
            .unwrap_or(b'0');
        first = place;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    let digits = digits.get(first..).unwrap_or_default();
    out.push_str(std::str::from_utf8(digits).unwrap_or_default());
}

/// Append `SECONDS.MICROS` since the epoch.
pub(super) fn push_moment(out: &mut String, at: UnixTime) {
    push_number(out, at.0.as_secs());
    out.push('.');
    push_micros(out, at.0.subsec_micros());
}

fn push_micros(out: &mut String, micros: u32) {
    let mut limit = 100_000;
    while limit > micros && limit > 1 {
        out.push('0');
        limit /= 10;
    }
    push_number(out, u64::from(micros));
}

/// Append seconds, with a fraction only if there is one: `1`, `0.5`.
pub(super) fn push_seconds(out: &mut String, time: Duration) {
    push_number(out, time.as_secs());
    let micros = time.subsec_micros();
    if micros == 0 {
        return;
    }
    out.push('.');
    push_micros(out, micros);
    let kept = out.trim_end_matches('0').len();
    out.truncate(kept);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(fill: impl FnOnce(&mut String)) -> String {
        let mut out = String::new();
        fill(&mut out);
        out
    }

    #[test]
    fn numbers() {
        for number in [0, 7, 10, 4_294_967_295, u64::MAX] {
            assert_eq!(of(|out| push_number(out, number)), number.to_string());
        }
    }

    #[test]
    fn fractions() {
        let seconds = |micros| of(|out| push_seconds(out, Duration::from_micros(micros)));
        assert_eq!(seconds(1_000_000), "1");
        assert_eq!(seconds(500_000), "0.5");
        assert_eq!(seconds(30_000), "0.03");
        assert_eq!(seconds(1), "0.000001");
        assert_eq!(seconds(10_000_000), "10");
        let moment = |micros| {
            let at = UnixTime(Duration::from_micros(micros));
            of(|out| push_moment(out, at))
        };
        assert_eq!(moment(5_000_000), "5.000000");
        assert_eq!(moment(5_000_001), "5.000001");
        assert_eq!(moment(5_100_000), "5.100000");
    }

    #[test]
    fn a_moment_has_the_calendar_s_words() {
        let mut text = Text::default();
        text.moment(UnixTime(Duration::from_micros(86_400_000_001 * 9)));
        let text = text.finish();
        assert!(text.starts_with("777600.000009 ("), "{text}");
        assert!(text.contains(".000009 1970)"), "{text}");
        assert!(text.contains(" Jan "), "{text}");
    }

    #[test]
    fn indentation_is_the_contract_s() {
        let mut text = Text::default();
        text.title("VRRP Topology");
        text.object("VRRP Instance", "a");
        text.property("Priority", Value::Number(100));
        text.property("Absent", Value::Absent);
        text.counted("Virtual IP", 1);
        text.item(|text| text.push("10.0.0.1"));
        assert_eq!(
            text.finish(),
            "------< VRRP Topology >------\n VRRP Instance = a\n   Priority = 100\n   \
             Virtual IP (1):\n     10.0.0.1\n"
        );
    }
}
