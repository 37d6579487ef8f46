//! What comes to the desk and from it: requests for metrics, and the state of the daemon
//! as `--status` reads it. What is told in JSON is told the same again.
#![no_main]

use keepalived::dump::json::Json;
use keepalived::status::metrics;
use keepalived::status::node::Node;
use keepalived::status::record::Field;
use keepalived::status::snapshot::Snapshot;
use keepalived::status::table::{self, Paint};
use keepalived::watchdog::desk::http::{self, REQUEST_MAX, Request};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    request(octets);
    if let Ok(text) = std::str::from_utf8(octets) {
        answer(text);
    }
});

/// Nobody waits for ever, and what follows a request does not change it.
fn request(octets: &[u8]) {
    let mut first: Option<Request> = None;
    for end in 1..=octets.len().min(512) {
        let request = http::request(&octets[..end]);
        if let Some(first) = first {
            assert_eq!(request, Some(first));
        }
        first = first.or(request);
    }
    let whole = http::request(octets);
    assert!(whole.is_some() || octets.len() < REQUEST_MAX);
    if let Some(request) = whole {
        assert!(http::refusal(request).ends_with('\n'));
    }
}

fn answer(text: &str) {
    let Some(node) = Node::parse(text) else {
        return;
    };
    let snapshot = Snapshot::take(&node);
    let _ = table::text(&snapshot, Paint::Plain);
    let _ = table::text(&snapshot, Paint::Coloured);
    let metrics = metrics::text(&snapshot);
    assert!(metrics.ends_with("# EOF\n"));
    let written = write(&snapshot);
    let node = Node::parse(&written).expect("JSON");
    let again = Snapshot::take(&node);
    assert_eq!(write(&again), written);
}

fn write(snapshot: &Snapshot) -> String {
    let mut out = Json::default();
    snapshot.put(&mut out);
    out.finish()
}
