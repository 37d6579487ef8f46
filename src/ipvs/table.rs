//! Services with their real servers, and what the kernel counts for them.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use super::destination::{Destination, DestinationKey};
use super::service::{Service, ServiceKey};

/// A service and its real servers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// What the service does.
    pub service: Service,
    /// Its real servers.
    pub destinations: BTreeMap<DestinationKey, Destination>,
}

/// A table of services, as it is or as it should be.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Table {
    /// The services.
    pub services: BTreeMap<ServiceKey, Entry>,
}

impl Table {
    /// An empty one.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            services: BTreeMap::new(),
        }
    }

    /// The entry of a service, which is added without real servers if it is
    /// not there yet. What the service does is set anew.
    pub fn add_service(&mut self, key: ServiceKey, service: Service) -> &mut Entry {
        let entry = self.services.entry(key).or_insert_with(|| Entry {
            service,
            destinations: BTreeMap::new(),
        });
        entry.service = service;
        entry
    }

    /// Number of real servers of all services.
    #[must_use]
    pub fn destination_count(&self) -> usize {
        self.services
            .values()
            .map(|entry| entry.destinations.len())
            .sum()
    }
}

/// What the kernel has counted (`IPVS_STATS_ATTR_*`), as of its last estimate:
/// it adds up and estimates the rates every two seconds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(missing_docs, reason = "the names tell it")]
pub struct Counters {
    pub connections: u64,
    pub packets_in: u64,
    pub packets_out: u64,
    pub octets_in: u64,
    pub octets_out: u64,
    pub connections_per_second: u64,
    pub packets_in_per_second: u64,
    pub packets_out_per_second: u64,
    pub octets_in_per_second: u64,
    pub octets_out_per_second: u64,
}

impl AddAssign for Counters {
    fn add_assign(&mut self, other: Self) {
        let Self {
            connections,
            packets_in,
            packets_out,
            octets_in,
            octets_out,
            connections_per_second,
            packets_in_per_second,
            packets_out_per_second,
            octets_in_per_second,
            octets_out_per_second,
        } = other;
        self.connections += connections;
        self.packets_in += packets_in;
        self.packets_out += packets_out;
        self.octets_in += octets_in;
        self.octets_out += octets_out;
        self.connections_per_second += connections_per_second;
        self.packets_in_per_second += packets_in_per_second;
        self.packets_out_per_second += packets_out_per_second;
        self.octets_in_per_second += octets_in_per_second;
        self.octets_out_per_second += octets_out_per_second;
    }
}

/// What the kernel tells about a real server beyond its settings.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct DestinationReading {
    /// Connections in an active state.
    pub active_connections: u32,
    /// Other connections.
    pub inactive_connections: u32,
    /// Persistent clients.
    pub persistent_connections: u32,
    /// Counters.
    pub counters: Counters,
}

impl AddAssign for DestinationReading {
    fn add_assign(&mut self, other: Self) {
        self.active_connections += other.active_connections;
        self.inactive_connections += other.inactive_connections;
        self.persistent_connections += other.persistent_connections;
        self.counters += other.counters;
    }
}

/// What the kernel tells about a service beyond its settings.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ServiceReading {
    /// Counters.
    pub counters: Counters,
    /// Its real servers.
    pub destinations: BTreeMap<DestinationKey, DestinationReading>,
}

/// Counters of all services.
pub type Readings = BTreeMap<ServiceKey, ServiceReading>;

/// What one look into the kernel has shown.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Snapshot {
    /// The settings.
    pub table: Table,
    /// The counters; empty unless asked for.
    pub readings: Readings,
}

impl Snapshot {
    /// Nothing seen.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            table: Table::new(),
            readings: Readings::new(),
        }
    }
}
