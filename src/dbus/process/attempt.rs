//! A connection being made. The library waits until the bus has answered, so a thread
//! does it; a bus that stalls keeps nobody but this thread.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use dbus::Message;
use dbus::channel::{BusType, Channel};

const BUS: &str = "org.freedesktop.DBus";
const BUS_PATH: &str = "/org/freedesktop/DBus";
/// How long the bus may take to answer, as the library's own calls.
const PATIENCE: Duration = Duration::from_secs(25);
/// Answers to `RequestName` (D-Bus specification, "Message Bus Messages").
const PRIMARY_OWNER: u32 = 1;
const ALREADY_OWNER: u32 = 4;

/// The connection, and whether the name is ours; or why there is none.
type Outcome = Result<(Channel, bool), String>;

/// A thread that connects.
#[derive(Debug)]
pub(super) struct Attempt {
    outcome: Receiver<Outcome>,
    /// It is closed at the other end when the thread ends.
    end: io::PipeReader,
}

impl Attempt {
    /// Connect to the system bus, and ask for a name there.
    ///
    /// # Errors
    /// No pipe, no thread.
    pub(super) fn begin(name: &str) -> io::Result<Self> {
        let (end, held) = io::pipe()?;
        let (sender, outcome) = channel();
        let name = name.to_owned();
        thread::Builder::new().spawn(move || {
            // Nobody receives it when the name has changed in the meantime.
            let _ = sender.send(connect(&name));
            drop(held);
        })?;
        Ok(Self { outcome, end })
    }

    /// What has come of it.
    pub(super) fn finish(self) -> Outcome {
        let outcome = self.outcome.try_recv();
        outcome.unwrap_or_else(|error| Err(error.to_string()))
    }
}

/// Readable when the thread has ended.
impl AsFd for Attempt {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.end.as_fd()
    }
}

fn connect(name: &str) -> Outcome {
    let channel = Channel::get_private(BusType::System).map_err(|error| error.to_string())?;
    let request = Message::new_method_call(BUS, BUS_PATH, BUS, "RequestName")?;
    // Whoever has the name keeps it, and we are next.
    let request = request.append2(name, 0_u32);
    let reply = channel
        .send_with_reply_and_block(request, PATIENCE)
        .map_err(|error| format!("the name {name} is refused: {error}"))?;
    let answer: u32 = reply.read1().map_err(|error| error.to_string())?;
    Ok((channel, matches!(answer, PRIMARY_OWNER | ALREADY_OWNER)))
}
