//! Effects in the words of the cases.

use keepalived::vrrp::fsm::{
    Burst, Cause, Effect, InstanceId, InterfaceKey, Note, Peer, Policy, Presence,
};

pub(crate) fn describe(
    effect: &Effect,
    policies: &[Policy],
    names: &[String],
) -> (InstanceId, String) {
    match *effect {
        Effect::Advertise { id, priority } => (id, format!("send priority {priority}")),
        Effect::Addresses {
            id,
            presence: Presence::Add,
        } => (id, "add addresses".into()),
        Effect::Addresses {
            id,
            presence: Presence::Remove,
        } => (id, "remove addresses".into()),
        Effect::Announce { id, burst } => {
            let policy = policies[id.index()].announce;
            let rounds = match burst {
                Burst::Master => policy.repeat,
                Burst::Added => policy.repeat,
                Burst::LowerPriority => policy.lower_prio_repeat,
                Burst::Requested => 1,
            };
            (id, format!("announce {rounds}"))
        }
        Effect::Silence { id } => (id, "silence".into()),
        Effect::Went {
            id,
            from,
            to,
            cause,
        } => {
            let (from, to) = (from.as_str(), to.as_str());
            (
                id,
                format!("went {from} {to} because {}", describe_cause(cause, names)),
            )
        }
        Effect::GroupWent { .. } => unreachable!("described by its name"),
        Effect::Noted { id, note } => (id, describe_note(note)),
    }
}

fn describe_cause(cause: Cause, names: &[String]) -> String {
    let peer = |peer: Peer| format!("{} from {}", peer.priority, peer.address);
    let interface = |key: InterfaceKey| names[key.0 as usize].clone();
    match cause {
        Cause::Startup => "startup".into(),
        Cause::Owner => "owner".into(),
        Cause::NoAdvert {
            master: Some(master),
            silence,
        } => {
            format!("no-advert from {master} for {}", silence.as_secs_f64())
        }
        Cause::NoAdvert {
            master: None,
            silence,
        } => {
            format!("no-advert for {}", silence.as_secs_f64())
        }
        Cause::GaveUp { by } => format!("gave-up {by}"),
        Cause::LowerPriority(from) => format!("lower-priority {}", peer(from)),
        Cause::AddressRestored => "address-restored".into(),
        Cause::HigherPriority(from) => format!("higher-priority {}", peer(from)),
        Cause::HigherAddress(from) => format!("higher-address {}", peer(from)),
        Cause::AddressDeleted => "address-deleted".into(),
        Cause::Late { silence } => format!("late {}", silence.as_secs_f64()),
        Cause::InterfaceDown(key) => format!("interface-down {}", interface(key)),
        Cause::InterfaceUp(key) => format!("interface-up {}", interface(key)),
        Cause::TrackerBad(_) => "tracker-bad".into(),
        Cause::TrackerGood(_) => "tracker-good".into(),
        Cause::Group(_) => "group".into(),
        Cause::SourceLost => "source-lost".into(),
        Cause::SourceFound(address) => format!("source-found {address}"),
        Cause::Fault(kind) => format!("fault {kind:?}"),
        Cause::FaultCleared(kind) => format!("fault-cleared {kind:?}"),
        Cause::Shutdown => "shutdown".into(),
        Cause::Reloaded => "reloaded".into(),
        Cause::Removed => "removed".into(),
    }
}

fn describe_note(note: Note) -> String {
    match note {
        Note::PriorityChanged { from, to } => format!("note priority {from} {to}"),
        Note::PrioritySet { from, to } => format!("note set-priority {from} {to}"),
        Note::MasterChanged { to, .. } => format!("note master {} {}", to.address, to.priority),
        Note::LosingAdvert(peer) => format!("note losing {} {}", peer.address, peer.priority),
        Note::OwnAddress(address) => format!("note own-address {address}"),
        Note::TwoOwners(rival) => format!("note two-owners {rival}"),
        Note::OwnerLowered(rival) => format!("note owner-lowered {rival}"),
        Note::PreemptDelay(peer) => format!("note preempt-delay {}", peer.address),
        Note::Interval { master, interval } => {
            format!("note interval {master} {}", interval.as_secs_f64())
        }
    }
}
