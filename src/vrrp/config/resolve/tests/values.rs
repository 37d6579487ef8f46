//! Values that are out of range or given twice: which one counts, and with what status the
//! configuration test ends. A table for each kind of value.

use super::{VIP, read};
use crate::control_plane::Config;
use crate::global::ProcessNames;

/// What is looked at in a configuration.
type Look = fn(&Config) -> String;

/// Lines, the status of the configuration test, and what counts.
type Case = (&'static str, u8, &'static str);

const INSTANCE: &str = "interface eth0\nvirtual_router_id 1\npriority 100\n";

fn check(cases: &[Case], frame: fn(&str) -> String, look: Look) {
    for (lines, status, found) in cases {
        let loaded = read(&frame(lines));
        assert_eq!(loaded.diags.exit_status(), *status, "{lines}");
        let config = loaded.config.expect("a configuration");
        assert_eq!(look(&config), *found, "{lines}");
    }
}

fn global(lines: &str) -> String {
    format!("global_defs {{\n{lines}\n}}\nvrrp_instance A {{\n{INSTANCE}{VIP}\n}}\n")
}

fn instance(lines: &str) -> String {
    format!("vrrp_instance A {{\n{INSTANCE}{lines}\n{VIP}\n}}\n")
}

/// A weight of the instance for a script, a BFD session, a file and an interface.
fn tracked(lines: &str) -> String {
    format!(
        "bfd_instance b {{\nneighbor_ip 10.0.0.2\nweight 7\n}}\n\
         track_file f {{\nfile /tmp/f\n}}\n\
         vrrp_script s {{\nscript \"/bin/true\"\nuser root\n}}\n\
         global_defs {{\nenable_script_security\n}}\n\
         {}",
        instance(lines)
    )
}

#[test]
fn real_time_priorities_are_brought_into_their_range() {
    let look: Look = |config| format!("{:?}", config.global.vrrp_process.realtime);
    let cases = [
        ("vrrp_rt_priority 1", 0, "Some(1)"),
        ("vrrp_rt_priority 99", 0, "Some(99)"),
        ("vrrp_rt_priority 0", 5, "Some(1)"),
        ("vrrp_rt_priority 100", 5, "Some(99)"),
        ("vrrp_rt_priority -1", 5, "Some(1)"),
        ("vrrp_rt_priority 4294967296", 5, "Some(99)"),
        ("vrrp_rt_priority 12abc", 5, "None"),
        ("vrrp_rt_priority 5\nvrrp_rt_priority \"\"", 5, "Some(5)"),
    ];
    check(&cases, global, look);
}

#[test]
fn names_of_processes_are_cut() {
    let look: Look = |config| {
        let ProcessNames { parent, .. } = &config.global.process_names;
        parent.clone().unwrap_or_default()
    };
    let cases = [
        ("process_name fifteen-letters", 0, "fifteen-letters"),
        ("process_name fifteen-letters-", 5, "fifteen-letters"),
    ];
    check(&cases, global, look);
}

#[test]
fn a_mail_server_has_at_least_a_second() {
    let look: Look = |config| {
        let timeout = config.global.notify.mail.connect_timeout;
        timeout.as_secs().to_string()
    };
    let cases = [
        ("smtp_connect_timeout 4294", 0, "4294"),
        ("smtp_connect_timeout 0", 5, "1"),
        ("smtp_connect_timeout 4295", 5, "30"),
        ("smtp_connect_timeout 1.0", 5, "30"),
        ("smtp_connect_timeout -1", 5, "30"),
    ];
    check(&cases, global, look);
}

#[test]
fn masks_are_one_number_or_names() {
    let look: Look = |config| format!("{:?}", config.global.umask);
    let cases = [
        ("umask 077", 0, "Some(63)"),
        ("umask 0x1ff", 0, "Some(511)"),
        ("umask IRUSR | IWGRP", 0, "Some(272)"),
        ("umask 01000", 5, "None"),
        ("umask 5 5", 5, "None"),
    ];
    check(&cases, global, look);
}

/// Of a second definition the C daemon says so, and keeps the first.
#[test]
fn first_definitions_that_stay() {
    let look: Look = |config| {
        let global = &config.global;
        let table = global.nftables.table.clone().unwrap_or_default();
        let prefix = global.vmac_prefix.clone().unwrap_or_default();
        format!("{table} {prefix}")
    };
    let cases = [
        ("nftables a\nnftables b", 5, "a "),
        ("vmac_prefix a\nvmac_prefix b", 5, " a"),
        ("nftables_ipvs a\nnftables_ipvs b", 5, " "),
        ("tmp_config_directory /a\ntmp_config_directory /b", 5, " "),
    ];
    check(&cases, global, look);
}

#[test]
fn the_first_version_of_an_instance_stays() {
    let look: Look = |config| {
        let instance = config.vrrp.instances.first().expect("an instance");
        instance.version.number().to_string()
    };
    let cases = [
        ("version 2\nversion 2", 0, "2"),
        ("version 2\nversion 3", 5, "2"),
        ("version 3\nversion 2", 5, "3"),
        ("version 3\nversion 4", 5, "3"),
    ];
    check(&cases, instance, look);
}

#[test]
fn weights_of_what_is_tracked() {
    let look: Look = |config| {
        let instance = config.vrrp.instances.first().expect("an instance");
        let trackers = instance.trackers.iter().map(|tracker| tracker.weight);
        let links = instance.given.interfaces.iter().map(|link| link.weight);
        let trackers = trackers.map(|weight| weight.value);
        let weights: Vec<_> = trackers.chain(links).map(|it| it.to_string()).collect();
        weights.join(" ")
    };
    let cases = [
        ("track_script {\ns weight 253\n}", 0, "253"),
        ("track_script {\ns weight -254\n}", 5, "-253"),
        ("track_script {\ns weight 255\n}", 5, "0"),
        ("track_script {\ns weight 5 weight 6\n}", 5, "5"),
        ("track_script {\ns reverse\n}", 5, ""),
        ("track_bfd {\nb weight -253\n}", 0, "-253"),
        ("track_bfd {\nb weight 254\n}", 5, "7"),
        ("track_file {\nf weight 254\n}", 0, "254"),
        ("track_file {\nf weight 255\n}", 5, "1"),
        ("track_interface {\neth1 weight 254\n}", 5, "253"),
        ("track_interface {\neth1 weight 255\n}", 5, "0"),
        ("track_interface {\neth1 reverse\n}", 5, ""),
    ];
    check(&cases, tracked, look);
}

#[test]
fn times_of_scripts_have_three_decimals() {
    let frame = |lines: &str| {
        format!(
            "vrrp_script s {{\nscript \"/bin/true\"\nuser root\n{lines}\n}}\n\
             global_defs {{\nenable_script_security\n}}\n"
        )
    };
    let look: Look = |config| {
        let script = config.vrrp.scripts.first().expect("a script");
        script.interval.as_millis().to_string()
    };
    let cases = [
        ("interval 0.125", 0, "125"),
        ("interval 0.1250", 5, "125"),
        ("interval 0", 5, "1000"),
        ("interval 4294.967", 0, "4294967"),
        ("interval 4295", 5, "1000"),
    ];
    check(&cases, frame, look);
}

#[test]
fn files_and_processes_have_one_weight() {
    let frame = |lines: &str| {
        format!(
            "track_file f {{\nfile /tmp/f\n{lines}\n}}\n\
             vrrp_track_process p {{\nprocess foo\n{lines}\n}}\n"
        )
    };
    let look: Look = |config| {
        let file = config.vrrp.files.first().expect("a file").weight.value;
        let process = config.vrrp.processes.first().expect("a process");
        format!("{file} {}", process.weight.value)
    };
    let cases = [
        ("weight 5\nweight 6", 5, "5 5"),
        ("weight 254", 0, "254 254"),
        ("weight -255", 5, "1 0"),
    ];
    check(&cases, frame, look);
}

#[test]
fn numbers_that_files_are_made_with() {
    let frame = |lines: &str| format!("track_file f {{\nfile /tmp/f\n{lines}\n}}\n");
    let look: Look = |config| {
        let file = config.vrrp.files.first().expect("a file");
        file.init
            .map_or_else(String::new, |init| init.value.to_string())
    };
    let cases = [
        ("init_file 254 overwrite", 0, "254"),
        ("init_file -255", 5, "-255"),
        ("init_file 2147483648", 5, "0"),
    ];
    check(&cases, frame, look);
}

#[test]
fn who_is_to_be_master_stays_so() {
    let look: Look = |config| {
        let instance = config.vrrp.instances.first().expect("an instance");
        format!("{:?}", instance.initial_state)
    };
    let cases = [
        ("state BACKUP\nstate MASTER", 0, "Master"),
        ("state MASTER\nstate MASTER", 0, "Master"),
        ("state MASTER\nstate BACKUP", 5, "Master"),
        ("state master", 5, "Backup"),
    ];
    check(&cases, instance, look);
}

/// Without peers it is multicast, which is told for an empty list, too.
#[test]
fn a_list_without_peers() {
    let look: Look = |config| {
        let instance = config.vrrp.instances.first().expect("an instance");
        instance.is_unicast().to_string()
    };
    let cases = [
        ("unicast_peer {\n10.0.0.2\n}", 0, "true"),
        ("unicast_peer {\n}", 5, "false"),
        ("old_unicast_checksum", 5, "false"),
    ];
    check(&cases, instance, look);
}

/// Some blocks are named by the first word whatever follows, others not at all then.
#[test]
fn names_of_blocks() {
    let look: Look = |config| {
        let scripts = config.vrrp.scripts.iter().map(|script| &*script.name);
        let sessions = config.bfd.iter().map(|session| &*session.name);
        let groups = config.vrrp.track_groups.iter().map(|group| &*group.name);
        let names: Vec<_> = scripts.chain(sessions).chain(groups).cloned().collect();
        names.join(" ")
    };
    let frame = |lines: &str| format!("{lines}\n{}", global("enable_script_security"));
    let cases = [
        (
            "vrrp_script s t {\nscript \"/bin/true\"\nuser root\n}",
            5,
            "s",
        ),
        ("bfd_instance b c {\nneighbor_ip 10.0.0.2\n}", 5, "b"),
        ("track_group g h {\ngroup {\nA\n}\n}", 5, ""),
        ("track_group {\ngroup {\nA\n}\n}", 5, ""),
        ("track_group g {\ngroup {\nA\n}\ngroup {\nA\n}\n}", 5, "g"),
        ("bfd_instance {\nneighbor_ip 10.0.0.2\n}", 2, ""),
    ];
    check(&cases, frame, look);
}

#[test]
fn scopes_of_addresses_are_numbers_in_any_base() {
    let frame = |scope: &str| {
        format!(
            "vrrp_instance A {{\n{INSTANCE}virtual_ipaddress {{\n10.0.0.1 scope {scope}\n}}\n}}\n"
        )
    };
    let look: Look = |config| {
        let instance = config.vrrp.instances.first().expect("an instance");
        let scopes = instance.vips.iter().map(|vip| vip.scope.to_string());
        scopes.collect::<Vec<_>>().join(" ")
    };
    let cases = [
        ("link", 0, "253"),
        ("255", 0, "255"),
        ("0x10", 0, "16"),
        ("010", 0, "8"),
        ("256", 5, "0"),
        ("+5", 5, "0"),
        ("4294967296", 5, "0"),
    ];
    check(&cases, frame, look);
}
