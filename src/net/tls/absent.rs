//! The types of [`super`] in a program without TLS: none of them can exist.

use std::convert::Infallible;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::{KeyFiles, Progress, TlsError};

/// What all connections have in common.
#[derive(Clone, Copy, Debug)]
pub struct TlsContext {
    none: Infallible,
}

/// What a server gave to be recognised by.
#[derive(Clone, Copy, Debug)]
pub enum TlsSession {}

/// A connection.
#[derive(Debug)]
pub struct TlsStream {
    none: Infallible,
}

impl TlsContext {
    /// There is none.
    ///
    /// # Errors
    /// Always.
    pub fn new(_files: &KeyFiles<'_>) -> Result<Self, TlsError> {
        Err(TlsError("this keepalived is built without TLS".to_owned()))
    }
}

impl TlsStream {
    /// Begin a connection.
    ///
    /// # Errors
    /// Never called.
    pub fn connect(
        context: &TlsContext,
        _socket: OwnedFd,
        _server_name: Option<&str>,
        _session: Option<&TlsSession>,
    ) -> Result<Self, TlsError> {
        match context.none {}
    }

    /// Go on with the handshake.
    ///
    /// # Errors
    /// Never called.
    pub fn handshake(&mut self) -> Result<Progress<()>, TlsError> {
        match self.none {}
    }

    /// Read.
    ///
    /// # Errors
    /// Never called.
    pub fn read(&mut self, _room: &mut [u8]) -> Result<Progress<usize>, TlsError> {
        match self.none {}
    }

    /// Write.
    ///
    /// # Errors
    /// Never called.
    pub fn write(&mut self, _octets: &[u8]) -> Result<Progress<usize>, TlsError> {
        match self.none {}
    }

    /// The session.
    #[must_use]
    pub fn session(&self) -> Option<TlsSession> {
        match self.none {}
    }

    /// Whether the server knew the session.
    #[must_use]
    pub fn is_resumed(&self) -> bool {
        match self.none {}
    }

    /// End it.
    pub fn close(self, _with_notice: bool) {
        match self.none {}
    }
}

impl AsFd for TlsStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self.none {}
    }
}
