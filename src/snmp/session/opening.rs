//! From the connection to the last region that is registered.

use scheduler::Instant;

use super::{Action, News, PATIENCE, PING_INTERVAL, Session, State};
use crate::wire::agentx::{Body, Header, Oid, Region, ResponseError};

impl Session {
    /// The connection is there.
    pub fn connected(&mut self, now: Instant) {
        if let State::Connecting { .. } = self.state {
            self.number = 0;
            let packet = self.send(Body::Open {
                timeout: 0,
                id: Oid::default(),
                description: self.identity.description.clone().into_bytes(),
            });
            let until = now + PATIENCE;
            self.state = State::Opening { packet, until };
        }
    }

    /// An answer of the master: the next step, or the end of the session.
    pub(super) fn on_response(
        &mut self,
        now: Instant,
        header: Header,
        error: ResponseError,
        out: &mut Vec<Action>,
    ) {
        let is_of = |packet| header.packet == packet;
        match self.state {
            State::Opening { packet, .. } if is_of(packet) => {
                if error == ResponseError::None {
                    self.number = header.session;
                    self.register(now, 0, out);
                } else {
                    self.lost(now, &format!("it refuses a session ({error:?})"), out);
                }
            }
            State::Registering { region, packet, .. } if is_of(packet) => {
                if error == ResponseError::NotOpen {
                    return self.lost(now, "it has forgotten the session", out);
                }
                if error != ResponseError::None
                    && let Some((mib, _)) = self.identity.regions.get(region)
                {
                    out.push(Action::Tell(News::Refused { mib, error }));
                }
                self.register(now, region + 1, out);
            }
            State::Pinging { since, packet, .. } if is_of(packet) => {
                if error == ResponseError::None {
                    let at = now + PING_INTERVAL;
                    self.state = State::Serving { since, at };
                } else {
                    self.lost(now, "it has forgotten the session", out);
                }
            }
            // The answer to a notification.
            State::Serving { .. } | State::Pinging { .. } if error == ResponseError::NotOpen => {
                self.lost(now, "it has forgotten the session", out);
            }
            State::Off
            | State::Resting { .. }
            | State::Connecting { .. }
            | State::Opening { .. }
            | State::Registering { .. }
            | State::Serving { .. }
            | State::Pinging { .. } => {}
        }
    }

    /// Register a region, or serve if there is none left.
    fn register(&mut self, now: Instant, region: usize, out: &mut Vec<Action>) {
        let Some(&(_, root)) = self.identity.regions.get(region) else {
            let at = now + PING_INTERVAL;
            self.state = State::Serving { since: now, at };
            self.has_failed = false;
            out.push(Action::Tell(News::Serving));
            if self.dropped > 0 {
                let dropped = std::mem::take(&mut self.dropped);
                out.push(Action::Tell(News::Dropped(dropped)));
            }
            return self.send_notifications();
        };
        let packet = self.send(Body::Register {
            region: Region::below(root.into()),
            timeout: 0,
        });
        let until = now + PATIENCE;
        self.state = State::Registering {
            region,
            packet,
            until,
        };
    }
}
