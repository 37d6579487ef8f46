//! Replies of an SMTP server (RFC 5321 section 4.2): lines with a code, several of
//! which can be one reply.

/// The longest line of a reply that is read. Section 4.5.3.1.5 has 512.
const LINE_MAX: usize = 2048;
/// The most octets of one reply, all of its lines together.
const REPLY_MAX: usize = 16 * 1024;
/// How much of a reply is told.
const TOLD_MAX: usize = 120;

/// A reply that is complete.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reply<'a> {
    /// Its code, of three digits.
    pub code: u16,
    /// The last line, without its end.
    pub line: &'a [u8],
}

impl Reply<'_> {
    /// The last line for a log: without control characters, not too long.
    #[must_use]
    pub fn told(&self) -> String {
        let text = String::from_utf8_lossy(self.line);
        let visible = text.chars().filter(|letter| !letter.is_control());
        visible.take(TOLD_MAX).collect()
    }
}

/// Why this is not SMTP.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReplyError {
    /// A line, or the lines of one reply, are too long.
    Endless,
    /// A line without a code.
    Foreign,
}

impl ReplyError {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Endless => "the reply of the server does not end",
            Self::Foreign => "the server does not speak SMTP",
        }
    }
}

/// Finds replies in what a server sends, wherever it is cut.
#[derive(Clone, Debug, Default)]
pub struct Replies {
    /// The line so far, or the one just ended.
    line: Vec<u8>,
    is_complete: bool,
    /// Octets of the present reply so far.
    octets: usize,
}

impl Replies {
    /// Take in one octet; it may end a reply.
    ///
    /// # Errors
    /// If this is not SMTP. Nothing good can come after that.
    pub fn push(&mut self, octet: u8) -> Result<Option<Reply<'_>>, ReplyError> {
        if std::mem::take(&mut self.is_complete) {
            self.line.clear();
        }
        self.octets += 1;
        if self.line.len() >= LINE_MAX || self.octets > REPLY_MAX {
            return Err(ReplyError::Endless);
        }
        if octet != b'\n' {
            self.line.push(octet);
            return Ok(None);
        }
        if self.line.last() == Some(&b'\r') {
            self.line.pop();
        }
        self.is_complete = true;
        self.take_line()
    }

    /// `NNN-text` goes on, `NNN text` and `NNN` end it.
    fn take_line(&mut self) -> Result<Option<Reply<'_>>, ReplyError> {
        let (digits, rest) = self.line.split_at(self.line.len().min(3));
        let [hundreds, tens, ones] = digits else {
            return Err(ReplyError::Foreign);
        };
        let mut code = 0;
        for digit in [hundreds, tens, ones] {
            if !digit.is_ascii_digit() {
                return Err(ReplyError::Foreign);
            }
            code = code * 10 + u16::from(digit - b'0');
        }
        match rest.first() {
            Some(b'-') => Ok(None),
            None | Some(b' ') => {
                self.octets = 0;
                let line = self.line.as_slice();
                Ok(Some(Reply { code, line }))
            }
            Some(_) => Err(ReplyError::Foreign),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn codes(octets: &[u8]) -> Result<Vec<u16>, ReplyError> {
        let mut replies = Replies::default();
        let mut codes = Vec::new();
        for &octet in octets {
            codes.extend(replies.push(octet)?.map(|reply| reply.code));
        }
        Ok(codes)
    }

    #[test]
    fn one_line_and_several() {
        assert_eq!(codes(b"220 hi\r\n"), Ok(vec![220]));
        assert_eq!(codes(b"220\r\n250\n"), Ok(vec![220, 250]));
        assert_eq!(
            codes(b"220-a\r\n220-b\r\n220 c\r\n25"),
            Ok(vec![220]),
            "the last line ends it"
        );
    }

    #[test]
    fn something_else() {
        for text in ["SSH-2.0-x\r\n", "22 hi\r\n", "220x\r\n", "\r\n", "+20 a\n"] {
            assert_eq!(codes(text.as_bytes()), Err(ReplyError::Foreign), "{text}");
        }
    }

    #[test]
    fn what_does_not_end() {
        assert_eq!(codes(&[b'2'; 5000]), Err(ReplyError::Endless));
        assert_eq!(codes(&b"220-a\r\n".repeat(5000)), Err(ReplyError::Endless));
        let many = b"220 a\r\n".repeat(5000);
        assert_eq!(codes(&many).map(|codes| codes.len()), Ok(5000));
    }

    #[test]
    fn what_is_told() {
        let line = format!("554 no\x1b[2J{}", "x".repeat(500));
        let reply = Reply {
            code: 554,
            line: line.as_bytes(),
        };
        assert!(reply.told().starts_with("554 no[2Jxxx"));
        assert_eq!(reply.told().len(), TOLD_MAX);
    }

    proptest! {
        #[test]
        fn foreign_octets_do_no_harm(octets: Vec<u8>) {
            let _ = codes(&octets);
        }

        #[test]
        fn near_misses_do_no_harm(text in "[0-9 -]{0,5}[\r\n]{0,2}[0-9]{3}[ -]?.{0,9}\r?\n") {
            let _ = codes(text.as_bytes());
        }
    }
}
