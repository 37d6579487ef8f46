//! `HTTP_GET` and `SSL_GET`: pages, one an attempt (`protocols.md` section 21).
//!
//! ```text
//!            well, others follow               well, the last one
//! page 1 ─────────────────────► page 2 … ─────────────────────────► passed
//!    │                                                                 │
//!    └── badly ──► the same page again ── well ── after a failure that counted:
//!                  (retries; while down)          all pages from the first one
//! ```
//!
//! So a server that was down has to do well once more than it has pages, even if that
//! is one.
//!
//! An answer ends when it is complete, even if the server holds the connection open.
//! A server may let a client wait `connect_timeout` for each piece, but not for ever:
//! the whole answer has [`WAITS`] times that.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::Duration;

use scheduler::Instant;

use crate::check::checker::{HttpSettings, Page};
use crate::check::http::digest::{Algorithm, BodyDigest, to_hex};
use crate::check::http::pattern::{Patterns, Program, Search};
use crate::check::http::request;
use crate::check::http::response::{Part, Response};
use crate::check::probe::{Event, Memory, Opening, Outcome, Output, Probe, Transport};

/// From the request to the end of the answer, in `connect_timeout`s.
pub const WAITS: u32 = 3;

/// The check of one server.
#[derive(Debug)]
pub struct Http {
    settings: HttpSettings,
    /// The patterns of the pages; a page whose pattern is none cannot pass.
    programs: Box<[Option<Result<Program, String>>]>,
    /// The page whose turn it is.
    page: usize,
    /// That page has failed since it last did well.
    has_failed: bool,
    /// All pages have done well, and the server has not been told down since.
    is_up: bool,
    /// What is under way.
    exchange: Option<Box<Exchange>>,
}

/// One question and its answer.
#[derive(Debug)]
struct Exchange {
    response: Response,
    digest: Option<BodyDigest>,
    search: Search,
    /// When it has to be over; known when the connection stands.
    deadline: Option<Instant>,
}

/// Why a page is not as wanted.
type Reason = Cow<'static, str>;

impl Http {
    /// A check as configured; its patterns are among those of all checks.
    #[must_use]
    pub fn new(settings: HttpSettings, patterns: &mut Patterns) -> Self {
        let mut program = |page: &Page| {
            let pattern = page.pattern.as_ref();
            pattern.map(|pattern| patterns.program(pattern))
        };
        Self {
            programs: settings.pages.iter().map(&mut program).collect(),
            settings,
            page: 0,
            has_failed: false,
            is_up: false,
            exchange: None,
        }
    }

    fn on_event(
        &mut self,
        now: Instant,
        event: &Event<'_>,
        out: &mut Output,
    ) -> Option<Result<(), Reason>> {
        let page = self.settings.pages.get(self.page)?;
        let program = match self.programs.get(self.page) {
            Some(Some(Err(why))) => return Some(Err(why.clone().into())),
            Some(Some(Ok(program))) => Some(program),
            Some(None) | None => None,
        };
        let exchange = self.exchange.as_mut()?;
        match event {
            Event::Connected => {
                let wait = self.settings.endpoint.timeout;
                exchange.deadline = Some(now + wait.saturating_mul(WAITS));
                out.extend(wait);
                out.send = request_of(&self.settings, page);
                None
            }
            Event::Received(octets) => {
                let verdict = exchange.receive(page, program, octets);
                if verdict.is_none() {
                    out.extend(exchange.patience(now, self.settings.endpoint.timeout));
                }
                verdict
            }
            Event::Ended => Some(match exchange.response.end() {
                Ok(()) => exchange.judge(page, program),
                Err(why) => Err(about(page, &why.to_string())),
            }),
            Event::Failed(why) if exchange.deadline.is_none() => {
                Some(Err((*why).to_owned().into()))
            }
            Event::Failed(why) => Some(Err(about(page, why))),
            Event::Expired => Some(Err(self.expired(now))),
            Event::Exited(_) => None,
        }
    }

    fn expired(&self, now: Instant) -> Reason {
        let Some(page) = self.settings.pages.get(self.page) else {
            return "timeout".into();
        };
        let deadline = self.exchange.as_ref().and_then(|e| e.deadline);
        let protocol = if self.settings.tls.is_some() {
            "SSL"
        } else {
            "HTTP"
        };
        match deadline {
            None => "timeout, no connection".into(),
            Some(deadline) if now >= deadline => {
                let limit = self.settings.endpoint.timeout.saturating_mul(WAITS);
                about(
                    page,
                    &format!("timeout, no end of the answer after {limit:?}"),
                )
            }
            Some(_) => about(page, &format!("timeout {protocol} read")),
        }
    }

    fn passed(&mut self) -> Outcome {
        let recovers = std::mem::take(&mut self.has_failed) && !self.is_up;
        self.page = if recovers { 0 } else { self.page + 1 };
        if self.page < self.settings.pages.len() {
            return Outcome::Proceed {
                at_once: self.settings.fast_recovery && !self.is_up,
            };
        }
        self.page = 0;
        self.is_up = true;
        Outcome::Passed(None)
    }
}

impl Probe for Http {
    fn begin(&mut self, _: Instant, _: u64) -> Opening<'_> {
        let page = self.settings.pages.get(self.page);
        let wanted = page.and_then(|page| page.digest.as_ref());
        let algorithm = wanted.and_then(|digest| Algorithm::of_length(digest.len()));
        self.exchange = Some(Box::new(Exchange {
            response: Response::default(),
            digest: algorithm.map(BodyDigest::new),
            search: Search::default(),
            deadline: None,
        }));
        let endpoint = &self.settings.endpoint;
        Opening {
            transport: match &self.settings.tls {
                Some(tls) => {
                    let server_name = page.and_then(|page| page.sni.as_deref());
                    Transport::Tls(endpoint, server_name, tls.compliant)
                }
                None => Transport::Stream(endpoint),
            },
            patience: endpoint.timeout,
        }
    }

    fn on(&mut self, now: Instant, event: Event<'_>, out: &mut Output) -> Option<Outcome> {
        let verdict = self.on_event(now, &event, out)?;
        self.exchange = None;
        Some(match verdict {
            Ok(()) => self.passed(),
            Err(why) => {
                self.has_failed = true;
                Outcome::Failed(why)
            }
        })
    }

    fn settled(&mut self, up: bool) {
        self.is_up = up;
        if up {
            self.page = 0;
            self.has_failed = false;
        }
    }

    fn remembers(&self) -> Option<Memory<'_>> {
        let page = self.settings.pages.get(self.page)?;
        self.has_failed.then_some(Memory::FailedPage(&page.path))
    }
}

impl Exchange {
    /// The next octets of the answer; a verdict as soon as there is one.
    fn receive(
        &mut self,
        page: &Page,
        program: Option<&Program>,
        octets: &[u8],
    ) -> Option<Result<(), Reason>> {
        let mut rest = octets;
        loop {
            match self.response.next(&mut rest) {
                Ok(None) => return None,
                Ok(Some(Part::Status(status))) => {
                    if let Err(why) = check_status(page, status) {
                        return Some(Err(why));
                    }
                }
                Ok(Some(Part::Body(body))) => {
                    if let Some(digest) = &mut self.digest {
                        digest.feed(body);
                    }
                    if let Some(program) = program {
                        self.search.feed(program, body);
                    }
                }
                Ok(Some(Part::End)) => return Some(self.judge(page, program)),
                Err(why) => return Some(Err(about(page, &why.to_string()))),
            }
        }
    }

    /// The body is there: digest and pattern have to be right, each one that is set.
    fn judge(&mut self, page: &Page, program: Option<&Program>) -> Result<(), Reason> {
        if let Some(wanted) = &page.digest {
            let algorithm = Algorithm::of_length(wanted.len()).unwrap_or_default();
            let found = self.digest.take().map(BodyDigest::finish);
            let found = found.unwrap_or_default();
            if found != *wanted {
                let (name, hex) = (algorithm.name(), to_hex(&found));
                return Err(about(
                    page,
                    &format!("{name} digest error, the body has {hex}"),
                ));
            }
        }
        let Some(program) = program else {
            return Ok(());
        };
        match self.search.finish(program) {
            Ok(found) if found != program.is_inverted() => Ok(()),
            Ok(true) => Err(about(page, "Regex match failed, it is in the body")),
            Ok(false) => Err(about(page, "Regex match failed, it is not in the body")),
            Err(why) => Err(about(page, &format!("Regex match failed, {why}"))),
        }
    }

    /// For the next piece, within what the whole answer may take.
    fn patience(&self, now: Instant, wait: Duration) -> Duration {
        let rest = self.deadline.map(|end| end.since(now));
        rest.map_or(wait, |rest| rest.min(wait))
    }
}

fn request_of(settings: &HttpSettings, page: &Page) -> Vec<u8> {
    let host = match &page.host {
        Some(host) => host.clone(),
        None => request::host(settings.endpoint.address, settings.tls.is_some()),
    };
    request::write(settings.version, &page.path, &host)
}

fn check_status(page: &Page, status: u16) -> Result<(), Reason> {
    let wanted: &[(u16, u16)] = match page.statuses.as_slice() {
        [] => &[(200, 299)],
        ranges => ranges,
    };
    if wanted
        .iter()
        .any(|&(first, last)| (first..=last).contains(&status))
    {
        return Ok(());
    }
    let mut why = format!("HTTP status code error, status {status}, wanted");
    for (first, last) in wanted {
        // A text takes everything.
        let _ = match first == last {
            true => write!(why, " {first}"),
            false => write!(why, " {first}-{last}"),
        };
    }
    Err(about(page, &why))
}

/// A reason, and the page.
fn about(page: &Page, why: &str) -> Reason {
    format!("url({}): {why}", page.path).into()
}

#[cfg(test)]
mod tests;
