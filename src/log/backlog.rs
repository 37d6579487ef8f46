//! Lines that wait for their sink: a queue of limited length, and a count.

use std::collections::VecDeque;

/// How many lines may wait per sink. 1024 lines of 100 octets are 100 kB, and
/// more than the daemon says in a takeover of a thousand addresses with `-D`.
pub(super) const LIMIT: usize = 1024;

/// Lines not yet sent, oldest first, and how many found no room.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    lines: VecDeque<Box<[u8]>>,
    dropped: u64,
}

impl Backlog {
    /// Keep a line for later, or count it.
    pub(super) fn push(&mut self, line: &[u8]) {
        if self.lines.len() < LIMIT {
            self.lines.push_back(line.into());
        } else {
            self.dropped += 1;
        }
    }

    /// The oldest line.
    pub(super) fn first(&self) -> Option<&[u8]> {
        self.lines.front().map(AsRef::as_ref)
    }

    /// Remove the oldest line.
    pub(super) fn pop(&mut self) {
        self.lines.pop_front();
    }

    /// Whether no line waits.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
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
