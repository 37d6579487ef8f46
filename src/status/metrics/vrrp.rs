//! Metrics of virtual routers.

use super::write::{Family, Kind, Samples, counted, family};
use crate::status::snapshot::Snapshot;
use crate::status::vrrp::InstanceStatus;

const STATES: &[&str] = &["INIT", "BACKUP", "MASTER", "FAULT"];

/// A sample of each instance: a member of its status.
macro_rules! each {
    ($($member:ident).+) => {
        |all, out| each(all, out, |instance| instance.$($member).+)
    };
}

/// Instances, sync groups and what they track.
pub(super) const VRRP: &[Family] = &[
    family(
        "keepalived_vrrp_instance",
        Kind::Info,
        "",
        "What an instance is.",
        |all, out| {
            for instance in instances(all) {
                out.info(&[
                    ("vrrp_instance", &instance.name),
                    (
                        "interface",
                        instance.interface.as_deref().unwrap_or_default(),
                    ),
                    ("vrid", &instance.vrid.to_string()),
                    ("family", &instance.family),
                    ("version", &instance.version.to_string()),
                ]);
            }
        },
    ),
    family(
        "keepalived_vrrp_state",
        Kind::StateSet,
        "",
        "The state of an instance.",
        |all, out| {
            for instance in instances(all) {
                out.state(
                    &[("vrrp_instance", &instance.name)],
                    STATES,
                    &instance.state,
                );
            }
        },
    ),
    family(
        "keepalived_vrrp_last_transition_timestamp_seconds",
        Kind::Gauge,
        "seconds",
        "When the state of an instance changed last, since the epoch.",
        |all, out| {
            for instance in instances(all) {
                if let Some(at) = instance.since {
                    out.seconds(&[("vrrp_instance", &instance.name)], at.0);
                }
            }
        },
    ),
    counted(
        "keepalived_vrrp_became_master",
        "How often an instance became master.",
        each!(became_master),
    ),
    counted(
        "keepalived_vrrp_released_master",
        "How often an instance gave mastership up.",
        each!(released_master),
    ),
    family(
        "keepalived_vrrp_priority",
        Kind::Gauge,
        "",
        "The priority that an instance advertises.",
        each!(priority.effective),
    ),
    family(
        "keepalived_vrrp_priority_configured",
        Kind::Gauge,
        "",
        "The configured priority of an instance.",
        each!(priority.configured),
    ),
    family(
        "keepalived_vrrp_priority_part",
        Kind::Gauge,
        "",
        "What something tracked adds to the priority of an instance.",
        |all, out| {
            for instance in instances(all) {
                for part in &instance.priority.parts {
                    let labels = [("vrrp_instance", instance.name.as_str()), ("of", &part.of)];
                    out.value(&labels, part.adds);
                }
            }
        },
    ),
    family(
        "keepalived_vrrp_addresses",
        Kind::Gauge,
        "",
        "The number of virtual addresses of an instance.",
        each!(address_count),
    ),
    counted(
        "keepalived_vrrp_adverts_received",
        "Adverts received.",
        each!(adverts_received),
    ),
    counted(
        "keepalived_vrrp_adverts_sent",
        "Adverts sent.",
        each!(adverts_sent),
    ),
    counted(
        "keepalived_vrrp_priority_zero_received",
        "Adverts received with priority 0.",
        each!(zero_received),
    ),
    counted(
        "keepalived_vrrp_priority_zero_sent",
        "Adverts sent with priority 0.",
        each!(zero_sent),
    ),
    counted(
        "keepalived_vrrp_packets_refused",
        "Packets that an instance refused, for whatever reason.",
        |all, out| {
            each(all, out, |instance| {
                instance.refused.iter().map(|refused| refused.count).sum()
            });
        },
    ),
    counted(
        "keepalived_vrrp_packet_errors",
        "Packets that an instance refused, by reason; a reason appears when it is met first.",
        |all, out| {
            for instance in instances(all) {
                for refused in &instance.refused {
                    let name = instance.name.as_str();
                    let labels = [("vrrp_instance", name), ("reason", &refused.reason)];
                    out.value(&labels, refused.count);
                }
            }
        },
    ),
    counted(
        "keepalived_vrrp_address_list_differs",
        "Adverts with other addresses than the own ones.",
        each!(address_list_differs),
    ),
    counted(
        "keepalived_vrrp_foreign_announcements",
        "How often others announced an address of an instance that was master.",
        each!(foreign_announcements),
    ),
    family(
        "keepalived_vrrp_peer_heard_age_seconds",
        Kind::Gauge,
        "seconds",
        "How long ago another router of the VRID was heard.",
        |all, out| {
            for instance in instances(all) {
                for peer in &instance.peers {
                    let address = peer.address.map(|address| address.to_string());
                    let address = address.unwrap_or_default();
                    let labels = [
                        ("vrrp_instance", instance.name.as_str()),
                        ("peer", &address),
                    ];
                    out.seconds(&labels, peer.heard);
                }
            }
        },
    ),
    family(
        "keepalived_vrrp_group_state",
        Kind::StateSet,
        "",
        "The state of a sync group.",
        |all, out| {
            for group in all.vrrp.iter().flat_map(|vrrp| &vrrp.groups) {
                out.state(&[("group", &group.name)], STATES, &group.state);
            }
        },
    ),
    family(
        "keepalived_vrrp_tracker_up",
        Kind::Gauge,
        "",
        "Whether something tracked is up; of a file, its number.",
        |all, out| {
            for tracker in all.vrrp.iter().flat_map(|vrrp| &vrrp.trackers) {
                let number = match tracker.state.as_str() {
                    "up" => Some(1),
                    "down" => Some(0),
                    other => other.parse::<i64>().ok(),
                };
                if let Some(number) = number {
                    out.value(&[("tracker", &tracker.name)], number);
                }
            }
        },
    ),
];

fn instances(all: &Snapshot) -> impl Iterator<Item = &InstanceStatus> {
    all.vrrp.iter().flat_map(|vrrp| &vrrp.instances)
}

fn each(all: &Snapshot, out: &mut Samples<'_>, value: fn(&InstanceStatus) -> u64) {
    for instance in instances(all) {
        out.value(&[("vrrp_instance", &instance.name)], value(instance));
    }
}
