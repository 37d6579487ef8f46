//! Metrics of virtual servers.

use super::write::{Family, Kind, Labels, counted, family};
use crate::status::check::CheckerStatus;
use crate::status::snapshot::Snapshot;

/// Virtual servers, real servers and their checks.
pub(super) const CHECK: &[Family] = &[
    family(
        "keepalived_virtual_server_quorum_up",
        Kind::Gauge,
        "",
        "Whether the quorum of a virtual server is there.",
        |all, out| {
            for service in all.check.iter().flat_map(|check| &check.services) {
                out.truth(&[("virtual_server", &service.name)], service.has_quorum);
            }
        },
    ),
    family(
        "keepalived_virtual_server_quorum",
        Kind::Gauge,
        "",
        "The weight of real servers that a quorum needs.",
        |all, out| {
            for service in all.check.iter().flat_map(|check| &check.services) {
                out.value(&[("virtual_server", &service.name)], service.quorum);
            }
        },
    ),
    family(
        "keepalived_virtual_server_weight",
        Kind::Gauge,
        "",
        "The weight of the real servers that are up.",
        |all, out| {
            for service in all.check.iter().flat_map(|check| &check.services) {
                out.value(&[("virtual_server", &service.name)], service.weight);
            }
        },
    ),
    family(
        "keepalived_virtual_server_servers",
        Kind::Gauge,
        "",
        "How many real servers a virtual server has.",
        |all, out| {
            for service in all.check.iter().flat_map(|check| &check.services) {
                out.value(&[("virtual_server", &service.name)], service.servers);
            }
        },
    ),
    family(
        "keepalived_virtual_server_servers_up",
        Kind::Gauge,
        "",
        "How many real servers of a virtual server are up.",
        |all, out| {
            for service in all.check.iter().flat_map(|check| &check.services) {
                out.value(&[("virtual_server", &service.name)], service.servers_up);
            }
        },
    ),
    family(
        "keepalived_real_server_up",
        Kind::Gauge,
        "",
        "Whether a real server is up.",
        |all, out| {
            for server in all.check.iter().flat_map(|check| &check.servers) {
                let labels = [
                    ("virtual_server", server.service.as_str()),
                    ("real_server", &server.name),
                ];
                out.truth(&labels, server.is_up);
            }
        },
    ),
    family(
        "keepalived_real_server_weight",
        Kind::Gauge,
        "",
        "The weight of a real server in the kernel's table; absent while it is not there.",
        |all, out| {
            for server in all.check.iter().flat_map(|check| &check.servers) {
                let labels = [
                    ("virtual_server", server.service.as_str()),
                    ("real_server", &server.name),
                ];
                if let Some(weight) = server.weight_in_kernel {
                    out.value(&labels, weight);
                }
            }
        },
    ),
    family(
        "keepalived_check_up",
        Kind::Gauge,
        "",
        "Whether a real server counts as well by a check.",
        |all, out| each_check(all, |labels, check| out.truth(labels, check.is_up)),
    ),
    family(
        "keepalived_check_duration_seconds",
        Kind::Summary,
        "seconds",
        "Attempts of a check, and how long they took together.",
        |all, out| {
            each_check(all, |labels, check| {
                out.summary(labels, check.runs, check.total_duration);
            });
        },
    ),
    family(
        "keepalived_check_last_duration_seconds",
        Kind::Gauge,
        "seconds",
        "How long the last attempt of a check took.",
        |all, out| {
            each_check(all, |labels, check| {
                if let Some(duration) = check.duration {
                    out.seconds(labels, duration);
                }
            });
        },
    ),
    counted(
        "keepalived_check_failures",
        "Attempts of a check that failed.",
        |all, out| {
            each_check(all, |labels, check| out.value(labels, check.failures));
        },
    ),
    family(
        "keepalived_check_age_seconds",
        Kind::Gauge,
        "seconds",
        "How long ago the last attempt of a check began.",
        |all, out| {
            each_check(all, |labels, check| {
                if let Some(age) = check.age {
                    out.seconds(labels, age);
                }
            });
        },
    ),
    counted(
        "keepalived_ipvs_repairs",
        "Entries of the kernel's table that somebody else had changed and that were put right.",
        |all, out| {
            if let Some(check) = &all.check {
                out.value(&[], check.repairs);
            }
        },
    ),
];

/// Checks have a number, for a server may have several of a kind.
fn each_check(all: &Snapshot, mut tell: impl FnMut(&Labels<'_>, &CheckerStatus)) {
    for server in all.check.iter().flat_map(|check| &check.servers) {
        for (number, check) in server.checks.iter().enumerate() {
            let number = number.to_string();
            let labels = [
                ("virtual_server", server.service.as_str()),
                ("real_server", &server.name),
                ("check", &check.kind),
                ("number", &number),
            ];
            tell(&labels, check);
        }
    }
}
