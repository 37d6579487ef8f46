//! Services in messages (`IPVS_SVC_ATTR_*`).

use std::net::IpAddr;

use super::{
    command, family_number, read_address, read_family, read_port, stats, top, write_address,
};
use crate::ipvs::service::{
    Granularity, Name, Persistence, Protocol, Service, ServiceFlags, ServiceKey,
};
use crate::ipvs::table::Counters;
use crate::model::Family as AddressFamily;
use crate::netlink::attr::{Attribute, Attributes, Writer};
use crate::netlink::genl::Family;
use crate::netlink::header::Message;

const AF: u16 = 1;
const PROTOCOL: u16 = 2;
const ADDR: u16 = 3;
const PORT: u16 = 4;
const FWMARK: u16 = 5;
const SCHED_NAME: u16 = 6;
const FLAGS: u16 = 7;
const TIMEOUT: u16 = 8;
const NETMASK: u16 = 9;
const STATS: u16 = 10;
const PE_NAME: u16 = 11;
const STATS64: u16 = 12;

/// `IP_VS_SVC_F_PERSISTENT`.
const PERSISTENT: u32 = 1;

/// A service that the kernel tells about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ServiceTold {
    /// Which.
    pub key: ServiceKey,
    /// What it does.
    pub service: Service,
    /// What was counted.
    pub counters: Counters,
}

impl ServiceTold {
    /// The service in a message.
    #[must_use]
    pub fn parse(ipvs: Family, message: &Message<'_>) -> Option<Self> {
        let (number, mut attributes) = ipvs.read(message)?;
        if number != command::NEW_SERVICE {
            return None;
        }
        let nest = attributes.find(|attribute| attribute.kind == top::SERVICE)?;
        Fields::read(nest.nested()).told()
    }
}

/// Append a service: the key, and what it does unless only the key matters.
pub(super) fn write(message: &mut Writer<'_>, key: &ServiceKey, service: Option<&Service>) {
    message.nest(top::SERVICE, |attributes| {
        attributes.u16(AF, family_number(key.family()));
        match key {
            ServiceKey::Address {
                protocol,
                address,
                port,
            } => {
                attributes.u16(PROTOCOL, protocol.number());
                write_address(attributes, ADDR, *address);
                attributes.bytes(PORT, &port.to_be_bytes());
            }
            ServiceKey::Mark { mark, .. } => attributes.u32(FWMARK, *mark),
        }
        if let Some(service) = service {
            write_settings(attributes, key.family(), service);
        }
    });
}

/// The kernel wants all four of scheduler, flags, timeout and netmask.
fn write_settings(attributes: &mut Writer<'_>, family: AddressFamily, service: &Service) {
    let persistent = service.persistence.map_or(0, |_| PERSISTENT);
    let flags = service.flags.to_kernel() | persistent;
    let [flags, mask] = [flags, u32::MAX].map(u32::to_ne_bytes);
    attributes.text(SCHED_NAME, service.scheduler.as_str());
    attributes.bytes(FLAGS, [flags, mask].as_flattened());
    attributes.u32(TIMEOUT, service.persistence.map_or(0, |p| p.timeout));
    let host = Granularity::host(family);
    match service.persistence.map_or(host, |p| p.granularity) {
        Granularity::Mask(mask) => attributes.bytes(NETMASK, &mask.to_be_bytes()),
        Granularity::Prefix(length) => attributes.u32(NETMASK, length.into()),
    }
    if let Some(engine) = service.persistence.and_then(|p| p.engine) {
        attributes.text(PE_NAME, engine.as_str());
    }
}

/// The attributes of a service, in whatever order they came.
#[derive(Debug, Default)]
struct Fields<'a> {
    family: Option<AddressFamily>,
    protocol: Option<Protocol>,
    address: &'a [u8],
    port: Option<u16>,
    mark: Option<u32>,
    scheduler: Option<Name>,
    flags: u32,
    timeout: u32,
    netmask: Option<Attribute<'a>>,
    engine: Option<Name>,
    counters: Option<Counters>,
    counters_32: Option<Counters>,
}

impl<'a> Fields<'a> {
    fn read(attributes: Attributes<'a>) -> Self {
        let mut fields = Self::default();
        attributes.for_each(|attribute| fields.hear(&attribute));
        fields
    }

    fn hear(&mut self, attribute: &Attribute<'a>) {
        let name = || attribute.as_text().and_then(Name::new);
        match attribute.kind {
            AF => self.family = read_family(attribute),
            PROTOCOL => self.protocol = attribute.as_u16().and_then(Protocol::from_number),
            ADDR => self.address = attribute.value,
            PORT => self.port = read_port(attribute),
            FWMARK => self.mark = attribute.as_u32(),
            SCHED_NAME => self.scheduler = name(),
            FLAGS => self.flags = attribute.as_u32().unwrap_or_default(),
            TIMEOUT => self.timeout = attribute.as_u32().unwrap_or_default(),
            NETMASK => self.netmask = Some(*attribute),
            PE_NAME => self.engine = name(),
            STATS => self.counters_32 = Some(stats::read(attribute.nested())),
            STATS64 => self.counters = Some(stats::read(attribute.nested())),
            _ => {}
        }
    }

    fn told(&self) -> Option<ServiceTold> {
        let family = self.family?;
        let service = Service {
            scheduler: self.scheduler?,
            flags: ServiceFlags::from_kernel(self.flags),
            persistence: self.persistence(family),
        };
        Some(ServiceTold {
            key: self.key(family)?,
            service,
            counters: self.counters.or(self.counters_32).unwrap_or_default(),
        })
    }

    fn key(&self, family: AddressFamily) -> Option<ServiceKey> {
        if let Some(mark) = self.mark {
            return Some(ServiceKey::Mark { family, mark });
        }
        let address: IpAddr = read_address(self.address, family)?;
        Some(ServiceKey::Address {
            protocol: self.protocol?,
            address,
            port: self.port?,
        })
    }

    fn persistence(&self, family: AddressFamily) -> Option<Persistence> {
        if self.flags & PERSISTENT == 0 {
            return None;
        }
        let host = Granularity::host(family);
        Some(Persistence {
            timeout: self.timeout,
            granularity: self.granularity(family).unwrap_or(host),
            engine: self.engine,
        })
    }

    fn granularity(&self, family: AddressFamily) -> Option<Granularity> {
        let attribute = self.netmask?;
        match family {
            AddressFamily::V4 => {
                let octets = attribute.value.first_chunk()?;
                Some(Granularity::Mask(u32::from_be_bytes(*octets)))
            }
            AddressFamily::V6 => {
                let length = u8::try_from(attribute.as_u32()?).ok()?;
                Some(Granularity::Prefix(length))
            }
        }
    }
}
