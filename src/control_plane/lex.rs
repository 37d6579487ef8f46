//! Rules within one line: comments, quotes, blanks, braces, words
//! (`config-syntax.md` sections 2, 3, 4 and 5). Plain functions over octets; who
//! calls them in which order is the business of the reader.

use std::ops::Range;

use super::expand::reference_at;

/// The longest line, its end included.
pub(super) const LINE_LIMIT: usize = 1023;

/// Whether an octet separates words.
pub(super) fn is_blank(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t' | b'\n' | b'\r' | b'\x0b' | b'\x0c')
}

/// The range of `line` without blanks at both ends.
pub(super) fn trim(line: &[u8]) -> Range<usize> {
    let start = line
        .iter()
        .position(|octet| !is_blank(*octet))
        .unwrap_or(line.len());
    let end = line
        .iter()
        .rposition(|octet| !is_blank(*octet))
        .map_or(start, |last| last + 1);
    start..end
}

/// What looking for a comment found.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Comment {
    /// Octets before the comment.
    pub(super) end: usize,
    /// Places of the backslash of `\#` and `\!` that hide the character.
    pub(super) escapes: Vec<usize>,
    /// Whether the comment starts at such a pair, which hides nothing here.
    pub(super) at_escape: bool,
    /// The last quote, if their number is odd.
    pub(super) open_quote: Option<usize>,
}

/// Find the comment of a line: from the first `#` or `!` outside double quotes.
/// `escapes` says whether `\#` and `\!` hide the character; any other pair after
/// a backslash stands as it is.
pub(super) fn comment(line: &[u8], escapes: bool) -> Comment {
    let mut found = Comment {
        end: line.len(),
        ..Comment::default()
    };
    if !line.iter().any(|octet| matches!(octet, b'"' | b'#' | b'!')) {
        return found;
    }
    let mut at = 0;
    while let Some(octet) = line.get(at) {
        match octet {
            b'"' if found.open_quote.is_some() => found.open_quote = None,
            b'"' => found.open_quote = Some(at),
            _ if found.open_quote.is_some() => {}
            b'#' | b'!' => {
                found.end = at;
                break;
            }
            b'\\' => {
                match line.get(at + 1) {
                    Some(b'#' | b'!') if escapes => found.escapes.push(at),
                    Some(b'#' | b'!') => {
                        found.end = at;
                        found.at_escape = true;
                        break;
                    }
                    _ => {}
                }
                at += 1;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// The first brace of a line outside double quotes and outside `${NAME}`.
pub(super) fn brace(line: &[u8]) -> Option<usize> {
    let mut quoted = false;
    let mut at = 0;
    while let Some(octet) = line.get(at) {
        match octet {
            b'"' => quoted = !quoted,
            b'$' if !quoted => {
                if let Some(reference) = reference_at(line, at) {
                    at = reference.whole.end;
                    continue;
                }
            }
            b'{' | b'}' if !quoted => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// One word of a line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct WordAt {
    /// The text without its quotes.
    pub(super) text: Range<usize>,
    /// The text with them.
    pub(super) whole: Range<usize>,
    /// Whether there are quotes.
    pub(super) quoted: bool,
}

/// The words of a line by the rules of ordinary keywords: blanks separate, a pair
/// of double quotes makes a word of its own. What follows a quote without partner
/// is dropped.
#[derive(Clone, Debug)]
pub(super) struct Words<'a> {
    line: &'a [u8],
    at: usize,
    open_quote: Option<usize>,
}

/// The words of a line.
pub(super) fn words(line: &[u8]) -> Words<'_> {
    Words {
        line,
        at: 0,
        open_quote: None,
    }
}

impl Words<'_> {
    /// The place of the quote without partner, when all words have been taken.
    pub(super) fn open_quote(&self) -> Option<usize> {
        self.open_quote
    }
}

impl Iterator for Words<'_> {
    type Item = WordAt;

    fn next(&mut self) -> Option<WordAt> {
        let rest = self.line.get(self.at..)?;
        let start = self.at + rest.iter().position(|octet| !is_blank(*octet))?;
        let (first, rest) = self.line.get(start..)?.split_first()?;
        if *first == b'"' {
            let Some(len) = memchr::memchr(b'"', rest) else {
                self.open_quote = Some(start);
                self.at = self.line.len();
                return None;
            };
            self.at = start + len + 2;
            return Some(WordAt {
                text: start + 1..start + 1 + len,
                whole: start..self.at,
                quoted: true,
            });
        }
        let len = rest
            .iter()
            .position(|octet| is_blank(*octet) || *octet == b'"');
        self.at = start + 1 + len.unwrap_or(rest.len());
        Some(WordAt {
            text: start..self.at,
            whole: start..self.at,
            quoted: false,
        })
    }
}
