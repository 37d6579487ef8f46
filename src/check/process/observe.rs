//! Dumps on a signal, and other configurations: what the parent asks for.

use scheduler::{Drain, IoId, Ready, Scheduler};

use super::CheckProcess;
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
}
