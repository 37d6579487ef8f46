//! What the reader hands to the parser: lines of words, and braces.

use super::source::Span;

/// One word of a line, quotes removed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Word {
    /// The text without its quotes.
    pub text: String,
    /// Where it stands, quotes included.
    pub span: Span,
    /// Whether it was written in double quotes.
    pub quoted: bool,
}

/// A line after comments, conditions, definitions and sequences: at least one word.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Line {
    /// The words by the ordinary rules (`"` quotes, no escapes).
    pub words: Vec<Word>,
    /// The line as text, for keywords that tokenize by themselves (scripts, `regex`).
    pub raw: String,
    /// Where the line stands.
    pub span: Span,
}

/// One step of the reader.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Item {
    /// A line with at least one word and no brace outside quotes.
    Line(Line),
    /// `{`
    Open(Span),
    /// `}`
    Close(Span),
}
