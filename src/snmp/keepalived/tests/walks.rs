//! The tables of code against the MIB file, and what a walk finds.

use std::collections::BTreeMap;

use proptest::prelude::*;
use scheduler::Instant;

use super::{Program, file, full, mibs, name, program, walk};
use crate::control_plane::Config;
use crate::snmp::{Next, Oid, Steps, Tree, VarBind};
use crate::vrrp::config::VrrpConfig;

#[test]
fn the_code_has_the_objects_of_the_file() {
    let in_file = file::objects();
    let readable: BTreeMap<Oid, String> = in_file
        .values()
        .filter(|object| object.is_readable())
        .map(|object| (name(&object.numbers), object.name.clone()))
        .collect();
    let objects = mibs().into_iter().flat_map(|mib| mib.objects);
    let in_code: BTreeMap<Oid, String> = objects
        .flat_map(|object| object.names())
        .map(|(oid, name)| (oid, name.to_owned()))
        .collect();
    assert_eq!(in_code, readable);
}

#[test]
fn what_can_be_set_is_what_the_file_says() {
    let mut program = program();
    let tree = Tree::new(&mibs());
    for variable in walk(&mut program) {
        let object = file::object_of(&variable.name);
        let same = tree.test(&program, &variable.name, &variable.value);
        match object.access.as_str() {
            "read-write" => assert_eq!(same, Ok(()), "{}", object.name),
            _ => assert!(same.is_err(), "{}", object.name),
        }
    }
}

#[test]
fn values_have_the_types_of_the_file() {
    let mut seen: Vec<String> = Vec::new();
    for variable in walk(&mut program()) {
        let object = file::object_of(&variable.name);
        object.check(&variable.value);
        seen.push(object.name);
    }
    let objects = file::objects();
    let unseen: Vec<_> = objects
        .values()
        .filter(|object| object.is_readable() && !seen.contains(&object.name))
        .map(|object| object.name.as_str())
        .collect();
    assert_eq!(unseen, [""; 0]);
}

#[test]
fn a_get_finds_what_a_walk_finds() {
    let mut program = program();
    let tree = Tree::new(&mibs());
    for variable in walk(&mut program) {
        let value = tree.get(&mut program, Instant::ZERO, &variable.name);
        assert_eq!(value, variable.value, "{}", variable.name);
    }
}

fn next(tree: &Tree<Program>, program: &mut Program, after: &[u32]) -> Option<VarBind> {
    let mut steps = Steps::new(u32::MAX);
    match tree.next(program, Instant::ZERO, after, &[], &mut steps) {
        Next::Found(name, value) => Some(VarBind::new(name, value)),
        Next::Pause(name) => panic!("{name}: there were steps left"),
        Next::End => None,
    }
}

/// A configuration of parts of the full one: which instances, groups and services,
/// and how much of their lists.
fn some(parts: &[(usize, usize)]) -> Config {
    let mut config = (*full()).clone();
    let all = config.clone();
    let pick = |list: usize| parts.iter().map(move |part| (part.0 % list, part.1));
    config.vrrp = VrrpConfig {
        instances: Vec::new(),
        sync_groups: Vec::new(),
        ..config.vrrp
    };
    for (from, keep) in pick(all.vrrp.instances.len()) {
        let mut own = all.vrrp.instances[from].clone();
        own.vips.truncate(keep);
        own.excluded_vips.truncate(keep / 2);
        own.routes.truncate(keep);
        own.rules.truncate(keep / 2);
        own.track_interfaces.truncate(keep);
        own.given.tracked.scripts.truncate(keep);
        config.vrrp.instances.push(own);
    }
    for (from, keep) in pick(all.vrrp.sync_groups.len()) {
        let mut group = all.vrrp.sync_groups[from].clone();
        group.instances.truncate(keep);
        group.tracked.bfd.truncate(keep);
        config.vrrp.sync_groups.push(group);
    }
    config.check.services.clear();
    for (from, keep) in pick(all.check.services.len()) {
        let mut service = all.check.services[from].clone();
        service.servers.truncate(keep);
        service.sorry = service.sorry.filter(|_| keep % 2 == 0);
        config.check.services.push(service);
    }
    let statics = parts.first().map_or(0, |part| part.1);
    config.vrrp.static_addresses.truncate(statics);
    config.vrrp.static_routes.truncate(statics);
    config
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_walk_is_in_order_whatever_is_configured(
        parts in prop::collection::vec((0usize..8, 0usize..9), 0..6),
        starts in prop::collection::vec((0usize..10_000, any::<u32>(), 0u32..4), 0..24),
    ) {
        let mut program = Program::new(some(&parts));
        // It checks the order itself.
        let all = walk(&mut program);
        let tree = Tree::new(&mibs());
        for (place, number, change) in starts {
            let mut after: Vec<u32> = all[place % all.len()].name.to_vec();
            match change {
                0 => { after.pop(); }
                1 => after.push(number),
                2 => if let Some(last) = after.last_mut() { *last = number },
                _ => { after.truncate(place % 16); after.push(number % 5); }
            }
            let expected = all.iter().find(|variable| *variable.name > *after);
            let found = next(&tree, &mut program, &after);
            prop_assert_eq!(found.as_ref(), expected, "after {:?}", after);
        }
    }
}

#[test]
fn what_a_group_tracks_has_rows_of_its_own() {
    let variables = walk(&mut program());
    let rows = |column: &[u32]| -> Vec<Vec<u32>> {
        let column = name(column);
        let names = variables.iter().map(|variable| &variable.name);
        let rows = names.filter_map(|name| name.strip_prefix(&column[..]));
        rows.map(<[u32]>::to_vec).collect()
    };
    // Interfaces, scripts, files, BFD and processes: of VI_1, and of the group that it is
    // in with VI_2.
    for (instances, groups, count) in [
        (4, 14, 1),
        (5, 15, 2),
        (12, 16, 1),
        (17, 19, 1),
        (20, 22, 1),
    ] {
        let first = if instances == 4 { 1 } else { 2 };
        let own = rows(&[2, instances, 1, first]);
        assert!(own.iter().all(|row| row.first() == Some(&1)), "{own:?}");
        assert_eq!(own.len(), count, "table {instances}");
        assert_eq!(rows(&[2, groups, 1, first]).len(), 1, "table {groups}");
    }
}
