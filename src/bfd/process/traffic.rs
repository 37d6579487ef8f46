//! Packets in and out, deadlines, and what comes of them.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use scheduler::{BUDGET, Drain, IoId, Key, Ready, Scheduler};

use super::BfdProcess;
use super::session::{Session, place};
use crate::bfd::directory::Arrival;
use crate::bfd::peer::{Effect, Input, Peer};
use crate::model::UnixTime;
use crate::net::bfd_socket::{BfdBatch, BfdDatagram, BfdReceiver, BfdSender};
use crate::watchdog::survey::Surveyed as _;
use crate::wire::bfd::{Control, State};

/// A socket that cannot be opened is tried again so often.
const RETRY: Duration = Duration::from_secs(1);

/// More packets than the receive buffer holds.
const BACKLOG: usize = 1 << 14;

/// Packets that were for no session, by reason.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) received: u64,
    pub(super) sent: u64,
    pub(super) dropped: BTreeMap<String, u64>,
}

impl Counters {
    /// True for the first one of its kind, which is worth a message.
    fn drop(&mut self, reason: &impl Display) -> bool {
        let count = self.dropped.entry(reason.to_string()).or_default();
        *count += 1;
        *count == 1
    }
}

impl BfdProcess {
    /// Packets have come.
    pub(super) fn on_packets(
        &mut self,
        s: &mut Scheduler<Self>,
        id: IoId<Self>,
        _: Ready,
    ) -> Drain {
        if self.read(s, id, BUDGET) {
            Drain::Drained
        } else {
            Drain::More
        }
    }

    /// Take in what waits in a socket, at most about `most` packets. True if no more do.
    fn read(&mut self, s: &mut Scheduler<Self>, id: IoId<Self>, most: usize) -> bool {
        let mut batch = std::mem::take(&mut self.batch);
        let mut is_empty = false;
        let mut handled = 0;
        while handled < most && !is_empty {
            let count = self.receive(id, &mut batch);
            handled += count;
            // Ages are of now, not of the beginning of the round.
            s.refresh();
            let wall = wall();
            let multihop = self.receiver(id).is_some_and(BfdReceiver::is_multihop);
            for datagram in batch.packets() {
                self.take_in(s, &datagram, multihop, wall);
            }
            is_empty = count == 0 || !batch.is_full();
        }
        self.batch = batch;
        is_empty
    }

    /// Take in all that has come, whether readiness has been told or not.
    fn read_all(&mut self, s: &mut Scheduler<Self>) {
        for place in 0..self.receivers.len() {
            if let Some(&(id, _)) = self.receivers.get(place) {
                self.read(s, id, BACKLOG);
            }
        }
    }

    fn receiver(&self, id: IoId<Self>) -> Option<&BfdReceiver> {
        let found = self.receivers.iter().find(|(other, _)| *other == id);
        found.map(|(_, receiver)| receiver)
    }

    fn receive(&self, id: IoId<Self>, batch: &mut BfdBatch) -> usize {
        match self
            .receiver(id)
            .map(|receiver| receiver.receive_many(batch))
        {
            Some(Ok(count)) => count,
            Some(Err(error)) => {
                log::warn!("cannot receive BFD packets: {error}");
                0
            }
            None => 0,
        }
    }

    fn take_in(
        &mut self,
        s: &mut Scheduler<Self>,
        datagram: &BfdDatagram<'_>,
        multihop: bool,
        wall: UnixTime,
    ) {
        self.counters.received += 1;
        let packet = match Control::parse(datagram.bytes) {
            Ok(packet) => packet,
            Err(reason) => return self.refuse(datagram, &reason),
        };
        let arrival = Arrival {
            source: datagram.source,
            destination: datagram.destination,
            multihop,
            ttl: datagram.ttl,
            interface: datagram.interface,
        };
        match self.directory.find(&packet, &arrival) {
            Ok(place) => {
                let UnixTime(came) = datagram.came.unwrap_or(wall);
                let age = wall.0.saturating_sub(came);
                self.feed(s, place, Input::Heard(packet, age));
            }
            Err(reason) => self.refuse(datagram, &reason),
        }
    }

    fn refuse(&mut self, datagram: &BfdDatagram<'_>, reason: &impl Display) {
        if self.counters.drop(reason) {
            log::info!(
                "BFD packet from {} dropped: {reason}; others like it are counted only",
                datagram.source
            );
        }
    }

    /// The deadline of a session has come. Before the neighbour counts as silent, what
    /// has come since the sockets were asked for readiness is heard: this process may
    /// have been held up in between.
    pub(super) fn on_deadline(&mut self, s: &mut Scheduler<Self>, key: Key) {
        let session = self.sessions.get(place(key));
        if session.is_some_and(|session| session.peer.is_expiring(s.now())) {
            self.read_all(s);
        }
        self.feed(s, place(key), Input::Tick);
    }

    /// Tell a session of something, and do what it says.
    pub(super) fn feed(&mut self, s: &mut Scheduler<Self>, place: usize, input: Input) {
        let Some(session) = self.sessions.get_mut(place) else {
            return;
        };
        let mut effects = std::mem::take(&mut self.effects);
        let detection = session.peer.detection_time();
        session.peer.on(s.now(), input, &mut effects);
        for effect in effects.drain(..) {
            self.perform(s, place, effect);
        }
        self.effects = effects;
        self.settle(s, place, detection);
    }

    fn perform(&mut self, s: &mut Scheduler<Self>, place: usize, effect: Effect) {
        let Some(session) = self.sessions.get_mut(place) else {
            return;
        };
        match effect {
            Effect::Send(packet) => {
                self.counters.sent += 1;
                if session.send(&packet) {
                    self.retry.follow(s, Some(s.now() + RETRY));
                }
            }
            Effect::Went { from, to } => {
                session.log_state(to);
                if let Some(verdict) = verdict(from, to, &session.peer) {
                    session.told = Some(verdict);
                    self.readers.tell(s.now(), session);
                }
                self.headline_may_change(s);
            }
            Effect::Expired { silence, overdue } => log::info!(
                "({}) Expired after {} ms ({} usec overdue)",
                session.name(),
                silence.as_millis(),
                overdue.as_micros()
            ),
            Effect::PollStarted => log::debug!("({}) Starting poll sequence", session.name()),
            Effect::PollEnded => log::debug!("({}) Poll sequence completed", session.name()),
        }
    }

    /// The deadline, and the note for a successor, of a session that something has
    /// happened to.
    fn settle(&mut self, s: &mut Scheduler<Self>, place: usize, detection: Duration) {
        let Some(session) = self.sessions.get_mut(place) else {
            return;
        };
        session.alarm.follow(s, session.peer.deadline());
        let now = session.peer.detection_time();
        if now != detection && !now.is_zero() {
            log::debug!(
                "({}) Detection time is {} us (was {} us)",
                session.name(),
                now.as_micros(),
                detection.as_micros()
            );
        }
        if session.is_noted_wrongly() {
            let note = session.note();
            self.memory.write(place, &note);
            session.noted = Some(note);
        }
    }

    /// Open the sockets that are missing.
    pub(super) fn on_retry(&mut self, s: &mut Scheduler<Self>, _: Key) {
        for place in 0..self.sessions.len() {
            self.open_sender(s, place);
        }
    }

    /// Open the socket of a session, unless it has a good one. Without one the session
    /// is held down, and tried again.
    pub(super) fn open_sender(&mut self, s: &mut Scheduler<Self>, place: usize) {
        let random = self.random.next();
        let Some(session) = self.sessions.get_mut(place) else {
            return;
        };
        if session.sender.is_some() && !session.has_send_error {
            return;
        }
        let found = session.find_interface();
        let opened = found.and_then(|()| BfdSender::open(&session.sender_spec(), random));
        let is_held = match opened {
            Ok(sender) => {
                if let Some(interface) = session.interface {
                    self.directory.set_interface(place, interface);
                }
                session.sender = Some(sender);
                session.has_send_error = false;
                false
            }
            Err(error) => {
                if session.peer.state() != State::AdminDown {
                    log::warn!("({}) cannot open a socket: {error}", session.name());
                }
                session.sender = None;
                self.retry.follow(s, Some(s.now() + RETRY));
                true
            }
        };
        if is_held != (session.peer.state() == State::AdminDown) {
            self.feed(s, place, Input::Hold(is_held));
        }
    }
}

fn wall() -> UnixTime {
    UnixTime(clock_gettime(ClockId::CLOCK_REALTIME).map_or(Duration::ZERO, Duration::from))
}

/// What the readers are told of a change, if anything. That the neighbour's operator
/// holds the session down says nothing about the way to it (RFC 5882 section 4.2).
fn verdict(from: State, to: State, peer: &Peer) -> Option<bool> {
    match (from, to) {
        (_, State::Up) => Some(true),
        (State::Up, _) if peer.remote().state != State::AdminDown => Some(false),
        _ => None,
    }
}

impl Session {
    /// True if it failed, for the first time.
    fn send(&mut self, packet: &Control) -> bool {
        let Some(sender) = &self.sender else {
            return false;
        };
        match sender.send(&packet.emit()) {
            Ok(()) => false,
            Err(error) if self.has_send_error => {
                log::debug!("({}) cannot send: {error}", self.name());
                false
            }
            Err(error) => {
                log::warn!("({}) cannot send: {error}", self.name());
                self.has_send_error = true;
                true
            }
        }
    }

    fn log_state(&self, to: State) {
        let name = self.name();
        match to {
            State::Up => log::info!("({name}) Entering Up state"),
            State::Init => log::debug!("({name}) Entering Init state"),
            State::Down | State::AdminDown => log::info!(
                "({name}) Entering {} state (Local diagnostic - {}, Remote diagnostic - {})",
                to.as_str(),
                self.peer.diagnostic(),
                self.peer.remote().diagnostic
            ),
        }
    }

    /// Whether a successor would find something else than what is true.
    fn is_noted_wrongly(&self) -> bool {
        self.noted
            .as_ref()
            .is_none_or(|note| note.told != self.told || note.known != self.peer.snapshot())
    }
}
