//! One line on its way from text to items: conditions, definitions, sequences,
//! braces, expansion, words.

use super::*;
use crate::control_plane::expand::reference;

/// What a line may have besides words.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Matter {
    /// Nothing: most lines are so, and need no more.
    Words,
    /// Braces and quotes as well.
    Braces,
    /// Definitions, references or sequences, which make other lines of it.
    More,
}

impl Matter {
    fn of(line: &[u8]) -> Self {
        let more = |octet: &u8| matches!(octet, b'$' | b'~');
        let brace = |octet: &u8| matches!(octet, b'"' | b'{' | b'}');
        match () {
            () if line.iter().any(more) => Self::More,
            () if line.iter().any(brace) => Self::Braces,
            () => Self::Words,
        }
    }
}

impl Reader<'_> {
    /// A line without its comment.
    pub(super) fn text(&mut self, line: Span, stage: Stage, diags: &mut Diags) {
        let line = line.part(lex::trim(self.map.bytes(line)));
        let bytes = self.map.bytes(line);
        let word = bytes
            .iter()
            .position(|octet| lex::is_blank(*octet))
            .unwrap_or(bytes.len());
        if let Some(checks) = bytes
            .get(..word)
            .and_then(include::keyword)
            .filter(|_| stage.written)
        {
            let rest = line.part(word..line.len());
            let pattern = rest.part(lex::trim(self.map.bytes(rest)));
            return self.include(line, pattern, checks, diags);
        }
        match bytes.first() {
            None => {}
            Some(b'@') => self.condition(line, word, stage, diags),
            _ => self.statement(line, stage, diags),
        }
    }

    /// `@id rest` or `@^id rest`.
    fn condition(&mut self, line: Span, word: usize, stage: Stage, diags: &mut Diags) {
        let bytes = self.map.bytes(line);
        let id = bytes.get(1..word).unwrap_or(&[]);
        let (negated, id) = match id.strip_prefix(b"^") {
            Some(id) => (true, id),
            None => (false, id),
        };
        if id.is_empty() && word < bytes.len() {
            diags.warn(
                Code::Warning,
                line.part(0..word),
                "no config id follows the `@`",
            );
            diags.help("no blank is allowed between `@` and the id");
            diags.lint("condition-without-id");
        }
        let rest = line.part(word..line.len());
        let rest = rest.part(lex::trim(self.map.bytes(rest)));
        if (id == self.config_id.as_bytes()) != negated {
            self.statement(
                rest,
                Stage {
                    written: false,
                    ..stage
                },
                diags,
            );
        } else if stage.written && self.map.bytes(rest).ends_with(b"\\") {
            // The further lines of a definition vanish with the first.
            if expand::definition(self.map.bytes(rest)).is_some() {
                self.collecting = Some(Collecting {
                    name: None,
                    start: rest,
                });
            }
        }
    }

    /// A line whose condition is met.
    fn statement(&mut self, line: Span, stage: Stage, diags: &mut Diags) {
        let bytes = self.map.bytes(line);
        match Matter::of(bytes) {
            Matter::Words => {
                let block = matches!(self.feeds.last(), Some(Feed::Brace(_)));
                return self.words(line, block, stage, diags);
            }
            Matter::Braces => return self.braces(line, stage, diags),
            Matter::More => {}
        }
        if let Some((name, value)) = expand::definition(bytes) {
            let name = bytes.get(name).unwrap_or(&[]).to_vec();
            return self.define(line, &name, value, stage);
        }
        if bytes.starts_with(b"~") {
            return self.sequence(line, stage, diags);
        }
        let brace = lex::brace(bytes);
        let head = line.part(0..brace.unwrap_or(bytes.len()));
        let expanded = match self.names.expand(Draft::new(&self.map, head)) {
            // A sequence repeats everything behind it, braces included.
            Ok(expanded)
                if brace.is_some() && expanded.text.bytes.trim_ascii_start().starts_with(b"~") =>
            {
                match self.names.expand(Draft::new(&self.map, line)) {
                    Ok(expanded) => return self.expanded(expanded, stage, diags),
                    Err(fault) => Err(fault),
                }
            }
            other => other,
        };
        if let Some(at) = brace {
            self.feeds.push(Feed::Once {
                line: line.part(at + 1..line.len()),
                stage,
            });
            self.feeds.push(Feed::Brace(line.part(at..at + 1)));
        }
        match expanded {
            Ok(expanded) => self.expanded(expanded, stage, diags),
            Err(fault) => {
                diags.error(Code::General, fault.span, fault.text);
                // The head of a block is kept, or its body would belong to the block around.
                if brace.is_some() {
                    self.words(
                        head,
                        true,
                        Stage {
                            quote_told: true,
                            ..stage
                        },
                        diags,
                    );
                }
            }
        }
    }

    /// A line without definitions and sequences: words up to its first brace.
    fn braces(&mut self, line: Span, stage: Stage, diags: &mut Diags) {
        let bytes = self.map.bytes(line);
        let Some(at) = lex::brace(bytes) else {
            let block = matches!(self.feeds.last(), Some(Feed::Brace(_)));
            return self.words(line, block, stage, diags);
        };
        let rest = line.part(at + 1..line.len());
        if !self
            .map
            .bytes(rest)
            .iter()
            .all(|octet| lex::is_blank(*octet))
        {
            self.feeds.push(Feed::Once { line: rest, stage });
        }
        if at > 0 {
            self.words(line.part(0..at), true, stage, diags);
        }
        self.hand_out_brace(line.part(at..at + 1));
    }

    fn define(&mut self, line: Span, name: &[u8], value: usize, stage: Stage) {
        let value = line.part(value..line.len());
        let mut text = self.map.bytes(value).trim_ascii();
        let mut more = None;
        // In the lines of a definition the backslash is already gone.
        if stage.depth == 0
            && let Some(first) = text.strip_suffix(b"\\")
        {
            text = first.trim_ascii();
            more = Some(Vec::new());
        }
        let value = text.to_vec();
        let start = more.is_some().then(|| Collecting {
            name: Some(name.to_vec()),
            start: line,
        });
        let definition = Definition {
            more,
            ..Definition::new(value, line)
        };
        self.names.define(name, definition);
        self.collecting = start;
    }

    /// A line that begins with `~`.
    fn sequence(&mut self, line: Span, stage: Stage, diags: &mut Diags) {
        let bytes = self.map.bytes(line);
        let head = match sequence::head(bytes) {
            Ok(head) => head,
            Err(why) => {
                let word = bytes
                    .iter()
                    .position(|octet| lex::is_blank(*octet))
                    .unwrap_or(bytes.len());
                return diags.error(Code::General, line.part(0..word), why);
            }
        };
        let place = line.part(0..head.rest);
        let arguments: Vec<&[u8]> = head
            .arguments
            .iter()
            .map(|argument| bytes.get(argument.clone()).unwrap_or(&[]))
            .collect();
        let names = &mut self.names;
        let expand = |value: &[u8]| {
            let expanded = names.expand(Draft::of(value, place));
            expanded
                .map(|expanded| expanded.text.bytes)
                .map_err(|fault| fault.text)
        };
        match Sequence::new(head.kind, &arguments, expand) {
            Ok(sequence) => {
                if !self.may_begin(&sequence, place, diags) {
                    return;
                }
                let rest = line.part(head.rest..line.len());
                self.feeds.push(Feed::Turns {
                    sequence,
                    rest,
                    head: place,
                    depth: stage.depth,
                });
            }
            Err(why) => diags.error(Code::General, place, why),
        }
    }

    /// A line whose definitions are put in.
    fn expanded(&mut self, expanded: expand::Expanded, stage: Stage, diags: &mut Diags) {
        let at = expanded.text.span(&(0..expanded.text.bytes.len()));
        let changed = expanded.text.changed();
        let Some(mut text) = expanded.text.finish(&mut self.map) else {
            return self.overflow(at, diags);
        };
        if let Some((lines, used)) = expanded.more {
            self.feeds.push(Feed::Body {
                lines: lines.into_iter(),
                used,
                depth: stage.depth,
            });
        }
        // The names `_HASH` and `_BANG` may have begun a comment.
        if changed {
            let end = lex::comment(self.map.bytes(text), true).end;
            text = text.part(0..end);
        }
        loop {
            text = text.part(lex::trim(self.map.bytes(text)));
            let bytes = self.map.bytes(text);
            if bytes.starts_with(b"~") {
                return self.sequence(text, stage, diags);
            }
            let Some(at) = lex::brace(bytes) else { break };
            self.words(text.part(0..at), true, stage, diags);
            self.hand_out_brace(text.part(at..at + 1));
            text = text.part(at + 1..text.len());
        }
        let block = matches!(self.feeds.last(), Some(Feed::Brace(_)));
        self.words(text, block, stage, diags);
    }

    /// Hand out the words of a text without braces; `block` says that one follows.
    fn words(&mut self, text: Span, block: bool, stage: Stage, diags: &mut Diags) {
        let span = text.part(lex::trim(self.map.bytes(text)));
        let bytes = self.map.bytes(span);
        let text = std::str::from_utf8(bytes).ok();
        let mut handed_out = self.spare.line();
        let mut found = lex::words(bytes);
        for at in found.by_ref() {
            let mut word = self.spare.word();
            word.text.clear();
            match text.and_then(|text| text.get(at.text.clone())) {
                Some(text) => word.text.push_str(text),
                None => word.text = self.map.text(span.part(at.text)),
            }
            word.span = span.part(at.whole);
            word.quoted = at.quoted;
            handed_out.words.push(word);
        }
        if let Some(quote) = found.open_quote().filter(|_| !stage.quote_told) {
            let quote = span.part(quote..quote + 1);
            diags.error(
                Code::UnmatchedQuote,
                quote,
                "the quote has no partner in this line",
            );
        }
        let words = &handed_out.words;
        let Some(first) = words.first() else {
            return self.spare.take_back(handed_out);
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
            Some(text) => text.clone_into(&mut handed_out.raw),
            None => {
                diags.warn(
                    Code::Warning,
                    span,
                    "the line is not UTF-8 text; what cannot be read is replaced",
                );
                handed_out.raw = self.map.text(span);
            }
        }
        handed_out.span = span;
        self.ready.push_back(Item::Line(handed_out));
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
