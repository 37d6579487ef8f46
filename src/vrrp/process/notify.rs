//! What scripts, pipes and people are told of instances and groups
//! (`runtime-interfaces.md` sections 6 to 8).

use std::rc::Rc;

use scheduler::{Instant, Scheduler};

use super::{VrrpProcess, report};
use crate::control_plane::Config;
use crate::control_plane::script::Script;
use crate::global::GlobalConfig;
use crate::notify::configured::{fifo_wish, mail_wish};
use crate::notify::event::{Kind, What};
use crate::notify::notifier::{FifoWish, Host, Notifier};
use crate::notify::subject::Wishes;
use crate::vrrp::config::NotifyConfig;
use crate::vrrp::fsm::{Cause, GroupId, InstanceId, Note, State};

impl Host for VrrpProcess {
    fn notifier(&mut self) -> &mut Notifier<Self> {
        &mut self.notifier
    }

    fn notified(&mut self, s: &mut Scheduler<Self>) {
        self.finish_if_stopped(s);
    }
}

impl VrrpProcess {
    /// Open pipes, start their readers, know where mails go, and whom to tell of.
    pub(super) fn set_up_notifications(&mut self, s: &mut Scheduler<Self>) {
        let config = Rc::clone(&self.config);
        let global = &config.global;
        self.notifier.change_fifos(s, &fifo_wishes(global));
        self.notifier.change_mail(s, mail_wish(global));
        let instances = config.vrrp.instances.iter();
        for (own, instance) in self.routers.iter_mut().zip(instances) {
            let wishes = wishes(&instance.notify);
            own.subject = Some(self.notifier.add(Kind::Instance, &own.name, &wishes));
        }
        for group in &config.vrrp.sync_groups {
            let wishes = wishes(&group.notify);
            let subject = self.notifier.add(Kind::Group, &group.name, &wishes);
            self.group_subjects.push(subject);
        }
    }

    /// An instance has changed its state.
    pub(super) fn tell_state(&mut self, now: Instant, id: InstanceId, to: State, cause: &Cause) {
        let what = match to {
            State::Init if *cause == Cause::Removed && self.tells_deleted(id) => What::Deleted,
            State::Init if *cause == Cause::Removed => What::Fault,
            State::Init => What::Stop,
            State::Backup => What::Backup,
            State::Master => What::Master,
            State::Fault => What::Fault,
        };
        let why = report::because(cause, &self.interfaces, &self.config.vrrp);
        self.tell(now, id, what, &why);
        self.show_on_bus(id, what);
        self.trap_instance(id, what);
        self.trap_new_master(id, to, cause);
    }

    /// Who is removed in FAULT and has no word for it has told FAULT before.
    pub(super) fn is_told_already(&self, id: InstanceId, from: State, cause: &Cause) -> bool {
        *cause == Cause::Removed && from == State::Fault && !self.tells_deleted(id)
    }

    fn tells_deleted(&self, id: InstanceId) -> bool {
        let instance = self.config.vrrp.instance(id.index());
        instance.is_some_and(|instance| instance.notify.tells_deleted)
    }

    /// After a reload: whom to tell of an instance that is new or has changed. The
    /// places of instances that ended are used again.
    pub(super) fn retell(&mut self, id: InstanceId) {
        let config = Rc::clone(&self.config);
        let instance = config.vrrp.instance(id.index());
        let (Some(own), Some(instance)) = (self.routers.get_mut(id.index()), instance) else {
            return;
        };
        let wishes = wishes(&instance.notify);
        let subject = own.subject.or_else(|| self.spare_subjects.pop());
        if let Some(subject) = subject {
            self.notifier.change(subject, &own.name, &wishes);
            own.subject = Some(subject);
        } else {
            own.subject = Some(self.notifier.add(Kind::Instance, &own.name, &wishes));
        }
    }

    /// After a reload: the groups, by their numbers.
    pub(super) fn retell_groups(&mut self) {
        let config = Rc::clone(&self.config);
        for (number, group) in config.vrrp.sync_groups.iter().enumerate() {
            let wishes = wishes(&group.notify);
            match self.group_subjects.get(number) {
                Some(&subject) => self.notifier.change(subject, &group.name, &wishes),
                None => {
                    let subject = self.notifier.add(Kind::Group, &group.name, &wishes);
                    self.group_subjects.push(subject);
                }
            }
        }
    }

    /// After a reload: where all of it goes.
    pub(super) fn change_notifications(&mut self, s: &mut Scheduler<Self>, before: &Config) {
        let both = [&before.global, &self.config.global];
        self.notifier.change_global(s, both, fifo_wishes);
    }

    /// `fifo_write_vrrp_states_on_reload`: who starts to read the pipes with the new
    /// configuration learns where everything stands.
    pub(super) fn write_states(&mut self) {
        if !self.config.global.reload.writes_states {
            return;
        }
        let instances = self.routers.iter().zip((0..).map(InstanceId));
        let instances: Vec<_> = instances
            .filter_map(|(own, id)| {
                let what = what_of(self.router.state(id))?;
                let priority = self.router.effective_priority(id)?;
                Some((own.subject?, what, priority.0))
            })
            .collect();
        let groups = self.router.groups().iter().zip(&self.group_subjects);
        let groups =
            groups.filter_map(|((_, group), subject)| Some((*subject, what_of(group.state())?, 0)));
        let all: Vec<_> = instances.into_iter().chain(groups).collect();
        for (subject, what, priority) in all {
            self.notifier.write_state(subject, what, priority);
        }
    }

    /// Something happened to an instance that is no change of its state.
    pub(super) fn tell_note(&mut self, now: Instant, id: InstanceId, note: &Note) {
        match note {
            Note::LosingAdvert(peer) => {
                let (priority, address) = (peer.priority, peer.address);
                let why = format!("lower priority {priority} from {address}");
                self.tell(now, id, What::MasterRxLowerPri, &why);
            }
            Note::PriorityChanged { to, .. } => {
                let what = match self.router.state(id) {
                    State::Master => What::MasterPriority,
                    State::Init | State::Backup | State::Fault => What::BackupPriority,
                };
                let subject = self.routers.get(id.index()).and_then(|own| own.subject);
                if let Some(subject) = subject {
                    let why = "the effective priority changed";
                    self.notifier.tell(now, subject, what, to.0, why);
                }
            }
            Note::PrioritySet { .. }
            | Note::MasterChanged { .. }
            | Note::OwnAddress(_)
            | Note::TwoOwners(_)
            | Note::OwnerLowered(_)
            | Note::PreemptDelay(_)
            | Note::Interval { .. } => {}
        }
    }

    /// A group has changed its state, after all of its members.
    pub(super) fn tell_group(
        &mut self,
        now: Instant,
        group: GroupId,
        to: State,
        member: InstanceId,
    ) {
        let member = self.routers.get(member.index());
        let why = member.map_or_else(String::new, |own| format!("with member {}", own.name));
        let what = match to {
            State::Init => What::Stop,
            State::Backup => What::Backup,
            State::Master => What::Master,
            State::Fault => What::Fault,
        };
        if let Some(&subject) = self.group_subjects.get(group.index()) {
            self.notifier.tell(now, subject, what, 0, &why);
        }
        self.trap_group(group, to);
    }

    fn tell(&mut self, now: Instant, id: InstanceId, what: What, cause: &str) {
        let subject = self.routers.get(id.index()).and_then(|own| own.subject);
        let priority = self.router.effective_priority(id);
        if let (Some(subject), Some(priority)) = (subject, priority) {
            self.notifier.tell(now, subject, what, priority.0, cause);
        }
    }
}

/// What is written of a state; nothing of one that is not decided yet.
const fn what_of(state: State) -> Option<What> {
    match state {
        State::Init => None,
        State::Backup => Some(What::Backup),
        State::Master => Some(What::Master),
        State::Fault => Some(What::Fault),
    }
}

fn fifo_wishes(global: &GlobalConfig) -> Vec<FifoWish> {
    let fifos = [&global.notify.fifo, &global.notify.vrrp_fifo];
    fifos.into_iter().filter_map(fifo_wish).collect()
}

/// What the configuration of an instance or a group comes to.
pub(super) fn wishes(notify: &NotifyConfig) -> Wishes {
    let command = |script: &Script| script.command.as_deref().cloned();
    let scripts = [
        (What::Backup, &notify.backup),
        (What::Master, &notify.master),
        (What::Fault, &notify.fault),
        (What::Stop, &notify.stop),
        (What::Deleted, &notify.deleted),
        (What::MasterRxLowerPri, &notify.lower_priority),
    ];
    let scripts = scripts.into_iter();
    Wishes {
        scripts: scripts
            .filter_map(|(what, script)| Some((what, command(script)?)))
            .collect(),
        any: command(&notify.any),
        mail: notify.alert,
        priority_changes: notify.priority_changes,
    }
}
