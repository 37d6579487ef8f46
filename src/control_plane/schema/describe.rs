//! What tables say about themselves: for the manual, and for tests of all rows.

use super::{Alias, Meta};

/// Takes down what tables say about themselves.
pub trait Describe {
    /// A keyword with its arguments, names and paragraph.
    fn row(&mut self, row: &RowFacts<'_>);
    /// The rows that follow are those of the block or list told last.
    fn open(&mut self);
    /// Back to the block around.
    fn close(&mut self);
}

/// Arguments for tests of all rows.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Samples {
    /// Taken, such as the bounds of a range.
    pub good: Vec<String>,
    /// Refused, such as what lies beyond them.
    pub bad: Vec<String>,
}

/// A row without the type it fills.
#[derive(Clone, Debug)]
pub struct RowFacts<'a> {
    /// The word.
    pub name: &'static str,
    /// Its arguments.
    pub usage: &'a str,
    /// The values it accepts.
    pub domain: Option<String>,
    /// Words for tests: values it takes, and values it refuses.
    pub samples: Samples,
    /// Its other names.
    pub aliases: &'static [Alias],
    /// The paragraph.
    pub doc: &'static str,
    /// The rest.
    pub meta: &'static Meta,
    /// Whether it opens a block of keywords or a list.
    pub braces: bool,
}
