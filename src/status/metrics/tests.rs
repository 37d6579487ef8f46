use std::collections::BTreeSet;
use std::time::Duration;

use super::write::Kind;
use super::{families, text};
use crate::status::check::{CheckStatus, CheckerStatus, ServerStatus};
use crate::status::snapshot::{BucketStatus, LatenessStatus, ReasonStatus, Snapshot};
use crate::status::vrrp::{InstanceStatus, VrrpStatus};

fn snapshot() -> Snapshot {
    let mut all = Snapshot::default();
    all.daemon.timing.lateness = LatenessStatus {
        count: 3,
        sum: Duration::from_millis(1500),
        worst: Duration::from_secs(1),
        buckets: vec![BucketStatus {
            bound: Duration::from_secs(1),
            count: 2,
        }],
    };
    let refused = ReasonStatus {
        reason: "checksum".to_owned(),
        count: 7,
    };
    all.vrrp = Some(VrrpStatus {
        instances: vec![InstanceStatus {
            name: "a\"b\\c\nd".to_owned(),
            state: "MASTER".to_owned(),
            adverts_sent: 12,
            refused: vec![refused],
            ..InstanceStatus::default()
        }],
        ..VrrpStatus::default()
    });
    let check = CheckerStatus {
        kind: "TCP_CHECK".to_owned(),
        runs: 2,
        total_duration: Duration::from_millis(30),
        ..CheckerStatus::default()
    };
    all.check = Some(CheckStatus {
        servers: vec![ServerStatus {
            checks: vec![check.clone(), check],
            ..ServerStatus::default()
        }],
        ..CheckStatus::default()
    });
    all
}

#[test]
fn samples_are_lines_behind_the_head_of_their_family() {
    let text = text(&snapshot());
    for part in [
        "# TYPE keepalived_vrrp_adverts_sent counter\n# HELP keepalived_vrrp_adverts_sent Adverts \
         sent.\nkeepalived_vrrp_adverts_sent_total{vrrp_instance=\"a\\\"b\\\\c\\nd\"} 12\n",
        "keepalived_vrrp_state{vrrp_instance=\"a\\\"b\\\\c\\nd\",keepalived_vrrp_state=\"MASTER\"} 1\n",
        "keepalived_vrrp_state{vrrp_instance=\"a\\\"b\\\\c\\nd\",keepalived_vrrp_state=\"FAULT\"} 0\n",
        "reason=\"checksum\"} 7\n",
        "# UNIT keepalived_timer_lateness_seconds seconds\n",
        "keepalived_timer_lateness_seconds_bucket{process=\"parent\",le=\"1.0\"} 2\n",
        "keepalived_timer_lateness_seconds_bucket{process=\"parent\",le=\"+Inf\"} 3\n",
        "keepalived_timer_lateness_seconds_sum{process=\"parent\"} 1.5\n",
        "check=\"TCP_CHECK\",number=\"1\"} 0.03\n",
        "keepalived_ipvs_repairs_total 0\n",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    assert!(text.ends_with("\n# EOF\n"));
    assert!(
        !text.contains("keepalived_bfd"),
        "no family without samples"
    );
}

#[test]
fn every_series_is_there_once() {
    let text = text(&snapshot());
    let mut seen = BTreeSet::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').expect("a value");
        assert!(value.parse::<f64>().is_ok(), "{line}");
        assert!(seen.insert(series), "{series} twice");
    }
}

/// The rules of the form for names, which a collector may insist on.
#[test]
fn families_keep_the_rules_of_names() {
    let names: BTreeSet<_> = families().map(|family| family.name).collect();
    assert_eq!(names.len(), families().count());
    for family in families() {
        let name = family.name;
        assert!(name.starts_with("keepalived_"), "{name}");
        let is_plain = |c: char| c.is_ascii_lowercase() || c == '_';
        assert!(name.chars().all(is_plain), "{name}");
        assert!(family.unit.is_empty() || name.ends_with(&format!("_{}", family.unit)));
        assert!(
            !family.help.is_empty() && family.help.ends_with('.'),
            "{name}"
        );
        for suffix in ["_total", "_info", "_count", "_sum", "_bucket", "_created"] {
            assert!(!name.ends_with(suffix), "{name}");
        }
        if matches!(family.kind, Kind::Info | Kind::StateSet) {
            assert!(family.unit.is_empty(), "{name}");
        }
    }
}
