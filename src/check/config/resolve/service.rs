//! A virtual server as a whole: its family, its servers, its quorum.

use std::collections::HashSet;

use super::super::draft::{Head, ServerDraft, ServiceDraft};
use super::super::group::{GroupEntry, ServiceGroup};
use super::super::service::{
    ServerConfig, ServiceAddress, ServiceConfig, SorryServer, Transitions, place,
};
use super::{Resolver, family_fits};
use crate::control_plane::source::Span;
use crate::ipvs::{Forwarding, Granularity, Name, Protocol, ServiceFlags};
use crate::model::Family;

/// So many servers are compared with each other.
const FEW: usize = 16;

/// What the servers of a service are looked at with.
struct Frame<'a> {
    span: Span,
    family: Option<Family>,
    /// The port of a service by address; 0 if it has none.
    port: u16,
    is_mark: bool,
    group: Option<&'a ServiceGroup>,
}

impl Resolver<'_> {
    /// Complete a virtual server; nothing if it cannot serve.
    pub(super) fn service(
        &mut self,
        mut draft: ServiceDraft,
        group: Option<(usize, &ServiceGroup)>,
    ) -> Option<ServiceConfig> {
        let (number, group) = group.unzip();
        let mut frame = self.frame(&draft, group);
        let forwarding = draft.forwarding.unwrap_or(Forwarding::Masquerade);
        self.missing(&draft, &frame);
        let drafts = std::mem::take(&mut draft.servers);
        let drafts = self.usable(drafts, &mut frame);
        if drafts.is_empty() {
            self.error(draft.span, "the virtual server has no real_server");
            return None;
        }
        self.mixed_group(&frame, &drafts);
        self.unchecked(&draft, &drafts);
        let family = frame.family.unwrap_or(Family::V4);
        let protocol = draft.protocol.map_or(Protocol::Udp, |p| p.value);
        let sorry = self.sorry(&draft, &frame, forwarding);
        let persistence = self.persistence(&draft, group, family);
        let flags = self.flags(&draft, &frame, protocol);
        let mut service = ServiceConfig {
            address: address(&draft.head, number)?,
            span: place(draft.span),
            family,
            protocol,
            scheduler: draft.scheduler.or_else(|| Name::new("wlc"))?,
            flags,
            persistence,
            forwarding,
            quorum: 0,
            hysteresis: 0,
            scripts: self.scripts(Some(Box::new(draft.scripts))),
            omega: draft.omega,
            ha_suspend: draft.ha_suspend && !frame.is_mark,
            smtp_alert: self.alert(draft.given.smtp_alert, false),
            weight: draft.weight.unwrap_or(1),
            sorry,
            snmp_name: draft.snmp_name.map(Into::into),
            given: draft.given,
            servers: Vec::new(),
        };
        let mut servers = Vec::with_capacity(drafts.len());
        for server in drafts {
            servers.push(self.server(server, &service));
        }
        service.servers = servers;
        let quorum = draft.quorum.map(|quorum| (quorum.value, quorum.span));
        let hysteresis = draft.hysteresis.map(|h| (h.value, h.span));
        self.quorum(&mut service, quorum, hysteresis, draft.span);
        Some(service)
    }

    fn frame<'a>(&mut self, draft: &ServiceDraft, group: Option<&'a ServiceGroup>) -> Frame<'a> {
        Frame {
            span: draft.span,
            family: self.family(draft, group),
            port: match draft.head {
                Head::Address(_, port) => port,
                Head::Mark(_) | Head::Group(_) => 0,
            },
            is_mark: matches!(draft.head, Head::Mark(_)),
            group,
        }
    }

    /// That of the address, of the group, or as it is said; else the servers' will do.
    fn family(&mut self, draft: &ServiceDraft, group: Option<&ServiceGroup>) -> Option<Family> {
        let own = draft.own_family().or_else(|| group?.family());
        let said = draft.family.map(super::super::family);
        let granularity = draft.granularity.map(|granularity| match granularity {
            Granularity::Mask(_) => Family::V4,
            Granularity::Prefix(_) => Family::V6,
        });
        if own.is_some() && said.is_some() && own != said {
            self.error(draft.span, "ip_family is not that of the address: ignored");
        }
        own.or(said).or(granularity)
    }

    /// What every service has to say. It works without, as the C daemon does.
    fn missing(&mut self, draft: &ServiceDraft, frame: &Frame<'_>) {
        let entries = frame.group.map_or(&[][..], |group| &group.entries);
        let range = |entry: &GroupEntry| matches!(entry, GroupEntry::Range { .. });
        let by_address = draft.own_family().is_some() || entries.iter().any(range);
        let missing = [
            (draft.scheduler.is_none(), "lvs_sched: wlc"),
            (draft.forwarding.is_none(), "lvs_method: NAT"),
            (by_address && draft.protocol.is_none(), "protocol: UDP"),
        ];
        for (_, text) in missing.iter().filter(|(missing, _)| *missing) {
            self.error(
                draft.span,
                format!("the virtual server has no {text} is used"),
            );
        }
        if let (false, Some(protocol)) = (by_address, draft.protocol) {
            self.error(protocol.span, "marks have no protocol: ignored");
        }
    }

    /// The servers that can be behind the service, with the ports they have there.
    fn usable(&mut self, drafts: Vec<ServerDraft>, frame: &mut Frame<'_>) -> Vec<ServerDraft> {
        let mut usable: Vec<ServerDraft> = Vec::with_capacity(drafts.len());
        // A look at the few others is cheaper than a set.
        let mut seen = HashSet::new();
        let many = drafts.len() > FEW;
        for mut draft in drafts {
            let forwarding = draft.forwarding.unwrap_or(Forwarding::Masquerade);
            let family = Family::of(&draft.address);
            if !family_fits(frame.family, family, forwarding) {
                let text = "the real server is not of the virtual server's family: not used";
                self.error(draft.span, text);
                continue;
            }
            if frame.family.is_none() && !matches!(forwarding, Forwarding::Tunnel(_)) {
                frame.family = Some(family);
            }
            let port = match self.port(draft.port, forwarding, draft.span, frame) {
                0 => frame.port,
                port => port,
            };
            let same = |other: &ServerDraft| (other.address, other.port) == (draft.address, port);
            let again = if many {
                !seen.insert((draft.address, port))
            } else {
                usable.iter().any(same)
            };
            if again {
                let text = "the real server is one of this virtual server already: not used";
                self.error(draft.span, text);
                continue;
            }
            draft.port = port;
            usable.push(draft);
        }
        usable
    }

    /// Only tunnels carry packets of either family to one server.
    fn mixed_group(&mut self, frame: &Frame<'_>, servers: &[ServerDraft]) {
        let Some(group) = frame.group else { return };
        let has = |family| {
            group
                .entries
                .iter()
                .any(|entry| entry.family() == Some(family))
        };
        if !has(Family::V4) || !has(Family::V6) {
            return;
        }
        let tunnel =
            |server: &ServerDraft| matches!(server.forwarding, Some(Forwarding::Tunnel(_)));
        if let Some(server) = servers.iter().find(|server| !tunnel(server)) {
            let text = format!(
                "virtual_server_group `{}` has both families: only tunnelled servers can serve them",
                group.name.value
            );
            self.warn(server.span, text);
            self.diags().lint("group-mixed");
        }
    }

    /// The port of a server: only address translation can change it.
    fn port(&mut self, port: u16, forwarding: Forwarding, span: Span, frame: &Frame<'_>) -> u16 {
        if port == 0 || forwarding == Forwarding::Masquerade {
            return port;
        }
        if frame.is_mark {
            self.warn(
                span,
                "without NAT a server behind a mark has no port: ignored",
            );
            self.diags().lint("port-ignored");
            return 0;
        }
        if let Some(group) = frame.group {
            let other = |entry: &GroupEntry| matches!(entry, GroupEntry::Range { port: other, .. } if *other != port);
            if group.entries.iter().any(other) {
                self.warn(
                    span,
                    "without NAT the port is that of the entry of the group",
                );
                self.diags().lint("port-ignored");
            }
            return port;
        }
        if frame.port != port {
            let text = "without NAT the port is that of the virtual server";
            self.warn(span, text);
            self.diags().lint("port-ignored");
            return frame.port;
        }
        port
    }

    fn sorry(
        &mut self,
        draft: &ServiceDraft,
        frame: &Frame<'_>,
        forwarding: Forwarding,
    ) -> Option<SorryServer> {
        let sorry = draft.sorry?;
        let forwarding = draft.sorry_method.unwrap_or(forwarding);
        if !family_fits(frame.family, Family::of(&sorry.address), forwarding) {
            let text = "the sorry server is not of the virtual server's family: not used";
            self.error(draft.sorry_at, text);
            return None;
        }
        let port = self.port(sorry.port, forwarding, draft.sorry_at, frame);
        Some(SorryServer {
            forwarding,
            port,
            ..sorry
        })
    }

    fn flags(
        &mut self,
        draft: &ServiceDraft,
        frame: &Frame<'_>,
        protocol: Protocol,
    ) -> ServiceFlags {
        let mark = |entry: &GroupEntry| matches!(entry, GroupEntry::Mark { .. });
        let marks = frame.is_mark || frame.group.is_some_and(|g| g.entries.iter().any(mark));
        let ops = draft.flags.has(ServiceFlags::ONE_PACKET);
        if !ops || marks || protocol == Protocol::Udp {
            return draft.flags;
        }
        self.error(frame.span, "ops is for UDP and marks: ignored");
        let others = [
            ServiceFlags::SCHEDULER_1,
            ServiceFlags::SCHEDULER_2,
            ServiceFlags::SCHEDULER_3,
        ];
        let kept = others.into_iter().filter(|flag| draft.flags.has(*flag));
        kept.fold(ServiceFlags::NONE, ServiceFlags::with)
    }

    /// More than all servers together can never be reached; and a service that takes
    /// a hysteresis not below the quorum would never be lost (`protocols.md` section 20).
    fn quorum(
        &mut self,
        service: &mut ServiceConfig,
        quorum: Option<(u32, Span)>,
        hysteresis: Option<(u32, Span)>,
        span: Span,
    ) {
        let sum = service
            .servers
            .iter()
            .map(|server| u64::from(server.weight));
        let sum = u32::try_from(sum.sum::<u64>()).unwrap_or(u32::MAX);
        let (wanted, at) = quorum.unwrap_or((1, span));
        service.quorum = wanted.min(sum);
        if wanted > sum {
            let text = format!(
                "quorum {wanted} is more than the weight of all real servers: {sum} is used"
            );
            self.warn(at, text);
        }
        let (wanted, at) = hysteresis.unwrap_or((0, span));
        let most = service.quorum.saturating_sub(1);
        service.hysteresis = wanted.min(most);
        if wanted > most {
            let text = format!("hysteresis {wanted} is not below the quorum: {most} is used");
            self.error(at, text);
        }
    }

    fn server(&mut self, mut draft: ServerDraft, service: &ServiceConfig) -> ServerConfig {
        let checks = std::mem::take(&mut draft.checks);
        let mut checkers = Vec::with_capacity(checks.len());
        for check in checks {
            self.checker(check, &draft, service, &mut checkers);
        }
        let given = draft.given;
        let alpha = given.alpha.or(service.given.alpha);
        let inhibit = given.inhibit.or(service.given.inhibit);
        ServerConfig {
            address: draft.address,
            port: draft.port,
            inhibit: inhibit.unwrap_or(false),
            smtp_alert: self.alert(given.smtp_alert, true),
            alpha: alpha.unwrap_or(false),
            weight: draft.weight.unwrap_or(service.weight),
            forwarding: draft.forwarding.unwrap_or(service.forwarding),
            upper_threshold: draft.upper_threshold.unwrap_or(0),
            lower_threshold: draft.lower_threshold.unwrap_or(0),
            scripts: self.scripts(draft.scripts),
            snmp_name: draft.snmp_name.map(Into::into),
            given: (given != Default::default()).then(|| Box::new(given)),
            checkers: checkers.into_boxed_slice(),
        }
    }

    /// Scripts with what they run; nothing if none is given.
    fn scripts(&mut self, scripts: Option<Box<Transitions>>) -> Option<Box<Transitions>> {
        let mut scripts = scripts.filter(|scripts| **scripts != Transitions::default())?;
        for script in [&mut scripts.up, &mut scripts.down] {
            if let Some(given) = &script.given {
                script.command = self.commands.command(given).map(Box::new);
            }
        }
        Some(scripts)
    }

    fn alert(&self, own: Option<bool>, default: bool) -> bool {
        own.or(self.around.lvs.smtp_alert)
            .or(self.around.smtp_alert)
            .unwrap_or(default)
    }
}

/// What the service is known by in IPVS; `group` is the number of its group.
fn address(head: &Head, group: Option<usize>) -> Option<ServiceAddress> {
    Some(match head {
        Head::Address(address, port) => ServiceAddress::Address((*address, *port).into()),
        Head::Mark(mark) => ServiceAddress::Mark(*mark),
        Head::Group(_) => ServiceAddress::Group(group?),
    })
}
