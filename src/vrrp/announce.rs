//! When which virtual address is announced: gratuitous ARP and unsolicited
//! neighbour advertisements (RFC 9568 6.4.1, 6.4.2), with the repeats, delays
//! and pacing of the `garp_*` keywords.
//!
//! A machine without I/O. An instance's addresses are numbered in configuration
//! order, excluded ones last. A burst is a number of rounds over all of them.
//! The work is given out by [`Announcer::take`] in bounded portions, so that the
//! process sends a few frames per system call and adverts go in between, and
//! only for addresses that are [`Announcer::installed`]: with thousands of them
//! the first ones are announced while the kernel still takes in the others.
//!
//! Addresses that share an interface (or a `garp_group`) with a `garp_interval`
//! or `gna_interval` share a pacer: one frame per interval. The addresses of an
//! instance on one pacer form a lane, which remembers how far the burst has got,
//! so that a slow interface holds up no other.
#![forbid(unsafe_code)]

mod reload;

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

use scheduler::Instant;

use super::agenda::Agenda;
use super::fsm::{AnnouncePolicy, Burst, InstanceId};

/// A timer that spaces the frames of an interface or group, for one of ARP and
/// neighbour discovery.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PacerId(u32);

impl PacerId {
    /// Interfaces without pacing.
    pub const NONE: Self = Self(0);
}

/// Announcements of all instances.
#[derive(Debug)]
pub struct Announcer {
    targets: Vec<Target>,
    lanes: Vec<Lane>,
    pacers: Vec<Pacer>,
    /// Bursts to come, by instance.
    bursts: Agenda,
    /// Pacers with something to send, by the time they may.
    sending: Agenda,
    /// Single announcements that are due.
    singles: Vec<(InstanceId, u32)>,
}

#[derive(Debug)]
struct Target {
    policy: AnnouncePolicy,
    lanes: Range<usize>,
    installed: u32,
    second: Option<Instant>,
    against_rival: Option<Instant>,
    refresh: Option<Instant>,
    /// Of its interfaces without adverts, the first address of each.
    extras: Box<[u32]>,
    extra: Option<Instant>,
}

#[derive(Debug)]
struct Lane {
    id: InstanceId,
    pacer: PacerId,
    addresses: Box<[u32]>,
    /// Rounds to do, a begun one included.
    rounds: u32,
    /// Position of the next address in this round.
    next: usize,
    queued: bool,
}

#[derive(Debug, Default)]
struct Pacer {
    interval: Duration,
    free_at: Instant,
    queue: VecDeque<usize>,
}

impl Default for Announcer {
    fn default() -> Self {
        Self::new()
    }
}

impl Announcer {
    /// An announcer without instances.
    #[must_use]
    pub fn new() -> Self {
        let mut announcer = Self {
            targets: Vec::new(),
            lanes: Vec::new(),
            pacers: Vec::new(),
            bursts: Agenda::default(),
            sending: Agenda::default(),
            singles: Vec::new(),
        };
        announcer.add_pacer(Duration::ZERO);
        announcer
    }

    /// Add a pacer: at least `interval` between two frames.
    pub fn add_pacer(&mut self, interval: Duration) -> PacerId {
        let id = PacerId(u32::try_from(self.pacers.len()).unwrap_or(u32::MAX));
        self.pacers.push(Pacer {
            interval,
            ..Pacer::default()
        });
        self.sending.grow();
        id
    }

    /// Add the next instance, with the pacer of each of its addresses; ids count
    /// up as in the router.
    pub fn add(&mut self, policy: AnnouncePolicy, pacers: &[PacerId]) -> InstanceId {
        let id = InstanceId(u32::try_from(self.targets.len()).unwrap_or(u32::MAX));
        let first = self.lanes.len();
        let mut distinct = pacers.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        for pacer in distinct {
            let of_lane = |(index, own): (u32, &PacerId)| (*own == pacer).then_some(index);
            self.lanes.push(Lane {
                id,
                pacer,
                addresses: (0..).zip(pacers).filter_map(of_lane).collect(),
                rounds: 0,
                next: 0,
                queued: false,
            });
            if let Some(pacer) = self.pacers.get_mut(pacer.0 as usize) {
                pacer.queue.reserve(self.lanes.len());
            }
        }
        self.targets.push(Target {
            policy,
            lanes: first..self.lanes.len(),
            installed: 0,
            second: None,
            against_rival: None,
            refresh: None,
            extras: Box::default(),
            extra: None,
        });
        self.bursts.grow();
        id
    }

    /// The addresses of an instance that are announced now and then, one for
    /// each interface without adverts (`garp_extra_if`).
    pub fn set_extras(&mut self, id: InstanceId, addresses: Vec<u32>) {
        if let Some(target) = self.targets.get_mut(id.index()) {
            target.extras = addresses.into_boxed_slice();
        }
    }

    /// Announce on an occasion; later bursts of the policy follow by themselves.
    ///
    /// At [`Burst::Added`] those that are installed stay so.
    /// At [`Burst::Master`] no address counts as installed yet.
    pub fn begin(&mut self, now: Instant, id: InstanceId, burst: Burst) {
        let Some(target) = self.targets.get_mut(id.index()) else {
            return;
        };
        let policy = target.policy;
        let after = |delay: Duration| (!delay.is_zero()).then(|| now + delay);
        let rounds = match burst {
            Burst::Master => {
                target.installed = 0;
                target.second = after(policy.delay);
                let refreshes = !policy.refresh.is_zero() && policy.refresh_repeat > 0;
                target.refresh = refreshes.then(|| now + policy.delay + policy.refresh);
                target.extra = target.first_extra(now);
                policy.repeat
            }
            Burst::Added => {
                target.second = after(policy.delay);
                policy.repeat
            }
            Burst::LowerPriority => {
                target.against_rival = after(policy.lower_prio_delay);
                policy.lower_prio_repeat
            }
            Burst::Requested => 1,
        };
        self.follow(id);
        self.burst(now, id, rounds);
    }

    /// The first `upto` addresses are in the kernel.
    pub fn installed(&mut self, now: Instant, id: InstanceId, upto: u32) {
        if let Some(target) = self.targets.get_mut(id.index()) {
            target.installed = target.installed.max(upto);
            self.burst(now, id, 0);
        }
    }

    /// The instance leaves MASTER: forget what is queued and what would follow.
    pub fn silence(&mut self, id: InstanceId) {
        let Some(target) = self.targets.get_mut(id.index()) else {
            return;
        };
        target.installed = 0;
        (target.second, target.against_rival, target.refresh) = (None, None, None);
        target.extra = None;
        self.singles.retain(|(own, _)| *own != id);
        for lane in &mut self.lanes[target.lanes.clone()] {
            lane.rounds = 0;
            lane.next = 0;
        }
        self.follow(id);
    }

    /// Append at most `max` addresses to announce now. As long as
    /// [`Self::deadline`] is not in the future there is more.
    pub fn take(&mut self, now: Instant, max: usize, out: &mut Vec<(InstanceId, u32)>) {
        self.begin_due_bursts(now);
        let end = out.len() + max;
        let singles = self.singles.len().min(max);
        out.extend(self.singles.drain(..singles));
        while out.len() < end {
            match self.sending.first() {
                Some((at, pacer)) if at <= now => self.serve(now, pacer, end - out.len(), out),
                Some(_) | None => return,
            }
        }
    }

    /// When [`Self::take`] has something to give.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let first = |agenda: &Agenda| agenda.first().map(|(at, _)| at);
        let singles = (!self.singles.is_empty()).then_some(Instant::ZERO);
        let times = [first(&self.bursts), first(&self.sending), singles];
        times.into_iter().flatten().min()
    }

    /// Let the agenda follow an instance's next burst.
    fn follow(&mut self, id: InstanceId) {
        if let Some(target) = self.targets.get(id.index()) {
            let Target {
                second,
                against_rival,
                refresh,
                extra,
                ..
            } = *target;
            let bursts = [second, against_rival, refresh, extra];
            self.bursts.set(id.0, bursts.into_iter().flatten().min());
        }
    }

    fn begin_due_bursts(&mut self, now: Instant) {
        while let Some((at, index)) = self.bursts.first()
            && at <= now
        {
            let id = InstanceId(index);
            let Some(target) = self.targets.get_mut(id.index()) else {
                return;
            };
            let due = |at: &mut Option<Instant>| at.take_if(|at| *at <= now).is_some();
            let policy = target.policy;
            let mut rounds = 0;
            if due(&mut target.second) {
                rounds = policy.repeat;
            }
            if due(&mut target.against_rival) {
                rounds = rounds.max(policy.lower_prio_repeat);
            }
            if let Some(at) = target.refresh.filter(|at| *at <= now) {
                rounds = rounds.max(policy.refresh_repeat);
                let next = at + policy.refresh;
                target.refresh = Some(if next > now {
                    next
                } else {
                    now + policy.refresh
                });
            }
            if due(&mut target.extra) {
                target.extra = target.first_extra(now);
                let installed = target.installed;
                let ready = target.extras.iter().filter(|address| **address < installed);
                self.singles.extend(ready.map(|address| (id, *address)));
            }
            self.follow(id);
            self.burst(now, id, rounds);
        }
    }

    /// Have all lanes of an instance do so many whole rounds from now on, beside
    /// the one that is under way, and queue those that can go on.
    fn burst(&mut self, now: Instant, id: InstanceId, rounds: u32) {
        let Some(target) = self.targets.get(id.index()) else {
            return;
        };
        for (number, lane) in target
            .lanes
            .clone()
            .zip(&mut self.lanes[target.lanes.clone()])
        {
            if rounds > 0 {
                let begun = u32::from(lane.next > 0);
                lane.rounds = lane.rounds.max(rounds.saturating_add(begun));
            }
            if lane.queued || !lane.can_go_on(target.installed) {
                continue;
            }
            lane.queued = true;
            let pacer = &mut self.pacers[lane.pacer.0 as usize];
            pacer.queue.push_back(number);
            if pacer.queue.len() == 1 {
                let at = pacer.free_at.max(now);
                self.sending.set(lane.pacer.0, Some(at));
            }
        }
    }

    /// Let the first lane of a free pacer send: one frame if frames are spaced,
    /// else as many as wanted. Then it is the next lane's turn.
    fn serve(&mut self, now: Instant, index: u32, wanted: usize, out: &mut Vec<(InstanceId, u32)>) {
        let pacer = &mut self.pacers[index as usize];
        let paced = !pacer.interval.is_zero();
        if let Some(number) = pacer.queue.pop_front() {
            let lane = &mut self.lanes[number];
            let installed = self.targets[lane.id.index()].installed;
            let mut left = if paced { 1 } else { wanted };
            while left > 0 && lane.can_go_on(installed) {
                out.push((lane.id, lane.addresses[lane.next]));
                lane.advance();
                left -= 1;
                pacer.free_at = now + pacer.interval;
            }
            lane.queued = lane.can_go_on(installed);
            if lane.queued {
                pacer.queue.push_back(number);
            }
        }
        let more = (!pacer.queue.is_empty()).then(|| pacer.free_at.max(now));
        self.sending.set(index, more);
    }
}

impl Target {
    fn first_extra(&self, now: Instant) -> Option<Instant> {
        let every = self.policy.extra;
        (!every.is_zero() && !self.extras.is_empty()).then(|| now + every)
    }
}

impl Lane {
    /// Whether there is something to do and the next address is installed.
    fn can_go_on(&self, installed: u32) -> bool {
        let next = self.addresses.get(self.next);
        self.rounds > 0 && next.is_some_and(|address| *address < installed)
    }

    fn advance(&mut self) {
        self.next += 1;
        if self.next == self.addresses.len() {
            self.next = 0;
            self.rounds -= 1;
        }
    }
}

#[cfg(test)]
mod tests;
