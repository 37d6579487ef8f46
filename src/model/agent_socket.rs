//! Where the SNMP master agent waits for subagents.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Port of AgentX over TCP (RFC 2741 section 8.1).
pub const PORT: u16 = 705;
/// Where a master agent waits unless told otherwise.
pub const DEFAULT_SOCKET: &str = "/var/agentx/master";
/// The longest name of a Unix socket, in octets; one more ends it.
const PATH_MAX: usize = 107;

/// The address of a master agent, in the form of net-snmp: `unix:PATH`,
/// `tcp:ADDRESS[:PORT]`, `tcp6:ADDRESS`, and short forms of them.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum AgentSocket {
    /// A Unix socket.
    Unix(PathBuf),
    /// A TCP port.
    Tcp(SocketAddr),
}

/// Why a text is no address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NoAgentSocket {
    /// A transport that AgentX does not have, such as UDP.
    Transport(String),
    /// Not an address, or a name, which would have to be looked up.
    Address(String),
    /// A path that is empty or longer than those of sockets.
    Path,
}

impl fmt::Display for NoAgentSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(name) => write!(
                f,
                "transport `{name}` is not supported for AgentX; use unix:PATH or tcp:ADDRESS:PORT"
            ),
            Self::Address(text) => write!(
                f,
                "`{text}` is not ADDRESS:PORT with a numerical address (names are not looked up, beside localhost)"
            ),
            Self::Path => write!(f, "a path of 1 to {PATH_MAX} octets is needed"),
        }
    }
}

impl std::error::Error for NoAgentSocket {}

impl Default for AgentSocket {
    fn default() -> Self {
        Self::Unix(DEFAULT_SOCKET.into())
    }
}

impl fmt::Display for AgentSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(address @ SocketAddr::V4(_)) => write!(f, "tcp:{address}"),
            Self::Tcp(address @ SocketAddr::V6(_)) => write!(f, "tcp6:{address}"),
        }
    }
}

impl FromStr for AgentSocket {
    type Err = NoAgentSocket;

    fn from_str(text: &str) -> Result<Self, NoAgentSocket> {
        if text.starts_with('/') {
            return unix(text);
        }
        let Some((transport, rest)) = text.split_once(':') else {
            return tcp(text, IpAddr::V4(Ipv4Addr::LOCALHOST));
        };
        match transport.to_ascii_lowercase().as_str() {
            "unix" | "local" => unix(rest.trim_start()),
            "tcp" => tcp(rest, IpAddr::V4(Ipv4Addr::LOCALHOST)),
            "tcp6" | "tcpv6" | "tcpipv6" => tcp(rest, IpAddr::V6(Ipv6Addr::LOCALHOST)),
            other if OTHER_TRANSPORTS.contains(&other) => {
                Err(NoAgentSocket::Transport(transport.to_owned()))
            }
            _ => tcp(text, IpAddr::V4(Ipv4Addr::LOCALHOST)),
        }
    }
}

/// What net-snmp knows beside those above.
const OTHER_TRANSPORTS: [&str; 14] = [
    "udp", "udp6", "udpv6", "udpipv6", "ssh", "dtlsudp", "dtls", "tlstcp", "tls", "ipx", "aal5pvc",
    "pvc", "alias", "std",
];

fn unix(path: &str) -> Result<AgentSocket, NoAgentSocket> {
    if path.is_empty() || path.len() > PATH_MAX || path.contains('\0') {
        return Err(NoAgentSocket::Path);
    }
    Ok(AgentSocket::Unix(path.into()))
}

/// `ADDRESS:PORT`, `ADDRESS`, `PORT`; brackets around an address of IPv6 with a port.
fn tcp(text: &str, local: IpAddr) -> Result<AgentSocket, NoAgentSocket> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
            (host, port.parse().ok())
        }
        _ if text.bytes().all(|c| c.is_ascii_digit()) => ("localhost", text.parse().ok()),
        _ => (text, Some(PORT)),
    };
    let unbracketed = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let address = match unbracketed.unwrap_or(host) {
        "localhost" => Some(local),
        host => host.parse().ok(),
    };
    match (address, port) {
        (Some(address), Some(port @ 1..)) => Ok(AgentSocket::Tcp(SocketAddr::new(address, port))),
        _ => Err(NoAgentSocket::Address(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match text.parse::<AgentSocket>() {
            Ok(socket) => socket.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn forms_of_net_snmp() {
        for (text, is) in [
            ("/var/agentx/master", "unix:/var/agentx/master"),
            ("unix:/run/x", "unix:/run/x"),
            ("unix: /run/x", "unix:/run/x"),
            ("unix:relative", "unix:relative"),
            ("tcp:127.0.0.1:705", "tcp:127.0.0.1:705"),
            ("tcp:192.0.2.1", "tcp:192.0.2.1:705"),
            ("tcp:1705", "tcp:127.0.0.1:1705"),
            ("tcp:localhost:1705", "tcp:127.0.0.1:1705"),
            ("localhost:1705", "tcp:127.0.0.1:1705"),
            ("192.0.2.1:1", "tcp:192.0.2.1:1"),
            ("tcp6:[2001:db8::1]:9", "tcp6:[2001:db8::1]:9"),
            ("tcp6:2001:db8::1", "tcp6:[2001:db8::1]:705"),
            ("tcp6:localhost", "tcp6:[::1]:705"),
        ] {
            assert_eq!(shown(text), is, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_is_told() {
        assert!(shown("udp:127.0.0.1:161").contains("`udp` is not supported"));
        assert!(shown("tcp:master.example:705").contains("numerical"));
        for text in [
            "",
            "unix:",
            "tcp:",
            "tcp:192.0.2.1:0",
            "tcp:192.0.2.1:70000",
        ] {
            assert!(text.parse::<AgentSocket>().is_err(), "{text}");
        }
        let long = format!("unix:/{}", "x".repeat(PATH_MAX));
        assert_eq!(long.parse::<AgentSocket>(), Err(NoAgentSocket::Path));
    }
}
