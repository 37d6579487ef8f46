//! The language of tables: what a keyword takes, where it goes, what it says.
//!
//! A [`Block`] is a list of [`Row`]s over the value `T` that it fills. Everything
//! textual comes from the rows: the parser and its messages, the print of a
//! configuration, the manual. A row is built from a constructor for the argument
//! ([`int`](super::arg::int), [`time`](super::arg::time), ...), and `at!` says which field it fills:
//!
//! ```text
//! Row::new("virtual_router_id", int(1, 255, "", at!(given.vrid)), "Identifies ...")
//! ```

mod describe;
mod lens;
mod row;

use std::net::IpAddr;
use std::time::Duration;

pub use describe::{Describe, RowFacts, Samples};
pub use lens::Lens;
pub(crate) use lens::at;
pub use row::{
    Alias, AliasKind, Meta, OldStatement, ReaderHook, Row, deprecated, gone, old_name, spelling,
};

use super::diag::Diags;
use super::show::Sink;
use super::source::Span;
pub use super::sub_block::{Child, Inner, Show, SubBlock, no_head};
use super::words::{Line, Word};
use crate::model::IfName;
/// A keyword with its arguments.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The keyword.
    pub keyword: &'a Word,
    /// The words behind it.
    pub args: &'a [Word],
    /// The whole line.
    pub line: &'a Line,
}

impl Call<'_> {
    /// From the keyword to the last argument.
    #[must_use]
    pub fn span(&self) -> Span {
        let last = self.args.last().unwrap_or(self.keyword);
        Span {
            lo: self.keyword.span.lo,
            hi: last.span.hi.max(self.keyword.span.hi),
        }
    }
}

/// What fills a list line by line, and prints it again.
pub struct Entries<T: 'static> {
    /// What a line looks like.
    pub usage: &'static str,
    /// The list begins, even if it is empty.
    pub open: fn(&mut T, Span),
    /// One line of the list.
    pub set: fn(&mut T, &Line, &mut Diags),
    /// The word of a line that begins another entry, where that is clear.
    pub next: fn(&[Word]) -> Option<usize>,
    /// Every line of the list.
    pub show: fn(&T, &mut dyn Sink),
    /// The option words of a line.
    pub describe: fn(&mut dyn Describe),
}

impl<T> std::fmt::Debug for Entries<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entries")
            .field("usage", &self.usage)
            .finish_non_exhaustive()
    }
}

/// What a keyword takes.
pub enum Arg<T: 'static> {
    /// Nothing; being there sets the field.
    Flag(Lens<T, bool>),
    /// `[on|off|true|false|yes|no]`; alone it means true.
    Bool(Lens<T, bool>),
    /// A whole number.
    Int {
        /// The least that is accepted.
        min: i64,
        /// The greatest that is accepted.
        max: i64,
        /// What is counted, for messages; may be empty.
        unit: &'static str,
        /// The number of a keyword without argument, where that is allowed.
        bare: Option<i64>,
        /// Where it goes.
        at: Lens<T, i64>,
    },
    /// Decimal seconds.
    Time {
        /// The least that is accepted.
        min: Duration,
        /// The greatest that is accepted.
        max: Duration,
        /// The finest step the text may have.
        step: Duration,
        /// Where it goes.
        at: Lens<T, Duration>,
    },
    /// One word.
    Text {
        /// What it is, for messages and the manual (`NAME`).
        what: &'static str,
        /// The most octets.
        max: usize,
        /// Where it goes.
        at: Lens<T, String>,
    },
    /// One of some words.
    Choice {
        /// The words.
        names: &'static [&'static str],
        /// Where it goes.
        at: Lens<T, &'static str>,
    },
    /// The name of an interface.
    Interface(Lens<T, IfName>),
    /// An address of either family.
    Address(Lens<T, IpAddr>),
    /// Words with a rule of their own.
    Words {
        /// For the manual and messages.
        usage: &'static str,
        /// The least number of words.
        min: usize,
        /// The greatest number of words.
        max: usize,
        /// Which words of a line with several statements are its own.
        extent: Extent,
        /// Checks and keeps them.
        set: fn(&mut T, &Call<'_>, &mut Diags),
        /// Prints them.
        show: fn(&T, &str, &mut dyn Sink),
    },
    /// A list in braces, one entry a line.
    Lines(Entries<T>),
    /// Keywords in braces.
    Block(&'static dyn SubBlock<T>),
}

impl<T> std::fmt::Debug for Arg<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Arg({})", self.usage())
    }
}

/// Which words behind a keyword are its own where another keyword of the block may follow
/// on the line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Extent {
    /// As many as it takes: a name may be that of a keyword.
    Counted,
    /// Those before the next keyword: its words have names of their own.
    ToKeyword,
    /// A command in double quotes. Without them nobody knows where it was meant to end.
    Command {
        /// How many words the C daemon looks at: the command, and maybe user and group.
        most: usize,
    },
}

/// The keywords of a block, in groups that blocks may share.
pub struct Block<T: 'static> {
    /// The keywords.
    pub rows: &'static [&'static [Row<T>]],
    /// Checks of what the block says as a whole; the span is that of its keyword.
    pub finish: Option<fn(&mut T, Span, &mut Diags)>,
}

impl<T> std::fmt::Debug for Block<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.all().map(|row| row.name))
            .finish()
    }
}

impl<T> Block<T> {
    /// Every row.
    pub fn all(&self) -> impl Iterator<Item = &'static Row<T>> + use<T> {
        self.rows.iter().flat_map(|group| group.iter())
    }

    /// The row of a word, and the alias it is.
    #[must_use]
    pub fn find(&self, word: &str) -> Option<(&'static Row<T>, Option<&'static Alias>)> {
        self.all()
            .find_map(|row| row.matches(word).map(|alias| (row, alias)))
    }
}
