//! The shell of notifications: what a process tells, done beside its real work.
//!
//! ```text
//! tell() ──► lines ───┐
//!        ──► scripts ─┼─► pump: a portion per round of the loop
//!        ──► mails ───┘
//! ```
//!
//! [`Notifier::tell`] only takes notes. What costs time, above all starting
//! scripts, comes at the end of the round and in portions, so that a thousand
//! transitions at once delay no advert. A process that notifies has a notifier,
//! and is its [`Host`]. Its pipes are in `pipes`, what another configuration changes
//! in `reload`.

mod pipes;
mod reload;

pub use pipes::FifoWish;
use pipes::Pipe;

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use nix::unistd::Pid;
use scheduler::{Alarm, ChildEvent, Instant, Key, Scheduler};

use super::courier::Courier;
use super::event::{Event, Kind, What};
use super::letter::Mailbox;
use super::mailer::Mail;
pub use super::mailer::MailWish;
use super::serial::{Start, Ticket};
use super::subject::{Run, Subject, Wishes};

/// Scripts started per round of the loop. Each keeps the loop from other work
/// until its program is loaded, about half a millisecond.
const SCRIPTS_PER_ROUND: usize = 4;
/// Lines written per round.
const LINES_PER_ROUND: usize = 256;
/// What the scripts of STOP get before the process ends.
pub const STOP_TIME: Duration = Duration::from_secs(1);
/// How long, of that, the script before them is waited for.
const STOP_PATIENCE: Duration = Duration::from_millis(300);
/// What the reader of a pipe gets between the last line and SIGTERM.
const READER_TIME: Duration = Duration::from_millis(100);

/// A process that has a notifier.
pub trait Host: Sized + 'static {
    /// Its notifier.
    fn notifier(&mut self) -> &mut Notifier<Self>;
    /// Something was done; the end may have come nearer.
    fn notified(&mut self, s: &mut Scheduler<Self>);
}

/// Names a subject within its notifier.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SubjectId(usize);

/// What a running process is for the notifier.
#[derive(Clone, Copy, Debug)]
enum Child {
    Script(SubjectId, Ticket),
    /// The reader of the pipe with this number.
    Reader(Key, Pid),
}

/// What of a process is told, and how.
#[derive(Debug)]
pub struct Notifier<P> {
    subjects: Vec<Subject>,
    /// Those of which nothing will be told any more, the oldest first: others take
    /// their places.
    retired: VecDeque<SubjectId>,
    lines: VecDeque<String>,
    ready: VecDeque<(SubjectId, Start<Run>)>,
    children: BTreeMap<Key, Child>,
    next_child: Key,
    pipes: Vec<Pipe<P>>,
    last_pipe: Key,
    pub(super) mail: Option<Mail<P>>,
    alarm: Alarm<P>,
    has_news: bool,
    is_pumping: bool,
    stopping_since: Option<Instant>,
}

impl<P: Host> Default for Notifier<P> {
    fn default() -> Self {
        Self {
            subjects: Vec::new(),
            retired: VecDeque::new(),
            lines: VecDeque::new(),
            ready: VecDeque::new(),
            children: BTreeMap::new(),
            next_child: 0,
            pipes: Vec::new(),
            last_pipe: 0,
            mail: None,
            alarm: Alarm::new("notifications", 0, on_alarm::<P>),
            has_news: false,
            is_pumping: false,
            stopping_since: None,
        }
    }
}

impl<P: Host> Notifier<P> {
    /// Take on an instance, a group or a virtual server.
    pub fn add(&mut self, kind: Kind, name: &str, wishes: &Wishes) -> SubjectId {
        let subject = Subject::new(kind, name, wishes);
        if let Some(id) = self.free_place()
            && let Some(place) = self.subjects.get_mut(id.0)
        {
            place.give_way(subject);
            return id;
        }
        self.subjects.push(subject);
        SubjectId(self.subjects.len() - 1)
    }

    /// Nothing will be told of a subject any more. What is begun or waits stays as it is.
    pub fn retire(&mut self, id: SubjectId) {
        self.retired.push_back(id);
    }

    /// The place of a retired subject whose scripts are over and whose mails are sent.
    fn free_place(&mut self) -> Option<SubjectId> {
        let oldest = self.retired.front()?;
        let mail = self.mail.as_ref();
        let is_over = self.subjects.get(oldest.0)?.serial.is_idle()
            && mail.is_none_or(|mail| mail.courier.is_idle());
        is_over.then(|| self.retired.pop_front())?
    }

    /// Take on a real server `of` a virtual one.
    pub fn add_server(&mut self, name: &str, of: &str, wishes: &Wishes) -> SubjectId {
        let id = self.add(Kind::Server, name, wishes);
        if let Some(subject) = self.subjects.get_mut(id.0) {
            subject.of = Some(of.into());
        }
        id
    }

    /// A subject has another name or other wishes from now on.
    pub fn change(&mut self, id: SubjectId, name: &str, wishes: &Wishes) {
        if let Some(subject) = self.subjects.get_mut(id.0) {
            subject.change(name, wishes);
        }
    }

    /// Send mails of those subjects that want it.
    pub fn use_mail(&mut self, wish: MailWish) {
        self.mail = Some(Mail {
            from: Mailbox::new(&wish.from),
            to: wish.to.iter().map(|to| Mailbox::new(to)).collect(),
            courier: Courier::new(wish.route.clone()),
            connection: None,
            actions: Vec::new(),
            wish,
        });
    }

    /// Tell something, for this cause. Nothing is done before [`Self::follow`].
    pub fn tell(&mut self, now: Instant, id: SubjectId, what: What, priority: u8, cause: &str) {
        let Some(subject) = self.subjects.get_mut(id.0) else {
            return;
        };
        let is_change = matches!(what, What::MasterPriority | What::BackupPriority);
        if is_change && !subject.priority_changes {
            return;
        }
        subject.sequence += 1;
        self.has_news = true;
        let (name, of) = (Rc::clone(&subject.name), subject.of.clone());
        let event = Event {
            kind: subject.kind,
            name: &name,
            of: of.as_deref(),
            what,
            priority,
            cause,
        };
        if !self.pipes.is_empty() {
            self.lines.push_back(event.to_string());
        }
        if is_change {
            return;
        }
        let runs = subject.runs(what, event.arguments(), cause);
        let start = subject.serial.push(now, Subject::class(what), runs);
        self.ready.extend(start.map(|start| (id, start)));
        if what.is_state() && subject.mail {
            self.mail(now, id, &event);
        }
    }

    /// Tell something by mail only, even if that was what it told last.
    pub fn write_to(&mut self, now: Instant, id: SubjectId, what: What, cause: &str) {
        let (Some(mail), Some(subject)) = (&mut self.mail, self.subjects.get(id.0)) else {
            return;
        };
        let event = Event {
            kind: subject.kind,
            name: &subject.name,
            of: subject.of.as_deref(),
            what,
            priority: 0,
            cause,
        };
        self.has_news = true;
        let sender = u64::try_from(id.0).unwrap_or(u64::MAX);
        mail.post(now, sender, &event);
    }

    /// Whether something was told since [`Self::follow`].
    #[must_use]
    pub const fn has_news(&self) -> bool {
        self.has_news
    }

    /// Ask for what has to be done, and for the next deadline.
    pub fn follow(&mut self, s: &mut Scheduler<P>) {
        self.has_news = false;
        let mail = self.mail.as_ref();
        let acts = mail.is_some_and(|mail| !mail.actions.is_empty());
        let works = acts || !self.lines.is_empty() || !self.ready.is_empty();
        if works && !self.is_pumping {
            self.is_pumping = true;
            s.soon("notifications", 0, on_pump::<P>);
        }
        let scripts = self.subjects.iter().filter_map(|s| s.serial.deadline());
        let mails = self.mail.iter().filter_map(|mail| mail.courier.deadline());
        let end = self.stopping_since.into_iter();
        let end = end.flat_map(|at| [at + READER_TIME, at + STOP_TIME]);
        let end = end.filter(|at| *at > s.now());
        self.alarm.follow(s, scripts.chain(mails).chain(end).min());
    }

    /// The daemon stops: hurry.
    pub fn stop(&mut self, s: &mut Scheduler<P>) {
        if self.stopping_since.is_none() {
            self.stopping_since = Some(s.now());
            for subject in &mut self.subjects {
                subject.serial.hurry(s.now(), STOP_PATIENCE);
            }
        }
        self.follow(s);
    }

    /// Whether everything is told, or [`STOP_TIME`] is over.
    #[must_use]
    pub fn is_finished(&self, now: Instant) -> bool {
        let Some(since) = self.stopping_since else {
            return false;
        };
        let mut readers = self.pipes.iter().filter(|pipe| pipe.reader.is_some());
        let mail = self.mail.as_ref();
        let quiet = self.lines.is_empty()
            && self.subjects.iter().all(|s| s.serial.is_idle())
            && mail.is_none_or(|mail| mail.courier.is_idle())
            && (readers.next().is_none() || now >= since + READER_TIME);
        quiet || now >= since + STOP_TIME
    }

    fn mail(&mut self, now: Instant, id: SubjectId, event: &Event<'_>) {
        let (Some(mail), Some(subject)) = (&mut self.mail, self.subjects.get_mut(id.0)) else {
            return;
        };
        let unwanted = event.what == What::Fault && mail.wish.no_faults;
        if unwanted || subject.mailed == Some(event.what) {
            return;
        }
        subject.mailed = Some(event.what);
        let sender = u64::try_from(id.0).unwrap_or(u64::MAX);
        mail.post(now, sender, event);
    }

    fn watch_child(&mut self, s: &mut Scheduler<P>, name: &'static str, pid: Pid, child: Child) {
        let key = self.next_child;
        self.next_child += 1;
        match s.child(name, pid, None, key, on_child::<P>) {
            Ok(_) => {
                self.children.insert(key, child);
            }
            Err(error) => {
                log::error!("cannot watch {name} {pid}: {error}");
                self.ended(s.now(), child);
            }
        }
    }

    /// A script is over, and the next one may start.
    fn ended(&mut self, now: Instant, child: Child) {
        match child {
            Child::Script(id, ticket) => {
                let subject = self.subjects.get_mut(id.0);
                let start = subject.and_then(|subject| subject.serial.ended(now, ticket));
                self.ready.extend(start.map(|start| (id, start)));
            }
            Child::Reader(number, pid) => {
                let pipe = self.pipe(number);
                if let Some(pipe) = pipe.filter(|pipe| pipe.reader == Some(pid)) {
                    pipe.reader = None;
                }
            }
        }
    }

    /// One portion of each kind of work.
    fn pump(&mut self, s: &mut Scheduler<P>) {
        self.is_pumping = false;
        self.write_lines(s.now(), LINES_PER_ROUND);
        for _ in 0..SCRIPTS_PER_ROUND {
            let Some((id, start)) = self.ready.pop_front() else {
                break;
            };
            self.start_script(s, id, &start);
        }
        if let Some(mail) = &mut self.mail {
            mail.act(s);
        }
    }

    fn start_script(&mut self, s: &mut Scheduler<P>, id: SubjectId, start: &Start<Run>) {
        let run = &start.command;
        if start.impatient {
            let name = self.subjects.get(id.0).map_or("?", |s| &s.name);
            log::warn!("({name}) a notify script still runs: the next one does not wait for it");
        }
        let mut program = (*run.program).clone();
        let cause = program.set_variable("KEEPALIVED_CAUSE", &run.cause);
        let sequence = program.set_variable("KEEPALIVED_SEQUENCE", &run.sequence.to_string());
        let arguments: Vec<&str> = run.arguments.iter().map(String::as_str).collect();
        let started = cause.and(sequence).and_then(|()| program.start(&arguments));
        let child = Child::Script(id, start.ticket);
        match started {
            Ok(pid) => self.watch_child(s, "notify script", pid, child),
            Err(error) => {
                log::error!(
                    "cannot start notify script {}: {error}",
                    program.path().display()
                );
                self.ended(s.now(), child);
            }
        }
    }
}

/// After anything was done.
pub(super) fn done<P: Host>(program: &mut P, s: &mut Scheduler<P>) {
    program.notifier().follow(s);
    program.notified(s);
}

fn on_pump<P: Host>(program: &mut P, s: &mut Scheduler<P>, _: Key) {
    program.notifier().pump(s);
    done(program, s);
}

fn on_alarm<P: Host>(program: &mut P, s: &mut Scheduler<P>, _: Key) {
    let now = s.now();
    let notifier = program.notifier();
    for (number, subject) in notifier.subjects.iter_mut().enumerate() {
        if subject.serial.deadline().is_some_and(|at| at <= now) {
            let start = subject.serial.tick(now);
            let id = SubjectId(number);
            notifier.ready.extend(start.map(|start| (id, start)));
        }
    }
    if let Some(mail) = &mut notifier.mail {
        mail.courier.tick(now, &mut mail.actions);
    }
    done(program, s);
}

fn on_child<P: Host>(program: &mut P, s: &mut Scheduler<P>, key: Key, event: ChildEvent) {
    let notifier = program.notifier();
    let Some(child) = notifier.children.remove(&key) else {
        return;
    };
    if let (Child::Reader(number, pid), None) = (child, notifier.stopping_since)
        && notifier
            .pipe(number)
            .is_some_and(|pipe| pipe.reader == Some(pid))
    {
        log::warn!("a notify fifo script has ended ({event:?}): nobody may read the pipe");
    }
    notifier.ended(s.now(), child);
    done(program, s);
}

#[cfg(test)]
mod tests;
