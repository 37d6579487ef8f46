//! What a text of virtual servers comes out as, and what is said about mistakes.

mod mistakes;
mod values;

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use super::service::ServiceAddress;
use super::{ServerConfig, ServiceConfig};
use crate::check::checker::{Checker, HttpVersion, Kind};
use crate::control_plane::diag::Severity;
use crate::control_plane::files::Memory;
use crate::control_plane::{AnyMachine, Config, LoadOptions, Loaded, load};
use crate::ipvs::{Checksum, Forwarding, Granularity, Protocol, ServiceFlags, Tunnel};
use crate::model::Family;

fn read(text: &str) -> Loaded {
    let files = Memory::with("/etc/test.conf", text);
    load(
        &files,
        Path::new("/etc/test.conf"),
        &LoadOptions::default(),
        &AnyMachine::default(),
    )
}

fn good(text: &str) -> Rc<Config> {
    let loaded = read(text);
    let bad = loaded.diags.list.iter();
    let bad: Vec<_> = bad
        .filter(|d| d.severity > Severity::Note && !d.is_advice())
        .collect();
    assert!(bad.is_empty(), "{text}{bad:?}");
    loaded.config.unwrap()
}

/// A virtual server with these lines, and a real server with those.
fn service(lines: &str, server: &str) -> String {
    format!(
        "global_defs {{\n script_user root\n enable_script_security\n}}\n\
         track_file F {{\n file /run/f\n weight 2\n}}\n\
         virtual_server 192.0.2.1 80 {{\n lvs_sched rr\n lvs_method NAT\n protocol TCP\n{lines}\n\
         real_server 192.0.2.2 80 {{\n{server}\n}}\n}}\n"
    )
}

fn first(config: &Config) -> (&ServiceConfig, &ServerConfig) {
    let service = config.check.services.first().unwrap();
    (service, service.servers.first().unwrap())
}

fn checker(lines: &str, server: &str) -> Checker {
    let config = good(&service(lines, server));
    first(&config).1.checkers.first().unwrap().clone()
}

/// The messages that are more than remarks, and how many virtual servers are left.
fn told(text: &str) -> (Vec<String>, usize) {
    let loaded = read(text);
    let list = loaded.diags.list.iter();
    let list = list.filter(|diag| diag.severity > Severity::Note && !diag.is_advice());
    let left = loaded
        .config
        .map_or(0, |config| config.check.services.len());
    (list.map(|diag| diag.text.clone()).collect(), left)
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn times_are_inherited_and_have_defaults_by_kind() {
    for (kind, retry, delay) in [
        ("TCP_CHECK {\n}", 1, 1),
        ("PING_CHECK {\n}", 1, 1),
        ("UDP_CHECK {\n}", 1, 1),
        ("SMTP_CHECK {\n}", 1, 1),
        ("HTTP_GET {\nurl {\npath /\n}\n}", 1, 3),
        ("SSL_GET {\nurl {\npath /\n}\n}", 1, 3),
        ("DNS_CHECK {\n}", 3, 60),
        ("MISC_CHECK {\nmisc_path /bin/true\n}", 0, 1),
    ] {
        let timing = checker("", kind).timing;
        assert_eq!(
            (timing.retry, timing.delay_before_retry),
            (retry, delay * SECOND),
            "{kind}"
        );
        assert_eq!((timing.delay_loop, timing.warmup), (60 * SECOND, None));
        let timing = checker("delay_loop 7\n retry 9", &format!("warmup 2\n{kind}")).timing;
        assert_eq!((timing.retry, timing.delay_loop), (9, 7 * SECOND), "{kind}");
        assert_eq!(timing.warmup, Some(2 * SECOND));
    }
    let own = "delay_loop 5\n TCP_CHECK {\n delay_loop 3\n retry 0\n connect_timeout 0.5\n}";
    let own = checker("delay_loop 7\n connect_timeout 9\n retry 4", own);
    assert_eq!((own.timing.delay_loop, own.timing.retry), (3 * SECOND, 0));
    let Kind::Tcp(endpoint) = own.kind else {
        panic!("{own:?}")
    };
    assert_eq!(endpoint.timeout, SECOND / 2);
}

#[test]
fn switches_are_inherited_and_false_is_false() {
    let config = good(&service("alpha\n inhibit_on_failure", "TCP_CHECK {\n}"));
    let (_, server) = first(&config);
    assert!(server.alpha && server.inhibit && server.smtp_alert);
    assert!(server.checkers.iter().all(|checker| checker.alpha));
    let config = good(&service(
        "alpha false",
        "inhibit_on_failure\n TCP_CHECK {\n alpha\n}",
    ));
    let (service_, server) = first(&config);
    assert!(!server.alpha && server.inhibit && !service_.smtp_alert);
    assert!(server.checkers.iter().all(|checker| checker.alpha));
    let text = service(
        "",
        "smtp_alert off\n FILE_CHECK {\n track_file F\n}\n alpha",
    );
    let text = text.replace("script_user", "smtp_alert_checker on\n script_user");
    let config = good(&text);
    let (service, server) = first(&config);
    assert!(service.smtp_alert && !server.smtp_alert && server.alpha);
    assert!(!server.checkers.first().unwrap().alpha, "never of files");
}

#[test]
fn a_check_connects_where_and_from_where_it_says() {
    let check = checker("", "TCP_CHECK {\n}");
    let Kind::Tcp(endpoint) = check.kind else {
        panic!("{check:?}")
    };
    assert_eq!(endpoint.address, "192.0.2.2:80".parse().unwrap());
    assert_eq!((endpoint.bind(), endpoint.mark()), (None, 0));
    let check = checker(
        "",
        "TCP_CHECK {\n connect_ip 192.0.2.9\n connect_port 8080\n bind_port 5000\n fwmark 7\n \
         bind_if eth0\n}",
    );
    let Kind::Tcp(endpoint) = check.kind else {
        panic!("{check:?}")
    };
    assert_eq!(endpoint.address, "192.0.2.9:8080".parse().unwrap());
    assert_eq!(
        endpoint.bind(),
        Some("0.0.0.0:5000".parse().unwrap()),
        "defect 17"
    );
    assert_eq!(endpoint.mark(), 7);
    let (told, _) = told(&service("", "TCP_CHECK {\n bindto 2001:db8::1\n}"));
    assert_eq!(
        told,
        ["bindto is not of the family of the address checked: ignored"]
    );
}

#[test]
fn a_real_server_without_port_has_that_of_the_service() {
    let text = service("", "").replace("192.0.2.2 80 {", "192.0.2.2 {\n TCP_CHECK {\n}");
    let config = good(&text);
    let (service, server) = first(&config);
    let [key] = config.check.keys(service)[..] else {
        panic!("one key")
    };
    assert_eq!(server.key(&key).to_string(), "[192.0.2.2]:80");
    let Kind::Tcp(endpoint) = &server.checkers[0].kind else {
        panic!("{server:?}")
    };
    assert_eq!(endpoint.address.port(), 80);
}

#[test]
fn names_of_hosts_and_of_tls() {
    let page = |lines: &str, server: &str| {
        let check = checker(lines, server);
        let Kind::Http(http) = check.kind else {
            panic!("{check:?}")
        };
        http.pages[0].clone()
    };
    let url = "url {\n path /\n}";
    let found = page(
        "virtualhost vs",
        &format!("virtualhost rs\n SSL_GET {{\n enable_sni\n {url}\n}}"),
    );
    assert_eq!(
        (found.host.as_deref(), found.sni.as_deref()),
        (Some("rs"), Some("vs"))
    );
    let found = page(
        "",
        &format!("SSL_GET {{\n virtualhost c\n enable_sni\n {url}\n}}"),
    );
    assert_eq!(
        (found.host.as_deref(), found.sni.as_deref()),
        (Some("c"), Some("c"))
    );
    let found = page(
        "",
        &format!("SSL_GET {{\n virtualhost c\n sni_name n\n {url}\n}}"),
    );
    assert_eq!(
        (found.host.as_deref(), found.sni.as_deref()),
        (Some("c"), Some("n"))
    );
    let found = page(
        "virtualhost vs",
        &format!("HTTP_GET {{\n enable_sni\n {url}\n}}"),
    );
    assert_eq!(
        (found.host.as_deref(), found.sni.as_deref()),
        (Some("vs"), None)
    );
}

#[test]
fn pages_have_digests_statuses_and_patterns() {
    let check = checker(
        "",
        "HTTP_GET {\n http_protocol 1.0c\n fast_recovery\n url {\n path /a\n \
         digest 000102030405060708090a0b0c0d0e0f\n status_code 200 300-310\n}\n url {\n path /b\n \
         digest 000102030405060708090a0b0c0d0e0f10111213\n regex \"a\\\\d+ b\"\n regex_no_match\n \
         regex_options caseless utf\n regex_min_offset 2\n regex_max_offset 9\n regex_stack 10 20\n}\n}",
    );
    let Kind::Http(http) = check.kind else {
        panic!("{check:?}")
    };
    assert_eq!(
        (http.version, http.fast_recovery),
        (HttpVersion::V1_0Close, true)
    );
    let [a, b] = &http.pages[..] else {
        panic!("two pages")
    };
    assert_eq!(a.statuses, [(200, 200), (300, 310)]);
    assert_eq!(
        (
            a.digest.as_ref().map(Vec::len),
            b.digest.as_ref().map(Vec::len)
        ),
        (Some(16), Some(20))
    );
    let pattern = b.pattern.as_ref().unwrap();
    assert_eq!(pattern.text, "a\\d+ b");
    assert!(pattern.inverted && pattern.options == ["caseless", "utf"]);
    assert_eq!(
        (pattern.min_offset, pattern.max_offset, pattern.stack),
        (2, Some(9), Some((10, 20)))
    );
}

#[test]
fn methods_and_flags() {
    for (words, expected) in [
        ("DR", Forwarding::DirectRoute),
        ("TUN", Forwarding::Tunnel(Tunnel::Ipip)),
        (
            "TUN type gue port 6080 remcsum",
            Forwarding::Tunnel(Tunnel::Gue {
                port: 6080,
                checksum: Checksum::Remote,
            }),
        ),
        (
            "TUN type gre csum",
            Forwarding::Tunnel(Tunnel::Gre {
                checksum: Checksum::Outer,
            }),
        ),
    ] {
        let config =
            good(&service("", "").replace("lvs_method NAT", &format!("lvs_method {words}")));
        assert_eq!(first(&config).1.forwarding, expected);
    }
    let config = good(&service("", "").replace("lvs_sched rr", "lb_algo sh\n sh-port\n flag-3"));
    let flags = first(&config).0.flags;
    assert!(flags.has(ServiceFlags::SCHEDULER_2) && flags.has(ServiceFlags::SCHEDULER_3));
    for bad in [
        "TUN type gue",
        "TUN port 5",
        "TUN csum",
        "TUN type gre remcsum",
        "NAT csum",
        "X",
    ] {
        let text = service("", "").replace("lvs_method NAT", &format!("lvs_method {bad}"));
        assert!(!told(&text).0.is_empty(), "{bad}");
    }
}

#[test]
fn groups_are_several_keys() {
    let text = "virtual_server_group G {\n 192.0.2.254-192.0.3.1 80\n fwmark 7 inet6\n}\n\
                virtual_server group G {\n lvs_sched rr\n lvs_method TUN\n protocol UDP\n ops\n \
                real_server 198.51.100.1 80 {\n}\n}\n";
    let config = good(text);
    let (service, _) = first(&config);
    assert_eq!(service.address, ServiceAddress::Group(0));
    assert_eq!(service.protocol, Protocol::Udp);
    let keys = config.check.keys(service);
    let names: Vec<String> = keys.iter().map(ToString::to_string).collect();
    assert_eq!(
        names,
        [
            "[192.0.2.254]:udp:80",
            "[192.0.2.255]:udp:80",
            "[192.0.3.0]:udp:80",
            "[192.0.3.1]:udp:80",
            "FWM 7"
        ]
    );
    assert_eq!(keys.last().map(|key| key.family()), Some(Family::V6));
}

#[test]
fn a_group_of_both_families_is_for_tunnels() {
    let text = "virtual_server_group G {\n 192.0.2.1 80\n 2001:db8::1 80\n}\n\
                virtual_server group G {\n lvs_sched rr\n lvs_method NAT\n protocol TCP\n \
                real_server 198.51.100.1 80 {\n}\n}\n";
    let (told, left) = told(text);
    assert!(
        told.iter().any(|text| text.contains("has both families")),
        "{told:?}"
    );
    assert_eq!(left, 1);
    good(&text.replace("NAT", "TUN"));
}

#[test]
fn persistence_of_addresses_and_marks() {
    let config = good(&service(
        "persistence_timeout\n persistence_granularity 255.255.0.0",
        "",
    ));
    let persistence = first(&config).0.persistence.unwrap();
    assert_eq!(
        (persistence.timeout, persistence.granularity),
        (360, Granularity::Mask(0xffff_0000))
    );
    let text = service("persistence_granularity 64\n persistence_engine sip", "");
    let text = text.replace("192.0.2.", "2001:db8::");
    let config = good(&text);
    let persistence = first(&config).0.persistence.unwrap();
    assert_eq!(
        (persistence.timeout, persistence.granularity),
        (360, Granularity::Prefix(64))
    );
    assert_eq!(
        persistence.engine.map(|name| name.to_string()).as_deref(),
        Some("sip")
    );
}

#[test]
fn the_quorum_can_be_reached_and_lost() {
    let quorum = |lines: &str, server: &str| {
        let loaded = read(&service(lines, server));
        let config = loaded.config.unwrap();
        let (service, _) = first(&config);
        (service.quorum, service.hysteresis)
    };
    assert_eq!(quorum("", ""), (1, 0));
    assert_eq!(quorum("quorum 3\n hysteresis 1", "weight 5"), (3, 1));
    assert_eq!(quorum("quorum 9\n hysteresis 8", "weight 5"), (5, 4));
    assert_eq!(quorum("hysteresis 0", "weight 0"), (0, 0), "defect 7");
}

/// Everything once: what is printed reads as the same configuration.
#[test]
fn print_and_read_again() {
    let text = include_str!("tests/full.conf");
    let config = good(text);
    let printed = config.print(true);
    let again = good(&printed);
    assert_eq!(config.check, again.check, "{printed}");
    assert_eq!(config.global.lvs, again.global.lvs, "{printed}");
    assert_eq!(config.global.checker_process, again.global.checker_process);
    assert_eq!(printed, again.print(true));
    assert!(!config.print(false).contains("tell nobody"));
}

#[test]
fn old_hosts_of_smtp_are_checks_of_their_own() {
    let config = good(&service(
        "",
        "SMTP_CHECK {\n helo_name me\n connect_timeout 2\n host {\n connect_port 25\n}\n host {\n \
         connect_ip 192.0.2.8\n connect_timeout 4\n}\n}",
    ));
    let smtp = |checker: &Checker| {
        let Kind::Smtp(smtp) = &checker.kind else {
            panic!("{checker:?}")
        };
        let address = smtp.endpoint.address.to_string();
        (address, smtp.endpoint.timeout, smtp.helo.clone())
    };
    let found: Vec<_> = first(&config).1.checkers.iter().map(smtp).collect();
    assert_eq!(
        found,
        [
            ("192.0.2.2:25".into(), 2 * SECOND, "me".to_owned()),
            ("192.0.2.8:80".into(), 4 * SECOND, "me".to_owned())
        ]
    );
}

#[test]
fn the_usual_limit_of_replies_is_for_those_that_are_compared() {
    let most = |text: &str| {
        let block = format!("UDP_CHECK {{\n{text}\n}}");
        let Kind::Udp(udp) = checker("protocol UDP", &block).kind else {
            panic!("another check");
        };
        udp.max_length
    };
    assert_eq!(most(""), u16::MAX);
    assert_eq!(most("require_reply"), u16::MAX);
    assert_eq!(most("require_reply 0a"), 255);
    assert_eq!(most("max_reply_length 20"), 20);
    assert_eq!(most("require_reply 0a\nmax_reply_length 300"), 300);
}

#[test]
fn a_tunnel_with_a_mistake_is_still_a_tunnel() {
    for (options, tunnel) in [
        ("type gue", Tunnel::Ipip),
        ("type ipip csum", Tunnel::Ipip),
        ("port 6080", Tunnel::Ipip),
        (
            "type gre port 6080 csum",
            Tunnel::Gre {
                checksum: Checksum::Outer,
            },
        ),
        (
            "type gre remcsum",
            Tunnel::Gre {
                checksum: Checksum::None,
            },
        ),
    ] {
        let text = service(&format!("lvs_method TUN {options}"), "");
        let loaded = read(&text);
        let mut found = loaded.diags.list.iter();
        assert!(found.any(|d| d.severity == Severity::Error), "{options}");
        let config = loaded.config.unwrap();
        let (service, server) = first(&config);
        assert_eq!(service.forwarding, Forwarding::Tunnel(tunnel), "{options}");
        assert_eq!(server.forwarding, Forwarding::Tunnel(tunnel), "{options}");
    }
}
