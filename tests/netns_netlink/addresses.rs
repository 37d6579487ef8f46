//! Addresses: batches, refusals, echoes, overruns.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::AsFd;

use keepalived::model::{IfIndex, IfName};
use keepalived::netlink::addr::{AddressFlags, Lifetime};
use keepalived::netlink::{AddressRequest, Change, Changes, Operation, Outcomes, Tolerate};
use keepalived::sys::fd::wait_readable;

use crate::{Kernel, LIMIT, add_link, entered, ip, ip_output, is_foreign, net, v4};

#[test]
fn three_thousand_addresses_are_added_seen_and_removed() {
    if !entered() {
        return;
    }
    add_link();
    let mut kernel = Kernel::open();
    let interface = kernel.index("d0");
    let before = kernel.mirror.address_count();
    for number in 1..=3000 {
        let request = AddressRequest::new(interface, v4(number));
        let ticket = u64::from(number);
        kernel
            .commander
            .push(&request, Operation::Add, ticket, Tolerate::NOTHING);
    }
    assert_eq!(kernel.commander.flush(1000).unwrap(), 1000);
    let mut outcomes = Outcomes::new();
    kernel.commander.read(&mut outcomes).unwrap();
    assert_eq!(outcomes.len(), 1000, "the first part is settled at once");
    outcomes.extend(kernel.run());
    assert_eq!(outcomes.len(), 3000);
    assert!(outcomes.iter().all(|outcome| outcome.result.is_ok()));
    assert!((1..).zip(&outcomes).all(|(ticket, o)| o.ticket == ticket));

    let changes = kernel.read_until(|mirror, _| mirror.address_count() == before + 3000);
    assert!(!changes.iter().any(is_foreign), "only own echoes");
    assert!(kernel.mirror.has_address(interface, v4(1234).addr));
    let first = kernel
        .mirror
        .addresses_of(interface)
        .find(|a| a.net == v4(1));
    assert_eq!(first.map(|address| address.protocol), Some(18));

    for number in 1..=3000 {
        let request = AddressRequest::new(interface, v4(number));
        kernel
            .commander
            .push(&request, Operation::Delete, 0, Tolerate::NOTHING);
    }
    assert!(kernel.run().iter().all(|outcome| outcome.result.is_ok()));
    let changes = kernel.read_until(|mirror, _| mirror.address_count() == before);
    assert!(!changes.iter().any(is_foreign));
    assert_eq!(kernel.monitor.overruns(), 0);
}

#[test]
fn refusals_belong_to_their_tickets() {
    if !entered() {
        return;
    }
    let mut kernel = Kernel::open();
    let interface = kernel.index("lo");
    let good = AddressRequest::new(interface, v4(1));
    let twice = good;
    let nowhere = AddressRequest::new(IfIndex(4711), v4(2));
    let c = &mut kernel.commander;
    c.push(&good, Operation::Add, 1, Tolerate::NOTHING);
    c.push(&twice, Operation::Add, 2, Tolerate::NOTHING);
    c.push(&twice, Operation::Add, 3, Tolerate::EXISTS);
    c.push(&nowhere, Operation::Delete, 4, Tolerate::GONE);
    c.push(&nowhere, Operation::Add, 5, Tolerate::EXISTS);
    let mut outcomes = kernel.run();
    outcomes.sort_by_key(|outcome| outcome.ticket);
    let errnos: Vec<_> = outcomes
        .iter()
        .map(|o| o.result.as_ref().err().map_or(0, |error| error.errno))
        .collect();
    assert_eq!(errnos, [0, libc::EEXIST, 0, 0, libc::ENODEV]);
    let label = AddressRequest {
        flags: AddressFlags::MCAUTOJOIN,
        ..AddressRequest::new(interface, v4(9))
    };
    let refused = kernel.command(&label, Operation::Add).result.unwrap_err();
    assert!(!refused.to_string().is_empty());
}

#[test]
fn the_kernels_words_come_with_the_refusal() {
    if !entered() {
        return;
    }
    let mut kernel = Kernel::open();
    let request = AddressRequest::new(IfIndex(4711), net(Ipv6Addr::LOCALHOST, 128));
    let error = kernel.command(&request, Operation::Add).result.unwrap_err();
    assert_eq!(error.errno, libc::ENODEV);
    let text = error.text.expect("extended acknowledgement");
    assert!(!text.is_empty());
}

#[test]
fn an_address_removed_by_somebody_else_is_told() {
    if !entered() {
        return;
    }
    let mut kernel = Kernel::open();
    let index = kernel.index("lo");
    kernel.command(&AddressRequest::new(index, v4(1)), Operation::Add);
    kernel.read(&mut Changes::new());
    ip("addr del 10.0.0.1/32 dev lo");
    let changes = kernel.read_until(|_, changes| !changes.is_empty());
    let gone = Change::AddressRemoved {
        index,
        net: v4(1),
        ours: false,
    };
    assert_eq!(changes, [gone]);
    assert!(!kernel.mirror.has_address(index, v4(1).addr));
}

#[test]
fn every_kind_of_address_can_be_removed_again() {
    if !entered() {
        return;
    }
    add_link();
    let mut kernel = Kernel::open();
    let interface = kernel.index("d0");
    let plain = |addr: &str, prefix| {
        AddressRequest::new(interface, net(addr.parse::<IpAddr>().unwrap(), prefix))
    };
    let requests = [
        AddressRequest {
            peer: Some(net(Ipv4Addr::new(10, 1, 0, 2), 32)),
            ..plain("10.1.0.1", 32)
        },
        AddressRequest {
            peer: Some(net(Ipv4Addr::new(10, 1, 0, 3), 24)),
            ..plain("10.1.0.1", 32)
        },
        AddressRequest {
            broadcast: Some(Ipv4Addr::new(10, 2, 0, 255)),
            label: Some("d0:vip"),
            scope: 253,
            flags: AddressFlags::NOPREFIXROUTE,
            ..plain("10.2.0.1", 24)
        },
        AddressRequest {
            peer: Some(net("fd00::2".parse::<Ipv6Addr>().unwrap(), 128)),
            flags: AddressFlags::NODAD,
            ..plain("fd00::1", 128)
        },
        AddressRequest {
            flags: AddressFlags::NODAD.with(AddressFlags::NOPREFIXROUTE),
            lifetime: Some(Lifetime {
                preferred: 0,
                valid: Lifetime::FOREVER,
            }),
            ..plain("fd00::3", 128)
        },
    ];
    let before = ip_output("-br addr show dev d0");
    for request in &requests {
        for operation in [Operation::Add, Operation::Replace, Operation::Delete] {
            let outcome = kernel.command(request, operation);
            assert_eq!(outcome.result, Ok(()), "{operation:?} {request:?}");
            let shown = ip_output("-d addr show dev d0");
            let text = request.local.addr.to_string();
            let is_shown =
                shown.contains(&format!("{text}/")) || shown.contains(&format!("{text} peer"));
            assert_eq!(is_shown, operation != Operation::Delete, "{shown}");
        }
    }
    assert_eq!(ip_output("-br addr show dev d0"), before);
    let changes = kernel.read_until(|m, _| !m.has_address(interface, requests[4].local.addr));
    assert!(!changes.iter().any(is_foreign), "{changes:?}");
}

#[test]
fn words_of_a_request_arrive_in_the_kernel() {
    if !entered() {
        return;
    }
    add_link();
    let mut kernel = Kernel::open();
    let interface = kernel.index("d0");
    let request = AddressRequest {
        broadcast: Some(Ipv4Addr::new(10, 2, 0, 255)),
        label: Some("d0:vip"),
        scope: 253,
        lifetime: Some(Lifetime {
            preferred: 1000,
            valid: 2000,
        }),
        ..AddressRequest::new(interface, net(Ipv4Addr::new(10, 2, 0, 1), 24))
    };
    assert_eq!(kernel.command(&request, Operation::Add).result, Ok(()));
    let shown = ip_output("-d -4 addr show dev d0");
    for word in [
        "10.2.0.1/24",
        "brd 10.2.0.255",
        "scope link",
        "d0:vip",
        "preferred_lft",
    ] {
        assert!(shown.contains(word), "{word} in {shown}");
    }
    assert!(!shown.contains("valid_lft forever"), "{shown}");
}

#[test]
fn after_an_overrun_only_the_difference_is_told() {
    if !entered() {
        return;
    }
    add_link();
    ip("addr add 192.0.2.1/24 dev d0");
    ip("addr add 192.0.2.2/24 dev d0");
    let mut kernel = Kernel::with_buffer(2048);
    let index = kernel.index("d0");
    // Its addition is in the buffer, its removal is lost.
    ip("addr add 192.0.2.99/24 dev d0");
    for number in 1..=500 {
        let request = AddressRequest::new(index, v4(number));
        kernel
            .commander
            .push(&request, Operation::Add, 0, Tolerate::NOTHING);
    }
    kernel.run();
    ip("addr del 192.0.2.2/24 dev d0");
    ip("addr del 192.0.2.99/24 dev d0");
    ip("link add d1 type bridge");
    let named = IfName::new("d1").unwrap();
    let mut changes = kernel.read_until(|mirror, _| {
        !mirror.is_resynchronising() && mirror.link_named(&named).is_some()
    });
    assert!(kernel.monitor.overruns() > 0, "the buffer was too small");
    for number in 1..=500 {
        assert!(
            kernel.mirror.has_address(index, v4(number).addr),
            "{number}"
        );
        let added = changes.iter().filter(
            |change| matches!(change, Change::AddressAdded { net, .. } if *net == v4(number)),
        );
        assert_eq!(added.count(), 1, "{number} is told once");
    }
    let ghost = net(Ipv4Addr::new(192, 0, 2, 99), 24);
    assert!(!kernel.mirror.has_address(index, ghost.addr));
    // It may have been told as added, then it is told as removed.
    changes.retain(|change| !matches!(change, Change::AddressRemoved { net, .. } if *net == ghost));
    changes.retain(|change| !matches!(change, Change::AddressAdded { .. }));
    let (removed, added) = (
        Change::AddressRemoved {
            index,
            net: net(Ipv4Addr::new(192, 0, 2, 2), 24),
            ours: false,
        },
        Change::LinkAdded {
            index: kernel.index("d1"),
        },
    );
    assert!(changes.contains(&removed) && changes.contains(&added));
    assert_eq!(changes.len(), 2, "{changes:?}");
    ip("addr del 192.0.2.1/24 dev d0");
    let changes = kernel.read_until(|_, changes| !changes.is_empty());
    assert_eq!(changes.len(), 1, "events are followed again: {changes:?}");
}

/// The kernel with echoes muted, and its interface with a cable.
fn muted() -> (Kernel, IfIndex) {
    add_link();
    let mut kernel = Kernel::open();
    let interface = kernel.index("d0");
    kernel.monitor.mute(kernel.commander.port()).unwrap();
    (kernel, interface)
}

/// Hear everything again, until the mirror has it all.
fn unmute(kernel: &mut Kernel) -> Changes {
    kernel.monitor.unmute().unwrap();
    assert!(!kernel.monitor.is_complete(), "a dump is to come");
    let mut changes = Changes::new();
    kernel.read(&mut changes);
    while !kernel.monitor.is_complete() {
        assert!(wait_readable(kernel.monitor.as_fd(), LIMIT).unwrap());
        kernel.read(&mut changes);
    }
    changes
}

fn command_many(kernel: &mut Kernel, interface: IfIndex, operation: Operation) {
    for number in 1..=300 {
        let request = AddressRequest::new(interface, v4(number));
        kernel
            .commander
            .push(&request, operation, 0, Tolerate::NOTHING);
    }
    assert!(kernel.run().iter().all(|outcome| outcome.result.is_ok()));
}

#[test]
fn muted_echoes_are_made_up_for_by_a_dump() {
    if !entered() {
        return;
    }
    let (mut kernel, interface) = muted();
    command_many(&mut kernel, interface, Operation::Add);
    let mut changes = Changes::new();
    kernel.read(&mut changes);
    assert_eq!(changes, [], "not one echo");
    assert!(!kernel.monitor.is_complete());
    let added = unmute(&mut kernel);
    assert_eq!(added.len(), 300);
    assert!((1..=300).all(|n| kernel.mirror.has_address(interface, v4(n).addr)));
    assert_eq!(kernel.monitor.overruns(), 0, "that was no loss");

    kernel.monitor.mute(kernel.commander.port()).unwrap();
    command_many(&mut kernel, interface, Operation::Delete);
    let removed = unmute(&mut kernel);
    assert_eq!(removed.len(), 300);
    assert!(kernel.mirror.link(interface).is_some(), "links stay");
    let heard = kernel.command(&AddressRequest::new(interface, v4(1)), Operation::Add);
    assert_eq!(heard.result, Ok(()));
    let ours = kernel.read_until(|_, changes| !changes.is_empty());
    assert!(!is_foreign(&ours[0]), "own echoes are heard as before");
}

#[test]
fn a_deletion_right_after_an_unheard_addition_is_seen() {
    if !entered() {
        return;
    }
    let (mut kernel, interface) = muted();
    command_many(&mut kernel, interface, Operation::Add);
    ip("addr del 10.0.0.7/32 dev d0");
    ip("addr add 10.9.9.9/32 dev d0");
    let foreign = kernel.read_until(|_, changes| !changes.is_empty());
    let other = net(Ipv4Addr::new(10, 9, 9, 9), 32);
    let appeared = Change::AddressAdded {
        index: interface,
        net: other,
        ours: false,
    };
    assert_eq!(foreign, [appeared], "what others add is heard at once");
    assert_eq!(unmute(&mut kernel).len(), 299);
    assert!(!kernel.mirror.has_address(interface, v4(7).addr));
    assert!(kernel.mirror.has_address(interface, v4(8).addr));
}

#[test]
fn an_unheard_addition_after_a_deletion_is_no_loss() {
    if !entered() {
        return;
    }
    add_link();
    let mut kernel = Kernel::open();
    let interface = kernel.index("d0");
    let request = AddressRequest::new(interface, v4(1));
    kernel.command(&request, Operation::Add);
    kernel.read_until(|mirror, _| mirror.has_address(interface, v4(1).addr));
    kernel.monitor.mute(kernel.commander.port()).unwrap();
    ip("addr del 10.0.0.1/32 dev d0");
    assert_eq!(kernel.command(&request, Operation::Add).result, Ok(()));
    kernel.read_until(|mirror, _| !mirror.has_address(interface, v4(1).addr));
    unmute(&mut kernel);
    assert!(
        kernel.mirror.has_address(interface, v4(1).addr),
        "its deletion was before our addition"
    );
}

#[test]
fn a_loss_while_muted_is_made_up_for_too() {
    if !entered() {
        return;
    }
    add_link();
    let mut kernel = Kernel::with_buffer(4096);
    let interface = kernel.index("d0");
    kernel.monitor.mute(kernel.commander.port()).unwrap();
    command_many(&mut kernel, interface, Operation::Add);
    // Another socket's echoes are heard; there is no room for so many.
    let mut other = Kernel::open();
    for number in 301..=600 {
        let request = AddressRequest::new(interface, v4(number));
        let commander = &mut other.commander;
        commander.push(&request, Operation::Add, 0, Tolerate::NOTHING);
    }
    assert!(other.run().iter().all(|outcome| outcome.result.is_ok()));
    let mut changes = Changes::new();
    kernel.read(&mut changes);
    assert!(kernel.monitor.overruns() > 0);
    // The dump of that loss is under way, from before this.
    let last = AddressRequest::new(interface, v4(601));
    assert_eq!(kernel.command(&last, Operation::Add).result, Ok(()));
    unmute(&mut kernel);
    assert!((1..=601).all(|n| kernel.mirror.has_address(interface, v4(n).addr)));
}
