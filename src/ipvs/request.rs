//! What can be asked of the kernel, and its refusals in the words of old.
//!
//! Messages name a request as the socket options of `linux/ip_vs.h` are named,
//! since people search their logs for `IP_VS_SO_SET_ADD(1154)`.

use std::fmt;

use super::genl::control::Timeouts;
use super::plan::Change;
use super::service::ServiceKey;
use super::sync_daemon::Action;
use crate::netlink::error::NetlinkError;

/// What can be asked of the kernel.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Request {
    /// A change of the table.
    Change(Change),
    /// All services go, whoever made them.
    Flush,
    /// All counters start at zero.
    Zero,
    /// Time-outs of connections.
    SetTimeouts(Timeouts),
    /// A sync daemon.
    SyncDaemon(Action),
}

/// What became of a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It is done.
    Done,
    /// There was nothing to do: it is gone already, or there already.
    AlreadySo(NetlinkError),
    /// It is not done.
    Refused(NetlinkError),
}

/// A request with its outcome.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settled {
    /// What was asked.
    pub request: Request,
    /// What became of it.
    pub outcome: Outcome,
}

impl Settled {
    /// The line for the log, unless the request is simply done.
    #[must_use]
    pub fn complaint(&self) -> Option<String> {
        let error = match &self.outcome {
            Outcome::Done => return None,
            Outcome::AlreadySo(error) | Outcome::Refused(error) => error,
        };
        let option = SocketOption::of(&self.request);
        let words = option.words(error.errno);
        let words = words.map_or_else(|| error.words(), str::to_owned);
        let mut line = format!("IPVS cmd {option} error: {words}({})", error.errno);
        if let Request::Change(change) = &self.request {
            line.push_str(&format!(" ({})", Subject(change)));
        }
        if let Some(text) = &error.text {
            line.push_str(": ");
            line.push_str(text);
        }
        Some(line)
    }
}

/// The socket option that did the same before generic netlink (`IP_VS_SO_SET_*`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum SocketOption {
    Add,
    Edit,
    Del,
    Flush,
    AddDest,
    DelDest,
    EditDest,
    Timeout,
    StartDaemon,
    StopDaemon,
    Zero,
}

impl SocketOption {
    const fn of(request: &Request) -> Self {
        match request {
            Request::Change(change) => match change {
                Change::AddService(..) => Self::Add,
                Change::EditService(..) => Self::Edit,
                Change::DeleteService(_) => Self::Del,
                Change::AddDestination(..) => Self::AddDest,
                Change::EditDestination(..) => Self::EditDest,
                Change::DeleteDestination(..) => Self::DelDest,
            },
            Request::Flush => Self::Flush,
            Request::Zero => Self::Zero,
            Request::SetTimeouts(_) => Self::Timeout,
            Request::SyncDaemon(Action::Start(..)) => Self::StartDaemon,
            Request::SyncDaemon(Action::Stop(_)) => Self::StopDaemon,
        }
    }

    const fn name_and_number(self) -> (&'static str, u16) {
        match self {
            Self::Add => ("ADD", 1154),
            Self::Edit => ("EDIT", 1155),
            Self::Del => ("DEL", 1156),
            Self::Flush => ("FLUSH", 1157),
            Self::AddDest => ("ADDDEST", 1159),
            Self::DelDest => ("DELDEST", 1160),
            Self::EditDest => ("EDITDEST", 1161),
            Self::Timeout => ("TIMEOUT", 1162),
            Self::StartDaemon => ("STARTDAEMON", 1163),
            Self::StopDaemon => ("STOPDAEMON", 1164),
            Self::Zero => ("ZERO", 1167),
        }
    }

    /// What an error number means for this request, where that is more than the
    /// system's words.
    const fn words(self, errno: i32) -> Option<&'static str> {
        match (self, errno) {
            (Self::Add, EXISTS) => Some("Service already exists"),
            (Self::Add | Self::Edit, NO_ENTRY) => Some("Scheduler or persistence engine not found"),
            (Self::AddDest, EXISTS) => Some("Destination already exists"),
            (Self::EditDest | Self::DelDest, NO_ENTRY) => Some("No such destination"),
            (Self::StartDaemon, EXISTS) => Some("Daemon has already run"),
            (Self::StopDaemon, NO_SERVICE) => Some("No daemon is running"),
            (_, NO_SERVICE) => Some("No such service"),
            _ => None,
        }
    }
}

impl fmt::Display for SocketOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, number) = self.name_and_number();
        write!(f, "IP_VS_SO_SET_{name}({number})")
    }
}

/// `ENOENT`.
const NO_ENTRY: i32 = 2;
/// `ESRCH`.
const NO_SERVICE: i32 = 3;
/// `EEXIST`.
const EXISTS: i32 = 17;

/// `192.0.2.1:tcp:80 -> 10.0.0.1:80`: what a change is about.
struct Subject<'a>(&'a Change);

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.service() {
            ServiceKey::Address {
                protocol,
                address,
                port,
            } => {
                write!(f, "{address}:{}:{port}", protocol.word())?;
            }
            ServiceKey::Mark { mark, .. } => write!(f, "Fwm {mark}")?,
        }
        match self.0.destination() {
            Some(at) => write!(f, " -> {}:{}", at.address, at.port),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipvs::destination::DestinationKey;
    use crate::ipvs::service::Protocol;
    use crate::ipvs::sync_daemon::Role;
    use crate::model::Family;

    fn complaint(request: Request, errno: i32, text: Option<&str>) -> String {
        let text = text.map(str::to_owned);
        let outcome = Outcome::Refused(NetlinkError { errno, text });
        Settled { request, outcome }.complaint().unwrap()
    }

    #[test]
    fn refusals_are_told_in_the_words_of_old() {
        let key = ServiceKey::Address {
            protocol: Protocol::Tcp,
            address: "192.0.2.1".parse().unwrap(),
            port: 80,
        };
        let at = DestinationKey {
            address: "10.0.0.2".parse().unwrap(),
            port: 80,
        };
        let gone = Request::Change(Change::DeleteDestination(key, at));
        assert_eq!(
            complaint(gone, 2, None),
            "IPVS cmd IP_VS_SO_SET_DELDEST(1160) error: No such destination(2) \
             (192.0.2.1:tcp:80 -> 10.0.0.2:80)"
        );
        let key = ServiceKey::Mark {
            family: Family::V4,
            mark: 7,
        };
        let gone = Request::Change(Change::DeleteService(key));
        assert_eq!(
            complaint(gone, 22, Some("the kernel's words")),
            "IPVS cmd IP_VS_SO_SET_DEL(1156) error: Invalid argument(22) (Fwm 7): the kernel's words"
        );
        let none = Request::SyncDaemon(Action::Stop(Role::Backup));
        assert_eq!(
            complaint(none, 3, None),
            "IPVS cmd IP_VS_SO_SET_STOPDAEMON(1164) error: No daemon is running(3)"
        );
    }

    #[test]
    fn what_is_done_needs_no_line() {
        let (request, outcome) = (Request::Flush, Outcome::Done);
        assert_eq!(Settled { request, outcome }.complaint(), None);
    }
}
