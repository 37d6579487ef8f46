//! SNMP of the VRRP process: what it serves, what it tells, and what the MIBs ask it.

use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use scheduler::{Instant, Scheduler};

use super::VrrpProcess;
use super::virtual_router::VirtualRouter;
use crate::control_plane::Config;
use crate::model::{IfName, RateLimit};
use crate::netlink::mirror::Link;
use crate::snmp::rfc::traps::{self, Served};
use crate::snmp::rfc::{RfcRows, VrrpMib, Vrrpv3Mib};
use crate::snmp::view::{ProcessView, VrrpView};
use crate::snmp::{Agent, Host, Mib, Notification, Wish};
use crate::vrrp::accept::{ReceiveStats, RejectionKind};
use crate::vrrp::fsm::{Cause, InstanceId, State};
use crate::vrrp::router::Router;
use crate::watchdog::launch::Plumbing;

/// How often an instance tells of adverts that were refused: whoever sends them decides
/// how many there are.
const REFUSAL_TOLD: Duration = Duration::from_secs(1);

/// The agent, and what it needs that nothing else does.
#[derive(Debug)]
pub(super) struct Snmp {
    agent: Agent<VrrpProcess>,
    served: Served,
    rows: RfcRows,
    /// The rows are not those of the present configuration and interfaces.
    is_stale: bool,
}

/// What the MIBs tell of an instance.
#[derive(Debug)]
pub(super) struct Standing {
    /// Who has sent the last advert that was accepted.
    heard: Option<IpAddr>,
    /// Since when it is backup or master.
    up_since: Option<Instant>,
    /// Why it became master the last time.
    master: Option<Cause>,
    refusals: RateLimit,
}

impl Default for Snmp {
    fn default() -> Self {
        Self {
            agent: Agent::default(),
            served: Served::default(),
            rows: RfcRows::default(),
            is_stale: true,
        }
    }
}

impl Default for Standing {
    fn default() -> Self {
        Self {
            heard: None,
            up_since: None,
            master: None,
            refusals: RateLimit::new(REFUSAL_TOLD),
        }
    }
}

impl Standing {
    /// An advert was accepted.
    pub(super) const fn hear(&mut self, source: IpAddr) {
        self.heard = Some(source);
    }

    /// The state has changed.
    pub(super) fn went(&mut self, now: Instant, to: State, cause: &Cause) {
        let is_up = matches!(to, State::Backup | State::Master);
        self.up_since = is_up.then(|| self.up_since.unwrap_or(now));
        if to == State::Master {
            self.master = Some(*cause);
        }
    }
}

impl Snmp {
    /// The configuration, or the number of an interface, has changed.
    pub(super) const fn doubt(&mut self) {
        self.is_stale = true;
    }

    /// End the session in order.
    pub(super) fn stop(&mut self, s: &mut Scheduler<VrrpProcess>) {
        self.agent.stop(s);
    }

    /// Send what was told in this round.
    pub(super) fn follow(&mut self, s: &mut Scheduler<VrrpProcess>) {
        if self.agent.has_news() {
            self.agent.follow(s);
        }
    }
}

impl VrrpProcess {
    /// Serve what the configuration says.
    pub(super) fn set_up_snmp(&mut self, s: &mut Scheduler<Self>) {
        let config = Rc::clone(&self.config);
        let (mibs, served) = mibs(&config, &self.plumbing);
        self.snmp.served = served;
        self.snmp.doubt();
        let wish = Wish {
            socket: self.plumbing.settings.master_agent(&config.global),
            description: "Keepalived VRRP".to_owned(),
            mibs,
        };
        self.snmp.agent.configure(s, Some(wish));
    }

    /// An instance has changed its state: the MIBs of the RFCs tell of new masters.
    pub(super) fn trap_new_master(&mut self, id: InstanceId, to: State, cause: &Cause) {
        if to == State::Master && self.tells_traps() {
            for told in traps::new_master(self, self.snmp.served, id, cause) {
                self.trap(Some(told));
            }
        }
    }

    /// An advert was refused.
    pub(super) fn trap_refusal(
        &mut self,
        now: Instant,
        id: InstanceId,
        source: IpAddr,
        kind: RejectionKind,
    ) {
        if !self.tells_traps() {
            return;
        }
        let told = traps::rejected(self, self.snmp.served, id, source, kind);
        let own = self.routers.get_mut(id.index());
        let is_due = |own: &mut VirtualRouter| own.standing.refusals.allow(now).is_some();
        if told.is_some() && own.is_some_and(is_due) {
            self.trap(told);
        }
    }

    pub(super) fn tells_traps(&self) -> bool {
        self.snmp.agent.is_on() && self.are_traps_enabled()
    }

    pub(super) fn trap(&mut self, notification: Option<Notification>) {
        if let Some(notification) = notification {
            self.snmp.agent.notify(notification);
        }
    }
}

/// What is served: `-x` is all of it.
fn mibs(config: &Config, plumbing: &Plumbing) -> (Vec<&'static Mib<VrrpProcess>>, Served) {
    let (snmp, all) = (&config.global.snmp, plumbing.settings.snmp);
    let served = Served {
        version2: all || snmp.rfc || snmp.rfc2,
        version3: all || snmp.rfc || snmp.rfc3,
    };
    let mut mibs: Vec<&'static Mib<VrrpProcess>> = Vec::new();
    if served.version2 {
        mibs.push(&VrrpMib::<VrrpProcess>::MIB);
    }
    if served.version3 {
        mibs.push(&Vrrpv3Mib::<VrrpProcess>::MIB);
    }
    mibs.extend(super::mib::mibs(config, plumbing));
    (mibs, served)
}

impl Host for VrrpProcess {
    fn agent(&mut self) -> &mut Agent<Self> {
        &mut self.snmp.agent
    }

    fn refresh(&mut self) {
        if std::mem::replace(&mut self.snmp.is_stale, false) {
            let number = |name: &IfName| self.link(name).map(|link| link.index);
            self.snmp.rows = RfcRows::new(&self.config.vrrp, number);
        }
    }

    fn was_set(&mut self, s: &mut Scheduler<Self>) {
        self.perform(s);
    }
}

impl ProcessView for VrrpProcess {
    fn config(&self) -> &Config {
        &self.config
    }
}

impl VrrpView for VrrpProcess {
    fn router(&self) -> &Router {
        &self.router
    }

    fn stats(&self, id: InstanceId) -> Option<&ReceiveStats> {
        self.routers.get(id.index()).map(|own| &own.stats)
    }

    fn link(&self, name: &IfName) -> Option<&Link> {
        self.kernel.mirror.link_named(name)
    }

    fn is_installed(&self, id: InstanceId, place: u32) -> bool {
        self.installer.has(id, place)
    }

    fn rfc_rows(&self) -> &RfcRows {
        &self.snmp.rows
    }

    fn primary_address(&self, id: InstanceId) -> Option<IpAddr> {
        let own = self.routers.get(id.index())?;
        own.source.or_else(|| self.usable_source(id))
    }

    fn last_heard(&self, id: InstanceId) -> Option<IpAddr> {
        self.routers.get(id.index())?.standing.heard
    }

    fn up_time(&self, id: InstanceId, now: Instant) -> Duration {
        let own = self.routers.get(id.index());
        let since = own.and_then(|own| own.standing.up_since);
        since.map_or(Duration::ZERO, |since| now.since(since))
    }

    fn master_cause(&self, id: InstanceId) -> Option<Cause> {
        self.routers.get(id.index())?.standing.master
    }
}
