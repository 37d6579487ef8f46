//! The record of what the configuration may put into the kernel
//! ([`crate::leftovers`]): when it is written, and when something of it is removed.

use std::collections::BTreeSet;
use std::path::Path;

use super::WatchDog;
use crate::control_plane::Config;
use crate::leftovers::file::Refusal;
use crate::leftovers::kernel::{Removed, remove};
use crate::leftovers::record::Flaw;
use crate::leftovers::survey;
use crate::leftovers::{Item, Party, Record, RecordFile};
use crate::sys::memory;
use crate::watchdog::launch::paths::{PidPaths, RUN_DIR};
use crate::watchdog::launch::role::{ROLES, Role};
use crate::watchdog::programs;
use crate::watchdog::watch::End;

/// The record, and who may not have gone by it.
#[derive(Debug)]
pub(super) struct Leftovers {
    /// Nothing if there can be none.
    file: Option<RecordFile>,
    /// Children that have not yet gone over to the configuration in force.
    changing: Vec<Role>,
    /// Children that did not end in order and were not started again.
    untidy: Vec<Role>,
    /// Those of whose things some are former in the record.
    with_former: Vec<Party>,
}

impl Leftovers {
    /// That of a daemon with these files.
    pub(super) fn new(paths: &PidPaths) -> Self {
        let file = RecordFile::new(paths.record());
        if let Err(error) = &file {
            log::warn!("There will be no record of what is in the kernel: {error}");
        }
        Self {
            file: file.ok(),
            changing: Vec::new(),
            untidy: Vec::new(),
            with_former: Vec::new(),
        }
    }

    /// The record there. What is no record is told, and nothing of it used.
    fn read(&self) -> Option<Record> {
        let file = self.file.as_ref()?;
        match file.read() {
            Ok(record) => record,
            Err(Refusal::Flaw(Flaw::Elsewhere)) => None,
            Err(why) => {
                log::warn!(
                    "The record {} is not used: {why}. What a killed run has left in the kernel, \
                     and is configured no more, stays there",
                    file.path().display()
                );
                None
            }
        }
    }

    /// Whether nothing has to be written: few reloads change what is in the kernel.
    fn has(&self, record: &Record) -> bool {
        self.file.as_ref().is_some_and(|file| file.holds(record))
    }

    fn write(&mut self, record: &Record) {
        let Some(file) = &mut self.file else { return };
        if let Err(error) = file.write(record) {
            log::warn!(
                "Cannot write the record {}: {error}. After a crash, what is configured no more \
                 would stay in the kernel",
                file.path().display()
            );
        }
    }

    /// A record of this run, and whose things in it are former.
    fn write_change(&mut self, record: &Record) {
        let mut parties = vec![Party::Vrrp, Party::Check];
        parties.retain(|party| record.has_former(*party));
        self.with_former = parties;
        self.write(record);
    }

    /// What other daemons of this machine have in the kernel.
    fn of_others(&self) -> BTreeSet<String> {
        let Some(file) = &self.file else {
            return BTreeSet::new();
        };
        let run = Path::new(RUN_DIR);
        let own = run.join("keepalived");
        let beside = file.path().parent().unwrap_or(run);
        let mut directories = vec![beside, run, own.as_path()];
        directories.sort_unstable();
        directories.dedup();
        file.of_living_others(&directories)
    }
}

impl WatchDog {
    /// Before the first child: what a killed run has left and is configured no more
    /// goes, and the record is that of this configuration.
    pub(super) fn take_over(&mut self) {
        let ground = &self.ground;
        let lines = survey::lines(&ground.config, &parties(&ground.roles));
        let mut record = Record::of(lines.clone());
        if let Some(before) = self.leftovers.read() {
            let others = self.leftovers.of_others();
            if !clear(&before.without(&[&lines, &others]), Whose::KilledRun) {
                // The next start tries again.
                record = before.replaced_by(lines);
            }
            let absent = ROLES.iter().map(|spec| spec.role);
            let absent = absent.filter(|role| !ground.roles.contains(role));
            absent.for_each(|role| self.undo(role));
        }
        self.leftovers.write(&record);
        memory::give_back_free();
    }

    /// Before the children go over to a configuration: both may be in the kernel.
    pub(in crate::watchdog) fn record_change(&mut self, config: &Config, roles: &[Role]) {
        let record = Record::of(survey::lines(config, &parties(roles)));
        if self.leftovers.has(&record) {
            self.leftovers.with_former.clear();
            return;
        }
        let before = self.leftovers.read().unwrap_or_default();
        let record = before.replaced_by(record.into_present());
        self.leftovers.write_change(&record);
    }

    /// These children are told to go over; of those that do not run nobody removes
    /// what they had.
    pub(in crate::watchdog) fn await_change(&mut self, told: &[Role]) {
        self.leftovers.changing = told.to_vec();
        let running = self.running();
        for spec in &ROLES {
            if !running.contains(&spec.role) {
                self.clear_former(spec.role);
            }
        }
    }

    /// A child has gone over.
    pub(super) fn has_changed(&mut self, role: Role) {
        self.leftovers.changing.retain(|changing| *changing != role);
    }

    /// A child says that nothing former is left, unless that was before the last reload.
    pub(super) fn has_settled(&mut self, role: Role) {
        if !self.leftovers.changing.contains(&role) {
            self.forget_former(role);
        }
    }

    /// A child is dead: nobody else removes what it had of configurations before.
    pub(super) fn child_is_dead(&mut self, role: Role, end: End) {
        self.has_changed(role);
        self.clear_former(role);
        if end != End::Exited(0) {
            self.leftovers.untidy.push(role);
        }
    }

    /// A child lives: what it finds is its own concern.
    pub(super) fn child_is_back(&mut self, role: Role) {
        self.leftovers.untidy.retain(|untidy| *untidy != role);
    }

    /// Nobody wants the child any more.
    pub(super) fn child_is_gone(&mut self, role: Role) {
        if self.leftovers.untidy.contains(&role) {
            self.child_is_back(role);
            self.undo(role);
        }
    }

    /// The end: children that were killed have left something, unless it is to stay.
    pub(super) fn leave(&mut self) {
        let untidy = std::mem::take(&mut self.leftovers.untidy);
        let mut is_tidy = true;
        if !untidy.is_empty()
            && let Some(record) = self.leftovers.read()
        {
            let others = self.leftovers.of_others();
            for role in untidy.into_iter().filter(|role| !self.stays(*role)) {
                let things = role.spec().party.map(|party| record.of_party(party));
                let mut things = things.unwrap_or_default();
                things.retain(|item| !others.contains(&item.to_string()));
                is_tidy &= clear(&things, Whose::UntidyProcess);
                self.undo(role);
            }
        }
        if let Some(file) = self.leftovers.file.as_mut().filter(|_| is_tidy) {
            file.remove();
        }
    }

    /// `--dont-release-vrrp`, `--dont-release-ipvs`
    fn stays(&self, role: Role) -> bool {
        let settings = &self.ground.settings;
        match role.spec().party {
            Some(Party::Vrrp) => settings.dont_release_vrrp,
            Some(Party::Check) => settings.dont_release_ipvs,
            None => true,
        }
    }

    fn undo(&self, role: Role) {
        if let Some(program) = programs::of(role) {
            (program.undo)(&self.ground.config, &self.ground.paths);
        }
    }

    /// What a party had of configurations before is removed here.
    fn clear_former(&mut self, role: Role) {
        let Some(party) = self.with_former(role) else {
            return;
        };
        if let Some(record) = self.leftovers.read() {
            let others = self.leftovers.of_others();
            let mut former = record.former(party);
            former.retain(|item| !others.contains(&item.to_string()));
            if clear(&former, Whose::KilledProcess) {
                self.forget_former(role);
            }
        }
    }

    /// Whose things a process has in the kernel, if some of them are former.
    fn with_former(&self, role: Role) -> Option<Party> {
        let party = role.spec().party;
        party.filter(|party| self.leftovers.with_former.contains(party))
    }

    fn forget_former(&mut self, role: Role) {
        let Some(party) = self.with_former(role) else {
            return;
        };
        let Some(mut record) = self.leftovers.read() else {
            return;
        };
        record.forget_former(party);
        self.leftovers.write_change(&record);
        memory::give_back_free();
    }
}

/// Whose things these children put into the kernel.
fn parties(roles: &[Role]) -> Vec<Party> {
    roles.iter().filter_map(|role| role.spec().party).collect()
}

/// Whose things are removed, and why.
#[derive(Clone, Copy, Debug)]
enum Whose {
    KilledRun,
    KilledProcess,
    UntidyProcess,
}

impl Whose {
    const fn words(self) -> &'static str {
        match self {
            Self::KilledRun => "a run that was killed: they are configured no more",
            Self::KilledProcess => "a process that was killed: they are configured no more",
            Self::UntidyProcess => "a process that did not end in order",
        }
    }
}

/// Remove things, and say how many there were, by kind. False if some may be left.
fn clear(items: &[Item], whose: Whose) -> bool {
    let whose = whose.words();
    match remove(items) {
        Ok(removed) => {
            report(&removed, whose);
            removed.failures.is_empty()
        }
        Err(error) => {
            log::error!("Cannot remove what is left of {whose}: {error}");
            false
        }
    }
}

fn report(removed: &Removed, whose: &str) {
    for (kind, count) in &removed.counts {
        log::info!("Removed {count} {} of {whose}", kind.plural());
    }
    for failure in &removed.failures {
        log::error!("Netlink: error: cannot remove {failure}");
    }
}
