mod addresses;
mod authentication;
mod values;
mod virtual_links;

use std::path::Path;
use std::time::Duration;

use crate::control_plane::diag::{Code, Severity};
use crate::control_plane::files::Memory;
use crate::control_plane::{AnyMachine, LoadOptions, Loaded, load};
use crate::model::{Family, Priority};
use crate::vrrp::config::{InitialState, InstanceConfig};
use crate::wire::vrrp::Version;

fn read(text: &str) -> Loaded {
    let machine = AnyMachine {
        missing: vec!["nope".into()],
    };
    let files = Memory::with("/k.conf", text);
    load(
        &files,
        Path::new("/k.conf"),
        &LoadOptions::default(),
        &machine,
    )
}

/// An instance with these lines besides the obligatory ones, and its messages
/// that count: class and word.
fn with(lines: &str) -> (Option<InstanceConfig>, Vec<(Code, String)>) {
    all(&format!(
        "vrrp_instance A {{\ninterface eth0\nvirtual_router_id 1\n{lines}\n}}\n"
    ))
}

fn all(text: &str) -> (Option<InstanceConfig>, Vec<(Code, String)>) {
    let loaded = read(text);
    let counted = loaded.diags.list.iter();
    let told = counted
        .filter(|diag| diag.severity > Severity::Note)
        .map(|diag| (diag.code, loaded.map.text(diag.span.unwrap_or_default())))
        .collect();
    let first = loaded
        .config
        .and_then(|config| config.vrrp.instances.first().map(|first| (**first).clone()));
    (first, told)
}

const VIP: &str = "virtual_ipaddress {\n10.0.0.1\n}";
const VIP6: &str = "virtual_ipaddress {\nfe80::1\n}";

#[test]
fn defaults() {
    let (instance, told) = with(VIP);
    let instance = instance.expect("an instance");
    assert_eq!(told, []);
    assert_eq!(
        (instance.family, instance.version),
        (Family::V4, Version::V2)
    );
    assert_eq!(instance.priority, Priority(100));
    assert_eq!(instance.initial_state, InitialState::Backup);
    assert_eq!(instance.advert_interval, Duration::from_secs(1));
    assert_eq!(instance.down_timer_adverts, 3);
    assert_eq!(instance.multicast_group.to_string(), "224.0.0.18");
    assert_eq!(instance.garp.delay, Duration::from_secs(5));
    assert_eq!(
        (instance.garp.repeat, instance.garp.lower_prio_repeat),
        (5, 5)
    );
    assert!(!instance.nopreempt && instance.accept && !instance.owner_ignore_adverts);
}

#[test]
fn family_and_version_follow_the_first_address() {
    let (instance, told) = with(VIP6);
    let instance = instance.expect("an instance");
    assert_eq!(told, []);
    assert_eq!(
        (instance.family, instance.version),
        (Family::V6, Version::V3)
    );
    assert_eq!(instance.multicast_group.to_string(), "ff02::12");
    let (_, told) = with(&format!("version 2\n{VIP6}"));
    assert_eq!(told, [(Code::Warning, "2".into())]);
    let (instance, told) = with("virtual_ipaddress {\n10.0.0.1\nfe80::1\n}");
    assert_eq!(told, [(Code::General, "fe80::1".into())]);
    assert_eq!(instance.expect("an instance").vips.len(), 1);
}

#[test]
fn state_and_priority_give_each_other_their_defaults() {
    let cases = [
        ("state MASTER", 255, InitialState::Master),
        ("priority 255", 255, InitialState::Master),
        ("state BACKUP", 100, InitialState::Backup),
        ("state MASTER\npriority 50", 50, InitialState::Master),
    ];
    for (lines, priority, state) in cases {
        let (instance, told) = with(&format!("{lines}\n{VIP}"));
        let instance = instance.expect("an instance");
        assert_eq!(told, [], "{lines}");
        assert_eq!(
            (instance.priority.0, instance.initial_state),
            (priority, state),
            "{lines}"
        );
    }
}

#[test]
fn whoever_starts_as_master_preempts() {
    for (lines, word) in [
        ("state MASTER\nnopreempt", "nopreempt"),
        ("priority 255\nnopreempt", "nopreempt"),
        ("state MASTER\npriority 9\npreempt_delay 3", "3"),
        ("state BACKUP\nnopreempt\npreempt_delay 3", "3"),
    ] {
        let (instance, told) = with(&format!("{lines}\n{VIP}"));
        let instance = instance.expect("an instance");
        assert_eq!(told, [(Code::General, word.into())], "{lines}");
        assert!(instance.preempt_delay.is_zero(), "{lines}");
        assert_eq!(
            instance.nopreempt,
            lines.starts_with("state BACKUP"),
            "{lines}"
        );
    }
    let (instance, _) = with(&format!("nopreempt\npreempt\n{VIP}"));
    assert!(!instance.expect("an instance").nopreempt);
}

#[test]
fn the_interval_is_what_an_advert_can_carry_and_never_changed_silently() {
    let cases = [
        ("2", "0.5", 1000, true),
        ("2", "3", 3000, false),
        ("2", "1.7", 2000, true),
        ("3", "0.25", 250, false),
        ("3", "0.015", 20, true),
        ("3", "41", 40_950, true),
    ];
    for (version, interval, millis, told_so) in cases {
        let (instance, told) = with(&format!("version {version}\nadvert_int {interval}\n{VIP}"));
        let instance = instance.expect("an instance");
        assert_eq!(
            instance.advert_interval,
            Duration::from_millis(millis),
            "{interval}"
        );
        assert_eq!(!told.is_empty(), told_so, "{interval}: {told:?}");
    }
}

#[test]
fn some_mistakes_leave_nothing_to_run() {
    for text in [
        "vrrp_instance A {\ninterface eth0\nvirtual_ipaddress {\n10.0.0.1\n}\n}",
        "vrrp_instance A {\nvirtual_router_id 1\nvirtual_ipaddress {\n10.0.0.1\n}\n}",
        "vrrp_instance A {\ninterface nope\nvirtual_router_id 1\nvirtual_ipaddress {\n10.0.0.1\n}\n}",
        "vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nversion 3\n}",
        "vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n10.0.0.1\n}\n}\n\
         vrrp_instance B {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n10.0.0.2\n}\n}",
        "static_ipaddress {\n10.0.0.1 dev nope\n}",
    ] {
        let loaded = read(text);
        assert!(loaded.config.is_none(), "{text}");
        assert_ne!(loaded.diags.exit_status(), 0, "{text}");
    }
}

#[test]
fn dynamic_interfaces_may_be_absent() {
    let text = "global_defs {\ndynamic_interfaces\n}\nvrrp_instance A {\ninterface nope\n\
                virtual_router_id 1\nvirtual_ipaddress {\n10.0.0.1\n}\n}";
    let (instance, told) = all(text);
    assert_eq!(told, []);
    assert!(instance.is_some());
}

#[test]
fn the_same_router_id_may_be_used_apart() {
    for apart in ["interface eth1", "mcast_dst_ip 224.0.0.77"] {
        let text = format!(
            "vrrp_instance A {{\ninterface eth0\nvirtual_router_id 1\n{VIP}\n}}\n\
             vrrp_instance B {{\ninterface eth0\n{apart}\nvirtual_router_id 1\n{VIP}\n}}"
        );
        assert_eq!(all(&text).1, [], "{apart}");
    }
}

#[test]
fn unicast() {
    let peers = "unicast_src_ip 10.0.0.9\nunicast_peer {\n10.0.0.2 min_ttl 255\n10.0.0.3\n}";
    let (instance, told) = with(&format!("{peers}\nunicast_ttl 64\n{VIP}"));
    let instance = instance.expect("an instance");
    assert_eq!(told, []);
    assert!(instance.is_unicast() && instance.check_unicast_src);
    assert_eq!(instance.unicast_ttl, Some(64));
    let ttl = instance
        .unicast_peers
        .first()
        .map(|peer| (peer.min_ttl, peer.max_ttl));
    assert_eq!(ttl, Some((255, 255)));
    let (instance, told) = with(&format!("unicast_ttl 64\n{VIP}"));
    assert_eq!(told, [(Code::General, "64".into())]);
    assert_eq!(instance.expect("an instance").unicast_ttl, None);
    let (_, told) = with(&format!(
        "unicast_peer {{\n10.0.0.2\nfe80::2\n10.0.0.2\n}}\n{VIP}"
    ));
    assert_eq!(
        told,
        [
            (Code::General, "fe80::2".into()),
            (Code::General, "10.0.0.2".into())
        ]
    );
}

#[test]
fn global_settings_reach_instances_wherever_they_stand() {
    let text = format!(
        "vrrp_instance A {{\ninterface eth0\nvirtual_router_id 1\ngarp_master_repeat 2\n{VIP}\n}}\n\
         global_defs {{\nvrrp_version 3\nvrrp_min_garp\nvrrp_garp_master_refresh 60\n\
         vrrp_down_timer_adverts 5\nvrrp_lower_prio_no_advert\n}}"
    );
    let (instance, told) = all(&text);
    let instance = instance.expect("an instance");
    assert_eq!(told, []);
    assert_eq!(
        (instance.version, instance.down_timer_adverts),
        (Version::V3, 5)
    );
    assert!(instance.lower_prio_no_advert);
    assert_eq!(
        (instance.garp.repeat, instance.garp.delay),
        (2, Duration::ZERO)
    );
    assert_eq!(instance.garp.refresh, Duration::from_secs(60));
}

#[test]
fn no_burst_is_without_messages() {
    let (instance, told) = with(&format!(
        "garp_master_repeat 0\ngarp_master_refresh_repeat 0\ngarp_lower_prio_repeat 0\n{VIP}"
    ));
    let garp = instance.expect("an instance").garp;
    let repeats = (garp.repeat, garp.refresh_repeat, garp.lower_prio_repeat);
    assert_eq!(repeats, (1, 1, 0));
    assert_eq!(told.len(), 2);
    let text = format!(
        "vrrp_instance A {{\ninterface eth0\nvirtual_router_id 1\n{VIP}\n}}\n\
         global_defs {{\nvrrp_garp_master_repeat 0\n}}"
    );
    let (instance, told) = all(&text);
    assert_eq!(instance.expect("an instance").garp.repeat, 1);
    assert_eq!(told.len(), 1);
}

#[test]
fn the_own_interface_has_a_weight_only_if_it_may_be_down() {
    let tracked = |lines: &str| {
        let (instance, _) = with(&format!("{lines}\n{VIP}"));
        let tracked = instance.expect("an instance").track_interfaces;
        tracked.iter().map(|t| t.weight).collect::<Vec<_>>()
    };
    assert_eq!(tracked("track_interface {\neth0 weight -7\n}"), []);
    assert_eq!(
        tracked("dont_track_primary\ntrack_interface {\neth0 weight -7\n}"),
        [-7]
    );
    assert_eq!(
        tracked("dont_track_primary\ntrack_interface {\neth0\n}"),
        []
    );
}

#[test]
fn mistakes_in_tracked_names_and_peers_leave_what_is_named() {
    let lines = "virtual_ipaddress {\n10.0.0.1\n}\ntrack_interface {\neth1 weight abc\neth2 weight 300\n\
                 eth3 weight 254\neth4 weight -254\neth5 foo\neth6 weight\neth7 weight 5 noreverse\n}";
    let (instance, told) = with(lines);
    let tracked = instance.expect("an instance").track_interfaces;
    let tracked: Vec<_> = tracked
        .iter()
        .map(|t| (t.name.as_str(), t.weight))
        .collect();
    let expected = [
        ("eth1", 0),
        ("eth2", 0),
        ("eth3", 253),
        ("eth4", -253),
        ("eth7", 5),
    ];
    assert_eq!(tracked, expected);
    assert_eq!(told.len(), 7);
    let (instance, told) = all(
        "track_file f {\nfile /tmp/f\nweight 300\n}\ntrack_file g {\nfile /tmp/g\nweight 3\n}\n\
         vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n10.0.0.1\n}\n\
         track_file {\nf\ng weight 999\n}\n}\n",
    );
    let trackers = instance.expect("an instance").trackers;
    let weights: Vec<_> = trackers.iter().map(|used| used.weight.value).collect();
    assert_eq!(weights, [1, 3]);
    assert_eq!(told.len(), 2);
    let (instance, told) = with(
        "virtual_ipaddress {\n10.0.0.1\n}\nunicast_peer {\n10.0.1.1 min_ttl 300\n10.0.1.2 foo\n\
         10.0.1.3/24\n10.0.1.4 max_ttl\n10.0.1.300\n}",
    );
    let peers = instance.expect("an instance").unicast_peers;
    assert_eq!(peers.len(), 4);
    assert_eq!(told.len(), 5);
}
