//! What the process tells those who watch.

use scheduler::{Instant, Scheduler};

use super::virtual_router::VirtualRouter;
use super::{VrrpProcess, report, trackers};
use crate::dump::json::Json;
use crate::model::Family;
use crate::status::headline;
use crate::status::record::Field as _;
use crate::status::snapshot::{ReasonStatus, TimingStatus};
use crate::status::vrrp::{
    ADDRESSES_LISTED, AddressStatus, GroupStatus, InstanceStatus, MasterStatus, PartStatus,
    PeerStatus, PriorityStatus, TrackerStatus, TransitionStatus,
};
use crate::vrrp::accept::RejectionKind;
use crate::vrrp::config::InstanceConfig;
use crate::vrrp::fsm::{
    FaultKind, Instance, InstanceId, State, Status, TrackSource, TrackerKey, Version,
};
use crate::vrrp::speakers::Speaker;
use crate::watchdog::survey::{Surveyed, Watched};

/// The key of a tracker from its place among those of its kind.
type KeyOf = fn(u32) -> TrackerKey;

impl Surveyed for VrrpProcess {
    const LISTS: &'static [&'static str] = &["instances", "groups", "trackers"];

    fn watched(&mut self) -> &mut Watched<Self> {
        &mut self.watched
    }

    fn headline(&self) -> String {
        let instances = (0..).map(InstanceId).zip(&self.routers);
        let states = instances.map(|(id, own)| (&*own.name, self.router.state(id).as_str()));
        headline::of_instances(states)
    }

    fn head(&self, s: &Scheduler<Self>, out: &mut Json) {
        out.key("timing");
        TimingStatus::of(s).put(out);
    }

    fn element(&self, s: &Scheduler<Self>, list: usize, place: usize, out: &mut Json) -> bool {
        let Ok(number) = u32::try_from(place) else {
            return false;
        };
        let put = match list {
            0 => self
                .instance_status(s.now(), InstanceId(number))
                .map(|i| i.put(out)),
            1 => self.group_status(place).map(|group| group.put(out)),
            _ => self.tracker_status(number).map(|tracker| tracker.put(out)),
        };
        put.is_some()
    }
}

impl VrrpProcess {
    fn instance_status(&self, now: Instant, id: InstanceId) -> Option<InstanceStatus> {
        let own = self.routers.get(id.index())?;
        let config = self.config.vrrp.instance(id.index())?;
        let machine = self.router.instance(id)?;
        let last = own.history.iter().last();
        let (stats, count) = (&own.stats, |list: &[_]| list.len() as u64);
        Some(InstanceStatus {
            name: own.name.to_string(),
            interface: config.interface.as_ref().map(|name| name.value.to_string()),
            family: family(config).to_owned(),
            version: match config.version {
                Version::V2 => 2,
                Version::V3 => 3,
            },
            vrid: config.vrid.0.into(),
            state: machine.state().as_str().to_owned(),
            since: last.map(|last| last.at),
            cause: last.map(|last| last.cause.to_string()),
            faults: self.faults(id, machine),
            priority: self.priority(machine),
            advert_interval: config.advert_interval,
            source: machine.source(),
            master: master(machine),
            addresses: self.addresses(id, config),
            address_count: count(&config.vips) + count(&config.excluded_vips),
            peers: own
                .speakers
                .iter()
                .map(|peer| peer_status(now, peer))
                .collect(),
            sync_group: self.sync_group_of(id).map(str::to_owned),
            adverts_received: stats.advert_rcvd,
            adverts_sent: stats.advert_sent,
            zero_received: stats.pri_zero_rcvd,
            zero_sent: stats.pri_zero_sent,
            became_master: stats.become_master,
            released_master: stats.release_master,
            refused: refused(own),
            address_list_differs: stats.address_list_differs,
            foreign_announcements: own.rivalry.foreign(),
            transitions: transitions(own),
        })
    }

    /// What keeps it from running: what is tracked, and then what may come of that.
    fn faults(&self, id: InstanceId, machine: &Instance) -> Vec<String> {
        let tracks = machine.policy().tracks.iter().zip(machine.statuses());
        let tracks = tracks.filter(|(track, known)| track.is_fault(known.status));
        let tracks: Vec<_> = tracks.collect();
        let is_interface = |source| matches!(source, TrackSource::Interface(_));
        let names_interface = tracks.iter().any(|(track, _)| is_interface(track.source));
        let kinds = FaultKind::ALL.into_iter();
        let kinds = kinds.filter(|kind| machine.faults().contains(*kind));
        let words = kinds.filter_map(|kind| match kind {
            FaultKind::Interface if names_interface => None,
            FaultKind::Group => self.group_fault(id, machine),
            FaultKind::Source
            | FaultKind::Interface
            | FaultKind::Duplicate
            | FaultKind::Configuration
            | FaultKind::Tracker => Some(report::fault(kind).to_owned()),
        });
        let tracks = tracks.iter();
        let tracks = tracks.map(|(track, known)| self.tracked_fault(track.source, known.status));
        tracks.chain(words).collect()
    }

    fn tracked_fault(&self, source: TrackSource, status: Status) -> String {
        let is_missing = match source {
            TrackSource::Interface(key) => {
                let interface = self.interfaces.get(key);
                interface.is_some_and(|interface| interface.index.is_none())
            }
            TrackSource::Tracker(_) => false,
        };
        let name = self.source_name(source);
        if is_missing {
            format!("{name} does not exist")
        } else {
            format!("{name} is {}", word(status))
        }
    }

    /// Which members its sync group has a fault by; nothing if it is this one.
    fn group_fault(&self, id: InstanceId, machine: &Instance) -> Option<String> {
        let groups = self.router.groups();
        let group = groups.of(id).and_then(|group| groups.get(group))?;
        let others = group.members.iter().filter(|member| **member != id);
        let names: Vec<&str> = others
            .filter(|member| {
                let member = self.router.instance(**member);
                member.is_some_and(|member| member.faults().is_own())
            })
            .filter_map(|member| self.routers.get(member.index()))
            .map(|own| &*own.name)
            .collect();
        match (names.as_slice(), machine.faults().is_own()) {
            ([], true) => None,
            ([], false) => Some(report::fault(FaultKind::Group).to_owned()),
            ([name], _) => Some(format!("{name} of its sync group has a fault")),
            (names, _) => Some(format!(
                "{} of its sync group have faults",
                names.join(", ")
            )),
        }
    }

    fn priority(&self, machine: &Instance) -> PriorityStatus {
        let tracks = machine.policy().tracks.iter().zip(machine.statuses());
        let parts = tracks.map(|(track, known)| PartStatus {
            of: self.source_name(track.source),
            state: word(known.status),
            weight: track.weight.into(),
            adds: known.adds.into(),
            is_fault: track.is_fault(known.status),
        });
        PriorityStatus {
            configured: machine.policy().priority.0.into(),
            effective: machine.effective_priority().0.into(),
            total: machine.total_priority().into(),
            parts: parts.collect(),
        }
    }

    fn source_name(&self, source: TrackSource) -> String {
        match source {
            TrackSource::Interface(key) => {
                let interface = self.interfaces.get(key);
                let name = interface.map_or("?", |interface| interface.name.as_str());
                format!("interface {name}")
            }
            TrackSource::Tracker(key) => trackers::name(&self.config.vrrp, key),
        }
    }

    fn addresses(&self, id: InstanceId, config: &InstanceConfig) -> Vec<AddressStatus> {
        let all = config.vips.iter().chain(&config.excluded_vips);
        let listed = (0..).zip(all).take(ADDRESSES_LISTED);
        listed
            .map(|(place, address)| AddressStatus {
                address: address.net.value.to_string(),
                is_set: self.installer.has(id, place),
            })
            .collect()
    }

    fn group_status(&self, place: usize) -> Option<GroupStatus> {
        let (_, group) = self.router.groups().iter().nth(place)?;
        let members = group.members.iter();
        let members = members.filter_map(|id| self.routers.get(id.index()));
        Some(GroupStatus {
            name: group.name.to_string(),
            state: group.state().as_str().to_owned(),
            members: members.map(|own| own.name.to_string()).collect(),
        })
    }

    /// Trackers of all kinds, one after the other.
    fn tracker_status(&self, place: u32) -> Option<TrackerStatus> {
        let config = &self.config.vrrp;
        let kinds = [
            (config.scripts.len(), TrackerKey::Script as KeyOf),
            (config.files.len(), TrackerKey::File),
            (config.processes.len(), TrackerKey::Process),
            (config.sessions.len(), TrackerKey::Bfd),
        ];
        let mut place = place;
        for (count, key) in kinds {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            let Some(beyond) = place.checked_sub(count) else {
                let key = key(place);
                let status = self.router.status(TrackSource::Tracker(key));
                return Some(TrackerStatus {
                    name: trackers::name(config, key),
                    state: word(status.unwrap_or_default()),
                });
            };
            place = beyond;
        }
        None
    }
}

fn family(config: &InstanceConfig) -> &'static str {
    match config.family {
        Family::V4 => "IPv4",
        Family::V6 => "IPv6",
    }
}

/// Only a backup has a master that is not itself.
fn master(machine: &Instance) -> Option<MasterStatus> {
    let master = machine.master();
    let master = master.filter(|_| machine.state() == State::Backup)?;
    Some(MasterStatus {
        address: Some(master.address),
        priority: master.priority.0.into(),
    })
}

fn peer_status(now: Instant, peer: &Speaker) -> PeerStatus {
    PeerStatus {
        address: Some(peer.address),
        heard: now.since(peer.at),
        priority: peer.priority.map(|priority| priority.0.into()),
        adverts: peer.adverts,
        refused: peer.refused.map(|kind| kind.label().to_owned()),
    }
}

fn refused(own: &VirtualRouter) -> Vec<ReasonStatus> {
    let kinds = RejectionKind::ALL.iter();
    let counts = kinds.map(|kind| (kind, own.stats.rejected(*kind)));
    let counts = counts.filter(|(_, count)| *count > 0);
    counts
        .map(|(kind, count)| ReasonStatus {
            reason: kind.label().to_owned(),
            count,
        })
        .collect()
}

fn transitions(own: &VirtualRouter) -> Vec<TransitionStatus> {
    let all = own.history.iter();
    all.map(|transition| TransitionStatus {
        time: transition.at,
        from: transition.from.as_str().to_owned(),
        to: transition.to.as_str().to_owned(),
        cause: transition.cause.to_string(),
    })
    .collect()
}

fn word(status: Status) -> String {
    match status {
        Status::Unknown => "unknown".to_owned(),
        Status::Good => "up".to_owned(),
        Status::Bad => "down".to_owned(),
        Status::Value(value) => value.to_string(),
    }
}
