//! The kinds of checks, a file for each: how an attempt goes ([`super::probe::Probe`]).
//!
//! `FILE_CHECK` and `BFD_CHECK` make no attempts: what they look at tells when it
//! changes, and their files say what it comes to.

pub mod bfd;
pub mod dns;
pub mod file;
pub mod http;
pub mod misc;
pub mod ping;
pub mod smtp;
pub mod tcp;
pub mod udp;

use super::checker::Kind;
use super::http::pattern::Patterns;
use super::probe::{Event, Outcome, Probe};

/// Data of requests whose content does not matter, repeated as often as needed.
const FILLER: &[u8] = b"keepalived check - ";

/// The kind at work; `None` for those that make no attempts, and for `TCP_CHECK`, whose
/// probes are made for each. `patterns` are those of all checks.
#[must_use]
pub fn probe_for(kind: &Kind, patterns: &mut Patterns) -> Option<Box<dyn Probe>> {
    match kind {
        Kind::Http(settings) => {
            let settings = settings.as_ref().clone();
            Some(Box::new(http::Http::new(settings, patterns)))
        }
        Kind::Smtp(settings) => Some(Box::new(smtp::Smtp::new(settings.as_ref().clone()))),
        Kind::Dns(settings) => Some(Box::new(dns::Dns::new(settings))),
        Kind::Udp(settings) => Some(Box::new(udp::Udp::new(settings.as_ref().clone()))),
        Kind::Ping(endpoint) => Some(Box::new(ping::Ping::new(endpoint.clone()))),
        Kind::Misc(settings) => Some(Box::new(misc::Misc::new(settings.as_ref().clone()))),
        Kind::Tcp(_) | Kind::File(_) | Kind::Bfd(_) => None,
    }
}

/// The outcome of an attempt that came to an end before its goal.
fn ended(event: &Event<'_>) -> Option<Outcome> {
    let why = match event {
        Event::Connected | Event::Received(_) | Event::Exited(_) => return None,
        Event::Ended => "connection closed by the server".into(),
        Event::Failed(why) => (*why).to_owned().into(),
        Event::Expired => "timeout".into(),
    };
    Some(Outcome::Failed(why))
}

#[cfg(test)]
mod testing {
    //! What tests of probes share.

    use std::time::Duration;

    use scheduler::Instant;

    use super::*;
    use crate::check::checker::Endpoint;
    use crate::check::probe::Output;

    /// Somewhere.
    pub(super) fn endpoint() -> Endpoint {
        Endpoint {
            address: ([192, 0, 2, 1], 7).into(),
            own: None,
            timeout: Duration::from_secs(5),
        }
    }

    /// What a probe sends and finds when it is told this.
    pub(super) fn drive(probe: &mut dyn Probe, event: Event<'_>) -> (Vec<u8>, Option<Outcome>) {
        let mut out = Output::default();
        let outcome = probe.on(Instant::ZERO, event, &mut out);
        (out.send, outcome)
    }
}
