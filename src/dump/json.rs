//! The JSON form: no blanks, slashes escaped, keys in a fixed order.

use super::fact::{FlagForm, Value};
use super::text::{push_moment, push_number, push_seconds};

/// A JSON text under construction.
#[derive(Debug, Default)]
pub struct Json {
    out: String,
}

impl Json {
    /// An empty text with room for `octets`.
    #[must_use]
    pub fn with_capacity(octets: usize) -> Self {
        Self {
            out: String::with_capacity(octets),
        }
    }

    /// What was written.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.out.push('\n');
        self.out
    }

    /// `{ ... }`, with the members that `fill` writes.
    pub fn object(&mut self, fill: impl FnOnce(&mut Self)) {
        self.nested('{', '}', fill);
    }

    /// `[ ... ]`, with the elements that `fill` writes.
    pub fn array(&mut self, fill: impl FnOnce(&mut Self)) {
        self.nested('[', ']', fill);
    }

    /// `"KEY":`, before the value of a member.
    pub fn key(&mut self, key: &str) {
        self.separate();
        // Keys are ours: nothing in them needs an escape.
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str("\":");
    }

    /// A member; nothing for a value that is absent.
    pub fn member(&mut self, key: &str, value: Value<'_>) {
        if value != Value::Absent {
            self.key(key);
            self.value(value);
        }
    }

    /// A value as an element, or behind a key.
    pub fn element(&mut self, value: Value<'_>) {
        self.separate();
        self.value(value);
    }

    /// `null`, as an element or behind a key.
    pub fn null(&mut self) {
        self.separate();
        self.out.push_str("null");
    }

    /// Begin an array or object of which other calls write the rest.
    pub fn open(&mut self, mark: char) {
        self.separate();
        self.out.push(mark);
    }

    /// End it.
    pub fn close(&mut self, mark: char) {
        self.out.push(mark);
    }

    /// An element, or a value behind a key, that is JSON already.
    pub fn raw(&mut self, json: &str) {
        self.separate();
        self.out.push_str(json);
    }

    /// How many octets there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether nothing was written.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// Hand over what was written but for the last octet, by which the next comma is
    /// decided, and go on without it. The memory is kept.
    ///
    /// # Errors
    /// What `taker` says; nothing is lost then.
    pub fn hand_over(
        &mut self,
        taker: impl FnOnce(&[u8]) -> std::io::Result<()>,
    ) -> std::io::Result<()> {
        let most = self.out.len().saturating_sub(1);
        taker(self.out.as_bytes().get(..most).unwrap_or_default())?;
        // The last octet of a text in JSON is a mark, a digit or a letter.
        self.out.drain(..most);
        Ok(())
    }

    /// A string as an element.
    pub fn string(&mut self, text: &str) {
        self.separate();
        push_string(&mut self.out, text);
    }

    fn nested(&mut self, open: char, close: char, fill: impl FnOnce(&mut Self)) {
        self.separate();
        self.out.push(open);
        fill(self);
        self.out.push(close);
    }

    /// A comma, unless something was opened or named just now. A string ends in
    /// a quotation mark, so the last octet tells.
    fn separate(&mut self) {
        let opened = |octet: &u8| matches!(octet, b'{' | b'[' | b':');
        if self.out.as_bytes().last().is_some_and(|o| !opened(o)) {
            self.out.push(',');
        }
    }

    fn value(&mut self, value: Value<'_>) {
        match value {
            Value::Absent => {}
            Value::Word(text) => push_string(&mut self.out, text),
            Value::Text(text) => push_string(&mut self.out, &text),
            Value::Number(number) => push_number(&mut self.out, number),
            Value::Signed(number) => {
                if number < 0 {
                    self.out.push('-');
                }
                push_number(&mut self.out, number.unsigned_abs());
            }
            Value::Address(address) => push_string(&mut self.out, &address.to_string()),
            Value::Choice { number, .. } => push_number(&mut self.out, number),
            Value::Flag { is_set, json, .. } => self.flag(is_set, json),
            Value::Seconds { time, .. } | Value::Interval { time, .. } | Value::Micros(time) => {
                push_seconds(&mut self.out, time);
            }
            Value::Moment(at) => push_moment(&mut self.out, at.unwrap_or_default()),
        }
    }

    fn flag(&mut self, is_set: bool, form: FlagForm) {
        let word = match (form, is_set) {
            (FlagForm::Number, true) | (FlagForm::OppositeNumber, false) => "1",
            (FlagForm::Number, false) | (FlagForm::OppositeNumber, true) => "0",
            (FlagForm::Bool, true) | (FlagForm::OppositeBool, false) => "true",
            (FlagForm::Bool, false) | (FlagForm::OppositeBool, true) => "false",
        };
        self.out.push_str(word);
    }
}

fn push_string(out: &mut String, text: &str) {
    out.push('"');
    let is_plain =
        |octet: u8| matches!(octet, b' '..=b'~') && !matches!(octet, b'"' | b'\\' | b'/');
    let plain = text.bytes().take_while(|octet| is_plain(*octet)).count();
    let (plain, mut rest) = text.split_at_checked(plain).unwrap_or(("", text));
    out.push_str(plain);
    let special = |c: char| matches!(c, '"' | '\\' | '/') || c.is_control();
    while let Some((before, found)) = rest.find(special).and_then(|at| rest.split_at_checked(at)) {
        out.push_str(before);
        let mut chars = found.chars();
        match chars.next() {
            Some(c @ ('"' | '\\' | '/')) => {
                out.push('\\');
                out.push(c);
            }
            Some('\n') => out.push_str("\\n"),
            Some('\t') => out.push_str("\\t"),
            Some(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_stand_between_and_nowhere_else() {
        let mut json = Json::default();
        json.array(|json| {
            json.object(|json| {
                json.member("a", Value::Number(1));
                json.member("b", Value::Absent);
                json.key("c");
                json.array(|json| {
                    json.string("x");
                    json.string("y{");
                    json.string("z");
                });
                json.member("d", Value::Signed(-5));
            });
            json.object(|_| {});
        });
        let expected = "[{\"a\":1,\"c\":[\"x\",\"y{\",\"z\"],\"d\":-5},{}]\n";
        assert_eq!(json.finish(), expected);
    }

    #[test]
    fn strings_are_escaped() {
        let mut json = Json::default();
        json.string("10.0.0.1/24 \"q\" \\ \n\u{1}é");
        let expected = "\"10.0.0.1\\/24 \\\"q\\\" \\\\ \\n\\u0001é\"\n";
        assert_eq!(json.finish(), expected);
    }
}
