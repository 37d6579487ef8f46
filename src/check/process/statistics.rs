//! What the kernel has counted for virtual and real servers, kept for those who ask.
//!
//! The kernel answers while it is asked, so a look takes no longer than the answers are
//! long. It is bounded all the same ([`PARTS`]): a group of thousands of addresses takes
//! several, and what was known before is told meanwhile.

use std::collections::HashMap;
use std::time::Duration;

use scheduler::Instant;

use super::kernel_table::options;
use crate::check::config::ServiceConfig;
use crate::control_plane::Config;
use crate::ipvs::ServiceKey;
use crate::ipvs::kernel::{Kernel, Reading};
use crate::ipvs::reader::{Detail, Scope};
use crate::ipvs::table::{Counters, DestinationReading, ServiceReading};

/// The most parts of answers read at once.
const PARTS: usize = 64;

/// The counters, by the places of virtual servers.
#[derive(Debug, Default)]
pub(super) struct Statistics {
    /// A socket of its own; opened when somebody asks.
    kernel: Option<Kernel>,
    known: HashMap<usize, Known>,
    look: Option<Look>,
}

/// What was found for a virtual server.
#[derive(Debug)]
struct Known {
    at: Instant,
    sum: Sum,
}

/// Over all keys of a virtual server.
#[derive(Clone, Debug, Default)]
struct Sum {
    counters: Counters,
    servers: Vec<DestinationReading>,
    sorry: DestinationReading,
}

/// A look that is under way.
#[derive(Debug)]
struct Look {
    service: usize,
    /// Not asked for yet, the next one last.
    rest: Vec<ServiceKey>,
    /// The one that is asked for.
    asked: Option<ServiceKey>,
    sum: Sum,
}

impl Statistics {
    /// Know what the kernel has counted for a virtual server, not older than `age`.
    pub(super) fn refresh(
        &mut self,
        now: Instant,
        config: &Config,
        service: usize,
        keys: &[ServiceKey],
        age: Duration,
    ) {
        let known = self.known.get(&service);
        if known.is_some_and(|known| now.since(known.at) < age) {
            return;
        }
        let of = config.check.services.get(service);
        let (Some(of), true) = (of, self.open(config)) else {
            return;
        };
        let is_other = |look: &Look| look.service != service;
        if self.look.as_ref().is_none_or(is_other) {
            self.look = Some(Look {
                service,
                rest: keys.iter().rev().copied().collect(),
                asked: None,
                sum: Sum::of(of),
            });
        }
        if let Some(sum) = self.look_on(of) {
            self.look = None;
            self.known.insert(service, Known { at: now, sum });
        }
    }

    /// Forget all of it: places have another meaning.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    pub(super) fn counters(&self, service: usize) -> Counters {
        let known = self.known.get(&service);
        known.map_or_else(Counters::default, |known| known.sum.counters)
    }

    /// Of a real server, or of the sorry server.
    pub(super) fn reading(&self, service: usize, server: Option<usize>) -> DestinationReading {
        let sum = self.known.get(&service).map(|known| &known.sum);
        let reading = sum.and_then(|sum| match server {
            Some(place) => sum.servers.get(place).copied(),
            None => Some(sum.sorry),
        });
        reading.unwrap_or_default()
    }

    fn open(&mut self, config: &Config) -> bool {
        if self.kernel.is_none() {
            match Kernel::open(&options(config)) {
                Ok(kernel) => self.kernel = Some(kernel),
                Err(error) => log::warn!("SNMP: cannot read the counters of IPVS: {error}"),
            }
        }
        self.kernel.is_some()
    }

    /// Go on with the look; the sum if it is complete.
    fn look_on(&mut self, of: &ServiceConfig) -> Option<Sum> {
        let (kernel, look) = (self.kernel.as_mut()?, self.look.as_mut()?);
        let mut parts = PARTS;
        while parts > 0 {
            let key = match look.asked {
                Some(key) => key,
                None => {
                    let Some(key) = look.rest.pop() else {
                        return Some(std::mem::take(&mut look.sum));
                    };
                    let asked = kernel.ask(Scope::Service(key), Detail::Counters);
                    told(asked)?;
                    *look.asked.insert(key)
                }
            };
            parts -= 1;
            match told(kernel.read_on(1)) {
                Some(Reading::More) => {}
                Some(Reading::Wait) => return None,
                Some(Reading::Complete(snapshot)) => {
                    look.asked = None;
                    if let Some(reading) = snapshot.readings.get(&key) {
                        look.sum.add(of, &key, reading);
                    }
                }
                None => look.asked = None,
            }
        }
        None
    }
}

impl Sum {
    fn of(service: &ServiceConfig) -> Self {
        Self {
            servers: vec![DestinationReading::default(); service.servers.len()],
            ..Self::default()
        }
    }

    fn add(&mut self, of: &ServiceConfig, key: &ServiceKey, reading: &ServiceReading) {
        self.counters += reading.counters;
        for (sum, server) in self.servers.iter_mut().zip(&of.servers) {
            if let Some(own) = reading.destinations.get(&server.key(key)) {
                *sum += *own;
            }
        }
        let sorry = of.sorry.map(|sorry| sorry.key(key));
        if let Some(own) = sorry.and_then(|at| reading.destinations.get(&at)) {
            self.sorry += *own;
        }
    }
}

fn told<T>(result: std::io::Result<T>) -> Option<T> {
    result
        .inspect_err(|error| log::debug!("SNMP: counters of IPVS: {error}"))
        .ok()
}
