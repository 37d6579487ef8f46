//! What the process tells those who watch.

use scheduler::Scheduler;

use super::BfdProcess;
use crate::dump::json::Json;
use crate::status::bfd::SessionStatus;
use crate::status::headline;
use crate::status::record::Field as _;
use crate::status::snapshot::{ReasonStatus, TimingStatus};
use crate::watchdog::survey::{Surveyed, Watched};
use crate::wire::bfd::State;

impl Surveyed for BfdProcess {
    const LISTS: &'static [&'static str] = &["sessions"];

    fn watched(&mut self) -> &mut Watched<Self> {
        &mut self.watched
    }

    fn headline(&self) -> String {
        let up = self.sessions.iter();
        let up = up.filter(|session| session.peer.state() == State::Up);
        headline::of_many(up.count(), self.sessions.len(), "BFD sessions")
    }

    fn head(&self, s: &Scheduler<Self>, out: &mut Json) {
        out.key("timing");
        TimingStatus::of(s).put(out);
        out.key("packets_received");
        self.counters.received.put(out);
        out.key("packets_sent");
        self.counters.sent.put(out);
        out.key("packets_dropped");
        let dropped = self.counters.dropped.iter();
        let dropped = dropped.map(|(reason, count)| ReasonStatus {
            reason: reason.clone(),
            count: *count,
        });
        dropped.collect::<Vec<_>>().put(out);
    }

    fn element(&self, s: &Scheduler<Self>, _: usize, place: usize, out: &mut Json) -> bool {
        let Some(session) = self.sessions.get(place) else {
            return false;
        };
        let (peer, config) = (&session.peer, &session.config);
        let status = SessionStatus {
            name: config.name.value.clone(),
            neighbour: Some(config.neighbour.value),
            state: peer.state().as_str().to_owned(),
            remote_state: peer.remote().state.as_str().to_owned(),
            diagnostic: peer.diagnostic().to_string(),
            heard: peer.heard().map(|at| s.now().since(at)),
            detection_time: peer.detection_time(),
            interval: peer.interval(),
        };
        status.put(out);
        true
    }
}
