//! Places in the configuration text.
//!
//! All text the compiler ever looks at lies in one virtual text: the files one
//! after the other as they were opened, and behind them every text that an
//! expansion made. A [`Span`] is therefore two numbers, and the way back to file,
//! line and column, through any number of expansions, is kept here only.

use std::ops::Range;
use std::path::{Path, PathBuf};

/// A range of octets in the virtual text that a [`SourceMap`] holds: all files
/// read and all expansions made, one after the other. Resolves to file, line,
/// column, and the expansion it came from.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Span {
    /// First octet.
    pub lo: u32,
    /// One past the last octet.
    pub hi: u32,
}

impl Span {
    /// Octets in the span.
    #[must_use]
    pub fn len(self) -> usize {
        usize::try_from(self.hi.saturating_sub(self.lo)).unwrap_or(usize::MAX)
    }

    /// Whether it covers nothing.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.hi <= self.lo
    }

    /// The part of it that `range`, counted from its start, covers; kept inside the span.
    #[must_use]
    pub fn part(self, range: Range<usize>) -> Self {
        let at = |offset: usize| {
            let offset = u32::try_from(offset).unwrap_or(u32::MAX);
            self.lo.saturating_add(offset).min(self.hi)
        };
        Self {
            lo: at(range.start),
            hi: at(range.end.max(range.start)),
        }
    }

    /// From the first octet of this span to the last of `other`.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self {
            lo: self.lo.min(other.lo),
            hi: self.hi.max(other.hi),
        }
    }
}

/// A span as a person reads it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Place {
    /// The file's name as it was opened.
    pub file: String,
    /// Line, counted from 1.
    pub line: u32,
    /// Column in characters, counted from 1.
    pub column: u32,
}

/// One step on the way from a span to the text somebody wrote.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// A definition was put in; the span is its value.
    Defined(Span),
    /// The line belongs to a multi-line definition; the span is the reference that called for it.
    Used(Span),
    /// The file was read because of this include line.
    Included(Span),
}

/// A part of a text made by an expansion, and where that part came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    /// Octets of the made text.
    pub(super) len: usize,
    /// The place it stands for.
    pub(super) from: Span,
    /// Whether its octets are those of `from`, one by one.
    pub(super) exact: bool,
    /// What else is to be told about it.
    pub(super) origin: Option<Origin>,
}

#[derive(Debug)]
struct Chunk {
    span: Span,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    File {
        path: PathBuf,
        included: Option<Span>,
        lines: Vec<u32>,
    },
    Made(Box<[Piece]>),
}

/// The most octets of files and expansions together. Far above any real
/// configuration; it stops definitions that multiply themselves.
pub const TEXT_LIMIT: usize = 256 << 20;

/// Every text that was read, with the way back from a span to its place.
#[derive(Debug, Default)]
pub struct SourceMap {
    text: Vec<u8>,
    chunks: Vec<Chunk>,
}

impl SourceMap {
    /// Add a file's content. `included` is the include line that asked for it.
    /// `None` when the text would grow beyond [`TEXT_LIMIT`].
    pub(super) fn add_file(
        &mut self,
        path: &Path,
        content: &[u8],
        included: Option<Span>,
    ) -> Option<Span> {
        let span = self.append(content)?;
        let mut lines = vec![span.lo];
        lines.extend(memchr::memchr_iter(b'\n', content).map(|at| span.part(at + 1..at + 1).lo));
        self.chunks.push(Chunk {
            span,
            kind: Kind::File {
                path: path.to_owned(),
                included,
                lines,
            },
        });
        Some(span)
    }

    /// Add a text made of others. The pieces' lengths add up to `content`'s.
    pub(super) fn add_made(&mut self, content: &[u8], pieces: Vec<Piece>) -> Option<Span> {
        let span = self.append(content)?;
        self.chunks.push(Chunk {
            span,
            kind: Kind::Made(pieces.into_boxed_slice()),
        });
        Some(span)
    }

    /// The text of a span, empty if it is not one of this map.
    #[must_use]
    pub fn bytes(&self, span: Span) -> &[u8] {
        let at = |offset: u32| usize::try_from(offset).unwrap_or(usize::MAX);
        self.text.get(at(span.lo)..at(span.hi)).unwrap_or(&[])
    }

    /// The text of a span for people.
    #[must_use]
    pub fn text(&self, span: Span) -> String {
        let bytes = self.bytes(span);
        match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => String::from_utf8_lossy(bytes).into_owned(),
        }
    }

    /// Whether the span lies wholly within one text of this map.
    #[must_use]
    pub fn contains(&self, span: Span) -> bool {
        span.lo <= span.hi
            && self
                .chunk(span.lo)
                .is_some_and(|chunk| span.hi <= chunk.span.hi)
    }

    /// File, line and column where the span begins, as somebody wrote it.
    #[must_use]
    pub fn place(&self, span: Span) -> Place {
        let root = self.written(span);
        let Some((path, line)) = self.file_line(root.lo) else {
            return Place {
                file: String::new(),
                line: 0,
                column: 0,
            };
        };
        let before = self.bytes(Span {
            lo: line.1.lo,
            hi: root.lo,
        });
        Place {
            file: path.display().to_string(),
            line: line.0,
            column: to_u32(characters(before)).saturating_add(1),
        }
    }

    /// File and line where the span begins, as somebody wrote it.
    #[must_use]
    pub fn line_number(&self, span: Span) -> Option<(&Path, u32)> {
        let (path, (line, _)) = self.file_line(self.written(span).lo)?;
        Some((path, line))
    }

    /// The line where the span begins, without its end, and the characters
    /// (counted from 0) of it that the span covers.
    #[must_use]
    pub fn line_text(&self, span: Span) -> (String, Range<usize>) {
        let root = self.written(span);
        let Some((_, (_, line))) = self.file_line(root.lo) else {
            return (String::new(), 0..0);
        };
        let content = self.bytes(line);
        let visible = content.trim_ascii_end().len();
        let first = characters(self.bytes(Span {
            lo: line.lo,
            hi: root.lo,
        }));
        let last = line.part(0..visible).hi.min(root.hi).max(root.lo);
        let width = characters(self.bytes(Span {
            lo: root.lo,
            hi: last,
        }));
        (self.text(line.part(0..visible)), first..first + width)
    }

    /// The path of the file where the span was written.
    #[must_use]
    pub fn file(&self, span: Span) -> Option<&Path> {
        self.file_line(self.written(span).lo).map(|(path, _)| path)
    }

    /// All files read, in the order they were opened.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.chunks.iter().filter_map(|chunk| match &chunk.kind {
            Kind::File { path, .. } => Some(path.as_path()),
            Kind::Made(_) => None,
        })
    }

    /// The text of each file read, in the order they were opened.
    pub fn file_texts(&self) -> impl Iterator<Item = (&Path, Span)> {
        self.chunks.iter().filter_map(|chunk| match &chunk.kind {
            Kind::File { path, .. } => Some((path.as_path(), chunk.span)),
            Kind::Made(_) => None,
        })
    }

    /// The line of a file where the span begins, as somebody wrote it, without its end.
    #[must_use]
    pub fn line_of(&self, span: Span) -> Option<Span> {
        let (_, (_, line)) = self.file_line(self.written(span).lo)?;
        Some(line)
    }

    /// The words of a file that the span is, one by one; nothing if an expansion
    /// stands between the two.
    #[must_use]
    pub fn verbatim(&self, span: Span) -> Option<Span> {
        let written = self.written(span);
        (self.contains(written) && self.bytes(written) == self.bytes(span)).then_some(written)
    }

    /// Definitions and include lines that led to the span, the nearest first.
    #[must_use]
    pub fn origins(&self, span: Span) -> Vec<Origin> {
        let mut found = Vec::new();
        let mut at = span;
        while let Some(chunk) = self.chunk(at.lo) {
            match &chunk.kind {
                Kind::Made(pieces) => {
                    let Some((start, piece)) = piece_at(chunk.span, pieces, at.lo) else {
                        break;
                    };
                    found.extend(piece.origin);
                    at = down(piece, start, at);
                }
                Kind::File {
                    included: Some(line),
                    ..
                } => {
                    found.push(Origin::Included(*line));
                    at = *line;
                }
                Kind::File { included: None, .. } => break,
            }
        }
        found
    }

    /// The span in a file that a span of any text stands for.
    fn written(&self, span: Span) -> Span {
        let mut at = span;
        while let Some(chunk) = self.chunk(at.lo) {
            let Kind::Made(pieces) = &chunk.kind else {
                break;
            };
            let Some((start, piece)) = piece_at(chunk.span, pieces, at.lo) else {
                break;
            };
            let first = down(piece, start, at);
            let last = piece_at(chunk.span, pieces, at.hi.saturating_sub(1).max(at.lo));
            let hi = last.map_or(first.hi, |(start, piece)| down(piece, start, at).hi);
            let same = self
                .chunk(first.lo)
                .is_some_and(|chunk| hi >= first.lo && hi <= chunk.span.hi);
            at = Span {
                lo: first.lo,
                hi: if same { hi } else { first.hi },
            };
        }
        at
    }

    /// The file's path, the line's number and the line's span.
    fn file_line(&self, at: u32) -> Option<(&Path, (u32, Span))> {
        let chunk = self.chunk(at)?;
        let Kind::File { path, lines, .. } = &chunk.kind else {
            return None;
        };
        let number = lines.partition_point(|start| *start <= at);
        let lo = *lines.get(number.checked_sub(1)?)?;
        let hi = lines.get(number).map_or(chunk.span.hi, |next| next - 1);
        Some((path, (to_u32(number), Span { lo, hi })))
    }

    fn chunk(&self, at: u32) -> Option<&Chunk> {
        let number = self.chunks.partition_point(|chunk| chunk.span.lo <= at);
        self.chunks
            .get(number.checked_sub(1)?)
            .filter(|chunk| at <= chunk.span.hi)
    }

    /// Put text at the end, and one octet between it and the next, so that the
    /// end of a text is not the start of another.
    fn append(&mut self, content: &[u8]) -> Option<Span> {
        let lo = self.text.len();
        let hi = lo
            .checked_add(content.len())
            .filter(|end| *end < TEXT_LIMIT)?;
        self.text.extend_from_slice(content);
        self.text.push(b'\n');
        Some(Span {
            lo: u32::try_from(lo).ok()?,
            hi: u32::try_from(hi).ok()?,
        })
    }
}

/// The piece that holds an octet, and where it starts.
fn piece_at(chunk: Span, pieces: &[Piece], at: u32) -> Option<(u32, &Piece)> {
    let mut start = chunk.lo;
    for piece in pieces {
        let end = start.saturating_add(to_u32(piece.len));
        if at < end {
            return Some((start, piece));
        }
        start = end;
    }
    pieces
        .last()
        .map(|piece| (start.saturating_sub(to_u32(piece.len)), piece))
}

/// A span of a made text in the text below.
fn down(piece: &Piece, start: u32, at: Span) -> Span {
    if !piece.exact {
        return piece.from;
    }
    let shift = |octet: u32| {
        piece
            .from
            .lo
            .saturating_add(octet.saturating_sub(start))
            .min(piece.from.hi)
    };
    Span {
        lo: shift(at.lo),
        hi: shift(at.hi),
    }
}

fn characters(bytes: &[u8]) -> usize {
    String::from_utf8_lossy(bytes).chars().count()
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
