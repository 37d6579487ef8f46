//! One line on its way from text to words: conditions, definitions, sequences,
//! braces, expansion.

use super::*;

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
}
