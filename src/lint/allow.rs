//! Comments that switch a warning off: `# keepalived: allow NAME ...`, at the end of
//! the line that is meant or on lines of their own above it. To the C daemon they are
//! comments like any other.

use std::collections::HashMap;

use super::{by_name, nearest};
use crate::control_plane::diag::{Diag, Diags};
use crate::control_plane::source::{SourceMap, Span};

/// How such a comment begins, behind its sign.
const MARK: &[u8] = b"keepalived:";
const VERB: &str = "allow";

/// What comments allow, by the offset of the line they are meant for.
#[derive(Debug, Default)]
pub(super) struct Comments {
    lines: HashMap<u32, Vec<&'static str>>,
}

impl Comments {
    /// Find them in all files. Names that nobody knows are told.
    pub(super) fn read(map: &SourceMap, diags: &mut Diags) -> Self {
        let mut comments = Self::default();
        for (_, text) in map.file_texts() {
            let bytes = map.bytes(text);
            if memchr::memmem::find(bytes, MARK).is_some() {
                comments.file(map, text, diags);
            }
        }
        comments
    }

    /// Whether a message is allowed where it stands.
    pub(super) fn allow(&self, name: &str, diag: &Diag, map: &SourceMap) -> bool {
        !self.lines.is_empty()
            && diag
                .span
                .and_then(|span| map.line_of(span))
                .and_then(|line| self.lines.get(&line.lo))
                .is_some_and(|names| names.contains(&name))
    }

    fn file(&mut self, map: &SourceMap, text: Span, diags: &mut Diags) {
        let mut above: Vec<&'static str> = Vec::new();
        let mut start = 0;
        for content in map.bytes(text).split(|octet| *octet == b'\n') {
            let line = text.part(start..start + content.len());
            start += content.len() + 1;
            let comment = comment(content);
            let names = comment.map_or(Vec::new(), |at| names(map, line, at, diags));
            above.extend(names);
            let before = comment.and_then(|at| content.get(..at));
            let is_comment = before.is_some_and(|before| before.trim_ascii().is_empty());
            if !above.is_empty() {
                self.lines.insert(line.lo, above.clone());
            }
            if !is_comment {
                above.clear();
            }
        }
    }
}

/// Where the comment of a line begins.
fn comment(line: &[u8]) -> Option<usize> {
    let mut quoted = false;
    line.iter().position(|octet| {
        quoted ^= *octet == b'"';
        !quoted && matches!(octet, b'#' | b'!')
    })
}

/// The lints that a comment names.
fn names(map: &SourceMap, line: Span, at: usize, diags: &mut Diags) -> Vec<&'static str> {
    let comment = line.part(at + 1..line.len());
    let text = map.text(comment);
    let Some((_, words)) = text
        .trim_start()
        .split_once("keepalived:")
        .filter(|(before, _)| before.is_empty())
    else {
        return Vec::new();
    };
    let mut words = words
        .split(|letter: char| letter.is_whitespace() || letter == ',')
        .filter(|word| !word.is_empty());
    if words.next() != Some(VERB) {
        diags.advise(
            "unknown-warning",
            comment,
            "the comment is no `keepalived: allow NAME`: it allows nothing",
        );
        return Vec::new();
    }
    let mut known = Vec::new();
    for word in words {
        match by_name(word) {
            Some(lint) => known.push(lint.name),
            None => {
                let text = format!("there is no warning `{word}`: it allows nothing");
                diags.advise("unknown-warning", comment, text);
                if let Some(near) = nearest(word) {
                    diags.help(format!("did you mean `{near}`?"));
                }
            }
        }
    }
    known
}
