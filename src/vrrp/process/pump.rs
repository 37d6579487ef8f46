//! The pump: addresses into and out of the kernel, and announcements out, a
//! bounded portion at the end of each round.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use scheduler::{Drain, IoId, Key, Ready, Scheduler};

use super::VrrpProcess;
use super::book::{self, Item};
use super::mending::Mending;
use crate::model::{IfIndex, IpNet};
use crate::netlink::addr::PROTOCOL_KEEPALIVED;
use crate::netlink::mirror::Address;
use crate::netlink::{Changes, Commander, Mirror, Monitor, Operation, Outcome, Outcomes, Tolerate};
use crate::vrrp::config::routes::{route_text, rule_text};
use crate::vrrp::config::{AddressConfig, InstanceConfig};
use crate::vrrp::fsm::InstanceId;
use crate::vrrp::install::{Order, Wanted};
use crate::vrrp::path_request;

/// How long the kernel may work on one portion. Adverts wait no longer than
/// this for addresses.
const PORTION_TIME: Duration = Duration::from_millis(4);
/// Addresses of the first portion, and bounds of the others. The kernel looks
/// through all addresses of an interface for each new one, so that the ten
/// thousandth takes a hundred times as long as the first.
const PORTION: usize = 64;
const PORTION_MIN: usize = 8;
const PORTION_MAX: usize = 256;
/// From so many orders on the kernel's echoes are not heard one by one: all
/// addresses are asked for when the last order has been carried out.
const MANY: usize = 64;
/// Receive buffers of the netlink sockets, in octets, unless configured. An
/// event takes less than 1 KiB of it; each portion is read before the next.
const MONITOR_BUFFER: usize = 1 << 20;
const COMMAND_BUFFER: usize = 1 << 18;

/// The kernel's addresses and links, and the way to change them.
#[derive(Debug)]
pub(super) struct Kernel {
    pub(super) mirror: Mirror,
    pub(super) monitor: Monitor,
    pub(super) changes: Changes,
    pub(super) commander: Commander,
    outcomes: Outcomes,
    /// Additions that need no request, since an administrator has made them: whose, and
    /// up to which position it is settled.
    found: Vec<(InstanceId, u32)>,
    /// The kernel says who has set an address.
    tells_origin: bool,
    portion: usize,
    pub(super) mending: Mending,
    /// To read the monitor when the kernel has said nothing.
    pub(super) monitor_io: Option<IoId<VrrpProcess>>,
}

impl Kernel {
    /// Open the sockets and fill the mirror.
    pub(super) fn open(monitor: Option<u32>, command: Option<u32>) -> io::Result<Self> {
        let size = |configured: Option<u32>, default: usize| {
            configured
                .and_then(|octets| usize::try_from(octets).ok())
                .unwrap_or(default)
        };
        let commander = Commander::open(size(command, COMMAND_BUFFER))?;
        let mut monitor = Monitor::open(size(monitor, MONITOR_BUFFER))?;
        let mut mirror = Mirror::new();
        monitor.load(&mut mirror)?;
        let tells_origin = mirror.tells_who_set_addresses();
        Ok(Self {
            mirror,
            monitor,
            changes: Changes::new(),
            commander,
            outcomes: Outcomes::new(),
            found: Vec::new(),
            tells_origin,
            portion: PORTION,
            mending: Mending::default(),
            monitor_io: None,
        })
    }

    pub(super) const fn commander(&self) -> &Commander {
        &self.commander
    }

    /// Requests without an answer.
    pub(super) fn backlog(&self) -> usize {
        self.commander.backlog()
    }

    /// Whether requests wait to be sent.
    pub(super) fn has_queued(&self) -> bool {
        self.commander.queued() > 0
    }

    /// Whether an address of an owner was set by somebody else: then it is the owner's
    /// by right, was there before and stays. (With any other priority it would be there
    /// twice, on a backup and on the master.)
    pub(super) fn is_of_administrator(
        &self,
        instance: Option<&InstanceConfig>,
        interface: IfIndex,
        net: IpNet,
    ) -> bool {
        let is_owner = instance.is_some_and(|instance| instance.priority.is_owner());
        let is_it = |known: &&Address| known.net == net && known.protocol != PROTOCOL_KEEPALIVED;
        let mut known = self.mirror.addresses_like(interface, net.addr);
        is_owner && self.tells_origin && known.find(is_it).is_some()
    }

    /// Queue the removal of an address.
    pub(super) fn delete(&mut self, address: &AddressConfig, interface: IfIndex, ticket: u64) {
        let request = book::request(address, interface);
        self.commander
            .push(&request, Operation::Delete, ticket, Tolerate::GONE);
    }

    /// Read what has happened; true if there may be more.
    pub(super) fn read_monitor(&mut self) -> io::Result<bool> {
        let port = self.commander.port();
        let status = self
            .monitor
            .read(&mut self.mirror, port, &mut self.changes)?;
        Ok(status == crate::netlink::ReadStatus::More)
    }

    /// Do not listen to the echoes of what is to come.
    fn mute(&mut self) {
        let port = self.commander.port();
        if let Err(error) = self.monitor.mute(port) {
            log::debug!("netlink monitor: cannot leave out echoes: {error}");
        }
    }

    /// Make the next portion fit the time.
    fn adapt(&mut self, sent: usize, took: Duration) {
        if sent < self.portion {
            return;
        }
        let nanos = took.as_nanos().max(1);
        let fitting = PORTION_TIME.as_nanos().saturating_mul(sent as u128) / nanos;
        let fitting = usize::try_from(fitting).unwrap_or(PORTION_MAX);
        // Half way: a single stall of the machine says little.
        self.portion = usize::midpoint(self.portion, fitting).clamp(PORTION_MIN, PORTION_MAX);
    }
}

impl VrrpProcess {
    /// Have the pump run at the end of this round, once.
    pub(super) fn ask_for_pump(&mut self, s: &mut Scheduler<Self>) {
        if !self.is_pumping {
            self.is_pumping = true;
            s.soon("addresses and announcements", 0, Self::on_pump);
        }
    }

    /// One portion of each kind of work.
    fn on_pump(&mut self, s: &mut Scheduler<Self>, _: Key) {
        self.is_pumping = false;
        if self.installer.is_idle() {
            self.plumbing.mind_rush(s.now());
        } else {
            self.plumbing.hurry(s.now());
        }
        self.install_portion(s);
        self.announce_portion(s);
        self.catch_up(s);
        self.follow_deadlines(s);
        self.tell_if_settled();
        self.finish_if_stopped(s);
    }

    /// Replies that did not come at once.
    pub(super) fn on_command_socket(
        &mut self,
        s: &mut Scheduler<Self>,
        _: IoId<Self>,
        _: Ready,
    ) -> Drain {
        self.read_outcomes(s);
        self.follow_deadlines(s);
        self.tell_if_settled();
        self.finish_if_stopped(s);
        Drain::Drained
    }

    /// The interface will no longer be known by its name: what waits for it, and
    /// for others before it, becomes requests now, as long as its index is known.
    pub(super) fn queue_all_orders(&mut self) {
        let config = Rc::clone(&self.config);
        while let Some(order) = self.installer.take() {
            self.request(&config, order);
        }
    }

    pub(super) fn install_portion(&mut self, s: &mut Scheduler<Self>) {
        let config = Rc::clone(&self.config);
        let is_many = self.installer.waiting() > MANY;
        // What is told of addresses one by one has to be heard so.
        if is_many && !self.plumbing.settings.address_monitoring {
            self.kernel.mute();
        }
        let mut count = self.kernel.commander.queued();
        while count < self.kernel.portion {
            let Some(order) = self.installer.take() else {
                break;
            };
            count += usize::from(self.request(&config, order));
        }
        for (id, upto) in self.kernel.found.drain(..) {
            self.announcer.installed(s.now(), id, upto);
        }
        if self.kernel.backlog() == 0 || self.kernel.mending.is_resting() {
            return;
        }
        let before = s.refresh();
        match self.kernel.commander.flush(self.kernel.portion) {
            Ok(0) => self.rest(s),
            Ok(sent) => self.kernel.adapt(sent, s.refresh().since(before)),
            Err(error) => {
                self.kernel.mending.complain("netlink commands", &error);
                self.rest(s);
            }
        }
        self.read_outcomes(s);
    }

    /// All orders are carried out and announced: look at what the kernel made of them.
    fn catch_up(&mut self, s: &mut Scheduler<Self>) {
        let is_announcing = self.announcer.deadline().is_some_and(|at| at <= s.now());
        let is_busy = !self.installer.is_idle() || self.kernel.backlog() > 0 || is_announcing;
        if is_busy || !self.kernel.monitor.is_muted() {
            return;
        }
        if let Err(error) = self.kernel.monitor.unmute() {
            log::error!("netlink monitor: cannot listen to echoes again: {error}");
        }
        if let Some(io) = self.kernel.monitor_io {
            s.requeue(io);
        }
    }

    /// Queue the request for one item. False if there is nothing to do: an
    /// interface does not exist.
    pub(super) fn request(&mut self, config: &crate::control_plane::Config, order: Order) -> bool {
        let Kernel {
            mirror, commander, ..
        } = &mut self.kernel;
        let is_queued = match book::configured(&config.vrrp, order.instance, order.index) {
            Some(Item::Address(address)) => {
                let instance = config.vrrp.instance(order.instance.index());
                return self.request_address(instance, address, order);
            }
            Some(Item::Route(route)) => {
                path_request::request_route(route, order, mirror, commander.batch())
            }
            Some(Item::Rule(rule)) => {
                path_request::request_rule(rule, order, commander.batch());
                true
            }
            None => false,
        };
        if !is_queued {
            self.settled(order);
        }
        is_queued
    }

    fn request_address(
        &mut self,
        instance: Option<&InstanceConfig>,
        address: &AddressConfig,
        order: Order,
    ) -> bool {
        let entry = self.book.entry(order.instance, order.index);
        let interface = entry.and_then(|entry| self.interfaces.index(entry.key));
        let Some(interface) = interface else {
            self.settled(order);
            return false;
        };
        let net = address.net.value;
        if self.kernel.is_of_administrator(instance, interface, net) {
            let upto = self.settled(order);
            let found = upto.map(|upto| (order.instance, upto));
            self.kernel.found.extend(found);
            return false;
        }
        let (operation, tolerate) = match order.wanted {
            Wanted::Present => (Operation::Replace, Tolerate::EXISTS),
            Wanted::Absent => (Operation::Delete, Tolerate::GONE),
        };
        let request = book::request(address, interface);
        self.kernel
            .commander
            .push(&request, operation, order.ticket(), tolerate);
        true
    }

    fn read_outcomes(&mut self, s: &mut Scheduler<Self>) {
        let mut outcomes = std::mem::take(&mut self.kernel.outcomes);
        if let Err(error) = self.kernel.commander.read(&mut outcomes) {
            self.kernel.mending.complain("netlink commands", &error);
        }
        let mut progress = None;
        for outcome in outcomes.drain(..) {
            let order = Order::from_ticket(outcome.ticket);
            match &outcome.result {
                Err(error) if error.is_passing() && self.will_repeat(s, order) => continue,
                Err(_) => {
                    self.installer.refuse(order);
                    self.complain(order, &outcome);
                }
                Ok(()) => {
                    self.remember_unheard(order);
                    self.path_accepted(order);
                }
            }
            let settled = self.settled(order).map(|upto| (order.instance, upto));
            // Telling the announcer once per instance and portion is enough.
            if let (Some((id, upto)), Some((next, _))) = (progress, settled)
                && id != next
            {
                self.announcer.installed(s.now(), id, upto);
            }
            progress = settled.or(progress);
        }
        if self.kernel.backlog() == 0 {
            self.kernel.mending.all_answered();
        }
        if let Some((id, upto)) = progress {
            self.announcer.installed(s.now(), id, upto);
        }
        self.kernel.outcomes = outcomes;
    }

    /// An address that was added while echoes are muted: whether somebody else has
    /// deleted it since is seen when all addresses have been told.
    fn remember_unheard(&mut self, order: Order) {
        if order.wanted == Wanted::Present
            && self.kernel.monitor.is_muted()
            && let Some(entry) = self.book.entry(order.instance, order.index)
        {
            self.suspects.push((entry.key, entry.net.addr));
        }
    }

    fn settled(&mut self, order: Order) -> Option<u32> {
        self.need_not_repeat(order);
        let settled = self.installer.settled(order)?;
        let addresses = self.book.of(order.instance).len();
        let addresses = u32::try_from(addresses).unwrap_or(u32::MAX);
        // Routes and rules are not announced.
        (order.instance != self.book.statics()).then(|| settled.min(addresses))
    }

    fn complain(&self, order: Order, outcome: &Outcome) {
        let Err(error) = &outcome.result else { return };
        let Some(item) = book::configured(&self.config.vrrp, order.instance, order.index) else {
            return;
        };
        let item = self.item_text(item, order);
        let what = match order.wanted {
            Wanted::Present => "add",
            Wanted::Absent => "remove",
        };
        log::error!("Netlink: error: cannot {what} {item}: {error}");
    }

    fn item_text(&self, item: Item<'_>, order: Order) -> String {
        match item {
            Item::Address(address) => {
                let entry = self.book.entry(order.instance, order.index);
                let interface = entry.and_then(|entry| self.interfaces.get(entry.key));
                let device = interface.map_or("?", |i| i.name.as_str());
                format!("address {} on {device}", address.net.value)
            }
            Item::Route(route) => format!("route {}", route_text(route)),
            Item::Rule(rule) => format!("rule {}", rule_text(rule)),
        }
    }
}
