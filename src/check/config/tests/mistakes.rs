//! Mistakes in the configuration of checks, and what each of them costs.

use super::{service, told};

const SERVER: &str = "real_server 192.0.2.2 80 {\n";

/// A text has this message, and so many virtual servers are left.
pub(super) fn costs(text: &str, message: &str, left: usize) {
    let (told, services) = told(text);
    assert!(
        told.iter().any(|text| text.contains(message)),
        "{text}{told:?}"
    );
    assert_eq!(services, left, "{text}{told:?}");
}

/// The same of a check, which costs no more than itself.
fn check_costs(check: &str, message: &str) {
    costs(&service("", check), message, 1);
}

#[test]
fn of_real_servers() {
    let nat = service("", "TCP_CHECK {\n}");
    let of_another_family = nat.replace(SERVER, "real_server 2001:db8::1 80 {\n");
    costs(&of_another_family, "the real server is not of", 0);
    let twice = nat.replace(SERVER, &format!("{SERVER}}}\n{SERVER}"));
    costs(&twice, "one of this virtual server already", 1);
    let other_port = SERVER.replace(" 80", " 81");
    let other_port = nat.replace("NAT", "DR").replace(SERVER, &other_port);
    costs(&other_port, "without NAT the port", 1);
}

#[test]
fn of_virtual_servers() {
    let nat = service("", "TCP_CHECK {\n}");
    let without = |line: &str| nat.replace(line, "");
    costs(&without("lvs_sched rr\n"), "no lvs_sched: wlc is used", 1);
    costs(&without("protocol TCP\n"), "no protocol: UDP is used", 1);
    let has_to_be = "has to be persistent";
    let without_port = nat.replace(" 80 {\n lvs_sched", " {\n lvs_sched");
    costs(&without_port, has_to_be, 1);
    let again = format!("{nat}{}", &nat[nat.find("virtual_server").unwrap()..]);
    costs(&again, "has a virtual server already", 1);
    let with = |line: &str, message: &str| costs(&service(line, ""), message, 1);
    with("quorum 7", "quorum 7 is more than");
    with("ops", "ops is for UDP");
    with("sorry_server 2001:db8::1 80", "the sorry server is not of");
    with("sorry_server_inhibit", "needs a sorry_server before");
    with("sh-port", "needs `lvs_sched sh` before");
    with("persistence_granularity 24", "taken as 255.255.255.0");
    with("persistence_granularity x", "no IPv4 netmask");
}

#[test]
fn of_groups() {
    let nat = service("", "TCP_CHECK {\n}");
    let missing = nat.replace("192.0.2.1 80", "group G");
    costs(&missing, "no virtual_server_group `G`", 0);
    let of_port_0 = nat.replace("192.0.2.1 80", "group P");
    let of_port_0 = format!("virtual_server_group P {{\n192.0.2.1 80\n192.0.2.1\n}}\n{of_port_0}");
    costs(&of_port_0, "has to be persistent", 1);
    costs("virtual_server_group G {\n}\n", "has no entries", 0);
    let with_host_bits = "virtual_server_group G {\n10.0.0.1/24\n}\n";
    costs(with_host_bits, "bits behind its prefix", 0);
}

#[test]
fn of_pages() {
    check_costs("HTTP_GET {\n}", "no url");
    check_costs("HTTP_GET {\nurl {\n}\n}", "the url has no path");
    let url = |line: &str, message: &str| {
        check_costs(
            &format!("HTTP_GET {{\nurl {{\npath /\n{line}\n}}\n}}"),
            message,
        );
    };
    url("regex \"a(\"", "Invalid regex");
    url("regex_min_offset abc", "not a whole number");
    url("tls_compliant", "for SSL_GET");
}

#[test]
fn of_other_checks() {
    check_costs("MISC_CHECK {\n}", "no misc_path");
    check_costs("FILE_CHECK {\ntrack_file X\n}", "not defined before");
    check_costs("BFD_CHECK {\nname X\n}", "not defined before");
    check_costs("DNS_CHECK {\ntype X\n}", "is none of A, NS");
    check_costs("DNS_CHECK {\nname a..b\n}", "empty label");
    check_costs("UDP_CHECK {\npayload zz\n}", "not hexadecimal");
    let bounds = "UDP_CHECK {\nmin_reply_length 9\nmax_reply_length 8\n}";
    check_costs(bounds, "always fails");
}
