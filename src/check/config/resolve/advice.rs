//! What is legal in a virtual server and surely not meant; the compiled form no longer
//! says where checks stand.

use std::time::Duration;

use super::super::draft::{CheckerDraft, ServerDraft, ServiceDraft};
use super::super::service::ServiceConfig;
use super::Resolver;
use crate::check::checker::{Kind, Timing};
use crate::control_plane::arg::seconds_text;
use crate::control_plane::diag::{Fix, FixKind, Old};
use crate::control_plane::source::Span;

impl Resolver<'_> {
    /// A server without a check is up for ever.
    pub(super) fn unchecked(&mut self, service: &ServiceDraft, servers: &[ServerDraft]) {
        let mut without = servers.iter().filter(|server| server.checks.is_empty());
        let Some(first) = without.next() else { return };
        let more = without.count();
        let (span, text) = if more + 1 == servers.len() {
            let text = "no real server of this virtual server has a check".to_owned();
            (service.span, text)
        } else {
            let others = match more {
                0 => String::new(),
                more => format!(", nor have {more} others of this virtual server"),
            };
            let text = format!("the real server has no check{others}");
            (first.span, text)
        };
        self.diags().advise("service-without-check", span, text);
        self.diags().help(
            "without a check a real server counts as up for ever; add one, such as `TCP_CHECK { }`",
        );
    }

    /// `SMTP_CHECK` with blocks of hosts, the form of 1.x. With one of them, its settings
    /// can stand in the check itself.
    pub(super) fn nested(&mut self, check: &CheckerDraft) {
        let hosts = &check.special.hosts;
        for host in hosts {
            let (help, fixes) = match hosts.len() {
                1 => {
                    let unwrap = Fix {
                        span: host.span,
                        text: String::new(),
                        kind: FixKind::Unwrap,
                    };
                    ("write its settings into SMTP_CHECK itself", vec![unwrap])
                }
                _ => ("write an SMTP_CHECK for each host", Vec::new()),
            };
            let old = Old {
                text: "`host` in SMTP_CHECK is an old form".into(),
                help: Some(help.into()),
                deprecated: false,
                fixes,
            };
            self.diags().old(host.span, old);
        }
    }

    /// An attempt that takes longer than checks are apart. Told once for a virtual
    /// server, since its servers are mostly alike.
    pub(super) fn slow(
        &mut self,
        kind: &Kind,
        timing: &Timing,
        span: Span,
        service: &ServiceConfig,
    ) {
        let Some((keyword, timeout)) = timeout(kind) else {
            return;
        };
        if timeout <= timing.delay_loop || self.slow == Some(service.span.span) {
            return;
        }
        self.slow = Some(service.span.span);
        let text = format!(
            "{} may take {} s ({keyword}) and is made every {} s (delay_loop)",
            kind.keyword(),
            seconds_text(timeout),
            seconds_text(timing.delay_loop)
        );
        self.diags()
            .advise("check-longer-than-interval", span, text);
        self.diags().help(format!(
            "a dead server is noticed later than delay_loop says: lower {keyword}, or raise delay_loop"
        ));
    }
}

/// How long an attempt may take, and the keyword that says so.
fn timeout(kind: &Kind) -> Option<(&'static str, Duration)> {
    let connect = |timeout| Some(("connect_timeout", timeout));
    match kind {
        Kind::Tcp(endpoint) | Kind::Ping(endpoint) => connect(endpoint.timeout),
        Kind::Http(http) => connect(http.endpoint.timeout),
        Kind::Smtp(smtp) => connect(smtp.endpoint.timeout),
        Kind::Dns(dns) => connect(dns.endpoint.timeout),
        Kind::Udp(udp) => connect(udp.endpoint.timeout),
        Kind::Misc(misc) => Some(("misc_timeout", misc.timeout)),
        Kind::File(_) | Kind::Bfd(_) => None,
    }
}
