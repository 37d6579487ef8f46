//! A small machine, small files, and what the lints say of them.

mod cases;
mod silent;
mod switches;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;

use super::host::Unknown;
use super::{Host, LINTS, LintOptions, judge, manual};
use crate::control_plane::diag::Severity;
use crate::control_plane::files::Memory;
use crate::control_plane::{AnyMachine, LoadOptions, Loaded, Machine, load, render};
use crate::model::command::{CommandRemark, RemarkKind};
use crate::model::{Account, CommandFound, CommandRequest, IfName, IpNet, ScriptRules};

/// A machine with `eth0` of 10.77.0.1/24 and `eth1` without addresses.
#[derive(Debug)]
struct Small;

impl Host for Small {
    fn networks(&self, interface: &IfName) -> Option<Vec<IpNet>> {
        let net = IpNet {
            addr: "10.77.0.1".parse().ok()?,
            prefix: 24,
        };
        match interface.as_str() {
            "eth0" => Some(vec![net]),
            "eth1" => Some(Vec::new()),
            _ => None,
        }
    }

    fn has_address(&self, address: IpAddr) -> Option<bool> {
        Some(address.to_string() == "10.77.0.1")
    }

    fn has_namespace(&self, name: &str) -> bool {
        name == "there"
    }
}

/// Scripts are fine, but for those whose names say what is wrong.
#[derive(Debug, Default)]
struct Scripts(AnyMachine);

impl Machine for Scripts {
    fn interface_exists(&self, name: &str) -> bool {
        name != "gone0"
    }

    fn interface_mtu(&self, _: &str) -> Option<u32> {
        None
    }

    fn interface_is_loopback(&self, _: &str) -> bool {
        false
    }

    fn find_script(&self, request: &CommandRequest, rules: &ScriptRules) -> CommandFound {
        let mut found = self.0.find_script(request, rules);
        let path = request.words.first().map(|word| word.to_string_lossy());
        let kind = match path.as_deref() {
            Some("/missing") => RemarkKind::Unusable,
            Some("/writable") => RemarkKind::Insecure,
            _ => return found,
        };
        if kind == RemarkKind::Unusable {
            found.command = None;
        }
        found.remarks.push(CommandRemark {
            kind,
            text: format!("script is {kind:?}"),
            help: None,
        });
        found
    }

    fn account(&self, user: &str, group: Option<&str>) -> Result<Account, String> {
        self.0.account(user, group)
    }
}

const SCRIPT_RULES: &str = "global_defs { \nenable_script_security\nscript_user root\n}\n";

fn judged(text: &str, options: &LintOptions) -> Loaded {
    let files = Memory::with("/k.conf", text);
    let machine = Scripts::default();
    let mut load_options = LoadOptions::default();
    load_options.reader.config_id = "here".into();
    let mut loaded = load(&files, Path::new("/k.conf"), &load_options, &machine);
    judge(&mut loaded, &Small, options);
    loaded
}

/// `LINE:COLUMN severity [lint]` of each message with a name.
fn told(loaded: &Loaded) -> Vec<String> {
    let named = loaded.diags.list.iter();
    let named = named.filter(|diag| diag.severity > Severity::Note);
    let named = named.filter_map(|diag| Some((diag, diag.lint?)));
    let shown = named.map(|(diag, lint)| {
        let place = diag.span.map(|span| loaded.map.place(span));
        let place = place.map_or((0, 0), |place| (place.line, place.column));
        let severity = match (diag.severity, diag.is_advice()) {
            (_, true) => "advice",
            (Severity::Warning, false) => "warning",
            (Severity::Error, _) => "error",
            (Severity::Note, _) => "note",
        };
        format!("{}:{} {severity} {lint}", place.0, place.1)
    });
    shown.collect()
}

/// An instance with these lines, each on a line of its own from the fourth on.
fn instance(lines: &str) -> String {
    format!("vrrp_instance A {{\ninterface eth0\nvirtual_router_id 7\n{lines}\n}}\n")
}

/// The same with what every other check would complain about put right.
fn sound(lines: &str) -> String {
    instance(&format!(
        "{lines}\npriority 100\nvirtual_ipaddress {{\n10.77.0.9\n}}"
    ))
}

fn service(lines: &str, servers: &str) -> String {
    format!(
        "virtual_server 10.77.0.9 80 {{\nlvs_sched rr\nlvs_method NAT\nprotocol TCP\n{lines}\n{servers}\n}}\n"
    )
}

const CHECKED: &str = "real_server 10.77.0.2 80 {\nTCP_CHECK {\nconnect_timeout 3\n}\n}";

#[test]
fn what_can_move_an_address_is_not_told() {
    let script = |weight: i32| {
        format!(
            "{SCRIPT_RULES}vrrp_script S {{\nscript /bin/a\nweight {weight}\n}}\ntrack_file F {{\nfile /run/f\nweight 1\n}}\n"
        )
    };
    let v4 = "virtual_ipaddress {\n10.77.0.9\n}";
    for (weight, priority, more, expected) in [
        (10, 253, "", 0),
        (10, 254, "", 1),
        (-10, 254, "", 0),
        (-10, 2, "", 0),
        (-10, 1, "", 1),
        (10, 1, "", 0),
        // Whatever lowers the priority leaves room for the weight again.
        (10, 254, "track_interface {\neth1 weight -20\n}", 0),
        (10, 254, "track_interface {\neth1 weight 20\n}", 2),
        (-10, 1, "track_interface {\neth1 weight 20\n}", 0),
        (10, 254, "track_file {\nF\n}", 0),
    ] {
        let lines = format!("priority {priority}\n{v4}\n{more}\ntrack_script {{\nS\n}}");
        let text = format!("{}{}", script(weight), instance(&lines));
        let found = told(&judged(&text, &LintOptions::default()));
        let all = found
            .iter()
            .filter(|one| one.ends_with("weight-never-moves"));
        assert_eq!(all.count(), expected, "{text}{found:?}");
    }
}

#[test]
fn pairs_of_masters_and_backups_have_numbers_of_their_own() {
    let pair = |first: &str, second: &str| {
        format!(
            "{}{}",
            sound("state MASTER").replace("100", first),
            sound("state BACKUP")
                .replace("100", second)
                .replace(" A ", " B ")
                .replace("_id 7", "_id 8")
                .replace("10.77.0.9", "10.77.0.10")
        )
    };
    let found = |text: &str| told(&judged(text, &LintOptions::default()));
    assert_eq!(found(&pair("150", "100")), Vec::<String>::new());
    assert_eq!(
        found(&pair("150", "150")),
        ["14:10 advice equal-priorities"]
    );
    // Equal priorities are right where nobody preempts.
    let nobody = instance("nopreempt\nvirtual_ipaddress {\n10.77.0.9\n}");
    assert_eq!(found(&nobody), Vec::<String>::new());
}

#[test]
fn addresses_without_a_network_to_be_outside_of() {
    for address in [
        "10.77.0.9/24",
        "10.88.0.9 dev eth1",
        "fd00::1",
        "169.254.0.1",
    ] {
        let text = instance(&format!(
            "priority 100\nvirtual_ipaddress_excluded {{\n10.99.0.1\n}}\nvirtual_ipaddress {{\n{address}\n}}"
        ));
        let found = told(&judged(&text, &LintOptions::default()));
        assert_eq!(found, Vec::<String>::new(), "{address}");
    }
}

#[test]
fn a_message_has_a_reason_a_remedy_and_a_name() {
    let loaded = judged(&sound("strict_mode on"), &LintOptions::default());
    let diag = loaded.diags.list.first().unwrap();
    let full = render::full(diag, &loaded.map);
    assert!(
        full.starts_with("/k.conf:4:1: warning: strict mode: "),
        "{full}"
    );
    assert!(full.contains(" [strict-drops-traffic]\n"), "{full}");
    assert!(full.contains("\nhelp: write `accept`"), "{full}");
}

#[test]
fn without_a_machine_nothing_is_said_of_it() {
    let text = "net_namespace nowhere\n".to_owned()
        + &sound("unicast_src_ip 10.66.0.1\nunicast_peer {\n10.77.0.2\n}");
    let files = Memory::with("/k.conf", &text);
    let mut loaded = load(
        &files,
        Path::new("/k.conf"),
        &LoadOptions::default(),
        &AnyMachine::default(),
    );
    judge(&mut loaded, &Unknown, &LintOptions::default());
    assert_eq!(told(&loaded), Vec::<String>::new());
}

#[test]
fn names_are_short_unique_and_explained() {
    let mut seen = BTreeSet::new();
    for lint in LINTS {
        assert!(seen.insert(lint.name), "{}", lint.name);
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(lint.name.len() <= 30 && lint.name.chars().all(plain));
        assert!(
            lint.what.ends_with('.') && lint.why.ends_with('.'),
            "{}",
            lint.name
        );
        assert!(!lint.remedy.ends_with('.'), "{}", lint.name);
        assert!(manual::explain(lint).contains(lint.why));
    }
}

#[test]
fn the_document_has_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/doc/config-quality.md");
    let text = std::fs::read_to_string(path).expect("doc/config-quality.md");
    let heading = "## The warnings\n\n";
    let (before, table) = text.split_once(heading).expect("its last section");
    if std::env::var_os("GOLDEN_UPDATE").is_some() {
        let new = format!("{before}{heading}{}", manual::markdown());
        std::fs::write(path, new).expect("doc/config-quality.md");
    } else {
        assert!(
            table == manual::markdown(),
            "doc/config-quality.md is stale: run the tests with GOLDEN_UPDATE=1"
        );
    }
}
