//! Interfaces that instances have for themselves: made before anything looks at
//! them, made again when somebody deletes them, removed at the end.
//!
//! They have a netlink socket of their own. Their few requests are answered
//! before the call returns, so that each step can rest on the one before.

use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::rc::Rc;

use nix::net::if_::if_nametoindex;
use scheduler::Instant;

use super::VrrpProcess;
use crate::model::{Family, IfIndex, IfName, IpNet, MacAddr};
use crate::netlink::addr::{AddressFlags, Lifetime};
use crate::netlink::header::{Header, flag, kind};
use crate::netlink::link::{
    IPVLAN_L2, LinkFlags, LinkMessage, MACVLAN_PRIVATE, ipvlan_data, macvlan_data,
};
use crate::netlink::mirror::Link;
use crate::netlink::{AddressRequest, Commander, Operation, Outcomes, Tolerate};
use crate::sys::sysctl;
use crate::vrrp::config::{
    InstanceConfig, IpvlanMode, LinkUse, VirtualLink, VirtualLinkKind, VrrpConfig,
};
use crate::vrrp::fsm::{FaultKind, InstanceId, InterfaceKey};
use crate::vrrp::router::Input;
use crate::vrrp::virtual_link::{
    ETHERNET, Existing, Plan, WantedMacvlan, link_local_of, plan_ipvlan, plan_macvlan,
};

/// Receive buffer of the socket in octets: one answer at a time.
const BUFFER: usize = 1 << 16;
/// Longest prefix of a link-local address that tells hosts apart (RFC 4291 section 2.5.6).
const LINK_LOCAL_PREFIX: u8 = 64;

/// Settings of the interface below: it answers and asks for its own addresses
/// only. Without `arp_announce` its requests would carry a virtual address with
/// its own MAC, and neighbours would learn that.
const PARENT_SETTINGS: [(&str, &str); 3] = [
    ("arp_ignore", "1"),
    ("arp_filter", "1"),
    ("arp_announce", "2"),
];

/// The socket, and which interfaces are to be removed at the end.
#[derive(Debug, Default)]
pub(super) struct VirtualLinks {
    commander: Option<Commander>,
    outcomes: Outcomes,
    ours: Vec<IfName>,
    /// Made by a run that was killed.
    recalled: Vec<IfName>,
}

impl VirtualLinks {
    /// One request, and its outcome.
    fn request(&mut self, kind: u16, flags: u16, message: &LinkMessage<'_>) -> io::Result<()> {
        self.run(|commander| {
            commander
                .batch()
                .push_with(0, Tolerate::NOTHING, |buffer, sequence| {
                    let header = Header {
                        kind,
                        flags: flag::REQUEST | flags,
                        sequence,
                        port: 0,
                    };
                    message.write(buffer, header);
                });
        })
    }

    fn add_address(&mut self, index: IfIndex, net: IpNet, preferred: u32) -> io::Result<()> {
        let mut request = AddressRequest::new(index, net);
        if net.family() == Family::V6 {
            // The interface below may have the same one.
            request.flags = AddressFlags::NODAD;
            request.lifetime = Some(Lifetime {
                preferred,
                valid: Lifetime::FOREVER,
            });
        }
        self.run(|commander| {
            commander.push(&request, Operation::Replace, 0, Tolerate::EXISTS);
        })
    }

    fn run(&mut self, push: impl FnOnce(&mut Commander)) -> io::Result<()> {
        let commander = match &mut self.commander {
            Some(commander) => commander,
            none => none.insert(Commander::open(BUFFER)?),
        };
        push(commander);
        commander.flush(1)?;
        self.outcomes.clear();
        commander.read(&mut self.outcomes)?;
        for outcome in self.outcomes.drain(..) {
            outcome.result.map_err(io::Error::other)?;
        }
        Ok(())
    }

    fn is_ours(&mut self, name: &IfName) {
        if !self.ours.contains(name) {
            self.ours.push(name.clone());
        }
    }

    /// A run that was killed has made this one. It is used, or goes.
    pub(super) fn recall(&mut self, name: IfName, is_wanted: bool) {
        if is_wanted {
            self.recalled.push(name);
        } else if let Err(error) = self.delete(&name) {
            log::debug!("cannot remove virtual interface {name}: {error}");
        } else {
            log::info!("Removed virtual interface {name} of a run that was killed");
        }
    }

    /// Whether this process has made it, and so may do as it likes with it.
    pub(super) fn has_made(&self, name: &IfName) -> bool {
        self.ours.contains(name)
    }

    /// One that was made here has another name now.
    pub(super) fn is_called(&mut self, old: &IfName, new: &IfName) {
        self.ours.retain(|name| name != old);
        self.is_ours(new);
    }

    /// Another name.
    pub(super) fn set_name(&mut self, index: IfIndex, name: &IfName) -> io::Result<()> {
        let message = LinkMessage {
            index: index.0,
            name: Some(name.as_str()),
            ..LinkMessage::default()
        };
        self.request(kind::NEW_LINK, 0, &message)
    }

    /// Up or down.
    pub(super) fn switch(&mut self, index: IfIndex, up: bool) -> io::Result<()> {
        let message = LinkMessage {
            index: index.0,
            flags: if up { LinkFlags::UP } else { LinkFlags(0) },
            change: LinkFlags::UP,
            ..LinkMessage::default()
        };
        self.request(kind::NEW_LINK, 0, &message)
    }

    fn delete(&mut self, name: &IfName) -> io::Result<()> {
        let message = LinkMessage {
            name: Some(name.as_str()),
            ..LinkMessage::default()
        };
        self.request(kind::DEL_LINK, 0, &message)
    }

    /// Remove what was made, at the end.
    pub(super) fn remove_all(&mut self) {
        for name in std::mem::take(&mut self.ours) {
            match self.delete(&name) {
                Ok(()) => log::info!("Removed virtual interface {name}"),
                Err(error) => log::debug!("cannot remove virtual interface {name}: {error}"),
            }
        }
    }
}

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
        let plan = plan(wanted, parent, existing, is_ours);
        let is_up = existing.is_some_and(Link::is_up);
        let links = &mut self.virtual_links;
        // Left over by a run that was killed, or made by the administrator.
        let is_left_over = wanted.is_generated || links.recalled.contains(&wanted.name);
        if is_left_over && matches!(plan, Plan::Use | Plan::Adjust) {
            links.is_ours(&wanted.name);
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
                adjust(&mut self.virtual_links, wanted)?;
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
        set_up(&mut self.virtual_links, &wanted.name)?;
        self.address_virtual_link(instance, wanted_use, parent)?;
        Ok(true)
    }

    fn create(&mut self, wanted: &VirtualLink, parent: &Link) -> io::Result<()> {
        let data = kind_data(wanted.kind);
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
            kind: Some(kind_name(wanted.kind)),
            kind_data: Some(&data),
            ..LinkMessage::default()
        };
        let flags = flag::CREATE | flag::EXCLUSIVE;
        self.keep_link(&wanted.name);
        let links = &mut self.virtual_links;
        links.request(kind::NEW_LINK, flags, &message)?;
        links.is_ours(&wanted.name);
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
    fn clear_way(&mut self, wanted: &VirtualLink, parent: &Link) {
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

    /// What neighbours must not see: the address of the interface below for the
    /// virtual addresses (RFC 9568 section 8.1.2), and packets that come in on
    /// one of the two must be taken on it.
    fn settle_sysctls(&mut self, instance: &InstanceConfig, wanted: LinkUse<'_>, parent: &Link) {
        let name = &wanted.link.name;
        let v4 = wanted.family == Family::V4;
        let all = instance.vips.iter().chain(&instance.excluded_vips);
        let has_v6 = all
            .filter(|address| instance.interface_of(address) == Some(name))
            .any(|address| address.net.family() == Family::V6);
        let own: &[(&str, &str, bool)] = &[
            ("ipv4", "arp_ignore", true),
            ("ipv4", "accept_local", v4),
            ("ipv4", "promote_secondaries", v4),
        ];
        for (family, setting, _) in own.iter().filter(|(_, _, wanted)| *wanted) {
            write(&format!("net/{family}/conf/{name}/{setting}"), "1");
        }
        if v4 {
            write(&format!("net/ipv4/conf/{name}/rp_filter"), "0");
        }
        if matches!(wanted.link.kind, VirtualLinkKind::Macvlan(_)) {
            // No address of its own making: it would show the virtual router's MAC.
            write(&format!("net/ipv6/conf/{name}/addr_gen_mode"), "1");
        }
        let off = if v4 && !has_v6 { "1" } else { "0" };
        write(&format!("net/ipv6/conf/{name}/disable_ipv6"), off);
        if v4 {
            for (setting, value) in PARENT_SETTINGS {
                self.set_sysctl(&format!("net/ipv4/conf/{}/{setting}", parent.name), value);
            }
        }
    }

    /// The strictest of `all` and the interface's own filter counts, so `all`
    /// would filter on virtual interfaces: its value moves to the others.
    fn release_reverse_path_filter(&mut self) {
        const ALL: &str = "net/ipv4/conf/all/rp_filter";
        let Ok(all) = sysctl::read_number(ALL) else {
            return;
        };
        if all == 0 {
            return;
        }
        let config = Rc::clone(&self.config);
        let instances = config.vrrp.instances.iter();
        let own: Vec<&IfName> = instances
            .flat_map(|instance| instance.links())
            .map(|wanted| &wanted.link.name)
            .collect();
        let others = self.kernel.mirror.links().into_iter();
        let others: Vec<String> = others
            .filter(|link| !own.contains(&&link.name))
            .map(|link| link.name.as_str().to_owned())
            .chain(["default".to_owned()])
            .collect();
        for name in others {
            let setting = format!("net/ipv4/conf/{name}/rp_filter");
            if sysctl::read_number(&setting).is_ok_and(|value| value < all) {
                self.set_sysctl(&setting, &all.to_string());
            }
        }
        self.set_sysctl(ALL, "0");
    }

    /// IPv6 adverts need a link-local source on their interface; an ipvlan has
    /// the address it was given.
    pub(super) fn address_virtual_link(
        &mut self,
        instance: &InstanceConfig,
        wanted: LinkUse<'_>,
        parent: &Link,
    ) -> io::Result<()> {
        // Adverts name their source; nothing else shall choose the one of a VMAC.
        let (net, preferred) = match (wanted.link.kind, wanted.family) {
            (VirtualLinkKind::Ipvlan { address, .. }, _) => (address, Lifetime::FOREVER),
            (VirtualLinkKind::Macvlan(_), Family::V4) => return Ok(()),
            (VirtualLinkKind::Macvlan(_), Family::V6) => {
                let addr = self.link_local(instance, wanted, parent).into();
                let prefix = LINK_LOCAL_PREFIX;
                (Some(IpNet { addr, prefix }), 0)
            }
        };
        let Some(net) = net else { return Ok(()) };
        let index = if_nametoindex(wanted.link.name.as_str())?;
        let links = &mut self.virtual_links;
        links.add_address(IfIndex(index), net, preferred)
    }

    /// The source that is configured, that of the interface below, or the one it
    /// would give itself.
    fn link_local(
        &self,
        instance: &InstanceConfig,
        wanted: LinkUse<'_>,
        parent: &Link,
    ) -> Ipv6Addr {
        let source = instance.source.as_ref().filter(|_| wanted.is_own);
        if let Some(IpAddr::V6(source)) = source.map(|source| source.value) {
            return source;
        }
        let mirror = &self.kernel.mirror;
        match mirror.source_address(parent.index, Family::V6, |_| false) {
            Some(IpAddr::V6(address)) => address,
            Some(IpAddr::V4(_)) | None => link_local_of(parent.mac.unwrap_or_default()),
        }
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

fn plan(wanted: &VirtualLink, parent: &Link, existing: Option<&Link>, is_ours: bool) -> Plan {
    let existing = existing.map(|link| Existing {
        kind: link.kind.as_deref(),
        parent: link.parent,
        mac: link.mac,
        mode: link.macvlan_mode,
    });
    match wanted.kind {
        VirtualLinkKind::Ipvlan { .. } => plan_ipvlan(parent.index, existing.as_ref(), is_ours),
        VirtualLinkKind::Macvlan(mac) => {
            let wanted = WantedMacvlan {
                parent: parent.index,
                mac,
                mode: MACVLAN_PRIVATE,
            };
            plan_macvlan(&wanted, existing.as_ref())
        }
    }
}

/// Another address or mode, in place.
fn adjust(links: &mut VirtualLinks, wanted: &VirtualLink) -> io::Result<()> {
    let data = kind_data(wanted.kind);
    let message = LinkMessage {
        name: Some(wanted.name.as_str()),
        mac: mac_of(wanted.kind),
        kind: Some(kind_name(wanted.kind)),
        kind_data: Some(&data),
        ..LinkMessage::default()
    };
    links.request(kind::NEW_LINK, 0, &message)
}

fn set_up(links: &mut VirtualLinks, name: &IfName) -> io::Result<()> {
    let message = LinkMessage {
        name: Some(name.as_str()),
        flags: LinkFlags::UP,
        change: LinkFlags::UP,
        ..LinkMessage::default()
    };
    links.request(kind::NEW_LINK, 0, &message)
}

const fn mac_of(kind: VirtualLinkKind) -> Option<MacAddr> {
    match kind {
        VirtualLinkKind::Macvlan(mac) => Some(mac),
        VirtualLinkKind::Ipvlan { .. } => None,
    }
}

const fn kind_name(kind: VirtualLinkKind) -> &'static str {
    match kind {
        VirtualLinkKind::Macvlan(_) => "macvlan",
        VirtualLinkKind::Ipvlan { .. } => "ipvlan",
    }
}

fn kind_data(kind: VirtualLinkKind) -> Vec<u8> {
    match kind {
        VirtualLinkKind::Macvlan(_) => macvlan_data(MACVLAN_PRIVATE),
        VirtualLinkKind::Ipvlan { mode, .. } => {
            let flags = match mode {
                IpvlanMode::Bridge => 0,
                IpvlanMode::Private => 1,
                IpvlanMode::Vepa => 2,
            };
            ipvlan_data(IPVLAN_L2, flags)
        }
    }
}

/// Settings of an interface of our own go with it. Without IPv6 in the kernel
/// there are none of that.
fn write(name: &str, value: &str) {
    match sysctl::write(name, value) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => log::error!("cannot set {name} to {value}: {error}"),
    }
}
