//! All links and addresses of this moment, for those who do not want to hear of changes.

use std::io;
use std::os::fd::AsFd as _;
use std::time::Duration;

use super::ROOM;
use crate::netlink::dump::{Dump, Paths, Scope, Step};
use crate::netlink::header::{Message, Messages};
use crate::sys::fd::wait_readable;
use crate::sys::sock::{self, Kind};

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
    let mut question = Vec::with_capacity(64);
    dump.begin(Scope::Everything, Paths::default());
    dump.question(&mut question);
    sock::send(fd.as_fd(), &question)?;
    while dump.is_running() {
        if !wait_readable(fd.as_fd(), LIMIT)? {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let length = sock::receive(fd.as_fd(), &mut room)?;
        let octets = room.get(..length);
        let octets = octets.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
        let mut ask = false;
        for message in Messages::new(octets) {
            hear(&message);
            match dump.hear(&message, port) {
                Step::Continue | Step::Complete(_) => {}
                Step::Ask | Step::AskForPaths => ask = true,
                Step::Refused(errno) => return Err(io::Error::from_raw_os_error(errno)),
            }
        }
        if ask {
            question.clear();
            dump.question(&mut question);
            sock::send(fd.as_fd(), &question)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;
    use crate::netlink::addr::AddressMessage;
    use crate::netlink::header::kind;
    use crate::netlink::link::LinkMessage;

    #[test]
    fn the_loopback_interface_and_its_address_are_told() {
        let (mut links, mut addresses) = (Vec::new(), Vec::new());
        let mut hear = |message: &Message<'_>| match message.header.kind {
            kind::NEW_LINK => {
                let link = LinkMessage::parse(message);
                links.extend(link.and_then(|link| link.name.map(str::to_owned)));
            }
            kind::NEW_ADDRESS => {
                let net = AddressMessage::parse(message).and_then(|address| address.net());
                addresses.extend(net.map(|net| net.addr));
            }
            _ => {}
        };
        list(1 << 16, &mut hear).expect("asking needs no right");
        assert!(links.iter().any(|name| name == "lo"), "{links:?}");
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        // A network namespace that was just made has its loopback interface down.
        assert!(
            addresses.is_empty() || addresses.contains(&loopback),
            "{addresses:?}"
        );
    }
}
