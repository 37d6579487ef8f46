//! What is wrong with a configuration, where, and what to do about it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::source::Span;

/// How many messages of one weight are told to people.
pub const TOLD: usize = 1_000;

/// How many advices of one name are told to people: a list of addresses may deserve the same
/// one in each line.
pub const ADVICES_TOLD: usize = 20;

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// Told, and without influence on the exit status: a remark.
    Note,
    /// Something to look at; the configuration test fails with it, a start does not.
    Warning,
    /// The line or block was not used.
    Error,
}

/// The class of a diagnostic, in the order of the C daemon: the highest class
/// reported decides the exit status of `-t` (`config-syntax.md` section 12).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Code {
    /// Nothing wrong.
    Ok,
    /// A file is missing.
    FileNotFound,
    /// An interface is missing.
    BadInterface,
    /// Nothing can run with this.
    Fatal,
    /// Several files where one is allowed.
    MultipleFiles,
    /// A keyword nobody knows here.
    UnknownKeyword,
    /// A `{` where none belongs.
    UnexpectedOpen,
    /// A `{` is missing.
    MissingOpen,
    /// A `}` where none belongs.
    UnexpectedClose,
    /// A `}` is missing.
    MissingClose,
    /// A quote without its partner.
    UnmatchedQuote,
    /// A mandatory argument is missing.
    MissingParameter,
    /// Not a number, or out of its range.
    InvalidNumber,
    /// Any other mistake.
    General,
    /// Suspicious, but usable.
    Warning,
    /// Works, and has a newer word.
    Deprecated,
    /// A script or key file that others may change.
    Security,
}

/// What to write instead of some of the text, for `--upgrade-config`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fix {
    /// The words that go.
    pub span: Span,
    /// What takes their place; nothing removes them.
    pub text: String,
    /// Where the text goes.
    pub kind: FixKind,
}

/// The ways to put new words into a text.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum FixKind {
    /// In place of the old ones.
    #[default]
    Instead,
    /// On lines of its own above the line that the span begins in; the old words stay.
    Above,
    /// The keyword goes with the braces of its block; what is in the block stays.
    Unwrap,
    /// A statement gets a line of its own.
    Apart,
}

impl Fix {
    /// Other words in the place of some.
    #[must_use]
    pub fn instead(span: Span, text: impl Into<String>) -> Self {
        Self {
            span,
            text: text.into(),
            kind: FixKind::Instead,
        }
    }

    /// Lines of their own above the one that a place is in.
    #[must_use]
    pub fn above(span: Span, text: impl Into<String>) -> Self {
        Self {
            span,
            text: text.into(),
            kind: FixKind::Above,
        }
    }

    /// The same words on a line of their own.
    #[must_use]
    pub const fn apart(span: Span) -> Self {
        Self {
            span,
            text: String::new(),
            kind: FixKind::Apart,
        }
    }

    /// Without these words.
    #[must_use]
    pub fn remove(span: Span) -> Self {
        Self::instead(span, "")
    }
}

/// What is to be said of a statement of earlier versions.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Old {
    /// What it is.
    pub text: String,
    /// What to write today, where the text does not say it.
    pub help: Option<String>,
    /// Whether keepalived of today refuses it, or says so: it fails the configuration test.
    pub deprecated: bool,
    /// The same in today's words.
    pub fixes: Vec<Fix>,
}

/// One message about the configuration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Diag {
    /// Its class.
    pub code: Code,
    /// Its weight.
    pub severity: Severity,
    /// The place, if there is one.
    pub span: Option<Span>,
    /// What is wrong, in one line without the place.
    pub text: String,
    /// What to do about it (`did you mean ...?`).
    pub help: Option<Cow<'static, str>>,
    /// The name it can be switched off by, a row of [`crate::lint`].
    pub lint: Option<&'static str>,
    /// The same in today's words; empty if there is more to it than words.
    pub fixes: Vec<Fix>,
}

impl Diag {
    /// A message without advice.
    #[must_use]
    pub fn new(
        code: Code,
        severity: Severity,
        span: Option<Span>,
        text: impl Into<String>,
    ) -> Self {
        Self {
            code,
            severity,
            span,
            text: text.into(),
            help: None,
            lint: None,
            fixes: Vec::new(),
        }
    }

    /// With an advice, if there is one.
    #[must_use]
    pub fn with_help(mut self, help: Option<String>) -> Self {
        self.help = help.map(Cow::Owned);
        self
    }

    /// Whether it is only unwise: told, and without influence on the exit status
    /// unless that is wanted.
    #[must_use]
    pub fn is_advice(&self) -> bool {
        self.severity == Severity::Warning && self.code == Code::Ok
    }
}

/// All messages of one run, in the order they were found.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Diags {
    /// The messages.
    pub list: Vec<Diag>,
    /// An include check is violated or the main file is not to be read: nothing
    /// may start, whatever else is right.
    pub fatal_include: bool,
    /// What is only unwise fails the configuration test, too (`--strict`).
    pub strict: bool,
}

impl Diags {
    /// Add a message.
    pub fn push(&mut self, diag: Diag) {
        self.list.push(diag);
    }

    /// What is told to people, and how many messages are left out: of each weight no
    /// more than [`TOLD`], for a sequence of lines may have a mistake in each, and of the
    /// advices of one name no more than [`ADVICES_TOLD`].
    #[must_use]
    pub fn told(&self) -> (Vec<&Diag>, usize) {
        let mut counts = [0_usize; 3];
        let mut advices: BTreeMap<Option<&str>, usize> = BTreeMap::new();
        let is_told = |diag: &&Diag| {
            if diag.is_advice() {
                let same = advices.entry(diag.lint).or_default();
                *same += 1;
                return *same <= ADVICES_TOLD;
            }
            let count = match diag.severity {
                Severity::Note => &mut counts[0],
                Severity::Warning => &mut counts[1],
                Severity::Error => &mut counts[2],
            };
            *count += 1;
            *count <= TOLD
        };
        let told: Vec<&Diag> = self.list.iter().filter(is_told).collect();
        let hidden = self.list.len() - told.len();
        (told, hidden)
    }

    /// The exit status of a configuration test (`config-syntax.md` section 12).
    /// Notes have no influence.
    #[must_use]
    pub fn exit_status(&self) -> u8 {
        if self.fatal_include {
            return 6;
        }
        let counted = || {
            let told = self.list.iter();
            told.filter(|diag| diag.severity > Severity::Note)
                .filter(|diag| self.strict || !diag.is_advice())
        };
        if self.lacks_argument() {
            return 2;
        }
        match counted().map(|diag| diag.code).max() {
            None => 0,
            Some(Code::FileNotFound | Code::BadInterface | Code::Fatal) => 4,
            Some(Code::Security) => 6,
            Some(_) => 5,
        }
    }

    /// Whether a keyword has no argument which it cannot do without: nothing may start.
    #[must_use]
    pub fn lacks_argument(&self) -> bool {
        let mut told = self.list.iter();
        told.any(|diag| diag.code == Code::MissingParameter)
    }

    /// Give the message added last an advice (`did you mean ...?`).
    pub fn help(&mut self, text: impl Into<Cow<'static, str>>) {
        if let Some(last) = self.list.last_mut() {
            last.help = Some(text.into());
        }
    }

    /// Give the message added last the name it can be switched off by.
    pub fn lint(&mut self, name: &'static str) {
        if let Some(last) = self.list.last_mut() {
            last.lint = Some(name);
        }
    }

    /// Add a warning of a statement of earlier versions.
    pub fn old(&mut self, span: Span, old: Old) {
        let code = if old.deprecated {
            Code::Deprecated
        } else {
            Code::Ok
        };
        self.push(Diag {
            code,
            severity: Severity::Warning,
            span: Some(span),
            text: old.text,
            help: old.help.map(Cow::Owned),
            lint: Some("old-word"),
            fixes: old.fixes,
        });
    }

    /// Say more of the old statement that has these words: what it is today depends on
    /// what was only read later.
    pub fn amend(&mut self, words: Span, help: String, fix: Fix) {
        let has = |fix: &Fix| fix.span.lo <= words.lo && words.hi <= fix.span.hi;
        let mut list = self.list.iter_mut();
        if let Some(diag) = list.find(|diag| diag.fixes.iter().any(has)) {
            diag.help = Some(help.into());
            diag.fixes.push(fix);
        }
    }

    /// Add an error at a place.
    pub fn error(&mut self, code: Code, span: Span, text: impl Into<String>) {
        self.push(Diag::new(code, Severity::Error, Some(span), text));
    }

    /// Add a warning at a place.
    pub fn warn(&mut self, code: Code, span: Span, text: impl Into<String>) {
        self.push(Diag::new(code, Severity::Warning, Some(span), text));
    }

    /// Add a warning at a place of what is legal and surely not meant.
    pub fn advise(&mut self, lint: &'static str, span: Span, text: impl Into<String>) {
        self.warn(Code::Ok, span, text);
        self.lint(lint);
    }

    /// Add a remark at a place; it does not change the exit status.
    pub fn note(&mut self, span: Span, text: impl Into<String>) {
        self.push(Diag::new(Code::Ok, Severity::Note, Some(span), text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_messages_of_a_weight_are_told() {
        let mut diags = Diags::default();
        for _ in 0..TOLD + 7 {
            diags.warn(Code::Warning, Span::default(), "doubtful");
        }
        diags.error(Code::General, Span::default(), "wrong");
        let (told, hidden) = diags.told();
        assert_eq!((told.len(), hidden), (TOLD + 1, 7));
        assert!(told.iter().any(|diag| diag.text == "wrong"));
    }

    #[test]
    fn twenty_advices_of_a_name_are_told() {
        let mut diags = Diags::default();
        for name in ["vip-outside-networks", "equal-priorities"] {
            for _ in 0..ADVICES_TOLD + 3 {
                diags.advise(name, Span::default(), "unwise");
            }
        }
        diags.advise("old-word", Span::default(), "old");
        let (told, hidden) = diags.told();
        assert_eq!((told.len(), hidden), (2 * ADVICES_TOLD + 1, 6));
    }

    #[test]
    fn exit_statuses() {
        let cases: [(&[Code], u8); 9] = [
            (&[], 0),
            (&[Code::FileNotFound], 4),
            (&[Code::BadInterface, Code::Fatal], 4),
            (&[Code::BadInterface, Code::UnknownKeyword], 5),
            (&[Code::MissingParameter, Code::General], 2),
            (&[Code::InvalidNumber], 5),
            (&[Code::Deprecated], 5),
            (&[Code::General, Code::Security], 6),
            (&[Code::Warning], 5),
        ];
        for (codes, status) in cases {
            let mut diags = Diags::default();
            diags.note(Span::default(), "no influence");
            for code in codes {
                diags.error(*code, Span::default(), "wrong");
            }
            assert_eq!(diags.exit_status(), status, "{codes:?}");
            diags.fatal_include = true;
            assert_eq!(diags.exit_status(), 6);
        }
    }

    #[test]
    fn what_is_only_unwise_counts_when_that_is_wanted() {
        let mut diags = Diags::default();
        diags.advise("equal-priorities", Span::default(), "unwise");
        assert_eq!(diags.exit_status(), 0);
        diags.strict = true;
        assert_eq!(diags.exit_status(), 5);
        diags.error(Code::BadInterface, Span::default(), "missing");
        assert_eq!(diags.exit_status(), 4);
    }
}
