use std::rc::Rc;

use super::*;
use crate::control_plane::diag::{Diags, Severity};
use crate::control_plane::source::Span;
use crate::control_plane::words::{Line, Word};
use crate::model::{NameKind, NumberNames};

fn names() -> Rc<NumberNames> {
    Rc::new(NumberNames::new(|kind| {
        let text = (kind == NameKind::Table).then(|| "1234 own\n".to_owned());
        text.into_iter().collect()
    }))
}

fn line(text: &str) -> Line {
    let words = text.split_ascii_whitespace().map(|word| Word {
        text: word.to_owned(),
        span: Span::default(),
        quoted: false,
    });
    Line {
        words: words.collect(),
        raw: text.to_owned(),
        span: Span::default(),
    }
}

/// The route as dumps have it, or the messages.
fn route(text: &str) -> Result<String, String> {
    let mut diags = Diags::default();
    let route = read_route(Kind::Static, &line(text), &names(), &mut diags);
    outcome(route.as_ref().map(route_text), &diags)
}

fn rule(text: &str) -> Result<String, String> {
    let mut diags = Diags::default();
    let rule = read_rule(Kind::Static, &line(text), &names(), &mut diags);
    outcome(rule.as_ref().map(rule_text), &diags)
}

fn outcome(text: Option<String>, diags: &Diags) -> Result<String, String> {
    let messages: Vec<_> = diags.list.iter().map(|diag| diag.text.as_str()).collect();
    text.ok_or_else(|| messages.join("; "))
}

/// What is dumped can be read again, and no gateway is lost.
#[test]
fn the_old_way_to_write_two_gateways() {
    let old = "10.80.0.0/24 via 10.77.0.253 or 10.77.0.254 dev eth0";
    let new = "10.80.0.0/24 nexthop via 10.77.0.253 dev eth0 nexthop via 10.77.0.254 dev eth0";
    assert!(route(old).is_ok());
    assert_eq!(route(old), route(new));
    let plain = "10.80.0.0/24 via 10.77.0.253 or 10.77.0.254";
    let text =
        "prepend 10.80.0.0/24 proto 18 nexthop via inet 10.77.0.253 nexthop via inet 10.77.0.254";
    assert_eq!(route(plain), Ok(text.to_owned()));
}

#[test]
fn routes_read_as_the_c_daemon_dumps_them() {
    let cases = [
        (
            "10.81.0.0/24 dev eth0",
            "prepend 10.81.0.0/24 dev eth0 proto 18",
        ),
        (
            "10.82.0.0/24 via 10.77.0.2",
            "prepend 10.82.0.0/24 via inet 10.77.0.2 proto 18",
        ),
        (
            "local 10.80.0.1 dev eth0",
            "add local 10.80.0.1 dev eth0 proto 18",
        ),
        (
            "fd84::/64 dev eth0 metric 5",
            "prepend fd84::/64 dev eth0 proto 18 metric 5",
        ),
        (
            "10.80.0.0/24 encap ip id 5 dst 10.77.0.9 dev eth0",
            "prepend 10.80.0.0/24 encap ip id 5 dst 10.77.0.9 dev eth0 proto 18",
        ),
        (
            "10.86.0.0/24 via 10.77.0.2 dev eth0 scope link src 10.77.0.1 table own onlink",
            "prepend 10.86.0.0/24 src 10.77.0.1 via inet 10.77.0.2 dev eth0 table 1234 proto 18 scope 253 onlink",
        ),
        (
            "10.85.0.0/24 nexthop via 10.77.0.2 dev eth0 weight 3 realms 3 nexthop via 10.77.0.3 weight 5 onlink",
            "prepend 10.85.0.0/24 proto 18 nexthop via inet 10.77.0.2 dev eth0 weight 3 realms 3 nexthop via inet 10.77.0.3 weight 5 onlink",
        ),
        (
            "default6 via fd77::fe dev eth0",
            "prepend ::/0 via inet6 fd77::fe dev eth0 proto 18",
        ),
        (
            "default via fd77::fe",
            "prepend ::/0 via inet6 fd77::fe proto 18",
        ),
        (
            "throw 10.88.0.0/24 table 7",
            "add throw 10.88.0.0/24 table 7 proto 18",
        ),
        ("6 10.80.0.0/24", "add blackhole 10.80.0.0/24 proto 18"),
    ];
    for (text, expected) in cases {
        assert_eq!(route(text).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn rules_read_as_the_c_daemon_dumps_them() {
    let cases = [
        (
            "from 10.2.2.2 table 7 priority 9",
            "from 10.2.2.2 priority 9 tos 0x0 protocol 18 lookup 7",
        ),
        (
            "from all goto 200 priority 51",
            "from 0.0.0.0/0 priority 51 tos 0x0 protocol 18 goto 200",
        ),
        (
            "not from 10.0.0.1 nop priority 52",
            "not from 10.0.0.1 priority 52 tos 0x0 protocol 18 nop",
        ),
        (
            "from all tunnel-id 5 uidrange 5-7 ipproto tcp sport 5-6 dport 7-8 lookup own order 0x10",
            "from 0.0.0.0/0 priority 16 tos 0x0 tunnel-id 5 uidrange 5-7 protocol 18 ipproto 6 sport 5-6 dport 7-8 lookup 1234",
        ),
        (
            "from 10.0.0.0/8 to 10.1.0.0/16 iif eth0 oif eth1 fwmark 1/3 tos 16 table 100 realms 3/4 priority 50",
            "from 10.0.0.0/8 to 10.1.0.0/16 priority 50 tos 0x10 fwmark 0x1/0x3 iif eth0 oif eth1 protocol 18 realms 3/4 lookup 100",
        ),
        ("fd80::/64 from", ""),
        (
            "inet6 x from fd80::/64 prohibit priority 55",
            "from fd80::/64 priority 55 tos 0x0 protocol 18 type prohibit",
        ),
    ];
    for (text, expected) in cases {
        if expected.is_empty() {
            assert!(rule(text).is_err(), "{text}");
        } else {
            assert_eq!(rule(text).as_deref(), Ok(expected), "{text}");
        }
    }
}

#[test]
fn what_is_printed_reads_to_the_same() {
    let routes = [
        "append 10.80.0.0/24 dev eth0 rtt lock 300ms rttvar 250.25ms rto_min 1s mtu lock 1300 features ecn quickack 1 congctl lock cubic",
        "10.84.0.0/24 dev eth0 hoplimit 3 initcwnd 5 window 6 cwnd 7 ssthresh 8 reordering 9 advmss 500 initrwnd 4 fastopen_no_cookie 1",
        "fd85::/64 from fd81::/64 dev eth0 pref high expires 100 ttl-propagate disabled no_track protocol static",
        "10.80.0.0/24 encap mpls 16/17/1048575 via 10.77.0.254 track_group G dev eth0",
        "fd80::/64 encap ila 1:2:ffff:4 via fd77::fe dev eth0",
        "fd87::/64 encap ip6 id 3 dst fd77::9 tc 4 hoplimit 9 flags 3 dev eth0 vrf red",
        "broadcast 10.80.0.255 dev eth0 tos 0x10 realms 5/10",
        "10.80.0.0/24 nexthop encap ip id 1 dst 10.77.0.9 dev eth0 nexthop via 10.77.0.254 weight 256",
    ];
    let mut diags = Diags::default();
    for text in routes {
        let first = read_route(Kind::Static, &line(text), &names(), &mut diags).expect(text);
        let again = route_text(&first).replace("proto ", "protocol ");
        let second = read_route(Kind::Static, &line(&again), &names(), &mut diags);
        assert_eq!(second.as_ref(), Some(&first), "{again}");
    }
    let rules = [
        "from all table main sup_group default sup_pl 8 priority 100",
        "from all l3mdev priority 53 no_track protocol 4",
        "unreachable to 10.9.9.9 priority 100 iif eth0 track_group G",
    ];
    for text in rules {
        let first = read_rule(Kind::Static, &line(text), &names(), &mut diags).expect(text);
        let again = rule_text(&first);
        let second = read_rule(Kind::Static, &line(&again), &names(), &mut diags);
        assert_eq!(second.as_ref(), Some(&first), "{again}");
    }
    let is_error = |severity| severity == Severity::Error;
    assert!(!diags.list.iter().any(|diag| is_error(diag.severity)));
}

#[test]
fn a_mistake_leaves_no_route() {
    for text in [
        "via 10.77.0.254 dev eth0",
        "10.80.0.0/24 via 10.77.0.999",
        "10.80.0.0/24 nexthop via 10.77.0.2 weight 257 nexthop via 10.77.0.3",
        "10.80.0.0/24 via fd77::1",
        "10.80.0.0/24 dev eth0 expires 5",
        "fd80::/64 dev eth0 realms 3",
        "10.80.0.0/24 dev eth0 table nosuch",
        "10.80.0.0/24 dev eth0 metric 0x10",
        "10.80.0.0/24 10.81.0.0/24 dev eth0",
        "10.80.0.0/24 encap mpls 1048576 dev eth0",
        "10.80.0.0/24 encap ip tos 3 dev eth0",
        "10.80.0.0/24 encap seg6 dev eth0",
        "10.80.0.0/24 encap ila 1:2:3 dev eth0",
        "10.80.0.0/24 dev eth0 rtt 3x",
        "10.80.0.0/24 via 10.77.0.1 nexthop via 10.77.0.2",
        "10.80.0.0/24 dev",
    ] {
        assert!(route(text).is_err(), "{text}");
    }
}

#[test]
fn a_mistake_leaves_no_rule_that_matches_everything() {
    for text in [
        "from all sport 80 table 100 priority 7",
        "from all sport 80-70 table 100 priority 7",
        "from all dport 1-65536 table 100 priority 7",
        "from 10.80.0.0/24 priority 100",
        "from 10.80.0.0/24 table 100 blackhole priority 100",
        "from 10.80.0.0/24 to fd80::/64 table 100 priority 100",
        "from all wibble table 9 priority 1",
        "from all table 0 priority 1",
        "from all goto 5 priority 6",
        "from all fwmark 1/x table 1 priority 1",
        "from all suppress_prefixlength 8 blackhole priority 1",
        "uidrange 5- table 1 priority 1",
    ] {
        assert!(rule(text).is_err(), "{text}");
    }
}

#[test]
fn times_are_brought_within_what_the_kernel_uses() {
    let text = route("10.87.0.0/24 dev eth0 rto_min 10ms rttvar 300ms rtt 300s").expect("a route");
    assert_eq!(
        text,
        "prepend 10.87.0.0/24 dev eth0 proto 18 rtt 120000ms rttvar 300ms rto_min 200ms"
    );
}

#[test]
fn host_bits_are_left_out_where_the_kernel_refuses_them() {
    let text = route("10.80.0.1/24 dev eth0").expect("a route");
    assert_eq!(text, "prepend 10.80.0.0/24 dev eth0 proto 18");
    let text = rule("from fd80::1/64 to any table 1 priority 3").expect("a rule");
    assert_eq!(
        text,
        "from fd80::1/64 priority 3 tos 0x0 protocol 18 lookup 1"
    );
}

/// What `-t` of the C daemon ends with: 2 where a word is missing, 5 for any other mistake.
#[test]
fn mistakes_have_the_status_of_the_c_daemon() {
    for (text, status) in [
        ("blackhole 10.0.0.0/8", 0),
        ("to blackhole 10.0.0.0/8", 0),
        ("7 10.0.0.0/8", 0),
        ("blackhole", 2),
        ("blackhole to", 5),
        ("10.0.0.0/8 5", 2),
        ("to", 2),
        ("to 5", 5),
        ("10.0.0.0/8 nexthop 5", 5),
        ("10.0.0.0/8 to via 10.1.1.1", 5),
        ("10.0.0.0/8 via inet", 2),
        ("10.0.0.0/8 mtu lock", 2),
        ("10.0.0.0/8 mtu lock 1400", 0),
        ("10.0.0.0/8 expires", 5),
        ("10.0.0.0/8 pref", 5),
        ("2001:db8::/64 expires", 2),
        ("2001:db8::/64 pref", 2),
        ("10.0.0.0/8 rtt 960000", 0),
        ("10.0.0.0/8 rtt 960001", 5),
        ("10.0.0.0/8 rttvar 480001", 5),
        ("10.0.0.0/8 rto_min 120001", 5),
        ("10.0.0.0/8 rto_min 300s", 0),
        ("10.0.0.0/8 encap ip id 18446744073709551615", 0),
        ("10.0.0.0/8 encap ip id 18446744073709551616", 5),
        ("10.0.0.0/8 encap ip id 0x10", 5),
    ] {
        let mut diags = Diags::default();
        let _ = read_route(Kind::Static, &line(text), &names(), &mut diags);
        assert_eq!(diags.exit_status(), status, "{text}");
    }
    for (text, status) in [
        ("from 10.0.0.0/8 table 0x10", 0),
        ("from 10.0.0.0/8 tunnel-id 18446744073709551615 table 5", 0),
        ("from 10.0.0.0/8 tunnel-id 0x10 table 5", 5),
        ("from 10.0.0.0/8 suppress_ifgroup 2147483647 table 5", 0),
        ("from 10.0.0.0/8 suppress_ifgroup 2147483648 table 5", 5),
    ] {
        let mut diags = Diags::default();
        let _ = read_rule(Kind::Static, &line(text), &names(), &mut diags);
        assert_eq!(diags.exit_status(), status, "{text}");
    }
}
