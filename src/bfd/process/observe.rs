//! What the process shows of itself.

use std::process;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use scheduler::{Instant, Scheduler};

use super::BfdProcess;
use super::session::Session;
use crate::dump::bfd::{self, LiveSession};
use crate::dump::{Text, global, scheduler as loop_accounts};
use crate::memory::account::{self, Tag};
use crate::model::UnixTime;
use crate::net::bfd_socket::BfdSender;
use crate::watchdog::ipc::DumpKind;

impl BfdProcess {
    /// `keepalived_bfd.data`
    pub(super) fn dump_data(&self, s: &Scheduler<Self>) {
        let _dump = account::enter(Tag::Dump);
        log::info!("Printing BFD data for process({}) on signal", process::id());
        let mut out = Text::default();
        global::definitions(&self.config.global, &mut out);
        let counters = &self.counters;
        bfd::data(
            counters.received,
            counters.sent,
            &counters.dropped,
            &mut out,
        );
        out.title("BFD Topology");
        let wall = clock_gettime(ClockId::CLOCK_REALTIME).map_or(Duration::ZERO, Duration::from);
        for session in &self.sessions {
            let heard = |at: Instant| UnixTime(wall.saturating_sub(s.now().since(at)));
            let live = live(session, session.peer.heard().map(heard));
            bfd::session(&session.config, Some(&live), &mut out);
        }
        loop_accounts::accounts(s, &mut out);
        self.plumbing.dump(DumpKind::Data, &out.finish());
    }

    /// `-d`: what this process goes by, into the log.
    pub(super) fn show_configuration(&self) {
        let mut out = Text::default();
        out.title("BFD Topology");
        for session in &self.sessions {
            bfd::session(&session.config, None, &mut out);
        }
        log::info!("{}", out.finish());
    }
}

fn live(session: &Session, heard: Option<UnixTime>) -> LiveSession<'_> {
    LiveSession {
        peer: &session.peer,
        descriptor: session.sender.as_ref().map(BfdSender::descriptor),
        has_send_error: session.has_send_error,
        heard,
    }
}
