//! `VRRP Instance = NAME`: what is configured of a virtual router, and how it is.

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

use super::address::{self, Device};
use super::command;
use super::fact::{Fact, FlagForm, Value};
use super::json::Json;
use super::stats;
use super::text::Text;
use super::tracker;
use crate::model::{Family, IfName, Priority, UnixTime};
use crate::vrrp::accept::ReceiveStats;
use crate::vrrp::authentication::Authentication;
use crate::vrrp::config::routes::{route_text, rule_text};
use crate::vrrp::config::{AddressConfig, InstanceConfig, VirtualLinkKind, VrrpConfig};
use crate::vrrp::fsm::{FaultKind, FaultSet, InstanceId, Peer, State, Version};
use crate::vrrp::history::History;

/// Everything there is to tell of an instance, borrowed from where it is.
#[derive(Clone, Copy)]
pub struct InstanceView<'a> {
    /// Its index.
    pub id: InstanceId,
    /// What is configured.
    pub config: &'a InstanceConfig,
    /// What it may refer to.
    pub vrrp: &'a VrrpConfig,
    /// Its state.
    pub state: State,
    /// The state it is on its way to.
    pub wanted: State,
    /// What keeps it from running.
    pub faults: FaultSet,
    /// The master it listens to, as backup.
    pub master: Option<Peer>,
    /// The interval attributed to the master.
    pub master_interval: Duration,
    /// The address it sends from.
    pub source: Option<IpAddr>,
    /// The priority it advertises.
    pub effective_priority: Priority,
    /// Configured priority and weights, before the limits of a priority.
    pub total_priority: i32,
    /// How long a silent master counts as alive.
    pub down_interval: Duration,
    /// When its timer ends.
    pub deadline: Option<UnixTime>,
    /// Its counters.
    pub stats: &'a ReceiveStats,
    /// Its last transitions.
    pub history: &'a History,
    /// The descriptor of its socket.
    pub socket: Option<i32>,
    /// Whether its virtual interface is up and running.
    pub is_virtual_link_up: bool,
    /// The sync group it is in.
    pub sync_group: Option<&'a str>,
    /// Whether the address of an instance at a position (virtual ones first,
    /// excluded ones after them) was put into the kernel.
    pub is_set: &'a dyn Fn(InstanceId, u32) -> bool,
}

impl std::fmt::Debug for InstanceView<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InstanceView")
            .field("id", &self.id)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl<'a> InstanceView<'a> {
    /// Its own interface: the virtual one if it has one.
    fn interface(&self) -> Option<&'a IfName> {
        let link = self.config.virtual_link.as_ref().map(|link| &link.name);
        link.or_else(|| self.base())
    }

    /// Where addresses go that name no interface.
    fn device(&self) -> Option<Device<'a>> {
        let name = self.interface()?;
        let base = self.config.virtual_link.as_ref().and_then(|_| self.base());
        Some(Device { name, base })
    }

    /// The interface below a virtual one.
    fn base(&self) -> Option<&'a IfName> {
        self.config.interface.as_ref().map(|name| &name.value)
    }

    fn vips(&self) -> impl Iterator<Item = (&'a AddressConfig, bool)> {
        let (id, is_set) = (self.id, self.is_set);
        (0..)
            .zip(&self.config.vips)
            .map(move |(place, address)| (address, is_set(id, place)))
    }

    fn excluded_vips(&self) -> impl Iterator<Item = (&'a AddressConfig, bool)> {
        let (id, is_set) = (self.id, self.is_set);
        let first = u32::try_from(self.config.vips.len()).unwrap_or(u32::MAX);
        (first..)
            .zip(&self.config.excluded_vips)
            .map(move |(place, address)| (address, is_set(id, place)))
    }
}

type Row = Fact<for<'a, 'b> fn(&'b InstanceView<'a>) -> Value<'b>>;

/// A part of the text of an instance.
#[derive(Clone, Copy)]
enum Part {
    /// A line of a fact.
    Line(Row),
    /// What has a form of its own.
    Other(fn(&InstanceView<'_>, &mut Text)),
}

/// A part of the JSON of an instance.
#[derive(Clone, Copy)]
enum Member {
    /// A key with the value of a fact.
    Key(Row),
    /// What has a form of its own.
    Other(fn(&InstanceView<'_>, &mut Json)),
}

macro_rules! facts {
    ($($name:ident = $label:literal, $key:literal, |$view:pat_param| $value:expr;)*) => {
        $(const $name: Row = Fact { label: $label, key: $key, get: |$view| $value };)*
    };
}

const NUMBER: FlagForm = FlagForm::Number;
const BOOL: FlagForm = FlagForm::Bool;

facts! {
    NAME = "", "iname", |v| Value::Word(&v.config.name.value);
    VERSION = "VRRP Version", "version", |v| Value::Number(version(v.config.version));
    SYNC_GROUP = "Sync group", "", |v| v.sync_group.map_or(Value::Absent, Value::Word);
    STATE = "State", "state", |v| state(v.state);
    WANTED = "Wantstate", "wantstate", |v| state(v.wanted);
    CONFIG_FAULTS = "Number of config faults", "", |v| Value::Number(config_faults(v.faults));
    TRACK_FAULTS = "Number of interface and track script faults", "",
        |v| Value::Number(track_faults(v.faults));
    LAST_TRANSITION = "Last transition", "last_transition",
        |v| Value::Moment(Some(v.history.last()));
    DEADLINE = "Read timeout", "", |v| Value::Moment(v.deadline);
    DOWN_INTERVAL = "Master down timer", "", |v| Value::Micros(v.down_interval);
    INTERFACE = "", "ifp_ifname",
        |v| v.interface().map_or(Value::Absent, |name| Value::Word(name.as_str()));
    GARP_DELAY = "Gratuitous ARP delay", "garp_delay", |v| Value::seconds(v.config.garp.delay);
    GARP_REPEAT = "Gratuitous ARP repeat", "garp_rep",
        |v| Value::Number(v.config.garp.repeat.into());
    GARP_REFRESH = "Gratuitous ARP refresh", "garp_refresh",
        |v| Value::seconds(v.config.garp.refresh);
    GARP_REFRESH_REPEAT = "Gratuitous ARP refresh repeat", "garp_refresh_rep",
        |v| Value::Number(v.config.garp.refresh_repeat.into());
    GARP_LOWER_DELAY = "Gratuitous ARP lower priority delay", "garp_lower_prio_delay",
        |v| Value::seconds(v.config.garp.lower_prio_delay);
    GARP_LOWER_REPEAT = "Gratuitous ARP lower priority repeat", "garp_lower_prio_rep",
        |v| Value::Number(v.config.garp.lower_prio_repeat.into());
    DOWN_ADVERTS = "Down timer adverts", "",
        |v| Value::Number(v.config.down_timer_adverts.into());
    LOWER_SENDS = "Send advert after receive lower priority advert", "lower_prio_no_advert",
        |v| Value::truth(!v.config.lower_prio_no_advert, FlagForm::OppositeNumber);
    HIGHER_SENDS = "Send advert after receive higher priority advert", "higher_prio_send_advert",
        |v| Value::truth(v.config.higher_prio_send_advert, NUMBER);
    VRID = "Virtual Router ID", "vrid", |v| Value::Number(v.config.vrid.0.into());
    PRIORITY = "Priority", "base_priority", |v| Value::Number(v.config.priority.0.into());
    EFFECTIVE = "Effective priority", "effective_priority",
        |v| Value::Number(v.effective_priority.0.into());
    TOTAL = "Total priority", "", |v| Value::Signed(v.total_priority.into());
    ADVERT_INTERVAL = "Advert interval", "adver_int", |v| Value::Interval {
        time: v.config.advert_interval,
        millis: v.config.version == Version::V3,
    };
    ACCEPT = "Accept", "accept", |v| Value::switch(v.config.accept, NUMBER);
    PREEMPT = "Preempt", "nopreempt",
        |v| Value::switch(!v.config.nopreempt, FlagForm::OppositeBool);
    PREEMPT_DELAY = "Preempt delay", "preempt_delay",
        |v| Value::Seconds { time: v.config.preempt_delay, unit: " secs" };
    PROMOTE = "Promote_secondaries", "promote_secondaries",
        |v| Value::switch(v.config.promote_secondaries, BOOL);
    AUTH_TYPE = "Authentication type", "auth_type", |v| authentication(v.config);
    AUTH_DATA = "Password", "auth_data", |v| password(v.config);
    MASTER = "Master router", "", |v| master(v).map_or(Value::Absent, |m| Value::Address(m.address));
    MASTER_PRIORITY = "Master priority", "",
        |v| master(v).map_or(Value::Absent, |m| Value::Number(m.priority.0.into()));
    MASTER_INTERVAL = "Master advert interval", "master_adver_int", |v| Value::Interval {
        time: v.master_interval,
        millis: true,
    };
    PRIORITY_CHANGES = "Notify priority changes", "",
        |v| Value::truth(v.config.notify.priority_changes, BOOL);
    DONT_TRACK = "", "dont_track_primary", |v| Value::truth(v.config.dont_track_primary, NUMBER);
    SKIP_CHECK = "", "skip_check_adv_addr", |v| Value::truth(v.config.skip_check_adv_addr, NUMBER);
    STRICT = "", "strict_mode", |v| Value::truth(v.config.strict, NUMBER);
    VMAC_INTERFACE = "", "vmac_ifname", |v| {
        Value::Word(v.config.virtual_link.as_ref().map_or("", |link| link.name.as_str()))
    };
    MASTER_PRIORITY_KEY = "", "master_priority",
        |v| Value::Number(master(v).map_or(0, |m| m.priority.0.into()));
    VIPS_SET = "", "vipset", |v| Value::truth(v.vips().any(|(_, is_set)| is_set), BOOL);
    SMTP = "Using smtp notification", "smtp_alert", |v| Value::answer(v.config.notify.alert, BOOL);
    NOTIFY_DELETED = "Notify deleted", "notify_deleted", |v| Value::Flag {
        is_set: v.config.notify.tells_deleted,
        words: ["Fault", "Deleted"],
        json: BOOL,
    };
}

/// The order of the text.
const TEXT: &[Part] = &[
    Part::Line(VERSION),
    Part::Other(native_ipv6),
    Part::Line(SYNC_GROUP),
    Part::Line(STATE),
    Part::Line(MASTER),
    Part::Line(MASTER_PRIORITY),
    Part::Other(flags),
    Part::Line(WANTED),
    Part::Line(CONFIG_FAULTS),
    Part::Line(TRACK_FAULTS),
    Part::Line(LAST_TRANSITION),
    Part::Line(DEADLINE),
    Part::Line(DOWN_INTERVAL),
    Part::Other(interface),
    Part::Other(oddities),
    Part::Other(source),
    Part::Other(group),
    Part::Line(GARP_DELAY),
    Part::Line(GARP_REPEAT),
    Part::Line(GARP_REFRESH),
    Part::Line(GARP_REFRESH_REPEAT),
    Part::Line(GARP_LOWER_DELAY),
    Part::Line(GARP_LOWER_REPEAT),
    Part::Line(DOWN_ADVERTS),
    Part::Line(LOWER_SENDS),
    Part::Line(HIGHER_SENDS),
    Part::Line(VRID),
    Part::Line(PRIORITY),
    Part::Line(EFFECTIVE),
    Part::Line(TOTAL),
    Part::Line(ADVERT_INTERVAL),
    Part::Line(ACCEPT),
    Part::Line(PREEMPT),
    Part::Other(preempt_delay),
    Part::Line(PROMOTE),
    Part::Other(auth_type),
    Part::Line(AUTH_DATA),
    Part::Other(addresses),
    Part::Other(peers),
    Part::Other(socket),
    Part::Other(routes),
    Part::Other(tracked_interfaces),
    Part::Other(|view, out| tracker::used(view.vrrp, &view.config.trackers, out)),
    Part::Line(SMTP),
    Part::Line(NOTIFY_DELETED),
    Part::Other(|view, out| command::scripts(&view.config.notify, out)),
    Part::Line(PRIORITY_CHANGES),
    Part::Other(history),
];

/// The order of `data` in JSON. What the C daemon does not have is last.
const JSON: &[Member] = &[
    Member::Key(NAME),
    Member::Key(DONT_TRACK),
    Member::Key(SKIP_CHECK),
    Member::Key(STRICT),
    Member::Key(VMAC_INTERFACE),
    Member::Key(INTERFACE),
    Member::Key(MASTER_PRIORITY_KEY),
    Member::Key(LAST_TRANSITION),
    Member::Key(GARP_DELAY),
    Member::Key(GARP_REFRESH),
    Member::Key(GARP_REPEAT),
    Member::Key(GARP_REFRESH_REPEAT),
    Member::Key(GARP_LOWER_DELAY),
    Member::Key(GARP_LOWER_REPEAT),
    Member::Key(LOWER_SENDS),
    Member::Key(HIGHER_SENDS),
    Member::Key(VRID),
    Member::Key(PRIORITY),
    Member::Key(EFFECTIVE),
    Member::Key(VIPS_SET),
    Member::Key(PROMOTE),
    Member::Key(ADVERT_INTERVAL),
    Member::Key(MASTER_INTERVAL),
    Member::Key(ACCEPT),
    Member::Key(PREEMPT),
    Member::Key(PREEMPT_DELAY),
    Member::Key(STATE),
    Member::Key(WANTED),
    Member::Key(VERSION),
    Member::Key(SMTP),
    Member::Key(NOTIFY_DELETED),
    Member::Other(script_strings),
    Member::Other(address_strings),
    Member::Other(route_strings),
    Member::Other(tracked_interface_strings),
    Member::Other(|view, out| tracker::strings(view.vrrp, &view.config.trackers, out)),
    Member::Key(AUTH_TYPE),
    Member::Key(AUTH_DATA),
    Member::Other(history_objects),
];

/// ` VRRP Instance = NAME` and all about it.
pub fn text(view: &InstanceView<'_>, out: &mut Text) {
    out.object("VRRP Instance", &view.config.name.value);
    for part in TEXT {
        match part {
            Part::Line(fact) => out.property(fact.label, (fact.get)(view)),
            Part::Other(render) => render(view, out),
        }
    }
}

/// The object of an instance: `data` and `stats`.
pub fn json(view: &InstanceView<'_>, out: &mut Json) {
    out.object(|out| {
        out.key("data");
        out.object(|out| {
            for member in JSON {
                match member {
                    Member::Key(fact) => out.member(fact.key, (fact.get)(view)),
                    Member::Other(render) => render(view, out),
                }
            }
        });
        out.key("stats");
        out.object(|out| stats::json(view.stats, out));
    });
}

const fn state(state: State) -> Value<'static> {
    let number = match state {
        State::Init => 0,
        State::Backup => 1,
        State::Master => 2,
        State::Fault => 3,
    };
    Value::Choice {
        word: state.as_str(),
        number,
    }
}

const fn version(version: Version) -> u64 {
    match version {
        Version::V2 => 2,
        Version::V3 => 3,
    }
}

/// Only a backup has a master that is not itself.
fn master(view: &InstanceView<'_>) -> Option<Peer> {
    view.master.filter(|_| view.state == State::Backup)
}

fn config_faults(faults: FaultSet) -> u64 {
    let kinds = [FaultKind::Configuration, FaultKind::Duplicate];
    kinds
        .into_iter()
        .map(|kind| u64::from(faults.contains(kind)))
        .sum()
}

fn track_faults(faults: FaultSet) -> u64 {
    let kinds = [FaultKind::Interface, FaultKind::Source, FaultKind::Tracker];
    let kinds = kinds
        .into_iter()
        .map(|kind| u64::from(faults.contains(kind)));
    kinds.sum::<u64>() + u64::from(faults.trackers())
}

const fn authentication(config: &InstanceConfig) -> Value<'static> {
    let word = match config.authentication {
        Authentication::None => "none",
        Authentication::Pass(_) => "SIMPLE_PASSWORD",
        Authentication::Ah(_) => "IPSEC_AH",
    };
    let number = config.authentication.number();
    Value::Choice {
        word,
        number: number as u64,
    }
}

/// Eight asterisks: dumps are sent around in reports of faults.
const fn password(config: &InstanceConfig) -> Value<'static> {
    match config.authentication {
        Authentication::None => Value::Absent,
        Authentication::Pass(_) | Authentication::Ah(_) => Value::Word("********"),
    }
}

fn native_ipv6(view: &InstanceView<'_>, out: &mut Text) {
    if view.config.family == Family::V6 {
        out.line("Using Native IPv6");
    }
}

fn flags(view: &InstanceView<'_>, out: &mut Text) {
    if view.config.is_unicast() {
        out.line("Flags:");
        out.item(|out| out.push("Using unicast"));
    } else {
        out.line("Flags: none");
    }
}

fn interface(view: &InstanceView<'_>, out: &mut Text) {
    let Some(name) = view.interface() else {
        return;
    };
    let Some(link) = &view.config.virtual_link else {
        out.property("Interface", Value::Word(name.as_str()));
        return;
    };
    let (title, kind) = match link.kind {
        VirtualLinkKind::Macvlan(_) => ("VMAC", "vmac"),
        VirtualLinkKind::Ipvlan { .. } => ("IPVLAN", "ipvlan"),
    };
    out.line(&format!(
        "Use {title}, i/f name {name}, is_up = {}, xmit_base = {}",
        view.is_virtual_link_up, link.xmit_base
    ));
    let base = view.base().map_or("?", IfName::as_str);
    let text = format!("{name}, {kind} on {base}");
    out.property("Interface", Value::Text(text.into()));
}

fn oddities(view: &InstanceView<'_>, out: &mut Text) {
    let config = view.config;
    let lines = [
        (
            config.dont_track_primary,
            "VRRP interface tracking disabled",
        ),
        (
            config.skip_check_adv_addr,
            "Skip checking advert IP addresses",
        ),
        (config.strict, "Enforcing strict VRRP compliance"),
    ];
    for (_, line) in lines.iter().filter(|(holds, _)| *holds) {
        out.line(line);
    }
}

fn source(view: &InstanceView<'_>, out: &mut Text) {
    let configured = view.config.source.as_ref().map(|source| source.value);
    let Some(source) = view.source.or(configured) else {
        return;
    };
    let suffix = if configured.is_some() {
        " (from configuration)"
    } else {
        ""
    };
    let shown = Cow::Owned(format!("{source}{suffix}"));
    out.property("Using src_ip", Value::Text(shown));
}

fn group(view: &InstanceView<'_>, out: &mut Text) {
    if !view.config.is_unicast() {
        out.line(&format!(
            "Multicast address {}",
            view.config.multicast_group
        ));
    }
}

fn preempt_delay(view: &InstanceView<'_>, out: &mut Text) {
    if !view.config.preempt_delay.is_zero() {
        out.property(PREEMPT_DELAY.label, (PREEMPT_DELAY.get)(view));
    }
}

/// Version 3 has no authentication, of which the text says nothing.
fn auth_type(view: &InstanceView<'_>, out: &mut Text) {
    if view.config.version == Version::V2 {
        out.property(AUTH_TYPE.label, (AUTH_TYPE.get)(view));
    }
}

fn addresses(view: &InstanceView<'_>, out: &mut Text) {
    let config = view.config;
    if !config.vips.is_empty() {
        out.counted("Virtual IP", config.vips.len());
        address::list(out, view.vips(), view.device());
    }
    if !config.excluded_vips.is_empty() {
        out.line("Virtual IP Excluded :");
        address::list(out, view.excluded_vips(), view.device());
    }
}

fn peers(view: &InstanceView<'_>, out: &mut Text) {
    let config = view.config;
    if !config.is_unicast() {
        return;
    }
    let ttl = config.unicast_ttl.unwrap_or(u8::MAX);
    out.property("Unicast TTL", Value::Number(ttl.into()));
    let checked = if config.check_unicast_src {
        "yes"
    } else {
        "no"
    };
    out.line(&format!("Check unicast src : {checked}"));
    out.line("Unicast Peer :");
    for peer in &config.unicast_peers {
        out.item(|out| {
            out.show(format_args!(
                "{} min_ttl {} max_ttl {}",
                peer.address.value, peer.min_ttl, peer.max_ttl
            ));
        });
    }
}

fn socket(view: &InstanceView<'_>, out: &mut Text) {
    if let Some(fd) = view.socket {
        out.line(&format!("fd_in {fd}, fd_out {fd}"));
    }
}

fn routes(view: &InstanceView<'_>, out: &mut Text) {
    let config = view.config;
    lines(
        "Virtual Routes :",
        config.routes.iter().map(route_text),
        out,
    );
    lines("Virtual Rules :", config.rules.iter().map(rule_text), out);
}

fn lines(title: &str, lines: impl ExactSizeIterator<Item = String>, out: &mut Text) {
    if lines.len() > 0 {
        out.line(title);
    }
    for line in lines {
        out.item(|out| out.push(&line));
    }
}

fn tracked_interfaces(view: &InstanceView<'_>, out: &mut Text) {
    let tracked = &view.config.track_interfaces;
    if tracked.is_empty() {
        return;
    }
    out.line("Tracked interfaces :");
    for interface in tracked {
        let reverse = if interface.reverse { " reverse" } else { "" };
        out.item(|out| {
            out.show(format_args!(
                "{} weight {}{reverse}",
                interface.name.value, interface.weight
            ));
        });
    }
}

/// The last transitions, oldest first.
fn history(view: &InstanceView<'_>, out: &mut Text) {
    let transitions = view.history.iter();
    if transitions.len() == 0 {
        return;
    }
    out.counted("Transitions", transitions.len());
    for transition in transitions {
        out.item(|out| {
            out.moment(transition.at);
            out.push(" ");
            out.push(transition.from.as_str());
            out.push(" to ");
            out.push(transition.to.as_str());
            out.push(": ");
            out.push(&transition.cause);
        });
    }
}

fn script_strings(view: &InstanceView<'_>, out: &mut Json) {
    for (_, key, get) in &command::SCRIPTS {
        if let Some(script) = &get(&view.config.notify).command {
            out.member(key, Value::Text(command::quoted(script).into()));
        }
    }
}

fn address_strings(view: &InstanceView<'_>, out: &mut Json) {
    string_array("vips", view.vips(), view.device(), out);
    string_array("evips", view.excluded_vips(), view.device(), out);
}

fn string_array<'a>(
    key: &str,
    addresses: impl Iterator<Item = (&'a AddressConfig, bool)>,
    default: Option<Device<'a>>,
    out: &mut Json,
) {
    let mut addresses = addresses.peekable();
    if addresses.peek().is_none() {
        return;
    }
    out.key(key);
    out.array(|out| {
        let mut line = String::new();
        for (address, is_set) in addresses {
            line.clear();
            address::push(&mut line, address, default, is_set);
            out.string(&line);
        }
    });
}

fn route_strings(view: &InstanceView<'_>, out: &mut Json) {
    let config = view.config;
    strings("vroutes", config.routes.iter().map(route_text), out);
    strings("vrules", config.rules.iter().map(rule_text), out);
}

fn strings(key: &str, list: impl ExactSizeIterator<Item = String>, out: &mut Json) {
    if list.len() == 0 {
        return;
    }
    out.key(key);
    out.array(|out| {
        for line in list {
            out.string(&line);
        }
    });
}

fn tracked_interface_strings(view: &InstanceView<'_>, out: &mut Json) {
    let tracked = &view.config.track_interfaces;
    if tracked.is_empty() {
        return;
    }
    out.key("track_ifp");
    out.array(|out| {
        for interface in tracked {
            out.string(interface.name.value.as_str());
        }
    });
}

fn history_objects(view: &InstanceView<'_>, out: &mut Json) {
    out.key("transitions");
    out.array(|out| {
        for transition in view.history.iter() {
            out.object(|out| {
                out.member("time", Value::Moment(Some(transition.at)));
                out.member("from", state(transition.from));
                out.member("to", state(transition.to));
                out.member("cause", Value::Word(&transition.cause));
            });
        }
    });
}
