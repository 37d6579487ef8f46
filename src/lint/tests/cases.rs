//! One small file for each lint, with the place and the words that a user sees.

use std::collections::BTreeSet;

use super::{CHECKED, SCRIPT_RULES, instance, judged, service, sound, told};
use crate::control_plane::diag::Severity;
use crate::lint::{LINTS, LintOptions};

/// A lint, a file that has it, and what is told.
type Case = (&'static str, String, &'static str);

const V4: &str = "virtual_ipaddress {\n10.77.0.9\n}";

/// Each lint.
pub(super) fn cases() -> Vec<Case> {
    [
        of_election(),
        of_addresses(),
        of_authentication(),
        of_scripts(),
        of_services(),
        of_global_settings(),
        of_text(),
    ]
    .concat()
}

/// Priorities, states and virtual router identifiers.
fn of_election() -> Vec<Case> {
    let with_script = |rest: &str| {
        format!("{SCRIPT_RULES}vrrp_script S {{\nscript /bin/a\nweight 10\n}}\n{rest}")
    };
    vec![
        (
            "weight-never-moves",
            with_script(&instance(&format!(
                "priority 254\n{V4}\ntrack_script {{\nS\n}}"
            ))),
            "17:1 advice",
        ),
        (
            "nopreempt-with-weight",
            with_script(&sound("nopreempt\ntrack_script {\nS\n}")),
            "12:1 advice",
        ),
        ("equal-priorities", instance(V4), "1:15 advice"),
        (
            "nopreempt-with-master",
            sound("state MASTER\nnopreempt"),
            "5:1 error",
        ),
        (
            "backup-owner",
            instance(&format!("state BACKUP\npriority 255\n{V4}")),
            "4:7 warning",
        ),
        (
            "weight-not-counted",
            with_script(&instance(&format!(
                "priority 255\n{V4}\ntrack_script {{\nS\n}}"
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
            "single-member-group",
            format!("vrrp_sync_group G {{\ngroup {{\nA\n}}\n}}\n{}", sound("")),
            "1:17 warning",
        ),
        (
            "ipv6-version",
            instance("version 2\npriority 100\nvirtual_ipaddress {\nfe80::1\n}"),
            "4:9 warning",
        ),
    ]
}

/// Addresses and interfaces.
fn of_addresses() -> Vec<Case> {
    vec![
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
    ]
}

/// Passwords and strict mode.
fn of_authentication() -> Vec<Case> {
    vec![
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
            "strict-forbids",
            sound("strict_mode on\naccept\nversion 3\npreempt_delay 5"),
            "7:15 error",
        ),
        (
            "strict-drops-traffic",
            sound("strict_mode on"),
            "4:1 advice",
        ),
    ]
}

/// Scripts and pipes.
fn of_scripts() -> Vec<Case> {
    vec![
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
    ]
}

/// Virtual servers and their checks.
fn of_services() -> Vec<Case> {
    vec![
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

/// What the whole daemon goes by.
fn of_global_settings() -> Vec<Case> {
    vec![
        (
            "sync-daemon-unusable",
            format!(
                "global_defs {{\nlvs_sync_daemon gone0\n}}\n{}",
                service("", CHECKED)
            ),
            "2:17 warning",
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
    ]
}

/// What stands where in the file, and what of it is not there.
fn of_text() -> Vec<Case> {
    vec![
        (
            "two-statements",
            instance(&format!("priority 100 advert_int 1\n{V4}")),
            "4:14 advice",
        ),
        (
            "surplus-words",
            instance(&format!("priority 100 200\n{V4}")),
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
