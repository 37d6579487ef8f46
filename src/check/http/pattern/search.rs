//! Patterns by PCRE2.

use std::rc::Rc;

use super::WINDOW;
use crate::check::checker::Pattern;
use crate::sys::pattern::{Code, End, Found};

/// A pattern, ready to be searched.
#[derive(Clone, Debug)]
pub struct Program {
    code: Rc<Code>,
    inverted: bool,
    min_offset: usize,
    max_offset: Option<usize>,
    stack: Option<(usize, usize)>,
    window: usize,
}

/// Make a pattern ready.
///
/// # Errors
/// It is none: what is wrong, and where, in the words of the C daemon.
pub fn compile(pattern: &Pattern) -> Result<Program, String> {
    let limited = pattern.max_offset.is_some();
    let code = Code::compile(pattern.text.as_bytes(), &pattern.options, limited);
    let code = code.map_err(|error| {
        let (text, offset) = (&pattern.text, error.offset);
        format!(
            "Invalid regex: '{text}' at offset {offset}: {}",
            error.message
        )
    })?;
    Ok(Program {
        code: Rc::new(code),
        inverted: pattern.inverted,
        min_offset: pattern.min_offset,
        max_offset: pattern.max_offset,
        stack: pattern.stack,
        window: WINDOW,
    })
}

impl Program {
    /// Whether the pattern is wanted to be absent (`regex_no_match`).
    #[must_use]
    pub const fn is_inverted(&self) -> bool {
        self.inverted
    }

    /// Whether others have the same one.
    pub(super) fn is_shared(&self) -> bool {
        Rc::strong_count(&self.code) > 1
    }
}

/// One search through one body.
#[derive(Debug, Default)]
pub struct Search {
    /// What is kept of the body.
    window: Vec<u8>,
    /// Octets of the body before the window.
    dropped: usize,
    /// Where the next match may begin, counted in the body.
    from: usize,
    verdict: Option<Result<bool, String>>,
}

impl Search {
    /// The body goes on.
    pub fn feed(&mut self, program: &Program, octets: &[u8]) {
        let mut rest = octets;
        while !rest.is_empty() && self.verdict.is_none() {
            let room = program.window.saturating_sub(self.window.len()).max(1);
            let (part, later) = rest.split_at(room.min(rest.len()));
            self.window.extend_from_slice(part);
            rest = later;
            if self.window.len() >= program.window {
                self.search_window(program);
            }
        }
    }

    /// The body is over: whether the pattern is in it.
    ///
    /// # Errors
    /// The search was given up; why.
    pub fn finish(&mut self, program: &Program) -> Result<bool, String> {
        if self.verdict.is_none() {
            self.search_rest(program);
        }
        let window = std::mem::take(&mut self.window);
        drop(window);
        self.verdict.clone().unwrap_or(Ok(false))
    }
}

impl Search {
    /// The window is full and more follows.
    fn search_window(&mut self, program: &Program) {
        let end = self.whole_characters(program);
        let mut next = end;
        match self.find(program, end, End::Open) {
            Ok(Found::Match) => self.verdict = Some(Ok(true)),
            Ok(Found::Nothing) => {}
            Ok(Found::Partial(start)) if end.saturating_sub(start) <= program.window / 2 => {
                next = start;
            }
            Ok(Found::Partial(_)) => match self.find(program, end, End::Cut) {
                Ok(found) => {
                    if found == Found::Match {
                        self.verdict = Some(Ok(true));
                    }
                }
                Err(why) => self.verdict = Some(Err(why)),
            },
            Err(why) => self.verdict = Some(Err(why)),
        }
        self.advance(program, next);
    }

    fn search_rest(&mut self, program: &Program) {
        let found = self.find(program, self.window.len(), End::Final);
        self.verdict = Some(found.map(|found| found == Found::Match));
    }

    /// Search the window up to `end`.
    fn find(&self, program: &Program, end: usize, how: End) -> Result<Found, String> {
        let start = self.from.max(program.min_offset);
        let start = self.character_at_or_after(program, start.saturating_sub(self.dropped));
        let limit = program
            .max_offset
            .map(|most| most.checked_sub(self.dropped));
        let part = self.window.get(..end).unwrap_or(&self.window);
        match limit {
            Some(None) => Ok(Found::Nothing),
            Some(Some(limit)) if limit < start => Ok(Found::Nothing),
            _ if start > part.len() => Ok(Found::Nothing),
            limit => program
                .code
                .find(part, start, limit.flatten(), how, program.stack),
        }
    }

    /// A match may begin at the octet `next` of the window: what nobody looks at any
    /// more is dropped.
    fn advance(&mut self, program: &Program, next: usize) {
        self.from = self.from.max(self.dropped + next);
        if program.max_offset.is_some_and(|most| self.from > most) {
            self.verdict.get_or_insert(Ok(false));
        }
        if self.verdict.is_some() {
            self.window = Vec::new();
            return;
        }
        let octets = if program.code.is_utf() { 4 } else { 1 };
        // At least one, by which `^` knows that this is not the beginning.
        let behind = program.code.lookbehind().max(1).saturating_mul(octets);
        let first = next.saturating_sub(behind);
        // All of the window may be looked at; then it grows no further by this.
        let first = first.max(self.window.len().saturating_sub(program.window / 4 * 3));
        let first = self.character_at_or_after(program, first);
        self.window.drain(..first.min(self.window.len()));
        self.dropped += first;
    }

    /// The window without a character that has begun and not ended.
    fn whole_characters(&self, program: &Program) -> usize {
        let all = self.window.len();
        if !program.code.is_utf() {
            return all;
        }
        let tail = self.window.iter().rev().take(3);
        for (back, &octet) in (1..).zip(tail) {
            let length = match octet {
                0x80..=0xbf => continue,
                0xc0..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0..=0xff => 4,
                _ => 1,
            };
            return if length > back { all - back } else { all };
        }
        all
    }

    /// The first octet from `at` that begins a character.
    fn character_at_or_after(&self, program: &Program, at: usize) -> usize {
        if !program.code.is_utf() {
            return at;
        }
        let rest = self.window.get(at..).unwrap_or_default();
        let inside = rest.iter().take(3).take_while(|&&o| o & 0xc0 == 0x80);
        at + inside.count()
    }
}

#[cfg(test)]
mod tests;
