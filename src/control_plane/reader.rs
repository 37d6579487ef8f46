//! The reader: files in, lines of words and braces out.
//!
//! What is to be read is a stack of feeds: a file, and above it whatever an item
//! of it stands for (the files of an include line, the lines of a definition, the
//! turns of a sequence, the rest of a line behind a brace). One step takes one
//! line from the uppermost feed, and either hands out items or puts feeds on top.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};

use super::diag::{Code, Diag, Diags, Severity};
use super::draft::Draft;
use super::expand::{Definition, Names};
use super::files::Files;
use super::include::{CHECK_WORDS, Checks};
use super::sequence::Sequence;
use super::source::{Origin, Piece, SourceMap, Span};
use super::suggest::suggest;
use super::words::{Item, Line, Word};
use super::{expand, include, lex, sequence};

mod file;
mod line;
mod made;
mod words;

/// How deep files may include others.
const FILES_LIMIT: usize = 32;
/// The block whose text the parent process of the C daemon interprets as it reads
/// it, so that `\#` works there only (`config-syntax.md` section 1).
const ESCAPES_BLOCK: &str = "global_defs";

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
    files: &'f dyn Files,
    map: SourceMap,
    names: Names,
    config_id: String,
    checks: Checks,
    feeds: Vec<Feed>,
    ready: VecDeque<Item>,
    spare: Spare,
    collecting: Option<Collecting>,
    lines_made: u32,
    main: Span,
    block: Block,
}

/// Where lines come from.
#[derive(Debug)]
enum Feed {
    File {
        rest: Span,
        path: PathBuf,
        directory: PathBuf,
        checks_outside: Checks,
    },
    Include {
        paths: std::vec::IntoIter<PathBuf>,
        line: Span,
        checks: Checks,
    },
    Once {
        line: Span,
        stage: Stage,
    },
    Brace(Span),
    Body {
        lines: std::vec::IntoIter<Span>,
        used: Span,
        depth: u8,
    },
    Turns {
        sequence: Sequence,
        rest: Span,
        head: Span,
        depth: u8,
    },
}

impl Feed {
    /// Path and directory, if it is a file.
    fn file(&self) -> Option<(&PathBuf, &PathBuf)> {
        if let Self::File {
            path, directory, ..
        } = self
        {
            Some((path, directory))
        } else {
            None
        }
    }
}

/// What is known about a line on its way.
#[derive(Clone, Copy, Debug)]
struct Stage {
    /// Whether it stands in a file as it is, so that it may be an include line.
    written: bool,
    /// Whether a quote without partner is already reported.
    quote_told: bool,
    /// Definitions and sequences around it.
    depth: u8,
}

/// A definition whose next line is awaited; without name if its condition was false.
#[derive(Debug)]
struct Collecting {
    name: Option<Vec<u8>>,
    start: Span,
}

/// Lines and words that nobody looks at any more: the next ones get their room.
#[derive(Debug, Default)]
struct Spare {
    lines: Vec<Line>,
    words: Vec<Word>,
}

impl Spare {
    fn line(&mut self) -> Line {
        self.lines.pop().unwrap_or_else(Line::empty)
    }

    fn word(&mut self) -> Word {
        self.words.pop().unwrap_or_else(|| Word {
            text: String::new(),
            span: Span::default(),
            quoted: false,
        })
    }

    fn take_back(&mut self, mut line: Line) {
        self.words.append(&mut line.words);
        self.lines.push(line);
    }
}

/// The block at the top level that is being read.
#[derive(Debug, Default)]
struct Block {
    depth: u32,
    word: String,
}

impl<'f> Reader<'f> {
    /// Open the main file. `None` when there is nothing to read; why is in `diags`.
    pub fn open(
        files: &'f dyn Files,
        path: &Path,
        options: ReaderOptions,
        diags: &mut Diags,
    ) -> Option<Self> {
        let failed = |text: String, diags: &mut Diags| {
            diags.fatal_include = true;
            let text = format!("{}: {text}", path.display());
            diags.push(Diag::new(Code::FileNotFound, Severity::Error, None, text));
        };
        let content = files
            .read(path)
            .map_err(|error| failed(error.to_string(), diags))
            .ok()?;
        if content.trim_ascii().is_empty() {
            failed("the file is empty".into(), diags);
            return None;
        }
        let ReaderOptions {
            config_id,
            all_include_checks,
            environment,
            random_seed,
        } = options;
        let mut reader = Self {
            files,
            map: SourceMap::default(),
            names: Names::new(config_id.clone(), environment, random_seed),
            config_id,
            checks: if all_include_checks {
                Checks::ALL
            } else {
                Checks::default()
            },
            feeds: Vec::new(),
            ready: VecDeque::new(),
            spare: Spare::default(),
            collecting: None,
            lines_made: 0,
            main: Span::default(),
            block: Block::default(),
        };
        reader.enter(path, &content, None, reader.checks, diags);
        if let Some(Feed::File { rest, .. }) = reader.feeds.first() {
            reader.main = *rest;
        }
        Some(reader)
    }

    /// The next item, `None` at the end of everything.
    pub fn next(&mut self, diags: &mut Diags) -> Option<Item> {
        self.peek(diags)?;
        self.ready.pop_front()
    }

    /// The item that `next` will give. Not to be called behind a line that changes
    /// how the text is read (`include_check`, `random_seed`) before that is done.
    pub fn peek(&mut self, diags: &mut Diags) -> Option<&Item> {
        while self.ready.is_empty() && !self.feeds.is_empty() {
            self.step(diags);
        }
        self.ready.front()
    }

    /// A line that was handed out, and of which nothing is needed any more.
    pub fn take_back(&mut self, line: Line) {
        self.spare.take_back(line);
    }

    /// `include_check` with the words that follow it: without any all checks, else
    /// set, add (`+`) or remove (`-`). Holds to the end of the file.
    pub fn include_check(&mut self, words: &[Word], diags: &mut Diags) {
        let mut value = true;
        match words.first().map(|word| word.text.as_bytes()) {
            None => self.checks = Checks::ALL,
            Some([b'+' | b'-', ..]) => {}
            Some(_) => self.checks = Checks::default(),
        }
        for word in words {
            let (sign, name) = word
                .text
                .split_at(usize::from(word.text.starts_with(['+', '-'])));
            match sign {
                "+" => value = true,
                "-" => value = false,
                _ => {}
            }
            match self.checks.by_word(name) {
                Some(check) => *check = value,
                None => {
                    diags.error(
                        Code::General,
                        word.span,
                        format!("`{name}` is no include check"),
                    );
                    let known = CHECK_WORDS.iter().copied();
                    diags.help(match suggest(name, known) {
                        Some(meant) => format!("did you mean `{meant}`?"),
                        None => "there are read, match, wildcard_match and brace_match".into(),
                    });
                }
            }
        }
    }

    /// `random_seed`: start the sequence of `${_RANDOM}` anew.
    pub fn seed_random(&mut self, seed: u32) {
        self.names.seed(u64::from(seed));
    }

    /// The end of the main file, the place of what is missing there.
    #[must_use]
    pub fn end(&self) -> Span {
        let content = self.map.bytes(self.main);
        let last = content.trim_ascii_end().len();
        self.main.part(last.saturating_sub(1)..last)
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

    /// Take one line from the uppermost feed.
    fn step(&mut self, diags: &mut Diags) {
        match self.feeds.last_mut() {
            None => {}
            Some(Feed::File { rest, .. }) if rest.is_empty() => self.leave(),
            Some(Feed::File { rest, .. }) => {
                let bytes = self.map.bytes(*rest);
                let len = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
                let line = rest.part(0..len);
                *rest = rest.part(len..rest.len());
                self.physical(line, diags);
            }
            Some(Feed::Include {
                paths,
                line,
                checks,
            }) => {
                let (line, checks) = (*line, *checks);
                match paths.next() {
                    Some(path) => self.include_file(&path, line, checks, diags),
                    None => self.done(),
                }
            }
            Some(Feed::Once { line, stage }) => {
                let (line, stage) = (*line, *stage);
                self.feeds.pop();
                self.text(line, stage, diags);
            }
            Some(Feed::Brace(brace)) => {
                let brace = *brace;
                self.feeds.pop();
                self.hand_out_brace(brace);
            }
            Some(Feed::Body { lines, used, depth }) => {
                let (used, depth) = (*used, *depth);
                match lines.next() {
                    Some(line) => self.body_line(line, used, depth, diags),
                    None => self.done(),
                }
            }
            Some(Feed::Turns { .. }) => self.turn(diags),
        }
    }

    /// The uppermost feed is used up.
    fn done(&mut self) {
        self.feeds.pop();
    }

    /// The uppermost file is at its end.
    fn leave(&mut self) {
        if let Some(Feed::File { checks_outside, .. }) = self.feeds.pop() {
            self.checks = checks_outside;
        }
        self.collecting = None;
        if let Some(directory) = self.directory().cloned() {
            self.names.enter(&directory);
        }
    }

    /// The directory of the file being read.
    fn directory(&self) -> Option<&PathBuf> {
        let file = self.feeds.iter().rev().find_map(Feed::file);
        file.map(|(_, directory)| directory)
    }

    fn hand_out_brace(&mut self, brace: Span) {
        if self.map.bytes(brace) == b"{" {
            self.block.depth += 1;
            self.ready.push_back(Item::Open(brace));
        } else {
            self.block.depth = self.block.depth.saturating_sub(1);
            self.ready.push_back(Item::Close(brace));
        }
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test that indexes wrongly fails")]
mod tests;
