//! Large tables; how long they take is told with `--nocapture`.

use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use scheduler::{Clock as _, SystemClock};

use super::*;

/// So many services with so many servers each.
fn large(services: u16, servers: u8) -> Table {
    let mut table = Table::new();
    for port in 1..=services {
        let key = tcp("192.0.2.1", port);
        let entry = table.add_service(key, service("rr"));
        let keys = (1..=servers).map(|n| server(&format!("10.0.0.{n}"), port));
        entry
            .destinations
            .extend(keys.map(|at| (at, Destination::new(NAT, 1))));
    }
    table
}

/// What the work takes by the clock, and of the processor's time.
fn measured<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let (start, busy) = (SystemClock.now(), processor_time());
    let result = work();
    let (took, busy) = (SystemClock.now().since(start), processor_time() - busy);
    eprintln!("{what}: {took:.3?}, processor {busy:.3?}");
    result
}

fn processor_time() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_THREAD).unwrap();
    [usage.user_time(), usage.system_time()]
        .into_iter()
        .map(|t| {
            Duration::from_micros(u64::try_from(t.tv_sec() * 1_000_000 + t.tv_usec()).unwrap())
        })
        .sum()
}

#[test]
fn a_thousand_services_with_two_servers() {
    let Some(mut kernel) = entered() else { return };
    let table = large(1000, 2);
    measured("plan and write 1000 x 2", || {
        let changes = plan::between(&table, &Table::new(), |_| true);
        assert_eq!(apply(&mut kernel, changes), []);
    });
    let actual = measured("read 1000 x 2", || read(&mut kernel));
    assert_eq!(actual, table);
    measured("delete 1000 x 2", || {
        let changes = plan::between(&Table::new(), &table, |_| true);
        assert_eq!(apply(&mut kernel, changes), []);
    });

    apply(&mut kernel, plan::between(&table, &Table::new(), |_| true));
    let lines = saved();
    ipvsadm("-C");
    let text = lines.join("\n") + "\n";
    measured("ipvsadm -R of the same", || {
        let mut child = Command::new("ipvsadm")
            .arg("-R")
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        assert!(child.wait().unwrap().success());
    });
    assert_eq!(read(&mut kernel), table);
}

#[test]
fn nothing_to_change_in_a_large_table() {
    let (wanted, actual) = (large(2300, 16), large(2300, 16));
    let changes = measured("plan of 2300 x 16 without a difference", || {
        plan::between(&wanted, &actual, |_| true)
    });
    assert_eq!(changes, []);
    let Some(mut kernel) = entered() else { return };
    apply(&mut kernel, plan::between(&wanted, &Table::new(), |_| true));
    let read = measured("read 2300 x 16", || read(&mut kernel));
    assert_eq!(read, wanted);
}
