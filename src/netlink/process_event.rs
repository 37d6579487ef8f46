//! Processes as the kernel reports them: the connector of netlink
//! (`linux/connector.h`, `linux/cn_proc.h`).
//!
//! A message is the head of netlink, that of the connector, and the event.

use super::header::{Header, Message, kind, write_message};

/// `CN_IDX_PROC`, which is also the number of the multicast group.
pub const GROUP: u32 = 1;
/// `CN_VAL_PROC`
const VALUE: u32 = 1;
/// `PROC_CN_MCAST_LISTEN`
const LISTEN: u32 = 1;

/// `PROC_EVENT_*`
const NONE: u32 = 0;
const FORK: u32 = 1;
const EXEC: u32 = 2;
const COMM: u32 = 0x200;
const EXIT: u32 = 0x8000_0000;

/// What has happened to a process. Threads are left out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ProcessEvent {
    /// The answer to the question to be told: an `errno`, 0 for yes.
    Answer(i32),
    /// A process has made another one.
    Forked {
        /// The maker.
        parent: u32,
        /// The new one.
        child: u32,
    },
    /// It runs another program.
    Executed(u32),
    /// Its first task has another name.
    Renamed(u32),
    /// It has ended.
    Ended(u32),
}

impl ProcessEvent {
    /// The event of a message, if it is one of these.
    #[must_use]
    pub fn parse(message: &Message<'_>) -> Option<Self> {
        let (connector, rest) = message.payload.split_first_chunk::<20>()?;
        let [index, value, ..] = words(connector);
        if (index, value) != (GROUP, VALUE) {
            return None;
        }
        let (what, rest) = rest.split_first_chunk()?;
        // A processor and a time in nanoseconds.
        let (_, data) = rest.split_first_chunk::<12>()?;
        match u32::from_ne_bytes(*what) {
            NONE => {
                let errno = i32::from_ne_bytes(*data.first_chunk()?);
                Some(Self::Answer(errno))
            }
            FORK => {
                let [_, parent, child, process, ..] = words(data.first_chunk::<20>()?);
                (child == process).then_some(Self::Forked { parent, child })
            }
            EXEC => Some(Self::Executed(process(data)?)),
            COMM => Some(Self::Renamed(first_task(data)?)),
            EXIT => Some(Self::Ended(first_task(data)?)),
            _ => None,
        }
    }
}

/// Of task and process: the process.
fn process(data: &[u8]) -> Option<u32> {
    let (_, rest) = data.split_first_chunk::<4>()?;
    Some(u32::from_ne_bytes(*rest.first_chunk()?))
}

/// The same, unless the task is a further one.
fn first_task(data: &[u8]) -> Option<u32> {
    let task = u32::from_ne_bytes(*data.first_chunk()?);
    process(data).filter(|process| *process == task)
}

fn words(octets: &[u8; 20]) -> [u32; 5] {
    let mut words = [0; 5];
    let (chunks, _) = octets.as_chunks::<4>();
    for (word, chunk) in words.iter_mut().zip(chunks) {
        *word = u32::from_ne_bytes(*chunk);
    }
    words
}

/// The question to be told of processes.
#[must_use]
pub fn question(port: u32) -> Vec<u8> {
    let header = Header {
        kind: kind::DONE,
        flags: 0,
        sequence: 0,
        port,
    };
    let [low, high] = 4_u16.to_ne_bytes();
    // Index, value, sequence, answer to, length and flags, then the operation.
    let length = u32::from_ne_bytes([low, high, 0, 0]);
    let parts = [GROUP, VALUE, 0, 0, length, LISTEN];
    let fixed: Vec<u8> = parts.into_iter().flat_map(u32::to_ne_bytes).collect();
    let mut octets = Vec::new();
    write_message(&mut octets, header, &fixed, |_| ());
    octets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlink::header::Messages;

    /// What Linux 6.18 sent on x86-64 while `true` was run.
    const RECORDED: [&str; 4] = [
        "4c000000030000000000000000000000010000000100000000000000010000002800000000000000\
         01000000c9605dc7050c0000000000000000000000000000000000000000000000000000",
        "4c000000030000000100000000000000010000000100000001000000000000002800000001000000\
         010000001bf560c7050c00001e4500001e45000047450000474500000000000000000000",
        "4c000000030000000200000000000000010000000100000002000000000000002800000002000000\
         01000000701671c7050c0000474500004745000000000000000000000000000000000000",
        "4c000000030000000300000000000000010000000100000003000000000000002800000000000080\
         010000003e0d79c7050c0000474500004745000000000000110000001e4500001e450000",
    ];

    fn octets(text: &str) -> Vec<u8> {
        let digit = |octet: &u8| char::from(*octet).to_digit(16).expect("a digit");
        let pairs = text.as_bytes().chunks(2);
        let octet = |pair: &[u8]| pair.iter().fold(0, |sum, d| sum * 16 + digit(d));
        pairs
            .map(|pair| u8::try_from(octet(pair)).expect("two digits"))
            .collect()
    }

    fn parsed(octets: &[u8]) -> Vec<ProcessEvent> {
        let messages = Messages::new(octets);
        messages.filter_map(|m| ProcessEvent::parse(&m)).collect()
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn what_a_kernel_sent() {
        let all: Vec<u8> = RECORDED.iter().flat_map(|text| octets(text)).collect();
        let child = 0x4547;
        let parent = 0x451e;
        assert_eq!(
            parsed(&all),
            [
                ProcessEvent::Answer(0),
                ProcessEvent::Forked { parent, child },
                ProcessEvent::Executed(child),
                ProcessEvent::Ended(child),
            ]
        );
        // Cut off anywhere it is no event, and nothing breaks.
        for end in 0..76 {
            let cut = all.get(..end).expect("it is longer");
            assert_eq!(parsed(cut), []);
        }
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn threads_are_no_processes() {
        for (number, place) in [(1, 60), (3, 52)] {
            let mut thread = octets(RECORDED.get(number).expect("it is recorded"));
            // The task is another one than the process.
            *thread.get_mut(place).expect("it is within") ^= 1;
            assert_eq!(parsed(&thread), [], "{number}");
        }
    }

    #[test]
    fn the_question_has_its_lengths() {
        let octets = question(7);
        assert_eq!(octets.len(), 40);
        let (length, header) = Header::parse(&octets).expect("a head");
        assert_eq!((length, header.kind, header.port), (40, 3, 7));
    }
}
