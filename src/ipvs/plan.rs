//! Machine: the changes that make the kernel's table the wanted one.
//!
//! Everything but the keys is changed in place: the kernel's `SET_SERVICE`
//! takes another scheduler, other flags and persistence, its `SET_DEST` another
//! forwarding, weight and thresholds, and connections live on. A deletion ends
//! them, so there is one only for what is no longer wanted.
//!
//! For each service the new real servers come before those that go: there is
//! no moment without any.
//!
//! # Start
//!
//! The C daemon sends its services without looking. One that exists already stays as
//! it is, with the scheduler it has; its real servers too, with the weights they
//! have, those included that are not configured; only missing ones are added. So after
//! `--dont-release-ipvs` or a crash a server left at weight 0 stays there.
//! [`at_start`] instead makes each wanted service what it should be, in place:
//! connections live on, no real server of another time stays.
//!
//! Services that are not wanted stay, as they do there: somebody else may have made
//! them. Those that an earlier life of the daemon made can be known from
//! [`super::remembered`], and go.
//!
//! `lvs_flush` empties the table before, whoever made it, and only at start; a
//! checker process that is started again starts, too.
//!
//! # Stop
//!
//! | configured | what goes |
//! |---|---|
//! | nothing | our services, with the real servers that somebody else added to them |
//! | `lvs_flush_on_stop VS` | the same: there it saves the deletion of each real server, which is never needed |
//! | `lvs_flush_on_stop` | all services, others' too |
//! | `--dont-release-ipvs` | nothing, whatever else is configured |
//!
//! Sync daemons are stopped and time-outs restored in all four cases.

use super::destination::{Destination, DestinationKey};
use super::request::Request;
use super::service::{Service, ServiceKey};
use super::table::{Entry, Table};

/// One change of the kernel's table.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Change {
    /// A new service.
    AddService(ServiceKey, Service),
    /// Another scheduler, flags or persistence for a service.
    EditService(ServiceKey, Service),
    /// A service goes, and its real servers with it.
    DeleteService(ServiceKey),
    /// A new real server of a service.
    AddDestination(ServiceKey, DestinationKey, Destination),
    /// Another forwarding, weight or thresholds for a real server.
    EditDestination(ServiceKey, DestinationKey, Destination),
    /// A real server goes.
    DeleteDestination(ServiceKey, DestinationKey),
}

impl Change {
    /// The service it concerns.
    #[must_use]
    pub const fn service(&self) -> &ServiceKey {
        match self {
            Self::AddService(key, _)
            | Self::EditService(key, _)
            | Self::DeleteService(key)
            | Self::AddDestination(key, ..)
            | Self::EditDestination(key, ..)
            | Self::DeleteDestination(key, _) => key,
        }
    }

    /// The real server it concerns.
    #[must_use]
    pub const fn destination(&self) -> Option<&DestinationKey> {
        match self {
            Self::AddService(..) | Self::EditService(..) | Self::DeleteService(_) => None,
            Self::AddDestination(_, key, _)
            | Self::EditDestination(_, key, _)
            | Self::DeleteDestination(_, key) => Some(key),
        }
    }

    /// What it does, for messages.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::AddService(..) => "add service",
            Self::EditService(..) => "edit service",
            Self::DeleteService(_) => "delete service",
            Self::AddDestination(..) => "add destination",
            Self::EditDestination(..) => "edit destination",
            Self::DeleteDestination(..) => "delete destination",
        }
    }
}

/// What to do about a change the kernel refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Remedy {
    /// Nothing: the table is as the change wanted it (`EEXIST` on adding,
    /// `ENOENT` on deleting).
    AlreadySo,
    /// This change instead: what was to be edited is gone, or what was to be
    /// added is there with other settings.
    Instead(Change),
    /// There is none.
    Refused,
}

/// The changes that make `actual` into `wanted`, in order. A service that is
/// not wanted goes if it is `ours`; others stay untouched. All real servers of
/// a wanted service are ours.
#[must_use]
pub fn between(wanted: &Table, actual: &Table, ours: impl Fn(&ServiceKey) -> bool) -> Vec<Change> {
    let mut changes = Vec::new();
    for (key, wanted) in &wanted.services {
        match actual.services.get(key) {
            None => add_service(key, wanted, &mut changes),
            Some(actual) => edit_service(key, wanted, actual, &mut changes),
        }
    }
    let gone = actual.services.keys();
    let gone = gone.filter(|key| !wanted.services.contains_key(key) && ours(key));
    changes.extend(gone.map(|&key| Change::DeleteService(key)));
    changes
}

/// What happens to the kernel's table before the first service is added.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Start {
    /// What is there is changed in place.
    #[default]
    Adopt,
    /// Everything goes first (`lvs_flush`).
    Flush,
}

/// What happens to the kernel's table at the end.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Stop {
    /// Our services go (also `lvs_flush_on_stop VS`).
    #[default]
    Delete,
    /// All services go (`lvs_flush_on_stop`).
    Flush,
    /// Nothing goes (`--dont-release-ipvs`).
    Keep,
}

/// The requests that make the table the wanted one at the start of the process;
/// `ours` are services of an earlier life.
#[must_use]
pub fn at_start(
    wanted: &Table,
    actual: &Table,
    ours: impl Fn(&ServiceKey) -> bool,
    start: Start,
) -> Vec<Request> {
    let empty = Table::new();
    let (flush, actual) = match start {
        Start::Flush if !actual.services.is_empty() => (Some(Request::Flush), &empty),
        Start::Flush | Start::Adopt => (None, actual),
    };
    let changes = between(wanted, actual, ours);
    flush
        .into_iter()
        .chain(changes.into_iter().map(Request::Change))
        .collect()
}

/// The requests that clear the table at the end of the process.
#[must_use]
pub fn at_stop<'a>(ours: impl IntoIterator<Item = &'a ServiceKey>, stop: Stop) -> Vec<Request> {
    let delete = |key: &ServiceKey| Request::Change(Change::DeleteService(*key));
    match stop {
        Stop::Delete => ours.into_iter().map(delete).collect(),
        Stop::Flush => vec![Request::Flush],
        Stop::Keep => Vec::new(),
    }
}

/// What to do about a change that the kernel refused with this error number:
/// somebody else has changed the table since it was read.
#[must_use]
pub const fn remedy(change: &Change, errno: i32) -> Remedy {
    match (*change, errno) {
        (Change::AddService(key, service), EXISTS) => {
            Remedy::Instead(Change::EditService(key, service))
        }
        (Change::AddDestination(key, at, destination), EXISTS) => {
            Remedy::Instead(Change::EditDestination(key, at, destination))
        }
        (Change::EditService(key, service), NO_SERVICE) => {
            Remedy::Instead(Change::AddService(key, service))
        }
        (Change::EditDestination(key, at, destination), NO_ENTRY) => {
            Remedy::Instead(Change::AddDestination(key, at, destination))
        }
        (Change::DeleteService(_), NO_SERVICE)
        | (Change::DeleteDestination(..), NO_ENTRY | NO_SERVICE) => Remedy::AlreadySo,
        _ => Remedy::Refused,
    }
}

/// `EEXIST`.
const EXISTS: i32 = 17;
/// `ENOENT`: no such real server.
const NO_ENTRY: i32 = 2;
/// `ESRCH`: no such service.
const NO_SERVICE: i32 = 3;

/// The changes that make a service with its real servers.
pub fn add_service(key: &ServiceKey, wanted: &Entry, out: &mut Vec<Change>) {
    out.push(Change::AddService(*key, wanted.service));
    let added = wanted.destinations.iter();
    out.extend(added.map(|(&at, &destination)| Change::AddDestination(*key, at, destination)));
}

/// The changes that make a service the wanted one.
pub fn edit_service(key: &ServiceKey, wanted: &Entry, actual: &Entry, out: &mut Vec<Change>) {
    if wanted.service != actual.service {
        out.push(Change::EditService(*key, wanted.service));
    }
    if wanted.destinations == actual.destinations {
        return;
    }
    let mut edited = Vec::new();
    for (&at, &destination) in &wanted.destinations {
        match actual.destinations.get(&at) {
            None => out.push(Change::AddDestination(*key, at, destination)),
            Some(&present) if present != destination => {
                edited.push(Change::EditDestination(*key, at, destination));
            }
            Some(_) => {}
        }
    }
    out.append(&mut edited);
    let gone = actual.destinations.keys();
    let gone = gone.filter(|at| !wanted.destinations.contains_key(at));
    out.extend(gone.map(|&at| Change::DeleteDestination(*key, at)));
}

#[cfg(test)]
mod tests;
