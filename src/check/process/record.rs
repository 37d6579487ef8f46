//! What of the kernel's table is ours, kept in a file beside the pid file for the next
//! life of this process: after a crash, or with `--dont-release-ipvs`.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::kernel_table::options;
use crate::control_plane::Config;
use crate::ipvs::kernel::Kernel;
use crate::ipvs::plan::{self, Stop};
use crate::ipvs::reader::{Detail, Scope};
use crate::ipvs::{ServiceKey, remembered};
use crate::watchdog::launch::Plumbing;
use crate::watchdog::launch::paths::{PidPaths, RUN_DIR};
use crate::watchdog::launch::role::Role;

/// The file.
#[derive(Debug)]
pub(super) struct Record {
    path: PathBuf,
    written: Option<String>,
}

impl Record {
    /// Beside the pid file of the checker process.
    pub(super) fn new(plumbing: &Plumbing, own_dir: bool) -> Self {
        let given = plumbing.settings.pid_files.clone();
        let run = Path::new(RUN_DIR);
        Self::beside(&PidPaths::new(run, given, &plumbing.names, own_dir))
    }

    fn beside(paths: &PidPaths) -> Self {
        Self {
            path: paths.of(Role::Check).with_extension("ipvs"),
            written: None,
        }
    }

    /// What an earlier life has left behind.
    pub(super) fn read(&self) -> BTreeSet<ServiceKey> {
        match fs::read_to_string(&self.path) {
            Ok(text) => remembered::read(&text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeSet::new(),
            Err(error) => {
                log::warn!("cannot read {}: {error}", self.path.display());
                BTreeSet::new()
            }
        }
    }

    /// These are ours from now on. The file is replaced as a whole, before the kernel
    /// hears of them.
    pub(super) fn write<'a>(&mut self, keys: impl IntoIterator<Item = &'a ServiceKey>) {
        let text = remembered::write(keys);
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
    let ours = record.read();
    if ours.is_empty() {
        return;
    }
    match take_out(config, &ours) {
        Ok(0) => {}
        Ok(count) => log::info!("Removed {count} virtual servers of a run that was killed"),
        // Without IPVS in the kernel there is nothing left.
        Err(error) => log::warn!("IPVS: cannot remove what a killed run has left: {error}"),
    }
    record.remove();
}

/// How many there were.
fn take_out(config: &Config, ours: &BTreeSet<ServiceKey>) -> io::Result<usize> {
    let mut kernel = Kernel::open(&options(config)).map_err(io::Error::other)?;
    let there = kernel.read_table(Scope::All, Detail::Settings)?;
    let there = there.table.services;
    let left: Vec<&ServiceKey> = there.keys().filter(|key| ours.contains(key)).collect();
    let count = left.len();
    for request in plan::at_stop(left, Stop::Delete) {
        kernel.queue(request);
    }
    kernel.carry_out(&mut Vec::new())?;
    Ok(count)
}
