//! Links: names, carrier, bridges.

use keepalived::model::IfName;
use keepalived::netlink::{Change, Mirror};

use crate::{Kernel, add_link, entered, ip, wait_for_carrier};

#[test]
fn links_are_renamed_vanish_and_come_back() {
    if !entered() {
        return;
    }
    add_link();
    let mut kernel = Kernel::open();
    let index = kernel.index("d0");
    let up = |mirror: &Mirror| mirror.link(index).is_some_and(|link| link.is_running());
    assert!(up(&kernel.mirror));

    ip("link set d0 down");
    let changes = kernel.read_until(|mirror, _| !up(mirror));
    assert!(changes.contains(&Change::LinkDown { index }), "{changes:?}");
    ip("link set d0 name d7");
    let from = IfName::new("d0").unwrap();
    let renamed = Change::LinkRenamed { index, from };
    kernel.read_until(|_, changes| changes.contains(&renamed));
    assert!(
        kernel
            .mirror
            .link_named(&IfName::new("d0").unwrap())
            .is_none()
    );
    assert_eq!(kernel.index("d7"), index);
    ip("link set d7 mtu 1400");
    let changed = Change::LinkChanged { index };
    kernel.read_until(|mirror, changes| {
        changes.contains(&changed) && mirror.link(index).is_some_and(|link| link.mtu == 1400)
    });
    ip("link set d7 up");
    kernel.read_until(|mirror, _| up(mirror));

    ip("link del d7");
    let changes = kernel.read_until(|mirror, _| mirror.link(index).is_none());
    let name = IfName::new("d7").unwrap();
    let gone = Change::LinkRemoved { index, name };
    assert!(changes.contains(&Change::LinkDown { index }), "{changes:?}");
    assert!(changes.contains(&gone), "{changes:?}");
    assert_eq!(kernel.mirror.addresses_of(index).count(), 0);
    ip("link add d7 type bridge");
    kernel.read_until(|mirror, _| mirror.link_named(&IfName::new("d7").unwrap()).is_some());
    assert_ne!(kernel.index("d7"), index);
}

#[test]
fn carrier_and_bridge_ports_are_understood() {
    if !entered() {
        return;
    }
    ip("link add v0 type veth peer name v1");
    ip("link add b0 type bridge");
    ip("link set v0 up");
    ip("link set v1 up");
    wait_for_carrier(["v0", "v1"]);
    let mut kernel = Kernel::open();
    let (index, bridge) = (kernel.index("v0"), kernel.index("b0"));
    assert!(kernel.mirror.link(index).unwrap().is_running());
    assert_eq!(
        kernel.mirror.link(index).unwrap().kind.as_deref(),
        Some("veth")
    );
    ip("link set v1 down");
    let changes = kernel.read_until(|_, changes| changes.contains(&Change::LinkDown { index }));
    assert!(kernel.mirror.link(index).unwrap().is_up(), "{changes:?}");
    ip("link set v0 master b0");
    kernel.read_until(|m, _| m.link(index).is_some_and(|l| l.master == Some(bridge)));
    ip("link set v0 nomaster");
    kernel.read_until(|m, _| m.link(index).is_some_and(|l| l.master.is_none()));
    assert!(
        kernel.mirror.link(index).is_some(),
        "leaving a bridge is no end"
    );
}

#[test]
fn a_macvlan_is_made_with_its_mode_address_and_group() {
    use keepalived::model::MacAddr;
    use keepalived::netlink::header::{Header, flag, kind};
    use keepalived::netlink::link::{LinkMessage, MACVLAN_PRIVATE, macvlan_data};
    use keepalived::netlink::{Commander, Outcomes, Tolerate};

    if !entered() {
        return;
    }
    add_link();
    let mut kernel = Kernel::open();
    let parent = kernel.index("d0");
    let mac = MacAddr([0, 0, 0x5e, 0, 1, 7]);
    let data = macvlan_data(MACVLAN_PRIVATE);
    let request = LinkMessage {
        name: Some("vrrp.7"),
        parent: Some(parent),
        mac: Some(mac),
        group: Some(3),
        kind: Some("macvlan"),
        kind_data: Some(&data),
        ..LinkMessage::default()
    };
    let mut commander = Commander::open(1 << 16).unwrap();
    commander
        .batch()
        .push_with(1, Tolerate::NOTHING, |buffer, sequence| {
            let header = Header {
                kind: kind::NEW_LINK,
                flags: flag::REQUEST | flag::CREATE | flag::EXCLUSIVE,
                sequence,
                port: 0,
            };
            request.write(buffer, header);
        });
    commander.flush(1).unwrap();
    let mut outcomes = Outcomes::new();
    commander.read(&mut outcomes).unwrap();
    assert_eq!(outcomes.first().map(|o| o.result.is_ok()), Some(true));

    let name = IfName::new("vrrp.7").unwrap();
    kernel.read_until(|mirror, _| mirror.link_named(&name).is_some());
    let link = kernel.mirror.link_named(&name).unwrap();
    assert_eq!((link.parent, link.mac), (Some(parent), Some(mac)));
    assert_eq!((link.macvlan_mode, link.group), (Some(1), 3));
}
