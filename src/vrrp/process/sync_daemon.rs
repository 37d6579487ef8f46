//! The kernel's IPVS connection synchronisation, as the role of an instance wants it
//! (`lvs_sync_daemon` with an instance, `protocols.md` section 19).
//!
//! The master sends connections, the backup receives them. Starting a daemon makes the
//! kernel work for milliseconds: it is asked at the end of the round, after the adverts.

use std::rc::Rc;

use scheduler::{Key, Scheduler};

use super::VrrpProcess;
use crate::control_plane::Config;
use crate::global::lvs;
use crate::ipvs::kernel::{Kernel, Options, Outcome, Settled};
use crate::ipvs::sync_daemon::{Role, SyncDaemon, Wanted};
use crate::vrrp::fsm::{InstanceId, State};

/// Receive buffer of the socket, in octets: there are two requests at a time.
const BUFFER: usize = 1 << 16;

/// The daemons of the kernel, and the instance they follow.
#[derive(Debug)]
pub(super) struct ConnectionSync {
    kernel: Kernel,
    machine: SyncDaemon,
    /// By its place in the configuration.
    instance: usize,
    /// The instance has another state.
    is_due: bool,
    settled: Vec<Settled>,
}

/// What is configured, if it names an instance, and the place of that.
fn configured(config: &Config) -> Option<(&lvs::SyncDaemon, usize)> {
    let daemon = config.global.lvs.sync_daemon.as_ref()?;
    let name = &daemon.instance.as_ref()?.value;
    let mut instances = config.vrrp.instances.iter();
    let place = instances.position(|instance| instance.name.value == *name)?;
    Some((daemon, place))
}

impl ConnectionSync {
    /// In the network namespace of the virtual servers, whose connections they are
    /// (`net_namespace_ipvs`).
    fn open(config: &Config, instance: usize) -> Option<Self> {
        let options = Options {
            receive_buffer: BUFFER,
            namespace: config.global.lvs.namespace.place(),
        };
        match Kernel::open(&options) {
            Ok(kernel) => Some(Self {
                kernel,
                machine: SyncDaemon::new(),
                instance,
                is_due: false,
                settled: Vec::new(),
            }),
            Err(error) => {
                log::error!("lvs_sync_daemon cannot be used: {error}");
                None
            }
        }
    }

    /// Send what is queued, and say what was refused. The kernel answers at once.
    fn carry_out(&mut self) {
        if let Err(error) = self.kernel.carry_out(&mut self.settled) {
            log::error!("lvs_sync_daemon: {error}");
        }
        for settled in self.settled.drain(..) {
            if let (Outcome::Refused(_), Some(complaint)) = (&settled.outcome, settled.complaint())
            {
                log::error!("lvs_sync_daemon: {complaint}");
            }
        }
    }
}

impl VrrpProcess {
    /// The beginning: as backup, whatever was left running before.
    pub(super) fn set_up_sync_daemon(&mut self) {
        let config = Rc::clone(&self.config);
        let Some((daemon, instance)) = configured(&config) else {
            return;
        };
        self.connection_sync = ConnectionSync::open(&config, instance);
        if let Some(sync) = &mut self.connection_sync {
            let mut actions = Vec::new();
            let wanted = Wanted::Only(Role::Backup);
            sync.machine.start(&daemon.parameters, wanted, &mut actions);
            actions
                .into_iter()
                .for_each(|action| sync.kernel.sync_daemon(action));
            sync.carry_out();
        }
    }

    /// An instance has another state.
    pub(super) fn sync_daemon_follows(&mut self, id: InstanceId) {
        if let Some(sync) = &mut self.connection_sync {
            sync.is_due |= sync.instance == id.index();
        }
    }

    /// Have it follow at the end of the round, if there is a reason.
    pub(super) fn ask_for_sync_daemon(&mut self, s: &mut Scheduler<Self>) {
        if let Some(sync) = &mut self.connection_sync
            && std::mem::take(&mut sync.is_due)
        {
            s.soon("lvs_sync_daemon", 0, Self::on_sync_daemon);
        }
    }

    fn on_sync_daemon(&mut self, _: &mut Scheduler<Self>, _: Key) {
        self.run_sync_daemon();
    }

    /// After a reload: other parameters, another instance, or none.
    pub(super) fn renew_sync_daemon(&mut self) {
        let config = Rc::clone(&self.config);
        match (configured(&config), &mut self.connection_sync) {
            (Some((_, instance)), Some(sync)) => {
                sync.instance = instance;
                self.run_sync_daemon();
            }
            (Some(_), None) => {
                self.set_up_sync_daemon();
                self.run_sync_daemon();
            }
            (None, _) => self.end_sync_daemon(),
        }
    }

    /// Have the daemon of the instance's role run.
    fn run_sync_daemon(&mut self) {
        let config = Rc::clone(&self.config);
        let Some((daemon, instance)) = configured(&config) else {
            return;
        };
        let place = u32::try_from(instance).unwrap_or(u32::MAX);
        let role = match self.router.state(InstanceId(place)) {
            State::Master => Role::Master,
            State::Init | State::Backup | State::Fault => Role::Backup,
        };
        let Some(sync) = &mut self.connection_sync else {
            return;
        };
        let mut actions = Vec::new();
        let wanted = Wanted::Only(role);
        sync.machine
            .run(Some(&daemon.parameters), wanted, &mut actions);
        actions
            .into_iter()
            .for_each(|action| sync.kernel.sync_daemon(action));
        sync.carry_out();
    }

    /// The end of this process, or of the wish.
    pub(super) fn end_sync_daemon(&mut self) {
        let Some(mut sync) = self.connection_sync.take() else {
            return;
        };
        let mut actions = Vec::new();
        sync.machine.run(None, Wanted::None, &mut actions);
        actions
            .into_iter()
            .for_each(|action| sync.kernel.sync_daemon(action));
        sync.carry_out();
    }
}
