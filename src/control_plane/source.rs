//! Places in the configuration text.

/// A range of octets in the virtual text that a [`SourceMap`] holds: all files
/// read and all expansions made, one after the other. Resolves to file, line,
/// column, and the expansion it came from.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Span {
    /// First octet.
    pub lo: u32,
    /// One past the last octet.
    pub hi: u32,
}

/// A span as a person reads it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Place {
    /// The file's name as it was opened.
    pub file: String,
    /// Line, counted from 1.
    pub line: u32,
    /// Column in characters, counted from 1.
    pub column: u32,
}

/// Every text that was read, with the way back from a span to its place.
#[derive(Debug, Default)]
pub struct SourceMap {}
