//! What a child has of its parent: the settings, the way back, and how it is scheduled.

use std::borrow::Cow;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;
use std::time::Duration;

use scheduler::Instant;

use super::limits;
use super::lines::Ends;
use super::role::Role;
use super::rush::Rush;
use super::set_task_name;
use super::wishes::Wishes;
use crate::control_plane::Config;
use crate::dump::memory::accounts;
use crate::global::ProcessLimits;
use crate::memory::account::{self, Tag};
use crate::sys::signals::SignalReader;
use crate::watchdog::compiled::Compiled;
use crate::watchdog::ipc::{ChildEnd, DumpKind};
use crate::watchdog::names::Names;
use crate::watchdog::settings::Settings;

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
    pub(super) channel: Option<ChildEnd>,
    /// Signals above those with a name.
    pub(super) real_time: Option<SignalReader>,
    /// The configuration in use, as the parent handed it over.
    pub(super) compiled: Option<Compiled>,
    /// What the parent has proposed and not yet decided on.
    pub(super) proposed: Option<(Rc<Config>, Compiled)>,
    /// The parent wants to know the state.
    pub(super) is_observed: bool,
    /// The last line for service managers.
    pub(super) headline: String,
    /// What operators want, and when it is their turn.
    pub(super) wishes: Wishes,
    /// How this process is scheduled.
    pub(super) limits: ProcessLimits,
    /// The real-time priority that it got for being late, kept over a reload.
    pub(super) raised: i32,
    /// Whether it goes before the work of others for a moment.
    pub(super) rush: Rush,
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
    pub(super) fn channel(&self) -> Option<BorrowedFd<'_>> {
        self.channel.as_ref().map(AsFd::as_fd)
    }

    /// The next signal without a name.
    pub(super) fn next_real_time(&self) -> Option<i32> {
        self.real_time.as_ref().and_then(SignalReader::next)
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
    pub(super) fn leave_class(&mut self) {
        self.calm();
        let priority = limits::leave_class(self.role.spec().title);
        let configured = self.limits.realtime.map_or(0, i32::from);
        self.raised = if priority > configured { priority } else { 0 };
    }

    /// It is over.
    pub(super) fn resume_class(&self) {
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
