//! Lines on their way into a pipe whose reader may be slow, dead or missing.
//!
//! A line is written by one call, whole or not at all (lines are shorter than
//! `PIPE_BUF`, so the kernel does not split them). What does not fit waits; what
//! does not fit there either costs the oldest line, so that a reader who comes
//! back learns the latest states.

use std::collections::VecDeque;
use std::io;

/// The most octets that wait beside the pipe itself, which holds 64 KiB.
pub const WAITING_MAX: usize = 256 * 1024;

/// What became of the lines so far.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flow {
    /// All are written.
    Done,
    /// Some wait for room.
    Full,
}

/// Lines that wait, in order.
#[derive(Debug, Default)]
pub struct LineQueue {
    waiting: VecDeque<Box<[u8]>>,
    octets: usize,
    /// Lines lost since the last time somebody asked.
    dropped: u64,
    dropped_ever: u64,
}

impl LineQueue {
    /// Write a line, after those that wait. `write` gives `WouldBlock` when there
    /// is no room.
    ///
    /// # Errors
    /// What else `write` gives; the line is lost.
    pub fn push(
        &mut self,
        line: &[u8],
        write: &mut dyn FnMut(&[u8]) -> io::Result<usize>,
    ) -> io::Result<Flow> {
        self.octets += line.len();
        self.waiting.push_back(line.into());
        let flow = self.flush(write)?;
        while self.octets > WAITING_MAX {
            self.drop_first();
        }
        Ok(flow)
    }

    /// Write what waits, as far as there is room.
    ///
    /// # Errors
    /// What `write` gives beside `WouldBlock`; the line in question is lost.
    pub fn flush(&mut self, write: &mut dyn FnMut(&[u8]) -> io::Result<usize>) -> io::Result<Flow> {
        while let Some(line) = self.waiting.front() {
            match write(line) {
                Ok(_) => {
                    self.octets -= line.len();
                    self.waiting.pop_front();
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Flow::Full),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.drop_first();
                    return Err(error);
                }
            }
        }
        Ok(Flow::Done)
    }

    /// How many lines were lost since the last call.
    pub fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }

    /// How many lines were lost in all.
    #[must_use]
    pub const fn dropped_ever(&self) -> u64 {
        self.dropped_ever
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    fn drop_first(&mut self) {
        if let Some(line) = self.waiting.pop_front() {
            self.octets -= line.len();
            self.dropped += 1;
            self.dropped_ever += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A pipe with room for so many octets.
    #[derive(Default)]
    struct Pipe {
        room: usize,
        text: String,
    }

    impl Pipe {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            if line.len() > self.room {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            self.room -= line.len();
            self.text.push_str(std::str::from_utf8(line).unwrap());
            Ok(line.len())
        }
    }

    #[test]
    fn lines_wait_in_order() {
        let mut queue = LineQueue::default();
        let mut pipe = Pipe {
            room: 4,
            ..Pipe::default()
        };
        let push = |queue: &mut LineQueue, pipe: &mut Pipe, line: &str| {
            queue.push(line.as_bytes(), &mut |l| pipe.write(l)).unwrap()
        };
        assert_eq!(push(&mut queue, &mut pipe, "abc\n"), Flow::Done);
        assert_eq!(push(&mut queue, &mut pipe, "def\n"), Flow::Full);
        pipe.room = 2;
        assert_eq!(
            push(&mut queue, &mut pipe, "g\n"),
            Flow::Full,
            "no overtaking"
        );
        pipe.room = 100;
        assert_eq!(queue.flush(&mut |l| pipe.write(l)).unwrap(), Flow::Done);
        assert_eq!(pipe.text, "abc\ndef\ng\n");
        assert_eq!(queue.take_dropped(), 0);
    }

    #[test]
    fn without_a_reader_the_oldest_lines_go_and_are_counted() {
        let mut queue = LineQueue::default();
        let mut pipe = Pipe::default();
        let line = |n: usize| format!("{n:0>99}\n");
        let lines = WAITING_MAX / 100 + 10;
        for n in 0..lines {
            queue
                .push(line(n).as_bytes(), &mut |l| pipe.write(l))
                .unwrap();
            assert!(queue.octets <= WAITING_MAX);
        }
        let dropped = queue.take_dropped();
        assert_eq!((dropped, queue.take_dropped()), (10, 0));
        pipe.room = usize::MAX;
        queue.flush(&mut |l| pipe.write(l)).unwrap();
        assert!(pipe.text.starts_with(&line(10)) && pipe.text.ends_with(&line(lines - 1)));
    }

    #[test]
    fn a_broken_pipe_loses_one_line_and_no_more() {
        let mut queue = LineQueue::default();
        let broken = |_: &[u8]| Err(io::ErrorKind::BrokenPipe.into());
        assert!(queue.push(b"x\n", &mut { broken }).is_err());
        assert!(queue.is_empty() && queue.dropped_ever() == 1);
    }

    proptest! {
        #[test]
        fn what_arrives_is_in_order_and_what_does_not_is_counted(
            steps in prop::collection::vec((1_usize..2000, 0_usize..3000), 1..600),
        ) {
            let (mut queue, mut pipe) = (LineQueue::default(), Pipe::default());
            for (number, (len, room)) in steps.iter().enumerate() {
                pipe.room += room;
                let line = format!("{number}{}\n", "x".repeat(*len));
                queue.push(line.as_bytes(), &mut |l| pipe.write(l)).unwrap();
                prop_assert!(queue.octets <= WAITING_MAX);
            }
            pipe.room = usize::MAX;
            queue.flush(&mut |l| pipe.write(l)).unwrap();
            let got: Vec<usize> = pipe.text.lines()
                .map(|line| line.trim_end_matches('x').parse().unwrap())
                .collect();
            prop_assert!(got.is_sorted());
            let dropped = usize::try_from(queue.dropped_ever()).unwrap();
            prop_assert_eq!(got.len() + dropped, steps.len());
            prop_assert_eq!(got.last().copied(), Some(steps.len() - 1));
        }
    }
}
