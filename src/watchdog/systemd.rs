//! Telling systemd how far we are (`sd_notify(3)`), without its library.

use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// The service manager's socket, if it started this process.
#[derive(Debug, Default)]
pub struct Manager {
    address: Option<SocketAddr>,
}

impl Manager {
    /// The manager behind the value of `NOTIFY_SOCKET`: a path, or a name in the
    /// abstract namespace when it begins with `@`.
    #[must_use]
    pub fn at(notify_socket: Option<&str>) -> Self {
        let parse = |text: &str| match text.strip_prefix('@') {
            Some(name) => SocketAddr::from_abstract_name(name),
            None => SocketAddr::from_pathname(text),
        };
        Self {
            address: notify_socket.and_then(|s| parse(s).ok()),
        }
    }

    /// Send one state, such as `READY=1`. Never waits; a manager that does not
    /// listen is not our concern.
    pub fn tell(&self, state: &str) {
        if let Some(address) = &self.address {
            let _ = send(address, state);
        }
    }
}

fn send(address: &SocketAddr, state: &str) -> io::Result<()> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.send_to_addr(state.as_bytes(), address).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_arrive_at_an_abstract_socket() {
        let name = format!("keepalived-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).expect("address");
        let listener = UnixDatagram::bind_addr(&address).expect("bind");
        Manager::at(Some(&format!("@{name}"))).tell("READY=1");
        let mut buffer = [0; 64];
        let length = listener.recv(&mut buffer).expect("a state");
        assert_eq!(buffer.get(..length), Some(b"READY=1".as_slice()));
    }

    #[test]
    fn without_a_manager_nothing_happens() {
        Manager::at(None).tell("READY=1");
        Manager::at(Some("/nonexistent/notify")).tell("READY=1");
    }
}
