//! One keyword of the manual, for people at a terminal.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::history::{History, Since};
use super::manual::describe;
use super::schema::{Block, Describe, RowFacts};

/// How wide a paragraph is.
const WIDTH: usize = 76;

/// What is said of a word in every place where it may stand.
#[derive(Debug, Default)]
pub struct Explanation {
    /// The entries, one after the other; empty if no keyword has this name.
    pub text: String,
    /// All keywords there are, for suggestions.
    pub names: BTreeSet<&'static str>,
}

/// Look a keyword or an old name of one up in a table and all that is below it.
#[must_use]
pub fn explain<T>(top: &Block<T>, history: History, word: &str) -> Explanation {
    let mut collector = Collector {
        word,
        history,
        path: Vec::new(),
        last: "",
        entries: Vec::new(),
        names: BTreeSet::new(),
    };
    describe(top, &mut collector);
    Explanation {
        text: collector.text(),
        names: collector.names,
    }
}

/// The same entry, and the places it is for.
struct Entry {
    places: Vec<String>,
    text: String,
}

struct Collector<'a> {
    word: &'a str,
    history: History,
    path: Vec<&'static str>,
    last: &'static str,
    entries: Vec<Entry>,
    names: BTreeSet<&'static str>,
}

impl Collector<'_> {
    fn text(&self) -> String {
        let entries = self.entries.iter();
        let shown = entries.map(|entry| format!("{}\n{}", places(&entry.places), entry.text));
        shown.collect::<Vec<_>>().join("\n")
    }
}

fn places(places: &[String]) -> String {
    wrapped(&format!("in {}:", places.join("; ")), "")
}

impl Describe for Collector<'_> {
    fn row(&mut self, row: &RowFacts<'_>) {
        self.last = row.name;
        self.names.insert(row.name);
        let is_old = row.aliases.iter().any(|alias| alias.name == self.word);
        if row.name != self.word && !is_old {
            return;
        }
        let place = match self.path.as_slice() {
            [] => "the top level".to_owned(),
            path => path.join(" "),
        };
        let since = self.history.since(&self.path, self.word);
        let text = entry(row, is_old.then_some(self.word), since);
        match self.entries.iter_mut().find(|other| other.text == text) {
            Some(other) => other.places.push(place),
            None => self.entries.push(Entry {
                places: vec![place],
                text,
            }),
        }
    }

    fn open(&mut self) {
        self.path.push(self.last);
    }

    fn close(&mut self) {
        self.last = self.path.pop().unwrap_or_default();
    }
}

/// A keyword as a paragraph.
fn entry(row: &RowFacts<'_>, old: Option<&str>, since: Option<Since>) -> String {
    let mut out = format!("    {} {}", row.name, row.usage);
    out.truncate(out.trim_end().len());
    out.push('\n');
    let mut line = |text: &str| out.push_str(&wrapped(text, "        "));
    if let Some(old) = old {
        line(&format!("{old} is another name of {}.", row.name));
    }
    line(row.doc);
    if let Some(domain) = &row.domain {
        line(&format!("Values: {domain}."));
    }
    if let Some(default) = row.meta.default {
        line(&format!("Default: {default}."));
    }
    let others = row.aliases.iter().map(|alias| alias.name);
    let others: Vec<&str> = others.filter(|name| Some(*name) != old).collect();
    if !others.is_empty() {
        line(&format!("Other names: {}.", others.join(", ")));
    }
    if let Some(newer) = row.meta.replaced_by {
        line(&format!("An old word; use {newer}."));
    }
    if row.meta.nearest {
        line("Out of range: the nearest value is used, and told.");
    }
    if row.meta.once {
        line("The first definition stays.");
    }
    if let Some(since) = since {
        line(&format!("Since: {since}."));
    }
    out
}

/// Text in lines that begin with `indent`.
fn wrapped(text: &str, indent: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let width = word.chars().count() + 1;
        if column > 0 && column + width > WIDTH {
            out.push('\n');
            column = 0;
        }
        let before = if column == 0 { indent } else { " " };
        // Writing to a string cannot fail.
        let _ = write!(out, "{before}{word}");
        column += width;
    }
    out.push('\n');
    out
}
