//! The questions of a [`Dump`] and the parts of its answers on a socket: the step that
//! [`super::Monitor`] and [`super::list`] share.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};

use crate::netlink::dump::{Dump, Step};
use crate::netlink::header::{Message, Messages};
use crate::sys::sock;

/// What one part leaves to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Part {
    /// Nothing: more is to come, or the dump is complete.
    Heard,
    /// The next question is to be sent: [`ask`].
    Ask,
    /// It was longer than the room, and nothing of it was heard.
    Cut,
    /// The kernel refused with this error number; the dump has ended.
    Refused(i32),
}

/// One receive call. Each message is told with what the dump makes of it.
///
/// # Errors
/// What the system says; `WouldBlock` if there is nothing.
pub(super) fn receive(
    fd: &OwnedFd,
    port: u32,
    dump: &mut Dump,
    room: &mut [u8],
    mut hear: impl FnMut(&Message<'_>, Step),
) -> io::Result<Part> {
    let length = sock::receive(fd.as_fd(), room)?;
    let Some(octets) = room.get(..length) else {
        return Ok(Part::Cut);
    };
    let mut part = Part::Heard;
    for message in Messages::new(octets) {
        let step = dump.hear(&message, port);
        hear(&message, step);
        match step {
            Step::Continue | Step::Complete(_) => {}
            Step::Ask | Step::AskForPaths => part = Part::Ask,
            Step::Refused(errno) => return Ok(Part::Refused(errno)),
        }
    }
    Ok(part)
}

/// Send the question of the present stage.
///
/// # Errors
/// What the system says.
pub(super) fn ask(fd: &OwnedFd, dump: &Dump) -> io::Result<()> {
    let mut question = Vec::with_capacity(64);
    dump.question(&mut question);
    sock::send(fd.as_fd(), &question).map(drop)
}
