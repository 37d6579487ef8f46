//! Metrics of BFD sessions.

use super::write::{Family, Kind, counted, family};

const STATES: &[&str] = &["AdminDown", "Down", "Init", "Up"];

/// Sessions, and the packets of all of them.
pub(super) const BFD: &[Family] = &[
    family(
        "keepalived_bfd_session_state",
        Kind::StateSet,
        "",
        "The state of a BFD session.",
        |all, out| {
            for session in all.bfd.iter().flat_map(|bfd| &bfd.sessions) {
                out.state(&[("session", &session.name)], STATES, &session.state);
            }
        },
    ),
    counted(
        "keepalived_bfd_packets_received",
        "BFD packets received.",
        |all, out| {
            if let Some(bfd) = &all.bfd {
                out.value(&[], bfd.packets_received);
            }
        },
    ),
    counted(
        "keepalived_bfd_packets_sent",
        "BFD packets sent.",
        |all, out| {
            if let Some(bfd) = &all.bfd {
                out.value(&[], bfd.packets_sent);
            }
        },
    ),
    counted(
        "keepalived_bfd_packets_dropped",
        "BFD packets dropped, by reason; a reason appears when it is met first.",
        |all, out| {
            for dropped in all.bfd.iter().flat_map(|bfd| &bfd.packets_dropped) {
                out.value(&[("reason", &dropped.reason)], dropped.count);
            }
        },
    ),
];
