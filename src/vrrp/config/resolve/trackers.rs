//! Trackers: which can be used, and who is affected by which weight
//! (`protocols.md` section 12).

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

use super::Resolver;
use crate::control_plane::diag::Code;
use crate::control_plane::source::Span;
use crate::vrrp::config::names::{SyncGroup, TrackEntry, Tracked};
use crate::vrrp::config::tracker::{FileConfig, ScriptConfig, TrackerKind, TrackerUse, Weight};
use crate::vrrp::config::{InstanceConfig, TrackedInterface, VrrpConfig};

/// The shortest interval of a script.
const INTERVAL_MIN: Duration = Duration::from_millis(10);
/// What `interval 0` and `timeout 0` mean.
const INTERVAL_OF_ZERO: Duration = Duration::from_secs(1);
/// What a weight of 254 counts as where only 253 makes sense.
const WEIGHT_MAX: i16 = 253;

const KINDS: [TrackerKind; 4] = [
    TrackerKind::Script,
    TrackerKind::File,
    TrackerKind::Process,
    TrackerKind::Bfd,
];

/// What can be tracked: where it stands in its list, and its own weight.
pub(super) struct Usable {
    by_name: HashMap<(TrackerKind, String), (usize, Weight)>,
}

impl Usable {
    /// Those that are complete, once the scripts are resolved.
    pub(super) fn of(vrrp: &VrrpConfig) -> Self {
        let mut by_name = HashMap::new();
        let mut add = |kind, name: &str, index, weight| {
            by_name.insert((kind, name.to_owned()), (index, weight));
        };
        for (index, script) in vrrp.scripts.iter().enumerate() {
            if script.command.is_some() {
                add(TrackerKind::Script, &script.name, index, script.weight);
            }
        }
        for (index, file) in vrrp.files.iter().enumerate() {
            if file.path.is_some() {
                add(TrackerKind::File, &file.name, index, file.weight);
            }
        }
        for (index, process) in vrrp.processes.iter().enumerate() {
            if !process.command.is_empty() {
                add(TrackerKind::Process, &process.name, index, process.weight);
            }
        }
        for (index, session) in vrrp.sessions.iter().enumerate() {
            add(TrackerKind::Bfd, &session.name, index, session.weight);
        }
        Self { by_name }
    }

    fn find(&self, kind: TrackerKind, entry: &TrackEntry) -> Option<TrackerUse> {
        let key = (kind, entry.name.value.clone());
        let &(index, weight) = self.by_name.get(&key)?;
        let most = match kind {
            TrackerKind::Script | TrackerKind::Bfd => WEIGHT_MAX,
            TrackerKind::File | TrackerKind::Process => i16::MAX,
        };
        Some(TrackerUse {
            kind,
            index,
            weight: Weight {
                value: entry.weight.unwrap_or(weight.value).clamp(-most, most),
                reverse: entry.reverse.unwrap_or(weight.reverse),
            },
        })
    }

    /// Each usable tracker of a list, once.
    fn all(&self, tracked: &Tracked) -> Vec<(TrackerUse, Span)> {
        let (mut found, mut known) = (Vec::new(), HashSet::new());
        for kind in KINDS {
            for entry in tracked.entries(kind) {
                if let Some(new) = self.find(kind, entry)
                    && known.insert((kind, new.index))
                {
                    found.push((new, entry.name.span));
                }
            }
        }
        found
    }
}

fn same_tracker(one: TrackerUse, other: TrackerUse) -> bool {
    (one.kind, one.index) == (other.kind, other.index)
}

impl Resolver<'_> {
    /// Definitions that lack something are never tracked.
    pub(super) fn trackers(&mut self, vrrp: &mut VrrpConfig) {
        for script in &mut vrrp.scripts {
            self.tracked_script(script);
        }
        for file in &mut vrrp.files {
            self.tracked_file(file);
        }
        for process in &mut vrrp.processes {
            if process.command.is_empty() {
                let text = format!("vrrp_track_process `{}` has no process", process.name.value);
                self.error(process.name.span, text);
            }
            if process.quorum_max.is_some_and(|most| most < process.quorum) {
                let text = "quorum_max is below quorum: ignored";
                self.error(process.name.span, text);
                process.quorum_max = None;
            }
        }
    }

    /// The kernel tells nobody that a file of its own has changed.
    fn tracked_file(&mut self, file: &mut FileConfig) {
        let name = &file.name.value;
        let Some(path) = &file.path else {
            let text = format!("track_file `{name}` has no file");
            return self.error(file.name.span, text);
        };
        if Path::new(&path.value).starts_with("/proc") {
            let text = format!(
                "track_file `{name}`: {} is below /proc, where changes are not told: ignored",
                path.value
            );
            self.error(path.span, text);
            file.path = None;
        }
    }

    fn tracked_script(&mut self, script: &mut ScriptConfig) {
        let Some(request) = &mut script.request else {
            let text = format!("vrrp_script `{}` has no script", script.name.value);
            return self.error(script.name.span, text);
        };
        if let Some(user) = &script.user {
            request.value.user = Some(user.value.0.clone());
            request.value.group.clone_from(&user.value.1);
        }
        script.command = self.command(request);
        script.interval = self.script_time(script.interval, script.name.span);
        script.timeout = script
            .timeout
            .map(|timeout| self.script_time(timeout, script.name.span));
    }

    fn script_time(&mut self, time: Duration, span: Span) -> Duration {
        if time.is_zero() {
            self.warn(span, "a time of 0 for a script: 1 second is used");
            return INTERVAL_OF_ZERO;
        }
        if time < INTERVAL_MIN {
            self.diags
                .note(span, "times of scripts begin at 0.01 seconds");
        }
        time.max(INTERVAL_MIN)
    }

    /// What each instance depends on, by itself and by its sync group.
    pub(super) fn tracking(&mut self, vrrp: &mut VrrpConfig, groups: &[SyncGroup]) {
        let usable = Usable::of(vrrp);
        for group in groups {
            for &member in &group.instances {
                if let Some(instance) = vrrp.instances.get_mut(member) {
                    instance.sync_group = Some(group.name.value.clone());
                    self.restrict(instance, &usable, group.tracking_weight);
                    add_group(instance, group, &usable);
                }
            }
        }
        for instance in &mut vrrp.instances {
            if instance.sync_group.is_none() {
                self.restrict(instance, &usable, true);
            }
        }
    }

    /// The trackers of the instance itself. Weights have no place in a group
    /// without `sync_group_tracking_weight`, since its members would then differ,
    /// nor for an owner.
    fn restrict(&mut self, instance: &mut InstanceConfig, usable: &Usable, weights: bool) {
        let owner = instance.priority.is_owner();
        let allowed = weights && !owner;
        instance.trackers.clear();
        for (mut tracker, span) in usable.all(&instance.given.tracked) {
            let Weight { value, .. } = tracker.weight;
            let dropped = match tracker.kind {
                _ if allowed || value == 0 => false,
                TrackerKind::Script | TrackerKind::Bfd => true,
                TrackerKind::File if value == 1 => {
                    tracker.weight.value = 0;
                    continue_with(self, span, "weight 0");
                    false
                }
                TrackerKind::File => true,
                TrackerKind::Process => false,
            };
            if dropped {
                continue_with(self, span, "not tracked");
            } else {
                instance.trackers.push(tracker);
            }
        }
        if !allowed {
            self.interface_weights(instance, owner);
        }
    }

    fn interface_weights(&mut self, instance: &mut InstanceConfig, owner: bool) {
        let mut kept: Vec<TrackedInterface> = Vec::new();
        for mut tracked in instance.track_interfaces.drain(..) {
            let weighted = tracked.weight != 0;
            if weighted && owner {
                continue_with(self, tracked.name.span, "not tracked");
                continue;
            }
            if weighted {
                continue_with(self, tracked.name.span, "weight 0");
                tracked.weight = 0;
            }
            kept.push(tracked);
        }
        instance.track_interfaces = kept;
    }
}

/// Say what becomes of a weight that cannot be.
fn continue_with(resolver: &mut Resolver<'_>, span: Span, what: &str) {
    let text = format!(
        "weights are for instances without sync group, or with sync_group_tracking_weight, \
         and not for owners: {what}"
    );
    resolver.diags.warn(Code::Warning, span, text);
    resolver.diags.lint("weight-not-counted");
}

/// The group's trackers concern each member. Where both name one, the group's
/// weight counts, unless that of the instance is 0.
fn add_group(instance: &mut InstanceConfig, group: &SyncGroup, usable: &Usable) {
    for (tracker, _) in usable.all(&group.tracked) {
        let own = instance
            .trackers
            .iter_mut()
            .find(|own| same_tracker(**own, tracker));
        match own {
            Some(own) if own.weight.value != 0 => own.weight = tracker.weight,
            Some(_) => (),
            None => instance.trackers.push(tracker),
        }
    }
    for tracked in &group.interfaces {
        let own = instance
            .track_interfaces
            .iter_mut()
            .find(|own| own.name == tracked.name);
        match own {
            Some(own) if own.weight != 0 => *own = tracked.clone(),
            Some(_) => (),
            None => instance.track_interfaces.push(tracked.clone()),
        }
    }
    for tracker in &mut instance.trackers {
        if tracker.kind != TrackerKind::File {
            tracker.weight.value = tracker.weight.value.clamp(-WEIGHT_MAX, WEIGHT_MAX);
        }
    }
}
