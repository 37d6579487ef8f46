//! Codec of the generic netlink family `IPVS` (`linux/ip_vs.h`).
//!
//! Addresses and ports are in network byte order, everything else in the
//! host's. An address takes sixteen octets, an IPv4 one the first four of them;
//! an IPv4 netmask is in network byte order, an IPv6 prefix length in the host's.
//! A record of the kernel that is not understood is no record: [`service`] and
//! [`destination`] then have nothing.

pub mod control;
pub mod destination;
pub mod service;
mod stats;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::plan::Change;
use super::service::ServiceKey;
use crate::model::Family as AddressFamily;
use crate::netlink::attr::{Attribute, Writer};
use crate::netlink::genl::Family;
use crate::netlink::header::{family, flag};

/// Name of the family (`IPVS_GENL_NAME`).
pub const NAME: &str = "IPVS";
/// Version of its messages (`IPVS_GENL_VERSION`).
pub const VERSION: u8 = 1;

/// Commands (`IPVS_CMD_*`).
mod command {
    pub(super) const NEW_SERVICE: u8 = 1;
    pub(super) const SET_SERVICE: u8 = 2;
    pub(super) const DEL_SERVICE: u8 = 3;
    pub(super) const GET_SERVICE: u8 = 4;
    pub(super) const NEW_DEST: u8 = 5;
    pub(super) const SET_DEST: u8 = 6;
    pub(super) const DEL_DEST: u8 = 7;
    pub(super) const GET_DEST: u8 = 8;
    pub(super) const NEW_DAEMON: u8 = 9;
    pub(super) const DEL_DAEMON: u8 = 10;
    pub(super) const GET_DAEMON: u8 = 11;
    pub(super) const SET_CONFIG: u8 = 12;
    pub(super) const GET_CONFIG: u8 = 13;
    pub(super) const SET_INFO: u8 = 14;
    pub(super) const GET_INFO: u8 = 15;
    pub(super) const ZERO: u8 = 16;
    pub(super) const FLUSH: u8 = 17;
}

/// Attributes of a message (`IPVS_CMD_ATTR_*`).
mod top {
    pub(super) const SERVICE: u16 = 1;
    pub(super) const DEST: u16 = 2;
    pub(super) const DAEMON: u16 = 3;
    pub(super) const TIMEOUT_TCP: u16 = 4;
    pub(super) const TIMEOUT_TCP_FIN: u16 = 5;
    pub(super) const TIMEOUT_UDP: u16 = 6;
}

/// Append the request for a change.
pub fn write_change(buffer: &mut Vec<u8>, ipvs: Family, change: &Change, sequence: u32) {
    let (number, flags) = match change {
        Change::AddService(..) => (command::NEW_SERVICE, flag::CREATE),
        Change::EditService(..) => (command::SET_SERVICE, 0),
        Change::DeleteService(..) => (command::DEL_SERVICE, 0),
        Change::AddDestination(..) => (command::NEW_DEST, flag::CREATE),
        Change::EditDestination(..) => (command::SET_DEST, 0),
        Change::DeleteDestination(..) => (command::DEL_DEST, 0),
    };
    ipvs.write(buffer, number, flags, sequence, |message| match change {
        Change::AddService(key, what) | Change::EditService(key, what) => {
            service::write(message, key, Some(what));
        }
        Change::DeleteService(key) => service::write(message, key, None),
        Change::AddDestination(key, at, what) | Change::EditDestination(key, at, what) => {
            service::write(message, key, None);
            destination::write(message, at, Some(what));
        }
        Change::DeleteDestination(key, at) => {
            service::write(message, key, None);
            destination::write(message, at, None);
        }
    });
}

/// Append the question for all services.
pub fn write_services_question(buffer: &mut Vec<u8>, ipvs: Family, sequence: u32) {
    ipvs.write(buffer, command::GET_SERVICE, flag::DUMP, sequence, |_| {});
}

/// Append the question for one service.
pub fn write_service_question(buffer: &mut Vec<u8>, ipvs: Family, key: &ServiceKey, sequence: u32) {
    ipvs.write(buffer, command::GET_SERVICE, 0, sequence, |message| {
        service::write(message, key, None);
    });
}

/// Append the question for all real servers of a service.
pub fn write_destinations_question(
    buffer: &mut Vec<u8>,
    ipvs: Family,
    key: &ServiceKey,
    sequence: u32,
) {
    ipvs.write(buffer, command::GET_DEST, flag::DUMP, sequence, |message| {
        service::write(message, key, None);
    });
}

/// The kernel's number of an address family (`AF_*`).
fn family_number(of: AddressFamily) -> u16 {
    u16::from(match of {
        AddressFamily::V4 => family::INET,
        AddressFamily::V6 => family::INET6,
    })
}

fn read_family(attribute: &Attribute<'_>) -> Option<AddressFamily> {
    match u8::try_from(attribute.as_u16()?).ok()? {
        family::INET => Some(AddressFamily::V4),
        family::INET6 => Some(AddressFamily::V6),
        _ => None,
    }
}

fn write_address(attributes: &mut Writer<'_>, kind: u16, address: IpAddr) {
    let mut octets = [0; 16];
    match address {
        IpAddr::V4(addr) => {
            if let Some(first) = octets.first_chunk_mut() {
                *first = addr.octets();
            }
        }
        IpAddr::V6(addr) => octets = addr.octets(),
    }
    attributes.bytes(kind, &octets);
}

fn read_address(octets: &[u8], of: AddressFamily) -> Option<IpAddr> {
    match of {
        AddressFamily::V4 => {
            let octets: &[u8; 4] = octets.first_chunk()?;
            Some(Ipv4Addr::from(*octets).into())
        }
        AddressFamily::V6 => {
            let octets: &[u8; 16] = octets.first_chunk()?;
            Some(Ipv6Addr::from(*octets).into())
        }
    }
}

/// A number of two octets in network byte order.
fn read_port(attribute: &Attribute<'_>) -> Option<u16> {
    attribute
        .value
        .first_chunk()
        .map(|octets| u16::from_be_bytes(*octets))
}

#[cfg(test)]
mod tests;
