//! Requests between queue and outcome.

use std::collections::BTreeMap;

use crate::ipvs::genl::{self, control};
use crate::ipvs::plan::{self, Remedy};
use crate::ipvs::request::{Outcome, Request, Settled};
use crate::ipvs::sync_daemon::Action;
use crate::netlink::genl::Family;
use crate::netlink::{Batch, Tolerate};

/// Requests without an outcome, by their tickets.
#[derive(Debug, Default)]
pub(super) struct Requests {
    open: BTreeMap<u64, Waiting>,
    next_ticket: u64,
    surprises: u64,
}

#[derive(Debug)]
struct Waiting {
    request: Request,
    /// It stands for one that was refused: it gets no second remedy.
    is_remedy: bool,
}

impl Requests {
    pub(super) fn queue(&mut self, request: Request, ipvs: Family, batch: &mut Batch) {
        self.push(request, false, ipvs, batch);
    }

    /// Take in the outcome of a ticket: append it, or queue a remedy.
    pub(super) fn settle(
        &mut self,
        outcome: crate::netlink::Outcome,
        ipvs: Family,
        batch: &mut Batch,
        out: &mut Vec<Settled>,
    ) {
        let Some(waiting) = self.open.remove(&outcome.ticket) else {
            return;
        };
        let Waiting { request, is_remedy } = waiting;
        let outcome = match outcome.result {
            Ok(()) => Outcome::Done,
            // Nothing else was waited for, so it was carried out.
            Err(error) if error.errno == INTERRUPTED => Outcome::Done,
            Err(error) => match remedy(&request, error.errno) {
                Remedy::AlreadySo => Outcome::AlreadySo(error),
                Remedy::Instead(change) if !is_remedy => {
                    self.surprises += 1;
                    self.push(Request::Change(change), true, ipvs, batch);
                    return;
                }
                Remedy::Instead(_) | Remedy::Refused => Outcome::Refused(error),
            },
        };
        if matches!(
            (&request, &outcome),
            (Request::Change(_), Outcome::AlreadySo(_))
        ) {
            self.surprises += 1;
        }
        out.push(Settled { request, outcome });
    }

    pub(super) const fn surprises(&self) -> u64 {
        self.surprises
    }

    fn push(&mut self, request: Request, is_remedy: bool, ipvs: Family, batch: &mut Batch) {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        batch.push_with(ticket, Tolerate::NOTHING, |buffer, sequence| {
            write(&request, buffer, ipvs, sequence);
        });
        self.open.insert(ticket, Waiting { request, is_remedy });
    }
}

fn write(request: &Request, buffer: &mut Vec<u8>, ipvs: Family, sequence: u32) {
    match request {
        Request::Change(change) => genl::write_change(buffer, ipvs, change, sequence),
        Request::Flush => control::write_flush(buffer, ipvs, sequence),
        Request::Zero => control::write_zero(buffer, ipvs, sequence),
        Request::SetTimeouts(timeouts) => {
            control::write_timeouts(buffer, ipvs, timeouts, sequence);
        }
        Request::SyncDaemon(action) => control::write_daemon(buffer, ipvs, action, sequence),
    }
}

fn remedy(request: &Request, errno: i32) -> Remedy {
    match request {
        Request::Change(change) => plan::remedy(change, errno),
        Request::SyncDaemon(Action::Stop(_)) if errno == NOT_RUNNING => Remedy::AlreadySo,
        Request::SyncDaemon(_) | Request::Flush | Request::Zero | Request::SetTimeouts(_) => {
            Remedy::Refused
        }
    }
}

/// `EINTR`: the kernel did not answer.
pub(super) const INTERRUPTED: i32 = 4;
/// `ESRCH`: no such daemon.
const NOT_RUNNING: i32 = 3;
