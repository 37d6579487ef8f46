//! Machine: requests queued, many of them sent at once, every one answered.
//!
//! The kernel works the messages of one send off in order, answers errors
//! always and successes only where asked. So only the last message of a send
//! asks ([`flag::ACK`]): its answer settles everything before it that was not
//! refused. Ten thousand addresses then cost a few dozen answers.

use std::collections::VecDeque;

use super::addr::{AddressRequest, Operation};
use super::error::{NetlinkError, Reply};
use super::header::{Header, flag};

/// Which refusals are as good as success.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tolerate(u8);

impl Tolerate {
    /// None.
    pub const NOTHING: Self = Self(0);
    /// It is there already (`EEXIST`).
    pub const EXISTS: Self = Self(1);
    /// It, or the interface, is not there (`EADDRNOTAVAIL`, `ESRCH`, `ENOENT`,
    /// `ENODEV`, `ENXIO`).
    pub const GONE: Self = Self(2);

    /// Both sets.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether an error number is in the set.
    #[must_use]
    pub const fn covers(self, errno: i32) -> bool {
        let needed = match errno {
            17 => Self::EXISTS.0,
            2 | 3 | 6 | 19 | 99 => Self::GONE.0,
            _ => return false,
        };
        self.0 & needed != 0
    }
}

/// What became of a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outcome {
    /// The ticket given with the request.
    pub ticket: u64,
    /// Success, or why not.
    pub result: Result<(), NetlinkError>,
}

/// Outcomes in the order of their requests, except that within one send the
/// refusals come before the successes. Clear and reuse it.
pub type Outcomes = Vec<Outcome>;

#[derive(Clone, Copy, Debug)]
struct Pending {
    sequence: u32,
    /// Octets of the message.
    length: u32,
    ticket: u64,
    tolerate: Tolerate,
    is_answered: bool,
}

/// Requests on their way.
#[derive(Debug)]
pub struct Batch {
    /// Messages not taken yet, from `taken` on.
    octets: Vec<u8>,
    taken: usize,
    /// Requests without outcome: first those on their way, then the queued.
    pending: VecDeque<Pending>,
    on_their_way: usize,
    next_sequence: u32,
    /// How often in a row replies were lost and the requests queued again.
    repeats: u32,
}

/// After so many repetitions without a single answer it is given up. A caller that
/// halves what it sends each time is down to one message by then.
const REPEATS_MAX: u32 = 12;

/// Memory beyond this is given back when the queue is empty, in octets.
const KEEP: usize = 16 * 1024;

impl Default for Batch {
    fn default() -> Self {
        Self::new()
    }
}

impl Batch {
    /// Nothing queued.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            octets: Vec::new(),
            taken: 0,
            pending: VecDeque::new(),
            on_their_way: 0,
            next_sequence: 1,
            repeats: 0,
        }
    }

    /// Queue an address to add or remove.
    pub fn push(
        &mut self,
        request: &AddressRequest<'_>,
        operation: Operation,
        ticket: u64,
        tolerate: Tolerate,
    ) {
        self.push_with(ticket, tolerate, |buffer, sequence| {
            request.write(buffer, operation, sequence);
        });
    }

    /// Queue any request: `write` appends exactly one message with the given
    /// sequence number and without [`flag::ACK`].
    pub fn push_with(
        &mut self,
        ticket: u64,
        tolerate: Tolerate,
        write: impl FnOnce(&mut Vec<u8>, u32),
    ) {
        let sequence = self.next_sequence;
        self.next_sequence = sequence.wrapping_add(1);
        let start = self.octets.len();
        write(&mut self.octets, sequence);
        debug_assert!(
            self.octets
                .get(start..)
                .and_then(Header::parse)
                .map(|h| h.0)
                == Some(self.octets.len() - start)
        );
        self.pending.push_back(Pending {
            sequence,
            length: u32::try_from(self.octets.len() - start).unwrap_or(u32::MAX),
            ticket,
            tolerate,
            is_answered: false,
        });
    }

    /// Take up to `limit` queued messages, to be sent with one call. Nothing if
    /// none is queued.
    pub fn take(&mut self, limit: usize) -> Option<&[u8]> {
        let (mut end, mut last, mut count) = (self.taken, self.taken, 0);
        for request in self.pending.iter().skip(self.on_their_way).take(limit) {
            last = end;
            end = end.saturating_add(usize::try_from(request.length).ok()?);
            count += 1;
        }
        if count == 0 {
            return None;
        }
        self.on_their_way += count;
        let start = std::mem::replace(&mut self.taken, end);
        set_ack(self.octets.get_mut(last..end)?, true);
        self.octets.get(start..end)
    }

    /// The messages of the last [`Self::take`] could not be sent for now: they
    /// are queued again. `octets` is their length.
    pub fn give_back(&mut self, octets: usize) {
        let mut left = octets;
        while left > 0 && self.on_their_way > 0 {
            let Some(request) = self.pending.get(self.on_their_way - 1) else {
                return;
            };
            let length = usize::try_from(request.length).unwrap_or(usize::MAX);
            left = left.saturating_sub(length);
            self.on_their_way -= 1;
            self.taken = self.taken.saturating_sub(length);
            set_ack(self.octets.get_mut(self.taken..).unwrap_or_default(), false);
        }
    }

    /// Octets of what is on its way; they end where the queued ones begin.
    fn unanswered(&self) -> usize {
        let lengths = self.pending.iter().take(self.on_their_way);
        lengths.map(|request| request.length as usize).sum()
    }

    /// Take in a reply of the kernel; unknown sequence numbers are ignored.
    pub fn reply(&mut self, reply: &Reply<'_>, out: &mut Outcomes) {
        let Some(first) = self.pending.front() else {
            return;
        };
        let place = usize::try_from(reply.sequence.wrapping_sub(first.sequence)).ok();
        let Some(place) = place.filter(|&place| place < self.on_their_way) else {
            return;
        };
        if reply.errno != 0 {
            self.refuse(place, reply, out);
        }
        if reply.errno == 0 || self.is_last_of_send(place) {
            self.settle_through(place, out);
        }
    }

    /// Replies were lost: everything on its way that has no outcome is queued again, before
    /// what is queued already. So requests have to be such that the kernel may be asked
    /// twice. After too many times they are answered with `errno`, as by [`Self::lost`].
    pub fn repeat(&mut self, errno: i32, out: &mut Outcomes) {
        self.repeats += 1;
        if self.repeats > REPEATS_MAX {
            self.repeats = 0;
            return self.lost(errno, out);
        }
        self.give_back(self.unanswered());
    }

    /// Replies were lost, or the socket failed: everything on its way is
    /// answered with `errno`, whatever became of it.
    pub fn lost(&mut self, errno: i32, out: &mut Outcomes) {
        for request in self.pending.drain(..self.on_their_way) {
            if !request.is_answered {
                out.push(Outcome {
                    ticket: request.ticket,
                    result: Err(NetlinkError { errno, text: None }),
                });
            }
        }
        self.on_their_way = 0;
        self.tidy();
    }

    /// Requests without outcome: queued, or on their way.
    #[must_use]
    pub fn backlog(&self) -> usize {
        self.pending.len()
    }

    /// Requests not taken yet.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.pending.len() - self.on_their_way
    }

    fn refuse(&mut self, place: usize, reply: &Reply<'_>, out: &mut Outcomes) {
        let Some(request) = self.pending.get_mut(place) else {
            return;
        };
        if request.is_answered || request.tolerate.covers(reply.errno) {
            return;
        }
        request.is_answered = true;
        out.push(Outcome {
            ticket: request.ticket,
            result: reply.result(),
        });
    }

    /// The last message on its way has no later one whose success could settle it.
    fn is_last_of_send(&self, place: usize) -> bool {
        place + 1 == self.on_their_way
    }

    fn settle_through(&mut self, place: usize, out: &mut Outcomes) {
        for request in self.pending.drain(..=place) {
            if !request.is_answered {
                out.push(Outcome {
                    ticket: request.ticket,
                    result: Ok(()),
                });
            }
        }
        self.on_their_way -= place + 1;
        self.repeats = 0;
        self.tidy();
    }

    /// Forget what was sent and answered.
    fn tidy(&mut self) {
        if !self.pending.is_empty() {
            let answered = self.taken.saturating_sub(self.unanswered());
            if answered > KEEP.max(self.octets.len() / 2) {
                self.octets.drain(..answered);
                self.taken -= answered;
            }
            return;
        }
        self.octets.clear();
        self.taken = 0;
        self.octets.shrink_to(KEEP);
        self.pending.shrink_to(KEEP / size_of::<Pending>());
    }
}

fn set_ack(message: &mut [u8], wanted: bool) {
    if let Some([low, high]) = message.get_mut(6..).and_then(<[u8]>::first_chunk_mut) {
        let flags = u16::from_ne_bytes([*low, *high]);
        let flags = if wanted {
            flags | flag::ACK
        } else {
            flags & !flag::ACK
        };
        [*low, *high] = flags.to_ne_bytes();
    }
}

#[cfg(test)]
mod tests;
