//! What the kernel reports of links and addresses, and what it means here.

use std::net::IpAddr;

use scheduler::{Drain, Instant, IoId, Ready, Scheduler};

use super::VrrpProcess;
use crate::model::{IfIndex, IfName, IpNet};
use crate::netlink::Change;
use crate::vrrp::fsm::{FaultKind, InstanceId, InterfaceKey, State};
use crate::vrrp::router::Input;

/// Room for so many is kept.
const KEEP: usize = 64;

impl VrrpProcess {
    /// The netlink monitor has events.
    pub(super) fn on_monitor(&mut self, s: &mut Scheduler<Self>, _: IoId<Self>, _: Ready) -> Drain {
        let more = match self.kernel.read_monitor() {
            Ok(more) => more,
            Err(error) => {
                self.kernel.mending.complain("netlink monitor", &error);
                false
            }
        };
        self.watch_over_monitor(s);
        self.reflect_all(s);
        if more {
            self.follow_links_in_firewall();
            self.settle_interfaces(s.now());
            self.perform(s);
        } else {
            self.conclude_reflection(s);
        }
        if more { Drain::More } else { Drain::Drained }
    }

    /// Go by all that was read.
    pub(super) fn reflect_all(&mut self, s: &mut Scheduler<Self>) {
        let mut changes = std::mem::take(&mut self.kernel.changes);
        for change in changes.drain(..) {
            self.reflect(s, &change);
        }
        changes.shrink_to(KEEP);
        self.kernel.changes = changes;
    }

    /// Nothing more was heard: what is missing now is missed.
    pub(super) fn conclude_reflection(&mut self, s: &mut Scheduler<Self>) {
        self.follow_links_in_firewall();
        self.check_suspects(s);
        self.check_paths(s.now());
        self.settle_interfaces(s.now());
        self.perform(s);
    }

    fn reflect(&mut self, s: &mut Scheduler<Self>, change: &Change) {
        match change {
            Change::LinkAdded { index } => {
                self.link_appeared(s, *index);
                self.renew_routes_of(*index);
            }
            Change::LinkRemoved { index, name } => self.link_vanished(s, *index, name),
            Change::LinkRenamed { index, from } => {
                self.link_vanished(s, *index, from);
                self.link_appeared(s, *index);
                self.renew_routes_of(*index);
            }
            Change::LinkUp { index } => {
                self.link_is(s, *index, true);
                self.renew_routes_of(*index);
            }
            Change::LinkDown { index } => self.link_is(s, *index, false),
            Change::LinkChanged { index } => self.link_changed(s, *index),
            Change::AddressAdded { index, net, .. } | Change::AddressChanged { index, net } => {
                self.address_appeared(s, *index, *net);
            }
            Change::Path { message, removed } => self.path_changed(message, *removed),
            Change::PathsAreTold => self.doubt_paths(),
            Change::PathsTold => self.are_paths_doubtful = false,
            Change::AddressRemoved { index, net, ours } => {
                self.address_vanished(s, *index, *net, *ours);
            }
        }
    }

    /// A link has appeared, or has this name now.
    pub(super) fn link_appeared(&mut self, s: &mut Scheduler<Self>, index: IfIndex) {
        let Some(link) = self.kernel.mirror.link(index) else {
            return;
        };
        let Some(key) = self.interfaces.by_name(&link.name) else {
            return;
        };
        // After a loss of events the new one may be told before the end of the old one.
        if let Some(old) = self.interfaces.index(key).filter(|old| *old != index) {
            let name = link.name.clone();
            self.link_vanished(s, old, &name);
        }
        let Some(link) = self.kernel.mirror.link(index) else {
            return;
        };
        let running = self.is_running(key, link);
        self.snmp.doubt();
        self.interfaces.set_index(key, Some(index));
        self.link_changed(s, index);
        self.pass_on(s.now(), key, running);
        self.install_statics_on(key);
        if let Some(interface) = self.interfaces.get(key) {
            let name = interface.name.clone();
            self.make_virtual_links_at(s.now(), &name);
            self.tables.doubt();
        }
    }

    /// The kernel has no link of this name any more.
    fn link_vanished(&mut self, s: &mut Scheduler<Self>, index: IfIndex, name: &IfName) {
        let Some(key) = self.interfaces.by_name(name) else {
            return;
        };
        if self.interfaces.index(key) != Some(index) {
            return;
        }
        log::info!("Interface {name} is gone");
        // A missing interface is no matter of delays.
        let input = Input::Interface { key, up: false };
        self.router.on(s.now(), input, &mut self.effects);
        self.pass_on(s.now(), key, false);
        // A renamed one is still there: it says goodbye and loses its addresses.
        self.perform(s);
        self.queue_all_orders();
        self.snmp.doubt();
        self.interfaces.set_index(key, None);
        self.refresh_instances_on(s, key);
        self.make_virtual_links_at(s.now(), name);
    }

    fn link_is(&mut self, s: &mut Scheduler<Self>, index: IfIndex, up: bool) {
        let Some(key) = self.interfaces.by_index(index) else {
            return;
        };
        if let Some(interface) = self.interfaces.get(key) {
            let word = if up { "up" } else { "down" };
            log::info!("Netlink reports {} {word}", interface.name);
        }
        let link = self.kernel.mirror.link(index);
        let up = link.is_some_and(|link| self.is_running(key, link));
        self.pass_on(s.now(), key, up);
    }

    fn link_changed(&mut self, s: &mut Scheduler<Self>, index: IfIndex) {
        let Some(link) = self.kernel.mirror.link(index) else {
            return;
        };
        let Some(key) = self.interfaces.by_index(index) else {
            return;
        };
        if let Some(interface) = self.interfaces.get_mut(key) {
            interface.mac = link.mac.unwrap_or_default();
            interface.has_arp = !link.has_no_arp();
        }
        self.refresh_instances_on(s, key);
    }

    /// Let a state of a link through the debouncer to the router.
    pub(super) fn pass_on(&mut self, now: Instant, key: InterfaceKey, up: bool) {
        let mut passed = std::mem::take(&mut self.passed);
        self.debouncer.on(now, key, up, &mut passed);
        self.passed = passed;
        self.settle_interfaces(now);
    }

    /// States of links that have lasted long enough.
    pub(super) fn settle_interfaces(&mut self, now: Instant) {
        let mut passed = std::mem::take(&mut self.passed);
        self.debouncer.expire(now, &mut passed);
        for (key, up) in passed.drain(..) {
            self.router
                .on(now, Input::Interface { key, up }, &mut self.effects);
        }
        self.passed = passed;
    }

    fn address_appeared(&mut self, s: &mut Scheduler<Self>, index: IfIndex, net: IpNet) {
        let Some(key) = self.interfaces.by_index(index) else {
            return;
        };
        if self.plumbing.settings.address_monitoring {
            self.tell_address(key, net.addr, "added to");
        }
        if self.book.owner(key, net.addr).is_none() {
            self.refresh_instances_on(s, key);
        }
    }

    /// Addresses of our own go by our own request, or as a consequence of one:
    /// whether one is missed is seen when all events have been read.
    fn address_vanished(
        &mut self,
        s: &mut Scheduler<Self>,
        index: IfIndex,
        net: IpNet,
        ours: bool,
    ) {
        let Some(key) = self.interfaces.by_index(index) else {
            return;
        };
        if self.plumbing.settings.address_monitoring {
            self.tell_address(key, net.addr, "removed from");
        }
        match self.book.owner(key, net.addr) {
            Some((owner, position)) if self.installer.holds(owner, position) => {
                self.suspects.push((key, net.addr));
                if !ours && !self.plumbing.settings.address_monitoring {
                    log::debug!("somebody removed {net}");
                }
            }
            Some(_) => {}
            None => self.refresh_instances_on(s, key),
        }
    }

    /// Addresses that were reported gone, or were added unheard: those that are still
    /// wanted and not there were deleted by somebody else. As long as echoes
    /// are missing it cannot be said whether that was before we added them.
    fn check_suspects(&mut self, s: &mut Scheduler<Self>) {
        if !self.kernel.monitor.is_complete() {
            return;
        }
        let mut suspects = std::mem::take(&mut self.suspects);
        for (key, address) in suspects.drain(..) {
            let there = self
                .interfaces
                .index(key)
                .is_some_and(|index| self.kernel.mirror.has_address(index, address));
            if !there {
                self.missed(s.now(), key, address);
            }
        }
        suspects.shrink_to(KEEP);
        self.suspects = suspects;
    }

    fn missed(&mut self, now: Instant, key: InterfaceKey, address: IpAddr) {
        let Some((owner, position)) = self.book.owner(key, address) else {
            return;
        };
        let Some(entry) = self.book.entry(owner, position) else {
            return;
        };
        if !entry.track || !self.installer.holds(owner, position) {
            return;
        }
        if owner == self.book.statics() {
            self.tell_address(key, address, "removed from");
            self.installer.add_one(owner, position);
            self.static_item_missed(now, position);
        } else if self.router.state(owner) == State::Master {
            self.tell_address(key, address, "removed from");
            self.router
                .on(now, Input::AddressLost { id: owner }, &mut self.effects);
        }
    }

    fn tell_address(&self, key: InterfaceKey, address: IpAddr, what: &str) {
        let name = self
            .interfaces
            .get(key)
            .map_or("?", |interface| interface.name.as_str());
        log::info!("Netlink reflector reports IP {address} {what} {name}");
    }

    /// Put the static addresses of an interface there.
    pub(super) fn install_statics_on(&mut self, key: InterfaceKey) {
        let statics = self.book.statics();
        for (entry, position) in self.book.of(statics).iter().zip(0..) {
            if entry.key == key {
                self.installer.add_one(statics, position);
            }
        }
    }

    /// Instances that nothing can help keep their fault for good.
    pub(super) fn mark_hopeless(&mut self, now: Instant) {
        for (config, number) in self.config.vrrp.instances.iter().zip(0..) {
            if config.fault_without_peer {
                let id = InstanceId(number);
                let input = Input::Fault {
                    id,
                    kind: FaultKind::Configuration,
                    on: true,
                };
                self.router.on(now, input, &mut self.effects);
            }
        }
    }
}
