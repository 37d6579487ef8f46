//! Routes and rules: what the kernel makes of our requests is what it makes of
//! those of iproute2, and they are found again to be removed.

use std::path::Path;
use std::rc::Rc;

use keepalived::control_plane::files::Memory;
use keepalived::control_plane::{AnyMachine, Config, LoadOptions, load};
use keepalived::netlink::{Change, Changes};
use keepalived::vrrp::fsm::InstanceId;
use keepalived::vrrp::install::{Order, Wanted};
use keepalived::vrrp::path_request::{request_route, request_rule};

use crate::{Kernel, add_link, entered, ip, ip_output};

/// Routes in our words and in those of `ip route add`.
const ROUTES: &[(&str, &str)] = &[
    ("10.81.0.0/24 dev d0", "10.81.0.0/24 dev d0 scope global"),
    ("10.82.0.0/24 via 10.77.0.2", "10.82.0.0/24 via 10.77.0.2"),
    (
        "local 10.80.0.1 dev d0 table 77",
        "local 10.80.0.1 dev d0 table 77",
    ),
    (
        "10.83.0.0/24 dev d0 rtt lock 300ms rttvar 250ms mtu lock 1300 congctl lock reno features ecn quickack 1",
        "10.83.0.0/24 dev d0 scope global rtt lock 300ms rttvar 250ms mtu lock 1300 congctl lock reno features ecn quickack 1",
    ),
    (
        "10.84.0.0/24 dev d0 hoplimit 3 initcwnd 5 initrwnd 4 window 6 cwnd 7 ssthresh 8 reordering 9 advmss 500 rto_min lock 1s fastopen_no_cookie 1",
        "10.84.0.0/24 dev d0 scope global hoplimit 3 initcwnd 5 initrwnd 4 window 6 cwnd 7 ssthresh 8 reordering 9 advmss 500 rto_min 1s fastopen_no_cookie 1",
    ),
    (
        "10.85.0.0/24 nexthop via 10.77.0.2 dev d0 weight 3 nexthop via 10.99.0.3 dev d0 weight 256 onlink",
        "10.85.0.0/24 nexthop via 10.77.0.2 dev d0 weight 3 nexthop via 10.99.0.3 dev d0 weight 256 onlink",
    ),
    (
        "10.86.0.0/24 via 10.77.0.2 dev d0 src 10.77.0.1 table 1234 metric 7 tos 0x10",
        "10.86.0.0/24 via 10.77.0.2 dev d0 src 10.77.0.1 table 1234 metric 7 tos 0x10",
    ),
    (
        "10.87.0.0/24 encap ip id 5 dst 10.77.0.9 ttl 7 tos 4 dev d0",
        "10.87.0.0/24 encap ip id 5 dst 10.77.0.9 ttl 7 tos 4 dev d0 scope global",
    ),
    ("blackhole 10.88.0.0/24", "blackhole 10.88.0.0/24"),
    ("throw 10.89.0.0/24 table 7", "throw 10.89.0.0/24 table 7"),
    ("prohibit 10.90.0.0/24", "prohibit 10.90.0.0/24"),
    ("fd84::/64 dev d0 metric 5", "fd84::/64 dev d0 metric 5"),
    ("fd85::/64 dev d0 pref high", "fd85::/64 dev d0 pref high"),
    (
        "fd86::/64 nexthop via fd77::fd dev d0 nexthop via fd77::fe dev d0 weight 3",
        "fd86::/64 nexthop via fd77::fd dev d0 nexthop via fd77::fe dev d0 weight 3",
    ),
    (
        "fd87::/64 encap ip6 id 3 dst fd77::9 tc 4 hoplimit 9 dev d0",
        "fd87::/64 encap ip6 id 3 dst fd77::9 tc 4 hoplimit 9 dev d0",
    ),
    (
        "default6 via fd77::fe mtu 1300",
        "default via fd77::fe mtu 1300",
    ),
    ("unreachable fd88::/64", "unreachable fd88::/64"),
];

/// The same of rules.
const RULES: &[(&str, &str)] = &[
    (
        "from 10.0.0.0/8 to 10.1.0.0/16 iif d0 oif p0 fwmark 1/3 tos 16 table 1000 priority 50",
        "from 10.0.0.0/8 to 10.1.0.0/16 iif d0 oif p0 fwmark 1/3 tos 0x10 table 1000 priority 50",
    ),
    (
        "from all goto 200 priority 51",
        "from all goto 200 priority 51",
    ),
    (
        "not from 10.0.0.1 nop priority 52",
        "not from 10.0.0.1 nop priority 52",
    ),
    (
        "uidrange 5-7 ipproto tcp sport 5-6 dport 7-8 lookup 9 priority 54",
        "uidrange 5-7 ipproto tcp sport 5-6 dport 7-8 lookup 9 priority 54",
    ),
    (
        "to all table main suppress_prefixlength 8 suppress_ifgroup 3 priority 55",
        "to all table main suppress_prefixlength 8 suppress_ifgroup 3 priority 55",
    ),
    (
        "from all tunnel-id 5 blackhole fwmark 7 priority 56",
        "from all tun_id 5 blackhole fwmark 7 priority 56",
    ),
    (
        "from fd80::/64 prohibit priority 57",
        "from fd80::/64 prohibit priority 57",
    ),
    (
        "from fd81::/64 unreachable priority 58",
        "from fd81::/64 unreachable priority 58",
    ),
];

fn config(routes: &[&str], rules: &[&str]) -> Rc<Config> {
    let text = format!(
        "static_routes {{\n{}\n}}\nstatic_rules {{\n{}\n}}\n",
        routes.join("\n"),
        rules.join("\n")
    );
    let files = Memory::with("/conf", text);
    let machine = AnyMachine::default();
    let loaded = load(
        &files,
        Path::new("/conf"),
        &LoadOptions::default(),
        &machine,
    );
    let config = loaded.config.expect("a configuration");
    assert_eq!(config.vrrp.static_routes.len(), routes.len());
    assert_eq!(config.vrrp.static_rules.len(), rules.len());
    config
}

/// A link with addresses to route through.
fn prepare() -> Kernel {
    add_link();
    ip("addr add 10.77.0.1/24 dev d0");
    ip("-6 addr add fd77::1/64 dev d0 nodad");
    Kernel::open()
}

fn request(kernel: &mut Kernel, config: &Config, wanted: Wanted) {
    let order = |index| Order {
        instance: InstanceId(0),
        index,
        wanted,
    };
    let mut next = 0;
    for route in &config.vrrp.static_routes {
        next += 1;
        let Kernel {
            mirror, commander, ..
        } = kernel;
        assert!(request_route(route, order(next), mirror, commander.batch()));
    }
    for rule in &config.vrrp.static_rules {
        next += 1;
        request_rule(rule, order(next), kernel.commander.batch());
    }
    let outcomes = kernel.run();
    let all = config.vrrp.static_routes.len() + config.vrrp.static_rules.len();
    assert_eq!(outcomes.len(), all);
    for outcome in outcomes {
        assert!(outcome.result.is_ok(), "{outcome:?}");
    }
}

/// All routes and rules of keepalived's number, as iproute2 prints them.
fn shown() -> Vec<String> {
    let mut shown = Vec::new();
    for family in ["-4", "-6"] {
        shown.push(ip_output(&format!(
            "{family} route show table all proto 18"
        )));
        let rules = ip_output(&format!("{family} rule show"));
        let ours = rules
            .lines()
            .filter(|line| !line.contains("proto kernel") && !line.starts_with("327"))
            .filter(|line| !line.starts_with("0:"));
        shown.push(ours.collect::<Vec<_>>().join("\n"));
    }
    shown
}

#[test]
fn the_kernel_has_what_iproute2_makes_of_the_same_words() {
    if !entered() {
        return;
    }
    let mut kernel = prepare();
    let nothing = shown();
    let ours = |pairs: &[(&'static str, &str)]| pairs.iter().map(|p| p.0).collect::<Vec<_>>();
    let config = config(&ours(ROUTES), &ours(RULES));
    request(&mut kernel, &config, Wanted::Present);
    let made = shown();
    request(&mut kernel, &config, Wanted::Absent);
    assert_eq!(shown(), nothing, "all is removed");

    for (_, words) in ROUTES {
        let family = if words.contains("::") { "-6" } else { "-4" };
        let kinds = ["local", "blackhole", "throw", "prohibit", "unreachable"];
        let is_kind = kinds.iter().any(|kind| words.starts_with(kind));
        let verb = if is_kind { "add" } else { "prepend" };
        ip(&format!("{family} route {verb} proto 18 {words}"));
    }
    for (_, words) in RULES {
        let family = if words.contains("::") { "-6" } else { "-4" };
        ip(&format!("{family} rule add {words} protocol 18"));
    }
    assert_eq!(made, shown());
}

#[test]
fn what_is_there_already_is_no_error_and_is_not_doubled() {
    if !entered() {
        return;
    }
    let mut kernel = prepare();
    let ours = |pairs: &[(&'static str, &str)]| pairs.iter().map(|p| p.0).collect::<Vec<_>>();
    let config = config(&ours(ROUTES), &ours(RULES));
    request(&mut kernel, &config, Wanted::Present);
    let once = shown();
    request(&mut kernel, &config, Wanted::Present);
    assert_eq!(shown(), once);
    request(&mut kernel, &config, Wanted::Absent);
    request(&mut kernel, &config, Wanted::Absent);
}

#[test]
fn deletions_by_others_are_told_and_those_of_other_routes_are_not() {
    if !entered() {
        return;
    }
    let mut kernel = prepare();
    kernel.monitor.watch_routes().expect("a route group");
    kernel.monitor.watch_rules().expect("a rule group");
    let config = config(
        &["10.81.0.0/24 dev d0"],
        &["from 10.2.2.2 table 7 priority 9"],
    );
    request(&mut kernel, &config, Wanted::Present);
    // Neither a local route nor a route of an administrator is told.
    ip("addr add 10.78.0.1/24 dev d0");
    ip("route add 10.91.0.0/24 dev d0");
    ip("route del 10.81.0.0/24");
    ip("rule del priority 9");
    let told = |change: &Change| matches!(change, Change::Path { removed: true, .. });
    let both = |changes: &[Change]| changes.iter().filter(|c| told(c)).count() == 2;
    let changes: Changes = kernel.read_until(|_, changes| both(changes));
    let mut paths = Vec::new();
    for change in &changes {
        if let Change::Path { message, .. } = change {
            paths.push(message);
        }
    }
    assert_eq!(paths.len(), 2, "our own requests are not told: {paths:?}");
    assert!(paths.iter().any(|path| path.route().is_some()));
    assert!(paths.iter().any(|path| path.rule().is_some()));
}
