//! The answer of a server, octet by octet: where the head ends, what its status is,
//! and what of the rest is body (RFC 9112 2, 4, 6, 7).
//!
//! Nothing is kept but the line that is being read. Lines may end with LF alone
//! (2.2), interim answers are passed over (RFC 9110 15.2), and folded fields are
//! unfolded (5.2). What frames the body is checked strictly, since a body that is
//! shorter than announced is a failure; fields that are of no use here are not looked at.

use std::fmt;

/// Octets of a head, of a chunk's size line, and of the trailers.
pub const HEAD_LIMIT: usize = 64 * 1024;

/// What an answer is made of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Part<'a> {
    /// The head is over, and this is the status.
    Status(u16),
    /// The next octets of the body, without framing.
    Body(&'a [u8]),
    /// The answer is complete, whatever may follow.
    End,
}

/// Why something is no answer, or not all of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Malformed {
    /// The connection ended before the first octet.
    Nothing,
    /// The first line is no status line.
    NotHttp,
    /// The head, or a line of it, does not end.
    HeadTooLong,
    /// The connection ended within the head.
    HeadCut,
    /// `Content-Length` is no number, or several.
    Length,
    /// A chunk without a size, or longer than that.
    Chunk,
    /// The connection ended before the body did: after so many octets, of how many
    /// if that was said.
    BodyCut(u64, Option<u64>),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("no data received"),
            Self::NotHttp => f.write_str("the answer is not HTTP"),
            Self::HeadTooLong => write!(f, "the head has more than {HEAD_LIMIT} octets"),
            Self::HeadCut => f.write_str("the answer ended within its head"),
            Self::Length => f.write_str("the Content-Length is not valid"),
            Self::Chunk => f.write_str("a chunk of the body is not valid"),
            Self::BodyCut(got, Some(all)) => {
                write!(f, "the body ended after {got} of {all} octets")
            }
            Self::BodyCut(got, None) => {
                write!(f, "the body ended after {got} octets, within a chunk")
            }
        }
    }
}

impl std::error::Error for Malformed {}

/// An answer that is being read.
#[derive(Debug, Default)]
pub struct Response {
    state: State,
    /// The line that has begun.
    line: Vec<u8>,
    /// The field that a following line might go on with.
    field: Vec<u8>,
    /// Octets of the head, or of the trailers.
    length: usize,
    status: u16,
    framing: Framing,
    body: u64,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum State {
    #[default]
    StatusLine,
    Fields,
    /// The head is read; the status has not been told.
    HeadOver,
    /// So many octets remain.
    Counted(u64),
    UntilClose,
    ChunkSize,
    Chunk(u64),
    ChunkEnd,
    Trailers,
    Complete,
    Told,
}

/// What the head says of the body's length.
#[derive(Clone, Copy, Debug, Default)]
struct Framing {
    length: Option<u64>,
    /// There are codings, and whether the last one is `chunked`.
    chunked: Option<bool>,
}

impl Response {
    /// The next part of the answer in `input`, which is shortened by what was read.
    /// `None`: all of it was, and the part is not yet there.
    ///
    /// # Errors
    /// What came is no answer.
    pub fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Part<'a>>, Malformed> {
        loop {
            match self.state {
                State::HeadOver => {
                    self.state = self.body_state();
                    return Ok(Some(Part::Status(self.status)));
                }
                State::Complete => {
                    self.state = State::Told;
                    return Ok(Some(Part::End));
                }
                State::Told => {
                    *input = &[];
                    return Ok(None);
                }
                State::Counted(0) => self.state = State::Complete,
                State::Chunk(0) => self.state = State::ChunkEnd,
                _ if input.is_empty() => return Ok(None),
                State::Counted(left) => {
                    let body = self.take(input, left);
                    self.state = State::Counted(left - length_of(body));
                    return Ok(Some(Part::Body(body)));
                }
                State::Chunk(left) => {
                    let body = self.take(input, left);
                    self.state = State::Chunk(left - length_of(body));
                    return Ok(Some(Part::Body(body)));
                }
                State::UntilClose => return Ok(Some(Part::Body(self.take(input, u64::MAX)))),
                State::StatusLine
                | State::Fields
                | State::ChunkSize
                | State::ChunkEnd
                | State::Trailers => {
                    if let Some(line) = self.take_line(input)? {
                        self.on_line(line)?;
                    }
                }
            }
        }
    }

    /// The connection has ended.
    ///
    /// # Errors
    /// It ended too early.
    pub fn end(&mut self) -> Result<(), Malformed> {
        match self.state {
            State::UntilClose | State::Counted(0) | State::Complete | State::Told => Ok(()),
            State::StatusLine if self.length == 0 => Err(Malformed::Nothing),
            State::StatusLine | State::Fields | State::HeadOver => Err(Malformed::HeadCut),
            State::Counted(left) => Err(Malformed::BodyCut(
                self.body,
                Some(self.body.saturating_add(left)),
            )),
            State::ChunkSize | State::Chunk(_) | State::ChunkEnd | State::Trailers => {
                Err(Malformed::BodyCut(self.body, None))
            }
        }
    }

    fn take<'a>(&mut self, input: &mut &'a [u8], most: u64) -> &'a [u8] {
        let count = usize::try_from(most).map_or(input.len(), |most| most.min(input.len()));
        let (body, rest) = input.split_at(count);
        *input = rest;
        self.body = self.body.saturating_add(length_of(body));
        body
    }

    /// A whole line without its end, once it is there.
    fn take_line(&mut self, input: &mut &[u8]) -> Result<Option<Vec<u8>>, Malformed> {
        let end = memchr::memchr(b'\n', input);
        let (part, rest) = input.split_at(end.map_or(input.len(), |end| end + 1));
        *input = rest;
        self.length = self.length.saturating_add(part.len());
        if self.length > HEAD_LIMIT {
            let in_chunk = matches!(self.state, State::ChunkSize | State::ChunkEnd);
            return Err(if in_chunk {
                Malformed::Chunk
            } else {
                Malformed::HeadTooLong
            });
        }
        self.line.extend_from_slice(part);
        if end.is_none() {
            return Ok(None);
        }
        let mut line = std::mem::take(&mut self.line);
        line.pop_if(|octet| *octet == b'\n');
        line.pop_if(|octet| *octet == b'\r');
        Ok(Some(line))
    }

    fn on_line(&mut self, line: Vec<u8>) -> Result<(), Malformed> {
        match self.state {
            State::StatusLine => {
                self.status = status(&line).ok_or(Malformed::NotHttp)?;
                self.state = State::Fields;
            }
            State::Fields => self.on_field_line(line)?,
            State::ChunkSize => {
                let size = chunk_size(&line).ok_or(Malformed::Chunk)?;
                self.length = 0;
                self.state = match size {
                    0 => State::Trailers,
                    size => State::Chunk(size),
                };
            }
            State::ChunkEnd if line.is_empty() => {
                self.length = 0;
                self.state = State::ChunkSize;
            }
            State::ChunkEnd => return Err(Malformed::Chunk),
            State::Trailers if line.is_empty() => self.state = State::Complete,
            State::Trailers
            | State::HeadOver
            | State::Counted(_)
            | State::UntilClose
            | State::Chunk(_)
            | State::Complete
            | State::Told => {}
        }
        Ok(())
    }

    fn on_field_line(&mut self, line: Vec<u8>) -> Result<(), Malformed> {
        if matches!(line.first(), Some(b' ' | b'\t')) {
            self.field.extend_from_slice(&line);
            return Ok(());
        }
        let over = line.is_empty();
        let field = std::mem::replace(&mut self.field, line);
        self.framing.read(&field)?;
        if over {
            self.on_head_over();
        }
        Ok(())
    }

    /// Interim answers are not the answer; 101 is none of those, nothing follows it.
    fn on_head_over(&mut self) {
        let interim = matches!(self.status, 100..=199) && self.status != 101;
        self.length = 0;
        if interim {
            self.framing = Framing::default();
            self.state = State::StatusLine;
        } else {
            self.state = State::HeadOver;
        }
    }

    /// How the body is framed (RFC 9112 6.3).
    const fn body_state(&self) -> State {
        match (self.status, self.framing) {
            (101 | 204 | 304, _) => State::Complete,
            (
                _,
                Framing {
                    chunked: Some(true),
                    ..
                },
            ) => State::ChunkSize,
            (
                _,
                Framing {
                    chunked: None,
                    length: Some(length),
                },
            ) => State::Counted(length),
            _ => State::UntilClose,
        }
    }
}

impl Framing {
    fn read(&mut self, field: &[u8]) -> Result<(), Malformed> {
        let Some(colon) = memchr::memchr(b':', field) else {
            return Ok(());
        };
        let (name, value) = field.split_at(colon);
        let value = value.get(1..).unwrap_or_default();
        let name = name.trim_ascii();
        if name.eq_ignore_ascii_case(b"Content-Length") {
            // The same value several times is one value (RFC 9110 8.6).
            for number in value.split(|&octet| octet == b',') {
                let number = decimal(number.trim_ascii()).ok_or(Malformed::Length)?;
                if *self.length.get_or_insert(number) != number {
                    return Err(Malformed::Length);
                }
            }
        } else if name.eq_ignore_ascii_case(b"Transfer-Encoding") {
            let last = value.rsplit(|&octet| octet == b',').next();
            let last = last.unwrap_or_default().trim_ascii();
            self.chunked = Some(last.eq_ignore_ascii_case(b"chunked"));
        }
        Ok(())
    }
}

/// `HTTP/1.1 200 OK`; the phrase is not needed, the blank before it is. What stands
/// before the status may be another word: servers of streams say `ICY 200 OK`
/// (`protocols.md` section 21).
fn status(line: &[u8]) -> Option<u16> {
    let blank = memchr::memchr(b' ', line).filter(|blank| *blank > 0)?;
    let (_, rest) = line.split_at(blank);
    let rest = rest.trim_ascii_start();
    let (digits, after) = rest.split_at_checked(3)?;
    if after.first() != Some(&b' ') {
        return None;
    }
    u16::try_from(decimal(digits)?).ok()
}

fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Hexadecimal, and extensions after a semicolon (RFC 9112 7.1).
fn chunk_size(line: &[u8]) -> Option<u64> {
    let size = line.split(|&octet| octet == b';').next()?.trim_ascii();
    if size.is_empty() || !size.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(size).ok()?, 16).ok()
}

/// A slice is never longer than 64 bits can say.
fn length_of(octets: &[u8]) -> u64 {
    octets.len().try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
