//! The language of tables: what a keyword takes, where it goes, what it says.
//!
//! A [`Block`] is a list of [`Row`]s over the value `T` that it fills. Everything
//! textual comes from the rows: the parser and its messages, the print of a
//! configuration, the manual. A row is built from a constructor for the argument
//! ([`int`], [`time`], ...), and `at!` says which field it fills:
//!
//! ```text
//! Row::new("virtual_router_id", int(1, 255, "", at!(given.vrid)), "Identifies ...")
//! ```

use std::net::IpAddr;
use std::time::Duration;

use super::diag::{Diags, Fix, Old};
use super::parse::Items;
use super::show::Sink;
use super::source::Span;
pub use super::sub_block::{Child, Inner, Show, SubBlock, no_head};
use super::words::{Line, Word};
use crate::model::IfName;

/// Read and write access to one field of `T`, as the kind `K` of a row.
pub struct Lens<T: 'static, K: 'static> {
    /// The value, or nothing when it is unset.
    pub get: fn(&T) -> Option<K>,
    /// Set it; the span is that of the word.
    pub set: fn(&mut T, K, Span),
}

impl<T, K> Clone for Lens<T, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, K> Copy for Lens<T, K> {}

impl<T, K> std::fmt::Debug for Lens<T, K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lens")
    }
}

impl<T, K> Lens<T, K> {
    /// For rows that are checked and not kept.
    #[must_use]
    pub const fn nowhere() -> Self {
        Self {
            get: |_| None,
            set: |_, _, _| (),
        }
    }
}

/// The lens on a field, by path: `at!(given.priority)`.
macro_rules! at {
    ($($field:ident).+) => {
        $crate::control_plane::schema::Lens {
            get: |target| $crate::control_plane::value::Field::read(&target.$($field).+),
            set: |target, value, span| {
                target.$($field).+ = $crate::control_plane::value::Field::make(value, span);
            },
        }
    };
}
pub(crate) use at;

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
    /// One line of the list.
    pub set: fn(&mut T, &Line, &mut Diags),
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

/// Another name of a keyword.
#[derive(Clone, Copy, Debug)]
pub struct Alias {
    /// The other name.
    pub name: &'static str,
    /// What using it means.
    pub kind: AliasKind,
}

/// How another name of a keyword is seen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AliasKind {
    /// As good as the other one.
    Spelling,
    /// Of earlier versions, and known to keepalived of today without complaint.
    Old,
    /// Of earlier versions; keepalived of today complains, so the configuration test fails.
    Deprecated,
}

/// What takes effect beside the field, because it changes how the text goes on.
pub type ReaderHook = fn(&mut dyn Items, &[Word], &mut Diags);

/// What a row says about itself beside its argument.
#[derive(Clone, Copy, Debug, Default)]
pub struct Meta {
    /// Given again in the same block, the first one stays.
    pub once: bool,
    /// The newer word, if the row itself is an old one.
    pub replaced_by: Option<&'static str>,
    /// The default, where no value shows it.
    pub default: Option<&'static str>,
    /// What else happens while reading.
    pub hook: Option<ReaderHook>,
    /// What is to be said of some values, or all, as of an earlier version.
    pub old: Option<OldStatement>,
}

/// Looks at a statement; says what it is today if it is one of an earlier version.
pub type OldStatement = fn(&Call<'_>) -> Option<Old>;

/// One keyword of a block.
#[derive(Debug)]
pub struct Row<T: 'static> {
    /// The word, unique in its block.
    pub name: &'static str,
    /// Its other names.
    pub aliases: &'static [Alias],
    /// What it takes.
    pub arg: Arg<T>,
    /// The paragraph of the manual.
    pub doc: &'static str,
    /// The rest.
    pub meta: Meta,
}

impl<T> Row<T> {
    /// A keyword.
    #[must_use]
    pub const fn new(name: &'static str, arg: Arg<T>, doc: &'static str) -> Self {
        Self {
            name,
            aliases: &[],
            arg,
            doc,
            meta: Meta {
                once: false,
                replaced_by: None,
                default: None,
                hook: None,
                old: None,
            },
        }
    }

    /// With other names.
    #[must_use]
    pub const fn aliases(mut self, aliases: &'static [Alias]) -> Self {
        self.aliases = aliases;
        self
    }

    /// May be given once in a block.
    #[must_use]
    pub const fn once(mut self) -> Self {
        self.meta.once = true;
        self
    }

    /// Deprecated: works, and draws a warning that names the newer word.
    #[must_use]
    pub const fn replaced_by(mut self, newer: &'static str) -> Self {
        self.meta.replaced_by = Some(newer);
        self
    }

    /// With a default that is not a constant of the field.
    #[must_use]
    pub const fn default(mut self, text: &'static str) -> Self {
        self.meta.default = Some(text);
        self
    }

    /// With statements of earlier versions: all of them or, with [`replaced_by`](Self::replaced_by),
    /// instead of what that would say.
    #[must_use]
    pub const fn old(mut self, old: OldStatement) -> Self {
        self.meta.old = Some(old);
        self
    }

    /// Changes how the rest of the text is read.
    #[must_use]
    pub const fn hook(mut self, hook: ReaderHook) -> Self {
        self.meta.hook = Some(hook);
        self
    }

    /// Whether the word is this row's, and the alias it is.
    #[must_use]
    pub fn matches(&self, word: &str) -> Option<Option<&Alias>> {
        // Most differ in the first octet, which costs no call.
        let first = word.as_bytes().first();
        let is_it = |name: &str| name.as_bytes().first() == first && name == word;
        if is_it(self.name) {
            return Some(None);
        }
        self.aliases
            .iter()
            .find(|alias| is_it(alias.name))
            .map(Some)
    }
}

/// A statement that nobody needs any more; `why` goes on behind its keyword.
#[must_use]
pub fn gone(call: &Call<'_>, why: &str, deprecated: bool) -> Old {
    Old {
        text: format!("`{}` {why}: leave it out", call.keyword.text),
        help: None,
        deprecated,
        fixes: vec![Fix::remove(call.span())],
    }
}

/// Another spelling.
#[must_use]
pub const fn spelling(name: &'static str) -> Alias {
    Alias {
        name,
        kind: AliasKind::Spelling,
    }
}

/// Another name that is told with exit status 0.
#[must_use]
pub const fn old_name(name: &'static str) -> Alias {
    Alias {
        name,
        kind: AliasKind::Old,
    }
}

/// Another name that fails the configuration test, since that of keepalived does, too.
#[must_use]
pub const fn deprecated(name: &'static str) -> Alias {
    Alias {
        name,
        kind: AliasKind::Deprecated,
    }
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
