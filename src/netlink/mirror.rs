//! Machine: the links and addresses the kernel has, and what changed.
//!
//! [`Mirror::hear`] takes messages as they come and changes the picture at
//! once; [`Mirror::settle`] compares what was touched since the last time with
//! what was told then, and reports the net difference. A link that went down
//! and up in between is no change; one that was removed and made again is,
//! because its sockets and group memberships are gone.
//!
//! After a loss ([`Mirror::lost`]) the dumps that follow mark what still
//! exists with a new generation; [`Mirror::resynchronised`] removes the rest.
//! So the consumer sees the difference and never a rebuilt world.

use super::header::{Message, kind};
use super::link::LinkMessage;
use super::{addr::AddressMessage, header::family};
use crate::model::{Family, FastMap, IfIndex, IfName, IpNet};

mod address;
mod link;
mod path;

pub use address::Address;
use address::Addresses;
pub use link::Link;
use link::Slot;
pub use path::PathMessage;

/// Who caused a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// A request of our own.
    Ours,
    /// The kernel itself or another program.
    Foreign,
}

impl Origin {
    /// The origin of a message, told by the port of the socket that caused it.
    #[must_use]
    pub const fn of(message: &Message<'_>, our_port: u32) -> Self {
        if our_port != 0 && message.header.port == our_port {
            Self::Ours
        } else {
            Self::Foreign
        }
    }
}

/// A net change. `ours` means that nothing but our own requests caused it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the fields are named by their types")]
pub enum Change {
    /// A link appeared. [`Change::LinkUp`] follows if it works already.
    LinkAdded { index: IfIndex },
    /// A link is gone. [`Change::LinkDown`] came before if it worked.
    LinkRemoved { index: IfIndex, name: IfName },
    /// A link has another name now; `from` may belong to another one by now.
    LinkRenamed { index: IfIndex, from: IfName },
    /// A link is up and running now ([`Link::is_running`]).
    LinkUp { index: IfIndex },
    /// A link is no longer up and running.
    LinkDown { index: IfIndex },
    /// A link has another MTU, link-layer address, master, or flags other than
    /// those of its being up.
    LinkChanged { index: IfIndex },
    /// An address appeared.
    AddressAdded {
        index: IfIndex,
        net: IpNet,
        ours: bool,
    },
    /// An address is gone; another one with the same number but another prefix
    /// or peer may still be there ([`Mirror::has_address`]).
    AddressRemoved {
        index: IfIndex,
        net: IpNet,
        ours: bool,
    },
    /// After a loss: every route and rule that is there is told as [`Change::Path`]
    /// between this and [`Change::PathsTold`].
    PathsAreTold,
    /// What was not told since [`Change::PathsAreTold`] is not there.
    PathsTold,
    /// A route or rule of keepalived's protocol number appeared, or (`removed`)
    /// is gone. Told of every one, not as a net change; only heard where the
    /// monitor listens to them.
    Path {
        message: Box<PathMessage>,
        removed: bool,
    },
    /// The flags of an address changed: duplicate address detection ended.
    AddressChanged { index: IfIndex, net: IpNet },
}

/// Changes in the order of their telling: links, addresses, routes and rules. Clear and
/// reuse it: then telling allocates nothing.
pub type Changes = Vec<Change>;

/// The picture of the kernel's links and addresses.
#[derive(Debug, Default)]
pub struct Mirror {
    links: FastMap<IfIndex, Slot>,
    names: FastMap<IfName, IfIndex>,
    touched: Vec<IfIndex>,
    addresses: Addresses,
    /// What was heard of routes and rules since the last time.
    paths: Vec<Change>,
    are_paths_told: bool,
    generation: u32,
    resynchronising: bool,
}

impl Mirror {
    /// An empty picture.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Take one message into the picture. Messages that say nothing of links
    /// and addresses are ignored.
    pub fn hear(&mut self, message: &Message<'_>, origin: Origin) {
        match message.header.kind {
            kind::NEW_LINK | kind::DEL_LINK => {
                if let Some(link) = LinkMessage::parse(message) {
                    self.hear_link(&link, message.header.kind == kind::NEW_LINK);
                }
            }
            kind::NEW_ADDRESS | kind::DEL_ADDRESS => {
                if let Some(address) = AddressMessage::parse(message) {
                    let present = message.header.kind == kind::NEW_ADDRESS;
                    self.addresses
                        .hear(&address, present, origin, self.generation);
                }
            }
            kind::NEW_ROUTE | kind::DEL_ROUTE | kind::NEW_RULE | kind::DEL_RULE => {
                if let (Some(message), Origin::Foreign) = (PathMessage::of(message), origin) {
                    let removed = message.is_removal();
                    self.paths.push(Change::Path {
                        message: Box::new(message),
                        removed,
                    });
                }
            }
            _ => {}
        }
    }

    /// Messages were lost: what is not told again before
    /// [`Self::resynchronised`] is gone.
    pub fn lost(&mut self) {
        self.generation = self.generation.wrapping_add(1);
        self.resynchronising = true;
        self.are_paths_told = false;
    }

    /// Since [`Self::lost`]: from here on all routes and rules are told.
    pub fn paths_are_told(&mut self) {
        self.are_paths_told = true;
        self.paths.push(Change::PathsAreTold);
    }

    /// All addresses were told again since [`Self::lost`], and nothing else was missed.
    pub fn addresses_resynchronised(&mut self) {
        self.addresses.remove_older_than(self.generation);
        self.resynchronising = false;
    }

    /// Everything was told again.
    pub fn resynchronised(&mut self) {
        let Self {
            links,
            names,
            touched,
            generation,
            ..
        } = self;
        links.retain(|&index, slot| {
            if slot.is_older_than(*generation) {
                if let Some(name) = slot.vanish()
                    && names.get(&name) == Some(&index)
                {
                    names.remove(&name);
                }
                if slot.touch() {
                    touched.push(index);
                }
            }
            true
        });
        touched.sort_unstable();
        if std::mem::take(&mut self.are_paths_told) {
            self.paths.push(Change::PathsTold);
        }
        self.addresses_resynchronised();
    }

    /// Report the net changes since the last time.
    pub fn settle(&mut self, out: &mut Changes) {
        let mut touched = std::mem::take(&mut self.touched);
        for index in touched.drain(..) {
            let Some(slot) = self.links.get_mut(&index) else {
                continue;
            };
            slot.settle(index, out);
            if slot.is_gone() {
                self.links.remove(&index);
                self.addresses.link_is_gone(index);
            }
        }
        self.touched = touched;
        self.addresses.settle(out);
        out.append(&mut self.paths);
    }

    /// Whether the picture waits for dumps after a loss.
    #[must_use]
    pub const fn is_resynchronising(&self) -> bool {
        self.resynchronising
    }

    /// The link with an index.
    #[must_use]
    pub fn link(&self, index: IfIndex) -> Option<&Link> {
        self.links.get(&index)?.present()
    }

    /// The link with a name.
    #[must_use]
    pub fn link_named(&self, name: &IfName) -> Option<&Link> {
        self.link_of_text(name.as_str())
    }

    /// The link whose name a text is, if it is one.
    #[must_use]
    pub fn link_of_text(&self, text: &str) -> Option<&Link> {
        self.link(*self.names.get(text)?)
    }

    /// All links, ordered by index.
    #[must_use]
    pub fn links(&self) -> Vec<&Link> {
        let mut links: Vec<_> = self.links.values().filter_map(Slot::present).collect();
        links.sort_unstable_by_key(|link| link.index);
        links
    }

    /// Whether a link has an address, with whatever prefix and peer.
    #[must_use]
    pub fn has_address(&self, index: IfIndex, addr: std::net::IpAddr) -> bool {
        self.addresses.find(index, addr).next().is_some()
    }

    /// Whether the kernel says who has set an address (Linux 5.18 and later): then it
    /// says so of its own ones, too.
    #[must_use]
    pub fn tells_who_set_addresses(&self) -> bool {
        let links = self.links();
        let mut addresses = links.iter().flat_map(|link| self.addresses_of(link.index));
        addresses.any(|address| address.protocol != 0)
    }

    /// The addresses of a link with one number: nearly always none or one.
    pub fn addresses_like(
        &self,
        index: IfIndex,
        addr: std::net::IpAddr,
    ) -> impl Iterator<Item = &Address> {
        self.addresses.find(index, addr)
    }

    /// The addresses of a link, in the order of their appearance.
    pub fn addresses_of(&self, index: IfIndex) -> impl Iterator<Item = &Address> {
        self.addresses.of_link(index)
    }

    /// The address a link sends adverts from if none is configured: the first
    /// IPv4 address or the first IPv6 link-local one, which must be usable.
    /// `skip` leaves out addresses that must not be chosen, such as virtual ones.
    #[must_use]
    pub fn source_address(
        &self,
        index: IfIndex,
        family: Family,
        skip: impl Fn(&Address) -> bool,
    ) -> Option<std::net::IpAddr> {
        self.addresses_of(index)
            .filter(|address| address.net.family() == family && !skip(address))
            .find(|address| address.is_source())
            .map(|address| address.net.addr)
    }

    /// Number of addresses, all links together.
    #[must_use]
    pub fn address_count(&self) -> usize {
        self.addresses.len()
    }

    /// A port that leaves a bridge is told as a removal in the bridge family,
    /// and is none.
    fn hear_link(&mut self, message: &LinkMessage<'_>, present: bool) {
        if message.family == family::BRIDGE || message.index == 0 {
            return;
        }
        let index = IfIndex(message.index);
        let slot = self.links.entry(index).or_default();
        if slot.touch() {
            self.touched.push(index);
        }
        let (before, after) = if present {
            slot.update(message, self.generation)
        } else {
            (slot.vanish(), None)
        };
        if let Some(before) = before
            && self.names.get(&before) == Some(&index)
        {
            self.names.remove(&before);
        }
        if let Some(after) = after {
            self.names.insert(after, index);
        }
    }
}

#[cfg(test)]
mod tests;
