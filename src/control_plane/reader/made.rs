//! Lines that definitions and sequences make, within limits.

use super::*;

/// How deep definitions of several lines and sequences may nest.
const DEPTH_LIMIT: u8 = 32;
/// How many lines definitions and sequences may make in all.
const LINES_LIMIT: u32 = 1 << 20;

impl Reader<'_> {
    /// One line of a definition of several lines.
    pub(super) fn body_line(&mut self, line: Span, used: Span, depth: u8, diags: &mut Diags) {
        if !self.may_make(used, depth, diags) {
            return;
        }
        let content = self.map.bytes(line).to_vec();
        let piece = Piece {
            len: content.len(),
            from: line,
            exact: true,
            origin: Some(Origin::Used(used)),
        };
        match self.map.add_made(&content, vec![piece]) {
            Some(span) => self.text(
                span,
                Stage {
                    written: false,
                    quote_told: false,
                    depth: depth + 1,
                },
                diags,
            ),
            None => self.overflow(used, diags),
        }
    }

    /// One turn of a sequence.
    pub(super) fn turn(&mut self, diags: &mut Diags) {
        let Some(Feed::Turns {
            sequence,
            rest,
            head,
            depth,
        }) = self.feeds.last_mut()
        else {
            return;
        };
        let (rest, head, depth) = (*rest, *head, *depth);
        let Some(row) = sequence.next() else {
            return self.done();
        };
        for (name, value) in row {
            self.names.define(name, Definition::new(value, head));
        }
        if self.may_make(head, depth, diags) {
            self.text(
                rest,
                Stage {
                    written: false,
                    quote_told: false,
                    depth: depth + 1,
                },
                diags,
            );
        }
    }

    /// Whether the lines that a sequence stands for at least are within the limits: what
    /// cannot end well is not begun.
    pub(super) fn may_begin(&mut self, sequence: &Sequence, at: Span, diags: &mut Diags) -> bool {
        let turns = sequence.turns();
        let left = LINES_LIMIT.saturating_sub(self.lines_made);
        if turns <= u64::from(left) {
            return true;
        }
        let why = format!(
            "stands for {turns} lines: definitions and sequences may make {LINES_LIMIT} in all, \
             {left} are left"
        );
        diags.error(Code::General, at, why);
        self.end_making();
        false
    }

    /// Whether one more made line is within the limits.
    fn may_make(&mut self, asked: Span, depth: u8, diags: &mut Diags) -> bool {
        self.lines_made += 1;
        let why = if depth >= DEPTH_LIMIT {
            "the definition refers to itself, or definitions and sequences nest too deep"
        } else if self.lines_made > LINES_LIMIT {
            self.lines_made = LINES_LIMIT;
            "definitions and sequences make too many lines"
        } else {
            return true;
        };
        diags.error(Code::General, asked, why);
        self.end_making();
        false
    }

    /// No more lines of the definitions and sequences under way.
    fn end_making(&mut self) {
        let is_made = |feed: &Feed| !matches!(feed, Feed::File { .. });
        while self.feeds.last().is_some_and(is_made) {
            self.feeds.pop();
        }
    }

    /// There is no place for more text: read no further.
    pub(super) fn overflow(&mut self, at: Span, diags: &mut Diags) {
        diags.error(
            Code::Fatal,
            at,
            "the configuration is too large; it is read no further than here",
        );
        self.feeds.clear();
    }
}
