//! The request for a page.

use std::net::SocketAddr;

use super::super::checker::HttpVersion;

/// The request, octet by octet what the C daemon sends: access logs and rules of
/// servers know it by its `User-Agent`.
#[must_use]
pub fn write(version: HttpVersion, path: &str, host: &str) -> Vec<u8> {
    let (number, close) = match version {
        HttpVersion::V1_0 => ("1.0", ""),
        HttpVersion::V1_0Close => ("1.0", CLOSE),
        HttpVersion::V1_1 => ("1.1", CLOSE),
    };
    format!("GET {path} HTTP/{number}\r\nUser-Agent: {AGENT}\r\n{close}Host: {host}\r\n\r\n")
        .into_bytes()
}

/// What `Host:` says if nothing is configured: the address, and the port unless it is
/// the scheme's own (RFC 9110 4.2.1, 4.2.2, 7.2).
#[must_use]
pub fn host(server: SocketAddr, over_tls: bool) -> String {
    let own_port = if over_tls { 443 } else { 80 };
    match server {
        SocketAddr::V4(server) if server.port() == own_port => server.ip().to_string(),
        SocketAddr::V4(server) => server.to_string(),
        // The zone is a matter of this machine (RFC 6874 1).
        SocketAddr::V6(server) if server.port() == own_port => format!("[{}]", server.ip()),
        SocketAddr::V6(server) => format!("[{}]:{}", server.ip(), server.port()),
    }
}

const AGENT: &str = "KeepAliveClient";
const CLOSE: &str = "Connection: close\r\n";

#[cfg(test)]
mod tests {
    use super::*;

    fn text(version: HttpVersion) -> String {
        String::from_utf8(write(version, "/a?b=c", "www.example")).expect("text")
    }

    #[test]
    fn the_three_versions() {
        assert_eq!(
            text(HttpVersion::V1_0),
            "GET /a?b=c HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: www.example\r\n\r\n"
        );
        assert_eq!(
            text(HttpVersion::V1_0Close),
            "GET /a?b=c HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\n\
             Host: www.example\r\n\r\n"
        );
        assert!(text(HttpVersion::V1_1).starts_with("GET /a?b=c HTTP/1.1\r\n"));
        assert!(text(HttpVersion::V1_1).contains("\r\nConnection: close\r\n"));
    }

    #[test]
    fn host_has_the_port_unless_it_is_the_schemes_own() {
        for (server, over_tls, want) in [
            ("10.1.0.1:80", false, "10.1.0.1"),
            ("10.1.0.1:443", false, "10.1.0.1:443"),
            ("10.1.0.1:443", true, "10.1.0.1"),
            ("10.1.0.1:80", true, "10.1.0.1:80"),
            ("[2001:db8::1]:8080", false, "[2001:db8::1]:8080"),
            ("[2001:db8::1]:80", false, "[2001:db8::1]"),
        ] {
            let server = server.parse().expect("an address");
            assert_eq!(host(server, over_tls), want);
        }
    }
}
