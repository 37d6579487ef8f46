//! What the C daemon accepts without a word, and what products generate.

use std::collections::BTreeSet;
use std::path::Path;

use super::{CHECKED, SCRIPT_RULES, instance, judged, service, sound};
use crate::control_plane::diag::{Code, Severity};
use crate::control_plane::files::Memory;
use crate::control_plane::{AnyMachine, LoadOptions, load};
use crate::lint::LintOptions;

/// A text, what is told of it, and the exit status of its test.
type Case = (String, &'static str, u8);

/// Scripts that cannot be run, or run as another than is meant.
fn of_scripts() -> Vec<Case> {
    let misc = |path: &str| {
        let server =
            format!("real_server 10.77.0.2 80 {{\nMISC_CHECK {{\nmisc_path {path}\n}}\n}}");
        format!("{SCRIPT_RULES}{}", service("", &server))
    };
    vec![
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
    ]
}

/// Virtual servers that are not those of the text.
fn of_virtual_servers() -> Vec<Case> {
    let page = |line: &str| {
        let server =
            format!("real_server 10.77.0.2 80 {{\nHTTP_GET {{\nurl {{\npath /\n{line}\n}}\n}}\n}}");
        service("", &server)
    };
    vec![
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
            service(
                "persistence_timeout 60\npersistence_granularity 255.0.255.0",
                CHECKED,
            ),
            "not the mask of a network",
            0,
        ),
        (
            page("regex a\nregex_min_offset abc"),
            "regex_min_offset: `abc` is not a whole number",
            5,
        ),
    ]
}

/// Lines of an instance that do nothing, or something else.
fn of_instances() -> Vec<Case> {
    vec![
        (
            instance("priority 100 advert_int 1\nvirtual_ipaddress {\n10.77.0.9\n}"),
            "`advert_int` stands on the line of `priority`",
            0,
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
    ]
}

/// What the whole daemon goes by.
fn of_global_settings() -> Vec<Case> {
    let global = |line: &str| format!("global_defs {{\n{line}\n}}\n{}", sound(""));
    vec![
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
    ]
}

/// Files and conditions that do not hold.
fn of_files() -> Vec<Case> {
    vec![
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
    ]
}

/// What the C daemon accepts without a word (`silent-mistakes.md`, first list): each is
/// told, and what changes the meaning fails the test.
#[test]
fn silent_mistakes_are_told() {
    let cases = [
        of_scripts(),
        of_virtual_servers(),
        of_instances(),
        of_global_settings(),
        of_files(),
    ]
    .concat();
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
        "virtual_server fwmark 7 {\nlvs_sched rr\nlvs_method DR\nreal_server 10.77.0.2 80 {\nTCP_CHECK {\n}\n}\n}\n".to_owned(),
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
