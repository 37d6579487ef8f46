//! A session with a neighbour (RFC 5880 section 6): a machine without I/O.
//!
//! ```text
//!        ┌───────── Down ─────────┐        received: its state is ...
//!        │ Down          Init     │
//!        ▼                        ▼
//!      Init ──── Init, Up ─────► Up        silence for the detection time, or
//!                                          Down, AdminDown: back to Down
//! ```
//!
//! Packets go in as [`Input::Heard`] once it is known that they are for this session
//! ([`super::directory`]); what is to be sent and what has changed comes out. It has
//! two deadlines, those of its next packet and of the neighbour's silence, and is to be
//! given [`Input::Tick`] at the earlier one.
//!
//! **Poll sequences** (6.5): a changed interval is told with the poll bit until the
//! neighbour answers with the final bit. Until then the neighbour may go by the former
//! value, so we send at the shorter and wait for the longer of both (6.8.3).
//!
//! **Late loops.** A process that is not run for a while finds the packets of that time
//! in its socket: they are read before the tick, and count from when they came. A tick
//! that is late gives the kernel a moment to hand over what it has. If it is so late
//! that the pause alone could be taken for a silence (a virtual machine that stood
//! still, whose packets are lost), the neighbour has one of its intervals from then on
//! to be heard, once.
//!
//! `terms` are what a session is told and what it answers; what a packet of the
//! neighbour changes is in `reception`, when one of ours leaves and what it says in
//! `transmission`.

mod reception;
mod terms;
#[cfg(test)]
mod tests;
mod transmission;

pub use terms::{Effect, Input, Policy, Remote, Snapshot};

use std::time::Duration;

use scheduler::Instant;

use super::timers::{Random, SLOW, detection_time};
use crate::wire::bfd::{Diagnostic, State};

/// The first packets of sessions that begin together are spread over this.
const SPREAD: Duration = Duration::from_millis(100);

/// A tick within this of its deadline is in time.
const PUNCTUAL: Duration = Duration::from_millis(2);

/// A session.
#[derive(Clone, Debug)]
pub struct Peer {
    policy: Policy,
    random: Random,
    discriminator: u32,
    state: State,
    diagnostic: Diagnostic,
    remote: Remote,
    is_polling: bool,
    /// What we send by: what the neighbour knows, or less.
    used_min_tx: Duration,
    /// What we wait by: what the neighbour knows, or more.
    used_min_rx: Duration,
    /// When the last packet left, and the interval the next one was planned by.
    sent: Instant,
    interval: Option<Duration>,
    next_packet: Option<Instant>,
    heard: Option<Instant>,
    expiry: Option<Instant>,
    /// It has had its further interval since it was heard last.
    is_forgiven: bool,
}

impl Peer {
    /// A session that begins. `discriminator` is our number of it, not 0, and that of
    /// no other session; `seed` is for the jitter.
    #[must_use]
    pub fn new(now: Instant, policy: Policy, discriminator: u32, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let spread = u64::try_from(SPREAD.as_nanos()).unwrap_or(u64::MAX);
        let first = now + Duration::from_nanos(random.below(spread));
        let mut peer = Self {
            policy,
            random,
            discriminator,
            state: State::Down,
            diagnostic: Diagnostic::NONE,
            remote: Remote::default(),
            is_polling: false,
            used_min_tx: policy.idle_tx.max(SLOW),
            used_min_rx: policy.min_rx,
            sent: now,
            interval: None,
            next_packet: None,
            heard: None,
            expiry: None,
            is_forgiven: false,
        };
        peer.interval = peer.wanted_interval();
        peer.next_packet = peer.interval.map(|_| first);
        peer
    }

    /// A session that a former process had up. It goes on at once, and is down if
    /// nothing is heard for the detection time.
    #[must_use]
    pub fn resume(now: Instant, policy: Policy, known: Snapshot, seed: u64) -> Self {
        let mut peer = Self::new(now, policy, known.discriminator, seed);
        peer.state = State::Up;
        peer.remote = known.remote;
        peer.used_min_tx = known.min_tx.min(policy.min_tx);
        peer.used_min_rx = known.min_rx.max(policy.min_rx);
        peer.is_polling = (known.min_tx, known.min_rx) != (policy.min_tx, policy.min_rx);
        peer.heard = Some(now);
        peer.expiry = Some(now + peer.detection_time());
        peer.interval = peer.wanted_interval();
        peer.next_packet = peer.interval.map(|_| now);
        peer
    }

    /// Something has happened; what is to be done is appended to `out`.
    pub fn on(&mut self, now: Instant, input: Input, out: &mut Vec<Effect>) {
        match input {
            Input::Heard(packet, age) => self.hear(now, age, &packet, out),
            Input::Tick => self.tick(now, out),
            Input::Reconfigure(policy) => self.reconfigure(now, policy, out),
            Input::Hold(is_held) => self.hold(now, is_held, out),
        }
    }

    /// When [`Input::Tick`] is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        match (self.next_packet, self.expiry) {
            (Some(packet), Some(expiry)) => Some(packet.min(expiry)),
            (one, other) => one.or(other),
        }
    }

    /// Whether the neighbour's silence has lasted too long, if nothing more is found.
    #[must_use]
    pub fn is_expiring(&self, now: Instant) -> bool {
        self.expiry.is_some_and(|expiry| expiry <= now)
    }

    /// Its state.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Why it changed last.
    #[must_use]
    pub const fn diagnostic(&self) -> Diagnostic {
        self.diagnostic
    }

    /// Our number of it.
    #[must_use]
    pub const fn discriminator(&self) -> u32 {
        self.discriminator
    }

    /// What the neighbour says.
    #[must_use]
    pub const fn remote(&self) -> &Remote {
        &self.remote
    }

    /// When it was heard last.
    #[must_use]
    pub const fn heard(&self) -> Option<Instant> {
        self.heard
    }

    /// Whether the neighbour is being told of a changed interval.
    #[must_use]
    pub const fn is_polling(&self) -> bool {
        self.is_polling
    }

    /// The interval of our packets, before jitter.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.used_min_tx.max(self.remote.min_rx)
    }

    /// The interval of the neighbour's packets.
    #[must_use]
    pub fn remote_interval(&self) -> Duration {
        self.used_min_rx.max(self.remote.min_tx)
    }

    /// How long the neighbour may be silent.
    #[must_use]
    pub fn detection_time(&self) -> Duration {
        detection_time(self.remote.multiplier, self.used_min_rx, self.remote.min_tx)
    }

    /// How long we may be silent.
    #[must_use]
    pub fn remote_detection_time(&self) -> Duration {
        self.interval() * u32::from(self.policy.multiplier)
    }

    /// What a process needs that goes on with it; nothing unless it is up.
    #[must_use]
    pub fn snapshot(&self) -> Option<Snapshot> {
        (self.state == State::Up).then_some(Snapshot {
            discriminator: self.discriminator,
            min_tx: self.policy.min_tx,
            min_rx: self.policy.min_rx,
            remote: self.remote,
        })
    }

    fn tick(&mut self, now: Instant, out: &mut Vec<Effect>) {
        let late = self.deadline().map_or(Duration::ZERO, |at| now.since(at));
        if late > PUNCTUAL {
            self.forgive(now, late);
        }
        if self.is_expiring(now) {
            self.expire(now, out);
        }
        if self.next_packet.is_some_and(|at| at <= now) {
            self.send(now, false, out);
        }
    }

    /// The loop was late: see the top.
    fn forgive(&mut self, now: Instant, late: Duration) {
        let interval = self.remote_interval();
        let is_pause = late > self.detection_time().saturating_sub(interval);
        let further = if is_pause { interval } else { Duration::ZERO };
        let least = now + further + PUNCTUAL;
        if !self.is_forgiven && self.expiry.is_some_and(|expiry| expiry < least) {
            self.is_forgiven = true;
            self.expiry = Some(least);
        }
    }

    /// Nothing was heard for the detection time. After another one without a packet
    /// nothing is left of the neighbour (6.8.1: its discriminator is forgotten at once).
    fn expire(&mut self, now: Instant, out: &mut Vec<Effect>) {
        let detection = self.detection_time();
        self.remote.discriminator = 0;
        if matches!(self.state, State::Init | State::Up) {
            let silence = self.heard.map_or(Duration::ZERO, |heard| now.since(heard));
            out.push(Effect::Expired {
                silence,
                overdue: silence.saturating_sub(detection),
            });
            self.remote.state = State::Down;
            self.expiry = Some(now + detection);
            self.go(State::Down, Diagnostic::EXPIRED, out);
            self.send_if_allowed(now, out);
        } else {
            self.remote = Remote::default();
            self.expiry = None;
            self.plan(now);
        }
    }

    fn reconfigure(&mut self, now: Instant, policy: Policy, out: &mut Vec<Effect>) {
        let old = std::mem::replace(&mut self.policy, policy);
        if self.state != State::Up {
            self.used_min_tx = policy.idle_tx.max(SLOW);
            self.used_min_rx = policy.min_rx;
            return self.plan(now);
        }
        if (old.min_tx, old.min_rx) != (policy.min_tx, policy.min_rx) {
            self.used_min_tx = self.used_min_tx.min(policy.min_tx);
            self.used_min_rx = self.used_min_rx.max(policy.min_rx);
            self.start_poll(out);
        }
        if old != policy {
            self.send_if_allowed(now, out);
        }
    }

    fn hold(&mut self, now: Instant, is_held: bool, out: &mut Vec<Effect>) {
        if is_held {
            self.expiry = None;
            self.remote = Remote::default();
            self.go(State::AdminDown, Diagnostic::ADMINISTRATIVELY_DOWN, out);
            self.plan(now);
        } else if self.state == State::AdminDown {
            self.go(State::Down, Diagnostic::NONE, out);
            self.send_if_allowed(now, out);
        }
    }

    /// Another state, and the intervals that go with it.
    fn go(&mut self, to: State, diagnostic: Diagnostic, out: &mut Vec<Effect>) {
        let from = std::mem::replace(&mut self.state, to);
        if from == to {
            return;
        }
        self.diagnostic = diagnostic;
        if to == State::Up {
            self.used_min_tx = self.used_min_tx.min(self.policy.min_tx);
            out.push(Effect::Went { from, to });
            if self.policy.idle_tx.max(SLOW) != self.policy.min_tx {
                self.start_poll(out);
            }
            return;
        }
        self.used_min_tx = self.policy.idle_tx.max(SLOW);
        self.used_min_rx = self.policy.min_rx;
        self.is_polling = false;
        out.push(Effect::Went { from, to });
    }

    fn start_poll(&mut self, out: &mut Vec<Effect>) {
        if !self.is_polling {
            self.is_polling = true;
            out.push(Effect::PollStarted);
        }
    }
}
