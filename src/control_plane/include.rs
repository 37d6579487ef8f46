//! Include lines: which files they mean, and which failures matter
//! (`config-syntax.md` section 9).

use std::path::{Path, PathBuf};

use super::files::Files;
use super::glob::{alternatives, glob, has_wildcard};

/// Which failures of an include line stop everything.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Checks {
    /// A file that matches cannot be read.
    pub(super) read: bool,
    /// A pattern without wildcard matches nothing.
    pub(super) plain: bool,
    /// A pattern with wildcard matches nothing.
    pub(super) wildcard: bool,
    /// An alternative in braces matches nothing.
    pub(super) brace: bool,
}

/// The words of `include_check`. The manual calls the first one `readable`.
pub(super) const CHECK_WORDS: [&str; 5] =
    ["read", "match", "wildcard_match", "brace_match", "readable"];

impl Checks {
    /// Every check.
    pub(super) const ALL: Self = Self {
        read: true,
        plain: true,
        wildcard: true,
        brace: true,
    };

    /// These and those of `other`.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            read: self.read || other.read,
            plain: self.plain || other.plain,
            wildcard: self.wildcard || other.wildcard,
            brace: self.brace || other.brace,
        }
    }

    /// The check that a word of `include_check` means.
    pub(super) fn by_word(&mut self, word: &str) -> Option<&mut bool> {
        match word {
            "read" | "readable" => Some(&mut self.read),
            "match" => Some(&mut self.plain),
            "wildcard_match" => Some(&mut self.wildcard),
            "brace_match" => Some(&mut self.brace),
            _ => None,
        }
    }
}

/// What an include keyword adds to the checks in force; `None` for other words.
pub(super) fn keyword(word: &[u8]) -> Option<Checks> {
    let read = Checks {
        read: true,
        ..Checks::default()
    };
    match word {
        b"include" => Some(Checks::default()),
        b"includer" => Some(read),
        b"includem" => Some(Checks {
            plain: true,
            ..read
        }),
        b"includew" => Some(Checks {
            plain: true,
            wildcard: true,
            ..read
        }),
        b"includeb" => Some(Checks {
            brace: true,
            ..read
        }),
        b"includea" => Some(Checks::ALL),
        _ => None,
    }
}

/// What a pattern was found to mean.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The files, those of each alternative sorted.
    pub(super) paths: Vec<PathBuf>,
    /// What matches nothing, and whether a check forbids that.
    pub(super) missing: Vec<(String, bool)>,
}

/// The files a pattern means, relative to a directory.
pub(super) fn find(files: &dyn Files, directory: &Path, pattern: &str, checks: Checks) -> Found {
    let mut found = Found::default();
    let parts = alternatives(pattern);
    let several = parts.len() > 1;
    for part in &parts {
        let paths = glob(files, directory, part);
        if paths.is_empty() && several {
            found.missing.push((part.clone(), checks.brace));
        }
        found.paths.extend(paths);
    }
    if found.paths.is_empty() {
        let forbidden = if has_wildcard(pattern) {
            checks.wildcard
        } else {
            checks.plain
        };
        if forbidden || !several {
            found.missing = vec![(pattern.to_owned(), forbidden || (several && checks.brace))];
        }
    }
    found
}
