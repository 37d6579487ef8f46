//! Descriptors: registration with `mio`, what a handler is told, what it answers.

use std::fmt;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

use mio::unix::SourceFd;
use mio::{Interest as MioInterest, Token};

use crate::Key;
use crate::run::Scheduler;
use crate::slab::Id;

/// How many messages a handler should handle in one call before it returns
/// [`Drain::More`], so that no busy socket keeps the others waiting.
pub const BUDGET: usize = 64;

/// Handles a descriptor that has become ready.
pub type OnReady<P> = fn(&mut P, &mut Scheduler<P>, IoId<P>, Ready) -> Drain;

/// Names one watched descriptor.
pub type IoId<P> = Id<Source<P>>;

/// What to wait for on a descriptor.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Interest {
    /// Something to read.
    Read,
    /// Room to write.
    Write,
    /// Either.
    Both,
}

/// What a handler leaves behind. Readiness is edge-triggered, so this is not optional.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Drain {
    /// The descriptor said *would block*: wait for the next event.
    Drained,
    /// There may be more: call again, after the others had their turn.
    More,
    /// Stop watching; the descriptor stays open and is the program's to close.
    Close,
}

/// What is known of a ready descriptor.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Ready {
    key: Key,
    bits: Bits,
}

/// A registered descriptor; opaque, it only gives [`IoId`] its type.
pub struct Source<P> {
    pub(crate) name: &'static str,
    pub(crate) fd: RawFd,
    pub(crate) interest: Interest,
    pub(crate) key: Key,
    pub(crate) call: OnReady<P>,
    pub(crate) account: u32,
    /// What has been reported and not been drained; not empty while queued.
    pub(crate) pending: Bits,
    pub(crate) at_shutdown: bool,
}

/// A set of the constants below.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) struct Bits(u8);

impl Ready {
    pub(crate) const fn new(key: Key, bits: Bits) -> Self {
        Self { key, bits }
    }

    /// The key given to [`Scheduler::watch`].
    #[must_use]
    pub const fn key(self) -> Key {
        self.key
    }

    /// There is something to read, the end of the stream included.
    #[must_use]
    pub const fn is_readable(self) -> bool {
        self.bits.has(Bits::READABLE)
    }

    /// There is room to write.
    #[must_use]
    pub const fn is_writable(self) -> bool {
        self.bits.has(Bits::WRITABLE)
    }

    /// The descriptor has an error to fetch.
    #[must_use]
    pub const fn is_error(self) -> bool {
        self.bits.has(Bits::ERROR)
    }

    /// The other end has closed its side.
    #[must_use]
    pub const fn is_hangup(self) -> bool {
        self.bits.has(Bits::HANGUP)
    }
}

impl<P> Scheduler<P> {
    /// Call `call` whenever `fd` is ready. `fd` must be non-blocking.
    ///
    /// If it is ready already, that counts as a change: the first event comes at once.
    ///
    /// # Errors
    /// If the descriptor cannot be waited for, or is watched already.
    pub fn watch(
        &mut self,
        name: &'static str,
        fd: BorrowedFd<'_>,
        want: Interest,
        key: Key,
        call: OnReady<P>,
    ) -> io::Result<IoId<P>> {
        let fd = fd.as_raw_fd();
        let account = self.ledger.account(name);
        let id = self.sources.insert(Source {
            name,
            fd,
            interest: want,
            key,
            call,
            account,
            pending: Bits::NONE,
            at_shutdown: false,
        });
        let registered =
            self.poll
                .registry()
                .register(&mut SourceFd(&fd), token_of(id), want.to_mio());
        if let Err(error) = registered {
            self.sources.remove(id);
            return Err(error);
        }
        Ok(id)
    }

    /// Wait for something else on the descriptor; what is ready is told again.
    ///
    /// # Errors
    /// If `id` is stale ([`io::ErrorKind::NotFound`]) or the kernel refuses.
    pub fn rewatch(&mut self, id: IoId<P>, want: Interest) -> io::Result<()> {
        let Some(source) = self.sources.get_mut(id) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        source.interest = want;
        self.poll
            .registry()
            .reregister(&mut SourceFd(&source.fd), token_of(id), want.to_mio())
    }

    /// Stop watching; gives back the key. Call it while the descriptor is open.
    ///
    /// No event reaches the handler any more, not even one of the present round.
    pub fn unwatch(&mut self, id: IoId<P>) -> Option<Key> {
        let source = self.sources.remove(id)?;
        // A descriptor that is closed already has left the poll by itself.
        let _ = self.poll.registry().deregister(&mut SourceFd(&source.fd));
        Some(source.key)
    }

    /// Stop watching a descriptor that is closed right after, without a system call:
    /// the kernel drops it at the close. Only for one that no other process and no
    /// duplicate holds open. Gives back the key.
    pub fn release(&mut self, id: IoId<P>) -> Option<Key> {
        self.sources.remove(id).map(|source| source.key)
    }

    /// Treat a descriptor as readable although the kernel has not said so, for example
    /// because its handler left messages unread until something else had happened.
    pub fn requeue(&mut self, id: IoId<P>) {
        self.mark_ready(id, Bits::READABLE);
    }

    /// Serve this descriptor in the [graceful phase](crate::Stop::Graceful), too.
    pub fn serve_at_shutdown(&mut self, id: IoId<P>) {
        if let Some(source) = self.sources.get_mut(id) {
            source.at_shutdown = true;
        }
    }

    /// Queue a descriptor, once, with everything reported since it was drained.
    pub(crate) fn mark_ready(&mut self, id: IoId<P>, bits: Bits) {
        let Some(source) = self.sources.get_mut(id) else {
            return;
        };
        if source.pending == Bits::NONE {
            self.ready.push_back(id);
        }
        source.pending = source.pending.and(bits);
    }

    /// Phases 3 and 5: call every queued source once.
    pub(crate) fn serve_ready(&mut self, program: &mut P) {
        for _ in 0..self.ready.len() {
            if self.is_stopped() {
                return;
            }
            if let Some(id) = self.ready.pop_front() {
                self.serve_source(program, id);
            }
        }
    }

    fn serve_source(&mut self, program: &mut P, id: IoId<P>) {
        let graceful = self.is_stopping();
        let Some(source) = self.sources.get_mut(id) else {
            return;
        };
        let bits = std::mem::replace(&mut source.pending, Bits::NONE);
        if graceful && !source.at_shutdown {
            return;
        }
        let (call, account) = (source.call, source.account);
        let ready = Ready::new(source.key, bits);
        self.charge(account);
        let drain = call(program, self, id, ready);
        match drain {
            Drain::Drained => {}
            Drain::More => self.mark_ready(id, bits),
            Drain::Close => {
                self.unwatch(id);
            }
        }
    }
}

impl Interest {
    const fn to_mio(self) -> MioInterest {
        match self {
            Self::Read => MioInterest::READABLE,
            Self::Write => MioInterest::WRITABLE,
            Self::Both => MioInterest::READABLE.add(MioInterest::WRITABLE),
        }
    }
}

impl Bits {
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const READABLE: Self = Self(1);
    const WRITABLE: Self = Self(2);
    const ERROR: Self = Self(4);
    const HANGUP: Self = Self(8);

    pub(crate) fn of(event: &mio::event::Event) -> Self {
        Self::NONE
            .and(Self::READABLE.when(event.is_readable()))
            .and(Self::WRITABLE.when(event.is_writable()))
            .and(Self::ERROR.when(event.is_error()))
            .and(Self::HANGUP.when(event.is_read_closed() || event.is_write_closed()))
    }

    const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn when(self, condition: bool) -> Self {
        if condition { self } else { Self::NONE }
    }
}

impl<P> fmt::Debug for Source<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("name", &self.name)
            .field("fd", &self.fd)
            .field("interest", &self.interest)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ready")
            .field("key", &self.key)
            .field("readable", &self.is_readable())
            .field("writable", &self.is_writable())
            .field("error", &self.is_error())
            .field("hangup", &self.is_hangup())
            .finish()
    }
}

/// Bits of a token that hold the index; the version has the rest, cut if need be.
const INDEX_BITS: u32 = usize::BITS / 2;
/// The timerfd. No source has this index.
pub(crate) const TIMER: Token = Token(usize::MAX);
/// The signalfd.
pub(crate) const SIGNAL: Token = Token(usize::MAX - 1);

/// 32 + 32 bits, or 16 + 16 where a token has no more.
pub(crate) const fn token_of<T>(id: Id<T>) -> Token {
    Token((id.version() as usize) << INDEX_BITS | id.index() as usize)
}

/// The index of the source that a token was made for.
#[expect(clippy::cast_possible_truncation, reason = "at most 32 bits are left")]
pub(crate) const fn index_of(token: Token) -> u32 {
    (token.0 & ((1 << INDEX_BITS) - 1)) as u32
}
