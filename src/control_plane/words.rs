//! What the reader hands to the parser: lines of words, and braces.

use super::source::Span;

/// A quote without its partner, where it stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OpenQuote(pub Span);

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

/// The words of a line by the rules of scripts and `regex` (`config-syntax.md`
/// section 4): `'` and `"` quote, and text that adjoins a quoted part belongs to
/// the same word. The first word is the keyword.
///
/// # Errors
/// The quote that has no partner.
pub fn script_words(line: &Line) -> Result<Vec<Word>, OpenQuote> {
    let mut found = Vec::new();
    let mut word: Option<(usize, String, bool)> = None;
    let mut quote: Option<(usize, char)> = None;
    for (at, letter) in line.raw.char_indices() {
        match quote {
            Some((_, mark)) if letter == mark => quote = None,
            None if letter == '\'' || letter == '"' => {
                quote = Some((at, letter));
                word.get_or_insert_with(|| (at, String::new(), true)).2 = true;
            }
            None if letter.is_ascii_whitespace() || letter == '\x0b' => {
                found.extend(word.take().map(|word| line.word(word, at)));
            }
            _ => word
                .get_or_insert_with(|| (at, String::new(), false))
                .1
                .push(letter),
        }
    }
    if let Some((at, _)) = quote {
        return Err(OpenQuote(line.part(at, at + 1)));
    }
    found.extend(word.take().map(|word| line.word(word, line.raw.len())));
    Ok(found)
}

impl Line {
    /// A line of which nothing is known yet.
    pub(super) fn empty() -> Self {
        Self {
            words: Vec::new(),
            raw: String::new(),
            span: Span::default(),
        }
    }

    /// The place of a part of `raw`.
    #[must_use]
    pub fn part(&self, start: usize, end: usize) -> Span {
        // Text that is no UTF-8 has other octets in `raw` than in the file.
        if self.raw.len() == self.span.len() {
            self.span.part(start..end)
        } else {
            self.span
        }
    }

    fn word(&self, (start, text, quoted): (usize, String, bool), end: usize) -> Word {
        Word {
            text,
            span: self.part(start, end),
            quoted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(raw: &str) -> Line {
        let hi = 100 + u32::try_from(raw.len()).unwrap();
        Line {
            words: Vec::new(),
            raw: raw.into(),
            span: Span { lo: 100, hi },
        }
    }

    #[test]
    fn words_of_scripts() {
        let cases: [(&str, &[&str]); 6] = [
            ("script /bin/a b c", &["script", "/bin/a", "b", "c"]),
            (
                "script \"/bin/a 'b c' d\" root",
                &["script", "/bin/a 'b c' d", "root"],
            ),
            ("script '/bin/a \"b c\"'", &["script", "/bin/a \"b c\""]),
            ("x ab\" c \"d", &["x", "ab c d"]),
            ("x \"\" ''", &["x", "", ""]),
            ("x a\\ b \\\"c\"", &["x", "a\\", "b", "\\c"]),
        ];
        for (raw, expected) in cases {
            let words = script_words(&line(raw)).unwrap();
            let words: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
            assert_eq!(words, expected, "{raw}");
        }
    }

    #[test]
    fn places_of_script_words() {
        let words = script_words(&line("x 'a b'c d")).unwrap();
        let spans: Vec<_> = words
            .iter()
            .map(|word| (word.span.lo, word.span.hi, word.quoted))
            .collect();
        assert_eq!(
            spans,
            [(100, 101, false), (102, 108, true), (109, 110, false)]
        );
        let open = script_words(&line("x a'b")).unwrap_err();
        assert_eq!(open, OpenQuote(Span { lo: 103, hi: 104 }));
    }
}
