//! The reader: files in, lines of words and braces out.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::path::Path;

use super::diag::{Code, Diags};
use super::files::Files;
use super::lex;
use super::source::{SourceMap, Span};
use super::words::{Item, Line, Word};

/// What the text depends on besides the files.
#[derive(Clone, Debug, Default)]
pub struct ReaderOptions {
    /// The name that `@id` lines are compared with (`-i`, else the node name up to the first dot).
    pub config_id: String,
    /// Whether all include checks are on from the start (`-e`).
    pub all_include_checks: bool,
    /// What `${_ENV NAME}` sees.
    pub environment: BTreeMap<String, String>,
    /// The seed of `${_RANDOM}` unless the configuration sets one.
    pub random_seed: u64,
}

/// Reads a configuration and hands it out item by item, no further than asked,
/// since some keywords change how the rest is read.
#[derive(Debug)]
pub struct Reader<'f> {
    #[expect(dead_code, reason = "used by includes")]
    files: &'f dyn Files,
    #[expect(dead_code, reason = "used by conditions and expansions")]
    options: ReaderOptions,
    map: SourceMap,
    rest: Span,
    ready: VecDeque<Item>,
}

impl<'f> Reader<'f> {
    /// Open the main file. `None` when there is nothing to read; why is in `diags`.
    pub fn open(
        files: &'f dyn Files,
        path: &Path,
        options: ReaderOptions,
        diags: &mut Diags,
    ) -> Option<Self> {
        let mut map = SourceMap::default();
        let content = match files.read(path) {
            Ok(content) => content,
            Err(error) => {
                diags.error(
                    Code::FileNotFound,
                    Span::default(),
                    format!("{}: {error}", path.display()),
                );
                return None;
            }
        };
        let rest = map.add_file(path, &content, None)?;
        Some(Self {
            files,
            options,
            map,
            rest,
            ready: VecDeque::new(),
        })
    }

    /// The next item, `None` at the end of everything.
    pub fn next(&mut self, diags: &mut Diags) -> Option<Item> {
        self.peek(diags)?;
        self.ready.pop_front()
    }

    /// The item that `next` will give. Not to be called behind a line that changes
    /// how the text is read (`include_check`, `random_seed`) before that is done.
    pub fn peek(&mut self, diags: &mut Diags) -> Option<&Item> {
        while self.ready.is_empty() {
            if self.rest.is_empty() {
                return None;
            }
            self.line(diags);
        }
        self.ready.front()
    }

    /// `include_check`: without words all checks, else set, add (`+`) or remove (`-`).
    pub fn include_check(&mut self, words: &[Word], diags: &mut Diags) {
        let _ = (words, diags);
    }

    /// `random_seed`: start the sequence of `${_RANDOM}` anew.
    pub fn seed_random(&mut self, seed: u32) {
        let _ = seed;
    }

    /// Every text read so far.
    #[must_use]
    pub fn map(&self) -> &SourceMap {
        &self.map
    }

    /// The texts, for places of diagnostics after the reading.
    #[must_use]
    pub fn into_map(self) -> SourceMap {
        self.map
    }

    fn line(&mut self, _diags: &mut Diags) {
        let bytes = self.map.bytes(self.rest);
        let len = memchr::memchr(b'\n', bytes).unwrap_or(bytes.len());
        let line = self.rest.part(0..len);
        self.rest = self.rest.part(len + 1..usize::MAX);
        let end = lex::comment(self.map.bytes(line), false).end;
        self.split(line.part(0..end));
    }

    fn split(&mut self, mut line: Span) {
        while let Some(at) = lex::brace(self.map.bytes(line)) {
            self.words(line.part(0..at));
            let brace = line.part(at..at + 1);
            let open = self.map.bytes(brace) == b"{";
            self.ready.push_back(if open {
                Item::Open(brace)
            } else {
                Item::Close(brace)
            });
            line = line.part(at + 1..line.len());
        }
        self.words(line);
    }

    fn words(&mut self, line: Span) {
        let span = line.part(lex::trim(self.map.bytes(line)));
        let words: Vec<Word> = lex::words(self.map.bytes(span))
            .into_iter()
            .map(|word| Word {
                text: self.map.text(span.part(word.text)),
                span: span.part(word.whole),
                quoted: word.quoted,
            })
            .collect();
        if !words.is_empty() {
            self.ready.push_back(Item::Line(Line {
                words,
                raw: self.map.text(span),
                span,
            }));
        }
    }
}
