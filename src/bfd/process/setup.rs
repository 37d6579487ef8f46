//! The process built from its configuration.

use std::collections::BTreeSet;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io;
use std::os::fd::AsFd as _;
use std::rc::Rc;

use scheduler::{Alarm, Instant, Interest, IoId, Scheduler};

use super::BfdProcess;
use super::memory::Memory;
use super::readers::Readers;
use super::session::Session;
use super::traffic::Counters;
use crate::bfd::config::SessionConfig;
use crate::bfd::directory::Directory;
use crate::bfd::notes::Note;
use crate::bfd::timers::Random;
use crate::control_plane::Config;
use crate::net::bfd_socket::{BfdBatch, BfdReceiver};
use crate::watchdog::launch::Plumbing;
use crate::watchdog::launch::child::Child as _;
use crate::watchdog::survey::{Surveyed as _, Watched};

impl BfdProcess {
    /// Open what the process cannot be without.
    pub(super) fn opened(config: Rc<Config>, mut plumbing: Plumbing) -> Self {
        let (readers, sessions) = match plumbing.ends.bfd.take() {
            Some(ends) => (Readers::new(ends.vrrp, ends.check), Some(ends.sessions)),
            None => (Readers::default(), None),
        };
        Self {
            config,
            plumbing,
            sessions: Vec::new(),
            directory: Directory::default(),
            receivers: Vec::new(),
            batch: BfdBatch::new(),
            effects: Vec::new(),
            readers,
            memory: Memory::new(sessions),
            counters: Counters::default(),
            retry: Alarm::new("BFD sockets", 0, Self::on_retry),
            random: Random::new(RandomState::new().build_hasher().finish()),
            watched: Watched::default(),
        }
    }

    /// Begin with all sessions.
    pub(super) fn set_up(&mut self, s: &mut Scheduler<Self>) -> io::Result<()> {
        s.refresh();
        self.watch_readers(s)?;
        self.mind_lateness(s);
        let left = self.memory.read();
        let config = Rc::clone(&self.config);
        let sessions = config.bfd.iter();
        self.sessions = sessions
            .map(|session| {
                let left = left.iter().find(|note| note.name == session.name.value);
                self.new_session(s.now(), session, left)
            })
            .collect();
        self.settle_places(s);
        self.headline_may_change(s);
        Ok(())
    }

    /// A session that is not in the directory yet.
    pub(super) fn new_session(
        &mut self,
        now: Instant,
        config: &SessionConfig,
        left: Option<&Note>,
    ) -> Session {
        let number = self.new_discriminator();
        Session::new(now, config, left, number, self.random.next())
    }

    /// A number that no session has (RFC 5880 section 6.8.1).
    fn new_discriminator(&mut self) -> u32 {
        loop {
            let [a, b, c, d, ..] = self.random.next().to_le_bytes();
            let number = u32::from_le_bytes([a, b, c, d]);
            let is_taken = self.sessions.iter();
            let is_taken = is_taken.map(|session| session.peer.discriminator());
            if number != 0 && !is_taken.into_iter().any(|taken| taken == number) {
                return number;
            }
        }
    }

    /// All sessions have their places: the directory, sockets, alarms and notes.
    pub(super) fn settle_places(&mut self, s: &mut Scheduler<Self>) {
        self.directory = Directory::default();
        for (place, session) in self.sessions.iter_mut().enumerate() {
            session.settle(place);
            let discriminator = session.peer.discriminator();
            self.directory.add(place, discriminator, session.ends());
            session.noted = Some(session.note());
        }
        let notes = self.sessions.iter().filter_map(|s| s.noted.clone());
        self.memory.replace(notes);
        self.open_receivers(s);
        for place in 0..self.sessions.len() {
            self.open_sender(s, place);
            if let Some(session) = self.sessions.get_mut(place) {
                session.alarm.follow(s, session.peer.deadline());
            }
        }
        self.readers.tell_all(s.now(), &self.sessions);
    }

    /// A socket for each family and port that sessions need, and no other.
    fn open_receivers(&mut self, s: &mut Scheduler<Self>) {
        let wanted = self.sessions.iter();
        let wanted = wanted.map(|session| (session.config.family(), session.config.multihop));
        let wanted: BTreeSet<_> = wanted.collect();
        let is_wanted =
            |receiver: &BfdReceiver| wanted.contains(&(receiver.family(), receiver.is_multihop()));
        self.receivers.retain(|(id, receiver)| {
            let is_kept = is_wanted(receiver);
            if !is_kept {
                s.unwatch(*id);
            }
            is_kept
        });
        for (family, multihop) in wanted {
            let has = |(_, receiver): &(IoId<Self>, BfdReceiver)| {
                receiver.family() == family && receiver.is_multihop() == multihop
            };
            if self.receivers.iter().any(has) {
                continue;
            }
            let opened = BfdReceiver::open(family, multihop).and_then(|receiver| {
                let fd = receiver.as_fd();
                let id = s.watch("BFD packets", fd, Interest::Read, 0, Self::on_packets)?;
                Ok((id, receiver))
            });
            match opened {
                Ok(opened) => self.receivers.push(opened),
                Err(error) => log::error!("cannot receive BFD packets: {error}"),
            }
        }
    }
}
