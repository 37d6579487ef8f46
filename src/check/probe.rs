//! A check as a conversation, without I/O.
//!
//! A [`Probe`] says how to begin ([`Probe::begin`]) and is told what happens
//! ([`Probe::on`]) until it knows how the attempt went. The shell opens what
//! [`Opening`] names, carries octets both ways and watches the deadline. When the next
//! attempt is made, and what a failure means, is not its matter: that is
//! the schedule's, once for all kinds.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use scheduler::Instant;

use super::checker::{Endpoint, MiscSettings};

/// A kind of check at work. It lives as long as the check does: what a kind has to
/// remember between attempts (the page whose turn it is, the sequence number) is in it.
pub trait Probe: fmt::Debug {
    /// Begin an attempt.
    fn begin(&mut self, now: Instant, random: u64) -> Opening<'_>;

    /// Something has happened. What is to be sent goes into `out`. The outcome ends
    /// the attempt; the shell closes what it had opened.
    fn on(&mut self, now: Instant, event: Event<'_>, out: &mut Output) -> Option<Outcome>;

    /// The server is told up or down, or starts anew: an HTTP check begins again with
    /// its first page.
    fn settled(&mut self, _up: bool) {}

    /// What it remembers of its attempts, for those who look.
    fn remembers(&self) -> Option<Memory<'_>> {
        None
    }
}

/// What a probe remembers of its attempts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Memory<'a> {
    /// The path of the page that has failed, and has not done well since.
    FailedPage(&'a str),
    /// What the script exited with the last time that it did; 0 before.
    Status(u8),
}

/// What an attempt begins with.
#[derive(Debug)]
pub struct Opening<'a> {
    /// What is to be opened.
    pub transport: Transport<'a>,
    /// How long it may take until the first event; [`Output::extend`] sets another.
    pub patience: Duration,
}

/// What carries an attempt.
#[derive(Debug)]
pub enum Transport<'a> {
    /// A TCP connection.
    Stream(&'a Endpoint),
    /// A TLS connection: the name of the server for SNI, and whether it is ended with
    /// close-notify.
    Tls(&'a Endpoint, Option<&'a str>, bool),
    /// A connected UDP socket.
    Datagram(&'a Endpoint),
    /// An ICMP or ICMPv6 echo socket.
    Echo(&'a Endpoint),
    /// A script.
    Script(&'a MiscSettings),
}

/// What the shell tells.
#[derive(Debug)]
pub enum Event<'a> {
    /// The connection stands (with TLS: the handshake is done); a socket without
    /// connection is open.
    Connected,
    /// Octets of a stream, or one datagram.
    Received(&'a [u8]),
    /// The peer has closed its side of the stream.
    Ended,
    /// The connection failed: refused, unreachable, reset, no TLS.
    Failed(&'a str),
    /// The script has ended with this status; `None` for one that a signal ended.
    Exited(Option<u8>),
    /// The patience is over. A script is sent SIGTERM, later SIGKILL, by the shell.
    Expired,
}

/// What a probe wants done while the attempt goes on.
#[derive(Debug, Default)]
pub struct Output {
    /// To be sent: octets of a stream, or one datagram.
    pub send: Vec<u8>,
    /// From now the attempt may take this long.
    pub extend: Option<Duration>,
}

impl Output {
    /// Give the attempt this much time from now.
    pub fn extend(&mut self, patience: Duration) {
        self.extend = Some(patience);
    }
}

/// How an attempt went.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// Well. Some checks also say what weight the server is to have.
    Passed(Option<Weight>),
    /// This page did; others follow before the check has passed. `at_once`: without
    /// `delay_loop` between them.
    Proceed {
        /// No delay before the next one.
        at_once: bool,
    },
    /// Badly, with the reason in the words of the log.
    Failed(Cow<'static, str>),
}

/// What a check says of the weight of its server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Weight {
    /// It is to be this, whatever is configured (`misc_dynamic`).
    Set(i64),
    /// This is to be added to what is configured (`FILE_CHECK`).
    Add(i64),
}
