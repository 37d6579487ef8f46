//! The other machines that run all the time: what the kernel says, checks, BFD sessions.

use std::net::IpAddr;
use std::time::Duration;

use keepalived::bfd::peer::{Effect as BfdEffect, Input as BfdInput, Peer, Policy as BfdPolicy};
use keepalived::check::schedule::{Attempt, Policy as SchedulePolicy, Schedule, Warmup};
use keepalived::check::service::{Policy as ServicePolicy, ServerPolicy, Service};
use keepalived::model::{IfIndex, IpNet};
use keepalived::netlink::addr::{AddressRequest, Operation};
use keepalived::netlink::batch::{Batch, Outcomes, Tolerate};
use keepalived::netlink::error::Reply;
use keepalived::netlink::header::{Header, Messages, kind};
use keepalived::netlink::link::{LinkFlags, LinkMessage};
use keepalived::netlink::mirror::{Change, Changes, Mirror, Origin};
use keepalived::sys::alloc::thread_allocations;
use keepalived::vrrp::announce::{Announcer, PacerId};
use keepalived::vrrp::debounce::{self, Debouncer, Delays};
use keepalived::vrrp::fsm::{AnnouncePolicy, Burst, InstanceId, InterfaceKey};
use keepalived::vrrp::install::{Installer, Layout, Order, Wanted};
use keepalived::wire::bfd::State as BfdState;
use scheduler::Instant;

/// How often until all buffers have their size, and how often after that.
const WARM: u32 = 20;
const MORE: u32 = 100;

/// What the rounds after the warm-up allocate.
fn allocations(mut round: impl FnMut(u32)) -> u64 {
    (0..WARM).for_each(&mut round);
    let before = thread_allocations();
    (WARM..WARM + MORE).for_each(&mut round);
    thread_allocations() - before
}

fn link(kind: u16, flags: u32) -> Vec<u8> {
    let link = LinkMessage {
        index: 2,
        flags: LinkFlags(flags),
        name: Some("eth0"),
        mtu: Some(1500),
        ..LinkMessage::default()
    };
    let mut octets = Vec::new();
    let header = Header {
        kind,
        ..Header::default()
    };
    link.write(&mut octets, header);
    octets
}

fn address(operation: Operation) -> Vec<u8> {
    let net = IpNet {
        addr: IpAddr::from([192, 0, 2, 7]),
        prefix: 24,
    };
    let mut octets = Vec::new();
    AddressRequest::new(IfIndex(2), net).write(&mut octets, operation, 1);
    octets
}

#[test]
fn flapping_links_and_addresses_allocate_nothing() {
    const UP: u32 = 0x1041;
    const DOWN: u32 = 0x1001;
    let told = [
        link(kind::NEW_LINK, UP),
        address(Operation::Add),
        link(kind::NEW_LINK, DOWN),
        link(kind::NEW_LINK, UP),
        address(Operation::Delete),
    ];
    let (mut mirror, mut changes) = (Mirror::new(), Changes::new());
    let (mut debouncer, mut passed) = (Debouncer::default(), debounce::Changes::new());
    let delays = Delays {
        up: Duration::from_millis(30),
        down: Duration::from_millis(10),
    };
    let key = InterfaceKey(0);
    debouncer.set(key, delays);
    let mut flaps = 0_u32;
    let counted = allocations(|round| {
        for (place, octets) in told.iter().enumerate() {
            let place = u64::try_from(place).expect("few");
            let now = Instant::from_millis(u64::from(round) * 1000 + place * 100);
            for message in Messages::new(octets) {
                mirror.hear(&message, Origin::of(&message, 77));
            }
            mirror.settle(&mut changes);
            for change in changes.drain(..) {
                match change {
                    Change::LinkUp { .. } => debouncer.on(now, key, true, &mut passed),
                    Change::LinkDown { .. } => debouncer.on(now, key, false, &mut passed),
                    Change::LinkAdded { .. }
                    | Change::LinkRemoved { .. }
                    | Change::LinkRenamed { .. }
                    | Change::LinkChanged { .. }
                    | Change::AddressAdded { .. }
                    | Change::AddressRemoved { .. }
                    | Change::AddressChanged { .. }
                    | Change::PathsAreTold
                    | Change::PathsTold
                    | Change::Path { .. } => {}
                }
            }
            debouncer.expire(now + Duration::from_millis(50), &mut passed);
            flaps += u32::try_from(passed.drain(..).count()).expect("few");
        }
    });
    assert!(flaps >= MORE, "{flaps} flaps");
    assert_eq!(counted, 0);
}

/// Addresses of an instance that becomes master and backup again, to the kernel, and
/// their announcements.
#[test]
fn addresses_in_and_out_allocate_nothing() {
    const COUNT: u32 = 50;
    let id = InstanceId(0);
    let mut installer = Installer::new(1);
    let layout = Layout {
        addresses: COUNT,
        ..Layout::default()
    };
    installer.set_layout(id, layout);
    let mut announcer = Announcer::new();
    announcer.add(AnnouncePolicy::default(), &[PacerId::NONE; 50]);
    let (mut batch, mut outcomes) = (Batch::new(), Outcomes::new());
    let mut sent = Vec::new();
    let mut announced = 0;
    let counted = allocations(|round| {
        let now = Instant::from_millis(u64::from(round) * 60_000);
        installer.add_all(id);
        carry_out(&mut installer, &mut batch, &mut outcomes);
        announcer.begin(now, id, Burst::Master);
        announcer.installed(now, id, COUNT);
        for second in 0..12 {
            let now = now + Duration::from_secs(second);
            while announcer.deadline().is_some_and(|at| at <= now) {
                announcer.take(now, 64, &mut sent);
                announced += sent.len();
                sent.clear();
            }
        }
        installer.remove_all(id);
        announcer.silence(id);
        carry_out(&mut installer, &mut batch, &mut outcomes);
    });
    assert!(announced > 10 * 50 * 100, "{announced} announcements");
    assert_eq!(counted, 0);
}

/// The kernel takes everything.
fn carry_out(installer: &mut Installer, batch: &mut Batch, outcomes: &mut Outcomes) {
    while let Some(order) = installer.take() {
        let [_, b, c, d] = order.index.to_be_bytes();
        let net = IpNet {
            addr: IpAddr::from([10, b, c, d]),
            prefix: 32,
        };
        let operation = match order.wanted {
            Wanted::Present => Operation::Add,
            Wanted::Absent => Operation::Delete,
        };
        let request = AddressRequest::new(IfIndex(2), net);
        batch.push(&request, operation, order.ticket(), Tolerate::default());
    }
    while let Some(octets) = batch.take(16) {
        let last = Messages::new(octets).last().expect("messages");
        let reply = Reply {
            sequence: last.header.sequence,
            errno: 0,
            text: None,
        };
        batch.reply(&reply, outcomes);
        for outcome in outcomes.drain(..) {
            installer.settled(Order::from_ticket(outcome.ticket));
        }
    }
}

#[test]
fn checks_allocate_nothing() {
    let policy = SchedulePolicy {
        interval: Duration::from_secs(2),
        interval_down: Duration::from_secs(2),
        retry: 1,
        pause: Duration::from_secs(1),
        warmup: Warmup::Within(Duration::ZERO),
        from_begin: false,
        retries_first: false,
        alpha: false,
    };
    let mut schedule = Schedule::new(policy, Instant::ZERO, 0, Duration::ZERO);
    let services = ServicePolicy {
        quorum: 2,
        hysteresis: 0,
        sorry: None,
    };
    let server = ServerPolicy {
        weight: 1,
        inhibit: false,
    };
    let mut service = Service::new(services, [(server, 0), (server, 0)]);
    service.start();
    let mut effects = Vec::new();
    let (mut now, mut changes, mut wanted) = (Instant::ZERO, 0, 0);
    let counted = allocations(|round| {
        for attempt in [Attempt::Passed, Attempt::Failed, Attempt::Failed] {
            now = schedule.deadline().unwrap_or(now);
            schedule.begin(now);
            schedule.attempt(now + Duration::from_millis(3), attempt);
        }
        service.checked(0, round % 2 == 0, &mut effects);
        changes += effects.drain(..).count();
        wanted += service.wanted().count();
    });
    assert!(changes > 100 && wanted > 100, "{changes} {wanted}");
    assert_eq!(counted, 0);
}

#[test]
fn sessions_allocate_nothing() {
    let policy = BfdPolicy {
        min_rx: Duration::from_millis(50),
        min_tx: Duration::from_millis(50),
        idle_tx: Duration::from_secs(1),
        multiplier: 3,
        is_passive: false,
    };
    let start = Instant::from_millis(1_000_000);
    let mut peers = [
        Peer::new(start, policy, 1, 11),
        Peer::new(start, policy, 2, 22),
    ];
    let (mut effects, mut packets) = (Vec::new(), Vec::with_capacity(64));
    let (mut sent, mut downs) = (0_u32, 0_u32);
    // Three seconds a round, of which it hears nothing in the last one.
    let counted = allocations(|round| {
        for step in 0..300_u32 {
            let now = start + Duration::from_millis(10) * (round * 300 + step);
            for (number, peer) in peers.iter_mut().enumerate() {
                if peer.deadline().is_some_and(|at| at <= now) {
                    peer.on(now, BfdInput::Tick, &mut effects);
                }
                collect(&mut effects, number, &mut packets, &mut downs);
            }
            sent += u32::try_from(packets.len()).expect("few");
            while let Some((from, packet)) = packets.pop() {
                if step < 200 {
                    let to = 1 - from;
                    let heard = BfdInput::Heard(packet, Duration::ZERO);
                    peers[to].on(now, heard, &mut effects);
                    collect(&mut effects, to, &mut packets, &mut downs);
                }
            }
        }
    });
    assert!(sent > MORE * 30 && downs >= MORE, "{sent} {downs}");
    assert_eq!(counted, 0);
}

type Packets = Vec<(usize, keepalived::wire::bfd::Control)>;

fn collect(effects: &mut Vec<BfdEffect>, from: usize, packets: &mut Packets, downs: &mut u32) {
    for effect in effects.drain(..) {
        match effect {
            BfdEffect::Send(packet) => packets.push((from, packet)),
            BfdEffect::Went {
                from: BfdState::Up, ..
            } => *downs += 1,
            BfdEffect::Went { .. }
            | BfdEffect::Expired { .. }
            | BfdEffect::PollStarted
            | BfdEffect::PollEnded => {}
        }
    }
}
