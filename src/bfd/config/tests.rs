//! What a user writes, and what comes out.

use super::*;
use crate::control_plane::diag::{Diag, Severity};
use crate::control_plane::files::Memory;
use crate::control_plane::load::{AnyMachine, LoadOptions, Loaded, load};
use std::path::Path;

fn loaded(text: &str) -> Loaded {
    let files = Memory::with("/k.conf", text);
    load(
        &files,
        Path::new("/k.conf"),
        &LoadOptions::default(),
        &AnyMachine::default(),
    )
}

fn sessions(text: &str) -> Vec<SessionConfig> {
    let loaded = loaded(text);
    let good = |diag: &Diag| diag.severity == Severity::Note;
    assert!(
        loaded.diags.list.iter().all(good),
        "{:?}",
        loaded.diags.list
    );
    loaded.config.expect("usable").bfd.clone()
}

fn complaints(text: &str) -> (Vec<String>, Vec<SessionConfig>) {
    let loaded = loaded(text);
    let texts = loaded.diags.list.iter().map(|diag| diag.text.clone());
    (texts.collect(), loaded.config.expect("usable").bfd.clone())
}

#[test]
fn the_defaults_are_those_of_the_manual() {
    let all = sessions(
        "bfd_instance A {\n neighbor_ip 10.0.0.2\n}\nbfd_instance B {\n neighbour_ip fd00::2\n}\n",
    );
    let [a, b] = &all[..] else {
        panic!("two sessions")
    };
    assert_eq!((a.ttl(), b.ttl()), (255, 64));
    assert_eq!((a.least_ttl(), b.least_ttl()), (255, 64));
    let ten = Duration::from_millis(10);
    assert_eq!((a.min_rx, a.min_tx), (ten, ten));
    assert_eq!((a.idle_tx, a.multiplier), (Duration::from_secs(1), 5));
    assert!(a.tells_vrrp() && a.tells_checker() && !a.passive && !a.multihop);
}

#[test]
fn a_link_local_neighbour_is_on_an_interface() {
    let text = |neighbour| format!("bfd_instance A {{\n neighbor_ip {neighbour}\n}}\n");
    let [session] = &sessions(&text("fe80::1%eth0"))[..] else {
        panic!("one session")
    };
    let interface = session.interface.as_ref().map(IfName::as_str);
    let address: Option<IpAddr> = "fe80::1".parse().ok();
    assert_eq!(
        (Some(session.neighbour.value), interface),
        (address, Some("eth0"))
    );
    let dumped = loaded(&text("fe80::1%eth0")).config.expect("usable").dump();
    assert!(dumped.contains("neighbor_ip fe80::1%eth0"), "{dumped}");
    let (texts, all) = complaints(&text("fe80::1"));
    assert!(texts[0].contains("`fe80::1%eth0`"), "{texts:?}");
    assert_eq!(all.len(), 1);
    for bad in [
        "fd00::1%eth0",
        "10.0.0.1%eth0",
        "fe80::1%",
        "fe80::1%a/b",
        "%eth0",
    ] {
        let (texts, all) = complaints(&text(bad));
        assert!(!texts.is_empty() && all.is_empty(), "{bad}");
    }
}

#[test]
fn each_keyword_has_its_effect() {
    let text = "bfd_instance A {\n neighbor_ip fd00::2\n source_ip fd00::1\n min_rx 50.125\n \
                min_tx 20\n idle_tx 2000\n multiplier 3\n passive\n hoplimit 255\n max_hops 5\n \
                multihop yes\n weight -20 reverse\n checker\n}\n";
    let all = sessions(text);
    let [a] = &all[..] else { panic!("one session") };
    assert_eq!(a.source.as_ref().map(|s| s.value), "fd00::1".parse().ok());
    assert_eq!(a.min_rx, Duration::from_micros(50_125));
    assert_eq!(a.min_tx, Duration::from_millis(20));
    assert_eq!(a.idle_tx, Duration::from_secs(2));
    assert_eq!((a.multiplier, a.passive, a.multihop), (3, true, true));
    assert_eq!((a.ttl(), a.least_ttl()), (255, 250));
    assert_eq!((a.weight.value, a.weight.reverse), (-20, true));
    assert_eq!((a.tells_vrrp(), a.tells_checker()), (false, true));
    let again = loaded(text).config.expect("usable").print(false);
    assert_eq!(sessions(&again), all, "{again}");
}

#[test]
fn no_check_of_hops_is_said_in_two_ways() {
    for hops in ["-1", "255"] {
        let text = format!("bfd_instance A {{\n neighbor_ip fd00::2\n max_hops {hops}\n}}\n");
        assert_eq!(sessions(&text)[0].least_ttl(), 0);
    }
}

#[test]
fn a_session_without_neighbour_is_left_out() {
    let (texts, sessions) = complaints("bfd_instance A {\n passive\n}\n");
    assert_eq!(texts, ["bfd_instance `A` has no neighbor_ip"]);
    assert!(sessions.is_empty());
}

#[test]
fn both_addresses_are_of_one_family() {
    let text = "bfd_instance A {\n neighbor_ip 10.0.0.2\n source_ip fd00::1\n}\n";
    let (texts, sessions) = complaints(text);
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(sessions.is_empty());
}

#[test]
fn sessions_with_the_same_ends_are_one_too_many() {
    let one = |name: &str, more: &str| {
        format!("bfd_instance {name} {{\n neighbor_ip 10.0.0.2\n{more}}}\n")
    };
    let text = one("A", "") + &one("B", " multihop\n") + &one("C", " source_ip 10.0.0.1\n");
    assert_eq!(sessions(&text).len(), 3);
    let (texts, sessions) = complaints(&(text + &one("D", "")));
    assert_eq!(
        texts,
        ["bfd_instance `D` has the addresses of bfd_instance `A`"]
    );
    assert_eq!(sessions.len(), 3);
}

#[test]
fn more_hops_than_the_ttl_are_cut() {
    let text = "bfd_instance A {\n neighbor_ip 10.0.0.2\n ttl 10\n max_hops 11\n}\n";
    let (texts, sessions) = complaints(text);
    assert_eq!(texts, ["max_hops 11 is more than the ttl: 10 is used"]);
    assert_eq!(sessions[0].least_ttl(), 0);
}

#[test]
fn a_tracked_session_that_was_left_out_is_not_tracked() {
    let text = "bfd_instance A {\n}\nbfd_instance B {\n neighbor_ip 10.0.0.2\n weight 7\n}\n\
                vrrp_instance V {\n interface eth0\n virtual_router_id 1\n track_bfd {\n A\n B\n }\n \
                virtual_ipaddress {\n 10.0.0.9\n }\n}\n";
    let config = loaded(text).config.expect("usable");
    let tracked = &config.vrrp.instances[0].trackers;
    assert_eq!(tracked.len(), 1);
    assert_eq!((tracked[0].index, tracked[0].weight.value), (0, 7));
    assert_eq!(config.bfd[tracked[0].index].name.value, "B");
}
