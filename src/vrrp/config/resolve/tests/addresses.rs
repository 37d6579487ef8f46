//! Lines of addresses: what is kept of them.

use super::with;
use crate::control_plane::diag::Code;

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
        ("10.0.0.1/24 10.0.0.2,", "10.0.0.1/24"),
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
