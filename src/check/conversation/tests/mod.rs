//! Attempts on real sockets of the loopback interface, and real scripts.
#![expect(clippy::disallowed_methods, reason = "servers of tests are threads")]

mod datagrams;
mod mail;
mod scripts;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::process;
use std::thread;
use std::time::Duration;

use mail::smtp;
use scripts::misc;

use super::*;
use crate::check::checker::{
    DnsSettings, Endpoint, MiscSettings, OwnEnd, SmtpSettings, UdpSettings,
};
use crate::check::kinds::{dns::Dns, misc::Misc, ping::Ping, smtp::Smtp, tcp::Tcp, udp::Udp};
use crate::model::{Account, Command};

/// Longer than any machine stalls.
const LONG: Duration = Duration::from_secs(60);
/// For what is to be silent.
const SHORT: Duration = Duration::from_millis(60);

#[derive(Default)]
struct Program {
    conversations: Conversations<Self>,
    over: Vec<(Key, Attempt)>,
}

impl Host for Program {
    fn conversations(&mut self) -> &mut Conversations<Self> {
        &mut self.conversations
    }

    fn attempt_over(&mut self, _: &mut Scheduler<Self>, owner: Key, attempt: Attempt) {
        self.over.push((owner, attempt));
    }
}

struct Bench {
    program: Program,
    scheduler: Scheduler<Program>,
}

impl Bench {
    fn new() -> Self {
        let mut scheduler = Scheduler::new().unwrap();
        scheduler.refresh();
        Self {
            program: Program::default(),
            scheduler,
        }
    }

    fn add(&mut self, owner: Key, probe: impl Probe + 'static) -> TalkId<Program> {
        self.program.conversations.add(owner, Box::new(probe))
    }

    fn begin(&mut self, id: TalkId<Program>) -> Option<Attempt> {
        let s = &mut self.scheduler;
        s.refresh();
        self.program.conversations.begin(s, id, 0x5555 << 48)
    }

    fn turn(&mut self) {
        self.scheduler.turn(&mut self.program).unwrap();
    }

    /// One attempt, from begin to end.
    fn attempt(&mut self, id: TalkId<Program>) -> Attempt {
        if let Some(attempt) = self.begin(id) {
            return attempt;
        }
        while self.program.over.is_empty() {
            self.turn();
        }
        assert!(!self.program.conversations.is_under_way(id));
        self.program.over.remove(0).1
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // Puts back what was changed for echoes.
        self.program.conversations.end(&mut self.scheduler);
    }
}

/// One attempt of a probe.
fn attempt(probe: impl Probe + 'static) -> Attempt {
    let mut bench = Bench::new();
    let id = bench.add(7, probe);
    bench.attempt(id)
}

fn bound(to: SocketAddr) -> Option<Box<OwnEnd>> {
    Some(Box::new(OwnEnd {
        bind: Some(to),
        ..OwnEnd::default()
    }))
}

fn endpoint(address: SocketAddr, timeout: Duration) -> Endpoint {
    Endpoint {
        address,
        own: None,
        timeout,
    }
}

fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

fn passed() -> Attempt {
    Attempt::Outcome(Outcome::Passed(None))
}

fn failed(why: &'static str) -> Attempt {
    Attempt::Outcome(Outcome::Failed(why.into()))
}

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(local(0)).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// A port that nobody listens on, as long as the socket lives: it is bound, no more.
fn closed_port() -> (std::os::fd::OwnedFd, SocketAddr) {
    use nix::sys::socket::*;
    let kind = SockType::Stream;
    let fd = socket(AddressFamily::Inet, kind, SockFlag::SOCK_CLOEXEC, None).unwrap();
    let raw = std::os::fd::AsRawFd::as_raw_fd(&fd);
    bind(raw, &SockaddrIn::new(127, 0, 0, 1, 0)).unwrap();
    let own: SockaddrIn = getsockname(raw).unwrap();
    (fd, local(own.port()))
}

#[test]
fn an_open_and_a_closed_port() {
    let (_listener, open) = listener();
    assert_eq!(attempt(Tcp::new(endpoint(open, LONG))), passed());
    let (_bound, closed) = closed_port();
    let refused = failed("Connection refused");
    assert_eq!(attempt(Tcp::new(endpoint(closed, LONG))), refused);
}

#[test]
fn attempts_are_told_to_their_owner_and_can_be_many() {
    let (_listener, open) = listener();
    let mut bench = Bench::new();
    let ids: Vec<_> = (0..20)
        .map(|owner| bench.add(owner, Tcp::new(endpoint(open, LONG))))
        .collect();
    for id in &ids {
        assert_eq!(bench.begin(*id), None);
    }
    while bench.program.over.len() < ids.len() {
        bench.turn();
    }
    let mut owners: Vec<Key> = bench.program.over.iter().map(|over| over.0).collect();
    owners.sort_unstable();
    let want: Vec<Key> = (0..20).collect();
    assert_eq!(owners, want);
}

#[test]
fn a_host_that_does_not_answer() {
    // A queue for one connection that is full: the kernel drops further requests.
    let (listener, address) = listener();
    nix::sys::socket::listen(&listener, nix::sys::socket::Backlog::new(0).unwrap()).unwrap();
    let held: Vec<_> = (0..4)
        .map(|_| TcpStream::connect_timeout(&address, SHORT))
        .collect();
    assert!(held.iter().any(Result::is_err));
    assert_eq!(
        attempt(Tcp::new(endpoint(address, SHORT))),
        failed("timeout")
    );
}

#[test]
fn the_own_address_and_port() {
    let (listener, address) = listener();
    // Below those that the kernel gives to others meanwhile.
    let port = u16::try_from(10_000 + process::id() % 20_000).unwrap();
    let mut from = endpoint(address, LONG);
    from.own = bound(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)));
    let mut bench = Bench::new();
    let id = bench.add(1, Tcp::new(from));
    // The second one needs the port again that the first one has just used.
    for _ in 0..2 {
        assert_eq!(bench.attempt(id), passed());
        let (peer, from) = listener.accept().unwrap();
        assert_eq!(from.port(), port);
        drop(peer);
    }
}

#[test]
fn what_says_nothing_of_the_server() {
    let (_listener, address) = listener();
    let mut foreign = endpoint(address, LONG);
    foreign.own = bound(SocketAddr::from(([192, 0, 2, 99], 0)));
    let Attempt::Unable(why) = attempt(Tcp::new(foreign)) else {
        panic!("an address that is not ours");
    };
    assert!(why.contains("Cannot assign requested address"), "{why}");
    let mut nowhere = endpoint(address, LONG);
    nowhere.own = Some(Box::new(OwnEnd {
        interface: crate::model::IfName::new("absent0"),
        ..OwnEnd::default()
    }));
    assert!(matches!(attempt(Tcp::new(nowhere)), Attempt::Unable(_)));
}

/// Set for the run of [`out_of_descriptors`] that has the limit.
const LIMITED: &str = "FEW_DESCRIPTORS";

/// The limit is one of the process, so this test runs once more in one of its own.
#[test]
fn out_of_descriptors() {
    if std::env::var_os(LIMITED).is_some() {
        return with_few_descriptors();
    }
    let name = "check::conversation::tests::out_of_descriptors";
    let program = std::env::current_exe().unwrap();
    let script = "ulimit -n 20; exec \"$0\" --exact \"$1\" --test-threads 1";
    let mut limited = process::Command::new("/bin/sh");
    limited.args(["-c", script]).arg(program).arg(name);
    let output = limited.env(LIMITED, "1").output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("1 passed"), "{told}");
}

fn with_few_descriptors() {
    let (_listener, address) = listener();
    let mut bench = Bench::new();
    let id = bench.add(1, Tcp::new(endpoint(address, LONG)));
    assert_eq!(bench.attempt(id), passed());
    let mut held = Vec::new();
    while let Ok(file) = fs::File::open("/dev/null") {
        held.push(file);
    }
    let unable = Attempt::Unable("no socket: Too many open files".to_owned());
    assert_eq!(bench.attempt(id), unable);
    let script = bench.add(2, misc("exit 0", LONG));
    assert!(matches!(bench.attempt(script), Attempt::Unable(_)));
    held.clear();
    assert_eq!(bench.attempt(id), passed());
    assert!(matches!(
        bench.attempt(script),
        Attempt::Outcome(Outcome::Passed(_))
    ));
}

#[test]
fn an_attempt_given_up_is_not_told() {
    let (_silent, address) = listener();
    let mut bench = Bench::new();
    let given_up = bench.add(1, smtp(address, LONG));
    assert_eq!(bench.begin(given_up), None);
    assert!(bench.program.conversations.is_under_way(given_up));
    let s = &mut bench.scheduler;
    bench.program.conversations.remove(s, given_up);
    let other = bench.add(2, smtp(address, SHORT));
    assert_eq!(bench.attempt(other), failed("timeout"));
    assert!(bench.program.over.is_empty());
    assert!(!bench.program.conversations.is_under_way(given_up));
}
