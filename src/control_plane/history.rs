//! Which release brought a keyword.
//!
//! The facts are a text beside the tables, so that a row need not tell what no program
//! acts on; tests see to it that every keyword of every block has one line there, and
//! every word there a keyword. A line is
//!
//! ```text
//! RELEASE <tab> BLOCK,BLOCK... <tab> KEYWORD KEYWORD ...
//! ```
//!
//! A block is the end of the path to it, such as `real_server` or `SMTP_CHECK/host`, or
//! all of it behind a `/`, which alone is the top level. [`Since::parse`] has the forms of a release.

use std::fmt;

/// A text of releases and keywords.
#[derive(Clone, Copy, Debug)]
pub struct History(&'static str);

/// When a keyword came, as well as it is known. Releases are those of keepalived in C.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Since {
    /// With this release.
    Exactly(&'static str),
    /// With this release or an earlier one.
    By(&'static str),
    /// After the first, with the second at the latest.
    Between(&'static str, &'static str),
    /// After this release.
    After(&'static str),
    /// With this release of ours; keepalived in C does not know the word.
    Ours(&'static str),
}

/// One keyword of one kind of block.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Entry {
    /// When it came.
    pub since: Since,
    /// The end of the path to the block.
    pub block: &'static str,
    /// The keyword, or another name of one.
    pub word: &'static str,
}

impl History {
    /// The facts of a text.
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        Self(text)
    }

    /// When a keyword came to the block with this path.
    #[must_use]
    pub fn since(self, path: &[&str], word: &str) -> Option<Since> {
        self.entries()
            .find(|entry| entry.is_of(path, word))
            .map(|entry| entry.since)
    }

    /// Every fact; what is no line of the form above is left out.
    pub fn entries(self) -> impl Iterator<Item = Entry> {
        self.lines().filter_map(fields).flat_map(entries_of)
    }

    /// Every line that is neither empty nor a comment.
    pub fn lines(self) -> impl Iterator<Item = &'static str> {
        let told = |line: &&str| !line.is_empty() && !line.starts_with('#');
        self.0.lines().filter(told)
    }
}

impl Entry {
    /// Whether this is about a word in the block with this path.
    #[must_use]
    pub fn is_of(&self, path: &[&str], word: &str) -> bool {
        self.word == word && ends(path, self.block)
    }
}

impl Since {
    /// `2.0.11`, `..1.2.7` (or before), `2.0.20..2.2.7` (after, until), `2.4.3..` (after)
    /// and `ours:0.1.0`.
    #[must_use]
    pub fn parse(text: &'static str) -> Option<Self> {
        if let Some(ours) = text.strip_prefix("ours:") {
            return is_release(ours).then_some(Self::Ours(ours));
        }
        let Some((after, by)) = text.split_once("..") else {
            return is_release(text).then_some(Self::Exactly(text));
        };
        match (after, by) {
            ("", by) if is_release(by) => Some(Self::By(by)),
            (after, "") if is_release(after) => Some(Self::After(after)),
            (after, by) if is_release(after) && is_release(by) => Some(Self::Between(after, by)),
            _ => None,
        }
    }
}

/// For the manual: `Since: ` and this.
impl fmt::Display for Since {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(release) => write!(f, "keepalived {release}"),
            Self::By(release) => write!(f, "keepalived {release} or before"),
            Self::Between(after, by) => write!(f, "after keepalived {after}, {by} at the latest"),
            Self::After(release) => write!(f, "after keepalived {release}"),
            Self::Ours(release) => {
                write!(
                    f,
                    "keepalived-rs {release}; keepalived in C does not have this word"
                )
            }
        }
    }
}

/// The parts of a line.
fn fields(line: &'static str) -> Option<(Since, &'static str, &'static str)> {
    let (since, rest) = line.split_once('\t')?;
    let (blocks, words) = rest.split_once('\t')?;
    Some((Since::parse(since)?, blocks, words))
}

fn entries_of(
    (since, blocks, words): (Since, &'static str, &'static str),
) -> impl Iterator<Item = Entry> {
    blocks.split(',').flat_map(move |block| {
        words
            .split(' ')
            .map(move |word| Entry { since, block, word })
    })
}

/// Whether a path is that of a block, which names its end.
fn ends(path: &[&str], block: &str) -> bool {
    let mut path = path.iter().rev();
    block.rsplit('/').all(|part| match path.next() {
        Some(name) => *name == part,
        None => part.is_empty(),
    })
}

/// Three numbers with dots between them.
fn is_release(text: &str) -> bool {
    let is_number =
        |part: &str| !part.is_empty() && part.bytes().all(|octet| octet.is_ascii_digit());
    text.split('.').count() == 3 && text.split('.').all(is_number)
}

#[cfg(test)]
mod tests {
    use super::{History, Since};

    const TEXT: History = History::new(
        "# when\n\n1.0.0\t/\tserver\n2.0.1\t/server,server/host\tport\n..1.2.7\thost\tname old_name\n",
    );

    #[test]
    fn a_keyword_is_found_by_the_end_of_the_path() {
        let since = |path: &[&str], word| TEXT.since(path, word);
        assert_eq!(since(&[], "server"), Some(Since::Exactly("1.0.0")));
        assert_eq!(since(&["server"], "server"), None);
        assert_eq!(since(&["server"], "port"), Some(Since::Exactly("2.0.1")));
        assert_eq!(
            since(&["server", "host"], "port"),
            Some(Since::Exactly("2.0.1"))
        );
        assert_eq!(since(&["host"], "port"), None);
        assert_eq!(since(&["block", "server"], "port"), None);
        assert_eq!(
            since(&["server", "host"], "old_name"),
            Some(Since::By("1.2.7"))
        );
        assert_eq!(TEXT.entries().count(), 5);
    }

    #[test]
    fn releases_are_said_as_well_as_they_are_known() {
        let said = |text| Since::parse(text).map(|since| since.to_string());
        let is = |text, words: &str| assert_eq!(said(text).as_deref(), Some(words));
        is("2.0.11", "keepalived 2.0.11");
        is("..1.2.7", "keepalived 1.2.7 or before");
        is(
            "2.0.20..2.2.7",
            "after keepalived 2.0.20, 2.2.7 at the latest",
        );
        is("2.4.3..", "after keepalived 2.4.3");
        is(
            "ours:0.1.0",
            "keepalived-rs 0.1.0; keepalived in C does not have this word",
        );
        for wrong in [
            "",
            "..",
            "2.0",
            "2.0.",
            "2.0.x",
            "2.0.1..2.1",
            "ours:",
            "1.2.3.4",
        ] {
            assert_eq!(said(wrong), None, "{wrong}");
        }
    }
}
