//! Signals as events of the loop: blocked in the mask, read from a signalfd.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd};

use mio::Interest;
use mio::unix::SourceFd;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::io::SIGNAL;
use crate::run::Scheduler;

/// Handles a signal.
pub type OnSignal<P> = fn(&mut P, &mut Scheduler<P>, Signal);

/// The signals that the loop delivers.
pub(crate) struct Signals<P> {
    fd: Option<SignalFd>,
    set: SigSet,
    handlers: Vec<Handler<P>>,
    /// The signalfd has been reported as readable.
    pub(crate) pending: bool,
}

struct Handler<P> {
    signal: Signal,
    call: OnSignal<P>,
    account: u32,
}

/// Let all signals through again, in this thread.
///
/// For a forked child before it runs another program: the mask is inherited through
/// `exec`, and few programs expect to start with SIGTERM blocked. It is safe to call
/// between `fork` and `exec`.
///
/// # Errors
/// None are known; what the system call says.
pub fn unblock_signals() -> io::Result<()> {
    SigSet::empty().thread_set_mask()?;
    Ok(())
}

impl<P> Scheduler<P> {
    /// Block these signals and call `call` when one arrives.
    ///
    /// A later call for the same signal replaces its handler. Signals sent more than
    /// once before they are handled are told once.
    ///
    /// # Errors
    /// If no descriptor is left.
    pub fn signals(&mut self, signals: &[Signal], call: OnSignal<P>) -> io::Result<()> {
        for &signal in signals {
            let account = self.ledger.account(signal.as_str());
            self.signals.set.add(signal);
            self.signals.handlers.retain(|old| old.signal != signal);
            self.signals.handlers.push(Handler {
                signal,
                call,
                account,
            });
        }
        self.signals.set.thread_block()?;
        if let Some(fd) = &mut self.signals.fd {
            fd.set_mask(&self.signals.set)?;
            return Ok(());
        }
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        let fd = SignalFd::with_flags(&self.signals.set, flags)?;
        self.poll.registry().register(
            &mut SourceFd(&fd.as_fd().as_raw_fd()),
            SIGNAL,
            Interest::READABLE,
        )?;
        self.signals.fd = Some(fd);
        Ok(())
    }

    /// First part of phase 3: deliver what has arrived.
    pub(crate) fn serve_signals(&mut self, program: &mut P) {
        if !std::mem::take(&mut self.signals.pending) {
            return;
        }
        while !self.is_stopped() {
            let Some(handler) = self.signals.next() else {
                return;
            };
            let (signal, call, account) = (handler.signal, handler.call, handler.account);
            self.charge(account);
            call(program, self, signal);
        }
    }
}

impl<P> Signals<P> {
    pub(crate) fn new() -> Self {
        Self {
            fd: None,
            set: SigSet::empty(),
            handlers: Vec::new(),
            pending: false,
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Signal> {
        self.handlers.iter().map(|handler| handler.signal)
    }

    /// The handler of the next signal that waits in the descriptor.
    fn next(&self) -> Option<&Handler<P>> {
        let fd = self.fd.as_ref()?;
        loop {
            // An error is *would block*, as an interrupted read is neither.
            let info = fd.read_signal().ok().flatten()?;
            let number = i32::try_from(info.ssi_signo).unwrap_or(0);
            let handler = self
                .handlers
                .iter()
                .find(|handler| handler.signal as i32 == number);
            if handler.is_some() {
                return handler;
            }
        }
    }
}

impl<P> fmt::Debug for Signals<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
