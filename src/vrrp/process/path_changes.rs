//! Routes and rules that somebody else deleted, or that the kernel dropped.

use std::io;
use std::rc::Rc;

use scheduler::Instant;

use super::VrrpProcess;
use super::book::{self, Item};
use crate::model::{IfIndex, IfName};
use crate::netlink::mirror::PathMessage;
use crate::vrrp::config::routes::{route_text, rule_text};
use crate::vrrp::fsm::{InstanceId, State};
use crate::vrrp::install::{Order, Wanted};
use crate::vrrp::router::Input;

impl VrrpProcess {
    /// Number the interfaces that routes and rules name, and listen to the
    /// kernel's events of tracked ones: each address makes a local route, so
    /// nobody listens without need.
    pub(super) fn watch_paths(&mut self) -> io::Result<()> {
        let config = Rc::clone(&self.config);
        let vrrp = &config.vrrp;
        let of_instances = vrrp.instances.iter();
        let (routes, rules): (Vec<_>, Vec<_>) =
            of_instances.map(|own| (&own.routes, &own.rules)).unzip();
        for route in routes.into_iter().flatten().chain(&vrrp.static_routes) {
            for name in route.interfaces().chain(&route.vrf) {
                self.interfaces.key(&name.value);
            }
        }
        for rule in rules.into_iter().flatten().chain(&vrrp.static_rules) {
            for name in rule.interfaces() {
                self.interfaces.key(&name.value);
            }
        }
        for (owner, layout) in (0..).map(InstanceId).zip(book::layouts(vrrp)) {
            self.installer.set_layout(owner, layout);
        }
        if self.paths.has_routes() {
            self.kernel.monitor.watch_routes()?;
        }
        if self.paths.has_rules() {
            self.kernel.monitor.watch_rules()?;
        }
        Ok(())
    }

    /// The kernel tells that a route or rule appeared or is gone.
    pub(super) fn path_changed(&mut self, message: &PathMessage, removed: bool) {
        let config = &self.config.vrrp;
        for (owner, index) in self.paths.owners(config, &self.kernel.mirror, message) {
            self.missing_paths.remove(&(owner, index));
            if removed && self.installer.holds(owner, index) {
                self.missing_paths.insert((owner, index));
            }
        }
    }

    /// After a loss of events the kernel tells all routes and rules: what should be
    /// there and is not told is missing.
    pub(super) fn doubt_paths(&mut self) {
        self.are_paths_doubtful = true;
        let holds = |&(owner, index): &_| self.installer.holds(owner, index);
        self.missing_paths.extend(self.paths.all().filter(holds));
    }

    /// The kernel has just accepted a route or rule: it is not missing, even if it was not
    /// there when all were told.
    pub(super) fn path_accepted(&mut self, order: Order) {
        if self.are_paths_doubtful && order.wanted == Wanted::Present {
            self.missing_paths.remove(&(order.instance, order.index));
        }
    }

    /// All events were read: what is missing now was deleted by somebody else.
    /// After a loss of events, what nobody tells of is asked for again.
    pub(super) fn check_paths(&mut self, now: Instant) {
        if !self.are_paths_doubtful {
            for (owner, index) in std::mem::take(&mut self.missing_paths) {
                self.path_missing(now, owner, index);
            }
        }
        let losses = self.kernel.monitor.overruns();
        if losses != self.losses_seen {
            if losses.checked_ilog2() != self.losses_seen.checked_ilog2() {
                log::warn!(
                    "Events of the kernel were lost ({losses} times so far), all is asked for \
                     again; vrrp_netlink_monitor_rcv_bufs makes room for more"
                );
            }
            self.losses_seen = losses;
            self.renew_paths(|item| match item {
                Item::Route(route) => !route.track,
                Item::Rule(rule) => !rule.track,
                Item::Address(_) => false,
            });
        }
    }

    fn path_missing(&mut self, now: Instant, owner: InstanceId, index: u32) {
        let config = Rc::clone(&self.config);
        let Some(item) = book::configured(&config.vrrp, owner, index) else {
            return;
        };
        let is_master = self.router.state(owner) == State::Master;
        let is_static = owner == self.book.statics();
        if !self.installer.holds(owner, index) || !(is_static || is_master) {
            return;
        }
        // What the kernel dropped with its interface comes back with it.
        if !self.has_interfaces_up(item) {
            return;
        }
        match item {
            Item::Address(_) => return,
            Item::Route(route) => {
                log::info!(
                    "Netlink reflector reports route {} removed",
                    route_text(route)
                );
            }
            Item::Rule(rule) => {
                log::info!("Netlink reflector reports rule {} removed", rule_text(rule));
            }
        }
        if is_static {
            self.installer.add_one(owner, index);
            self.static_item_missed(now, index);
        } else {
            let input = Input::AddressLost { id: owner };
            self.router.on(now, input, &mut self.effects);
        }
    }

    fn has_interfaces_up(&self, item: Item<'_>) -> bool {
        let is_up = |name: &IfName| {
            let link = self.kernel.mirror.link_named(name);
            link.is_some_and(|link| link.is_up())
        };
        match item {
            Item::Address(_) => true,
            Item::Route(route) => route.interfaces().all(|name| is_up(name)),
            Item::Rule(_) => true,
        }
    }

    /// All static routes and rules, at start.
    pub(super) fn install_static_paths(&mut self) {
        self.add_paths(self.book.statics(), |_| true);
    }

    /// An interface is up: the kernel has dropped its routes when it went down,
    /// and tells nobody of those of IPv4. Rules do not depend on interfaces.
    pub(super) fn renew_routes_of(&mut self, index: IfIndex) {
        let Some(name) = self.kernel.mirror.link(index).map(|link| link.name.clone()) else {
            return;
        };
        self.renew_paths(|item| match item {
            Item::Route(route) => {
                let mut names = route.interfaces().chain(&route.vrf).peekable();
                names.peek().is_none() || names.any(|own| own.value == name)
            }
            Item::Rule(_) | Item::Address(_) => false,
        });
    }

    /// Ask for routes and rules again that should be there.
    fn renew_paths(&mut self, is_wanted: impl Fn(Item<'_>) -> bool) {
        if self.is_stopping {
            return;
        }
        let statics = self.book.statics();
        for number in 0..statics.0 {
            let owner = InstanceId(number);
            let layout = self.installer.layout(owner);
            let has_paths = layout.count() > layout.addresses;
            if has_paths && self.router.state(owner) == State::Master {
                self.add_paths(owner, &is_wanted);
            }
        }
        self.add_paths(statics, &is_wanted);
    }

    /// Add those routes and rules of an owner that are wanted.
    fn add_paths(&mut self, owner: InstanceId, is_wanted: impl Fn(Item<'_>) -> bool) {
        let config = Rc::clone(&self.config);
        let layout = self.installer.layout(owner);
        let is_static = owner == self.book.statics();
        for index in layout.addresses..layout.count() {
            let item = book::configured(&config.vrrp, owner, index);
            // What an instance has not got to yet is still on its way.
            let is_due = is_static || self.installer.holds(owner, index);
            if is_due && item.is_some_and(&is_wanted) {
                self.installer.add_one(owner, index);
            }
        }
    }
}
