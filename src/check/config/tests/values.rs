//! Values of each kind at their bounds, beyond them, and as no values at all: what is taken,
//! and what is in effect then.

use super::mistakes::costs;
use super::{SECOND, checker, first, good, read, service, told};
use crate::check::checker::{Kind, Timing};
use crate::control_plane::Config;
use crate::ipvs::{Checksum, Forwarding, Tunnel};

/// What no number is.
const NO_NUMBERS: &[&str] = &[
    "abc",
    "12abc",
    "1.5",
    "0x10",
    "1e3",
    "\"\"",
    "'5'",
    "5,",
    "5;",
    "18446744073709551616",
];

/// A keyword with this word behind it draws exactly one message in each of these texts.
fn refused(keyword: &str, words: &[&str], text: impl Fn(&str) -> String) {
    for word in words {
        let text = text(&format!("{keyword} {word}"));
        let (told, services) = told(&text);
        assert_eq!((told.len(), services), (1, 1), "{text}{told:?}");
    }
}

fn in_service(line: &str) -> String {
    service(line, "TCP_CHECK {\n}")
}

fn in_server(line: &str) -> String {
    service("", &format!("{line}\nTCP_CHECK {{\n}}"))
}

fn in_check(line: &str) -> String {
    service("", &format!("TCP_CHECK {{\n{line}\n}}"))
}

/// A configuration with mistakes, as it runs.
fn running(text: &str) -> Config {
    let loaded = read(text);
    let told = !loaded.diags.list.is_empty();
    assert!(told, "{text}");
    (*loaded.config.unwrap()).clone()
}

fn forwarding(config: &Config) -> Forwarding {
    first(config).1.forwarding
}

#[test]
fn whole_numbers() {
    for (number, value) in [("1", 1), ("010", 10), ("+5", 5), ("4294967295", u32::MAX)] {
        let config = good(&in_service(&format!("retry {number}")));
        assert_eq!(first(&config).0.given.retry, Some(value), "{number}");
        let timing = checker("", &format!("TCP_CHECK {{\nretry {number}\n}}")).timing;
        assert_eq!(timing.retry, value, "{number}");
    }
    assert_eq!(checker("", "TCP_CHECK {\nretry 0\n}").timing.retry, 0);
    let bounds = |least: &str| [least.to_owned(), "-5".into(), "4294967296".into()];
    for (keyword, least) in [("retry", "0"), ("quorum", "0"), ("hysteresis", "-1")] {
        let bounds = bounds(least);
        let bounds: Vec<&str> = bounds.iter().map(String::as_str).collect();
        refused(keyword, &bounds, in_service);
        refused(keyword, NO_NUMBERS, in_service);
    }
    for keyword in ["uthreshold", "lthreshold"] {
        refused(keyword, &["-1", "4294967296"], in_server);
        refused(keyword, NO_NUMBERS, in_server);
    }
    for keyword in ["retry", "fwmark"] {
        refused(keyword, &["-1", "4294967296"], in_check);
        refused(keyword, NO_NUMBERS, in_check);
    }
    refused("weight", &["0", "2147483648"], in_service);
    refused("weight", &["-1", "2147483648"], in_server);
}

#[test]
fn times() {
    let timing = |lines: &str| checker("", &format!("TCP_CHECK {{\n{lines}\n}}")).timing;
    for (word, seconds) in [("0", 0), ("4294.967296", 4294), ("4294967295", u32::MAX)] {
        let Timing {
            delay_before_retry,
            warmup,
            ..
        } = *timing(&format!("delay_before_retry {word}\nwarmup {word}"));
        assert_eq!(delay_before_retry.as_secs(), u64::from(seconds), "{word}");
        assert_eq!(warmup, Some(delay_before_retry), "{word}");
    }
    assert_eq!(
        timing("delay_loop 4294967295").delay_loop,
        u32::MAX * SECOND
    );
    for text in [in_service, in_server, in_check] {
        for keyword in ["delay_before_retry", "warmup"] {
            refused(keyword, &["-1", "4294967296", ".", "5s", "1..2"], text);
        }
        refused("delay_loop", &["0", "0.0", "-1", "0.0000001"], text);
        refused("connect_timeout", &["0", "-1", "4294.967296", "4295"], text);
    }
}

#[test]
fn switches() {
    for (text, keyword) in [
        (in_service as fn(&str) -> String, "smtp_alert"),
        (in_service, "alpha"),
        (in_service, "inhibit_on_failure"),
        (in_server, "alpha"),
        (in_check, "log_all_failures"),
    ] {
        for word in ["", "true", "on", "yes", "false", "off", "no", "\"true\""] {
            good(&text(&format!("{keyword} {word}")));
        }
        refused(keyword, &["TRUE", "On", "1", "0", "abc", "\"\""], text);
    }
}

#[test]
fn ports_and_addresses() {
    for keyword in ["connect_port", "bind_port"] {
        refused(
            keyword,
            &["0", "65536", "-1", "http", "80abc", "\"\""],
            in_check,
        );
        good(&in_check(&format!("{keyword} 1")));
        good(&in_check(&format!("{keyword} 65535")));
    }
    let bad = [
        "10.0.0",
        "10.0.0.256",
        "10.0.0.7/24",
        "010.0.0.7",
        "10.0.0.7:80",
        "host",
    ];
    refused("connect_ip", &bad, in_check);
    refused("bindto", &bad, in_check);
    refused("bindto", &["fd00::1"], in_check);
}

/// The first check of the text is of an address on some link.
fn of_link_local(check: &str) -> String {
    let text = service("", &format!("{check} {{\n%\n}}"));
    let text = text.replace("192.0.2.1", "2001:db8::1");
    text.replace("192.0.2.2", "fe80::2")
}

#[test]
fn link_local_addresses_need_an_interface() {
    for check in ["TCP_CHECK", "PING_CHECK", "DNS_CHECK"] {
        let text = of_link_local(check);
        let bare = text.replace('%', "");
        costs(&bare, "fe80::2 is link-local", 1);
        assert!(first(&running(&bare)).1.checkers.is_empty());
        good(&text.replace('%', "bind_if eth0"));
        good(&text.replace('%', "connect_ip 2001:db8::2"));
    }
}

#[test]
fn what_stands_behind_the_last_word_is_all_that_is_ignored() {
    let udp_or_tcp = service("", "").replace("protocol TCP", "protocol TCP and more");
    let config = running(&udp_or_tcp);
    assert_eq!(first(&config).0.protocol.name(), "TCP");
    let digest = "d41d8cd98f00b204e9800998ecf8427e";
    for line in [
        format!("digest {digest} x"),
        format!("digest {digest}\ndigest {digest}"),
    ] {
        let text = format!("HTTP_GET {{\nurl {{\npath /\n{line}\n}}\n}}");
        let config = running(&service("", &text));
        let Kind::Http(settings) = &first(&config).1.checkers[0].kind else {
            panic!("{config:?}")
        };
        assert!(settings.pages[0].digest.is_some(), "{line}");
    }
    for name in ["name one.example x", "name one.example\nname two.example"] {
        let config = running(&service("", &format!("DNS_CHECK {{\n{name}\n}}")));
        let Kind::Dns(settings) = &first(&config).1.checkers[0].kind else {
            panic!("{config:?}")
        };
        assert_eq!(settings.name, "one.example");
    }
}

#[test]
fn a_method_stays_what_it_is_whatever_its_options_are() {
    let ipip = Forwarding::Tunnel(Tunnel::Ipip);
    let gue = Forwarding::Tunnel(Tunnel::Gue {
        port: 5,
        checksum: Checksum::None,
    });
    for (method, effect) in [
        ("TUN foo", ipip),
        ("TUN type", ipip),
        ("TUN type abc", ipip),
        ("TUN type gue port", ipip),
        ("TUN type gue port 0", ipip),
        ("TUN type gue port 65536", ipip),
        ("TUN type gue port http", ipip),
        ("TUN type gue port 5 foo", gue),
        ("DR port 5", Forwarding::DirectRoute),
        ("NAT type ipip", Forwarding::Masquerade),
    ] {
        let of_service = service("", "").replace("lvs_method NAT", &format!("lvs_method {method}"));
        assert_eq!(forwarding(&running(&of_service)), effect, "{method}");
        let of_server = service("", &format!("lvs_method {method}"));
        assert_eq!(forwarding(&running(&of_server)), effect, "{method}");
        let sorry = format!("sorry_server 192.0.2.9 80\nsorry_server_lvs_method {method}");
        let config = running(&service(&sorry, ""));
        let sorry = first(&config).0.sorry.unwrap();
        assert_eq!(sorry.forwarding, effect, "{method}");
    }
}

#[test]
fn octets_of_datagrams() {
    let udp = |line: &str| service("", &format!("UDP_CHECK {{\n{line}\n}}"));
    for bad in ["\"\"", "gg", "0x00", "X"] {
        costs(&udp(&format!("payload {bad}")), "", 1);
    }
    for bad in ["\"\"", "gg", "ffg"] {
        let config = running(&udp(&format!("require_reply {bad}")));
        let Kind::Udp(settings) = &first(&config).1.checkers[0].kind else {
            panic!("{config:?}")
        };
        assert_eq!(settings.reply.as_deref(), Some(&[][..]), "{bad}");
    }
}

#[test]
fn two_where_one_is_wanted() {
    let text = service("", "TCP_CHECK {\n}");
    for keyword in ["password", "ca", "certificate", "key"] {
        let ssl = format!("SSL {{\n{keyword} one\n{keyword} two\n}}\n{text}");
        costs(&ssl, &format!("a second `{keyword}`"), 1);
        let config = running(&ssl);
        let keys = config.check.tls.as_ref().unwrap();
        let files = [&keys.ca, &keys.certificate, &keys.key];
        let last = files.into_iter().flatten().next();
        assert!(last.is_none_or(|file| file.value == "two"), "{keyword}");
    }
    let marks = text.replace(
        "script_user",
        "nftables_ipvs one\nnftables_ipvs two\nscript_user",
    );
    costs(&marks, "the first one stays", 1);
    let table = &running(&marks).global.lvs.marking.table;
    assert_eq!(table.as_deref(), Some("one"));
    let long = text.replace(
        "script_user",
        &format!("nftables_ipvs {}\nscript_user", "a".repeat(256)),
    );
    costs(&long, "longer than 255", 1);
    let pattern = "HTTP_GET {\nurl {\npath /\nregex two words\n}\n}";
    costs(&service("", pattern), "has to be quoted", 1);
}
