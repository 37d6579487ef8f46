//! Sessions of TLS, used again: OpenSSL has to be told that a session belongs to the
//! context of the connection that resumes it, so each context has a number.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use openssl::error::ErrorStack;
use openssl::ex_data::Index;
use openssl::ssl::{SslContext, SslContextBuilder, SslRef, SslSession};

/// What a server gave to be recognised by.
#[derive(Clone)]
pub struct Session {
    session: SslSession,
    context: u64,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}

/// Give a context its number, without which its sessions are not kept.
///
/// # Errors
/// OpenSSL is out of memory.
pub fn number(context: &mut SslContextBuilder) -> Result<(), ErrorStack> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    context.set_ex_data(index()?, number);
    Ok(())
}

/// The session of a connection, if it has one by now.
#[must_use]
pub fn session(connection: &SslRef) -> Option<Session> {
    Some(Session {
        session: connection.session()?.to_owned(),
        context: context_of(connection)?,
    })
}

/// Resume a session on a connection that has not begun its handshake. One of another
/// context is passed over; so is one that OpenSSL does not want.
pub fn resume(connection: &mut SslRef, session: &Session) {
    if context_of(connection) == Some(session.context) {
        // SAFETY: the session comes from a connection of the same context: numbers
        // are given once, and `session` reads it from the connection's own context.
        let resumed = unsafe { connection.set_session(&session.session) };
        // Without it there is a full handshake, which is as good.
        drop(resumed);
    }
}

fn context_of(connection: &SslRef) -> Option<u64> {
    let index = index().ok()?;
    connection.ssl_context().ex_data(index).copied()
}

/// The place of the number in a context.
fn index() -> Result<Index<SslContext, u64>, ErrorStack> {
    static INDEX: OnceLock<Index<SslContext, u64>> = OnceLock::new();
    if let Some(index) = INDEX.get() {
        return Ok(*index);
    }
    let index = SslContext::new_ex_index()?;
    Ok(*INDEX.get_or_init(|| index))
}
