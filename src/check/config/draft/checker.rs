//! Checks while they are read.

use std::net::IpAddr;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use crate::check::checker::HttpVersion;
use crate::check::config::service::Inherited;
use crate::control_plane::source::Span;
use crate::control_plane::value::{Field, Spanned};
use crate::model::{CommandRequest, IfName};

/// The kinds of checks, as keywords.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum CheckKind {
    /// `TCP_CHECK`
    #[default]
    Tcp,
    /// `HTTP_GET`
    Http,
    /// `SSL_GET`
    Tls,
    /// `SMTP_CHECK`
    Smtp,
    /// `DNS_CHECK`
    Dns,
    /// `UDP_CHECK`
    Udp,
    /// `PING_CHECK`
    Ping,
    /// `MISC_CHECK`
    Misc,
    /// `FILE_CHECK`
    File,
    /// `BFD_CHECK`
    Bfd,
}

/// A check.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CheckerDraft {
    /// Which.
    pub kind: CheckKind,
    /// Where its keyword stands.
    pub span: Span,
    /// What all kinds have; `virtualhost` for pages.
    pub given: Inherited,
    /// `log_all_failures`
    pub log_all_failures: Option<bool>,
    /// Where it connects to.
    pub connection: ConnectionDraft,
    /// What only its kind has.
    pub special: Boxed,
}

impl CheckerDraft {
    /// As a `host` of an `SMTP_CHECK`: what it does not say is that of the check.
    pub fn inherit(&mut self, check: &Self) {
        let (given, of) = (&mut self.given, &check.given);
        given.alpha = given.alpha.or(of.alpha);
        given.retry = given.retry.or(of.retry);
        given.delay_before_retry = given.delay_before_retry.or(of.delay_before_retry);
        given.warmup = given.warmup.or(of.warmup);
        given.delay_loop = given.delay_loop.or(of.delay_loop);
        given.connect_timeout = given.connect_timeout.or(of.connect_timeout);
        self.log_all_failures = self.log_all_failures.or(check.log_all_failures);
        let (own, of) = (&mut self.connection, &check.connection);
        own.address = own.address.or(of.address);
        own.port = own.port.or(of.port);
        own.bind = own.bind.or(of.bind);
        own.bind_port = own.bind_port.or(of.bind_port);
        own.mark = own.mark.or(of.mark);
        if own.interface.is_none() {
            own.interface.clone_from(&of.interface);
        }
        if let Some(helo) = &check.special.helo {
            self.special.helo = Some(helo.clone());
        }
    }
}

/// Where a check connects to, and from where.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ConnectionDraft {
    /// `connect_ip`
    pub address: Option<Spanned<IpAddr>>,
    /// `connect_port`
    pub port: Option<u16>,
    /// `bindto`
    pub bind: Option<Spanned<IpAddr>>,
    /// `bind_port`
    pub bind_port: Option<u16>,
    /// `bind_if`
    pub interface: Option<IfName>,
    /// `fwmark`
    pub mark: Option<u32>,
}

/// What only one kind of check has. Most checks of a large configuration have none
/// of it, so it is there only once something is set.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Boxed(Option<Box<Special>>);

impl Deref for Boxed {
    type Target = Special;

    fn deref(&self) -> &Special {
        self.0.as_deref().unwrap_or(NOTHING)
    }
}

impl DerefMut for Boxed {
    fn deref_mut(&mut self) -> &mut Special {
        self.0.get_or_insert_default()
    }
}

/// The words of all kinds; each block has rows only for its own.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Special {
    /// `http_protocol`
    pub version: Option<HttpVersion>,
    /// `enable_sni`
    pub sni: Option<bool>,
    /// `sni_name`
    pub sni_name: Option<String>,
    /// `fast_recovery`
    pub fast_recovery: Option<bool>,
    /// `tls_compliant`
    pub tls_compliant: Option<Spanned<bool>>,
    /// `url`
    pub pages: Vec<PageDraft>,
    /// `helo_name`
    pub helo: Option<String>,
    /// `host` of an `SMTP_CHECK`: checks of their own.
    pub hosts: Vec<CheckerDraft>,
    /// `type`, of a question.
    pub record: Option<&'static str>,
    /// `name`, of a question.
    pub name: Option<String>,
    /// `payload`
    pub payload: Option<Vec<u8>>,
    /// `require_reply`: octets with the bits that count.
    pub reply: Option<Vec<(u8, u8)>>,
    /// `min_reply_length`
    pub min_length: Option<u16>,
    /// `max_reply_length`
    pub max_length: Option<u16>,
    /// `misc_path`
    pub script: Option<Spanned<CommandRequest>>,
    /// `misc_timeout`
    pub timeout: Option<Duration>,
    /// `misc_dynamic`
    pub dynamic: bool,
    /// `user` of the script: user and group.
    pub user: Option<(String, Option<String>)>,
    /// `track_file`, or the `name` of a `bfd_instance`.
    pub target: Option<Spanned<String>>,
    /// `weight` of a file, and whether it is reversed.
    pub weight: Option<(i32, bool)>,
}

const NOTHING: &Special = &Special {
    version: None,
    sni: None,
    sni_name: None,
    fast_recovery: None,
    tls_compliant: None,
    pages: Vec::new(),
    helo: None,
    hosts: Vec::new(),
    record: None,
    name: None,
    payload: None,
    reply: None,
    min_length: None,
    max_length: None,
    script: None,
    timeout: None,
    dynamic: false,
    user: None,
    target: None,
    weight: None,
};

/// `url`
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PageDraft {
    /// Where its keyword stands.
    pub span: Span,
    /// `path`
    pub path: Option<String>,
    /// `digest`
    pub digest: Option<Vec<u8>>,
    /// `status_code`
    pub statuses: Vec<(u16, u16)>,
    /// `virtualhost`
    pub virtualhost: Option<String>,
    /// `regex`
    pub pattern: Option<Spanned<String>>,
    /// `regex_no_match`
    pub inverted: bool,
    /// `regex_options`
    pub options: Vec<String>,
    /// `regex_min_offset`
    pub min_offset: Option<u32>,
    /// `regex_max_offset`
    pub max_offset: Option<u32>,
    /// `regex_stack`: octets at the beginning and at most.
    pub stack: Option<(usize, usize)>,
    /// `tls_compliant`
    pub tls_compliant: Option<Spanned<bool>>,
}

impl Field<&'static str> for HttpVersion {
    fn read(&self) -> Option<&'static str> {
        Some(match self {
            Self::V1_0 => "1.0",
            Self::V1_0Close => "1.0C",
            Self::V1_1 => "1.1",
        })
    }

    fn make(value: &'static str, _: Span) -> Self {
        match value {
            "1.1" => Self::V1_1,
            "1.0C" | "1.0c" => Self::V1_0Close,
            _ => Self::V1_0,
        }
    }
}
