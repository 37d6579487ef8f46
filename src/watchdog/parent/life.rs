//! `startup_script` before the children, `shutdown_script` after them.
//!
//! ```text
//! begin() ── startup_script ──► children ──► all ended ── shutdown_script ──► leave()
//! ```
//!
//! The loop goes on meanwhile: a daemon that is stopped during its startup script
//! does not wait for it.

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use scheduler::{ChildEvent, ChildId, Exit, Key, Scheduler, Stop};

use super::{NOT_STARTED, START_LIMIT, WatchDog};
use crate::global::notify::LifeScript;
use crate::notify::command;
use crate::watchdog::watch::Event;

/// Which script of the two.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Moment {
    Startup,
    Shutdown,
}

impl Moment {
    const fn keyword(self) -> &'static str {
        match self {
            Self::Startup => "startup_script",
            Self::Shutdown => "shutdown_script",
        }
    }
}

/// The script that runs.
#[derive(Debug)]
pub(super) struct Life {
    moment: Moment,
    pid: Pid,
    child: ChildId<WatchDog>,
}

impl WatchDog {
    /// The startup script, and the children after it.
    pub(super) fn begin(&mut self, s: &mut Scheduler<Self>) {
        if !self.run_life_script(s, Moment::Startup) {
            self.start_children(s);
        }
    }

    /// All children have ended: the shutdown script, and the end after it.
    pub(super) fn finished(&mut self, s: &mut Scheduler<Self>, status: u8) {
        if !self.started {
            self.startup
                .report(if status == 0 { NOT_STARTED } else { status });
        }
        s.exit_with(Exit(i32::from(status)));
        if let Some(startup) = self.life.take() {
            s.forget_child(startup.child);
            kill(&startup);
        }
        if !self.run_life_script(s, Moment::Shutdown) {
            s.stop(Stop::Now);
        }
    }

    fn start_children(&mut self, s: &mut Scheduler<Self>) {
        let limit = s.now() + START_LIMIT;
        s.at("start limit", limit, 0, Self::on_start_limit);
        self.on(s, Event::Start);
        self.check_started(s);
        self.reload_again(s);
    }

    /// False if there is none, or it cannot be run.
    fn run_life_script(&mut self, s: &mut Scheduler<Self>, moment: Moment) -> bool {
        let keyword = moment.keyword();
        let notify = &self.ground.config.global.notify;
        let LifeScript { script, timeout } = match moment {
            Moment::Startup => &notify.startup,
            Moment::Shutdown => &notify.shutdown,
        };
        let Some(wanted) = &script.command else {
            return false;
        };
        log::info!("Running {keyword} {}", wanted.path.display());
        let limit = s.refresh() + *timeout;
        let started = command::program(wanted).and_then(|program| {
            let pid = program.start(&[])?;
            let child = s.child(keyword, pid, Some(limit), 0, Self::on_life_script)?;
            Ok(Life { moment, pid, child })
        });
        match started {
            Ok(life) => self.life = Some(life),
            Err(error) => log::error!("cannot run {keyword}: {error}"),
        }
        self.life.is_some()
    }

    fn on_life_script(&mut self, s: &mut Scheduler<Self>, _: Key, event: ChildEvent) {
        let Some(life) = &self.life else { return };
        let (moment, keyword) = (life.moment, life.moment.keyword());
        match event {
            ChildEvent::Exited(0) => log::debug!("{keyword} has ended"),
            ChildEvent::Exited(status) => log::warn!("{keyword} exited with status {status}"),
            ChildEvent::Signaled(signal) => log::warn!("{keyword} was ended by signal {signal}"),
            ChildEvent::Late => {
                log::error!("{keyword} takes too long: killing it");
                // Its end is told, too.
                return kill(life);
            }
        }
        self.life = None;
        match moment {
            Moment::Startup => self.start_children(s),
            Moment::Shutdown => s.stop(Stop::Now),
        }
    }
}

/// The script with everything it has started.
fn kill(life: &Life) {
    if let Err(errno) = killpg(life.pid, Signal::SIGKILL) {
        log::warn!("cannot kill {}: {errno}", life.moment.keyword());
    }
}
