//! `use_vmac` and `use_ipvlan`.

use super::{VIP, VIP6, read, with};

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
