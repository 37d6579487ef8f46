//! A reload gives virtual interfaces other names: in place, so that their instances
//! go on as they are.
//!
//! Kernels before 6.2 rename no interface that is up. There it goes down for a moment:
//! sockets and IPv4 addresses stay, routes and IPv6 addresses are put there again.

use std::io;
use std::rc::Rc;

use nix::errno::Errno;
use scheduler::Scheduler;

use super::VrrpProcess;
use super::virtual_links::VirtualLinks;
use crate::control_plane::Config;
use crate::model::{Family, IfIndex, IfName};
use crate::netlink::{Change, NetlinkError};
use crate::vrrp::config::VrrpConfig;
use crate::vrrp::fsm::{InstanceId, InterfaceKey};
use crate::vrrp::plan::{Rename, Renames};

/// How a rename went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Outcome {
    /// Nothing was lost.
    InPlace,
    /// The interface was down meanwhile.
    WithPause,
    /// It has its old name.
    Refused,
}

impl VrrpProcess {
    /// Rename what only has another name in the next configuration. The present one
    /// is under the new names after that. Gives the interfaces that were down meanwhile.
    pub(super) fn rename_virtual_links(
        &mut self,
        s: &mut Scheduler<Self>,
        next: &VrrpConfig,
    ) -> Vec<IfIndex> {
        let wanted = Renames::between(&self.config.vrrp, next);
        let (mut done, mut paused) = (Renames::default(), Vec::new());
        for rename in wanted.list {
            let link = self.kernel.mirror.link_named(&rename.from);
            let index = link.map(|link| link.index);
            let outcome = self.rename_virtual_link(&rename);
            if outcome == Outcome::WithPause {
                paused.extend(index);
            }
            if outcome != Outcome::Refused {
                // The mirror has to know which names are free.
                while self.kernel.read_monitor().unwrap_or(false) {}
                self.interfaces.exchange(&rename.from, &rename.to);
                done.list.push(rename);
            }
        }
        if !done.list.is_empty() {
            self.go_on_under_new_names(s, &done, &paused);
        }
        paused
    }

    /// After the reload: what the kernel dropped with an interface that was down.
    pub(super) fn renew_what_a_pause_took(&mut self, paused: &[IfIndex]) {
        for &index in paused {
            if let Some(key) = self.interfaces.by_index(index) {
                self.renew_addresses_on(key);
            }
        }
        // They go through networks of addresses.
        for &index in paused {
            self.renew_routes_of(index);
        }
    }

    fn renew_addresses_on(&mut self, key: InterfaceKey) {
        for owner in (0..=self.book.statics().0).map(InstanceId) {
            for (entry, place) in self.book.of(owner).iter().zip(0..) {
                let is_lost = entry.key == key && entry.net.family() == Family::V6;
                if is_lost && self.installer.holds(owner, place) {
                    self.installer.add_one(owner, place);
                }
            }
        }
    }

    fn rename_virtual_link(&mut self, rename: &Rename) -> Outcome {
        let mirror = &self.kernel.mirror;
        let is_taken = mirror.link_named(&rename.to).is_some();
        let Some(link) = mirror.link_named(&rename.from).filter(|_| !is_taken) else {
            return Outcome::Refused;
        };
        let (index, is_up) = (link.index, link.is_up());
        if !self.virtual_links.has_made(&rename.from) {
            return Outcome::Refused;
        }
        self.keep_link(&rename.to);
        let links = &mut self.virtual_links;
        let outcome = match links.set_name(index, &rename.to) {
            Ok(()) => Ok(Outcome::InPlace),
            Err(error) if is_up && is_busy(&error) => rename_with_pause(links, index, &rename.to),
            Err(error) => Err(error),
        };
        match outcome {
            Ok(outcome) => {
                links.is_called(&rename.from, &rename.to);
                outcome
            }
            Err(error) => {
                let (from, to) = (&rename.from, &rename.to);
                log::warn!("cannot rename virtual interface {from} to {to}: {error}");
                Outcome::Refused
            }
        }
    }

    fn go_on_under_new_names(
        &mut self,
        s: &mut Scheduler<Self>,
        done: &Renames,
        paused: &[IfIndex],
    ) {
        for line in done.describe() {
            log::info!("Reload: {line}");
        }
        self.config = Rc::new(Config {
            vrrp: done.applied(&self.config.vrrp),
            ..Config::clone(&self.config)
        });
        if !paused.is_empty() {
            self.address_links_again(&done.list);
        }
        // That they were down is nobody's concern: it is over.
        while self.kernel.read_monitor().unwrap_or(false) {}
        let mirror = &self.kernel.mirror;
        let names = done.list.iter().map(|rename| &rename.to);
        let links = names.filter_map(|name| mirror.link_named(name));
        let renamed: Vec<IfIndex> = links.map(|link| link.index).collect();
        self.kernel
            .changes
            .retain(|change| !is_of_rename(change, &renamed, paused));
        self.snmp.doubt();
        self.reflect_all(s);
    }

    /// The link-local addresses that adverts are sent from, and those of ipvlans.
    fn address_links_again(&mut self, renames: &[Rename]) {
        let config = Rc::clone(&self.config);
        for instance in &config.vrrp.instances {
            for used in instance.links() {
                let is_renamed = |rename: &&Rename| rename.to == used.link.name;
                let parent = self.kernel.mirror.link_named(used.below).cloned();
                if let (Some(_), Some(parent)) = (renames.iter().find(is_renamed), parent)
                    && let Err(error) = self.address_virtual_link(instance, used, &parent)
                {
                    let (name, link) = (&instance.name.value, &used.link.name);
                    log::error!("({name}) cannot address virtual interface {link}: {error}");
                }
            }
        }
    }
}

fn rename_with_pause(
    links: &mut VirtualLinks,
    index: IfIndex,
    name: &IfName,
) -> io::Result<Outcome> {
    links.switch(index, false)?;
    let renamed = links.set_name(index, name);
    // Whatever its name is: it must not stay down.
    let is_back = links.switch(index, true);
    renamed.and(is_back)?;
    Ok(Outcome::WithPause)
}

fn is_busy(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    inner.is_some_and(|error: &NetlinkError| error.errno == Errno::EBUSY as i32)
}

/// What the kernel tells because of a rename.
fn is_of_rename(change: &Change, renamed: &[IfIndex], paused: &[IfIndex]) -> bool {
    match change {
        Change::LinkRenamed { index, .. } => renamed.contains(index),
        Change::LinkUp { index }
        | Change::LinkDown { index }
        | Change::AddressAdded { index, .. }
        | Change::AddressRemoved { index, .. } => paused.contains(index),
        Change::LinkAdded { .. }
        | Change::LinkRemoved { .. }
        | Change::LinkChanged { .. }
        | Change::PathsAreTold
        | Change::PathsTold
        | Change::Path { .. }
        | Change::AddressChanged { .. } => false,
    }
}
