//! Machine: the questions that read the kernel's table, and their answers.
//!
//! The kernel tells services in one dump, but real servers in a dump for each
//! service, and answers one dump at a time on a socket. A service that goes in
//! between has no real servers then: the next look puts that right.

use super::genl::destination::DestinationTold;
use super::genl::service::ServiceTold;
use super::genl::{self};
use super::service::ServiceKey;
use super::table::Snapshot;
use crate::netlink::error::Reply;
use crate::netlink::genl::Family;
use crate::netlink::header::{Message, kind};

/// What to read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scope {
    /// All services.
    All,
    /// One service.
    Service(ServiceKey),
}

/// Whether the counters are kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Detail {
    /// Settings only.
    Settings,
    /// Settings and counters.
    Counters,
}

/// What to do after a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// Nothing.
    Continue,
    /// Send [`Reader::question`].
    Ask,
    /// Everything has been told: [`Reader::take`] it.
    Complete,
    /// The kernel refused with this error number; reading has ended.
    Refused(i32),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    Idle,
    Services,
    Destinations(ServiceKey),
}

/// The state of a look at the kernel's table.
#[derive(Debug)]
pub struct Reader {
    ipvs: Family,
    stage: Stage,
    scope: Scope,
    detail: Detail,
    /// Services whose real servers were not asked for yet, the next one last.
    rest: Vec<ServiceKey>,
    snapshot: Snapshot,
    sequence: u32,
}

impl Reader {
    /// Nothing is being read.
    #[must_use]
    pub const fn new(ipvs: Family) -> Self {
        Self {
            ipvs,
            stage: Stage::Idle,
            scope: Scope::All,
            detail: Detail::Settings,
            rest: Vec::new(),
            snapshot: Snapshot::new(),
            sequence: 1,
        }
    }

    /// Begin; [`Self::question`] is to be sent now. What was being read is
    /// forgotten, and answers to it are ignored from now on.
    pub fn begin(&mut self, scope: Scope, detail: Detail) {
        (self.scope, self.detail) = (scope, detail);
        self.rest.clear();
        self.snapshot = Snapshot::new();
        self.enter(Stage::Services);
    }

    /// Append the question to be sent now, if there is one.
    pub fn question(&self, buffer: &mut Vec<u8>) {
        match (self.stage, &self.scope) {
            (Stage::Idle, _) => {}
            (Stage::Services, Scope::All) => {
                genl::write_services_question(buffer, self.ipvs, self.sequence);
            }
            (Stage::Services, Scope::Service(key)) => {
                genl::write_service_question(buffer, self.ipvs, key, self.sequence);
            }
            (Stage::Destinations(key), _) => {
                genl::write_destinations_question(buffer, self.ipvs, &key, self.sequence);
            }
        }
    }

    /// Take in a message of the kernel.
    pub fn hear(&mut self, message: &Message<'_>) -> Step {
        if message.header.sequence != self.sequence || self.stage == Stage::Idle {
            return Step::Continue;
        }
        match message.header.kind {
            kind::DONE => self.proceed(),
            kind::ERROR => match Reply::parse(message).map_or(0, |reply| reply.errno) {
                0 => Step::Continue,
                // No such service: there is nothing to tell about it.
                NO_SERVICE => self.proceed(),
                errno => {
                    self.stage = Stage::Idle;
                    Step::Refused(errno)
                }
            },
            _ => self.hear_record(message),
        }
    }

    /// What was read.
    pub fn take(&mut self) -> Snapshot {
        std::mem::take(&mut self.snapshot)
    }

    /// Whether something is being read.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.stage != Stage::Idle
    }

    fn hear_record(&mut self, message: &Message<'_>) -> Step {
        match self.stage {
            Stage::Idle => {}
            Stage::Services => {
                if let Some(told) = ServiceTold::parse(self.ipvs, message) {
                    self.keep_service(&told);
                }
                // A single service is told in a single message.
                if self.scope != Scope::All {
                    return self.proceed();
                }
            }
            Stage::Destinations(of) => {
                if let Some(told) = DestinationTold::parse(self.ipvs, message, of.family()) {
                    self.keep_destination(&of, &told);
                }
            }
        }
        Step::Continue
    }

    fn keep_service(&mut self, told: &ServiceTold) {
        self.rest.push(told.key);
        self.snapshot.table.add_service(told.key, told.service);
        if self.detail == Detail::Counters {
            let reading = self.snapshot.readings.entry(told.key).or_default();
            reading.counters = told.counters;
        }
    }

    fn keep_destination(&mut self, of: &ServiceKey, told: &DestinationTold) {
        if let Some(entry) = self.snapshot.table.services.get_mut(of) {
            entry.destinations.insert(told.key, told.destination);
        }
        if let Some(reading) = self.snapshot.readings.get_mut(of) {
            reading.destinations.insert(told.key, told.reading);
        }
    }

    fn proceed(&mut self) -> Step {
        match self.rest.pop() {
            Some(next) => {
                self.enter(Stage::Destinations(next));
                Step::Ask
            }
            None => {
                self.stage = Stage::Idle;
                Step::Complete
            }
        }
    }

    const fn enter(&mut self, stage: Stage) {
        self.stage = stage;
        self.sequence = self.sequence.wrapping_add(1);
    }
}

/// `ESRCH`.
const NO_SERVICE: i32 = 3;
