//! Tracked BFD sessions: the BFD process tells of them.

use std::os::fd::AsFd as _;
use std::rc::Rc;

use scheduler::{Drain, Interest, IoId, Ready, Scheduler};

use super::track;
use crate::bfd::feed::{Feed, Verdict};
use crate::vrrp::config::VrrpConfig;
use crate::vrrp::fsm::{Status, TrackSource, TrackerKey};
use crate::vrrp::process::VrrpProcess;

/// Where the BFD process tells of sessions.
#[derive(Debug, Default)]
pub(in crate::vrrp::process) struct Sessions {
    feed: Option<Feed>,
}

/// The key of a session.
fn key(config: &VrrpConfig, name: &str) -> Option<TrackerKey> {
    let mut sessions = config.sessions.iter().zip(0..);
    let (_, number) = sessions.find(|(session, _)| session.name.value == name)?;
    Some(TrackerKey::Bfd(number))
}

impl VrrpProcess {
    /// Sessions are down until the BFD process says something else, which it does at
    /// once if it knows.
    pub(super) fn set_up_sessions(&mut self, s: &mut Scheduler<Self>) {
        self.trackers.sessions.feed = self.plumbing.ends.feed.take();
        if let Some(feed) = &self.trackers.sessions.feed {
            let fd = feed.as_fd();
            if let Err(error) = s.watch("BFD", fd, Interest::Read, 0, Self::on_verdicts) {
                log::error!("tracked BFD sessions cannot be followed: {error}");
            }
        }
        self.ask_for_sessions(s);
    }

    /// Of those of which nothing is known yet.
    pub(super) fn ask_for_sessions(&mut self, s: &Scheduler<Self>) {
        let config = Rc::clone(&self.config);
        let trackers = config.vrrp.instances.iter().flat_map(|i| &i.trackers);
        let mut is_any = false;
        for tracker in trackers {
            if let TrackSource::Tracker(key @ TrackerKey::Bfd(_)) = track(tracker).source {
                is_any = true;
                let source = TrackSource::Tracker(key);
                if self.router.status(source) == Some(Status::Unknown) {
                    self.tracked(s, key, Status::Bad);
                }
            }
        }
        if let Some(feed) = self.trackers.sessions.feed.as_ref().filter(|_| is_any) {
            feed.ask();
        }
    }

    /// The BFD process has told something.
    fn on_verdicts(&mut self, s: &mut Scheduler<Self>, _: IoId<Self>, _: Ready) -> Drain {
        while let Some(verdict) = self.next_verdict() {
            self.verdict(s, &verdict);
        }
        self.perform(s);
        Drain::Drained
    }

    fn next_verdict(&self) -> Option<Verdict> {
        self.trackers.sessions.feed.as_ref()?.next()
    }

    fn verdict(&mut self, s: &Scheduler<Self>, verdict: &Verdict) {
        let Some(key) = key(&self.config.vrrp, &verdict.name) else {
            return;
        };
        let status = if verdict.up {
            Status::Good
        } else {
            Status::Bad
        };
        let before = self.router.status(TrackSource::Tracker(key));
        if before.is_none_or(|before| before == status) {
            return;
        }
        let (name, state) = (&verdict.name, if verdict.up { "Up" } else { "Down" });
        log::info!(
            "Received BFD event: instance {name} is in state {state} (delivered in {} usec)",
            s.now().since(verdict.told).as_micros()
        );
        self.tracked(s, key, status);
    }
}
