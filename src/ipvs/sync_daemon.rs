//! Machine: which connection synchronisation daemons have to run.
//!
//! A daemon of the kernel tells connections to (`master`) or hears them from
//! (`backup`) other directors. One that names a VRRP instance follows it: the
//! backup daemon runs until the instance is MASTER, the master daemon while it
//! is. One without runs in both roles all the time. Whatever is left from
//! another process is stopped first; that there is nothing to stop is no error.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::model::IfName;

/// Role of a daemon of the kernel (`IP_VS_STATE_*`).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Role {
    /// Sends connections.
    Master,
    /// Receives connections.
    Backup,
}

/// How a daemon talks. What is not set is left to the kernel.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Parameters {
    /// Interface of the multicast packets.
    pub interface: IfName,
    /// Which daemons belong together, 0 to 255.
    pub id: u8,
    /// Longest message, in octets.
    pub maximum_length: Option<u16>,
    /// UDP port (8848).
    pub port: Option<u16>,
    /// Hops that packets may take (1).
    pub ttl: Option<u8>,
    /// Multicast group (224.0.0.81).
    pub group: Option<IpAddr>,
}

impl Parameters {
    /// On this interface, all else as the kernel has it.
    #[must_use]
    pub const fn on(interface: IfName) -> Self {
        Self {
            interface,
            id: 0,
            maximum_length: None,
            port: None,
            ttl: None,
            group: None,
        }
    }
}

/// What to ask the kernel for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Action {
    /// Start a daemon. It must not run yet.
    Start(Role, Parameters),
    /// Stop a daemon; `ESRCH` when there was none.
    Stop(Role),
}

/// The daemons of one configuration.
#[derive(Debug, Default)]
pub struct SyncDaemon {
    parameters: Option<Parameters>,
    /// Running ones: master, backup.
    master: bool,
    backup: bool,
}

/// Which daemons should run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wanted {
    /// Both: no instance is named.
    Both,
    /// The one of the instance's state.
    Only(Role),
    /// None: stopping.
    None,
}

impl SyncDaemon {
    /// Nothing is known to run.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            parameters: None,
            master: false,
            backup: false,
        }
    }

    /// The first call at start: whatever another process left is stopped before.
    pub fn start(&mut self, parameters: &Parameters, wanted: Wanted, out: &mut Vec<Action>) {
        out.extend([Action::Stop(Role::Master), Action::Stop(Role::Backup)]);
        (self.master, self.backup) = (false, false);
        self.run(Some(parameters), wanted, out);
    }

    /// Another state of the instance, other parameters (reload), or the end.
    /// What runs already as it should is left alone.
    pub fn run(&mut self, parameters: Option<&Parameters>, wanted: Wanted, out: &mut Vec<Action>) {
        let same = self.parameters.as_ref() == parameters;
        let wanted = if parameters.is_some() {
            wanted
        } else {
            Wanted::None
        };
        let (master, backup) = match wanted {
            Wanted::Both => (true, true),
            Wanted::Only(Role::Master) => (true, false),
            Wanted::Only(Role::Backup) => (false, true),
            Wanted::None => (false, false),
        };
        let roles = [
            (Role::Master, &mut self.master, master),
            (Role::Backup, &mut self.backup, backup),
        ];
        let mut starts = Vec::new();
        for (role, running, wanted) in roles {
            if *running && !(wanted && same) {
                out.push(Action::Stop(role));
                *running = false;
            }
            if let (false, true, Some(parameters)) = (*running, wanted, parameters) {
                starts.push(Action::Start(role, parameters.clone()));
                *running = true;
            }
        }
        out.append(&mut starts);
        self.parameters = parameters.cloned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(id: u8) -> Parameters {
        Parameters {
            interface: IfName::new("eth0").unwrap(),
            id,
            maximum_length: None,
            port: None,
            ttl: None,
            group: None,
        }
    }

    fn step(
        daemon: &mut SyncDaemon,
        parameters: Option<&Parameters>,
        wanted: Wanted,
    ) -> Vec<Action> {
        let mut out = Vec::new();
        daemon.run(parameters, wanted, &mut out);
        out
    }

    #[test]
    fn it_follows_the_instance_and_stops_before_it_starts() {
        use Action::{Start, Stop};
        let (mut daemon, one) = (SyncDaemon::new(), parameters(1));
        let mut out = Vec::new();
        daemon.start(&one, Wanted::Only(Role::Backup), &mut out);
        let begin = [Stop(Role::Master), Stop(Role::Backup)];
        assert_eq!(out.get(..2), Some(&begin[..]));
        assert_eq!(out.get(2..), Some(&[Start(Role::Backup, one.clone())][..]));
        let to_master = step(&mut daemon, Some(&one), Wanted::Only(Role::Master));
        assert_eq!(
            to_master,
            [Stop(Role::Backup), Start(Role::Master, one.clone())]
        );
        assert_eq!(
            step(&mut daemon, Some(&one), Wanted::Only(Role::Master)),
            []
        );
        let end = step(&mut daemon, Some(&one), Wanted::None);
        assert_eq!(end, [Stop(Role::Master)]);
    }

    #[test]
    fn only_other_parameters_restart_it() {
        use Action::{Start, Stop};
        let (mut daemon, one, two) = (SyncDaemon::new(), parameters(1), parameters(2));
        step(&mut daemon, Some(&one), Wanted::Both);
        assert_eq!(step(&mut daemon, Some(&one), Wanted::Both), []);
        assert_eq!(
            step(&mut daemon, Some(&two), Wanted::Both),
            [
                Stop(Role::Master),
                Stop(Role::Backup),
                Start(Role::Master, two.clone()),
                Start(Role::Backup, two)
            ]
        );
        assert_eq!(
            step(&mut daemon, None, Wanted::Both),
            [Stop(Role::Master), Stop(Role::Backup)]
        );
    }
}
