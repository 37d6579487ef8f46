//! All links and addresses of this moment, for those who do not want to hear of changes.

use std::io;
use std::os::fd::AsFd as _;
use std::time::Duration;

use super::ROOM;
use super::part::{self, Part};
use crate::netlink::dump::{Dump, Paths, Scope};
use crate::netlink::header::Message;
use crate::sys::fd::wait_readable;
use crate::sys::sock::Kind;

/// How long the kernel may take.
const LIMIT: Duration = Duration::from_secs(10);

/// Have every link told, then every address. This waits. What changes meanwhile may be
/// told twice.
///
/// # Errors
/// `TimedOut` if the kernel does not answer, and what else the system says.
pub fn list(receive_buffer: usize, hear: &mut dyn FnMut(&Message<'_>)) -> io::Result<()> {
    let (fd, port) = super::open(Kind::RouteNetlink, receive_buffer)?;
    let mut dump = Dump::default();
    let mut room = vec![0; ROOM];
    dump.begin(Scope::Everything, Paths::default());
    part::ask(&fd, &dump)?;
    while dump.is_running() {
        if !wait_readable(fd.as_fd(), LIMIT)? {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let part = part::receive(&fd, port, &mut dump, &mut room, |message, _| hear(message));
        match part {
            Ok(Part::Heard) => {}
            Ok(Part::Ask) => part::ask(&fd, &dump)?,
            Ok(Part::Cut) => return Err(io::ErrorKind::InvalidData.into()),
            Ok(Part::Refused(errno)) => return Err(io::Error::from_raw_os_error(errno)),
            Err(error) if is_momentary(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A signal came, or there was nothing to read after all: the wait begins again.
fn is_momentary(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netlink::header::kind;
    use crate::netlink::link::LinkMessage;

    /// Addresses need a namespace of one's own: `tests/netns_netlink`.
    #[test]
    fn the_loopback_interface_is_told() {
        let mut links = Vec::new();
        let mut hear = |message: &Message<'_>| {
            if message.header.kind == kind::NEW_LINK {
                let link = LinkMessage::parse(message);
                links.extend(link.and_then(|link| link.name.map(str::to_owned)));
            }
        };
        list(1 << 16, &mut hear).expect("asking needs no right");
        assert!(links.iter().any(|name| name == "lo"), "{links:?}");
    }
}
