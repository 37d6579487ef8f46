//! An instance as text: the order of its lines, and those of a form of their own.

use std::borrow::Cow;

use super::InstanceView;
use super::facts::{
    ACCEPT, ADVERT_INTERVAL, AUTH_DATA, AUTH_TYPE, CONFIG_FAULTS, DEADLINE, DOWN_ADVERTS,
    DOWN_INTERVAL, EFFECTIVE, FOREIGN, GARP_DELAY, GARP_LOWER_DELAY, GARP_LOWER_REPEAT,
    GARP_REFRESH, GARP_REFRESH_REPEAT, GARP_REPEAT, HIGHER_SENDS, LAST_TRANSITION, LOWER_SENDS,
    MASTER, MASTER_INTERVAL, MASTER_PRIORITY, NOTIFY_DELETED, PREEMPT, PREEMPT_DELAY, PRIORITY,
    PRIORITY_CHANGES, PROMOTE, Row, SMTP, STATE, SYNC_GROUP, TOTAL, TRACK_FAULTS, TRACKS_AWAITED,
    VERSION, VRID, WANTED,
};
use crate::dump::address;
use crate::dump::fact::Value;
use crate::dump::text::Text;
use crate::dump::{command, interface, tracker};
use crate::model::{Family, IfName};
use crate::vrrp::config::VirtualLinkKind;
use crate::vrrp::config::routes::{route_text, rule_text};
use crate::vrrp::fsm::{State, Version};

/// A part of the text of an instance.
#[derive(Clone, Copy)]
enum Part {
    /// A line of a fact.
    Line(Row),
    /// What has a form of its own.
    Other(fn(&InstanceView<'_>, &mut Text)),
}

/// The order of the text.
const TEXT: &[Part] = &[
    Part::Line(VERSION),
    Part::Other(native_ipv6),
    Part::Line(SYNC_GROUP),
    Part::Line(STATE),
    Part::Line(MASTER),
    Part::Line(MASTER_PRIORITY),
    Part::Other(master_interval),
    Part::Other(flags),
    Part::Line(WANTED),
    Part::Line(CONFIG_FAULTS),
    Part::Line(TRACK_FAULTS),
    Part::Line(TRACKS_AWAITED),
    Part::Line(LAST_TRANSITION),
    Part::Line(DEADLINE),
    Part::Line(DOWN_INTERVAL),
    Part::Other(device),
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
    Part::Other(|view, out| {
        if learns_interval(view) {
            out.property(MASTER_INTERVAL.label, (MASTER_INTERVAL.get)(view));
        }
    }),
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
    Part::Other(|view, out| interface::list(&view.config.track_interfaces, out)),
    Part::Other(|view, out| tracker::used(view.vrrp, &view.config.trackers, out)),
    Part::Line(SMTP),
    Part::Line(NOTIFY_DELETED),
    Part::Other(|view, out| command::scripts(&view.config.notify, out)),
    Part::Line(PRIORITY_CHANGES),
    Part::Line(FOREIGN),
    Part::Other(history),
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

fn native_ipv6(view: &InstanceView<'_>, out: &mut Text) {
    if view.config.family == Family::V6 {
        out.line("Using Native IPv6");
    }
}

/// A backup of version 3 goes by the interval of its master.
fn learns_interval(view: &InstanceView<'_>) -> bool {
    view.config.version == Version::V3 && view.state == State::Backup
}

fn master_interval(view: &InstanceView<'_>, out: &mut Text) {
    if learns_interval(view) {
        let seconds = view.master_interval.as_secs_f64();
        out.line(&format!("Master advert int = {seconds:.2} sec"));
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

fn device(view: &InstanceView<'_>, out: &mut Text) {
    let Some(name) = view.interface() else {
        return;
    };
    let Some(link) = &view.config.virtual_link else {
        out.property("Interface", Value::Word(name.as_str()));
        return;
    };
    let is_up = view.is_virtual_link_up;
    let (line, kind) = match link.kind {
        VirtualLinkKind::Macvlan(_) => {
            let xmit_base = link.xmit_base;
            let line =
                format!("Use VMAC, i/f name {name}, is_up = {is_up}, xmit_base = {xmit_base}");
            (line, "vmac")
        }
        VirtualLinkKind::Ipvlan { mode, address } => {
            let address = address.map_or(String::new(), |net| format!(", i/f address = {net}"));
            let mode = mode.as_str();
            let line = format!("Use IPVLAN, i/f {name}, is_up = {is_up}{address}, type {mode}");
            (line, "ipvlan")
        }
    };
    out.line(&line);
    let base = view.base().map_or("?", IfName::as_str);
    let xmit_base = if link.xmit_base {
        ", xmit base i/f"
    } else {
        ""
    };
    let text = format!("{name}, {kind} on {base}{xmit_base}");
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
