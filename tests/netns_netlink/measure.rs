//! How fast it is.

use std::process::Command;

use keepalived::netlink::{AddressRequest, Changes, Operation, Outcomes, Tolerate};

use crate::{Kernel, add_link, entered, v4};

/// How long adding 10,000 addresses takes, with a monitor that follows: to be
/// compared with `kernel_floor addr` in the same namespace.
///
/// `KERNEL_FLOOR=PATH cargo test --test netns_netlink -- --ignored --nocapture floor`
#[test]
#[ignore = "a measurement"]
#[expect(
    clippy::disallowed_methods,
    reason = "a measurement gets the path of the other side"
)]
fn ten_thousand_addresses_beside_the_kernels_floor() {
    if !entered() {
        return;
    }
    add_link();
    let floor = std::env::var("KERNEL_FLOOR").ok();
    let mut kernel = Kernel::open();
    let interface = kernel.index("d0");
    let mut requests: Vec<_> = (1..=10_000)
        .map(|number| AddressRequest::new(interface, v4(number)))
        .collect();
    for operation in [Operation::Add, Operation::Delete] {
        let start = clock();
        let mut changes = Changes::new();
        for request in &requests {
            kernel
                .commander
                .push(request, operation, 1, Tolerate::NOTHING);
        }
        let mut outcomes = Outcomes::new();
        while kernel.commander.backlog() > 0 {
            kernel.commander.flush(64).unwrap();
            kernel.commander.read(&mut outcomes).unwrap();
            outcomes.clear();
            kernel.read(&mut changes);
            changes.clear();
        }
        eprintln!("{operation:?}: {:?}", clock() - start);
        requests.reverse();
    }
    for words in ["addr d0 10000 64", "addr d0 10000 256"] {
        let Some(floor) = &floor else { break };
        let output = Command::new(floor).args(words.split(' ')).output().unwrap();
        eprint!("{words}: {}", String::from_utf8_lossy(&output.stdout));
        let words = words.replace("addr", "del");
        let output = Command::new(floor).args(words.split(' ')).output().unwrap();
        eprint!("{words}: {}", String::from_utf8_lossy(&output.stdout));
    }
}

#[expect(clippy::disallowed_methods, reason = "a measurement of real time")]
fn clock() -> std::time::Instant {
    std::time::Instant::now()
}
