//! Ten thousand reloads in one process: what a reload leaves behind would be seen, to the
//! octet.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use keepalived::control_plane::files::Memory;
use keepalived::control_plane::{AnyMachine, Config, LoadOptions, compiled, load};
use keepalived::sys::alloc::{Counting, Totals, set_tag, totals};
use keepalived::vrrp::fsm::{Effects, InstanceId, InterfaceKey, Policy, Track};
use keepalived::vrrp::plan::{Plan, Step};
use keepalived::vrrp::router::{Input, Router, Successor, Successors};
use scheduler::Instant;

#[global_allocator]
static COUNTING: Counting = Counting;

/// After so many the configurations begin again.
const CYCLE: u32 = 2 * 3 * 5 * 7;

#[test]
fn ten_thousand_reloads_leave_nothing_behind() {
    nothing_is_left(1, 10_000, 1);
}

#[test]
fn reloads_of_a_large_configuration_leave_nothing_behind() {
    nothing_is_left(2, 2 * CYCLE, 40);
}

/// So many reloads and more, to a configuration that was there before; the account of
/// `tag` is for this test alone.
fn nothing_is_left(tag: u8, reloads: u32, size: u32) {
    set_tag(tag);
    let mut daemon = Daemon::default();
    let mut warm = None;
    for round in 0..=reloads.next_multiple_of(CYCLE) {
        daemon.reload(round, size);
        if round == CYCLE {
            warm = Some(totals(tag));
        }
    }
    let (warm, end) = (warm.expect("many rounds"), totals(tag));
    let in_use = |totals: Totals| (totals.octets, totals.blocks);
    assert_eq!(in_use(end), in_use(warm));
    assert!(warm.blocks > 20, "{warm:?}");
    drop(daemon);
    assert_eq!(in_use(totals(tag)), (0, 0), "and nothing at the end");
}

/// What of the daemon has state over reloads and needs no system.
#[derive(Default)]
struct Daemon {
    running: Rc<Config>,
    router: Router,
    effects: Effects,
}

impl Daemon {
    fn reload(&mut self, round: u32, size: u32) {
        let now = Instant::from_millis(u64::from(round) * 250);
        let root = PathBuf::from("/k.conf");
        let files = Memory::default().and("/k.conf", text(round, size));
        let new = as_both_processes_have_it(&files, &root);
        let plan = Plan::between(&self.running.vrrp, &new.vrrp);
        assert!(!plan.describe(&self.running.vrrp, &new.vrrp).is_empty());
        for place in &plan.ending {
            self.feed(now, Input::Leave { id: id(*place) });
        }
        let instances = new.vrrp.instances.iter().zip(&plan.steps);
        let successors = instances.map(|(instance, step)| {
            let policy = policy(&instance.name, instance.vrid, instance.priority);
            match step {
                Step::Start => Successor::New(policy),
                Step::Change(from) => Successor::Changed(id(*from), policy),
                Step::Keep(from) => Successor::Kept(id(*from)),
            }
        });
        let successors = Successors {
            instances: successors.collect(),
            ..Successors::default()
        };
        self.router.replace(now, successors, &mut self.effects);
        for (place, step) in plan.steps.iter().enumerate() {
            if step.from().is_none() {
                let (id, address) = (id(place), Some(IpAddr::V4(Ipv4Addr::LOCALHOST)));
                self.feed(now, Input::Source { id, address });
                self.feed(now, Input::Join { id });
            }
        }
        let key = InterfaceKey(0);
        self.feed(now, Input::Interface { key, up: true });
        self.feed(now, Input::Tick);
        self.effects.clear();
        self.running = new;
    }

    fn feed(&mut self, now: Instant, input: Input) {
        self.router.on(now, input, &mut self.effects);
    }
}

/// The parent compiles the text, and the child takes over what came out.
fn as_both_processes_have_it(files: &Memory, root: &Path) -> Rc<Config> {
    let options = LoadOptions::default();
    let loaded = load(files, root, &options, &AnyMachine::default());
    let parent = loaded.config.expect("a good configuration");
    let mut octets = Vec::new();
    compiled::write(&parent, &mut octets).expect("a vector takes all");
    let child = compiled::read(&octets, None).expect("its own octets");
    assert_eq!(*parent, child);
    Rc::new(child)
}

fn policy(
    name: &str,
    vrid: keepalived::model::Vrid,
    priority: keepalived::model::Priority,
) -> Policy {
    let mut policy = Policy::new(
        name,
        vrid,
        keepalived::model::Family::V4,
        keepalived::wire::vrrp::Version::V2,
    );
    policy.priority = priority;
    policy.tracks.push(Track::interface(InterfaceKey(0)));
    policy
}

/// Something else each time: members, priorities, addresses, trackers, servers.
fn text(round: u32, size: u32) -> String {
    let mut text = format!("vrrp_script s{} {{\nscript /bin/true\n}}\n", round % 3);
    for number in 1..=size + round % 3 {
        let (priority, address) = (100 + round % 7, round % 5);
        let _ = write!(
            text,
            "vrrp_instance VI_{number} {{\ninterface eth0\nvirtual_router_id {number}\npriority {priority}\n\
             track_script {{\ns{} weight 2\n}}\nvirtual_ipaddress {{\n10.0.{number}.{address}/24\n}}\n}}\n",
            round % 3
        );
    }
    for number in 1..=size / 2 + round % 2 {
        let _ = write!(
            text,
            "virtual_server 10.1.0.{number} 80 {{\nlvs_sched rr\nlvs_method NAT\nprotocol TCP\n\
             real_server 10.2.0.{} 80 {{\nTCP_CHECK {{\nconnect_timeout 1\n}}\n}}\n}}\n\
             bfd_instance B{number} {{\nneighbor_ip 10.3.0.{number}\n}}\n",
            1 + round % 7
        );
    }
    text
}

fn id(place: usize) -> InstanceId {
    InstanceId(u32::try_from(place).expect("few"))
}
