//! `keepalived_check.data`: labels, order and indentation are what programs read.

#![expect(clippy::panic, reason = "a helper of tests may fail one")]

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use scheduler::{Clock as _, SystemClock};

use keepalived::control_plane::files::Memory;
use keepalived::control_plane::{AnyMachine, Config, LoadOptions, load};
use keepalived::dump::check::{self, Readout, ServerState, ServiceState};
use keepalived::dump::checker::{self, AttemptResult, CheckState, LastAttempt};

fn read(text: &str) -> Rc<Config> {
    let files = Memory::with("/etc/test.conf", text);
    let path = Path::new("/etc/test.conf");
    let loaded = load(
        &files,
        path,
        &LoadOptions::default(),
        &AnyMachine::default(),
    );
    loaded
        .config
        .unwrap_or_else(|| panic!("{:?}", loaded.diags))
}

/// The first check of the first server has failed; nothing else has run.
struct Moment;

impl Readout for Moment {
    fn service(&self, service: usize) -> ServiceState {
        ServiceState {
            alive: 1,
            alive_weight: 3,
            has_quorum: service > 0,
            is_suspended: service == 0,
        }
    }

    fn server(&self, service: usize, server: usize) -> ServerState {
        let is_first = service == 0 && server == 0;
        ServerState {
            is_alive: !is_first,
            failed: is_first.into(),
            weight: 3,
            in_table: (!is_first).then_some(3),
        }
    }

    fn check(&self, service: usize, server: usize, checker: usize) -> Option<CheckState<'_>> {
        let is_first = (service, server, checker) == (0, 0, 0);
        Some(CheckState {
            is_enabled: true,
            is_up: !is_first,
            has_run: is_first,
            is_running: false,
            is_overdue: false,
            retries_left: 0,
            contribution: 0,
            runs: is_first.into(),
            last: is_first.then_some(LastAttempt {
                result: AttemptResult::Failed("connection refused"),
                age: Duration::from_millis(1500),
                duration: Duration::from_micros(250),
            }),
            servers: 1,
        })
    }

    fn repairs(&self) -> u64 {
        2
    }

    fn file(&self, _: usize) -> Option<i64> {
        Some(-3)
    }

    fn session(&self, _: &str) -> Option<bool> {
        Some(true)
    }
}

fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/dump")
        .join(name);
    if std::env::var_os("GOLDEN_UPDATE").is_some() {
        std::fs::write(&path, text).expect("a golden file is written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == text,
        "{name} differs; GOLDEN_UPDATE=1 writes it anew:\n{text}"
    );
}

#[test]
fn the_texts_are_as_programs_read_them() {
    let config = read(include_str!("../src/check/config/tests/full.conf"));
    let mut out = check::room(&config.check);
    check::text(&config, &Moment, &mut out);
    golden("keepalived_check.data", &out.finish());
    golden(
        "keepalived_check.json",
        &checker::json(&config.check, &Moment),
    );
}

#[test]
fn four_thousand_servers_take_a_moment() {
    let mut text = String::new();
    for service in 0..500 {
        let (high, low) = (service / 250, service % 250);
        text.push_str(&format!(
            "virtual_server 10.0.{high}.{low} 80 {{\nlvs_sched rr\nlvs_method NAT\nprotocol TCP\n"
        ));
        for server in 1..9 {
            text.push_str(&format!(
                "real_server 10.1.0.{server} 80 {{\nTCP_CHECK {{\n}}\n}}\n"
            ));
        }
        text.push_str("}\n");
    }
    let config = read(&text);
    let begun = SystemClock.now();
    let mut out = check::room(&config.check);
    check::text(&config, &Moment, &mut out);
    let text = out.finish();
    assert_eq!(text.matches("Keepalive method = TCP_CHECK").count(), 4000);
    // Far from what it takes, and near enough to find what is done for each pair of them.
    assert!(SystemClock.now().since(begun) < Duration::from_secs(20));
}
