//! What is written is there, and read back as it was meant.

use super::*;

/// One of everything.
fn full() -> Table {
    let mut table = Table::new();
    let entry = table.add_service(tcp("192.0.2.1", 80), service("wlc"));
    entry
        .destinations
        .insert(server("10.0.0.1", 8080), Destination::new(NAT, 5));
    for (address, forwarding) in [("10.0.0.2", DR), ("10.0.0.3", IPIP)] {
        let destination = Destination::new(forwarding, 0);
        entry.destinations.insert(server(address, 80), destination);
    }
    for (address, forwarding) in [("10.0.0.4", GUE), ("10.0.0.5", GRE)] {
        let destination = Destination {
            forwarding,
            weight: 2_147_483_647,
            upper_threshold: 4_000_000_000,
            lower_threshold: 100,
        };
        entry.destinations.insert(server(address, 80), destination);
    }
    // A server of the other family, through a tunnel.
    entry
        .destinations
        .insert(server("2001:db8:1::9", 80), Destination::new(IPIP, 1));
    let mut ops = service("rr");
    ops.flags = ServiceFlags::ONE_PACKET;
    table.add_service(at(Protocol::Udp, "192.0.2.1", 53), ops);
    let mut hashed = service("sh");
    hashed.flags = ServiceFlags::SCHEDULER_1.with(ServiceFlags::SCHEDULER_2);
    table.add_service(at(Protocol::Sctp, "192.0.2.2", 9), hashed);
    let mut sticky = service("mh");
    sticky.flags = ServiceFlags::SCHEDULER_2;
    sticky.persistence = persistent(360, Granularity::Mask(0xffff_ff00));
    table.add_service(mark(Family::V4, 7), sticky);
    sticky.persistence = persistent(50, Granularity::Prefix(56));
    let entry = table.add_service(mark(Family::V6, 7), sticky);
    entry
        .destinations
        .insert(server("2001:db8:1::1", 0), Destination::new(DR, 3));
    let mut any_port = service("wrr");
    any_port.persistence = persistent(300, Granularity::Prefix(128));
    table.add_service(tcp("2001:db8::1", 0), any_port);
    table
}

#[test]
fn one_of_everything_is_written_and_read_back() {
    let Some(mut kernel) = entered() else { return };
    establish(&mut kernel, &full());
    let expected = [
        "-A -f 7 -6 -s mh -p 50 -M 56 -b mh-port",
        "-A -f 7 -s mh -p 360 -M 255.255.255.0 -b mh-port",
        "-A -t 192.0.2.1:80 -s wlc",
        "-A -t [2001:db8::1]:0 -s wrr -p 300",
        "-A -u 192.0.2.1:53 -s rr -o",
        "-A --sctp-service 192.0.2.2:9 -s sh -b sh-fallback,sh-port",
        "-a -f 7 -6 -r [2001:db8:1::1]:0 -g -w 3",
        "-a -t 192.0.2.1:80 -r 10.0.0.1:8080 -m -w 5",
        "-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 0",
        "-a -t 192.0.2.1:80 -r 10.0.0.3:80 -i -w 0 --tun-type ipip",
        "-a -t 192.0.2.1:80 -r 10.0.0.4:80 -i -w 2147483647 --tun-type gue --tun-port 6080 --tun-remcsum",
        "-a -t 192.0.2.1:80 -r 10.0.0.5:80 -i -w 2147483647 --tun-type gre --tun-csum",
        "-a -t 192.0.2.1:80 -r [2001:db8:1::9]:80 -i -w 1 --tun-type ipip",
    ];
    let mut expected: Vec<_> = expected.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(saved(), expected);
}

#[test]
fn every_setting_is_changed_in_place() {
    let Some(mut kernel) = entered() else { return };
    let mut table = full();
    establish(&mut kernel, &table);
    let is_edit = |c: &Change| matches!(c, Change::EditService(..) | Change::EditDestination(..));
    let http = tcp("192.0.2.1", 80);
    for (scheduler, persistence) in [
        ("lblcr", None),
        ("lblcr", persistent(60, Granularity::Mask(u32::MAX))),
        ("sh", persistent(60, Granularity::Mask(0xff00_ff00))),
        ("sh", None),
    ] {
        let mut other = service(scheduler);
        other.persistence = persistence;
        table.add_service(http, other);
        let changes = establish(&mut kernel, &table);
        assert!(
            matches!(changes[..], [Change::EditService(..)]),
            "{changes:?}"
        );
    }
    for flags in [
        ServiceFlags::SCHEDULER_3,
        ServiceFlags::SCHEDULER_1,
        ServiceFlags::NONE,
    ] {
        let mut other = service("mh");
        other.flags = flags;
        table.add_service(http, other);
        assert!(establish(&mut kernel, &table).iter().all(is_edit));
    }
    let places: Vec<_> = table.services[&http].destinations.keys().copied().collect();
    for (round, forwarding) in [IPIP, NAT, GUE, DR, GRE, NAT].into_iter().enumerate() {
        let weight = u32::try_from(round).unwrap();
        for at in places.iter().filter(|at| at.family() == Family::V4) {
            let other = Destination {
                forwarding,
                weight,
                upper_threshold: 10 * weight,
                lower_threshold: weight,
            };
            let entry = table.services.get_mut(&http).unwrap();
            entry.destinations.insert(*at, other);
        }
        let changes = establish(&mut kernel, &table);
        assert!(
            !changes.is_empty() && changes.iter().all(is_edit),
            "{changes:?}"
        );
        assert_eq!(establish(&mut kernel, &table), []);
    }
}

#[test]
fn a_persistence_engine_comes_and_goes_in_place() {
    let Some(mut kernel) = entered() else { return };
    let sip = at(Protocol::Udp, "192.0.2.1", 5060);
    let mut table = Table::new();
    for engine in [None, Some(name("sip")), None] {
        let mut sticky = service("rr");
        sticky.persistence = Some(Persistence {
            timeout: 30,
            granularity: Granularity::Mask(u32::MAX),
            engine,
        });
        table.add_service(sip, sticky);
        let actual = read(&mut kernel);
        kernel.apply(plan::between(&table, &actual, |_| true));
        let mut settled = Vec::new();
        kernel.carry_out(&mut settled).unwrap();
        match (&settled[..], engine) {
            ([one], _) if one.outcome == Outcome::Done => {
                assert_eq!(read(&mut kernel), table);
            }
            // This kernel has no engine.
            ([_], Some(_)) => {}
            (other, _) => panic!("{other:?}"),
        }
    }
}

#[test]
fn others_services_stay_and_others_changes_are_undone() {
    let Some(mut kernel) = entered() else { return };
    let ours = tcp("192.0.2.1", 80);
    let mut table = Table::new();
    let entry = table.add_service(ours, service("rr"));
    for address in ["10.0.0.1", "10.0.0.2"] {
        let destination = Destination::new(NAT, 1);
        entry.destinations.insert(server(address, 80), destination);
    }
    establish(&mut kernel, &table);
    ipvsadm("-A -t 192.0.2.9:80 -s rr");
    ipvsadm("-a -t 192.0.2.9:80 -r 10.0.0.9:80 -m");
    ipvsadm("-E -t 192.0.2.1:80 -s wlc -p 7");
    ipvsadm("-e -t 192.0.2.1:80 -r 10.0.0.1:80 -g -w 9");
    ipvsadm("-d -t 192.0.2.1:80 -r 10.0.0.2:80");
    ipvsadm("-a -t 192.0.2.1:80 -r 10.0.0.3:80 -m");
    let changes = plan::between(&table, &read(&mut kernel), |key| *key == ours);
    let kinds: Vec<_> = changes.iter().map(Change::name).collect();
    assert_eq!(
        kinds,
        [
            "edit service",
            "add destination",
            "edit destination",
            "delete destination"
        ]
    );
    assert_eq!(apply(&mut kernel, changes), []);
    let actual = read(&mut kernel);
    assert_eq!(actual.services[&ours], table.services[&ours]);
    assert_eq!(actual.services.len(), 2);
    assert_eq!(plan::between(&table, &actual, |key| *key == ours), []);
    assert_eq!(kernel.surprises(), 0);
}

#[test]
fn a_table_that_changed_since_it_was_read_is_met_with_the_fitting_change() {
    let Some(mut kernel) = entered() else { return };
    let (key, one, two) = (
        tcp("192.0.2.1", 80),
        server("10.0.0.1", 80),
        server("10.0.0.2", 80),
    );
    let weight = |weight| Destination::new(NAT, weight);
    ipvsadm("-A -t 192.0.2.1:80 -s wlc");
    ipvsadm("-a -t 192.0.2.1:80 -r 10.0.0.1:80 -m -w 3");
    let changes = [
        Change::AddService(key, service("rr")),
        Change::AddDestination(key, one, weight(1)),
        Change::EditDestination(key, two, weight(2)),
    ];
    assert_eq!(apply(&mut kernel, changes), []);
    assert_eq!(kernel.surprises(), 3);
    let mut expected = Table::new();
    let entry = expected.add_service(key, service("rr"));
    entry
        .destinations
        .extend([(one, weight(1)), (two, weight(2))]);
    assert_eq!(read(&mut kernel), expected);

    ipvsadm("-C");
    let changes = [
        Change::DeleteDestination(key, one),
        Change::DeleteService(key),
        Change::EditService(key, service("rr")),
    ];
    let settled = apply(&mut kernel, changes);
    assert_eq!(settled.len(), 2);
    assert!(
        settled
            .iter()
            .all(|s| matches!(s.outcome, Outcome::AlreadySo(_)))
    );
    assert!(read(&mut kernel).services.contains_key(&key));
    assert_eq!(kernel.surprises(), 6);
}

#[test]
fn a_refusal_has_its_own_outcome_and_stops_nothing() {
    let Some(mut kernel) = entered() else { return };
    let (good, bad) = (tcp("192.0.2.1", 80), tcp("192.0.2.2", 80));
    let direct = Destination::new(DR, 1);
    let changes = [
        Change::AddService(bad, service("nonsense")),
        Change::AddService(good, service("rr")),
        Change::AddDestination(bad, server("10.0.0.1", 80), direct),
        Change::AddDestination(good, server("2001:db8::1", 80), direct),
        Change::AddDestination(good, server("10.0.0.1", 80), direct),
    ];
    let refused: Vec<_> = apply(&mut kernel, changes)
        .into_iter()
        .map(|settled| match (settled.request, settled.outcome) {
            (keepalived::ipvs::Request::Change(change), Outcome::Refused(error)) => {
                (change, error.errno)
            }
            other => panic!("{other:?}"),
        })
        .collect();
    // No such scheduler, no such service, and a mixed family without a tunnel.
    assert_eq!(
        refused,
        [(changes[0], 2), (changes[2], 3), (changes[3], 22)]
    );
    assert_eq!(read(&mut kernel).destination_count(), 1);
}

#[test]
fn counters_are_read_where_they_are_asked_for() {
    let Some(mut kernel) = entered() else { return };
    let table = full();
    establish(&mut kernel, &table);
    let http = tcp("192.0.2.1", 80);
    let all = kernel.read_table(Scope::All, Detail::Counters).unwrap();
    assert_eq!(all.table, table);
    assert!(all.readings.keys().eq(table.services.keys()));
    let one = kernel
        .read_table(Scope::Service(http), Detail::Counters)
        .unwrap();
    assert!(one.table.services.keys().eq([&http]));
    assert_eq!(one.readings[&http].destinations.len(), 6);
    let gone = Scope::Service(tcp("192.0.2.99", 1));
    let none = kernel.read_table(gone, Detail::Counters).unwrap();
    assert_eq!(none, keepalived::ipvs::Snapshot::new());
}

#[test]
fn a_look_given_up_does_not_disturb_the_next() {
    let Some(mut kernel) = entered() else { return };
    let table = full();
    establish(&mut kernel, &table);
    for parts in 0..8 {
        kernel.ask(Scope::All, Detail::Counters).unwrap();
        let _ = kernel.read_on(parts).unwrap();
        assert_eq!(read(&mut kernel), table, "after {parts} parts");
        kernel.ask(Scope::All, Detail::Counters).unwrap();
        let _ = kernel.read_on(parts).unwrap();
        kernel.timeouts().unwrap();
        assert!(!kernel.is_reading());
    }
}

#[test]
fn every_one_of_many_refusals_arrives() {
    if entered().is_none() {
        return;
    }
    let mut kernel = Kernel::open(&Options {
        receive_buffer: 8192,
        ..OPTIONS
    })
    .unwrap();
    let ports = 1..=3000;
    let direct = Destination::new(DR, 1);
    let settled = apply(
        &mut kernel,
        ports.map(|port| {
            let key = tcp("192.0.2.1", port);
            Change::AddDestination(key, server("10.0.0.1", port), direct)
        }),
    );
    let no_service = |s: &Settled| matches!(&s.outcome, Outcome::Refused(e) if e.errno == 3);
    assert_eq!(settled.len(), 3000);
    assert!(settled.iter().all(no_service));
}
