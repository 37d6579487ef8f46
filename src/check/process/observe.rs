//! Dumps on a signal, and other configurations: what the parent asks for.

use std::process;

use scheduler::{Drain, IoId, Ready, Scheduler};

use super::CheckProcess;
use super::readout::Look;
use crate::dump::{check, global, scheduler as loop_accounts};
use crate::memory::account::{self, Tag};
use crate::watchdog::ipc::DumpKind;
use crate::watchdog::signals::{self, RealTime};

impl CheckProcess {
    /// Signals that have no name.
    pub(super) fn on_real_time(
        &mut self,
        s: &mut Scheduler<Self>,
        _: IoId<Self>,
        _: Ready,
    ) -> Drain {
        while let Some(number) = self.real_time.next() {
            match signals::meaning(number) {
                Some(RealTime::Threads) => log::info!("{}", s.thread_dump()),
                Some(RealTime::Json | RealTime::ClearStats) | None => {}
            }
        }
        Drain::Drained
    }

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
    pub(super) fn log_configuration(&self, s: &Scheduler<Self>) {
        let mut out = check::room(&self.config.check);
        check::text(&self.config, &Look::at(self, s.now()), &mut out);
        log::info!("{}", out.finish());
    }
}
