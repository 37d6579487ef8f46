//! genhash as a user sees it, against servers on the loopback interface.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;

#[cfg(feature = "tls")]
#[path = "support/certificate.rs"]
mod certificate;

const PROGRAM: &str = env!("CARGO_BIN_EXE_keepalived");
const MD5_OF_HELLO: &str = "b1946ac92492d2347c6235b4d2611184";
const SHA1_OF_HELLO: &str = "f572d396fae9206628714fb2ce00f72e94f2258f";
const HELLO: &[u8] = b"HTTP/1.0 200 OK\r\nServer: x\r\nContent-Length: 6\r\n\r\nhello\n";

struct Run {
    status: i32,
    out: String,
    err: String,
}

fn run(program: &Path, words: &[&str]) -> Run {
    let mut command = Command::new(program);
    let Output {
        status,
        stdout,
        stderr,
    } = command.args(words).output().expect("run genhash");
    Run {
        status: status.code().expect("an exit status"),
        out: String::from_utf8_lossy(&stdout).into_owned(),
        err: String::from_utf8_lossy(&stderr).into_owned(),
    }
}

fn genhash(words: &[&str]) -> Run {
    run(Path::new(PROGRAM), &[&["--genhash"], words].concat())
}

fn ask(port: u16, words: &[&str]) -> Run {
    let port = port.to_string();
    genhash(&[&["-s", "127.0.0.1", "-p", &port, "-u", "/a"], words].concat())
}

/// One question, up to the empty line; of what is none, the beginning.
fn question(connection: &mut impl Read) -> String {
    let mut octets = Vec::new();
    let mut room = [0; 1024];
    while !octets.ends_with(b"\r\n\r\n") {
        match connection.read(&mut room) {
            Ok(count) if count > 0 => octets.extend_from_slice(room.get(..count).expect("read")),
            _ => break,
        }
        if !octets.starts_with(b"GET ") {
            break;
        }
    }
    String::from_utf8_lossy(&octets).into_owned()
}

/// Run `client` against a server that gives its one client this answer and then closes
/// the connection, or waits for the client to do so. What was asked, too.
fn against<T>(answer: &[u8], holds_open: bool, client: impl FnOnce(u16) -> T) -> (T, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::scope(|scope| {
        let server = scope.spawn(|| {
            let (mut connection, _) = listener.accept().expect("a client");
            let asked = question(&mut connection);
            // A client that has seen enough is none of our business.
            let _ = connection.write_all(answer);
            if !holds_open {
                let _ = connection.shutdown(Shutdown::Write);
            }
            let _ = connection.read(&mut [0]);
            asked
        });
        let result = client(port);
        (result, server.join().expect("a server"))
    })
}

#[test]
fn the_digest_and_nothing_else() {
    let (run, asked) = against(HELLO, false, |port| ask(port, &[]));
    assert_eq!((run.status, run.err.as_str()), (0, ""));
    assert_eq!(run.out, format!("{MD5_OF_HELLO}\n"));
    assert!(
        asked.starts_with("GET /a HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: 127.0.0.1:")
    );
    let (run, _) = against(HELLO, false, |port| ask(port, &["-H", "sha1"]));
    assert_eq!((run.status, run.out), (0, format!("{SHA1_OF_HELLO}\n")));
    let (run, _) = against(HELLO, false, |port| ask(port, &["-H", "md5"]));
    assert_eq!((run.status, run.out), (0, format!("{MD5_OF_HELLO}\n")));
}

#[test]
fn the_request_is_what_the_options_say() {
    let options = ["-P", "1.1", "-V", "www.example", "-t", "3"];
    let (run, asked) = against(HELLO, true, |port| ask(port, &options));
    assert_eq!(run.out, format!("{MD5_OF_HELLO}\n"));
    assert_eq!(
        asked,
        "GET /a HTTP/1.1\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\n\
         Host: www.example\r\n\r\n"
    );
}

#[test]
fn chunks_and_line_feeds() {
    let chunked = b"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\nhe\n4\nllo\n\n0\n\n";
    let (run, _) = against(chunked, true, |port| ask(port, &[]));
    assert_eq!((run.status, run.out), (0, format!("{MD5_OF_HELLO}\n")));
}

#[test]
fn verbose_shows_what_comes() {
    let (run, _) = against(HELLO, false, |port| ask(port, &["-v"]));
    let (shown, time) = run.out.rsplit_once("\n\n").expect("a last line");
    assert!(
        time.starts_with("Global response time for [/a] = "),
        "{time}"
    );
    assert_eq!(
        shown,
        "-----------------------[    HTTP Header Buffer    ]-----------------------\n\
         0000  48 54 54 50 2f 31 2e 30 - 20 32 30 30 20 4f 4b 0d   HTTP/1.0 200 OK.\n\
         0016  0a 53 65 72 76 65 72 3a - 20 78 0d 0a 43 6f 6e 74   .Server: x..Cont\n\
         0032  65 6e 74 2d 4c 65 6e 67 - 74 68 3a 20 36 0d 0a 0d   ent-Length: 6...\n\
         0048  0a                      -                           .               \n\
         -----------------------[ HTTP Header Ascii Buffer ]-----------------------\n\
         HTTP/1.0 200 OK\r\nServer: x\r\nContent-Length: 6\r\n\r\n\n\
         -----------------------[        HTML Buffer        ]-----------------------\n\
         0000  68 65 6c 6c 6f 0a       -                           hello.          \n\
         \n\
         -----------------------[    HTML hash resulting    ]-----------------------\n\
         0000  b1 94 6a c9 24 92 d2 34 - 7c 62 35 b4 d2 61 11 84   ..j.$..4|b5..a..\n\
         -----------------------[ HTML hash final resulting ]-----------------------\n\
         b1946ac92492d2347c6235b4d2611184"
    );
}

#[test]
fn no_digest_is_a_failure() {
    let (run, _) = against(b"", false, |port| ask(port, &[]));
    assert_eq!((run.status, run.out.as_str()), (1, ""));
    assert_eq!(run.err, "no data received from remote webserver\n");
    let short = b"HTTP/1.0 200 OK\r\nContent-Length: 60\r\n\r\nhello\n";
    let (run, _) = against(short, false, |port| ask(port, &[]));
    assert_eq!((run.status, run.err.as_str()), (1, ""));
    assert_eq!(
        run.out,
        "No valid answer: the body ended after 6 of 60 octets\n"
    );
    let (run, _) = against(b"", true, |port| ask(port, &["-t", "1"]));
    assert_eq!((run.status, run.out.as_str()), (1, "Timeout WEB read\n"));
    let begun = b"HTTP/1.0 200 OK\r\n\r\nhe";
    let (run, _) = against(begun, true, |port| ask(port, &["-t", "1"]));
    assert_eq!((run.status, run.out.as_str()), (1, "Timeout HTTP read\n"));
    // The port of a connection of ours is nobody's service.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let client = TcpStream::connect(address).expect("a connection");
    let port = client.local_addr().expect("an address").port();
    let run = ask(port, &[]);
    assert_eq!(run.status, 1);
    assert!(run.out.starts_with("Connection failed"), "{}", run.out);
}

#[test]
fn usage_is_on_stderr() {
    for words in [&["-h"][..], &[], &["-s", "127.0.0.1"]] {
        let run = genhash(words);
        assert_eq!((run.status, run.out.as_str()), (1, ""), "{words:?}");
        let usage = format!("Usage: {PROGRAM} --genhash COMMAND [OPTIONS]\nCommands:\n");
        assert!(run.err.starts_with(&usage), "{}", run.err);
        assert!(
            run.err
                .contains("\n   --use-ssl         -S       Use SSL connection")
        );
    }
    let run = genhash(&["-s", "name", "-p", "1", "-u", "/"]);
    assert!(
        run.err
            .starts_with("server should be an IP, not name\nUsage: ")
    );
}

fn named_genhash() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("genhash-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("genhash");
    // A second test may have made it.
    let _ = symlink(PROGRAM, &path);
    path
}

#[test]
fn the_name_makes_it_genhash() {
    let path = named_genhash();
    let (run, _) = against(HELLO, false, |port| {
        let port = port.to_string();
        run(&path, &["-s", "127.0.0.1", "-p", &port, "-u", "/"])
    });
    assert_eq!((run.status, run.out), (0, format!("{MD5_OF_HELLO}\n")));
}

#[test]
fn options_before_it_are_passed_over_with_a_warning() {
    let (run, _) = against(HELLO, false, |port| {
        let port = port.to_string();
        let words = ["-n", "-T", "-s", "127.0.0.1", "-p", &port, "-u", "/"];
        run(Path::new(PROGRAM), &words)
    });
    assert_eq!((run.status, run.out), (0, format!("{MD5_OF_HELLO}\n")));
    let warning = "Warning -- `-T` not used as first option, previous options ignored\n";
    assert_eq!(run.err, warning);
}

#[cfg(feature = "tls")]
mod tls {
    use super::*;
    use std::sync::{Arc, Mutex};

    use openssl::ssl::NameType;

    /// As [`against`], over TLS; the server names that were asked for, too.
    fn against_tls(words: &[&str]) -> (Run, Vec<Option<String>>) {
        let names: Arc<Mutex<Vec<Option<String>>>> = Arc::default();
        let seen = Arc::clone(&names);
        let mut acceptor = certificate::acceptor();
        acceptor.set_servername_callback(move |ssl, _| {
            let name = ssl.servername(NameType::HOST_NAME).map(str::to_owned);
            seen.lock().expect("names").push(name);
            Ok(())
        });
        let acceptor = acceptor.build();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let run = thread::scope(|scope| {
            scope.spawn(|| {
                let (connection, _) = listener.accept().expect("a client");
                let mut connection = acceptor.accept(connection).expect("a handshake");
                question(&mut connection);
                connection.write_all(HELLO).expect("sent");
                // Closed without a notice, as many servers do.
            });
            ask(port, words)
        });
        let names = names.lock().expect("names").clone();
        (run, names)
    }

    #[test]
    fn over_tls_it_is_the_same() {
        for (options, name) in [
            (&["-S"][..], None),
            (&["-S", "-V", "a.example"], None),
            (&["-S", "-I", "-V", "a.example"], Some("a.example")),
        ] {
            let (run, names) = against_tls(options);
            assert_eq!((run.status, run.err.as_str()), (0, ""), "{}", run.out);
            assert_eq!(run.out, format!("{MD5_OF_HELLO}\n"));
            assert_eq!(names, [name.map(str::to_owned)]);
        }
    }

    #[test]
    fn a_server_without_tls_is_told() {
        let (run, _) = against(b"HTTP/1.0 400 Bad\r\n\r\n", false, |port| {
            ask(port, &["-S"])
        });
        assert_eq!(run.status, 1);
        let words = "SSL handshake/communication error: SSL handshake: wrong version number\n";
        assert_eq!(run.out, words);
    }
}
