//! The file in memory that a successor of this process reads.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use crate::bfd::notes::{LEN, Note};

/// The notes, one a session, by place.
#[derive(Debug)]
pub struct Memory {
    file: Option<File>,
}

impl Memory {
    /// Goes on with what a former process has written; without a file nothing is kept.
    #[must_use]
    pub const fn new(file: Option<File>) -> Self {
        Self { file }
    }

    /// What a former process has left.
    #[must_use]
    pub fn read(&self) -> Vec<Note> {
        let mut notes = Vec::new();
        let Some(file) = &self.file else {
            return notes;
        };
        let mut octets = [0; LEN];
        let mut at = 0;
        while file.read_exact_at(&mut octets, at).is_ok() {
            notes.extend(Note::decode(&octets));
            at += LEN as u64;
        }
        notes
    }

    /// Write one.
    pub fn write(&self, place: usize, note: &Note) {
        let at = u64::try_from(place)
            .unwrap_or(u64::MAX)
            .saturating_mul(LEN as u64);
        report(
            self.file
                .as_ref()
                .map(|file| file.write_all_at(&note.encode(), at)),
        );
    }

    /// Write all of them, and no more.
    pub fn replace(&self, notes: impl Iterator<Item = Note>) {
        let octets: Vec<u8> = notes.flat_map(|note| note.encode()).collect();
        let length = u64::try_from(octets.len()).unwrap_or(0);
        report(self.file.as_ref().map(|file| {
            file.write_all_at(&octets, 0)?;
            file.set_len(length)
        }));
    }
}

/// A note that is lost matters only if this process dies, too.
fn report(done: Option<io::Result<()>>) {
    if let Some(Err(error)) = done {
        log::warn!("cannot note sessions for a restart: {error}");
    }
}

#[cfg(test)]
mod tests {
    use nix::sys::memfd::{MFdFlags, memfd_create};

    use super::*;

    fn note(name: &str, told: bool) -> Note {
        Note {
            name: name.to_owned(),
            told: Some(told),
            known: None,
        }
    }

    #[test]
    fn a_successor_finds_the_last_notes() {
        let file = File::from(memfd_create("test", MFdFlags::MFD_CLOEXEC).unwrap());
        let memory = Memory::new(Some(file.try_clone().unwrap()));
        assert_eq!(memory.read(), []);
        memory.replace(["a", "b", "c"].into_iter().map(|name| note(name, false)));
        memory.write(1, &note("b", true));
        memory.write(0, &note("a", true));
        let successor = Memory::new(Some(file));
        let expected = [note("a", true), note("b", true), note("c", false)];
        assert_eq!(successor.read(), expected);
        successor.replace([note("c", true)].into_iter());
        assert_eq!(memory.read(), [note("c", true)]);
    }
}
