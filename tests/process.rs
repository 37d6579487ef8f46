//! The processes, by running the daemon in a network namespace of its own: pid
//! files, daemon mode, restart of a killed child, signals, orderly end.
#![expect(clippy::panic, reason = "a test that waits in vain shows the log")]
#![expect(clippy::print_stdout, reason = "says why it is skipped")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

const CONFIG: &str = "
vrrp_instance VI_1 {
    interface d0
    virtual_router_id 51
    priority 255
    advert_int 1
    virtual_ipaddress {
        10.99.99.100/24
    }
}
";

/// Network of the test, then the daemon in the place of the shell.
const SETUP: &str = "
    ip link set lo up &&
    ip link add d0 type veth peer name d1 &&
    ip link set d0 up && ip link set d1 up &&
    ip addr add 10.99.99.1/24 dev d0 && exec \"$0\" \"$@\"
";

fn is_root() -> bool {
    let root = nix::unistd::geteuid().is_root();
    if !root {
        println!("skipped: network namespaces need root");
    }
    root
}

/// A daemon's files, removed at the end with whatever still runs.
struct Lab {
    dir: PathBuf,
    daemon: Option<Child>,
}

impl Lab {
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("process-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).expect("scratch directory");
        fs::write(dir.join("conf"), CONFIG).expect("configuration");
        Self { dir, daemon: None }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("unshare");
        command.args(["-n", "sh", "-c", SETUP]);
        command.arg(env!("CARGO_BIN_EXE_keepalived"));
        command.args(["-G", "-D", "-f"]).arg(self.dir.join("conf"));
        command.arg("-p").arg(self.dir.join("p"));
        command.arg("-r").arg(self.dir.join("r"));
        command.args(args).stdin(Stdio::null());
        let log = fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.dir.join("log"));
        command.stderr(log.expect("log file"));
        command
    }

    /// Start in the foreground, and wait until the VRRP process is there.
    fn start(&mut self, args: &[&str]) -> u32 {
        let child = self.command(&["-n", "-l"]).args(args).spawn();
        let child = child.expect("start keepalived");
        let pid = child.id();
        self.daemon = Some(child);
        self.wait("the pid files", |lab| {
            lab.pid("p") == Some(pid) && lab.pid("r").is_some()
        });
        pid
    }

    fn pid(&self, file: &str) -> Option<u32> {
        let text = fs::read_to_string(self.dir.join(file)).ok()?;
        text.strip_suffix('\n')?.parse().ok()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }

    fn wait(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        for _ in 0..1500 {
            if condition(self) {
                return;
            }
            pause();
        }
        panic!("no {what}; the log:\n{}", self.log());
    }

    fn end(&mut self) -> ExitStatus {
        let mut daemon = self.daemon.take().expect("a daemon");
        for _ in 0..1500 {
            if let Some(status) = daemon.try_wait().expect("wait") {
                return status;
            }
            pause();
        }
        panic!("the daemon does not end; the log:\n{}", self.log());
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for file in ["p", "r"] {
            if let Some(pid) = self.pid(file).filter(|&pid| is_alive(pid)) {
                kill(pid, libc::SIGKILL);
            }
        }
        if let Some(mut daemon) = self.daemon.take() {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
        let _ = fs::remove_dir_all(&self.dir);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "another process is awaited, whose events this one cannot see"
)]
fn pause() {
    std::thread::sleep(Duration::from_millis(10));
}

fn kill(pid: u32, signal: i32) {
    let pid = nix::unistd::Pid::from_raw(i32::try_from(pid).expect("a pid"));
    keepalived::sys::signals::send(pid, signal).expect("signal the daemon");
}

/// Running, and not only waiting for its status to be fetched.
fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").map(|(_, rest)| rest);
    state.is_some_and(|rest| !rest.starts_with('Z') && !rest.starts_with('X'))
}

fn parent_of(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(") ")?;
    rest.split(' ').nth(1)?.parse().ok()
}

fn open_files(pid: u32) -> Vec<PathBuf> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).expect("descriptors");
    let links = entries.filter_map(|e| fs::read_link(e.ok()?.path()).ok());
    links.collect()
}

#[test]
fn start_and_orderly_end() {
    if !is_root() {
        return;
    }
    let mut lab = Lab::new("order");
    let parent = lab.start(&[]);
    let vrrp = lab.pid("r").expect("a pid");
    assert_eq!(parent_of(vrrp), Some(parent));
    for pid in [parent, vrrp] {
        let comm = fs::read_to_string(format!("/proc/{pid}/comm")).expect("comm");
        assert_eq!(comm, "keepalived\n");
    }
    kill(parent, libc::SIGTERM);
    assert_eq!(lab.end().code(), Some(0));
    assert!(!is_alive(vrrp));
    assert!(!lab.dir.join("p").exists() && !lab.dir.join("r").exists());
    assert!(lab.log().contains("Stopped Keepalived v"), "{}", lab.log());
}

#[test]
fn several_statements_on_a_line_take_effect() {
    if !is_root() {
        return;
    }
    let mut lab = Lab::new("lines");
    let config = CONFIG.replace(
        "51\n    priority 255\n    advert_int 1",
        "51 priority 254 advert_int 2",
    );
    fs::write(lab.dir.join("conf"), config).expect("configuration");
    let parent = lab.start(&["-d"]);
    for said in [
        "read as 3 statements",
        " Priority = 254",
        "Advert interval = 2 sec",
    ] {
        lab.wait(said, |lab| lab.log().contains(said));
    }
    kill(parent, libc::SIGTERM);
    assert_eq!(lab.end().code(), Some(0));
}

#[test]
fn the_child_has_nothing_of_the_parent_s() {
    if !is_root() {
        return;
    }
    let mut lab = Lab::new("plumbing");
    lab.start(&[]);
    lab.wait("started VRRP process", |lab| lab.log().contains("VI_1"));
    let vrrp = lab.pid("r").expect("a pid");
    let files = open_files(vrrp);
    for file in ["p", "r"] {
        assert!(
            !files.contains(&lab.dir.join(file)),
            "{file} is open: {files:?}"
        );
    }
    let polls = |f: &&PathBuf| f.to_string_lossy().contains("eventpoll");
    assert_eq!(files.iter().filter(polls).count(), 1, "{files:?}");
}

#[test]
fn a_killed_child_comes_back() {
    if !is_root() {
        return;
    }
    let mut lab = Lab::new("respawn");
    let parent = lab.start(&[]);
    let old = lab.pid("r").expect("a pid");
    kill(old, libc::SIGKILL);
    lab.wait("new VRRP process", |lab| {
        lab.pid("r").is_some_and(|p| p != old && is_alive(p))
    });
    assert!(is_alive(parent));
    assert!(lab.log().contains("VRRP child process died: Respawning"));
}

#[test]
fn children_end_when_the_parent_is_killed() {
    if !is_root() {
        return;
    }
    let mut lab = Lab::new("orphan");
    let parent = lab.start(&[]);
    let vrrp = lab.pid("r").expect("a pid");
    kill(parent, libc::SIGKILL);
    lab.wait("end of the VRRP process", |_| !is_alive(vrrp));
}

#[test]
fn no_signal_but_stop_ends_anything() {
    if !is_root() {
        return;
    }
    let mut lab = Lab::new("signals");
    let parent = lab.start(&[]);
    let vrrp = lab.pid("r").expect("a pid");
    let harmless = [
        1,
        10,
        12,
        13,
        36,
        37,
        libc::SIGRTMAX() - 1,
        libc::SIGRTMAX(),
    ];
    for signal in harmless {
        kill(parent, signal);
        kill(vrrp, signal);
    }
    lab.wait("reload message", |lab| {
        lab.log().contains("Reload finished")
    });
    assert!(is_alive(parent) && is_alive(vrrp));
    assert_eq!(lab.pid("r"), Some(vrrp), "{}", lab.log());
}

#[test]
fn the_highest_detail_is_that_of_this_program() {
    if !is_root() {
        return;
    }
    let mut lab = Lab::new("detail");
    let parent = lab.start(&["-D", "-D"]);
    kill(parent, libc::SIGTERM);
    assert!(lab.end().success());
    let log = lab.log();
    assert!(log.contains("Stopped Keepalived"), "{log}");
    // The words of the library that waits for events.
    assert!(!log.contains("event source"), "{log}");
}

#[test]
fn a_second_daemon_is_refused() {
    if !is_root() {
        return;
    }
    let mut lab = Lab::new("second");
    let parent = lab.start(&[]);
    for mode in [&["-n", "-l"][..], &[]] {
        let status = lab.command(mode).status().expect("run keepalived");
        assert_eq!(status.code(), Some(1));
    }
    assert!(lab.log().contains("daemon is already running"));
    assert_eq!(lab.pid("p"), Some(parent));
    assert!(is_alive(parent));
}

#[test]
fn the_command_of_daemon_mode_returns_when_all_is_up() {
    if !is_root() {
        return;
    }
    let lab = Lab::new("daemon");
    fs::write(lab.dir.join("p"), "999999\n").expect("a stale pid file");
    let status = lab.command(&[]).status().expect("run keepalived");
    assert_eq!(status.code(), Some(0));
    let (parent, vrrp) = (lab.pid("p").expect("a pid"), lab.pid("r").expect("a pid"));
    assert!(is_alive(parent) && parent_of(vrrp) == Some(parent));
    let null = Path::new("/dev/null");
    for number in 0..3 {
        let link = fs::read_link(format!("/proc/{parent}/fd/{number}"));
        assert_eq!(link.expect("a descriptor"), null);
    }
    kill(parent, libc::SIGTERM);
    lab.wait("end", |lab| {
        !is_alive(parent) && !lab.dir.join("p").exists()
    });
    assert!(!lab.dir.join("r").exists());
}

#[test]
fn what_lacks_an_argument_starts_nothing_and_ends_nothing() {
    if !is_root() {
        return;
    }
    let mut lab = Lab::new("lacking");
    let lacking = CONFIG.replace("priority 255", "priority");
    fs::write(lab.dir.join("conf"), &lacking).expect("configuration");
    let status = lab.command(&["-n", "-l"]).status();
    assert_eq!(status.expect("run keepalived").code(), Some(2));
    assert!(lab.log().contains("`priority` needs N"), "{}", lab.log());
    // A name of the router is not that important.
    let skipped = format!("global_defs {{\n    router_id\n}}{CONFIG}");
    fs::write(lab.dir.join("conf"), skipped).expect("configuration");
    let parent = lab.start(&[]);
    let vrrp = lab.pid("r").expect("a pid");
    assert!(lab.log().contains("`router_id` needs"), "{}", lab.log());
    fs::write(lab.dir.join("conf"), lacking).expect("configuration");
    kill(parent, libc::SIGHUP);
    lab.wait("refusal", |lab| lab.log().contains("Reload refused"));
    assert!(is_alive(vrrp));
    kill(parent, libc::SIGTERM);
    assert_eq!(lab.end().code(), Some(0));
}

#[test]
fn a_start_that_fails_is_told() {
    if !is_root() {
        return;
    }
    let lab = Lab::new("refused");
    fs::write(lab.dir.join("conf"), CONFIG.replace("d0", "nowhere")).expect("configuration");
    for mode in [&["-n"][..], &[]] {
        let status = lab.command(mode).status().expect("run keepalived");
        assert_eq!(status.code(), Some(2), "{}", lab.log());
    }
    assert!(lab.log().contains("nowhere"), "{}", lab.log());
    assert!(!lab.dir.join("p").exists());
}

#[test]
fn without_respawn_a_killed_child_ends_the_daemon() {
    if !is_root() {
        return;
    }
    let mut lab = Lab::new("no-respawn");
    lab.start(&["-R"]);
    kill(lab.pid("r").expect("a pid"), libc::SIGKILL);
    assert_eq!(lab.end().code(), Some(1));
    assert!(
        !lab.dir.join("r").exists(),
        "the killed child's pid file stays"
    );
}
