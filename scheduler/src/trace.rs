//! Who waits for what, and where the time goes.
//!
//! Accounts are kept by the name of a registration. The clock is read once after each
//! run of handlers of one name; the time since the previous reading is what they took.
//! That is less than to read it after each, where reading it is a system call.

use std::fmt;
use std::time::Duration;

use crate::io::Interest;
use crate::run::Scheduler;
use crate::time::Instant;
use crate::timer::Kind;

/// Calls and times of everything registered under one name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Account {
    /// The name given at registration.
    pub name: &'static str,
    /// How often a handler of this name was called.
    pub calls: u64,
    /// All of its time.
    pub total: Duration,
    /// Its longest run of calls, one after the other in a round.
    pub worst: Duration,
}

/// How late timers were: of each round in which one was due, the latest.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Lateness {
    /// How many were at most as late as the bound of that place, and later than the
    /// one before; those beyond all bounds are last.
    parts: [u64; BOUNDS.len() + 1],
    sum: Duration,
    worst: Duration,
}

/// The bounds of [`Lateness::buckets`].
const BOUNDS: [Duration; 14] = [
    Duration::from_micros(50),
    Duration::from_micros(100),
    Duration::from_micros(250),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_micros(2500),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
];

/// All accounts, the number of rounds, and the lateness of timers.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    accounts: Vec<Account>,
    rounds: u64,
    lateness: Lateness,
}

impl<P> Scheduler<P> {
    /// Everything that is waited for, and what was done so far, as text.
    #[must_use]
    pub fn thread_dump(&self) -> String {
        ThreadDump(self).to_string()
    }

    /// Calls and times by name, in the order in which the names became known.
    #[must_use]
    pub fn accounts(&self) -> &[Account] {
        &self.ledger.accounts
    }

    /// How many rounds there were.
    #[must_use]
    pub const fn rounds(&self) -> u64 {
        self.ledger.rounds
    }

    /// How late the latest timer so far was served.
    #[must_use]
    pub const fn worst_lateness(&self) -> Duration {
        self.ledger.lateness.worst
    }

    /// How late timers were so far.
    #[must_use]
    pub const fn lateness(&self) -> &Lateness {
        &self.ledger.lateness
    }
}

impl Lateness {
    /// In how many rounds a timer was due.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.parts.iter().sum()
    }

    /// All of it together.
    #[must_use]
    pub const fn sum(&self) -> Duration {
        self.sum
    }

    /// The worst.
    #[must_use]
    pub const fn worst(&self) -> Duration {
        self.worst
    }

    /// How many were at most that late, for bounds that rise.
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> {
        let mut sum = 0;
        BOUNDS.iter().zip(&self.parts).map(move |(bound, part)| {
            sum += part;
            (*bound, sum)
        })
    }

    fn add(&mut self, late: Duration) {
        let place = BOUNDS.partition_point(|bound| *bound < late);
        if let Some(part) = self.parts.get_mut(place) {
            *part += 1;
        }
        self.sum = self.sum.saturating_add(late);
        self.worst = self.worst.max(late);
    }
}

impl Ledger {
    /// The number of the account with this name; opened if need be.
    pub(crate) fn account(&mut self, name: &'static str) -> u32 {
        let known = self.accounts.iter().position(|known| known.name == name);
        let index = known.unwrap_or_else(|| {
            self.accounts.push(Account {
                name,
                calls: 0,
                total: Duration::ZERO,
                worst: Duration::ZERO,
            });
            self.accounts.len() - 1
        });
        u32::try_from(index).expect("names are written by hand, not in billions")
    }

    pub(crate) fn call(&mut self, account: u32) {
        if let Some(account) = self.accounts.get_mut(account as usize) {
            account.calls += 1;
        }
    }

    pub(crate) fn charge(&mut self, account: u32, time: Duration) {
        if let Some(account) = self.accounts.get_mut(account as usize) {
            account.total += time;
            account.worst = account.worst.max(time);
        }
    }

    pub(crate) const fn round(&mut self) {
        self.rounds += 1;
    }

    pub(crate) fn late(&mut self, late: Duration) {
        self.lateness.add(late);
    }
}

struct ThreadDump<'a, P>(&'a Scheduler<P>);

impl<P> fmt::Display for ThreadDump<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheduler = self.0;
        writeln!(
            f,
            "Thread dump at {:?}, {} rounds, latest timer {:?} late",
            scheduler.now(),
            scheduler.rounds(),
            scheduler.worst_lateness()
        )?;
        self.sources(f)?;
        self.timers(f)?;
        self.children(f)?;
        self.rest(f)?;
        writeln!(f, "Calls, total and worst time by name:")?;
        for account in scheduler.accounts() {
            writeln!(
                f,
                "  {:<32} {:>10} {:>12.3?} {:>12.3?}",
                account.name, account.calls, account.total, account.worst
            )?;
        }
        Ok(())
    }
}

impl<P> ThreadDump<'_, P> {
    fn sources(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Descriptors: {}", self.0.sources.len())?;
        for (_, source) in self.0.sources.iter() {
            let want = match source.interest {
                Interest::Read => "read",
                Interest::Write => "write",
                Interest::Both => "read/write",
            };
            writeln!(
                f,
                "  {:<32} fd {} {want} key {:#x}",
                source.name, source.fd, source.key
            )?;
        }
        Ok(())
    }

    fn timers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut timers: Vec<_> = self.0.wheel.iter().collect();
        timers.sort_by_key(|(at, ..)| *at);
        writeln!(f, "Timers: {}", timers.len())?;
        for (at, _, task) in timers {
            let name = self.0.handlers.get(task.handler());
            let name = name.map_or("?", |handler| handler.name);
            let shutdown = match task.kind() {
                Kind::Normal => "",
                Kind::AtShutdown => " at shutdown, too",
            };
            writeln!(
                f,
                "  {name:<32} {} key {:#x}{shutdown}",
                self.distance(at),
                task.key()
            )?;
        }
        Ok(())
    }

    fn children(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Children: {}", self.0.children.len())?;
        for (_, child) in self.0.children.iter() {
            write!(f, "  {:<32} pid {}", child.name, child.pid)?;
            match child.limit {
                Some(limit) => writeln!(f, " limit {}", self.distance(limit))?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }

    fn rest(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signals:")?;
        for signal in self.0.signals.iter() {
            write!(f, " {signal}")?;
        }
        writeln!(f)?;
        write!(f, "Soon:")?;
        for task in &self.0.soon {
            if let Some(handler) = self.0.handlers.get(task.handler()) {
                write!(f, " {}", handler.name)?;
            }
        }
        writeln!(f)
    }

    /// A deadline as seen from the present round.
    fn distance(&self, at: Instant) -> String {
        let now = self.0.now();
        if at < now {
            format!("{:?} ago", now.since(at))
        } else {
            format!("in {:?}", at.since(now))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lateness_is_counted_up_to_each_bound() {
        let mut lateness = Lateness::default();
        for micros in [0, 50, 51, 1000, 999_999, 1_000_000, 2_000_000] {
            lateness.add(Duration::from_micros(micros));
        }
        let counts: Vec<u64> = lateness.buckets().map(|(_, count)| count).collect();
        assert_eq!(counts, [2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 6]);
        assert_eq!(lateness.count(), 7);
        assert_eq!(lateness.worst(), Duration::from_secs(2));
        assert_eq!(lateness.sum(), Duration::from_micros(4_001_100));
        assert!(BOUNDS.is_sorted());
    }
}
