//! What the tables say about themselves: the manual page and its index.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::history::History;
use super::schema::{Alias, AliasKind, Arg, Block, Describe, Row, RowFacts};

/// Tell every row of a block, with those of the blocks inside.
pub fn describe<T>(block: &Block<T>, out: &mut dyn Describe) {
    for row in block.all() {
        facts(row, out);
        if row.arg.braces() {
            out.open();
            if let Arg::Lines(entries) = &row.arg {
                (entries.describe)(out);
            } else if let Arg::Block(sub) = &row.arg {
                sub.describe(out);
            }
            out.close();
        }
    }
}

/// Tell the option words of a list entry.
pub fn describe_options<T>(tables: &[&'static [Row<T>]], out: &mut dyn Describe) {
    for row in tables.iter().flat_map(|rows| rows.iter()) {
        facts(row, out);
    }
}

fn facts<T>(row: &'static Row<T>, out: &mut dyn Describe) {
    let usage = row.arg.usage();
    out.row(&RowFacts {
        name: row.name,
        usage: &usage,
        domain: row.arg.domain(),
        samples: row.arg.samples(),
        aliases: row.aliases,
        doc: row.doc,
        meta: &row.meta,
        braces: row.arg.braces(),
    });
}

/// The manual page of the configuration: what stands before the keywords, then a
/// section for each block, then an index.
#[must_use]
pub fn page<T>(introduction: &str, top: &Block<T>, history: History) -> String {
    let mut writer = Writer::new(history);
    describe(top, &mut writer);
    let mut page = introduction.to_owned();
    page.push_str(&writer.page("TOP LEVEL"));
    page.push_str(&writer.index());
    page
}

/// Collects rows into sections, one for each block.
#[derive(Debug)]
struct Writer {
    history: History,
    /// The keywords around the row told last, and that row.
    path: Vec<&'static str>,
    last: &'static str,
    /// Sections in the order their blocks begin, with their text.
    sections: Vec<(String, String)>,
    /// Which section is being written, for each level of blocks.
    open: Vec<usize>,
    /// Keywords and the blocks they stand in.
    index: BTreeMap<&'static str, Vec<String>>,
}

impl Writer {
    fn new(history: History) -> Self {
        Self {
            history,
            path: Vec::new(),
            last: "",
            sections: vec![Default::default()],
            open: Vec::new(),
            index: BTreeMap::new(),
        }
    }

    /// Add to the section of the block that is open.
    fn write(&mut self, text: &str) {
        let place = self.open.last().copied().unwrap_or_default();
        if let Some((_, section)) = self.sections.get_mut(place) {
            section.push_str(text);
        }
    }

    /// A keyword as a paragraph of the manual, with a line for each remark.
    fn entry(&self, row: &RowFacts<'_>) -> String {
        let mut out = format!(".TP\n{}\n{}\n", tag(row), roff(row.doc));
        for remark in self.remarks(row) {
            let _ = writeln!(out, ".br\n{remark}.");
        }
        out
    }

    fn remarks(&self, row: &RowFacts<'_>) -> Vec<String> {
        let labelled = |label: &str, text: &str| format!("{label}: {}", roff(text));
        let since = self.history.since(&self.path, row.name);
        let newer = |word| format!("An old word; use \\fB{}\\fR", roff(word));
        let said = |holds: bool, text: &str| holds.then(|| text.to_owned());
        let remarks = [
            row.domain.as_ref().map(|domain| labelled("Values", domain)),
            default(row).map(|default| labelled("Default", default)),
            row.meta.replaced_by.map(newer),
            said(
                row.meta.nearest,
                "Out of range: the nearest value is used, and told",
            ),
            said(row.meta.once, "The first definition stays"),
            since.map(|since| labelled("Since", &since.to_string())),
        ];
        let others = row.aliases.iter().map(|alias| self.other_name(alias));
        remarks.into_iter().flatten().chain(others).collect()
    }

    fn other_name(&self, alias: &Alias) -> String {
        let mut out = format!("Also written \\fB{}\\fR", roff(alias.name));
        if alias.kind != AliasKind::Spelling {
            out.push_str(", an old name");
        }
        if let Some(since) = self.history.since(&self.path, alias.name) {
            let _ = write!(out, " ({})", roff(&since.to_string()));
        }
        out
    }

    fn page(&self, top: &str) -> String {
        let mut page = String::new();
        for (title, text) in &self.sections {
            if !text.is_empty() {
                let title = if title.is_empty() { top } else { title };
                let _ = write!(page, ".SH \"{title}\"\n{text}");
            }
        }
        page
    }

    fn index(&self) -> String {
        let mut index = String::from(".SH INDEX\n");
        for (name, blocks) in &self.index {
            let blocks = blocks.join(", ");
            let _ = write!(index, ".TP\n\\fB{}\\fR\n{}\n", roff(name), roff(&blocks));
        }
        index
    }
}

impl Describe for Writer {
    fn row(&mut self, row: &RowFacts<'_>) {
        self.last = row.name;
        let path = self.path.join(" ");
        let block = if path.is_empty() {
            "top level".to_owned()
        } else {
            path
        };
        let names = std::iter::once(row.name).chain(row.aliases.iter().map(|alias| alias.name));
        for name in names {
            let blocks = self.index.entry(name).or_default();
            if !blocks.contains(&block) {
                blocks.push(block.clone());
            }
        }
        let entry = self.entry(row);
        self.write(&entry);
    }

    fn open(&mut self) {
        self.path.push(self.last);
        self.sections.push((self.path.join(" "), String::new()));
        self.open.push(self.sections.len() - 1);
    }

    fn close(&mut self) {
        self.open.pop();
        self.last = self.path.pop().unwrap_or_default();
    }
}

/// The keyword as it is written, with its arguments.
fn tag(row: &RowFacts<'_>) -> String {
    let name = format!("\\fB{}\\fR", roff(row.name));
    match row.usage {
        "" => name,
        usage => format!("{name} {}", roff(usage)),
    }
}

/// The value without the keyword: a switch that says nothing else is off.
fn default(row: &RowFacts<'_>) -> Option<&'static str> {
    let switch = (row.usage == "[on|off]").then_some("off");
    row.meta.default.or(switch)
}

/// Text whose dashes and dots at the start of a line mean themselves.
fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) {
        format!("\\&{text}")
    } else {
        text
    }
}
