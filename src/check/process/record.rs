//! What of the kernel's IPVS is ours, kept in a file beside the pid file for the next
//! life of this process: after a crash, or with `--dont-release-ipvs`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::kernel_table::options;
use crate::control_plane::Config;
use crate::ipvs::ServiceKey;
use crate::ipvs::kernel::{Kernel, OpenError, Options};
use crate::ipvs::plan::{self, Stop};
use crate::ipvs::reader::{Detail, Scope};
use crate::ipvs::remembered::{ChangedTimeouts, Remembered};
use crate::model::OtherNamespace;
use crate::watchdog::launch::Plumbing;
use crate::watchdog::launch::paths::{PidPaths, RUN_DIR};
use crate::watchdog::launch::role::Role;

/// The file.
#[derive(Debug)]
pub(super) struct Record {
    path: PathBuf,
    now: Remembered,
    written: Option<String>,
}

impl Record {
    /// Beside the pid file of the checker process.
    pub(super) fn new(plumbing: &Plumbing, config: &Config) -> Self {
        let given = plumbing.settings.pid_files.clone();
        let run = Path::new(RUN_DIR);
        let own_dir = config.global.use_pid_dir;
        let mut record = Self::beside(&PidPaths::new(run, given, &plumbing.names, own_dir));
        record.now.namespace = config.global.lvs.namespace.place().map(OtherNamespace::of);
        record
    }

    fn beside(paths: &PidPaths) -> Self {
        Self {
            path: paths.of(Role::Check).with_extension("ipvs"),
            now: Remembered::default(),
            written: None,
        }
    }

    /// What an earlier life has left behind.
    fn read(&self) -> Remembered {
        match fs::read_to_string(&self.path) {
            Ok(text) => Remembered::read(&text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Remembered::default(),
            Err(error) => {
                log::warn!("cannot read {}: {error}", self.path.display());
                Remembered::default()
            }
        }
    }

    /// What an earlier life has left behind where the services are. What it has left in
    /// another network namespace is taken out there.
    pub(super) fn take_over(&self, config: &Config) -> Remembered {
        let left = self.read();
        if left.namespace == self.now.namespace {
            return left;
        }
        undo_all(config, &left);
        Remembered::default()
    }

    /// These are ours from now on. The file is replaced as a whole, before the kernel
    /// hears of them.
    pub(super) fn write<'a>(&mut self, keys: impl IntoIterator<Item = &'a ServiceKey>) {
        self.now.services = keys.into_iter().copied().collect();
        self.keep();
    }

    /// These time-outs are to be given back.
    pub(super) fn write_timeouts(&mut self, timeouts: Option<ChangedTimeouts>) {
        self.now.timeouts = timeouts;
        self.keep();
    }

    fn keep(&mut self) {
        let text = self.now.write();
        if self.written.as_ref() == Some(&text) {
            return;
        }
        let new = self.path.with_extension("ipvs.new");
        let written = fs::write(&new, &text).and_then(|()| fs::rename(&new, &self.path));
        if let Err(error) = written {
            log::warn!(
                "cannot write {}: {error}. After a crash, services that are configured no more \
                 would stay in the kernel",
                self.path.display()
            );
        }
        self.written = Some(text);
    }

    /// Nothing is ours any more.
    pub(super) fn remove(&self) {
        // It may never have been written.
        let _ = fs::remove_file(&self.path);
    }
}

/// Take out of the kernel what a killed checker process has left there, as no other one
/// is started.
pub(super) fn undo(config: &Config, paths: &PidPaths) {
    let record = Record::beside(paths);
    undo_all(config, &record.read());
    record.remove();
}

fn undo_all(config: &Config, left: &Remembered) {
    if left.is_empty() {
        return;
    }
    let options = Options {
        namespace: left.namespace.as_ref().map(OtherNamespace::place),
        ..options(config)
    };
    match take_out(&options, left) {
        Ok(0) => {}
        Ok(count) => log::info!("Removed {count} virtual servers of a run that was killed"),
        Err(error) => log::warn!("IPVS: cannot remove what a killed run has left: {error}"),
    }
}

/// How many services there were.
fn take_out(options: &Options<'_>, left: &Remembered) -> io::Result<usize> {
    let mut kernel = match Kernel::open_anyway(options) {
        Ok(kernel) => kernel,
        // The namespace is gone, and all that was in it.
        Err(OpenError::System(error)) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(io::Error::other(error)),
    };
    if !kernel.is_there() {
        return Ok(0);
    }
    if let Some(before) = to_give_back(left, &mut kernel)? {
        kernel.set_timeouts(before.before);
    }
    let there = kernel.read_table(Scope::All, Detail::Settings)?;
    let there = there.table.services;
    let ours = there.keys().filter(|key| left.services.contains(key));
    let ours: Vec<&ServiceKey> = ours.collect();
    let count = ours.len();
    for request in plan::at_stop(ours, Stop::Delete) {
        kernel.queue(request);
    }
    kernel.carry_out(&mut Vec::new())?;
    Ok(count)
}

/// The time-outs to be given back, if nobody has changed them since.
pub(super) fn to_give_back(
    left: &Remembered,
    kernel: &mut Kernel,
) -> io::Result<Option<ChangedTimeouts>> {
    let Some(changed) = left.timeouts else {
        return Ok(None);
    };
    Ok((kernel.timeouts()? == changed.given).then_some(changed))
}
