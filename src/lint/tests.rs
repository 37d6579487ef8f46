//! One small file for each lint, with the place and the words that a user sees.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;

use super::{Host, LINTS, LintOptions, host::Unknown, judge, manual};
use crate::control_plane::diag::{Code, Severity};
use crate::control_plane::files::Memory;
use crate::control_plane::render;
use crate::control_plane::{AnyMachine, LoadOptions, Loaded, Machine, load};
use crate::model::{
    Account, CommandFound, CommandRequest, IfName, IpNet, ScriptRules, command::CommandRemark,
    command::RemarkKind,
};

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

/// Each lint, a file that has it, and what is told.
#[expect(clippy::too_many_lines, reason = "a table")]
fn cases() -> Vec<(&'static str, String, &'static str)> {
    let with_script = |rest: &str| {
        format!("{SCRIPT_RULES}vrrp_script S {{\nscript /bin/a\nweight 10\n}}\n{rest}")
    };
    let v4 = "virtual_ipaddress {\n10.77.0.9\n}";
    vec![
        (
            "weight-never-moves",
            with_script(&instance(&format!(
                "priority 254\n{v4}\ntrack_script {{\nS\n}}"
            ))),
            "17:1 advice",
        ),
        (
            "nopreempt-with-weight",
            with_script(&sound("nopreempt\ntrack_script {\nS\n}")),
            "12:1 advice",
        ),
        ("equal-priorities", instance(v4), "1:15 advice"),
        (
            "nopreempt-with-master",
            sound("state MASTER\nnopreempt"),
            "5:1 error",
        ),
        (
            "backup-owner",
            instance(&format!("state BACKUP\npriority 255\n{v4}")),
            "4:7 warning",
        ),
        (
            "weight-not-counted",
            with_script(&instance(&format!(
                "priority 255\n{v4}\ntrack_script {{\nS\n}}"
            ))),
            "17:1 warning",
        ),
        (
            "vrid-clash",
            format!(
                "{}{}",
                sound("use_vmac"),
                sound("use_vmac\nmcast_dst_ip 224.0.0.77")
                    .replace(" A ", " B ")
                    .replace("10.77.0.9", "10.77.0.10")
            ),
            "12:19 advice",
        ),
        (
            "address-twice",
            format!(
                "{}{}",
                sound(""),
                sound("").replace(" A ", " B ").replace("_id 7", "_id 8")
            ),
            "16:1 advice",
        ),
        (
            "vip-outside-networks",
            instance(
                "priority 100\nvirtual_ipaddress {\n10.77.0.9\n10.88.0.9/24\n10.99.0.9 dev eth1\n}",
            ),
            "7:1 advice",
        ),
        (
            "source-address-missing",
            sound("unicast_src_ip 10.77.0.77\nunicast_peer {\n10.77.0.2\n}"),
            "4:16 advice",
        ),
        (
            "own-address-as-peer",
            sound("unicast_src_ip 10.77.0.1\nunicast_peer {\n10.77.0.1\n}"),
            "4:16 warning",
        ),
        (
            "unicast-without-peer",
            sound("unicast_src_ip 10.77.0.1\nunicast_peer {\n}"),
            "4:16 warning",
        ),
        (
            "own-interface-tracked",
            sound("track_interface {\neth0\n}"),
            "5:1 warning",
        ),
        (
            "vmac-and-ipvlan",
            sound("use_vmac\nuse_ipvlan"),
            "4:1 error",
        ),
        (
            "too-many-addresses",
            instance(&format!(
                "priority 100\nvirtual_ipaddress {{\n{}}}",
                (1..=256)
                    .map(|n| format!("10.77.0.{}\n", n % 256).replace(".0.0\n", ".1.1 dev eth1\n"))
                    .collect::<String>()
            )),
            "261:1 warning",
        ),
        (
            "scope-ignored",
            instance("priority 100\nvirtual_ipaddress {\nfe80::1 scope link\n}"),
            "6:9 warning",
        ),
        (
            "single-member-group",
            format!("vrrp_sync_group G {{\ngroup {{\nA\n}}\n}}\n{}", sound("")),
            "1:17 warning",
        ),
        (
            "auth-pass-long",
            sound("authentication {\nauth_type PASS\nauth_pass 123456789\n}"),
            "6:11 warning",
        ),
        (
            "auth-pass-without-type",
            sound("authentication {\nauth_pass 1234\n}"),
            "5:11 warning",
        ),
        (
            "ipv6-version",
            instance("version 2\npriority 100\nvirtual_ipaddress {\nfe80::1\n}"),
            "4:9 warning",
        ),
        (
            "strict-forbids",
            sound("strict_mode on\naccept\nversion 3\npreempt_delay 5"),
            "7:15 error",
        ),
        (
            "strict-drops-traffic",
            sound("strict_mode on"),
            "4:1 advice",
        ),
        (
            "script-unusable",
            format!("{SCRIPT_RULES}{}", sound("notify /missing")),
            "8:8 error",
        ),
        (
            "script-insecure",
            format!("{SCRIPT_RULES}{}", sound("notify /writable")),
            "8:8 warning",
        ),
        ("scripts-as-root", sound("notify /bin/a"), "4:8 warning"),
        (
            "unquoted-arguments",
            format!("{SCRIPT_RULES}{}", sound("notify /bin/a one two three")),
            "8:23 advice",
        ),
        (
            "script-longer-than-interval",
            format!("{SCRIPT_RULES}vrrp_script S {{\nscript /bin/a\ninterval 2\ntimeout 3\n}}\n"),
            "5:13 advice",
        ),
        (
            "fifo-shared",
            "global_defs {\nvrrp_notify_fifo /run/f\nlvs_notify_fifo /run/f\n}\n".into(),
            "3:17 advice",
        ),
        (
            "service-without-check",
            service("", "real_server 10.77.0.2 80 {\n}"),
            "1:1 advice",
        ),
        (
            "check-longer-than-interval",
            service("delay_loop 2", CHECKED),
            "7:1 advice",
        ),
        (
            "service-twice",
            format!("{0}{0}", service("", CHECKED)),
            "12:1 warning",
        ),
        (
            "group-missing",
            service("", CHECKED).replace("10.77.0.9 80", "group G"),
            "1:22 warning",
        ),
        (
            "group-mixed",
            format!(
                "virtual_server_group G {{\n10.77.0.9 80\nfd77::9 80\n}}\n{}",
                service("", CHECKED).replace("10.77.0.9 80", "group G")
            ),
            "10:1 warning",
        ),
        (
            "port-ignored",
            service("", &CHECKED.replace("2 80", "2 8080")).replace("NAT", "DR"),
            "6:1 warning",
        ),
        (
            "granularity-not-a-mask",
            service(
                "persistence_timeout 60\npersistence_granularity 24",
                CHECKED,
            ),
            "6:25 warning",
        ),
        (
            "sync-daemon-unusable",
            format!(
                "global_defs {{\nlvs_sync_daemon gone0\n}}\n{}",
                service("", CHECKED)
            ),
            "2:17 warning",
        ),
        (
            "two-statements",
            instance(&format!("priority 100 advert_int 1\n{v4}")),
            "4:14 warning",
        ),
        (
            "surplus-words",
            instance(&format!("priority 100 200\n{v4}")),
            "4:14 warning",
        ),
        (
            "comment-in-word",
            sound("authentication {\nauth_type PASS\nauth_pass k@l!ve1\n}"),
            "6:14 advice",
        ),
        (
            "condition-without-id",
            sound("@ main advert_int 1"),
            "4:1 warning",
        ),
        (
            "include-without-match",
            format!("include /nowhere/*.conf\n{}", sound("")),
            "1:9 advice",
        ),
        (
            "old-word",
            service("nat_mask 255.255.255.0", CHECKED),
            "5:1 warning",
        ),
        (
            "unknown-warning",
            sound("# keepalived: allow equal-priority\nadvert_int 1"),
            "4:2 advice",
        ),
        (
            "namespace-missing",
            format!("net_namespace nowhere\n{}", sound("")),
            "1:15 error",
        ),
        (
            "iptables-and-nftables",
            format!("global_defs {{\nvrrp_iptables\nnftables\n}}\n{}", sound("")),
            "2:1 advice",
        ),
        #[cfg(feature = "regex")]
        (
            "pattern-invalid",
            service(
                "",
                "real_server 10.77.0.2 80 {\nHTTP_GET {\nurl {\npath /\nregex \"a(\"\n}\n}\n}",
            ),
            "10:1 warning",
        ),
    ]
}

#[test]
fn each_lint_is_found_where_it_is_and_nothing_else_is() {
    let mut wrong = Vec::new();
    for (lint, text, expected) in cases() {
        let loaded = judged(&text, &LintOptions::default());
        let found = told(&loaded);
        let (place, severity) = expected.split_once(' ').unwrap();
        let expected = [format!("{place} {severity} {lint}")];
        if found != expected {
            wrong.push((expected, found));
        }
        let others = loaded.diags.list.iter().filter(|diag| diag.lint.is_none());
        let others: Vec<_> = others
            .filter(|diag| diag.severity > Severity::Note)
            .collect();
        assert!(others.is_empty(), "{lint}: {others:?}");
        let status = if severity == "advice" { 0 } else { 5 };
        let status = if lint == "scripts-as-root" { 6 } else { status };
        assert_eq!(loaded.diags.exit_status(), status, "{text}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_lint_has_a_case() {
    let tested: BTreeSet<&str> = cases().iter().map(|(lint, ..)| *lint).collect();
    for lint in LINTS {
        let expected = cfg!(feature = "regex") || lint.name != "pattern-invalid";
        assert_eq!(tested.contains(lint.name), expected, "{}", lint.name);
    }
}

#[test]
fn strict_makes_a_failure_of_what_is_only_unwise() {
    let strict = LintOptions {
        strict: true,
        ..LintOptions::default()
    };
    for (lint, text, _) in cases() {
        let status = judged(&text, &strict).diags.exit_status();
        let expected = if lint == "scripts-as-root" { 6 } else { 5 };
        assert_eq!(status, expected, "{lint}");
    }
}

#[test]
fn each_lint_can_be_switched_off_by_the_command_line() {
    for (lint, text, _) in cases() {
        let options = LintOptions {
            allowed: BTreeSet::from([lint.to_owned()]),
            strict: true,
        };
        let loaded = judged(&text, &options);
        assert_eq!(told(&loaded), Vec::<String>::new(), "{lint}");
        assert_eq!(loaded.diags.exit_status(), 0, "{lint}");
    }
}

#[test]
fn each_lint_can_be_switched_off_by_a_comment() {
    for (lint, text, expected) in cases() {
        let line: usize = expected.split_once(':').unwrap().0.parse().unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let comment = format!("# keepalived: allow {lint}");
        let mut on_it = lines.clone();
        let last = on_it.get_mut(line - 1).unwrap();
        last.push_str(&format!(" {comment}"));
        lines.insert(line - 1, format!("   {comment}, equal-priorities"));
        // A comment is no word of the line that it is on.
        let of_line = !matches!(
            lint,
            "comment-in-word" | "unknown-warning" | "include-without-match"
        );
        for lines in [Some(lines), of_line.then_some(on_it)]
            .into_iter()
            .flatten()
        {
            let text = lines.join("\n");
            let loaded = judged(&text, &LintOptions::default());
            assert_eq!(told(&loaded), Vec::<String>::new(), "{text}");
            assert_eq!(loaded.diags.exit_status(), 0, "{text}");
        }
    }
}

#[test]
fn a_comment_allows_what_it_names_where_it_stands() {
    let text = sound("# keepalived: allow surplus-words\n\nadvert_int 1 2\nstrict_mode on");
    let loaded = judged(&text, &LintOptions::default());
    assert_eq!(
        told(&loaded),
        [
            "6:14 warning surplus-words",
            "7:1 advice strict-drops-traffic"
        ]
    );
    let text = sound(
        "# keepalived: allow strict-drops-traffic\n# for reasons\nadvert_int 1\nstrict_mode on",
    );
    let loaded = judged(&text, &LintOptions::default());
    assert_eq!(told(&loaded), ["7:1 advice strict-drops-traffic"]);
}

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

/// What the C daemon accepts without a word (`silent-mistakes.md`, first list): each is
/// told, and what changes the meaning fails the test.
#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn silent_mistakes_are_told() {
    let global = |line: &str| format!("global_defs {{\n{line}\n}}\n{}", sound(""));
    let page = |line: &str| {
        let server =
            format!("real_server 10.77.0.2 80 {{\nHTTP_GET {{\nurl {{\npath /\n{line}\n}}\n}}\n}}");
        service("", &server)
    };
    let misc = |path: &str| {
        let server =
            format!("real_server 10.77.0.2 80 {{\nMISC_CHECK {{\nmisc_path {path}\n}}\n}}");
        format!("{SCRIPT_RULES}{}", service("", &server))
    };
    let cases: Vec<(String, &str, u8)> = vec![
        (sound("notify /missing"), "script is Unusable", 5),
        (misc("/missing"), "script is Unusable", 5),
        (
            misc("/bin/a one"),
            "`one` is ignored: a command with arguments has to be quoted",
            0,
        ),
        (
            format!(
                "{SCRIPT_RULES}{}{}",
                "vrrp_script S {\nscript /bin/a\n}\n".repeat(2),
                sound("")
            ),
            "vrrp_script `S` is defined twice",
            5,
        ),
        (service("", CHECKED).repeat(2), "this one is not used", 5),
        (
            service("", CHECKED).replace("10.77.0.9 80", "group G"),
            "there is no virtual_server_group `G`",
            5,
        ),
        (
            format!(
                "virtual_server_group G {{\n10.77.0.9 80\nfd77::9 80\n}}\n{}",
                service("", CHECKED).replace("10.77.0.9 80", "group G")
            ),
            "has both families",
            5,
        ),
        (
            service(
                "persistence_timeout 60\npersistence_granularity 24",
                CHECKED,
            ),
            "a netmask is needed",
            5,
        ),
        (
            page("regex a\nregex_min_offset abc"),
            "regex_min_offset: `abc` is not a whole number",
            5,
        ),
        (
            instance("priority 100 advert_int 1\nvirtual_ipaddress {\n10.77.0.9\n}"),
            "`advert_int` stands on the line of `priority`",
            5,
        ),
        (sound("garp_master_delay 5 6"), "surplus word `6`", 5),
        (
            sound("preempt_delay \"\""),
            "`` is not a number of seconds",
            5,
        ),
        (
            sound("unicast_src_ip 10.77.0.1\nunicast_peer {\n10.77.0.1\n}"),
            "the own address is one of the peers",
            5,
        ),
        (
            sound("unicast_src_ip 10.77.0.5\nunicast_peer {\n10.77.0.2\n}"),
            "no interface has the source address",
            0,
        ),
        (
            sound("authentication {\nauth_pass 1234\n}"),
            "auth_pass without auth_type",
            5,
        ),
        (
            instance("version 2\npriority 100\nvirtual_ipaddress {\nfe80::1\n}"),
            "IPv6 needs version 3",
            5,
        ),
        (
            instance("state BACKUP\npriority 255\nvirtual_ipaddress {\n10.77.0.9\n}"),
            "state BACKUP is ignored",
            5,
        ),
        (sound("use_vmac\nuse_ipvlan"), "exclude each other", 5),
        (
            format!("net_namespace nowhere\n{}", sound("")),
            "there is no network namespace `nowhere`",
            5,
        ),
        (
            global("lvs_sync_daemon gone0"),
            "there is no interface `gone0`",
            5,
        ),
        (
            global("lvs_sync_daemon eth0 inst Z"),
            "there is no vrrp_instance `Z`",
            5,
        ),
        (
            global("vrrp_notify_fifo /f\nlvs_notify_fifo /f"),
            "is the pipe of vrrp_notify_fifo",
            0,
        ),
        (
            global("notify_fifo /f\nlvs_notify_fifo /f"),
            "is the same as notify_fifo",
            5,
        ),
        (
            global("reload_file some/file"),
            "is not an absolute path",
            5,
        ),
        (global("vrrp_iptables\nnftables"), "nftables is used", 0),
        (sound("@ id priority 5"), "no config id follows", 5),
        (
            format!("include /etc/none*\n{}", sound("")),
            "no file matches",
            0,
        ),
        (
            format!("include /etc/none\n{}", sound("")),
            "no file matches",
            0,
        ),
        (
            format!("include \"/etc/none\"\n{}", sound("")),
            "no file matches",
            0,
        ),
    ];
    for (text, expected, status) in cases {
        let options = LintOptions {
            allowed: BTreeSet::from(["scripts-as-root".to_owned()]),
            strict: false,
        };
        let loaded = judged(&text, &options);
        let list = loaded.diags.list.iter();
        let said: Vec<_> = list
            .filter(|diag| diag.severity > Severity::Note && diag.text.contains(expected))
            .collect();
        assert_eq!(said.len(), 1, "{expected}: {text}{:?}", loaded.diags.list);
        assert!(said.iter().all(|diag| diag.span.is_some()), "{expected}");
        assert_eq!(loaded.diags.exit_status(), status, "{expected}");
    }
    let unreadable = Memory::default();
    let loaded = load(
        &unreadable,
        Path::new("/k.conf"),
        &LoadOptions::default(),
        &AnyMachine::default(),
    );
    assert_eq!(loaded.diags.exit_status(), 6);
}

/// Files that products generate load and run, whatever `-t` says of them
/// (`silent-mistakes.md`, second list).
#[test]
fn what_products_generate_runs() {
    let many: String = (0..300)
        .map(|n| format!("10.78.{}.{}\n", n / 250, n % 250 + 1))
        .collect();
    let cases = [
        instance("state BACKUP\nnopreempt\nvirtual_ipaddress {\n169.254.0.1/24 dev eth0\n}\nvirtual_ipaddress_excluded {\nfe80::1/64 dev eth0 scope link\n}"),
        "virtual_server fwmark 7 {\nlvs_sched rr\nlvs_method DR\nprotocol TCP\nreal_server 10.77.0.2 80 {\nTCP_CHECK {\n}\n}\n}\n".to_owned(),
        sound("track_interface {\neth0\n}"),
        sound("authentication {\nauth_type PASS\nauth_pass openshift_api\n}"),
        sound("notify_primary \"/opt/x.sh primary\""),
        format!("vrrp_sync_group G {{\ngroup {{\nA\n}}\n}}\n{}", sound("")),
        instance(&format!("priority 100\nvirtual_ipaddress {{\n{many}}}")),
    ];
    for text in cases {
        let loaded = judged(&text, &LintOptions::default());
        let config = loaded.config.as_ref().expect("it runs");
        assert!(config.presence.vrrp || config.presence.checkers, "{text}");
        let list = loaded.diags.list.iter();
        let errors = list.filter(|diag| diag.severity == Severity::Error);
        // An unknown word is one, and is passed over.
        assert!(
            errors.clone().all(|diag| diag.code == Code::UnknownKeyword),
            "{:?}",
            errors.collect::<Vec<_>>()
        );
    }
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
