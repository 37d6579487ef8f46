//! `doc/status-reference.md`: every member of the JSON form and every metric, made of the
//! tables that the program itself goes by.

use std::fmt::Write as _;
use std::path::Path;

use super::bfd::{BfdStatus, SessionStatus};
use super::check::{CheckStatus, CheckerStatus, ServerStatus, ServiceStatus};
use super::metrics;
use super::record::Record;
use super::snapshot::{
    BucketStatus, DaemonStatus, LatenessStatus, ProcessStatus, ReasonStatus, RefusalStatus,
    Snapshot, TimingStatus, UsageStatus,
};
use super::vrrp::{
    AddressStatus, GroupStatus, InstanceStatus, MasterStatus, PartStatus, PeerStatus,
    PriorityStatus, TrackerStatus, TransitionStatus, VrrpStatus,
};

const PAGE: &str = "doc/status-reference.md";

const INTRODUCTION: &str = "\
# What the status and the metrics say

This page is generated from the tables of the program (`make gen`). How to use it is in
[observing.md](observing.md).

## JSON

`keepalived --status --json` prints a `Snapshot`. A time is a number of seconds, with a
fraction; a moment is one since 1970-01-01 00:00 UTC. Within a form members may be added,
so a program passes over those it does not know.
";

fn page() -> String {
    let mut out = INTRODUCTION.to_owned();
    let out = &mut out;
    record::<Snapshot>(out);
    record::<DaemonStatus>(out);
    record::<ProcessStatus>(out);
    record::<RefusalStatus>(out);
    record::<UsageStatus>(out);
    record::<TimingStatus>(out);
    record::<LatenessStatus>(out);
    record::<BucketStatus>(out);
    record::<ReasonStatus>(out);
    record::<VrrpStatus>(out);
    record::<InstanceStatus>(out);
    record::<PriorityStatus>(out);
    record::<PartStatus>(out);
    record::<MasterStatus>(out);
    record::<AddressStatus>(out);
    record::<PeerStatus>(out);
    record::<TransitionStatus>(out);
    record::<GroupStatus>(out);
    record::<TrackerStatus>(out);
    record::<CheckStatus>(out);
    record::<ServiceStatus>(out);
    record::<ServerStatus>(out);
    record::<CheckerStatus>(out);
    record::<BfdStatus>(out);
    record::<SessionStatus>(out);
    out.push_str("\n## Metrics\n\n| family | type | what it is |\n|---|---|---|\n");
    for family in metrics::families() {
        let kind = format!("{:?}", family.kind).to_lowercase();
        let _ = writeln!(out, "| `{}` | {kind} | {} |", family.name, family.help);
    }
    std::mem::take(out)
}

fn record<R: Record>(out: &mut String) {
    let _ = write!(out, "\n### {}\n\n{}\n\n", R::NAME, R::ABOUT.trim());
    out.push_str("| member | type | what it is |\n|---|---|---|\n");
    for (key, kind, about) in R::MEMBERS {
        let _ = writeln!(out, "| `{key}` | {} | {} |", words(kind), about.trim());
    }
}

fn words(kind: &str) -> String {
    let inside = |outer: &str| kind.strip_prefix(outer)?.strip_suffix('>');
    if let Some(kind) = inside("Option<") {
        return format!("{} or null", words(kind));
    }
    if let Some(kind) = inside("Vec<") {
        return format!("list of {}", words(kind));
    }
    match kind {
        "String" => "string".to_owned(),
        "bool" => "true or false".to_owned(),
        "u64" | "i64" => "number".to_owned(),
        "Duration" => "time".to_owned(),
        "UnixTime" => "moment".to_owned(),
        "IpAddr" => "address".to_owned(),
        record => format!("[{record}](#{})", record.to_lowercase()),
    }
}

#[test]
fn the_reference_of_the_status_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = page();
    if std::env::var_os("GOLDEN_UPDATE").is_some() {
        std::fs::write(&path, &page).expect("the page is written");
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == page,
        "{PAGE} is stale: run the tests with GOLDEN_UPDATE=1"
    );
}
