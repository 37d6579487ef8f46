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

    /// The parent has handed something over.
    pub(super) fn on_channel(&mut self, s: &mut Scheduler<Self>, _: IoId<Self>, _: Ready) -> Drain {
        let is_stopping = self.is_stopping;
        let judge = |_: &crate::control_plane::Config| match is_stopping {
            true => Err("it is stopping".to_owned()),
            false => Ok(()),
        };
        if let Some(config) = self.plumbing.next_config(judge) {
            let _ = (&config, &s);
            self.plumbing.reloaded();
        }
        Drain::Drained
    }
}
