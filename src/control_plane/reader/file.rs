//! Files and their lines as they stand in them.

use super::words::report_open_quote;
use super::*;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl Reader<'_> {
    /// Put a file on top of the feeds.
    pub(super) fn enter(
        &mut self,
        path: &Path,
        content: &[u8],
        line: Option<Span>,
        checks: Checks,
        diags: &mut Diags,
    ) {
        let Some(mut rest) = self.map.add_file(path, content, line) else {
            return self.overflow(line.unwrap_or_default(), diags);
        };
        if content.starts_with(BYTE_ORDER_MARK) {
            let mark = rest.part(0..BYTE_ORDER_MARK.len());
            diags.error(
                Code::UnknownKeyword,
                mark,
                "the file begins with a byte order mark",
            );
            diags.help("save it as UTF-8 without byte order mark");
            rest = rest.part(BYTE_ORDER_MARK.len()..rest.len());
        }
        let path = self.files.resolve(path);
        let directory = path.parent().unwrap_or(&path).to_owned();
        self.names.enter(&directory);
        let checks_outside = std::mem::replace(&mut self.checks, checks);
        self.feeds.push(Feed::File {
            rest,
            path,
            directory,
            checks_outside,
        });
    }

    /// One line of a file, its end included.
    pub(super) fn physical(&mut self, line: Span, diags: &mut Diags) {
        let bytes = self.map.bytes(line);
        let content = line.part(lex::trim(bytes));
        if bytes.len() > lex::LINE_LIMIT {
            let text = format!(
                "the line is too long: {} octets, {} are allowed",
                bytes.len(),
                lex::LINE_LIMIT
            );
            return diags.error(Code::General, content, text);
        }
        if memchr::memchr(0, bytes).is_some() {
            return diags.error(
                Code::General,
                content,
                "there is a NUL octet in the line, so it is ignored",
            );
        }
        let escapes = self.block.depth > 0 && self.block.word == ESCAPES_BLOCK;
        let bytes = self.map.bytes(content);
        let continued = bytes.last() == Some(&b'\\');
        let found = lex::comment(bytes, escapes);
        self.remark_on_end(content, &found, diags);
        let Some(text) = self.unescaped(content.part(0..found.end), &found.escapes) else {
            return self.overflow(content, diags);
        };
        let text = text.part(lex::trim(self.map.bytes(text)));
        let continued = continued || self.map.bytes(text).last() == Some(&b'\\');
        if self.collecting.is_some() {
            return self.collect(text, continued, diags);
        }
        let stage = Stage {
            written: true,
            quote_told: found.open_quote.is_some(),
            depth: 0,
        };
        self.text(text, stage, diags);
        // The definition may have lost its backslash to a comment.
        if continued && self.collecting.is_none() {
            self.begin_collecting(text);
        }
    }

    /// What may be meant otherwise than it is taken: where the text ends, and quotes.
    fn remark_on_end(&self, content: Span, found: &lex::Comment, diags: &mut Diags) {
        if found.at_escape {
            let pair = content.part(found.end..found.end + 2);
            diags.note(
                pair,
                "a comment begins here, since a backslash does not prevent it",
            );
            diags.help("put the word in double quotes");
        }
        if let Some(quote) = found.open_quote {
            let quote = content.part(quote..quote + 1);
            report_open_quote(quote, diags);
        }
        if is_within_word(self.map.bytes(content), found.end) && !found.at_escape {
            let sign = content.part(found.end..found.end + 1);
            let text = "a comment begins here, in the middle of a word";
            diags.advise("comment-in-word", sign, text);
            diags.help(
                "put the word in double quotes, or, if a comment is meant, a blank before it",
            );
        }
    }

    /// The text without the backslashes at these places; nothing if there is no room left.
    fn unescaped(&mut self, text: Span, escapes: &[usize]) -> Option<Span> {
        if escapes.is_empty() {
            return Some(text);
        }
        let mut draft = Draft::new(&self.map, text);
        for at in escapes.iter().rev() {
            draft.replace(*at..at + 1, b"", None);
        }
        draft.finish(&mut self.map)
    }

    /// Start to collect if the line was a definition whose backslash stands in a comment.
    fn begin_collecting(&mut self, text: Span) {
        if let Some((name, _)) = expand::definition(self.map.bytes(text)) {
            let name = self.map.bytes(text).get(name).unwrap_or(&[]).to_vec();
            if let Some(definition) = self.names.definition_mut(&name) {
                definition.more = Some(Vec::new());
                self.collecting = Some(Collecting {
                    name: Some(name),
                    start: text,
                });
            }
        }
    }

    /// A further line of a definition.
    fn collect(&mut self, text: Span, continued: bool, diags: &mut Diags) {
        let Some(collecting) = &self.collecting else {
            return;
        };
        if text.is_empty() && !continued {
            diags.note(
                collecting.start,
                "the definition ends before the next empty line, in spite of its backslash",
            );
            self.collecting = None;
            return;
        }
        let bytes = self.map.bytes(text);
        let bytes = bytes.strip_suffix(b"\\").unwrap_or(bytes);
        let line = text.part(lex::trim(bytes));
        let text = self.map.bytes(line);
        let definition = collecting
            .name
            .as_ref()
            .and_then(|name| self.names.definition_mut(name));
        if let Some(definition) = definition.filter(|_| !line.is_empty()) {
            definition.add_line(text, line);
        }
        if !continued {
            self.collecting = None;
        }
    }

    /// An include line.
    pub(super) fn include(&mut self, line: Span, pattern: Span, added: Checks, diags: &mut Diags) {
        if pattern.is_empty() {
            return diags.error(
                Code::General,
                line,
                "the name of the file to include is missing",
            );
        }
        let directory = self.directory().cloned().unwrap_or_default();
        let text = self.map.text(pattern);
        let checks = self.checks.and(added);
        let found = include::find(self.files, &directory, &text, checks);
        for (part, forbidden) in found.missing {
            self.include_failed(
                pattern,
                forbidden,
                format!("no file matches `{part}`"),
                diags,
            );
            if text.contains(['"', '\'']) {
                diags.help("the name is taken as it is, quotes included");
            }
        }
        self.feeds.push(Feed::Include {
            paths: found.paths.into_iter(),
            line: pattern,
            checks,
        });
    }

    /// One file of an include line.
    pub(super) fn include_file(
        &mut self,
        path: &Path,
        line: Span,
        checks: Checks,
        diags: &mut Diags,
    ) {
        let resolved = self.files.resolve(path);
        let around = || {
            self.feeds
                .iter()
                .filter_map(Feed::file)
                .map(|(path, _)| path)
        };
        if around().any(|file| *file == resolved) {
            let text = format!(
                "{} would include itself, so it is not read again",
                path.display()
            );
            return diags.error(Code::General, line, text);
        }
        if around().count() >= FILES_LIMIT {
            let text = format!("files are included more than {FILES_LIMIT} deep");
            return diags.error(Code::General, line, text);
        }
        match self.files.read(path) {
            Ok(content) => self.enter(path, &content, Some(line), checks, diags),
            Err(error) => self.include_failed(
                line,
                checks.read,
                format!("{}: {error}", path.display()),
                diags,
            ),
        }
    }

    /// Report what an include line did not find: an error that stops everything if
    /// a check forbids it, else a remark.
    fn include_failed(&self, line: Span, forbidden: bool, text: String, diags: &mut Diags) {
        if forbidden {
            diags.fatal_include = true;
            diags.error(Code::FileNotFound, line, text);
        } else {
            diags.advise("include-without-match", line, text);
        }
    }
}

/// Whether a comment that begins at `at` cuts a word in two.
fn is_within_word(line: &[u8], at: usize) -> bool {
    let inside = |octet: Option<&u8>| {
        octet.is_some_and(|octet| {
            !octet.is_ascii_whitespace() && !matches!(octet, b'#' | b'!' | b'{' | b'}' | b'"')
        })
    };
    let before = at.checked_sub(1).and_then(|before| line.get(before));
    matches!(line.get(at), Some(b'#' | b'!')) && inside(before) && inside(line.get(at + 1))
}
