//! Starting a child: the only fork of the daemon's own processes.
//!
//! A child is a fork without exec: it goes on with the configuration that the
//! parent has read, and drops everything else the parent had.
//!
//! ```text
//! parent                         child
//! spawn() --fork--------------->  parent-death signal, is the parent still there?
//!   |                             log closed, descriptors closed, signals blocked
//!   |                             log opened under its own name, task name, limits
//!   |                             main(config, plumbing)
//!   |<------- message -----------   plumbing.ready(), plumbing.dump()
//!   |-------- reload ------------>  plumbing.next_config() when channel() is readable
//!   |<------- exit status -------   _exit(status)
//! ```
//!
//! [`child`] is what all children do in `main`, [`daemon`] takes the whole program into
//! the background, [`limits`] applies
//! scheduling and memory settings, [`pidfile`] and [`paths`] keep the pid files,
//! [`role`] is the table of what differs between children, [`lines`] is what connects
//! them, `wishes` keeps operators from asking too much; [`rush`] is for work that goes
//! before that of others.

pub mod child;
pub mod daemon;
pub mod limits;
pub mod lines;
pub mod paths;
pub mod pidfile;
pub mod role;
pub mod rush;
mod wishes;

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::unistd::{Pid, getpid, getppid};
use scheduler::Instant;

use crate::control_plane::Config;
use crate::dump::memory::accounts;
use crate::global::ProcessLimits;
use crate::log;
use crate::memory::account::{self, Tag};
use crate::sys::fork::{Side, close_inherited, fork, leave};
use crate::sys::prctl;
use crate::sys::signals::{SignalReader, block_only};

use super::compiled::{self, Compiled};
use super::ipc::{self, ChildEnd, DumpKind, Order, ParentEnd};
use super::kept::{ForChild, KeptConfig};
use super::names::Names;
use super::settings::Settings;
use super::signals;
use child::Main;
use lines::{Ends, Lines};
use role::{Role, RoleSpec};
use rush::Rush;
use wishes::Wishes;

/// What a child gets from its parent.
#[derive(Debug)]
pub struct Plumbing {
    /// What kind of child this is.
    pub role: Role,
    /// The command line.
    pub settings: Rc<Settings>,
    /// Names for the log and for files.
    pub names: Names,
    /// The ends of lines to other children.
    pub ends: Ends,
    channel: Option<ChildEnd>,
    /// Signals above those with a name.
    real_time: Option<SignalReader>,
    /// The configuration in use, as the parent handed it over.
    compiled: Option<Compiled>,
    /// What the parent has proposed and not yet decided on.
    proposed: Option<(Rc<Config>, Compiled)>,
    /// The parent wants to know the state.
    is_observed: bool,
    /// The last line for service managers.
    headline: String,
    /// What operators want, and when it is their turn.
    wishes: Wishes,
    /// How this process is scheduled.
    limits: ProcessLimits,
    /// The real-time priority that it got for being late, kept over a reload.
    raised: i32,
    /// Whether it goes before the work of others for a moment.
    rush: Rush,
}

impl Plumbing {
    /// Tell the parent that the configuration is in use and the sockets are open.
    /// The command of daemon mode returns, and the service manager is told, when
    /// all children have said so.
    pub fn ready(&self) {
        limits::enter_class(self.role.spec().title, &self.limits);
        if let Some(channel) = &self.channel {
            // A parent that is gone ends this process by its own signal.
            let _ = channel.ready();
        }
    }

    /// What the parent sends over, to be watched: it is readable when a new
    /// configuration has come.
    #[must_use]
    fn channel(&self) -> Option<BorrowedFd<'_>> {
        self.channel.as_ref().map(AsFd::as_fd)
    }

    /// The next signal without a name.
    fn next_real_time(&self) -> Option<i32> {
        self.real_time.as_ref().and_then(SignalReader::next)
    }

    /// Take what the parent has sent. A proposed configuration is read and judged: a
    /// process that is stopping goes over to none. Gives it back when the parent wants
    /// it to be used; [`Self::reloaded`] is said then.
    fn next_config(
        &mut self,
        in_use: &Config,
        is_stopping: bool,
        objection: impl Fn(&Config) -> Option<String>,
    ) -> Option<Rc<Config>> {
        let mut chosen: Option<Rc<Config>> = None;
        while let Some(order) = self.next_order() {
            match order {
                Order::Prepare(compiled) => {
                    self.leave_class();
                    let read = self.build(chosen.as_deref().unwrap_or(in_use), &compiled);
                    let judged = read.and_then(|config| match is_stopping {
                        true => Err("it is stopping".to_owned()),
                        false => objection(&config).map_or(Ok(config), Err),
                    });
                    self.answer(&judged);
                    self.proposed = judged.ok().map(|config| (config, compiled));
                    self.resume_class();
                }
                Order::Commit => {
                    if let Some((config, compiled)) = self.proposed.take() {
                        self.compiled = Some(compiled);
                        chosen = Some(config);
                    }
                }
                Order::Cancel => self.proposed = None,
                Order::Ping => self.say_alive(),
                Order::Observe => self.is_observed = true,
            }
        }
        if chosen.is_some() {
            self.leave_class();
        }
        chosen
    }

    /// A configuration out of what the parent handed over.
    fn build(&self, in_use: &Config, compiled: &Compiled) -> Result<Rc<Config>, String> {
        let before = self.compiled.as_ref().map(|compiled| (in_use, compiled));
        let octets = compiled.octets();
        let config = octets.and_then(|octets| compiled::configuration(octets, before));
        config.map_err(|error| error.to_string())
    }

    /// What concerns the process itself follows a new configuration: its name, how it
    /// is scheduled.
    pub fn reconfigure(&mut self, old: &Config, new: &Config) {
        let spec = self.role.spec();
        if old.global.process_names != new.global.process_names {
            set_task_name(spec, new);
        }
        let limits = (spec.limits)(new);
        limits::change(spec.title, &self.limits, &limits);
        self.limits = limits;
        if old.global.oom_score != new.global.oom_score {
            limits::set_oom_score(spec.title, new.global.oom_score);
        }
        self.settings.set_umask(new);
    }

    /// SIGXCPU: most of the processor time of a real-time process is used up.
    pub fn tell_budget(&self) {
        let spec = self.role.spec();
        limits::tell_budget(spec.title, spec.prefix);
    }

    /// The loop was late (`max_auto_priority`).
    pub fn raise_priority(&mut self, config: &Config, late: Duration) {
        self.calm();
        limits::raise_priority(self.role.spec().title, &config.global.auto_priority, late);
    }

    /// There is work that cannot wait for that of others; to be said again as long as
    /// there is.
    pub fn hurry(&mut self, now: Instant) {
        self.rush.go_on(now);
    }

    /// What is left of it goes on as it does, but no longer than it may.
    pub fn mind_rush(&mut self, now: Instant) {
        self.rush.limit(now);
    }

    /// There is none any more.
    pub fn calm(&mut self) {
        self.rush.end();
    }

    /// What comes takes longer than a real-time process may take.
    fn leave_class(&mut self) {
        self.calm();
        let priority = limits::leave_class(self.role.spec().title);
        let configured = self.limits.realtime.map_or(0, i32::from);
        self.raised = if priority > configured { priority } else { 0 };
    }

    /// It is over.
    fn resume_class(&self) {
        let title = self.role.spec().title;
        limits::enter_class(title, &self.limits);
        limits::return_to(title, self.raised);
    }

    /// Tell the parent that the new configuration is in use.
    pub fn reloaded(&self) {
        self.resume_class();
        if let Some(channel) = &self.channel {
            // A parent that does not hear it goes on after a while.
            let _ = channel.reloaded();
        }
    }

    /// Tell the parent that what only configurations before had is gone from the kernel.
    pub fn settled(&self) {
        if let Some(channel) = &self.channel {
            // A parent that does not hear it keeps its record of these things.
            let _ = channel.settled();
        }
    }

    /// Whether the parent has asked for the state since the last call.
    pub const fn is_observed(&mut self) -> bool {
        std::mem::replace(&mut self.is_observed, false)
    }

    /// Hand the state over.
    pub fn observed(&self, state: &File) {
        let said = self.channel.as_ref().map(|channel| channel.observed(state));
        if let Some(Err(error)) = said {
            ::log::warn!("Cannot tell the parent process the state: {error}");
        }
    }

    /// Whether somebody reads the line for service managers.
    #[must_use]
    pub fn has_manager(&self) -> bool {
        self.settings.notify_socket.is_some()
    }

    /// Say this process's part of that line, if it is another one than before.
    pub fn say_headline(&mut self, text: String) {
        if text == self.headline {
            return;
        }
        let said = self.channel.as_ref().map(|channel| channel.headline(&text));
        if matches!(said, Some(Ok(()))) {
            self.headline = text;
        }
    }

    fn say_alive(&self) {
        if let Some(channel) = &self.channel {
            // A parent that does not hear it will see to this process.
            let _ = channel.alive();
        }
    }

    fn next_order(&self) -> Option<Order> {
        let channel = self.channel.as_ref()?;
        loop {
            match channel.next_order() {
                Ok(order) => return order,
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    ::log::error!("What the parent process says is not understood");
                }
                Err(_) => return None,
            }
        }
    }

    fn answer(&self, judged: &Result<Rc<Config>, String>) {
        let verdict = judged.as_ref().map(|_| ()).map_err(Clone::clone);
        let said = self
            .channel
            .as_ref()
            .map(|channel| channel.answer(&verdict));
        if let Some(Err(error)) = said {
            ::log::error!("Cannot answer the parent process: {error}");
        }
    }

    /// Have the parent write a dump file.
    pub fn dump(&self, kind: DumpKind, text: &str) {
        let Some(channel) = &self.channel else {
            return;
        };
        let _dump = account::enter(Tag::Dump);
        let accounts = match kind {
            DumpKind::Data => accounts(&account::table()),
            DumpKind::Stats | DumpKind::Json | DumpKind::Before | DumpKind::After => None,
        };
        let text = accounts.map_or(Cow::Borrowed(text), |more| format!("{text}{more}").into());
        if let Err(error) = channel.dump(kind, &text) {
            ::log::warn!("Cannot hand a dump to the parent process: {error}");
        }
    }
}

/// A child that was started.
#[derive(Debug)]
pub struct Spawned {
    /// Its number.
    pub pid: Pid,
    /// What it says.
    pub channel: ParentEnd,
}

/// Start a child.
///
/// # Errors
/// What making the channel or the process says.
pub fn spawn(
    spec: &'static RoleSpec,
    main: Main,
    config: &KeptConfig,
    settings: &Rc<Settings>,
    names: &Names,
    lines: &Lines,
) -> io::Result<Spawned> {
    let (ours, theirs) = ipc::channel()?;
    let ends = lines.of(spec.role)?;
    let parent = getpid();
    match fork()? {
        Side::Parent(pid) => Ok(Spawned { pid, channel: ours }),
        Side::Child => {
            let plumbing = Plumbing {
                role: spec.role,
                settings: Rc::clone(settings),
                names: names.clone(),
                ends,
                channel: None,
                real_time: None,
                compiled: config.kept().cloned(),
                proposed: None,
                is_observed: false,
                headline: String::new(),
                wishes: Wishes::default(),
                limits: (spec.limits)(config),
                raised: 0,
                rush: Rush::default(),
            };
            let whole = config.for_child();
            let prepared = prepare(spec, config, &plumbing, parent, &theirs);
            let status = match prepared.and(whole).and_then(ForChild::configuration) {
                Ok(config) => main(
                    config,
                    Plumbing {
                        channel: Some(theirs),
                        ..plumbing
                    },
                ),
                Err(error) => {
                    ::log::error!("{} process: {error}", spec.title);
                    1
                }
            };
            account::report(spec.title, settings.memory_log);
            log::finish();
            leave(status)
        }
    }
}

/// Turn the copy of the parent into a process of its own.
fn prepare(
    spec: &RoleSpec,
    config: &Config,
    plumbing: &Plumbing,
    parent: Pid,
    channel: &ChildEnd,
) -> io::Result<()> {
    prctl::signal_at_parent_death(Signal::SIGTERM)?;
    // The parent may have died before the line above.
    if getppid() != parent {
        leave(0);
    }
    log::stop();
    let mut kept = plumbing.ends.descriptors();
    kept.push(channel.as_fd());
    kept.extend(plumbing.compiled.as_ref().map(AsFd::as_fd));
    close_inherited(&kept)?;
    drop(kept);
    account::begin(spec.account);
    block_only(&signals::handled())?;
    let settings = &plumbing.settings;
    log::start(&plumbing.names.log_setup(settings, Some(spec)));
    set_task_name(spec, config);
    limits::apply(spec.title, &plumbing.limits);
    Ok(())
}

fn set_task_name(spec: &RoleSpec, config: &Config) {
    let names = &config.global.process_names;
    let default = if names.by_role {
        spec.task_name
    } else {
        super::names::TASK_NAME
    };
    let name = (spec.configured_name)(names).unwrap_or(default);
    if let Err(error) = prctl::set_task_name(name) {
        ::log::warn!("Cannot set the process name to {name}: {error}");
    }
}
