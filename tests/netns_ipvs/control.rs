//! What concerns IPVS as a whole.

use keepalived::ipvs::Timeouts;
use keepalived::ipvs::sync_daemon::{Action, Parameters, Role};
use keepalived::model::IfName;

use super::*;

fn carry_out(kernel: &mut Kernel) -> Vec<Outcome> {
    let mut settled = Vec::new();
    kernel.carry_out(&mut settled).unwrap();
    settled.into_iter().map(|s| s.outcome).collect()
}

#[test]
fn a_kernel_without_ipvs_is_told_apart() {
    if let Err(error) = Kernel::open(&OPTIONS) {
        assert!(matches!(error, OpenError::NoIpvs), "{error}");
    }
}

#[test]
fn version_and_timeouts() {
    let Some(mut kernel) = entered() else { return };
    assert_eq!(kernel.info().unwrap().version, [1, 2, 1]);
    let before = kernel.timeouts().unwrap();
    kernel.set_timeouts(Timeouts {
        tcp: 0,
        tcp_fin: 77,
        udp: 99,
    });
    assert_eq!(carry_out(&mut kernel), [Outcome::Done]);
    let expected = Timeouts {
        tcp: before.tcp,
        tcp_fin: 77,
        udp: 99,
    };
    assert_eq!(kernel.timeouts().unwrap(), expected);
}

#[test]
fn a_flush_takes_everything() {
    let Some(mut kernel) = entered() else { return };
    ipvsadm("-A -t 192.0.2.9:80 -s rr");
    kernel.flush();
    assert_eq!(carry_out(&mut kernel), [Outcome::Done]);
    assert_eq!(read(&mut kernel), Table::new());
}

#[test]
fn sync_daemons_start_and_stop() {
    let Some(mut kernel) = entered() else { return };
    let parameters = Parameters {
        interface: IfName::new("lo").unwrap(),
        id: 7,
        maximum_length: Some(1400),
        port: Some(9999),
        ttl: Some(3),
        group: Some(ip("224.0.0.99")),
    };
    kernel.sync_daemon(Action::Stop(Role::Master));
    assert!(matches!(
        carry_out(&mut kernel)[..],
        [Outcome::AlreadySo(_)]
    ));
    for role in [Role::Master, Role::Backup] {
        kernel.sync_daemon(Action::Start(role, parameters.clone()));
    }
    let done = [Outcome::Done, Outcome::Done];
    assert_eq!(carry_out(&mut kernel), done);
    let running = kernel.sync_daemons().unwrap();
    let expected = [Role::Master, Role::Backup].map(|role| (role, parameters.clone()));
    assert_eq!(running, expected);
    for role in [Role::Master, Role::Backup] {
        kernel.sync_daemon(Action::Stop(role));
    }
    assert_eq!(carry_out(&mut kernel), done);
    assert_eq!(kernel.sync_daemons().unwrap(), []);
}

#[test]
fn services_can_be_in_another_namespace() {
    if entered().is_none() {
        return;
    }
    let name = format!("ka_ipvs_{}", std::process::id());
    let ip_netns = |verb: &str| {
        let status = Command::new("ip").args(["netns", verb, &name]).status();
        assert!(status.unwrap().success());
    };
    ip_netns("add");
    let path = format!("/run/netns/{name}");
    let opened = [&name, &path].map(|place| {
        let options = Options {
            namespace: Some(place),
            ..OPTIONS
        };
        Kernel::open(&options)
    });
    ip_netns("del");
    let mut table = Table::new();
    table.add_service(tcp("192.0.2.1", 80), service("rr"));
    let [by_name, by_path] = opened;
    establish(&mut by_name.unwrap(), &table);
    assert_eq!(establish(&mut by_path.unwrap(), &table), [], "the same");
    assert_eq!(saved(), Vec::<String>::new(), "nothing in our own");
}
