//! A configuration as text again, from the rows that read it.

use super::arg::seconds_text;
use super::schema::{Arg, Block, Row};

/// Takes keywords with their words.
pub trait Sink {
    /// A line of words.
    fn line(&mut self, name: &str, words: &[&str]);
    /// A line whose word is nobody's business.
    fn secret(&mut self, name: &str, word: &str);
    /// The beginning of a block.
    fn open(&mut self, name: &str, words: &[&str]);
    /// The end of the block begun last.
    fn close(&mut self);
}

/// Writes text that can be read again.
#[derive(Clone, Debug, Default)]
pub struct Text {
    out: String,
    depth: usize,
    secrets: bool,
}

impl Text {
    /// For people and logs: secrets are left out.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// To be read again: with secrets.
    #[must_use]
    pub fn with_secrets() -> Self {
        Self {
            secrets: true,
            ..Self::default()
        }
    }

    /// What was written.
    #[must_use]
    pub fn finish(self) -> String {
        self.out
    }

    fn words(&mut self, name: &str, words: &[&str]) {
        for _ in 0..self.depth {
            self.out.push_str("    ");
        }
        self.out.push_str(name);
        for (place, word) in words.iter().enumerate() {
            if place > 0 || !name.is_empty() {
                self.out.push(' ');
            }
            self.word(word);
        }
    }

    /// A word, in quotes where the reader would not take it as one.
    fn word(&mut self, word: &str) {
        let plain = |c: char| !c.is_whitespace() && !"{}#!\"$~@".contains(c);
        if !word.is_empty() && word.chars().all(plain) {
            self.out.push_str(word);
        } else {
            self.out.push('"');
            self.out.push_str(word);
            self.out.push('"');
        }
    }
}

impl Sink for Text {
    fn line(&mut self, name: &str, words: &[&str]) {
        self.words(name, words);
        self.out.push('\n');
    }

    fn secret(&mut self, name: &str, word: &str) {
        let shown = if self.secrets { word } else { "********" };
        self.line(name, &[shown]);
    }

    fn open(&mut self, name: &str, words: &[&str]) {
        self.words(name, words);
        self.out.push_str(" {\n");
        self.depth += 1;
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.words("}", &[]);
        self.out.push('\n');
    }
}

/// A whole value as text that its table reads again.
#[must_use]
pub fn text<T>(block: &Block<T>, value: &T, mut out: Text) -> String {
    rows(block, value, &mut out);
    out.finish()
}

/// Show what the rows of a block find set in a value.
pub fn rows<T>(block: &Block<T>, value: &T, out: &mut dyn Sink) {
    for entry in block.all() {
        row(entry, value, out);
    }
}

/// Show what one row finds set in a value.
pub fn row<T>(row: &Row<T>, value: &T, out: &mut dyn Sink) {
    arg(&row.arg, row.name, value, out);
}

fn arg<T>(arg: &Arg<T>, name: &str, value: &T, out: &mut dyn Sink) {
    match arg {
        Arg::Flag(at) => {
            if (at.get)(value) == Some(true) {
                out.line(name, &[]);
            }
        }
        Arg::Bool(at) => one(name, (at.get)(value).map(on_off), out),
        // What no text can say is the value of an absent keyword.
        Arg::Int { min, max, at, .. } => {
            let number = (at.get)(value).filter(|number| (*min..=*max).contains(number));
            one(name, number, out);
        }
        Arg::Time { min, max, at, .. } => {
            let time = (at.get)(value).filter(|time| (*min..=*max).contains(time));
            one(name, time.map(seconds_text), out);
        }
        Arg::Text { at, .. } => one(name, (at.get)(value), out),
        Arg::Choice { at, .. } => one(name, (at.get)(value), out),
        Arg::Interface(at) => one(name, (at.get)(value), out),
        Arg::Address(at) => one(name, (at.get)(value), out),
        Arg::Words { show, .. } => show(value, name, out),
        Arg::Lines(entries) => {
            let mut list = Frame::new(name, out);
            (entries.show)(value, &mut list);
            list.finish();
        }
        Arg::Block(sub) => sub.show(value, name, out),
    }
}

fn one(name: &str, value: Option<impl ToString>, out: &mut dyn Sink) {
    if let Some(value) = value {
        out.line(name, &[&value.to_string()]);
    }
}

/// The word of a switch.
#[must_use]
pub const fn on_off(value: bool) -> &'static str {
    if value { "on" } else { "off" }
}

/// A block that opens with its first line, so that an empty one is not shown.
pub struct Frame<'a> {
    name: &'a str,
    opened: bool,
    out: &'a mut dyn Sink,
}

impl std::fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Frame").field(&self.name).finish()
    }
}

impl<'a> Frame<'a> {
    /// A block not begun yet.
    pub fn new(name: &'a str, out: &'a mut dyn Sink) -> Self {
        Self {
            name,
            opened: false,
            out,
        }
    }

    /// The end of the block, if it was begun.
    pub fn finish(self) {
        if self.opened {
            self.out.close();
        }
    }

    fn begin(&mut self) -> &mut dyn Sink {
        if !self.opened {
            self.opened = true;
            self.out.open(self.name, &[]);
        }
        self.out
    }
}

impl Sink for Frame<'_> {
    fn line(&mut self, name: &str, words: &[&str]) {
        self.begin().line(name, words);
    }

    fn secret(&mut self, name: &str, word: &str) {
        self.begin().secret(name, word);
    }

    fn open(&mut self, name: &str, words: &[&str]) {
        self.begin().open(name, words);
    }

    fn close(&mut self) {
        self.out.close();
    }
}
