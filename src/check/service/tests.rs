use super::*;

fn server(weight: i64) -> (ServerPolicy, u32) {
    let inhibit = false;
    (ServerPolicy { weight, inhibit }, 0)
}

/// The quorum, without hysteresis and sorry server.
fn quorum(quorum: u64) -> Policy {
    Policy {
        quorum,
        ..Policy::default()
    }
}

fn service(policy: Policy, weights: &[i64]) -> Service {
    let mut service = Service::new(policy, weights.iter().map(|weight| server(*weight)));
    service.start();
    service
}

fn told(service: &mut Service, server: usize, up: bool) -> Vec<Effect> {
    let mut out = Vec::new();
    service.checked(server, up, &mut out);
    out
}

fn quorum_change(effects: &[Effect]) -> Option<bool> {
    effects.iter().find_map(|effect| match effect {
        Effect::Quorum(quorum) => Some(quorum.up),
        Effect::Server { .. } => None,
    })
}

#[test]
fn a_server_is_down_while_any_of_its_checks_is() {
    let mut service = service(quorum(1), &[1, 1]);
    let down = Effect::Server {
        server: 0,
        up: false,
    };
    assert_eq!(told(&mut service, 0, false), [down]);
    assert_eq!(told(&mut service, 0, false), []);
    assert_eq!(told(&mut service, 0, true), []);
    let up = Effect::Server {
        server: 0,
        up: true,
    };
    assert_eq!(told(&mut service, 0, true), [up]);
}

#[test]
fn quorum_and_hysteresis() {
    let policy = Policy {
        hysteresis: 1,
        ..quorum(3)
    };
    let mut service = service(policy, &[1; 5]);
    let changes: Vec<Option<bool>> = (0..4)
        .map(|server| quorum_change(&told(&mut service, server, false)))
        .collect();
    assert_eq!(changes, [None, None, None, Some(false)]);
    let changes: Vec<Option<bool>> = (0..4)
        .map(|server| quorum_change(&told(&mut service, server, true)))
        .collect();
    assert_eq!(changes, [None, None, Some(true), None]);
}

#[test]
fn weight_0_is_no_quorum() {
    let policy = Policy {
        hysteresis: 1,
        ..quorum(1)
    };
    let mut service = service(policy, &[0]);
    assert!(!service.has_quorum());
    assert_eq!(service.quorum(false).weight, 0);
    assert_eq!(quorum_change(&told(&mut service, 0, false)), None);
    let mut out = Vec::new();
    assert!(service.weigh(0, 5, &mut out));
    assert_eq!(out, []);
    assert_eq!(service.weight(0), 5);
}

#[test]
fn the_sorry_server_stands_in_for_all() {
    let policy = Policy {
        sorry: Some(Sorry::default()),
        ..quorum(2)
    };
    let mut service = service(policy, &[1, 1]);
    let wanted = |service: &Service| service.wanted().collect::<Vec<_>>();
    let all = [(Member::Server(0), 1), (Member::Server(1), 1)];
    assert_eq!(wanted(&service), all);
    assert_eq!(quorum_change(&told(&mut service, 1, false)), Some(false));
    assert_eq!(wanted(&service), [(Member::Sorry, 1)]);
    assert_eq!(quorum_change(&told(&mut service, 1, true)), Some(true));
    assert_eq!(wanted(&service), all);
}

#[test]
fn inhibited_servers_stay_with_weight_0() {
    let policy = Policy {
        sorry: Some(Sorry { inhibit: true }),
        ..quorum(1)
    };
    let server = ServerPolicy {
        weight: 7,
        inhibit: true,
    };
    let mut service = Service::new(policy, [(server, 1)]);
    assert!(!service.start().up);
    let wanted = |service: &Service| service.wanted().collect::<Vec<_>>();
    let (own, sorry) = (Member::Server(0), Member::Sorry);
    assert_eq!(wanted(&service), [(own, 0), (sorry, 1)]);
    assert_eq!(quorum_change(&told(&mut service, 0, true)), Some(true));
    assert_eq!(wanted(&service), [(own, 7), (sorry, 0)]);
}

#[test]
fn contributions_change_weight_and_quorum() {
    let policy = quorum(10);
    let mut service = service(policy, &[10]);
    let mut out = Vec::new();
    assert!(service.weigh(0, -4, &mut out));
    assert_eq!(quorum_change(&out), Some(false));
    out.clear();
    assert!(service.weigh(0, i64::from(i32::MAX), &mut out));
    assert_eq!(quorum_change(&out), Some(true));
    assert_eq!(i64::from(service.weight(0)), WEIGHT_MAX);
    assert!(!service.weigh(0, 100, &mut out), "it is at its limit");
    assert!(service.weigh(0, i64::MIN, &mut out));
    assert_eq!(service.weight(0), 0);
}

#[test]
fn a_weight_that_is_set_counts_with_what_checks_add() {
    let policy = quorum(10);
    let mut service = service(policy, &[10]);
    let mut out = Vec::new();
    service.weigh(0, 5, &mut out);
    assert!(service.set_weight(0, 7, &mut out));
    assert_eq!(service.weight(0), 7);
    assert_eq!(quorum_change(&out), Some(false));
    assert!(service.weigh(0, -5, &mut out), "the checks add nothing now");
    assert_eq!(service.weight(0), 2);
    assert!(
        !service.set_weight(1, 7, &mut out),
        "there is no such server"
    );
}

#[test]
fn a_reload_goes_on_from_the_quorum_that_was() {
    let policy = Policy {
        hysteresis: 1,
        ..quorum(2)
    };
    let mut before = service(policy, &[1; 3]);
    told(&mut before, 0, false);
    told(&mut before, 1, false);
    assert!(before.has_quorum(), "one is enough to keep it");
    let servers = [(server(1).0, 1), (server(1).0, 1), server(1)];
    let mut after = Service::new(policy, servers);
    assert_eq!(after.resume(&before), None);
    assert!(after.has_quorum());
    let stricter = Policy {
        quorum: 3,
        ..policy
    };
    let mut after = Service::new(stricter, servers);
    let effect = after.resume(&before);
    assert!(matches!(
        effect,
        Some(Effect::Quorum(Quorum { up: false, .. }))
    ));
}
