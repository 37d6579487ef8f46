//! When a packet leaves, and what it says.

use std::time::Duration;

use scheduler::Instant;

use super::{Effect, Peer};
use crate::bfd::timers::{SLOW, next_packet, transmit_interval};
use crate::wire::bfd::{Control, State};

impl Peer {
    /// The interval that packets are due at; nothing if none are (6.8.7).
    pub(super) fn wanted_interval(&self) -> Option<Duration> {
        let is_waiting = self.policy.is_passive && self.remote.discriminator == 0;
        let is_on_demand =
            self.remote.demand && self.state == State::Up && self.remote.state == State::Up;
        let is_quiet =
            is_waiting || is_on_demand && !self.is_polling || self.state == State::AdminDown;
        if is_quiet {
            return None;
        }
        transmit_interval(self.used_min_tx, self.remote.min_rx)
    }

    /// Follow a changed interval: the next packet leaves an interval after the last
    /// one, at once if that has passed.
    pub(super) fn plan(&mut self, now: Instant) {
        let wanted = self.wanted_interval();
        if wanted == self.interval {
            return;
        }
        self.interval = wanted;
        self.next_packet = wanted.map(|interval| self.after_last(interval).max(now));
    }

    fn after_last(&mut self, interval: Duration) -> Instant {
        next_packet(
            self.sent,
            interval,
            self.policy.multiplier,
            &mut self.random,
        )
    }

    /// Something that the neighbour should know at once (6.8.7).
    pub(super) fn send_if_allowed(&mut self, now: Instant, out: &mut Vec<Effect>) {
        self.interval = self.wanted_interval();
        if self.interval.is_some() {
            self.send(now, false, out);
        } else {
            self.next_packet = None;
        }
    }

    /// A packet now, and the next one an interval later.
    pub(super) fn send(&mut self, now: Instant, is_final: bool, out: &mut Vec<Effect>) {
        out.push(Effect::Send(self.packet(is_final)));
        self.sent = now;
        self.interval = self.wanted_interval();
        self.next_packet = self.interval.map(|interval| self.after_last(interval));
    }

    fn packet(&self, is_final: bool) -> Control {
        let desired = if self.state == State::Up {
            self.policy.min_tx
        } else {
            self.policy.idle_tx.max(SLOW)
        };
        Control {
            diagnostic: self.diagnostic,
            state: self.state,
            is_poll: self.is_polling && !is_final,
            is_final,
            control_plane_independent: false,
            demand: false,
            multiplier: self.policy.multiplier,
            my_discriminator: self.discriminator,
            your_discriminator: self.remote.discriminator,
            desired_min_tx: micros(desired),
            required_min_rx: micros(self.policy.min_rx),
            required_min_echo_rx: 0,
        }
    }
}

fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}
