//! The addresses of the mirror.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::{Change, Changes, Origin};
use crate::model::{FastMap, IfIndex, IpNet};
use crate::netlink::addr::{AddressFlags, AddressMessage};

/// An address as the kernel has it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Address {
    /// The own address and the prefix length.
    pub net: IpNet,
    /// The other end, if it has one.
    pub peer: Option<IpAddr>,
    /// Flags.
    pub flags: AddressFlags,
    /// `RT_SCOPE_*`.
    pub scope: u8,
    /// Who has set it; 0 if unknown.
    pub protocol: u8,
}

impl Address {
    /// Whether adverts can be sent from it: any IPv4 address, or a link-local
    /// IPv6 address whose duplicate detection has ended well.
    #[must_use]
    pub fn is_source(&self) -> bool {
        match self.net.addr {
            IpAddr::V4(_) => true,
            IpAddr::V6(addr) => addr.is_unicast_link_local() && self.is_usable(),
        }
    }

    /// Whether duplicate address detection does not forbid its use.
    #[must_use]
    pub const fn is_usable(&self) -> bool {
        let bad = AddressFlags::TENTATIVE.0 | AddressFlags::DADFAILED.0;
        self.flags.0 & bad == 0
    }

    fn from_message(message: &AddressMessage<'_>) -> Option<Self> {
        Some(Self {
            net: message.net()?,
            peer: message.peer(),
            flags: message.flags,
            scope: message.scope,
            protocol: message.protocol.unwrap_or(0),
        })
    }

    /// What the kernel tells two addresses apart by, beside their number.
    fn is_same(&self, other: &Self) -> bool {
        self.net == other.net && self.peer == other.peer
    }
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    address: Address,
    /// Orders the addresses of a link; never given twice.
    age: u64,
    generation: u32,
    /// The kernel has it.
    is_present: bool,
    /// The consumer knows it, with these flags.
    told: Option<AddressFlags>,
    is_touched: bool,
    is_foreign: bool,
}

/// All entries with one number on one link: nearly always exactly one.
#[derive(Debug)]
struct Entries {
    first: Entry,
    others: Vec<Entry>,
}

impl Entries {
    fn iter(&self) -> impl Iterator<Item = &Entry> {
        std::iter::once(&self.first).chain(&self.others)
    }

    fn iter_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        std::iter::once(&mut self.first).chain(&mut self.others)
    }

    /// Remove an entry; true if it was the last one.
    fn remove(&mut self, age: u64) -> bool {
        if self.first.age != age {
            self.others.retain(|entry| entry.age != age);
            return false;
        }
        match self.others.pop() {
            Some(other) => {
                self.first = other;
                false
            }
            None => true,
        }
    }
}

/// Room for so many entries is kept always.
const KEEP: usize = 64;

type Key = (IfIndex, IpAddr);

#[derive(Debug, Default)]
pub(super) struct Addresses {
    entries: FastMap<Key, Entries>,
    /// Link and age to number: the order of a link's addresses.
    by_age: BTreeMap<(IfIndex, u64), IpAddr>,
    touched: Vec<(Key, u64)>,
    next_age: u64,
}

impl Addresses {
    pub(super) fn hear(
        &mut self,
        message: &AddressMessage<'_>,
        is_present: bool,
        origin: Origin,
        generation: u32,
    ) {
        let Some(address) = Address::from_message(message) else {
            return;
        };
        let key = (IfIndex(message.index), address.net.addr);
        let known = self.entries.get_mut(&key).and_then(|entries| {
            entries
                .iter_mut()
                .find(|entry| entry.address.is_same(&address))
        });
        let Some(entry) = known else {
            if is_present {
                self.insert(key, address, origin, generation);
            }
            return;
        };
        entry.is_present = is_present;
        entry.generation = generation;
        if is_present {
            entry.address = address;
        }
        if !entry.is_touched {
            entry.is_touched = true;
            entry.is_foreign = false;
            self.touched.push((key, entry.age));
        }
        entry.is_foreign |= origin == Origin::Foreign;
    }

    fn insert(&mut self, key: Key, address: Address, origin: Origin, generation: u32) {
        let age = self.next_age;
        self.next_age += 1;
        let entry = Entry {
            address,
            age,
            generation,
            is_present: true,
            told: None,
            is_touched: true,
            is_foreign: origin == Origin::Foreign,
        };
        self.entries
            .entry(key)
            .and_modify(|entries| entries.others.push(entry))
            .or_insert_with(|| Entries {
                first: entry,
                others: Vec::new(),
            });
        self.by_age.insert((key.0, age), key.1);
        self.touched.push((key, age));
    }

    /// Addresses not told again after a loss are gone.
    pub(super) fn remove_older_than(&mut self, generation: u32) {
        let Self {
            entries, touched, ..
        } = self;
        let start = touched.len();
        entries.retain(|&key, entries| {
            for entry in entries.iter_mut() {
                if entry.is_present && entry.generation != generation {
                    mark_gone(entry, key, touched);
                }
            }
            true
        });
        touched
            .get_mut(start..)
            .unwrap_or_default()
            .sort_unstable_by_key(|(_, age)| *age);
    }

    /// A link is gone, and with it its addresses.
    pub(super) fn link_is_gone(&mut self, index: IfIndex) {
        let ages = (index, 0)..=(index, u64::MAX);
        for (&(_, age), &addr) in self.by_age.range(ages) {
            let key = (index, addr);
            let entry = self
                .entries
                .get_mut(&key)
                .and_then(|entries| entries.iter_mut().find(|entry| entry.age == age));
            if let Some(entry) = entry.filter(|entry| entry.is_present) {
                mark_gone(entry, key, &mut self.touched);
            }
        }
    }

    pub(super) fn settle(&mut self, out: &mut Changes) {
        let mut touched = std::mem::take(&mut self.touched);
        for (key, age) in touched.drain(..) {
            self.settle_one(key, age, out);
        }
        self.touched = touched;
        self.give_memory_back();
    }

    /// A release of thousands of addresses leaves a large and empty table.
    fn give_memory_back(&mut self) {
        self.touched.shrink_to(KEEP);
        let needed = KEEP.max(self.entries.len());
        if self.entries.capacity() > needed * 4 {
            self.entries.shrink_to(needed * 2);
        }
    }

    fn settle_one(&mut self, key: Key, age: u64, out: &mut Changes) {
        let Some(entries) = self.entries.get_mut(&key) else {
            return;
        };
        let Some(entry) = entries.iter_mut().find(|entry| entry.age == age) else {
            return;
        };
        entry.is_touched = false;
        let (index, net, ours) = (key.0, entry.address.net, !entry.is_foreign);
        match (entry.told, entry.is_present) {
            (None, true) => out.push(Change::AddressAdded { index, net, ours }),
            (Some(_), false) => out.push(Change::AddressRemoved { index, net, ours }),
            (Some(flags), true) if flags != entry.address.flags => {
                out.push(Change::AddressChanged { index, net });
            }
            (Some(_), true) | (None, false) => {}
        }
        if entry.is_present {
            entry.told = Some(entry.address.flags);
            return;
        }
        if entries.remove(age) {
            self.entries.remove(&key);
        }
        self.by_age.remove(&(key.0, age));
    }

    pub(super) fn find(&self, index: IfIndex, addr: IpAddr) -> impl Iterator<Item = &Address> {
        self.entries
            .get(&(index, addr))
            .into_iter()
            .flat_map(Entries::iter)
            .filter(|entry| entry.is_present)
            .map(|entry| &entry.address)
    }

    pub(super) fn of_link(&self, index: IfIndex) -> impl Iterator<Item = &Address> {
        self.by_age
            .range((index, 0)..=(index, u64::MAX))
            .filter_map(move |(&(_, age), &addr)| {
                self.entries
                    .get(&(index, addr))?
                    .iter()
                    .find(|entry| entry.age == age && entry.is_present)
                    .map(|entry| &entry.address)
            })
    }

    pub(super) fn len(&self) -> usize {
        self.by_age.len()
    }
}

fn mark_gone(entry: &mut Entry, key: Key, touched: &mut Vec<(Key, u64)>) {
    entry.is_present = false;
    if !entry.is_touched {
        entry.is_touched = true;
        touched.push((key, entry.age));
    }
    entry.is_foreign = true;
}
