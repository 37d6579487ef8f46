//! Where those who watch are answered: the status socket, and that of metrics.
//!
//! ```text
//! connection ──► client ──► is there a snapshot of the last half second? ── yes ─► answer
//!                                    │ no
//!                                    ▼
//!                 each child is asked once, however many wait ──► snapshot ──► all of them
//! ```
//!
//! * `door`: the sockets that are listened on.
//! * `client`: one who has connected, from the question to the last octet of the answer.
//! * `http`: the little of HTTP that collectors need.
//! * `gather`: the children asked, and a snapshot made of what they tell; `usage`: what
//!   a process takes.
//!
//! All of it is the parent's work: the VRRP process does no more than to write down its
//! state, in small pieces, at most twice a second. Nobody is waited for: one who does not
//! read, or does not ask, is dropped after [`PATIENCE`], those beyond [`CLIENTS_MAX`] at
//! once, and of more than [`ARRIVALS`] or [`OCTETS`] a second the rest waits in the kernel.

mod client;
mod door;
mod gather;
pub mod http;
mod usage;

use std::collections::BTreeMap;
use std::io;
use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::time::Duration;

use scheduler::{BUDGET, Drain, Id, Instant, Interest, IoId, Key, Ready, Scheduler, Slab};

use super::launch::role::Role;
use super::parent::WatchDog;
use crate::global::watch::{LocalSocket, MetricsListen, StatusSocket};
use client::{Client, Next, Purpose};
use door::{Door, Place};
use gather::{Gathering, Kept};

/// How long a client has, from its connection to the end of the answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Clients of a door that are served at the same time.
const CLIENTS_MAX: usize = 64;
/// Connections of a door that are taken in a second.
const ARRIVALS: u32 = 256;
/// Octets that are answered in a second, before the rest waits: forty snapshots of a
/// thousand instances. More would take a processor from those who have to be on time.
const OCTETS: usize = 32 << 20;
/// After this, others are taken, and again when a descriptor was missing.
const PAUSE: Duration = Duration::from_secs(1);

/// What is open to those who watch, and who is there.
#[derive(Debug)]
pub(super) struct Desk {
    doors: [Option<Door>; 2],
    clients: Slab<Client>,
    gathering: Gathering,
    /// The last snapshot.
    kept: Option<Kept>,
    /// How often a child was started again.
    restarts: BTreeMap<Role, u64>,
    started: Duration,
    /// The second that is counted, and the octets of its answers.
    since: Instant,
    octets: usize,
}

impl Desk {
    pub(super) fn new() -> Self {
        Self {
            doors: [None, None],
            clients: Slab::new(),
            gathering: Gathering::default(),
            kept: None,
            restarts: BTreeMap::new(),
            started: crate::sys::calendar::wall_time(),
            since: Instant::ZERO,
            octets: 0,
        }
    }

    /// Whether another one may be answered during this second.
    fn may_answer(&mut self, now: Instant) -> bool {
        if now.since(self.since) >= Duration::from_secs(1) {
            self.since = now;
            self.octets = 0;
        }
        self.octets < OCTETS
    }

    /// A child is started again.
    pub(super) fn restarted(&mut self, role: Role) {
        *self.restarts.entry(role).or_default() += 1;
    }
}

impl WatchDog {
    /// Open what the configuration wants open, and close what it does not.
    pub(super) fn open_desk(&mut self, s: &mut Scheduler<Self>) {
        for purpose in Purpose::ALL {
            let place = self.place_of(purpose);
            let Some(door) = self.desk.doors.get_mut(purpose.index()) else {
                continue;
            };
            if door.as_ref().map(Door::place) == place.as_ref() {
                continue;
            }
            if let Some(old) = door.take() {
                s.unwatch(old.io);
                old.close();
            }
            let Some(place) = place else { continue };
            let name = place.to_string();
            match Door::open(place, |fd| {
                let key = purpose.key();
                s.watch("status", fd, Interest::Read, key, Self::on_door)
            }) {
                Ok(open) => *door = Some(open),
                Err(error) => log::error!("Cannot listen on {name}: {error}"),
            }
        }
    }

    /// Nobody is answered any more.
    pub(super) fn close_desk(&mut self, s: &mut Scheduler<Self>) {
        for door in &mut self.desk.doors {
            if let Some(door) = door.take() {
                s.unwatch(door.io);
                door.close();
            }
        }
    }

    /// Where the configuration wants it.
    fn place_of(&self, purpose: Purpose) -> Option<Place> {
        let ground = self.ground();
        let usual = ground.paths.status_socket();
        let local = |socket: &LocalSocket| Place::Local {
            path: socket
                .path
                .as_ref()
                .map_or_else(|| usual.clone(), PathBuf::from),
            mode: socket.mode,
            group: socket.group.clone(),
        };
        let watch = &ground.config.global.watch;
        match purpose {
            Purpose::Status => match &watch.status {
                StatusSocket::Off => None,
                StatusSocket::Usual => Some(local(&LocalSocket::default())),
                StatusSocket::At(socket) => Some(local(socket)),
            },
            Purpose::Metrics => match &watch.metrics {
                MetricsListen::Off => None,
                MetricsListen::Local(socket) => Some(local(socket)),
                MetricsListen::Port(at) => Some(Place::Port(*at)),
            },
        }
    }

    /// Somebody knocks.
    fn on_door(&mut self, s: &mut Scheduler<Self>, _: IoId<Self>, ready: Ready) -> Drain {
        let Some(purpose) = Purpose::of_key(ready.key()) else {
            return Drain::Close;
        };
        for _ in 0..BUDGET {
            let may_answer = self.desk.may_answer(s.now());
            let door = self.desk.doors.get_mut(purpose.index());
            let Some(door) = door.and_then(Option::as_mut) else {
                return Drain::Close;
            };
            if !may_answer || !door.may_enter(s.now()) {
                self.pause(s, purpose);
                return Drain::Drained;
            }
            match door.accept() {
                Ok(stream) => self.admit(s, purpose, stream),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Drain::Drained,
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    log::debug!("{}: {error}", purpose.name());
                    self.pause(s, purpose);
                    return Drain::Drained;
                }
            }
        }
        Drain::More
    }

    /// Let those who come wait before a door for a while.
    fn pause(&mut self, s: &mut Scheduler<Self>, purpose: Purpose) {
        let door = self.desk.doors.get_mut(purpose.index());
        let Some(door) = door.and_then(Option::as_mut) else {
            return;
        };
        if !std::mem::replace(&mut door.is_pausing, true) {
            let end = s.now() + PAUSE;
            s.at("status pause", end, purpose.key(), Self::on_pause_over);
        }
    }

    fn on_pause_over(&mut self, s: &mut Scheduler<Self>, key: Key) {
        let place = Purpose::of_key(key).map_or(usize::MAX, Purpose::index);
        let door = self.desk.doors.get_mut(place);
        if let Some(door) = door.and_then(Option::as_mut) {
            door.is_pausing = false;
            s.requeue(door.io);
        }
    }

    fn admit(&mut self, s: &mut Scheduler<Self>, purpose: Purpose, stream: client::Stream) {
        let others = self.desk.clients.iter();
        let others = others.filter(|(_, client)| client.purpose == purpose);
        if others.count() >= CLIENTS_MAX {
            // Dropped, so that it does not wait for nothing.
            return;
        }
        let id = self.desk.clients.insert(Client::new(purpose, stream));
        let Some(client) = self.desk.clients.get_mut(id) else {
            return;
        };
        let (key, fd) = (id.to_bits(), client.stream.as_fd());
        match s.watch("status client", fd, Interest::Both, key, Self::on_client) {
            Ok(io) => client.io = Some(io),
            Err(error) => {
                log::debug!("{}: {error}", purpose.name());
                self.desk.clients.remove(id);
                return;
            }
        }
        let end = s.now() + PATIENCE;
        client.limit = Some(s.at("status client", end, key, Self::on_client_limit));
        if purpose == Purpose::Status {
            self.want_snapshot(s, id);
        }
    }

    /// A client can go on.
    fn on_client(&mut self, s: &mut Scheduler<Self>, _: IoId<Self>, ready: Ready) -> Drain {
        let id = Id::from_bits(ready.key());
        let next = self.desk.clients.get_mut(id).map(Client::go_on);
        match next {
            Some(Next::Wait) => Drain::Drained,
            Some(Next::Snapshot) => {
                self.want_snapshot(s, id);
                Drain::Drained
            }
            Some(Next::Over) | None => {
                self.dismiss(s, id);
                Drain::Close
            }
        }
    }

    /// Its time is over.
    fn on_client_limit(&mut self, s: &mut Scheduler<Self>, key: Key) {
        self.dismiss(s, Id::from_bits(key));
    }

    fn dismiss(&mut self, s: &mut Scheduler<Self>, id: Id<Client>) {
        if let Some(client) = self.desk.clients.remove(id) {
            if let Some(io) = client.io {
                s.unwatch(io);
            }
            if let Some(limit) = client.limit {
                s.cancel(limit);
            }
        }
    }
}
