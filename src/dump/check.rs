//! `SSL definitions` and `LVS Topology`: virtual servers and their real servers, as
//! configured and as they are.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::checker::{self, CheckState};
use super::command::quoted;
use super::fact::{FlagForm, Value};
use super::text::Text;
use crate::check::config::service::{DELAY_LOOP, Inherited};
use crate::check::config::{
    CheckConfig, GroupEntry, ServerConfig, ServiceAddress, ServiceConfig, ServiceGroup, Transitions,
};
use crate::check::names;
use crate::control_plane::Config;
use crate::ipvs::{Checksum, Forwarding, Granularity, Protocol, ServiceFlags, Tunnel};
use crate::model::Family;

/// What a real server takes, about, with one check: so that a text rarely grows.
const OCTETS: usize = 1536;

/// How services, servers and checks are at this moment. Places are those in the
/// configuration.
pub trait Readout {
    /// A virtual server.
    fn service(&self, service: usize) -> ServiceState;
    /// A real server.
    fn server(&self, service: usize, server: usize) -> ServerState;
    /// A check; nothing if there is none, as in the parent.
    fn check(&self, service: usize, server: usize, checker: usize) -> Option<CheckState<'_>>;
    /// Entries of the kernel's table that somebody else had changed and that were put
    /// right.
    fn repairs(&self) -> u64;
    /// What is in a tracked file, by its place; nothing if no check follows it.
    fn file(&self, file: usize) -> Option<i64>;
    /// Whether a BFD session is up; nothing if that is not known.
    fn session(&self, name: &str) -> Option<bool>;
}

/// A virtual server at a moment.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ServiceState {
    /// How many of its servers are up.
    pub alive: usize,
    /// Their weight.
    pub alive_weight: u64,
    /// Whether the quorum is there.
    pub has_quorum: bool,
    /// `ha_suspend`: its address is not here.
    pub is_suspended: bool,
}

/// A real server at a moment.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ServerState {
    /// Whether all its checks are up.
    pub is_alive: bool,
    /// How many of them are not.
    pub failed: u32,
    /// Its weight while it is up, with what its checks add.
    pub weight: u32,
    /// The same before it is brought within the bounds of the kernel.
    pub wanted_weight: i64,
    /// The weight it has in the kernel's table, if it is there.
    pub in_table: Option<u32>,
}

/// Everything the checker process has: the text of `keepalived_check.data` behind the
/// global definitions.
pub fn text(config: &Config, live: &dyn Readout, out: &mut Text) {
    tls(&config.check, out);
    out.title("LVS Topology");
    for group in &config.check.groups {
        group_text(group, out);
    }
    for (place, service) in config.check.services.iter().enumerate() {
        service_text(&config.check, place, service, live, out);
    }
    out.title("Health checkers");
    for (place, service) in config.check.services.iter().enumerate() {
        checker::of_service(&config.check, place, service, live, out);
    }
    checker::files(config, live, out);
    checker::sessions(config, live, out);
    out.title("IPVS table");
    out.setting("Entries put right", Value::Number(live.repairs()));
}

/// An empty text with room for all of it.
#[must_use]
pub fn room(config: &CheckConfig) -> Text {
    let servers = config
        .services
        .iter()
        .map(|service| service.servers.len() + 1);
    Text::with_capacity((servers.sum::<usize>() + 4) * OCTETS)
}

fn tls(config: &CheckConfig, out: &mut Text) {
    out.title("SSL definitions");
    let Some(keys) = &config.tls else {
        return out.show(" Using autogen SSL context\n");
    };
    if keys.password.is_some() {
        out.setting("Password", Value::Word("********"));
    }
    let files = [
        ("CA-file", &keys.ca),
        ("Certificate file", &keys.certificate),
        ("Key file", &keys.key),
    ];
    for (label, file) in files {
        let name = file.as_ref().map(|file| file.value.as_str());
        out.setting(label, name.map_or(Value::Absent, Value::Word));
    }
}

fn group_text(group: &ServiceGroup, out: &mut Text) {
    out.show(" ------< Virtual server group >------\n");
    let has = |family| {
        group
            .entries
            .iter()
            .any(|entry| entry.family() == Some(family))
    };
    let answer = |is| if is { "yes" } else { "no" };
    let (four, six) = (answer(has(Family::V4)), answer(has(Family::V6)));
    let name = format!("{}, IPv4 = {four}, IPv6 = {six}", group.name.value);
    out.object("Virtual Server Group", &name);
    for entry in &group.entries {
        match entry {
            GroupEntry::Range { range, port } if range.count() == 1 => {
                let text = format!("{}, VPORT = {port}", range.first());
                out.property("VIP", Value::Word(&text));
            }
            GroupEntry::Range { range, port } => {
                let text = format!("{}-{}, VPORT = {port}", range.first(), range.last());
                out.property("VIP Range", Value::Word(&text));
            }
            GroupEntry::Mark { mark, family } => {
                out.property("FWMARK", Value::Number((*mark).into()));
                if let Some(family) = family {
                    out.property("  Address family", Value::Word(family_name(*family)));
                }
            }
        }
    }
}

const fn family_name(family: Family) -> &'static str {
    match family {
        Family::V4 => "inet",
        Family::V6 => "inet6",
    }
}

fn service_text(
    config: &CheckConfig,
    place: usize,
    service: &ServiceConfig,
    live: &dyn Readout,
    out: &mut Text,
) {
    out.show(" ------< Virtual server >------\n");
    match service.address {
        ServiceAddress::Address(at) => {
            let text = format!("{}, VPORT = {}", at.ip(), at.port());
            out.object("VS VIP", &text);
        }
        ServiceAddress::Mark(mark) => out.object("VS FWMARK", &mark.to_string()),
        ServiceAddress::Group(_) => out.object("VS GROUP", &names::service(config, place)),
    }
    let host = service.given.virtualhost.as_deref();
    out.property("VirtualHost", host.map_or(Value::Absent, Value::Word));
    if let Some(name) = &service.snmp_name {
        out.property("SNMP name", Value::Text(format!("'{name}'").into()));
    }
    out.property("Address family", Value::Word(family_name(service.family)));
    service_times(&service.given, out);
    scheduling(service, out);
    life(service, out);
    let label = match service.forwarding {
        Forwarding::Tunnel(Tunnel::Gue { .. } | Tunnel::Gre { .. }) => "forwarding method",
        Forwarding::Tunnel(Tunnel::Ipip)
        | Forwarding::Masquerade
        | Forwarding::Local
        | Forwarding::DirectRoute
        | Forwarding::Bypass => "default forwarding method",
    };
    forwarding(label, 3, service.forwarding, out);
    sorry(service, out);
    let state = live.service(place);
    // A virtual server is there from start to stop.
    out.property("alive", Value::Number(1));
    let up = u64::from(state.has_quorum);
    out.property("quorum_state_up", Value::Number(up));
    out.property("alive real servers", Value::Number(state.alive as u64));
    out.property("alive weight", Value::Number(state.alive_weight));
    if service.ha_suspend {
        out.property(
            "suspended",
            Value::answer(state.is_suspended, FlagForm::Bool),
        );
    }
    for (number, server) in service.servers.iter().enumerate() {
        server_text(server, service, live.server(place, number), out);
    }
}

/// With six decimals, as the C daemon has them.
fn seconds(label: &str, time: Option<Duration>, out: &mut Text) {
    if let Some(time) = time {
        let text = format!("{:.6}", time.as_secs_f64());
        out.property(label, Value::Word(&text));
    }
}

fn service_times(given: &Inherited, out: &mut Text) {
    let timeout = given.connect_timeout;
    let timeout = timeout.or(Some(crate::check::config::service::CONNECT_TIMEOUT));
    seconds("connection timeout", timeout, out);
    seconds("delay_loop", given.delay_loop.or(Some(DELAY_LOOP)), out);
}

/// What only counts if it is said.
fn retries(given: &Inherited, out: &mut Text) {
    let retry = given.retry.map(|retry| Value::Number(retry.into()));
    out.property("Retry count", retry.unwrap_or(Value::Absent));
    seconds("Retry delay", given.delay_before_retry, out);
    seconds("Warmup", given.warmup, out);
}

fn scheduling(service: &ServiceConfig, out: &mut Text) {
    let scheduler = service.scheduler.as_str();
    out.property("lvs_sched", Value::Word(scheduler));
    out.property("Hashed", Value::Word("disabled"));
    let [one, two] = match scheduler {
        "sh" => ["sh-fallback", "sh-port"],
        "mh" => ["mh-fallback", "mh-port"],
        _ => ["flag-1", "flag-2"],
    };
    let mut flags = [
        (one, ServiceFlags::SCHEDULER_1),
        (two, ServiceFlags::SCHEDULER_2),
        ("flag-3", ServiceFlags::SCHEDULER_3),
        ("One packet scheduling", ServiceFlags::ONE_PACKET),
    ];
    // Those with a word of the scheduler stand in the order of the C daemon.
    let has_words = one != "flag-1";
    if has_words {
        flags.swap(0, 1);
    }
    for (label, flag) in flags {
        if has_words && label == "flag-3" && !service.flags.has(flag) {
            continue;
        }
        out.property(
            label,
            Value::switch(service.flags.has(flag), FlagForm::Bool),
        );
    }
    if let Some(persistence) = &service.persistence {
        let timeout = Value::Number(persistence.timeout.into());
        out.property("persistence timeout", timeout);
        if persistence.granularity != Granularity::host(service.family) {
            let text = match persistence.granularity {
                Granularity::Mask(mask) => Ipv4Addr::from_bits(mask).to_string(),
                Granularity::Prefix(length) => length.to_string(),
            };
            out.property("persistence granularity", Value::Word(&text));
        }
        if let Some(engine) = &persistence.engine {
            out.property("persistence engine", Value::Word(engine.as_str()));
        }
    }
    let is_mark = matches!(service.address, ServiceAddress::Mark(_));
    let protocol = match service.protocol {
        _ if is_mark => "none",
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
        Protocol::Sctp => "SCTP",
    };
    out.property("protocol", Value::Word(protocol));
}

const fn on(is_on: bool) -> &'static str {
    if is_on { "ON" } else { "OFF" }
}

fn life(service: &ServiceConfig, out: &mut Text) {
    let given = &service.given;
    out.line(&format!("alpha is {}", on(given.alpha.unwrap_or(false))));
    out.line(&format!("omega is {}", on(service.omega)));
    retries(given, out);
    let inhibit = on(given.inhibit.unwrap_or(false));
    out.line(&format!("Inhibit on failure is {inhibit}"));
    let (quorum, hysteresis) = (service.quorum, service.hysteresis);
    let text = format!("{quorum}, hysteresis = {hysteresis}");
    out.property("quorum", Value::Word(&text));
    scripts("Quorum", 3, service.scripts.as_deref(), out);
    if service.ha_suspend {
        out.line("Using HA suspend");
    }
    let alert = Value::answer(service.smtp_alert, FlagForm::Bool);
    out.property("Using smtp notification", alert);
}

/// `Quorum up notify script = '/bin/x' 'y', uid:gid 0:0`
fn scripts(whose: &str, indent: usize, scripts: Option<&Transitions>, out: &mut Text) {
    let Some(scripts) = scripts else { return };
    for (word, script) in [("up", &scripts.up), ("down", &scripts.down)] {
        if let Some(command) = &script.command {
            let (text, account) = (quoted(command), &command.account);
            let (uid, gid) = (account.uid, account.gid);
            out.show(format_args!(
                "{:indent$}{whose} {word} notify script = {text}, uid:gid {uid}:{gid}\n",
                ""
            ));
        }
    }
}

fn forwarding(label: &str, indent: usize, forwarding: Forwarding, out: &mut Text) {
    let checksum = |checksum| match checksum {
        Checksum::None => ", no checksum",
        Checksum::Outer => ", checksum",
        Checksum::Remote => ", remote checksum",
    };
    let text = match forwarding {
        Forwarding::Masquerade => "NAT".to_owned(),
        Forwarding::DirectRoute => "DR".to_owned(),
        Forwarding::Local => "LOCAL".to_owned(),
        Forwarding::Bypass => "BYPASS".to_owned(),
        Forwarding::Tunnel(Tunnel::Ipip) => "TUN, type = IPIP".to_owned(),
        Forwarding::Tunnel(Tunnel::Gue {
            port,
            checksum: sum,
        }) => {
            format!("TUN, type = GUE, port = {port}{}", checksum(sum))
        }
        Forwarding::Tunnel(Tunnel::Gre { checksum: sum }) => {
            format!("TUN, type = GRE{}", checksum(sum))
        }
    };
    out.show(format_args!("{:indent$}{label} = {text}\n", ""));
}

fn sorry(service: &ServiceConfig, out: &mut Text) {
    let Some(sorry) = &service.sorry else { return };
    let name = names::server(service, (sorry.address, sorry.port).into());
    out.property("sorry server", Value::Word(&name));
    forwarding("forwarding method", 5, sorry.forwarding, out);
    out.item(|out| {
        out.push("Inhibit on failure is ");
        out.push(on(sorry.inhibit));
    });
}

fn server_text(server: &ServerConfig, service: &ServiceConfig, state: ServerState, out: &mut Text) {
    out.show("   ------< Real server >------\n");
    let (address, port, weight) = (server.address, server.port, state.weight);
    let effective = state.wanted_weight;
    out.show(format_args!(
        "   RIP = {address}, RPORT = {port}, WEIGHT = {weight} EFF WEIGHT = {effective}\n"
    ));
    forwarding("forwarding method", 3, server.forwarding, out);
    out.line(&format!("Alpha is {}", on(server.alpha)));
    let of_service = &service.given;
    let nothing = Inherited::default();
    let own = server.given.as_deref().unwrap_or(&nothing);
    let timeout = own.connect_timeout.or(of_service.connect_timeout);
    let timeout = timeout.or(Some(crate::check::config::service::CONNECT_TIMEOUT));
    seconds("connection timeout", timeout, out);
    let (lower, upper) = (server.lower_threshold, server.upper_threshold);
    let limits = format!("{lower} -> {upper}");
    out.property("connection limit range", Value::Word(&limits));
    let delay = own.delay_loop.or(of_service.delay_loop);
    seconds("Delay loop", delay.or(Some(DELAY_LOOP)), out);
    let both = Inherited {
        retry: own.retry.or(of_service.retry),
        delay_before_retry: own.delay_before_retry.or(of_service.delay_before_retry),
        warmup: own.warmup.or(of_service.warmup),
        ..Inherited::default()
    };
    retries(&both, out);
    let inhibit = on(server.inhibit);
    out.line(&format!("Inhibit on failure is {inhibit}"));
    scripts("RS", 5, server.scripts.as_deref(), out);
    if let Some(host) = &own.virtualhost {
        out.show(format_args!("    VirtualHost = '{host}'\n"));
    }
    let name = server.snmp_name.as_deref();
    out.property("SNMP name", name.map_or(Value::Absent, Value::Word));
    let alert = Value::answer(server.smtp_alert, FlagForm::Bool);
    out.property("Using smtp notification", alert);
    out.property("initial weight", Value::Number(server.weight.into()));
    out.property("effective weight", Value::Signed(effective));
    let alive = Value::Number(state.is_alive.into());
    out.property("alive", alive);
    let failed = Value::Number(state.failed.into());
    out.property("num failed checkers", failed);
    let set = Value::Number(state.in_table.is_some().into());
    out.property("RS set", set);
    let weight = state.in_table.map(|weight| Value::Number(weight.into()));
    out.property("weight in table", weight.unwrap_or(Value::Absent));
    checker::tracked(server, out);
}
