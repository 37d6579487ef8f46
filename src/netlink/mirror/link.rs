//! One link of the mirror, and what was told of it.

use super::{Change, Changes};
use crate::model::{IfIndex, IfName, MacAddr};
use crate::netlink::link::{LinkFlags, LinkMessage};

/// A link as the kernel has it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Link {
    /// Index.
    pub index: IfIndex,
    /// Name.
    pub name: IfName,
    /// Flags.
    pub flags: LinkFlags,
    /// Hardware type (`ARPHRD_*`).
    pub hardware: u16,
    /// Ethernet address; nothing for other kinds of address.
    pub mac: Option<MacAddr>,
    /// Largest packet in octets; 0 if the kernel did not say.
    pub mtu: u32,
    /// The bridge, bond or VRF this link belongs to.
    pub master: Option<IfIndex>,
    /// The link below a virtual one.
    pub parent: Option<IfIndex>,
    /// Link group.
    pub group: u32,
    /// Driver of a virtual link, such as `macvlan`.
    pub kind: Option<Box<str>>,
    /// The mode of a macvlan.
    pub macvlan_mode: Option<u32>,
    /// The table of a VRF.
    pub vrf_table: Option<u32>,
}

#[cfg(test)]
impl Link {
    /// An Ethernet link of which nothing else is known, for tests.
    pub(crate) fn named(name: &str, index: u32) -> Self {
        Self {
            index: IfIndex(index),
            name: IfName::new(name).expect("a short name"),
            flags: LinkFlags::default(),
            hardware: 1,
            mac: None,
            mtu: 1500,
            master: None,
            parent: None,
            group: 0,
            kind: None,
            macvlan_mode: None,
            vrf_table: None,
        }
    }
}

impl Link {
    /// Switched on, and with carrier: both `IFF_UP` and `IFF_RUNNING`. The C
    /// daemon's measure of an interface that works.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        self.flags.has(LinkFlags::UP) && self.flags.has(LinkFlags::RUNNING)
    }

    /// Switched on by the administrator.
    #[must_use]
    pub const fn is_up(&self) -> bool {
        self.flags.has(LinkFlags::UP)
    }

    /// The loopback link.
    #[must_use]
    pub const fn is_loopback(&self) -> bool {
        self.flags.has(LinkFlags::LOOPBACK)
    }

    /// Without address resolution: no gratuitous ARP.
    #[must_use]
    pub const fn has_no_arp(&self) -> bool {
        self.flags.has(LinkFlags::NOARP)
    }

    /// Can send to groups.
    #[must_use]
    pub const fn can_multicast(&self) -> bool {
        self.flags.has(LinkFlags::MULTICAST)
    }

    fn from_message(message: &LinkMessage<'_>, name: IfName) -> Self {
        Self {
            index: IfIndex(message.index),
            name,
            flags: message.flags,
            hardware: message.hardware,
            mac: message.mac,
            mtu: message.mtu.unwrap_or(0),
            master: message.master,
            parent: message.parent,
            group: message.group.unwrap_or(0),
            kind: message.kind.map(Box::from),
            macvlan_mode: message.macvlan_mode(),
            vrf_table: message.vrf_table(),
        }
    }

    /// Become equal to `now`; allocates only for a new name or driver.
    fn follow(&mut self, now: &Self) {
        if self.name != now.name {
            self.name = now.name.clone();
        }
        if self.kind != now.kind {
            self.kind.clone_from(&now.kind);
        }
        self.flags = now.flags;
        self.hardware = now.hardware;
        self.mac = now.mac;
        self.mtu = now.mtu;
        self.master = now.master;
        self.parent = now.parent;
        self.group = now.group;
        self.macvlan_mode = now.macvlan_mode;
        self.vrf_table = now.vrf_table;
    }

    /// Take over what a message says; the old name if that changed. Allocates
    /// only for a new name or driver.
    fn update(&mut self, message: &LinkMessage<'_>) -> Option<IfName> {
        self.flags = message.flags;
        self.hardware = message.hardware;
        self.mac = message.mac;
        self.mtu = message.mtu.unwrap_or(self.mtu);
        self.master = message.master;
        self.parent = message.parent;
        self.group = message.group.unwrap_or(self.group);
        self.macvlan_mode = message.macvlan_mode();
        self.vrf_table = message.vrf_table();
        if self.kind.as_deref() != message.kind {
            self.kind = message.kind.map(Box::from);
        }
        let name = message.name.filter(|name| *name != self.name.as_str())?;
        Some(std::mem::replace(&mut self.name, IfName::new(name)?))
    }
}

/// A link that the consumer knows, or the kernel has, or both.
#[derive(Debug, Default)]
pub(super) struct Slot {
    now: Option<Link>,
    told: Option<Link>,
    generation: u32,
    is_touched: bool,
    /// Was gone in between: another link with the same index.
    is_another: bool,
}

impl Slot {
    /// Mark the slot for the next settling; true if it was not marked yet.
    pub(super) fn touch(&mut self) -> bool {
        !std::mem::replace(&mut self.is_touched, true)
    }

    /// Take a message in. The results are the name that is no longer valid and
    /// the new one, both only if the name changed.
    pub(super) fn update(
        &mut self,
        message: &LinkMessage<'_>,
        generation: u32,
    ) -> (Option<IfName>, Option<IfName>) {
        self.generation = generation;
        if let Some(link) = &mut self.now {
            let before = link.update(message);
            let after = before.is_some().then(|| link.name.clone());
            return (before, after);
        }
        let Some(name) = message.name.and_then(IfName::new) else {
            return (None, None);
        };
        self.now = Some(Link::from_message(message, name.clone()));
        (None, Some(name))
    }

    /// The kernel has it no longer; its name, if it was there.
    pub(super) fn vanish(&mut self) -> Option<IfName> {
        self.is_another = true;
        self.now.take().map(|link| link.name)
    }

    pub(super) fn is_older_than(&self, generation: u32) -> bool {
        self.now.is_some() && self.generation != generation
    }

    pub(super) const fn present(&self) -> Option<&Link> {
        self.now.as_ref()
    }

    pub(super) const fn is_gone(&self) -> bool {
        self.now.is_none() && self.told.is_none()
    }

    /// Tell the difference between what was told and what is.
    pub(super) fn settle(&mut self, index: IfIndex, out: &mut Changes) {
        self.is_touched = false;
        if std::mem::take(&mut self.is_another)
            && let Some(old) = self.told.take()
        {
            if old.is_running() {
                out.push(Change::LinkDown { index });
            }
            let name = old.name;
            out.push(Change::LinkRemoved { index, name });
        }
        match (&mut self.told, &self.now) {
            (Some(told), Some(now)) if told != now => {
                tell_difference(index, told, now, out);
                told.follow(now);
            }
            (None, Some(now)) => {
                out.push(Change::LinkAdded { index });
                if now.is_running() {
                    out.push(Change::LinkUp { index });
                }
                self.told = Some(now.clone());
            }
            _ => {}
        }
    }
}

fn tell_difference(index: IfIndex, told: &Link, now: &Link, out: &mut Changes) {
    if told.name != now.name {
        let from = told.name.clone();
        out.push(Change::LinkRenamed { index, from });
    }
    if differs_in_kind(told, now) {
        out.push(Change::LinkChanged { index });
    }
    match (told.is_running(), now.is_running()) {
        (true, false) => out.push(Change::LinkDown { index }),
        (false, true) => out.push(Change::LinkUp { index }),
        _ => {}
    }
}

/// Flags whose changes are told: being up is told otherwise, and others, such
/// as promiscuous mode, concern nobody.
const TOLD_FLAGS: u32 = LinkFlags::NOARP.0 | LinkFlags::MULTICAST.0;

fn differs_in_kind(told: &Link, now: &Link) -> bool {
    (told.mtu, told.mac, told.master, told.flags.0 & TOLD_FLAGS)
        != (now.mtu, now.mac, now.master, now.flags.0 & TOLD_FLAGS)
}
