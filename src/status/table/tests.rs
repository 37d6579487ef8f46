use super::*;
use crate::status::bfd::{BfdStatus, SessionStatus};
use crate::status::check::{CheckStatus, CheckerStatus, ServerStatus, ServiceStatus};
use crate::status::snapshot::{DaemonStatus, RefusalStatus};
use crate::status::vrrp::{
    AddressStatus, GroupStatus, InstanceStatus, PartStatus, PeerStatus, PriorityStatus,
    TrackerStatus, VrrpStatus,
};

fn seconds(seconds: u64) -> UnixTime {
    UnixTime(Duration::from_secs(seconds))
}

fn instance() -> InstanceStatus {
    let part = PartStatus {
        of: "script chk".to_owned(),
        adds: -20,
        ..PartStatus::default()
    };
    let peer = |last, heard, refused: Option<&str>| PeerStatus {
        address: Some([10, 0, 0, last].into()),
        heard: Duration::from_millis(heard),
        priority: Some(90),
        refused: refused.map(str::to_owned),
        ..PeerStatus::default()
    };
    let address = |text: &str| AddressStatus {
        address: text.to_owned(),
        is_set: true,
    };
    InstanceStatus {
        name: "VI_1".to_owned(),
        interface: Some("eth0".to_owned()),
        vrid: 51,
        state: "MASTER".to_owned(),
        since: Some(seconds(1_000_000)),
        cause: Some("no advert\x1b[31m".to_owned()),
        priority: PriorityStatus {
            configured: 100,
            effective: 80,
            total: 80,
            parts: vec![part, PartStatus::default()],
        },
        addresses: vec![address("10.0.0.100/24"), address("10.0.0.101/24")],
        address_count: 5,
        peers: vec![peer(2, 90_000, None), peer(3, 300, Some("checksum"))],
        ..InstanceStatus::default()
    }
}

fn snapshot() -> Snapshot {
    Snapshot {
        taken: seconds(1_000_125),
        daemon: DaemonStatus {
            version: "Keepalived v2.4.3".to_owned(),
            configuration: "/k.conf".to_owned(),
            started: seconds(700_000),
            ..DaemonStatus::default()
        },
        vrrp: Some(vrrp()),
        check: Some(virtual_server()),
        bfd: Some(BfdStatus {
            sessions: vec![SessionStatus {
                name: "B".to_owned(),
                state: "Up".to_owned(),
                ..SessionStatus::default()
            }],
            ..BfdStatus::default()
        }),
        ..Snapshot::default()
    }
}

fn vrrp() -> VrrpStatus {
    VrrpStatus {
        instances: vec![instance()],
        groups: vec![GroupStatus {
            name: "G".to_owned(),
            state: "BACKUP".to_owned(),
            members: vec!["VI_1".to_owned(), "VI_2".to_owned()],
        }],
        trackers: vec![TrackerStatus {
            name: "script chk".to_owned(),
            state: "down".to_owned(),
        }],
        ..VrrpStatus::default()
    }
}

fn virtual_server() -> CheckStatus {
    let check = |kind: &str, result: &str, reason: Option<&str>| CheckerStatus {
        kind: kind.to_owned(),
        is_enabled: true,
        result: Some(result.to_owned()),
        reason: reason.map(str::to_owned),
        age: Some(Duration::from_secs(3)),
        duration: Some(Duration::from_millis(12)),
        ..CheckerStatus::default()
    };
    CheckStatus {
        services: vec![ServiceStatus {
            name: "[10.0.0.100]:tcp:80".to_owned(),
            servers_up: 1,
            servers: 2,
            quorum: 2,
            ..ServiceStatus::default()
        }],
        servers: vec![ServerStatus {
            service: "[10.0.0.100]:tcp:80".to_owned(),
            name: "[10.0.0.9]:tcp:80".to_owned(),
            weight_in_kernel: None,
            checks: vec![
                check("TCP_CHECK", "passed", None),
                check("HTTP_GET", "failed", Some("status 500")),
            ],
            ..ServerStatus::default()
        }],
        ..CheckStatus::default()
    }
}

#[test]
fn a_person_sees_what_is_and_why() {
    let text = text(&snapshot(), Paint::Plain);
    assert!(
        text.starts_with("Keepalived v2.4.3, up 3d 11h, /k.conf\n"),
        "{text}"
    );
    let line = |start: &str| {
        let found = text.lines().find(|line| line.starts_with(start));
        found
            .unwrap_or_else(|| panic!("{start} in {text}"))
            .to_owned()
    };
    let instance = line("VI_1");
    for part in [
        "eth0       51    MASTER",
        "(2m 5s)",
        "80 = 100 - 20 script chk",
        "10.0.0.100/24, 10.0.0.101/24, 3 more",
        "10.0.0.3 (refused: checksum) 300ms, 10.0.0.2 (90) 1m 30s",
        "no advert?[31m",
    ] {
        assert!(instance.contains(part), "{part} in {instance}");
    }
    assert_eq!(line("G "), "G           BACKUP  VI_1, VI_2");
    assert_eq!(line("script"), "script chk  down");
    assert_eq!(
        line("[10.0.0.100]"),
        "[10.0.0.100]:tcp:80  1/2         down, needs 2  0"
    );
    assert!(line("[10.0.0.9]").ends_with("TCP_CHECK  passed       3.0s  12ms"));
    let second = line("     ");
    assert!(
        second.ends_with("HTTP_GET   failed       3.0s  12ms  status 500"),
        "{second}"
    );
    assert!(!text.contains('\x1b'));
}

#[test]
fn colours_are_for_terminals() {
    let text = text(&snapshot(), Paint::Coloured);
    assert!(text.contains("\x1b[32mMASTER\x1b[0m"));
    assert!(text.contains("\x1b[31mdown\x1b[0m"));
}

#[test]
fn a_silent_process_is_told() {
    let process = ProcessStatus {
        role: "vrrp".to_owned(),
        state: "silent".to_owned(),
        ..ProcessStatus::default()
    };
    let snapshot = Snapshot {
        processes: vec![process],
        ..Snapshot::default()
    };
    assert!(text(&snapshot, Paint::Plain).contains("The vrrp process does not answer."));
}

#[test]
fn a_reload_that_was_refused_is_told_until_one_takes_over() {
    let mut snapshot = snapshot();
    assert!(!text(&snapshot, Paint::Plain).contains("reload"));
    snapshot.daemon.refusal = Some(RefusalStatus {
        time: seconds(1_000_120),
        reason: "instance cannot\x1b change".to_owned(),
    });
    let text = text(&snapshot, Paint::Plain);
    let told = "The last reload, 5.0s ago, was refused: instance cannot? change";
    assert_eq!(text.lines().nth(1), Some(told));
}

#[test]
fn times_are_in_their_two_largest_units() {
    let of = |seconds| span(Duration::from_secs(seconds));
    let all = [0, 9, 59, 61, 3_661, 90_061].map(of);
    assert_eq!(all, ["0ms", "9.0s", "59s", "1m 1s", "1h 1m", "1d 1h"]);
    assert_eq!(span(Duration::from_millis(1234)), "1.2s");
}
