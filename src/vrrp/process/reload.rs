//! Another configuration for the running process.
//!
//! The parent hands over what it has compiled. Instances that are equal in both
//! configurations do not notice; those that differ change where they stand:
//!
//! 1. who is not in the new one leaves, its adverts and removals go first;
//! 2. what waits for removal becomes requests, for ids and addresses change now;
//! 3. tables are built from the new configuration, machines are carried over;
//! 4. addresses follow by difference, new instances join.

use std::rc::Rc;

use scheduler::{Instant, Scheduler};

use super::VrrpProcess;
use super::book::AddressBook;
use super::paths::Paths;
use super::policy;
use super::setup::{Pacers, address_book};
use super::trackers;
use super::virtual_router::VirtualRouter;
use crate::control_plane::Config;
use crate::vrrp::announce::Announcer;
use crate::vrrp::config::{InstanceConfig, Shared};
use crate::vrrp::fsm::{Burst, FaultKind, InstanceId, Policy};
use crate::vrrp::install::Installer;
use crate::vrrp::plan::{Plan, Step};
use crate::vrrp::router::{Input, Successor, Successors};
use crate::watchdog::launch::child::Child as _;

/// How often the kernel is listened to in the middle of a reload, at most.
const ROUNDS: usize = 4;

/// What is left of the old configuration while the new one takes over.
pub(super) struct Old {
    pub(super) config: Rc<Config>,
    pub(super) book: AddressBook,
    /// For each owner, how many of its addresses are in the kernel.
    pub(super) sent: Vec<u32>,
    /// How many static items there are.
    pub(super) statics: u32,
    pub(super) routers: Vec<VirtualRouter>,
    pub(super) announcer: Announcer,
}

impl VrrpProcess {
    /// Go over to another configuration.
    pub(super) fn go_over(&mut self, s: &mut Scheduler<Self>, config: Rc<Config>) {
        let paused = self.rename_virtual_links(s, &config.vrrp);
        let plan = Plan::between(&self.config.vrrp, &config.vrrp);
        for line in plan.describe(&self.config.vrrp, &config.vrrp) {
            log::info!("Reload: {line}");
        }
        self.part(s, &plan);
        let policies = self.policies(&config, &plan);
        let book = address_book(&config, &mut self.interfaces);
        self.learn_interfaces(s);
        self.perform(s);
        self.leave_firewall(&config);
        let mut old = self.switch(config, book);
        let grown = self.rebuild(s.now(), &plan, policies, &old);
        self.carry_routers(&plan, std::mem::take(&mut old.routers));
        self.raise_firewall();
        self.carry_trackers(s, &plan.trackers);
        self.settle_changes(s, &plan);
        self.retell_groups();
        self.change_notifications(s, &old.config);
        self.set_up_snmp(s);
        self.plumbing.reconfigure(&old.config, &self.config);
        self.mind_lateness(s);
        self.write_states();
        for id in grown {
            self.announcer.begin(s.now(), id, Burst::Added);
        }
        self.set_delays(&old.config.vrrp.up_down_delays);
        self.set_up_rivals(s);
        if self.set_up_linkbeat(s) {
            self.renew_link_states(s);
        }
        self.raise_firewall();
        self.set_sysctls();
        // Who has begun says so after the reload.
        self.reload_on_bus(&old.config);
        self.perform(s);
        self.renew_what_a_pause_took(&paused);
        // Addresses before the interfaces that they are on.
        self.install_portion(s);
        self.remove_unwanted_links();
        self.renew_sync_daemon();
        self.conclude_reflection(s);
        self.ask_for_pump(s);
        log::debug!("All of it is in use");
    }

    /// Let those leave that are not in the new configuration.
    fn part(&mut self, s: &mut Scheduler<Self>, plan: &Plan) {
        for &place in &plan.ending {
            let id = id(place);
            self.router
                .on(s.now(), Input::Leave { id }, &mut self.effects);
        }
        self.perform(s);
        for &place in &plan.ending {
            self.close_socket(s, id(place));
        }
    }

    /// What the machines go by that do not go on as they are. All interfaces have
    /// their keys after that.
    fn policies(&mut self, config: &Config, plan: &Plan) -> Vec<Option<Policy>> {
        let instances = config.vrrp.instances.iter().zip(&plan.steps);
        let key = &mut |name: &crate::model::IfName| self.interfaces.key(name);
        let router = &self.router;
        let goes_on = |from| router.instance(id(from)).is_some_and(|it| !it.is_amended());
        let policy = |(instance, step): (&Shared<InstanceConfig>, &Step)| match step {
            Step::Keep(from) if goes_on(*from) => None,
            Step::Start | Step::Keep(_) | Step::Change(_) => Some(policy::machine(instance, key)),
        };
        instances.map(policy).collect()
    }

    /// Interfaces that the new configuration is the first to name.
    fn learn_interfaces(&mut self, s: &mut Scheduler<Self>) {
        for key in self.interfaces.keys() {
            let interface = self.interfaces.get(key).filter(|i| i.index.is_none());
            let link = interface.and_then(|i| self.kernel.mirror.link_named(&i.name));
            if let Some(index) = link.map(|link| link.index) {
                self.link_appeared(s, index);
            }
        }
    }

    /// The tables of the old configuration make room for those of the new one.
    fn switch(&mut self, config: Rc<Config>, book: AddressBook) -> Old {
        let owners = (0..self.book.owner_count()).map(id);
        let sent = owners.map(|owner| self.installer.sent(owner)).collect();
        let statics = self.installer.layout(self.book.statics()).count();
        let before = Rc::clone(&self.config);
        for order in self.installer.take_removals() {
            self.request(&before, order);
        }
        self.installer = Installer::new(book.owner_count());
        self.config = config;
        self.paths = Paths::new(&self.config.vrrp);
        self.missing_paths.clear();
        self.are_paths_doubtful = false;
        self.kernel.mending.forget_orders();
        if let Err(error) = self.watch_paths() {
            log::error!("cannot watch routes and rules: {error}");
        }
        let routers = std::mem::take(&mut self.routers);
        Old {
            config: before,
            book: std::mem::replace(&mut self.book, book),
            sent,
            statics,
            routers,
            announcer: std::mem::take(&mut self.announcer),
        }
    }

    /// Machines and announcements of the new configuration, in its order. Gives
    /// the masters that have more addresses than before.
    fn rebuild(
        &mut self,
        now: Instant,
        plan: &Plan,
        policies: Vec<Option<Policy>>,
        old: &Old,
    ) -> Vec<InstanceId> {
        let config = Rc::clone(&self.config);
        let pacers = Pacers::new(&config, &mut self.announcer, &mut self.interfaces);
        let mut successors = Successors {
            groups: trackers::groups(&config.vrrp),
            trackers: trackers::carried(&config.vrrp, &plan.trackers),
            ..Successors::default()
        };
        successors.instances.reserve_exact(policies.len());
        for ((place, policy), step) in policies.into_iter().enumerate().zip(&plan.steps) {
            let Some(instance) = config.vrrp.instance(place) else {
                continue;
            };
            let own = id(place);
            let entries = self.book.of(own).iter();
            let of_entries: Vec<_> = entries
                .map(|entry| pacers.of(entry.key, entry.net.family()))
                .collect();
            self.announcer
                .add(policy::announcements(instance), &of_entries);
            let extras = self.extra_announcements(own, instance);
            self.announcer.set_extras(own, extras);
            successors.instances.extend(match (step.from(), policy) {
                (Some(from), Some(policy)) => Some(Successor::Changed(id(from), policy)),
                (Some(from), None) => Some(Successor::Kept(id(from))),
                (None, policy) => policy.map(Successor::New),
            });
        }
        self.router.replace(now, successors, &mut self.effects);
        if !plan.is_in_place() {
            let places = plan.successors();
            self.pool
                .renumber(|user| places.get(&user.index()).map(|place| id(*place)));
        }
        self.pool.set_all_vrids(config.global.log_unknown_vrids);
        let mut grown = Vec::new();
        for (place, step) in plan.steps.iter().enumerate() {
            let has_grown = match step {
                Step::Start => false,
                Step::Keep(from) if self.has_same_places(id(*from), id(place), old) => {
                    self.keep_addresses(now, id(*from), id(place), old);
                    false
                }
                Step::Keep(from) | Step::Change(from) => {
                    self.carry_addresses(now, id(*from), id(place), old)
                }
            };
            if has_grown {
                grown.push(id(place));
            }
        }
        self.carry_statics(old);
        grown
    }

    /// The virtual routers in the order of the new configuration. Those that go on where
    /// they stand are not even moved: that would be most of the work of a reload.
    fn carry_routers(&mut self, plan: &Plan, old: Vec<VirtualRouter>) {
        let config = Rc::clone(&self.config);
        let steps = plan.steps.iter().zip(&config.vrrp.instances);
        if plan.is_in_place() {
            self.routers = old;
            for ((step, instance), place) in steps.zip(0..) {
                match step {
                    Step::Keep(_) => {}
                    Step::Change(_) => self.reconfigure_router(place, instance),
                    Step::Start => self.add_router(instance),
                }
            }
            return;
        }
        let mut old: Vec<Option<VirtualRouter>> = old.into_iter().map(Some).collect();
        self.routers.reserve_exact(plan.steps.len());
        for ((step, instance), place) in steps.zip(0..) {
            match step.from().and_then(|from| old.get_mut(from)?.take()) {
                Some(known) => self.routers.push(known),
                None => self.add_router(instance),
            }
            if matches!(step, Step::Change(_)) {
                self.reconfigure_router(place, instance);
            }
        }
        let ended = old.into_iter().flatten();
        self.spare_subjects
            .extend(ended.filter_map(|own| own.subject));
    }

    /// Go by what the kernel tells of interfaces that were made; that may make others.
    fn hear_what_was_made(&mut self, s: &mut Scheduler<Self>) {
        for _ in 0..ROUNDS {
            while self.kernel.read_monitor().unwrap_or(false) {}
            if self.kernel.changes.is_empty() {
                return;
            }
            self.reflect_all(s);
        }
    }

    fn reconfigure_router(&mut self, place: usize, instance: &InstanceConfig) {
        let (key, needed) = self.keys_of(instance);
        if let Some(router) = self.routers.get_mut(place) {
            router.reconfigure(instance, key, needed);
        }
    }

    /// Adverts, sockets and sources of what changed; then what is new begins.
    fn settle_changes(&mut self, s: &mut Scheduler<Self>, plan: &Plan) {
        let config = Rc::clone(&self.config);
        let changed = plan.steps.iter().enumerate().zip(&config.vrrp.instances);
        for ((place, step), instance) in changed {
            let id = id(place);
            if matches!(step, Step::Keep(_)) {
                continue;
            }
            self.retell(id);
            self.rebuild_advert(s, id);
            self.make_links_of(s.now(), id, instance);
        }
        // An interface that has just been made is there before its instance joins.
        self.hear_what_was_made(s);
        for ((place, step), instance) in plan.steps.iter().enumerate().zip(&config.vrrp.instances) {
            let id = id(place);
            if matches!(step, Step::Keep(_)) {
                continue;
            }
            self.refresh_instance(s, id);
            let fault = Input::Fault {
                id,
                kind: FaultKind::Configuration,
                on: instance.fault_without_peer,
            };
            self.router.on(s.now(), fault, &mut self.effects);
        }
        for (place, step) in plan.steps.iter().enumerate() {
            if *step == Step::Start {
                let id = id(place);
                self.router
                    .on(s.now(), Input::Join { id }, &mut self.effects);
            }
        }
    }
}

fn id(place: usize) -> InstanceId {
    InstanceId(count(place))
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
