//! The way back: what a text would have to say for a compiled configuration. Only what
//! differs from what would be inherited is in it.

use super::GroupEntry;
use super::draft::{
    CheckDraft, CheckKind, CheckerDraft, ConnectionDraft, Head, PageDraft, ServerDraft,
    ServiceDraft,
};
use super::kind_rows::TYPES;
use super::resolve::checker::{DNS_PORT, HELO, inherited_timing, reply_max};
use super::service::{
    CONNECT_TIMEOUT, CheckConfig, Inherited, ServerConfig, ServiceAddress, ServiceConfig,
};
use crate::check::checker::{Checker, Endpoint, HttpSettings, Kind, MiscSettings, Page};
use crate::control_plane::source::Span;
use crate::control_plane::value::Spanned;
use crate::global::lvs::LvsGlobal;
use crate::ipvs::Granularity;
use crate::model::{CommandRequest, Family};

/// Drafts that resolve to this configuration again.
#[must_use]
pub fn given(config: &CheckConfig, lvs: &LvsGlobal) -> CheckDraft {
    CheckDraft {
        tls: config.tls.clone(),
        groups: config.groups.clone(),
        services: config
            .services
            .iter()
            .map(|service| of_service(config, service, lvs))
            .collect(),
    }
}

/// Marks have no protocol.
fn has_address(config: &CheckConfig, service: &ServiceConfig) -> bool {
    match service.address {
        ServiceAddress::Address(_) => true,
        ServiceAddress::Mark(_) => false,
        ServiceAddress::Group(_) => config.group(service).is_some_and(|group| {
            let mut entries = group.entries.iter();
            entries.any(|entry| matches!(entry, GroupEntry::Range { .. }))
        }),
    }
}

fn of_service(config: &CheckConfig, service: &ServiceConfig, lvs: &LvsGlobal) -> ServiceDraft {
    let head = match service.address {
        ServiceAddress::Address(address) => Head::Address(address.ip(), address.port()),
        ServiceAddress::Mark(mark) => Head::Mark(mark),
        ServiceAddress::Group(_) => {
            let group = config.group(service);
            Head::Group(group.map(|group| group.name.clone()).unwrap_or_default())
        }
    };
    let by_mark = matches!(service.address, ServiceAddress::Mark(_));
    let persistence = service.persistence;
    let granularity = persistence.map(|persistence| persistence.granularity);
    let scripts = service.scripts.as_deref().cloned().unwrap_or_default();
    ServiceDraft {
        family: by_mark.then_some(match service.family {
            Family::V4 => "inet",
            Family::V6 => "inet6",
        }),
        scheduler: Some(service.scheduler),
        forwarding: Some(service.forwarding),
        protocol: has_address(config, service).then(|| unplaced(service.protocol)),
        flags: service.flags,
        persistence: persistence.map(|persistence| persistence.timeout),
        granularity: granularity.filter(|given| *given != Granularity::host(service.family)),
        engine: persistence.and_then(|p| Some(p.engine?.to_string())),
        quorum: Some(unplaced(service.quorum)).filter(|quorum| quorum.value != 1),
        hysteresis: Some(unplaced(service.hysteresis)).filter(|hysteresis| hysteresis.value != 0),
        scripts,
        omega: service.omega,
        ha_suspend: service.ha_suspend,
        weight: Some(service.weight).filter(|weight| *weight != 1),
        sorry: service.sorry,
        sorry_method: service
            .sorry
            .map(|sorry| sorry.forwarding)
            .filter(|method| *method != service.forwarding),
        snmp_name: service.snmp_name.as_deref().map(str::to_owned),
        given: service.given.clone(),
        servers: service
            .servers
            .iter()
            .map(|server| of_server(server, service, lvs))
            .collect(),
        ..ServiceDraft::new(head, Span::default())
    }
}

fn of_server(server: &ServerConfig, service: &ServiceConfig, lvs: &LvsGlobal) -> ServerDraft {
    let checks = server.checkers.iter();
    let limit = |limit| Some(limit).filter(|limit| *limit != 0);
    ServerDraft {
        weight: Some(server.weight).filter(|weight| *weight != service.weight),
        forwarding: Some(server.forwarding).filter(|method| *method != service.forwarding),
        upper_threshold: limit(server.upper_threshold),
        lower_threshold: limit(server.lower_threshold),
        scripts: server.scripts.clone(),
        snmp_name: server.snmp_name.as_deref().map(str::to_owned),
        given: server.given.as_deref().cloned().unwrap_or_default(),
        checks: checks
            .map(|checker| of_checker(checker, server, service, lvs))
            .collect(),
        ..ServerDraft::new(server.address, server.port, Span::default())
    }
}

fn of_checker(
    checker: &Checker,
    server: &ServerConfig,
    service: &ServiceConfig,
    lvs: &LvsGlobal,
) -> CheckerDraft {
    let mut draft = CheckerDraft {
        kind: kind(&checker.kind),
        ..CheckerDraft::default()
    };
    let of_server = server.given.as_deref();
    let nothing = Inherited::default();
    let of_server = of_server.unwrap_or(&nothing);
    times(checker, of_server, &service.given, &mut draft);
    let alpha = checker.alpha != server.alpha && draft.kind != CheckKind::File;
    draft.given.alpha = alpha.then_some(checker.alpha);
    let log = checker.log_all_failures != lvs.log_all_failures;
    draft.log_all_failures = log.then_some(checker.log_all_failures);
    if let Some(endpoint) = endpoint(&checker.kind) {
        let timeout = of_server.connect_timeout.or(service.given.connect_timeout);
        let differs = endpoint.timeout != timeout.unwrap_or(CONNECT_TIMEOUT);
        draft.given.connect_timeout = differs.then_some(endpoint.timeout);
        draft.connection = connection(endpoint, draft.kind, server, service);
    }
    special(&checker.kind, server, service, &mut draft);
    draft
}

/// The kinds that only watch have no times of their own.
fn times(checker: &Checker, server: &Inherited, service: &Inherited, draft: &mut CheckerDraft) {
    if matches!(draft.kind, CheckKind::File | CheckKind::Bfd) {
        return;
    }
    let timing = &checker.timing;
    let inherited = inherited_timing(draft, server, service);
    if timing.delay_loop != inherited.delay_loop {
        draft.given.delay_loop = Some(timing.delay_loop);
    }
    // Other times may be those of delay_loop.
    let inherited = inherited_timing(draft, server, service);
    if timing.retry != inherited.retry {
        draft.given.retry = Some(timing.retry);
    }
    if timing.delay_before_retry != inherited.delay_before_retry {
        draft.given.delay_before_retry = Some(timing.delay_before_retry);
    }
    if timing.warmup != inherited.warmup {
        draft.given.warmup = timing.warmup;
    }
}

const fn kind(kind: &Kind) -> CheckKind {
    match kind {
        Kind::Tcp(_) => CheckKind::Tcp,
        Kind::Http(settings) if settings.tls.is_some() => CheckKind::Tls,
        Kind::Http(_) => CheckKind::Http,
        Kind::Smtp(_) => CheckKind::Smtp,
        Kind::Dns(_) => CheckKind::Dns,
        Kind::Udp(_) => CheckKind::Udp,
        Kind::Ping(_) => CheckKind::Ping,
        Kind::Misc(_) => CheckKind::Misc,
        Kind::File(_) => CheckKind::File,
        Kind::Bfd(_) => CheckKind::Bfd,
    }
}

const fn endpoint(kind: &Kind) -> Option<&Endpoint> {
    match kind {
        Kind::Tcp(endpoint) | Kind::Ping(endpoint) => Some(endpoint),
        Kind::Http(settings) => Some(&settings.endpoint),
        Kind::Smtp(settings) => Some(&settings.endpoint),
        Kind::Dns(settings) => Some(&settings.endpoint),
        Kind::Udp(settings) => Some(&settings.endpoint),
        Kind::Misc(_) | Kind::File(_) | Kind::Bfd(_) => None,
    }
}

fn connection(
    endpoint: &Endpoint,
    kind: CheckKind,
    server: &ServerConfig,
    service: &ServiceConfig,
) -> ConnectionDraft {
    let of_service = match service.address {
        ServiceAddress::Address(address) => address.port(),
        ServiceAddress::Mark(_) | ServiceAddress::Group(_) => 0,
    };
    let default = if kind == CheckKind::Dns { DNS_PORT } else { 0 };
    let ports = [server.port, of_service, default];
    let port = ports.into_iter().find(|port| *port != 0).unwrap_or(0);
    let (address, bind) = (endpoint.address, endpoint.bind());
    let any = bind.is_some_and(|bind| bind.ip().is_unspecified() && bind.port() != 0);
    ConnectionDraft {
        address: (address.ip() != server.address).then(|| unplaced(address.ip())),
        port: (address.port() != port).then_some(address.port()),
        bind: bind.filter(|_| !any).map(|bind| unplaced(bind.ip())),
        bind_port: bind.map(|bind| bind.port()).filter(|port| *port != 0),
        interface: endpoint.interface().cloned(),
        mark: Some(endpoint.mark()).filter(|mark| *mark != 0),
    }
}

fn special(kind: &Kind, server: &ServerConfig, service: &ServiceConfig, draft: &mut CheckerDraft) {
    match kind {
        Kind::Tcp(_) | Kind::Ping(_) => (),
        Kind::Http(settings) => pages(settings, server.virtualhost(service), draft),
        Kind::Smtp(settings) if settings.helo == HELO => (),
        Kind::Smtp(settings) => draft.special.helo = Some(settings.helo.clone()),
        Kind::Dns(settings) => {
            let name = TYPES.iter().find(|(_, number)| *number == settings.record);
            draft.special.record = name.map(|(name, _)| *name).filter(|name| *name != "SOA");
            let name = Some(settings.name.clone());
            draft.special.name = name.filter(|name| !name.is_empty());
        }
        Kind::Udp(settings) => {
            draft.special.payload.clone_from(&settings.payload);
            draft.special.reply.clone_from(&settings.reply);
            draft.special.min_length = Some(settings.min_length).filter(|length| *length != 0);
            let has_pattern = settings.reply.iter().any(|reply| !reply.is_empty());
            let usual = reply_max(has_pattern);
            draft.special.max_length = Some(settings.max_length).filter(|most| *most != usual);
        }
        Kind::Misc(settings) => misc(settings, service, draft),
        Kind::File(settings) => {
            draft.special.target = Some(unplaced(settings.name.clone()));
            let weight = i32::try_from(settings.weight).unwrap_or(i32::MAX);
            draft.special.weight = Some((weight, settings.reverse));
        }
        Kind::Bfd(settings) => draft.special.target = Some(unplaced(settings.session.clone())),
    }
}

fn misc(settings: &MiscSettings, service: &ServiceConfig, draft: &mut CheckerDraft) {
    let command = &settings.command;
    let words = std::iter::once(&command.name).chain(&command.args);
    draft.special.script = Some(unplaced(CommandRequest {
        words: words.cloned().collect(),
        ..CommandRequest::default()
    }));
    draft.special.user = settings.user.as_deref().cloned();
    draft.special.dynamic = settings.dynamic;
    let differs = settings.timeout != service.delay_loop();
    draft.special.timeout = differs.then_some(settings.timeout);
}

fn pages(settings: &HttpSettings, inherited: Option<&str>, draft: &mut CheckerDraft) {
    let version = Some(settings.version);
    draft.special.version = version.filter(|version| *version != Default::default());
    draft.special.fast_recovery = settings.fast_recovery.then_some(true);
    let compliant = settings.tls.as_ref().is_some_and(|tls| tls.compliant);
    draft.special.tls_compliant = compliant.then(|| unplaced(true));
    let said = &settings.said;
    draft.given.virtualhost.clone_from(&said.virtualhost);
    draft.special.sni = said.sni.then_some(true);
    draft.special.sni_name.clone_from(&said.sni_name);
    let inherited = said.virtualhost.as_deref().or(inherited);
    let host = |page: &Page| {
        let own = page.host.as_deref() != inherited;
        page.host.clone().filter(|_| own)
    };
    draft.special.pages = settings.pages.iter().map(|p| of_page(p, host(p))).collect();
}

fn of_page(page: &Page, virtualhost: Option<String>) -> PageDraft {
    let narrow = |octets: usize| u32::try_from(octets).unwrap_or(u32::MAX);
    let pattern = page.pattern.as_ref();
    PageDraft {
        span: Span::default(),
        path: Some(page.path.clone()),
        digest: page.digest.clone(),
        statuses: page.statuses.clone(),
        virtualhost,
        pattern: pattern.map(|pattern| unplaced(pattern.text.clone())),
        inverted: pattern.is_some_and(|pattern| pattern.inverted),
        options: pattern.map_or_else(Vec::new, |pattern| pattern.options.clone()),
        min_offset: pattern
            .map(|pattern| narrow(pattern.min_offset))
            .filter(|offset| *offset != 0),
        max_offset: pattern.and_then(|pattern| pattern.max_offset.map(narrow)),
        stack: pattern.and_then(|pattern| pattern.stack),
        tls_compliant: None,
    }
}

fn unplaced<T>(value: T) -> Spanned<T> {
    Spanned::new(value, Span::default())
}
