//! `keepalived_check.data`: labels, order and indentation are what programs read.

#![expect(clippy::panic, reason = "a helper of tests may fail one")]

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use scheduler::{Clock as _, SystemClock};

use keepalived::check::probe::Memory;
use keepalived::control_plane::files;
use keepalived::control_plane::{AnyMachine, Config, LoadOptions, load};
use keepalived::dump::check::{self, Readout, ServerState, ServiceState};
use keepalived::dump::checker::{self, AttemptResult, CheckState, LastAttempt};
use keepalived::model::UnixTime;

fn read(text: &str) -> Rc<Config> {
    let memory = files::Memory::with("/etc/test.conf", text);
    let path = Path::new("/etc/test.conf");
    let loaded = load(
        &memory,
        path,
        &LoadOptions::default(),
        &AnyMachine::default(),
    );
    loaded
        .config
        .unwrap_or_else(|| panic!("{:?}", loaded.diags))
}

/// Places in the configuration: service, server and check.
const PAGES: (usize, usize, usize) = (0, 0, 0);
const SCRIPT: (usize, usize, usize) = (0, 1, 3);

/// The first check of the first server has failed, a script has set a weight that the kernel
/// cannot have; nothing else has run.
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
        let is_scripted = (service, server) == (SCRIPT.0, SCRIPT.1);
        ServerState {
            is_alive: !is_first,
            failed: is_first.into(),
            weight: if is_scripted { 0 } else { 3 },
            wanted_weight: if is_scripted { -5 } else { 3 },
            in_table: (!is_first).then_some(3),
        }
    }

    fn check(&self, service: usize, server: usize, checker: usize) -> Option<CheckState<'_>> {
        let place = (service, server, checker);
        let (is_first, is_script) = (place == PAGES, place == SCRIPT);
        let has_run = is_first || is_script;
        let result = if is_first {
            AttemptResult::Failed("connection refused")
        } else {
            AttemptResult::Passed
        };
        Some(CheckState {
            is_enabled: true,
            is_up: !is_first,
            has_run,
            is_running: false,
            is_overdue: false,
            retries_left: 0,
            contribution: 0,
            runs: has_run.into(),
            last: has_run.then_some(LastAttempt {
                result,
                at: UnixTime(Duration::from_micros(1_795_386_661_409_393)),
                age: Duration::from_millis(1500),
                duration: Duration::from_micros(250),
            }),
            memory: match place {
                PAGES => Some(Memory::FailedPage("/two")),
                SCRIPT => Some(Memory::Status(5)),
                _ => None,
            },
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

/// The date behind the seconds is that of some time zone.
fn without_date(text: &str) -> String {
    let lines = text.lines().map(|line| match line.split_once(" (") {
        Some((moment, _)) if line.contains("Last ran") => format!("{moment} (DATE)\n"),
        _ => format!("{line}\n"),
    });
    lines.collect()
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
    golden("keepalived_check.data", &without_date(&out.finish()));
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

/// The dump of a virtual server with these lines and a real server with those.
fn dump_of(service: &str, server: &str) -> String {
    let config = read(&format!(
        "virtual_server 10.77.0.100 80 {{\nprotocol TCP\n{service}\n\
         real_server 10.77.0.2 80 {{\n{server}\n}}\n}}\n"
    ));
    let mut out = check::room(&config.check);
    check::text(&config, &Untouched, &mut out);
    out.finish()
}

/// Nothing has happened yet.
struct Untouched;

impl Readout for Untouched {
    fn service(&self, _: usize) -> ServiceState {
        ServiceState::default()
    }

    fn server(&self, _: usize, _: usize) -> ServerState {
        ServerState::default()
    }

    fn check(&self, _: usize, _: usize, _: usize) -> Option<CheckState<'_>> {
        None
    }

    fn repairs(&self) -> u64 {
        0
    }

    fn file(&self, _: usize) -> Option<i64> {
        None
    }

    fn session(&self, _: &str) -> Option<bool> {
        None
    }
}

/// These lines, in this order and without others between them, and none of those.
fn has(text: &str, lines: &[&str], none_of: &[&str]) {
    let block = lines.join("\n");
    assert!(text.contains(&block), "{block}\nis not in\n{text}");
    for line in none_of {
        assert!(!text.contains(line), "{line}\nis in\n{text}");
    }
}

#[test]
fn hosts_and_names_of_pages_are_told_where_they_are_said() {
    let page = |check: &str, page: &str| {
        let check = format!("HTTP_GET {{\n{check}\nurl {{\npath /\n{page}\n}}\n}}");
        dump_of("virtualhost vs.example", &check)
    };
    let of_page = "     Virtual host =";
    let unset = "   Enable SNI unset";
    has(&page("", ""), &[unset], &["   Virtualhost = ", of_page]);
    let of_check = page("virtualhost check.example\nenable_sni", "");
    let lines = ["   Virtualhost = check.example", "   Enable SNI set"];
    has(&of_check, &lines, &[of_page]);
    let of_both = page("virtualhost check.example", "virtualhost url.example");
    let lines = ["   Virtualhost = check.example", unset];
    has(&of_both, &lines, &["Virtual host = check"]);
    has(&of_both, &["     Virtual host = url.example"], &[]);
}

#[test]
fn without_retries_nothing_is_said_of_their_times() {
    let times = ["   Delay before retry = ", "   Retries iterations = "];
    let none = dump_of("", "TCP_CHECK {\nretry 0\n}");
    let default = "   Default delay before retry = 1000000 us";
    has(&none, &["   Retries = 0", default], &times);
    let one = dump_of("", "TCP_CHECK {\n}");
    let lines = ["   Retries = 1", "   Delay before retry = 1000000 us"];
    has(&one, &lines, &[]);
}

#[test]
fn methods_and_flags_have_the_labels_of_the_c_daemon() {
    for (method, line) in [
        ("NAT", "   default forwarding method = NAT"),
        ("DR", "   default forwarding method = DR"),
        ("TUN", "   default forwarding method = TUN, type = IPIP"),
        (
            "TUN type gre",
            "   forwarding method = TUN, type = GRE, no checksum",
        ),
    ] {
        has(&dump_of(&format!("lvs_method {method}"), ""), &[line], &[]);
    }
    let third = "   flag-3 = ";
    for (scheduler, words) in [
        ("sh", ["   sh-port = disabled", "   sh-fallback = disabled"]),
        ("mh", ["   mh-port = disabled", "   mh-fallback = disabled"]),
    ] {
        has(
            &dump_of(&format!("lvs_sched {scheduler}"), ""),
            &words,
            &[third],
        );
    }
    let lines = [
        "   flag-1 = disabled",
        "   flag-2 = disabled",
        "   flag-3 = disabled",
    ];
    has(&dump_of("lvs_sched rr", ""), &lines, &[]);
}

#[test]
fn answers_patterns_and_scripts_have_their_lines_even_if_there_is_little_to_say() {
    let udp = dump_of("", "UDP_CHECK {\nrequire_reply\n}");
    has(&udp, &["   Require reply = yes"], &["Reply data mask"]);
    has(&udp, &["     Reply data len = 0"], &[]);
    let page = "HTTP_GET {\nurl {\npath /\nregex abc\n}\n}";
    let lines = ["     Regex = \"abc\"", "     Regex options:\n"];
    has(&dump_of("", page), &lines, &["Failed URL"]);
    let page = page.replace(
        "abc",
        "abc\nregex_min_offset 7\nstatus_code 404 200-204 201",
    );
    let lines = ["       200-204", "       201", "       404"];
    let text = dump_of("", &page);
    has(&text, &lines, &["max_offset"]);
    has(&text, &["     Regex min offset = 7\n"], &[]);
    let script = dump_of("", "MISC_CHECK {\nmisc_path /bin/true\n}");
    has(&script, &["   Last ran = 0.000000 ("], &[]);
    has(&script, &["   Last status = 0\n"], &[]);
}

#[test]
fn what_a_server_follows_is_told_with_it() {
    let config = read(
        "track_file one {\nfile /run/one\nweight 5\n}\nbfd_instance peer {\nneighbor_ip 10.77.0.7\n}\n\
         virtual_server 10.77.0.100 80 {\nprotocol TCP\nreal_server 10.77.0.2 80 {\n\
         FILE_CHECK {\ntrack_file one\n}\nFILE_CHECK {\ntrack_file one\nweight -2 reverse\n}\n\
         BFD_CHECK {\nname peer\nalpha\n}\n}\n}\n",
    );
    let mut out = check::room(&config.check);
    check::text(&config, &Untouched, &mut out);
    let text = out.finish();
    let lines = [
        "   Tracked Files",
        "     one, weight 5",
        "     one, weight -2 reverse",
        "   Tracked BFDs",
        "     peer",
    ];
    has(&text, &lines, &["BFD instance"]);
    has(&text, &["   Name = peer", "   Alpha is ON"], &[]);
    let of_session = "     [10.77.0.100]:tcp:80 -> [10.77.0.2]:tcp:80";
    has(&text, &["   Tracking RS :", of_session], &[]);
}
