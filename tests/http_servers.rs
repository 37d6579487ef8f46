//! `HTTP_GET`, `SSL_GET` and genhash against servers that others have written: nginx, the
//! one of Python, and those that answer as no server should. All on the loopback
//! interface, without privileges. A server that is not installed is passed over.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use keepalived::check::checker::{
    Endpoint, HttpSettings, HttpVersion, Page, SaidOfPages, TlsSettings,
};
use keepalived::check::conversation::{Attempt, Conversations, Host};
use keepalived::check::http::digest::{Algorithm, BodyDigest, to_hex};
use keepalived::check::http::pattern::Patterns;
use keepalived::check::kinds::http::Http;
use keepalived::check::probe::Outcome;
use keepalived::net::tls::{KeyFiles, TlsContext};
use scheduler::{Key, Scheduler};

#[cfg(feature = "tls")]
#[path = "support/certificate.rs"]
mod certificate;

/// Longer than any machine stalls.
const LONG: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
struct Program {
    conversations: Conversations<Self>,
    over: Option<Attempt>,
}

impl Host for Program {
    fn conversations(&mut self) -> &mut Conversations<Self> {
        &mut self.conversations
    }

    fn attempt_over(&mut self, _: &mut Scheduler<Self>, _: Key, attempt: Attempt) {
        self.over = Some(attempt);
    }
}

/// How one page of a server is found to be.
fn check(port: u16, over_tls: bool, timeout: Duration, page: Page) -> Result<(), String> {
    let settings = HttpSettings {
        endpoint: Endpoint {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            own: None,
            timeout,
        },
        tls: over_tls.then(TlsSettings::default),
        version: HttpVersion::V1_1,
        fast_recovery: false,
        pages: vec![page],
        said: SaidOfPages::default(),
    };
    let probe = Http::new(settings, &mut Patterns::default());
    let mut scheduler = Scheduler::new().expect("a scheduler");
    let mut program = Program::default();
    let context = TlsContext::new(&KeyFiles::default());
    program
        .conversations
        .use_tls(context.expect("no file is named"));
    let id = program.conversations.add(0, Box::new(probe));
    scheduler.refresh();
    program.over = program.conversations.begin(&mut scheduler, id, 0);
    let attempt = loop {
        if let Some(attempt) = program.over.take() {
            break attempt;
        }
        scheduler.turn(&mut program).expect("a turn");
    };
    program.conversations.end(&mut scheduler);
    match attempt {
        Attempt::Outcome(Outcome::Passed(_)) => Ok(()),
        Attempt::Outcome(Outcome::Failed(why)) => Err(why.into_owned()),
        Attempt::Outcome(Outcome::Proceed { .. }) => Err("there is one page".to_owned()),
        Attempt::Unable(why) => Err(format!("unable: {why}")),
    }
}

fn page(path: &str, digest: Vec<u8>) -> Page {
    Page {
        path: path.to_owned(),
        digest: Some(digest),
        ..Page::default()
    }
}

fn digest(algorithm: Algorithm, octets: &[u8]) -> Vec<u8> {
    let mut digest = BodyDigest::new(algorithm);
    digest.feed(octets);
    digest.finish()
}

fn genhash(port: u16, words: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keepalived"));
    let port = port.to_string();
    command.args(["--genhash", "-s", "127.0.0.1", "-p", &port]);
    let output = command.args(words).output().expect("run genhash");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A server of its own folder, ended with the test.
struct Server {
    child: Child,
    folder: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("http-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// Ports that were free a moment ago.
fn ports<const N: usize>() -> [u16; N] {
    let listeners: [TcpListener; N] =
        std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").expect("a port"));
    listeners.map(|l| l.local_addr().expect("an address").port())
}

/// Start a program in its folder and wait until it listens; `None` if it is not installed.
fn start(mut command: Command, folder: PathBuf, port: u16) -> Option<Server> {
    command.current_dir(&folder).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let child = match command.spawn() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        child => child.expect("a server"),
    };
    let mut server = Server { child, folder };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    while TcpStream::connect_timeout(&address, LONG).is_err() {
        let ended = server.child.try_wait().expect("its status");
        assert!(ended.is_none(), "the server has ended: {ended:?}");
        thread::yield_now();
    }
    Some(server)
}

/// Some text that no server compresses, and what is asked of it.
fn body() -> Vec<u8> {
    (0..300_000u32).flat_map(u32::to_le_bytes).collect()
}

#[test]
fn the_server_of_python() {
    let folder = folder("python");
    fs::write(folder.join("page"), body()).expect("a page");
    let [port] = ports();
    let mut command = Command::new("python3");
    let port_word = port.to_string();
    command.args(["-m", "http.server", &port_word, "--bind", "127.0.0.1"]);
    let Some(_server) = start(command, folder, port) else {
        return;
    };
    for algorithm in [Algorithm::Md5, Algorithm::Sha1] {
        let wanted = digest(algorithm, &body());
        assert_eq!(check(port, false, LONG, page("/page", wanted)), Ok(()));
    }
    let why = check(port, false, LONG, page("/none", Vec::new())).expect_err("no such page");
    assert!(why.contains("status 404"), "{why}");
    let printed = genhash(port, &["-u", "/page"]);
    assert_eq!(printed, to_hex(&digest(Algorithm::Md5, &body())));
}

fn nginx(folder: &Path, plain: u16, over_tls: u16) -> Command {
    fs::create_dir_all(folder.join("html")).expect("a folder");
    fs::write(folder.join("html/page"), body()).expect("a page");
    // Included by the server it goes out in chunks, since its length is not known.
    fs::write(
        folder.join("html/chunked.shtml"),
        "<!--#include virtual=\"/page\" -->",
    )
    .expect("a page");
    let tls = tls_part(folder, over_tls);
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {kind};"))
        .concat();
    let text = format!(
        "daemon off; master_process off; pid pid; error_log errors;\n\
         events {{}}\n\
         http {{ access_log off; {temporary}\n\
         server {{ listen 127.0.0.1:{plain}; {tls} root html; ssi on; ssi_types *; keepalive_timeout 60; }} }}\n"
    );
    fs::write(folder.join("conf"), text).expect("a configuration");
    let mut command = Command::new("nginx");
    command
        .arg("-e")
        .arg("errors")
        .arg("-p")
        .arg(folder)
        .args(["-c", "conf"]);
    command
}

#[cfg(feature = "tls")]
fn tls_part(folder: &Path, port: u16) -> String {
    let (certificate, key) = certificate::certificate("back.example");
    fs::write(folder.join("chain"), certificate.to_pem().expect("PEM")).expect("a certificate");
    fs::write(
        folder.join("key"),
        key.private_key_to_pem_pkcs8().expect("PEM"),
    )
    .expect("a key");
    format!("listen 127.0.0.1:{port} ssl; ssl_certificate chain; ssl_certificate_key key;")
}

#[cfg(not(feature = "tls"))]
fn tls_part(_: &Path, _: u16) -> String {
    String::new()
}

#[test]
fn nginx_with_and_without_tls() {
    let folder = folder("nginx");
    let [plain, over_tls] = ports();
    let command = nginx(&folder, plain, over_tls);
    let Some(_server) = start(command, folder, plain) else {
        return;
    };
    let both: &[(u16, bool)] = if cfg!(feature = "tls") {
        &[(plain, false), (over_tls, true)]
    } else {
        &[(plain, false)]
    };
    let wanted = digest(Algorithm::Md5, &body());
    for &(port, tls) in both {
        for path in ["/page", "/chunked.shtml"] {
            assert_eq!(
                check(port, tls, LONG, page(path, wanted.clone())),
                Ok(()),
                "{path}"
            );
            let options: &[&str] = if tls { &["-S"] } else { &[] };
            let options = [options, &["-u", path, "-P", "1.1"]].concat();
            assert_eq!(genhash(port, &options), to_hex(&wanted), "{path}");
        }
        let why = check(port, tls, LONG, page("/none", Vec::new())).expect_err("no such page");
        assert!(why.contains("status 404"), "{why}");
    }
    #[cfg(feature = "tls")]
    {
        let why = check(plain, true, LONG, page("/page", wanted)).expect_err("no TLS there");
        assert!(why.contains("SSL handshake"), "{why}");
    }
}

/// A server that does this with its one client.
fn with_server<T>(serve: impl FnOnce(TcpStream) + Send, client: impl FnOnce(u16) -> T) -> T {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::scope(|scope| {
        scope.spawn(move || {
            let (mut connection, _) = listener.accept().expect("a client");
            let mut room = [0; 4096];
            let asked = connection.read(&mut room).expect("a question");
            assert!(asked > 0);
            serve(connection);
        });
        client(port)
    })
}

/// The most this process has ever had in memory, in KiB.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("a status");
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number
        .and_then(|number| number.parse().ok())
        .expect("a number")
}

#[test]
fn a_large_body_takes_no_memory() {
    const PIECE: usize = 1 << 20;
    const PIECES: usize = 64;
    let piece = vec![b'x'; PIECE];
    let mut wanted = BodyDigest::new(Algorithm::Md5);
    (0..PIECES).for_each(|_| wanted.feed(&piece));
    let mut page = page("/", wanted.finish());
    #[cfg(feature = "regex")]
    {
        page.pattern = Some(keepalived::check::checker::Pattern {
            text: "y|z$".to_owned(),
            inverted: true,
            ..Default::default()
        });
    }
    page.statuses = vec![(200, 200)];
    let before = peak_memory();
    let serve = |mut connection: TcpStream| {
        connection
            .write_all(b"HTTP/1.0 200 OK\r\n\r\n")
            .expect("sent");
        for _ in 0..PIECES {
            connection.write_all(&piece).expect("sent");
        }
    };
    let verdict = with_server(serve, |port| check(port, false, LONG, page));
    assert_eq!(verdict, Ok(()));
    let more = peak_memory() - before;
    assert!(more < 32 * 1024, "{more} KiB for a body of {PIECES} MiB");
}

#[test]
fn a_slow_body_does_not_hold_a_check_open() {
    // Each octet comes within the time for one wait, and there is no end of them.
    let serve = |mut connection: TcpStream| {
        let mut next = &b"HTTP/1.0 200 OK\r\n\r\n"[..];
        connection
            .set_read_timeout(Some(Duration::from_millis(20)))
            .expect("a timeout");
        loop {
            let (octet, rest) = next.split_first().unwrap_or((&b'x', &[]));
            next = rest;
            if connection.write_all(&[*octet]).is_err() {
                break;
            }
            match connection.read(&mut [0]) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                _ => break,
            }
        }
    };
    let timeout = Duration::from_millis(300);
    let page = page("/", vec![0; 16]);
    let why = with_server(serve, |port| check(port, false, timeout, page));
    let why = why.expect_err("there is no end");
    // On a machine that stalls an octet may come too late, too.
    assert!(why.starts_with("url(/): timeout"), "{why}");
}
