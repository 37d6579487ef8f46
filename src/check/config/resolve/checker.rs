//! A check: what it inherits, and whom it asks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use super::super::draft::{CheckKind, CheckerDraft, ConnectionDraft, PageDraft, ServerDraft};
use super::super::kind_rows::TYPES;
use super::super::service::{
    CONNECT_TIMEOUT, DELAY_LOOP, Inherited, ServiceAddress, ServiceConfig,
};
use super::Resolver;
use crate::check::checker::{
    BfdSettings, Checker, DnsSettings, Endpoint, FileSettings, HttpSettings, Kind, MiscSettings,
    OwnEnd, Page, Pattern, SaidOfPages, SmtpSettings, Timing, TlsSettings, UdpSettings,
};
use crate::check::http::pattern;
use crate::control_plane::script;
use crate::control_plane::source::Span;
use crate::model::Family;

/// `helo_name`, if none is given.
pub(in super::super) const HELO: &str = "smtpchecker.keepalived.org";
/// `max_reply_length` of a reply that is compared with a pattern, if none is given.
/// Without a pattern a limit counts that was asked for, and no other: what was no
/// failure with the C daemon is none here.
pub(in super::super) const fn reply_max(has_pattern: bool) -> u16 {
    if has_pattern { 255 } else { u16::MAX }
}

/// Whose check it is.
#[derive(Clone, Copy)]
struct Owner<'a> {
    server: &'a ServerDraft,
    service: &'a ServiceConfig,
}

impl<'a> Owner<'a> {
    /// What a field is, as far as real or virtual server say.
    fn inherit<T>(self, own: Option<T>, field: impl Fn(&'a Inherited) -> Option<T>) -> Option<T> {
        own.or_else(|| field(&self.server.given))
            .or_else(|| field(&self.service.given))
    }
}

impl Resolver<'_> {
    /// Complete a check; several for an `SMTP_CHECK` with hosts, none if it cannot run.
    pub(super) fn checker(
        &mut self,
        mut draft: CheckerDraft,
        server: &ServerDraft,
        service: &ServiceConfig,
        out: &mut Vec<Checker>,
    ) {
        let owner = Owner { server, service };
        self.nested(&draft);
        let hosts = if draft.special.hosts.is_empty() {
            Vec::new()
        } else {
            std::mem::take(&mut draft.special.hosts)
        };
        if hosts.is_empty() {
            out.extend(self.one(&draft, owner));
        }
        for mut host in hosts {
            host.inherit(&draft);
            out.extend(self.one(&host, owner));
        }
    }

    fn one(&mut self, draft: &CheckerDraft, owner: Owner<'_>) -> Option<Checker> {
        if self.lacks_interface(draft, owner) {
            return None;
        }
        let kind = self.kind(draft, owner)?;
        let timing = self.timing(draft, owner);
        self.slow(&kind, &timing, draft.span, owner.service);
        let alpha = owner.inherit(draft.given.alpha, |given| given.alpha);
        let group_or_address = !matches!(owner.service.address, ServiceAddress::Mark(_));
        Some(Checker {
            kind,
            timing,
            alpha: alpha.unwrap_or(false) && draft.kind != CheckKind::File,
            log_all_failures: draft
                .log_all_failures
                .unwrap_or(self.around.lvs.log_all_failures),
            ha_suspend: owner.service.ha_suspend && group_or_address,
        })
    }

    /// A link-local address is one of an interface (RFC 4007 section 6), so a check of it that
    /// does not say which one is not made.
    fn lacks_interface(&mut self, draft: &CheckerDraft, owner: Owner<'_>) -> bool {
        let connects = !matches!(
            draft.kind,
            CheckKind::Misc | CheckKind::File | CheckKind::Bfd
        );
        let own = draft.connection.address.map(|address| address.value);
        let address = match own.unwrap_or(owner.server.address) {
            IpAddr::V6(address) if address.is_unicast_link_local() => address,
            IpAddr::V6(_) | IpAddr::V4(_) => return false,
        };
        let lacks = connects && draft.connection.interface.is_none();
        if lacks {
            let text = format!("{address} is link-local: without bind_if the check is not made");
            self.error(draft.span, text);
        }
        lacks
    }

    /// Most checks have the times of the one before.
    fn timing(&mut self, draft: &CheckerDraft, owner: Owner<'_>) -> Rc<Timing> {
        let timing = inherited_timing(draft, &owner.server.given, &owner.service.given);
        match &self.last_timing {
            Some(last) if **last == timing => Rc::clone(last),
            _ => Rc::clone(self.last_timing.insert(Rc::new(timing))),
        }
    }

    fn kind(&mut self, draft: &CheckerDraft, owner: Owner<'_>) -> Option<Kind> {
        let special = &draft.special;
        Some(match draft.kind {
            CheckKind::Tcp => Kind::Tcp(self.endpoint(draft, owner)),
            CheckKind::Ping => Kind::Ping(self.endpoint(draft, owner)),
            CheckKind::Http | CheckKind::Tls => {
                let endpoint = self.endpoint(draft, owner);
                Kind::Http(Box::new(self.pages(draft, owner, endpoint)))
            }
            CheckKind::Smtp => Kind::Smtp(Box::new(SmtpSettings {
                endpoint: self.endpoint(draft, owner),
                helo: special.helo.as_deref().unwrap_or(HELO).to_owned(),
            })),
            CheckKind::Dns => Kind::Dns(Box::new(DnsSettings {
                endpoint: self.endpoint(draft, owner),
                record: record(special.record.unwrap_or("SOA")),
                name: special.name.clone().unwrap_or_default(),
            })),
            CheckKind::Udp => Kind::Udp(Box::new(self.udp(draft, owner))),
            CheckKind::Misc => Kind::Misc(Box::new(self.misc(draft, owner)?)),
            CheckKind::File => Kind::File(Box::new(self.file(draft)?)),
            CheckKind::Bfd => Kind::Bfd(Box::new(self.session(draft)?)),
        })
    }

    fn endpoint(&mut self, draft: &CheckerDraft, owner: Owner<'_>) -> Endpoint {
        let connection = &draft.connection;
        let (address, bind) = self.addresses(connection, owner);
        let service_port = match owner.service.address {
            ServiceAddress::Address(address) => address.port(),
            ServiceAddress::Mark(_) | ServiceAddress::Group(_) => 0,
        };
        let port = [
            connection.port.unwrap_or(0),
            owner.server.check_port,
            service_port,
        ];
        let port = port.into_iter().find(|port| *port != 0).unwrap_or(0);
        let needs_port = !matches!(draft.kind, CheckKind::Ping | CheckKind::Dns);
        if port == 0 && needs_port {
            let text = "the check has no port: neither has the real server, nor is there a \
                        connect_port";
            self.warn(draft.span, text);
        }
        let port = if port == 0 && draft.kind == CheckKind::Dns {
            DNS_PORT
        } else {
            port
        };
        let timeout = owner.inherit(draft.given.connect_timeout, |given| given.connect_timeout);
        let own = OwnEnd {
            bind,
            interface: connection.interface.clone(),
            mark: connection.mark.unwrap_or(0),
        };
        Endpoint {
            address: SocketAddr::new(address, port),
            own: (own != OwnEnd::default()).then(|| Box::new(own)),
            timeout: timeout.unwrap_or(CONNECT_TIMEOUT),
        }
    }

    /// Both ends of a connection are of one family; `bind_port` alone binds any address.
    fn addresses(
        &mut self,
        connection: &ConnectionDraft,
        owner: Owner<'_>,
    ) -> (IpAddr, Option<SocketAddr>) {
        let own = connection.address.map(|address| address.value);
        let address = own.unwrap_or(owner.server.address);
        let mut bind = connection.bind;
        if let Some(given) = bind
            && Family::of(&given) != Family::of(&address)
        {
            let text = "bindto is not of the family of the address checked: ignored";
            self.error(given.span, text);
            bind = None;
        }
        let port = connection.bind_port;
        let any: IpAddr = match Family::of(&address) {
            Family::V4 => Ipv4Addr::UNSPECIFIED.into(),
            Family::V6 => Ipv6Addr::UNSPECIFIED.into(),
        };
        let bound = bind.map(|bind| bind.value).or_else(|| port.map(|_| any));
        (
            address,
            bound.map(|bound| SocketAddr::new(bound, port.unwrap_or(0))),
        )
    }

    fn pages(
        &mut self,
        draft: &CheckerDraft,
        owner: Owner<'_>,
        endpoint: Endpoint,
    ) -> HttpSettings {
        let special = &draft.special;
        let tls = draft.kind == CheckKind::Tls;
        let mut pages = Vec::with_capacity(special.pages.len());
        for page in &special.pages {
            pages.push(self.page(page, draft, owner));
        }
        HttpSettings {
            endpoint,
            tls: tls.then(|| TlsSettings {
                compliant: special.tls_compliant.is_some_and(|word| word.value),
            }),
            version: special.version.unwrap_or_default(),
            fast_recovery: special.fast_recovery.unwrap_or(false),
            pages,
            said: SaidOfPages {
                virtualhost: draft.given.virtualhost.clone(),
                sni: special.sni.unwrap_or(false),
                sni_name: special.sni_name.clone(),
            },
        }
    }

    fn page(&mut self, page: &PageDraft, draft: &CheckerDraft, owner: Owner<'_>) -> Page {
        let of_check = draft.given.virtualhost.as_deref();
        let of_service = owner.service.given.virtualhost.as_deref();
        let near = page.virtualhost.as_deref().or(of_check);
        let of_server = owner.server.given.virtualhost.as_deref();
        // The name in TLS passes the real server's by.
        let sni = draft.special.sni_name.as_deref().or(near).or(of_service);
        let named = draft.kind == CheckKind::Tls && draft.special.sni.unwrap_or(false);
        Page {
            path: page.path.clone().unwrap_or_default(),
            host: near.or(of_server).or(of_service).map(str::to_owned),
            sni: sni.filter(|_| named).map(str::to_owned),
            digest: page.digest.clone(),
            statuses: page.statuses.clone(),
            pattern: self.pattern(page),
        }
    }

    /// A pattern that is none would fail every check, so there is none then.
    fn pattern(&mut self, page: &PageDraft) -> Option<Pattern> {
        let text = page.pattern.as_ref()?;
        let wide = |octets: Option<u32>| octets.and_then(|octets| usize::try_from(octets).ok());
        let pattern = Pattern {
            text: text.value.clone(),
            inverted: page.inverted,
            options: page.options.clone(),
            min_offset: wide(page.min_offset).unwrap_or(0),
            max_offset: wide(page.max_offset),
            stack: page.stack,
        };
        // Many checks have the same one, mostly next to each other.
        if self.last_pattern.as_ref() == Some(&pattern) {
            return Some(pattern);
        }
        match pattern::compile(&pattern) {
            Ok(_) => {
                self.last_pattern = Some(pattern.clone());
                Some(pattern)
            }
            Err(why) => {
                self.warn(text.span, why);
                self.diags().lint("pattern-invalid");
                None
            }
        }
    }

    fn udp(&mut self, draft: &CheckerDraft, owner: Owner<'_>) -> UdpSettings {
        let special = &draft.special;
        let min_length = special.min_length.unwrap_or(0);
        let has_pattern = special.reply.iter().any(|reply| !reply.is_empty());
        let usual = reply_max(has_pattern);
        let max_length = special.max_length.unwrap_or(usual);
        if min_length > max_length {
            let text = "min_reply_length is above max_reply_length: the check always fails";
            self.error(draft.span, text);
        }
        UdpSettings {
            endpoint: self.endpoint(draft, owner),
            payload: special.payload.clone(),
            reply: special.reply.clone(),
            min_length,
            max_length,
        }
    }

    fn misc(&mut self, draft: &CheckerDraft, owner: Owner<'_>) -> Option<MiscSettings> {
        let mut request = draft.special.script.clone()?;
        if let Some((user, group)) = &draft.special.user {
            request.value.user = Some(user.clone());
            request.value.group.clone_from(group);
        }
        let command = self.commands.command(&request)?;
        let timeout = draft.special.timeout.filter(|timeout| !timeout.is_zero());
        Some(MiscSettings {
            command,
            given: script::show(&request)
                .into_iter()
                .next()
                .unwrap_or_default(),
            user: draft.special.user.clone().map(Box::new),
            timeout: timeout.unwrap_or_else(|| owner.service.delay_loop()),
            dynamic: draft.special.dynamic,
        })
    }

    fn file(&mut self, draft: &CheckerDraft) -> Option<FileSettings> {
        let target = draft.special.target.as_ref()?;
        let files = self.around.files;
        let number = files
            .iter()
            .position(|file| file.name.value == target.value);
        let found = number.and_then(|number| Some((number, files.get(number)?)));
        let Some((number, file)) = found.filter(|(_, f)| is_before(f.name.span, target.span))
        else {
            let text = format!("track_file `{}` is not defined before", target.value);
            self.error(target.span, text);
            return None;
        };
        let default = (i32::from(file.weight.value), file.weight.reverse);
        let (weight, reverse) = draft.special.weight.unwrap_or(default);
        Some(FileSettings {
            file: number,
            name: target.value.clone(),
            weight: i64::from(weight),
            reverse,
        })
    }

    fn session(&mut self, draft: &CheckerDraft) -> Option<BfdSettings> {
        let target = draft.special.target.as_ref()?;
        let mut sessions = self.around.sessions.iter();
        let found = sessions.find(|session| session.value == target.value);
        if found.is_none_or(|session| !is_before(session.span, target.span)) {
            let text = format!("bfd_instance `{}` is not defined before", target.value);
            self.error(target.span, text);
            return None;
        }
        Some(BfdSettings {
            session: target.value.clone(),
        })
    }
}

/// Where a question goes unless a port is said.
pub(in super::super) const DNS_PORT: u16 = 53;

fn is_before(definition: Span, use_of_it: Span) -> bool {
    definition.lo <= use_of_it.lo
}

fn record(name: &str) -> u16 {
    let known = TYPES.iter().find(|(known, _)| *known == name);
    known.map_or(6, |(_, number)| *number)
}

/// When a check runs by what it, its real server and its virtual server say.
pub(in super::super) fn inherited_timing(
    draft: &CheckerDraft,
    server: &Inherited,
    service: &Inherited,
) -> Timing {
    let delay_loop = draft.given.delay_loop;
    let delay_loop = delay_loop.or(server.delay_loop).or(service.delay_loop);
    let delay_loop = delay_loop.unwrap_or(DELAY_LOOP);
    let retry = draft.given.retry.or(server.retry).or(service.retry);
    let before = draft.given.delay_before_retry;
    let before = before.or(server.delay_before_retry);
    let before = before.or(service.delay_before_retry);
    let warmup = draft.given.warmup.or(server.warmup).or(service.warmup);
    Timing {
        delay_loop,
        retry: retry.unwrap_or_else(|| default_retry(draft.kind)),
        delay_before_retry: before.unwrap_or_else(|| default_delay(draft.kind, delay_loop)),
        warmup,
    }
}

/// `retry`, if nobody says anything.
const fn default_retry(kind: CheckKind) -> u32 {
    match kind {
        CheckKind::Misc => 0,
        CheckKind::Dns => 3,
        CheckKind::Tcp
        | CheckKind::Http
        | CheckKind::Tls
        | CheckKind::Smtp
        | CheckKind::Udp
        | CheckKind::Ping
        | CheckKind::File
        | CheckKind::Bfd => 1,
    }
}

/// `delay_before_retry`, if nobody says anything.
const fn default_delay(kind: CheckKind, delay_loop: Duration) -> Duration {
    match kind {
        CheckKind::Http | CheckKind::Tls => Duration::from_secs(3),
        CheckKind::Dns => delay_loop,
        CheckKind::Tcp
        | CheckKind::Smtp
        | CheckKind::Udp
        | CheckKind::Ping
        | CheckKind::Misc
        | CheckKind::File
        | CheckKind::Bfd => Duration::from_secs(1),
    }
}
