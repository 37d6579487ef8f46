//! Every address that VRRP puts on an interface: whose it is, where it goes, and
//! the request that puts it there.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::model::{Family, IfIndex, IpNet};
use crate::netlink::AddressRequest;
use crate::netlink::addr::{AddressFlags, Lifetime};
use crate::vrrp::config::{AddressConfig, VrrpConfig};
use crate::vrrp::fsm::{InstanceId, InterfaceKey};

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
    by_address: HashMap<(InterfaceKey, IpAddr), (InstanceId, u32)>,
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
        let mut book = Self {
            owners: Vec::with_capacity(instances + 1),
            by_address: HashMap::new(),
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
        let mut entries = Vec::new();
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

/// The configuration behind an entry of the book.
pub(super) fn configured(
    config: &VrrpConfig,
    owner: InstanceId,
    index: u32,
) -> Option<&AddressConfig> {
    let index = usize::try_from(index).ok()?;
    match config.instances.get(owner.index()) {
        Some(instance) => match index.checked_sub(instance.vips.len()) {
            None => instance.vips.get(index),
            Some(rest) => instance.excluded_vips.get(rest),
        },
        None => config.static_addresses.get(index),
    }
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
