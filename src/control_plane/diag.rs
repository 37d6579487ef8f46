//! What is wrong with a configuration, where, and what to do about it.

use super::source::Span;

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// Told, and without influence on the exit status (not yet in effect, remarks).
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
    pub help: Option<String>,
}

/// All messages of one run, in the order they were found.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Diags {
    /// The messages.
    pub list: Vec<Diag>,
}

impl Diags {
    /// Add a message.
    pub fn push(&mut self, diag: Diag) {
        self.list.push(diag);
    }

    /// Add an error at a place.
    pub fn error(&mut self, code: Code, span: Span, text: impl Into<String>) {
        self.push(Diag {
            code,
            severity: Severity::Error,
            span: Some(span),
            text: text.into(),
            help: None,
        });
    }

    /// Add a warning at a place.
    pub fn warn(&mut self, code: Code, span: Span, text: impl Into<String>) {
        self.push(Diag {
            code,
            severity: Severity::Warning,
            span: Some(span),
            text: text.into(),
            help: None,
        });
    }

    /// Add a remark at a place; it does not change the exit status.
    pub fn note(&mut self, span: Span, text: impl Into<String>) {
        self.push(Diag {
            code: Code::Ok,
            severity: Severity::Note,
            span: Some(span),
            text: text.into(),
            help: None,
        });
    }
}
