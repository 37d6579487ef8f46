//! The interfaces that the configuration names, and what the kernel has of them.
//!
//! Instances know an interface by a key that stays the same while the kernel's
//! interface comes, goes and is renamed.

use std::collections::HashMap;

use crate::model::{IfIndex, IfName, MacAddr};
use crate::vrrp::fsm::InterfaceKey;

/// One interface that somebody uses.
#[derive(Debug)]
pub(super) struct Interface {
    pub(super) name: IfName,
    /// The kernel's index while the interface exists.
    pub(super) index: Option<IfIndex>,
    /// Its address on the link, for announcements.
    pub(super) mac: MacAddr,
    /// Whether ARP is of use on it.
    pub(super) has_arp: bool,
}

/// All interfaces in use, by key, name and index.
#[derive(Debug, Default)]
pub(super) struct Interfaces {
    list: Vec<Interface>,
    by_name: HashMap<IfName, InterfaceKey>,
    by_index: HashMap<IfIndex, InterfaceKey>,
}

impl Interfaces {
    /// The key of a name; a new one if the name is new.
    pub(super) fn key(&mut self, name: &IfName) -> InterfaceKey {
        if let Some(&key) = self.by_name.get(name) {
            return key;
        }
        let key = InterfaceKey(u32::try_from(self.list.len()).unwrap_or(u32::MAX));
        self.list.push(Interface {
            name: name.clone(),
            index: None,
            mac: MacAddr::default(),
            has_arp: true,
        });
        self.by_name.insert(name.clone(), key);
        key
    }

    pub(super) fn get(&self, key: InterfaceKey) -> Option<&Interface> {
        self.list.get(usize::try_from(key.0).ok()?)
    }

    pub(super) fn get_mut(&mut self, key: InterfaceKey) -> Option<&mut Interface> {
        self.list.get_mut(usize::try_from(key.0).ok()?)
    }

    /// The kernel's index of an interface that exists.
    pub(super) fn index(&self, key: InterfaceKey) -> Option<IfIndex> {
        self.get(key)?.index
    }

    pub(super) fn by_name(&self, name: &IfName) -> Option<InterfaceKey> {
        self.by_name.get(name).copied()
    }

    pub(super) fn by_index(&self, index: IfIndex) -> Option<InterfaceKey> {
        self.by_index.get(&index).copied()
    }

    /// The kernel has (`Some`) or no longer has (`None`) the interface.
    pub(super) fn set_index(&mut self, key: InterfaceKey, index: Option<IfIndex>) {
        let Some(interface) = usize::try_from(key.0)
            .ok()
            .and_then(|slot| self.list.get_mut(slot))
        else {
            return;
        };
        if let Some(old) = std::mem::replace(&mut interface.index, index) {
            self.by_index.remove(&old);
        }
        if let Some(new) = index {
            self.by_index.insert(new, key);
        }
    }

    /// An interface is called otherwise, and keeps its key; that of the new name, which
    /// nobody had, takes the old one.
    pub(super) fn exchange(&mut self, one: &IfName, other: &IfName) {
        let keys = [self.key(one), self.key(other)];
        for (key, name) in keys.into_iter().zip([other, one]) {
            if let Some(interface) = self.get_mut(key) {
                interface.name = name.clone();
            }
            self.by_name.insert(name.clone(), key);
        }
    }

    /// All keys.
    pub(super) fn keys(&self) -> impl Iterator<Item = InterfaceKey> + use<> {
        (0..u32::try_from(self.list.len()).unwrap_or(u32::MAX)).map(InterfaceKey)
    }
}
