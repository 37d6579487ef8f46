//! Dumps on a signal: the state of this process as [`crate::dump`] wants it, and
//! the way to the parent, which writes the files.

use std::collections::HashMap;
use std::process;

use scheduler::Scheduler;

use super::{VrrpProcess, clock};
use crate::dump::json::Json;
use crate::dump::kernel::TrackerView;
use crate::dump::tracker::{self, ProcessCount, Trackers};
use crate::dump::vrrp::{self, GroupView, SocketView};
use crate::dump::{InstanceView, Text, global, kernel, scheduler as loop_accounts};
use crate::memory::account::{self, Tag};
use crate::model::UnixTime;
use crate::net::{Mode, Protocol};
use crate::netlink::mirror::Link;
use crate::vrrp::config::{InitialState, InstanceConfig};
use crate::vrrp::fsm::{
    Instance, InstanceId, InterfaceKey, State, Status, TrackSource, TrackerKey,
};
use crate::vrrp::track::process::Cause as Delayed;
use crate::watchdog::ipc::DumpKind;

impl VrrpProcess {
    /// `keepalived.data`; `wish` is what asks for it.
    pub(super) fn dump_data(&self, s: &Scheduler<Self>, wish: &str) {
        let _dump = account::enter(Tag::Dump);
        let process = process::id();
        log::info!("Printing VRRP data for process({process}) on {wish}");
        self.plumbing.dump(DumpKind::Data, &self.data(s));
    }

    /// `config_save_dir`
    pub(super) fn save_state(&self, s: &Scheduler<Self>, kind: DumpKind) {
        if self.config.global.reload.save_dir.is_some() {
            self.plumbing.dump(kind, &self.data(s));
        }
    }

    fn data(&self, s: &Scheduler<Self>) -> String {
        let mut out = vrrp::room(self.routers.len());
        global::definitions(&self.config.global, &mut out);
        self.describe(s, &mut out);
        loop_accounts::accounts(s, &mut out);
        out.finish()
    }

    /// `keepalived.stats`
    pub(super) fn dump_stats(&self, s: &Scheduler<Self>, wish: &str) {
        let _dump = account::enter(Tag::Dump);
        let process = process::id();
        log::info!("Printing VRRP stats for process({process}) on {wish}");
        self.with_views(s, |views| {
            self.plumbing
                .dump(DumpKind::Stats, &vrrp::statistics(views));
        });
    }

    /// `keepalived.json`; as with the C daemon there is none without instances.
    pub(super) fn dump_json(&self, s: &Scheduler<Self>) {
        let _dump = account::enter(Tag::Dump);
        log::info!(
            "Printing VRRP as json for process({}) on signal",
            process::id()
        );
        if self.routers.is_empty() {
            return;
        }
        let version = self.config.global.dump_files.json_version;
        let processes = |out: &mut Json| tracker::processes_json(&self.config.vrrp, self, out);
        self.with_views(s, |views| {
            self.plumbing
                .dump(DumpKind::Json, &vrrp::json(version, views, processes));
        });
    }

    /// `keepalived.stats`, and counting anew.
    pub(super) fn dump_and_clear_stats(&mut self, s: &Scheduler<Self>, wish: &str) {
        self.dump_stats(s, wish);
        for own in &mut self.routers {
            own.stats.clear();
        }
    }

    /// `-d`: what this process goes by, into the log. The parent has logged the
    /// global definitions.
    pub(super) fn show_configuration(&self, s: &Scheduler<Self>) {
        let mut out = vrrp::room(self.routers.len());
        self.describe(s, &mut out);
        log::info!("{}", out.finish());
    }

    /// Everything but the global definitions and the loop.
    fn describe(&self, s: &Scheduler<Self>, out: &mut Text) {
        vrrp::announcement_groups(&self.config.vrrp, out);
        let statics = self.book.statics();
        let is_set = |place| self.installer.has(statics, place);
        vrrp::track_groups(&self.config.vrrp, out);
        vrrp::static_addresses(&self.config.vrrp, is_set, out);
        vrrp::static_routes(&self.config.vrrp, out);
        self.with_views(s, |views| vrrp::topology(views, out));
        vrrp::sockets(self.socket_views(), out);
        vrrp::sync_groups(&self.config.vrrp, self.group_views(), out);
        tracker::text(&self.config.vrrp, self, out);
        let trackers = self.trackers();
        let of_link = |link: &Link| {
            let key = self.interfaces.by_index(link.index);
            let list = key.and_then(|key| trackers.get(&key));
            list.cloned().unwrap_or_default()
        };
        kernel::interfaces(&self.kernel.mirror, of_link, out);
    }

    /// Call `render` with the views of all instances, in configuration order.
    fn with_views(&self, s: &Scheduler<Self>, render: impl FnOnce(&[InstanceView<'_>])) {
        let is_set = |id: InstanceId, place: u32| self.installer.has(id, place);
        let UnixTime(wall) = clock::wall();
        let to_wall = |at: scheduler::Instant| UnixTime(wall.saturating_add(at.since(s.now())));
        let instances = self.routers.iter().zip(&self.config.vrrp.instances);
        let views: Vec<InstanceView<'_>> = (0..)
            .map(InstanceId)
            .zip(instances)
            .filter_map(|(id, (own, config))| {
                let machine = self.router.instance(id)?;
                Some(InstanceView {
                    id,
                    config,
                    vrrp: &self.config.vrrp,
                    state: machine.state(),
                    wanted: wanted(machine, config.initial_state),
                    faults: machine.faults(),
                    awaited: machine.awaited(),
                    master: machine.master(),
                    master_interval: machine.master_interval(),
                    source: machine.source(),
                    effective_priority: machine.effective_priority(),
                    total_priority: machine.total_priority(),
                    down_interval: machine.master_down_interval(),
                    deadline: machine.deadline().map(to_wall),
                    stats: &own.stats,
                    history: &own.history,
                    foreign: own.rivalry.foreign(),
                    socket: own.socket.and_then(|id| self.pool.descriptor(id)),
                    is_virtual_link_up: self.is_virtual_link_up(config),
                    sync_group: self.sync_group_of(id),
                    is_set: &is_set,
                })
            })
            .collect();
        render(&views);
    }

    fn socket_views(&self) -> impl Iterator<Item = SocketView<'_>> {
        self.pool.sockets().map(|(spec, fd, users)| {
            let link = spec
                .interface
                .and_then(|index| self.kernel.mirror.link(index));
            let name = |id: InstanceId| {
                let own = self.routers.get(id.index());
                own.map_or("?", |own| &*own.name)
            };
            SocketView {
                fd,
                interface: link.map_or("(any)", |link| link.name.as_str()),
                family: spec.family,
                protocol: match spec.protocol {
                    Protocol::Vrrp => "VRRP",
                    Protocol::Ah => "AH",
                },
                unicast: match spec.mode {
                    Mode::Multicast => None,
                    Mode::Unicast { source } => Some(source),
                },
                users: users
                    .iter()
                    .map(|user| (name(user.id), user.vrid))
                    .collect(),
            }
        })
    }

    fn is_virtual_link_up(&self, config: &InstanceConfig) -> bool {
        let name = config.virtual_link.as_ref().map(|link| &link.name);
        let link = name.and_then(|name| self.kernel.mirror.link_named(name));
        link.is_some_and(Link::is_running)
    }

    pub(super) fn sync_group_of(&self, id: InstanceId) -> Option<&str> {
        let groups = self.router.groups();
        groups.get(groups.of(id)?).map(|group| &*group.name)
    }

    fn group_views(&self) -> impl Iterator<Item = GroupView<'_>> {
        let groups = self.router.groups().iter().enumerate();
        groups.map(|(number, (_, group))| {
            let members = group.members.iter().filter_map(|&id| {
                let own = self.routers.get(id.index())?;
                let machine = self.router.instance(id)?;
                let is_faulty = machine.faults().is_own();
                Some((&*own.name, machine.state(), is_faulty))
            });
            GroupView {
                name: &group.name,
                state: group.state(),
                members: members.collect(),
                config: self.config.vrrp.sync_groups.get(number),
            }
        })
    }

    /// Which instances track which interface.
    fn trackers(&self) -> HashMap<InterfaceKey, Vec<TrackerView<'_>>> {
        let mut trackers: HashMap<InterfaceKey, Vec<TrackerView<'_>>> = HashMap::new();
        for (id, own) in (0..).map(InstanceId).zip(&self.routers) {
            let tracks = self.router.instance(id).map(|i| &i.policy().tracks);
            for track in tracks.into_iter().flatten() {
                let TrackSource::Interface(key) = track.source else {
                    continue;
                };
                trackers.entry(key).or_default().push(TrackerView {
                    instance: &own.name,
                    weight: track.weight,
                    is_reversed: track.reverse,
                });
            }
        }
        trackers
    }
}

impl Trackers for VrrpProcess {
    fn status(&self, key: TrackerKey) -> Option<Status> {
        self.router.status(TrackSource::Tracker(key))
    }

    fn script_state(&self, index: u32) -> &'static str {
        self.trackers.scripts.state(index)
    }

    fn script_result(&self, index: u32) -> Option<u32> {
        self.trackers.scripts.result(index)
    }

    fn process_count(&self, index: u32) -> Option<ProcessCount> {
        let counted = self
            .trackers
            .processes
            .counted(TrackerKey::Process(index))?;
        Some(ProcessCount {
            current: counted.count(),
            is_fork_delayed: counted.delayed() == Some(Delayed::Fork),
            is_termination_delayed: counted.delayed() == Some(Delayed::Termination),
        })
    }
}

/// The state an instance is in, was configured to begin in, or would be in without the
/// others of its group.
const fn wanted(machine: &Instance, initial: InitialState) -> State {
    match (machine.state(), initial) {
        (State::Init, InitialState::Master) => State::Master,
        (State::Init, InitialState::Backup) => State::Backup,
        (State::Backup, _) if machine.wishes_to_lead() => State::Master,
        (state, _) => state,
    }
}
