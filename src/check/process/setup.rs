//! The process built from its configuration.

use std::collections::HashMap;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use scheduler::{Scheduler, Slab};

use super::CheckProcess;
use super::check::{Place, index};
use super::kernel_table::KernelTable;
use super::record::Record;
use super::services::OwnService;
use super::suspend::LocalAddresses;
use crate::check::checker::{Checker, Kind};
use crate::check::conversation::Conversations;
use crate::check::http::pattern::Patterns;
use crate::check::names;
use crate::check::service::Quorum;
use crate::control_plane::Config;
use crate::notify::notifier::Notifier;
use crate::track::files::Files;
use crate::watchdog::launch::Plumbing;
use crate::watchdog::launch::child::Child as _;
use crate::watchdog::survey::{Surveyed as _, Watched};

/// The share of each in the time of those first checks that are wanted soon.
const FIRST_CHECK: Duration = Duration::from_micros(400);
/// Multiples of the golden ratio, as parts of a circle, fill it evenly however many
/// they are: so do the first checks their warm-up.
const GOLDEN: u64 = 0x9e37_79b9;

impl CheckProcess {
    /// Open what the process cannot be without.
    pub(super) fn opened(
        config: Rc<Config>,
        plumbing: Plumbing,
        s: &Scheduler<Self>,
    ) -> io::Result<Self> {
        let record = Record::new(&plumbing, &config);
        Ok(Self {
            services: Vec::new(),
            checks: Slab::new(),
            talks: Conversations::default(),
            keys: None,
            last_policy: None,
            patterns: Patterns::default(),
            table: KernelTable::open(&config, record)?,
            marker: super::marking::Marker::default(),
            files: Files::default(),
            sessions: None,
            local: LocalAddresses::open(&config)?,
            notifier: Notifier::default(),
            effects: Vec::new(),
            snmp: super::snmp::Snmp::default(),
            random: s.now().as_nanos() ^ u64::from(std::process::id()).rotate_left(40),
            is_stopping: false,
            is_settling: false,
            watched: Watched::default(),
            index: super::status::Index::default(),
            config,
            plumbing,
        })
    }

    /// Fill the kernel's table, and wait for the first checks.
    pub(super) fn set_up(&mut self, s: &mut Scheduler<Self>) -> io::Result<()> {
        self.mind_lateness(s);
        self.set_up_notifications(s);
        self.set_up_snmp(s);
        self.add_services();
        self.weigh_files(s);
        let quorums = self.start_services();
        self.fill_the_table()?;
        self.tell_starts(s, &quorums);
        self.watch_the_table(s)?;
        self.watch_addresses(s)?;
        self.take_keys();
        self.add_checks(s);
        self.settle_files();
        self.settle_suspended(s);
        self.follow_files(s);
        self.watch_sessions(s);
        self.watch_checks(s);
        self.notifier.follow(s);
        self.snmp.follow(s);
        self.headline_may_change(s);
        Ok(())
    }

    fn add_services(&mut self) {
        let config = Rc::clone(&self.config);
        self.marker.follow(&config);
        let marks = &self.marker.marks;
        for (place, service) in config.check.services.iter().enumerate() {
            let own = OwnService::new(&config.check, place, service, marks);
            self.services.push(own);
        }
        self.learn_keys();
    }

    fn start_services(&mut self) -> Vec<Quorum> {
        let services = self.services.iter_mut();
        services.map(|own| own.machine.start()).collect()
    }

    /// Whoever is told finds the services in the kernel's table.
    fn tell_starts(&mut self, s: &Scheduler<Self>, quorums: &[Quorum]) {
        for (place, quorum) in quorums.iter().enumerate() {
            self.tell_start(s.now(), place, quorum);
        }
    }

    /// All checks of the configuration.
    fn add_checks(&mut self, s: &mut Scheduler<Self>) {
        let config = Rc::clone(&self.config);
        let groups = groups(&config);
        let room = room(groups.len());
        for (places, _) in groups {
            self.log_activation(&places);
            self.add_check(s, places, room);
        }
    }

    fn log_activation(&self, places: &[Place]) {
        if !log::log_enabled!(log::Level::Debug) {
            return;
        }
        for place in places {
            let (service, server) = (index(place.service), index(place.server));
            if let (Some((config, at)), Some(own)) =
                (self.server(service, server), self.services.get(service))
            {
                let name = names::server(config, at.socket());
                log::debug!(
                    "Activating healthchecker for service {name} for VS {}",
                    own.name
                );
            }
        }
    }

    /// Where in its warm-up the next check begins.
    pub(super) fn share(&mut self) -> u32 {
        next_share(&mut self.random)
    }
}

/// Shares one after the other are far from each other, and many of them fill the
/// circle evenly.
fn next_share(random: &mut u64) -> u32 {
    *random = random.wrapping_add(GOLDEN);
    let [a, b, c, d, ..] = random.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// In which time so many first checks are made that are wanted soon.
pub(super) fn room(checks: usize) -> Duration {
    FIRST_CHECK.saturating_mul(u32::try_from(checks).unwrap_or(u32::MAX))
}

/// What is to be checked, and for whom: the same check of the same server once, if the
/// configuration asks for that.
pub(super) fn groups(config: &Config) -> Vec<(Vec<Place>, &Checker)> {
    let mut same: HashMap<&Checker, usize> = HashMap::new();
    let mut all: Vec<(Vec<Place>, &Checker)> = Vec::new();
    for (place, checker) in places(config) {
        if config.global.lvs.dedupe_checks && is_shareable(checker) {
            let number = *same.entry(checker).or_insert(all.len());
            if let Some((places, _)) = all.get_mut(number) {
                places.push(place);
                continue;
            }
        }
        all.push((vec![place], checker));
    }
    all
}

/// All checks of a configuration, and where they stand.
pub(super) fn places(config: &Config) -> impl Iterator<Item = (Place, &Checker)> {
    let services = config.check.services.iter().enumerate();
    services.flat_map(|(service, of)| {
        let servers = of.servers.iter().enumerate();
        servers.flat_map(move |(server, of)| {
            let checkers = of.checkers.iter().enumerate();
            checkers.map(move |(number, checker)| (Place::new(service, server, number), checker))
        })
    })
}

/// Whether the verdict of a check is the same for all servers that ask for it. One that
/// sets a weight says something of each server.
fn is_shareable(checker: &Checker) -> bool {
    match &checker.kind {
        Kind::Misc(misc) => !misc.dynamic,
        Kind::File(_) | Kind::Bfd(_) => false,
        Kind::Tcp(_)
        | Kind::Http(_)
        | Kind::Smtp(_)
        | Kind::Dns(_)
        | Kind::Udp(_)
        | Kind::Ping(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::schedule::{Policy, Schedule, Warmup};
    use scheduler::Instant;

    /// How many of 20,000 checks begin in each tenth of a second.
    fn beginnings(warmup: Warmup, random: u64) -> Vec<usize> {
        const CHECKS: usize = 20_000;
        let mut random = random;
        let policy = Policy {
            interval: Duration::from_secs(10),
            interval_down: Duration::from_secs(10),
            retry: 0,
            pause: Duration::from_secs(1),
            warmup,
            from_begin: false,
            retries_first: false,
            alpha: true,
        };
        let mut tenths = Vec::new();
        for _ in 0..CHECKS {
            let share = next_share(&mut random);
            let schedule = Schedule::new(policy, Instant::ZERO, share, room(CHECKS));
            let due = schedule.deadline().expect("none is under way");
            let tenth = usize::try_from(due.since(Instant::ZERO).as_millis() / 100).unwrap();
            tenths.resize(tenths.len().max(tenth + 1), 0);
            tenths[tenth] += 1;
        }
        tenths
    }

    #[test]
    fn twenty_thousand_checks_are_no_burst() {
        for random in [0, 1, 0x1234_5678_9abc_def0, u64::MAX] {
            let all = beginnings(Warmup::Within(Duration::from_secs(10)), random);
            assert!(all[..10].iter().all(|count| *count == 0), "{all:?}");
            assert_eq!(all.len(), 110);
            let (least, most) = (all[10..].iter().min(), all[10..].iter().max());
            assert!(least >= Some(&190) && most <= Some(&210), "{all:?}");
            let soon = beginnings(Warmup::Soon, random);
            let even = 20_000 / soon.len();
            assert!(
                soon.iter().all(|count| *count <= even + even / 20 + 1),
                "{soon:?}"
            );
        }
    }
}
