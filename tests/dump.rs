//! Dumps as programs read them: whole texts of a configuration with known state,
//! and how long a thousand instances take.
//!
//! `GOLDEN_UPDATE=1` writes the expected files in `tests/data/dump` anew; then
//! read the difference.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use keepalived::control_plane::files::Memory;
use keepalived::control_plane::value::Shared;
use keepalived::control_plane::{AnyMachine, Config, LoadOptions, load};
use keepalived::dump::tracker::{self, ProcessCount, Trackers};
use keepalived::dump::{InstanceView, vrrp};
use keepalived::model::{Priority, UnixTime};
use keepalived::vrrp::accept::ReceiveStats;
use keepalived::vrrp::fsm::{FaultKind, FaultSet, InstanceId, Peer, State, Status, TrackerKey};
use keepalived::vrrp::history::{History, Transition};

const CONFIG: &str = "
vrrp_script web {
    script \"/bin/test -e /run/web\"
    interval 2
    timeout 1
    weight -20
    rise 2
    user root
}
vrrp_track_process daemon {
    process nginx -g
    weight 10
}
track_group tg {
    group {
        A
    }
}
static_ipaddress {
    10.0.9.1/24 dev eth1 track_group tg
}
vrrp_instance A {
    interface eth0
    virtual_router_id 51
    priority 150
    authentication {
        auth_type PASS
        auth_pass secret
    }
    track_script {
        web
    }
    track_process {
        daemon
    }
    track_interface {
        eth1 weight 10
    }
    notify_master \"/bin/echo 'a b' c\" root
    virtual_ipaddress {
        10.0.0.1/24
        10.0.0.2 dev eth1 label eth1:a
    }
    virtual_ipaddress_excluded {
        fd00::1/64
    }
    virtual_routes {
        10.5.0.0/16 via 10.0.0.9 dev eth0
    }
    virtual_rules {
        from 10.5.0.0/16 table 9 priority 100
    }
}
vrrp_instance B {
    interface eth0
    virtual_router_id 52
    version 3
    priority 90
    advert_int 0.5
    nopreempt
    preempt_delay 3
    unicast_src_ip 10.0.0.8
    unicast_peer {
        10.0.0.7
        10.0.0.6 min_ttl 5
    }
    virtual_ipaddress {
        10.0.0.3/32
    }
}
vrrp_instance C {
    interface eth2
    virtual_router_id 53
    priority 80
    virtual_ipaddress {
        fe80::3/64
    }
}
vrrp_instance D {
    interface eth2
    virtual_router_id 54
    priority 80
    use_ipvlan ipv1 10.0.0.50/24 private
    virtual_ipaddress {
        10.0.0.4
    }
}
";

fn read(text: &str) -> Rc<Config> {
    let files = Memory::with("/etc/test.conf", text);
    let options = LoadOptions::default();
    let path = Path::new("/etc/test.conf");
    let loaded = load(&files, path, &options, &AnyMachine::default());
    loaded.config.expect("a configuration")
}

/// A moment in 2026, in microseconds after `second` of it.
fn at(second: u64, micros: u64) -> UnixTime {
    UnixTime(Duration::from_micros(
        1_795_320_000_000_000 + second * 1_000_000 + micros,
    ))
}

fn transition(second: u64, from: State, to: State, cause: &str) -> Transition {
    Transition {
        at: at(second, 704_653),
        from,
        to,
        cause: cause.into(),
    }
}

/// What instances keep: a master, a backup, one in FAULT, and so on.
struct Kept {
    stats: ReceiveStats,
    histories: [History; 3],
}

impl Kept {
    fn new() -> Self {
        let mut stats = ReceiveStats::default();
        stats.become_master = 1;
        stats.record_sent(Priority(150));
        let mut histories: [History; 3] = Default::default();
        let [a, b, c] = &mut histories;
        a.push(transition(1, State::Init, State::Backup, "init"));
        a.push(transition(
            4,
            State::Backup,
            State::Master,
            "no advert for 3.41 s",
        ));
        b.push(transition(1, State::Init, State::Backup, "init"));
        c.push(transition(
            1,
            State::Init,
            State::Fault,
            "interface eth2 is down",
        ));
        Self { stats, histories }
    }

    fn views<'a>(
        &'a self,
        config: &'a Config,
        is_set: &'a dyn Fn(InstanceId, u32) -> bool,
    ) -> Vec<InstanceView<'a>> {
        let states = [State::Master, State::Backup, State::Fault];
        let instances = config.vrrp.instances.iter().enumerate();
        let view = |(place, config_of): (usize, &'a Shared<_>)| {
            let state = states[place % 3];
            let mut faults = FaultSet::default();
            faults.set(FaultKind::Source, state == State::Fault);
            let address: IpAddr = [10, 0, 0, 7].into();
            InstanceView {
                id: InstanceId(u32::try_from(place).expect("few")),
                config: config_of,
                vrrp: &config.vrrp,
                state,
                wanted: state,
                faults,
                awaited: 0,
                master: Some(Peer {
                    address,
                    priority: Priority(200),
                }),
                master_interval: config_of.advert_interval,
                source: (state != State::Fault).then(|| [10, 0, 0, 8].into()),
                effective_priority: config_of.priority,
                total_priority: config_of.priority.0.into(),
                down_interval: Duration::from_micros(3_414_062),
                deadline: (state != State::Fault).then(|| at(10, 5)),
                stats: &self.stats,
                history: &self.histories[place % 3],
                foreign: 4,
                socket: (state != State::Fault).then_some(11),
                is_virtual_link_up: false,
                sync_group: None,
                is_set,
            }
        };
        instances.map(view).collect()
    }
}

struct Known;

impl Trackers for Known {
    fn process_count(&self, _: u32) -> Option<ProcessCount> {
        Some(ProcessCount {
            current: 2,
            is_fork_delayed: true,
            is_termination_delayed: false,
        })
    }

    fn status(&self, key: TrackerKey) -> Option<Status> {
        Some(Status::good(matches!(key, TrackerKey::Process(_))))
    }

    fn script_result(&self, _: u32) -> Option<u32> {
        Some(0)
    }

    fn script_state(&self, _: u32) -> &'static str {
        "running"
    }
}

/// Addresses of masters are in the kernel, but for the second.
fn is_set(id: InstanceId, place: u32) -> bool {
    id.0 == 0 && place != 1
}

fn golden(name: &str, text: &str) {
    let path = PathBuf::from("tests/data/dump").join(name);
    // The calendar text depends on the time zone, the numbers do not.
    let text = without_dates(text);
    if std::env::var_os("GOLDEN_UPDATE").is_some() {
        fs::write(&path, &text).expect("written");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(text == expected, "{name} differs, it is now:\n{text}");
}

fn without_dates(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        match (line.find(" ("), line.find(" 2026)")) {
            (Some(from), Some(to)) if from < to => {
                out.push_str(&line[..from]);
                out.push_str(" (DATE)");
                out.push_str(&line[to + " 2026)".len()..]);
            }
            _ => out.push_str(line),
        }
        out.push('\n');
    }
    out
}

#[test]
fn the_texts_are_as_programs_read_them() {
    let config = read(CONFIG);
    let kept = Kept::new();
    let views = kept.views(&config, &is_set);
    let mut out = vrrp::room(views.len());
    vrrp::track_groups(&config.vrrp, &mut out);
    vrrp::static_addresses(&config.vrrp, |_| true, &mut out);
    vrrp::static_routes(&config.vrrp, &mut out);
    vrrp::topology(&views, &mut out);
    tracker::text(&config.vrrp, &Known, &mut out);
    let text = out.finish();
    assert!(!text.contains("secret"));
    golden("keepalived.data", &text);
    golden("keepalived.stats", &vrrp::statistics(&views));
    for version in [1, 2] {
        let processes = |out: &mut _| tracker::processes_json(&config.vrrp, &Known, out);
        let json = vrrp::json(version, &views, processes);
        assert!(!json.contains("secret"));
        golden(&format!("keepalived.{version}.json"), &json);
    }
}

#[test]
fn the_indentation_tells_parsers_where_an_instance_ends() {
    let config = read(CONFIG);
    let kept = Kept::new();
    let mut out = vrrp::room(3);
    vrrp::topology(&kept.views(&config, &is_set), &mut out);
    let text = out.finish();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("------< VRRP Topology >------"));
    assert_eq!(lines.next(), Some(" VRRP Instance = A"));
    let state = text.lines().take(7).any(|line| line == "   State = MASTER");
    assert!(state, "the state is near the heading");
    for line in lines {
        let indent = line.len() - line.trim_start().len();
        let is_start = line.starts_with(" VRRP Instance = ");
        assert_eq!(indent, if is_start { 1 } else { indent.max(3) }, "{line}");
        assert!(indent == 1 || indent == 3 || indent == 5, "{line}");
    }
    assert_eq!(text.matches("State = FAULT").count(), 1, "container probes");
}

/// CPU time, so that other work on the machine does not count.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("a clock");
    Duration::from(time)
}

#[test]
fn a_thousand_instances_take_no_time_worth_mentioning() {
    let instance = |number: usize| {
        let (high, low) = (number / 250, number % 250 + 1);
        format!(
            "vrrp_instance I{number} {{\n interface eth{high}\n virtual_router_id {low}\n \
             virtual_ipaddress {{\n 10.{high}.0.{low}/24\n }}\n}}\n"
        )
    };
    let config = read(&(0..1000).map(instance).collect::<String>());
    let kept = Kept::new();
    let begin = cpu_time();
    let views = kept.views(&config, &is_set);
    let mut out = vrrp::room(views.len());
    vrrp::topology(&views, &mut out);
    let text = out.finish();
    let data = cpu_time();
    let json = vrrp::json(1, &views, |_| {});
    let end = cpu_time();
    println!(
        "1000 instances: data {:?} ({} octets), JSON {:?} ({} octets)",
        data - begin,
        text.len(),
        end - data,
        json.len()
    );
    assert_eq!(text.matches(" VRRP Instance = ").count(), 1000);
    assert_eq!(json.matches("\"iname\"").count(), 1000);
    // A hundredth of this when optimised; the room of the text is taken at once.
    assert!(end - begin < Duration::from_secs(2), "{:?}", end - begin);
    assert!(text.len() < 1001 * 3072, "{}", text.len());
}
