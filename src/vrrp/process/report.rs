//! What the log says of states and events. The text of messages that the C
//! daemon prints, too, is kept; the cause stands behind it.

use std::time::Duration;

use super::interfaces::Interfaces;
use super::trackers;
use crate::vrrp::config::VrrpConfig;
use crate::vrrp::fsm::{Cause, FaultKind, Note, State};

/// One line for a transition.
pub(super) fn transition(name: &str, to: State, why: &str) {
    match to {
        State::Init => log::info!("({name}) stopped ({why})"),
        State::Backup | State::Master | State::Fault => {
            log::info!("({name}) Entering {} STATE ({why})", to.as_str());
        }
    }
}

/// The cause in words.
pub(super) fn because(cause: &Cause, interfaces: &Interfaces, config: &VrrpConfig) -> String {
    let device = |key| {
        interfaces
            .get(key)
            .map_or("?", |interface| interface.name.as_str())
    };
    match cause {
        Cause::Startup => "init".to_owned(),
        Cause::Owner => "owner of the addresses".to_owned(),
        Cause::NoAdvert {
            master: Some(master),
            silence,
        } => {
            format!("no advert from {master} for {}", seconds(*silence))
        }
        Cause::NoAdvert {
            master: None,
            silence,
        } => {
            format!("no advert for {}", seconds(*silence))
        }
        Cause::GaveUp { by } => format!("{by} gave up with priority 0"),
        Cause::LowerPriority(peer) => {
            format!("lower priority {} from {}", peer.priority, peer.address)
        }
        Cause::AddressRestored => "what was deleted is put back".to_owned(),
        Cause::HigherPriority(peer) => {
            format!("higher priority {} from {}", peer.priority, peer.address)
        }
        Cause::HigherAddress(peer) => {
            format!(
                "same priority {} from the higher address {}",
                peer.priority, peer.address
            )
        }
        Cause::AddressDeleted => "a virtual address, route or rule was deleted".to_owned(),
        Cause::Late { silence } => {
            format!("no advert could be sent for {}", seconds(*silence))
        }
        Cause::InterfaceDown(key) => format!("interface {} is down", device(*key)),
        Cause::InterfaceUp(key) => format!("interface {} is up", device(*key)),
        Cause::TrackerBad(key) => format!("{} is bad", trackers::name(config, *key)),
        Cause::TrackerGood(key) => format!("{} is good", trackers::name(config, *key)),
        Cause::Group(member) => {
            let member = config.instance(member.index());
            let member = member.map_or("another member", |member| member.name.as_str());
            format!("its sync group follows {member}")
        }
        Cause::SourceLost => "no address to send from".to_owned(),
        Cause::SourceFound(address) => format!("can send from {address}"),
        Cause::Fault(kind) => fault(*kind).to_owned(),
        Cause::FaultCleared(kind) => format!("no longer: {}", fault(*kind)),
        Cause::Shutdown => "shutdown".to_owned(),
        Cause::Reloaded => "a new configuration".to_owned(),
        Cause::Removed => "no longer configured".to_owned(),
    }
}

pub(super) const fn fault(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::Source => "no address to send from",
        FaultKind::Interface => "the interface cannot be used",
        FaultKind::Duplicate => "the VRID is in use on the interface",
        FaultKind::Configuration => "the configuration leaves nothing that could work",
        FaultKind::Group => "a member of the sync group has a fault",
        FaultKind::Tracker => "a tracker without weight is bad",
    }
}

/// One line for what changes no state.
pub(super) fn note(name: &str, note: &Note) {
    match note {
        Note::PriorityChanged { from, to } | Note::PrioritySet { from, to } => {
            log::info!("({name}) Changing effective priority from {from} to {to}");
        }
        Note::MasterChanged { from: None, to } => {
            log::info!(
                "({name}) master is {} with priority {}",
                to.address,
                to.priority
            );
        }
        Note::MasterChanged {
            from: Some(from),
            to,
        } => log::info!(
            "({name}) master is {} with priority {}, before it was {} with priority {}",
            to.address,
            to.priority,
            from.address,
            from.priority
        ),
        Note::LosingAdvert(peer) => log::info!(
            "({name}) Received advert from {} with lower priority {}",
            peer.address,
            peer.priority
        ),
        Note::OwnAddress(address) => log::warn!(
            "({name}) WARNING - equal priority advert received from remote host \
             with our IP address {address}"
        ),
        Note::TwoOwners(address) => {
            log::warn!("({name}) CONFIG ERROR: {address} sends priority 255, too");
        }
        Note::OwnerLowered(address) => {
            log::warn!("({name}) priority lowered to 254: {address} does not yield");
        }
        Note::PreemptDelay(peer) => log::info!(
            "({name}) start preempt delay: {} has the lower priority {}",
            peer.address,
            peer.priority
        ),
        Note::Interval { master, interval } => log::info!(
            "({name}) advertisement interval of master {master} is {}",
            seconds(*interval)
        ),
    }
}

/// A time as `3.61 s`.
pub(super) fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}
