//! What concerns IPVS as a whole: time-outs, version, flush, sync daemons.

use std::net::IpAddr;

use super::{command, top};
use crate::ipvs::sync_daemon::{Action, Parameters, Role};
use crate::model::IfName;
use crate::netlink::attr::{Attributes, Writer};
use crate::netlink::genl::Family;
use crate::netlink::header::{Message, flag};

/// Time-outs of connections in seconds; 0 leaves one as it is.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Timeouts {
    /// Established TCP connections without packets.
    pub tcp: u32,
    /// TCP connections after a FIN.
    pub tcp_fin: u32,
    /// UDP.
    pub udp: u32,
}

impl Timeouts {
    /// The time-outs in the answer to [`write_timeouts_question`].
    #[must_use]
    pub fn parse(ipvs: Family, message: &Message<'_>) -> Option<Self> {
        let (number, attributes) = ipvs.read(message)?;
        if number != command::SET_CONFIG {
            return None;
        }
        let mut timeouts = Self::default();
        for attribute in attributes {
            let place = match attribute.kind {
                top::TIMEOUT_TCP => &mut timeouts.tcp,
                top::TIMEOUT_TCP_FIN => &mut timeouts.tcp_fin,
                top::TIMEOUT_UDP => &mut timeouts.udp,
                _ => continue,
            };
            *place = attribute.as_u32()?;
        }
        Some(timeouts)
    }
}

/// Append the question for the time-outs.
pub fn write_timeouts_question(buffer: &mut Vec<u8>, ipvs: Family, sequence: u32) {
    ipvs.write(buffer, command::GET_CONFIG, 0, sequence, |_| {});
}

/// Append a request for other time-outs.
pub fn write_timeouts(buffer: &mut Vec<u8>, ipvs: Family, timeouts: &Timeouts, sequence: u32) {
    ipvs.write(buffer, command::SET_CONFIG, 0, sequence, |message| {
        message.u32(top::TIMEOUT_TCP, timeouts.tcp);
        message.u32(top::TIMEOUT_TCP_FIN, timeouts.tcp_fin);
        message.u32(top::TIMEOUT_UDP, timeouts.udp);
    });
}

/// Append the request to forget all services.
pub fn write_flush(buffer: &mut Vec<u8>, ipvs: Family, sequence: u32) {
    ipvs.write(buffer, command::FLUSH, 0, sequence, |_| {});
}

/// Append the request to set all counters to zero.
pub fn write_zero(buffer: &mut Vec<u8>, ipvs: Family, sequence: u32) {
    ipvs.write(buffer, command::ZERO, 0, sequence, |_| {});
}

/// Version and sizes of the kernel's IPVS.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Info {
    /// Version, such as 1.2.1: major, minor, patch.
    pub version: [u8; 3],
    /// Slots of the table of connections.
    pub connection_slots: u32,
}

impl Info {
    const VERSION: u16 = 1;
    const CONN_TAB_SIZE: u16 = 2;

    /// What the answer to [`write_info_question`] says.
    #[must_use]
    pub fn parse(ipvs: Family, message: &Message<'_>) -> Option<Self> {
        let (number, attributes) = ipvs.read(message)?;
        if number != command::SET_INFO {
            return None;
        }
        let mut info = Self::default();
        for attribute in attributes {
            match attribute.kind {
                Self::VERSION => {
                    let [_, major, minor, patch] = attribute.as_u32()?.to_be_bytes();
                    info.version = [major, minor, patch];
                }
                Self::CONN_TAB_SIZE => info.connection_slots = attribute.as_u32()?,
                _ => {}
            }
        }
        Some(info)
    }
}

/// Append the question for [`Info`].
pub fn write_info_question(buffer: &mut Vec<u8>, ipvs: Family, sequence: u32) {
    ipvs.write(buffer, command::GET_INFO, 0, sequence, |_| {});
}

/// Attributes of a sync daemon (`IPVS_DAEMON_ATTR_*`).
mod daemon {
    pub(super) const STATE: u16 = 1;
    pub(super) const MCAST_IFN: u16 = 2;
    pub(super) const SYNC_ID: u16 = 3;
    pub(super) const SYNC_MAXLEN: u16 = 4;
    pub(super) const MCAST_GROUP: u16 = 5;
    pub(super) const MCAST_GROUP6: u16 = 6;
    pub(super) const MCAST_PORT: u16 = 7;
    pub(super) const MCAST_TTL: u16 = 8;
}

/// Append the request to start or stop a sync daemon.
pub fn write_daemon(buffer: &mut Vec<u8>, ipvs: Family, action: &Action, sequence: u32) {
    let (number, role, parameters) = match action {
        Action::Start(role, parameters) => (command::NEW_DAEMON, role, Some(parameters)),
        Action::Stop(role) => (command::DEL_DAEMON, role, None),
    };
    ipvs.write(buffer, number, 0, sequence, |message| {
        message.nest(top::DAEMON, |attributes| {
            attributes.u32(daemon::STATE, role_number(*role));
            if let Some(parameters) = parameters {
                write_parameters(attributes, parameters);
            }
        });
    });
}

fn write_parameters(attributes: &mut Writer<'_>, parameters: &Parameters) {
    attributes.text(daemon::MCAST_IFN, parameters.interface.as_str());
    attributes.u32(daemon::SYNC_ID, parameters.id.into());
    if let Some(length) = parameters.maximum_length {
        attributes.u16(daemon::SYNC_MAXLEN, length);
    }
    match parameters.group {
        Some(group @ IpAddr::V4(_)) => attributes.ip(daemon::MCAST_GROUP, group),
        Some(group @ IpAddr::V6(_)) => attributes.ip(daemon::MCAST_GROUP6, group),
        None => {}
    }
    if let Some(port) = parameters.port {
        attributes.u16(daemon::MCAST_PORT, port);
    }
    if let Some(ttl) = parameters.ttl {
        attributes.u8(daemon::MCAST_TTL, ttl);
    }
}

/// Append the question for the sync daemons that run.
pub fn write_daemons_question(buffer: &mut Vec<u8>, ipvs: Family, sequence: u32) {
    ipvs.write(buffer, command::GET_DAEMON, flag::DUMP, sequence, |_| {});
}

/// The sync daemon in a message, with all that the kernel has filled in.
#[must_use]
pub fn parse_daemon(ipvs: Family, message: &Message<'_>) -> Option<(Role, Parameters)> {
    let (number, mut attributes) = ipvs.read(message)?;
    if number != command::NEW_DAEMON {
        return None;
    }
    let nest = attributes.find(|attribute| attribute.kind == top::DAEMON)?;
    read_daemon(nest.nested())
}

fn read_daemon(attributes: Attributes<'_>) -> Option<(Role, Parameters)> {
    let (mut role, mut interface, mut id) = (None, None, None);
    let (mut maximum_length, mut group, mut port, mut ttl) = (None, None, None, None);
    for attribute in attributes {
        match attribute.kind {
            daemon::STATE => role = attribute.as_u32().and_then(read_role),
            daemon::MCAST_IFN => interface = attribute.as_text().and_then(IfName::new),
            daemon::SYNC_ID => id = attribute.as_u32().and_then(|id| u8::try_from(id).ok()),
            daemon::SYNC_MAXLEN => maximum_length = attribute.as_u16(),
            daemon::MCAST_GROUP | daemon::MCAST_GROUP6 => group = attribute.as_ip(),
            daemon::MCAST_PORT => port = attribute.as_u16(),
            daemon::MCAST_TTL => ttl = attribute.as_u8(),
            _ => {}
        }
    }
    let parameters = Parameters {
        interface: interface?,
        id: id?,
        maximum_length,
        port,
        ttl,
        group,
    };
    Some((role?, parameters))
}

const fn role_number(role: Role) -> u32 {
    match role {
        Role::Master => 1,
        Role::Backup => 2,
    }
}

const fn read_role(number: u32) -> Option<Role> {
    match number {
        1 => Some(Role::Master),
        2 => Some(Role::Backup),
        _ => None,
    }
}
