//! Every item that VRRP has the kernel keep: addresses, routes, rules; whose an
//! address is, where it goes, and the request that puts it there.

use std::net::IpAddr;

use crate::model::{Family, FastMap, IfIndex, IpNet};
use crate::netlink::AddressRequest;
use crate::netlink::addr::{AddressFlags, Lifetime};
use crate::vrrp::config::{AddressConfig, RouteConfig, RuleConfig, VrrpConfig};
use crate::vrrp::fsm::{InstanceId, InterfaceKey};
use crate::vrrp::install::Layout;

/// Where one address belongs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) key: InterfaceKey,
    pub(super) net: IpNet,
    /// Whether its deletion by somebody else is acted on.
    pub(super) track: bool,
}

/// All addresses by owner and by number.
///
/// The static addresses have an owner of their own, after the instances.
#[derive(Debug)]
pub(super) struct AddressBook {
    owners: Vec<Vec<Entry>>,
    by_address: FastMap<(InterfaceKey, IpAddr), (InstanceId, u32)>,
    statics: InstanceId,
}

impl AddressBook {
    /// Enter the addresses of a configuration; `place` says on which interface
    /// one goes. What has no place cannot be installed and is left out.
    pub(super) fn new(
        config: &VrrpConfig,
        mut place: impl FnMut(Option<usize>, &AddressConfig) -> Option<InterfaceKey>,
    ) -> Self {
        let instances = config.instances.len();
        let addresses = layouts(config).map(|layout| layout.addresses as usize);
        let mut book = Self {
            owners: Vec::with_capacity(instances + 1),
            by_address: FastMap::with_capacity_and_hasher(addresses.sum(), Default::default()),
            statics: InstanceId(u32::try_from(instances).unwrap_or(u32::MAX)),
        };
        for (number, instance) in config.instances.iter().enumerate() {
            let all = instance.vips.iter().chain(&instance.excluded_vips);
            book.enter(all.map(|address| (address, place(Some(number), address))));
        }
        let statics = config.static_addresses.iter();
        book.enter(statics.map(|address| (address, place(None, address))));
        book
    }

    fn enter<'a>(
        &mut self,
        addresses: impl Iterator<Item = (&'a AddressConfig, Option<InterfaceKey>)>,
    ) {
        let owner = InstanceId(u32::try_from(self.owners.len()).unwrap_or(u32::MAX));
        let mut entries = Vec::with_capacity(addresses.size_hint().0);
        for (index, (address, key)) in (0..).zip(addresses) {
            // Without an interface the entry keeps its position, but no one finds it.
            let key = key.unwrap_or(InterfaceKey(u32::MAX));
            let net = address.net.value;
            entries.push(Entry {
                key,
                net,
                track: address.track,
            });
            self.by_address.insert((key, net.addr), (owner, index));
        }
        entries.shrink_to_fit();
        self.owners.push(entries);
    }

    /// The owner of the static addresses.
    pub(super) const fn statics(&self) -> InstanceId {
        self.statics
    }

    /// All owners: the instances, and the static addresses last.
    pub(super) fn owner_count(&self) -> usize {
        self.owners.len()
    }

    /// The addresses of an owner, in order.
    pub(super) fn of(&self, owner: InstanceId) -> &[Entry] {
        self.owners.get(owner.index()).map_or(&[], Vec::as_slice)
    }

    pub(super) fn entry(&self, owner: InstanceId, index: u32) -> Option<Entry> {
        self.of(owner).get(usize::try_from(index).ok()?).copied()
    }

    /// Whose an address on an interface is.
    pub(super) fn owner(&self, key: InterfaceKey, address: IpAddr) -> Option<(InstanceId, u32)> {
        self.by_address.get(&(key, address)).copied()
    }
}

/// What an owner has the kernel keep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Item<'a> {
    Address(&'a AddressConfig),
    Route(&'a RouteConfig),
    Rule(&'a RuleConfig),
}

impl<'a> Item<'a> {
    /// The `track_group` of a static item.
    pub(super) fn track_group(self) -> Option<&'a str> {
        let group = match self {
            Self::Address(address) => &address.track_group,
            Self::Route(route) => &route.track_group,
            Self::Rule(rule) => &rule.track_group,
        };
        group.as_ref().map(|group| group.value.as_str())
    }
}

/// The item at a position of an owner's.
pub(super) fn configured(config: &VrrpConfig, owner: InstanceId, index: u32) -> Option<Item<'_>> {
    let index = usize::try_from(index).ok()?;
    let none: &[AddressConfig] = &[];
    let (vips, more, routes, rules) = match config.instance(owner.index()) {
        Some(own) => (
            own.vips.as_slice(),
            own.excluded_vips.as_slice(),
            own.routes.as_slice(),
            own.rules.as_slice(),
        ),
        None => (
            config.static_addresses.as_slice(),
            none,
            config.static_routes.as_slice(),
            config.static_rules.as_slice(),
        ),
    };
    let Some(index) = index.checked_sub(vips.len()) else {
        return vips.get(index).map(Item::Address);
    };
    let Some(index) = index.checked_sub(more.len()) else {
        return more.get(index).map(Item::Address);
    };
    match index.checked_sub(routes.len()) {
        None => routes.get(index).map(Item::Route),
        Some(index) => rules.get(index).map(Item::Rule),
    }
}

/// How many items each owner has: the instances, and the static ones last.
pub(super) fn layouts(config: &VrrpConfig) -> impl Iterator<Item = Layout> {
    let layout = |[addresses, routes, rules]: [usize; 3]| {
        let count = |length| u32::try_from(length).unwrap_or(u32::MAX);
        Layout {
            addresses: count(addresses),
            routes: count(routes),
            rules: count(rules),
        }
    };
    let statics = [
        config.static_addresses.len(),
        config.static_routes.len(),
        config.static_rules.len(),
    ];
    let of_instances = config.instances.iter().map(move |instance| {
        let addresses = instance.vips.len() + instance.excluded_vips.len();
        layout([addresses, instance.routes.len(), instance.rules.len()])
    });
    of_instances.chain(std::iter::once(layout(statics)))
}

/// The request for an address on an interface.
pub(super) fn request(address: &AddressConfig, interface: IfIndex) -> AddressRequest<'_> {
    let mut request = AddressRequest::new(interface, address.net.value);
    request.peer = address.peer;
    request.broadcast = address.broadcast;
    request.label = address.label.as_deref();
    request.scope = address.scope;
    request.flags = flags(address);
    request.lifetime = address.preferred_lft.map(|preferred| Lifetime {
        preferred,
        valid: Lifetime::FOREVER,
    });
    request
}

fn flags(address: &AddressConfig) -> AddressFlags {
    let v6 = address.net.value.family() == Family::V6;
    let words = [
        (v6 && address.nodad, AddressFlags::NODAD),
        (v6 && address.home, AddressFlags::HOMEADDRESS),
        (v6 && address.mngtmpaddr, AddressFlags::MANAGETEMPADDR),
        (address.noprefixroute, AddressFlags::NOPREFIXROUTE),
        (address.autojoin, AddressFlags::MCAUTOJOIN),
    ];
    let set = words.into_iter().filter(|(is_set, _)| *is_set);
    set.fold(AddressFlags(0), |all, (_, flag)| all.with(flag))
}
