//! Reload: the parent reads the files, decides whether they can take over, and
//! goes over to them together with the children, or not at all.
//!
//! ```text
//! SIGHUP ─► read, check, compile ─► that in memory to each child ─► all accept
//!              │ cannot be used                │ one refuses        │
//!              ▼                               ▼                    ▼
//!           the old configuration stays  ◄── Cancel           adopt, Commit
//!                                                                   │
//!                  children that are needed or no longer needed start and end
//!                                                                   │
//!                                             all have changed and are up: done
//! ```
//!
//! A child that dies on the way is started again by the watchdog: with the old
//! configuration it is asked as the others were, with the new one it needs no order.
//! A signal during a reload is remembered, and done once afterwards.

mod judge;

use std::io;
use std::rc::Rc;
use std::time::Duration;

use scheduler::{Key, Scheduler};

use super::config;
use super::ipc::{Order, Told};
use super::kept::KeptConfig;
use super::launch::pidfile::PidFile;
use super::launch::role::Role;
use super::parent::WatchDog;
use super::reload_files::{self, Marker};
use crate::control_plane::Config;
use crate::memory::residency;
use crate::model::UnixTime;
use crate::status::snapshot::RefusalStatus;
use crate::sys::calendar::wall_time;

pub use judge::plan;

/// How long children have for an answer, and again for going over.
const PATIENCE: Duration = Duration::from_secs(5);

/// A reload under way.
#[derive(Debug, Default)]
pub(super) struct Reload {
    phase: Phase,
    /// Children that have not answered yet.
    awaited: Vec<Role>,
    /// What went wrong in children.
    failures: Vec<String>,
    /// Another one is wanted afterwards.
    again: bool,
    /// Counts phases, so that the time limit of one ends no later one.
    number: Key,
    /// How many configurations have taken over.
    pub(super) count: u64,
    /// When the last of them did, in time since the epoch.
    pub(super) last: Option<Duration>,
    /// How many were refused.
    pub(super) refused: u64,
    /// The last one, if it was refused.
    pub(super) refusal: Option<RefusalStatus>,
}

#[derive(Debug, Default)]
enum Phase {
    #[default]
    Idle,
    /// Could the children go over to it?
    Asking(Proposal),
    /// They do.
    Changing,
}

/// A configuration that may take over.
#[derive(Debug)]
struct Proposal {
    config: KeptConfig,
    /// For the children.
    order: Order,
    /// The children that it needs.
    roles: Vec<Role>,
    /// Pid files of those that do not run yet.
    pid_files: Vec<(Role, PidFile)>,
}

/// Whether the other end of a line is closed.
fn has_hung_up(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, NotConnected};
    matches!(error.kind(), BrokenPipe | ConnectionReset | NotConnected)
}

impl WatchDog {
    /// A reload is wanted.
    pub(super) fn reload(&mut self, s: &mut Scheduler<Self>) {
        if self.is_ending() {
            return;
        }
        if !matches!(self.reload.phase, Phase::Idle) || !self.is_running() {
            self.reload.again = true;
            return;
        }
        log::info!("Reloading ...");
        // Not for nothing on the clock: the manager compares it with the signal.
        let now = s.refresh().as_nanos() / 1000;
        self.tell_manager(&format!("RELOADING=1\nMONOTONIC_USEC={now}"));
        let ground = self.ground();
        let marker = Marker::set(&ground.config.global.reload, &ground.paths);
        let loaded = config::read(&ground.settings);
        marker.remove();
        let judged = judge::judge(&self.ground().config, &loaded);
        match judged.and_then(|config| self.proposal(config)) {
            Ok(proposal) => self.ask(s, proposal),
            Err(why) => self.refuse(&why),
        }
    }

    /// The reload that was wanted when it could not be done yet.
    pub(super) fn reload_again(&mut self, s: &mut Scheduler<Self>) {
        if std::mem::take(&mut self.reload.again) {
            self.reload(s);
        }
    }

    /// A child has started. One that has the old configuration is asked, too.
    pub(super) fn reload_meets(&mut self, role: Role) {
        let is_concerned = match &self.reload.phase {
            Phase::Idle => false,
            Phase::Asking(proposal) => {
                proposal.roles.contains(&role) && self.order(role, &proposal.order)
            }
            Phase::Changing => true,
        };
        if is_concerned && !self.reload.awaited.contains(&role) {
            self.reload.awaited.push(role);
        }
    }

    /// A child has said something about the reload.
    pub(super) fn reload_hears(&mut self, s: &mut Scheduler<Self>, role: Role, told: Told) {
        let is_asked = matches!(self.reload.phase, Phase::Asking(_));
        match told {
            Told::Accepted if is_asked => {}
            Told::Refused(why) if is_asked => {
                let title = role.spec().title;
                self.reload.failures.push(format!("{title} process: {why}"));
            }
            Told::Ready | Told::Reloaded if !is_asked => {}
            Told::Accepted
            | Told::Refused(_)
            | Told::Ready
            | Told::Reloaded
            | Told::Settled
            | Told::Alive
            | Told::Dump(..)
            | Told::Headline(_)
            | Told::Observed(_)
            | Told::Unknown => return,
        }
        self.reload_loses(s, role);
    }

    /// Nothing more is expected of a child; it may have ended.
    pub(super) fn reload_loses(&mut self, s: &mut Scheduler<Self>, role: Role) {
        self.reload.awaited.retain(|awaited| *awaited != role);
        self.go_on(s);
    }

    /// What it takes to go over to a configuration.
    fn proposal(&self, config: Rc<Config>) -> Result<Proposal, String> {
        let roles = super::roles(&self.ground().settings, &config);
        let new = roles.iter().filter(|role| !self.has_pid_file(**role));
        let new: Vec<Role> = new.copied().collect();
        let config = KeptConfig::new(config);
        let compiled = config.compiled();
        let compiled = compiled.map_err(|error| format!("no memory for it: {error}"))?;
        Ok(Proposal {
            pid_files: self.claim(&new)?,
            config,
            order: Order::Prepare(compiled),
            roles,
        })
    }

    /// The pid files of processes that come; all of them, or none.
    fn claim(&self, roles: &[Role]) -> Result<Vec<(Role, PidFile)>, String> {
        let mut claimed = Vec::new();
        for &role in roles {
            let Ok(file) = super::claim(&self.ground().paths.of(role)) else {
                claimed
                    .into_iter()
                    .for_each(|(_, file): (Role, PidFile)| file.remove());
                return Err(format!("no pid file for the {} process", role.spec().title));
            };
            claimed.push((role, file));
        }
        Ok(claimed)
    }

    fn ask(&mut self, s: &mut Scheduler<Self>, proposal: Proposal) {
        let stay = |role: &Role| proposal.roles.contains(role);
        let asked = self.running().into_iter().filter(stay);
        let asked: Vec<(Role, io::Result<()>)> = asked
            .map(|role| (role, self.send_order(role, &proposal.order)))
            .collect();
        self.reload.failures.clear();
        for (role, told) in asked {
            match told {
                Ok(()) => self.reload.awaited.push(role),
                // It has ended, or is about to: that is waited for, and who comes after
                // it is asked.
                Err(error) if has_hung_up(&error) => self.reload.awaited.push(role),
                Err(error) => {
                    let title = role.spec().title;
                    let failure = format!("the {title} process cannot be asked: {error}");
                    self.reload.failures.push(failure);
                }
            }
        }
        self.enter(s, Phase::Asking(proposal));
    }

    fn enter(&mut self, s: &mut Scheduler<Self>, phase: Phase) {
        self.reload.phase = phase;
        self.reload.number += 1;
        let end = s.now() + PATIENCE;
        s.at("reload", end, self.reload.number, Self::on_reload_limit);
        self.go_on(s);
    }

    fn on_reload_limit(&mut self, s: &mut Scheduler<Self>, number: Key) {
        if self.reload.number != number {
            return;
        }
        for role in std::mem::take(&mut self.reload.awaited) {
            let failure = format!("the {} process does not answer", role.spec().title);
            self.reload.failures.push(failure);
        }
        self.go_on(s);
    }

    /// The next phase, when all have answered.
    fn go_on(&mut self, s: &mut Scheduler<Self>) {
        if !self.reload.awaited.is_empty() {
            return;
        }
        match std::mem::take(&mut self.reload.phase) {
            Phase::Idle => {}
            Phase::Asking(proposal) if self.reload.failures.is_empty() => self.commit(s, proposal),
            Phase::Asking(proposal) => self.cancel(s, proposal),
            Phase::Changing => self.reloaded(s),
        }
    }

    /// All have accepted.
    fn commit(&mut self, s: &mut Scheduler<Self>, proposal: Proposal) {
        self.record_change(&proposal.config, &proposal.roles);
        self.adopt_config(proposal.config);
        self.follow_schedule(s);
        self.open_desk(s);
        self.save_config();
        for (role, file) in proposal.pid_files {
            self.add_pid_file(role, file);
        }
        self.claim_anew(&proposal.roles);
        let stay = |role: &Role| proposal.roles.contains(role);
        let told = self.running().into_iter().filter(stay);
        let told = told.filter(|role| self.order(*role, &Order::Commit));
        self.reload.awaited = told.collect();
        self.await_change(&self.reload.awaited.clone());
        // Children that start from here on are awaited, too.
        self.reload.phase = Phase::Changing;
        self.want(s, &proposal.roles);
        self.enter(s, Phase::Changing);
    }

    /// A child that was ending may have taken its pid file with it meanwhile.
    fn claim_anew(&mut self, roles: &[Role]) {
        for role in roles {
            if !self.has_pid_file(*role)
                && let Ok(file) = super::claim(&self.ground().paths.of(*role))
            {
                self.add_pid_file(*role, file);
            }
        }
    }

    /// `config_save_dir`
    fn save_config(&mut self) {
        self.reload.count += 1;
        self.reload.last = Some(wall_time());
        self.reload.refusal = None;
        let config = &self.ground().config;
        reload_files::make_save_dir(&config.global.reload);
        reload_files::save_config(config, self.reload.count);
    }

    /// One has refused.
    fn cancel(&mut self, s: &mut Scheduler<Self>, proposal: Proposal) {
        for role in self.running() {
            self.order(role, &Order::Cancel);
        }
        for (_, file) in proposal.pid_files {
            file.remove();
        }
        let why = std::mem::take(&mut self.reload.failures).join("; ");
        self.refuse(&why);
        self.reload_again(s);
    }

    fn refuse(&mut self, why: &str) {
        self.reload.refused += 1;
        self.reload.refusal = Some(RefusalStatus {
            time: UnixTime(wall_time()),
            reason: why.to_owned(),
        });
        log::error!("Reload refused, the old configuration stays: {why}");
        self.tell_failure(&format!("Reload refused: {why}"));
    }

    fn tell_failure(&self, status: &str) {
        // A state is a line.
        let status = self.manager.status(&status.replace('\n', " "));
        let errno = libc::EINVAL;
        self.tell_manager(&format!("READY=1\nERRNO={errno}\nSTATUS={status}"));
    }

    /// All go by the new configuration.
    fn reloaded(&mut self, s: &mut Scheduler<Self>) {
        self.shrink_config();
        residency::settle(s);
        let failures = std::mem::take(&mut self.reload.failures);
        if failures.is_empty() {
            log::info!("Reload finished");
            let status = self.manager.status("Reloaded");
            self.tell_manager(&format!("READY=1\nERRNO=0\nSTATUS={status}"));
        } else {
            let why = failures.join("; ");
            log::error!("Reload finished, but not in all processes: {why}");
            self.tell_failure(&format!("Reload finished, but not in all processes: {why}"));
        }
        self.reload_again(s);
    }
}
