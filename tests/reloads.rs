//! Ten thousand reloads in one process: what a reload leaves behind would be seen.

use std::fmt::Write as _;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use keepalived::control_plane::files::Memory;
use keepalived::control_plane::transcript::{Player, Recorder};
use keepalived::control_plane::{AnyMachine, Config, LoadOptions, load};
use keepalived::vrrp::fsm::{Effects, InstanceId, InterfaceKey, Policy, Track};
use keepalived::vrrp::plan::Plan;
use keepalived::vrrp::router::{Input, Router, Successor, Successors};
use scheduler::Instant;

const RELOADS: u32 = 10_000;
/// Until everything that grows once has grown.
const WARM: u32 = 1_000;
/// What the allocator may take more, in kilobytes.
const SLACK: u64 = 256;

#[test]
fn ten_thousand_reloads_leave_nothing_behind() {
    let Some(_) = resident() else {
        println!("skipped: no /proc");
        return;
    };
    let mut daemon = Daemon::default();
    let mut warm = None;
    for round in 0..RELOADS {
        daemon.reload(round);
        if round == WARM {
            warm = resident();
        }
    }
    let (warm, end) = (warm.unwrap_or_default(), resident().unwrap_or_default());
    assert!(end <= warm + SLACK, "{warm} kB, then {end} kB");
}

/// What of the daemon has state over reloads and needs no system.
#[derive(Default)]
struct Daemon {
    running: Rc<Config>,
    router: Router,
    effects: Effects,
}

impl Daemon {
    fn reload(&mut self, round: u32) {
        let now = Instant::from_millis(u64::from(round) * 250);
        let root = PathBuf::from("/k.conf");
        let files = Memory::default().and("/k.conf", text(round));
        let new = as_both_processes_read_it(&files, &root);
        let plan = Plan::between(&self.running.vrrp, &new.vrrp);
        assert!(!plan.describe(&self.running.vrrp, &new.vrrp).is_empty());
        for place in &plan.ending {
            self.feed(now, Input::Leave { id: id(*place) });
        }
        let instances = new.vrrp.instances.iter().zip(&plan.steps);
        let successors = instances.map(|(instance, step)| Successor {
            policy: policy(&instance.name, instance.vrid, instance.priority),
            from: step.from().map(id),
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

/// The parent notes the answers, and the child repeats the load.
fn as_both_processes_read_it(files: &Memory, root: &Path) -> Rc<Config> {
    let options = LoadOptions::default();
    let machine = AnyMachine::default();
    let recorder = Recorder::new(files, &machine);
    let parent = load(&recorder, root, &options, &recorder);
    let notes = recorder.finish();
    let player = Player::new(&notes);
    let child = load(&player, root, &options, &player);
    assert!(player.is_faithful());
    assert_eq!(parent.config, child.config);
    child.config.expect("a good configuration")
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

/// Something else each time: members, priorities, addresses, trackers.
fn text(round: u32) -> String {
    let mut text = format!("vrrp_script s{} {{\nscript /bin/true\n}}\n", round % 3);
    for number in 1..=2 + round % 3 {
        let (priority, address) = (100 + round % 7, round % 5);
        let _ = write!(
            text,
            "vrrp_instance VI_{number} {{\ninterface eth0\nvirtual_router_id {number}\npriority {priority}\n\
             track_script {{\ns{} weight 2\n}}\nvirtual_ipaddress {{\n10.0.{number}.{address}/24\n}}\n}}\n",
            round % 3
        );
    }
    text
}

/// Memory in use, in kilobytes.
fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn id(place: usize) -> InstanceId {
    InstanceId(u32::try_from(place).expect("few"))
}
