//! What is told to those who ask once.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use keepalived::model::IfIndex;
use keepalived::netlink::header::{Message, kind};
use keepalived::netlink::link::LinkMessage;
use keepalived::netlink::{AddressMessage, AddressRequest, Operation, Tolerate, socket};

use crate::{Kernel, add_link, entered, net, v4};

/// More than one part of a dump takes.
const MANY: u32 = 1000;

#[test]
fn every_link_and_every_address_is_told_as_the_mirror_has_them() {
    if !entered() {
        return;
    }
    add_link();
    let mut kernel = Kernel::open();
    let interface = kernel.index("d0");
    for number in 1..=MANY {
        let request = AddressRequest::new(interface, v4(number));
        kernel
            .commander
            .push(&request, Operation::Add, 0, Tolerate::NOTHING);
    }
    assert!(kernel.run().iter().all(|outcome| outcome.result.is_ok()));

    let (mut links, mut addresses) = (BTreeSet::new(), BTreeSet::new());
    let mut hear = |message: &Message<'_>| match message.header.kind {
        kind::NEW_LINK => {
            let link = LinkMessage::parse(message).expect("a link");
            links.extend(link.name.map(str::to_owned));
        }
        kind::NEW_ADDRESS => {
            let address = AddressMessage::parse(message).expect("an address");
            addresses.extend(address.net().map(|net| (IfIndex(address.index), net)));
        }
        _ => {}
    };
    socket::list(1 << 16, &mut hear).unwrap();
    for name in ["d0", "lo", "p0"] {
        assert!(links.contains(name), "{name}: {links:?}");
    }
    let loopback = net(IpAddr::V4(Ipv4Addr::LOCALHOST), 8);
    assert!(addresses.contains(&(kernel.index("lo"), loopback)));
    let own = addresses.iter().filter(|(index, _)| *index == interface);
    let own: Vec<_> = own.map(|(_, net)| *net).collect();
    let mut wanted: Vec<_> = (1..=MANY).map(v4).collect();
    wanted.sort_unstable();
    assert_eq!(own, wanted);
}
