//! `TCP_CHECK`: a connection that comes to be is success.

use scheduler::Instant;

use super::ended;
use crate::check::checker::Endpoint;
use crate::check::probe::{Event, Opening, Outcome, Output, Probe, Transport};

/// The check of one server.
#[derive(Clone, Debug)]
pub struct Tcp {
    endpoint: Endpoint,
}

impl Tcp {
    /// A check of what is there.
    #[must_use]
    pub const fn new(endpoint: Endpoint) -> Self {
        Self { endpoint }
    }
}

impl Probe for Tcp {
    fn begin(&mut self, _: Instant, _: u64) -> Opening<'_> {
        Opening {
            transport: Transport::Stream(&self.endpoint),
            patience: self.endpoint.timeout,
        }
    }

    fn on(&mut self, _: Instant, event: Event<'_>, _: &mut Output) -> Option<Outcome> {
        match event {
            Event::Connected => Some(Outcome::Passed(None)),
            Event::Received(_) | Event::Exited(_) => None,
            Event::Ended | Event::Failed(_) | Event::Expired => ended(&event),
        }
    }
}
