use std::path::Path;
use std::rc::Rc;

use super::*;
use crate::control_plane::files::Memory;
use crate::control_plane::{AnyMachine, LoadOptions, load};

fn loaded(text: &str) -> Rc<Config> {
    let files = Memory::with("/conf", text);
    let options = LoadOptions::default();
    let loaded = load(&files, Path::new("/conf"), &options, &AnyMachine::default());
    loaded.config.expect("it can be used")
}

fn written(config: &Config) -> Vec<u8> {
    let mut octets = Vec::new();
    write(config, &mut octets).expect("a vector takes all");
    octets
}

fn instance(name: &str, vrid: u8, priority: u8) -> String {
    format!(
        "vrrp_instance {name} {{\ninterface eth0\nvirtual_router_id {vrid}\n\
         priority {priority}\nauthentication {{\nauth_type PASS\nauth_pass secret\n}}\n\
         virtual_ipaddress {{\n10.0.0.{vrid}\n}}\n}}\n"
    )
}

#[test]
fn what_is_read_is_what_was_written() {
    let address = |n: u32| format!("10.0.{}.{}\n", n / 250, n % 250 + 1);
    let addresses: String = (0..3000).map(address).collect();
    let (first, second) = (instance("A", 5, 100), instance("B", 6, 100));
    let config = loaded(&format!(
        "global_defs {{\nrouter_id R\n}}\nstatic_ipaddress {{\n{addresses}}}\n{first}{second}"
    ));
    let octets = written(&config);
    assert_eq!(read(&octets, None).as_ref(), Some(&*config));
    for length in [0, 3, 4, 100, octets.len() - 1] {
        let cut = octets.get(..length).expect("it is longer");
        assert_eq!(read(cut, None), None, "{length} octets");
    }
}

#[test]
fn instances_that_are_as_before_are_shared() {
    let of = |all: &[(&str, u8, u8)]| {
        let text: String = all.iter().map(|&(n, v, p)| instance(n, v, p)).collect();
        loaded(&format!("# {} lines\n{text}", all.len()))
    };
    let before = of(&[("A", 1, 100), ("B", 2, 100), ("C", 3, 100)]);
    let octets = written(&before);
    // One is new, one changes, one is gone, and the order is another.
    let after = of(&[("N", 9, 100), ("C", 3, 100), ("A", 1, 100), ("B", 2, 90)]);
    let now = Before {
        config: &before,
        octets: &octets,
    };
    let read = read(&written(&after), Some(now)).expect("its own octets");
    assert_eq!(read, *after);
    let [a, _, c] = before.vrrp.instances.as_slice() else {
        panic!("three instances");
    };
    let is_shared = |at: usize, with: &Shared<InstanceConfig>| {
        let instance = read.vrrp.instances.get(at).expect("four instances");
        std::ptr::eq(&raw const **instance, &raw const **with)
    };
    assert!(is_shared(1, c) && is_shared(2, a));
}

#[test]
fn checks_share_their_times_as_those_of_the_text_do() {
    let server = |n| format!("real_server 10.0.0.{n} 80 {{\nTCP_CHECK {{\n}}\n}}\n");
    let servers: String = (1..=3).map(server).collect();
    let config = loaded(&format!("virtual_server 10.1.1.1 80 {{\n{servers}}}\n"));
    let config = read(&written(&config), None).expect("its own octets");
    let servers = config.check.services.iter().flat_map(|s| &s.servers);
    let checkers: Vec<_> = servers.flat_map(|server| &server.checkers).collect();
    let [first, .., last] = checkers.as_slice() else {
        panic!("three checks");
    };
    assert!(Rc::ptr_eq(&first.timing, &last.timing));
}
