//! The parent process: reads the configuration, starts the children, keeps them
//! alive, stops them in order.
//!
//! ```text
//! command ──► start() ──► configuration ──► namespace ──► pid files ──► background
//!                                                                          │
//!                               WatchDog (parent.rs), its loop  ◄──────────┘
//!                               │      │       │
//!                     bfd     check    vrrp    dbus      launch::spawn
//! ```
//!
//! * [`watch`] is the machine that decides: respawn, back-off, end.
//! * [`parent`] is its shell: scheduler handlers, signals, actions to system calls.
//! * [`launch`] makes a process out of a role; `launch::role` is the table of roles,
//!   [`programs`] has what they do.
//! * [`ipc`] is what children tell; [`dump_files`] writes the dumps they hand over.
//! * [`desk`] answers those who watch, with what children tell ([`survey`]).
//! * [`reload`] goes over to a new configuration; [`schedule`] knows when a file asks
//!   for that.
//! * [`config`] reads the configuration and tells what is wrong with it; [`kept`] is
//!   what stays of it here.
//!
//! Everything that can refuse the start (a bad configuration, a running daemon, a
//! missing namespace) comes before the command goes into the background, so its
//! reason reaches the standard error output and its status the caller.
#![forbid(unsafe_code)]

pub mod compiled;
pub mod config;
pub mod desk;
pub mod dump_files;
pub mod ipc;
pub mod kept;
mod key_file;
mod last_words;
pub mod launch;
pub mod machine;
pub mod names;
pub mod parent;
pub mod programs;
pub mod reload;
mod reload_files;
pub mod schedule;
pub mod settings;
pub mod signals;
pub mod survey;
pub mod systemd;
pub mod watch;

use std::io;
use std::path::Path;
use std::rc::Rc;

use nix::sys::stat::{Mode, umask};

use crate::control_plane::Config;
use crate::dump::Text;
use crate::dump::global::definitions;
use crate::global::UMASK;
use crate::memory::account::{self, Tag};
use crate::model::version;
use crate::sys::{fork, memory, ns, prctl, rlimit, sysctl};

use kept::KeptConfig;
use launch::daemon::{Detached, Startup, detach};
use launch::limits;
use launch::paths::{PidPaths, RUN_DIR, make_directory};
use launch::pidfile::{PidFile, Refusal};
use launch::role::{ROLES, Role, RoleSpec};
use names::{Names, TASK_NAME};
use parent::{Ground, WatchDog};
use settings::{CoreFiles, Settings};
use systemd::Manager;

/// What the parent process is called in messages.
const TITLE: &str = "Parent";
/// Exit status of a fatal error.
const FATAL: u8 = 1;

/// Run the daemon. Gives the exit status of this process, which in daemon mode is
/// the command's: 0 once the daemon has started.
#[must_use]
pub fn start(settings: Settings) -> u8 {
    let settings = Rc::new(settings);
    account::begin(Tag::Parent);
    if !settings.memory_account {
        account::stop();
    }
    fork::close_given();
    last_words::install(settings.core.is_some());
    set_umask(settings.umask.unwrap_or(UMASK));
    crate::log::start(&Names::of_settings(&settings).log_setup(&settings, None));
    greet(&settings);
    let status = match prepare(&settings) {
        Ok(ground) => go(ground),
        Err(status) => {
            let manager = Manager::at(settings.notify_socket.as_deref(), None);
            manager.tell(&format!(
                "ERRNO={}\nSTATUS=Not started, see the log",
                libc::EINVAL
            ));
            status
        }
    };
    log::info!("Stopped {}", version::line());
    account::report(TITLE, settings.memory_log);
    crate::log::finish();
    status
}

fn greet(settings: &Settings) {
    log::info!("Starting {}", version::line());
    log::info!("Running on {}", version::running_on());
    let words = settings.command_line.iter();
    let words: Vec<String> = words.map(|word| format!("'{word}'")).collect();
    log::info!("Command line: {}", words.join(" "));
}

/// Everything that may refuse the start. The error is the exit status; its reason
/// has been told.
fn prepare(settings: &Rc<Settings>) -> Result<Ground, u8> {
    let (config, has_namespace) = read_config(settings)?;
    settings.set_umask(&config);
    limits::remember();
    if config.global.oom_score.is_some() {
        limits::set_oom_score(TITLE, config.global.oom_score);
    }
    let names = Names::new(settings, &config);
    crate::log::start(&names.log_setup(settings, None));
    if let Some(core) = &settings.core {
        allow_core_files(core);
    }
    name_task(&config);
    if settings.dump_config {
        let mut text = Text::default();
        definitions(&config.global, &mut text);
        log::info!("{}", text.finish());
    }
    reload_files::make_save_dir(&config.global.reload);
    let roles = roles(settings, &config);
    let own_dir = has_namespace || config.global.use_pid_dir;
    let given = settings.pid_files.clone();
    let paths = PidPaths::new(Path::new(RUN_DIR), given, &names, own_dir);
    let (pid_file, child_pid_files) = claim_pid_files(&paths, &roles)?;
    memory::give_back_free();
    Ok(Ground {
        settings: Rc::clone(settings),
        config,
        names,
        paths,
        roles,
        pid_file,
        child_pid_files,
    })
}

fn name_task(config: &Config) {
    let name = config.global.process_names.parent.as_deref();
    if let Err(error) = prctl::set_task_name(name.unwrap_or(TASK_NAME)) {
        log::warn!("Cannot set the process name: {error}");
    }
}

/// Into the background, unless it is not wanted, and into the loop.
fn go(ground: Ground) -> u8 {
    let startup = if ground.settings.foreground {
        Startup::foreground()
    } else {
        match detach() {
            Ok(Detached::Command(status)) => {
                // The last messages are the daemon's.
                crate::log::stop();
                return status;
            }
            Ok(Detached::Daemon(startup)) => {
                // The number of the process in the log has changed.
                crate::log::start(&ground.names.log_setup(&ground.settings, None));
                startup
            }
            Err(error) => {
                log::error!("Cannot go into the background: {error}");
                return FATAL;
            }
        }
    };
    match WatchDog::run(ground, startup) {
        Ok(status) => status,
        Err(error) => {
            log::error!("The event loop failed: {error}");
            FATAL
        }
    }
}

/// Enter a network namespace, with a directory of its own for what is shown to others.
fn enter_namespace(settings: &Settings, name: &str) -> Result<(), u8> {
    let refuse = |error: io::Error| {
        complain(
            settings,
            &format!("Cannot enter network namespace {name}: {error}"),
        );
        FATAL
    };
    ns::enter_network(name).map_err(refuse)?;
    let shown = Path::new(RUN_DIR).join("keepalived");
    let own = shown.join(name);
    make_directory(&shown)
        .and_then(|()| make_directory(&own))
        .and_then(|()| ns::bind_privately(&own, &shown))
        .map_err(refuse)
}

/// The configuration, read in the network namespace of `-s` or in the one it asks for.
/// True if there is one.
fn read_config(settings: &Settings) -> Result<(KeptConfig, bool), u8> {
    if let Some(name) = &settings.namespace {
        enter_namespace(settings, name)?;
    }
    let mut loaded = config::read(settings);
    let asked = config::asked_namespace(settings, &loaded);
    if let Some(name) = &asked {
        enter_namespace(settings, name)?;
        drop(loaded);
        loaded = config::read(settings);
    }
    let has_namespace = settings.namespace.is_some() || asked.is_some();
    config::log_messages(&loaded);
    let usable = config::usable(&loaded).inspect_err(|_| {
        if !(settings.log.console && settings.foreground) {
            tell(&config::report(&loaded));
        }
    });
    usable.map(|config| (KeptConfig::new(config), has_namespace))
}

/// The children to run. What the configuration needs and is not there is said.
fn roles(settings: &Settings, config: &Config) -> Vec<Role> {
    let wanted = ROLES.iter().filter(|spec| {
        let allowed = settings.roles.contains(&spec.role);
        allowed && spec.is_wanted(&config.presence, settings.all_roles)
    });
    let (ready, absent): (Vec<&RoleSpec>, Vec<_>) =
        wanted.partition(|spec| programs::of(spec.role).is_some());
    for spec in absent {
        let title = spec.title;
        log::warn!("There is no {title} process: this program was built without {title}");
    }
    if ready.is_empty() {
        log::warn!("Warning - keepalived has no configuration to run");
    }
    ready.into_iter().map(|spec| spec.role).collect()
}

type ChildPidFiles = Vec<(Role, PidFile)>;

fn claim_pid_files(paths: &PidPaths, roles: &[Role]) -> Result<(PidFile, ChildPidFiles), u8> {
    if let Err(error) = paths.make_dir() {
        log::error!("Cannot make the directory of pid files: {error}");
        return Err(FATAL);
    }
    let parent = claim(&paths.parent())?;
    let mut children = Vec::new();
    for &role in roles {
        match claim(&paths.of(role)) {
            Ok(file) => children.push((role, file)),
            Err(status) => {
                release(parent, children, paths);
                return Err(status);
            }
        }
    }
    Ok((parent, children))
}

fn claim(path: &Path) -> Result<PidFile, u8> {
    PidFile::claim(path).map_err(|refusal| {
        let text = match refusal {
            Refusal::Running => "daemon is already running".to_owned(),
            Refusal::Io(error) => format!("Cannot open pid file {}: {error}", path.display()),
        };
        log::error!("{text}");
        tell(&format!("{text}\n"));
        FATAL
    })
}

/// Remove the pid files of this daemon.
fn release(parent: PidFile, children: ChildPidFiles, paths: &PidPaths) {
    for (_, file) in children {
        file.remove();
    }
    parent.remove();
    paths.remove_dir();
}

fn allow_core_files(core: &CoreFiles) {
    let mut result = rlimit::allow_core_files().and_then(|()| prctl::set_dumpable(true));
    if let Some(pattern) = &core.pattern {
        result = result.and_then(|()| sysctl::write("kernel.core_pattern", pattern));
    }
    if let Err(error) = result {
        log::warn!("Cannot allow core files: {error}");
    }
}

fn set_umask(mask: u32) {
    umask(Mode::from_bits_truncate(mask));
}

/// Into the log, and to whoever typed the command.
fn complain(settings: &Settings, text: &str) {
    log::error!("{text}");
    if !(settings.log.console && settings.foreground) {
        tell(&format!("{text}\n"));
    }
}

/// To whoever typed the command. A closed output is nobody's concern.
fn tell(text: &str) {
    use std::io::Write as _;
    let _ = io::stderr().write_all(text.as_bytes());
}
