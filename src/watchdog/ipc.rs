//! What the children tell the parent, and the parent them: messages of one octet
//! that names the kind, some with a text or a descriptor.
//!
//! Beside what is below, the parent asks whether a child is alive (`Ping`), and for its
//! state (`Observe`, see [`super::survey`]); a child says its line for service managers
//! when that changes (`Headline`).
//!
//! A child never waits for its parent: a message that finds no room is an error
//! of the call. Both ignore what they do not know.
//!
//! A reload has two phases, so that either all processes go over to the new
//! configuration or none does:
//!
//! ```text
//! parent                     child
//!   | -- Prepare(it) -->       |   takes it, says whether it could run with it
//!   | <-- Accepted, Refused -- |   and goes on with the old one
//!   | -- Commit, Cancel -->    |   goes over to it, or forgets it
//!   | <-- Reloaded ----------- |
//! ```

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::sys::memfd::{MFdFlags, memfd_create};

use super::compiled::Compiled;
use crate::sys::pass;

/// The longest message, in octets.
const MESSAGE_MAX: usize = 512;

/// A file that a signal asks for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum DumpKind {
    /// Configuration and state (SIGUSR1).
    Data,
    /// Counters (SIGUSR2, STATS_CLEAR).
    Stats,
    /// State and counters as JSON.
    Json,
    /// As `Data`, just before a reload (`config_save_dir`).
    Before,
    /// As `Data`, just after one.
    After,
}

/// What a child says.
#[derive(Debug)]
pub enum Told {
    /// It has started.
    Ready,
    /// The text of a dump file, in memory.
    Dump(DumpKind, File),
    /// It could run with the new configuration.
    Accepted,
    /// It could not, and why.
    Refused(String),
    /// It goes by the new configuration.
    Reloaded,
    /// What only configurations before the last reload had is gone from the kernel.
    Settled,
    /// It was asked whether it is alive.
    Alive,
    /// Its state, as JSON in memory.
    Observed(File),
    /// Its part of the line for service managers.
    Headline(String),
    /// Something this program does not know.
    Unknown,
}

/// What the parent wants of a child.
#[derive(Clone, Debug)]
pub enum Order {
    /// Take this configuration, and say whether it will do.
    Prepare(Compiled),
    /// Go over to it.
    Commit,
    /// Forget it.
    Cancel,
    /// Say that it is alive.
    Ping,
    /// Tell the state.
    Observe,
}

const READY: u8 = b'R';
const ACCEPTED: u8 = b'A';
const REFUSED: u8 = b'N';
const RELOADED: u8 = b'O';
const SETTLED: u8 = b'.';
const PREPARE: u8 = b'P';
const COMMIT: u8 = b'C';
const CANCEL: u8 = b'X';
const PING: u8 = b'?';
const ALIVE: u8 = b'!';
const OBSERVE: u8 = b'o';
const OBSERVED: u8 = b's';
const HEADLINE: u8 = b'H';
/// The octets of dumps.
const DUMPS: [(u8, DumpKind); 5] = [
    (b'D', DumpKind::Data),
    (b'S', DumpKind::Stats),
    (b'J', DumpKind::Json),
    (b'[', DumpKind::Before),
    (b']', DumpKind::After),
];

/// Make a channel: the parent's end, then the child's.
///
/// # Errors
/// What making the sockets says.
pub fn channel() -> io::Result<(ParentEnd, ChildEnd)> {
    let (parent, child) = pass::pair()?;
    Ok((ParentEnd(parent), ChildEnd(child)))
}

/// The child's end of the channel.
#[derive(Debug)]
pub struct ChildEnd(OwnedFd);

impl ChildEnd {
    /// Say that the child has started.
    ///
    /// # Errors
    /// What sending says.
    pub fn ready(&self) -> io::Result<()> {
        pass::send(self.0.as_fd(), &[READY], None)
    }

    /// Hand over the text of a dump. It travels as a memory file, so that neither
    /// a slow disk nor a slow parent can hold this process up.
    ///
    /// # Errors
    /// No memory file, or the parent is behind with its work.
    pub fn dump(&self, kind: DumpKind, text: &str) -> io::Result<()> {
        let file = in_memory("keepalived dump", text.as_bytes())?;
        let octet = DUMPS.iter().find(|(_, known)| *known == kind);
        let octet = octet.map_or(0, |(octet, _)| *octet);
        pass::send(self.0.as_fd(), &[octet], Some(file.as_fd()))
    }
}

impl ChildEnd {
    /// Say whether this process could run with the new configuration; the error is
    /// the reason, for the operator.
    ///
    /// # Errors
    /// What sending says.
    pub fn answer(&self, verdict: &Result<(), String>) -> io::Result<()> {
        match verdict {
            Ok(()) => pass::send(self.0.as_fd(), &[ACCEPTED], None),
            Err(why) => self.say(REFUSED, why),
        }
    }

    fn say(&self, octet: u8, text: &str) -> io::Result<()> {
        let mut message = vec![octet];
        message.extend(text.bytes().take(MESSAGE_MAX - 1));
        pass::send(self.0.as_fd(), &message, None)
    }

    /// Say that this process is alive.
    ///
    /// # Errors
    /// What sending says.
    pub fn alive(&self) -> io::Result<()> {
        pass::send(self.0.as_fd(), &[ALIVE], None)
    }

    /// Hand over the state, as JSON in a file in memory.
    ///
    /// # Errors
    /// What sending says.
    pub fn observed(&self, state: &File) -> io::Result<()> {
        pass::send(self.0.as_fd(), &[OBSERVED], Some(state.as_fd()))
    }

    /// Say this process's part of the line for service managers.
    ///
    /// # Errors
    /// What sending says.
    pub fn headline(&self, text: &str) -> io::Result<()> {
        self.say(HEADLINE, text)
    }

    /// Say that the new configuration is in use.
    ///
    /// # Errors
    /// What sending says.
    pub fn reloaded(&self) -> io::Result<()> {
        pass::send(self.0.as_fd(), &[RELOADED], None)
    }

    /// Say that what only configurations before had is gone from the kernel.
    ///
    /// # Errors
    /// What sending says.
    pub fn settled(&self) -> io::Result<()> {
        pass::send(self.0.as_fd(), &[SETTLED], None)
    }

    /// What the parent wants; nothing when it has closed its end.
    ///
    /// # Errors
    /// `WouldBlock` when there is nothing; what else receiving says.
    pub fn next_order(&self) -> io::Result<Option<Order>> {
        let mut room = [0; MESSAGE_MAX];
        let (length, passed) = pass::receive(self.0.as_fd(), &mut room)?;
        let [kind, ..] = room;
        Ok(Some(match (kind, passed) {
            _ if length == 0 => return Ok(None),
            (PREPARE, Some(file)) => Order::Prepare(File::from(file).into()),
            (COMMIT, None) => Order::Commit,
            (CANCEL, None) => Order::Cancel,
            (PING, None) => Order::Ping,
            (OBSERVE, None) => Order::Observe,
            _ => return Err(io::ErrorKind::InvalidData.into()),
        }))
    }
}

/// The content of a file in memory.
///
/// # Errors
/// What reading says.
pub fn read_whole(mut file: File) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut octets)?;
    Ok(octets)
}

/// A file in memory with this content.
pub(super) fn in_memory(name: &str, content: &[u8]) -> io::Result<File> {
    let mut file = memory_file(name)?;
    file.write_all(content)?;
    Ok(file)
}

/// An empty file in memory.
///
/// # Errors
/// What `memfd_create(2)` says.
pub fn memory_file(name: &str) -> io::Result<File> {
    Ok(File::from(memfd_create(name, MFdFlags::MFD_CLOEXEC)?))
}

impl AsFd for ChildEnd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The parent's end of the channel.
#[derive(Debug)]
pub struct ParentEnd(OwnedFd);

impl ParentEnd {
    /// The next message; nothing when the child has closed its end.
    ///
    /// # Errors
    /// `WouldBlock` when there is none; what else receiving says.
    pub fn next(&self) -> io::Result<Option<Told>> {
        let mut room = [0; MESSAGE_MAX];
        let (length, passed) = pass::receive(self.0.as_fd(), &mut room)?;
        if length == 0 {
            return Ok(None);
        }
        let [kind, ..] = room;
        let dump = DUMPS.iter().find(|(octet, _)| *octet == kind);
        let text = room.get(1..length).unwrap_or_default();
        let text = || String::from_utf8_lossy(text).into_owned();
        Ok(Some(match (dump, passed) {
            (Some(&(_, kind)), Some(file)) => Told::Dump(kind, file.into()),
            (None, Some(file)) if kind == OBSERVED => Told::Observed(file.into()),
            _ if kind == READY => Told::Ready,
            _ if kind == ACCEPTED => Told::Accepted,
            _ if kind == RELOADED => Told::Reloaded,
            _ if kind == SETTLED => Told::Settled,
            _ if kind == ALIVE => Told::Alive,
            _ if kind == REFUSED => Told::Refused(text()),
            _ if kind == HEADLINE => Told::Headline(text()),
            _ => Told::Unknown,
        }))
    }
}

impl ParentEnd {
    /// Tell the child what is wanted. A configuration travels in memory, so that it
    /// reads no disk.
    ///
    /// # Errors
    /// The child is behind with its work.
    pub fn order(&self, order: &Order) -> io::Result<()> {
        let (octet, file) = match order {
            Order::Prepare(compiled) => (PREPARE, Some(compiled.as_fd())),
            Order::Commit => (COMMIT, None),
            Order::Cancel => (CANCEL, None),
            Order::Ping => (PING, None),
            Order::Observe => (OBSERVE, None),
        };
        pass::send(self.0.as_fd(), &[octet], file)
    }
}

impl AsFd for ParentEnd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_hears_what_the_child_says() {
        let (parent, child) = channel().unwrap();
        child.ready().unwrap();
        child.dump(DumpKind::Stats, "some text\n").unwrap();
        assert!(matches!(parent.next(), Ok(Some(Told::Ready))));
        let Ok(Some(Told::Dump(DumpKind::Stats, mut file))) = parent.next() else {
            panic!("a dump was sent");
        };
        let mut text = String::new();
        file.rewind().unwrap();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "some text\n");
        drop(child);
        assert!(matches!(parent.next(), Ok(None)));
    }

    #[test]
    fn orders_arrive_and_are_answered() {
        let (parent, child) = channel().unwrap();
        let empty = child.next_order().unwrap_err();
        assert_eq!(empty.kind(), io::ErrorKind::WouldBlock);
        let compiled = in_memory("x", b"octets").unwrap();
        parent.order(&Order::Prepare(compiled.into())).unwrap();
        let Ok(Some(Order::Prepare(compiled))) = child.next_order() else {
            panic!("a configuration was sent");
        };
        assert_eq!(compiled.octets().unwrap().expose(), b"octets");
        for order in [Order::Commit, Order::Cancel, Order::Ping, Order::Observe] {
            parent.order(&order).unwrap();
            let arrived = child.next_order().unwrap().unwrap();
            assert_eq!(format!("{arrived:?}"), format!("{order:?}"));
        }
        child.answer(&Ok(())).unwrap();
        child.answer(&Err("because ".repeat(100))).unwrap();
        child.reloaded().unwrap();
        child.settled().unwrap();
        assert!(matches!(parent.next(), Ok(Some(Told::Accepted))));
        let Ok(Some(Told::Refused(why))) = parent.next() else {
            panic!("a refusal was sent");
        };
        assert!(why.starts_with("because because"));
        assert!(matches!(parent.next(), Ok(Some(Told::Reloaded))));
        assert!(matches!(parent.next(), Ok(Some(Told::Settled))));
        drop(parent);
        assert!(matches!(child.next_order(), Ok(None)));
    }

    #[test]
    fn a_child_tells_that_it_lives_and_how_it_is() {
        let (parent, child) = channel().unwrap();
        child.alive().unwrap();
        child.headline("VI_1 MASTER").unwrap();
        child.observed(&in_memory("x", b"{}").unwrap()).unwrap();
        assert!(matches!(parent.next(), Ok(Some(Told::Alive))));
        assert!(matches!(parent.next(), Ok(Some(Told::Headline(text))) if text == "VI_1 MASTER"));
        let Ok(Some(Told::Observed(file))) = parent.next() else {
            panic!("a state was sent");
        };
        assert_eq!(read_whole(file).unwrap(), b"{}");
    }

    #[test]
    fn a_parent_that_does_not_read_is_an_error_and_no_wait() {
        let (_parent, child) = channel().unwrap();
        let refused = (0..10_000).find_map(|_| child.dump(DumpKind::Data, "x").err());
        assert_eq!(refused.unwrap().kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn unknown_messages_are_no_error() {
        let (parent, child) = channel().unwrap();
        pass::send(child.as_fd(), b"?!", None).unwrap();
        pass::send(child.as_fd(), b"D", None).unwrap();
        assert!(matches!(parent.next(), Ok(Some(Told::Unknown))));
        assert!(matches!(parent.next(), Ok(Some(Told::Unknown))));
    }
}
