//! The process built from its configuration, up to the start of all instances.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::os::fd::AsFd as _;
use std::rc::Rc;
use std::time::Duration;

use scheduler::{Alarm, Interest, Scheduler};

use super::VrrpProcess;
use super::announcing::Announcements;
use super::book::AddressBook;
use super::interfaces::Interfaces;
use super::kept::Kept;
use super::paths::Paths;
use super::policy;
use super::pool::SocketPool;
use super::pump::Kernel;
use super::trackers::Trackers;
use super::virtual_links::VirtualLinks;
use super::virtual_router::VirtualRouter;
use crate::control_plane::Config;
use crate::model::Family;
use crate::net::RxBatch;
use crate::notify::notifier::Notifier;
use crate::vrrp::announce::{Announcer, PacerId};
use crate::vrrp::config::{InstanceConfig, UpDownDelay, VrrpConfig, default_interface, place_of};
use crate::vrrp::debounce::{Debouncer, Delays, longest_delay};
use crate::vrrp::fsm::{Effects, InstanceId, InterfaceKey};
use crate::vrrp::install::Installer;
use crate::vrrp::router::{Input, Router};
use crate::vrrp::strangers::Strangers;
use crate::watchdog::launch::Plumbing;
use crate::watchdog::launch::child::Child as _;
use crate::watchdog::survey::Watched;

impl VrrpProcess {
    /// Open what the process cannot be without.
    pub(super) fn opened(
        config: Rc<Config>,
        plumbing: Plumbing,
        s: &Scheduler<Self>,
    ) -> io::Result<Self> {
        let buffers = &config.global.buffers;
        let kernel = Kernel::open(buffers.netlink_monitor, buffers.netlink_command)?;
        let mut interfaces = Interfaces::default();
        let book = address_book(&config, &mut interfaces);
        Ok(Self {
            router: Router::new(),
            routers: Vec::new(),
            announcer: Announcer::new(),
            announcements: Announcements::open()?,
            installer: Installer::new(book.owner_count()),
            debouncer: Debouncer::default(),
            linkbeat: super::linkbeat::Linkbeat::default(),
            rivals: super::rivals::Rivals::default(),
            strangers: Strangers::default(),
            kept: Kept::new(&plumbing, config.global.use_pid_dir),
            interfaces,
            book,
            paths: Paths::new(&config.vrrp),
            kernel,
            virtual_links: VirtualLinks::default(),
            tables: super::firewall::Tables::default(),
            pool: SocketPool::new(config.global.log_unknown_vrids),
            batch: RxBatch::new(),
            heard_at: s.now(),
            effects: Effects::new(),
            suspects: Vec::new(),
            missing_paths: BTreeSet::new(),
            are_paths_doubtful: false,
            losses_seen: 0,
            passed: Vec::new(),
            alarm: Alarm::new("VRRP", 0, Self::on_deadline),
            trackers: Trackers::default(),
            connection_sync: None,
            notifier: Notifier::default(),
            snmp: super::snmp::Snmp::default(),
            spare_subjects: Vec::new(),
            bus: super::bus::Bus::default(),
            group_subjects: Vec::new(),
            is_pumping: false,
            is_stopping: false,
            is_settling: false,
            watched: Watched::default(),
            config,
            plumbing,
        })
    }

    /// Set everything up, and start all instances.
    pub(super) fn set_up(&mut self, s: &mut Scheduler<Self>) -> io::Result<()> {
        self.watch_kernel(s)?;
        self.mind_lateness(s);
        self.set_up_rivals(s);
        self.watch_paths()?;
        self.add_instances();
        self.recall();
        // Before the interfaces are up, so that not even their first reports leave.
        self.raise_firewall();
        self.make_virtual_links(s.now());
        self.raise_firewall();
        self.set_delays(&[]);
        self.set_up_linkbeat(s);
        self.set_sysctls();
        self.set_up_notifications(s);
        self.set_up_snmp(s);
        self.set_up_sync_daemon();
        self.set_up_bus(s);
        self.set_up_trackers(s);
        self.start(s);
        Ok(())
    }

    fn watch_kernel(&mut self, s: &mut Scheduler<Self>) -> io::Result<()> {
        self.wait_for_monitor(s);
        let commands = self.kernel.commander().as_fd();
        s.watch(
            "netlink commands",
            commands,
            Interest::Read,
            0,
            Self::on_command_socket,
        )?;
        Ok(())
    }

    fn add_instances(&mut self) {
        let config = Rc::clone(&self.config);
        let pacers = Pacers::new(&config, &mut self.announcer, &mut self.interfaces);
        for (instance, number) in config.vrrp.instances.iter().zip(0..) {
            let machine = policy::machine(instance, &mut |name| self.interfaces.key(name));
            let of_entries: Vec<PacerId> = self
                .book
                .of(InstanceId(number))
                .iter()
                .map(|entry| pacers.of(entry.key, entry.net.family()))
                .collect();
            let id = self.announcer.add(machine.announce, &of_entries);
            let extras = self.extra_announcements(id, instance);
            self.announcer.set_extras(id, extras);
            self.router.add(machine);
            self.add_router(instance);
        }
    }

    /// The next virtual router.
    pub(super) fn add_router(&mut self, instance: &InstanceConfig) {
        let (key, needed) = self.keys_of(instance);
        self.routers.push(VirtualRouter::new(instance, key, needed));
    }

    /// The interface of an instance's adverts, and all that have to exist.
    pub(super) fn keys_of(
        &mut self,
        instance: &InstanceConfig,
    ) -> (Option<InterfaceKey>, Vec<InterfaceKey>) {
        let name = instance.advert_interface();
        let key = name.map(|name| self.interfaces.key(name));
        (key, self.needed_by(instance))
    }

    /// `interface_up_down_delays`, bounded by what the instances there can bear.
    /// Interfaces of the list before have none any more unless they are given.
    pub(super) fn set_delays(&mut self, before: &[UpDownDelay]) {
        let config = Rc::clone(&self.config);
        for former in before {
            let key = self.interfaces.key(&former.name.value);
            self.debouncer.set(key, Delays::default());
        }
        for configured in &config.vrrp.up_down_delays {
            let name = &configured.name.value;
            let on_it = config
                .vrrp
                .instances
                .iter()
                .filter(|i| i.interface.as_ref().is_some_and(|own| own.value == *name));
            let limit = on_it
                .map(|i| longest_delay(i.down_timer_adverts, i.advert_interval))
                .min()
                .unwrap_or(Duration::MAX);
            let delays = Delays {
                down: configured.down,
                up: configured.up,
            };
            self.debouncer
                .set(self.interfaces.key(name), delays.at_most(limit));
        }
    }

    pub(super) fn set_sysctls(&mut self) {
        let config = Rc::clone(&self.config);
        for instance in config
            .vrrp
            .instances
            .iter()
            .filter(|i| i.promote_secondaries)
        {
            if let Some(name) = &instance.interface {
                self.set_sysctl(
                    &format!("net/ipv4/conf/{}/promote_secondaries", name.value),
                    "1",
                );
            }
        }
        if config.global.disable_local_igmp {
            self.set_sysctl("net/ipv4/igmp_link_local_mcast_reports", "0");
        }
    }

    fn start(&mut self, s: &mut Scheduler<Self>) {
        self.mark_hopeless(s.now());
        for key in self.interfaces.keys() {
            let name = self
                .interfaces
                .get(key)
                .map(|interface| interface.name.clone());
            let link = name.and_then(|name| self.kernel.mirror.link_named(&name));
            if let Some(index) = link.map(|link| link.index) {
                self.link_appeared(s, index);
            } else {
                self.pass_on(s.now(), key, false);
                self.refresh_instances_on(s, key);
            }
        }
        self.install_static_paths();
        for line in self.pool.describe() {
            log::debug!("{line}");
        }
        let delay = self.start_delay(s);
        self.router
            .on(s.now(), Input::Start { delay }, &mut self.effects);
        self.perform(s);
    }

    /// The longer of `vrrp_startup_delay` and what is left of
    /// `vrrp_delay_after_boot`; the monotonic clock counts from boot.
    fn start_delay(&self, s: &Scheduler<Self>) -> Duration {
        let since_boot = Duration::from_nanos(s.now().as_nanos());
        let global = &self.config.global;
        let delay = global
            .startup_delay
            .max(global.delay_after_boot.saturating_sub(since_boot));
        if !delay.is_zero() {
            log::info!("Delaying startup for {}", super::report::seconds(delay));
        }
        delay
    }
}

/// Enter all addresses, on the interface each names or inherits.
pub(super) fn address_book(config: &Config, interfaces: &mut Interfaces) -> AddressBook {
    let vrrp: &VrrpConfig = &config.vrrp;
    let default = default_interface(&config.global);
    AddressBook::new(vrrp, |instance, address| {
        let instance = instance.and_then(|number| vrrp.instance(number));
        let name = place_of(address, instance, default.as_ref());
        name.map(|name| interfaces.key(name))
    })
}

/// Which timer spaces the announcements of an interface: that of its
/// `garp_group`, else its own with the global intervals.
pub(super) struct Pacers {
    of_groups: HashMap<(InterfaceKey, Family), PacerId>,
    of_interfaces: HashMap<(InterfaceKey, Family), PacerId>,
}

impl Pacers {
    pub(super) fn new(
        config: &Config,
        announcer: &mut Announcer,
        interfaces: &mut Interfaces,
    ) -> Self {
        let mut of_groups = HashMap::new();
        for group in &config.vrrp.garp_groups {
            let intervals = [
                (Family::V4, group.garp_interval),
                (Family::V6, group.gna_interval),
            ];
            for (family, interval) in intervals {
                let Some(interval) = interval else { continue };
                let pacer = announcer.add_pacer(interval);
                for name in &group.interfaces {
                    of_groups.insert((interfaces.key(&name.value), family), pacer);
                }
            }
        }
        let mut of_interfaces = HashMap::new();
        let vrrp = &config.global.vrrp;
        for (family, interval) in [
            (Family::V4, vrrp.garp_interval),
            (Family::V6, vrrp.gna_interval),
        ] {
            if !interval.is_zero() {
                for key in interfaces.keys() {
                    of_interfaces.insert((key, family), announcer.add_pacer(interval));
                }
            }
        }
        Self {
            of_groups,
            of_interfaces,
        }
    }

    pub(super) fn of(&self, key: InterfaceKey, family: Family) -> PacerId {
        let place = (key, family);
        let found = self
            .of_groups
            .get(&place)
            .or_else(|| self.of_interfaces.get(&place));
        found.copied().unwrap_or(PacerId::NONE)
    }
}
