//! The tables: which columns, and what is in them.

use std::net::IpAddr;

use super::columns::{Cell, Columns, Tone};
use super::{moment, since, span, state};
use crate::model::UnixTime;
use crate::status::bfd::BfdStatus;
use crate::status::check::{CheckStatus, CheckerStatus, ServerStatus, ServiceStatus};
use crate::status::snapshot::Snapshot;
use crate::status::vrrp::{InstanceStatus, PartStatus, PeerStatus, PriorityStatus, VrrpStatus};

/// Addresses and peers of an instance that are shown; the rest is counted.
const SHOWN: usize = 2;

pub(super) fn processes(snapshot: &Snapshot) -> Columns {
    let mut table = Columns::new(&["PROCESS", "STATE", "PID", "UP", "RESTARTS", "MEMORY"]);
    for process in &snapshot.processes {
        let up = process.started.map(|at| span(since(snapshot.taken, at)));
        table.row([
            process.role.as_str().into(),
            state(&process.state),
            number(process.pid),
            up.unwrap_or_else(nothing).into(),
            count(process.restarts),
            process.usage.memory.map_or_else(nothing, octets).into(),
        ]);
    }
    table
}

pub(super) fn instances(vrrp: &VrrpStatus, now: UnixTime) -> Columns {
    let mut table = Columns::new(&[
        "INSTANCE",
        "INTERFACE",
        "VRID",
        "STATE",
        "SINCE",
        "PRIORITY",
        "ADDRESSES",
        "HEARD",
        "WHY",
    ]);
    for instance in &vrrp.instances {
        let since = instance.since.map(|at| {
            let ago = span(since(now, at));
            format!("{} ({ago})", moment(at))
        });
        table.row([
            instance.name.as_str().into(),
            instance.interface.clone().unwrap_or_else(nothing).into(),
            count(instance.vrid),
            state(&instance.state),
            since.unwrap_or_else(nothing).into(),
            priority(&instance.priority).into(),
            addresses(instance).into(),
            peers(instance).into(),
            why(instance).into(),
        ]);
    }
    table
}

/// `80 = 100 - 20 script chk`
fn priority(priority: &PriorityStatus) -> String {
    let adding = |part: &&PartStatus| part.adds != 0;
    let mut text = priority.effective.to_string();
    let mut parts = priority.parts.iter().filter(adding).peekable();
    if parts.peek().is_none() {
        return text;
    }
    text.push_str(&format!(" = {}", priority.configured));
    for part in parts {
        let sign = if part.adds < 0 { '-' } else { '+' };
        text.push_str(&format!(" {sign} {} {}", part.adds.unsigned_abs(), part.of));
    }
    text
}

fn addresses(instance: &InstanceStatus) -> String {
    let shown = instance.addresses.iter().take(SHOWN);
    let shown: Vec<String> = shown.map(|address| address.address.clone()).collect();
    listed(&shown, instance.address_count)
}

/// `10.0.0.2 (150) 0.3s`, the last heard first.
fn peers(instance: &InstanceStatus) -> String {
    let mut peers: Vec<&PeerStatus> = instance.peers.iter().collect();
    peers.sort_by_key(|peer| peer.heard);
    let shown = peers.iter().take(SHOWN).map(|peer| {
        let (who, ago) = (address(peer.address), span(peer.heard));
        match (&peer.refused, peer.priority) {
            (Some(why), _) => format!("{who} (refused: {why}) {ago}"),
            (None, Some(priority)) => format!("{who} ({priority}) {ago}"),
            (None, None) => format!("{who} {ago}"),
        }
    });
    listed(&shown.collect::<Vec<_>>(), peers.len() as u64)
}

/// Why it has its state; if it cannot run, what keeps it from that.
fn why(instance: &InstanceStatus) -> String {
    if instance.faults.is_empty() {
        instance.cause.clone().unwrap_or_default()
    } else {
        instance.faults.join("; ")
    }
}

pub(super) fn groups(vrrp: &VrrpStatus) -> Columns {
    let mut table = Columns::new(&["SYNC GROUP", "STATE", "MEMBERS"]);
    for group in &vrrp.groups {
        let members = group.members.join(", ");
        table.row([
            group.name.as_str().into(),
            state(&group.state),
            members.into(),
        ]);
    }
    table
}

pub(super) fn trackers(vrrp: &VrrpStatus) -> Columns {
    let mut table = Columns::new(&["TRACKED", "STATE"]);
    for tracker in &vrrp.trackers {
        table.row([tracker.name.as_str().into(), state(&tracker.state)]);
    }
    table
}

pub(super) fn services(check: &CheckStatus) -> Columns {
    let mut table = Columns::new(&["VIRTUAL SERVER", "SERVERS UP", "QUORUM", "WEIGHT", ""]);
    for service in &check.services {
        let remark = match (&service.sorry, service.is_suspended) {
            (_, true) => "suspended: its address is not here".to_owned(),
            (Some(sorry), _) if !service.has_quorum => format!("sorry server {sorry}"),
            (_, false) => String::new(),
        };
        table.row([
            service.name.as_str().into(),
            format!("{}/{}", service.servers_up, service.servers).into(),
            quorum(service),
            count(service.weight),
            remark.into(),
        ]);
    }
    table
}

/// `up`, `down`, `down, needs 3`
fn quorum(service: &ServiceStatus) -> Cell {
    match (service.has_quorum, service.quorum) {
        (true, _) => state("up"),
        (false, 0 | 1) => state("down"),
        (false, needed) => Cell::toned(&format!("down, needs {needed}"), Tone::Bad),
    }
}

pub(super) fn servers(check: &CheckStatus) -> Columns {
    let mut table = Columns::new(&[
        "REAL SERVER",
        "OF",
        "STATE",
        "WEIGHT",
        "CHECK",
        "LAST RESULT",
        "AGO",
        "TOOK",
        "REASON",
    ]);
    for server in &check.servers {
        let mut head = server_cells(server);
        if server.checks.is_empty() {
            head.push("none".into());
            table.row(head);
            continue;
        }
        for check in &server.checks {
            head.extend(check_cells(check));
            table.row(std::mem::take(&mut head));
            // Of further checks only what is theirs.
            head = vec![Cell::from(""); 4];
        }
    }
    table
}

fn server_cells(server: &ServerStatus) -> Vec<Cell> {
    let weight = match server.weight_in_kernel {
        Some(weight) => weight.to_string(),
        None => nothing(),
    };
    vec![
        server.name.as_str().into(),
        server.service.as_str().into(),
        state(if server.is_up { "up" } else { "down" }),
        weight.into(),
    ]
}

fn check_cells(check: &CheckerStatus) -> [Cell; 5] {
    let result = match (&check.result, check.is_overdue, check.is_enabled) {
        (_, true, _) => Cell::toned("overdue", Tone::Bad),
        (_, _, false) => Cell::toned("suspended", Tone::Doubtful),
        (Some(result), ..) => state(result),
        (None, ..) => Cell::toned("first check", Tone::Doubtful),
    };
    let time = |time: Option<_>| Cell::from(time.map_or_else(nothing, span));
    [
        check.kind.as_str().into(),
        result,
        time(check.age),
        time(check.duration),
        check.reason.clone().unwrap_or_default().into(),
    ]
}

pub(super) fn sessions(bfd: &BfdStatus) -> Columns {
    let mut table = Columns::new(&[
        "BFD SESSION",
        "NEIGHBOUR",
        "STATE",
        "HEARD",
        "DETECTION TIME",
        "DIAGNOSTIC",
    ]);
    for session in &bfd.sessions {
        table.row([
            session.name.as_str().into(),
            address(session.neighbour).into(),
            state(&session.state),
            session.heard.map_or_else(nothing, span).into(),
            span(session.detection_time).into(),
            session.diagnostic.as_str().into(),
        ]);
    }
    table
}

/// A list, and how many more there are.
fn listed(shown: &[String], all: u64) -> String {
    let more = all.saturating_sub(shown.len() as u64);
    match (shown.is_empty(), more) {
        (true, _) => nothing(),
        (false, 0) => shown.join(", "),
        (false, more) => format!("{}, {more} more", shown.join(", ")),
    }
}

fn nothing() -> String {
    "-".to_owned()
}

fn address(address: Option<IpAddr>) -> String {
    address.map_or_else(nothing, |address| address.to_string())
}

fn count(number: u64) -> Cell {
    number.to_string().into()
}

fn number(number: Option<u64>) -> Cell {
    number
        .map_or_else(nothing, |number| number.to_string())
        .into()
}

fn octets(octets: u64) -> String {
    match octets >> 10 {
        kib if kib < 10_240 => format!("{kib} KiB"),
        kib => format!("{} MiB", kib >> 10),
    }
}
