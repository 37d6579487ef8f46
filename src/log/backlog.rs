//! Lines that wait for their sink: a queue of limited length, and a count.

use std::collections::VecDeque;

/// How many lines may wait per sink. 1024 lines of 100 octets are 100 kB, and
/// more than the daemon says in a takeover of a thousand addresses with `-D`.
pub(super) const LIMIT: usize = 1024;

/// Lines not yet sent, oldest first, and how many found no room.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    /// What is sent at once, and how many lines that are.
    waiting: VecDeque<(Box<[u8]>, usize)>,
    lines: usize,
    dropped: u64,
}

impl Backlog {
    /// Keep so many lines for later, or count them.
    pub(super) fn push(&mut self, lines: &[u8], count: usize) {
        if self.lines + count <= LIMIT {
            self.waiting.push_back((lines.into(), count));
            self.lines += count;
        } else {
            self.dropped += u64::try_from(count).unwrap_or(u64::MAX);
        }
    }

    /// The oldest lines.
    pub(super) fn first(&self) -> Option<&[u8]> {
        self.waiting.front().map(|(lines, _)| lines.as_ref())
    }

    /// Remove the oldest lines.
    pub(super) fn pop(&mut self) {
        if let Some((_, count)) = self.waiting.pop_front() {
            self.lines -= count;
        }
    }

    /// Whether no line waits.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many lines were dropped since the last call.
    pub(super) fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }

    /// Put a count back that could not be told.
    pub(super) fn restore_dropped(&mut self, count: u64) {
        self.dropped += count;
    }
}
