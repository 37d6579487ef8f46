//! Reception of a packet (RFC 5880 section 6.8.6, from the update of the variables on).

use std::time::Duration;

use scheduler::Instant;

use super::{Effect, Peer, Remote};
use crate::wire::bfd::{Control, Diagnostic, State};

impl Peer {
    pub(super) fn hear(
        &mut self,
        now: Instant,
        age: Duration,
        packet: &Control,
        out: &mut Vec<Effect>,
    ) {
        if self.state == State::AdminDown {
            return;
        }
        self.remote = Remote::of(packet);
        // Whatever the clock of the age says, it came after the one before.
        let came = (now - age).max(self.heard.unwrap_or(Instant::ZERO));
        self.heard = Some(came);
        self.is_forgiven = false;
        if packet.is_final && self.is_polling {
            self.end_poll(out);
        }
        let before = self.state;
        self.follow(packet.state, out);
        self.expiry = Some(came + self.detection_time());
        if packet.is_poll {
            self.send(now, true, out);
        } else if self.state != before {
            self.send_if_allowed(now, out);
        } else {
            self.plan(now);
        }
    }

    /// The state machine of section 6.2.
    fn follow(&mut self, remote: State, out: &mut Vec<Effect>) {
        match (self.state, remote) {
            (State::Init | State::Up, State::AdminDown) | (State::Up, State::Down) => {
                self.go(State::Down, Diagnostic::NEIGHBOUR_DOWN, out);
            }
            (State::Down, State::Down) => self.go(State::Init, Diagnostic::NONE, out),
            (State::Down, State::Init) | (State::Init, State::Init | State::Up) => {
                self.go(State::Up, Diagnostic::NONE, out);
            }
            (State::AdminDown, _)
            | (State::Down, State::AdminDown | State::Up)
            | (State::Init, State::Down)
            | (State::Up, State::Init | State::Up) => {}
        }
    }

    /// The neighbour knows our intervals: they are used from now on.
    fn end_poll(&mut self, out: &mut Vec<Effect>) {
        self.is_polling = false;
        self.used_min_tx = self.policy.min_tx;
        self.used_min_rx = self.policy.min_rx;
        out.push(Effect::PollEnded);
    }
}

impl Remote {
    fn of(packet: &Control) -> Self {
        let micros = |micros: u32| Duration::from_micros(u64::from(micros));
        Self {
            state: packet.state,
            diagnostic: packet.diagnostic,
            discriminator: packet.my_discriminator,
            min_tx: micros(packet.desired_min_tx),
            min_rx: micros(packet.required_min_rx),
            multiplier: packet.multiplier,
            demand: packet.demand,
        }
    }
}
