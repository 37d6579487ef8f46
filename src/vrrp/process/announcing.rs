//! Gratuitous ARP and unsolicited neighbour advertisements leave in groups of
//! frames of one kind on one interface.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use scheduler::{Instant, Scheduler};

use super::VrrpProcess;
use crate::model::{Family, IfIndex, IfName};
use crate::net::AnnounceSocket;
use crate::sys::sysctl::{self, Remembered};
use crate::vrrp::config::{InstanceConfig, LinkUse, VirtualLinkKind};
use crate::vrrp::fsm::{InstanceId, InterfaceKey};
use crate::wire::{arp, ndisc};

/// Frames of one portion: as many as addresses are added in one. It takes a millisecond.
const PORTION: usize = 256;
/// How long a reading of the forwarding flag is good.
const FORWARDING_GOOD_FOR: Duration = Duration::from_secs(5);

/// The sender of announcements, and what it remembers.
#[derive(Debug)]
pub(super) struct Announcements {
    socket: AnnounceSocket,
    due: Vec<(InstanceId, u32)>,
    frames: Vec<u8>,
    forwarding: Vec<(InterfaceKey, Instant, bool)>,
    pub(super) sysctls: Remembered,
}

/// Frames that leave together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Group {
    interface: IfIndex,
    family: Family,
}

impl Announcements {
    pub(super) fn open() -> io::Result<Self> {
        Ok(Self {
            socket: AnnounceSocket::open()?,
            due: Vec::with_capacity(PORTION),
            frames: Vec::new(),
            forwarding: Vec::new(),
            sysctls: Remembered::default(),
        })
    }

    /// Give back the kernel settings that were changed.
    pub(super) fn restore_sysctls(&mut self) {
        for (name, error) in self.sysctls.restore_all() {
            log::warn!("cannot restore {name}: {error}");
        }
    }

    /// Send the gathered frames.
    fn send(&mut self, group: Group) {
        let length = frame_length(group.family);
        match self.socket.send_many(group.interface, &self.frames, length) {
            Ok(sent) if sent * length < self.frames.len() => {
                // The queue of the interface is full. Repeats follow anyway; the
                // rest of this portion would only lengthen the queue.
                log::debug!(
                    "announcements: the queue of interface {} is full",
                    group.interface
                );
            }
            Ok(_) => {}
            Err(error) => log::debug!("announcements on interface {}: {error}", group.interface),
        }
        self.frames.clear();
    }
}

const fn frame_length(family: Family) -> usize {
    match family {
        Family::V4 => arp::FRAME_LEN,
        Family::V6 => ndisc::FRAME_LEN,
    }
}

impl VrrpProcess {
    /// Send at most one portion of what is due.
    pub(super) fn announce_portion(&mut self, s: &Scheduler<Self>) {
        let mut due = std::mem::take(&mut self.announcements.due);
        self.announcer.take(s.now(), PORTION, &mut due);
        let mut group = None;
        for (id, index) in due.drain(..) {
            let next = self.group_of(id, index);
            if next != group
                && let Some(full) = std::mem::replace(&mut group, next)
            {
                self.announcements.send(full);
            }
            self.write_frame(s.now(), id, index);
        }
        if let Some(last) = group {
            self.announcements.send(last);
        }
        self.announcements.due = due;
    }

    /// A unicast instance has left FAULT: its peers learn where its own address is
    /// before the first advert has to find them (protocols.md section 7).
    pub(super) fn announce_source(&mut self, now: Instant, id: InstanceId) {
        let Some(own) = self.routers.get(id.index()) else {
            return;
        };
        let (Some(source), Some(key), false) = (own.source, own.key, own.receive.is_multicast())
        else {
            return;
        };
        let is_router = source.is_ipv6() && self.forwards(now, key);
        let Some(interface) = self.interfaces.get(key).filter(|i| i.has_arp) else {
            return;
        };
        let (mac, Some(index)) = (interface.mac, interface.index) else {
            return;
        };
        let frames = &mut self.announcements.frames;
        match source {
            IpAddr::V4(address) => {
                let mut frame = [0; arp::FRAME_LEN];
                arp::write_gratuitous(&mut frame, mac, address);
                frames.extend_from_slice(&frame);
            }
            IpAddr::V6(address) => {
                let mut frame = [0; ndisc::FRAME_LEN];
                ndisc::write_unsolicited(&mut frame, mac, address, is_router);
                frames.extend_from_slice(&frame);
            }
        }
        self.announcements.send(Group {
            interface: index,
            family: Family::of(&source),
        });
    }

    /// `garp_extra_if`: the first address on each interface that carries no
    /// adverts of the instance; on those without a virtual MAC address with `all`.
    pub(super) fn extra_announcements(
        &self,
        id: InstanceId,
        instance: &InstanceConfig,
    ) -> Vec<u32> {
        let extra = instance.garp.extra;
        if extra.every.is_zero() {
            return Vec::new();
        }
        let keys = |names: Vec<&IfName>| -> Vec<InterfaceKey> {
            let known = names.into_iter();
            known
                .filter_map(|name| self.interfaces.by_name(name))
                .collect()
        };
        let with_adverts = keys(instance.advert_interface().into_iter().collect());
        let is_macvlan =
            |wanted: &LinkUse<'_>| matches!(wanted.link.kind, VirtualLinkKind::Macvlan(_));
        let virtual_macs = instance.links().filter(is_macvlan);
        let virtual_macs = keys(virtual_macs.map(|wanted| &wanted.link.name).collect());
        let mut seen = with_adverts;
        let mut chosen = Vec::new();
        for (entry, index) in self.book.of(id).iter().zip(0..) {
            let counts = extra.everywhere || virtual_macs.contains(&entry.key);
            if counts && !seen.contains(&entry.key) {
                seen.push(entry.key);
                chosen.push(index);
            }
        }
        chosen
    }

    fn group_of(&self, id: InstanceId, index: u32) -> Option<Group> {
        let entry = self.book.entry(id, index)?;
        let interface = self.interfaces.get(entry.key)?;
        let wanted = interface.has_arp || entry.net.family() == Family::V6;
        let index = interface.index.filter(|_| wanted)?;
        Some(Group {
            interface: index,
            family: entry.net.family(),
        })
    }

    fn write_frame(&mut self, now: Instant, id: InstanceId, index: u32) {
        let Some(entry) = self.book.entry(id, index) else {
            return;
        };
        if self.group_of(id, index).is_none() {
            return;
        }
        let is_router = entry.net.family() == Family::V6 && self.forwards(now, entry.key);
        let Some(interface) = self.interfaces.get(entry.key) else {
            return;
        };
        let frames = &mut self.announcements.frames;
        match entry.net.addr {
            IpAddr::V4(address) => {
                let mut frame = [0; arp::FRAME_LEN];
                arp::write_gratuitous(&mut frame, interface.mac, address);
                frames.extend_from_slice(&frame);
                log::debug!("Sending gratuitous ARP on {} for {address}", interface.name);
            }
            IpAddr::V6(address) => {
                let mut frame = [0; ndisc::FRAME_LEN];
                ndisc::write_unsolicited(&mut frame, interface.mac, address, is_router);
                frames.extend_from_slice(&frame);
                log::debug!(
                    "Sending unsolicited Neighbour Advert on {} for {address}",
                    interface.name
                );
            }
        }
    }

    /// Whether the interface forwards IPv6, so that the announcement says that a
    /// router speaks (RFC 4861 section 4.4).
    fn forwards(&mut self, now: Instant, key: InterfaceKey) -> bool {
        let Some(interface) = self.interfaces.get(key) else {
            return false;
        };
        let known = &mut self.announcements.forwarding;
        let place = known.iter().position(|(known, _, _)| *known == key);
        if let Some((_, read, answer)) = place.and_then(|place| known.get(place))
            && now.since(*read) < FORWARDING_GOOD_FOR
        {
            return *answer;
        }
        let name = format!("net/ipv6/conf/{}/forwarding", interface.name);
        let answer = sysctl::read_number(&name).is_ok_and(|number| number != 0);
        match place.and_then(|place| known.get_mut(place)) {
            Some(entry) => *entry = (key, now, answer),
            None => known.push((key, now, answer)),
        }
        answer
    }
}
