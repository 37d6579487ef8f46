//! Adverts out and adverts in, takeovers, checks, sessions and what the kernel says take no
//! memory from the heap once the daemon has warmed up: what is not allocated cannot run
//! out, fragment or be slow.
//!
//! The machines are driven as the shell drives them, for a master and a backup of
//! many virtual routers; what the shell adds are system calls.

#[path = "allocations/machines.rs"]
mod machines;

use std::net::IpAddr;
use std::time::Duration;

use keepalived::model::{Family, Priority, UnixTime, Vrid};
use keepalived::net::{Datagram, TxBatch};
use keepalived::sys::alloc::{Counting, thread_allocations};
use keepalived::vrrp::accept::{
    OldUnicastChecksum, ReceiveAuth, ReceiveMode, ReceivePolicy, ReceiveView, Received, accept,
    vrid_of,
};
use keepalived::vrrp::address_list::AddressList;
use keepalived::vrrp::authentication::{Authentication, Password};
use keepalived::vrrp::fsm::{Effect, Effects, Heard, InstanceId, Policy, State};
use keepalived::vrrp::router::{Input, Router};
use keepalived::vrrp::transmit::{AdvertTemplate, Audience, TransmitPolicy};
use keepalived::wire::vrrp::{GROUP_V4, Version};
use scheduler::Instant;

const ROUTERS: u8 = 100;
const INTERVAL: Duration = Duration::from_millis(100);
const MASTER: &str = "192.0.2.100";
const BACKUP: &str = "192.0.2.101";

#[global_allocator]
static COUNTING: Counting = Counting;

/// One machine with all virtual routers.
struct Node {
    router: Router,
    templates: Vec<AdvertTemplate>,
    receive: Vec<ReceivePolicy>,
    effects: Effects,
    out: TxBatch,
}

impl Node {
    fn new(address: &str, priority: u8, auth: &Authentication) -> Self {
        let source: IpAddr = address.parse().expect("an address");
        let version = match auth {
            Authentication::None => Version::V3,
            Authentication::Pass(_) | Authentication::Ah(_) => Version::V2,
        };
        let mut node = Self {
            router: Router::new(),
            templates: Vec::new(),
            receive: Vec::new(),
            effects: Effects::new(),
            out: TxBatch::new(),
        };
        for vrid in (1..=ROUTERS).map(Vrid) {
            let addresses = [IpAddr::from([10, 0, vrid.0, 1])];
            let addresses = AddressList::new(Family::V4, &addresses).expect("one address");
            let mut policy = Policy::new("of many", vrid, Family::V4, version);
            policy.priority = Priority(priority);
            policy.advert_interval = INTERVAL;
            node.router.add(policy);
            node.templates
                .push(template(version, vrid, &addresses, source, auth));
            node.receive.push(receive(version, vrid, addresses, auth));
        }
        let start = Input::Start {
            delay: Duration::ZERO,
        };
        node.router.on(Instant::ZERO, start, &mut node.effects);
        for id in (0..u32::from(ROUTERS)).map(InstanceId) {
            let address = Some(source);
            let input = Input::Source { id, address };
            node.router.on(Instant::ZERO, input, &mut node.effects);
        }
        node
    }

    /// What is due: adverts into the batch.
    fn tick(&mut self, now: Instant) {
        self.router.on(now, Input::Tick, &mut self.effects);
        for effect in self.effects.drain(..) {
            if let Effect::Advertise { id, priority } = effect {
                let template = &mut self.templates[id.index()];
                let bytes = template.packet(priority, UnixTime::default());
                self.out.push(&Datagram {
                    bytes,
                    dst: GROUP_V4.into(),
                    src: None,
                    hop_limit: None,
                });
            }
        }
    }

    /// The adverts of another one come in.
    fn hear(&mut self, now: Instant, sent: &TxBatch) {
        for datagram in sent.datagrams() {
            let packet = Received {
                family: Family::V4,
                bytes: datagram.bytes,
                src: MASTER.parse().expect("an address"),
                dst: datagram.dst,
                hop_limit: Some(255),
            };
            let vrid = vrid_of(&packet).expect("an advert");
            let id = InstanceId(u32::from(vrid.0) - 1);
            let view = self.router.view(id).expect("an instance");
            let view = ReceiveView {
                is_backup: view.state == State::Backup,
                effective_priority: view.priority,
                known_master: view.master.map(|peer| peer.address),
                ah_sequence: self.templates[id.index()].ah_sequence(),
                wall: UnixTime::default(),
                signature_mark: None,
            };
            let accepted = accept(&self.receive[id.index()], &view, &packet).expect("a good one");
            if let Some(sequence) = accepted.ah_sequence {
                self.templates[id.index()].set_ah_sequence(sequence);
            }
            let advert = Heard {
                source: accepted.src,
                priority: accepted.priority,
                interval: accepted.interval,
                age: Duration::ZERO,
            };
            let input = Input::Advert { id, advert };
            self.router.on(now, input, &mut self.effects);
        }
        self.effects.clear();
    }

    fn all_are(&self, state: State) -> bool {
        (0..u32::from(ROUTERS)).all(|id| self.router.state(InstanceId(id)) == state)
    }
}

fn template(
    version: Version,
    vrid: Vrid,
    addresses: &AddressList,
    source: IpAddr,
    auth: &Authentication,
) -> AdvertTemplate {
    let policy = TransmitPolicy {
        family: Family::V4,
        version,
        vrid,
        interval: interval(version),
        addresses: addresses.clone(),
        auth: *auth,
        hmac: None,
        source,
        audience: Audience::Multicast(GROUP_V4.into()),
        v3_checksum_as_v2: false,
        old_unicast_checksum: None,
    };
    AdvertTemplate::new(&policy).expect("a packet")
}

fn receive(
    version: Version,
    vrid: Vrid,
    addresses: AddressList,
    auth: &Authentication,
) -> ReceivePolicy {
    ReceivePolicy {
        family: Family::V4,
        version,
        vrid,
        mode: ReceiveMode::Multicast,
        auth: ReceiveAuth::from(auth),
        hmac: None,
        addresses,
        interval: interval(version),
        v3_checksum_as_v2: false,
        old_unicast_checksum: OldUnicastChecksum::Auto,
        group: GROUP_V4,
        skip_check_adv_addr: false,
        owner_ignore_adverts: false,
    }
}

/// Version 2 names whole seconds; the timers here are faster.
fn interval(version: Version) -> Duration {
    match version {
        Version::V2 => Duration::from_secs(1),
        Version::V3 => INTERVAL,
    }
}

/// Let a master and a backup run for so many intervals; adverts, allocations.
fn run(master: &mut Node, backup: &mut Node, from: u32, intervals: u32) -> (usize, u64) {
    let before = thread_allocations();
    let mut adverts = 0;
    for round in from..from + intervals {
        // The backups' timers are far off.
        for part in 0..4 {
            let now = Instant::ZERO + INTERVAL * round + Duration::from_millis(part);
            master.tick(now);
            adverts += master.out.datagrams().count();
            backup.hear(now, &master.out);
            master.out.clear();
            backup.tick(now);
        }
    }
    (adverts, thread_allocations() - before)
}

fn nothing_is_allocated(auth: &Authentication) {
    let mut master = Node::new(MASTER, 200, auth);
    let mut backup = Node::new(BACKUP, 100, auth);
    let (_, counted) = run(&mut master, &mut backup, 0, 100);
    assert!(counted > 0, "allocations are counted");
    assert!(master.all_are(State::Master) && backup.all_are(State::Backup));
    let (adverts, allocations) = run(&mut master, &mut backup, 100, 200);
    assert!(adverts > 190 * usize::from(ROUTERS), "{adverts} adverts");
    assert_eq!(allocations, 0, "for {adverts} adverts");
    assert!(master.all_are(State::Master) && backup.all_are(State::Backup));
}

#[test]
fn adverts_allocate_nothing() {
    nothing_is_allocated(&Authentication::None);
}

#[test]
fn authenticated_adverts_allocate_nothing() {
    nothing_is_allocated(&Authentication::Pass(Password::new(b"secret12")));
    nothing_is_allocated(&Authentication::Ah(Password::new(b"secret12")));
}

/// The backup hears nothing for five intervals, takes over, and hears a better master
/// again for three.
#[test]
fn transitions_allocate_nothing() {
    let mut master = Node::new(MASTER, 200, &Authentication::None);
    let mut backup = Node::new(BACKUP, 100, &Authentication::None);
    run(&mut master, &mut backup, 0, 100);
    let (mut at, mut counted) = (100, 0);
    for cycle in 0..8 {
        let before = thread_allocations();
        for _ in 0..5 {
            let now = Instant::ZERO + INTERVAL * at;
            at += 1;
            for node in [&mut master, &mut backup] {
                node.tick(now);
                node.out.clear();
            }
        }
        assert!(backup.all_are(State::Master), "a takeover");
        run(&mut master, &mut backup, at, 3);
        at += 3;
        assert!(backup.all_are(State::Backup), "and back");
        // Two cycles until every list has been as long as it gets.
        if cycle >= 2 {
            counted += thread_allocations() - before;
        }
    }
    assert_eq!(counted, 0, "in six takeovers of {ROUTERS} routers");
}
