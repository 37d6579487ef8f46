//! Mistakes in the configuration of checks, and what each of them costs.

use super::{service, told};

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn a_mistake_costs_what_it_concerns() {
    let nat = service("", "TCP_CHECK {\n}");
    let server = "real_server 192.0.2.2 80 {\n";
    for (text, message, left) in [
        (
            nat.replace(server, "real_server 2001:db8::1 80 {\n"),
            "the real server is not of",
            0,
        ),
        (
            nat.replace(
                server,
                "real_server 192.0.2.2 80 {\n}\nreal_server 192.0.2.2 80 {\n",
            ),
            "one of this virtual server already",
            1,
        ),
        (
            nat.replace("NAT", "DR")
                .replace(server, "real_server 192.0.2.2 81 {\n"),
            "without NAT the port",
            1,
        ),
        (
            nat.replace("lvs_sched rr\n", ""),
            "no lvs_sched: wlc is used",
            1,
        ),
        (
            nat.replace("protocol TCP\n", ""),
            "no protocol: UDP is used",
            1,
        ),
        (
            nat.replace(" 80 {\n lvs_sched", " {\n lvs_sched"),
            "has to be persistent",
            1,
        ),
        (
            format!(
                "virtual_server_group P {{\n192.0.2.1 80\n192.0.2.1\n}}\n{}",
                nat.replace("192.0.2.1 80", "group P")
            ),
            "has to be persistent",
            1,
        ),
        (
            nat.replace("192.0.2.1 80", "group G"),
            "no virtual_server_group `G`",
            0,
        ),
        (
            format!("{nat}{}", &nat[nat.find("virtual_server").unwrap()..]),
            "has a virtual server already",
            1,
        ),
        (service("quorum 7", ""), "quorum 7 is more than", 1),
        (service("ops", ""), "ops is for UDP", 1),
        (
            service("sorry_server 2001:db8::1 80", ""),
            "the sorry server is not of",
            1,
        ),
        (
            service("sorry_server_inhibit", ""),
            "needs a sorry_server before",
            1,
        ),
        (service("sh-port", ""), "needs `lvs_sched sh` before", 1),
        (
            service("persistence_granularity 24", ""),
            "taken as 255.255.255.0",
            1,
        ),
        (
            service("persistence_granularity x", ""),
            "no IPv4 netmask",
            1,
        ),
        (service("", "HTTP_GET {\n}"), "no url", 1),
        (
            service("", "HTTP_GET {\nurl {\n}\n}"),
            "the url has no path",
            1,
        ),
        (
            service("", "HTTP_GET {\nurl {\npath /\nregex \"a(\"\n}\n}"),
            "Invalid regex",
            1,
        ),
        (
            service("", "HTTP_GET {\nurl {\npath /\nregex_min_offset abc\n}\n}"),
            "not a whole number",
            1,
        ),
        (
            service("", "HTTP_GET {\nurl {\npath /\ntls_compliant\n}\n}"),
            "for SSL_GET",
            1,
        ),
        (service("", "MISC_CHECK {\n}"), "no misc_path", 1),
        (
            service("", "FILE_CHECK {\ntrack_file X\n}"),
            "not defined before",
            1,
        ),
        (
            service("", "BFD_CHECK {\nname X\n}"),
            "not defined before",
            1,
        ),
        (service("", "DNS_CHECK {\ntype X\n}"), "is none of A, NS", 1),
        (service("", "DNS_CHECK {\nname a..b\n}"), "empty label", 1),
        (
            service("", "UDP_CHECK {\npayload zz\n}"),
            "not hexadecimal",
            1,
        ),
        (
            service("", "UDP_CHECK {\nmin_reply_length 9\nmax_reply_length 8\n}"),
            "always fails",
            1,
        ),
        ("virtual_server_group G {\n}\n".into(), "has no entries", 0),
        (
            "virtual_server_group G {\n10.0.0.1/24\n}\n".into(),
            "bits behind its prefix",
            0,
        ),
    ] {
        let (told, services) = told(&text);
        assert!(
            told.iter().any(|text| text.contains(message)),
            "{text}{told:?}"
        );
        assert_eq!(services, left, "{text}{told:?}");
    }
}
