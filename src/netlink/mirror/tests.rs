#![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]

use super::*;
use crate::model::IpNet;
use crate::netlink::addr::{AddressFlags, AddressRequest, Operation};
use crate::netlink::header::{Header, Messages};
use crate::netlink::link::LinkFlags;

const UP: u32 = 0x1041;
const DOWN: u32 = 0x1001;
const OURS: u32 = 77;

struct Kernel {
    mirror: Mirror,
    changes: Changes,
}

impl Kernel {
    fn new() -> Self {
        Self {
            mirror: Mirror::new(),
            changes: Changes::new(),
        }
    }

    fn hear(&mut self, octets: &[u8]) {
        for message in Messages::new(octets) {
            self.mirror.hear(&message, Origin::of(&message, OURS));
        }
    }

    fn link(&mut self, kind: u16, index: u32, name: &str, flags: u32) {
        self.link_of(0, kind, index, name, flags);
    }

    fn link_of(&mut self, family: u8, kind: u16, index: u32, name: &str, flags: u32) {
        let link = LinkMessage {
            family,
            index,
            flags: LinkFlags(flags),
            name: Some(name),
            mtu: Some(1500),
            ..LinkMessage::default()
        };
        let mut buffer = Vec::new();
        let header = Header {
            kind,
            ..Header::default()
        };
        link.write(&mut buffer, header);
        self.hear(&buffer);
    }

    fn address(&mut self, kind: u16, port: u32, index: u32, net: IpNet) {
        self.address_with(kind, port, index, net, AddressFlags::default());
    }

    fn address_with(&mut self, kind: u16, port: u32, index: u32, net: IpNet, flags: AddressFlags) {
        let request = AddressRequest {
            flags,
            ..AddressRequest::new(IfIndex(index), net)
        };
        let mut buffer = Vec::new();
        let header = Header {
            kind,
            port,
            ..Header::default()
        };
        request.message(Operation::Add).write(&mut buffer, header);
        self.hear(&buffer);
    }

    fn settle(&mut self) -> Changes {
        self.mirror.settle(&mut self.changes);
        std::mem::take(&mut self.changes)
    }
}

fn net(text: &str, prefix: u8) -> IpNet {
    IpNet {
        addr: text.parse().unwrap(),
        prefix,
    }
}

fn name(text: &str) -> IfName {
    IfName::new(text).unwrap()
}

const INDEX: IfIndex = IfIndex(2);

fn added(net: IpNet, ours: bool) -> Change {
    Change::AddressAdded {
        index: INDEX,
        net,
        ours,
    }
}

fn removed(net: IpNet, ours: bool) -> Change {
    Change::AddressRemoved {
        index: INDEX,
        net,
        ours,
    }
}

#[test]
fn a_link_appears_works_and_fails() {
    let mut kernel = Kernel::new();
    kernel.link(kind::NEW_LINK, 2, "eth0", UP);
    let expected = [
        Change::LinkAdded { index: INDEX },
        Change::LinkUp { index: INDEX },
    ];
    assert_eq!(kernel.settle(), expected);
    kernel.link(kind::NEW_LINK, 2, "eth0", DOWN);
    assert_eq!(kernel.settle(), [Change::LinkDown { index: INDEX }]);
    assert_eq!(kernel.settle(), []);
    assert!(kernel.mirror.link(INDEX).unwrap().is_up());
}

#[test]
fn a_flap_within_a_round_is_no_change() {
    let mut kernel = Kernel::new();
    kernel.link(kind::NEW_LINK, 2, "eth0", UP);
    kernel.address(kind::NEW_ADDRESS, 0, 2, net("10.0.0.1", 24));
    kernel.settle();
    kernel.link(kind::NEW_LINK, 2, "eth0", DOWN);
    kernel.link(kind::NEW_LINK, 2, "eth0", UP);
    kernel.address(kind::DEL_ADDRESS, 0, 2, net("10.0.0.1", 24));
    kernel.address(kind::NEW_ADDRESS, 0, 2, net("10.0.0.1", 24));
    kernel.address(kind::NEW_ADDRESS, 0, 2, net("10.0.0.2", 24));
    kernel.address(kind::DEL_ADDRESS, 0, 2, net("10.0.0.2", 24));
    assert_eq!(kernel.settle(), []);
    assert_eq!(kernel.mirror.address_count(), 1);
}

#[test]
fn a_link_made_anew_is_another_one() {
    let mut kernel = Kernel::new();
    kernel.link(kind::NEW_LINK, 2, "eth0", UP);
    kernel.settle();
    kernel.link(kind::DEL_LINK, 2, "eth0", UP);
    kernel.link(kind::NEW_LINK, 2, "eth0", UP);
    let expected = [
        Change::LinkDown { index: INDEX },
        Change::LinkRemoved {
            index: INDEX,
            name: name("eth0"),
        },
        Change::LinkAdded { index: INDEX },
        Change::LinkUp { index: INDEX },
    ];
    assert_eq!(kernel.settle(), expected);
    assert_eq!(
        kernel.mirror.link_named(&name("eth0")).unwrap().index,
        INDEX
    );
}

#[test]
fn a_link_comes_back_with_another_index() {
    let mut kernel = Kernel::new();
    kernel.link(kind::NEW_LINK, 2, "eth0", UP);
    kernel.settle();
    kernel.link(kind::DEL_LINK, 2, "eth0", UP);
    kernel.link(kind::NEW_LINK, 9, "eth0", DOWN);
    let changes = kernel.settle();
    assert_eq!(
        changes.last(),
        Some(&Change::LinkAdded { index: IfIndex(9) })
    );
    assert_eq!(
        kernel.mirror.link_named(&name("eth0")).unwrap().index,
        IfIndex(9)
    );
    assert!(kernel.mirror.link(INDEX).is_none());
}

#[test]
fn two_links_swap_their_names() {
    let mut kernel = Kernel::new();
    kernel.link(kind::NEW_LINK, 2, "a", UP);
    kernel.link(kind::NEW_LINK, 3, "b", UP);
    kernel.settle();
    kernel.link(kind::NEW_LINK, 2, "t", UP);
    kernel.link(kind::NEW_LINK, 3, "a", UP);
    kernel.link(kind::NEW_LINK, 2, "b", UP);
    let expected = [
        Change::LinkRenamed {
            index: INDEX,
            from: name("a"),
        },
        Change::LinkRenamed {
            index: IfIndex(3),
            from: name("b"),
        },
    ];
    assert_eq!(kernel.settle(), expected);
    assert_eq!(
        kernel.mirror.link_named(&name("a")).unwrap().index,
        IfIndex(3)
    );
    assert_eq!(kernel.mirror.link_named(&name("b")).unwrap().index, INDEX);
    assert!(kernel.mirror.link_named(&name("t")).is_none());
}

#[test]
fn a_port_that_leaves_its_bridge_stays_a_link() {
    let mut kernel = Kernel::new();
    kernel.link(kind::NEW_LINK, 2, "eth0", UP);
    kernel.settle();
    kernel.link_of(family::BRIDGE, kind::DEL_LINK, 2, "eth0", UP);
    assert_eq!(kernel.settle(), []);
    assert!(kernel.mirror.link(INDEX).is_some());
}

#[test]
fn a_vanished_link_takes_its_addresses_along() {
    let mut kernel = Kernel::new();
    kernel.link(kind::NEW_LINK, 2, "eth0", DOWN);
    kernel.address(kind::NEW_ADDRESS, 0, 2, net("10.0.0.1", 24));
    kernel.address(kind::NEW_ADDRESS, 0, 3, net("10.0.0.1", 24));
    kernel.settle();
    kernel.link(kind::DEL_LINK, 2, "eth0", DOWN);
    let expected = [
        Change::LinkRemoved {
            index: INDEX,
            name: name("eth0"),
        },
        removed(net("10.0.0.1", 24), false),
    ];
    assert_eq!(kernel.settle(), expected);
    assert!(
        kernel
            .mirror
            .has_address(IfIndex(3), net("10.0.0.1", 24).addr)
    );
}

#[test]
fn own_echoes_are_marked_unless_somebody_else_took_part() {
    let mut kernel = Kernel::new();
    let (a, b) = (net("10.0.0.1", 32), net("10.0.0.2", 32));
    kernel.address(kind::NEW_ADDRESS, OURS, 2, a);
    kernel.address(kind::NEW_ADDRESS, 0, 2, b);
    assert_eq!(kernel.settle(), [added(a, true), added(b, false)]);
    kernel.address(kind::DEL_ADDRESS, OURS, 2, a);
    kernel.address(kind::NEW_ADDRESS, OURS, 2, a);
    kernel.address(kind::DEL_ADDRESS, 9, 2, a);
    kernel.address(kind::DEL_ADDRESS, OURS, 2, b);
    assert_eq!(kernel.settle(), [removed(a, false), removed(b, true)]);
}

#[test]
fn one_number_with_two_prefixes_is_two_addresses() {
    let mut kernel = Kernel::new();
    let (host, subnet) = (net("10.0.0.1", 32), net("10.0.0.1", 24));
    kernel.address(kind::NEW_ADDRESS, 0, 2, host);
    kernel.address(kind::NEW_ADDRESS, 0, 2, subnet);
    kernel.settle();
    assert_eq!(kernel.mirror.addresses_like(INDEX, host.addr).count(), 2);
    kernel.address(kind::DEL_ADDRESS, 0, 2, host);
    assert_eq!(kernel.settle(), [removed(host, false)]);
    assert!(kernel.mirror.has_address(INDEX, host.addr));
    let left: Vec<_> = kernel.mirror.addresses_of(INDEX).map(|a| a.net).collect();
    assert_eq!(left, [subnet]);
    kernel.address(kind::DEL_ADDRESS, 0, 2, subnet);
    assert_eq!(kernel.settle(), [removed(subnet, false)]);
    assert_eq!(kernel.mirror.address_count(), 0);
}

#[test]
fn the_source_is_the_first_usable_address() {
    let mut kernel = Kernel::new();
    kernel.address(kind::NEW_ADDRESS, 0, 2, net("2001:db8::1", 64));
    let tentative = AddressFlags::TENTATIVE;
    kernel.address_with(kind::NEW_ADDRESS, 0, 2, net("fe80::1", 64), tentative);
    kernel.address(kind::NEW_ADDRESS, 0, 2, net("10.0.0.7", 24));
    kernel.address(kind::NEW_ADDRESS, 0, 2, net("10.0.0.1", 24));
    kernel.settle();
    let source = |kernel: &Kernel, family| kernel.mirror.source_address(INDEX, family, |_| false);
    assert_eq!(source(&kernel, Family::V4), Some(net("10.0.0.7", 24).addr));
    assert_eq!(source(&kernel, Family::V6), None);
    let skipped = kernel
        .mirror
        .source_address(INDEX, Family::V4, |a| a.net == net("10.0.0.7", 24));
    assert_eq!(skipped, Some(net("10.0.0.1", 24).addr));
    kernel.address(kind::NEW_ADDRESS, 0, 2, net("fe80::1", 64));
    let ended = Change::AddressChanged {
        index: INDEX,
        net: net("fe80::1", 64),
    };
    assert_eq!(kernel.settle(), [ended]);
    assert_eq!(source(&kernel, Family::V6), Some(net("fe80::1", 64).addr));
}

#[test]
fn after_a_loss_only_the_difference_is_told() {
    let mut kernel = Kernel::new();
    let nets: Vec<_> = (1..=4).map(|n| net(&format!("10.0.0.{n}"), 24)).collect();
    kernel.link(kind::NEW_LINK, 2, "eth0", UP);
    kernel.link(kind::NEW_LINK, 3, "eth1", UP);
    for &net in &nets[..3] {
        kernel.address(kind::NEW_ADDRESS, 0, 2, net);
    }
    kernel.settle();

    kernel.mirror.lost();
    assert!(kernel.mirror.is_resynchronising());
    kernel.link(kind::NEW_LINK, 2, "lan", UP);
    assert!(
        kernel
            .settle()
            .iter()
            .all(|c| matches!(c, Change::LinkRenamed { .. }))
    );
    kernel.address(kind::NEW_ADDRESS, 0, 2, nets[1]);
    kernel.address(kind::NEW_ADDRESS, 0, 2, nets[3]);
    kernel.mirror.resynchronised();
    let expected = [
        Change::LinkDown { index: IfIndex(3) },
        Change::LinkRemoved {
            index: IfIndex(3),
            name: name("eth1"),
        },
        added(nets[3], false),
        removed(nets[0], false),
        removed(nets[2], false),
    ];
    assert_eq!(kernel.settle(), expected);
    assert!(!kernel.mirror.is_resynchronising());
    assert!(kernel.mirror.link_named(&name("eth1")).is_none());
    assert!(kernel.mirror.link_named(&name("eth0")).is_none());
}

#[test]
fn the_picture_agrees_with_a_plain_list() {
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    let event = (any::<bool>(), 1..4_u32, 0..6_u8, 24..26_u8, any::<bool>());
    let events = proptest::collection::vec(event, 0..200);
    proptest!(|(events in events)| {
        let mut kernel = Kernel::new();
        let mut model = BTreeSet::new();
        let mut told = BTreeSet::new();
        for (is_new, index, host, prefix, settle) in events {
            let net = net(&format!("10.0.0.{host}"), prefix);
            if is_new {
                kernel.address(kind::NEW_ADDRESS, 0, index, net);
                model.insert((IfIndex(index), net));
            } else {
                kernel.address(kind::DEL_ADDRESS, 0, index, net);
                model.remove(&(IfIndex(index), net));
            }
            if settle {
                follow(&mut told, &kernel.settle());
                prop_assert_eq!(&told, &model);
            }
        }
        follow(&mut told, &kernel.settle());
        prop_assert_eq!(&told, &model);
        prop_assert_eq!(kernel.mirror.address_count(), model.len());
        for (index, net) in model {
            prop_assert!(kernel.mirror.addresses_of(index).any(|a| a.net == net));
        }
    });
}

fn follow(told: &mut std::collections::BTreeSet<(IfIndex, IpNet)>, changes: &[Change]) {
    for change in changes {
        if let Change::AddressAdded { index, net, .. } = change {
            assert!(told.insert((*index, *net)), "{change:?}");
        } else if let Change::AddressRemoved { index, net, .. } = change {
            assert!(told.remove(&(*index, *net)), "{change:?}");
        } else {
            panic!("{change:?}");
        }
    }
}
