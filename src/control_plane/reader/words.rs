//! The words of a line, and what is said of them before a parser sees them.

use super::*;
use crate::control_plane::expand::reference;

impl Reader<'_> {
    /// Hand out the words of a text without braces; `block` says that one follows.
    pub(super) fn words(&mut self, text: Span, block: bool, stage: Stage, diags: &mut Diags) {
        let span = text.part(lex::trim(self.map.bytes(text)));
        let bytes = self.map.bytes(span);
        let text = std::str::from_utf8(bytes).ok();
        let mut line = self.spare.line();
        let open_quote = split(span, &self.map, text, &mut self.spare, &mut line.words);
        if let Some(quote) = open_quote.filter(|_| !stage.quote_told) {
            report_open_quote(quote, diags);
        }
        let words = &line.words;
        let Some(first) = words.first() else {
            return self.spare.take_back(line);
        };
        if self.misplaced(words, diags) {
            return;
        }
        if memchr::memchr(b'$', bytes).is_some() {
            if self.undefined(span, words, diags) && !block {
                return;
            }
            self.unended(span, diags);
        }
        if self.block.depth == 0 {
            self.block.word.clone_from(&first.text);
        }
        match text {
            Some(text) => text.clone_into(&mut line.raw),
            None => {
                diags.warn(
                    Code::Warning,
                    span,
                    "the line is not UTF-8 text; what cannot be read is replaced",
                );
                line.raw = self.map.text(span);
            }
        }
        line.span = span;
        self.ready.push_back(Item::Line(line));
    }

    /// Report what is only understood at the start of a line as it was written.
    fn misplaced(&self, words: &[Word], diags: &mut Diags) -> bool {
        let Some(first) = words.first().filter(|word| !word.quoted) else {
            return false;
        };
        let second = words.get(1).map_or("", |word| word.text.as_str());
        if first.text.starts_with('@') {
            let text = format!(
                "the condition `{}` must stand at the start of the line, alone",
                first.text
            );
            diags.error(Code::UnknownKeyword, first.span, text);
        } else if include::keyword(first.text.as_bytes()).is_some() {
            let text = format!(
                "`{}` cannot come from a condition, a definition or a sequence",
                first.text
            );
            diags.error(Code::UnknownKeyword, first.span, text);
        } else if first.text.starts_with('$') && second.starts_with('=') {
            diags.error(
                Code::UnknownKeyword,
                first.span,
                "this is not taken for a definition",
            );
            diags.help("write `$NAME=value` without a blank before the `=`");
        } else {
            return false;
        }
        true
    }

    /// Remark on names that have a value and are not replaced for what follows them.
    fn unended(&self, span: Span, diags: &mut Diags) {
        let bytes = self.map.bytes(span);
        for at in memchr::memchr_iter(b'$', bytes) {
            let rest = bytes.get(at + 1..).unwrap_or(&[]);
            let name = rest.get(..expand::name_len(rest)).unwrap_or(&[]);
            if self.names.knows(name) && expand::reference_at(bytes, at).is_none() {
                let place = span.part(at..at + 1 + name.len());
                diags.note(
                    place,
                    "the definition is not put in here because of what follows it",
                );
                diags.help(format!("write `${{{}}}`", String::from_utf8_lossy(name)));
            }
        }
    }

    /// Report references that no definition answers: `${NAME}` outside quotes is an
    /// error, `$NAME` may be meant as it is. Whether there was an error.
    fn undefined(&self, span: Span, words: &[Word], diags: &mut Diags) -> bool {
        let bytes = self.map.bytes(span);
        let is_quoted = |place: Span| {
            let quoted = words.iter().filter(|word| word.quoted);
            let mut spans = quoted.map(|word| word.span);
            spans.any(|quoted| (quoted.lo..quoted.hi).contains(&place.lo))
        };
        let mut at = 0;
        let mut any = false;
        while let Some(found) = reference(bytes, at) {
            at = found.whole.end;
            let place = span.part(found.whole.clone());
            if is_quoted(place) {
                continue;
            }
            let name = self.map.text(span.part(found.name));
            if found.braced {
                any = true;
                diags.error(Code::General, place, format!("`{name}` is not defined"));
            } else {
                diags.note(
                    place,
                    format!("`{name}` is not defined, so the text stays as it is"),
                );
            }
        }
        any
    }
}

/// Append the words of a trimmed text, which is `text` if it is UTF-8; the place of a
/// quote without partner.
fn split(
    span: Span,
    map: &SourceMap,
    text: Option<&str>,
    spare: &mut Spare,
    words: &mut Vec<Word>,
) -> Option<Span> {
    let mut found = lex::words(map.bytes(span));
    for at in found.by_ref() {
        let mut word = spare.word();
        word.text.clear();
        match text.and_then(|text| text.get(at.text.clone())) {
            Some(text) => word.text.push_str(text),
            None => word.text = map.text(span.part(at.text)),
        }
        word.span = span.part(at.whole);
        word.quoted = at.quoted;
        words.push(word);
    }
    let quote = found.open_quote()?;
    Some(span.part(quote..quote + 1))
}

/// A quote that nothing closes.
pub(super) fn report_open_quote(quote: Span, diags: &mut Diags) {
    diags.error(
        Code::UnmatchedQuote,
        quote,
        "the quote has no partner in this line",
    );
}
