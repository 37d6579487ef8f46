//! The socket, what is asked of the kernel with it, and which interfaces were made.
//!
//! The socket is their own, and their few requests are answered before the call
//! returns, so that each step can rest on the one before.

use std::io;

use super::kind::{data_of, mac_of, name_of};
use crate::model::{Family, IfIndex, IfName, IpNet};
use crate::netlink::addr::{AddressFlags, Lifetime};
use crate::netlink::header::{Header, flag, kind};
use crate::netlink::link::{LinkFlags, LinkMessage};
use crate::netlink::{AddressRequest, Commander, Operation, Outcomes, Tolerate};
use crate::vrrp::config::VirtualLink;

/// Receive buffer of the socket in octets: one answer at a time.
const BUFFER: usize = 1 << 16;

/// The socket, and which interfaces are to be removed at the end.
#[derive(Debug, Default)]
pub(in crate::vrrp::process) struct VirtualLinks {
    commander: Option<Commander>,
    outcomes: Outcomes,
    pub(super) ours: Vec<IfName>,
    /// Made by a run that was killed.
    pub(super) recalled: Vec<IfName>,
}

impl VirtualLinks {
    /// One request, and its outcome.
    pub(super) fn request(
        &mut self,
        kind: u16,
        flags: u16,
        message: &LinkMessage<'_>,
    ) -> io::Result<()> {
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

    pub(super) fn add_address(
        &mut self,
        index: IfIndex,
        net: IpNet,
        preferred: u32,
    ) -> io::Result<()> {
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

    /// It goes at the end.
    pub(super) fn own(&mut self, name: &IfName) {
        if !self.ours.contains(name) {
            self.ours.push(name.clone());
        }
    }

    /// A run that was killed has made this one. It is used, or goes.
    pub(in crate::vrrp::process) fn recall(&mut self, name: IfName, is_wanted: bool) {
        if is_wanted {
            self.recalled.push(name);
        } else if let Err(error) = self.delete(&name) {
            log::debug!("cannot remove virtual interface {name}: {error}");
        } else {
            log::info!("Removed virtual interface {name} of a run that was killed");
        }
    }

    /// Whether this process has made it, and so may do as it likes with it.
    pub(in crate::vrrp::process) fn has_made(&self, name: &IfName) -> bool {
        self.ours.contains(name)
    }

    /// One that was made here has another name now.
    pub(in crate::vrrp::process) fn is_called(&mut self, old: &IfName, new: &IfName) {
        self.ours.retain(|name| name != old);
        self.own(new);
    }

    /// Another name.
    pub(in crate::vrrp::process) fn set_name(
        &mut self,
        index: IfIndex,
        name: &IfName,
    ) -> io::Result<()> {
        let message = LinkMessage {
            index: index.0,
            name: Some(name.as_str()),
            ..LinkMessage::default()
        };
        self.request(kind::NEW_LINK, 0, &message)
    }

    /// Up or down.
    pub(in crate::vrrp::process) fn switch(&mut self, index: IfIndex, up: bool) -> io::Result<()> {
        let message = LinkMessage {
            index: index.0,
            flags: if up { LinkFlags::UP } else { LinkFlags(0) },
            change: LinkFlags::UP,
            ..LinkMessage::default()
        };
        self.request(kind::NEW_LINK, 0, &message)
    }

    pub(super) fn delete(&mut self, name: &IfName) -> io::Result<()> {
        let message = LinkMessage {
            name: Some(name.as_str()),
            ..LinkMessage::default()
        };
        self.request(kind::DEL_LINK, 0, &message)
    }

    /// Remove what was made, at the end.
    pub(in crate::vrrp::process) fn remove_all(&mut self) {
        for name in std::mem::take(&mut self.ours) {
            match self.delete(&name) {
                Ok(()) => log::info!("Removed virtual interface {name}"),
                Err(error) => log::debug!("cannot remove virtual interface {name}: {error}"),
            }
        }
    }

    /// Another address or mode, in place.
    pub(super) fn adjust(&mut self, wanted: &VirtualLink) -> io::Result<()> {
        let data = data_of(wanted.kind);
        let message = LinkMessage {
            name: Some(wanted.name.as_str()),
            mac: mac_of(wanted.kind),
            kind: Some(name_of(wanted.kind)),
            kind_data: Some(&data),
            ..LinkMessage::default()
        };
        self.request(kind::NEW_LINK, 0, &message)
    }

    /// Up, after it was made or adjusted.
    pub(super) fn set_up(&mut self, name: &IfName) -> io::Result<()> {
        let message = LinkMessage {
            name: Some(name.as_str()),
            flags: LinkFlags::UP,
            change: LinkFlags::UP,
            ..LinkMessage::default()
        };
        self.request(kind::NEW_LINK, 0, &message)
    }
}
