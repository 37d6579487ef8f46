//! What the children tell the parent, and the parent them: messages of one octet
//! that names the kind, some with a descriptor.
//!
//! A child never waits for its parent: a message that finds no room is an error
//! of the call. The parent ignores what it does not know.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::sys::memfd::{MFdFlags, memfd_create};

use crate::sys::pass;

/// The longest message, in octets.
const MESSAGE_MAX: usize = 16;

/// A file that a signal asks for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum DumpKind {
    /// Configuration and state (SIGUSR1).
    Data,
    /// Counters (SIGUSR2, STATS_CLEAR).
    Stats,
    /// State and counters as JSON.
    Json,
}

/// What a child says.
#[derive(Debug)]
pub enum Told {
    /// It has started.
    Ready,
    /// The text of a dump file, in memory.
    Dump(DumpKind, File),
    /// It goes by the new configuration, or not.
    Reloaded(bool),
    /// Something this program does not know.
    Unknown,
}

const READY: u8 = b'R';
const RELOAD: u8 = b'C';
const APPLIED: u8 = b'A';
const REFUSED: u8 = b'N';
/// The octets of dumps.
const DUMPS: [(u8, DumpKind); 3] = [
    (b'D', DumpKind::Data),
    (b'S', DumpKind::Stats),
    (b'J', DumpKind::Json),
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
    /// Say whether the new configuration is in use.
    ///
    /// # Errors
    /// What sending says.
    pub fn reloaded(&self, applied: bool) -> io::Result<()> {
        let octet = if applied { APPLIED } else { REFUSED };
        pass::send(self.0.as_fd(), &[octet], None)
    }

    /// The notes of a load ([`crate::control_plane::transcript`]) that the parent
    /// hands over; nothing when it has closed its end.
    ///
    /// # Errors
    /// `WouldBlock` when there are none; what else receiving says.
    pub fn next_load(&self) -> io::Result<Option<Vec<u8>>> {
        let mut room = [0; MESSAGE_MAX];
        let (length, passed) = pass::receive(self.0.as_fd(), &mut room)?;
        let Some(passed) = passed.filter(|_| length > 0) else {
            return if length == 0 {
                Ok(None)
            } else {
                Err(io::ErrorKind::InvalidData.into())
            };
        };
        let mut file = File::from(passed);
        let mut notes = Vec::new();
        file.rewind()?;
        file.read_to_end(&mut notes)?;
        Ok(Some(notes))
    }
}

/// A file in memory with this content.
fn in_memory(name: &str, content: &[u8]) -> io::Result<File> {
    let mut file = File::from(memfd_create(name, MFdFlags::MFD_CLOEXEC)?);
    file.write_all(content)?;
    Ok(file)
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
        Ok(Some(match (dump, passed) {
            (Some(&(_, kind)), Some(file)) => Told::Dump(kind, file.into()),
            _ if kind == READY => Told::Ready,
            _ if kind == APPLIED => Told::Reloaded(true),
            _ if kind == REFUSED => Told::Reloaded(false),
            _ => Told::Unknown,
        }))
    }
}

impl ParentEnd {
    /// Hand over the notes of a load, for the child to repeat it. They travel in
    /// memory, so that the child reads no disk.
    ///
    /// # Errors
    /// No memory file, or the child is behind with its work.
    pub fn reload(&self, notes: &[u8]) -> io::Result<()> {
        let file = in_memory("keepalived configuration", notes)?;
        pass::send(self.0.as_fd(), &[RELOAD], Some(file.as_fd()))
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
    fn a_load_arrives_and_is_answered() {
        let (parent, child) = channel().unwrap();
        let empty = child.next_load().unwrap_err();
        assert_eq!(empty.kind(), io::ErrorKind::WouldBlock);
        parent.reload(b"notes").unwrap();
        assert_eq!(child.next_load().unwrap().as_deref(), Some(&b"notes"[..]));
        child.reloaded(true).unwrap();
        assert!(matches!(parent.next(), Ok(Some(Told::Reloaded(true)))));
        drop(parent);
        assert!(matches!(child.next_load(), Ok(None)));
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
