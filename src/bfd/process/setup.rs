//! The process built from its configuration.

use std::collections::BTreeSet;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io;
use std::os::fd::AsFd as _;
use std::rc::Rc;
use std::time::Duration;

use scheduler::{Alarm, Drain, Instant, Interest, IoId, Ready, Scheduler, Signal};

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
use crate::sys::signals::SignalReader;
use crate::watchdog::launch::Plumbing;
use crate::watchdog::signals::{self, RealTime, real_time};
use crate::watchdog::survey::{Surveyed as _, Watched};

/// The signals this process acts on.
const SIGNALS: [Signal; 6] = [
    Signal::SIGTERM,
    Signal::SIGINT,
    Signal::SIGHUP,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGXCPU,
];

impl BfdProcess {
    /// Open everything, and begin with all sessions.
    pub(super) fn open(
        config: Rc<Config>,
        mut plumbing: Plumbing,
        s: &mut Scheduler<Self>,
    ) -> io::Result<Self> {
        let (readers, sessions) = match plumbing.ends.bfd.take() {
            Some(ends) => (Readers::new(ends.vrrp, ends.check), Some(ends.sessions)),
            None => (Readers::default(), None),
        };
        let mut process = Self {
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
            real_time: SignalReader::open(&real_time())?,
            random: Random::new(RandomState::new().build_hasher().finish()),
            watched: Watched::default(),
        };
        s.refresh();
        process.watch(s)?;
        process.mind_lateness(s);
        crate::log::keep_flushing(&mut process, s, 0);
        let left = process.memory.read();
        let config = Rc::clone(&process.config);
        let sessions = config.bfd.iter();
        process.sessions = sessions
            .map(|session| {
                let left = left.iter().find(|note| note.name == session.name.value);
                process.begin(s.now(), session, left)
            })
            .collect();
        process.start(s);
        Ok(process)
    }

    fn watch(&mut self, s: &mut Scheduler<Self>) -> io::Result<()> {
        let real_time = self.real_time.as_fd();
        let call = Self::on_real_time;
        s.watch("real-time signals", real_time, Interest::Read, 0, call)?;
        if let Some(channel) = self.plumbing.channel() {
            let call = Self::on_channel;
            s.watch("parent", channel, Interest::Read, 0, call)?;
        }
        self.watch_readers(s)?;
        s.signals(&SIGNALS, Self::on_signal)
    }

    /// `max_auto_priority`
    pub(super) fn mind_lateness(&self, s: &mut Scheduler<Self>) {
        let auto = &self.config.global.auto_priority;
        if auto.most > 0 {
            let limit = Duration::from_micros(auto.delay.into());
            s.on_late(limit, |process, _, late| {
                process.plumbing.raise_priority(&process.config, late);
            });
        }
    }

    /// A session that is not in the directory yet.
    pub(super) fn begin(
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

    fn start(&mut self, s: &mut Scheduler<Self>) {
        self.settle_places(s);
        if self.plumbing.settings.dump_config {
            self.log_configuration();
        }
        crate::sys::memory::give_back_free();
        self.plumbing.ready();
        self.headline_may_change(s);
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

    fn on_real_time(&mut self, s: &mut Scheduler<Self>, _: IoId<Self>, _: Ready) -> Drain {
        while let Some(number) = self.real_time.next() {
            match signals::meaning(number) {
                Some(RealTime::Threads) => log::info!("{}", s.thread_dump()),
                Some(RealTime::Json | RealTime::ClearStats) | None => {}
            }
        }
        Drain::Drained
    }
}
