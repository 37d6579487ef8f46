//! `BFD Data` and `BFD Topology`: the sessions of the BFD process.

use std::collections::BTreeMap;
use std::time::Duration;

use super::fact::{FlagForm, Value};
use super::text::Text;
use crate::bfd::config::SessionConfig;
use crate::bfd::peer::Peer;
use crate::model::{Family, UnixTime};
use crate::wire::bfd::State;

/// A session as it is at this moment.
#[derive(Clone, Copy, Debug)]
pub struct LiveSession<'a> {
    /// Its machine.
    pub peer: &'a Peer,
    /// The number of its socket, if it has one.
    pub descriptor: Option<i32>,
    /// Whether its last packet could not be sent.
    pub has_send_error: bool,
    /// When the neighbour was heard last.
    pub heard: Option<UnixTime>,
}

/// What concerns no session: packets received, sent, and dropped by reason.
pub fn data(received: u64, sent: u64, dropped: &BTreeMap<String, u64>, out: &mut Text) {
    out.title("BFD Data");
    out.setting("Received packets", Value::Number(received));
    out.setting("Sent packets", Value::Number(sent));
    for (reason, count) in dropped {
        out.setting(&format!("Dropped, {reason}"), Value::Number(*count));
    }
}

/// A session as configured, and as it is.
pub fn session(config: &SessionConfig, live: Option<&LiveSession<'_>>, out: &mut Text) {
    out.object("BFD Instance", &config.name.value);
    out.property("Neighbor IP", Value::Address(config.neighbour.value));
    if let Some(interface) = &config.interface {
        out.property("Neighbor interface", Value::Word(interface.as_str()));
    }
    if let Some(source) = &config.source {
        out.property("Source IP", Value::Address(source.value));
    }
    out.property("Required min RX interval", micros(config.min_rx));
    out.property("Desired min TX interval", micros(config.min_tx));
    out.property("Desired idle TX interval", micros(config.idle_tx));
    out.property(
        "Detection multiplier",
        Value::Number(config.multiplier.into()),
    );
    let limit = match config.family() {
        Family::V4 => "TTL",
        Family::V6 => "hoplimit",
    };
    out.property(limit, Value::Number(config.ttl().into()));
    out.property("max_hops", Value::Signed(config.max_hops.value.into()));
    if config.multihop {
        out.property("multihop", Value::truth(true, FlagForm::Bool));
    }
    out.property("passive", Value::truth(config.passive, FlagForm::Bool));
    let yes = |is_set| Value::Word(if is_set { "Yes" } else { "No" });
    out.property("send event to VRRP process", yes(config.tells_vrrp()));
    out.property("send event to checker process", yes(config.tells_checker()));
    if let Some(live) = live {
        state(live, out);
    }
}

fn state(live: &LiveSession<'_>, out: &mut Text) {
    let (peer, remote) = (live.peer, live.peer.remote());
    let descriptor = live.descriptor.unwrap_or(-1);
    out.line(&format!("fd_out {descriptor}"));
    let error = Value::truth(live.has_send_error, FlagForm::Bool);
    out.property("send error", error);
    out.property("local state", word(peer.state()));
    out.property("remote state", word(remote.state));
    out.property("local discriminator", hex(peer.discriminator()));
    out.property("remote discriminator", hex(remote.discriminator));
    out.property("local diag", text(peer.diagnostic().to_string()));
    out.property("remote diag", text(remote.diagnostic.to_string()));
    out.property("remote min tx intv", micros(remote.min_tx));
    out.property("remote min rx intv", micros(remote.min_rx));
    out.property("local demand", Value::Number(0));
    out.property("remote demand", Value::Number(remote.demand.into()));
    out.property(
        "remote detect multiplier",
        Value::Number(remote.multiplier.into()),
    );
    let poll = if peer.is_polling() { "poll" } else { "!poll" };
    out.line(&format!("{poll}, !final"));
    out.property("local tx intv", micros(peer.interval()));
    out.property("remote tx intv", micros(peer.remote_interval()));
    out.property("local detection time", micros(peer.detection_time()));
    out.property(
        "remote detection time",
        micros(peer.remote_detection_time()),
    );
    if live.heard.is_some() {
        out.property("last seen", Value::Moment(live.heard));
    } else {
        out.property("last seen", Value::Word("[never]"));
    }
}

const fn word(state: State) -> Value<'static> {
    Value::Word(state.as_str())
}

fn text(text: String) -> Value<'static> {
    Value::Text(text.into())
}

fn hex(number: u32) -> Value<'static> {
    text(format!("{number:#x}"))
}

fn micros(time: Duration) -> Value<'static> {
    text(format!("{} us", time.as_micros()))
}
