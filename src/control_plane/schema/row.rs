//! One keyword: its names, what it takes, what is said of it.

use super::{Arg, Call};
use crate::control_plane::diag::{Diags, Fix, Old};
use crate::control_plane::parse::Items;
use crate::control_plane::words::Word;

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
    /// Without its argument the line is skipped, where other rows end the daemon.
    pub skipped_bare: bool,
    /// A value that is out of range is told, and the nearest one used.
    pub nearest: bool,
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
                skipped_bare: false,
                nearest: false,
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

    /// Without its argument the line is skipped. The C daemon looks whether these have one; with
    /// all others it ends at once (`config-syntax.md` section 12).
    #[must_use]
    pub const fn skipped_bare(mut self) -> Self {
        self.meta.skipped_bare = true;
        self
    }

    /// Of what is out of range the nearest value is used, and that told, as by the C daemon; with
    /// all others the line is skipped. A time is only brought up to the least one.
    #[must_use]
    pub const fn nearest(mut self) -> Self {
        self.meta.nearest = true;
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
