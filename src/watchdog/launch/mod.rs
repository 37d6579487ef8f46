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
//!   |-------- reload ------------>  orders::obey() when channel() is readable
//!   |<------- exit status -------   _exit(status)
//! ```
//!
//! [`child`] is what all children do in `main`, `orders` what they do for the parent,
//! [`Plumbing`] what they have of it. [`daemon`] takes the whole program into the
//! background, [`limits`] applies scheduling and memory settings, [`pidfile`] and
//! [`paths`] keep the pid files, [`role`] is the table of what differs between children,
//! [`rights`] what they may ask the kernel for, [`lines`] is what connects them, `wishes`
//! keeps operators from asking too much; [`rush`] is for work that goes before that of others.

pub mod child;
pub mod daemon;
pub mod limits;
pub mod lines;
mod orders;
pub mod paths;
pub mod pidfile;
mod plumbing;
pub mod rights;
pub mod role;
pub mod rush;
mod wishes;

use std::io;
use std::os::fd::AsFd;
use std::rc::Rc;

use nix::sys::signal::Signal;
use nix::unistd::{Pid, getpid, getppid};

pub use plumbing::Plumbing;

use super::ipc::{self, ChildEnd, ParentEnd};
use super::kept::{ForChild, KeptConfig};
use super::names::Names;
use super::settings::Settings;
use super::signals;
use crate::control_plane::Config;
use crate::log;
use crate::memory::account;
use crate::sys::fork::{Side, close_inherited, fork, leave};
use crate::sys::prctl;
use crate::sys::signals::block_only;
use child::Main;
use lines::Lines;
use role::RoleSpec;
use rush::Rush;
use wishes::Wishes;

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
