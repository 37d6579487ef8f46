//! Real servers in the kernel: where one is, and how packets get there.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::service::ServiceKey;
use crate::model::Family;

/// What the kernel knows a real server of a service by.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct DestinationKey {
    /// Its address. The family may differ from the service's if packets are
    /// tunnelled; the kernel refuses it while a sync daemon runs.
    pub address: IpAddr,
    /// Its port.
    pub port: u16,
}

impl DestinationKey {
    /// A real server of `service`: only masquerading changes the port, so all
    /// other forwarding has the service's (0 for a firewall mark), whatever is
    /// configured.
    #[must_use]
    pub const fn of(
        service: &ServiceKey,
        forwarding: Forwarding,
        address: IpAddr,
        port: u16,
    ) -> Self {
        let port = match forwarding {
            Forwarding::Masquerade => port,
            Forwarding::Local
            | Forwarding::Tunnel(_)
            | Forwarding::DirectRoute
            | Forwarding::Bypass => service.port(),
        };
        Self { address, port }
    }

    /// Family of its address.
    #[must_use]
    pub const fn family(&self) -> Family {
        Family::of(&self.address)
    }
}

/// `[192.0.2.1]:80`, as log messages have it.
impl fmt::Display for DestinationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}]:{}", self.address, self.port)
    }
}

/// Whether tunnelled packets have a checksum (`IP_VS_TUNNEL_ENCAP_FLAG_*`).
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize,
)]
pub enum Checksum {
    /// None (`nocsum`).
    #[default]
    None,
    /// In the outer head (`csum`).
    Outer,
    /// The inner one, offloaded to the receiver (`remcsum`, GUE only).
    Remote,
}

/// How packets are wrapped on their way to a real server.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize,
)]
pub enum Tunnel {
    /// IP in IP.
    #[default]
    Ipip,
    /// Generic UDP encapsulation.
    Gue {
        /// UDP port at the real server, not 0.
        port: u16,
        /// Checksum.
        checksum: Checksum,
    },
    /// Generic routing encapsulation; no [`Checksum::Remote`].
    Gre {
        /// Checksum.
        checksum: Checksum,
    },
}

/// How packets reach a real server.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Forwarding {
    /// Addresses and ports are translated (`NAT`).
    Masquerade,
    /// The real server is this machine. Read from old kernels, never configured.
    Local,
    /// Wrapped into another packet (`TUN`).
    Tunnel(Tunnel),
    /// The frame is sent to the real server's link-layer address (`DR`).
    DirectRoute,
    /// Sent on to the original destination. Read, never configured.
    Bypass,
}

/// What a real server is to its service. All of it can be changed in place.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Destination {
    /// How packets get there.
    pub forwarding: Forwarding,
    /// Its share of new connections, up to 2147483647; 0 gives it none.
    pub weight: u32,
    /// No new connections from so many on; 0 for no limit.
    pub upper_threshold: u32,
    /// New connections again below so many, not above `upper_threshold`; 0 for three
    /// quarters of that.
    pub lower_threshold: u32,
}

impl Destination {
    /// One with a weight and no limits.
    #[must_use]
    pub const fn new(forwarding: Forwarding, weight: u32) -> Self {
        Self {
            forwarding,
            weight,
            upper_threshold: 0,
            lower_threshold: 0,
        }
    }
}
