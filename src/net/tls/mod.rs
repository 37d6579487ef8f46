//! TLS as a client, over a socket that does not block.
//!
//! A [`TlsStream`] owns its socket. Each of its calls either is done or tells which
//! readiness it waits for ([`Progress`]); it is then made again with the same
//! arguments. Since TLS may have to write in order to read and the other way round,
//! a shell watches for both, and reads until it is blocked: octets may have left the
//! socket and wait in the stream.
//!
//! Certificates of servers are not verified: a health check asks whether the service
//! answers, and authorities (`ca`) are loaded for servers that choose by them.
//!
//! Without the feature `tls` the same types exist, and [`TlsContext::new`] says that
//! there is no TLS.

use std::fmt;
use std::path::Path;

use crate::model::Secret;

#[cfg(not(feature = "tls"))]
mod absent;
#[cfg(feature = "tls")]
mod client;

#[cfg(not(feature = "tls"))]
pub use absent::{TlsContext, TlsSession, TlsStream};
#[cfg(feature = "tls")]
pub use client::{TlsContext, TlsSession, TlsStream};

#[cfg(all(test, feature = "tls"))]
mod tests;

/// The files of the block `SSL`.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyFiles<'a> {
    /// `ca`: authorities, PEM.
    pub ca: Option<&'a Path>,
    /// `certificate`: our own chain, PEM.
    pub certificate: Option<&'a Path>,
    /// `key`: the key of the certificate, PEM.
    pub key: Option<&'a Path>,
    /// `password`: of the key.
    pub password: Option<&'a Secret>,
}

/// What a call is waiting for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Want {
    /// The socket has to become readable.
    Read,
    /// The socket has to become writable.
    Write,
}

/// How far a call got.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Progress<T> {
    /// It is done.
    Done(T),
    /// It is to be made again when the socket is ready for this.
    Blocked(Want),
}

/// Why there is no TLS, in words of the log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TlsError(String);

impl TlsError {
    /// The words.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TlsError {}
