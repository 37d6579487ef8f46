//! What a program with TLS loads at its start.
#![cfg(all(feature = "tls", target_arch = "x86_64", target_env = "gnu"))]

use std::process::Command;

/// Processes that speak no TLS would have OpenSSL relocated, too: see `sys::lazy_tls`.
/// Where this fails, a function that is used has no stub there; the linker's map, or
/// `nm -D --undefined-only`, names it.
#[test]
fn openssl_is_not_loaded_at_the_start() {
    let output = Command::new(env!("CARGO_BIN_EXE_keepalived"))
        // The dynamic linker lists what it would load, and ends.
        .env("LD_TRACE_LOADED_OBJECTS", "1")
        .output()
        .expect("the program starts");
    let listed = String::from_utf8_lossy(&output.stdout);
    assert!(listed.contains("libc.so"), "{listed}");
    for library in ["libssl", "libcrypto"] {
        assert!(!listed.contains(library), "{listed}");
    }
}

/// This test itself needs nothing else of OpenSSL.
#[test]
fn openssl_is_loaded_when_it_is_used() {
    use keepalived::net::tls::{KeyFiles, TlsContext};
    let is_loaded = || {
        let maps = std::fs::read_to_string("/proc/self/maps").expect("a file of the kernel");
        maps.contains("libssl")
    };
    assert!(!is_loaded());
    let context = TlsContext::new(&KeyFiles::default());
    assert!(context.is_ok(), "{:?}", context.err());
    assert!(is_loaded());
    drop(context);
}
