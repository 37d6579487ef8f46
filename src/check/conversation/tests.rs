//! Attempts on real sockets of the loopback interface, and real scripts.
#![expect(clippy::disallowed_methods, reason = "servers of tests are threads")]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::process;
use std::thread;

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

fn udp(address: SocketAddr, timeout: Duration, reply: Option<Vec<(u8, u8)>>) -> Udp {
    Udp::new(UdpSettings {
        endpoint: endpoint(address, timeout),
        payload: Some(b"hello".to_vec()),
        reply,
        min_length: 0,
        max_length: u16::MAX,
    })
}

#[test]
fn datagrams() {
    let server = UdpSocket::bind(local(0)).unwrap();
    let address = server.local_addr().unwrap();
    assert_eq!(attempt(udp(address, SHORT, None)), passed(), "silence");
    let silent = attempt(udp(address, SHORT, Some(Vec::new())));
    assert_eq!(silent, failed("timeout"));
    let mut room = [0; 99];
    for _ in 0..2 {
        let (octets, _) = server.recv_from(&mut room).unwrap();
        assert_eq!(room[..octets], *b"hello");
    }
    let answering = thread::spawn(move || {
        let (_, from) = server.recv_from(&mut room).unwrap();
        server.send_to(b"world", from).unwrap();
        server
    });
    let pattern = Some(vec![(b'w', 0xff)]);
    assert_eq!(attempt(udp(address, LONG, pattern)), passed());
    drop(answering.join().unwrap());
    let refused = failed("Connection refused");
    assert_eq!(attempt(udp(address, LONG, None)), refused, "no listener");
}

#[test]
fn a_question_of_dns() {
    let server = UdpSocket::bind(local(0)).unwrap();
    let address = server.local_addr().unwrap();
    thread::spawn(move || {
        let mut room = [0; 512];
        let (octets, from) = server.recv_from(&mut room).unwrap();
        let mut answer = room[..octets].to_vec();
        server.send_to(&answer, from).unwrap();
        answer[2] |= 0x80;
        answer[0] ^= 1;
        server.send_to(&answer, from).unwrap();
        server.send_to(b"x", from).unwrap();
        answer[0] ^= 1;
        server.send_to(&answer, from).unwrap();
    });
    let probe = Dns::new(&DnsSettings {
        endpoint: endpoint(address, LONG),
        record: 6,
        name: "a.example".into(),
    });
    assert_eq!(attempt(probe), passed());
}

/// Serve one connection: say each of these, and wait for a line after it.
fn mail_server(says: &'static [&'static str]) -> SocketAddr {
    let (listener, address) = listener();
    thread::spawn(move || {
        let (mut peer, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(peer.try_clone().unwrap()).lines();
        for text in says {
            for piece in text.as_bytes().chunks(3) {
                peer.write_all(piece).unwrap();
            }
            if lines.next().is_none() {
                return;
            }
        }
    });
    address
}

fn smtp(address: SocketAddr, timeout: Duration) -> Smtp {
    Smtp::new(SmtpSettings {
        endpoint: endpoint(address, timeout),
        helo: "me".into(),
    })
}

#[test]
fn a_session_of_smtp() {
    let says = &["220-a\r\n220 b\r\n", "250-c\r\n250 d\r\n", "221 e\r\n"];
    assert_eq!(attempt(smtp(mail_server(says), LONG)), passed());
    let closing = attempt(smtp(mail_server(&[]), LONG));
    assert_eq!(closing, failed("connection closed by the server"));
    let (_silent, address) = listener();
    assert_eq!(attempt(smtp(address, SHORT)), failed("timeout"));
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

#[test]
fn echoes() {
    for address in ["127.0.0.1:80", "[::1]:80"] {
        let address: SocketAddr = address.parse().unwrap();
        match attempt(Ping::new(endpoint(address, LONG))) {
            // Not every machine lets us (ping_group_range), or has IPv6.
            Attempt::Unable(_) => {}
            attempt @ Attempt::Outcome(_) if address.is_ipv6() && attempt != passed() => {
                assert!(format!("{attempt:?}").contains("no route"), "{attempt:?}");
            }
            attempt @ Attempt::Outcome(_) => assert_eq!(attempt, passed()),
        }
    }
}

fn misc(script: &str, timeout: Duration) -> Misc {
    Misc::new(MiscSettings {
        command: Command {
            path: "/bin/sh".into(),
            name: "sh".into(),
            args: vec!["-c".into(), script.into()],
            account: Account::ROOT,
        },
        given: script.to_owned(),
        user: None,
        timeout,
        dynamic: true,
    })
}

#[test]
fn scripts_and_their_status() {
    use crate::check::probe::Weight;

    let configured = Outcome::Passed(Some(Weight::Add(0)));
    assert_eq!(attempt(misc("exit 0", LONG)), Attempt::Outcome(configured));
    let weight = Outcome::Passed(Some(Weight::Set(30)));
    assert_eq!(attempt(misc("exit 32", LONG)), Attempt::Outcome(weight));
    assert_eq!(
        attempt(misc("exit 1", LONG)),
        Attempt::Outcome(Outcome::Failed("exited with status 1".into()))
    );
    let killed = attempt(misc("kill -9 $$", LONG));
    assert_eq!(killed, failed("ended by a signal"));
}

/// Whether a process does anything: a zombie does not.
fn runs(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat
        .rsplit(") ")
        .next()
        .and_then(|rest| rest.chars().next());
    state.is_some_and(|state| state != 'Z')
}

#[test]
fn a_script_that_hangs_is_ended_with_all_it_has_started() {
    let path: PathBuf = std::env::temp_dir().join(format!("hanging-{}", process::id()));
    let script = format!(
        "trap '' TERM; sleep 1000 & echo $$ $! > {0}.new; mv {0}.new {0}; wait; sleep 1000",
        path.display()
    );
    let mut bench = Bench::new();
    let id = bench.add(1, misc(&script, Duration::from_millis(500)));
    assert_eq!(bench.attempt(id), failed("timed out"));
    let again = bench.attempt(id);
    let why = "the script of the last check has still not ended";
    assert_eq!(again, failed(why));
    while !bench.program.conversations.scripts.is_empty() {
        bench.turn();
    }
    if let Ok(pids) = fs::read_to_string(&path) {
        for pid in pids.split_whitespace() {
            while runs(pid.parse().unwrap()) {
                thread::yield_now();
            }
        }
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn at_the_end_nothing_is_left() {
    let (_silent, address) = listener();
    let mut bench = Bench::new();
    let id = bench.add(1, smtp(address, LONG));
    let script = bench.add(2, misc("sleep 1000", LONG));
    assert_eq!(bench.begin(id), None);
    assert_eq!(bench.begin(script), None);
    let s = &mut bench.scheduler;
    bench.program.conversations.end(s);
    s.stop(scheduler::Stop::Graceful);
    assert!(s.is_finished(), "no child and no timer keeps the loop");
}
