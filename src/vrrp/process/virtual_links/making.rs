//! One is made, and what stands in its way goes.

use std::io;
use std::rc::Rc;

use super::kind::{data_of, mac_of, name_of};
use super::use_of;
use crate::model::IfName;
use crate::netlink::header::{flag, kind};
use crate::netlink::link::LinkMessage;
use crate::netlink::mirror::Link;
use crate::vrrp::config::{LinkUse, VirtualLink};
use crate::vrrp::process::VrrpProcess;

impl VrrpProcess {
    /// Make it, in the VRF and the group of the interface below if nothing else is said.
    pub(super) fn create(&mut self, wanted: &VirtualLink, parent: &Link) -> io::Result<()> {
        let data = data_of(wanted.kind);
        let vrf = parent.master.filter(|master| {
            let master = self.kernel.mirror.link(*master);
            master.is_some_and(|master| master.kind.as_deref() == Some("vrf"))
        });
        let message = LinkMessage {
            name: Some(wanted.name.as_str()),
            parent: Some(parent.index),
            mac: mac_of(wanted.kind),
            master: vrf,
            group: Some(wanted.group.unwrap_or(parent.group)),
            kind: Some(name_of(wanted.kind)),
            kind_data: Some(&data),
            ..LinkMessage::default()
        };
        let flags = flag::CREATE | flag::EXCLUSIVE;
        self.keep_link(&wanted.name);
        let links = &mut self.virtual_links;
        links.request(kind::NEW_LINK, flags, &message)?;
        links.own(&wanted.name);
        log::info!(
            "Created virtual interface {} on {}",
            wanted.name,
            parent.name
        );
        Ok(())
    }

    /// Of two macvlans on the same interface with the same address only one can be up: one
    /// of the configuration before makes room. If it is to have another address, it is made
    /// anew when its turn comes.
    pub(super) fn clear_way(&mut self, wanted: &VirtualLink, parent: &Link) {
        let Some(own) = mac_of(wanted.kind) else {
            return;
        };
        let config = Rc::clone(&self.config);
        let mirror = &self.kernel.mirror;
        let is_in_the_way = |name: &&IfName| {
            let link = mirror.link_named(name);
            let has_it = |link: &Link| link.parent == Some(parent.index) && link.mac == Some(own);
            let is_right = |used: &LinkUse<'_>| mac_of(used.link.kind) == Some(own);
            **name != wanted.name
                && link.is_some_and(has_it)
                && !use_of(&config.vrrp, name).is_some_and(|used| is_right(&used))
        };
        let links = &mut self.virtual_links;
        let old = links.ours.iter().find(is_in_the_way).cloned();
        let Some(old) = old else { return };
        match links.delete(&old) {
            Ok(()) => {
                links.ours.retain(|name| *name != old);
                log::info!("Removed virtual interface {old}");
                while self.kernel.read_monitor().unwrap_or(false) {}
            }
            Err(error) => log::debug!("cannot remove virtual interface {old}: {error}"),
        }
    }
}
