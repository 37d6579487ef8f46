//! A session with a mail server.

use super::*;

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

pub(super) fn smtp(address: SocketAddr, timeout: Duration) -> Smtp {
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
