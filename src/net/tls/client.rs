//! TLS by OpenSSL.

use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::path::Path;

use nix::sys::socket::{MsgFlags, recv, send};
use openssl::error::ErrorStack;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{
    Error, ErrorCode, ShutdownState, Ssl, SslContext, SslContextBuilder, SslMethod, SslMode,
    SslStream,
};

use super::{KeyFiles, Progress, TlsError, Want};
use crate::model::Secret;
use crate::sys::tls;

pub use crate::sys::tls::Session as TlsSession;

/// What all connections have in common: our certificate, the authorities, and what
/// the library's own configuration says of versions and ciphers.
#[derive(Clone)]
pub struct TlsContext {
    context: SslContext,
}

impl TlsContext {
    /// Read the files.
    ///
    /// # Errors
    /// The file that cannot be used, and why.
    pub fn new(files: &KeyFiles<'_>) -> Result<Self, TlsError> {
        let library = |e: ErrorStack| TlsError(format!("no TLS: {}", reason(&e)));
        let mut context = SslContextBuilder::new(SslMethod::tls_client()).map_err(library)?;
        tls::number(&mut context).map_err(library)?;
        context.set_mode(
            SslMode::ENABLE_PARTIAL_WRITE
                | SslMode::ACCEPT_MOVING_WRITE_BUFFER
                | SslMode::RELEASE_BUFFERS,
        );
        if let Some(path) = files.certificate {
            readable("certificate", path)?;
            let loaded = context.set_certificate_chain_file(path);
            loaded.map_err(|e| unusable("certificate", path, &reason(&e)))?;
        }
        if let Some(path) = files.key {
            let key = read_key(path, files.password)?;
            let loaded = context.set_private_key(&key);
            loaded.map_err(|e| unusable("key", path, &reason(&e)))?;
        }
        if let Some(path) = files.ca {
            readable("CA", path)?;
            let loaded = context.set_ca_file(path);
            loaded.map_err(|e| unusable("CA", path, &reason(&e)))?;
        }
        Ok(Self {
            context: context.build(),
        })
    }
}

/// A key that needs a password which is not given is an error: nobody is there to be asked.
fn read_key(path: &Path, password: Option<&Secret>) -> Result<PKey<Private>, TlsError> {
    let pem = fs::read(path).map(Secret::new);
    let pem = pem.map_err(|e| unusable("key", path, &e.to_string()))?;
    let password = password.map_or(&[][..], Secret::expose);
    let key = PKey::private_key_from_pem_callback(pem.expose(), |room| {
        match room.get_mut(..password.len()) {
            Some(part) => {
                part.copy_from_slice(password);
                Ok(password.len())
            }
            None => Ok(0),
        }
    });
    key.map_err(|e| unusable("key", path, &reason(&e)))
}

/// OpenSSL does not say why it cannot read a file.
fn readable(what: &str, path: &Path) -> Result<(), TlsError> {
    let file = fs::File::open(path);
    file.map_or_else(|e| Err(unusable(what, path, &e.to_string())), |_| Ok(()))
}

fn unusable(what: &str, path: &Path, why: &str) -> TlsError {
    let path = path.display();
    TlsError(format!("SSL error : Cant load {what} file {path}: {why}"))
}

/// A connection.
#[derive(Debug)]
pub struct TlsStream {
    stream: SslStream<Socket>,
}

impl TlsStream {
    /// Take a connected socket, to begin a handshake. `server_name` is what SNI says;
    /// `session` is one that the same server gave before.
    ///
    /// # Errors
    /// OpenSSL is out of memory, or does not accept the name.
    pub fn connect(
        context: &TlsContext,
        socket: OwnedFd,
        server_name: Option<&str>,
        session: Option<&TlsSession>,
    ) -> Result<Self, TlsError> {
        let failed = |e: ErrorStack| TlsError(format!("no TLS connection: {}", reason(&e)));
        let mut ssl = Ssl::new(&context.context).map_err(failed)?;
        if let Some(name) = server_name {
            ssl.set_hostname(name).map_err(failed)?;
        }
        if let Some(session) = session {
            tls::resume(&mut ssl, session);
        }
        let stream = SslStream::new(ssl, Socket(socket)).map_err(failed)?;
        Ok(Self { stream })
    }

    /// Go on with the handshake.
    ///
    /// # Errors
    /// There will be none: the reason.
    pub fn handshake(&mut self) -> Result<Progress<()>, TlsError> {
        let result = self.stream.connect();
        progress(result, "SSL handshake")
    }

    /// Read; 0 octets are the end.
    ///
    /// # Errors
    /// The connection is of no more use: the reason.
    pub fn read(&mut self, room: &mut [u8]) -> Result<Progress<usize>, TlsError> {
        match self.stream.ssl_read(room) {
            Err(e) if is_end(&e) => Ok(Progress::Done(0)),
            result => progress(result, "SSL read"),
        }
    }

    /// Write, as much of it as there is room for.
    ///
    /// # Errors
    /// The connection is of no more use: the reason.
    pub fn write(&mut self, octets: &[u8]) -> Result<Progress<usize>, TlsError> {
        let result = self.stream.ssl_write(octets);
        progress(result, "SSL write")
    }

    /// What the server gave to be recognised by: asked for when the answer has been
    /// read, since TLS 1.3 sends it after the handshake.
    #[must_use]
    pub fn session(&self) -> Option<TlsSession> {
        tls::session(self.stream.ssl())
    }

    /// Whether the server knew the session.
    #[must_use]
    pub fn is_resumed(&self) -> bool {
        self.stream.ssl().session_reused()
    }

    /// End the connection. `with_notice`: tell the server first (`tls_compliant`,
    /// RFC 8446 6.1), as far as the socket takes it at once.
    pub fn close(mut self, with_notice: bool) {
        if with_notice {
            // The peer's notice is not waited for, and a failure is an end as well.
            let _ = self.stream.shutdown();
        } else {
            // Without that OpenSSL takes the end for an accident and forgets the session.
            let both = ShutdownState::SENT | ShutdownState::RECEIVED;
            self.stream.set_shutdown(both);
        }
    }
}

impl AsFd for TlsStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.get_ref().0.as_fd()
    }
}

fn progress<T>(result: Result<T, Error>, doing: &str) -> Result<Progress<T>, TlsError> {
    match result {
        Ok(done) => Ok(Progress::Done(done)),
        Err(e) if e.code() == ErrorCode::WANT_READ => Ok(Progress::Blocked(Want::Read)),
        Err(e) if e.code() == ErrorCode::WANT_WRITE => Ok(Progress::Blocked(Want::Write)),
        Err(e) => Err(TlsError(format!("{doing}: {}", cause(&e)))),
    }
}

/// Many servers close the connection without a notice; a body that is too short is
/// found by its length (RFC 9112 9.8).
fn is_end(error: &Error) -> bool {
    match error.code() {
        ErrorCode::ZERO_RETURN => true,
        ErrorCode::SYSCALL => error.io_error().is_none(),
        _ => false,
    }
}

fn cause(error: &Error) -> String {
    if let Some(error) = error.io_error() {
        return error.to_string();
    }
    match error.ssl_error() {
        Some(stack) => reason(stack),
        None => "the connection was closed".to_owned(),
    }
}

/// The first error is the one that caused the others.
fn reason(stack: &ErrorStack) -> String {
    let first = stack.errors().first();
    let text = first.and_then(openssl::error::Error::reason);
    text.unwrap_or("unknown error").to_owned()
}

/// The socket, as OpenSSL wants it.
#[derive(Debug)]
struct Socket(OwnedFd);

impl Read for Socket {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        Ok(recv(self.0.as_raw_fd(), room, MsgFlags::empty())?)
    }
}

impl Write for Socket {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        Ok(send(self.0.as_raw_fd(), octets, MsgFlags::MSG_NOSIGNAL)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl std::fmt::Debug for TlsContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsContext").finish_non_exhaustive()
    }
}
