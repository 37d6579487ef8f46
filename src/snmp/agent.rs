//! The shell of a session: its connection, driven by the scheduler.
//!
//! What a round gives to SNMP is bounded: so many octets are read, so many rows looked
//! at ([`STEPS_PER_ROUND`]). A request that needs more goes on in the next round, after
//! adverts and timers had their turn: `turns`. The socket is in `connection`.

mod connection;
mod turns;

use std::fmt;
use std::io;
use std::os::fd::AsFd as _;

use nix::errno::Errno;
use scheduler::{Alarm, Drain, Interest, IoId, Key, Ready, Scheduler};

use super::serve::{SetInHand, Work};
use super::session::{Action, Identity, News, Session};
use super::tree::{Mib, Tree};
use crate::model::AgentSocket;
use crate::wire::agentx::{Oid, VarBind};

use connection::{Connection, begin};
pub use turns::STEPS_PER_ROUND;
use turns::work;

/// The most octets read per round.
const READ_MAX: usize = 16 * 1024;

/// A process that has an agent.
pub trait Host: Sized + 'static {
    /// Its agent.
    fn agent(&mut self) -> &mut Agent<Self>;
    /// Requests are about to be worked off: bring what is kept for them up to date.
    fn refresh(&mut self) {}
    /// A SET has changed something: carry out what follows from it.
    fn was_set(&mut self, s: &mut Scheduler<Self>);
}

/// What an agent is to do.
pub struct Wish<P: 'static> {
    /// Where the master agent is.
    pub socket: AgentSocket,
    /// What the subagent says of itself.
    pub description: String,
    /// What it serves.
    pub mibs: Vec<&'static Mib<P>>,
}

/// Something that is told without being asked for (an SNMP notification, a trap).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Notification {
    /// Its name, which `snmpTrapOID.0` will have.
    pub name: Oid,
    /// What goes with it.
    pub variables: Vec<VarBind>,
}

/// A subagent: off, or with a session that is there or being made.
pub struct Agent<P: 'static> {
    wish: Option<Wish<P>>,
    tree: Tree<P>,
    session: Session,
    connection: Option<Connection<P>>,
    work: Option<Work>,
    set: SetInHand,
    alarm: Alarm<P>,
    /// Reused for what the session says.
    actions: Vec<Action>,
    has_news: bool,
    is_working: bool,
}

impl<P: Host> Default for Agent<P> {
    fn default() -> Self {
        Self {
            wish: None,
            tree: Tree::default(),
            session: Session::default(),
            connection: None,
            work: None,
            set: SetInHand::default(),
            alarm: Alarm::new("SNMP", 0, on_alarm::<P>),
            actions: Vec::new(),
            has_news: false,
            is_working: false,
        }
    }
}

impl<P: Host> Agent<P> {
    /// Serve this from now on, or nothing. A session that has the same address and
    /// serves the same stays.
    pub fn configure(&mut self, s: &mut Scheduler<P>, wish: Option<Wish<P>>) {
        let wish = wish.filter(|wish| !wish.mibs.is_empty());
        let is_same = match (&self.wish, &wish) {
            (Some(old), Some(new)) => old.is_like(new),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if is_same {
            return;
        }
        self.session.stop(&mut self.actions);
        self.act(s);
        self.work = None;
        self.set = SetInHand::default();
        self.tree = Tree::default();
        if let Some(wish) = &wish {
            self.tree = Tree::new(&wish.mibs);
            let identity = Identity {
                description: wish.description.clone(),
                regions: wish.mibs.iter().map(|mib| (mib.name, mib.root)).collect(),
            };
            self.session.start(s.now(), identity, &mut self.actions);
        }
        self.wish = wish;
        self.act(s);
        self.follow(s);
    }

    /// End the session in order, because the process ends.
    pub fn stop(&mut self, s: &mut Scheduler<P>) {
        self.configure(s, None);
    }

    /// Whether it has a session or wants one.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.wish.is_some()
    }

    /// Tell something. It leaves at the next [`Self::follow`].
    pub fn notify(&mut self, notification: Notification) {
        if self.is_on() {
            self.session.notify(notification);
            self.has_news = true;
        }
    }

    /// Whether [`Self::follow`] has something to do.
    #[must_use]
    pub const fn has_news(&self) -> bool {
        self.has_news
    }

    /// Send what was told, and set the next deadline.
    pub fn follow(&mut self, s: &mut Scheduler<P>) {
        self.has_news = false;
        self.write(s);
        self.act(s);
        self.alarm.follow(s, self.session.deadline());
    }

    /// Do what the session asks for, until it asks no more.
    fn act(&mut self, s: &mut Scheduler<P>) {
        let mut next = 0;
        while let Some(action) = self.actions.get(next).cloned() {
            next += 1;
            match action {
                Action::Connect => self.connect(s),
                Action::Disconnect => self.disconnect(s),
                Action::Tell(news) => self.tell(&news),
            }
        }
        self.actions.clear();
    }

    fn connect(&mut self, s: &mut Scheduler<P>) {
        self.close(s);
        let Some(wish) = &self.wish else { return };
        let begun = begin(&wish.socket).and_then(|socket| {
            let io = s.watch("SNMP", socket.as_fd(), Interest::Both, 0, on_socket::<P>)?;
            Ok(Connection {
                socket,
                io,
                is_there: false,
            })
        });
        match begun {
            Ok(connection) => self.connection = Some(connection),
            Err(error) => self.lost(s, &error),
        }
    }

    /// Write the farewell if there is room for it.
    fn disconnect(&mut self, s: &mut Scheduler<P>) {
        if let Some(connection) = &self.connection
            && connection.is_there
        {
            // Who is gone or does not read does not miss it.
            let _ = connection.write(self.session.output());
        }
        self.close(s);
    }

    fn close(&mut self, s: &mut Scheduler<P>) {
        if let Some(connection) = self.connection.take() {
            s.unwatch(connection.io);
        }
        self.session.disconnected();
        self.work = None;
    }

    fn lost(&mut self, s: &Scheduler<P>, error: &io::Error) {
        let why = error.to_string();
        self.session.lost(s.now(), &why, &mut self.actions);
    }

    fn tell(&self, news: &News) {
        let socket = self.wish.as_ref().map(|wish| wish.socket.to_string());
        let socket = socket.unwrap_or_default();
        match news {
            News::Serving => log::info!("AgentX subagent connected to {socket}"),
            News::Refused { mib, error } => {
                log::error!("The SNMP master agent at {socket} does not take {mib}: {error:?}");
            }
            News::Lost {
                why,
                again,
                is_repeated,
            } => {
                let pause = again.as_secs();
                let level = if *is_repeated {
                    log::Level::Debug
                } else {
                    log::Level::Warn
                };
                log::log!(
                    level,
                    "No session with the SNMP master agent at {socket}: {why}; again in {pause} s"
                );
            }
            News::Dropped(count) => {
                log::warn!("{count} SNMP notifications are lost: there was no master agent");
            }
        }
    }

    /// The connection is there, or will not be.
    fn conclude_connect(&mut self, s: &Scheduler<P>) {
        let Some(connection) = &mut self.connection else {
            return;
        };
        match connection.refusal() {
            None => {
                connection.is_there = true;
                self.session.connected(s.now());
            }
            Some(error) => self.lost(s, &error),
        }
    }

    /// Read what there is, as far as it is wanted. True if there may be more.
    fn read(&mut self, s: &Scheduler<P>) -> bool {
        let mut room = [0; 4096];
        let mut read = 0;
        while let Some(connection) = &self.connection
            && self.session.wants_input()
        {
            if read >= READ_MAX {
                return true;
            }
            match connection.read(&mut room) {
                Ok(0) => {
                    let error = io::Error::other("it has closed the connection");
                    self.lost(s, &error);
                    return false;
                }
                Ok(octets) => {
                    read += octets;
                    let octets = room.get(..octets).unwrap_or_default();
                    self.session.received(octets);
                }
                Err(Errno::EAGAIN) => return false,
                Err(Errno::EINTR) => {}
                Err(errno) => {
                    self.lost(s, &errno.into());
                    return false;
                }
            }
        }
        false
    }

    fn write(&mut self, s: &Scheduler<P>) {
        while let Some(connection) = &self.connection
            && connection.is_there
            && !self.session.output().is_empty()
        {
            match connection.write(self.session.output()) {
                Ok(octets) => self.session.wrote(octets),
                Err(Errno::EAGAIN) => return,
                Err(Errno::EINTR) => {}
                Err(errno) => return self.lost(s, &errno.into()),
            }
        }
    }
}

fn on_alarm<P: Host>(program: &mut P, s: &mut Scheduler<P>, _: Key) {
    let agent = program.agent();
    agent.session.tick(s.now(), &mut agent.actions);
    agent.follow(s);
}

fn on_socket<P: Host>(program: &mut P, s: &mut Scheduler<P>, io: IoId<P>, _: Ready) -> Drain {
    let agent = program.agent();
    match &agent.connection {
        Some(connection) if connection.io == io => {
            if !connection.is_there {
                agent.conclude_connect(s);
            }
        }
        Some(_) | None => return Drain::Close,
    }
    agent.write(s);
    let more = agent.read(s);
    if agent.is_working {
        agent.follow(s);
    } else {
        work(program, s);
    }
    if more { Drain::More } else { Drain::Drained }
}

impl<P> Wish<P> {
    fn is_like(&self, other: &Self) -> bool {
        let names = |wish: &Self| -> Vec<_> { wish.mibs.iter().map(|mib| mib.root).collect() };
        self.socket == other.socket
            && self.description == other.description
            && names(self) == names(other)
    }
}

impl<P> fmt::Debug for Wish<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wish")
            .field("socket", &self.socket)
            .field("mibs", &self.mibs)
            .finish_non_exhaustive()
    }
}

impl<P> fmt::Debug for Agent<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent")
            .field("wish", &self.wish)
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}
