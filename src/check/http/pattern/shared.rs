//! Patterns that many checks have in common, made ready once.

use std::collections::HashMap;

use super::{Program, compile};
use crate::check::checker::Pattern;

/// The patterns in use.
#[derive(Debug, Default)]
pub struct Patterns {
    known: HashMap<Pattern, Program>,
}

impl Patterns {
    /// A pattern, ready to be searched.
    ///
    /// # Errors
    /// It is none: what is wrong, and where.
    pub fn program(&mut self, pattern: &Pattern) -> Result<Program, String> {
        if let Some(program) = self.known.get(pattern) {
            return Ok(program.clone());
        }
        let program = compile(pattern)?;
        self.known.insert(pattern.clone(), program.clone());
        Ok(program)
    }

    /// Let go of those that no check has any more.
    pub fn forget_unused(&mut self) {
        self.known.retain(|_, program| program.is_shared());
    }
}

#[cfg(all(test, feature = "regex"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_unused_is_forgotten() {
        let pattern = |text: &str| Pattern {
            text: text.to_owned(),
            ..Pattern::default()
        };
        let mut patterns = Patterns::default();
        let kept = patterns.program(&pattern("a")).expect("a pattern");
        for text in ["a", "b", "b"] {
            patterns.program(&pattern(text)).expect("a pattern");
        }
        assert!(patterns.program(&pattern("(")).is_err());
        assert_eq!(patterns.known.len(), 2);
        patterns.forget_unused();
        assert_eq!(patterns.known.len(), 1);
        drop(kept);
        patterns.forget_unused();
        assert!(patterns.known.is_empty());
    }
}
