//! What is legal in a configuration and surely not meant.
//!
//! ```text
//! Loaded ──► judge ──► Loaded with more messages, and without those that are allowed
//!              │
//!              ├─ table    name, what, why, remedy of each; where it is found
//!              ├─ instances, priorities, global, host: functions over the compiled Config
//!              └─ allow    comments `# keepalived: allow NAME`
//! ```
//!
//! A [`Lint`] is a row: the manual, `--explain` and `doc/config-quality.md` come from
//! it. What only the compiler can see, because it is no longer in what it makes, is
//! reported there under the row's name; everything else is a function over the
//! compiled configuration. The parent process alone looks, once a load.
//!
//! A mistake that changes what the text means is an error of the compiler; what is
//! only unwise is told with exit status 0 ([`crate::control_plane::diag::Diag::is_advice`]).
#![forbid(unsafe_code)]

mod allow;
mod global;
pub mod host;
mod instances;
pub mod manual;
mod priorities;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

pub use host::Host;
pub use table::LINTS;

use crate::control_plane::diag::{Code, Diag, Diags, FixKind, Severity};
use crate::control_plane::source::{SourceMap, Span};
use crate::control_plane::suggest::suggest;
use crate::control_plane::{Config, Loaded};
use crate::model::FastSet;

/// One thing that is looked for.
#[derive(Debug)]
pub struct Lint {
    /// Its name, which never changes: files and command lines have it.
    pub name: &'static str,
    /// What is found, in a sentence.
    pub what: &'static str,
    /// Why that is surely not meant.
    pub why: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
    /// Finds it in a compiled configuration; nothing where the compiler reports it.
    pub find: Option<Find>,
}

/// Looks at a configuration for one lint.
pub type Find = fn(&Subject<'_>, &mut Findings<'_>);

/// What a lint looks at.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// This machine.
    pub host: &'a dyn Host,
}

/// Takes down what a lint finds.
#[derive(Debug)]
pub struct Findings<'a> {
    lint: &'static Lint,
    diags: &'a mut Diags,
}

impl Findings<'_> {
    /// Something unwise, and where.
    pub fn tell(&mut self, span: Span, text: impl Into<String>) {
        self.diags.advise(self.lint.name, span, text);
        self.diags.help(self.lint.remedy);
    }

    /// Something that will not work at all.
    pub fn fail(&mut self, span: Span, text: impl Into<String>) {
        self.diags.error(Code::General, span, text);
        self.diags.help(self.lint.remedy);
        self.diags.lint(self.lint.name);
    }
}

/// The lint of words of earlier versions, whose messages say what to write today.
pub const OLD_WORD: &str = "old-word";

/// Whether a message is about what `--upgrade-config` writes otherwise: a word of earlier
/// versions, or statements on one line that are clear.
#[must_use]
pub fn is_old(diag: &Diag) -> bool {
    diag.lint == Some(OLD_WORD) || diag.fixes.iter().any(|fix| fix.kind == FixKind::Apart)
}

/// What the command line says about warnings.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LintOptions {
    /// Those that are not told (`--no-warn`).
    pub allowed: BTreeSet<String>,
    /// What is only unwise fails the configuration test (`--strict`).
    pub strict: bool,
}

/// The lint of a name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Lint> {
    LINTS.iter().find(|lint| lint.name == name)
}

/// The name that was probably meant.
#[must_use]
pub fn nearest(name: &str) -> Option<&'static str> {
    suggest(name, LINTS.iter().map(|lint| lint.name))
}

/// Look at what was loaded: add what is unwise, and take away what is allowed and
/// what has been said before.
pub fn judge(loaded: &mut Loaded, host: &dyn Host, options: &LintOptions) {
    loaded.diags.strict = options.strict;
    if let Some(config) = &loaded.config {
        let subject = Subject { config, host };
        for lint in LINTS {
            if let Some(find) = lint.find
                && !options.allowed.contains(lint.name)
            {
                let diags = &mut loaded.diags;
                find(&subject, &mut Findings { lint, diags });
            }
        }
    }
    let comments = allow::Comments::read(&loaded.map, &mut loaded.diags);
    let mut told = FastSet::default();
    let map = &loaded.map;
    let list = loaded.diags.list.iter();
    let kept = list.map(|diag| {
        let is_allowed = diag
            .lint
            .is_some_and(|name| options.allowed.contains(name) || comments.allow(name, diag, map));
        !is_allowed && (diag.lint.is_none() || told.insert(identity(diag, map)))
    });
    let mut kept = kept.collect::<Vec<bool>>().into_iter();
    loaded.diags.list.retain(|_| kept.next() == Some(true));
}

/// Two messages that are the same to a reader.
fn identity<'d>(diag: &'d Diag, map: &SourceMap) -> (Severity, Option<u32>, &'d str) {
    let line = diag.span.and_then(|span| map.line_of(span));
    (diag.severity, line.map(|line| line.lo), &diag.text)
}
