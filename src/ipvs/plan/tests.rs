//! Plans carried out on a model of the kernel.

#![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::ipvs::service::{Name, ServiceFlags};
use crate::ipvs::testing;
use crate::model::Family;

/// What the kernel does with a change, or the error number of its refusal.
fn carry_out(change: &Change, kernel: &mut Table) -> Result<(), i32> {
    let key = change.service();
    if let Change::AddService(_, service) = change {
        if kernel.services.contains_key(key) {
            return Err(EXISTS);
        }
        kernel.add_service(*key, *service);
        return Ok(());
    }
    let entry = kernel.services.get_mut(key).ok_or(NO_SERVICE)?;
    let known = change
        .destination()
        .is_some_and(|at| entry.destinations.contains_key(at));
    match *change {
        Change::AddService(..) => {}
        Change::EditService(_, service) => entry.service = service,
        Change::DeleteService(_) => {
            kernel.services.remove(key);
        }
        Change::AddDestination(..) if known => return Err(EXISTS),
        Change::EditDestination(..) | Change::DeleteDestination(..) if !known => {
            return Err(NO_ENTRY);
        }
        Change::AddDestination(_, at, destination)
        | Change::EditDestination(_, at, destination) => {
            entry.destinations.insert(at, destination);
        }
        Change::DeleteDestination(_, at) => {
            entry.destinations.remove(&at);
        }
    }
    Ok(())
}

/// A service of the plan is never without a real server if it has one before
/// and after.
fn is_ever_empty(key: &ServiceKey, wanted: &Table, kernel: &Table) -> bool {
    let servers = |table: &Table| table.services.get(key).map(|e| e.destinations.len());
    servers(wanted).is_some_and(|n| n > 0) && servers(kernel) == Some(0)
}

proptest! {
    #[test]
    fn a_plan_makes_the_wanted_table(
        wanted in testing::table(),
        actual in testing::table(),
        ours in prop::collection::btree_set(testing::service_key(), 0..6),
    ) {
        let changes = between(&wanted, &actual, |key| ours.contains(key));
        let mut kernel = actual.clone();
        for change in &changes {
            let had = !is_ever_empty(change.service(), &wanted, &kernel);
            prop_assert_eq!(carry_out(change, &mut kernel), Ok(()), "{:?}", change);
            let is_new = matches!(change, Change::AddService(..));
            prop_assert!(is_new || !had || !is_ever_empty(change.service(), &wanted, &kernel));
        }
        let foreign = |key: &ServiceKey| !ours.contains(key) && !wanted.services.contains_key(key);
        let mut expected = wanted.clone();
        expected.services.extend(
            actual.services.iter().filter(|(key, _)| foreign(key)).map(|(k, e)| (*k, e.clone())),
        );
        prop_assert_eq!(&kernel, &expected);
        prop_assert_eq!(between(&wanted, &kernel, |key| ours.contains(key)), vec![]);
    }

    #[test]
    fn what_an_edit_can_change_is_never_deleted(
        wanted in testing::table(),
        actual in testing::table(),
    ) {
        let mut seen = BTreeSet::new();
        for change in between(&wanted, &actual, |_| true) {
            let place = (*change.service(), change.destination().copied());
            prop_assert!(seen.insert(place), "two changes for one thing: {change:?}");
            match change {
                Change::DeleteService(key) => prop_assert!(!wanted.services.contains_key(&key)),
                Change::DeleteDestination(key, at) => {
                    prop_assert!(!wanted.services[&key].destinations.contains_key(&at));
                }
                Change::AddService(..) | Change::EditService(..)
                | Change::AddDestination(..) | Change::EditDestination(..) => {}
            }
        }
    }

    #[test]
    fn equal_tables_need_nothing(table in testing::table()) {
        prop_assert_eq!(between(&table, &table, |_| true), vec![]);
    }

    /// The table changes between reading and writing: with the remedies each
    /// service is as wanted all the same, but for what was not known to be there.
    #[test]
    fn remedies_meet_a_table_that_changed(
        wanted in testing::table(),
        read in testing::table(),
        actual in testing::table(),
    ) {
        let mut kernel = actual;
        for change in between(&wanted, &read, |_| true) {
            let Err(errno) = carry_out(&change, &mut kernel) else { continue };
            match remedy(&change, errno) {
                Remedy::AlreadySo => {}
                Remedy::Instead(other) => {
                    prop_assert_eq!(carry_out(&other, &mut kernel), Ok(()), "{:?}", other);
                }
                // The service went, and this change is to one of its servers.
                Remedy::Refused => prop_assert_eq!(errno, NO_SERVICE),
            }
        }
        // The next look puts the rest right.
        for change in between(&wanted, &kernel.clone(), |_| true) {
            prop_assert_eq!(carry_out(&change, &mut kernel), Ok(()));
        }
        prop_assert_eq!(kernel, wanted);
    }
}

/// What a request makes of a table.
fn carry_out_request(request: &Request, kernel: &mut Table) {
    match request {
        Request::Flush => kernel.services.clear(),
        Request::Change(change) => assert_eq!(carry_out(change, kernel), Ok(())),
        Request::Zero | Request::SetTimeouts(_) | Request::SyncDaemon(_) => {}
    }
}

proptest! {
    #[test]
    fn a_start_keeps_others_services_unless_it_flushes(
        wanted in testing::table(),
        actual in testing::table(),
    ) {
        for start in [Start::Adopt, Start::Flush] {
            let mut kernel = actual.clone();
            for request in at_start(&wanted, &actual, |_| false, start) {
                carry_out_request(&request, &mut kernel);
            }
            let mut expected = match start {
                Start::Adopt => actual.clone(),
                Start::Flush => Table::new(),
            };
            expected.services.extend(wanted.services.clone());
            prop_assert_eq!(kernel, expected);
        }
    }

    #[test]
    fn a_stop_takes_what_it_is_told_to(ours in testing::table(), others in testing::table()) {
        let mut present = others.clone();
        present.services.extend(ours.services.clone());
        for stop in [Stop::Delete, Stop::Flush, Stop::Keep] {
            let mut kernel = present.clone();
            for request in at_stop(ours.services.keys(), stop) {
                carry_out_request(&request, &mut kernel);
            }
            let mut expected = present.clone();
            match stop {
                Stop::Keep => {}
                Stop::Flush => expected.services.clear(),
                Stop::Delete => expected.services.retain(|k, _| !ours.services.contains_key(k)),
            }
            prop_assert_eq!(kernel, expected);
        }
    }
}

#[test]
fn an_empty_table_is_not_flushed() {
    assert_eq!(
        at_start(&Table::new(), &Table::new(), |_| true, Start::Flush),
        []
    );
}

#[test]
fn an_unknown_scheduler_has_no_remedy() {
    let key = ServiceKey::Mark {
        family: Family::V4,
        mark: 1,
    };
    let service = Service {
        scheduler: Name::new("nonsense").unwrap(),
        flags: ServiceFlags::NONE,
        persistence: None,
    };
    for change in [
        Change::AddService(key, service),
        Change::EditService(key, service),
    ] {
        assert_eq!(remedy(&change, NO_ENTRY), Remedy::Refused);
    }
}
