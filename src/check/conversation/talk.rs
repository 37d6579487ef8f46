//! A probe between its attempts, and what carries the one under way.

use std::fmt;
use std::time::Duration;

use scheduler::{Instant, IoId, Key, Scheduler, TimerId};

use super::line::Line;
use super::pipe::Reason;
use super::scripts::{ScriptId, Scripts};
use super::wakings::on_expired;
use super::{Host, TalkId};
use crate::check::kinds::tcp::Tcp;
use crate::check::probe::Probe;
use crate::net::tls::TlsSession;
use crate::sys::exec::Program;

/// A probe and what carries its attempt; opaque, it gives [`TalkId`] its type.
pub struct Talk<P> {
    pub(super) owner: Key,
    pub(super) probe: Worker,
    pub(super) carrier: Carrier<P>,
    /// The script made ready to be started.
    pub(super) program: Option<Box<Program>>,
    /// What the server recognises us by (TLS).
    pub(super) session: Option<TlsSession>,
    pub(super) deadline: Option<TimerId<P>>,
}

impl<P: Host> Talk<P> {
    /// Set the deadline anew.
    pub(super) fn wait(&mut self, s: &mut Scheduler<P>, id: TalkId<P>, patience: Duration) {
        if let Some(old) = self.deadline.take() {
            s.cancel(old);
        }
        let until: Instant = s.now() + patience;
        let timer = s.at("check timeout", until, id.to_bits(), on_expired::<P>);
        self.deadline = Some(timer);
    }

    /// Close everything and set it at rest.
    pub(super) fn close(&mut self, s: &mut Scheduler<P>, scripts: &mut Scripts<P>) {
        if let Some(timer) = self.deadline.take() {
            s.cancel(timer);
        }
        match std::mem::replace(&mut self.carrier, Carrier::Idle) {
            Carrier::Idle => {}
            Carrier::Line(line, io) => {
                s.release(io);
                if let Some(session) = line.close() {
                    self.session = Some(session);
                }
            }
            Carrier::Script(script) => scripts.end(s, script),
        }
    }

    /// Why nothing can be sent any more.
    pub(super) fn send(&mut self, octets: &[u8]) -> Option<Reason> {
        match &mut self.carrier {
            Carrier::Line(line, _) if !octets.is_empty() => line.send(octets).err(),
            Carrier::Idle | Carrier::Line(..) | Carrier::Script(_) => None,
        }
    }

    /// Whether there is no connection to be waited for.
    pub(super) fn is_open(&self) -> bool {
        matches!(&self.carrier, Carrier::Line(line, _) if line.is_open())
    }
}

impl<P> fmt::Debug for Talk<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Talk")
            .field("owner", &self.owner)
            .field("probe", &self.probe)
            .finish_non_exhaustive()
    }
}

/// Who conducts attempts.
#[derive(Debug)]
pub(super) enum Worker {
    /// One for all attempts of a check: it remembers something between them.
    Kept(Box<dyn Probe>),
    /// One for this attempt.
    Once(Tcp),
}

impl Worker {
    pub(super) fn probe(&mut self) -> &mut dyn Probe {
        match self {
            Self::Kept(probe) => probe.as_mut(),
            Self::Once(probe) => probe,
        }
    }
}

/// What carries an attempt under way.
pub(super) enum Carrier<P> {
    Idle,
    Line(Line, IoId<P>),
    Script(ScriptId<P>),
}
