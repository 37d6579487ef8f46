//! The types of [`super`] in a program without patterns: no pattern can exist.

use std::convert::Infallible;

use crate::check::checker::Pattern;

/// A pattern, ready to be searched.
#[derive(Clone, Debug)]
pub struct Program {
    none: Infallible,
}

/// There are no patterns in this program.
///
/// # Errors
/// Always.
pub fn compile(_pattern: &Pattern) -> Result<Program, String> {
    Err("Invalid regex: this keepalived is built without patterns".to_owned())
}

impl Program {
    /// Whether the pattern is wanted to be absent.
    #[must_use]
    pub const fn is_inverted(&self) -> bool {
        match self.none {}
    }

    /// Whether others have the same one.
    pub(super) const fn is_shared(&self) -> bool {
        match self.none {}
    }
}

/// One search through one body.
#[derive(Clone, Copy, Debug, Default)]
pub struct Search(());

impl Search {
    /// The body goes on.
    pub const fn feed(&mut self, program: &Program, _octets: &[u8]) {
        match program.none {}
    }

    /// The body is over.
    ///
    /// # Errors
    /// Never called.
    pub const fn finish(&mut self, program: &Program) -> Result<bool, String> {
        match program.none {}
    }
}
