//! Addresses over a reload, by difference: what is in both configurations is not
//! touched.

use scheduler::Instant;

use super::VrrpProcess;
use super::book::{AddressBook, Entry, Item, configured};
use super::reload::Old;
use crate::model::{FastMap, IpNet};
use crate::vrrp::fsm::{InstanceId, InterfaceKey};
use crate::vrrp::install::{Order, Wanted};
use crate::vrrp::path_request::{request_route, request_rule};

/// Which of an instance's new addresses are in the kernel already.
struct Inherited {
    had: Vec<bool>,
    /// A removed address may take others of its network along.
    is_disturbed: bool,
}

impl VrrpProcess {
    /// Whether an instance that is configured as before has all its addresses on the
    /// interfaces on which they were.
    pub(super) fn has_same_places(&self, from: InstanceId, to: InstanceId, old: &Old) -> bool {
        let (before, after) = (old.book.of(from), self.book.of(to));
        let is_same =
            |(before, after): (&Entry, &Entry)| (before.key, before.net) == (after.key, after.net);
        before.len() == after.len() && before.iter().zip(after).all(is_same)
    }

    /// The addresses, routes and rules of such an instance stay.
    pub(super) fn keep_addresses(
        &mut self,
        now: Instant,
        from: InstanceId,
        to: InstanceId,
        old: &Old,
    ) {
        let sent = old.sent.get(from.index()).copied().unwrap_or_default();
        if sent > 0 {
            self.installer.resume(to, sent);
            let total = self.installer.layout(to).count();
            self.installer.add_from(to, sent, total);
        }
        let announcer = &mut self.announcer;
        announcer.carry_over(now, &old.announcer, from, to, sent);
    }

    /// The addresses of an instance that goes on. True for a master that has more
    /// of them than before.
    pub(super) fn carry_addresses(
        &mut self,
        now: Instant,
        from: InstanceId,
        to: InstanceId,
        old: &Old,
    ) -> bool {
        let sent = old.sent.get(from.index()).copied().unwrap_or_default();
        if sent == 0 {
            let announcer = &mut self.announcer;
            announcer.carry_over(now, &old.announcer, from, to, 0);
            return false;
        }
        let inherited = self.inherit(from, to, sent, old);
        let first = self.add_missing(to, &inherited);
        let announcer = &mut self.announcer;
        announcer.carry_over(now, &old.announcer, from, to, first);
        let before = positions(&old.book, from);
        let is_new = |entry: &Entry| !before.contains_key(&(entry.key, entry.net));
        self.book.of(to).iter().any(is_new)
    }

    /// Orders for the addresses that are not there; how many, counted from the
    /// first, may be announced at once.
    fn add_missing(&mut self, to: InstanceId, inherited: &Inherited) -> u32 {
        let Inherited { had, is_disturbed } = inherited;
        let total = count(had.len());
        let first = had.iter().take_while(|had| **had).count();
        let is_beginning = had.iter().skip(first).all(|had| !had);
        if is_beginning && !is_disturbed {
            let first = count(first);
            self.installer.resume(to, first);
            self.installer.add_from(to, first, total);
            return first;
        }
        self.installer.resume(to, total);
        for (had, index) in had.iter().zip(0..) {
            if !had || *is_disturbed {
                self.installer.add_one(to, index);
            }
        }
        total
    }

    /// Removes what the instance no longer has, and tells what it has already.
    fn inherit(&mut self, from: InstanceId, to: InstanceId, sent: u32, old: &Old) -> Inherited {
        let new = positions(&self.book, to);
        let mut inherited = Inherited {
            had: vec![false; self.installer.layout(to).count() as usize],
            is_disturbed: false,
        };
        // Rules go before routes, and routes before addresses.
        for index in (0..sent).rev() {
            let place = self.same_place(&new, to, old, from, index);
            match place.and_then(|place| inherited.had.get_mut(place)) {
                Some(had) => *had = true,
                None => {
                    let entry = old.book.entry(from, index);
                    let is_net = |entry: Entry| entry.net.prefix < entry.net.family().host_prefix();
                    inherited.is_disturbed |= entry.is_some_and(is_net);
                    self.remove_old(old, from, index);
                }
            }
        }
        inherited
    }

    /// Where an old address stands in the new configuration, with all its options.
    fn same_place(
        &self,
        new: &Positions,
        to: InstanceId,
        old: &Old,
        from: InstanceId,
        index: u32,
    ) -> Option<usize> {
        let before = configured(&old.config.vrrp, from, index)?;
        let layout = self.installer.layout(to);
        let is_same = |place: &u32| configured(&self.config.vrrp, to, *place) == Some(before);
        let place = match before {
            Item::Address(_) => {
                let entry = old.book.entry(from, index)?;
                let place = new.get(&(entry.key, entry.net)).copied();
                place.filter(is_same)
            }
            Item::Route(_) => (layout.addresses..layout.rules_from()).find(is_same),
            Item::Rule(_) => (layout.rules_from()..layout.count()).find(is_same),
        };
        place.map(|place| place as usize)
    }

    /// Ask the kernel to delete an item of the old configuration.
    fn remove_old(&mut self, old: &Old, owner: InstanceId, index: u32) {
        let order = Order {
            instance: owner,
            index,
            wanted: Wanted::Absent,
        };
        let kernel = &mut self.kernel;
        match configured(&old.config.vrrp, owner, index) {
            Some(Item::Address(address)) => {
                let entry = old.book.entry(owner, index);
                let instance = old.config.vrrp.instance(owner.index());
                let net = address.net.value;
                if let Some(at) = entry.and_then(|entry| self.interfaces.index(entry.key))
                    && !kernel.is_of_administrator(instance, at, net)
                {
                    kernel.delete(address, at, order.ticket());
                }
            }
            Some(Item::Route(route)) => {
                // False: its interfaces are gone, and it with them.
                let _ = request_route(route, order, &kernel.mirror, kernel.commander.batch());
            }
            Some(Item::Rule(rule)) => request_rule(rule, order, kernel.commander.batch()),
            None => {}
        }
    }

    /// Static addresses that are no longer configured go, and those that are not
    /// there are added.
    pub(super) fn carry_statics(&mut self, old: &Old) {
        let (from, to) = (old.book.statics(), self.book.statics());
        let new = positions(&self.book, to);
        let layout = self.installer.layout(to);
        let mut known = vec![false; layout.count() as usize];
        for index in (0..old.statics).rev() {
            match self.same_place(&new, to, old, from, index) {
                Some(place) => {
                    if let Some(known) = known.get_mut(place) {
                        *known = true;
                    }
                }
                None => self.remove_old(old, from, index),
            }
        }
        self.installer.resume(to, layout.count());
        for (known, index) in known.into_iter().zip(0..) {
            if !known || self.is_missing(to, index) {
                self.installer.add_one(to, index);
            }
        }
    }

    /// Whether it is an address that could be there and is not.
    fn is_missing(&self, owner: InstanceId, index: u32) -> bool {
        self.book.entry(owner, index).is_some_and(|entry| {
            let interface = self.interfaces.index(entry.key);
            let mirror = &self.kernel.mirror;
            interface.is_some_and(|at| !mirror.has_address(at, entry.net.addr))
        })
    }
}

type Positions = FastMap<(InterfaceKey, IpNet), u32>;

/// Where the addresses of an owner stand.
fn positions(book: &AddressBook, owner: InstanceId) -> Positions {
    let entries = book.of(owner).iter().zip(0..);
    entries
        .map(|(entry, index)| ((entry.key, entry.net), index))
        .collect()
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
