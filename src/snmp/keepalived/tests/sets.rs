//! What is set, and what the daemon tells by itself.

use scheduler::Instant;

use super::{full, mibs, name, program};
use crate::model::Priority;
use crate::snmp::keepalived::facts::QuorumState;
use crate::snmp::keepalived::traps::{self, ServiceTold, Told};
use crate::snmp::{Notification, SetError, Tree, Value};
use crate::vrrp::fsm::{InstanceId, State};

#[test]
fn sets() {
    let mut program = program();
    let tree = Tree::new(&mibs());
    let mut set = |numbers: &[u32], value: Value| {
        let name = name(numbers);
        tree.test(&program, &name, &value)?;
        tree.commit(&mut program, Instant::ZERO, &name, &value)
    };
    let number = Value::Integer;
    assert_eq!(set(&[2, 3, 1, 7, 2], number(200)), Ok(()));
    assert_eq!(set(&[2, 3, 1, 7, 2], number(0)), Err(SetError::WrongValue));
    assert_eq!(
        set(&[2, 3, 1, 7, 2], number(256)),
        Err(SetError::WrongValue)
    );
    assert_eq!(
        set(&[2, 3, 1, 7, 2], Value::text("1")),
        Err(SetError::WrongType)
    );
    assert_eq!(set(&[2, 3, 1, 7, 99], number(7)), Err(SetError::NoCreation));
    assert_eq!(set(&[2, 3, 1, 13, 1], number(2)), Ok(()));
    assert_eq!(set(&[2, 3, 1, 13, 1], number(3)), Err(SetError::WrongValue));
    assert_eq!(set(&[2, 3, 1, 27, 2], number(1)), Err(SetError::NoAccess));
    assert_eq!(set(&[2, 3, 1, 4, 1], number(2)), Err(SetError::NotWritable));
    assert_eq!(set(&[3, 4, 1, 7, 1, 2], number(9)), Ok(()));
    assert_eq!(
        set(&[3, 4, 1, 7, 1, 2], number(-1)),
        Err(SetError::WrongValue)
    );
    assert_eq!(
        set(&[3, 4, 1, 7, 1, 1], number(9)),
        Err(SetError::NoCreation)
    );
    assert_eq!(program.priority, Some((InstanceId(1), Priority(200))));
    assert_eq!(program.preempts, Some((InstanceId(0), false)));
    assert_eq!(program.weights.get(&(0, 0)), Some(&9));
}

/// The names of what a notification tells, below that of the MIB.
fn told(notification: &Notification) -> Vec<&[u32]> {
    let variables = notification.variables.iter();
    variables.map(|variable| &variable.name[9..]).collect()
}

#[test]
fn notifications_tell_their_variables_in_order() {
    let config = full();
    let own = &config.vrrp.instances[0];
    let instance = traps::instance_changed(own, Told::Stopped, "r");
    assert_eq!(instance.name, name(&[2, 10, 0, 2]));
    let expected: [&[u32]; 4] = [&[2, 3, 1, 2], &[2, 3, 1, 4], &[2, 3, 1, 5], &[1, 2, 0]];
    assert_eq!(told(&instance), expected);
    assert_eq!(instance.variables[1].value, Value::Integer(5));
    let group = traps::group_changed("G", Told::Running(State::Fault), "r");
    assert_eq!(group.name, name(&[2, 10, 0, 1]));
    let expected: [&[u32]; 3] = [&[2, 1, 1, 2], &[2, 1, 1, 3], &[1, 2, 0]];
    assert_eq!(told(&group), expected);
    assert_eq!(group.variables[1].value, Value::Integer(3));
}

#[test]
fn virtual_servers_are_told_by_what_they_are_known_by() {
    let config = full();
    let known: [&[&[u32]]; 3] = [
        &[&[3, 3, 1, 3]],
        &[&[3, 3, 1, 4]],
        &[&[3, 3, 1, 5], &[3, 3, 1, 6], &[3, 3, 1, 7]],
    ];
    for (service, known) in config.check.services.iter().zip(known) {
        let of = ServiceTold {
            config: &config.check,
            service,
            alive: 1,
        };
        let quorum = traps::quorum_changed(of, QuorumState::Shutdown, "r");
        let kind: &[&[u32]] = &[&[3, 3, 1, 2]];
        let rest: &[&[u32]] = &[
            &[3, 3, 1, 8],
            &[3, 3, 1, 23],
            &[3, 3, 1, 22],
            &[3, 3, 1, 21],
            &[3, 3, 1, 20],
            &[1, 2, 0],
        ];
        assert_eq!(told(&quorum), [kind, known, rest].concat());
        let server = traps::server_changed(of, &service.servers[0], false, "r");
        let own: &[&[u32]] = &[&[3, 4, 1, 3], &[3, 4, 1, 4], &[3, 4, 1, 5], &[3, 4, 1, 6]];
        let rest: &[&[u32]] = &[&[3, 3, 1, 8], &[3, 3, 1, 21], &[3, 3, 1, 20], &[1, 2, 0]];
        assert_eq!(told(&server), [own, kind, known, rest].concat());
    }
}
