//! The shell of a session: a connection to the master agent, driven by the scheduler.

use std::collections::VecDeque;

use scheduler::Scheduler;

use super::tree::{Mib, Tree};
use crate::wire::agentx::{Oid, VarBind};

/// A process that has an agent.
pub trait Host: Sized + 'static {
    /// Its agent.
    fn agent(&mut self) -> &mut Agent<Self>;
    /// A SET has changed something: carry out what follows from it.
    fn was_set(&mut self, s: &mut Scheduler<Self>);
}

/// What an agent is to do.
#[derive(Debug)]
pub struct Wish<P: 'static> {
    /// Where the master agent is, as `snmp_socket` has it; `None`: where it usually is.
    pub socket: Option<String>,
    /// What it serves.
    pub mibs: Vec<&'static Mib<P>>,
}

/// Something that is told without being asked for (an SNMP notification, a trap).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Notification {
    /// Its name, which `snmpTrapOID.0` will have.
    pub name: Oid,
    /// What goes with it.
    pub variables: Vec<VarBind>,
}

/// A subagent: off, or with a session that is there or being made.
#[derive(Debug)]
pub struct Agent<P: 'static> {
    tree: Tree<P>,
    notifications: VecDeque<Notification>,
}

impl<P: Host> Default for Agent<P> {
    fn default() -> Self {
        Self {
            tree: Tree::default(),
            notifications: VecDeque::new(),
        }
    }
}

impl<P: Host> Agent<P> {
    /// Serve this from now on, or nothing.
    pub fn configure(&mut self, _: &mut Scheduler<P>, wish: Option<Wish<P>>) {
        self.tree = wish.map_or_else(Tree::default, |wish| Tree::new(&wish.mibs));
    }

    /// Tell something. It is sent at the next [`Self::follow`].
    pub fn notify(&mut self, notification: Notification) {
        self.notifications.push_back(notification);
    }
}
