//! What the process keeps of a session.

use std::io;

use nix::net::if_::if_nametoindex;
use scheduler::{Alarm, Instant, Key};

use super::BfdProcess;
use crate::bfd::config::SessionConfig;
use crate::bfd::directory::Ends;
use crate::bfd::notes::Note;
use crate::bfd::peer::{Peer, Policy};
use crate::model::IfIndex;
use crate::net::bfd_socket::{BfdSender, SenderSpec};

/// A session.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) config: SessionConfig,
    pub(super) peer: Peer,
    /// Nothing while it cannot be opened: the machine is held down then.
    pub(super) sender: Option<BfdSender>,
    /// Follows the machine.
    pub(super) alarm: Alarm<BfdProcess>,
    /// What the readers were told last.
    pub(super) told: Option<bool>,
    /// Sending fails, which has been said.
    pub(super) has_send_error: bool,
    /// The interface of a link-local neighbour, when its socket was opened last.
    pub(super) interface: Option<IfIndex>,
    /// As the memory has it.
    pub(super) noted: Option<Note>,
}

/// The key of the session at a place.
pub(super) fn key(place: usize) -> Key {
    Key::try_from(place).unwrap_or(Key::MAX)
}

/// The place of a session.
pub(super) fn place(key: Key) -> usize {
    usize::try_from(key).unwrap_or(usize::MAX)
}

/// What the machine goes by.
pub(super) const fn policy(config: &SessionConfig) -> Policy {
    Policy {
        min_rx: config.min_rx,
        min_tx: config.min_tx,
        idle_tx: config.idle_tx,
        multiplier: config.multiplier,
        is_passive: config.passive,
    }
}

impl Session {
    /// One that begins, or goes on as a former process has left it.
    pub(super) fn new(
        now: Instant,
        config: &SessionConfig,
        left: Option<&Note>,
        discriminator: u32,
        seed: u64,
    ) -> Self {
        let policy = policy(config);
        let known = left.and_then(|note| note.known);
        Self {
            peer: match known {
                Some(known) => Peer::resume(now, policy, known, seed),
                None => Peer::new(now, policy, discriminator, seed),
            },
            config: config.clone(),
            sender: None,
            alarm: Alarm::new("BFD session", 0, BfdProcess::on_deadline),
            told: left.and_then(|note| note.told),
            has_send_error: false,
            interface: None,
            noted: None,
        }
    }

    /// The alarm of a session that has another place now; the former one is not armed
    /// any more.
    pub(super) fn settle(&mut self, place: usize) {
        self.alarm = Alarm::new("BFD session", key(place), BfdProcess::on_deadline);
    }

    pub(super) fn name(&self) -> &str {
        &self.config.name
    }

    pub(super) fn ends(&self) -> Ends {
        Ends {
            neighbour: self.config.neighbour.value,
            interface: self.interface,
            source: self.config.source.as_ref().map(|source| source.value),
            multihop: self.config.multihop,
            least_ttl: self.config.least_ttl(),
        }
    }

    /// Find the interface of a link-local neighbour: it may be another one of the same
    /// name by now.
    pub(super) fn find_interface(&mut self) -> io::Result<()> {
        if let Some(name) = &self.config.interface {
            self.interface = Some(IfIndex(if_nametoindex(name.as_str())?));
        }
        Ok(())
    }

    /// Where it sends to, and how.
    pub(super) fn sender_spec(&self) -> SenderSpec {
        let ends = self.ends();
        SenderSpec {
            neighbour: ends.neighbour,
            interface: ends.interface,
            source: ends.source,
            multihop: ends.multihop,
            ttl: self.config.ttl(),
        }
    }

    /// For a successor.
    pub(super) fn note(&self) -> Note {
        Note {
            name: self.config.name.value.clone(),
            told: self.told,
            known: self.peer.snapshot(),
        }
    }
}
