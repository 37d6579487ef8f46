//! Telling systemd how far we are (`sd_notify(3)`), without its library.
//!
//! Besides the state of the service this is a line for people, made of what the children
//! say of themselves, and the sign of life that systemd wants with `WatchdogSec=`: it is
//! given only while every child that runs answers. A child that is being started again is
//! in good hands, and no reason to end the others.

use std::collections::BTreeMap;
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use scheduler::{Instant, Key, Scheduler};

use super::ipc::Order;
use super::launch::role::Role;
use super::parent::WatchDog;
use crate::status::headline;

/// Signs of life in the time that systemd waits for one.
const SIGNS: u32 = 4;

/// The service manager's socket, if it started this process.
#[derive(Debug, Default)]
pub struct Manager {
    address: Option<SocketAddr>,
    /// How long systemd waits for a sign of life.
    patience: Option<Duration>,
    /// Since when a child owes an answer.
    owing: BTreeMap<Role, Instant>,
    /// What the children say of themselves.
    headlines: BTreeMap<Role, String>,
    /// The line that was told last.
    told: String,
}

impl Manager {
    /// The manager behind the value of `NOTIFY_SOCKET`: a path, or a name in the
    /// abstract namespace when it begins with `@`; and how long it waits for a sign of
    /// life.
    #[must_use]
    pub fn at(notify_socket: Option<&str>, patience: Option<Duration>) -> Self {
        let parse = |text: &str| match text.strip_prefix('@') {
            Some(name) => SocketAddr::from_abstract_name(name),
            None => SocketAddr::from_pathname(text),
        };
        let address = notify_socket.and_then(|s| parse(s).ok());
        Self {
            patience: patience.filter(|time| !time.is_zero() && address.is_some()),
            address,
            ..Self::default()
        }
    }

    /// Send one state, such as `READY=1`. Never waits; a manager that does not
    /// listen is not our concern.
    pub fn tell(&self, state: &str) {
        if let Some(address) = &self.address {
            let _ = send(address, state);
        }
    }

    /// What a child says of itself.
    pub(super) fn headline(&mut self, role: Role, text: String) {
        self.headlines.insert(role, text);
        self.tell_headline();
    }

    /// A child has answered.
    pub(super) fn answered(&mut self, role: Role) {
        self.owing.remove(&role);
    }

    /// A child has ended.
    pub(super) fn lost(&mut self, role: Role) {
        self.owing.remove(&role);
        if self.headlines.remove(&role).is_some() {
            self.tell_headline();
        }
    }

    /// The line, with something that is worth more than it before it.
    pub(super) fn status(&self, news: &str) -> String {
        let parts = ORDER.iter().filter_map(|role| self.headlines.get(role));
        headline::whole(std::iter::once(news).chain(parts.map(String::as_str)))
    }

    fn tell_headline(&mut self) {
        let line = self.status("");
        if line != self.told {
            self.tell(&format!("STATUS={line}"));
            self.told = line;
        }
    }

    /// Whether every child has answered in time.
    fn is_well(&self, now: Instant) -> bool {
        let patience = self.patience.unwrap_or_default() / 2;
        self.owing
            .values()
            .all(|since| now.since(*since) <= patience)
    }
}

/// The order of the parts of the line.
const ORDER: [Role; 3] = [Role::Vrrp, Role::Check, Role::Bfd];

impl WatchDog {
    /// Give signs of life, if they are wanted.
    pub(super) fn keep_alive(&mut self, s: &mut Scheduler<Self>) {
        if self.manager.patience.is_some() {
            self.on_sign_of_life(s, 0);
        }
    }

    fn on_sign_of_life(&mut self, s: &mut Scheduler<Self>, _: Key) {
        let Some(patience) = self.manager.patience else {
            return;
        };
        for role in self.running() {
            if !self.manager.owing.contains_key(&role) {
                // Where it cannot be asked, it does not read what it is told.
                let _ = self.send_order(role, &Order::Ping);
                self.manager.owing.insert(role, s.now());
            }
        }
        if self.manager.is_well(s.now()) {
            self.manager.tell("WATCHDOG=1");
        }
        s.at(
            "watchdog",
            s.now() + patience / SIGNS,
            0,
            Self::on_sign_of_life,
        );
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

    fn listener(name: &str) -> (String, UnixDatagram) {
        let name = format!("keepalived-test-{}-{name}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).expect("address");
        let listener = UnixDatagram::bind_addr(&address).expect("bind");
        (format!("@{name}"), listener)
    }

    fn next(listener: &UnixDatagram) -> String {
        let mut buffer = [0; 256];
        let length = listener.recv(&mut buffer).expect("a state");
        let text = buffer.get(..length).unwrap_or_default();
        String::from_utf8_lossy(text).into_owned()
    }

    #[test]
    fn states_arrive_at_an_abstract_socket() {
        let (name, listener) = listener("states");
        Manager::at(Some(&name), None).tell("READY=1");
        assert_eq!(next(&listener), "READY=1");
    }

    #[test]
    fn without_a_manager_nothing_happens() {
        let patience = Some(Duration::from_secs(1));
        assert_eq!(Manager::at(None, patience).patience, None);
        Manager::at(None, None).tell("READY=1");
        Manager::at(Some("/nonexistent/notify"), None).tell("READY=1");
    }

    #[test]
    fn the_line_is_told_when_it_changes() {
        let (name, listener) = listener("line");
        let mut manager = Manager::at(Some(&name), None);
        manager.headline(Role::Check, "12/12 real servers up".to_owned());
        manager.headline(Role::Vrrp, "VI_1 MASTER".to_owned());
        manager.headline(Role::Vrrp, "VI_1 MASTER".to_owned());
        manager.lost(Role::Check);
        assert_eq!(next(&listener), "STATUS=12/12 real servers up");
        assert_eq!(next(&listener), "STATUS=VI_1 MASTER; 12/12 real servers up");
        assert_eq!(next(&listener), "STATUS=VI_1 MASTER");
    }

    #[test]
    fn a_child_that_does_not_answer_ends_the_signs_of_life() {
        let (name, _listener) = listener("life");
        let mut manager = Manager::at(Some(&name), Some(Duration::from_secs(10)));
        let at = |seconds| Instant::ZERO + Duration::from_secs(seconds);
        manager.owing.insert(Role::Vrrp, at(1));
        manager.owing.insert(Role::Check, at(4));
        assert!(manager.is_well(at(6)));
        assert!(!manager.is_well(at(7)));
        manager.answered(Role::Vrrp);
        assert!(manager.is_well(at(7)));
        manager.lost(Role::Check);
        assert!(manager.is_well(at(100)));
    }
}
