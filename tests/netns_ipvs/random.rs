//! Random tables, one after the other: each is reached from the one before.

use super::rng::Rng;
use super::*;

fn random_service(rng: &mut Rng, family: Family) -> Service {
    let granularity = match family {
        Family::V4 => Granularity::Mask(rng.pick(&[u32::MAX, 0xffff_0000, 0xff00_00ff])),
        Family::V6 => Granularity::Prefix(rng.pick(&[1, 64, 128])),
    };
    let flags = rng.pick(&[
        ServiceFlags::NONE,
        ServiceFlags::ONE_PACKET,
        ServiceFlags::SCHEDULER_1.with(ServiceFlags::SCHEDULER_2),
        ServiceFlags::SCHEDULER_3,
    ]);
    let timeout = rng.pick(&[1, 360, 86_400]);
    let persistence = persistent(timeout, granularity).filter(|_| rng.percent(50));
    Service {
        flags,
        persistence,
        ..service(rng.pick(&["rr", "wrr", "wlc", "sh", "mh", "lblcr", "fo", "sed"]))
    }
}

/// What reaches a server of the service's family; the kernel wants a tunnel for others.
fn random_destination(rng: &mut Rng, is_mixed: bool) -> Destination {
    let forwarding = match is_mixed {
        true => rng.pick(&[IPIP, GUE, GRE]),
        false => rng.pick(&[NAT, DR, IPIP, GUE, GRE]),
    };
    let upper_threshold = rng.pick(&[0, 100, u32::MAX]);
    Destination {
        forwarding,
        weight: rng.pick(&[0, 1, 100, 2_147_483_647]),
        upper_threshold,
        lower_threshold: rng.pick(&[0, upper_threshold / 2]),
    }
}

fn random_table(rng: &mut Rng) -> Table {
    let protocols = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp];
    let mut table = Table::new();
    for _ in 0..rng.below(6) {
        let family = rng.pick(&[Family::V4, Family::V6]);
        let address = match family {
            Family::V4 => "192.0.2.1",
            Family::V6 => "2001:db8::1",
        };
        let key = match rng.percent(30) {
            true => mark(family, rng.pick(&[1, u32::MAX])),
            false => at(rng.pick(&protocols), address, rng.pick(&[80, 65_535])),
        };
        let service = random_service(rng, family);
        let entry = table.add_service(key, service);
        for _ in 0..rng.below(5) {
            let key = server(
                rng.pick(&["10.0.0.1", "10.0.0.2", "2001:db8:1::1", "2001:db8:1::2"]),
                rng.pick(&[80, 8080]),
            );
            let destination = random_destination(rng, key.family() != family);
            entry.destinations.insert(key, destination);
        }
    }
    table
}

#[test]
fn from_any_table_to_any_other() {
    let Some(mut kernel) = entered() else { return };
    let mut rng = Rng::new(1);
    for _ in 0..150 {
        let table = random_table(&mut rng);
        establish(&mut kernel, &table);
        assert_eq!(establish(&mut kernel, &table), []);
    }
}
