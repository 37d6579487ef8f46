//! A line while definitions are put into it, with the way back of every octet.

use std::ops::Range;

use super::source::{Origin, Piece, SourceMap, Span};

/// Text under work.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) bytes: Vec<u8>,
    pieces: Vec<Piece>,
    changed: bool,
}

impl Draft {
    /// The text of a span, unchanged so far.
    pub(super) fn new(map: &SourceMap, span: Span) -> Self {
        let bytes = map.bytes(span).to_vec();
        let pieces = vec![Piece {
            len: bytes.len(),
            from: span,
            exact: true,
            origin: None,
        }];
        Self {
            bytes,
            pieces,
            changed: false,
        }
    }

    /// A text that is no part of the map, and the place it stands for.
    pub(super) fn of(bytes: &[u8], from: Span) -> Self {
        let pieces = vec![Piece {
            len: bytes.len(),
            from,
            exact: false,
            origin: None,
        }];
        Self {
            bytes: bytes.to_vec(),
            pieces,
            changed: true,
        }
    }

    /// Where a part of the text was written.
    pub(super) fn span(&self, range: &Range<usize>) -> Span {
        let mut start = 0;
        let mut found = None;
        for piece in &self.pieces {
            let end = start + piece.len;
            if start.max(range.start) < end.min(range.end) {
                let part = piece
                    .cut(start.max(range.start) - start..end.min(range.end) - start)
                    .from;
                // Parts of different texts have no common span; the first one will do.
                found = match found {
                    None => Some(part),
                    Some(before) if adjoin(before, part) => Some(before.to(part)),
                    some => some,
                };
            }
            start = end;
        }
        let last = self
            .pieces
            .last()
            .map_or_else(Span::default, |piece| piece.from);
        found.unwrap_or(Span {
            lo: last.hi,
            hi: last.hi,
        })
    }

    /// Put `with` in place of a range; the place of it is that of the range.
    pub(super) fn replace(&mut self, range: Range<usize>, with: &[u8], origin: Option<Origin>) {
        let from = self.span(&range);
        let (mut left, mut right) = (Vec::new(), Vec::new());
        let mut start = 0;
        for piece in &self.pieces {
            let end = start + piece.len;
            if start < range.start {
                left.push(piece.cut(0..end.min(range.start) - start));
            }
            if end > range.end {
                right.push(piece.cut(start.max(range.end) - start..piece.len));
            }
            start = end;
        }
        left.push(Piece {
            len: with.len(),
            from,
            exact: false,
            origin,
        });
        left.append(&mut right);
        self.pieces = left;
        self.bytes.splice(range, with.iter().copied());
        self.changed = true;
    }

    /// Whether anything was replaced.
    pub(super) fn changed(&self) -> bool {
        self.changed
    }

    /// The span of the finished text, a new text of the map if anything was replaced.
    /// `None` if the map is full.
    pub(super) fn finish(mut self, map: &mut SourceMap) -> Option<Span> {
        if !self.changed {
            return self.pieces.first().map(|piece| piece.from);
        }
        self.pieces.retain(|piece| piece.len > 0);
        map.add_made(&self.bytes, self.pieces)
    }
}

fn adjoin(before: Span, after: Span) -> bool {
    before.hi == after.lo
}

impl Piece {
    fn cut(&self, range: Range<usize>) -> Self {
        let from = if self.exact {
            self.from.part(range.clone())
        } else {
            self.from
        };
        Self {
            len: range.len(),
            from,
            ..*self
        }
    }
}
