//! Another configuration for the running process (`protocols.md` section 22).
//!
//! Services that are in both keep their quorum, servers what is known of them, and
//! checks that ask the same go on, even one under way. The kernel gets the difference,
//! so that connections of what stays are not touched.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::SocketAddr;
use std::rc::Rc;

use scheduler::{Exit, Id, Scheduler, Stop};

use super::CheckProcess;
use super::check::{Check, Place, index};
use super::ends::REMOVED;
use super::services::{OwnServer, OwnService};
use super::setup::{groups, room};
use super::suspend::LocalAddresses;
use crate::check::checker::Checker;
use crate::check::config::service::{ServerConfig, ServiceConfig};
use crate::check::names;
use crate::check::schedule::{Policy, Schedule};
use crate::check::service::Effect;
use crate::control_plane::Config;
use crate::ipvs::ServiceKey;
use crate::model::Family;
use crate::notify::notifier::SubjectId;
use crate::watchdog::launch::child::Child as _;

/// What the new configuration continues: for each of its services the place of that
/// service before, and of its servers.
#[derive(Debug, Default)]
struct Continued {
    services: Vec<Option<usize>>,
    servers: Vec<HashMap<usize, usize>>,
}

impl Continued {
    fn between(old: &[OwnService], config: &Config, new: &[OwnService], next: &Config) -> Self {
        let identity = |own: &OwnService, of: &ServiceConfig| (Rc::clone(&own.name), of.family);
        let former = old.iter().zip(&config.check.services).enumerate();
        let former = former.map(|(place, (own, of))| (identity(own, of), place));
        let mut former: HashMap<(Rc<str>, Family), usize> = former.collect();
        let mut result = Self::default();
        for (own, of) in new.iter().zip(&next.check.services) {
            let place = former.remove(&identity(own, of));
            let before = place.and_then(|place| config.check.services.get(place));
            result.services.push(place);
            result
                .servers
                .push(before.map_or_else(HashMap::new, |before| {
                    same_servers(&before.servers, &of.servers)
                }));
        }
        result
    }

    /// The place of a server before.
    fn server(&self, service: usize, server: usize) -> Option<(usize, usize)> {
        let before = (*self.services.get(service)?)?;
        let server = self.servers.get(service)?.get(&server)?;
        Some((before, *server))
    }

    /// Whether the server of this check was alive before.
    fn was_alive(&self, old: &[OwnService], place: &Place) -> bool {
        let before = self.server(index(place.service), index(place.server));
        before.is_some_and(|(of, at)| old.get(of).is_some_and(|own| own.machine.is_alive(at)))
    }
}

/// From places in the new list to those in the old one.
fn same_servers(old: &[ServerConfig], new: &[ServerConfig]) -> HashMap<usize, usize> {
    let places = old.iter().enumerate();
    let places: HashMap<SocketAddr, usize> = places.map(|(n, of)| (of.socket(), n)).collect();
    let new = new.iter().enumerate();
    new.filter_map(|(place, of)| Some((place, *places.get(&of.socket())?)))
        .collect()
}

impl CheckProcess {
    /// Another configuration, which may be the same for this process.
    pub(super) fn follow_config(&mut self, s: &mut Scheduler<Self>, config: Rc<Config>) {
        if let Err(error) = self.table.find_ipvs(&config) {
            // It was there when the configuration was judged.
            log::error!("{error}");
            s.exit_with(Exit(Self::FAILED));
            return s.stop(Stop::Now);
        }
        let before = Rc::clone(&self.config);
        self.plumbing.reconfigure(&before, &config);
        let is_changed =
            self.config.check != config.check || self.config.global.lvs != config.global.lvs;
        // What SNMP has set lasts until now.
        if is_changed || self.snmp.has_set() {
            self.go_over(s, config);
        } else {
            self.config = config;
            if before.vrrp.files != self.config.vrrp.files {
                self.follow_files(s);
            }
            log::info!("Reload: no virtual server has changed");
        }
        self.change_notifications(s, &before);
        self.set_up_snmp(s);
        self.take_keys();
        self.look_at_the_table();
        self.notifier.follow(s);
        self.snmp.follow(s);
        log::info!("Reload finished");
    }

    fn go_over(&mut self, s: &mut Scheduler<Self>, config: Rc<Config>) {
        self.marker.follow(&config);
        let marks = &self.marker.marks;
        let services = config.check.services.iter().enumerate();
        let new = services.map(|(place, of)| OwnService::new(&config.check, place, of, marks));
        let new: Vec<OwnService> = new.collect();
        let continued = Continued::between(&self.services, &self.config, &new, &config);
        self.part(s, &continued);
        let before = std::mem::replace(&mut self.config, config);
        let mut old = std::mem::replace(&mut self.services, new);
        self.make_files(&before.vrrp.files);
        self.read_files(s);
        self.carry_checks(s, &before, &old, &continued);
        self.patterns.forget_unused();
        let began = self.carry_services(&mut old, &continued);
        self.retire_subjects(&old);
        self.follow_table(&old);
        self.renew_addresses(s);
        self.tell_changes(s, &old, &continued, &began);
        self.tell_stand_ins(s, &before, &old, &continued);
        self.follow_files(s);
        self.ask_for_sessions();
        self.table.settings_changed(&before, &self.config);
    }

    /// Tell of services and servers that are not in the new configuration.
    fn part(&mut self, s: &Scheduler<Self>, continued: &Continued) {
        let config = Rc::clone(&self.config);
        let stays: HashMap<usize, usize> = continued
            .services
            .iter()
            .enumerate()
            .filter_map(|(new, old)| Some(((*old)?, new)))
            .collect();
        for (place, service) in config.check.services.iter().enumerate() {
            match stays.get(&place) {
                None => self.tell_end_of(s.now(), place, service, true, REMOVED),
                Some(new) => {
                    let servers = continued.servers.get(*new);
                    let kept: HashSet<usize> = servers
                        .map(|servers| servers.values().copied().collect())
                        .unwrap_or_default();
                    let gone = (0..service.servers.len()).filter(|at| !kept.contains(at));
                    gone.for_each(|at| self.tell_server_gone(s.now(), place, at));
                }
            }
        }
    }

    /// Checks that ask the same go on; others end, and new ones begin. A server that was
    /// alive stays so until one of these has failed, even with `alpha`.
    fn carry_checks(
        &mut self,
        s: &mut Scheduler<Self>,
        before: &Config,
        old: &[OwnService],
        continued: &Continued,
    ) {
        let mut former: HashMap<Place, Id<Check>> = HashMap::new();
        for (id, check) in self.checks.iter() {
            former.extend(check.places.iter().map(|place| (*place, id)));
        }
        let config = Rc::clone(&self.config);
        let mut left: BTreeSet<u64> = self.checks.iter().map(|(id, _)| id.to_bits()).collect();
        let mut begin = Vec::new();
        for (places, checker) in groups(&config) {
            let mut found = places.iter();
            let found = found.find_map(|place| {
                let old = former_place(before, continued, *place, checker)?;
                let id = old.iter().filter_map(|place| former.get(place));
                id.copied().find(|id| left.contains(&id.to_bits()))
            });
            match found {
                Some(id) => {
                    left.remove(&id.to_bits());
                    self.carry_check(s, id, places, checker);
                }
                None => begin.push(places),
            }
        }
        for id in left {
            self.remove_check(s, Id::from_bits(id));
        }
        let room = room(begin.len());
        for places in begin {
            let stays = places.iter().all(|place| continued.was_alive(old, place));
            let check = self.add_check(s, places, room);
            let check = check.filter(|_| stays);
            if let Some(check) = check.and_then(|id| self.checks.get_mut(id)) {
                check.schedule.stay_up();
            }
        }
    }

    fn carry_check(
        &mut self,
        s: &mut Scheduler<Self>,
        id: Id<Check>,
        places: Vec<Place>,
        checker: &Checker,
    ) {
        let Some(check) = self.checks.get_mut(id) else {
            return;
        };
        check.places = places.into();
        let policy = Policy::of(checker);
        if policy == *check.schedule.policy() {
            return;
        }
        let policy = self.shared(policy);
        if let Some(check) = self.checks.get_mut(id) {
            check.schedule = Schedule::carried(policy, &check.schedule, s.now());
            self.follow(s, id);
        }
    }

    fn remove_check(&mut self, s: &mut Scheduler<Self>, id: Id<Check>) {
        if let Some(check) = self.checks.remove(id) {
            if let Some(timer) = check.timer {
                s.cancel(timer);
            }
            if let Some(talk) = check.conduct.talk() {
                self.talks.remove(s, talk);
            }
        }
    }

    /// Services with what is known of their servers. The places of those that are new.
    fn carry_services(&mut self, old: &mut [OwnService], continued: &Continued) -> Vec<usize> {
        let mut known: HashMap<(u32, u32), (u32, i64)> = HashMap::new();
        for (_, check) in self.checks.iter() {
            for place in check.places.iter() {
                let entry = known.entry((place.service, place.server)).or_default();
                entry.0 += u32::from(!check.schedule.is_up());
                entry.1 += check.contribution;
            }
        }
        let config = Rc::clone(&self.config);
        let mut began = Vec::new();
        for (place, service) in config.check.services.iter().enumerate() {
            let Some(own) = self.services.get_mut(place) else {
                continue;
            };
            let of = |server: usize| {
                let place = Place::new(place, server, 0);
                known.get(&(place.service, place.server)).copied()
            };
            own.set_known(service, |server| of(server).unwrap_or_default());
            match continued.services.get(place).copied().flatten() {
                None => began.push(place),
                Some(before) => {
                    if let Some(before) = old.get_mut(before) {
                        own.subject = before.subject;
                        own.is_suspended = before.is_suspended;
                    }
                }
            }
            for (server, own) in own.servers.iter_mut().enumerate() {
                let before = continued.server(place, server);
                let before = before.and_then(|(of, at)| old.get(of)?.servers.get(at));
                *own = before.copied().unwrap_or_else(OwnServer::default);
            }
        }
        began
    }

    /// Of services and servers that are gone nothing will be told any more.
    fn retire_subjects(&mut self, old: &[OwnService]) {
        let kept: HashSet<SubjectId> = self.services.iter().flat_map(subjects).collect();
        let gone = old.iter().flat_map(subjects);
        for subject in gone.filter(|subject| !kept.contains(subject)) {
            self.notifier.retire(subject);
        }
    }

    /// The kernel gets the difference, in portions. What was ours goes if nobody
    /// wants it any more.
    fn follow_table(&mut self, old: &[OwnService]) {
        let ours: BTreeSet<ServiceKey> = old.iter().flat_map(|own| own.keys.to_vec()).collect();
        self.learn_keys();
        self.table.forsake(ours);
    }

    fn renew_addresses(&mut self, s: &mut Scheduler<Self>) {
        if self.local.is_none() {
            match LocalAddresses::open(&self.config) {
                Ok(local) => self.local = local,
                Err(error) => log::error!("netlink monitor: {error}"),
            }
            if let Err(error) = self.watch_addresses(s) {
                log::error!("netlink monitor: {error}");
            }
        }
        self.settle_suspended(s);
    }

    /// What the reload itself has changed: servers that come up since what failed is
    /// not checked any more, and quorums.
    fn tell_changes(
        &mut self,
        s: &mut Scheduler<Self>,
        old: &[OwnService],
        continued: &Continued,
        began: &[usize],
    ) {
        for place in 0..self.services.len() {
            self.rename_subjects(place);
            let before = continued.services.get(place).copied().flatten();
            let mut effects = Vec::new();
            if let (Some(before), Some(own)) = (
                before.and_then(|before| old.get(before)),
                self.services.get_mut(place),
            ) {
                for server in 0..own.servers.len() {
                    let Some((_, at)) = continued.server(place, server) else {
                        continue;
                    };
                    let up = own.machine.is_alive(server);
                    if up != before.machine.is_alive(at) {
                        effects.push(Effect::Server { server, up });
                    }
                }
                effects.extend(own.machine.resume(&before.machine));
            }
            self.perform(s, place, &mut effects);
        }
        for place in began {
            let quorum = self.services.get_mut(*place).map(|own| own.machine.start());
            if let Some(quorum) = quorum {
                self.tell_start(s.now(), *place, &quorum);
            }
        }
        for place in 0..self.services.len() {
            self.table.touch(s, place);
        }
    }

    /// Another server stands in than before, for services whose quorum was lost and
    /// still is: that is told as it is at the start.
    fn tell_stand_ins(
        &mut self,
        s: &Scheduler<Self>,
        before: &Config,
        old: &[OwnService],
        continued: &Continued,
    ) {
        let config = Rc::clone(&self.config);
        for (place, service) in config.check.services.iter().enumerate() {
            let at = continued.services.get(place).copied().flatten();
            let former = at.and_then(|at| Some((before.check.services.get(at)?, old.get(at)?)));
            let (Some((former, had)), Some(own)) = (former, self.services.get(place)) else {
                continue;
            };
            let sorry = [former, service].map(|of| of.sorry.map(|sorry| sorry.socket()));
            let [was, is] = sorry;
            if had.machine.has_quorum() || own.machine.has_quorum() || was == is {
                continue;
            }
            if let Some(was) = was {
                let name = names::server(former, was);
                log::info!("Removing sorry server {name} from VS {}", own.name);
            }
            if is.is_some() {
                let quorum = own.machine.quorum(true);
                self.quorum_changed(s.now(), place, &quorum);
            }
        }
    }
}

/// A service and its servers, as far as something was told of them.
fn subjects(own: &OwnService) -> impl Iterator<Item = SubjectId> + '_ {
    let servers = own.servers.iter().filter_map(|server| server.subject);
    own.subject.into_iter().chain(servers)
}

/// Where a check that asks the same was before: the checks of the same server.
fn former_place(
    before: &Config,
    continued: &Continued,
    place: Place,
    checker: &Checker,
) -> Option<Vec<Place>> {
    let (service, server) = continued.server(index(place.service), index(place.server))?;
    let of = before.check.services.get(service)?.servers.get(server)?;
    let same = of.checkers.iter().enumerate();
    let same = same.filter(|(_, former)| former.kind == checker.kind);
    Some(
        same.map(|(number, _)| Place::new(service, server, number))
            .collect(),
    )
}
