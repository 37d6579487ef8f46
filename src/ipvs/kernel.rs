//! Shell: the kernel's IPVS, asked and told over two sockets.
//!
//! Requests go out many to a system call, each gets its own outcome. The kernel
//! works them off during the call, some 10 to 100 microseconds each, so
//! [`Kernel::send`] has a limit that bounds the time. [`Kernel::carry_out`] is for
//! before and after the loop, where waiting does not matter.
//!
//! The table is read on a socket of its own, so that the parts of a dump never
//! push an outcome out of the receive buffer.

mod open;
mod requests;

pub use open::{OpenError, Options, within};

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use requests::Requests;

use super::genl::control::{self, Info, Timeouts};
use super::plan::Change;
use super::reader::{Detail, Reader, Scope, Step};
pub use super::request::{Outcome, Request, Settled};
use super::sync_daemon::{Action, Parameters, Role};
use super::table::Snapshot;
use crate::netlink::error::Reply;
use crate::netlink::genl::Family;
use crate::netlink::header::{Message, kind};
use crate::netlink::socket::generic::Inquirer;
use crate::netlink::{Commander, Outcomes};

/// The kernel's IPVS.
#[derive(Debug)]
pub struct Kernel {
    /// [`ABSENT`] until the kernel has it.
    ipvs: Family,
    commander: Commander,
    requests: Requests,
    inquirer: Inquirer,
    reader: Reader,
    /// Requests to a send: refusals of all of them fit into the receive buffer.
    part: usize,
}

/// How far [`Kernel::read_on`] has come.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reading {
    /// Nothing is being read, or the answer is not there yet.
    Wait,
    /// The limit is reached: call again before waiting.
    More,
    /// All of it.
    Complete(Snapshot),
}

impl Kernel {
    /// Open both sockets; the module `ip_vs` is loaded if need be. This waits.
    ///
    /// # Errors
    /// A kernel without IPVS, and what the system says.
    pub fn open(options: &Options<'_>) -> Result<Self, OpenError> {
        let mut kernel = Self::open_anyway(options)?;
        kernel.find()?;
        Ok(kernel)
    }

    /// Open both sockets, whether or not the kernel has IPVS now: see
    /// [`Self::is_there`]. No module is loaded.
    ///
    /// # Errors
    /// What the system says.
    pub fn open_anyway(options: &Options<'_>) -> Result<Self, OpenError> {
        let (commander, mut inquirer) = open::open(options)?;
        let ipvs = open::family(&mut inquirer)?.unwrap_or(ABSENT);
        Ok(Self {
            ipvs,
            commander,
            requests: Requests::default(),
            inquirer,
            reader: Reader::new(ipvs),
            part: (options.receive_buffer / REFUSAL).clamp(1, PART),
        })
    }

    /// Have IPVS; the module `ip_vs` is loaded if need be. This waits.
    ///
    /// # Errors
    /// A kernel without IPVS, and what the system says.
    pub fn find(&mut self) -> Result<(), OpenError> {
        if self.is_there() {
            return Ok(());
        }
        open::load_module();
        self.ipvs = open::family(&mut self.inquirer)?.ok_or(OpenError::NoIpvs)?;
        self.reader = Reader::new(self.ipvs);
        Ok(())
    }

    /// Whether the kernel has IPVS: without it nothing can be asked or told.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.ipvs != ABSENT
    }

    /// Queue changes in this order; [`Self::send`] sends.
    pub fn apply(&mut self, changes: impl IntoIterator<Item = Change>) {
        changes
            .into_iter()
            .for_each(|change| self.queue(Request::Change(change)));
    }

    /// Queue to forget all services, ours or not.
    pub fn flush(&mut self) {
        self.queue(Request::Flush);
    }

    /// Queue other time-outs.
    pub fn set_timeouts(&mut self, timeouts: Timeouts) {
        self.queue(Request::SetTimeouts(timeouts));
    }

    /// Queue to start or stop a sync daemon.
    pub fn sync_daemon(&mut self, action: Action) {
        self.queue(Request::SyncDaemon(action));
    }

    /// Queue any request.
    pub fn queue(&mut self, request: Request) {
        self.requests
            .queue(request, self.ipvs, self.commander.batch());
    }

    /// Send up to `limit` queued requests, or fewer if the receive buffer has no
    /// room for more refusals. The result is the number of sent ones; what they
    /// came to has to be read before the next call.
    ///
    /// # Errors
    /// What `send(2)` says; the requests stay queued.
    pub fn send(&mut self, limit: usize) -> io::Result<usize> {
        self.commander.flush(limit.min(self.part))
    }

    /// Append the outcomes that have arrived. A change that found the table
    /// otherwise than it was read may queue another one instead
    /// ([`super::plan::remedy`]): so look at [`Self::queued`] afterwards.
    ///
    /// # Errors
    /// What `recv(2)` says.
    pub fn outcomes(&mut self, out: &mut Vec<Settled>) -> io::Result<()> {
        let mut outcomes = Outcomes::new();
        let result = self.commander.read(&mut outcomes);
        if result.is_ok() {
            self.settle_unanswered(&mut outcomes);
        }
        for outcome in outcomes {
            self.requests
                .settle(outcome, self.ipvs, self.commander.batch(), out);
        }
        result
    }

    /// Send all that is queued and append the outcomes. This takes as long as
    /// the kernel needs.
    ///
    /// # Errors
    /// What the socket says; what is left then stays queued.
    pub fn carry_out(&mut self, out: &mut Vec<Settled>) -> io::Result<()> {
        while self.queued() > 0 {
            let sent = self.send(self.part)?;
            self.outcomes(out)?;
            if sent == 0 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
        }
        Ok(())
    }

    /// Ask for the table; [`Self::read_on`] takes the answers. A look that is
    /// under way is given up.
    ///
    /// # Errors
    /// What `send(2)` says.
    pub fn ask(&mut self, scope: Scope, detail: Detail) -> io::Result<()> {
        self.drain()?;
        self.reader.begin(scope, detail);
        self.ask_next()
    }

    /// Read answers, at most so many parts (one has up to 32 KiB; each service
    /// takes at least two).
    ///
    /// # Errors
    /// The kernel's refusal, and what the socket says; the look has ended then.
    pub fn read_on(&mut self, parts: usize) -> io::Result<Reading> {
        for _ in 0..parts {
            let mut step = Step::Continue;
            let reader = &mut self.reader;
            let any = self.inquirer.receive(|message| {
                let next = reader.hear(message);
                if next != Step::Continue {
                    step = next;
                }
            })?;
            match step {
                Step::Continue if !any => return Ok(Reading::Wait),
                Step::Continue => {}
                Step::Ask => self.ask_next()?,
                Step::Complete => return Ok(Reading::Complete(self.reader.take())),
                Step::Refused(errno) => return Err(io::Error::from_raw_os_error(errno)),
            }
        }
        Ok(Reading::More)
    }

    /// Read the table at once. This waits.
    ///
    /// # Errors
    /// The kernel's refusal, and what the socket says.
    pub fn read_table(&mut self, scope: Scope, detail: Detail) -> io::Result<Snapshot> {
        self.ask(scope, detail)?;
        loop {
            match self.read_on(PART)? {
                Reading::Complete(snapshot) => return Ok(snapshot),
                Reading::More => {}
                Reading::Wait => self.inquirer.wait()?,
            }
        }
    }

    /// The time-outs of connections. This waits.
    ///
    /// # Errors
    /// The kernel's refusal, and what the socket says.
    pub fn timeouts(&mut self) -> io::Result<Timeouts> {
        let ipvs = self.ipvs;
        let mut found = None;
        self.inquire(control::write_timeouts_question, |message| {
            found = found.or_else(|| Timeouts::parse(ipvs, message));
        })?;
        found.ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// Version and sizes. This waits.
    ///
    /// # Errors
    /// The kernel's refusal, and what the socket says.
    pub fn info(&mut self) -> io::Result<Info> {
        let ipvs = self.ipvs;
        let mut found = None;
        self.inquire(control::write_info_question, |message| {
            found = found.or_else(|| Info::parse(ipvs, message));
        })?;
        found.ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// The sync daemons that run. This waits.
    ///
    /// # Errors
    /// The kernel's refusal, and what the socket says.
    pub fn sync_daemons(&mut self) -> io::Result<Vec<(Role, Parameters)>> {
        let ipvs = self.ipvs;
        let mut found = Vec::new();
        self.inquire(control::write_daemons_question, |message| {
            found.extend(control::parse_daemon(ipvs, message));
        })?;
        Ok(found)
    }

    /// Requests that were not sent yet.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.commander.queued()
    }

    /// Whether a look at the table is under way.
    #[must_use]
    pub fn is_reading(&self) -> bool {
        self.reader.is_busy()
    }

    /// How many changes found the table otherwise than it was read: somebody
    /// else had changed it.
    #[must_use]
    pub const fn surprises(&self) -> u64 {
        self.requests.surprises()
    }

    /// Readable when there may be [`Self::outcomes`].
    #[must_use]
    pub fn outcomes_fd(&self) -> BorrowedFd<'_> {
        self.commander.as_fd()
    }

    /// Readable when [`Self::read_on`] may have something.
    #[must_use]
    pub fn reading_fd(&self) -> BorrowedFd<'_> {
        self.inquirer.as_fd()
    }

    /// The kernel has answered everything when a send returns, with one exception:
    /// a request that ends with `EINTR` gets no answer. Here that is a sync daemon
    /// that was stopped before it ran for the first time.
    fn settle_unanswered(&mut self, outcomes: &mut Outcomes) {
        if self.commander.backlog() > self.commander.queued() {
            self.commander.batch().lost(requests::INTERRUPTED, outcomes);
        }
    }

    /// Read a dump to its end unheard: the kernel takes no other question before.
    fn drain(&mut self) -> io::Result<()> {
        while self.inquirer.receive(|_| {})? {}
        Ok(())
    }

    fn ask_next(&self) -> io::Result<()> {
        let mut question = Vec::with_capacity(128);
        self.reader.question(&mut question);
        self.inquirer.send(&question)
    }

    /// Ask one question and wait for the end of its answer. A look that is
    /// under way is given up.
    fn inquire(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>, Family, u32),
        mut hear: impl FnMut(&Message<'_>),
    ) -> io::Result<()> {
        self.drain()?;
        self.reader = Reader::new(self.ipvs);
        let mut question = Vec::with_capacity(64);
        write(&mut question, self.ipvs, INQUIRY);
        self.inquirer.send(&question)?;
        let mut end = None;
        while end.is_none() {
            self.inquirer.wait()?;
            self.inquirer.receive(|message| {
                if message.header.sequence == INQUIRY {
                    hear(message);
                    end = end.or_else(|| end_of_answer(message));
                }
            })?;
        }
        match end {
            None | Some(0) => Ok(()),
            Some(errno) => Err(io::Error::from_raw_os_error(errno)),
        }
    }
}

/// The error number that ends an answer: a single message, the end of a dump,
/// or a refusal.
fn end_of_answer(message: &Message<'_>) -> Option<i32> {
    match message.header.kind {
        kind::ERROR => Reply::parse(message).map(|reply| reply.errno),
        kind::DONE => Some(0),
        _ => (message.header.flags & MULTI == 0).then_some(0),
    }
}

/// In place of the family of IPVS: no family has this number.
const ABSENT: Family = Family {
    number: 0,
    version: 0,
};
/// `NLM_F_MULTI`: more messages follow.
const MULTI: u16 = 0x02;
/// Sequence number of single questions; those of the table count up from 2.
const INQUIRY: u32 = 0;
/// The most requests of a send, or parts of an answer between two waits.
const PART: usize = 256;
/// Octets that a refusal takes in the receive buffer, of which the kernel makes
/// twice what it is asked for: its own structures are longer than the words.
const REFUSAL: usize = 1024;
