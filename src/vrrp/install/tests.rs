//! What waits, and in which order it leaves.

use super::*;

const A: InstanceId = InstanceId(0);
const B: InstanceId = InstanceId(1);

fn of_addresses(addresses: u32) -> Layout {
    Layout {
        addresses,
        ..Layout::default()
    }
}

/// An installer whose instances have so many addresses.
fn installer<const N: usize>(addresses: [u32; N]) -> Installer {
    let mut installer = Installer::new(N);
    for (number, addresses) in (0..).zip(addresses) {
        let layout = Layout {
            addresses,
            ..Layout::default()
        };
        installer.set_layout(InstanceId(number), layout);
    }
    installer
}

fn drain(installer: &mut Installer) -> Vec<(u32, u32, Wanted)> {
    std::iter::from_fn(|| installer.take())
        .map(|o| (o.instance.0, o.index, o.wanted))
        .collect()
}

#[test]
fn a_master_gets_all_its_addresses_in_order() {
    let mut installer = installer([2, 1]);
    installer.add_all(A);
    installer.add_all(B);
    let all = drain(&mut installer);
    assert_eq!(
        all,
        [
            (0, 0, Wanted::Present),
            (0, 1, Wanted::Present),
            (1, 0, Wanted::Present)
        ]
    );
    assert!(installer.is_idle());
}

#[test]
fn only_what_was_sent_is_removed_when_mastership_ends_early() {
    let mut installer = installer([1000]);
    installer.add_all(A);
    for _ in 0..3 {
        installer.take();
    }
    installer.remove_all(A);
    let all = drain(&mut installer);
    assert_eq!(
        all,
        [
            (0, 0, Wanted::Absent),
            (0, 1, Wanted::Absent),
            (0, 2, Wanted::Absent)
        ]
    );
}

#[test]
fn a_removal_that_still_waits_comes_before_the_next_addition() {
    let mut installer = installer([1]);
    installer.add_all(A);
    installer.take();
    installer.remove_all(A);
    installer.add_all(A);
    assert_eq!(
        drain(&mut installer),
        [(0, 0, Wanted::Absent), (0, 0, Wanted::Present)]
    );
}

#[test]
fn answers_tell_how_far_an_instance_is() {
    let mut installer = installer([2]);
    installer.add_all(A);
    assert_eq!(installer.waiting(), 2);
    let first = installer.take().expect("two wait");
    assert_eq!(installer.waiting(), 1);
    let second = installer.take().expect("one waits");
    assert!(!installer.holds(A, 0));
    assert_eq!(installer.settled(first), Some(1));
    assert!(installer.holds(A, 0) && !installer.holds(A, 1));
    assert_eq!(installer.settled(second), Some(2));
}

#[test]
fn a_late_answer_of_an_earlier_mastership_counts_for_nothing() {
    let mut installer = installer([1]);
    installer.add_all(A);
    let order = installer.take().expect("one waits");
    installer.remove_all(A);
    assert_eq!(installer.settled(order), None);
    assert!(!installer.holds(A, 0));
}

#[test]
fn what_the_kernel_refuses_is_not_there_until_it_is_asked_again() {
    let mut installer = installer([2]);
    installer.add_all(A);
    let orders: Vec<_> = std::iter::from_fn(|| installer.take()).collect();
    let [first, second] = orders[..] else {
        panic!("two orders");
    };
    installer.refuse(first);
    for order in [first, second] {
        installer.settled(order);
    }
    let has = |installer: &Installer| [0, 1].map(|index| installer.has(A, index));
    assert_eq!(has(&installer), [false, true]);
    assert!(installer.holds(A, 0), "it is still ours to put back");
    installer.add_one(A, 0);
    installer.take().expect("asked again");
    assert_eq!(has(&installer), [true, true]);
}

#[test]
fn rules_leave_before_routes_and_routes_before_addresses() {
    let mut installer = Installer::new(1);
    let layout = Layout {
        addresses: 2,
        routes: 1,
        rules: 2,
    };
    installer.set_layout(A, layout);
    installer.add_all(A);
    let added = drain(&mut installer);
    assert!(added.iter().map(|(_, index, _)| *index).eq(0..5));
    installer.remove_all(A);
    let removed = drain(&mut installer);
    let order: Vec<_> = removed.iter().map(|(_, index, _)| *index).collect();
    assert_eq!(order, [3, 4, 2, 0, 1]);
}

#[test]
fn routes_that_were_not_sent_are_not_removed() {
    let mut installer = Installer::new(1);
    let layout = Layout {
        addresses: 1,
        routes: 2,
        rules: 1,
    };
    installer.set_layout(A, layout);
    installer.add_all(A);
    for _ in 0..2 {
        installer.take();
    }
    assert_eq!(installer.remove_all(A), 2);
    let removed = drain(&mut installer);
    let order: Vec<_> = removed.iter().map(|(_, index, _)| *index).collect();
    assert_eq!(order, [1, 0]);
}

#[test]
fn a_reload_takes_the_removals_and_goes_on_behind_what_is_there() {
    let mut old = Installer::new(2);
    old.set_layout(A, of_addresses(3));
    old.set_layout(B, of_addresses(5));
    old.add_all(A);
    old.take();
    old.add_all(B);
    old.remove_all(A);
    let removals = old.take_removals();
    assert_eq!(removals.len(), 1);
    assert_eq!((old.sent(A), old.is_idle()), (0, true));
    let mut new = Installer::new(1);
    new.set_layout(A, of_addresses(3));
    new.resume(A, 1);
    new.add_from(A, 1, 3);
    assert!(new.holds(A, 0) && !new.holds(A, 1));
    assert_eq!(
        drain(&mut new),
        [(0, 1, Wanted::Present), (0, 2, Wanted::Present)]
    );
    assert_eq!(new.remove_all(A), 3);
}
