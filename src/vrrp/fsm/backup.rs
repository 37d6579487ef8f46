//! BACKUP (RFC 9568 6.4.2): listening to a master until it falls silent.

use std::net::IpAddr;
use std::time::Duration;

use scheduler::Instant;

use super::master::Silence;
use super::{
    Burst, Cause, Effect, Effects, Heard, Instance, Note, Peer, Presence, State, Version, timers,
};
use crate::model::Priority;

/// What the running master-down timer waits for; its end becomes a [`Cause`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    /// The last accepted advert, or the beginning of the wait.
    pub(super) since: Instant,
    /// An owner that need not wait.
    pub(super) owner: bool,
    /// Set by priority 0: who gave up.
    pub(super) gave_up: Option<IpAddr>,
    /// The own addresses were deleted and shall come back.
    pub(super) restores: bool,
    /// A worse master that was ignored meanwhile.
    pub(super) worse: Option<Peer>,
}

impl Waiting {
    /// A plain wait beginning at an instant.
    pub(super) const fn since(since: Instant) -> Self {
        Self {
            since,
            owner: false,
            gave_up: None,
            restores: false,
            worse: None,
        }
    }
}

impl Instance {
    /// RFC 9568 6.4.2: an advert is received.
    pub(super) fn backup_hears(&mut self, now: Instant, heard: Heard, out: &mut Effects) {
        let now = heard.at(now);
        let peer = Peer {
            address: heard.source,
            priority: heard.priority,
        };
        if heard.priority == Priority::GIVE_UP {
            // (470) Set the down timer to the skew time.
            self.admit_backup(out);
            self.membership.wish = None;
            self.waiting.gave_up = Some(heard.source);
            self.waiting.worse = None;
            self.timer = Some(now + self.skew());
            return;
        }
        self.raise_owner(now, peer, out);
        let worse = heard.priority < self.effective_priority();
        if worse && !self.puts_up_with(now, peer, out) {
            // (490) Discard: the timer keeps running.
            self.waiting.worse = Some(peer);
            return;
        }
        if !worse {
            self.preempt_at = None;
        }
        self.listen_to(now, peer, heard.interval, out);
    }

    /// Whether a master of lower priority counts for now: without preemption
    /// always, else until `preempt_delay` has passed since the first such advert.
    fn puts_up_with(&mut self, now: Instant, peer: Peer, out: &mut Effects) -> bool {
        if self.policy.nopreempt {
            return true;
        }
        if self.policy.preempt_delay.is_zero() {
            return false;
        }
        let until = *self.preempt_at.get_or_insert_with(|| {
            out.push(Effect::Noted {
                id: self.id,
                note: Note::PreemptDelay(peer),
            });
            now + self.policy.preempt_delay
        });
        now < until
    }

    /// (480) Reset the down timer; version 3 learns the master's interval.
    fn listen_to(&mut self, now: Instant, peer: Peer, interval: Duration, out: &mut Effects) {
        if self
            .master
            .is_none_or(|known| known.address != peer.address)
        {
            self.note(
                Note::MasterChanged {
                    from: self.master,
                    to: peer,
                },
                out,
            );
        }
        self.admit_backup(out);
        self.master = Some(peer);
        self.learn_interval(peer.address, interval, out);
        self.waiting = Waiting::since(now);
        self.membership.wish = None;
        self.timer = Some(now + self.down_interval());
    }

    /// Version 3 only; an interval of zero would be a takeover at once, so it
    /// teaches nothing.
    pub(super) fn learn_interval(&mut self, master: IpAddr, interval: Duration, out: &mut Effects) {
        if self.policy.version == Version::V2 || interval.is_zero() {
            return;
        }
        if interval != self.master_interval && interval != self.policy.advert_interval {
            self.note(Note::Interval { master, interval }, out);
        }
        self.master_interval = interval;
    }

    /// A lowered owner is one again as soon as the conflict is over: another
    /// router is master, or a priority below 255 is heard.
    fn raise_owner(&mut self, now: Instant, peer: Peer, out: &mut Effects) {
        let other = self
            .master
            .is_some_and(|known| known.address != peer.address);
        if self.lowered && (other || !peer.priority.is_owner()) {
            let before = self.effective_priority();
            self.lowered = false;
            self.priority_moved(now, before, out);
        }
    }

    /// (430) The down timer fires.
    pub(super) fn master_down(&mut self, now: Instant, out: &mut Effects) {
        let cause = self.cause_of_takeover(now);
        if self.policy.grouped {
            self.wish_to_lead(now, cause, out);
        } else {
            self.become_master(now, cause, out);
        }
    }

    /// (435) Advertise, take the addresses, announce them, run the advert timer.
    pub(super) fn become_master(&mut self, now: Instant, cause: Cause, out: &mut Effects) {
        self.silence = if let Cause::NoAdvert { master, .. } = cause {
            Some(master.map_or(Silence::OfAll { since: now }, Silence::Of))
        } else {
            None
        };
        self.lowered = false;
        self.membership.wish = None;
        // A master learned from says nothing about the next one. (The reference
        // forgets its interval only with detailed logging.)
        self.master_interval = self.policy.advert_interval;
        self.master = None;
        self.losing_burst = None;
        self.advertise(self.effective_priority(), out);
        out.push(Effect::Addresses {
            id: self.id,
            presence: Presence::Add,
        });
        out.push(Effect::Announce {
            id: self.id,
            burst: Burst::Master,
        });
        self.go(State::Master, cause, out);
        self.advertised = now;
        let interval = self.policy.advert_interval;
        self.timer = Some(now + interval - timers::phase(self.id, interval));
    }

    fn cause_of_takeover(&self, now: Instant) -> Cause {
        let Waiting {
            since,
            owner,
            gave_up,
            restores,
            worse,
        } = self.waiting;
        match (worse, gave_up) {
            _ if owner => Cause::Owner,
            (Some(peer), _) => Cause::LowerPriority(peer),
            _ if restores => Cause::AddressRestored,
            (None, Some(by)) => Cause::GaveUp { by },
            (None, None) => Cause::NoAdvert {
                master: self.master.map(|peer| peer.address),
                silence: now.since(since),
            },
        }
    }
}
