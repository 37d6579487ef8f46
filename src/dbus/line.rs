//! What the VRRP process tells the D-Bus process, and is asked by it.
//!
//! Like the [feed](crate::bfd::feed) of BFD: the parent keeps both ends of a [`Line`],
//! so either process may end and be started again, each message is a datagram, and
//! nobody ever waits.
//!
//! ```text
//! D-Bus process               VRRP process
//!   │ ── Everything ──────────► │   after each start
//!   │ ◄── begins, instance ...  │   all instances, between two marks
//!   │ ◄── ends                  │
//!   │ ◄── instance ──────────── │   as states change
//!   │ ── SendGarp, Print... ──► │   as methods are called
//! ```
//!
//! Each message of an instance says all there is to say of it, so one that is told
//! twice, or only with its newest state, does no harm.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::{Identity, State};
use crate::model::{Family, Vrid};
use crate::sys::pass;

/// Of all messages. The processes are forks of one program, so it differs only if
/// somebody else writes.
const VERSION: u8 = 1;
const BEGINS: u8 = b'B';
const INSTANCE: u8 = b'I';
const ENDS: u8 = b'E';
const STOPPED: u8 = b'X';
const STARTED_BIT: u8 = 1;
const RELOADED_BIT: u8 = 2;

const EVERYTHING: u8 = b'A';
const SEND_GARP: u8 = b'G';
const PRINT_DATA: u8 = b'D';
const PRINT_STATS: u8 = b'S';
const PRINT_STATS_CLEAR: u8 = b'C';

/// The longest name of an instance that is told, in octets.
const NAME_MAX: usize = 1024;
const INTERFACE_MAX: usize = 255;
/// Version, kind, family, virtual router, state, length of the interface.
const HEAD: usize = 6;
const MESSAGE_MAX: usize = HEAD + INTERFACE_MAX + NAME_MAX;

/// Why all instances are told.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Occasion {
    /// The VRRP process has started.
    pub started: bool,
    /// It goes by another configuration.
    pub reloaded: bool,
}

/// What the VRRP process tells.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum News {
    /// All instances follow.
    Begins(Occasion),
    /// There is this instance, in this state.
    Instance(Identity, State),
    /// Those were all.
    Ends,
    /// The VRRP process ends.
    Stopped,
}

/// What it is asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Request {
    /// All instances.
    Everything,
    /// Announce the addresses of the instance of this name.
    SendGarp(String),
    /// Write the data file.
    PrintData,
    /// Write the statistics file.
    PrintStats,
    /// Write the statistics file, then begin to count anew.
    PrintStatsClear,
}

/// The connection of the two processes.
#[derive(Debug)]
pub struct Line {
    teller: Teller,
    hearer: Hearer,
}

impl Line {
    /// Make one.
    ///
    /// # Errors
    /// What `socketpair(2)` says.
    pub fn open() -> io::Result<Self> {
        let (teller, hearer) = pass::pair()?;
        Ok(Self {
            teller: Teller(teller),
            hearer: Hearer(hearer),
        })
    }

    /// The end of the VRRP process.
    ///
    /// # Errors
    /// What duplicating the descriptor says.
    pub fn teller(&self) -> io::Result<Teller> {
        self.teller.0.try_clone().map(Teller)
    }

    /// The end of the D-Bus process.
    ///
    /// # Errors
    /// What duplicating the descriptor says.
    pub fn hearer(&self) -> io::Result<Hearer> {
        self.hearer.0.try_clone().map(Hearer)
    }
}

/// The end of the VRRP process.
#[derive(Debug)]
pub struct Teller(OwnedFd);

impl Teller {
    /// Tell something.
    ///
    /// # Errors
    /// `WouldBlock` when the other one is behind.
    pub fn tell(&self, news: &News) -> io::Result<()> {
        pass::send(self.as_fd(), &news.encode(), None)
    }

    /// The next request; nothing when none is waiting.
    #[must_use]
    pub fn next(&self) -> Option<Request> {
        next(self.as_fd(), Request::decode)
    }
}

impl AsFd for Teller {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The end of the D-Bus process.
#[derive(Debug)]
pub struct Hearer(OwnedFd);

impl Hearer {
    /// Ask for something.
    ///
    /// # Errors
    /// `WouldBlock` when the other one is behind.
    pub fn ask(&self, request: &Request) -> io::Result<()> {
        pass::send(self.as_fd(), &request.encode(), None)
    }

    /// What is told next; nothing when nothing is waiting.
    #[must_use]
    pub fn next(&self) -> Option<News> {
        next(self.as_fd(), News::decode)
    }
}

impl AsFd for Hearer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The next message that is understood.
fn next<T>(fd: BorrowedFd<'_>, decode: fn(&[u8]) -> Option<T>) -> Option<T> {
    let mut room = [0; MESSAGE_MAX];
    loop {
        let (length, _) = pass::receive(fd, &mut room).ok()?;
        let message = room.get(..length).filter(|message| !message.is_empty())?;
        if let Some(understood) = decode(message) {
            return Some(understood);
        }
    }
}

impl News {
    fn encode(&self) -> Vec<u8> {
        match self {
            Self::Begins(occasion) => {
                let started = u8::from(occasion.started) * STARTED_BIT;
                let reloaded = u8::from(occasion.reloaded) * RELOADED_BIT;
                vec![VERSION, BEGINS, started | reloaded]
            }
            Self::Instance(identity, state) => encode_instance(identity, *state),
            Self::Ends => vec![VERSION, ENDS],
            Self::Stopped => vec![VERSION, STOPPED],
        }
    }

    fn decode(message: &[u8]) -> Option<Self> {
        match message {
            [VERSION, BEGINS, bits] => Some(Self::Begins(Occasion {
                started: bits & STARTED_BIT != 0,
                reloaded: bits & RELOADED_BIT != 0,
            })),
            [VERSION, INSTANCE, rest @ ..] => decode_instance(rest),
            [VERSION, ENDS] => Some(Self::Ends),
            [VERSION, STOPPED] => Some(Self::Stopped),
            _ => None,
        }
    }
}

fn encode_instance(identity: &Identity, state: State) -> Vec<u8> {
    let family = match identity.family {
        Family::V4 => 4,
        Family::V6 => 6,
    };
    let interface = identity.interface.as_deref().unwrap_or_default();
    let length = u8::try_from(interface.len()).unwrap_or(0);
    let mut message = vec![VERSION, INSTANCE, family, identity.vrid.0, state.number()];
    message.push(length);
    message.extend(interface.bytes().take(length.into()));
    message.extend(identity.name.bytes().take(NAME_MAX));
    message
}

fn decode_instance(rest: &[u8]) -> Option<News> {
    let [family @ (4 | 6), vrid, number, length, rest @ ..] = rest else {
        return None;
    };
    let (interface, name) = rest.split_at_checked(usize::from(*length))?;
    let identity = Identity {
        name: text(name),
        interface: (!interface.is_empty()).then(|| text(interface)),
        vrid: Vrid(*vrid),
        family: if *family == 4 { Family::V4 } else { Family::V6 },
    };
    let mut states = State::ALL.into_iter();
    let state = states.find(|state| state.number() == *number)?;
    Some(News::Instance(identity, state))
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

impl Request {
    fn encode(&self) -> Vec<u8> {
        let (kind, name) = match self {
            Self::Everything => (EVERYTHING, ""),
            Self::SendGarp(name) => (SEND_GARP, name.as_str()),
            Self::PrintData => (PRINT_DATA, ""),
            Self::PrintStats => (PRINT_STATS, ""),
            Self::PrintStatsClear => (PRINT_STATS_CLEAR, ""),
        };
        let mut message = vec![VERSION, kind];
        message.extend(name.bytes().take(NAME_MAX));
        message
    }

    fn decode(message: &[u8]) -> Option<Self> {
        match message {
            [VERSION, EVERYTHING] => Some(Self::Everything),
            [VERSION, SEND_GARP, name @ ..] => Some(Self::SendGarp(text(name))),
            [VERSION, PRINT_DATA] => Some(Self::PrintData),
            [VERSION, PRINT_STATS] => Some(Self::PrintStats),
            [VERSION, PRINT_STATS_CLEAR] => Some(Self::PrintStatsClear),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn identity(name: &str, interface: Option<&str>) -> Identity {
        Identity {
            name: name.to_owned(),
            interface: interface.map(str::to_owned),
            vrid: Vrid(255),
            family: Family::V6,
        }
    }

    #[test]
    fn news_arrive_in_order() {
        let line = Line::open().unwrap();
        let (teller, hearer) = (line.teller().unwrap(), line.hearer().unwrap());
        let all = [
            News::Begins(Occasion::default()),
            News::Begins(Occasion {
                started: true,
                reloaded: true,
            }),
            News::Instance(identity("VI_1", Some("eth0.5")), State::Master),
            News::Instance(identity("ünï", None), State::Stop),
            News::Ends,
            News::Stopped,
        ];
        for news in &all {
            teller.tell(news).unwrap();
        }
        let heard: Vec<News> = std::iter::from_fn(|| hearer.next()).collect();
        assert_eq!(heard, all);
    }

    #[test]
    fn requests_wait_for_a_process_that_is_started_later() {
        let line = Line::open().unwrap();
        let all = [
            Request::Everything,
            Request::SendGarp("VI 1".to_owned()),
            Request::PrintData,
            Request::PrintStats,
            Request::PrintStatsClear,
        ];
        let hearer = line.hearer().unwrap();
        for request in &all {
            hearer.ask(request).unwrap();
        }
        drop(hearer);
        let teller = line.teller().unwrap();
        let asked: Vec<Request> = std::iter::from_fn(|| teller.next()).collect();
        assert_eq!(asked, all);
    }

    #[test]
    fn a_full_line_is_an_error_and_no_wait() {
        let line = Line::open().unwrap();
        let teller = line.teller().unwrap();
        let refused = (0..10_000).find_map(|_| teller.tell(&News::Ends).err());
        assert_eq!(refused.unwrap().kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn what_is_not_understood_is_passed_over() {
        let line = Line::open().unwrap();
        let (teller, hearer) = (line.teller().unwrap(), line.hearer().unwrap());
        for foreign in [
            &b"\x02E"[..],
            b"\x01?",
            b"\x01I\x05",
            b"\x01I\x04\x01\x02\x09ab",
        ] {
            pass::send(teller.as_fd(), foreign, None).unwrap();
            pass::send(hearer.as_fd(), foreign, None).unwrap();
        }
        teller.tell(&News::Ends).unwrap();
        hearer.ask(&Request::PrintData).unwrap();
        assert_eq!(hearer.next(), Some(News::Ends));
        assert_eq!(teller.next(), Some(Request::PrintData));
    }

    proptest! {
        #[test]
        fn an_instance_is_read_as_it_was_written(
            name in ".{0,60}", interface in "[a-z0-9.]{1,15}", vrid: u8, state in 0..6usize
        ) {
            let identity = Identity {
                name,
                interface: Some(interface),
                vrid: Vrid(vrid),
                family: Family::V4,
            };
            let news = News::Instance(identity, State::ALL[state]);
            prop_assert_eq!(News::decode(&news.encode()), Some(news));
        }

        #[test]
        fn any_octets_are_read(octets in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = (News::decode(&octets), Request::decode(&octets));
        }
    }
}
