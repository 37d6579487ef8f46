//! Certificates for servers and clients of tests, made on the spot.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "a module of several tests, which differ in what they need"
)]

use openssl::asn1::Asn1Time;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{SslAcceptor, SslAcceptorBuilder, SslMethod};
use openssl::x509::{X509, X509Name};

/// A self-signed certificate and its key.
pub fn certificate(name: &str) -> (X509, PKey<Private>) {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("a curve");
    let key = EcKey::generate(&group).expect("a key");
    let key = PKey::from_ec_key(key).expect("a key");
    let mut subject = X509Name::builder().expect("a name");
    subject.append_entry_by_text("CN", name).expect("a name");
    let subject = subject.build();
    let mut made = X509::builder().expect("a certificate");
    made.set_subject_name(&subject).expect("a subject");
    made.set_issuer_name(&subject).expect("an issuer");
    made.set_pubkey(&key).expect("a public key");
    let from = Asn1Time::days_from_now(0).expect("a time");
    made.set_not_before(&from).expect("a beginning");
    let until = Asn1Time::days_from_now(2).expect("a time");
    made.set_not_after(&until).expect("an end");
    made.sign(&key, MessageDigest::sha256()).expect("signed");
    (made.build(), key)
}

/// The side of a server, with a certificate of its own.
pub fn acceptor() -> SslAcceptorBuilder {
    let (certificate, key) = certificate("back.example");
    let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).expect("a server");
    acceptor
        .set_certificate(&certificate)
        .expect("a certificate");
    acceptor.set_private_key(&key).expect("a key");
    acceptor.set_session_id_context(b"test").expect("a context");
    acceptor
}
