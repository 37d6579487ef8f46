//! Services that are checked only while their address is present here (`ha_suspend`).

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::os::fd::AsFd as _;
use std::time::Duration;

use scheduler::{Drain, Id, Interest, IoId, Key, Ready, Scheduler};

use super::CheckProcess;
use super::check::{Check, index};
use crate::check::config::service::{ServiceAddress, ServiceConfig};
use crate::control_plane::Config;
use crate::netlink::{Changes, Mended, Mirror, Monitor, ReadStatus};

/// Receive buffer of the monitor, in octets, unless configured.
const BUFFER: usize = 1 << 20;
/// How often the monitor is looked after while something is missing.
const LOOK: Duration = Duration::from_secs(1);

/// The addresses of this machine.
#[derive(Debug)]
pub(super) struct LocalAddresses {
    monitor: Monitor,
    /// Where the loop waits for it.
    io: Option<IoId<CheckProcess>>,
    is_looked_after: bool,
    mirror: Mirror,
    changes: Changes,
}

impl LocalAddresses {
    /// Open the monitor if a service wants it.
    pub(super) fn open(config: &Config) -> io::Result<Option<Self>> {
        if !config.check.services.iter().any(wants_address) {
            return Ok(None);
        }
        let buffer = config.global.lvs.buffers.monitor;
        let buffer = buffer.and_then(|size| usize::try_from(size).ok());
        let mut monitor = Monitor::open(buffer.unwrap_or(BUFFER))?;
        let mut mirror = Mirror::new();
        monitor.load(&mut mirror)?;
        Ok(Some(Self {
            monitor,
            io: None,
            is_looked_after: false,
            mirror,
            changes: Changes::new(),
        }))
    }

    fn has(&self, address: IpAddr) -> bool {
        let links = self.mirror.links();
        let mut links = links.iter();
        links.any(|link| self.mirror.has_address(link.index, address))
    }
}

fn wants_address(service: &ServiceConfig) -> bool {
    service.ha_suspend && matches!(service.address, ServiceAddress::Address(_))
}

impl CheckProcess {
    pub(super) fn watch_addresses(&mut self, s: &mut Scheduler<Self>) -> io::Result<()> {
        if let Some(local) = &mut self.local {
            let call = Self::on_addresses;
            let monitor = local.monitor.as_fd();
            local.io = Some(s.watch("netlink monitor", monitor, Interest::Read, 0, call)?);
        }
        Ok(())
    }

    /// See that nothing stays unknown after a loss of events.
    fn watch_over_addresses(&mut self, s: &mut Scheduler<Self>) {
        if let Some(local) = &mut self.local
            && !local.monitor.is_complete()
            && !std::mem::replace(&mut local.is_looked_after, true)
        {
            s.at("netlink monitor", s.now() + LOOK, 0, Self::on_look);
        }
    }

    fn on_look(&mut self, s: &mut Scheduler<Self>, _: Key) {
        let Some(local) = &mut self.local else { return };
        local.is_looked_after = false;
        match local.monitor.mend(&mut local.mirror) {
            Ok(Mended::Whole | Mended::UnderWay) => {}
            Ok(Mended::Reopened) => {
                log::warn!("netlink monitor: the kernel does not answer: another socket is asked");
                if let Some(before) = local.io.take() {
                    // It is closed.
                    s.release(before);
                }
                if let Err(error) = self.watch_addresses(s) {
                    log::error!("netlink monitor: {error}: ha_suspend hears nothing");
                }
            }
            Err(error) => log::error!("netlink monitor: {error}"),
        }
        self.watch_over_addresses(s);
    }

    fn on_addresses(&mut self, s: &mut Scheduler<Self>, _: IoId<Self>, _: Ready) -> Drain {
        let Some(local) = &mut self.local else {
            return Drain::Drained;
        };
        let read = local.monitor.read(&mut local.mirror, 0, &mut local.changes);
        local.changes.clear();
        // While all is being told again nothing is known to be away.
        if local.monitor.is_complete() {
            self.settle_suspended(s);
        }
        self.watch_over_addresses(s);
        match read {
            Ok(ReadStatus::More) => Drain::More,
            Ok(_) => Drain::Drained,
            Err(error) => {
                log::error!("netlink monitor: {error}");
                Drain::Drained
            }
        }
    }

    /// Suspend and resume services as their addresses come and go.
    pub(super) fn settle_suspended(&mut self, s: &mut Scheduler<Self>) {
        let mut changed = BTreeMap::new();
        for (place, service) in self.config.check.services.iter().enumerate() {
            let is_away = match (service.address, &self.local) {
                (ServiceAddress::Address(at), Some(local)) if service.ha_suspend => {
                    !local.has(at.ip())
                }
                _ => false,
            };
            if let Some(own) = self.services.get_mut(place)
                && own.is_suspended != is_away
            {
                own.is_suspended = is_away;
                let state = if is_away { "Suspending" } else { "Activating" };
                log::info!("{state} healthchecker for VS {}", own.name);
                changed.insert(place, is_away);
            }
        }
        if !changed.is_empty() {
            self.suspend_checks(s, &changed);
        }
    }

    /// A check rests while all services that it is for do.
    fn suspend_checks(&mut self, s: &mut Scheduler<Self>, changed: &BTreeMap<usize, bool>) {
        let is_concerned = |check: &Check| {
            let mut places = check.places.iter();
            places.any(|place| changed.contains_key(&index(place.service)))
        };
        let concerned = self.checks.iter().filter(|(_, check)| is_concerned(check));
        let concerned: Vec<Id<Check>> = concerned.map(|(id, _)| id).collect();
        for id in concerned {
            let share = self.share();
            let Some(check) = self.checks.get_mut(id) else {
                continue;
            };
            let services = &self.services;
            let rests = check.places.iter().all(|place| {
                let own = services.get(index(place.service));
                own.is_some_and(|own| own.is_suspended)
            });
            if rests {
                check.schedule.suspend();
                if let Some(talk) = check.conduct.talk() {
                    self.talks.cancel(s, talk);
                }
            } else {
                check.schedule.resume(s.now(), share);
            }
            self.follow(s, id);
        }
    }
}
