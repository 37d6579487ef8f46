//! Events of the kernel.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use super::part::{self, Part};
use super::{ADD_MEMBERSHIP, PIECE, PIECES, ROOM, SOL_NETLINK, echoes, is_overrun};
use crate::netlink::dump::{Dump, Paths, Scope, Step};
use crate::netlink::header::Messages;
use crate::netlink::mirror::{Changes, Mirror, Origin};
use crate::sys::bpf;
use crate::sys::fd::wait_readable;
use crate::sys::sock::{self, Kind, RxSlot};

/// Multicast groups (`RTNLGRP_*`) of links and of addresses.
const GROUPS: [i32; 3] = [1, 5, 9];
const GROUPS_ROUTE: [i32; 2] = [7, 11];
const GROUPS_RULE: [i32; 2] = [8, 19];

/// The most receive calls of one [`Monitor::read`], so that a flood of events
/// does not keep the loop from its timers.
const CALLS_PER_READ: usize = 16;
/// The same for parts of a dump, each of which tells hundreds of addresses.
const PARTS_PER_READ: usize = 4;
/// How long the first dump may take.
const LOAD_LIMIT: Duration = Duration::from_secs(10);

/// What a [`Monitor::read`] left behind.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReadStatus {
    /// Nothing is left to read.
    Drained,
    /// More may be there: call again before waiting.
    More,
}

/// What a [`Monitor::mend`] came to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mended {
    /// The mirror has everything: nothing is to be mended any more.
    Whole,
    /// Everything is being told again, or is asked for again now.
    UnderWay,
    /// The kernel had left a question unanswered: there is another socket now, and
    /// whoever waits for the old one has to wait for this one.
    Reopened,
}

/// The socket that hears of changes.
#[derive(Debug)]
pub struct Monitor {
    fd: OwnedFd,
    port: u32,
    receive_buffer: usize,
    paths: Paths,
    dump: Dump,
    /// What to ask for when the socket is empty: messages were dropped, and the
    /// kernel drops more until then.
    missed: Option<Scope>,
    overruns: u64,
    /// Parts of dumps that were read, and how many these were at the last [`Self::mend`].
    parts: u64,
    parts_before: u64,
    /// The port whose echoes are not heard.
    muted: Option<u32>,
    room: Box<[u8]>,
    slots: Box<[RxSlot]>,
}

impl Monitor {
    /// Open the socket with a receive buffer of so many octets in the kernel,
    /// and listen to links and addresses. Routes and rules have their own
    /// groups: each address also makes a local route, which would double the
    /// number of events of a takeover.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(receive_buffer: usize) -> io::Result<Self> {
        let (fd, port) = super::open(Kind::RouteNetlink, receive_buffer)?;
        join(fd.as_fd(), GROUPS)?;
        Ok(Self {
            fd,
            port,
            receive_buffer,
            paths: Paths::default(),
            dump: Dump::default(),
            missed: None,
            overruns: 0,
            parts: 0,
            parts_before: 0,
            muted: None,
            room: vec![0; ROOM].into_boxed_slice(),
            slots: vec![RxSlot::EMPTY; PIECES].into_boxed_slice(),
        })
    }

    /// Listen to routes as well.
    ///
    /// # Errors
    /// What the system says.
    pub fn watch_routes(&mut self) -> io::Result<()> {
        self.paths.routes = true;
        join(self.fd.as_fd(), GROUPS_ROUTE)
    }

    /// Listen to rules as well.
    ///
    /// # Errors
    /// What the system says.
    pub fn watch_rules(&mut self) -> io::Result<()> {
        self.paths.rules = true;
        join(self.fd.as_fd(), GROUPS_RULE)
    }

    /// Fill the mirror before the loop starts. This waits; the changes it makes
    /// are not reported.
    ///
    /// # Errors
    /// `TimedOut` if the kernel does not answer, and what else the system says.
    pub fn load(&mut self, mirror: &mut Mirror) -> io::Result<()> {
        self.resynchronise(mirror)?;
        while !self.is_complete() {
            if !wait_readable(self.fd.as_fd(), LOAD_LIMIT)? {
                return Err(io::ErrorKind::TimedOut.into());
            }
            while self.receive(mirror, 0)? {}
        }
        self.overruns = 0;
        mirror.settle(&mut Changes::new());
        Ok(())
    }

    /// Read what has happened into the mirror, and append the net changes.
    /// `our_port` is [`super::Commander::port`].
    ///
    /// # Errors
    /// What the system says; a lost message is no error but a resynchronisation.
    pub fn read(
        &mut self,
        mirror: &mut Mirror,
        our_port: u32,
        out: &mut Changes,
    ) -> io::Result<ReadStatus> {
        let mut status = ReadStatus::More;
        let calls = if self.dump.is_running() {
            PARTS_PER_READ
        } else {
            CALLS_PER_READ
        };
        for _ in 0..calls {
            if !self.receive(mirror, our_port)? {
                status = ReadStatus::Drained;
                break;
            }
        }
        mirror.settle(out);
        Ok(status)
    }

    /// For use once a second while not [`Self::is_complete`], and after an error of
    /// [`Self::read`]: ask again for what could not be asked for, or was refused. If
    /// nothing at all was told of a dump since the last call, the kernel has forgotten
    /// it, and answers nothing else on this socket: it is replaced.
    ///
    /// # Errors
    /// What the system says; call again later.
    pub fn mend(&mut self, mirror: &mut Mirror) -> io::Result<Mended> {
        if self.dump.is_running() {
            if std::mem::replace(&mut self.parts_before, self.parts) != self.parts {
                return Ok(Mended::UnderWay);
            }
            self.reopen()?;
            self.resynchronise(mirror)?;
            return Ok(Mended::Reopened);
        }
        if self.missed.is_none() {
            return Ok(Mended::Whole);
        }
        self.begin_dump_after_loss(mirror)?;
        Ok(Mended::UnderWay)
    }

    /// The same groups on another socket.
    fn reopen(&mut self) -> io::Result<()> {
        let (fd, port) = super::open(Kind::RouteNetlink, self.receive_buffer)?;
        join(fd.as_fd(), GROUPS)?;
        if self.paths.routes {
            join(fd.as_fd(), GROUPS_ROUTE)?;
        }
        if self.paths.rules {
            join(fd.as_fd(), GROUPS_RULE)?;
        }
        if let Some(muted) = self.muted {
            bpf::attach(fd.as_fd(), &echoes::filter(muted))?;
        }
        (self.fd, self.port) = (fd, port);
        self.dump.give_up();
        Ok(())
    }

    /// Ask the kernel for everything again, as after a loss.
    ///
    /// # Errors
    /// What the system says.
    pub fn resynchronise(&mut self, mirror: &mut Mirror) -> io::Result<()> {
        self.lose(mirror);
        self.begin_dump_after_loss(mirror)
    }

    /// Do not hear of the addresses that requests from `port` add and remove, until
    /// [`Self::unmute`]. An echo costs several microseconds, a third of what the
    /// kernel takes for the address itself; a dump in the end tells as much.
    ///
    /// Meanwhile the mirror does not have these addresses as the kernel has them. It
    /// does again when [`Self::is_complete`].
    ///
    /// # Errors
    /// What the system says; then everything is heard as before.
    pub fn mute(&mut self, port: u32) -> io::Result<()> {
        if !self.is_muted() {
            bpf::attach(self.fd.as_fd(), &echoes::filter(port))?;
            self.muted = Some(port);
        }
        Ok(())
    }

    /// Hear everything again; the next [`Self::read`] asks for what was missed. Every
    /// request of the muted port must have been answered.
    ///
    /// # Errors
    /// What the system says.
    pub fn unmute(&mut self) -> io::Result<()> {
        if self.muted.take().is_none() {
            return Ok(());
        }
        bpf::detach(self.fd.as_fd())?;
        if self.dump.is_running() {
            // It began while echoes were missed.
            self.dump.abandon();
            self.missed = Some(Scope::Everything);
        }
        self.missed = self.missed.max(Some(Scope::Addresses));
        Ok(())
    }

    /// Whether echoes are muted.
    #[must_use]
    pub const fn is_muted(&self) -> bool {
        self.muted.is_some()
    }

    /// Whether the mirror has everything that was read: nothing is muted, and
    /// nothing has to be asked for, or is being told, again.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.is_muted() && self.missed.is_none() && !self.dump.is_running()
    }

    /// How often events were lost and everything was asked for again.
    #[must_use]
    pub const fn overruns(&self) -> u64 {
        self.overruns
    }

    /// One receive call; false if there was nothing. Dump parts are longer than
    /// events, so they get the whole room.
    fn receive(&mut self, mirror: &mut Mirror, our_port: u32) -> io::Result<bool> {
        let result = if self.dump.is_running() {
            self.receive_one(mirror, our_port)
        } else {
            self.receive_events(mirror, our_port)
        };
        match result {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.begin_dump_after_loss(mirror)?;
                Ok(false)
            }
            Err(error) if is_overrun(&error) => {
                self.lose(mirror);
                Ok(true)
            }
            Err(error) => Err(error),
        }
    }

    fn receive_one(&mut self, mirror: &mut Mirror, our_port: u32) -> io::Result<()> {
        let (dump, room) = (&mut self.dump, &mut self.room);
        let part = part::receive(&self.fd, self.port, dump, room, |message, step| {
            mirror.hear(message, Origin::of(message, our_port));
            match step {
                Step::Continue | Step::Ask | Step::Refused(_) => {}
                Step::AskForPaths => mirror.paths_are_told(),
                Step::Complete(Scope::Everything) => mirror.resynchronised(),
                Step::Complete(Scope::Addresses) => mirror.addresses_resynchronised(),
            }
        })?;
        if part != Part::Cut {
            self.parts += 1;
        }
        match part {
            Part::Heard => Ok(()),
            Part::Ask => self.ask(),
            Part::Cut => {
                self.lose(mirror);
                Ok(())
            }
            Part::Refused(errno) => {
                self.missed = Some(Scope::Everything);
                Err(io::Error::from_raw_os_error(errno))
            }
        }
    }

    fn receive_events(&mut self, mirror: &mut Mirror, our_port: u32) -> io::Result<()> {
        let fd = self.fd.as_fd();
        let count = sock::receive_many(fd, &mut self.room, PIECE, &mut self.slots)?;
        let mut is_cut = false;
        for (slot, piece) in self.slots.iter().zip(self.room.chunks(PIECE)).take(count) {
            is_cut |= slot.truncated;
            let octets = piece.get(..slot.length).unwrap_or_default();
            for message in Messages::new(octets) {
                mirror.hear(&message, Origin::of(&message, our_port));
            }
        }
        if is_cut {
            self.lose(mirror);
        }
        Ok(())
    }

    fn lose(&mut self, mirror: &mut Mirror) {
        mirror.lost();
        self.dump.abandon();
        self.missed = Some(Scope::Everything);
        self.overruns += 1;
    }

    /// The socket is empty, so nothing is dropped any more. What was read since
    /// the loss is from before it: the mirror begins its new generation here, so
    /// that an address whose removal was dropped does not pass as told anew.
    fn begin_dump_after_loss(&mut self, mirror: &mut Mirror) -> io::Result<()> {
        if self.dump.is_running() {
            return Ok(());
        }
        let Some(scope) = self.missed.take() else {
            return Ok(());
        };
        mirror.lost();
        self.dump.begin(scope, self.paths);
        self.ask()
    }

    /// A question that cannot be sent is asked again by [`Self::mend`], with all others.
    fn ask(&mut self) -> io::Result<()> {
        let asked = part::ask(&self.fd, &self.dump);
        if asked.is_err() {
            self.dump.give_up();
            self.missed = Some(Scope::Everything);
        }
        asked
    }
}

fn join<const N: usize>(fd: BorrowedFd<'_>, groups: [i32; N]) -> io::Result<()> {
    groups
        .into_iter()
        .try_for_each(|group| sock::set_option(fd, SOL_NETLINK, ADD_MEMBERSHIP, group))
}

impl AsFd for Monitor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

#[cfg(test)]
mod tests;
