//! Both sides in one thread, over a pair of sockets that do not block.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use openssl::pkey::{PKey, Private};
use openssl::ssl::{
    ErrorCode, NameType, ShutdownState, Ssl, SslAcceptor, SslStream, SslVerifyMode, SslVersion,
};
use openssl::symm::Cipher;
use openssl::x509::X509;

use self::made::{acceptor, certificate};
use super::*;

#[path = "../../../tests/support/certificate.rs"]
mod made;

/// A client and a server that have begun.
struct Pair {
    client: TlsStream,
    server: SslStream<UnixStream>,
}

fn sockets() -> (OwnedFd, UnixStream) {
    let (ours, theirs) = UnixStream::pair().expect("sockets");
    ours.set_nonblocking(true).expect("no blocking");
    theirs.set_nonblocking(true).expect("no blocking");
    (ours.into(), theirs)
}

fn pair(
    context: &TlsContext,
    acceptor: &SslAcceptor,
    name: Option<&str>,
    session: Option<&TlsSession>,
) -> Pair {
    let (ours, theirs) = sockets();
    let ssl = Ssl::new(acceptor.context()).expect("a server");
    Pair {
        client: TlsStream::connect(context, ours, name, session).expect("a client"),
        server: SslStream::new(ssl, theirs).expect("a server"),
    }
}

impl Pair {
    /// Until both sides are through, or one has failed.
    fn shake_hands(&mut self) -> Result<(), TlsError> {
        let mut accepted = false;
        for _ in 0..20 {
            let progress = self.client.handshake()?;
            if !accepted {
                match self.server.accept() {
                    Ok(()) => accepted = true,
                    Err(e) if e.code() == ErrorCode::WANT_READ => {}
                    Err(e) => return Err(TlsError(e.to_string())),
                }
            }
            if accepted && progress == Progress::Done(()) {
                return Ok(());
            }
        }
        Err(TlsError("the handshake does not end".to_owned()))
    }

    /// The server answers and the client reads it.
    fn converse(&mut self) {
        assert_eq!(
            self.client.write(b"question").expect("sent"),
            Progress::Done(8)
        );
        let mut room = [0; 100];
        let length = self.server.read(&mut room).expect("a question");
        assert_eq!(room.get(..length), Some(&b"question"[..]));
        self.server.write_all(b"answer").expect("sent");
        assert_eq!(
            self.client.read(&mut room).expect("read"),
            Progress::Done(6)
        );
        assert!(room.starts_with(b"answer"));
        assert_eq!(
            self.client.read(&mut room).expect("read"),
            Progress::Blocked(Want::Read)
        );
    }
}

fn context() -> TlsContext {
    TlsContext::new(&KeyFiles::default()).expect("a context")
}

fn file(name: &str, octets: &[u8]) -> PathBuf {
    let path = std::env::temp_dir().join(format!("tls-{}-{name}", std::process::id()));
    fs::write(&path, octets).expect("a file");
    path
}

#[test]
fn a_conversation_and_its_end_with_and_without_notice() {
    let (context, acceptor) = (context(), acceptor().build());
    for with_notice in [true, false] {
        let mut pair = pair(&context, &acceptor, None, None);
        pair.shake_hands().expect("a handshake");
        pair.converse();
        pair.client.close(with_notice);
        assert_eq!(pair.server.read(&mut [0; 10]).expect("an end"), 0);
        let noticed = pair.server.get_shutdown().contains(ShutdownState::RECEIVED);
        assert_eq!(noticed, with_notice);
    }
}

#[test]
fn the_end_of_a_server_with_and_without_notice() {
    let (context, acceptor) = (context(), acceptor().build());
    for with_notice in [true, false] {
        let mut pair = pair(&context, &acceptor, None, None);
        pair.shake_hands().expect("a handshake");
        if with_notice {
            pair.server.shutdown().expect("a notice");
        }
        drop(pair.server);
        let end = pair.client.read(&mut [0; 10]).expect("an end");
        assert_eq!(end, Progress::Done(0));
    }
}

#[test]
fn the_server_name_is_what_the_page_says() {
    let names: Arc<Mutex<Vec<Option<String>>>> = Arc::default();
    let mut acceptor = acceptor();
    let seen = Arc::clone(&names);
    acceptor.set_servername_callback(move |ssl, _| {
        let name = ssl.servername(NameType::HOST_NAME).map(str::to_owned);
        seen.lock().expect("names").push(name);
        Ok(())
    });
    let (context, acceptor) = (context(), acceptor.build());
    for name in [None, Some("inner.example")] {
        let mut pair = pair(&context, &acceptor, name, None);
        pair.shake_hands().expect("a handshake");
    }
    let names = names.lock().expect("names");
    assert_eq!(*names, [None, Some("inner.example".to_owned())]);
}

#[test]
fn sessions_are_used_again() {
    for version in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
        let (context, mut acceptor) = (context(), acceptor());
        acceptor
            .set_max_proto_version(Some(version))
            .expect("a version");
        let acceptor = acceptor.build();
        let mut session = None;
        for round in 0..3 {
            let mut pair = pair(&context, &acceptor, None, session.as_ref());
            pair.shake_hands().expect("a handshake");
            pair.converse();
            assert_eq!(pair.client.is_resumed(), round > 0, "{version:?}");
            session = pair.client.session();
            assert!(session.is_some());
            pair.client.close(false);
        }
    }
}

#[test]
fn a_session_of_another_context_is_passed_over() {
    let acceptor = acceptor().build();
    let mut pair1 = pair(&context(), &acceptor, None, None);
    pair1.shake_hands().expect("a handshake");
    pair1.converse();
    let session = pair1.client.session();
    let mut pair2 = pair(&context(), &acceptor, None, session.as_ref());
    pair2.shake_hands().expect("a handshake");
    assert!(!pair2.client.is_resumed());
}

#[test]
fn a_server_without_tls_fails_the_handshake() {
    let (ours, mut theirs) = sockets();
    let mut client = TlsStream::connect(&context(), ours, None, None).expect("a client");
    let waits = client.handshake().expect("a beginning");
    assert_eq!(waits, Progress::Blocked(Want::Read));
    theirs
        .write_all(b"HTTP/1.0 400 Bad Request\r\n\r\n")
        .expect("sent");
    let error = client.handshake().expect_err("no TLS");
    assert_eq!(error.text(), "SSL handshake: wrong version number");
    let (ours, theirs) = sockets();
    drop(theirs);
    let mut client = TlsStream::connect(&context(), ours, None, None).expect("a client");
    assert!(client.handshake().is_err());
}

/// A server that wants this certificate.
fn demanding(certificate: &X509) -> SslAcceptor {
    let mut acceptor = acceptor();
    acceptor.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
    let trusted = acceptor.cert_store_mut().add_cert(certificate.clone());
    trusted.expect("a trusted certificate");
    acceptor.build()
}

fn identity(name: &str, key: &PKey<Private>, certificate: &X509) -> (PathBuf, PathBuf) {
    let encrypted = key.private_key_to_pem_pkcs8_passphrase(Cipher::aes_128_cbc(), b"word");
    (
        file(&format!("{name}.pem"), &certificate.to_pem().expect("PEM")),
        file(&format!("{name}.key"), &encrypted.expect("PEM")),
    )
}

#[test]
fn the_client_shows_its_certificate() {
    let (certificate, key) = certificate("client.example");
    let acceptor = demanding(&certificate);
    let mut without = pair(&context(), &acceptor, None, None);
    assert!(without.shake_hands().is_err());
    let (chain, key) = identity("client", &key, &certificate);
    let password = Secret::new(b"word".to_vec());
    let files = KeyFiles {
        ca: Some(&chain),
        certificate: Some(&chain),
        key: Some(&key),
        password: Some(&password),
    };
    let context = TlsContext::new(&files).expect("a context");
    let mut with = pair(&context, &acceptor, None, None);
    with.shake_hands().expect("a handshake");
    with.converse();
}

#[test]
fn files_that_cannot_be_used_are_told() {
    let (certificate, key) = certificate("client.example");
    let (chain, key) = identity("unusable", &key, &certificate);
    let absent = Some(Path::new("/nonexistent/x.pem"));
    let wrong = Secret::new(b"wrong".to_vec());
    let (certificate, private, ca) = (
        |certificate| KeyFiles {
            certificate,
            ..KeyFiles::default()
        },
        |key| KeyFiles {
            key,
            ..KeyFiles::default()
        },
        |ca| KeyFiles {
            ca,
            ..KeyFiles::default()
        },
    );
    let guessed = KeyFiles {
        password: Some(&wrong),
        ..private(Some(&key))
    };
    let no_certificate = "Cant load certificate file";
    let no_key = "Cant load key file";
    for (files, what) in [
        (
            certificate(absent),
            "Cant load certificate file /nonexistent",
        ),
        (private(absent), "Cant load key file /nonexistent"),
        (ca(absent), "Cant load CA file /nonexistent"),
        (certificate(Some(&key)), no_certificate),
        (private(Some(&chain)), no_key),
        // Without its password, and nobody is asked for it.
        (private(Some(&key)), no_key),
        (guessed, no_key),
    ] {
        let error = TlsContext::new(&files).expect_err("an unusable file");
        let error = error.to_string();
        assert!(error.contains(what), "{error}");
    }
}
