//! What the BFD process leaves to its successor: for each session the verdict that was
//! told, and if it is up what another process needs to go on with it.
//!
//! The notes are in a file in memory that the parent keeps ([`Lines`]). A process that
//! is started again within the detection time goes on with the same numbers, and the
//! neighbour notices no more than a pause. If nothing is heard for the detection time,
//! the session is down as ever: verdicts live no longer than that.
//!
//! [`Lines`]: crate::watchdog::launch::lines::Lines

use std::time::Duration;

use super::feed::NAME_MAX;
use super::peer::{Remote, Snapshot};
use crate::wire::bfd::{Diagnostic, State};
use crate::wire::reader::Reader;

/// Octets of a note.
pub const LEN: usize = 64;

/// A session as its successor finds it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Note {
    /// The session.
    pub name: String,
    /// Whether readers were told that it is up, or down; nothing if it never was.
    pub told: Option<bool>,
    /// What to go on with, if it is up.
    pub known: Option<Snapshot>,
}

impl Note {
    /// As octets.
    #[must_use]
    pub fn encode(&self) -> [u8; LEN] {
        let mut octets = Vec::with_capacity(LEN);
        let name = self.name.as_bytes();
        let name = name.get(..NAME_MAX).unwrap_or(name);
        octets.push(u8::try_from(name.len()).unwrap_or(0));
        octets.extend(name);
        octets.resize(1 + NAME_MAX, 0);
        octets.push(match self.told {
            None => 0,
            Some(false) => 1,
            Some(true) => 2,
        });
        octets.push(u8::from(self.known.is_some()));
        if let Some(known) = &self.known {
            let remote = &known.remote;
            octets.extend([
                remote.state.to_bits(),
                remote.diagnostic.number(),
                remote.multiplier,
                u8::from(remote.demand),
            ]);
            let times = [known.min_tx, known.min_rx, remote.min_tx, remote.min_rx];
            let times = times.map(|time| u32::try_from(time.as_micros()).unwrap_or(u32::MAX));
            let numbers = [known.discriminator, remote.discriminator];
            octets.extend(numbers.iter().chain(&times).flat_map(|n| n.to_be_bytes()));
        }
        let mut note = [0; LEN];
        for (to, from) in note.iter_mut().zip(octets) {
            *to = from;
        }
        note
    }

    /// From octets; nothing if they are no note.
    #[must_use]
    pub fn decode(octets: &[u8; LEN]) -> Option<Self> {
        let mut reader = Reader::new(octets);
        let length = usize::from(reader.u8()?);
        let name = reader.take(NAME_MAX)?.get(..length)?;
        let name = String::from_utf8(name.to_vec()).ok()?;
        let told = match reader.u8()? {
            0 => None,
            1 => Some(false),
            2 => Some(true),
            _ => return None,
        };
        let known = match reader.u8()? {
            0 => None,
            _ => Some(snapshot(&mut reader)?),
        };
        (!name.is_empty()).then_some(Self { name, told, known })
    }
}

fn snapshot(reader: &mut Reader<'_>) -> Option<Snapshot> {
    let state = State::from_bits(reader.u8()?);
    let diagnostic = Diagnostic::new(reader.u8()?)?;
    let multiplier = reader.u8()?;
    let demand = reader.u8()? != 0;
    let discriminator = reader.u32()?;
    let remote_discriminator = reader.u32()?;
    let mut time = || Some(Duration::from_micros(u64::from(reader.u32()?)));
    let [min_tx, min_rx, remote_min_tx, remote_min_rx] = [time()?, time()?, time()?, time()?];
    (discriminator != 0).then_some(Snapshot {
        discriminator,
        min_tx,
        min_rx,
        remote: Remote {
            state,
            diagnostic,
            discriminator: remote_discriminator,
            min_tx: remote_min_tx,
            min_rx: remote_min_rx,
            multiplier,
            demand,
        },
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn note(name: &str, told: Option<bool>, is_up: bool) -> Note {
        let known = Snapshot {
            discriminator: 0xced7_b182,
            min_tx: Duration::from_millis(10),
            min_rx: Duration::from_micros(50_125),
            remote: Remote {
                state: State::Up,
                diagnostic: Diagnostic::NEIGHBOUR_DOWN,
                discriminator: 9,
                min_tx: Duration::from_millis(20),
                min_rx: Duration::from_micros(u64::from(u32::MAX)),
                multiplier: 3,
                demand: true,
            },
        };
        Note {
            name: name.to_owned(),
            told,
            known: is_up.then_some(known),
        }
    }

    #[test]
    fn the_successor_reads_what_was_written() {
        let long = "n".repeat(NAME_MAX);
        for note in [
            note("a", None, false),
            note("b", Some(false), false),
            note(&long, Some(true), true),
        ] {
            assert_eq!(Note::decode(&note.encode()), Some(note));
        }
    }

    #[test]
    fn an_empty_file_has_no_notes() {
        assert_eq!(Note::decode(&[0; LEN]), None);
    }

    proptest! {
        #[test]
        fn foreign_octets_are_a_note_or_none(octets in proptest::collection::vec(any::<u8>(), LEN)) {
            let octets = octets.first_chunk().unwrap();
            if let Some(note) = Note::decode(octets) {
                prop_assert_eq!(Note::decode(&note.encode()), Some(note));
            }
        }
    }
}
