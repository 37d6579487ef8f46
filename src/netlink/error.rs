//! Replies: success, or an error number with the kernel's own words.

use std::{fmt, io};

use super::attr::Attributes;
use super::header::{HEAD, Message, aligned, flag, kind};

/// Text of the kernel for the error (`NLMSGERR_ATTR_MSG`).
const ATTRIBUTE_TEXT: u16 = 1;

/// Why the kernel refused a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NetlinkError {
    /// Error number, positive (`EEXIST` and so on).
    pub errno: i32,
    /// What the kernel says to it, if anything (extended acknowledgement).
    pub text: Option<String>,
}

impl NetlinkError {
    /// Whether it says nothing about the request: the kernel had no memory for it, or for
    /// the answer (`ENOMEM`, `ENOBUFS`), or was interrupted (`EAGAIN`, `EINTR`).
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(self.errno, 12 | 105 | 11 | 4)
    }

    /// The system's words for the error number, without the number.
    #[must_use]
    pub fn words(&self) -> String {
        let mut text = io::Error::from_raw_os_error(self.errno).to_string();
        text.truncate(text.find(" (os error").unwrap_or(text.len()));
        text
    }
}

impl fmt::Display for NetlinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = io::Error::from_raw_os_error(self.errno);
        match &self.text {
            Some(text) => write!(f, "{error}: {text}"),
            None => error.fmt(f),
        }
    }
}

impl std::error::Error for NetlinkError {}

/// A reply to one request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reply<'a> {
    /// Sequence number of the request.
    pub sequence: u32,
    /// Error number, positive; 0 for success.
    pub errno: i32,
    /// The kernel's words.
    pub text: Option<&'a str>,
}

impl<'a> Reply<'a> {
    /// The reply in a message of type `NLMSG_ERROR`.
    #[must_use]
    pub fn parse(message: &Message<'a>) -> Option<Self> {
        if message.header.kind != kind::ERROR {
            return None;
        }
        let (errno, request) = message.payload.split_first_chunk()?;
        let errno = i32::from_ne_bytes(*errno).checked_neg()?;
        Some(Self {
            sequence: message.header.sequence,
            errno,
            text: Self::text(message.header.flags, request),
        })
    }

    /// The attributes follow the head of the request, or all of it if the
    /// reply was not shortened (`NETLINK_CAP_ACK`).
    fn text(flags: u16, request: &'a [u8]) -> Option<&'a str> {
        if flags & flag::ACK_ATTRIBUTES == 0 {
            return None;
        }
        let skip = if flags & flag::CAPPED != 0 {
            HEAD
        } else {
            let length = u32::from_ne_bytes(*request.first_chunk()?);
            aligned(usize::try_from(length).ok()?)
        };
        Attributes::new(request.get(skip..)?)
            .find(|attribute| attribute.kind == ATTRIBUTE_TEXT)?
            .as_text()
    }

    /// The reply as a result.
    ///
    /// # Errors
    /// The kernel's refusal.
    pub fn result(&self) -> Result<(), NetlinkError> {
        if self.errno == 0 {
            return Ok(());
        }
        Err(NetlinkError {
            errno: self.errno,
            text: self.text.map(str::to_owned),
        })
    }
}
