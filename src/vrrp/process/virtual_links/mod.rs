//! Interfaces that instances have for themselves: made before anything looks at
//! them, made again when somebody deletes them, removed at the end.
//!
//! What is wanted and what is there gives a [`Plan`] ([`crate::vrrp::virtual_link`]);
//! here it is carried out:
//!
//! * `kind`: macvlan and ipvlan as the kernel has them, and the question for the plan.
//! * `making`: one is made; `requests`: the socket, and which ones were made.
//! * `settings`: of the kernel, so that neighbours do not see the address below.
//! * `addresses`: what adverts come from.
//!
//! This file says when, and for which instances.

mod addresses;
mod kind;
mod making;
mod requests;
mod settings;

use std::io;
use std::rc::Rc;

use scheduler::Instant;

pub(super) use requests::VirtualLinks;

use super::VrrpProcess;
use crate::model::IfName;
use crate::netlink::mirror::Link;
use crate::vrrp::config::{InstanceConfig, LinkUse, VirtualLinkKind, VrrpConfig};
use crate::vrrp::fsm::{FaultKind, InstanceId, InterfaceKey};
use crate::vrrp::router::Input;
use crate::vrrp::virtual_link::{ETHERNET, Plan};

impl VrrpProcess {
    /// Make all virtual interfaces that can be made, and look at the result.
    pub(super) fn make_virtual_links(&mut self, now: Instant) {
        let config = Rc::clone(&self.config);
        let mut any = false;
        for (instance, number) in config.vrrp.instances.iter().zip(0..) {
            for wanted in instance.links() {
                any = true;
                self.make_virtual_link(now, InstanceId(number), instance, wanted);
            }
        }
        if !any {
            return;
        }
        self.release_reverse_path_filter();
        while self.kernel.read_monitor().unwrap_or(false) {}
        self.kernel.changes.clear();
    }

    /// After a reload: those of instances that are no longer there go.
    pub(super) fn remove_unwanted_links(&mut self) {
        let config = Rc::clone(&self.config);
        let ours = std::mem::take(&mut self.virtual_links.ours);
        let (wanted, unwanted) = ours
            .into_iter()
            .partition(|name| use_of(&config.vrrp, name).is_some());
        self.virtual_links.ours = unwanted;
        self.virtual_links.remove_all();
        self.virtual_links.ours = wanted;
    }

    /// An interface has appeared or gone: those above it may be needed.
    pub(super) fn make_virtual_links_at(&mut self, now: Instant, name: &IfName) {
        if self.is_stopping {
            return;
        }
        let config = Rc::clone(&self.config);
        for (instance, number) in config.vrrp.instances.iter().zip(0..) {
            for wanted in instance.links() {
                if wanted.link.name == *name || wanted.below == name {
                    self.make_virtual_link(now, InstanceId(number), instance, wanted);
                }
            }
        }
    }

    /// All interfaces of an instance's own.
    pub(super) fn make_links_of(
        &mut self,
        now: Instant,
        id: InstanceId,
        instance: &InstanceConfig,
    ) {
        for wanted in instance.links() {
            self.make_virtual_link(now, id, instance, wanted);
        }
    }

    fn make_virtual_link(
        &mut self,
        now: Instant,
        id: InstanceId,
        instance: &InstanceConfig,
        wanted: LinkUse<'_>,
    ) {
        // Without the interface below there is nothing to make: the instance
        // waits for it in FAULT.
        let Some(parent) = self.kernel.mirror.link_named(wanted.below).cloned() else {
            return;
        };
        let macvlan = matches!(wanted.link.kind, VirtualLinkKind::Macvlan(_));
        if macvlan && parent.hardware != ETHERNET {
            log::error!(
                "({}) {} is no Ethernet interface: use_vmac is not possible",
                instance.name.value,
                parent.name
            );
            return self.configuration_fault(now, id);
        }
        match self.bring_virtual_link(instance, wanted, &parent) {
            Ok(true) => {}
            Ok(false) => {
                log::error!(
                    "({}) interface {} exists and is something else",
                    instance.name.value,
                    wanted.link.name
                );
                self.configuration_fault(now, id);
            }
            Err(error) => log::error!(
                "({}) cannot make virtual interface {}: {error}",
                instance.name.value,
                wanted.link.name
            ),
        }
    }

    fn configuration_fault(&mut self, now: Instant, id: InstanceId) {
        let input = Input::Fault {
            id,
            kind: FaultKind::Configuration,
            on: true,
        };
        self.router.on(now, input, &mut self.effects);
    }

    /// False if something else has the name.
    fn bring_virtual_link(
        &mut self,
        instance: &InstanceConfig,
        wanted_use: LinkUse<'_>,
        parent: &Link,
    ) -> io::Result<bool> {
        let wanted = wanted_use.link;
        let existing = self.kernel.mirror.link_named(&wanted.name);
        let is_ours = self.virtual_links.ours.contains(&wanted.name);
        let plan = kind::plan(wanted, parent, existing, is_ours);
        let is_up = existing.is_some_and(Link::is_up);
        let links = &mut self.virtual_links;
        // Left over by a run that was killed, or made by the administrator.
        let is_left_over = wanted.is_generated || links.recalled.contains(&wanted.name);
        if is_left_over && matches!(plan, Plan::Use | Plan::Adjust) {
            links.own(&wanted.name);
        }
        match plan {
            Plan::Refuse => return Ok(false),
            // Made a moment ago.
            Plan::Use if is_up && is_ours => return Ok(true),
            Plan::Use if is_up => {
                self.settle_sysctls(instance, wanted_use, parent);
                return Ok(true);
            }
            Plan::Use => {}
            Plan::Adjust => {
                self.clear_way(wanted, parent);
                self.virtual_links.adjust(wanted)?;
            }
            Plan::Replace => {
                links.delete(&wanted.name)?;
                self.create(wanted, parent)?;
            }
            Plan::Create => {
                self.clear_way(wanted, parent);
                self.create(wanted, parent)?;
            }
        }
        self.settle_sysctls(instance, wanted_use, parent);
        self.virtual_links.set_up(&wanted.name)?;
        self.address_virtual_link(instance, wanted_use, parent)?;
        Ok(true)
    }

    /// The keys of all interfaces that an instance cannot be without.
    pub(super) fn needed_by(&mut self, instance: &InstanceConfig) -> Vec<InterfaceKey> {
        let below = instance.interface.as_ref().or(instance.vrf.as_ref());
        let own = instance.virtual_link.as_ref().map(|link| &link.name);
        let names = below.map(|name| &name.value).into_iter().chain(own);
        names.map(|name| self.interfaces.key(name)).collect()
    }
}

/// What an interface of this name is for.
fn use_of<'c>(config: &'c VrrpConfig, name: &IfName) -> Option<LinkUse<'c>> {
    let links = config.instances.iter();
    let mut links = links.flat_map(|instance| instance.links());
    links.find(|wanted| wanted.link.name == *name)
}
