//! The runner: carries the attempts of checks on sockets and scripts.
//!
//! [`Conversations`] owns the [`Probe`]s. The schedule says when an attempt
//! [begins](Conversations::begin); the runner opens what the probe asks for, carries
//! octets both ways and watches the deadline. How it went is told through [`Host`],
//! or at once by `begin` where it never got under way.
//!
//! ```text
//! begin ─► probe.begin ─► open ─┬─► readiness, deadline, end of a script ─► probe.on ─┐
//!                               │              ▲                                      │
//!                               │              └─────────── no outcome yet ───────────┤
//!                               └─► Attempt ◄─────────── close, cancel the deadline ──┘
//! ```
//!
//! * `talk`: a probe between its attempts, and what carries the one under way
//! * `line`, `pipe`: a socket, how far its connection is, TLS
//! * `scripts`: the processes of `MISC_CHECK`, and how one is ended that hangs
//! * `wakings`, `input`: what the scheduler calls, and what comes of it for the probe
//!
//! A TCP check costs four system calls besides the wait that it shares with others:
//! socket, connect, registration, close. The event itself tells whether the connection
//! stands, and closing ends the registration.

mod input;
mod line;
mod pipe;
mod scripts;
mod talk;
#[cfg(test)]
mod tests;
mod wakings;

use std::fmt;

use scheduler::{Id, Key, Ready, Scheduler, Slab};

use self::input::Input;
use self::line::{Line, Step, Tls};
use self::scripts::Scripts;
pub use self::talk::Talk;
use self::talk::{Carrier, Worker};
use self::wakings::on_socket;
use super::kinds::tcp::Tcp;
use super::probe::{Event, Memory, Outcome, Output, Probe, Transport};
use crate::net::connect::OpenError;
use crate::net::ping::PingGroups;
use crate::net::tls::TlsContext;

/// Octets read at once, by all checks into the same room: the longest datagram fits.
const ROOM: usize = 64 * 1024;

/// The program that has the runner in its state.
pub trait Host: Sized + 'static {
    /// The runner.
    fn conversations(&mut self) -> &mut Conversations<Self>;

    /// An attempt that was under way is over; `owner` is what [`Conversations::add`]
    /// was told. It may begin or remove any, this one included.
    fn attempt_over(&mut self, s: &mut Scheduler<Self>, owner: Key, attempt: Attempt);
}

/// How an attempt ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Attempt {
    /// What the probe found.
    Outcome(Outcome),
    /// It could not be made, which says nothing of the server: no descriptor, no local
    /// address or port. The state stays as it is.
    Unable(String),
}

/// Names a probe in the runner.
pub type TalkId<P> = Id<Talk<P>>;

/// The runner.
pub struct Conversations<P> {
    talks: Slab<Talk<P>>,
    scripts: Scripts<P>,
    tls: Option<TlsContext>,
    /// Who may open echo sockets; widened when the first one is needed.
    echo: Option<PingGroups>,
    room: Box<[u8]>,
    output: Output,
}

impl<P> Default for Conversations<P> {
    fn default() -> Self {
        Self {
            talks: Slab::new(),
            scripts: Scripts::default(),
            tls: None,
            echo: None,
            room: vec![0; ROOM].into(),
            output: Output::default(),
        }
    }
}

impl<P: Host> Conversations<P> {
    /// Connections over TLS are made with this from now on.
    pub fn use_tls(&mut self, context: TlsContext) {
        self.tls = Some(context);
        // What servers gave belongs to the keys of before.
        let all: Vec<TalkId<P>> = self.talks.iter().map(|(id, _)| id).collect();
        for talk in all {
            if let Some(talk) = self.talks.get_mut(talk) {
                talk.session = None;
            }
        }
    }

    /// Take on a probe. `owner` is what its attempts are reported with.
    pub fn add(&mut self, owner: Key, probe: Box<dyn Probe>) -> TalkId<P> {
        self.insert(owner, Worker::Kept(probe))
    }

    fn insert(&mut self, owner: Key, probe: Worker) -> TalkId<P> {
        self.talks.insert(Talk {
            owner,
            probe,
            carrier: Carrier::Idle,
            program: None,
            session: None,
            deadline: None,
        })
    }

    /// Begin an attempt of a check that remembers nothing, and takes no room between
    /// attempts. It is given up when the attempt is over or cancelled.
    ///
    /// # Errors
    /// An attempt that ended at once.
    pub fn begin_once(
        &mut self,
        s: &mut Scheduler<P>,
        owner: Key,
        probe: Tcp,
        random: u64,
    ) -> Result<TalkId<P>, Attempt> {
        let id = self.insert(owner, Worker::Once(probe));
        match self.begin(s, id, random) {
            None => Ok(id),
            Some(attempt) => {
                self.talks.remove(id);
                Err(attempt)
            }
        }
    }

    /// Begin an attempt; one that is under way is cancelled. One that ends at once is
    /// not reported but returned.
    pub fn begin(&mut self, s: &mut Scheduler<P>, id: TalkId<P>, random: u64) -> Option<Attempt> {
        self.cancel(s, id);
        let talk = self.talks.get_mut(id)?;
        let opening = talk.probe.probe().begin(s.now(), random);
        let patience = opening.patience;
        let begun = match opening.transport {
            Transport::Script(settings) => self.scripts.start(s, id, settings, &mut talk.program),
            transport @ (Transport::Stream(_)
            | Transport::Tls(..)
            | Transport::Datagram(_)
            | Transport::Echo(_)) => {
                if let Transport::Echo(_) = transport {
                    self.echo.get_or_insert_with(allow_echoes);
                }
                let tls = Tls {
                    context: self.tls.as_ref(),
                    session: talk.session.as_ref(),
                };
                Line::open(&transport, &tls).and_then(|line| {
                    let (fd, want, call) = (line.as_fd(), line.interest(), on_socket::<P>);
                    let io = s.watch("check", fd, want, id.to_bits(), call);
                    let io = io.map_err(|error| Refusal::Local(error.to_string()))?;
                    Ok(Carrier::Line(line, io))
                })
            }
        };
        match begun {
            Ok(carrier) => {
                talk.carrier = carrier;
                talk.wait(s, id, patience);
                if talk.is_open() {
                    return self.drive(s, id, Input::Connected);
                }
                None
            }
            Err(Refusal::Local(why)) => Some(Attempt::Unable(why)),
            Err(Refusal::Remote(why)) => {
                let event = Event::Failed(&why);
                let outcome = talk.probe.probe().on(s.now(), event, &mut self.output);
                Some(Attempt::Outcome(
                    outcome.unwrap_or_else(|| Outcome::Failed(why.into())),
                ))
            }
        }
    }

    /// Give up an attempt without a word. A script is told to end.
    pub fn cancel(&mut self, s: &mut Scheduler<P>, id: TalkId<P>) {
        if let Some(talk) = self.talks.get_mut(id)
            && !matches!(talk.carrier, Carrier::Idle)
        {
            talk.close(s, &mut self.scripts);
            self.forget_if_once(id);
        }
    }

    fn forget_if_once(&mut self, id: TalkId<P>) {
        let talk = self.talks.get(id);
        if talk.is_some_and(|talk| matches!(talk.probe, Worker::Once(_))) {
            self.talks.remove(id);
        }
    }

    /// Give up a probe, and the attempt under way.
    pub fn remove(&mut self, s: &mut Scheduler<P>, id: TalkId<P>) {
        self.cancel(s, id);
        self.talks.remove(id);
    }

    /// Whether an attempt is under way.
    #[must_use]
    pub fn is_under_way(&self, id: TalkId<P>) -> bool {
        let talk = self.talks.get(id);
        talk.is_some_and(|talk| !matches!(talk.carrier, Carrier::Idle))
    }

    /// Tell a probe that its server counts as up or down from now on.
    pub fn settled(&mut self, id: TalkId<P>, up: bool) {
        if let Some(talk) = self.talks.get_mut(id) {
            talk.probe.probe().settled(up);
        }
    }

    /// What a probe remembers of its attempts.
    #[must_use]
    pub fn remembers(&self, id: TalkId<P>) -> Option<Memory<'_>> {
        match &self.talks.get(id)?.probe {
            Worker::Kept(probe) => probe.remembers(),
            Worker::Once(probe) => probe.remembers(),
        }
    }

    /// The process ends: close everything, and tell all scripts without waiting for them.
    pub fn end(&mut self, s: &mut Scheduler<P>) {
        let all: Vec<TalkId<P>> = self.talks.iter().map(|(id, _)| id).collect();
        for id in all {
            self.remove(s, id);
        }
        self.scripts.abandon(s);
        if let Some(Err(error)) = self.echo.take().map(|mut groups| groups.restore()) {
            log::warn!("cannot put back who may open echo sockets: {error}");
        }
    }

    /// The socket of an attempt is ready: move octets until there is nothing to do,
    /// an outcome, or too much for one turn.
    fn serve(&mut self, s: &mut Scheduler<P>, id: TalkId<P>, ready: Ready) -> Served {
        for _ in 0..scheduler::BUDGET {
            let Some(talk) = self.talks.get_mut(id) else {
                return Served::Drained;
            };
            let Carrier::Line(line, _) = &mut talk.carrier else {
                return Served::Drained;
            };
            let input = match line.step(ready, &mut self.room) {
                Step::Wait => return Served::Drained,
                Step::Shaking(patience) => {
                    talk.wait(s, id, patience);
                    continue;
                }
                Step::Connected => Input::Connected,
                Step::Received(octets) => Input::Received(octets),
                Step::Ended => Input::Ended,
                Step::Failed(why) => Input::Failed(why),
            };
            if let Some(attempt) = self.drive(s, id, input) {
                return Served::Over(attempt);
            }
        }
        Served::More
    }

    /// Tell the probe, and do what it wants.
    fn drive(&mut self, s: &mut Scheduler<P>, id: TalkId<P>, input: Input) -> Option<Attempt> {
        let talk = self.talks.get_mut(id)?;
        self.output.send.clear();
        self.output.extend = None;
        let ends = matches!(
            input,
            Input::Ended | Input::Failed(_) | Input::Exited(_) | Input::Expired
        );
        let event = input.event(&self.room);
        let mut outcome = talk.probe.probe().on(s.now(), event, &mut self.output);
        if outcome.is_none() {
            if let Some(patience) = self.output.extend {
                talk.wait(s, id, patience);
            }
            if let Some(why) = talk.send(&self.output.send) {
                let event = Event::Failed(&why);
                outcome = talk.probe.probe().on(s.now(), event, &mut self.output);
                outcome.get_or_insert(Outcome::Failed(why));
            } else if ends {
                // Nothing more will come that could end it.
                outcome = Some(Outcome::Failed(input.reason()));
            }
        }
        let outcome = outcome?;
        talk.close(s, &mut self.scripts);
        Some(Attempt::Outcome(outcome))
    }

    fn owner(&self, id: TalkId<P>) -> Option<Key> {
        self.talks.get(id).map(|talk| talk.owner)
    }
}

/// Why an attempt was not even begun.
enum Refusal {
    /// A matter of this machine.
    Local(String),
    /// The destination cannot be reached.
    Remote(String),
}

impl From<OpenError> for Refusal {
    fn from(error: OpenError) -> Self {
        if error.is_local() {
            Self::Local(error.to_string())
        } else {
            Self::Remote(error.to_string())
        }
    }
}

/// What became of a ready socket.
enum Served {
    Drained,
    More,
    Over(Attempt),
}

/// Widen the range of groups that may open echo sockets. If that is not allowed, the
/// range may do, or the attempts tell.
fn allow_echoes() -> PingGroups {
    let mut groups = PingGroups::default();
    match groups.widen() {
        Ok(None) => {}
        Ok(Some(old)) => {
            log::info!("ping_group_range is expanded from {old} to include group 0");
        }
        Err(error) => log::warn!("cannot expand ping_group_range: {error}"),
    }
    groups
}

impl<P> fmt::Debug for Conversations<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversations")
            .field("talks", &self.talks.len())
            .field("scripts", &self.scripts)
            .finish_non_exhaustive()
    }
}
