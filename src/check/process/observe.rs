//! Dumps on a signal, and other configurations: what the parent asks for.

use std::process;

use scheduler::Scheduler;

use super::CheckProcess;
use super::readout::Look;
use crate::dump::{check, global, scheduler as loop_accounts};
use crate::memory::account::{self, Tag};
use crate::watchdog::ipc::DumpKind;

impl CheckProcess {
    /// `keepalived_check.data`
    pub(super) fn dump_data(&self, s: &Scheduler<Self>) {
        let _dump = account::enter(Tag::Dump);
        log::info!(
            "Printing checker data for process({}) on signal",
            process::id()
        );
        let mut out = check::room(&self.config.check);
        global::definitions(&self.config.global, &mut out);
        check::text(&self.config, &Look::at(self, s.now()), &mut out);
        loop_accounts::accounts(s, &mut out);
        self.plumbing.dump(DumpKind::Data, &out.finish());
    }

    /// `-d`: what this process goes by, into the log. The parent has logged the
    /// global definitions.
    pub(super) fn show_configuration(&self, s: &Scheduler<Self>) {
        let mut out = check::room(&self.config.check);
        check::text(&self.config, &Look::at(self, s.now()), &mut out);
        log::info!("{}", out.finish());
    }
}
