//! What a check looks like when the configuration is compiled: inheritance from real
//! server, virtual server and defaults is done (`protocols.md` section 21).

//!
//! A configuration can have tens of thousands of checks, nearly all of them alike: what
//! they have in common is shared, and what few of them have is kept elsewhere.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{Command, IfName};

/// One check of one real server.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Checker {
    /// What is done.
    pub kind: Kind,
    /// When.
    pub timing: Rc<Timing>,
    /// The server is down until the check has succeeded once.
    pub alpha: bool,
    /// Log each failure, not only those that change something.
    pub log_all_failures: bool,
    /// It waits while the address of its virtual server is not present here.
    pub ha_suspend: bool,
}

/// When a check runs and how often it is tried again.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Timing {
    /// Between the ends of two checks (`delay_loop`).
    pub delay_loop: Duration,
    /// More attempts before a server that was up counts as down (`retry`).
    pub retry: u32,
    /// Between those attempts (`delay_before_retry`).
    pub delay_before_retry: Duration,
    /// The first check comes at a random moment of this time (`warmup`); without it
    /// within `delay_loop`.
    pub warmup: Option<Duration>,
}

/// The kinds of checks. [`super::kinds`] has a file for each.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum Kind {
    /// `TCP_CHECK`: a connection.
    Tcp(Endpoint),
    /// `HTTP_GET`, `SSL_GET`: pages.
    Http(Box<HttpSettings>),
    /// `SMTP_CHECK`: the beginning of a mail.
    Smtp(Box<SmtpSettings>),
    /// `DNS_CHECK`: a question.
    Dns(Box<DnsSettings>),
    /// `UDP_CHECK`: a datagram and perhaps its answer.
    Udp(Box<UdpSettings>),
    /// `PING_CHECK`: an echo.
    Ping(Endpoint),
    /// `MISC_CHECK`: a script.
    Misc(Box<MiscSettings>),
    /// `FILE_CHECK`: a number in a tracked file.
    File(Box<FileSettings>),
    /// `BFD_CHECK`: a session.
    Bfd(Box<BfdSettings>),
}

impl Kind {
    /// Its keyword in the configuration.
    #[must_use]
    pub const fn keyword(&self) -> &'static str {
        match self {
            Self::Tcp(_) => "TCP_CHECK",
            Self::Http(http) if http.tls.is_some() => "SSL_GET",
            Self::Http(_) => "HTTP_GET",
            Self::Smtp(_) => "SMTP_CHECK",
            Self::Dns(_) => "DNS_CHECK",
            Self::Udp(_) => "UDP_CHECK",
            Self::Ping(_) => "PING_CHECK",
            Self::Misc(_) => "MISC_CHECK",
            Self::File(_) => "FILE_CHECK",
            Self::Bfd(_) => "BFD_CHECK",
        }
    }
}

/// Where a check connects to, and from where.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Endpoint {
    /// `connect_ip` and `connect_port`, else those of the real server.
    pub address: SocketAddr,
    /// What is said of this end, if anything is.
    pub own: Option<Box<OwnEnd>>,
    /// `connect_timeout`: for the connection, and again for each wait after it.
    pub timeout: Duration,
}

/// This end of the connections of a check.
#[derive(Clone, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct OwnEnd {
    /// `bindto` and `bind_port`; without `bindto` the wildcard address.
    pub bind: Option<SocketAddr>,
    /// `bind_if`: `SO_BINDTODEVICE`.
    pub interface: Option<IfName>,
    /// `fwmark`: `SO_MARK`; 0 is none.
    pub mark: u32,
}

impl Endpoint {
    /// [`OwnEnd::bind`]
    #[must_use]
    pub fn bind(&self) -> Option<SocketAddr> {
        self.own.as_ref().and_then(|own| own.bind)
    }

    /// [`OwnEnd::interface`]
    #[must_use]
    pub fn interface(&self) -> Option<&IfName> {
        self.own.as_ref().and_then(|own| own.interface.as_ref())
    }

    /// [`OwnEnd::mark`]
    #[must_use]
    pub fn mark(&self) -> u32 {
        self.own.as_ref().map_or(0, |own| own.mark)
    }
}

/// `HTTP_GET` and `SSL_GET`.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct HttpSettings {
    /// Where to.
    pub endpoint: Endpoint,
    /// Over TLS (`SSL_GET`), and how.
    pub tls: Option<TlsSettings>,
    /// `http_protocol`
    pub version: HttpVersion,
    /// `fast_recovery`: no `delay_loop` between pages while starting or recovering.
    pub fast_recovery: bool,
    /// The pages, in order; at least one.
    pub pages: Vec<Page>,
    /// What is said for all of them.
    pub said: SaidOfPages,
}

/// What a check says for all its pages. It is in them already; this is for those who look
/// at the configuration.
#[derive(Clone, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct SaidOfPages {
    /// `virtualhost`
    pub virtualhost: Option<Rc<str>>,
    /// `enable_sni`
    pub sni: bool,
    /// `sni_name`
    pub sni_name: Option<String>,
}

/// What the request line and the head of a request say.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum HttpVersion {
    /// `HTTP/1.0`
    #[default]
    V1_0,
    /// `HTTP/1.0` with `Connection: close`
    V1_0Close,
    /// `HTTP/1.1` with `Connection: close`
    V1_1,
}

/// TLS of a check.
#[derive(Clone, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct TlsSettings {
    /// `tls_compliant`: end TLS with close-notify.
    pub compliant: bool,
}

/// One page of an HTTP check.
#[derive(Clone, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Page {
    /// `path`
    pub path: String,
    /// What `Host:` says, as resolved from page, check, real and virtual server;
    /// without it the address and port.
    pub host: Option<String>,
    /// The server name in TLS, if there is to be one.
    pub sni: Option<String>,
    /// `digest`: 16 octets are MD5, 20 are SHA-1.
    pub digest: Option<Vec<u8>>,
    /// `status_code`: ranges, both ends included; none means 200 to 299.
    pub statuses: Vec<(u16, u16)>,
    /// `regex` and what belongs to it.
    pub pattern: Option<Pattern>,
}

/// A PCRE2 pattern that the body has to match.
#[derive(Clone, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Pattern {
    /// `regex`
    pub text: String,
    /// `regex_no_match`: the body must not match.
    pub inverted: bool,
    /// `regex_options`, in the order given.
    pub options: Vec<String>,
    /// `regex_min_offset`: where in the body the search begins.
    pub min_offset: usize,
    /// `regex_max_offset`: the last octet at which a match may begin.
    pub max_offset: Option<usize>,
    /// `regex_stack`: octets at first and at most.
    pub stack: Option<(usize, usize)>,
}

/// `SMTP_CHECK`
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct SmtpSettings {
    /// Where to.
    pub endpoint: Endpoint,
    /// `helo_name`
    pub helo: String,
}

/// `DNS_CHECK`
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct DnsSettings {
    /// Where to.
    pub endpoint: Endpoint,
    /// `type`, as its number (RFC 1035 3.2.2).
    pub record: u16,
    /// `name`; empty is the root.
    pub name: String,
}

/// `UDP_CHECK`
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct UdpSettings {
    /// Where to.
    pub endpoint: Endpoint,
    /// `payload`; without it 32 octets of filler.
    pub payload: Option<Vec<u8>>,
    /// `require_reply`: there has to be an answer that begins like this, each octet
    /// with the mask of its nibbles that count.
    pub reply: Option<Vec<(u8, u8)>>,
    /// `min_reply_length`
    pub min_length: u16,
    /// `max_reply_length`
    pub max_length: u16,
}

/// `MISC_CHECK`
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct MiscSettings {
    /// `misc_path` with its arguments, and who runs it.
    pub command: Command,
    /// What the configuration says, for logs and dumps.
    pub given: String,
    /// `user`: user and group, as the configuration names them.
    pub user: Option<Box<(String, Option<String>)>>,
    /// `misc_timeout`, else the virtual server's `delay_loop`.
    pub timeout: Duration,
    /// `misc_dynamic`: status 2 to 255 is success and sets the weight.
    pub dynamic: bool,
}

/// `FILE_CHECK`
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct FileSettings {
    /// Number of the `track_file` in the configuration.
    pub file: usize,
    /// Its name there.
    pub name: String,
    /// Value times weight is added to the weight of the server; with 0 a value that is
    /// not 0 is a failure.
    pub weight: i64,
    /// `reverse`
    pub reverse: bool,
}

/// `BFD_CHECK`
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct BfdSettings {
    /// Name of the `bfd_instance`.
    pub session: String,
}
