//! Checks at work: when they begin, and what their attempts come to.

use std::rc::Rc;
use std::time::Duration;

use scheduler::{Id, Instant, Key, Scheduler};

use super::CheckProcess;
use super::check::{Check, Conduct, Last, Place, Told, index};
use crate::check::checker::{Checker, Kind};
use crate::check::conversation::{Attempt, Conversations, Host};
use crate::check::kinds::{self, tcp::Tcp};
use crate::check::probe::{Outcome, Weight};
use crate::check::schedule::{self, Policy, Schedule, Step};
use crate::control_plane::Config;

/// Between moments at which checks begin, unless the interval is short.
const STEP: Duration = Duration::from_millis(10);
/// Such moments in an interval, at least.
const STEPS: u32 = 64;

impl Host for CheckProcess {
    fn conversations(&mut self) -> &mut Conversations<Self> {
        &mut self.talks
    }

    fn attempt_over(&mut self, s: &mut Scheduler<Self>, owner: Key, attempt: Attempt) {
        self.settle(s, Id::from_bits(owner), attempt);
    }
}

impl CheckProcess {
    /// Take on a check and wait for its first run.
    pub(super) fn add_check(
        &mut self,
        s: &mut Scheduler<Self>,
        places: Vec<Place>,
        room: Duration,
    ) -> Option<Id<Check>> {
        let share = self.share();
        let config = Rc::clone(&self.config);
        let checker = checker_of(&config, *places.first()?)?;
        let policy = self.shared(Policy::of(checker));
        let schedule = Schedule::new(policy, s.now(), share, room);
        let probe = kinds::probe_for(&checker.kind, &mut self.patterns);
        let is_each = matches!(checker.kind, Kind::Tcp(_));
        let contribution = self.added_by_file(&checker.kind);
        let id = self.checks.insert(Check {
            places: places.into(),
            schedule,
            conduct: if is_each {
                Conduct::Each(None)
            } else {
                Conduct::Told
            },
            timer: None,
            contribution,
            last: Last::default(),
            is_overdue: false,
        });
        let talk = probe.map(|probe| self.talks.add(id.to_bits(), probe));
        if let (Some(talk), Some(check)) = (talk, self.checks.get_mut(id)) {
            check.conduct = Conduct::Kept(talk);
        }
        self.follow(s, id);
        Some(id)
    }

    /// A policy; that of the check before, if it is the same.
    pub(super) fn shared(&mut self, policy: Policy) -> Rc<Policy> {
        match &self.last_policy {
            Some(last) if **last == policy => Rc::clone(last),
            _ => Rc::clone(self.last_policy.insert(Rc::new(policy))),
        }
    }

    /// What the configuration says of a check.
    pub(super) fn checker(&self, place: Place) -> Option<&Checker> {
        checker_of(&self.config, place)
    }

    /// Set the timer of a check to its deadline.
    pub(super) fn follow(&mut self, s: &mut Scheduler<Self>, id: Id<Check>) {
        let Some(check) = self.checks.get_mut(id) else {
            return;
        };
        if let Some(timer) = check.timer.take() {
            s.cancel(timer);
        }
        if check.conduct.is_active()
            && let Some(due) = check.schedule.deadline()
        {
            let due = gathered(due, check.schedule.policy().interval);
            check.timer = Some(s.at("check", due, id.to_bits(), Self::on_due));
        }
    }

    /// A check is due.
    fn on_due(&mut self, s: &mut Scheduler<Self>, key: Key) {
        let id = Id::from_bits(key);
        let random = self.random();
        let Some(check) = self.checks.get_mut(id) else {
            return;
        };
        check.timer = None;
        check.schedule.begin(s.now());
        check.last.begun = Some(s.now());
        let ended = match check.conduct {
            Conduct::Told => None,
            Conduct::Kept(talk) => self.talks.begin(s, talk, random),
            Conduct::Each(_) => self.begin_once(s, id, random),
        };
        if let Some(attempt) = ended {
            self.settle(s, id, attempt);
        }
    }

    /// Begin an attempt with a probe of its own; one that ends at once is returned.
    fn begin_once(
        &mut self,
        s: &mut Scheduler<Self>,
        id: Id<Check>,
        random: u64,
    ) -> Option<Attempt> {
        let check = self.checks.get_mut(id)?;
        let checker = checker_of(&self.config, *check.places.first()?)?;
        let Kind::Tcp(endpoint) = &checker.kind else {
            return None;
        };
        let probe = Tcp::new(endpoint.clone());
        match self.talks.begin_once(s, id.to_bits(), probe, random) {
            Ok(talk) => {
                check.conduct = Conduct::Each(Some(talk));
                None
            }
            Err(attempt) => Some(attempt),
        }
    }

    /// An attempt is over.
    pub(super) fn settle(&mut self, s: &mut Scheduler<Self>, id: Id<Check>, attempt: Attempt) {
        let now = s.now();
        let Some(check) = self.checks.get_mut(id) else {
            return;
        };
        let begun = check.last.begun.unwrap_or(now);
        check.last.duration = now.since(begun);
        check.last.runs += 1;
        check.last.total += check.last.duration;
        check.last.failures += u64::from(matches!(attempt, Attempt::Outcome(Outcome::Failed(_))));
        let went = match &attempt {
            Attempt::Outcome(Outcome::Passed(_)) => schedule::Attempt::Passed,
            Attempt::Outcome(Outcome::Proceed { at_once }) => {
                schedule::Attempt::Proceed { at_once: *at_once }
            }
            Attempt::Outcome(Outcome::Failed(_)) => schedule::Attempt::Failed,
            Attempt::Unable(_) => schedule::Attempt::Unable,
        };
        let step = check.schedule.attempt(now, went);
        self.report(id, &attempt, step);
        let weight = match attempt {
            Attempt::Outcome(Outcome::Passed(weight)) => weight,
            Attempt::Outcome(Outcome::Proceed { .. } | Outcome::Failed(_)) | Attempt::Unable(_) => {
                None
            }
        };
        let why = match &attempt {
            Attempt::Outcome(Outcome::Failed(why)) => why.to_string(),
            Attempt::Outcome(_) | Attempt::Unable(_) => String::new(),
        };
        self.remember(id, attempt);
        self.judge(s, id, step, &why);
        if let Some(weight) = weight {
            self.weigh(s, id, &weight);
        }
        self.follow(s, id);
        self.notifier.follow(s);
        self.snmp.follow(s);
    }

    fn remember(&mut self, id: Id<Check>, attempt: Attempt) {
        if let Some(check) = self.checks.get_mut(id) {
            check.last.result = Some(match attempt {
                Attempt::Outcome(Outcome::Passed(_)) => Told::Passed,
                Attempt::Outcome(Outcome::Proceed { .. }) => Told::Proceeding,
                Attempt::Outcome(Outcome::Failed(why)) => Told::Failed(why.into()),
                Attempt::Unable(why) => Told::Unable(why.into()),
            });
        }
    }

    /// What an attempt has changed, for all servers that it is about.
    fn judge(&mut self, s: &mut Scheduler<Self>, id: Id<Check>, step: Step, why: &str) {
        let up = match step {
            Step::Up { was_down: true } => true,
            Step::Down => false,
            Step::DownFirst => return self.tell_first_failure(s.now(), id),
            Step::Up { was_down: false } | Step::Retry(_) | Step::Same => return,
        };
        let Some(check) = self.checks.get_mut(id) else {
            return;
        };
        if let Some(talk) = check.conduct.talk() {
            self.talks.settled(talk, up);
        }
        for place in check.places.clone().iter().copied() {
            self.checked(s, place, up, why);
        }
    }

    /// A check of a server has come up, or gone down because of `why`.
    pub(super) fn checked(&mut self, s: &mut Scheduler<Self>, place: Place, up: bool, why: &str) {
        let Some(own) = self.services.get_mut(index(place.service)) else {
            return;
        };
        let mut effects = std::mem::take(&mut self.effects);
        own.machine.checked(index(place.server), up, &mut effects);
        let changed = !effects.is_empty();
        self.perform(s, index(place.service), &mut effects);
        // After that of the quorum, as from the C daemon.
        self.mail_check(s.now(), place, up, changed, why);
        self.effects = effects;
    }

    /// What a check says of the weight of its servers. Of one that it sets the
    /// difference to what the server has without its checks counts.
    pub(super) fn weigh(&mut self, s: &mut Scheduler<Self>, id: Id<Check>, weight: &Weight) {
        let Some(check) = self.checks.get(id) else {
            return;
        };
        for place in check.places.clone().iter().copied() {
            if let Some(own) = self.services.get(index(place.service)) {
                let base = own.machine.base_weight(index(place.server));
                let contribution = match weight {
                    Weight::Set(weight) => weight - base,
                    Weight::Add(weight) => *weight,
                };
                self.contribute(s, id, place, contribution);
            }
        }
    }

    /// What a check adds to the weight of a server has become this.
    pub(super) fn contribute(
        &mut self,
        s: &mut Scheduler<Self>,
        id: Id<Check>,
        place: Place,
        contribution: i64,
    ) {
        let Some(check) = self.checks.get_mut(id) else {
            return;
        };
        let before = std::mem::replace(&mut check.contribution, contribution);
        let Some(own) = self.services.get_mut(index(place.service)) else {
            return;
        };
        let mut effects = std::mem::take(&mut self.effects);
        let server = index(place.server);
        let change = contribution - before;
        let weight = own.machine.weight(server);
        if own.machine.weigh(server, change, &mut effects) {
            self.report_weight(place, weight);
            self.table.touch(s, index(place.service));
        }
        self.perform(s, index(place.service), &mut effects);
        self.effects = effects;
    }

    /// No more checks.
    pub(super) fn end_checks(&mut self, s: &mut Scheduler<Self>) {
        for (_, check) in self.checks.iter() {
            if let Some(timer) = check.timer {
                s.cancel(timer);
            }
        }
        self.talks.end(s);
    }
}

/// The nearest of the moments at which checks of this interval begin: a hundred a
/// second, so that many checks need no more wakings than that.
fn gathered(due: Instant, interval: Duration) -> Instant {
    let step = (interval / STEPS).min(STEP).as_nanos();
    let step = u64::try_from(step).unwrap_or_default();
    let half = due.as_nanos().saturating_add(step / 2);
    let past = half.checked_rem(step).unwrap_or(step / 2);
    Instant::from_nanos(half - past)
}

/// What a configuration says of a check.
fn checker_of(config: &Config, place: Place) -> Option<&Checker> {
    let service = config.check.services.get(index(place.service))?;
    let server = service.servers.get(index(place.server))?;
    server.checkers.get(index(place.checker))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_are_gathered_without_drift() {
        let at = |micros: u64| Instant::from_nanos(micros * 1000);
        let second = Duration::from_secs(1);
        assert_eq!(gathered(at(1_004_900), second), at(1_000_000));
        assert_eq!(gathered(at(1_005_000), second), at(1_010_000));
        // An attempt takes some time, which is taken off its interval.
        let mut due = at(1_000_000);
        for _ in 0..100 {
            due = gathered(due + Duration::from_micros(400) + second, second);
        }
        assert_eq!(due, at(101_000_000));
        let short = Duration::from_micros(6400);
        assert_eq!(gathered(at(1_000_149), short), at(1_000_100));
        assert_eq!(gathered(at(1_000_149), Duration::ZERO), at(1_000_149));
    }
}
