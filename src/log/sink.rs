//! A sink that may be busy, with its backlog.

use ::log::Level;

use super::backlog::Backlog;
use super::stamp::Stamp;

/// What became of a line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Attempt {
    /// It is out.
    Sent,
    /// The sink takes nothing at the moment.
    Busy,
    /// The sink will never take this line (too long, for instance).
    Refused,
}

/// Something that takes lines without making the caller wait.
pub(super) trait Transport {
    /// How many octets of lines may be sent at once; without any, each line is sent alone.
    const GATHERED: usize = 0;
    /// Append to `out` what is sent for a line.
    fn format(&self, stamp: &Stamp, level: Level, text: &str, out: &mut Vec<u8>);
    /// One attempt to send formatted lines as a whole.
    fn attempt(&mut self, lines: &[u8]) -> Attempt;
}

/// A transport, the lines that wait for it, and a buffer to format in.
#[derive(Debug)]
pub(super) struct Channel<T> {
    transport: T,
    backlog: Backlog,
    buffer: Vec<u8>,
}

impl<T: Transport> Channel<T> {
    pub(super) fn new(transport: T) -> Self {
        Self {
            transport,
            backlog: Backlog::default(),
            buffer: Vec::new(),
        }
    }

    /// What takes the lines.
    pub(super) const fn transport(&mut self) -> &mut T {
        &mut self.transport
    }

    /// Send the lines of a message, or keep them behind those that wait already.
    pub(super) fn say(&mut self, stamp: &Stamp, level: Level, text: &str) {
        self.buffer.clear();
        let mut count = 0;
        for line in text.lines() {
            let begin = self.buffer.len();
            self.transport.format(stamp, level, line, &mut self.buffer);
            if begin > 0 && self.buffer.len() > T::GATHERED {
                let next = self.buffer.split_off(begin);
                self.send(stamp, count);
                self.buffer = next;
                count = 0;
            }
            count += 1;
        }
        if count > 0 {
            self.send(stamp, count);
        }
    }

    /// Send what is in the buffer, which is so many lines.
    fn send(&mut self, stamp: &Stamp, count: usize) {
        let lines = std::mem::take(&mut self.buffer);
        let free = self.flush(stamp);
        if !free || self.transport.attempt(&lines) == Attempt::Busy {
            self.backlog.push(&lines, count);
        }
        self.buffer = lines;
        self.buffer.clear();
    }

    /// Send what waits, then say how much was lost. True if nothing is left.
    pub(super) fn flush(&mut self, stamp: &Stamp) -> bool {
        while let Some(lines) = self.backlog.first() {
            if self.transport.attempt(lines) == Attempt::Busy {
                return false;
            }
            self.backlog.pop();
        }
        match self.backlog.take_dropped() {
            0 => true,
            count => self.tell_dropped(stamp, count),
        }
    }

    fn tell_dropped(&mut self, stamp: &Stamp, count: u64) -> bool {
        let text = format!("{count} log messages were dropped because the log was not read");
        self.buffer.clear();
        self.transport
            .format(stamp, Level::Warn, &text, &mut self.buffer);
        let told = self.transport.attempt(&self.buffer) != Attempt::Busy;
        if !told {
            self.backlog.restore_dropped(count);
        }
        told
    }

    /// Whether lines wait.
    #[cfg(test)]
    pub(super) fn is_waiting(&self) -> bool {
        !self.backlog.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::backlog::LIMIT;

    /// Takes `room` lines, then is busy.
    #[derive(Debug, Default)]
    struct Fake {
        room: usize,
        taken: Vec<String>,
    }

    impl Transport for Fake {
        fn format(&self, _: &Stamp, _: Level, text: &str, out: &mut Vec<u8>) {
            out.extend_from_slice(text.as_bytes());
        }

        fn attempt(&mut self, line: &[u8]) -> Attempt {
            if self.room == 0 {
                return Attempt::Busy;
            }
            self.room -= 1;
            self.taken.push(String::from_utf8_lossy(line).into_owned());
            Attempt::Sent
        }
    }

    /// The same, with room for a few short lines at once.
    #[derive(Debug, Default)]
    struct Wide(Fake);

    impl Transport for Wide {
        const GATHERED: usize = 9;

        fn format(&self, _: &Stamp, _: Level, text: &str, out: &mut Vec<u8>) {
            out.extend_from_slice(text.as_bytes());
            out.push(b'|');
        }

        fn attempt(&mut self, lines: &[u8]) -> Attempt {
            self.0.attempt(lines)
        }
    }

    #[test]
    fn the_lines_of_a_message_are_sent_at_once_as_far_as_there_is_room() {
        let mut channel = Channel::new(Wide::default());
        let stamp = Stamp::default();
        channel.say(
            &stamp,
            Level::Info,
            "one\ntwo\nthree\nlonger than that\nend",
        );
        assert!(channel.is_waiting());
        channel.transport.0.room = 9;
        channel.say(&stamp, Level::Info, "x\ny");
        let expected = ["one|two|", "three|", "longer than that|", "end|", "x|y|"];
        assert_eq!(channel.transport.0.taken, expected);
    }

    fn say(channel: &mut Channel<Fake>, text: &str) {
        channel.say(&Stamp::default(), Level::Info, text);
    }

    #[test]
    fn lines_keep_their_order_through_a_busy_time() {
        let mut channel = Channel::new(Fake::default());
        say(&mut channel, "one");
        say(&mut channel, "two");
        assert!(channel.is_waiting());
        channel.transport.room = 2;
        say(&mut channel, "three");
        channel.transport.room = 1;
        assert!(channel.flush(&Stamp::default()));
        assert_eq!(channel.transport.taken, ["one", "two", "three"]);
    }

    #[test]
    fn lines_without_room_are_counted_in_one_line() {
        let mut channel = Channel::new(Fake::default());
        for n in 0..LIMIT + 7 {
            say(&mut channel, &n.to_string());
        }
        channel.transport.room = LIMIT;
        assert!(
            !channel.flush(&Stamp::default()),
            "the count must still be told"
        );
        channel.transport.room = 5;
        assert!(channel.flush(&Stamp::default()));
        let taken = &channel.transport.taken;
        assert_eq!(taken.len(), LIMIT + 1);
        let last = taken.last().expect("lines");
        assert!(last.starts_with("7 log messages were dropped"), "{last}");
    }
}
