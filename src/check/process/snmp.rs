//! SNMP of the checker process: what it serves, and what the MIBs ask it.

use scheduler::Scheduler;

use super::CheckProcess;
use crate::control_plane::Config;
use crate::snmp::view::{CheckView, ProcessView};
use crate::snmp::{Agent, Host, Mib, Wish};
use crate::watchdog::launch::Plumbing;

impl CheckProcess {
    /// Serve what the configuration says.
    pub(super) fn set_up_snmp(&mut self, s: &mut Scheduler<Self>) {
        let global = &self.config.global;
        let wish = Wish {
            socket: self.plumbing.settings.master_agent(global),
            description: "Keepalived checker".to_owned(),
            mibs: mibs(&self.config, &self.plumbing),
        };
        self.agent.configure(s, Some(wish));
    }
}

/// What is served: `-x` is all of it.
const fn mibs(_: &Config, _: &Plumbing) -> Vec<&'static Mib<CheckProcess>> {
    Vec::new()
}

impl Host for CheckProcess {
    fn agent(&mut self) -> &mut Agent<Self> {
        &mut self.agent
    }

    fn was_set(&mut self, _: &mut Scheduler<Self>) {}
}

impl ProcessView for CheckProcess {
    fn config(&self) -> &Config {
        &self.config
    }
}

impl CheckView for CheckProcess {}
