//! MASTER (RFC 9568 6.4.3): advertising, and meeting other masters.

use std::cmp::Ordering;
use std::net::IpAddr;
use std::time::Duration;

use scheduler::Instant;

use super::backup::Waiting;
use super::{Burst, Cause, Effect, Effects, Heard, Instance, Note, Peer, Presence, State, timers};
use crate::model::Priority;

/// A conflict with another router of priority 255.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rivalry {
    rival: IpAddr,
    /// Adverts sent to make it yield: 1 or 2.
    sent: u8,
    /// It went on after the second one.
    persists: bool,
    /// When the conflict is judged.
    pub(super) until: Instant,
}

/// The last burst that a losing advert caused.
#[derive(Clone, Copy, Debug)]
pub(super) struct LosingBurst {
    rival: IpAddr,
    at: Instant,
}

/// Whom a router has not heard when it became master.
#[derive(Clone, Copy, Debug)]
pub(super) enum Silence {
    /// The former master.
    Of(IpAddr),
    /// Anybody, ever.
    OfAll {
        /// When it became master.
        since: Instant,
    },
}

/// A router that meets a better one sooner has just been started, as pairs are, and the
/// better one announces itself. One that led alone for longer was behind a split, and the
/// neighbours have learned the wrong way.
const ALONE: Duration = Duration::from_secs(10);
/// A rival that keeps advertising gets no more than one burst in this time.
const SAME_RIVAL_PAUSE: Duration = Duration::from_millis(500);
/// Nor do many rivals together in this.
const ANY_RIVAL_PAUSE: Duration = Duration::from_millis(100);

impl Instance {
    /// RFC 9568 6.4.3: an advert is received.
    pub(super) fn master_hears(&mut self, now: Instant, heard: Heard, out: &mut Effects) {
        let peer = Peer {
            address: heard.source,
            priority: heard.priority,
        };
        if heard.priority == Priority::GIVE_UP {
            // (700) Send an advert, reset the advert timer.
            self.advertise_now(now, out);
            return;
        }
        let by_priority = heard.priority.cmp(&self.effective_priority());
        let by_address = self
            .source
            .map_or(Ordering::Greater, |own| heard.source.cmp(&own));
        match by_priority.then(by_address) {
            // (720) Greater priority, or equal with a greater address.
            Ordering::Greater => {
                self.yield_to(heard.at(now), peer, heard.interval, by_priority, out);
            }
            Ordering::Equal => self.note(Note::OwnAddress(heard.source), out),
            // (740) Discard, and tell everybody who is master.
            Ordering::Less => self.outdo(now, peer, heard.interval, out),
        }
    }

    fn yield_to(
        &mut self,
        now: Instant,
        peer: Peer,
        interval: Duration,
        by_priority: Ordering,
        out: &mut Effects,
    ) {
        // A split heals where this router had taken over because the other fell
        // silent, or was not heard for long. The other never stopped being master and
        // has no reason to announce its addresses, unless it hears of this one.
        let healed = match self.silence {
            Some(Silence::Of(master)) => master == peer.address,
            Some(Silence::OfAll { since }) => now.since(since) > ALONE,
            None => false,
        };
        if self.policy.higher_prio_send_advert || healed {
            self.advertise(self.effective_priority(), out);
        }
        let cause = if by_priority == Ordering::Equal {
            Cause::HigherAddress(peer)
        } else {
            Cause::HigherPriority(peer)
        };
        self.withdraw(out);
        self.enter_backup(cause, out);
        self.learn_interval(peer.address, interval, out);
        self.master = Some(peer);
        self.waiting = Waiting::since(now);
        self.timer = Some(now + self.down_interval());
    }

    fn outdo(&mut self, now: Instant, peer: Peer, interval: Duration, out: &mut Effects) {
        self.note(Note::LosingAdvert(peer), out);
        if peer.priority.is_owner() {
            self.contest(now, peer.address, interval, out);
        } else if !self.policy.lower_prio_no_advert {
            self.advertise_now(now, out);
        }
        self.announce_against(now, peer.address, out);
    }

    /// The rival may have taught the neighbours its link-layer address, so
    /// announce the own one; a rival that does not listen gets no storm.
    fn announce_against(&mut self, now: Instant, rival: IpAddr, out: &mut Effects) {
        if self.policy.announce.lower_prio_repeat == 0 {
            return;
        }
        if let Some(last) = self.losing_burst {
            let pause = if last.rival == rival {
                SAME_RIVAL_PAUSE
            } else {
                ANY_RIVAL_PAUSE
            };
            if now.since(last.at) < pause {
                return;
            }
        }
        self.losing_burst = Some(LosingBurst { rival, at: now });
        out.push(Effect::Announce {
            id: self.id,
            burst: Burst::LowerPriority,
        });
    }

    /// Two owners: two adverts ask the lower address to yield; if it still
    /// advertises when 1.2 intervals have passed, this one steps down to 254.
    fn contest(&mut self, now: Instant, rival: IpAddr, interval: Duration, out: &mut Effects) {
        let patience = self.policy.advert_interval.max(interval) * 6 / 5;
        match &mut self.rivalry {
            Some(rivalry) if rivalry.rival == rival && rivalry.sent >= 2 => {
                rivalry.persists = true;
                return;
            }
            Some(rivalry) if rivalry.rival == rival => {
                rivalry.sent += 1;
                rivalry.until = now + patience;
            }
            Some(_) | None => {
                self.rivalry = Some(Rivalry {
                    rival,
                    sent: 1,
                    persists: false,
                    until: now + patience,
                });
                self.note(Note::TwoOwners(rival), out);
            }
        }
        self.advertise_now(now, out);
    }

    /// The time for the other owner to yield is over.
    pub(super) fn end_rivalry(&mut self, out: &mut Effects) {
        if let Some(rivalry) = self.rivalry.take()
            && rivalry.persists
        {
            self.lowered = true;
            self.note(Note::OwnerLowered(rivalry.rival), out);
        }
    }

    /// (610) The advert timer fires.
    pub(super) fn advert_due(&mut self, now: Instant, due: Instant, out: &mut Effects) {
        let silence = now.since(self.advertised);
        if self.is_surely_replaced(silence) {
            self.withdraw(out);
            self.enter_backup(Cause::Late { silence }, out);
            self.waiting = Waiting::since(now);
            self.timer = Some(now + self.down_interval());
            return;
        }
        self.advertise(self.effective_priority(), out);
        self.advertised = now;
        // Without drift, but no burst of adverts after a pause.
        let interval = self.policy.advert_interval;
        let next = due + interval;
        self.timer = Some(if next > now { next } else { now + interval });
    }

    /// `timer_expired_backup`: the loop stood still for so long that a backup of
    /// the given priority has become master.
    fn is_surely_replaced(&self, silence: Duration) -> bool {
        let Self { policy, .. } = self;
        policy.timer_expired_backup.is_some_and(|other| {
            silence > timers::master_down(policy.version, other, policy.advert_interval, 3)
        })
    }

    /// An advert outside the cadence, which starts anew with it.
    pub(super) fn advertise_now(&mut self, now: Instant, out: &mut Effects) {
        self.advertise(self.effective_priority(), out);
        self.advertised = now;
        self.timer = Some(now + self.policy.advert_interval);
    }

    /// Somebody deleted a virtual address: give up, clear the rest, and come
    /// back after the skew time with all of them, unless a better router does.
    pub(super) fn on_address_lost(&mut self, now: Instant, out: &mut Effects) {
        if self.state != State::Master {
            return;
        }
        self.advertise(Priority::GIVE_UP, out);
        self.withdraw(out);
        self.enter_backup(Cause::AddressDeleted, out);
        self.waiting = Waiting::since(now);
        self.waiting.restores = true;
        self.timer = Some(now + self.skew());
    }

    /// Everything a master has, in the order of its removal.
    pub(super) fn withdraw(&self, out: &mut Effects) {
        out.push(Effect::Silence { id: self.id });
        out.push(Effect::Addresses {
            id: self.id,
            presence: Presence::Remove,
        });
    }
}
