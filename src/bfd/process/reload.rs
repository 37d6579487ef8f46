//! Another configuration for the running process. Sessions are matched by name and
//! keep their state; a changed interval is told to the neighbour by a poll sequence.
//! One whose addresses or port changed is another session.

use std::rc::Rc;

use scheduler::Scheduler;

use super::BfdProcess;
use super::session::{Session, policy};
use crate::bfd::config::SessionConfig;
use crate::bfd::peer::Input;
use crate::control_plane::Config;
use crate::watchdog::launch::child::Child as _;

impl BfdProcess {
    /// Go over to another configuration.
    pub(super) fn go_over(&mut self, s: &mut Scheduler<Self>, config: Rc<Config>) {
        let mut old: Vec<Option<Session>> = Vec::new();
        for mut session in std::mem::take(&mut self.sessions) {
            session.alarm.follow(s, None);
            old.push(Some(session));
        }
        for new in &config.bfd {
            let is_it = |old: &&mut Option<Session>| {
                let old = old.as_ref();
                old.is_some_and(|old| old.config.name == new.name)
            };
            let known = old.iter_mut().find(is_it).and_then(Option::take);
            let session = self.successor(s, known, new);
            self.sessions.push(session);
        }
        for gone in old.into_iter().flatten() {
            log::info!("Reload: bfd_instance {} ends", gone.name());
        }
        self.plumbing.reconfigure(&self.config, &config);
        self.config = config;
        self.mind_lateness(s);
        self.settle_places(s);
        for place in 0..self.sessions.len() {
            if let Some(session) = self.sessions.get(place) {
                let policy = policy(&session.config);
                self.feed(s, place, Input::Reconfigure(policy));
            }
        }
        log::info!("Reload finished");
    }

    fn successor(
        &mut self,
        s: &Scheduler<Self>,
        known: Option<Session>,
        new: &SessionConfig,
    ) -> Session {
        match known {
            Some(mut known) if is_same(&known.config, new) => {
                known.reconfigure(new);
                known
            }
            Some(other) => {
                log::info!("Reload: bfd_instance {} begins anew", other.name());
                let mut session = self.new_session(s.now(), new, None);
                // Of the former neighbour, which it is not any more.
                session.told = other.told.map(|_| false);
                session
            }
            None => self.new_session(s.now(), new, None),
        }
    }
}

/// Whether a session of the same name is what it was, whatever its times.
fn is_same(old: &SessionConfig, new: &SessionConfig) -> bool {
    old.neighbour == new.neighbour
        && old.interface == new.interface
        && old.source == new.source
        && old.multihop == new.multihop
}

impl Session {
    fn reconfigure(&mut self, new: &SessionConfig) {
        if self.config.ttl() != new.ttl() {
            // The socket is opened again with another one.
            self.sender = None;
        }
        self.config = new.clone();
    }
}
