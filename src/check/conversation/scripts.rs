//! The processes of `MISC_CHECK`, each with its group.
//!
//! A script that has to end gets SIGTERM; if it does not listen, SIGKILL after 2 s,
//! again after 2 s, and then every 10 s (`protocols.md` section 13). Its attempt is
//! over before that; until it has gone, it is among those that are *ending*.

use std::fmt;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use scheduler::{ChildEvent, ChildId, Id, Key, Pid, Scheduler, Slab};

use super::talk::Carrier;
use super::wakings::on_exit;
use super::{Host, Refusal, TalkId};
use crate::check::checker::MiscSettings;
use crate::notify::command;
use crate::sys::exec::Program;

/// From SIGTERM to SIGKILL, and to the second one.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between further ones.
const LONG_PATIENCE: Duration = Duration::from_secs(10);

/// Names a process.
pub(super) type ScriptId<P> = Id<Script<P>>;

/// A running script.
pub(super) struct Script<P> {
    talk: TalkId<P>,
    pid: Pid,
    child: Option<ChildId<P>>,
    /// `None`: its attempt is under way. Else how often it was told to end.
    pushes: Option<u32>,
}

/// All scripts.
pub(super) struct Scripts<P> {
    running: Slab<Script<P>>,
}

impl<P> Default for Scripts<P> {
    fn default() -> Self {
        Self {
            running: Slab::new(),
        }
    }
}

impl<P: Host> Scripts<P> {
    /// Start a script for an attempt; `program` is kept for the next one. One of the same check that has not gone in
    /// spite of all signals makes the attempt fail.
    pub(super) fn start(
        &mut self,
        s: &mut Scheduler<P>,
        talk: TalkId<P>,
        settings: &MiscSettings,
        program: &mut Option<Box<Program>>,
    ) -> Result<Carrier<P>, Refusal> {
        if self.running.iter().any(|(_, script)| script.talk == talk) {
            let why = "the script of the last check has still not ended";
            return Err(Refusal::Remote(why.to_owned()));
        }
        let local = |error: std::io::Error| Refusal::Local(error.to_string());
        let program = match program {
            Some(program) => program,
            None => program.insert(Box::new(
                command::program(&settings.command).map_err(local)?,
            )),
        };
        let pid = program.start(&[]).map_err(local)?;
        let id = self.running.insert(Script {
            talk,
            pid,
            child: None,
            pushes: None,
        });
        match s.child("check script", pid, None, id.to_bits(), on_child::<P>) {
            Ok(child) => {
                if let Some(script) = self.running.get_mut(id) {
                    script.child = Some(child);
                }
                Ok(Carrier::Script(id))
            }
            Err(error) => {
                self.running.remove(id);
                tell_group(pid, Signal::SIGKILL);
                // It cannot be watched, so it is waited for here: it ends at once.
                let _ = nix::sys::wait::waitpid(pid, None);
                Err(local(error))
            }
        }
    }

    /// Nobody waits for its result any more.
    pub(super) fn end(&mut self, s: &mut Scheduler<P>, id: ScriptId<P>) {
        if let Some(script) = self.running.get_mut(id) {
            script.push(s);
        }
    }

    /// Whether none runs.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// Tell all that the process ends.
    pub(super) fn abandon(&mut self, s: &mut Scheduler<P>) {
        let all: Vec<ScriptId<P>> = self.running.iter().map(|(id, _)| id).collect();
        for script in all.into_iter().filter_map(|id| self.running.remove(id)) {
            if let Some(child) = script.child {
                s.forget_child(child);
            }
            if script.pushes.is_none() {
                tell_group(script.pid, Signal::SIGTERM);
            }
        }
    }
}

impl<P> Script<P> {
    /// Tell it to end, more urgently each time.
    fn push(&mut self, s: &mut Scheduler<P>) {
        let pushes = self.pushes.unwrap_or_default();
        let (signal, patience) = match pushes {
            0 => (Signal::SIGTERM, PATIENCE),
            1 => (Signal::SIGKILL, PATIENCE),
            _ => (Signal::SIGKILL, LONG_PATIENCE),
        };
        self.pushes = Some(pushes.saturating_add(1));
        tell_group(self.pid, signal);
        if let Some(child) = self.child {
            s.limit_child(child, Some(s.now() + patience));
        }
    }
}

fn on_child<P: Host>(program: &mut P, s: &mut Scheduler<P>, key: Key, event: ChildEvent) {
    let id = ScriptId::from_bits(key);
    let scripts = &mut program.conversations().scripts;
    let status = match event {
        ChildEvent::Late => {
            if let Some(script) = scripts.running.get_mut(id) {
                script.push(s);
            }
            return;
        }
        ChildEvent::Exited(code) => u8::try_from(code).ok(),
        ChildEvent::Signaled(_) => None,
    };
    let Some(script) = scripts.running.remove(id) else {
        return;
    };
    if script.pushes.is_some() {
        // The rest of its group may not have listened.
        tell_group(script.pid, Signal::SIGKILL);
    } else {
        on_exit(program, s, script.talk, status);
    }
}

/// The script and all it has started that is still in its process group.
fn tell_group(pid: Pid, signal: Signal) {
    // It may have ended meanwhile.
    let _ = killpg(pid, signal);
}

impl<P> fmt::Debug for Scripts<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scripts")
            .field("running", &self.running.len())
            .finish_non_exhaustive()
    }
}
