//! AgentX, the protocol between an SNMP agent and its subagents (RFC 2741).
//!
//! ```text
//!  0                   1                   2                   3
//! +---------------+---------------+---------------+---------------+
//! |  h.version    |   h.type      |   h.flags     |  <reserved>   |
//! +---------------+---------------+---------------+---------------+
//! |                          h.sessionID                          |
//! |                        h.transactionID                        |
//! |                          h.packetID                           |
//! |                        h.payload_length                       |
//! +---------------------------------------------------------------+
//! ```
//!
//! [`frame_length`] says how much of a stream the first packet is, [`Pdu::decode`] reads
//! one and [`Pdu::encode`] writes one. All packets that a subagent sends or receives are
//! there; those for the allocation of indexes and for capabilities are not.
//!
//! * [`Oid`]: names of objects, in the order of SNMP.
//! * [`Value`], [`VarBind`]: what they are bound to.

mod decode;
mod encode;
mod oid;
#[cfg(test)]
mod tests;
mod value;

use std::fmt;

pub use decode::frame_length;
pub use oid::Oid;
pub use value::{Value, VarBind};

/// Octets of a header (RFC 2741 section 6.1).
pub const HEADER_LEN: usize = 20;
/// The longest payload that is taken from the other side, in octets. The datagrams of
/// SNMP, which become these packets, have at most 64 KiB.
pub const PAYLOAD_MAX: usize = 256 * 1024;
/// The most numbers of an object identifier (RFC 2578 section 3.5).
pub const OID_MAX: usize = 128;

/// Which octet of a number comes first; each packet says it of itself.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ByteOrder {
    /// The most significant one (`NETWORK_BYTE_ORDER`).
    #[default]
    Network,
    /// The least significant one.
    Little,
}

/// What the header says beside type and length.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Header {
    /// The session; 0 before it is open.
    pub session: u32,
    /// The SNMP request that a packet belongs to; phases of a SET share it.
    pub transaction: u32,
    /// An answer has that of its request.
    pub packet: u32,
    /// The order of all numbers of the packet.
    pub order: ByteOrder,
}

/// A packet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pdu {
    /// Whose it is.
    pub header: Header,
    /// The context it is for; `None` is the default one. Packets that have none
    /// (RFC 2741 section 6.1.1) do not carry it.
    pub context: Option<Vec<u8>>,
    /// What it says.
    pub body: Body,
}

/// What a packet says (RFC 2741 section 6.2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Body {
    /// A subagent wants a session.
    Open {
        /// Seconds the master waits for an answer; 0: as the master likes.
        timeout: u8,
        /// What the subagent is.
        id: Oid,
        /// The same in words.
        description: Vec<u8>,
    },
    /// The end of a session.
    Close {
        /// Why.
        reason: CloseReason,
    },
    /// A subagent serves a part of the tree.
    Register {
        /// Which part, and how.
        region: Region,
        /// Seconds the master waits for an answer; 0: as the session has it.
        timeout: u8,
    },
    /// It does so no more.
    Unregister {
        /// Which part.
        region: Region,
    },
    /// Read these.
    Get {
        /// Only the beginnings count.
        ranges: Vec<SearchRange>,
    },
    /// Read what follows.
    GetNext {
        /// One answer for each.
        ranges: Vec<SearchRange>,
    },
    /// Read what follows, several times.
    GetBulk {
        /// How many of the ranges are read once.
        non_repeaters: u16,
        /// How often the others are.
        max_repetitions: u16,
        /// The ranges.
        ranges: Vec<SearchRange>,
    },
    /// Could these be set?
    TestSet {
        /// What is to be set.
        variables: Vec<VarBind>,
    },
    /// Set what was tested.
    CommitSet,
    /// Take back what was set.
    UndoSet,
    /// The SET is over.
    CleanupSet,
    /// Something has happened: a trap.
    Notify {
        /// `snmpTrapOID.0` and what goes with it.
        variables: Vec<VarBind>,
    },
    /// Is anybody there?
    Ping,
    /// The answer to any of these.
    Response {
        /// Hundredths of a second since the master was started, if it says so.
        uptime: u32,
        /// What went wrong.
        error: ResponseError,
        /// Which variable it is about, from 1; 0 is none.
        index: u16,
        /// The variables read.
        variables: Vec<VarBind>,
    },
}

/// A part of the tree.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Region {
    /// The best of several registrations is that with the lowest number; 127 is usual.
    pub priority: u8,
    /// The place in `subtree`, from 1, of the number that is a range; 0: none is.
    pub range_subid: u8,
    /// Its root.
    pub subtree: Oid,
    /// The end of the range, if there is one.
    pub upper_bound: u32,
    /// It is the name of one variable (`INSTANCE_REGISTRATION`).
    pub is_instance: bool,
}

/// Where to search.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SearchRange {
    /// What is sought comes after this.
    pub start: Oid,
    /// Or is this.
    pub include: bool,
    /// It comes before this; empty: there is no end.
    pub end: Oid,
}

macro_rules! numbered {
    ($(#[$meta:meta])* $name:ident: $number:ty { $($(#[doc = $doc:literal])* $variant:ident = $value:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum $name {
            $($(#[doc = $doc])* $variant,)*
            /// A number that the RFC does not have.
            Other($number),
        }

        impl $name {
            /// Its meaning.
            #[must_use]
            pub const fn from_number(number: $number) -> Self {
                match number { $($value => Self::$variant,)* other => Self::Other(other) }
            }

            /// Its number.
            #[must_use]
            pub const fn number(self) -> $number {
                match self { $(Self::$variant => $value,)* Self::Other(other) => other }
            }
        }
    };
}

numbered! {
    /// Why a session ends (RFC 2741 section 6.2.2).
    CloseReason: u8 {
        /// For any other reason.
        Otherwise = 1,
        /// What was received cannot be read.
        ParseError = 2,
        /// What was received cannot be understood.
        ProtocolError = 3,
        /// Too many answers did not come.
        Timeouts = 4,
        /// The subagent ends.
        Shutdown = 5,
        /// Somebody wants it so.
        ByManager = 6,
    }
}

numbered! {
    /// What went wrong (RFC 2741 section 6.2.16, and RFC 3416 section 3 below 256).
    ResponseError: u16 {
        /// Nothing.
        None = 0,
        /// Something.
        GeneralError = 5,
        /// The variable cannot be set.
        NoAccess = 6,
        /// The value has another type than the variable.
        WrongType = 7,
        /// The value has a length that the variable cannot have.
        WrongLength = 8,
        /// A value the variable cannot have.
        WrongValue = 10,
        /// There is no such variable, and none can be made.
        NoCreation = 11,
        /// The value is not possible now.
        InconsistentValue = 12,
        /// Something is lacking.
        ResourceUnavailable = 13,
        /// The value was tested and could not be set.
        CommitFailed = 14,
        /// The old value could not be put back.
        UndoFailed = 15,
        /// Nobody can set the variable.
        NotWritable = 17,
        /// The session could not be opened.
        OpenFailed = 256,
        /// There is no such session.
        NotOpen = 257,
        /// The master has other indexes.
        IndexWrongType = 258,
        /// The index is in use.
        IndexAlreadyAllocated = 259,
        /// There is no index left.
        IndexNoneAvailable = 260,
        /// The index is not in use.
        IndexNotAllocated = 261,
        /// There is no such context.
        UnsupportedContext = 262,
        /// Somebody has registered this already.
        DuplicateRegistration = 263,
        /// Nobody has registered this.
        UnknownRegistration = 264,
        /// The capabilities are not known.
        UnknownAgentCaps = 265,
        /// The packet could not be read.
        ParseError = 266,
        /// The master does not want it.
        RequestDenied = 267,
        /// The packet makes no sense.
        ProcessingError = 268,
    }
}

/// Why octets are no packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Malformed {
    /// Not version 1.
    Version(u8),
    /// A type that no subagent receives.
    Type(u8),
    /// A payload longer than [`PAYLOAD_MAX`], or not a multiple of four.
    PayloadLength(u32),
    /// Less than it says it is, or more.
    Length,
    /// An object identifier with more than [`OID_MAX`] numbers.
    Oid,
    /// A variable of a type that does not exist.
    ValueType(u16),
    /// A value that its type does not have.
    Value,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => write!(f, "version {version} instead of 1"),
            Self::Type(number) => write!(f, "a packet of type {number}"),
            Self::PayloadLength(octets) => write!(f, "a payload of {octets} octets"),
            Self::Length => f.write_str("a length that is not that of the contents"),
            Self::Oid => f.write_str("an object identifier that is too long"),
            Self::ValueType(number) => write!(f, "a variable of type {number}"),
            Self::Value => f.write_str("a value that its type does not have"),
        }
    }
}

impl std::error::Error for Malformed {}

impl Pdu {
    /// A packet for the default context.
    #[must_use]
    pub const fn new(header: Header, body: Body) -> Self {
        Self {
            header,
            context: None,
            body,
        }
    }
}

impl Region {
    /// All below an identifier, with the usual priority.
    #[must_use]
    pub const fn below(subtree: Oid) -> Self {
        Self {
            priority: DEFAULT_PRIORITY,
            range_subid: 0,
            subtree,
            upper_bound: 0,
            is_instance: false,
        }
    }
}

const DEFAULT_PRIORITY: u8 = 127;
const VERSION: u8 = 1;

/// Bits of `h.flags` (RFC 2741 section 6.1).
mod flag {
    pub(super) const INSTANCE_REGISTRATION: u8 = 0x01;
    pub(super) const NON_DEFAULT_CONTEXT: u8 = 0x08;
    pub(super) const NETWORK_BYTE_ORDER: u8 = 0x10;
}

/// Values of `h.type` (RFC 2741 section 6.1).
mod kind {
    pub(super) const OPEN: u8 = 1;
    pub(super) const CLOSE: u8 = 2;
    pub(super) const REGISTER: u8 = 3;
    pub(super) const UNREGISTER: u8 = 4;
    pub(super) const GET: u8 = 5;
    pub(super) const GET_NEXT: u8 = 6;
    pub(super) const GET_BULK: u8 = 7;
    pub(super) const TEST_SET: u8 = 8;
    pub(super) const COMMIT_SET: u8 = 9;
    pub(super) const UNDO_SET: u8 = 10;
    pub(super) const CLEANUP_SET: u8 = 11;
    pub(super) const NOTIFY: u8 = 12;
    pub(super) const PING: u8 = 13;
    pub(super) const RESPONSE: u8 = 18;
}

/// What most identifiers begin with; a prefix octet stands for it and the number that
/// follows (RFC 2741 section 5.1).
const INTERNET: [u32; 4] = [1, 3, 6, 1];
