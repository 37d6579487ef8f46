//! A connection to the bus. None of its calls waits.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use dbus::Message;
use dbus::channel::Channel;

use crate::sys::fd;

/// The bus has closed the connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Lost;

/// The library's connection, with a descriptor of our own to watch.
pub(super) struct Connection {
    channel: Channel,
    watched: OwnedFd,
}

impl Connection {
    /// Take over one that stands.
    ///
    /// # Errors
    /// What duplicating its descriptor says.
    pub(super) fn new(mut channel: Channel) -> io::Result<Self> {
        channel.set_watch_enabled(true);
        let watched = fd::duplicate(channel.watch().fd)?;
        Ok(Self { channel, watched })
    }

    /// Read and write what the socket has and takes.
    pub(super) fn carry(&self) -> Result<(), Lost> {
        let carried = self.channel.read_write(Some(Duration::ZERO));
        carried.map_err(|()| Lost)
    }

    /// The next message that has come.
    pub(super) fn next(&self) -> Option<Message> {
        self.channel.pop_message()
    }

    /// Send a message, or have the library keep it until the bus takes it.
    pub(super) fn send(&self, message: Message) {
        // It fails only without memory.
        let _ = self.channel.send(message);
    }

    /// Whether the library keeps something that the bus has not taken.
    pub(super) fn is_behind(&self) -> bool {
        self.channel.has_messages_to_send()
    }

    /// Whether there is something to read, or room for what is kept: the library stops
    /// before the socket does, so readiness may not be told again.
    pub(super) fn is_ready(&self) -> bool {
        fd::is_ready(self.watched.as_fd(), self.is_behind())
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.watched.as_fd()
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.channel.unique_name();
        f.debug_struct("Connection").field("name", &name).finish()
    }
}
