//! What is said of objects, and when.

use super::*;
use crate::dbus::line::Occasion;
use crate::model::{Family, Vrid};

const ROOT: &str = "/org/keepalived/Vrrp1/Instance/eth0";

fn path(vrid: u8) -> String {
    format!("{ROOT}/{vrid}/IPv4")
}

fn instance(vrid: u8, state: State) -> News {
    let identity = Identity {
        name: format!("VI_{vrid}"),
        interface: Some("eth0".to_owned()),
        vrid: Vrid(vrid),
        family: Family::V4,
    };
    News::Instance(identity, state)
}

fn begins(started: bool, reloaded: bool) -> News {
    News::Begins(Occasion { started, reloaded })
}

/// On a bus, with these instances that have just been started.
fn running(vrids: &[u8]) -> Objects {
    let mut objects = Objects::new(Paths::new(None, None, "none"));
    objects.connected();
    objects.on(begins(true, false));
    for &vrid in vrids {
        objects.on(instance(vrid, State::Init));
    }
    objects.on(News::Ends);
    objects
}

fn said(objects: &mut Objects) -> Vec<Signal> {
    std::iter::from_fn(|| objects.take()).collect()
}

fn status(vrid: u8, state: State) -> Signal {
    Signal::Status(path(vrid), state)
}

#[test]
fn a_start_and_each_transition_are_said_in_order() {
    let mut objects = running(&[1]);
    for state in [State::Backup, State::Master, State::Backup] {
        objects.on(instance(1, state));
    }
    let expected = [
        Signal::Started,
        Signal::Added(path(1)),
        status(1, State::Backup),
        status(1, State::Master),
        status(1, State::Backup),
    ];
    assert_eq!(said(&mut objects), expected);
    let object = objects.get(&path(1)).unwrap();
    assert_eq!(
        (object.name.as_str(), object.state),
        ("VI_1", State::Backup)
    );
}

#[test]
fn a_reload_adds_and_removes_objects_and_is_said_before_new_states() {
    let mut objects = running(&[1, 2]);
    said(&mut objects);
    objects.on(begins(false, true));
    objects.on(instance(2, State::Init));
    objects.on(instance(3, State::Backup));
    objects.on(News::Ends);
    let expected = [
        Signal::Added(path(3)),
        Signal::Removed(path(1)),
        Signal::Reloaded,
        status(3, State::Backup),
    ];
    assert_eq!(said(&mut objects), expected);
    let paths: Vec<&str> = objects.instances().map(|(path, _)| path).collect();
    assert_eq!(paths, [path(2), path(3)]);
}

#[test]
fn a_list_that_begins_anew_is_still_that_of_a_reload() {
    let mut objects = running(&[1]);
    said(&mut objects);
    objects.on(begins(false, true));
    objects.on(instance(2, State::Backup));
    objects.on(begins(false, false));
    objects.on(instance(1, State::Init));
    objects.on(instance(2, State::Master));
    objects.on(News::Ends);
    let expected = [
        Signal::Added(path(2)),
        Signal::Reloaded,
        status(2, State::Master),
    ];
    assert_eq!(said(&mut objects), expected);
}

#[test]
fn a_bus_that_comes_late_is_told_the_newest_states() {
    let mut objects = running(&[1, 2]);
    for state in [State::Backup, State::Master] {
        objects.on(instance(1, state));
    }
    objects.connected();
    let expected = [Signal::Started, status(1, State::Master)];
    assert_eq!(said(&mut objects), expected);
    objects.connected();
    assert_eq!(said(&mut objects), [], "another bus, and nothing new");
    objects.on(begins(false, true));
    objects.on(instance(1, State::Master));
    objects.on(instance(2, State::Init));
    objects.on(News::Ends);
    objects.connected();
    assert_eq!(said(&mut objects), [Signal::Reloaded]);
}

#[test]
fn a_reload_that_changes_names_is_said_below_the_new_ones() {
    let mut objects = running(&[1]);
    said(&mut objects);
    objects.on(begins(false, true));
    objects = objects.renamed(Paths::new(None, Some("other"), "none"));
    objects.on(News::Ends);
    objects.connected();
    assert_eq!(said(&mut objects), [Signal::Reloaded]);
}

#[test]
fn a_bus_that_does_not_read_costs_no_memory() {
    let mut objects = running(&[1, 2]);
    objects.on(instance(2, State::Backup));
    for _ in 0..100_000 {
        objects.on(instance(1, State::Backup));
        objects.on(instance(1, State::Master));
    }
    assert!(objects.queue.len() <= QUEUE, "{}", objects.queue.len());
    let signals = said(&mut objects);
    assert_eq!(signals.first(), Some(&Signal::Started));
    assert!(signals.contains(&status(2, State::Backup)));
    assert_eq!(signals.last(), Some(&status(1, State::Master)));
}

#[test]
fn the_end_is_said_after_the_last_states() {
    let mut objects = running(&[1]);
    said(&mut objects);
    objects.on(instance(1, State::Stop));
    objects.on(News::Stopped);
    let expected = [status(1, State::Stop), Signal::Stopped];
    assert_eq!(said(&mut objects), expected);
}
