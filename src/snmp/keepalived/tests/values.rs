//! What single variables say.

use super::{Program, get, program};
use crate::snmp::Value;

fn texts(program: &mut Program, rows: &[&[u32]]) -> Vec<String> {
    let values = rows.iter().map(|row| get(program, row));
    values
        .map(|value| {
            let Value::OctetString(octets) = value else {
                panic!("{value:?} is no text");
            };
            String::from_utf8(octets).unwrap()
        })
        .collect()
}

#[test]
fn instances_as_the_c_daemon_tells_them() {
    let mut program = program();
    let row = |column, number| [2, 3, 1, column, number];
    assert_eq!(
        texts(
            &mut program,
            &[
                &row(2, 1),
                &row(18, 2),
                &row(22, 1),
                &row(23, 1),
                &row(17, 1)
            ]
        ),
        [
            "VI_1",
            "G1",
            "'/bin/true' 'a b' 'c'",
            "'/bin/sh' '-c' 'true'",
            "eth0"
        ]
    );
    // Hundredths of a second for version 3.
    assert_eq!(get(&mut program, &row(12, 1)), Value::Gauge32(1));
    assert_eq!(get(&mut program, &row(12, 2)), Value::Gauge32(50));
    assert_eq!(get(&mut program, &row(27, 1)), Value::Integer(0));
    assert_eq!(get(&mut program, &row(27, 2)), Value::Integer(2));
    // A unicast instance has no group.
    assert_eq!(get(&mut program, &row(35, 3)), Value::NoSuchInstance);
}

#[test]
fn what_is_static_belongs_to_instance_0() {
    let mut program = program();
    let address = get(&mut program, &[2, 6, 1, 3, 0, 1]);
    assert_eq!(address, Value::OctetString(vec![10, 99, 0, 1]));
    let destination = get(&mut program, &[2, 7, 1, 3, 0, 1]);
    assert_eq!(destination, Value::OctetString(vec![10, 98, 0, 0]));
    assert_eq!(get(&mut program, &[2, 8, 1, 25, 0, 1]), Value::Gauge32(900));
}

#[test]
fn tracked_interfaces_stand_by_their_numbers() {
    let mut program = program();
    assert_eq!(
        texts(&mut program, &[&[2, 4, 1, 1, 1, 3], &[2, 14, 1, 1, 1, 3]]),
        ["eth1", "eth1"]
    );
    assert_eq!(
        get(&mut program, &[2, 4, 1, 1, 1, 1]),
        Value::NoSuchInstance
    );
    program.links.clear();
    assert_eq!(
        get(&mut program, &[2, 4, 1, 1, 1, 3]),
        Value::NoSuchInstance
    );
}

#[test]
fn weights_of_trackers_are_those_that_count() {
    let mut program = program();
    let weights = [
        // Of the line, of the definition.
        ([2, 5, 1, 3, 1, 1], 7),
        ([2, 5, 1, 3, 1, 2], -5),
        ([2, 5, 1, 4, 1, 2], 1),
        ([2, 17, 1, 3, 1, 1], 6),
        ([2, 17, 1, 4, 1, 1], 1),
        ([2, 16, 1, 3, 1, 1], 1),
        ([2, 22, 1, 3, 1, 1], 4),
    ];
    for (numbers, weight) in weights {
        assert_eq!(
            get(&mut program, &numbers),
            Value::Integer(weight),
            "{numbers:?}"
        );
    }
}

#[test]
fn routes_and_next_hops() {
    let mut program = program();
    let number = |n| Value::Integer(n);
    // Several next hops, blackhole, link scope, 1.6 s, a tunnel.
    assert_eq!(get(&mut program, &[2, 7, 1, 10, 1, 2]), number(2));
    assert_eq!(get(&mut program, &[2, 7, 1, 10, 1, 3]), number(3));
    assert_eq!(get(&mut program, &[2, 7, 1, 9, 1, 1]), number(2));
    assert_eq!(
        get(&mut program, &[2, 7, 1, 27, 1, 1]),
        Value::Gauge32(1600)
    );
    assert_eq!(get(&mut program, &[2, 7, 1, 29, 1, 1]), Value::Gauge32(400));
    assert_eq!(get(&mut program, &[2, 7, 1, 30, 1, 1]), number(1));
    assert_eq!(get(&mut program, &[2, 7, 1, 46, 1, 4]), number(2));
    let second = Value::OctetString(vec![10, 77, 0, 4]);
    assert_eq!(get(&mut program, &[2, 7, 1, 6, 1, 2]), second);
    assert_eq!(get(&mut program, &[2, 11, 1, 3, 1, 2, 2]), second);
    assert_eq!(get(&mut program, &[2, 11, 1, 4, 1, 2, 2]), number(3));
    // Keepalived's own protocol has a number of its own.
    assert_eq!(get(&mut program, &[2, 7, 1, 18, 1, 2]), number(112));
    assert_eq!(get(&mut program, &[2, 7, 1, 18, 1, 1]), number(5));
}

#[test]
fn members_of_groups_begin_with_marks() {
    let mut program = program();
    let kinds = (1..=3).map(|m| get(&mut program, &[3, 2, 1, 2, 1, m]));
    let kinds: Vec<_> = kinds.collect();
    assert_eq!(kinds, [1, 2, 3].map(Value::Integer));
    let last = get(&mut program, &[3, 2, 1, 7, 1, 3]);
    assert_eq!(last, Value::OctetString(vec![10, 77, 0, 163]));
}

#[test]
fn the_sorry_server_is_the_first_row() {
    let mut program = program();
    let row = |column, number| [3, 4, 1, column, 1, number];
    assert_eq!(get(&mut program, &row(2, 1)), Value::Integer(2));
    assert_eq!(
        get(&mut program, &row(4, 1)),
        Value::OctetString(vec![10, 77, 0, 170])
    );
    assert_eq!(get(&mut program, &row(7, 1)), Value::NoSuchInstance);
    assert_eq!(get(&mut program, &row(7, 2)), Value::Integer(3));
    assert_eq!(get(&mut program, &row(7, 3)), Value::Integer(5));
    // Said by the virtual server.
    assert_eq!(get(&mut program, &row(43, 2)), Value::Gauge32(2));
    assert_eq!(get(&mut program, &row(43, 1)), Value::Gauge32(0));
}

#[test]
fn large_counters() {
    let mut program = program();
    assert_eq!(
        get(&mut program, &[3, 3, 1, 27, 1]),
        Value::Gauge32(u32::MAX)
    );
    assert_eq!(
        get(&mut program, &[3, 3, 1, 28, 1]),
        Value::Counter32(705_032_704)
    );
    assert_eq!(
        get(&mut program, &[3, 3, 1, 49, 1]),
        Value::Gauge32(705_032_704)
    );
    assert_eq!(get(&mut program, &[3, 3, 1, 50, 1]), Value::Gauge32(1));
    assert_eq!(
        get(&mut program, &[3, 3, 1, 78, 1]),
        Value::Counter64(5_000_000_000)
    );
}
