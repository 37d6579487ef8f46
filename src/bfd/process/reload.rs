//! Another configuration for the running process. Sessions are matched by name and
//! keep their state; a changed interval is told to the neighbour by a poll sequence.
//! One whose addresses or port changed is another session.

use std::rc::Rc;

use scheduler::{Drain, IoId, Ready, Scheduler};

use super::BfdProcess;
use super::session::{Session, policy};
use crate::bfd::config::SessionConfig;
use crate::bfd::peer::Input;
use crate::control_plane::Config;

impl BfdProcess {
    /// The parent has handed something over.
    pub(super) fn on_channel(&mut self, s: &mut Scheduler<Self>, _: IoId<Self>, _: Ready) -> Drain {
        if let Some(config) = self.plumbing.next_config(|_| Ok(())) {
            self.reload(s, config);
            self.plumbing.reloaded();
        }
        Drain::Drained
    }

    fn reload(&mut self, s: &mut Scheduler<Self>, config: Rc<Config>) {
        let mut old: Vec<Option<Session>> = Vec::new();
        for mut session in std::mem::take(&mut self.sessions) {
            session.alarm.follow(s, None);
            old.push(Some(session));
        }
        for new in &config.bfd {
            let known = old.iter_mut().find(|old| {
                let old = old.as_ref();
                old.is_some_and(|old| is_same(&old.config, new))
            });
            let session = match known.and_then(Option::take) {
                Some(mut known) => {
                    known.reconfigure(new);
                    known
                }
                None => self.begin(s.now(), new, None),
            };
            self.sessions.push(session);
        }
        for gone in old.into_iter().flatten() {
            log::info!("Reload: bfd_instance {} ends", gone.name());
        }
        self.config = config;
        self.settle_places(s);
        for place in 0..self.sessions.len() {
            if let Some(session) = self.sessions.get(place) {
                let policy = policy(&session.config);
                self.feed(s, place, Input::Reconfigure(policy));
            }
        }
        log::info!("Reload finished");
    }
}

/// Whether it is the session it was, whatever its times.
fn is_same(old: &SessionConfig, new: &SessionConfig) -> bool {
    old.name == new.name
        && old.neighbour == new.neighbour
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
