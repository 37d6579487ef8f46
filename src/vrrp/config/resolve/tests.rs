use std::path::Path;
use std::time::Duration;

use crate::control_plane::diag::{Code, Severity};
use crate::control_plane::files::Memory;
use crate::control_plane::{AnyMachine, LoadOptions, Loaded, load};
use crate::model::{Family, Priority};
use crate::vrrp::authentication::Authentication;
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
fn authentication_is_of_version_2() {
    let pass = "authentication {\nauth_type PASS\nauth_pass secret12\n}";
    let (instance, told) = with(&format!("{pass}\n{VIP}"));
    assert_eq!(told, []);
    let instance = instance.expect("an instance");
    assert!(
        matches!(instance.authentication, Authentication::Pass(password) if password.0 == *b"secret12")
    );
    assert!(
        !format!("{instance:?}").contains("secret"),
        "passwords stay out of debug text"
    );
    let (instance, told) = with(&format!("version 3\n{pass}\n{VIP}"));
    assert_eq!(told, [(Code::General, "PASS".into())]);
    assert_eq!(
        instance.expect("an instance").authentication,
        Authentication::None
    );
    let (instance, told) = with(&format!("authentication {{\nauth_type AH\n}}\n{VIP}"));
    assert_eq!(told, [(Code::General, "AH".into())]);
    assert_eq!(
        instance.expect("an instance").authentication,
        Authentication::None
    );
}

#[test]
fn a_long_password_counts_with_eight_octets() {
    let (instance, told) = with(&format!(
        "authentication {{\nauth_type PASS\nauth_pass secret123\n}}\n{VIP}"
    ));
    assert_eq!(told, [(Code::General, "secret123".into())]);
    let instance = instance.expect("an instance");
    assert!(
        matches!(instance.authentication, Authentication::Pass(password) if password.0 == *b"secret12")
    );
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
fn addresses_without_room_go_to_the_excluded_ones() {
    let mut lines = String::from("virtual_ipaddress {\n");
    for n in 0..300 {
        lines.push_str(&format!("10.0.{}.{}\n", n / 250, n % 250));
    }
    lines.push('}');
    let (instance, told) = with(&lines);
    let instance = instance.expect("an instance");
    assert_eq!(
        (instance.vips.len(), instance.excluded_vips.len()),
        (255, 45)
    );
    assert_eq!(told, [(Code::Warning, "10.0.1.5".into())]);
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
fn address_lines() {
    let good = |line: &str| {
        let (instance, told) = with(&format!("virtual_ipaddress {{\n{line}\n}}"));
        assert_eq!(told, [], "{line}");
        instance
            .expect("an instance")
            .vips
            .first()
            .cloned()
            .expect("an address")
    };
    assert_eq!(good("10.0.0.1").net.prefix, 32);
    let address = good("10.0.0.1/24 brd + dev eth1 scope link label eth1:v no_track");
    assert_eq!(
        address.broadcast.map(|brd| brd.to_string()).as_deref(),
        Some("10.0.0.255")
    );
    assert_eq!((address.scope, address.track), (253, false));
    assert_eq!(address.label.as_deref(), Some("eth1:v"));
    assert_eq!(good("fe80::1/64").preferred_lft, Some(u32::MAX));
    assert_eq!(good("fe80::1").preferred_lft, Some(0));
    assert!(good("fe80::1").nodad && !good("fe80::1 -nodad").nodad);
    for (line, code, word) in [
        ("10.0.0.1/33", Code::InvalidNumber, "10.0.0.1/33"),
        ("10.0.0.1 dev a dev b", Code::General, "dev"),
        ("10.0.0.1 labl x", Code::General, "labl"),
        (
            "10.0.0.1 brd 10.0.0.255 peer 10.0.0.2",
            Code::General,
            "10.0.0.1",
        ),
        ("10.0.0.1 10.0.0.2", Code::General, "10.0.0.2"),
        ("fe80::1 brd +", Code::General, "brd"),
    ] {
        let (_, told) = with(&format!("virtual_ipaddress {{\n{line}\n10.9.9.9\n}}"));
        assert_eq!(told, [(code, word.into())], "{line}");
    }
}

#[test]
fn an_option_that_is_wrong_is_left_out_and_its_address_is_not() {
    for (line, kept) in [
        ("10.0.0.1/33", "10.0.0.1/32"),
        ("10.0.0.1/24,", "10.0.0.1/32"),
        ("10.0.0.1/24 labl x", "10.0.0.1/24"),
        ("10.0.0.1/24 10.0.0.2", "10.0.0.1/24"),
        ("10.0.0.1/24 scope here", "10.0.0.1/24"),
        ("10.0.0.1/32 brd +", "10.0.0.1/32"),
        ("10.0.0.1/24 peer 10.0.0.2", "10.0.0.1/32"),
        ("fd00::1/64 peer fd00::2", "fd00::1/128"),
    ] {
        let (instance, told) = with(&format!("virtual_ipaddress {{\n{line}\n}}"));
        let vips = instance.expect("an instance").vips;
        let nets: Vec<_> = vips.iter().map(|vip| vip.net.value.to_string()).collect();
        assert_eq!(nets, [kept], "{line}");
        assert!(!told.is_empty(), "{line}");
        assert_eq!(vips.first().and_then(|vip| vip.broadcast), None, "{line}");
    }
    let (instance, _) = with("virtual_ipaddress {\n10.0.0.1 foo dev eth1 scope 7\n}");
    let vip = instance.and_then(|instance| instance.vips.first().cloned());
    let vip = vip.expect("an address");
    assert_eq!(
        vip.dev.map(|dev| dev.value.as_str().to_owned()).as_deref(),
        Some("eth1")
    );
    assert_eq!(vip.scope, 7);
    for void in [
        "10.0.0.1 dev a dev b",
        "fd00::1 brd +",
        "10.0.0.1 brd x",
        "10.0.0.1 label 0123456789abcdef",
    ] {
        let (instance, _) = with(&format!("virtual_ipaddress {{\n{void}\n10.9.9.9\n}}"));
        assert_eq!(instance.expect("an instance").vips.len(), 1, "{void}");
    }
    // What neutron writes.
    let (instance, told) = with("virtual_ipaddress {\nfe80::1/64 scope link\n}");
    assert_eq!(told, [(Code::Warning, "scope".into())]);
    assert_eq!(instance.expect("an instance").vips.len(), 1);
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

/// The virtual interface of an instance with these lines, as `NAME MAC`, whether
/// adverts go below it, and how much was said.
fn virtual_link(lines: &str) -> (Option<(String, bool)>, usize) {
    use crate::vrrp::config::VirtualLinkKind;
    let (instance, told) = with(lines);
    let link = instance.and_then(|instance| instance.virtual_link);
    let shown = link.map(|link| {
        let mac = match link.kind {
            VirtualLinkKind::Macvlan(mac) => mac.to_string(),
            VirtualLinkKind::Ipvlan { .. } => "ipvlan".to_owned(),
        };
        (format!("{} {mac}", link.name), link.xmit_base)
    });
    (shown, told.len())
}

#[test]
fn virtual_interfaces_and_their_addresses() {
    let expect = |name: &str, base: bool| Some((name.to_owned(), base));
    let of = |words: &str| virtual_link(&format!("{words}\n{VIP}"));
    let own = "vrrp.1 00:00:5e:00:01:01";
    assert_eq!(of("use_vmac"), (expect(own, false), 0));
    assert_eq!(of("use_vmac\nvmac_xmit_base"), (expect(own, true), 0));
    let five = of("use_vmac v0 02:00:00:00:aa");
    assert_eq!(five, (expect("v0 02:00:00:00:aa:01", false), 0));
    assert_eq!(of("use_vmac 01:00:00:00:00:01").1, 1, "a group");
    let another = of("use_vmac 00:00:5e:00:01:09");
    assert_eq!(another, (expect(own, false), 1), "another router's");
    let v6 = virtual_link(&format!("use_vmac\n{VIP6}"));
    assert_eq!(v6.0, expect("vrrp6.1 00:00:5e:00:02:01", false));
    let strict = of("strict_mode\nversion 3\nuse_vmac 02:00:00:00:aa\nvmac_xmit_base");
    assert_eq!(strict, (expect(own, false), 2));
    let unicast = of("use_vmac\nunicast_peer {\n10.0.0.9\n}");
    assert_eq!(unicast, (expect(own, true), 1));
    assert_eq!(of("use_ipvlan"), (None, 1), "IPv4 needs an address");
    let ipvlan = of("use_ipvlan 10.0.0.3 private");
    assert_eq!(ipvlan, (expect("vrrp.1 ipvlan", false), 0));
    assert_eq!(of("vmac_xmit_base"), (None, 1));
}

#[test]
fn virtual_interfaces_have_different_names() {
    let instance = |name: &str, below: &str| {
        format!(
            "vrrp_instance {name} {{\ninterface {below}\nvirtual_router_id 1\nuse_vmac\n{VIP}\n}}\n"
        )
    };
    let text = instance("A", "eth0") + &instance("B", "eth1");
    let config = read(&text).config.expect("it can run");
    let names = config.vrrp.instances.iter();
    let names: Vec<String> = names
        .filter_map(|instance| Some(instance.virtual_link.as_ref()?.name.to_string()))
        .collect();
    assert_eq!(names, ["vrrp.1", "vrrp1.1"]);
}

#[test]
fn auth_hmac_fills_in_what_is_not_said() {
    let key = "key 7 kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk";
    let of = |words: &str| with(&format!("auth_hmac {{\n{words}\n}}\n{VIP}"));
    let (instance, told) = of(&format!("{key}\nactive_key 7"));
    let hmac = instance.and_then(|instance| instance.auth_hmac);
    let hmac = hmac.expect("it is on");
    assert_eq!(told, []);
    assert_eq!((hmac.active_key, hmac.window), (7, Duration::from_secs(5)));
    assert!(!format!("{hmac:?}").contains("kkkk"), "no key in a dump");
    for off in [key.to_owned(), format!("{key}\nactive_key 8")] {
        let (instance, told) = of(&off);
        assert!(instance.is_some_and(|instance| instance.auth_hmac.is_none()));
        assert_eq!(told.len(), 1, "{off}");
    }
    assert_eq!(of("key 7 short\nactive_key 7").1.len(), 2);
}
