//! Links: names, carrier, bridges.

use keepalived::model::IfName;
use keepalived::netlink::{Change, Mirror};

use crate::{Kernel, add_link, entered, ip};

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
    kernel.read_until(|_, changes| changes.contains(&Change::LinkChanged { index }));
    assert_eq!(kernel.mirror.link(index).unwrap().mtu, 1400);
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
